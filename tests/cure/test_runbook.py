"""Building a runbook: which ways are offered, how they stand, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.cure.action import parse_action
from harvdiag.cure.model import Hazard
from harvdiag.cure.plan import Place, PlanStep, Runbook, Standing
from harvdiag.cure.preconditions.model import Precondition
from harvdiag.cure.runbook import build_runbook
from harvdiag.cure.ways import all_ways
from harvdiag.cure.ways import model as ways
from harvdiag.cure.ways.model import Case, Plan, Unfit
from harvdiag.rules import registry, run_rules, select_rules
from tests.cure.clusters import HV03, cluster, machine, node
from tests.cure.hosts import vmi
from tests.routes import SCENARIOS, opened

BARE = node("hv03", metadata={"labels": {"harvesterhci.io/managed": None}})
RULE = "node-not-managed"


def plan(made: Cluster, *texts: str, **body: Any) -> Plan:
    """A plan of these actions."""
    steps = tuple(PlanStep(what=text, place=Place.KUBECTL, action=parse_action(text, made.snapshot)) for text in texts)
    return Plan(steps=steps, **body)


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Runbook]:
    """The runbook of a cluster whose Node hv03 is not managed, with these ways, each by its name."""

    def build(made: Cluster, rule: str = RULE, **makers: Callable[[Case], Plan]) -> Runbook:
        found = {name: ways.WayOut(name=name, title=name, fits="", make=make) for name, make in makers.items()}
        monkeypatch.setattr("harvdiag.cure.runbook.all_ways", lambda: found)
        rules = {name: replace(each, cures=(), no_cure="") for name, each in registry().items()}
        rules[rule] = replace(rules[rule], cures=tuple(makers))
        monkeypatch.setattr("harvdiag.cure.runbook.registry", lambda: rules)
        known = run_rules(made.facts, select_rules())
        return build_runbook(made.facts, finding(known, rule), known)

    return build


def finding(known: Any, rule: str) -> Finding:
    return next(found for outcome in known for found in outcome.findings if found.rule == rule)


def asked(met: bool | None) -> Precondition:
    return Precondition(id="R1", asks="does Rancher answer?", met=met, told="Rancher: told")


FIX = "label Node hv03 harvesterhci.io/managed=true"


def test_ways_are_sorted_by_how_they_stand(book: Callable[..., Runbook]) -> None:
    """One that cannot be told, or whose precondition fails, is behind one that can be followed."""
    made = cluster("three-nodes", BARE)
    found = book(
        made,
        closed=lambda _: plan(made, FIX, preconditions=(asked(False),)),
        untold=lambda _: plan(made, FIX, preconditions=(asked(None),)),
        open=lambda _: plan(made, FIX, preconditions=(asked(True),)),
    )
    assert [way.standing for way in found.ways] == [Standing.OPEN, Standing.UNTOLD, Standing.CLOSED]
    assert found.best is found.ways[0]
    assert found.ways[0].steps[0].hazard is Hazard.SAFE
    assert [each.rule for each in found.ways[0].gone] == [RULE]
    worst = book(made, untold=lambda _: plan(made, FIX, preconditions=(asked(None),)))
    assert worst.best is None
    assert worst.ways[0].reasons == ("R1: Rancher: told",)


def test_what_is_not_offered(book: Callable[..., Runbook]) -> None:
    """A way that resolves nothing, one that brings an error, one with a dangerous step, and one that does not fit."""

    def unfit(_: Case) -> Plan:
        raise Unfit("it has no Machine")

    two = machine(HV03, status={"nodeRef": {"name": "hv02"}})
    made = cluster("three-nodes", BARE)
    found = book(
        made,
        nothing=lambda _: plan(made, "annotate Node hv03 a=b"),
        worse=lambda _: plan(made, FIX, f"delete CustomMachine {HV03}"),
        unfit=unfit,
    )
    assert not found.ways
    assert found.none
    reasons = {each.name: each.reason for each in found.refused}
    assert "still there" in reasons["nothing"]
    assert "machine-without-infrastructure" in reasons["worse"]
    assert reasons["unfit"] == "it has no Machine"
    shared = cluster("three-nodes", BARE, two)
    reason = book(shared, last=lambda _: plan(shared, FIX, f"delete Machine {HV03}")).refused[0].reason
    assert "dangerous" in reason or reason.startswith("P")


def test_steps_make_later_ones_safe(book: Callable[..., Runbook]) -> None:
    """P6 is not met while the kubelet answers; a step that uninstalls the host sees to it."""
    made = cluster("six-nodes", node("hv06", metadata={"labels": {"harvesterhci.io/managed": None}}))
    texts = ("drain hv06", "uninstall hv06", "delete host hv06")
    subject = ObjectRef("Node", "", "hv06")
    found = book(made, rebuild=lambda _: plan(made, *texts, removes=subject))
    way = found.ways[0]
    assert {each.id: each.met for each in way.preconditions}["P6"] is False
    assert dict(way.prepared)["P6"] == "step 2"
    assert way.standing is Standing.OPEN, way.reasons
    assert [step.hazard for step in way.steps][-1] is Hazard.CARE
    bare = book(made, delete=lambda _: plan(made, "delete Node hv06", removes=subject))
    assert not any(each.standing is Standing.OPEN for each in bare.ways)
    vm = vmi("vm-1", "hv06", able="False")
    held = cluster("six-nodes", node("hv06", metadata={"labels": {"harvesterhci.io/managed": None}}), vm)
    stuck = book(held, drained=lambda _: plan(held, "drain hv06", "label Node hv06 harvesterhci.io/managed=true"))
    assert stuck.ways[0].standing is Standing.CLOSED
    assert stuck.ways[0].reasons[0].startswith("step 1: Harvester refuses maintenance mode")
    late = book(made, late=lambda _: plan(made, "uninstall hv06", "drain hv06", "delete host hv06"))
    assert "out of order" in late.refused[0].reason


def test_a_consequence_leads_to_its_root_cause() -> None:
    made = opened(SCENARIOS / "upgrade-blocked-by-orphan-node" / "speaks.yaml")
    known = run_rules(made.facts, select_rules())
    found = build_runbook(made.facts, finding(known, "upgrade-blocked-by-orphan-node"), known)
    assert found.finding.rule == "node-without-machine"


def test_rules_name_ways_that_exist() -> None:
    """And one that names none says why, if it is of the pairing."""
    assert {name for rule in registry().values() for name in rule.cures} <= set(all_ways())
