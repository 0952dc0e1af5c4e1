"""What an unfinished upgrade left behind, and what in Longhorn blocks an upgrade."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.conditions import ALL_LISTS, Condition, find_condition
from harvdiag.core.fields import Obj, field_path, get_items, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.graph.pairing import NODE_REF
from harvdiag.kinds.local import FLEET, PROVISIONING
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import REMOVAL, Facts
from harvdiag.rules.upgrade_evidence import finished_upgrade
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.charts import is_upgrade_chart
from harvdiag.upgrade.handshake import DrainStep, annotation_path, read_handshake
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.plans import node_plans
from harvdiag.upgrade.v2 import toolkit_unseen

STRATEGY = "spec.rkeConfig.upgradeStrategy"
ROLES = ("controlPlane", "worker")
HOOKS = {"preDrainHooks": "harvesterhci.io/pre-hook", "postDrainHooks": "harvesterhci.io/post-hook"}
REQUESTS = {
    DrainStep.PRE_DRAIN_REQUESTED: ("pre-drain", "pre-hook"),
    DrainStep.POST_DRAIN_REQUESTED: ("post-drain", "post-hook"),
}
CHARTS = "managedcharts.management.cattle.io"
LONGHORN = "longhorn-system"
PLANS, PLAN_UPGRADE = "plans.upgrade.cattle.io", 'metadata.labels["harvesterhci.io/upgrade"]'


@rule("chart-left-paused", severity=Severity.WARNING, needs={"ManagedChart", "Upgrade"})
def chart_left_paused(facts: Facts) -> Iterator[Hit]:
    """A ManagedChart is paused though no upgrade runs.

    An upgrade pauses the charts of Harvester while it changes them. If it was deleted or failed before it resumed
    them, they stay paused: fleet no longer installs changes to them, and the next upgrade waits for them.
    """
    if _upgrade_running(facts):
        return
    last = next(iter(facts.upgrades.all), None)
    for ref in _paused_charts(facts):
        yield Hit(
            subject=ref,
            message=f"ManagedChart {ref.name} is paused, and no upgrade runs that would resume it",
            evidence=field_evidence(facts, ref, "spec.paused", "spec.version", "status.display.state"),
            next=(
                f"Verify that no one paused {ref.name} on purpose.",
                (
                    f"Otherwise `kubectl patch {CHARTS} -n {FLEET} {advice.quote_argument(ref.name)} --type merge -p "
                    '\'{"spec":{"paused":false}}\'`.'
                ),
            ),
            caution=f"Fleet immediately installs what ManagedChart {ref.name} specifies: check the chart's version "
            "before you un-pause it.",
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
    """The nodes' upgrade is still active, though no Upgrade runs.

    Rancher drains the nodes and asks Harvester before and after each. Harvester answers only for a running Upgrade: if
    that was deleted or ended early, nothing answers, and the node whose turn it is stays as it is.
    """
    if _upgrade_running(facts) or _recently_ended(facts):
        return
    strategy, requests = _hook_paths(facts), list(_unanswered_requests(facts))
    if not requests and (not strategy or _last_unanswered(facts)):
        return
    names = sorted({plan.upgrade for plan in node_plans(facts.snapshot.objects("Plan"))} - {""} - _upgrade_names(facts))
    paused = list(_paused_charts(facts))
    left = (
        ["the upgrade strategy with Harvester's hooks is still set"] if strategy else [],
        [f"plan Secret {secret.name} has a request that will not be answered" for secret, _ in requests],
        [f"ManagedChart {ref.name} is paused" for ref in paused],
        [f"plans of the missing Upgrade {name} remain" for name in names],
    )
    yield Hit(
        subject=PROVISIONING,
        message="The nodes' upgrade is still active, though no Upgrade runs: "
        + "; ".join(word for part in left for word in part),
        evidence=(
            *field_evidence(facts, PROVISIONING, *strategy),
            *(
                evidence
                for secret, keys in requests
                for evidence in field_evidence(facts, secret, *map(annotation_path, keys))
            ),
            *(evidence for ref in paused for evidence in field_evidence(facts, ref, "spec.paused")),
            *(missing_evidence("Upgrade", "harvester-system", name) for name in names),
        ),
        next=(
            "Check which nodes are cordoned and which version each runs: `kubectl get nodes -o wide`.",
            advice.inspect_object("clusters.provisioning.cattle.io", "local"),
            "Ask vendor support how to proceed: a partial upgrade is finished node by node, not by a new upgrade.",
        ),
        caution=(
            "Do not write a hook's annotation while VMs still run on the node: Rancher drains the node at once. Do not "
            "remove the strategy while a node is being drained."
        ),
        causes=tuple(Cause("upgrade-failed-in-phase", upgrade.ref) for upgrade in facts.upgrades.all[:1]),
    )


def _upgrade_running(facts: Facts) -> bool:
    """Return whether an upgrade of either kind runs, or may run because its kind could not be read."""
    return facts.upgrade_run is not None or toolkit_unseen(facts.snapshot) or facts.upgrades.plan is not None


def _recently_ended(facts: Facts) -> bool:
    """Return whether an Upgrade ended within the hour, or still cleans up: Harvester removes its objects one by one.

    If the end of the latest is unknown, it may have been a moment ago.
    """
    ages = [_time_since_end(facts, upgrade) for upgrade in facts.upgrades.all]
    recent = any(age is not None and age < REMOVAL for age in ages) or ages[:1] == [None]
    return recent or any(upgrade.cleanup_state == "Pending" for upgrade in facts.upgrades.all)


def _time_since_end(facts: Facts, upgrade: Upgrade) -> timedelta | None:
    """Return how long ago it ended, by its last condition if Completed has no time; None if no condition has one."""
    completed = upgrade.conditions.get("Completed")
    ended = completed.since if completed else ""
    return facts.now.since(Timestamp(ended or latest_time(*(row.since for row in upgrade.conditions.values()))))


def _hook_paths(facts: Facts) -> list[str]:
    """Return the fields of the provisioning Cluster that contain Harvester's hooks."""
    obj = facts.links.objects.get(PROVISIONING)
    places = [(f"{STRATEGY}.{role}DrainOptions.{key}", hook) for role in ROLES for key, hook in HOOKS.items()]
    return [place for place, hook in places if hook in {get_text(row, "annotation") for row in get_items(obj, place)}]


def _unanswered_requests(facts: Facts) -> Iterator[tuple[ObjectRef, tuple[str, str]]]:
    """Find the plan Secrets on which Rancher waits for Harvester, with the request and the missing answer."""
    for secret in facts.pairing.plans:
        step = _drain_step(facts, secret)
        if step in REQUESTS and not (step is DrainStep.POST_DRAIN_REQUESTED and _node_succeeded(facts, secret)):
            yield secret, REQUESTS[step]


def _last_unanswered(facts: Facts) -> bool:
    """Return whether only the last answer of an upgrade that succeeded was lost, which has a finding of its own."""
    requested = (s for s in facts.pairing.plans if _drain_step(facts, s) is DrainStep.POST_DRAIN_REQUESTED)
    return any(_node_succeeded(facts, secret) for secret in requested)


def _drain_step(facts: Facts, secret: ObjectRef) -> DrainStep:
    return read_handshake(facts.pairing.obj(secret)).step


def _node_succeeded(facts: Facts, secret: ObjectRef) -> bool:
    """Return whether its node has succeeded in an upgrade that did: then only the answer was lost."""
    upgrade = finished_upgrade(facts)
    done = (node for node in (upgrade.nodes if upgrade else ()) if node.state == DONE)
    return any(secret == plan for node in done for plan, _ in node.secrets)


def _upgrade_names(facts: Facts) -> set[str]:
    return {upgrade.ref.name for upgrade in facts.upgrades.all}


def _paused_charts(facts: Facts) -> Iterator[ObjectRef]:
    """Find the paused charts of Harvester; other charts may be paused on purpose."""
    for obj in facts.snapshot.objects("ManagedChart"):
        ref = ObjectRef("ManagedChart", get_text(obj, "metadata.namespace"), name_of(obj))
        if (
            field_path("spec.paused").get(obj) is True
            and ref.namespace == FLEET
            and is_upgrade_chart(ref.kind, ref.name)
        ):
            yield ref


@rule("leftover-upgrade-plan", severity=Severity.INFO, needs={"Upgrade", "Plan"}, links=["harvester/harvester#6203"])
def leftover_upgrade_plan(facts: Facts) -> Iterator[Hit]:
    """A plan belongs to an Upgrade that does not exist.

    Harvester removes the plans of an upgrade when it ends. One that remains shows that its Upgrade was deleted before
    that; the system-upgrade-controller still runs it on every Node that joins.
    """
    existing = {upgrade.ref.name for upgrade in facts.upgrades.all}
    for plan in node_plans(facts.snapshot.objects("Plan")):
        if not plan.upgrade or plan.upgrade in existing:
            continue
        upgrade = ObjectRef("Upgrade", "harvester-system", plan.upgrade)
        yield Hit(
            subject=plan.ref,
            message=f"Plan {plan.ref.name} is left over: there is no Upgrade {plan.upgrade}",
            evidence=(missing_evidence(*upgrade), *field_evidence(facts, plan.ref, PLAN_UPGRADE, "status.applying")),
            next=(
                advice.inspect_object(PLANS, plan.ref.name, plan.ref.namespace),
                (
                    "When nothing else of that upgrade is in progress, it may be deleted: `kubectl delete "
                    f"{PLANS} -n {plan.ref.namespace} {advice.quote_argument(plan.ref.name)}`."
                ),
            ),
            caution=f"Do not delete Plan {plan.ref.name} while one of its Jobs is active on a host.",
            causes=(Cause("upgrade-deleted-midway", PROVISIONING),),
            targets=(upgrade,),
        )


@rule(
    "longhorn-node-evicting",
    short="Longhorn node evicting",
    severity=Severity.WARNING,
    needs={"Node.longhorn.io", "Upgrade"},
    links=["harvester/harvester#7717"],
)
def longhorn_node_evicting(facts: Facts) -> Iterator[Hit]:
    """Longhorn is set to evict all replicas from a node while an upgrade runs.

    The upgrade drains one node after the other and waits for healthy volumes before each. Replicas that are evicted at
    the same time keep volumes from being healthy; 1.4 is known to hang on it.
    """
    if facts.upgrade_run is None:
        return
    for obj in facts.snapshot.objects("Node.longhorn.io"):
        evicting = [path for path in _eviction_fields(obj) if field_path(path).get(obj) is True]
        if not evicting:
            continue
        ref = ObjectRef("Node.longhorn.io", LONGHORN, name_of(obj))
        disks = len([path for path in evicting if ".disks" in path])
        what = "of the whole node" if "spec.evictionRequested" in evicting else f"of {disks} of its disks"
        yield Hit(
            subject=ref,
            message=(
                f"Longhorn is to move the replicas {what} off {ref.name}, while upgrade "
                f"{facts.upgrade_run.upgrade.ref.name} runs"
            ),
            evidence=field_evidence(facts, ref, *evicting, "spec.allowScheduling"),
            next=(
                "Check whether this host is being removed on purpose: then let that finish first.",
                (
                    "Otherwise cancel the request in the Longhorn UI, or with `kubectl edit nodes.longhorn.io "
                    f"-n {LONGHORN} {advice.quote_argument(ref.name)}` (evictionRequested: false, of the node and of "
                    "each disk)."
                ),
            ),
            caution=(
                f"Do not cancel the request if {ref.name} is about to be removed: the host may have the last replica "
                "of a volume."
            ),
        )


def _eviction_fields(obj: Obj) -> list[str]:
    disks = field_path("spec.disks").get(obj)
    names = sorted(disks) if isinstance(disks, dict) else []
    return ["spec.evictionRequested", *(f'spec.disks["{name}"].evictionRequested' for name in names)]


@rule(
    "leftover-longhorn-node",
    short="leftover Longhorn node",
    severity=Severity.WARNING,
    needs={"Node.longhorn.io", "Node"},
)
def leftover_longhorn_node(facts: Facts) -> Iterator[Hit]:
    """Longhorn still has a node that does not exist.

    A host was removed and its Longhorn Node left behind. Longhorn still considers it when it places replicas, and the
    upgrade of the system services waits for an instance manager on it that never starts.
    """
    for obj in facts.snapshot.objects("Node.longhorn.io"):
        node = ObjectRef("Node", "", name_of(obj))
        if (
            get_text(obj, "metadata.namespace") != LONGHORN
            or node in facts.links.objects
            or _may_be_leaving(facts, obj)
        ):
            continue
        ref = ObjectRef("Node.longhorn.io", LONGHORN, node.name)
        ghosts = [edge.source for edge in facts.links.edges_to(node, NODE_REF)]
        yield Hit(
            subject=ref,
            message=f"Longhorn still has node {node.name}, but there is no Node {node.name}",
            evidence=(
                missing_evidence(*node),
                *field_evidence(facts, ref, "spec.allowScheduling", "metadata.deletionTimestamp"),
                *_ready_evidence(ref, obj),
            ),
            next=(
                f"Be sure that the host {node.name} is gone for good.",
                (
                    f"Verify that no replica is left on it: `kubectl get replicas.longhorn.io -n {LONGHORN} -o wide`, "
                    "and that every volume is healthy."
                ),
                (
                    f"Then disable its scheduling and delete it: `kubectl delete nodes.longhorn.io -n {LONGHORN} "
                    f"{advice.quote_argument(node.name)}`."
                ),
            ),
            caution=(
                f"A replica on {node.name} may be the last one of a volume: deleting the Longhorn Node loses the data."
            ),
            causes=tuple(Cause("machine-dangling-node", machine) for machine in ghosts),
            targets=(node,),
        )


def _ready_condition(obj: Obj) -> Condition:
    return find_condition(obj, "Ready", ALL_LISTS)


def _ready_evidence(ref: ObjectRef, obj: Obj) -> Iterator[Evidence]:
    if ready := _ready_condition(obj):
        yield Evidence(ref, ready.path, ready.status or None)


def _may_be_leaving(facts: Facts, obj: Obj) -> bool:
    """Return whether it may be on its way out: deleted, or not Ready, within the hour."""
    stamps = [get_text(obj, "metadata.deletionTimestamp")]
    stamps += [_ready_condition(obj).changed] if _ready_condition(obj).status != "True" else []
    ages = [age for stamp in stamps if (age := facts.now.since(Timestamp(stamp))) is not None]
    return any(age < REMOVAL for age in ages)
