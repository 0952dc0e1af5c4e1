"""What the rules about upgrades advise: nothing that costs a healthy node, nothing that waits for what cannot come."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding, Severity
from harvdiag.rules import advice
from harvdiag.snapshot import Snapshot
from harvdiag.training.world.objects import moment
from harvdiag.training.world.upgrades import NAME, add_plan_job
from tests import port
from tests.routes import PATHS, checked, name, of_each_rule, scenario
from tests.world import World, faults, healthy, rollouts

NODES = ("hv01", "hv02", "hv03", "hv04")
SHARED = 'metadata.annotations["cluster.x-k8s.io/machine"]'


def check(world: World) -> Findings:
    return Cluster(Snapshot(port.Port(world.objects, captured_at=world.captured_at))).check()


def one(world: World, rule: str) -> Finding:
    """The only finding of a rule."""
    (finding,) = check(world).of(rule)
    return finding


def rules_of(world: World) -> set[str]:
    return {finding.rule for finding in check(world)}


def shared(phase: str, *, managed: bool) -> World:
    """hv04 names the Machine of hv03; the Upgrade lists it if it is managed."""
    world = rollouts.at_phase(healthy(NODES), phase)
    faults.share_machine(world, "hv04", "hv03")
    if managed:
        world.get("Node", "hv04")["metadata"]["labels"]["harvesterhci.io/managed"] = "true"
    else:
        faults.pass_over(world, "hv04")
    return world


def without_times(obj: Any) -> None:
    """Take every time from an object, in place."""
    rows = obj.values() if isinstance(obj, dict) else obj if isinstance(obj, list) else ()
    for row in rows:
        without_times(row)
    if isinstance(obj, dict):
        for key in [key for key in obj if key.endswith(("Time", "Timestamp", "timeAdded"))]:
            del obj[key]


@of_each_rule(PATHS)
def test_the_first_step_is_a_look_or_a_deed(path: Any) -> None:
    for finding in checked(path):
        assert not any(step.startswith("Waiting") for step in finding.next), finding.rule
        assert not finding.caution.startswith(("Delete it", "Do not delete it", "Not while")), finding.rule


def replaced(own: str, others: str) -> Finding:
    """The finding about hv02, reinstalled under its name; `own` and `others` are who votes in etcd, as far as known."""
    (path,) = (path for path in PATHS if name(path) == "node-replaced/speaks")
    objects = deepcopy(scenario(path).objects)
    for node in (obj for obj in objects if obj["kind"] == "Node"):
        votes = own if node["metadata"]["name"] == "hv02" else others
        rows = node["status"].setdefault("conditions", [])
        rows[:] = [row for row in rows if row["type"] != "EtcdIsVoter"]
        rows += [{"type": "EtcdIsVoter", "status": votes}] if votes else []
    (finding,) = port.cluster(objects).check().of("node-replaced")
    return finding


def test_whether_the_new_node_may_go_is_asked_before_anything_is_removed() -> None:
    """The new host is off before the member of the lost one leaves etcd: it would join at once."""
    steps = replaced("False", "True").next
    words = (
        "Back up",
        "has to stay, ask vendor support instead",
        "Switch the new host",
        "member remove",
        "kubectl del",
    )
    places = [next(i for i, step in enumerate(steps) if word in step) for word in words]
    assert places == sorted(places)
    assert not any("without taking Node" in step for step in steps)


@pytest.mark.parametrize(
    ("own", "others", "told"),
    [
        ("False", "True", "Node hv02 has no vote in etcd, so that its removal takes none; keep the voters hv01 and hv"),
        ("", "True", advice.TWO_MEMBERS),
        ("False", "", advice.TWO_MEMBERS),
        ("True", "True", f"{advice.TWO_MEMBERS} {advice.SEEN}3 etcd voters"),
    ],
)
def test_a_node_without_a_vote_in_etcd_is_not_said_to_cost_the_quorum(own: str, others: str, told: str) -> None:
    assert told in replaced(own, others).caution


def test_the_false_node_lets_go_of_anothers_machine_before_anything_is_deleted() -> None:
    """Harvester deletes the Machine that a deleted Node names (docs/objects.md#removal-node)."""
    world = shared("UpgradingSystemServices", managed=False)
    finding = one(world, "nodes-share-machine")
    steps = list(finding.next)
    (first,) = (i for i, step in enumerate(steps) if "`kubectl annotate node hv04 cluster.x-k8s.io/machine-`" in step)
    assert first < next(i for i, step in enumerate(steps) if "rke2-uninstall" in step)
    assert (finding.evidence[0].object.name, finding.evidence[0].path) == ("hv04", SHARED)
    assert "hv04 reuses an old installation and never got a Machine" in finding.message
    assert any("lets you delete it" in step for step in steps)
    assert not any("Succeeded" in step for step in steps)


def test_in_the_nodes_turn_the_others_go_first() -> None:
    finding = one(shared("UpgradingNodes", managed=True), "nodes-share-machine")
    wait = f"Wait until every other node of Upgrade {NAME} is Succeeded; so far "
    assert any(step.startswith(wait) for step in finding.next)


def test_a_node_with_a_machine_of_its_own_is_not_joined_anew() -> None:
    """Only its annotation is another's."""
    world = healthy(NODES)
    world.change("Node", "hv04", {"metadata": {"annotations": {"cluster.x-k8s.io/machine": world.machine_of("hv03")}}})
    finding = one(world, "nodes-share-machine")
    assert not any("rke2-uninstall" in step for step in finding.next)


@pytest.mark.parametrize("phase", ["UpgradingSystemServices", "gate", "UpgradingNodes"])
def test_a_node_that_follows_anothers_machine_is_never_started(phase: str) -> None:
    finding = one(shared(phase, managed=True), "upgrade-blocked-by-orphan-node")
    assert "references hv03" in finding.message
    assert finding.caused_by


def test_each_orphan_is_told_with_its_own_state() -> None:
    world = rollouts.at_step(healthy(NODES), "hv02", "h5")
    for node in ("hv02", "hv04"):
        faults.orphan(world, node, managed=True)
    message = one(world, "upgrade-blocked-by-orphan-node").message
    assert 'hv02 stays at "Pre-drained" and hv04 stays at "Images preloaded"' in message
    faults.orphan(world, "hv03", managed=True)
    world.get("Upgrade", NAME)["status"]["nodeStatuses"]["hv02"]["state"] = "Succeeded"
    assert 'hv03 and hv04 stay at "Images preloaded"' in one(world, "upgrade-blocked-by-orphan-node").message


def test_no_answer_is_advised_while_a_machine_of_the_node_is_deleted() -> None:
    """Its deletion waits for the drain, and takes the Node (docs/objects.md#removal-machine)."""
    world = rollouts.at_step(healthy(NODES), "hv02", "h5")
    faults.lose_answer(world, "hv02")
    rollouts.wait(world, hours=3)
    assert any("annotate" in step for step in one(world, "upgrade-pre-drain-unanswered").next)
    old = faults.second_machine(world, "hv02", moment(world.captured_at, hours=-5))
    finding = one(world, "upgrade-pre-drain-unanswered")
    assert finding.next[0].startswith(f"First resolve the deletion of Machine {old}")
    assert not any("annotate" in step for step in finding.next)


def test_the_field_at_fault_comes_first() -> None:
    world = rollouts.at_step(healthy(NODES), "hv02", "h5")
    faults.lose_answer(world, "hv02")
    found = one(rollouts.wait(world, hours=3), "upgrade-pre-drain-unanswered")
    assert found.evidence[0].path.endswith('["harvesterhci.io/pre-hook"]')
    secret = f"{world.machine_of('hv02')}-machine-plan"
    error = {"rke.cattle.io/drain-error": "global timeout reached"}
    world.change("Secret", secret, {"metadata": {"annotations": error}})
    world.get("Secret", secret)["metadata"]["annotations"].pop("rke.cattle.io/drain-done", None)
    assert one(world, "upgrade-drain-refused").evidence[0].value == "global timeout reached"


def drained_twice(state: str) -> World:
    """hv03 is asked for its drain beside hv02, which is at a state."""
    world = rollouts.at_step(healthy(NODES), "hv02", "h4")
    world.get("Upgrade", NAME)["status"]["nodeStatuses"]["hv02"]["state"] = state
    mine, other = (f"{world.machine_of(node)}-machine-plan" for node in ("hv02", "hv03"))
    marks = world.get("Secret", mine)["metadata"]["annotations"]
    keys = [key for key in marks if "drain" in key]
    world.change("Secret", other, {"metadata": {"annotations": {key: marks[key] for key in keys}}})
    return world


def test_two_drains_are_a_danger_and_no_standstill() -> None:
    world = drained_twice("Pre-draining")
    finding = one(world, "several-nodes-draining")
    assert finding.severity is Severity.WARNING
    assert finding.evidence[0].object.name == f"{world.machine_of('hv03')}-machine-plan"
    assert finding.next[0].startswith("Let hv02 finish")
    assert "started none" in one(drained_twice("Images preloaded"), "several-nodes-draining").next[0]


def test_two_nodes_that_share_a_machine_are_one_drain() -> None:
    world = rollouts.at_step(healthy(NODES), "hv03", "h4")
    faults.share_machine(world, "hv04", "hv03")
    assert "several-nodes-draining" not in rules_of(world)


def last_unanswered() -> World:
    """The last node has succeeded, and with it the Upgrade, but its post-drain was not answered."""
    world = rollouts.at_step(healthy(NODES), "hv04", "h11")
    faults.lose_answer(world, "hv04", "post-hook")
    return world


def test_a_lost_answer_of_the_last_node_is_told_as_such() -> None:
    """It is no upgrade that was deleted midway."""
    assert rules_of(last_unanswered()) == set()
    world = rollouts.wait(last_unanswered(), hours=5)
    findings = [f for f in check(world) if f.severity is not Severity.INFO]
    assert {f.rule for f in findings} == {"upgrade-post-drain-unanswered", "planner-standing-still", "node-cordoned"}
    assert [f.rule for f in findings if not f.caused_by] == ["upgrade-post-drain-unanswered"]
    finding = one(world, "upgrade-post-drain-unanswered")
    assert {f.caused_by for f in findings if f is not finding and f != finding} == {(finding.fingerprint,)}
    assert f"Upgrade {NAME} is over" in finding.message
    assert "operating system" in finding.caution
    assert "VMs" not in finding.caution


@pytest.mark.parametrize("step", ["h8", "h11", "h12"])
def test_an_end_of_unknown_time_is_no_upgrade_deleted_midway(step: str) -> None:
    world = rollouts.at_step(healthy(NODES), "hv04", step)
    without_times(world.objects)
    assert "upgrade-deleted-midway" not in rules_of(world)


@pytest.mark.parametrize("phase", ["PreparingRepo", "PreparingNodes", "prepared"])
def test_an_unmanaged_node_is_told_before_the_services_wait_for_it(phase: str) -> None:
    world = rollouts.at_phase(healthy(NODES), phase)
    del world.get("Node", "hv04")["metadata"]["labels"]["harvesterhci.io/managed"]
    assert one(world, "upgrade-will-wait-for-unmanaged-node").severity is Severity.WARNING
    assert "upgrade-will-wait-for-unmanaged-node" not in rules_of(rollouts.at_phase(healthy(NODES), phase))


def test_the_only_node_is_not_drained() -> None:
    world = rollouts.at_pause(healthy(("hv01",), version="v1.8.2"), "hv01")
    assert "drained" not in (caution := one(world, "upgrade-node-paused").caution)
    assert "only node" in caution


def test_a_job_that_failed_to_load_images_is_the_first_evidence() -> None:
    world = rollouts.at_phase(healthy(NODES), "PreparingNodes")
    job = add_plan_job(world, f"{NAME}-prepare", "hv04", moment(world.captured_at, hours=-1))
    job["status"] = {"conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}]}
    finding = one(world, "upgrade-prepare-stuck")
    assert (finding.evidence[0].object.kind, finding.evidence[0].value) == ("Job", "DeadlineExceeded")


@pytest.mark.parametrize(
    ("labelled", "told"),
    [
        (True, "two versions of it run at once, by the pods that were seen: 2 of rancher-5d4f, 2 of rancher-66b8"),
        (False, "two versions of it run at once: 2 of 4 pods are of the old one"),
    ],
)
def test_versions_are_told_by_the_pods_or_by_the_counts(labelled: bool, told: str) -> None:
    """Never by both: the pods that were seen need not be those that the Deployment counts."""
    (path,) = (path for path in PATHS if name(path) == "deployment-without-room/speaks-rancher")
    objects = deepcopy(scenario(path).objects)
    for pod in (obj for obj in objects if obj["kind"] == "Pod" and not labelled):
        pod["metadata"]["labels"].pop("pod-template-hash", None)
    captured_at = scenario(path).captured_at or ""
    (finding,) = Cluster(Snapshot(port.Port(objects, captured_at=captured_at))).check().of("deployment-without-room")
    assert told in finding.message
