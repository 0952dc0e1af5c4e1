"""How far the upgrade that runs is, as data for the summary of a check."""

from __future__ import annotations

from harvdiag.core.findings import UpgradeState
from harvdiag.rules.facts import Facts
from harvdiag.upgrade.phases import NODES

__all__ = ["read_upgrade_state"]


def read_upgrade_state(facts: Facts) -> UpgradeState | None:
    """Return how far the upgrade is, or that there is none; None where it is unknown whether one runs."""
    rollout = facts.rollout
    if rollout is None:
        unknown = facts.snapshot.gap("Upgrade") or facts.snapshot.gap("UpgradePlan")
        return None if unknown else UpgradeState()
    phase, percent = rollout.upgrade.phase, rollout.percent
    last = rollout.upgrade.phases[-1].number
    movement = facts.movement
    at_nodes = phase is not None and phase.place >= NODES
    return UpgradeState(
        name=rollout.upgrade.ref.name,
        version=rollout.upgrade.version,
        phase=f"phase {phase.number} of {last}" if phase else f'state "{rollout.upgrade.state}"',
        done=percent.done if at_nodes else None,
        of=percent.of,
        idle=movement.age if movement else None,
    )
