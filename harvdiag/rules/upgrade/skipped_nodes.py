"""A node that an upgrade has passed over."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import text
from harvdiag.core.model import Severity
from harvdiag.core.suggest import listed
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import show
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import at_nodes, over, pairing_causes
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.v2 import toolkit_unseen
from harvdiag.upgrade.wording import created_at

KUBELET, OS = "status.nodeInfo.kubeletVersion", "status.nodeInfo.osImage"


@rule(
    "upgrade-left-node-behind",
    severity=Severity.WARNING,
    needs={"Upgrade", "Node", "Machine", "Secret"},
    links=["harvester/harvester#8236", "harvester/harvester#8222"],
)
def upgrade_left_node_behind(facts: Facts) -> Iterator[Hit]:
    """An upgrade has passed over a Node that was there when it began.

    Harvester upgrades the nodes of its list and says Succeeded when they are through; a Node that is not in the list,
    as one that it did not manage, keeps its old Kubernetes and operating system and nothing tells so. The next upgrade
    may be more than one release away for it, and VMs may not migrate between the two.
    """
    if toolkit_unseen(facts.snapshot) or facts.upgrades.plan:
        return
    if rollout := over(facts):
        yield from _after(facts, rollout)
    elif rollout := at_nodes(facts):
        yield from _meanwhile(facts, rollout)


def _after(facts: Facts, rollout: UpgradeRun) -> Iterator[Hit]:
    """The Nodes that run another release than the one at which others have arrived."""
    if _by_toolkit(facts, rollout) or not any(node.exists and not _lags(rollout, node) for node in rollout.nodes):
        return
    for node in rollout.nodes:
        lags = _lags(rollout, node)
        if not node.exists or not lags or _later(facts, rollout, node):
            continue
        why = "" if node.status else ", for its list had no such node"
        what = (
            f"Upgrade {rollout.upgrade.ref.name} to {rollout.upgrade.version} succeeded without Node {node.name}{why}"
        )
        yield _hit(facts, rollout, node, f"{what}: it still runs {listed(lags)}", _mend(node))


def _meanwhile(facts: Facts, rollout: UpgradeRun) -> Iterator[Hit]:
    """Nodes without an entry while the nodes have their turn, where nothing else is wrong with them."""
    if not rollout.upgrade.statuses or rollout.upgrade.single_node:
        return
    for node in rollout.nodes:
        fit = node.exists and node.managed and node.secrets and not any(not s.idle for _, s in node.secrets)
        if node.status or not fit or not _lags(rollout, node) or _later(facts, rollout, node):
            continue
        what = f"Upgrade {rollout.upgrade.ref.name} does not list Node {node.name}, which was there when it began"
        steps = (
            f"Let the upgrade go on for the others, and collect again when it is over: {node.name} stays as it is.",
            "Ask vendor support before you change the Upgrade's list by hand.",
        )
        yield _hit(facts, rollout, node, f"{what}: it will pass over that node", steps)


def _hit(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, message: str, steps: tuple[str, ...]) -> Hit:
    return Hit(
        subject=node.ref,
        message=message,
        evidence=(
            *show(facts, node.ref, KUBELET, OS),
            *show(facts, rollout.upgrade.ref, f'status.nodeStatuses["{node.name}"].state', "spec.version"),
            *show(facts, node.ref, 'metadata.labels["harvesterhci.io/managed"]'),
        ),
        next=steps,
        caution=(
            f"Do not upgrade {node.name} by hand, nor begin another upgrade before that node runs the same release as "
            "the others."
        ),
        causes=(Cause("node-not-managed", node.ref), *pairing_causes(node)),
    )


def _mend(node: NodeUpgrade) -> tuple[str, ...]:
    label = f"Find out why {node.name} has no label harvesterhci.io/managed; its own finding says how to mend that."
    look = f"See what {node.name} is: `kubectl get node {advice.arg(node.name)} -o yaml`. {advice.SEE_MACHINES}"
    ask = (
        "Ask vendor support how to bring the node to the release of the others; the documented way is to take it out "
        "of the cluster and to install it anew with that release."
    )
    return (look if node.managed else label, ask)


def _lags(rollout: UpgradeRun, node: NodeUpgrade) -> list[str]:
    """What of the node is not the release's; nothing where the Upgrade does not tell its release."""
    release = rollout.upgrade.release
    pairs = ((node.kubelet, release.kubernetes), (node.os, release.os))
    return [has for has, wanted in pairs if has and wanted and has != wanted]


def _later(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> bool:
    """Whether the Node joined after the upgrade had begun, or nobody tells when."""
    joined = Timestamp(text(facts.pairing.obj(node.ref), "metadata.creationTimestamp"))
    began = Timestamp(created_at(rollout.upgrade))
    return joined.at is None or began.at is None or joined.at > began.at


def _by_toolkit(facts: Facts, rollout: UpgradeRun) -> bool:
    """Whether an UpgradePlan has upgraded nodes since: then the Upgrade's release is not the cluster's any more."""
    return any(created_at(plan) > created_at(rollout.upgrade) for plan in facts.upgrades.plans)
