"""Nodes that do not work, or may not be given work: not Ready, cordoned, outside etcd."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import Condition, find_condition
from harvdiag.core.fields import field_path, get_labels, get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.local import PROVISIONING
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import (
    UPGRADING,
    has_role,
    judge_node_state,
    lasts,
    node_causes,
    quote_words,
    under_way,
)
from harvdiag.rules.node_marks import INSTALL_CORDONED, MAINTENANCE, PROMOTION
from harvdiag.rules.seen import read_address
from harvdiag.rules.thresholds import LASTING, YOUNG
from harvdiag.rules.upgrade_evidence import condition_evidence, cordoned_at, rollout_at_nodes
from harvdiag.upgrade.handshake import read_handshake
from harvdiag.upgrade.phases import REBOOT

VOTER = "EtcdIsVoter"
EXACT = ("node-outside-etcd", "upgrade-waiting-for-reboot")
"""Findings that say more exactly why a Node is not Ready."""
LOST, LEARNER = "NotAMember", "MemberIsLearner"
"""Reasons of that condition: the members of etcd do not know the Node, or it is still catching up."""


@rule(
    "node-unready",
    short="not Ready",
    alike="are not Ready",
    holds=True,
    needs={"Node", "Upgrade", "UpgradePlan"},
    optional=UPGRADING,
    links=["harvester/harvester#4292", "harvester/harvester#6542"],
)
def node_unready(facts: Facts) -> Iterator[Hit]:
    """A Node is not Ready.

    Harvester refuses an upgrade while a Node is not Ready. One that runs already waits for it: no Job of the upgrade
    starts there, and Rancher does not go on to the next node. Ready is Unknown where the kubelet has fallen silent, and
    False where it reports itself what it lacks.
    """
    restarting = _restarting_nodes(facts)
    for node in facts.pairing.nodes:
        ready = find_condition(facts.pairing.obj(node), "Ready")
        down = ready.status in {"False", "Unknown"} and node not in restarting
        severity = judge_node_state(facts, node, ready.changed) if down else None
        if severity is None:
            continue
        yield Hit(
            subject=node,
            severity=severity,
            message=_describe_not_ready(facts, node, ready),
            evidence=_ready_evidence(facts, node),
            next=_ready_steps(facts, node, ready),
            caution=advice.QUORUM if has_role(facts, node, "etcd") else "",
            causes=(*node_causes(facts, node), *(Cause(name, node) for name in EXACT)),
        )


def _restarting_nodes(facts: Facts) -> set[ObjectRef]:
    """Return the nodes that an upgrade restarts: another check tells of one that does not come back."""
    rollout = rollout_at_nodes(facts)
    return {node.ref for node in rollout.nodes if node.place == REBOOT} if rollout else set()


def _describe_not_ready(facts: Facts, node: ObjectRef, ready: Condition) -> str:
    since = f" since {Timestamp(ready.changed)}" if ready.changed else ""
    why = f": {quote_words(ready.why)}" if ready.why else ""
    silent = f" (its kubelet last reported at {Timestamp(ready.heartbeat)})" if ready.heartbeat else ""
    only = "; it is the only node" if len(facts.pairing.nodes) == 1 else ""
    if ready.status == "Unknown":
        return f"Node {node.name} is not Ready{since}: its kubelet no longer reports{silent}{only}"
    return f"Node {node.name} is not Ready{since}{why}{only}"


def _ready_evidence(facts: Facts, node: ObjectRef) -> tuple[Evidence, ...]:
    return condition_evidence(facts, node, "Ready", "status", "reason", "message", "changed", "heartbeat")


def _ready_steps(facts: Facts, node: ObjectRef, ready: Condition) -> tuple[str, ...]:
    name = node.name
    host = f"On {name}: `systemctl status {_unit(facts, node)}` and `journalctl -u {_unit(facts, node)}`."
    if ready.status == "Unknown":
        where = actions.quote_argument(read_address(facts.pairing.obj(node)) or name)
        reach = (
            f"Check that the host of {name} is switched on, and reaches the other nodes: `ping -c 3 {where}` on one."
        )
        return (reach, host, _removal(name))
    restart = f"When the cause is fixed, on {name}: `systemctl restart {_unit(facts, node)}`."
    return (f"Read what its kubelet lacks: `kubectl describe node {actions.quote_argument(name)}`.", host, restart)


def _unit(facts: Facts, node: ObjectRef) -> str:
    servers = ("control-plane", "etcd")
    return "rke2-server" if any(has_role(facts, node, role) for role in servers) else "rke2-agent"


def _removal(name: str) -> str:
    return f"Only if the host is lost for good: Hosts → {name} → ⋮ → Delete, then install it again."


@rule(
    "node-cordoned",
    short="cordoned",
    alike="are cordoned, and no maintenance explains it",
    needs={"Node", "Upgrade", "UpgradePlan"},
    optional=UPGRADING,
    links=["harvester/harvester#4292", "harvester/harvester#7065"],
)
def node_cordoned(facts: Facts) -> Iterator[Hit]:
    """A Node is cordoned, and neither a maintenance nor an upgrade explains it.

    Harvester refuses an upgrade while a Node is unschedulable. VMs that must leave another node, and replicas that
    must be rebuilt, find no place on it.
    """
    for node in facts.pairing.nodes:
        since = cordoned_at(facts, node)
        severity = judge_node_state(facts, node, since, busy=None) if _is_cordoned(facts, node) else None
        if severity is not Severity.ERROR or _upgrade_just_ended(facts) or _is_released_late(facts, node):
            continue
        yield Hit(
            subject=node,
            severity=Severity.WARNING if under_way(facts) else severity,
            message=(
                f"Node {node.name} is cordoned{f' since {Timestamp(since)}' if since else ''}, and neither a "
                "maintenance nor a drain of an upgrade explains it"
            ),
            evidence=field_evidence(facts, node, "spec.unschedulable", MAINTENANCE),
            next=_uncordon_steps(node.name),
            causes=_cordon_causes(facts, node),
        )


def _is_cordoned(facts: Facts, node: ObjectRef) -> bool:
    """Return whether it is unschedulable, neither for a maintenance or a promotion nor since it was installed so."""
    obj = facts.pairing.obj(node)
    meant = _is_promoted(facts, node) or get_text(obj, MAINTENANCE) or get_labels(obj).get(INSTALL_CORDONED) == "true"
    return field_path("spec.unschedulable").get(obj) is True and not meant


def _is_promoted(facts: Facts, node: ObjectRef) -> bool:
    """Return whether it is being promoted, or that has failed; the roles come some time before the end of it."""
    status = get_text(facts.pairing.obj(node), PROMOTION)
    if not has_role(facts, node, "etcd"):
        return status in {"running", "failed", "unknown"}
    return status == "running" and not lasts(facts, cordoned_at(facts, node), LASTING)


def _upgrade_just_ended(facts: Facts) -> bool:
    """Return whether the latest Upgrade ended a moment ago: Rancher uncordons its last node after that."""
    last = next(iter(facts.upgrades.all), None)
    completed = last.conditions.get("Completed") if last and not last.running else None
    return completed is not None and not lasts(facts, completed.since, YOUNG)


def _is_released_late(facts: Facts, node: ObjectRef) -> bool:
    """Return whether a drain of the upgrade that has ended is not over yet: its planner has some time for that."""
    facts.snapshot.require("Machine")
    facts.snapshot.require("Secret")
    plans = (plan for machine in facts.pairing.claiming_machines(node) for plan in facts.pairing.plans_of(machine))
    last = next(iter(facts.upgrades.all), None)
    completed = last.conditions.get("Completed") if last and not last.running else None
    ended = completed.since if completed else ""
    drained = any(not read_handshake(facts.pairing.obj(plan)).idle for plan in plans)
    return drained and bool(Timestamp(ended)) and not lasts(facts, ended, LASTING)


def _uncordon_steps(name: str) -> tuple[str, ...]:
    return (
        (
            f"Find out who cordoned {name}, and whether it may take pods again: `kubectl get nodes "
            f"{actions.quote_argument(name)} -o yaml --show-managed-fields`."
        ),
        f"For work on a host use the maintenance mode, which says so on the Node: {actions.maintenance(name)}.",
        f"If it may take pods: {actions.uncordon(name)}.",
    )


def _cordon_causes(facts: Facts, node: ObjectRef) -> tuple[Cause, ...]:
    last = next(iter(facts.upgrades.all), None)
    of_node = (
        "node-cordoned-after-upgrade",
        "upgrade-node-failed",
        "upgrade-post-drain-unanswered",
        "node-outside-etcd",
    )
    return (
        *node_causes(facts, node),
        *(Cause(name, node) for name in of_node),
        Cause("upgrade-deleted-midway", PROVISIONING),
        *([Cause("upgrade-failed-in-phase", last.ref)] if last else ()),
    )


@rule(
    "node-outside-etcd",
    short="outside etcd",
    alike="have the etcd role and do not vote",
    needs={"Node", "Upgrade", "UpgradePlan"},
    optional=UPGRADING,
    links=["harvester/harvester#4292", "harvester/harvester#10534"],
)
def node_outside_etcd(facts: Facts) -> Iterator[Hit]:
    """A Node with the etcd role is not a voting member of etcd.

    The cluster bears the loss of fewer members than its nodes suggest: an upgrade restarts one after the other, and
    with too few voters the API stops. The reason NotAMember says that the members no longer know this node, or that it
    never got in, as when the member of an earlier host of its name is still there.
    """
    members = [node for node in facts.pairing.nodes if has_role(facts, node, "etcd")]
    for node in members:
        voter = find_condition(facts.pairing.obj(node), VOTER)
        severity = judge_node_state(facts, node, voter.changed) if voter.status == "False" else None
        if severity is None:
            continue
        learns = severity is Severity.ERROR and voter.reason == LEARNER
        yield Hit(
            subject=node,
            severity=Severity.WARNING if learns else severity,
            message=_describe_membership(facts, node, voter, members),
            evidence=condition_evidence(facts, node, VOTER, "status", "reason", "message", "changed"),
            next=_membership_steps(node.name, voter),
            caution=advice.QUORUM,
            causes=node_causes(facts, node),
        )


def _describe_membership(facts: Facts, node: ObjectRef, voter: Condition, members: list[ObjectRef]) -> str:
    votes = sum(find_condition(facts.pairing.obj(m), VOTER).status == "True" for m in members)
    words = "does not vote in etcd" if voter.reason == LEARNER else "has an etcd that does not answer"
    what = "is not a member of etcd" if voter.reason == LOST else f"{words} ({quote_words(voter.why)})"
    since = f" since {Timestamp(voter.changed)}" if voter.changed else ""
    return f"Node {node.name} has the etcd role but {what}{since}: {votes} of {len(members)} etcd nodes vote"


def _membership_steps(name: str, voter: Condition) -> tuple[str, ...]:
    log = f"On {name}: `journalctl -u rke2-server | grep -i etcd` says why it does not get in."
    if voter.reason not in {LOST, LEARNER}:
        return (
            (
                f"Look at its etcd: on {name}, `crictl ps -a --name etcd`, `crictl logs` of that container, and `df -h "
                "/var/lib/rancher`: a full or slow disk stops it."
            ),
            f"On {name}: `journalctl -u rke2-server | grep -i etcd` says why RKE2 does not reach it.",
            f"When the cause is fixed, on {name}: `systemctl restart rke2-server`.",
        )
    if voter.reason == LEARNER:
        return (
            log,
            (
                "A learner is promoted as soon as it has caught up. If it is not, its disk or network is too slow: "
                f"make room for it, then `systemctl restart rke2-server` on {name}."
            ),
        )
    return (
        (
            f"List the members, with a node that votes for NODE: {actions.list_etcd_members('NODE')}. A member of an "
            f"earlier host of the name {name} keeps the new one out until it is removed."
        ),
        log,
        f"Ask vendor support before you remove a member; first {actions.SNAPSHOT_ETCD}.",
    )
