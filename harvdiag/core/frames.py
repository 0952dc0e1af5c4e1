"""The one door to pandas below the reports: rows and their columns become a DataFrame on demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["build_frame"]


def build_frame(rows: Iterable[Sequence[Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """One row each, with the columns and dtypes given, also where there is no row.

    A time that cannot be read is missing, as is None.
    """
    import pandas as pd

    frame = pd.DataFrame(list(rows), columns=list(columns), dtype="object")
    for name, dtype in columns.items():
        if dtype.startswith("datetime"):
            frame[name] = pd.to_datetime(frame[name], utc=True, errors="coerce", format="ISO8601")
        elif dtype.startswith("timedelta"):
            frame[name] = pd.to_timedelta(frame[name])
    return frame.astype(dict(columns))
