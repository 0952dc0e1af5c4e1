"""What rules must not take for a fault: other namespaces, joins and removals under way, stripped fields."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.core.model import ObjectRef, State
from harvdiag.training.world.world import World
from tests import port
from tests.routes import collected
from tests.world import healthy, write_bundle

NOW = "2025-05-08T10:00:00Z"
FRESH, OLD = "2025-05-08T09:55:00Z", "2025-05-08T07:00:00Z"


def rules_of(world: World) -> list[str]:
    """The names of the rules that speak."""
    return sorted({finding.rule for finding in port.cluster(world.objects).check()})


def put(world: World, kind: str, name: str, namespace: str, **changes: Any) -> None:
    """A copy of an object in another namespace."""
    obj = copy.deepcopy(world.get(kind, name))
    obj["metadata"]["namespace"] = namespace
    obj["metadata"]["uid"] = "00000000-0000-4000-8000-000000000000"
    for key, value in changes.items():
        obj[key] = value
    world.add(obj)


def test_objects_of_other_namespaces_are_not_parts_of_local() -> None:
    """A guest cluster may be paused, have init nodes and leftovers of its own."""
    world = healthy()
    machine = world.machine_of("hv01")
    put(world, "Cluster", "local", "default", spec={"paused": True})
    put(world, "RKEBootstrap", machine, "fleet-default")
    put(world, "CustomMachine", machine, "fleet-default")
    put(world, "Secret", f"{machine}-machine-plan", "fleet-default")
    assert rules_of(world) == []


@pytest.mark.parametrize("stage", range(4))
@pytest.mark.parametrize(("since", "stuck"), [(FRESH, False), (OLD, True)])
def test_a_removal_in_good_order_is_no_fault_for_an_hour(stage: int, since: str, stuck: bool) -> None:
    """Cluster API takes the parts away one by one (docs/objects.md#removal-machine); after an hour that is the root."""
    world = healthy()
    machine = world.machine_of("hv03")
    world.change("Machine", machine, {"metadata": {"deletionTimestamp": since}, "status": {"phase": "Deleting"}})
    for kind, name in (("CustomMachine", machine), ("RKEBootstrap", machine), ("Node", "hv03"))[:stage]:
        world.remove(kind, name)
    if stage >= 2:
        world.remove("Secret", f"{machine}-machine-plan")
    findings = port.cluster(world.objects).check()
    assert [root.rule for root in findings.roots] == (["machine-stuck-deleting"] if stuck else [])


def test_a_node_that_is_being_deleted_may_name_a_machine_that_went_before() -> None:
    """Harvester deletes the Machine when its Node goes."""
    world = healthy()
    machine = world.machine_of("hv03")
    for kind, name in (("Machine", machine), ("CustomMachine", machine), ("RKEBootstrap", machine)):
        world.remove(kind, name)
    world.remove("Secret", f"{machine}-machine-plan")
    world.change("Node", "hv03", {"metadata": {"deletionTimestamp": FRESH}})
    assert rules_of(world) == []


def test_a_join_is_no_fault_for_half_an_hour() -> None:
    """Machine, plan and Node come one after another, and so do the lists of a bundle (docs/objects.md#join-steps)."""
    world = healthy()
    machine = world.machine_of("hv03")
    started = {"metadata": {"creationTimestamp": FRESH}}
    for kind in ("Machine", "CustomMachine", "RKEBootstrap"):
        world.change(kind, machine, started)
    world.remove("Secret", f"{machine}-machine-plan")
    world.change("Machine", machine, {"spec": {"providerID": None}, "status": {"phase": "Pending", "nodeRef": None}})
    world.change("CustomMachine", machine, {"spec": {"providerID": None}})
    bare = {"annotations": {"cluster.x-k8s.io/machine": None}, "labels": {"harvesterhci.io/managed": None}}
    world.change("Node", "hv03", {"metadata": {"creationTimestamp": FRESH, **bare}})
    assert rules_of(world) == []
    for kind, name in (("Machine", machine), ("Node", "hv03")):
        world.change(kind, name, {"metadata": {"creationTimestamp": OLD}})
    assert "node-half-joined" in rules_of(world)
    assert "machine-without-plan" in rules_of(world)


def test_stripped_uids_prove_nothing() -> None:
    """Files cleaned by hand have none."""
    for kind, name in (("Node", "hv01"), ("Machine", healthy().machine_of("hv01"))):
        world = healthy()
        world.change(kind, name, {"metadata": {"uid": None}})
        for obj in world.objects:
            obj["metadata"].pop("ownerReferences", None)
        assert "node-recreated" not in rules_of(world)
        assert "node-follows-other-machine" not in rules_of(world)


def test_a_node_made_again_is_one_finding_however_many_machines_name_it() -> None:
    """One finding a rule and subject, or causes and comparisons lose their ground."""
    world = healthy()
    machine = world.get("Machine", world.machine_of("hv01"))
    twin = copy.deepcopy(machine)
    twin["metadata"] |= {"name": "custom-000000000000", "uid": "00000000-0000-4000-8000-000000000001"}
    world.add(twin)
    world.change("Node", "hv01", {"metadata": {"uid": "00000000-0000-4000-8000-000000000002"}})
    findings = port.cluster(world.objects).check()
    assert len({f.fingerprint for f in findings}) == len(findings)
    assert "node-recreated" in {f.rule for f in findings}


def test_a_terminal_failure_is_shown_in_either_version() -> None:
    """v1beta2 keeps the reason under status.deprecated."""
    for version, place in (("v1.7.1", "status.failureReason"), ("v1.8.2", "status.deprecated.v1beta1.failureReason")):
        world = healthy(version=version)
        *path, key = place.split(".")[1:]
        patch: dict[str, Any] = {key: "CreateError"}
        for step in reversed(path):
            patch = {step: patch}
        world.change("Machine", world.machine_of("hv01"), {"status": {"phase": "Failed", **patch}})
        found = next(f for f in port.cluster(world.objects).check() if f.rule == "machine-not-running")
        assert (place, "CreateError") in {(e.path, e.value) for e in found.evidence}


def test_a_rule_that_looks_everywhere_needs_every_namespace_whole(tmp_path: Path) -> None:
    """A failed list of Machines anywhere may hide the one that it is about."""
    world = healthy()
    put(world, "Machine", world.machine_of("hv01"), "default")
    path = write_bundle(tmp_path / "b", collected(world.objects), captured_at=NOW, as_folder=True)
    outcomes = {o.rule: o.outcome for o in hd.open(path).check().outcomes}
    assert outcomes["machine-in-other-namespace"] == "failed"
    (broken,) = Path(path).rglob("default/cluster.x-k8s.io/v1beta1/machines.yaml")
    broken.write_bytes(broken.read_bytes()[:200])
    outcomes = {o.rule: o.outcome for o in hd.open(path).check().outcomes}
    assert outcomes["machine-in-other-namespace"] == "skipped"
    assert outcomes["machine-not-running"] == "passed"


def test_only_rancher_can_register_the_only_node() -> None:
    """Nobody is told to uninstall the cluster's only node, or its only etcd member."""
    world = healthy(("hv01",))
    machine = world.machine_of("hv01")
    for kind, name in (("Machine", machine), ("CustomMachine", machine), ("RKEBootstrap", machine)):
        world.remove(kind, name)
    world.remove("Secret", f"{machine}-machine-plan")
    clean = {"annotations": {"cluster.x-k8s.io/machine": None}, "labels": {"rke.cattle.io/machine": None}}
    world.change("Node", "hv01", {"metadata": clean})
    found = next(f for f in port.cluster(world.objects).check() if f.rule == "node-without-machine")
    assert found.subject == ObjectRef("Node", "", "hv01")
    assert not any("rke2-uninstall" in step for step in found.next)
    assert any("system-agent-upgrader" in step for step in found.next)
    assert any("as a worker only" in step for step in found.next)


@pytest.mark.parametrize("kind", ["Node", "CustomMachine", "RKEBootstrap"])
def test_no_machine_is_called_a_leftover_while_its_host_may_run_unseen(kind: str) -> None:
    """What ties a Machine to its host stands in three kinds; one of them unseen, and nothing is said of deleting."""
    world = healthy()
    machine = world.machine_of("hv03")
    world.change("Machine", machine, {"spec": {"providerID": None}, "status": {"nodeRef": None}})
    found = port.cluster(world.objects, **{kind: State.FAILED}).check(["machine-without-node-ref"])
    assert [f.subject.name for f in found] == [machine]
    assert not any("may be deleted" in step for step in found[0].next)
    assert any(f"{kind} were not seen" in step or f"Do not delete {machine}" in step for step in found[0].next)


def test_no_host_is_to_be_turned_off_while_nodes_are_unseen() -> None:
    """Another Machine may hold the Node by its providerID, which only the Node can tell."""
    world = healthy()
    hook = {"pre-terminate.delete.hook.machine.cluster.x-k8s.io/rke-bootstrap-cleanup": "rke-bootstrap-controller"}
    change = {"metadata": {"deletionTimestamp": OLD, "annotations": hook}}
    world.change("Machine", world.machine_of("hv03"), change)
    for states, told in (({}, True), ({"Node": State.FAILED}, False)):
        found = port.cluster(world.objects, **states).check(["machine-stuck-deleting"])
        assert any("the host must be off" in step for step in found[0].next) is told
