"""The tables of `kubectl get`: which columns it shows of each kind, and the text in each.

The columns of built-in kinds are those that kubectl's API server prints, those of other kinds the printer columns of
their definitions. A kind without any has the columns of the catalogue.
"""

from harvdiag.kinds.printing.column import NONE, PrintColumn
from harvdiag.kinds.printing.events import EVENT_LIST, event_subject, last_seen
from harvdiag.kinds.printing.table import print_columns

__all__ = ["EVENT_LIST", "NONE", "PrintColumn", "event_subject", "last_seen", "print_columns"]
