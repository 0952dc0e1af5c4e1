"""Parts of a Machine that is gone: what it leaves behind."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.model import ObjectRef, Severity
from harvdiag.graph.pairing import BOOTSTRAP, INFRASTRUCTURE, MACHINE_ANNOTATION, PLAN_MACHINE_LABEL
from harvdiag.kinds.local import FLEET
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import gone, show
from harvdiag.rules.facts import Facts

OWNERS = "metadata.ownerReferences"
MAY_GO = {
    "CustomMachine": ("If its host is gone for good, the CustomMachine may be deleted.",),
    "RKEBootstrap": (
        (
            "If its host is gone for good, the RKEBootstrap may be deleted. Look at the etcd members before and "
            "after: with the Machine gone, nothing guarantees that its member is removed, or that only its own is."
        ),
    ),
}


@rule(
    "custommachine-without-machine",
    short="CustomMachine without Machine",
    alike="belong to no Machine",
    missing=("CustomMachine", "Machine"),
    severity=Severity.WARNING,
    needs={"Machine", "CustomMachine", "Node", "RKEBootstrap"},
    links=["harvester/harvester#7392"],
)
def custommachine_without_machine(facts: Facts) -> Iterator[Hit]:
    """A CustomMachine belongs to no Machine.

    It is left over from a Machine that is gone. Rancher still looks for its Node, and a host that comes back may be
    tied to it.
    """
    yield from _leftover(facts, "CustomMachine", INFRASTRUCTURE, "custommachines.rke.cattle.io", "spec.providerID")


@rule(
    "rkebootstrap-without-machine",
    short="RKEBootstrap without Machine",
    alike="belong to no Machine",
    missing=("RKEBootstrap", "Machine"),
    severity=Severity.WARNING,
    needs={"Machine", "RKEBootstrap", "Node"},
    links=["harvester/harvester#7392"],
)
def rkebootstrap_without_machine(facts: Facts) -> Iterator[Hit]:
    """An RKEBootstrap belongs to no Machine.

    It is left over from a Machine that is gone, and keeps that Machine's plan Secret and account alive: the agent of
    the old host can still log in.
    """
    yield from _leftover(
        facts,
        "RKEBootstrap",
        BOOTSTRAP,
        "rkebootstraps.rke.cattle.io",
        'metadata.annotations["rke.cattle.io/internal-address"]',
    )


def _leftover(facts: Facts, kind: str, by: str, resource: str, path: str) -> Iterator[Hit]:
    for part in facts.links.refs(kind):
        machine = part._replace(kind="Machine")
        if part.namespace != FLEET or facts.fresh(part) or facts.leaving(part):
            continue
        if machine in facts.links.objects or facts.links.edges_to(part, by):
            continue
        yield Hit(
            subject=part,
            message=f"{kind} {part.name} is left over: there is no Machine {part.name}",
            evidence=(
                gone("Machine", part.namespace, part.name),
                *show(facts, part, OWNERS, path, "metadata.deletionTimestamp"),
            ),
            next=(
                advice.describe(resource, part.name, part.namespace),
                f"Back it up first: `kubectl get {resource} -n {FLEET} {advice.arg(part.name)} -o yaml > part.yaml`.",
                *MAY_GO[kind],
            ),
            caution="Be sure that no running node uses this identity: compare the label rke.cattle.io/machine-id with "
            "/etc/rancher/agent/cattle-id on the hosts.",
            causes=(*_named_by(facts, machine), *_bootstrap(part)),
            targets=(machine,),
        )


@rule(
    "plan-without-machine",
    short="plan without Machine",
    missing=("Secret", "Machine"),
    severity=Severity.WARNING,
    needs={"Machine", "Secret", "Node", "RKEBootstrap"},
    links=["harvester/harvester#7392"],
)
def plan_without_machine(facts: Facts) -> Iterator[Hit]:
    """A plan Secret belongs to no Machine.

    It is left over from a Machine that is gone. An agent that still reads it believes that it is part of the cluster,
    and runs a plan that nobody renews.
    """
    for plan in facts.pairing.plans:
        machine = _machine_of(facts, plan)
        if machine in facts.links.objects or facts.fresh(plan) or facts.leaving(plan):
            continue
        yield Hit(
            subject=plan,
            message=f"Plan Secret {plan.name} is left over: there is no Machine {machine.name}",
            evidence=(
                gone(*machine),
                *show(facts, plan, PLAN_MACHINE_LABEL, OWNERS, 'metadata.labels["rke.cattle.io/init-node"]'),
            ),
            next=(
                (
                    "Look in the log of rancher-system-agent on the hosts for this name: the one that prints it "
                    "lost its Machine."
                ),
                advice.back_up_secret(plan.name),
            ),
            caution=(
                f"If a running node still reads Secret {plan.name}, removing the Secret stops that node's agent; join "
                "the node anew first."
            ),
            causes=(
                *_named_by(facts, machine),
                *_bootstrap(plan._replace(name=machine.name)),
                Cause("init-node-dead", plan),
            ),
            targets=(machine,),
        )


def _machine_of(facts: Facts, plan: ObjectRef) -> ObjectRef:
    edges = facts.links.edges_from(plan, PLAN_MACHINE_LABEL)
    return edges[0].target if edges else ObjectRef("Machine", plan.namespace, plan.name.removesuffix("-machine-plan"))


def _named_by(facts: Facts, machine: ObjectRef) -> tuple[Cause, ...]:
    """The Nodes that still name the lost Machine: theirs is the fault that this one follows from."""
    return tuple(
        Cause("node-dangling-machine", edge.source) for edge in facts.links.edges_to(machine, MACHINE_ANNOTATION)
    )


def _bootstrap(part: ObjectRef) -> tuple[Cause, ...]:
    if part.kind == "RKEBootstrap":
        return ()
    return (Cause("rkebootstrap-without-machine", part._replace(kind="RKEBootstrap")),)
