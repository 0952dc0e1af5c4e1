"""Other upgrades: one that runs, or has not cleaned up, keeps a new one from being created."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts

STATE = 'metadata.labels["harvesterhci.io/upgradeState"]'


@rule(
    "preflight-other-upgrade",
    needs={"Upgrade", "UpgradePlan"},
    at_rest=False,
)
def preflight_other_upgrade(facts: Facts) -> Iterator[Hit]:
    """Another upgrade is under way.

    Harvester creates no second Upgrade until the first has Succeeded or Failed, and an UpgradePlan no second plan. An
    Upgrade that has lost its label with the state counts as running for ever.
    """
    for upgrade in (*facts.upgrades.all, *facts.upgrades.plans):
        if not upgrade.running:
            continue
        yield Hit(
            subject=upgrade.ref,
            message=f'{upgrade.ref.kind} {upgrade.ref.name} is under way: "cannot proceed until previous upgrade '
            f'"{upgrade.ref.name}" completes"',
            evidence=field_evidence(facts, upgrade.ref, STATE, "spec.version"),
            next=("See where it stands, and what it waits for: `harvdiag upgrade SOURCE`.",),
        )
