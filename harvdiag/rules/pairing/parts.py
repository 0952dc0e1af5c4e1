"""The parts of a Machine: its CustomMachine, its RKEBootstrap, its plan Secret."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.model import ObjectRef
from harvdiag.graph.pairing import BOOTSTRAP, INFRASTRUCTURE, NODE_REF, PLAN_MACHINE_LABEL
from harvdiag.graph.references import Edge
from harvdiag.kinds.local import FLEET, LOCAL
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.planner_advice import RESTART_RANCHER


@rule(
    "machine-without-infrastructure",
    short="Machine without infrastructure",
    missing=("Machine", "CustomMachine"),
    needs={"Machine", "CustomMachine"},
    optional={"Node"},
    links=["harvester/harvester#7392"],
    cures=["reinstall"],
)
def machine_without_infrastructure(facts: Facts) -> Iterator[Hit]:
    """The CustomMachine of a Machine is missing.

    It passes the providerID from the Node to the Machine. Without it a new Machine never finds its Node, and the
    deletion of one never ends.
    """
    yield from _missing_part_hits(facts, INFRASTRUCTURE, "CustomMachine", "custommachines.rke.cattle.io")


@rule(
    "machine-without-bootstrap",
    short="Machine without bootstrap",
    missing=("Machine", "RKEBootstrap"),
    needs={"Machine", "RKEBootstrap"},
    optional={"Node"},
    links=["harvester/harvester#7392"],
    cures=["reinstall"],
)
def machine_without_bootstrap(facts: Facts) -> Iterator[Hit]:
    """The RKEBootstrap of a Machine is missing.

    Rancher's planner skips a Machine whose bootstrap it cannot read, and the plan Secret is created from it: the node
    gets no plan, so no drain and no new version.
    """
    yield from _missing_part_hits(facts, BOOTSTRAP, "RKEBootstrap", "rkebootstraps.rke.cattle.io")


def _missing_part_hits(facts: Facts, path: str, kind: str, resource: str) -> Iterator[Hit]:
    for machine in facts.pairing.machines:
        edges = [edge for edge in facts.links.edges_from(machine, path) if edge.target.kind == kind]
        if (edges and not edges[0].broken) or facts.recently_created(machine) or facts.recently_deleted(machine):
            continue
        name = edges[0].value if edges else ""
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name} "
            + (f"references {kind} {name}, which does not exist" if name else f"references no {kind}"),
            evidence=(
                *field_evidence(facts, machine, path),
                *([missing_evidence(kind, machine.namespace, name)] if name else []),
            ),
            next=_restore_steps(resource, facts.pairing.node_ref(machine)),
            caution=f"{advice.DELETES_NODE} {advice.REJOIN}",
            causes=(Cause("machine-stuck-deleting", machine),),
            targets=(ObjectRef(kind, machine.namespace, name),) if name else (),
        )


def _restore_steps(resource: str, edge: Edge | None) -> tuple[str, ...]:
    """Return how to restore the part; `edge` leads to the Node whose host has to join again otherwise."""
    return (
        f"List those that exist: `kubectl get {resource} -n {FLEET}`.",
        (
            "If it was deleted by mistake and a backup exists, restore it with the owner reference to this "
            "Machine: `kubectl apply -f part.yaml`."
        ),
        f"Otherwise its host has to join again: {actions.rejoin(edge.value if edge else 'its host')}.",
    )


@rule(
    "machine-without-plan",
    short="Machine without plan",
    alike="have no plan Secret",
    missing=("Machine", "Secret"),
    needs={"Machine", "Secret"},
    optional={"Node"},
    links=["harvester/harvester#7392"],
    cures=["renew-plan"],
)
def machine_without_plan(facts: Facts) -> Iterator[Hit]:
    """A Machine has no plan Secret.

    Rancher, Harvester and the node's agent communicate through the plan Secret. Without it the node is never asked to
    drain, its drain is never acknowledged, and it never gets its new version.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        if pairing.plans_of(machine) or facts.recently_created(machine) or facts.recently_deleted(machine):
            continue
        edge = pairing.node_ref(machine)
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name}{f' of Node {edge.value}' if edge else ''} has no plan Secret "
            f"{machine.name}-machine-plan",
            evidence=(
                missing_evidence("Secret", machine.namespace, f"{machine.name}-machine-plan"),
                *field_evidence(facts, machine, BOOTSTRAP, NODE_REF),
            ),
            next=_bootstrap_steps(machine),
            causes=(
                Cause("machine-without-bootstrap", machine),
                Cause("cluster-paused", LOCAL),
                Cause("machine-stuck-deleting", machine),
            ),
            targets=(ObjectRef("Secret", machine.namespace, f"{machine.name}-machine-plan"),),
        )


def _bootstrap_steps(machine: ObjectRef) -> tuple[str, ...]:
    """Return where to look for the reason: the plan Secret is created from the Machine's RKEBootstrap."""
    return (
        (f"Verify: `kubectl get secret -n {FLEET} {actions.quote_argument(machine.name + '-machine-plan')}`."),
        (
            "Rancher's bootstrap controller creates it from the RKEBootstrap: read its log in the pods "
            "`rancher`, and look at the ServiceAccount of the same name."
        ),
        RESTART_RANCHER,
    )


@rule(
    "machine-with-several-plans",
    short="Machine with several plans",
    needs={"Machine", "Secret"},
    links=["harvester/harvester#7392"],
    cures=["remove-plan"],
)
def machine_with_several_plans(facts: Facts) -> Iterator[Hit]:
    """Several plan Secrets belong to one Machine.

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
            evidence=tuple(
                e for p in plans for e in field_evidence(facts, p, PLAN_MACHINE_LABEL, "metadata.deletionTimestamp")
            ),
            next=(
                (
                    "Find out where the extra Secret comes from: the right one is "
                    f"{machine.name}-machine-plan, owned by its RKEBootstrap."
                ),
                advice.back_up_secret(plans[-1].name),
                "Ask vendor support before you delete one.",
            ),
            caution=(
                "The agent of the node uses one of these Secrets: find the name in the agent's log before you change "
                "any."
            ),
        )
