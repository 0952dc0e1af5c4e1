"""The pods of an upgrade's Jobs: a Job that counts as at work, though none of its pods is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harvdiag.core.conditions import find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, get_items, get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import found_step, quote_evidence, quote_job, show_line
from harvdiag.rules.pod_evidence import PodTrouble, find_job_pods, find_trouble, last_warning
from harvdiag.rules.thresholds import BROKEN, LATE, TRIES
from harvdiag.rules.upgrade_evidence import age_since
from harvdiag.upgrade.jobs import ACTIVE, WAITING, Job, every_job

if TYPE_CHECKING:
    from harvdiag.upgrade.logs import Quote

AWAY = "node.kubernetes.io/network-unavailable"
NETWORK = "NetworkUnavailable"
IMAGE_WORDS = frozenset({"ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull"})
FAILING, CRASHES = "failing", "CrashLoopBackOff"
LONG = 120
"""Characters of a line that a message has."""
PULL = (
    "See whether the node has that image, or can reach its registry: `crictl images` on the host; images of an upgrade "
    "come from its repository, not from the internet."
)


@rule(
    "upgrade-job-not-running",
    short="Job not running",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "Job"},
    optional={"Pod", "Event", "Node"},
    links=["harvester/harvester#9880", "harvester/harvester#10101"],
    everywhere=True,
)
def upgrade_job_not_running(facts: Facts) -> Iterator[Hit]:
    """A Job of the upgrade is active, but no pod of it is at work.

    Its pod finds no node, gets no image, or ends again and again; then the step never ends, and the Job does not fail
    before its deadline, if it has one.
    """
    rollout = facts.upgrade_run
    told: set[ObjectRef] = set()
    for job in every_job(facts.snapshot.objects("Job"), rollout.upgrade.ref.name) if rollout else ():
        subject = ObjectRef("Node", "", job.node) if job.node else rollout.upgrade.ref if rollout else job.ref
        if subject not in told and (trouble := _find_idle(facts, job) or _find_failures(facts, job)):
            told.add(subject)
            yield _idle_hit(facts, subject, job, trouble)


def _find_idle(facts: Facts, job: Job) -> PodTrouble | None:
    return _find_reason(facts, job) if _has_no_ready_pod(facts, job) else None


def _find_failures(facts: Facts, job: Job) -> PodTrouble | None:
    """Return that its pods have failed so often, for hours, that another try will not help."""
    failed = field_path("status.failed").get(facts.snapshot.get(job.ref))
    if (
        job.state != ACTIVE
        or not isinstance(failed, int)
        or failed < facts.number(TRIES)
        or age_since(facts, job.began) < facts.span(LATE)
    ):
        return None
    if _is_on_dead_node(facts, job):
        return None
    text = f"has failed {failed} times, and is tried again"
    return PodTrouble(job.ref, text, field_evidence(facts, job.ref, "status.failed"), FAILING)


def _has_no_ready_pod(facts: Facts, job: Job) -> bool:
    """Whether it says for a while that none of its pods is ready; an older Kubernetes does not count them."""
    obj = facts.snapshot.get(job.ref)
    if job.state not in {ACTIVE, WAITING} or field_path("spec.suspend").get(obj) or _is_on_dead_node(facts, job):
        return False
    ready = field_path("status.ready").get(obj)
    return not ready and age_since(facts, job.began) >= (
        facts.span(LATE) if ready is None and job.state == ACTIVE else facts.span(BROKEN)
    )


def _is_on_dead_node(facts: Facts, job: Job) -> bool:
    """Whether a Plan's Job is on a Node that is not Ready: the checks of Plans say so."""
    node = facts.snapshot.get(ObjectRef("Node", "", job.node)) if job.node else None
    return job.ref.namespace != "harvester-system" and find_condition(node, "Ready").status in {"False", "Unknown"}


def _find_reason(facts: Facts, job: Job) -> PodTrouble | None:
    """Return why; None where its pods seem to work, or may yet start."""
    pods = find_job_pods(facts, job.ref)
    if not pods:
        return _explain_absence(facts, job)
    troubles = find_trouble(facts, pods)
    if len(troubles) < sum(1 for pod in pods if get_text(pod, "status.phase") in {"Running", "Pending"}):
        return None
    first = next(iter(troubles), None)
    return first if first and (first.word or age_since(facts, job.began) >= facts.span(LATE)) else None


def _explain_absence(facts: Facts, job: Job) -> PodTrouble:
    """Return that it has no pod at all, with the reason of the last try; the rule is skipped where none was seen."""
    event = last_warning(facts, job.ref)
    if event is None:
        facts.find("Pod", Wanted(namespace=job.ref.namespace, names=(job.ref.name,)), required=True)
    told = f": {format_value(event.value)}" if event else ""
    proof = (event,) if event else field_evidence(facts, job.ref, "status.ready")
    return PodTrouble(job.ref, f"has no pod that is ready, and none is listed{told}", proof, "no pod")


def _idle_hit(facts: Facts, subject: ObjectRef, job: Job, trouble: PodTrouble) -> Hit:
    of = f" of Node {job.node}" if job.node else f" of Upgrade {subject.name}"
    what = trouble.text if trouble.pod == job.ref else f"has no pod at work: Pod {trouble.pod.name} {trouble.text}"
    network = tuple(_network_evidence(facts, job.node))
    lines = quote_job(facts, job.ref) if trouble.word in {FAILING, CRASHES} else ()
    says = f'; its log ends with "{_end_of(lines[-1])}"' if lines else ""
    away = f"; the node's network counts as unavailable, which keeps pods away ({AWAY})" if network else ""
    return Hit(
        subject=subject,
        message=f"The {job.type} Job {job.ref.name}{of}, begun at {Timestamp(job.began)}, {what}{says}{away}",
        evidence=(
            *quote_evidence(job.ref, lines[::-1]),
            *trouble.evidence,
            *field_evidence(facts, job.ref, "status.active", "status.ready", "status.startTime"),
            *network,
        ),
        next=tuple(_pod_steps(job, trouble, lines, bool(network))),
        caution=f"It is not retried once it is deleted: leave Job {job.ref.name} until the reason is known.",
        causes=tuple(_node_causes(job)),
        targets=(job.ref, *((trouble.pod,) if trouble.pod != job.ref else ())),
    )


def _end_of(quote: Quote) -> str:
    """The end of a line, where an error has its reason."""
    text = show_line(quote)
    return format_value(text if len(text) <= LONG else f"…{text[-LONG:]}")


def _network_evidence(facts: Facts, name: str) -> Iterator[Evidence]:
    """Return that the network of a Node counts as unavailable, by its condition or its taint."""
    ref = ObjectRef("Node", "", name)
    obj: Obj | None = facts.snapshot.get(ref) if name else None
    if find_condition(obj, NETWORK).status == "True":
        yield Evidence(ref, find_condition(obj, NETWORK).path, "True")
    for taint in get_items(obj, "spec.taints"):
        if isinstance(taint, dict) and get_text(taint, "key") == AWAY:
            yield Evidence(ref, f'spec.taints["{AWAY}"].effect', get_text(taint, "effect"))


def _pod_steps(job: Job, trouble: PodTrouble, lines: tuple[Quote, ...], network: bool) -> Iterator[str]:
    space = actions.quote_argument(job.ref.namespace)
    if lines:
        yield found_step(lines[-1], "how its last try ended, or what it does now")
    if trouble.word == FAILING:
        name = actions.quote_argument(job.ref.name)
        yield f"Read why each try ended: `kubectl logs -n {space} -l job-name={name} --prefix --tail=50`."
        yield advice.IF_UNCLEAR
        return
    if trouble.pod == job.ref:
        yield f"See why no pod is created: `kubectl describe job -n {space} {actions.quote_argument(job.ref.name)}`."
        yield advice.IF_UNCLEAR
        return
    pod = actions.quote_argument(trouble.pod.name)
    yield f"See it whole: `kubectl describe pod -n {space} {pod}`."
    if trouble.word in IMAGE_WORDS:
        yield PULL
    elif trouble.word == CRASHES:
        yield f"Read why it ended: `kubectl logs -n {space} {pod} --previous --tail=50`."
    if network:
        yield (
            f"Find out why the network of {job.node} is not ready: `kubectl get pods -n kube-system -o wide "
            f"--field-selector spec.nodeName={actions.quote_argument(job.node)}`; the CNI's pod there clears the taint."
        )
    yield advice.IF_UNCLEAR


def _node_causes(job: Job) -> Iterator[Cause]:
    ref = ObjectRef("Node", "", job.node)
    for name in ("node-unready", "node-keeps-pods-away", "node-under-pressure", "node-cordoned"):
        yield Cause(name, ref)
