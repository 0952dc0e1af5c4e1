"""How far the upgrade that runs is, as data for the summary of a check; where none does, how the last ended."""

from __future__ import annotations

from collections.abc import Iterable

from harvdiag.core.findings import UpgradeState
from harvdiag.core.model import Outcome, Severity
from harvdiag.rules.facts import Facts
from harvdiag.upgrade.phases import NODES
from harvdiag.upgrade.run import UpgradeRun
from harvdiag.upgrade.waiting import find_wait

__all__ = ["read_upgrade_state"]


def read_upgrade_state(facts: Facts, outcomes: Iterable[Outcome] = ()) -> UpgradeState | None:
    """Return how far the upgrade is, or how the last ended; None where it is unknown whether one runs.

    Where an error, or what an upgrade waits for, is among the `outcomes`, that says what it waits for: then neither
    this nor its last movement is looked up, which costs as much as many checks.
    """
    found = (finding for outcome in outcomes for finding in outcome.findings)
    held = any(f.severity is Severity.ERROR or (f.holds and f.severity is not Severity.INFO) for f in found)
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
