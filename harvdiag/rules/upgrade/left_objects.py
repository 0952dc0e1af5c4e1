"""Objects that were made for an Upgrade which is gone or over: charts, plans, logs, Jobs, and its repository."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.conditions import Condition, find_condition
from harvdiag.core.fields import Obj, field_path, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.local import FLEET, PROVISIONING
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions, advice
from harvdiag.rules.ended_upgrades import Ended, ended_upgrade, recently_ended, upgrade_running
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.upgrade.jobs import ACTIVE, every_job
from harvdiag.upgrade.owners import name_in, upgrade_of
from harvdiag.upgrade.plans import CLEANUP, NodePlan, node_plans

HOME = "harvester-system"
PLANS, PLAN_UPGRADE = "plans.upgrade.cattle.io", 'metadata.labels["harvesterhci.io/upgrade"]'
OF_FLEET = {"ManagedChart": "managedcharts.management.cattle.io", "Bundle": "bundles.fleet.cattle.io"}
RESOURCES = {
    "VirtualMachineImage": "virtualmachineimages.harvesterhci.io",
    "Deployment": "deployments.apps",
    "Volume.longhorn.io": "volumes.longhorn.io",
}
LOG_LABEL = 'metadata.labels["harvesterhci.io/upgradeLog"]'
YOUNG = timedelta(minutes=10)
MIDWAY = Cause("upgrade-deleted-midway", PROVISIONING)
KEEP_CHARTS = (
    "Delete nothing but this: the charts harvester, harvester-crd, rancher-logging-crd and rancher-monitoring-crd "
    "belong to Harvester itself."
)


@rule(
    "leftover-upgrade-chart",
    short="chart left over",
    holds=False,
    needs={"Upgrade", "ManagedChart", "Bundle", "UpgradePlan"},
    links=["harvester/harvester#7560", "harvester/harvester#7654"],
)
def leftover_upgrade_chart(facts: Facts) -> Iterator[Hit]:
    """A chart was installed for an Upgrade that is gone or over.

    An upgrade with logging installs a ManagedChart of its own (upgradelog-operator), and removes it when it ends. If
    the Upgrade was deleted midway, the chart may stay. Harvester accepts an upgrade only while every ManagedChart is
    ready, so one that is left and not ready refuses the next.
    """
    charts = {name_of(obj) for obj in facts.snapshot.objects("ManagedChart")}
    for kind in OF_FLEET:
        for obj in facts.snapshot.objects(kind):
            chart = name_of(obj).removeprefix("mcc-") if kind == "Bundle" else ""
            ended = ended_upgrade(facts, obj) if namespace_of(obj) == FLEET and chart not in charts else None
            if ended:
                yield _chart_hit(facts, ObjectRef(kind, FLEET, name_of(obj)), obj, ended)


def _chart_hit(facts: Facts, ref: ObjectRef, obj: Obj, ended: Ended) -> Hit:
    ready = find_condition(obj, "Ready")
    refuses = ready.status in {"False", "Unknown"}
    fault = f", and is not ready ({ready.message or ready.reason or ready.status})" if refuses else ""
    blocks = ": the next upgrade is refused while it is there" if refuses and ref.kind == "ManagedChart" else ""
    return Hit(
        subject=ref,
        message=f"{ref.kind} {ref.name} was made for {ended.words}{fault}{blocks}",
        evidence=(
            *ended.evidence,
            *(e for e in field_evidence(facts, ref, LOG_LABEL, "status.display.state") if e.value is not None),
            *((Evidence(ref, ready.path, ready.message or ready.status),) if refuses else ()),
        ),
        next=_chart_steps(ref),
        caution=KEEP_CHARTS,
        causes=(Cause("leftover-upgrade-log", ObjectRef("UpgradeLog", HOME, f"{ended.ref.name}-upgradelog")), MIDWAY),
        targets=(ended.ref,),
        severity=_chart_severity(facts, ready) if refuses else Severity.INFO,
    )


def _chart_severity(facts: Facts, ready: Condition) -> Severity:
    """An error where it refuses the next upgrade; while one runs, it refuses none, and a young state may pass."""
    age = facts.now.since(Timestamp(ready.since))
    if age is not None and age < YOUNG:
        return Severity.INFO
    return Severity.WARNING if upgrade_running(facts) else Severity.ERROR


def _chart_steps(ref: ObjectRef) -> tuple[str, ...]:
    name = actions.quote_argument(ref.name)
    rest = "Then verify that its Bundle is gone, too: `kubectl get bundles.fleet.cattle.io -n fleet-local`."
    return (
        advice.inspect_object(OF_FLEET[ref.kind], ref.name),
        f"Delete it: `kubectl delete {OF_FLEET[ref.kind]} -n {FLEET} {name}`.",
        *((rest,) if ref.kind == "ManagedChart" else ()),
    )


@rule(
    "leftover-upgrade-plan",
    severity=Severity.WARNING,
    needs={"Upgrade", "Plan", "UpgradePlan"},
    optional={"Node"},
    links=["harvester/harvester#6203"],
)
def leftover_upgrade_plan(facts: Facts) -> Iterator[Hit]:
    """A plan belongs to an Upgrade that is gone or over.

    Harvester removes the plans of an upgrade when it ends. One that remains shows that its Upgrade was deleted before
    that; the system-upgrade-controller still runs it on every Node that joins.
    """
    objects = {name_of(obj): obj for obj in facts.snapshot.objects("Plan") if namespace_of(obj) == "cattle-system"}
    for plan in node_plans(facts.snapshot.objects("Plan")):
        ended = ended_upgrade(facts, objects[plan.ref.name]) if plan.upgrade else None
        if ended and (ended.gone or plan.task != CLEANUP):
            yield _plan_hit(facts, plan, ended)


def _plan_hit(facts: Facts, plan: NodePlan, ended: Ended) -> Hit:
    nodes = {node.name: facts.pairing.obj(node) for node in facts.pairing.nodes if not facts.recently_created(node)}
    hit = [name for name in plan.applying if name in nodes]
    still = f", and is being applied to {join_names(hit)}" if hit else ""
    return Hit(
        subject=plan.ref,
        message=f"Plan {plan.ref.name} is left over from {ended.words}{still}",
        evidence=(*ended.evidence, *field_evidence(facts, plan.ref, PLAN_UPGRADE, "status.applying")),
        next=(
            advice.inspect_object(PLANS, plan.ref.name, plan.ref.namespace),
            (
                "When nothing else of that upgrade is in progress, delete it: `kubectl delete "
                f"{PLANS} -n {plan.ref.namespace} {actions.quote_argument(plan.ref.name)}`."
            ),
        ),
        caution=f"Do not delete Plan {plan.ref.name} while one of its Jobs is active on a host.",
        causes=(MIDWAY,),
        targets=(ended.ref,),
        severity=None if hit else Severity.INFO,
    )


@rule("leftover-upgrade-log", severity=Severity.INFO, needs={"Upgrade", "UpgradeLog", "UpgradePlan"})
def leftover_upgrade_log(facts: Facts) -> Iterator[Hit]:
    """An UpgradeLog belongs to an Upgrade that does not exist.

    It keeps the upgrade's logging, with the chart of its operator and a volume. That of an upgrade which is over is
    kept on purpose until its message is dismissed.
    """
    for obj in facts.snapshot.objects("UpgradeLog"):
        ref = ObjectRef("UpgradeLog", namespace_of(obj), name_of(obj))
        name = get_text(obj, "spec.upgradeName") or upgrade_of(obj)
        named = ended_upgrade(facts, obj, name)
        if named and named.gone:
            yield Hit(
                subject=ref,
                message=f"UpgradeLog {ref.name} is left over from {named.words}",
                evidence=(*named.evidence, *field_evidence(facts, ref, "spec.upgradeName")),
                next=(
                    "Download its log first, if you need it (Download Log): only it has the log of that upgrade.",
                    (
                        f"Delete it: `kubectl delete upgradelogs.harvesterhci.io -n {ref.namespace} "
                        f"{actions.quote_argument(ref.name)}`."
                    ),
                ),
                caution=advice.lose_log(ref.name),
                causes=(MIDWAY,),
                targets=(named.ref,),
            )


@rule("leftover-upgrade-job", severity=Severity.WARNING, needs={"Upgrade", "Job", "UpgradePlan"}, everywhere=True)
def leftover_upgrade_job(facts: Facts) -> Iterator[Hit]:
    """A Job of an Upgrade that is gone or over is still active.

    It goes on changing its node or the services, though nothing waits for it any more; it may drain or restart a host
    while no one expects that.
    """
    for obj in facts.snapshot.objects("Job"):
        if not field_path("status.active").get(obj):
            continue
        name = upgrade_of(obj) or name_in(get_text(obj, 'metadata.labels["upgrade.cattle.io/plan"]'))
        job = next(iter(every_job((obj,), name)), None) if name else None
        if job is None or job.state != ACTIVE:
            continue
        ended = ended_upgrade(facts, obj, name)
        if ended and (ended.gone or job.type != CLEANUP):
            where = f" on {job.node}" if job.node else ""
            yield Hit(
                subject=job.ref,
                message=f"Job {job.ref.name} ({job.type}) is still active{where}: it is left over from {ended.words}",
                evidence=(*ended.evidence, *field_evidence(facts, job.ref, "status.active", "status.startTime")),
                next=(
                    (
                        f"Read what it does: `kubectl logs -n {job.ref.namespace} "
                        f"{actions.quote_argument(f'job/{job.ref.name}')} --tail=50`."
                    ),
                    (
                        "Delete it only when it waits for something that is gone: `kubectl delete jobs.batch -n "
                        f"{job.ref.namespace} {actions.quote_argument(job.ref.name)}`."
                    ),
                ),
                caution="Do not delete a Job that is writing an operating system or restarts RKE2 on its host.",
                causes=(MIDWAY, Cause("leftover-upgrade-plan", _plan_of(obj))),
                targets=(ended.ref,),
            )


def _plan_of(job: Obj) -> ObjectRef:
    return ObjectRef("Plan", "cattle-system", get_text(job, 'metadata.labels["upgrade.cattle.io/plan"]'))


@rule(
    "leftover-upgrade-repository",
    severity=Severity.INFO,
    needs={"Upgrade", "UpgradePlan", "VirtualMachineImage"},
    optional={"Deployment", "Volume.longhorn.io"},
)
def leftover_upgrade_repository(facts: Facts) -> Iterator[Hit]:
    """A part of an upgrade's repository remains, though its Upgrade is gone or over.

    Harvester serves the new release from an image, a volume and a VM or a Deployment, and removes them at the end. What
    remains takes up space; a volume that is attached and not healthy refuses the next upgrade.
    """
    busy = upgrade_running(facts) or recently_ended(facts)
    for ref, obj, name in () if busy else _repository_parts(facts):
        if ended := ended_upgrade(facts, obj, name):
            fields = ("status.state", "status.robustness", "status.kubernetesStatus.pvcName", "spec.displayName")
            told = tuple(e for e in field_evidence(facts, ref, *fields) if e.value is not None)
            yield Hit(
                subject=ref,
                message=f"{ref.kind.partition('.')[0]} {ref.name} is left over from the repository of {ended.words}",
                evidence=(*ended.evidence, *told),
                next=(
                    advice.inspect_object(RESOURCES[ref.kind], ref.name, ref.namespace),
                    f"Delete it, a VM or Deployment before its image and its volume: {_delete_part(ref, obj)}.",
                ),
                caution="Delete nothing of an upgrade that is to be continued.",
                causes=(MIDWAY,),
                targets=(ended.ref,),
            )


def _delete_part(ref: ObjectRef, obj: Obj) -> str:
    """Return the command that deletes a part of a repository: of a volume, its claim."""
    claim = get_text(obj, "status.kubernetesStatus.pvcName")
    if claim:
        return actions.delete_object("persistentvolumeclaims", claim, HOME)
    return actions.delete_object(RESOURCES[ref.kind], ref.name, ref.namespace)


def _repository_parts(facts: Facts) -> Iterator[tuple[ObjectRef, Obj, str]]:
    """The images, Deployments and volumes that may be of a repository.

    Volumes are looked for only beside another part that is left over: there may be thousands of them.
    """
    parts = [
        (ObjectRef("VirtualMachineImage", HOME, name_of(obj)), obj, "")
        for obj in facts.snapshot.objects("VirtualMachineImage")
        if namespace_of(obj) == HOME
    ]
    for obj in facts.find("Deployment", Wanted(namespace=HOME, prefixes=("upgrade-repo-",)), required=True):
        parts.append((ObjectRef("Deployment", HOME, name_of(obj)), obj, ""))
    yield from parts
    if any(ended_upgrade(facts, obj, name) for _, obj, name in parts):
        yield from _repository_volumes(facts)


def _repository_volumes(facts: Facts) -> Iterator[tuple[ObjectRef, Obj, str]]:
    """The volumes of a repository, known by their claim only."""
    for obj in facts.snapshot.objects("Volume.longhorn.io"):
        claim = get_text(obj, "status.kubernetesStatus.pvcName")
        owner = name_in(claim) if get_text(obj, "status.kubernetesStatus.namespace") == HOME else ""
        if owner and "-upgradelog" not in claim:
            yield ObjectRef("Volume.longhorn.io", namespace_of(obj), name_of(obj)), obj, owner
