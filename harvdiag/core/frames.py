"""The only use of pandas below the reports: builds a DataFrame of rows and columns on demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from harvdiag.core.table import Table

__all__ = ["build_frame", "build_table"]


def build_frame(rows: Iterable[Sequence[Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Build a DataFrame with the columns and dtypes given, also if there are no rows.

    Times that cannot be parsed are missing, as is None.
    """
    import pandas as pd

    frame = pd.DataFrame(list(rows), columns=list(columns), dtype="object")
    for name, dtype in columns.items():
        if dtype.startswith("datetime"):
            frame[name] = pd.to_datetime(frame[name], utc=True, errors="coerce", format="ISO8601")
        elif dtype.startswith("timedelta"):
            frame[name] = pd.to_timedelta(frame[name])
    return frame.astype(dict(columns))


def build_table(rows: Iterable[Sequence[Any]], columns: Mapping[str, str]) -> Table:
    """Build the same as a Table, which notebooks show in harvdiag's form."""
    from harvdiag.core.table import Table

    return Table(build_frame(rows, columns))
