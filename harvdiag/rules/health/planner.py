"""Rancher's planner while no upgrade runs: does it wait for the same since hours?"""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.kinds.local import CONTROL_PLANE, FLEET, PROVISIONING
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.planner_advice import (
    RESTART_RANCHER,
    describe_standstill,
    machine_causes,
    planner_steps,
)
from harvdiag.rules.thresholds import PLANNER
from harvdiag.upgrade.planner import PlannerMessage, planner_messages
from harvdiag.upgrade.wording import format_duration

PLAN_UPDATED = 'metadata.annotations["rke.cattle.io/plan-last-updated"]'
INITIALIZED = ("status.initialized", "status.ready")
OF_NODE = (
    "promotion-hangs",
    "promotion-failed",
    "node-unready",
    "upgrade-post-drain-unanswered",
    "upgrade-left-node-behind",
    "upgrade-node-failed",
)
"""What keeps the planner at a node; of an upgrade that is over, too."""


@rule(
    "planner-standing-still",
    short="planner standing still",
    holds=True,
    severity=Severity.WARNING,
    needs={"RKEControlPlane", "Upgrade", "Machine", "Node", "Secret", "UpgradePlan"},
    optional={"Cluster.provisioning.cattle.io"},
    links=["harvester/harvester#4683", "harvester/harvester#7331", "harvester/harvester#2191"],
)
def planner_standing_still(facts: Facts) -> Iterator[Hit]:
    """No upgrade runs, and Rancher's planner has waited for the same for more than two hours.

    The planner carries out every change of RKE2: a join, a promotion, the nodes' part of an upgrade. It takes them in
    turn, so that what it waits for now also stops the next upgrade. Harvester does not look at it before it starts one.
    """
    if facts.upgrade_run or facts.upgrades.plan:
        return
    reports = planner_messages(facts.snapshot)
    report = next((each for each in reports if each.stalls), None)
    if report is None or not all(Timestamp(each.since) for each in reports) or _names_ghost(facts, report):
        return
    since = Timestamp(latest_time(*(each.since for each in reports), *_plan_times(facts, report)))
    age = facts.now.since(since)
    if age is None or age < facts.span(PLANNER):
        return
    nodes = _named_nodes(facts, report)
    yield Hit(
        subject=CONTROL_PLANE,
        message=f"{describe_standstill(report, since)} ({format_duration(age)}), while no upgrade runs: "
        f"{report.meaning}. The next upgrade stops at it when the nodes have their turn",
        evidence=(Evidence(report.subject, report.path, report.message), *_state_evidence(facts, report)),
        next=(*planner_steps(report, join_names([node.name for node in nodes])), RESTART_RANCHER),
        caution="Do not start an upgrade before the planner is done: its nodes would not have their turn.",
        causes=(
            *machine_causes(report),
            *(Cause(name, node) for node in nodes for name in OF_NODE),
            Cause("upgrade-deleted-midway", PROVISIONING),
        ),
        targets=tuple(_machine(name) for name in report.machines if _machine(name) in facts.links.objects),
    )


def _machine(name: str) -> ObjectRef:
    return ObjectRef("Machine", FLEET, name)


def _names_ghost(facts: Facts, report: PlannerMessage) -> bool:
    """Whether it waits for a Machine that is gone or has no existing Node, of which another check tells."""
    edges = [facts.pairing.node_ref(m) for m in map(_machine, report.machines) if m in facts.links.objects]
    return len(edges) < len(report.machines) or any(edge is None or edge.broken for edge in edges)


def _plan_times(facts: Facts, report: PlannerMessage) -> Iterator[str]:
    """Yield when the Machines in the message got their plans: a new one is progress."""
    for machine in map(_machine, report.machines):
        yield from (get_text(facts.pairing.obj(plan), PLAN_UPDATED) for plan in facts.pairing.plans_of(machine))


def _named_nodes(facts: Facts, report: PlannerMessage) -> list[ObjectRef]:
    edges = (facts.pairing.node_ref(machine) for machine in map(_machine, report.machines))
    return [edge.target for edge in edges if edge]


def _state_evidence(facts: Facts, report: PlannerMessage) -> tuple[Evidence, ...]:
    """Return what Rancher noted of the control plane; what was not noted is part of the fault in one message only."""
    noted = field_evidence(facts, CONTROL_PLANE, *INITIALIZED)
    return tuple(e for e in noted if e.value is not None) if not report.machines else ()
