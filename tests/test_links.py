"""Links: every reference of every object, whether its other end is there, is gone, or was not looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harvdiag.core.model import ObjectRef, State
from harvdiag.graph.references import ABSENT, PRESENT, UNSEEN, Edge, Links
from harvdiag.snapshot import Snapshot
from harvdiag.training.world.objects import FLEET, new
from tests import port
from tests.routes import Object, from_folder
from tests.world import World, healthy

ANNOTATION = 'metadata.annotations["cluster.x-k8s.io/machine"]'
UID_LABEL = 'metadata.labels["rke.cattle.io/machine"]'
ADDRESS = 'metadata.annotations["rke.cattle.io/internal-address"]'


def links(objects: list[Object], **states: State) -> Links:
    """The links of these objects."""
    return Links(Snapshot(port.Port(objects, states)))


def one(found: Links, ref: ObjectRef, path: str) -> Edge:
    """The only link of an object in one field."""
    (edge,) = found.edges_from(ref, path)
    return edge


@pytest.fixture
def world() -> World:
    """Three hosts in good order."""
    return healthy()


def machine_of(world: World, node: str) -> ObjectRef:
    """The Machine of a host."""
    return ObjectRef("Machine", FLEET, world.machine_of(node))


HV01 = ObjectRef("Node", "", "hv01")


def test_healthy_world_has_no_broken_link(world: World) -> None:
    """Every reference of a cluster in good order leads to an object that is there."""
    found = links(world.objects)
    assert {edge.state for edge in found.edges} == {PRESENT}
    assert not [edge for edge in found.edges if edge.broken]
    assert all(edge.target in found.objects for edge in found.edges)


@pytest.mark.parametrize("version", ["v1.4.2", "v1.8.2", "v1.9.0"])
def test_references_of_both_cluster_api_versions_lead_home(version: str) -> None:
    """v1beta1 writes apiVersion and namespace, v1beta2 apiGroup alone: both lead to the same object."""
    world = healthy(version=version)
    found = links(world.objects)
    machine = machine_of(world, "hv01")
    assert one(found, machine, "spec.infrastructureRef.name").target == machine._replace(kind="CustomMachine")
    assert one(found, machine, "spec.bootstrap.configRef.name").target == machine._replace(kind="RKEBootstrap")


def test_links_are_found_from_either_end(world: World) -> None:
    """`of` gives what an object names, `to` gives who names it; one field at a time if asked."""
    found = links(world.objects)
    machine = machine_of(world, "hv01")
    edge = one(found, HV01, ANNOTATION)
    assert (edge.source, edge.target, edge.value, edge.state) == (HV01, machine, machine.name, PRESENT)
    assert found.edges_to(machine, ANNOTATION) == [edge]
    assert edge in found.edges_from(HV01)
    assert {e.path for e in found.edges_from(HV01)} == {
        ANNOTATION,
        UID_LABEL,
        'metadata.annotations["cluster.x-k8s.io/cluster-name"]',
    }
    assert found.edges_from(ObjectRef("Node", "", "nobody")) == found.edges_to(ObjectRef("Node", "", "nobody")) == []


def test_target_that_is_gone_is_absent(world: World) -> None:
    """The kind was seen whole: what is not in it does not exist."""
    machine = machine_of(world, "hv01")
    world.remove("Machine", machine.name)
    edge = one(links(world.objects), HV01, ANNOTATION)
    assert (edge.state, edge.broken, edge.target) == (ABSENT, True, machine)


@pytest.mark.parametrize("state", [State.FAILED, State.FORBIDDEN, State.NOT_LOOKED_AT])
def test_target_of_an_unseen_kind_is_unseen(world: World, state: State) -> None:
    """Nobody looked, so nothing is proven: the link is not broken."""
    edge = one(links(world.objects, Machine=state), HV01, ANNOTATION)
    assert (edge.state, edge.broken) == (UNSEEN, False)


def test_target_in_a_namespace_that_nobody_lists_is_unseen(world: World) -> None:
    """The annotation cluster-namespace says where the Machine lives; only fleet-local was listed."""
    world.change("Node", "hv01", {"metadata": {"annotations": {"cluster.x-k8s.io/cluster-namespace": "elsewhere"}}})
    edge = one(links(world.objects), HV01, ANNOTATION)
    assert edge.target.namespace == "elsewhere"
    assert edge.state == UNSEEN


def test_target_of_a_kind_outside_the_graph_is_unseen(world: World) -> None:
    """An owner of a kind that is not part of the graph is shown, and never called gone."""
    owners = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}]
    world.change("Node", "hv01", {"metadata": {"ownerReferences": owners}})
    edge = one(links(world.objects), HV01, "metadata.ownerReferences[0]")
    assert edge.target.kind == "ConfigMap"
    assert edge.state == UNSEEN


def test_uid_of_nobody_is_absent_under_its_value(world: World) -> None:
    """The label names a Machine by uid; a uid that none has stands for one that is gone."""
    world.change("Node", "hv01", {"metadata": {"labels": {"rke.cattle.io/machine": "no-such-uid"}}})
    edge = one(links(world.objects), HV01, UID_LABEL)
    assert edge.target == ObjectRef("Machine", "", "uid no-such-uid")
    assert edge.state == ABSENT


def test_uid_that_several_have_leads_to_each(world: World) -> None:
    """A copied identity is shown with all who carry it."""
    uid = world.get("Machine", world.machine_of("hv01"))["metadata"]["uid"]
    world.change("Machine", world.machine_of("hv02"), {"metadata": {"uid": uid}})
    found = links(world.objects).edges_from(HV01, UID_LABEL)
    assert {edge.target for edge in found} == {machine_of(world, "hv01"), machine_of(world, "hv02")}


def test_address_of_nobody_is_no_link(world: World) -> None:
    """An address need not belong to a Node at all: that is no broken reference."""
    name = world.machine_of("hv01")
    world.change("RKEBootstrap", name, {"metadata": {"annotations": {"rke.cattle.io/internal-address": "10.9.9.9"}}})
    assert links(world.objects).edges_from(ObjectRef("RKEBootstrap", FLEET, name), ADDRESS) == []


def test_address_leads_to_the_node_that_has_it(world: World) -> None:
    """Only an InternalIP counts, not a host name that reads like one."""
    name = ObjectRef("RKEBootstrap", FLEET, world.machine_of("hv01"))
    assert one(links(world.objects), name, ADDRESS).target == HV01


def test_owner_with_another_uid_is_gone(world: World) -> None:
    """An object of an earlier life owned this one; its namesake of today does not."""
    name = world.machine_of("hv01")
    world.get("CustomMachine", name)["metadata"]["ownerReferences"][0]["uid"] = "old"
    edge = one(links(world.objects), ObjectRef("CustomMachine", FLEET, name), "metadata.ownerReferences[0]")
    assert edge.target == ObjectRef("Machine", FLEET, f"{name} (uid old)")
    assert edge.state == ABSENT


@pytest.mark.parametrize("value", ["", None, 7, ["x"], {"a": 1}])
def test_field_that_holds_no_text_is_no_link(world: World, value: Any) -> None:
    """Empty, null and what is no string name nobody."""
    world.get("Node", "hv01")["metadata"]["annotations"]["cluster.x-k8s.io/machine"] = value
    assert links(world.objects).edges_from(HV01, ANNOTATION) == []


@pytest.mark.parametrize("value", [None, "text", [], {}, {"kind": "CustomMachine"}])
def test_reference_without_a_name_is_no_link(world: World, value: Any) -> None:
    """A typed reference that names nobody is no link, whatever else it holds."""
    machine = machine_of(world, "hv01")
    world.get("Machine", machine.name)["spec"]["infrastructureRef"] = value
    assert links(world.objects).edges_from(machine, "spec.infrastructureRef.name") == []


@pytest.mark.parametrize("owners", [None, 5, True, "text", {}, [None, 5, {"kind": "Machine"}]])
def test_strange_owners_are_passed_over(world: World, owners: Any) -> None:
    """Owner references that are none do no harm."""
    world.get("Node", "hv01")["metadata"]["ownerReferences"] = owners
    assert not [e for e in links(world.objects).edges_from(HV01) if e.path.startswith("metadata.ownerReferences")]


@pytest.mark.parametrize("addresses", [None, 5, "text", {"a": 5}, [5, None, [], {"type": "InternalIP"}]])
def test_strange_addresses_are_passed_over(world: World, addresses: Any) -> None:
    """A Node whose addresses are none has none, and no RKEBootstrap is tied to it by one."""
    world.get("Node", "hv01")["status"]["addresses"] = addresses
    assert not [edge for edge in links(world.objects).edges_to(HV01) if edge.path == ADDRESS]


def test_unknown_kinds_are_linked_by_their_owners(tmp_path: Path) -> None:
    """A kind that harvdiag does not know is linked by its owner references, under its own name and group."""
    owner = new("v1", "Node", "hv01")
    ref = {"apiVersion": "v1", "kind": "Node", "name": "hv01", "uid": owner["metadata"]["uid"]}
    lease = new("x.io/v1", "Lease", "a", "default", ownerReferences=[ref])
    found = Links(from_folder(tmp_path, [owner, lease]).snapshot, ("Node", "leases.x.io"))
    edge = one(found, ObjectRef("Lease.x.io", "default", "a"), "metadata.ownerReferences[0]")
    assert (edge.target, edge.state) == (HV01, PRESENT)
    assert found.refs("Node") == [HV01]
    assert found.seen("Node")
