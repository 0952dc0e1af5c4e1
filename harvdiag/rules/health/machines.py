"""Machines that have failed, where their phase does not say so."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import ALL_LISTS, Condition, find_condition
from harvdiag.core.fields import get_text
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import INFRASTRUCTURE
from harvdiag.kinds import CATALOGUE
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import column_evidence, field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.machine_phases import GOOD_PHASES
from harvdiag.rules.thresholds import NOT_READY

PHASE = "status.phase"
PARTS = ("machine-without-infrastructure", "machine-without-bootstrap")
REASON = next(column for column in CATALOGUE["Machine"].columns if column.name == "failure_reason")


@rule(
    "machine-failed",
    short="Machine failed",
    alike="have failed, although their phase is Running",
    needs={"Machine"},
    optional={"Node"},
    links=["harvester/harvester#6810"],
)
def machine_failed(facts: Facts) -> Iterator[Hit]:
    """A Machine has failed, but its phase still is Running.

    From Harvester 1.8 on (Cluster API 1.11) no failure changes the phase of a Machine any more. Harvester's check looks
    at the phase only and starts the upgrade; the fault shows when the Machine gets its next plan, or is deleted.
    """
    for machine in facts.pairing.machines:
        obj = facts.pairing.obj(machine)
        phase = get_text(obj, PHASE)
        reason = REASON.value(obj)
        infra = find_condition(obj, "InfrastructureReady", ALL_LISTS)
        if phase not in GOOD_PHASES or facts.pairing.deletion_time(machine) or facts.recently_created(machine):
            continue
        if reason or _long_not_ready(facts, infra):
            why = reason or infra.why or infra.type
            yield Hit(
                subject=machine,
                message=f"Machine {machine.name}{_owner(facts, machine)} has failed ({why}), although its phase is "
                f"{phase}: Harvester's check before an upgrade does not see it",
                evidence=_failure_evidence(facts, machine, infra),
                next=_steps(facts, machine),
                caution=advice.DELETES_NODE,
                causes=tuple(Cause(name, machine) for name in PARTS),
            )


def _long_not_ready(facts: Facts, infra: Condition) -> bool:
    age = facts.now.since(Timestamp(infra.changed))
    return infra.status == "False" and age is not None and age >= facts.span(NOT_READY)


def _owner(facts: Facts, machine: ObjectRef) -> str:
    edge = facts.pairing.node_ref(machine)
    return f" of Node {edge.value}" if edge else ""


def _failure_evidence(facts: Facts, machine: ObjectRef, infra: Condition) -> tuple[Evidence, ...]:
    return (
        *column_evidence(facts, machine, "failure_reason", "failure_message"),
        *((Evidence(machine, infra.path, infra.why or infra.status),) if infra.status == "False" else ()),
        *field_evidence(facts, machine, PHASE),
    )


def _steps(facts: Facts, machine: ObjectRef) -> tuple[str, ...]:
    name = get_text(facts.pairing.obj(machine), INFRASTRUCTURE) or machine.name
    return (
        advice.inspect_object("machines.cluster.x-k8s.io", machine.name),
        (
            f"Verify that its CustomMachine exists: `kubectl get custommachines.rke.cattle.io -n {machine.namespace} "
            f"{actions.quote_argument(name)}`. One that was deleted is not created again."
        ),
        "Ask vendor support before you start an upgrade: whether the Machine can be kept depends on what it lost.",
    )
