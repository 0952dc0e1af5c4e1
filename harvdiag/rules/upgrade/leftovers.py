"""What an upgrade left behind that was not carried to its end, and what of Longhorn stands in the way of one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.conditions import ALL_LISTS, Condition, find_condition
from harvdiag.core.fields import Obj, field, items, name_of, text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp, latest
from harvdiag.graph.pairing import NODE_REF
from harvdiag.kinds.local import FLEET, PROVISIONING
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import gone, show
from harvdiag.rules.facts import REMOVAL, Facts
from harvdiag.rules.upgrade_evidence import over
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.charts import is_upgrade_chart
from harvdiag.upgrade.handshake import DrainStep, annotation_path, read_handshake
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.plans import node_plans
from harvdiag.upgrade.v2 import toolkit_unseen

STRATEGY = "spec.rkeConfig.upgradeStrategy"
ROLES = ("controlPlane", "worker")
HOOKS = {"preDrainHooks": "harvesterhci.io/pre-hook", "postDrainHooks": "harvesterhci.io/post-hook"}
ASKED = {
    DrainStep.PRE_DRAIN_REQUESTED: ("pre-drain", "pre-hook"),
    DrainStep.POST_DRAIN_REQUESTED: ("post-drain", "post-hook"),
}
CHARTS = "managedcharts.management.cattle.io"
LONGHORN = "longhorn-system"


@rule("chart-left-paused", severity=Severity.WARNING, needs={"ManagedChart", "Upgrade"})
def chart_left_paused(facts: Facts) -> Iterator[Hit]:
    """A ManagedChart is paused though no upgrade runs.

    An upgrade pauses the charts of Harvester while it changes them. Where it was deleted or failed before it took that
    back, they stay paused: fleet installs no change of theirs any more, and the next upgrade waits for them.
    """
    if _under_way(facts):
        return
    last = next(iter(facts.upgrades.all), None)
    for ref in _paused(facts):
        yield Hit(
            subject=ref,
            message=f"ManagedChart {ref.name} is paused, and no upgrade runs that would take it up again",
            evidence=show(facts, ref, "spec.paused", "spec.version", "status.display.state"),
            next=(
                f"See that nobody has paused {ref.name} on purpose.",
                (
                    f"Otherwise `kubectl patch {CHARTS} -n {FLEET} {advice.arg(ref.name)} --type merge -p "
                    '\'{"spec":{"paused":false}}\'`.'
                ),
            ),
            caution=f"Fleet installs at once what ManagedChart {ref.name} says: look at the chart's version before you "
            "un-pause it.",
            causes=(
                Cause("upgrade-deleted-midway", PROVISIONING),
                *([Cause("upgrade-failed-in-phase", last.ref)] if last else ()),
            ),
        )


@rule(
    "upgrade-deleted-midway",
    needs={"Upgrade", "Cluster.provisioning.cattle.io", "Secret"},
    links=["harvester/harvester#6203", "harvester/harvester#10048"],
)
def upgrade_deleted_midway(facts: Facts) -> Iterator[Hit]:
    """The nodes' upgrade is still on, though no Upgrade runs.

    Rancher drains the nodes and asks Harvester before and after each. Harvester answers for a running Upgrade only: if
    that was deleted or has ended before its time, nobody answers, and the node whose turn it is stays as it is.
    """
    if _under_way(facts) or _just_over(facts):
        return
    strategy, asked = _strategy(facts), list(_asked(facts))
    if not asked and (not strategy or _last_unanswered(facts)):
        return
    names = sorted({plan.upgrade for plan in node_plans(facts.snapshot.objects("Plan"))} - {""} - _known(facts))
    paused = list(_paused(facts))
    left = (
        ["the rollout's strategy with Harvester's hooks is still set"] if strategy else [],
        [f"plan Secret {secret.name} asks for an answer that nobody gives" for secret, _ in asked],
        [f"ManagedChart {ref.name} is paused" for ref in paused],
        [f"plans of the missing Upgrade {name} remain" for name in names],
    )
    yield Hit(
        subject=PROVISIONING,
        message="The nodes' upgrade is still on, though no Upgrade runs: "
        + "; ".join(word for part in left for word in part),
        evidence=(
            *show(facts, PROVISIONING, *strategy),
            *(evidence for secret, keys in asked for evidence in show(facts, secret, *map(annotation_path, keys))),
            *(evidence for ref in paused for evidence in show(facts, ref, "spec.paused")),
            *(gone("Upgrade", "harvester-system", name) for name in names),
        ),
        next=(
            "See which nodes are cordoned and which version each runs: `kubectl get nodes -o wide`.",
            advice.describe("clusters.provisioning.cattle.io", "local"),
            "Ask vendor support how to go on: a half-way rollout is ended node by node, not by a new upgrade.",
        ),
        caution=(
            "Do not write a hook's annotation while VMs still run on the node: Rancher drains the node at once. Do not "
            "take the strategy away while a node is being drained."
        ),
        causes=tuple(Cause("upgrade-failed-in-phase", upgrade.ref) for upgrade in facts.upgrades.all[:1]),
    )


def _under_way(facts: Facts) -> bool:
    """Whether an upgrade runs, of either kind, or one of the kind that may not be read may run."""
    return facts.upgrade_run is not None or toolkit_unseen(facts.snapshot) or facts.upgrades.plan is not None


def _just_over(facts: Facts) -> bool:
    """Whether an Upgrade ended within the hour, or still cleans up: Harvester takes its things back one by one.

    Where nobody tells when the latest ended, that may have been a moment ago.
    """
    ages = [_ended(facts, upgrade) for upgrade in facts.upgrades.all]
    recent = any(age is not None and age < REMOVAL for age in ages) or ages[:1] == [None]
    return recent or any(upgrade.cleanup_state == "Pending" for upgrade in facts.upgrades.all)


def _ended(facts: Facts, upgrade: Upgrade) -> timedelta | None:
    """How long ago it ended, by its last condition where Completed does not tell; None where none does."""
    completed = upgrade.conditions.get("Completed")
    told = completed.since if completed else ""
    return facts.now.since(Timestamp(told or latest(*(row.since for row in upgrade.conditions.values()))))


def _strategy(facts: Facts) -> list[str]:
    """Where the provisioning Cluster holds Harvester's hooks."""
    obj = facts.links.objects.get(PROVISIONING)
    places = [(f"{STRATEGY}.{role}DrainOptions.{key}", hook) for role in ROLES for key, hook in HOOKS.items()]
    return [place for place, hook in places if hook in {text(row, "annotation") for row in items(obj, place)}]


def _asked(facts: Facts) -> Iterator[tuple[ObjectRef, tuple[str, str]]]:
    """The plan Secrets on which Rancher waits for Harvester, with the request and the answer that is missing."""
    for secret in facts.pairing.plans:
        step = _step(facts, secret)
        if step in ASKED and not (step is DrainStep.POST_DRAIN_REQUESTED and _succeeded(facts, secret)):
            yield secret, ASKED[step]


def _last_unanswered(facts: Facts) -> bool:
    """Whether only the answer to a node of an upgrade that has succeeded was lost, which has a finding of its own."""
    asked = (s for s in facts.pairing.plans if _step(facts, s) is DrainStep.POST_DRAIN_REQUESTED)
    return any(_succeeded(facts, secret) for secret in asked)


def _step(facts: Facts, secret: ObjectRef) -> DrainStep:
    return read_handshake(facts.pairing.obj(secret)).step


def _succeeded(facts: Facts, secret: ObjectRef) -> bool:
    """Whether its node was the last of an upgrade that has succeeded: that answer was lost, the upgrade was not."""
    upgrade = over(facts)
    mine = (node for node in (upgrade.nodes if upgrade else ()) if node.state == DONE)
    return any(secret == plan for node in mine for plan, _ in node.secrets)


def _known(facts: Facts) -> set[str]:
    return {upgrade.ref.name for upgrade in facts.upgrades.all}


def _paused(facts: Facts) -> Iterator[ObjectRef]:
    """The charts of Harvester that are paused; what an administrator pauses of his own is his."""
    for obj in facts.snapshot.objects("ManagedChart"):
        ref = ObjectRef("ManagedChart", text(obj, "metadata.namespace"), name_of(obj))
        if field("spec.paused").get(obj) is True and ref.namespace == FLEET and is_upgrade_chart(ref.kind, ref.name):
            yield ref


@rule(
    "longhorn-node-evicting",
    short="Longhorn node evicting",
    severity=Severity.WARNING,
    needs={"Node.longhorn.io", "Upgrade"},
    links=["harvester/harvester#7717"],
)
def longhorn_node_evicting(facts: Facts) -> Iterator[Hit]:
    """Longhorn is told to move all replicas off a node while an upgrade runs.

    The upgrade drains one node after the other and waits for healthy volumes before each. Replicas that are moved away
    at the same time keep volumes from being healthy; 1.4 is known to hang on it.
    """
    if facts.upgrade_run is None:
        return
    for obj in facts.snapshot.objects("Node.longhorn.io"):
        found = [place for place in _eviction_fields(obj) if field(place).get(obj) is True]
        if not found:
            continue
        ref = ObjectRef("Node.longhorn.io", LONGHORN, name_of(obj))
        disks = len([place for place in found if ".disks" in place])
        what = "of the whole node" if "spec.evictionRequested" in found else f"of {disks} of its disks"
        yield Hit(
            subject=ref,
            message=(
                f"Longhorn is to move the replicas {what} off {ref.name}, while upgrade "
                f"{facts.upgrade_run.upgrade.ref.name} runs"
            ),
            evidence=show(facts, ref, *found, "spec.allowScheduling"),
            next=(
                "See whether somebody means to remove this host: then let that end first.",
                (
                    "Otherwise take the request back in Longhorn's own page, or with `kubectl edit nodes.longhorn.io "
                    f"-n {LONGHORN} {advice.arg(ref.name)}` (evictionRequested: false, of the node and of each disk)."
                ),
            ),
            caution=(
                f"Do not take the request back if {ref.name} is about to be removed: the host may hold the last "
                "replica of a volume."
            ),
        )


def _eviction_fields(obj: Obj) -> list[str]:
    disks = field("spec.disks").get(obj)
    names = sorted(disks) if isinstance(disks, dict) else []
    return ["spec.evictionRequested", *(f'spec.disks["{name}"].evictionRequested' for name in names)]


@rule(
    "leftover-longhorn-node",
    short="leftover Longhorn node",
    severity=Severity.WARNING,
    needs={"Node.longhorn.io", "Node"},
)
def leftover_longhorn_node(facts: Facts) -> Iterator[Hit]:
    """Longhorn still counts a node that does not exist.

    A host was removed and its Longhorn Node left behind. Longhorn goes on placing replicas with it in mind, and the
    upgrade of the system services waits for an instance manager on it that never starts.
    """
    for obj in facts.snapshot.objects("Node.longhorn.io"):
        node = ObjectRef("Node", "", name_of(obj))
        if text(obj, "metadata.namespace") != LONGHORN or node in facts.links.objects or _going(facts, obj):
            continue
        ref = ObjectRef("Node.longhorn.io", LONGHORN, node.name)
        ghosts = [edge.source for edge in facts.links.edges_to(node, NODE_REF)]
        yield Hit(
            subject=ref,
            message=f"Longhorn still has node {node.name}, but there is no Node {node.name}",
            evidence=(
                gone(*node),
                *show(facts, ref, "spec.allowScheduling", "metadata.deletionTimestamp"),
                *_ready(ref, obj),
            ),
            next=(
                f"Be sure that the host {node.name} is gone for good.",
                (
                    f"See that no replica is left on it: `kubectl get replicas.longhorn.io -n {LONGHORN} -o wide`, and "
                    "that every volume is healthy."
                ),
                (
                    f"Then disable its scheduling and delete it: `kubectl delete nodes.longhorn.io -n {LONGHORN} "
                    f"{advice.arg(node.name)}`."
                ),
            ),
            caution=(
                f"A replica on {node.name} may be the last one of a volume: deleting the Longhorn Node loses the data."
            ),
            causes=tuple(Cause("machine-dangling-node", machine) for machine in ghosts),
            targets=(node,),
        )


def _condition(obj: Obj) -> Condition:
    return find_condition(obj, "Ready", ALL_LISTS)


def _ready(ref: ObjectRef, obj: Obj) -> Iterator[Evidence]:
    if ready := _condition(obj):
        yield Evidence(ref, ready.path, ready.status or None)


def _going(facts: Facts, obj: Obj) -> bool:
    """Whether it may just be on its way out: deleted, or told to be not Ready, within the hour."""
    stamps = [text(obj, "metadata.deletionTimestamp")]
    stamps += [_condition(obj).changed] if _condition(obj).status != "True" else []
    ages = [age for stamp in stamps if (age := facts.now.since(Timestamp(stamp))) is not None]
    return any(age < REMOVAL for age in ages)
