"""What Longhorn's managers say of a PodDisruptionBudget that they do not remove from a cordoned node."""

from __future__ import annotations

from itertools import islice

from harvdiag.core.errors import HarvdiagError
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.logs.log import open_log
from harvdiag.upgrade.logs.pods import find_pod_logs
from harvdiag.upgrade.logs.quote import Quote

__all__ = ["find_budget_line"]

MANAGERS = 12
"""How many logs of longhorn-manager are read: one pod runs on each node, and its log does not tell which."""
BLOCKED = "PDB is blocked"


def find_budget_line(snapshot: Snapshot, manager: str) -> Quote | None:
    """Find the last line in which Longhorn says why it keeps the budget of an instance manager; None without one."""
    for file in islice(find_pod_logs(snapshot, "longhorn-system", "longhorn-manager-", bool), MANAGERS):
        try:
            log = open_log(snapshot, file)
        except HarvdiagError:
            continue
        for at in log.find_places(f"{manager} is marked unschedulable"):
            if BLOCKED in log.line_at(at):
                return log.quote_at(at, BLOCKED, "Longhorn keeps the budget")
    return None
