"""Results for programs: rows as a pandas DataFrame, and the whole result as plain data for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from harvdiag.core.frames import build_frame
from harvdiag.core.timestamps import format_time

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Record", "Tabular", "to_plain"]

SCHEMA = 1
Record = Mapping[str, Any]
"""One row: a value for each column, in the order of the columns."""


class Tabular:
    """A result with one table.

    A subclass declares its columns and dtypes in `dtypes` and the document's key for the rows in `noun`, and returns
    the rows as `records`; the other keys of the document come from `_summary`.
    """

    dtypes: ClassVar[Mapping[str, str]] = {}
    noun: ClassVar[str] = "rows"

    def __dir__(self) -> list[str]:
        return sorted(name for name in super().__dir__() if not name.startswith("_"))

    @property
    def records(self) -> Sequence[Record]:
        """The rows of the table as dictionaries; None where a value is missing."""
        raise NotImplementedError

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a DataFrame with the columns and dtypes of `dtypes`, also if there are no rows."""
        return build_frame([tuple(record.values()) for record in self.records], self.dtypes)

    @property
    def document(self) -> dict[str, Any]:
        """The result as JSON data, schema 1: only dict, list, str, int, bool and None, always with the same keys.

        Times are RFC 3339 in UTC, durations whole seconds. Keys may be added but are never removed.
        """
        rows = [self._row_document(record) for record in self.records]
        return {"schema": SCHEMA, **self._document_head(), self.noun: rows}

    def _row_document(self, record: Record) -> dict[str, Any]:
        """A row as the document has it."""
        return {key: to_plain(value) for key, value in record.items()}

    def _document_head(self) -> dict[str, Any]:
        """The keys of the document other than the rows."""
        return {}


def to_plain(value: Any) -> Any:
    """Return a value as JSON data: times as RFC 3339, durations as whole seconds, other types as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Mapping):
        return {str(key): to_plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(each) for each in value]
    return int(value) if isinstance(value, int) else str(value)
