"""Known issues of the services: fleet's Bundles, plans, KubeVirt, and the repository of the new release."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field_path, get_labels, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.kinds.local import FLEET
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.known_paths import concerned, lasts, path_evidence
from harvdiag.rules.virt_handlers import KUBEVIRT, STRATEGY_VERSION, unmarked_handlers
from harvdiag.upgrade.phases import AT_SERVICES
from harvdiag.upgrade.plans import NodePlan, node_plans

BUNDLES = "bundles.fleet.cattle.io"
OUTDATED = r"\b(kubevirt\.kubevirt\.io|cdi\.cdi\.kubevirt\.io) \S+ modified\b"
AGENT_PLAN = "system-agent-upgrader modified"
SYSTEM = "harvester-system"
ON_PLAN, ON_NODE = "upgrade.cattle.io/plan", "upgrade.cattle.io/node"
RETRY = timedelta(minutes=30)
"""After that long without a Job the manual takes a plan for one that is not retried."""
TO_1_5 = ("1.4.x -> 1.5.x", "1.5.x -> any")
TO_1_6 = ("1.5.x -> 1.6.x",)
TO_1_8 = ("1.7.x -> 1.8.x", "1.8.x -> any")
PLAN_PATHS = ("1.7.x -> 1.7.y", "1.7.x -> 1.8.x", "1.8.x -> 1.8.y")


@rule(
    "harvester-bundle-crds-outdated",
    holds=True,
    short="CRDs older than the chart",
    needs={"Bundle", "Setting", "Upgrade", "UpgradePlan"},
    links=["harvester/harvester#8163"],
    paths=TO_1_5,
)
def harvester_bundle_crds_outdated(facts: Facts) -> Iterator[Hit]:
    """Fleet reports KubeVirt's or CDI's object as modified, because the cluster's CRD is older than the chart.

    On clusters that were installed long ago the CRDs of KubeVirt and CDI lack fields which the chart sets. The API
    server drops them, fleet sees a difference for ever, and the ManagedChart harvester does not become ready.
    """
    ref = ObjectRef("Bundle", FLEET, "mcc-harvester")
    ready = find_condition(facts.snapshot.get(ref), "Ready")
    names = sorted({found[1] for found in re.finditer(OUTDATED, ready.message)})
    if ready.status != "False" or not names or not concerned(facts, TO_1_5):
        return
    yield Hit(
        subject=ref,
        message=f"Bundle {ref.name} stays Modified, for the CRD of {join_names(names)} is older than the chart: "
        f"{ready.message}",
        evidence=(Evidence(ref, ready.path, ready.message), *path_evidence(facts)),
        next=(
            (
                "Apply the CRDs of KubeVirt and CDI from the charts of the installed release: `kubectl apply "
                "--server-side --force-conflicts -f FILE` (harvester/harvester#8163)."
            ),
            _sync_step(facts, ref),
        ),
        caution="Take the CRDs from the very release that is installed: another one's may drop fields of running VMs.",
        severity=None if lasts(facts, ready) else Severity.INFO,
    )


def _sync_step(facts: Facts, bundle: ObjectRef) -> str:
    """Return how to make fleet write the objects of a Bundle again."""
    count = field_path("spec.forceSyncGeneration").get(facts.snapshot.get(bundle))
    following = int(count) + 1 if isinstance(count, int | float) else 1
    return f"Then {actions.sync_bundle(bundle.name, following)}."


@rule(
    "system-agent-bundle-modified",
    holds=True,
    needs={"Bundle", "Setting", "Upgrade"},
    links=["harvester/harvester#9065"],
    paths=TO_1_6,
)
def system_agent_bundle_modified(facts: Facts) -> Iterator[Hit]:
    """Fleet reports Rancher's Plan system-agent-upgrader as modified, and the upgrade waits for its Bundle.

    The Plan in the cluster differs from that of Bundle local-managed-system-agent; the Job apply-manifests does not
    continue before that Bundle is ready.
    """
    ref = ObjectRef("Bundle", FLEET, "local-managed-system-agent")
    ready = find_condition(facts.snapshot.get(ref), "Ready")
    if ready.status != "False" or AGENT_PLAN not in ready.message or not concerned(facts, TO_1_6):
        return
    running = facts.upgrades.running
    waits = running is not None and running.state == AT_SERVICES
    severity = Severity.ERROR if waits else Severity.WARNING
    yield Hit(
        subject=ref,
        message=f"Bundle {ref.name} stays Modified{', and the upgrade waits for it' if waits else ''}: {ready.message}",
        evidence=(Evidence(ref, ready.path, ready.message), *path_evidence(facts)),
        next=(
            (
                "Compare the Plan with the Bundle: `kubectl get plans.upgrade.cattle.io -n cattle-system "
                "system-agent-upgrader -o yaml`."
            ),
            _sync_step(facts, ref),
        ),
        caution="Do not delete the Plan while one of its Jobs is active on a host.",
        severity=severity if lasts(facts, ready) else Severity.INFO,
    )


@rule(
    "plan-job-never-retried",
    severity=Severity.WARNING,
    holds=True,
    needs={"Plan", "Job", "Node", "Setting", "Upgrade"},
    links=["harvester/harvester#9880"],
    paths=PLAN_PATHS,
)
def plan_job_never_retried(facts: Facts) -> Iterator[Hit]:
    """A plan counts a Node as in progress, and no Job of it exists there.

    A Job of the system-upgrade-controller that failed is deleted after a quarter of an hour and made again. Some
    releases of the controller stop doing so; the plan stays at SyncJob, and the upgrade waits for it.
    """
    if facts.upgrades.running is None or not concerned(facts, PLAN_PATHS):
        return
    for plan in node_plans(facts.snapshot.objects("Plan")):
        complete = find_condition(facts.snapshot.get(plan.ref), "Complete")
        waits = plan.applying and complete.reason == "SyncJob" and lasts(facts, complete, RETRY)
        if lost := _without_job(facts, plan) if waits else []:
            yield _retry_hit(facts, plan, lost)


def _without_job(facts: Facts, plan: NodePlan) -> list[str]:
    """Return the Nodes that are Ready and in progress by the plan's status, and have neither run it nor a Job of it."""
    # Absence is the sign, so the list of this very namespace must have been seen.
    jobs = map(get_labels, facts.find("Job", Wanted(namespace=plan.ref.namespace), required=True))
    busy = {marks.get(ON_NODE) for marks in jobs if marks.get(ON_PLAN) == plan.ref.name}
    nodes = {ref.name: facts.pairing.obj(ref) for ref in facts.pairing.nodes if ref.name in plan.applying}
    return [name for name, node in nodes.items() if name not in busy and _is_ready(node) and not plan.done(node)]


def _is_ready(node: Obj) -> bool:
    return find_condition(node, "Ready").status == "True"


def _retry_hit(facts: Facts, plan: NodePlan, lost: list[str]) -> Hit:
    complete = find_condition(facts.snapshot.get(plan.ref), "Complete")
    return Hit(
        subject=plan.ref,
        message=f"Plan {plan.ref.name} is to run on {join_names(lost)}, but has no Job there since {complete.since}",
        evidence=(
            *field_evidence(facts, plan.ref, "status.applying"),
            Evidence(plan.ref, complete.path, complete.reason),
            *path_evidence(facts),
        ),
        next=(
            (
                "Restart the system-upgrade-controller, which then makes the Jobs again: `kubectl rollout restart "
                "deployment -n cattle-system system-upgrade-controller`."
            ),
            f"Verify: `kubectl get jobs -n cattle-system -l {ON_PLAN}={actions.quote_argument(plan.ref.name)}`.",
        ),
        causes=tuple(Cause("upgrade-prepare-stuck", u.ref) for u in facts.upgrades.all[:1]),
    )


@rule(
    "virt-handler-without-annotations",
    holds=True,
    needs={"KubeVirt", "Setting", "Upgrade", "UpgradePlan"},
    optional={"Pod"},
    links=["harvester/harvester#10447"],
    paths=TO_1_8,
)
def virt_handler_without_annotations(facts: Facts) -> Iterator[Hit]:
    """KubeVirt does not become available, because a virt-handler Pod lacks the annotations of its release.

    KubeVirt's operator takes a Pod without the install-strategy annotations for an old one and waits for its end, which
    never comes. Meanwhile no VM can migrate, so no node can be drained.
    """
    available = find_condition(facts.snapshot.get(KUBEVIRT), "Available")
    hangs = available.status == "False" and available.reason == "DeploymentInProgress" and lasts(facts, available)
    if not hangs or not concerned(facts, TO_1_8):
        return
    if bare := unmarked_handlers(facts):
        yield _virt_handler_hit(facts, bare)


def _virt_handler_hit(facts: Facts, bare: list[Obj]) -> Hit:
    available = find_condition(facts.snapshot.get(KUBEVIRT), "Available")
    refs = tuple(ObjectRef("Pod", SYSTEM, name_of(pod)) for pod in bare)
    names = join_names([ref.name for ref in refs])
    where = join_names([get_text(pod, "spec.nodeName") for pod in bare])
    return Hit(
        subject=KUBEVIRT,
        message=f"KubeVirt {KUBEVIRT.name} is not available since {available.since}, for Pod {names} on {where} lacks "
        "the install-strategy annotations",
        evidence=(
            Evidence(KUBEVIRT, available.path, available.reason),
            *(Evidence(ref, STRATEGY_VERSION, None) for ref in refs),
            *path_evidence(facts),
        ),
        next=(
            (
                f"Delete the Pod, which is recreated at once: `kubectl delete pods -n {SYSTEM} "
                f"{' '.join(actions.quote_argument(ref.name) for ref in refs)}`."
            ),
            f"Verify: `kubectl get kubevirts.kubevirt.io -n {SYSTEM} kubevirt -o yaml`, condition Available.",
        ),
        caution="VMs keep running without a virt-handler, but none on that node can start or migrate meanwhile.",
        targets=refs,
    )


@rule(
    "repository-without-share-endpoint",
    holds=True,
    needs={"Upgrade", "Setting", "Setting.longhorn.io"},
    optional={"Deployment"},
    links=["harvester/harvester#10532"],
    paths=("1.7.x -> 1.8.x",),
)
def repository_without_share_endpoint(facts: Facts) -> Iterator[Hit]:
    """The upgrade's repository cannot mount its volume, because Longhorn's network for shared volumes was cleared.

    With the storage network enabled for RWX volumes, Harvester 1.8 may clear endpoint-network-for-rwx-volume before
    Longhorn has migrated it. Shares then have no address, and the post-drain Job waits for the repository.
    """
    upgrade = facts.upgrades.running
    if upgrade is None or not concerned(facts, ("1.7.x -> 1.8.x",)) or not _shares_lost(facts):
        return
    name = f"upgrade-repo-{upgrade.ref.name}"
    for obj in facts.find("Deployment", Wanted(namespace=SYSTEM, names=(name,)), required=True):
        available = find_condition(obj, "Available")
        if field_path("status.readyReplicas").get(obj) or not lasts(facts, available or obj):
            continue
        ref = ObjectRef("Deployment", SYSTEM, name)
        yield Hit(
            subject=ref,
            message=f"Deployment {name} is not ready: Longhorn's setting {ENDPOINT.name} is empty, though shared "
            "volumes use the storage network",
            evidence=(
                *field_evidence(facts, ref, "status.readyReplicas"),
                *field_evidence(facts, ENDPOINT, "value"),
                *field_evidence(facts, ENABLED, "value"),
                *path_evidence(facts),
            ),
            next=_endpoint_steps(),
            caution="Restart only the share-manager of the repository's volume: that of a VM's volume stops its disk.",
        )


SETTINGS, NAMED = "settings.longhorn.io", {"value": "harvester-system/NAME"}
ENDPOINT = ObjectRef("Setting.longhorn.io", "longhorn-system", "endpoint-network-for-rwx-volume")
ENABLED = ObjectRef("Setting.longhorn.io", "longhorn-system", "storage-network-for-rwx-volume-enabled")


def _shares_lost(facts: Facts) -> bool:
    endpoint = facts.snapshot.get(ENDPOINT)
    return endpoint is not None and not get_text(endpoint, "value") and _value(facts, ENABLED) == "true"


def _value(facts: Facts, ref: ObjectRef) -> str:
    return get_text(facts.snapshot.get(ref), "value")


def _endpoint_steps() -> tuple[str, ...]:
    return (
        (
            "Find the name of the storage network: `kubectl get network-attachment-definitions.k8s.cni.cncf.io -n "
            "harvester-system`."
        ),
        (f"Set it, with that name: `{actions.merge_patch(SETTINGS, ENDPOINT.name, NAMED, ENDPOINT.namespace)}`."),
        (
            "Restart the share-manager of the repository's volume: `kubectl get pods -n longhorn-system -l "
            "longhorn.io/component=share-manager` has its name, `kubectl delete pod -n longhorn-system NAME` restarts "
            "it."
        ),
        (
            "Then let Harvester read it again: `kubectl annotate settings.harvesterhci.io rwx-network "
            "rwx-network.settings.harvesterhci.io/initialized-`."
        ),
    )
