"""Pods that are not ready before an upgrade, in every namespace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from harvdiag.core.conditions import find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, get_items, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.podstate import reason, restarts
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.facts import Facts
from harvdiag.rules.namespaces import find_everywhere
from harvdiag.rules.pod_evidence import PodTrouble, find_trouble
from harvdiag.rules.thresholds import YOUNG
from harvdiag.rules.vms import list_more
from harvdiag.rules.volume_faults import FEW

MANY = 20
"""Of so many Pods each is looked into; of more, their state alone is told: Events are read for each."""
NODE_FAULTS = ("node-unready", "preflight-node-not-ready", "node-under-pressure")
CRASHED = "CrashLoopBackOff"


@dataclass(frozen=True, kw_only=True)
class _Unready:
    """A Pod that is not ready: why, at length and in a word, and how much it matters."""

    ref: ObjectRef
    words: str
    label: str
    severity: Severity
    evidence: tuple[Evidence, ...]
    causes: frozenset[Cause]

    @property
    def name(self) -> str:
        """Namespace and name, with the reason in a word."""
        return f"{self.ref.namespace}/{self.ref.name} ({self.label})"


@rule(
    "preflight-pod-not-ready",
    short="Pod not ready",
    needs={"Node"},
    optional={"Pod", "Event"},
)
def preflight_pod_not_ready(facts: Facts) -> Iterator[Hit]:
    """A Pod is not ready, and has not completed.

    Harvester's script fails for one in any namespace. It counts what has failed long ago and what has just been
    started as well, and passes a Pod that no node takes, since that has no Ready condition.
    """
    pods = find_everywhere(facts, "Pod", Wanted(unready=True))
    troubles = {trouble.pod: trouble for trouble in find_trouble(facts, pods[:MANY])}
    rows = [_read(facts, pod, troubles.get(_ref(pod))) for pod in pods]
    for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO):
        yield from map(_hit, _groups([row for row in rows if row.severity is severity]))


def _groups(rows: Sequence[_Unready]) -> list[list[_Unready]]:
    """Few Pods one by one, more of them by namespace, and all together where those are many."""
    if len(rows) <= FEW:
        return [[row] for row in rows]
    spaces = [list(group) for _, group in groupby(rows, lambda row: row.ref.namespace)]
    return spaces if len(spaces) <= FEW else [list(rows)]


def _ref(pod: Obj) -> ObjectRef:
    return ObjectRef("Pod", namespace_of(pod), name_of(pod))


def _read(facts: Facts, pod: Obj, trouble: PodTrouble | None) -> _Unready:
    ref, ready = _ref(pod), find_condition(pod, "Ready")
    label = reason(pod) or ready.reason or get_text(pod, "status.phase") or "not ready"
    shown = [Evidence(ref, path, value) for path in ("status.phase", "spec.nodeName") if (value := get_text(pod, path))]
    if ready:
        shown.insert(0, Evidence(ref, ready.path, ready.why or ready.status))
    return _Unready(
        ref=ref,
        words=_describe(pod, trouble),
        label=format_value(label),
        severity=_weigh(facts, pod),
        evidence=(*(trouble.evidence if trouble else ()), *shown),
        causes=frozenset(_causes(pod)),
    )


def _describe(pod: Obj, trouble: PodTrouble | None) -> str:
    deleted, ready = Timestamp(get_text(pod, "metadata.deletionTimestamp")), find_condition(pod, "Ready")
    if deleted:
        return f"has been marked for deletion since {deleted} and is still there"
    if trouble:
        return trouble.text
    return f"is not ready by its condition{f': {format_value(ready.why)}' if ready.why else ''}"


def _weigh(facts: Facts, pod: Obj) -> Severity:
    """As the script has it, where the Pod is to run and has had its time; else it matters less."""
    ready = find_condition(pod, "Ready")
    if get_text(pod, "metadata.deletionTimestamp") or get_text(pod, "status.phase") == "Failed":
        return Severity.WARNING
    since = ready.since or get_text(pod, "metadata.creationTimestamp")
    age = facts.snapshot.collected_at.since(Timestamp(since))
    if age is not None and age < facts.span(YOUNG) and not restarts(pod):
        return Severity.INFO
    return Severity.ERROR if ready.status == "False" else Severity.WARNING


def _causes(pod: Obj) -> Iterator[Cause]:
    """What would explain it: its Deployment or DaemonSet lacks it for a reason that is known, or its node is bad."""
    space = namespace_of(pod)
    for owner in get_items(pod, "metadata.ownerReferences"):
        kind, name = get_text(owner, "kind"), get_text(owner, "name")
        if kind == "DaemonSet":
            yield Cause("daemonset-not-whole", ObjectRef(kind, space, name))
        if kind == "ReplicaSet":
            deployment = ObjectRef("Deployment", space, name.rpartition("-")[0])
            yield from (Cause(fault, deployment) for fault in ("deployment-not-whole", "deployment-without-room"))
    if node := get_text(pod, "spec.nodeName"):
        yield from (Cause(fault, ObjectRef("Node", "", node)) for fault in NODE_FAULTS)


def _hit(rows: Sequence[_Unready]) -> Hit:
    first, *more = rows
    severity, space = first.severity, first.ref.namespace
    if more:
        one = len({row.ref.namespace for row in rows}) == 1
        where = f"Pods of namespace {space}" if one else "Pods of several namespaces"
        message = f"{len(rows)} {where} are not ready, or do not run: {list_more([row.name for row in rows])}"
    else:
        message = f"Pod {space}/{first.ref.name} {first.words}"
    common = frozenset.intersection(*(row.causes for row in rows))
    return Hit(
        subject=first.ref,
        severity=severity,
        message=f"{message}; {_REMARKS[severity]}",
        evidence=tuple(evidence for row in rows[:FEW] for evidence in row.evidence),
        next=tuple(_steps(rows)),
        caution="What these Pods have logged is deleted with them." if _failed(rows) else "",
        causes=tuple(sorted(common)),
        targets=tuple(row.ref for row in more),
    )


_REMARKS = {
    Severity.ERROR: "check.sh fails as long as a Pod is not ready",
    Severity.WARNING: "it is not what an upgrade waits for, but check.sh may fail for it",
    Severity.INFO: "it was started a short time ago, and may become ready by itself",
}


def _failed(rows: Sequence[_Unready]) -> list[_Unready]:
    return [row for row in rows if any(e.path == "status.phase" and e.value == "Failed" for e in row.evidence)]


def _steps(rows: Sequence[_Unready]) -> Iterator[str]:
    first = rows[0].ref
    space = actions.quote_argument(first.namespace)
    yield advice.list_pods(first.namespace) if len(rows) > 1 else advice.describe_pod(first.namespace, first.name)
    if rows[0].label == CRASHED:
        yield advice.read_last_log(first.namespace, first.name)
    if _failed(rows):
        yield (
            "Pods that have failed do not run again; once they are not needed: "
            f"`kubectl delete pods -n {space} --field-selector=status.phase=Failed`."
        )
