"""The ways out for a host without a Machine of its own: what each proposes, of which host, and with which names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from harvdiag.cluster import Cluster
from harvdiag.core.model import Finding, ObjectRef, Severity
from harvdiag.cure.drafts.text import render_draft
from harvdiag.cure.model import Action, Hazard, Verb
from harvdiag.cure.plan import Place, PlanStep, Runbook, Standing
from harvdiag.cure.preconditions.registration import judge_registration
from harvdiag.cure.runbook import build_runbook
from harvdiag.cure.simulate import simulate
from harvdiag.cure.ways.by_hand import by_hand
from harvdiag.cure.ways.hosts import commands_in
from harvdiag.cure.ways.model import Case, Plan, Unfit
from harvdiag.cure.ways.rebuild import rebuild
from harvdiag.cure.ways.register import register
from harvdiag.cure.world import World
from harvdiag.redact import Key, Redactor, redact_snapshot
from harvdiag.reports.cure.runbook.terminal import render
from harvdiag.rules import registry, run_rules, select_rules
from harvdiag.rules.facts import Facts
from harvdiag.training import open_scenario
from tests.cure.clusters import BASES, FLEET, HV01, HV03, Object, cluster, node, release
from tests.cure.made import before
from tests.cure.test_joins import MINE, _hosted, _management, _orphan_layers

HV = ObjectRef("Node", "", "hv03")
SCENARIOS = BASES.parent
ALLOW = "harvesterhci.io/allow-node-join"
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
    ways = {name: rule.cures for name, rule in registry().items()}
    assert ways["node-without-machine"] == ("register", "rebuild", "by-hand")
    assert ways["node-half-joined"] == ("link-again", "register", "rebuild")
    assert ways["node-dangling-machine"] == ("renew-annotation", "register", "rebuild", "by-hand")


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
    (script,) = plan.drafts
    assert all(command in render_draft(script) for command in commands_in(" ".join(script.untold)))
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
    assert [step.action.verb for step in plan.steps[-2:] if step.action] == [Verb.CREATE, Verb.REGISTER]
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
    assert "tr -d '\\n' < /etc/rancher/agent/cattle-id | sha256sum" in asked.by_hand[0]


def rehearsed(made: Cluster, name: str) -> Runbook:
    """The runbook of the finding of a Node."""
    facts = facts_of(made)
    known = run_rules(facts, select_rules())
    found = [each for outcome in known for each in outcome.findings if each.subject == ObjectRef("Node", "", name)]
    return build_runbook(facts, next(each for each in found if each.rule.startswith("node-")), known)


def test_rehearsal_of_the_case() -> None:
    """Each way is offered, none is hidden; what no bundle tells of VMs keeps them from being promised."""
    facts = Facts(before())
    known = run_rules(facts, select_rules())
    root = next(each for outcome in known for each in outcome.findings if each.rule == "node-without-machine")
    book = build_runbook(facts, root, known)
    assert {way.name for way in book.ways} == {"register", "rebuild", "by-hand"}
    assert {way.standing for way in book.ways} == {Standing.UNTOLD}
    assert book.ways[-1].name == "by-hand"
    assert all(root in way.gone for way in book.ways)
    assert all(way.reasons[-1].startswith("R8: Upgrade hvst-upgrade-abcde keeps srv09 as") for way in book.ways)
    assert not [each for way in book.ways for each in way.new if each.severity is Severity.ERROR]
    assert book.simulation is not None
    assert book.simulation.hazard is Hazard.USELESS


@pytest.mark.parametrize(("base", "version"), [("three-nodes", "v1beta1"), ("three-nodes-v1beta2", "v1beta2")])
@pytest.mark.parametrize("roles", [True, False])
def test_drafts_make_a_clean_pair_with_an_agent(
    monkeypatch: pytest.MonkeyPatch, base: str, version: str, roles: bool
) -> None:
    """Read again from its file, the draft is created and taken up; without the registration it blocks the others."""
    layers = [each | {"apiVersion": _version(each, version)} for each in _orphan_layers(roles)]
    made = _hosted(monkeypatch, MINE, *layers, PLAN, RAN, base=base)
    way = next(way for way in rehearsed(made, "hv03").ways if way.name == "by-hand")
    assert way.standing is Standing.UNTOLD
    assert [each.split(":")[0] for each in way.reasons] == ["R7"]
    assert "node-without-machine" in {each.rule for each in way.gone}
    assert not [each for each in way.new if each.severity is Severity.ERROR]
    read_again = tuple(yaml.safe_load_all(render_draft(way.drafts[0])))
    assert read_again == way.drafts[0].objects
    half = Action(verb=Verb.CREATE, ref=ObjectRef("Machine", FLEET, MINE), objects=read_again)
    cosmetic = simulate(facts_of(made), half)
    assert cosmetic.hazard is Hazard.SILENT
    assert any("holds every other node up" in reason for reason in cosmetic.reasons)


def _version(obj: Object, version: str) -> str:
    return f"cluster.x-k8s.io/{version}" if obj["kind"] == "Machine" else str(obj["apiVersion"])


def test_vms_that_cannot_move_are_stopped_first(monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"type": "LiveMigratable", "status": "False", "reason": "HostDeviceNotLiveMigratable"}
    vm = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "spec": {}}
    vm |= {"metadata": {"name": "db", "namespace": "shop"}}
    vm |= {"status": {"nodeName": "hv03", "phase": "Running", "conditions": [state]}}
    book = rehearsed(_hosted(monkeypatch, MINE, *_orphan_layers(), PLAN, RAN, vm), "hv03")
    page = render(replace(book, ways=tuple(way for way in book.ways if way.name == "rebuild")))
    assert "· by step" in page
    assert "Make sure that host hv03" not in page
    for way in book.ways:
        stop = next(step for step in way.steps if step.what.startswith("Stop VM shop/db"))
        assert stop.hazard is Hazard.CARE
        assert "P3" in dict(way.prepared)
    assert [way.standing for way in book.ways] == [Standing.OPEN, Standing.OPEN, Standing.UNTOLD]


def test_unseen_host_is_not_promised() -> None:
    book = rehearsed(cluster("three-nodes", *_orphan_layers(), PLAN, RAN), "hv03")
    assert {way.name: way.standing for way in book.ways} == {
        "rebuild": Standing.OPEN,
        "register": Standing.UNTOLD,
        "by-hand": Standing.UNTOLD,
    }


def test_pseudonyms_are_told_and_fit_one_another() -> None:
    """Of a redacted source the draft names the pseudonym of the Machine, and says that it fits no cluster."""
    facts = Facts(redact_snapshot(before(), Redactor(Key(b"k" * 32, Path("none.key")))))
    name = next(node.name for node in facts.pairing.nodes if facts.pairing.is_orphan(node))
    manifest, script = by_hand(case(facts, name)).drafts
    assert "pseudonyms" in manifest.dangers[0]
    assert "pseudonyms" in script.dangers[0]
    text = render_draft(manifest) + render_draft(script)
    assert not any(word in text for word in ("srv0", "551c3acbbeb6", "84908849", "10.0.0.14"))


@pytest.mark.parametrize(("version", "mark", "met"), [("v1.9.0", {}, False), ("v1.9.0", {ALLOW: "true"}, True)])
def test_a_new_node_in_an_upgrade(version: str, mark: dict[str, str], met: bool) -> None:
    """From 1.9 on a webhook refuses it, but where the Upgrade allows it."""
    world = World(before())
    world.edit(ObjectRef("Setting", "", "server-version"))["value"] = version
    upgrade = world.edit(world.refs("Upgrade")[0])
    upgrade["metadata"]["annotations"] = mark
    asked, end = rebuild(case(Facts(world.snapshot()), "srv09")).preconditions
    assert (asked.id, asked.met) == ("R6", met)
    assert (end.id, end.met) == ("R8", None)


def test_an_upgrade_before_its_nodes_is_stopped_first() -> None:
    made = open_scenario(SCENARIOS / "upgrade-plan-blocked-by-unmanaged-node" / "speaks-orphan.yaml")
    stop = rebuild(case(facts_of(made), "hv04")).steps[0]
    assert stop.action == Action(verb=Verb.DELETE, ref=ObjectRef("Upgrade", "harvester-system", "hvst-upgrade-abcde"))
    assert "support bundle" in stop.caution
