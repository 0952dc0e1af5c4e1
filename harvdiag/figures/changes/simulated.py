"""A simulated action as a comparison: the cluster before it, and as it would be after it."""

from __future__ import annotations

from harvdiag.cluster import Cluster
from harvdiag.core.findings import Findings, UncheckedError
from harvdiag.cure.model import Simulation
from harvdiag.snapshot import Snapshot
from harvdiag.status.changes.comparison import Comparison
from harvdiag.status.upgrade import UpgradeStatus

__all__ = ["compare_states"]


def compare_states(simulation: Simulation) -> Comparison:
    """Return what differs between the two states, judged by all checks."""
    return Comparison(_judge(simulation.before), _judge(simulation.after), str(simulation.action))


def _judge(snapshot: Snapshot) -> UpgradeStatus:
    cluster = Cluster(snapshot)
    return UpgradeStatus(cluster.facts, _check(cluster))


def _check(cluster: Cluster) -> Findings:
    try:
        return cluster.check()
    except UncheckedError as error:
        return error.findings
