"""A simulated action as a comparison: the cluster before it, and as it would be after it."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.cluster import Cluster
from harvdiag.core.findings import Findings
from harvdiag.core.model import Outcome
from harvdiag.cure.model import Simulation
from harvdiag.rules import set_apart
from harvdiag.snapshot import Snapshot
from harvdiag.status.changes.comparison import Comparison
from harvdiag.status.under_way import read_upgrade_state
from harvdiag.status.upgrade import UpgradeStatus

__all__ = ["compare_states"]


def compare_states(simulation: Simulation) -> Comparison:
    """Return what differs between the two states, as all checks have judged them."""
    before = _status(simulation.before, simulation.known, simulation)
    after = _status(simulation.after, simulation.outcomes, simulation)
    return Comparison(before, after, str(simulation.action))


def _status(snapshot: Snapshot, outcomes: Sequence[Outcome], simulation: Simulation) -> UpgradeStatus:
    cluster = Cluster(snapshot)
    kept, ignored = set_apart(outcomes, simulation.policy)
    state = read_upgrade_state(cluster.facts, kept)
    findings = Findings(cluster.source, snapshot.coverage, kept, state, cluster.notes)
    return UpgradeStatus(cluster.facts, findings.under(simulation.policy, ignored))
