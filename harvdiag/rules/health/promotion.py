"""Promotions of a worker to a management node that do not end, and roles that the two sides of a pair do not share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.graph.pairing import MACHINE_ANNOTATION, Verdict
from harvdiag.kinds.local import LOCAL
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.planner_advice import RESTART_RANCHER
from harvdiag.rules.thresholds import PROMOTION
from harvdiag.upgrade.planner import PlannerMessage, planner_messages

SETTLING = timedelta(minutes=10)
STATUS = 'metadata.annotations["harvesterhci.io/promote-status"]'
JOB_LABEL = "harvesterhci.io/promote-node"
STOPPED = frozenset({"failed", "unknown"})
"""The states in which Harvester promotes no node at all until someone clears them."""
WITNESS = "node-role.harvesterhci.io/witness"
ROLES = ("etcd", "control-plane")
UNPAIRED = ("node-without-machine", "node-half-joined", "node-dangling-machine", "node-machine-disagree")
OF_MACHINE = ("machine-without-plan", "machine-failed", "machine-without-bootstrap")
SEEN = {"Node", "Machine"}
OPTIONAL = {"Job", "Secret", "RKEControlPlane", "Cluster.provisioning.cattle.io"}


@dataclass(frozen=True, kw_only=True)
class _Promotion:
    """A promotion that was begun and is not done: the roles that the Machine has and the Node lacks, if it has any."""

    node: ObjectRef
    machine: ObjectRef | None
    roles: tuple[str, ...]
    status: str
    job: ObjectRef | None
    since: str
    said: tuple[PlannerMessage, ...]


@rule(
    "promotion-hangs",
    short="promotion hangs",
    holds=True,
    severity=Severity.WARNING,
    needs=SEEN,
    optional=OPTIONAL,
    links=["harvester/harvester#2191", "harvester/harvester#8968", "harvester/harvester#1763"],
)
def promotion_hangs(facts: Facts) -> Iterator[Hit]:
    """A worker is being promoted to a management node for more than two hours.

    Harvester marks Machine and plan Secret with the new roles and waits without limit until RKE2 gives them to the
    Node. The worker stays cordoned meanwhile, Cluster API may leave phase Provisioned (Harvester then refuses an
    upgrade), and etcd has a member less than it should.
    """
    for found in facts.once(_open_promotions):
        since = Timestamp(found.since)
        age = facts.now.since(since)
        if found.status in STOPPED:
            continue
        if age is not None and age >= facts.span(PROMOTION):
            yield _promotion_hit(facts, found, f"The promotion of Node {found.node.name} hangs since {since}")
        elif found.job is None:
            facts.snapshot.require("Job")  # which has the time when it began


@rule(
    "promotion-failed",
    short="promotion failed",
    holds=True,
    needs=SEEN,
    optional=OPTIONAL,
    links=["harvester/harvester#2187", "harvester/harvester#2191"],
)
def promotion_failed(facts: Facts) -> Iterator[Hit]:
    """The promotion of a worker to a management node has failed, or its Job was deleted while it ran.

    Harvester promotes no other node until that is cleared (annotation harvesterhci.io/promote-status), the worker stays
    cordoned, and etcd keeps the members that it has.
    """
    for found in facts.once(_open_promotions):
        age = facts.now.since(Timestamp(found.since))
        if found.status in STOPPED and (age is None or age >= SETTLING):
            why = "has failed" if found.status == "failed" else "was broken off"
            yield _promotion_hit(facts, found, f"The promotion of Node {found.node.name} {why}")


@rule(
    "node-roles-differ",
    short="roles differ",
    needs={*SEEN, "Secret", "Job", "RKEControlPlane", "Cluster.provisioning.cattle.io"},
    links=["harvester/harvester#8968", "harvester/harvester#11336"],
)
def node_roles_differ(facts: Facts) -> Iterator[Hit]:
    """A Node has other roles than its Machine, or the Machine than its plan Secret, and nothing is changing that.

    Rancher's planner goes by the roles of the plan Secret, Cluster API by those of the Machine, etcd and Harvester by
    those of the Node. A management node that is registered as a worker is handled as one: its etcd member is not
    removed safely with its Machine, and the plan of the next upgrade is that of a worker.
    """
    if planner_messages(facts.snapshot):
        return
    promoted = {found.node for found in facts.once(_open_promotions) if found.since or found.status}
    for node, machine in facts.once(_pairs):
        words = [] if node in promoted else _differences(facts, node, machine)
        if words:
            yield Hit(
                subject=node,
                message=f"The roles of Node {node.name} differ: " + "; ".join(words),
                evidence=_role_evidence(facts, node, machine),
                next=_comparison_steps(machine),
                caution=f"{advice.QUORUM} {advice.DELETES_NODE}",
                causes=tuple(Cause(name, machine) for name in ("nodes-share-machine", "machine-with-several-plans")),
            )


def _comparison_steps(machine: ObjectRef) -> tuple[str, ...]:
    return (
        advice.inspect_object("machines.cluster.x-k8s.io", machine.name),
        (
            "Compare all of them: `kubectl get nodes --show-labels` (node-role.kubernetes.io/…) and `kubectl get "
            "machines.cluster.x-k8s.io,rkebootstraps.rke.cattle.io,secrets -n fleet-local -L "
            "rke.cattle.io/etcd-role,rke.cattle.io/control-plane-role`."
        ),
        "Ask vendor support before you change a role label: Rancher rewrites the host's RKE2 by it.",
    )


def _pairs(facts: Facts) -> tuple[tuple[ObjectRef, ObjectRef], ...]:
    """Return the Nodes and Machines that reference each other, and no other; not those that just join or go."""
    return tuple(_find_pairs(facts))


def _find_pairs(facts: Facts) -> Iterator[tuple[ObjectRef, ObjectRef]]:
    pairing = facts.pairing
    for node in pairing.nodes:
        edge = pairing.machine_ref(node)
        if edge is None or edge.broken or edge.target not in facts.links.objects:
            continue
        young = any(facts.recently_created(ref) or pairing.deletion_time(ref) for ref in (node, edge.target))
        if not young and pairing.judge(node, edge.target) is Verdict.PAIRED:
            yield node, edge.target


def _node_roles(obj: Obj) -> set[str]:
    own = get_labels(obj)
    control = any(own.get(f"node-role.kubernetes.io/{name}") == "true" for name in ("control-plane", "master"))
    etcd = own.get("node-role.kubernetes.io/etcd") == "true"
    return {role for role, held in zip(ROLES, (etcd, control), strict=True) if held}


def _rancher_roles(facts: Facts, ref: ObjectRef) -> set[str]:
    return {role for role in ROLES if facts.pairing.has_role(ref, role)}


def _open_promotions(facts: Facts) -> tuple[_Promotion, ...]:
    """Return each promotion that was begun and is not done, by the Machine's roles or by Harvester's annotation."""
    return tuple(_find_promotions(facts))


def _find_promotions(facts: Facts) -> Iterator[_Promotion]:
    paired = dict(facts.once(_pairs))
    for node in facts.pairing.nodes:
        obj, machine = facts.pairing.obj(node), paired.get(node)
        held, status = _node_roles(obj), get_text(obj, STATUS)
        wanted = _rancher_roles(facts, machine) if machine else set()
        if get_labels(obj).get(WITNESS) == "true":
            wanted &= {"etcd"}
        lacking = tuple(role for role in ROLES if role in wanted - held)
        begun = not held and status in {"running", *STOPPED}
        if facts.pairing.deletion_time(node) or not (lacking or begun):
            continue
        job = _promote_job(facts, node)
        said = tuple(m for m in planner_messages(facts.snapshot) if machine and machine.name in m.machines)
        since = _job_time(job) or latest_time(*(message.since for message in said))
        failed = bool(job and find_condition(job, "Failed").status == "True")
        yield _Promotion(
            node=node,
            machine=machine,
            roles=lacking,
            status="failed" if failed else status,
            job=ObjectRef("Job", namespace_of(job), name_of(job)) if job else None,
            since=since,
            said=said,
        )


def _promote_job(facts: Facts, node: ObjectRef) -> Obj | None:
    jobs = (job for job in facts.snapshot.objects("Job") if get_labels(job).get(JOB_LABEL) == node.name)
    return next(jobs, None)


def _job_time(job: Obj | None) -> str:
    return get_text(job, "status.startTime") or get_text(job, "metadata.creationTimestamp") if job else ""


def _promotion_hit(facts: Facts, found: _Promotion, what: str) -> Hit:
    members = _etcd_members(facts)
    return Hit(
        subject=found.node,
        message=what + _describe_roles(facts, found) + _describe_quorum(members),
        evidence=(
            *field_evidence(
                facts, found.node, *(f'metadata.labels["node-role.kubernetes.io/{r}"]' for r in found.roles)
            ),
            *(e for e in field_evidence(facts, found.node, STATUS) if e.value is not None),
            *(_machine_evidence(facts, found.machine, found.roles) if found.machine else ()),
            *(field_evidence(facts, found.job, "status.startTime", "status.active") if found.job else ()),
            *(Evidence(m.subject, m.path, m.message) for m in found.said[:1]),
            *(e for e in field_evidence(facts, found.node, MACHINE_ANNOTATION) if not found.machine),
        ),
        next=tuple(_promotion_steps(found)),
        caution=advice.QUORUM,
        causes=(
            *(Cause(name, found.node) for name in UNPAIRED),
            *(Cause(name, found.machine) for name in OF_MACHINE if found.machine),
            Cause("cluster-paused", LOCAL),
        ),
        targets=(found.machine,) if found.machine else (),
    )


def _machine_evidence(facts: Facts, machine: ObjectRef, roles: tuple[str, ...]) -> Iterator[Evidence]:
    paths = [f'metadata.labels["rke.cattle.io/{role}-role"]' for role in roles]
    for ref in (machine, *facts.pairing.plans_of(machine)):
        yield from field_evidence(facts, ref, *paths)


def _describe_roles(facts: Facts, found: _Promotion) -> str:
    if not found.machine:
        return ": it has no Machine of its own that could get the roles of a management node"
    if not found.roles:
        return f": neither Machine {found.machine.name} nor the Node has the roles of a management node"
    plans = [plan for plan in facts.pairing.plans_of(found.machine) if {*found.roles} <= _rancher_roles(facts, plan)]
    holders = f"Machine {found.machine.name}" + (" and its plan Secret have" if plans else " has")
    return f": {holders} the role{'s' if len(found.roles) > 1 else ''} {join_names(found.roles)}, the Node has not"


def _etcd_members(facts: Facts) -> list[str]:
    """Return the Nodes that are voters of etcd; those with the role, where the condition is not written."""
    nodes = [node for node in facts.pairing.nodes if "etcd" in _node_roles(facts.pairing.obj(node))]
    states = {node: find_condition(facts.pairing.obj(node), "EtcdIsVoter").status for node in nodes}
    return [node.name for node in nodes if states[node] in {"True", ""}]


def _describe_quorum(members: list[str]) -> str:
    if not 0 < len(members) < 3:
        return ""
    count = "one etcd member is" if len(members) == 1 else f"{len(members)} etcd members are"
    return f"; {count} left ({join_names(members)}), so no other management node may be removed"


def _promotion_steps(found: _Promotion) -> Iterator[str]:
    name = actions.quote_argument(found.node.name)
    if found.job:
        job = actions.quote_argument(f"job/{found.job.name}")
        yield (
            f'Read what its Job waits for: `kubectl logs -n {found.job.namespace} {job} --tail=20`. "Waiting for '
            'promotion" is for Rancher, "Waiting for custom machine" for the annotation cluster.x-k8s.io/machine of '
            "the Node."
        )
    yield "Verify that Rancher's webhook runs: `kubectl rollout status deployment rancher-webhook -n cattle-system`."
    yield f"Check the plan on {name}: `journalctl -u rancher-system-agent -u rke2-server -u rke2-agent -n 200`."
    if found.status in STOPPED:
        yield (
            f"When the cause is fixed, let Harvester try again: `kubectl delete job -n harvester-system "
            f"harvester-promote-{name}`, then `kubectl annotate node {name} harvesterhci.io/promote-status-`."
        )
    yield RESTART_RANCHER


def _differences(facts: Facts, node: ObjectRef, machine: ObjectRef) -> list[str]:
    """Return in words which of the Node, its Machine and its plan Secret has a role that another of them lacks."""
    plans = facts.pairing.plans_of(machine)
    parts = [machine, *(plans if len(plans) == 1 else ())]
    held = [(f"Node {node.name}", _node_roles(facts.pairing.obj(node)))]
    held += [(f"{_title(part)} {part.name}", _rancher_roles(facts, part)) for part in parts if _has_roles(facts, part)]
    if get_labels(facts.pairing.obj(node)).get(WITNESS) == "true":  # it votes in etcd, whatever else it was asked to be
        held = [(what, roles & {"etcd"}) for what, roles in held]
    every = set().union(*(roles for _, roles in held))
    sides: dict[tuple[str, str], list[str]] = {}
    for role in (role for role in ROLES if role in every):
        having = [what for what, roles in held if role in roles]
        lacking = [what for what, roles in held if role not in roles]
        if lacking:
            verb = "have" if len(having) > 1 else "has"
            sides.setdefault((f"{join_names(having)} {verb}", join_names(lacking)), []).append(role)
    return [f"{having} {join_names(roles)}, {lacking} not" for (having, lacking), roles in sides.items()]


def _title(part: ObjectRef) -> str:
    return "plan Secret" if part.kind == "Secret" else part.kind


def _has_roles(facts: Facts, part: ObjectRef) -> bool:
    """Whether Rancher noted roles there at all; no role, not even that of a worker, tells nothing."""
    return any(facts.pairing.has_role(part, role) for role in (*ROLES, "worker"))


def _role_evidence(facts: Facts, node: ObjectRef, machine: ObjectRef) -> tuple[Evidence, ...]:
    return (
        *field_evidence(facts, node, *(f'metadata.labels["node-role.kubernetes.io/{role}"]' for role in ROLES)),
        *_machine_evidence(facts, machine, ROLES),
    )
