"""The parts of a Machine: its CustomMachine, its RKEBootstrap, its plan Secret."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.model import ObjectRef
from harvdiag.graph.pairing import BOOTSTRAP, INFRASTRUCTURE, NODE_REF, PLAN_MACHINE_LABEL
from harvdiag.kinds.local import FLEET, LOCAL
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import gone, show
from harvdiag.rules.facts import Facts


@rule(
    "machine-without-infrastructure",
    short="Machine without infrastructure",
    missing=("Machine", "CustomMachine"),
    needs={"Machine", "CustomMachine"},
    links=["harvester/harvester#7392"],
)
def machine_without_infrastructure(facts: Facts) -> Iterator[Hit]:
    """The CustomMachine of a Machine is gone.

    It carries the providerID from the Node to the Machine. Without it a new Machine never finds its Node, and a deleted
    one is never let go.
    """
    yield from _without_part(facts, INFRASTRUCTURE, "CustomMachine", "custommachines.rke.cattle.io")


@rule(
    "machine-without-bootstrap",
    short="Machine without bootstrap",
    missing=("Machine", "RKEBootstrap"),
    needs={"Machine", "RKEBootstrap"},
    links=["harvester/harvester#7392"],
)
def machine_without_bootstrap(facts: Facts) -> Iterator[Hit]:
    """The RKEBootstrap of a Machine is gone.

    Rancher's planner passes over a Machine whose bootstrap it cannot read, and the plan Secret is made from it: the
    node gets no plan, so no drain and no new version.
    """
    yield from _without_part(facts, BOOTSTRAP, "RKEBootstrap", "rkebootstraps.rke.cattle.io")


def _without_part(facts: Facts, path: str, kind: str, resource: str) -> Iterator[Hit]:
    for machine in facts.pairing.machines:
        edges = [edge for edge in facts.links.edges_from(machine, path) if edge.target.kind == kind]
        if (edges and not edges[0].broken) or facts.fresh(machine) or facts.leaving(machine):
            continue
        name = edges[0].value if edges else ""
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name} "
            + (f"refers to {kind} {name}, which does not exist" if name else f"refers to no {kind}"),
            evidence=(*show(facts, machine, path), *([gone(kind, machine.namespace, name)] if name else [])),
            next=(
                f"See which are there: `kubectl get {resource} -n {FLEET}`.",
                (
                    "If it was deleted by mistake and a backup exists, restore it with the owner reference to this "
                    "Machine; else the node must be taken out whole and joined anew, its VMs and replicas first."
                ),
            ),
            caution=f"{advice.DELETES_NODE} {advice.QUORUM}",
            causes=(Cause("machine-stuck-deleting", machine),),
            targets=(ObjectRef(kind, machine.namespace, name),) if name else (),
        )


@rule(
    "machine-without-plan",
    short="Machine without plan",
    alike="have no plan Secret",
    missing=("Machine", "Secret"),
    needs={"Machine", "Secret"},
    links=["harvester/harvester#7392"],
)
def machine_without_plan(facts: Facts) -> Iterator[Hit]:
    """A Machine has no plan Secret.

    The plan Secret is the letter box between Rancher, Harvester and the node's agent. Without it the node is never
    asked to drain, never acknowledged, and never told its new version.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        if pairing.plans_of(machine) or facts.fresh(machine) or facts.leaving(machine):
            continue
        edge = pairing.node_ref(machine)
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name}{f' of Node {edge.value}' if edge else ''} has no plan Secret "
            f"{machine.name}-machine-plan",
            evidence=(
                gone("Secret", machine.namespace, f"{machine.name}-machine-plan"),
                *show(facts, machine, BOOTSTRAP, NODE_REF),
            ),
            next=(
                f"See that it is so: `kubectl get secret -n {FLEET} {advice.arg(machine.name + '-machine-plan')}`.",
                (
                    "Rancher's bootstrap controller makes it from the RKEBootstrap: look at its log in the pods "
                    "`rancher`, and at the ServiceAccount of the same name."
                ),
            ),
            causes=(
                Cause("machine-without-bootstrap", machine),
                Cause("cluster-paused", LOCAL),
                Cause("machine-stuck-deleting", machine),
            ),
            targets=(ObjectRef("Secret", machine.namespace, f"{machine.name}-machine-plan"),),
        )


@rule(
    "machine-with-several-plans",
    short="Machine with several plans",
    needs={"Machine", "Secret"},
    links=["harvester/harvester#7392"],
)
def machine_with_several_plans(facts: Facts) -> Iterator[Hit]:
    """Several plan Secrets carry the name of one Machine.

    Harvester looks for exactly one ("found N plan secret for machine") and writes no acknowledgement if there are more:
    the node stays at Pre-drained.
    """
    for machine in facts.pairing.machines:
        plans = facts.pairing.plans_of(machine)
        if len(plans) < 2:
            continue
        names = " and ".join(plan.name for plan in plans)
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name} has {len(plans)} plan Secrets: {names}",
            evidence=tuple(e for p in plans for e in show(facts, p, PLAN_MACHINE_LABEL, "metadata.deletionTimestamp")),
            next=(
                (
                    "Find out where the surplus Secret comes from: the true one is "
                    f"{machine.name}-machine-plan, owned by its RKEBootstrap."
                ),
                advice.back_up_secret(plans[-1].name),
            ),
            caution=(
                "The agent of the node works on one of these Secrets: look in the agent's log for the name before you "
                "touch any."
            ),
        )
