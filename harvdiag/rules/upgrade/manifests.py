"""The Job apply-manifests, which upgrades the services: what it waits for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from harvdiag.core.conditions import find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.kinds.local import LOCAL
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import found_step, quote_evidence, read_services_wait
from harvdiag.rules.pod_evidence import PodTrouble, find_trouble
from harvdiag.rules.services_evidence import Reason, helm_reason, managers_reason, repository_reason
from harvdiag.rules.thresholds import BROKEN, LATE
from harvdiag.rules.upgrade_evidence import age_since
from harvdiag.upgrade.charts import is_upgrade_chart
from harvdiag.upgrade.jobs import ACTIVE, Job
from harvdiag.upgrade.phases import AT_SERVICES
from harvdiag.upgrade.services import ADDON, CAPI, CHART, HELM, MANAGERS, PLAN, REPOSITORY, ROLLOUT
from harvdiag.upgrade.wording import format_duration

if TYPE_CHECKING:
    from harvdiag.upgrade.logs.services import ServicesWait

LAST_LINE = "the last line"
"""How the meaning of a line begins that does not tell a wait."""
KINDS = {"deployment": "Deployment", "daemonset": "DaemonSet", "statefulset": "StatefulSet"}
HANDLER, STRATEGY = "virt-handler-", 'metadata.annotations["kubevirt.io/install-strategy-version"]'
COUNTS = {
    "Deployment": ("spec.replicas", "status.updatedReplicas", "status.availableReplicas"),
    "DaemonSet": ("status.desiredNumberScheduled", "status.updatedNumberScheduled", "status.numberAvailable"),
}
"""How many pods are wanted, new, and available."""
CAPI_STEPS = (
    advice.inspect_object("clusters.cluster.x-k8s.io", "local"),
    (
        "Check the certificates of the management nodes, which expire after a year: a restart of RKE2 renews them "
        "(harvester/harvester#3863)."
    ),
)
SERVICES = (
    ("cattle-system", "rancher"),
    ("cattle-system", "rancher-webhook"),
    ("cattle-fleet-system", "fleet-controller"),
    ("cattle-fleet-local-system", "fleet-agent"),
    ("cattle-system", "system-upgrade-controller"),
    ("harvester-system", "harvester"),
    ("harvester-system", "harvester-webhook"),
    ("harvester-system", "virt-operator"),
    ("longhorn-system", "longhorn-manager"),
)
"""What it rolls out, in the order in which it waits for it."""


WORKLOADS = {
    "Deployment": ("deployment-without-room", "deployment-not-whole"),
    "DaemonSet": ("daemonset-not-whole",),
    "KubeVirt": ("kubevirt-not-available",),
}
"""The checks of the workloads that are rolled out, by kind."""


@rule(
    "upgrade-services-waiting",
    short="services wait",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "Job"},
    optional={
        "KubeVirt",
        "Deployment",
        "DaemonSet",
        "ManagedChart",
        "Bundle",
        "Addon",
        "Cluster",
        "Node.longhorn.io",
        "InstanceManager",
        "RKEControlPlane",
        "Cluster.provisioning.cattle.io",
        "Machine",
        "Node",
        "Pod",
        "Event",
    },
    links=[
        "harvester/harvester#9738",
        "harvester/harvester#9374",
        "harvester/harvester#10043",
        "harvester/harvester#10447",
    ],
)
def upgrade_services_waiting(facts: Facts) -> Iterator[Hit]:
    """The Job that upgrades the system services gets no further.

    apply-manifests upgrades Rancher, Fleet, Harvester, KubeVirt and Longhorn one after the other, and waits for each
    without end. Its log tells what it waits for; some of that, such as a Helm release, is in no object that a support
    bundle has.
    """
    rollout = facts.upgrade_run
    if rollout is None or rollout.upgrade.state != AT_SERVICES:
        return
    job = next((job for job in reversed(rollout.jobs) if job.type == "apply-manifests"), None)
    if job is None or job.state != ACTIVE or age_since(facts, job.began) < facts.span(LATE):
        return
    wait = read_services_wait(facts, job)
    if wait and wait.meaning == PLAN:
        return  # the checks of Plans judge it, each by the Node that keeps it
    age = age_since(facts, job.began, wait.step if wait else "")
    if age < facts.span(LATE) and not (wait and wait.state and timedelta(minutes=wait.minutes) >= facts.span(BROKEN)):
        return
    known = wait if wait and not wait.meaning.startswith(LAST_LINE) else None
    reason = _read_wait(facts, job, known) if known else next(_read_objects(facts), None)
    if reason:
        yield _waiting_hit(facts, rollout.upgrade.ref, (job, known), reason, age)
        return
    for kind in WORKLOADS:
        facts.snapshot.require(kind)


def _waiting_hit(
    facts: Facts, upgrade: ObjectRef, by: tuple[Job, ServicesWait | None], reason: Reason, age: timedelta
) -> Hit:
    job, wait = by
    return Hit(
        subject=upgrade,
        message=f"The Job apply-manifests of Upgrade {upgrade.name} waits{'' if wait else ', as far as objects show,'} "
        f"for {reason.text}; {'nothing has ended in it' if wait else 'it has run'} for {format_duration(age)}",
        evidence=(
            *(quote_evidence(job.ref, [wait.quote]) if wait else ()),
            *reason.evidence,
            *field_evidence(facts, job.ref, "status.active", "status.startTime"),
        ),
        next=(
            *reason.steps,
            *((found_step(wait.quote),) if wait else (_log_step(job),)),
            advice.IF_UNCLEAR,
        ),
        caution="Do not delete the Job or its pod while it waits: it does not run a second time.",
        causes=tuple(_find_causes(facts, upgrade, wait)),
        targets=(reason.target,) if reason.target else (),
    )


def _log_step(job: Job) -> str:
    name = actions.quote_argument(job.ref.name)
    return f"Read what it waits for: `kubectl logs -n harvester-system job/{name} --tail=20`."


def _find_causes(facts: Facts, upgrade: ObjectRef, wait: ServicesWait | None) -> Iterator[Cause]:
    """Return what explains it: the finding about the object that is waited for, or about what it needs."""
    for name in (
        "upgrade-job-not-running",
        "upgrade-repository-not-ready",
        "upgrade-plan-blocked-by-unmanaged-node",
        "upgrade-plan-waits-for-dead-node",
    ):
        yield Cause(name, upgrade)
    if wait is None or wait.meaning == CAPI:
        yield Cause("capi-cluster-not-provisioned", LOCAL)
    for kind, names in (
        ("Bundle", ("bundle-not-ready", "helm-release-locked")),
        ("ManagedChart", ("managed-chart-not-ready", "helm-release-locked")),
    ):
        refs = (ObjectRef(kind, namespace_of(obj), name_of(obj)) for obj in facts.snapshot.objects(kind))
        yield from (Cause(name, ref) for ref in refs if is_upgrade_chart(kind, ref.name) for name in names)
    yield from _workload_causes(facts, wait)
    if wait and wait.meaning == ADDON:
        yield Cause("addon-processing", ObjectRef("Addon", wait.namespace, wait.name))
    for node in facts.snapshot.objects("Node.longhorn.io") if wait is None or "Longhorn" in wait.meaning else ():
        yield Cause("leftover-longhorn-node", ObjectRef("Node.longhorn.io", namespace_of(node), name_of(node)))


def _workload_causes(facts: Facts, wait: ServicesWait | None) -> Iterator[Cause]:
    """Return what the checks of workloads may have found of the one that is waited for; without a log, of any."""
    for kind, names in WORKLOADS.items():
        for obj in facts.snapshot.objects(kind):
            ref = ObjectRef(kind, namespace_of(obj), name_of(obj))
            if wait is None or wait.name == ref.name or kind == "KubeVirt":
                yield from (Cause(name, ref) for name in names)


# --- what its log says ----------------------------------------------------------------------------------------------


def _read_wait(facts: Facts, job: Job, wait: ServicesWait) -> Reason:
    """Return what its log says that it waits for, with the object if the source has it."""
    if wait.name and wait.meaning == HELM:
        return helm_reason(facts, job, wait)
    kind = KINDS.get(wait.kind.lower().partition(".")[0], "")
    if wait.name and kind and wait.meaning == ROLLOUT:
        return _rollout_reason(facts, ObjectRef(kind, wait.namespace, wait.name))
    return _object_reason(facts, wait) or Reason(
        f"this: {wait.meaning} ({format_value(wait.quote.line)})", None, (), ()
    )


def _object_reason(facts: Facts, wait: ServicesWait) -> Reason | None:
    if wait.name and wait.meaning == CHART:
        return _chart_reason(facts, ObjectRef("ManagedChart", wait.namespace or "fleet-local", wait.name))
    if wait.name and wait.meaning == ADDON:
        ref = ObjectRef("Addon", wait.namespace, wait.name)
        steps = (advice.inspect_object("addons.harvesterhci.io", ref.name, ref.namespace),)
        return Reason(f"Addon {ref.namespace}/{ref.name}", ref, field_evidence(facts, ref, "status.status"), steps)
    if wait.meaning == CAPI:
        return _capi_reason(facts)
    if wait.meaning == REPOSITORY and facts.upgrade_run:
        return repository_reason(facts.upgrade_run.upgrade.ref)
    if wait.meaning == MANAGERS:
        return managers_reason(facts, wait)
    return _kubevirt_reason(facts) if "KubeVirt" in wait.meaning else None


def _capi_reason(facts: Facts) -> Reason:
    """Return that Cluster API does not call the cluster provisioned, with what Rancher's planner says meanwhile."""
    proof = field_evidence(facts, LOCAL, "status.phase", "status.observedGeneration", "metadata.generation")
    said = facts.upgrade_run.planner[:1] if facts.upgrade_run else []
    says = "".join(f'; Rancher\'s planner says "{message.message}"' for message in said)
    proof += tuple(Evidence(message.subject, message.path, message.message) for message in said)
    return Reason(f"Cluster fleet-local/local (cluster.x-k8s.io) to be provisioned{says}", LOCAL, proof, CAPI_STEPS)


def _chart_reason(facts: Facts, ref: ObjectRef) -> Reason:
    ready = find_condition(facts.snapshot.get(ref), "Ready")
    said = f" ({format_value(ready.message)})" if ready.message else ""
    proof = field_evidence(facts, ref, "spec.version", "status.display.state", "status.summary.ready")
    proof += (Evidence(ref, ready.path, ready.message),) if ready.message else ()
    steps = (
        advice.inspect_object("managedcharts.management.cattle.io", ref.name, ref.namespace),
        advice.inspect_object("bundles.fleet.cattle.io", f"mcc-{ref.name}", ref.namespace),
    )
    return Reason(f"ManagedChart {ref.name}{said}", ref, proof, steps)


# --- what objects say -----------------------------------------------------------------------------------------------


def _read_objects(facts: Facts) -> Iterator[Reason]:
    """Return what is not upgraded, where no log tells: in the order in which the Job waits for it."""
    for space, name in SERVICES:
        kind = "DaemonSet" if name == "longhorn-manager" else "Deployment"
        if _is_rolling(facts.snapshot.get(ObjectRef(kind, space, name)), kind):
            yield _rollout_reason(facts, ObjectRef(kind, space, name))
    if reason := _kubevirt_reason(facts):
        yield reason


def _is_rolling(obj: Obj | None, kind: str) -> bool:
    """Whether not every pod of a Deployment or DaemonSet is a new one."""
    wanted, updated, _ = (field_path(path).get(obj) for path in COUNTS[kind]) if obj else (0, 0, 0)
    return isinstance(wanted, int) and wanted > 0 and (updated if isinstance(updated, int) else 0) < wanted


def _rollout_reason(facts: Facts, ref: ObjectRef) -> Reason:
    """Return how far a rollout is, and which of its pods does not work."""
    text = f"{ref.kind} {ref.namespace}/{ref.name} to be rolled out"
    resource = f"{ref.kind.lower()}s.apps"
    steps = (
        (
            f"See how far it is: `kubectl rollout status -n {actions.quote_argument(ref.namespace)} "
            f"{ref.kind.lower()}/{actions.quote_argument(ref.name)} --timeout=5s`."
        ),
        advice.inspect_object(resource, ref.name, ref.namespace),
    )
    obj = facts.snapshot.get(ref) if ref.kind in COUNTS else None
    if obj is None:
        return Reason(text, None, (), steps)
    wanted, updated, available = (field_path(path).get(obj) or 0 for path in COUNTS[ref.kind])
    pods = _find_pods(facts, ref)
    why = f"; Pod {pods[0].pod.name} {pods[0].text}" if pods else ""
    return Reason(
        f"{text}: {updated} of {wanted} pods are new, {available} are available{why}",
        ref,
        (*field_evidence(facts, ref, *COUNTS[ref.kind]), *(line for pod in pods for line in pod.evidence)),
        steps,
    )


def _find_pods(facts: Facts, ref: ObjectRef) -> list[PodTrouble]:
    wanted = Wanted(namespace=ref.namespace, prefixes=(f"{ref.name}-",), faulty=True)
    return find_trouble(facts, facts.find("Pod", wanted))[:2]


def _kubevirt_reason(facts: Facts) -> Reason | None:
    """Return why KubeVirt is not in its new version, with the virt-handler that its operator does not count."""
    obj = next(iter(facts.snapshot.objects("KubeVirt")), None)
    available = find_condition(obj, "Available")
    if obj is None or (get_text(obj, "status.phase") in {"", "Deployed"} and available.status != "False"):
        return None
    ref = ObjectRef("KubeVirt", namespace_of(obj), name_of(obj))
    handlers = facts.find("Pod", Wanted(namespace=ref.namespace, prefixes=(HANDLER,)))
    bare = [name_of(pod) for pod in handlers if not get_text(pod, STRATEGY)]
    odd = bare[0] if bare and len(bare) < len(handlers) else ""
    said = f" ({format_value(available.message or available.reason)})" if available.message or available.reason else ""
    why = f"; Pod {odd} lacks the annotations by which KubeVirt counts it" if odd else ""
    steps: tuple[str, ...] = (advice.inspect_object("kubevirts.kubevirt.io", ref.name, ref.namespace),)
    if odd:
        delete = f"kubectl delete pod -n {actions.quote_argument(ref.namespace)} {actions.quote_argument(odd)}"
        steps = (f"Let its DaemonSet create the pod again: `{delete}` (harvester/harvester#10447).", *steps)
    return Reason(
        f"KubeVirt, which is {get_text(obj, 'status.phase') or 'not available'}{said}{why}",
        ref,
        (
            *field_evidence(facts, ref, "status.phase", "status.observedKubeVirtVersion"),
            *field_evidence(facts, ref, "status.targetKubeVirtVersion"),
            *((Evidence(ObjectRef("Pod", ref.namespace, odd), STRATEGY, None),) if odd else ()),
        ),
        steps,
    )
