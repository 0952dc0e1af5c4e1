"""The ways out for a host without a Machine of its own: what each proposes, of which host, and with which names."""

from __future__ import annotations

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.model import Finding, ObjectRef, Severity
from harvdiag.cure.model import Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.preconditions.registration import judge_registration
from harvdiag.cure.ways.by_hand import by_hand
from harvdiag.cure.ways.model import Case, Plan, Unfit
from harvdiag.cure.ways.rebuild import rebuild
from harvdiag.cure.ways.register import register
from harvdiag.rules import registry
from harvdiag.rules.facts import Facts
from tests.cure.clusters import FLEET, HV01, HV03, Object, cluster, node, release
from tests.cure.made import before
from tests.cure.test_joins import MINE, _hosted, _management, _orphan_layers

HV = ObjectRef("Node", "", "hv03")
UPGRADER = "plan.upgrade.cattle.io/system-agent-upgrader"
PLAN: Object = {
    "apiVersion": "upgrade.cattle.io/v1",
    "kind": "Plan",
    "metadata": {"name": "system-agent-upgrader", "namespace": "cattle-system"},
    "status": {"latestHash": "abc"},
}
RAN = node("hv03", metadata={"labels": {UPGRADER: "abc"}})


def case(facts: Facts, name: str = "hv03") -> Case:
    """The finding of a Node without a Machine."""
    subject = ObjectRef("Node", "", name)
    found = Finding(rule="test", family="pairing", severity=Severity.ERROR, subject=subject, message="")
    return Case(facts=facts, finding=found)


def facts_of(made: Cluster) -> Facts:
    """The facts of a cluster."""
    return Facts(made.snapshot)


def acting(plan: Plan) -> dict[Verb, PlanStep]:
    """The steps that change the cluster."""
    return {step.action.verb: step for step in plan.steps if step.action}


def test_rules_of_nodes_name_these_ways() -> None:
    ways = {rule.cures for name, rule in registry().items() if name in {"node-without-machine", "node-half-joined"}}
    assert ways == {("register", "rebuild", "by-hand")}


def test_the_case_by_name() -> None:
    """harvester/harvester#8236: which volumes, which VM, which member, and what is open while the upgrade runs."""
    facts = Facts(before())
    plan = rebuild(case(facts, "srv09"))
    wait = plan.steps[0]
    assert wait.done == "srv06, srv07 and srv08 are done"
    moves = acting(plan)
    assert list(moves) == [Verb.DRAIN, Verb.UNINSTALL, Verb.DELETE_HOST, Verb.JOIN]
    assert "default/vm-3" in moves[Verb.DRAIN].caution
    evict = next(step for step in plan.steps if "evictionRequested" in "".join(step.commands))
    assert "pvc-4b928e21-5420-44d6-b1ba-769da1c845ff" in evict.caution
    assert "https://docs.harvesterhci.io/v1.4/host#deleting-a-node" in evict.links
    assert [step for step in plan.steps if step.final] == [moves[Verb.UNINSTALL]]
    assert any("v1.4.1 or v1.4.2" in told for told in plan.support)
    assert "support" in moves[Verb.JOIN].what
    again = register(case(facts, "srv09"))
    (step,) = acting(again).values()
    assert step.commands == (f"kubectl label node srv09 {UPGRADER}-",)
    assert "without a drain" in step.caution
    assert [asked.id for asked in again.preconditions if asked.met] == ["R1", "R2", "R4", "R5"]


def test_management_nodes_and_nodes_without_the_plan_register_with_their_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rancher's Plan would make a worker of a management node."""
    managing = _hosted(monkeypatch, MINE, *_orphan_layers(roles=True), PLAN, RAN)
    plan = register(case(facts_of(managing)))
    step = acting(plan)[Verb.REGISTER]
    assert step.place is Place.HOST
    assert step.commands == ("sh hv03-register.sh",)
    assert "control-plane, etcd and worker" in step.what
    assert [draft.name for draft in plan.drafts] == ["hv03-register.sh"]
    assert any("no report" in told for told in plan.support)
    assert "R2" not in {asked.id for asked in plan.preconditions}
    worker = register(case(facts_of(_hosted(monkeypatch, MINE, *_orphan_layers(), PLAN, RAN))))
    assert acting(worker)[Verb.REGISTER].place is Place.KUBECTL
    assert not worker.drafts
    never_ran = register(case(facts_of(_hosted(monkeypatch, MINE, *_orphan_layers(), PLAN))))
    assert "never run on hv03" in acting(never_ran)[Verb.REGISTER].caution


def test_rebuilding_a_member_of_etcd_looks_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = acting(rebuild(case(facts_of(_hosted(monkeypatch, MINE, *_orphan_layers(roles=True))))))
    assert "2 of 3, quorum kept" in steps[Verb.UNINSTALL].caution
    assert any("etcd-hv01" in told and "no member of hv03" in told for told in steps[Verb.DELETE_HOST].sees)
    assert "from the ISO of v1.4.2" in steps[Verb.JOIN].what


def test_a_machine_that_was_made_goes_with_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half joined: the Node does not name it, so nothing deletes it, and no second one is made by hand."""
    bare = node("hv03", metadata={"annotations": {"cluster.x-k8s.io/machine": None}})
    facts = facts_of(_hosted(monkeypatch, HV03, bare))
    assert acting(rebuild(case(facts)))[Verb.DELETE].action.ref == ObjectRef("Machine", FLEET, HV03)  # type: ignore[union-attr]
    with pytest.raises(Unfit, match="a second one would claim its Node"):
        by_hand(case(facts))


def test_by_hand_ends_with_the_registration(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = by_hand(case(facts_of(_hosted(monkeypatch, MINE, *_orphan_layers(), PLAN, RAN))))
    assert list(acting(plan)) == [Verb.CREATE, Verb.REGISTER]
    made = acting(plan)[Verb.CREATE]
    assert made.action is not None
    assert made.action.objects == plan.drafts[0].objects
    assert "Go on at once" in made.caution
    assert "nodeRef nor providerID" in made.back


@pytest.mark.parametrize(
    ("base", "name", "why"),
    [("one-node", "hv01", "only Node"), ("three-nodes", "hv09", "not a Node of this cluster")],
)
def test_hosts_that_are_not_rebuilt(base: str, name: str, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        rebuild(case(facts_of(cluster(base)), name))


@pytest.mark.parametrize(
    ("name", "layers", "asked", "told"),
    [
        (MINE, [_management(status={"conditions": [{"type": "Connected", "status": "False"}]})], "R1", "False"),
        (MINE, [_management() | {"$patch": "delete"}], "R1", "does not exist"),
        (MINE, [PLAN | {"status": {"applying": ["hv09"]}}], "R2", "hv09, which is gone"),
        (MINE, [release("v1.9.0")], "R3", "absent"),
        (HV01, [], "R4", "which is that of hv01"),
        (
            MINE,
            [
                {
                    "apiVersion": "cluster.x-k8s.io/v1beta1",
                    "kind": "Cluster",
                    "metadata": {"name": "local", "namespace": FLEET},
                    "spec": {"paused": True},
                }
            ],
            "R5",
            "true",
        ),
    ],
)
def test_registration_that_cannot_work(
    monkeypatch: pytest.MonkeyPatch, name: str, layers: list[Object], asked: str, told: str
) -> None:
    facts = facts_of(_hosted(monkeypatch, name, *_orphan_layers(), PLAN, RAN, *layers))
    unmet = [each for each in judge_registration(facts, HV, by_plan=True) if each.met is False]
    assert [each.id for each in unmet] == [asked]
    assert told in unmet[0].told


def test_unseen_identity_leaves_the_registration_open() -> None:
    facts = facts_of(cluster("three-nodes", *_orphan_layers()))
    (asked,) = (each for each in judge_registration(facts, HV, by_plan=False) if each.met is None)
    assert asked.id == "R4"
    assert "cattle-id" in asked.by_hand[0]
