"""How far the upgrade that runs is, as data for the summary of a check; where none does, how the last ended."""

from __future__ import annotations

from harvdiag.core.findings import UpgradeState
from harvdiag.rules.facts import Facts
from harvdiag.upgrade.phases import NODES
from harvdiag.upgrade.run import UpgradeRun
from harvdiag.upgrade.waiting import find_wait

__all__ = ["read_upgrade_state"]


def read_upgrade_state(facts: Facts, held: bool = False) -> UpgradeState | None:
    """Return how far the upgrade is, or how the last ended; None where it is unknown whether one runs.

    With `held` a finding tells what it waits for, so that neither that nor its last movement is looked up: the latter
    costs as much as many checks.
    """
    rollout = facts.rollout
    if rollout is None:
        return _read_last(facts)
    phase, percent = rollout.upgrade.phase, rollout.percent
    last = rollout.upgrade.phases[-1].number
    movement = None if held else facts.movement
    at_nodes = phase is not None and phase.place >= NODES
    return UpgradeState(
        name=rollout.upgrade.ref.name,
        version=rollout.upgrade.version,
        phase=f"phase {phase.number} of {last}" if phase else f'state "{rollout.upgrade.state}"',
        done=percent.done if at_nodes else None,
        of=percent.of,
        idle=movement.age if movement else None,
        waits_for="" if held else _describe_wait(rollout),
    )


def _read_last(facts: Facts) -> UpgradeState | None:
    if facts.snapshot.gap("Upgrade") or facts.snapshot.gap("UpgradePlan"):
        return None
    last = facts.upgrades.last
    if last is None:
        return UpgradeState()
    return UpgradeState(version=last.version, result="failed" if last.failed else "succeeded")


def _describe_wait(rollout: UpgradeRun) -> str:
    wait = find_wait(rollout)
    return f"{wait.actor} ({wait.what})"
