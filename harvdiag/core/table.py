"""A DataFrame that notebooks show in harvdiag's own form; everything else is as in pandas."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

__all__ = ["Table"]


class Table(pd.DataFrame):
    """A table of harvdiag: a DataFrame, also after columns or rows are chosen, with an HTML form of its own.

    `harvdiag.reports.notebook.tables` makes that form. ``pd.DataFrame(table)`` is one in the form of pandas.
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        """What pandas makes of a part of it."""
        return Table
