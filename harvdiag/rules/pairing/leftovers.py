"""Leftovers: parts of a Machine that no longer exists."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.model import ObjectRef, Severity
from harvdiag.graph.pairing import BOOTSTRAP, INFRASTRUCTURE, MACHINE_ANNOTATION, PLAN_MACHINE_LABEL
from harvdiag.kinds.local import FLEET
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts

OWNERS = "metadata.ownerReferences"
ETCD_ASIDE = (
    " Check the etcd members before and after: with the Machine gone, nothing guarantees that its member is removed, "
    "or that only its own is."
)
KEEP = "Leave it alone until it is clear why no Machine is listed: see that finding (no-machine-listed)."
FIND_READER = (
    "Search the log of the agent on the hosts for this name (`journalctl -u rancher-system-agent`): the host that logs "
    "it has lost its Machine."
)


@rule(
    "custommachine-without-machine",
    short="CustomMachine without Machine",
    alike="belong to no Machine",
    missing=("CustomMachine", "Machine"),
    severity=Severity.WARNING,
    needs={"Machine", "CustomMachine", "Node", "RKEBootstrap"},
    links=["harvester/harvester#7392"],
    cures=["remove-leftover"],
)
def custommachine_without_machine(facts: Facts) -> Iterator[Hit]:
    """A CustomMachine belongs to no Machine.

    It is a leftover of a deleted Machine. Rancher still looks for its Node, and a host that comes back may be linked
    to it.
    """
    yield from _leftover_hits(facts, "CustomMachine", INFRASTRUCTURE, "custommachines.rke.cattle.io", "spec.providerID")


@rule(
    "rkebootstrap-without-machine",
    short="RKEBootstrap without Machine",
    alike="belong to no Machine",
    missing=("RKEBootstrap", "Machine"),
    severity=Severity.WARNING,
    needs={"Machine", "RKEBootstrap", "Node"},
    links=["harvester/harvester#7392"],
    cures=["remove-leftover"],
)
def rkebootstrap_without_machine(facts: Facts) -> Iterator[Hit]:
    """An RKEBootstrap belongs to no Machine.

    It is a leftover of a deleted Machine, and keeps that Machine's plan Secret and ServiceAccount: the agent of the old
    host can still authenticate.
    """
    yield from _leftover_hits(
        facts,
        "RKEBootstrap",
        BOOTSTRAP,
        "rkebootstraps.rke.cattle.io",
        'metadata.annotations["rke.cattle.io/internal-address"]',
    )


def _leftover_hits(facts: Facts, kind: str, by: str, resource: str, path: str) -> Iterator[Hit]:
    for part in facts.pairing.parts(kind):
        machine = part._replace(kind="Machine")
        if facts.recently_created(part) or facts.recently_deleted(part):
            continue
        # A Machine of another name may reference the part: then it is in use.
        if machine in facts.links.objects or facts.links.edges_to(part, by):
            continue
        yield Hit(
            subject=part,
            message=f"{kind} {part.name} is a leftover: there is no Machine {part.name}",
            evidence=(
                missing_evidence("Machine", part.namespace, part.name),
                *field_evidence(facts, part, OWNERS, path, "metadata.deletionTimestamp"),
            ),
            next=_removal_steps(facts, part, resource),
            caution="Make sure that no running node uses this identity: compare the label rke.cattle.io/machine-id "
            "with /etc/rancher/agent/cattle-id on the hosts.",
            causes=(*_dangling_node_causes(facts, machine), *_bootstrap_causes(part)),
            targets=(machine,),
        )


def _removal_steps(facts: Facts, part: ObjectRef, resource: str) -> tuple[str, ...]:
    """Return how to look at a leftover and back it up, and when it may be deleted: not where no Machine is listed."""
    delete = f"If its host is gone for good, delete it: {actions.delete_object(resource, part.name, FLEET)}." + (
        ETCD_ASIDE if part.kind == "RKEBootstrap" else ""
    )
    return (
        advice.inspect_object(resource, part.name, part.namespace),
        (
            f"Back it up first: `kubectl get {resource} -n {FLEET} {actions.quote_argument(part.name)} -o yaml "
            "> part.yaml`."
        ),
        delete if facts.pairing.machines else KEEP,
    )


@rule(
    "plan-without-machine",
    short="plan without Machine",
    missing=("Secret", "Machine"),
    severity=Severity.WARNING,
    needs={"Machine", "Secret", "Node", "RKEBootstrap"},
    links=["harvester/harvester#7392"],
    cures=["remove-leftover"],
)
def plan_without_machine(facts: Facts) -> Iterator[Hit]:
    """A plan Secret belongs to no Machine.

    It is a leftover of a deleted Machine. An agent that still reads it takes itself for a member of the cluster, and
    runs a plan that is no longer updated.
    """
    for plan in facts.pairing.plans:
        machine = _machine_of(facts, plan)
        if machine in facts.links.objects or facts.recently_created(plan) or facts.recently_deleted(plan):
            continue
        yield Hit(
            subject=plan,
            message=f"Plan Secret {plan.name} is a leftover: there is no Machine {machine.name}",
            evidence=(
                missing_evidence(*machine),
                *field_evidence(facts, plan, PLAN_MACHINE_LABEL, OWNERS, 'metadata.labels["rke.cattle.io/init-node"]'),
            ),
            next=(
                FIND_READER,
                advice.back_up_secret(plan.name),
                (
                    f"If no host reads it: {actions.delete_object('secret', plan.name, FLEET)}."
                    if facts.pairing.machines
                    else KEEP
                ),
            ),
            caution=(
                f"If a running node still reads Secret {plan.name}, removing the Secret stops that node's agent; "
                "rejoin the node first."
            ),
            causes=_orphan_plan_causes(facts, plan, machine),
            targets=(machine,),
        )


def _orphan_plan_causes(facts: Facts, plan: ObjectRef, machine: ObjectRef) -> tuple[Cause, ...]:
    return (
        *_dangling_node_causes(facts, machine),
        *_bootstrap_causes(plan._replace(name=machine.name)),
        Cause("init-node-dead", plan),
    )


def _machine_of(facts: Facts, plan: ObjectRef) -> ObjectRef:
    edges = facts.links.edges_from(plan, PLAN_MACHINE_LABEL)
    return edges[0].target if edges else ObjectRef("Machine", plan.namespace, plan.name.removesuffix("-machine-plan"))


def _dangling_node_causes(facts: Facts, machine: ObjectRef) -> tuple[Cause, ...]:
    """Return the findings of the Nodes that still reference the deleted Machine: they explain this one."""
    return tuple(
        Cause("node-dangling-machine", edge.source) for edge in facts.links.edges_to(machine, MACHINE_ANNOTATION)
    )


def _bootstrap_causes(part: ObjectRef) -> tuple[Cause, ...]:
    if part.kind == "RKEBootstrap":
        return ()
    return (Cause("rkebootstrap-without-machine", part._replace(kind="RKEBootstrap")),)
