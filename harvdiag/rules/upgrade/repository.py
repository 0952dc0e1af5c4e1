"""The repository of an upgrade: a VM, or from 1.7 on a Deployment, from which every step loads its images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from harvdiag.core.conditions import find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import found_step, quote_evidence, read_job_wait
from harvdiag.rules.pod_evidence import PodTrouble, find_trouble
from harvdiag.rules.thresholds import BROKEN, LATE
from harvdiag.rules.upgrade_evidence import age_since
from harvdiag.upgrade.jobs import ACTIVE, Job, every_job
from harvdiag.upgrade.run import UpgradeRun
from harvdiag.upgrade.services import REPOSITORY

if TYPE_CHECKING:
    from harvdiag.upgrade.logs import Quote

SYSTEM = "harvester-system"
PREPARING, READING = "PreparingRepo", "RepoPrepared"
USERS = frozenset({"prepare", "apply-manifests", "post-drain", "single-node-upgrade"})
"""The Jobs that load something from it; a pre-drain Job may stop or move it."""
READY = {"Running"}
COLUMNS = "NAME:.metadata.name,STATE:.status.state,HEALTH:.status.robustness,CLAIM:.status.kubernetesStatus.pvcName"
"""Of a Longhorn Volume: what is to be seen of the repository's, which its claim tells from others."""
UNPLACED = {"Unschedulable", "FailedScheduling"}


class _Repository(NamedTuple):
    """The repository: its object, why it is not ready, the evidence, and what is wrong with its pods."""

    ref: ObjectRef
    state: str
    evidence: tuple[Evidence, ...]
    since: str
    pods: list[PodTrouble]


class _User(NamedTuple):
    """Who waits for it: a Job, or the Upgrade in the phases that prepare it; since when, by which line of a log."""

    subject: ObjectRef
    job: Job | None
    since: str
    quote: Quote | None


@rule(
    "upgrade-repository-not-ready",
    short="repository not ready",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "Job"},
    optional={"Deployment", "VirtualMachine", "Pod", "Event"},
    links=["harvester/harvester#8649", "harvester/harvester#9857", "harvester/harvester#10532"],
)
def upgrade_repository_not_ready(facts: Facts) -> Iterator[Hit]:
    """The upgrade's repository does not answer.

    Harvester serves the content of the ISO to the nodes from a VM (up to 1.6) or a Deployment (1.7 and newer), named
    upgrade-repo-…. The Jobs that load images, upgrade the services or a node's system wait for it without end.
    """
    rollout = facts.upgrade_run
    if rollout is None or (user := _find_user(facts, rollout)) is None:
        return
    name = f"upgrade-repo-{rollout.upgrade.ref.name}"
    if repository := _read_repository(facts, name):
        user = user._replace(quote=_find_quote(facts, user.job))
        if _has_lasted(facts, repository, user):
            yield _repository_hit(facts, rollout, repository, user)
        else:
            _require_reasons(facts, repository)


def _require_reasons(facts: Facts, repository: _Repository) -> None:
    """End without an answer where a reason, with which it is judged earlier, may be in Pods or Events not seen."""
    start = "virt-launcher-" if repository.ref.kind == "VirtualMachine" else ""
    pods = facts.find("Pod", Wanted(namespace=SYSTEM, prefixes=(f"{start}{repository.ref.name}-",)), required=True)
    facts.find("Event", Wanted(namespace=SYSTEM, about=tuple(map(name_of, pods)), faulty=True), required=True)


def _find_user(facts: Facts, rollout: UpgradeRun) -> _User | None:
    """Return who needs the repository now and has waited for some time; None where no one has."""
    upgrade = rollout.upgrade
    if upgrade.state in {PREPARING, READING}:
        ready = upgrade.conditions.get("RepoReady")
        since = ready.since if ready else ""
        return _User(upgrade.ref, None, since, None) if age_since(facts, since) >= facts.span(BROKEN) else None
    jobs = every_job(facts.snapshot.objects("Job"), upgrade.ref.name)
    for job in jobs:
        if job.type in USERS and job.state == ACTIVE and age_since(facts, job.began) >= facts.span(BROKEN):
            return _User(ObjectRef("Node", "", job.node) if job.node else upgrade.ref, job, job.began, None)
    return None


def _find_quote(facts: Facts, job: Job | None) -> Quote | None:
    """Return the line in which the Job says that it waits for the repository."""
    quote = read_job_wait(facts, job) if job else None
    return quote if quote and quote.meaning == REPOSITORY else None


def _read_repository(facts: Facts, name: str) -> _Repository | None:
    """Return the VM or the Deployment if it is not ready; the rule is skipped where neither was seen."""
    wanted = Wanted(namespace=SYSTEM, names=(name,))
    for vm in facts.find("VirtualMachine", wanted):
        return _read_vm(facts, name, vm)
    for deployment in facts.find("Deployment", wanted, required=True):
        return _read_deployment(facts, name, deployment)
    facts.find("VirtualMachine", wanted, required=True)
    return None


def _read_deployment(facts: Facts, name: str, obj: Obj) -> _Repository | None:
    """Return the Deployment if it is not available."""
    ref = ObjectRef("Deployment", SYSTEM, name)
    available = find_condition(obj, "Available")
    if available.status == "True" or field_path("status.availableReplicas").get(obj):
        return None
    pods = facts.find("Pod", Wanted(namespace=SYSTEM, prefixes=(f"{name}-",)))
    text = "its Deployment has no pod that is ready"
    proof = field_evidence(facts, ref, "spec.replicas", "status.availableReplicas")
    return _Repository(ref, text, proof, available.changed, find_trouble(facts, pods))


def _read_vm(facts: Facts, name: str, obj: Obj) -> _Repository | None:
    """Return the VM if it is not ready."""
    ref = ObjectRef("VirtualMachine", SYSTEM, name)
    if _is_vm_ready(obj):
        return None
    shown = get_text(obj, "status.printableStatus")
    pods = facts.find("Pod", Wanted(namespace=SYSTEM, prefixes=(f"virt-launcher-{name}-",)))
    text = f"its VM is {format_value(shown)}" if shown else "its VM does not run"
    values = ((path, field_path(path).get(obj)) for path in ("status.printableStatus", "status.ready"))
    proof = tuple(Evidence(ref, path, value) for path, value in values if value is not None)
    return _Repository(ref, text, proof, find_condition(obj, "Ready").changed, find_trouble(facts, pods))


def _is_vm_ready(obj: Obj) -> bool:
    ready = field_path("status.ready").get(obj) is True or find_condition(obj, "Ready").status == "True"
    return ready and get_text(obj, "status.printableStatus") in {"", *READY}


def _has_lasted(facts: Facts, repository: _Repository, user: _User) -> bool:
    """Return whether it is down for long enough: a reason, or a Job that waits for it, tells sooner than time."""
    told = any(pod.word for pod in repository.pods) or user.quote is not None
    return age_since(facts, user.since, repository.since) >= (facts.span(BROKEN) if told else facts.span(LATE))


def _repository_hit(facts: Facts, rollout: UpgradeRun, repository: _Repository, user: _User) -> Hit:
    pods, job = repository.pods[:2], user.job
    why = f", and its pod {pods[0].pod.name} {pods[0].text}" if pods else ""
    whom = f"Job {job.ref.name}" if job else f"Upgrade {rollout.upgrade.ref.name}"
    waits = f"{whom} waits for it since {Timestamp(user.since)}" if user.quote or not job else f"{whom} loads from it"
    return Hit(
        subject=user.subject,
        message=f"The upgrade repository {repository.ref.name} is down: {repository.state}{why}; {waits}"
        + (f", so {user.subject.kind} {user.subject.name} cannot go on" if job and job.node else ""),
        evidence=(
            *repository.evidence,
            *(line for pod in pods for line in pod.evidence),
            *(quote_evidence(job.ref, [user.quote]) if job and user.quote else ()),
            *(field_evidence(facts, job.ref, "status.active", "status.startTime") if job else ()),
        ),
        next=tuple(_repair_steps(repository, user)),
        caution="Do not delete the repository or its image: the upgrade cannot create them again at this point.",
        targets=(repository.ref, *(pod.pod for pod in pods)),
    )


def _repair_steps(repository: _Repository, user: _User) -> Iterator[str]:
    name, vm = actions.quote_argument(repository.ref.name), repository.ref.kind == "VirtualMachine"
    unplaced = next((pod for pod in repository.pods if pod.word in UNPLACED), None)
    if unplaced:
        yield (
            "Give its pod a node first: the scheduler names what is missing. If it is memory or CPU, stop or move VMs "
            f"({actions.stop_vm('NAME')}, or Migrate); if no node takes pods, `kubectl uncordon NODE`; a restart alone "
            "does not help."
        )
    elif vm:
        yield (
            f"Restart the repository's VM: `virtctl restart -n {SYSTEM} {name}`; if it is stopped: `virtctl start -n "
            f"{SYSTEM} {name}`."
        )
    else:
        yield f"Restart the repository: `kubectl rollout restart deployment -n {SYSTEM} {name}`."
    for pod in repository.pods[:1]:
        place = f"-n {SYSTEM} {actions.quote_argument(pod.pod.name)}"
        yield f"If it does not come up, see why: `kubectl describe pod {place}`."
    claims = actions.quote_argument(repository.ref.name.removeprefix("upgrade-repo-"))
    yield (
        "Check its volume, which must be attached and healthy: `kubectl get volumes.longhorn.io -n longhorn-system -o "
        f"custom-columns={COLUMNS} | grep {claims} | grep -v upgradelog`."
    )
    if not vm:
        yield (
            "With a storage network for RWX volumes, see harvester/harvester#10532: the share manager must be in the "
            "network that the repository's pod can reach."
        )
    if user.quote:
        yield found_step(user.quote, "the Job waits for the repository")
    yield "The upgrade goes on by itself as soon as the repository answers."
