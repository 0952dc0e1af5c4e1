"""A node that an administrator holds back."""

from __future__ import annotations

import json
from collections.abc import Iterator

from harvdiag.core.model import Evidence, Severity
from harvdiag.core.suggest import join_names
from harvdiag.rules import actions
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import state_evidence, state_path
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.phases import PAUSED, STATES

PAUSES = 'metadata.annotations["harvesterhci.io/node-upgrade-pause-map"]'
PAUSE_NODES = "spec.nodeUpgradeOption.pauseNodes"
STOPS_ALL = "stops every VM at once, for it is the only node"
DRAINS_AT_ONCE = "is drained at once: VMs that cannot migrate are shut down"


@rule(
    "upgrade-node-paused",
    short="paused",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "UpgradePlan"},
    optional={"Node"},
    links=["harvester/harvester#8980", "harvester/harvester#10099"],
)
def upgrade_node_paused(facts: Facts) -> Iterator[Hit]:
    """A node is paused by an administrator, and the upgrade with it.

    It is its turn, but the Upgrade's pause map says "pause" (1.7 and newer). No other node begins until it is released
    and done.
    """
    rollout = facts.rollout
    for node in rollout.nodes if rollout else ():
        if rollout is None or node.place != PAUSED or rollout.upgrade.pauses.get(node.name) == "unpause":
            continue
        upgrade = rollout.upgrade
        others = [other.name for other in rollout.waiting if other.name != node.name]
        alone = upgrade.single_node == node.name
        yield Hit(
            subject=node.ref,
            message=f"Node {node.name} {STATES[PAUSED].doing}"
            f"{f', and {join_names(others)} with it' if others else ''}: the upgrade continues when it is released",
            evidence=(
                state_evidence(rollout, node),
                *_pause_evidence(facts, upgrade, node.name),
            ),
            next=_release_steps(upgrade, node.name),
            caution=f"Once released, {node.name} {STOPS_ALL if alone else DRAINS_AT_ONCE}.",
        )


def _pause_evidence(facts: Facts, upgrade: Upgrade, node: str) -> tuple[Evidence, ...]:
    """Return where the administrator's wish stands."""
    v1 = (state_path(upgrade, node, "reason"), PAUSES)
    return field_evidence(facts, upgrade.ref, *((PAUSE_NODES,) if upgrade.v2 else v1))


def _release_steps(upgrade: Upgrade, node: str) -> tuple[str, ...]:
    """Return how to release the node: only its own entry of the pause map changes."""
    leave = "all VMs stop while the only node is upgraded" if upgrade.single_node == node else "its VMs migrate or stop"
    look = f"Find out why {node} was paused: {leave} when it is released."
    name = actions.quote_argument(upgrade.ref.name)
    if upgrade.v2:
        left = [name for name in upgrade.pauses if name != node]
        patch = json.dumps({"spec": {"nodeUpgradeOption": {"pauseNodes": left}}}, separators=(",", ":"))
        kind = "upgradeplans.management.harvesterhci.io"
        return look, f"Release it: `kubectl patch {kind} {name} --type=merge -p {actions.quote_argument(patch)}`."
    # The map is replaced as a whole, so the other nodes' pauses have to be in it.
    pauses = json.dumps({**upgrade.pauses, node: "unpause"}, separators=(",", ":"), sort_keys=True)
    change = actions.quote_argument(f"harvesterhci.io/node-upgrade-pause-map={pauses}")
    return (
        look,
        (f"Release it: `kubectl annotate upgrades.harvesterhci.io -n harvester-system {name} --overwrite {change}`."),
    )
