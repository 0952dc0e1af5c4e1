"""A node that an upgrade has skipped."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import get_text
from harvdiag.core.model import Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import (
    finished_plan,
    finished_upgrade,
    pairing_causes,
    state_path,
    upgrade_at_nodes,
)
from harvdiag.upgrade.phases import SERVICES
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.wording import created_at

KUBELET, OS = "status.nodeInfo.kubeletVersion", "status.nodeInfo.osImage"


@rule(
    "upgrade-left-node-behind",
    severity=Severity.WARNING,
    needs={"Upgrade", "Node", "Machine", "Secret", "UpgradePlan"},
    links=["harvester/harvester#8236", "harvester/harvester#8222"],
)
def upgrade_left_node_behind(facts: Facts) -> Iterator[Hit]:
    """An upgrade has skipped a Node that existed when it began.

    Harvester upgrades the nodes of its list and reports Succeeded when they are done; a Node that is not in the list,
    as one that it did not manage, keeps its old Kubernetes and operating system and nothing reports it. The next
    upgrade may be more than one release away for it, and VMs may not migrate between the two.
    """
    if facts.plan_run and facts.upgrade_run is None:
        yield from _left_out_by_plan(facts, facts.plan_run)
    elif (rollout := finished_plan(facts)) or (rollout := finished_upgrade(facts)):
        yield from _skipped_after_upgrade(facts, rollout)
    elif rollout := upgrade_at_nodes(facts):
        yield from _skipped_during_upgrade(facts, rollout)


def _skipped_after_upgrade(facts: Facts, rollout: UpgradeRun) -> Iterator[Hit]:
    """Find the Nodes that run another release although other nodes have the new one."""
    if (not rollout.upgrade.v2 and _superseded_by_plan(facts, rollout)) or not any(
        node.exists and not _outdated_versions(rollout, node) for node in rollout.nodes
    ):
        return
    for node in rollout.nodes:
        lags = _outdated_versions(rollout, node)
        if not node.exists or not lags or _joined_later(facts, rollout, node):
            continue
        why = "" if node.status else ", which it did not list"
        what = f"{rollout.title} to {rollout.upgrade.version} succeeded without Node {node.name}{why}"
        yield _skipped_hit(facts, rollout, node, f"{what}: it still runs {join_names(lags)}", _repair_steps(node))


def _skipped_during_upgrade(facts: Facts, rollout: UpgradeRun) -> Iterator[Hit]:
    """Find Nodes without an entry while the nodes have their turn, if they have no other fault."""
    if not rollout.upgrade.statuses or rollout.upgrade.single_node:
        return
    for node in rollout.nodes:
        fit = node.exists and node.managed and node.secrets and not any(not s.idle for _, s in node.secrets)
        if node.status or not fit or not _outdated_versions(rollout, node) or _joined_later(facts, rollout, node):
            continue
        what = f"{rollout.title} does not list Node {node.name}, which existed when it began"
        steps = (
            f"Let the upgrade continue for the others, and collect again when it ends: {node.name} stays as it is.",
            "Ask vendor support before you change the Upgrade's list by hand.",
        )
        yield _skipped_hit(facts, rollout, node, f"{what}: it will skip that node", steps)


def _left_out_by_plan(facts: Facts, rollout: UpgradeRun) -> Iterator[Hit]:
    """Find the Nodes without the managed label once an UpgradePlan has its list of nodes: it leaves them out."""
    phase = rollout.upgrade.phase
    if not rollout.upgrade.statuses or phase is None or phase.place < SERVICES:
        return
    for node in rollout.nodes:
        if node.status or node.managed or not node.exists or _joined_later(facts, rollout, node):
            continue
        what = f"{rollout.title} leaves out Node {node.name}, which has no label harvesterhci.io/managed"
        steps = (
            f"Let it continue for the others: {node.name} stays on its old version, and nothing reports that.",
            *_repair_steps(node),
        )
        yield _skipped_hit(facts, rollout, node, f"{what}: it ends without that node", steps)


def _skipped_hit(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, message: str, steps: tuple[str, ...]) -> Hit:
    return Hit(
        subject=node.ref,
        message=message,
        evidence=(
            *field_evidence(facts, node.ref, KUBELET, OS),
            *field_evidence(facts, rollout.upgrade.ref, state_path(rollout.upgrade, node.name), "spec.version"),
            *field_evidence(facts, node.ref, 'metadata.labels["harvesterhci.io/managed"]'),
        ),
        next=steps,
        caution=(
            f"Do not upgrade {node.name} by hand, nor start another upgrade before that node runs the same release as "
            "the others."
        ),
        causes=(Cause("node-not-managed", node.ref), *pairing_causes(node)),
    )


def _repair_steps(node: NodeUpgrade) -> tuple[str, ...]:
    label = f"Find out why {node.name} has no label harvesterhci.io/managed and fix it as described in its own finding."
    look = f"{advice.inspect_object('nodes', node.name, '')} {advice.LIST_MACHINES}"
    ask = (
        "Ask vendor support how to bring the node to the release of the others; the documented way is to remove it "
        f"(Hosts → {node.name} → ⋮ → Delete) and to install it again with that release."
    )
    return (look if node.managed else label, ask)


def _outdated_versions(rollout: UpgradeRun, node: NodeUpgrade) -> list[str]:
    """Return the node's versions that differ from the release's; none if the Upgrade does not contain its release."""
    release = rollout.upgrade.release
    pairs = ((node.kubelet, release.kubernetes), (node.os, release.os))
    return [has for has, wanted in pairs if has and wanted and has != wanted]


def _joined_later(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> bool:
    """Return whether the Node joined after the upgrade had begun, or either time is unknown."""
    joined = Timestamp(get_text(facts.pairing.obj(node.ref), "metadata.creationTimestamp"))
    began = Timestamp(created_at(rollout.upgrade))
    return joined.at is None or began.at is None or joined.at > began.at


def _superseded_by_plan(facts: Facts, rollout: UpgradeRun) -> bool:
    """Return whether an UpgradePlan came later: then the Upgrade's release is no longer the cluster's."""
    return any(created_at(plan) > created_at(rollout.upgrade) for plan in facts.upgrades.plans)
