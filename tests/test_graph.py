"""The graph: an edge for every link of docs/objects.md#links, keyed by its field, and phantoms for what is gone."""

from __future__ import annotations

from typing import Any

import pytest

from harvdiag.core.errors import UsageError
from harvdiag.core.model import ObjectRef, State
from harvdiag.graph.build import find_phantoms
from harvdiag.training.world.objects import FLEET
from tests import port
from tests.world import World, healthy

LOCAL = ObjectRef("Cluster", FLEET, "local")
PROVISIONING = LOCAL._replace(kind="Cluster.provisioning.cattle.io")
MANAGEMENT = ObjectRef("Cluster.management.cattle.io", "", "local")
OWNER = "metadata.ownerReferences[0]"
# Rows of docs/objects.md#links: source, field, target; of one host N(ode), M(achine), C(ustomMachine), B(ootstrap),
# S(ecret).
PER_HOST = {
    "machine annotation": ("N", 'metadata.annotations["cluster.x-k8s.io/machine"]', "M"),
    "nodeRef": ("M", "status.nodeRef.name", "N"),
    "nodeRef UID": ("M", "status.nodeRef.uid", "N"),
    "machine UID label": ("N", 'metadata.labels["rke.cattle.io/machine"]', "M"),
    "machine name label": ("N", 'metadata.labels["plan.cattle.io/machine-name"]', "M"),
    "provider ID": ("M", "spec.providerID", "N"),
    "infrastructure provider ID": ("C", "spec.providerID", "N"),
    "infrastructure": ("M", "spec.infrastructureRef.name", "C"),
    "bootstrap": ("M", "spec.bootstrap.configRef.name", "B"),
    "owner of the CustomMachine": ("C", OWNER, "M"),
    "owner of the RKEBootstrap": ("B", OWNER, "M"),
    "plan Secret label": ("S", 'metadata.labels["rke.cattle.io/machine-name"]', "M"),
    "owner of the plan Secret": ("S", OWNER, "B"),
    "plan cluster label": ("S", 'metadata.labels["plan.cattle.io/cluster-name"]', LOCAL),
    "cluster name": ("M", "spec.clusterName", LOCAL),
    "internal address": ("B", 'metadata.annotations["rke.cattle.io/internal-address"]', "N"),
}
OF_THE_CLUSTER = {
    "control plane": (LOCAL, "spec.controlPlaneRef.name", LOCAL._replace(kind="RKEControlPlane")),
    "cluster infrastructure": (LOCAL, "spec.infrastructureRef.name", LOCAL._replace(kind="RKECluster")),
    "owner of the Cluster": (LOCAL, OWNER, PROVISIONING),
    "management cluster": (PROVISIONING, "status.clusterName", MANAGEMENT),
}
ABSENT_IN = {
    "v1.4.2": {"machine name label", "plan cluster label"},
    "v1.8.2": {"nodeRef UID", "machine name label", "plan cluster label"},
    "v1.9.0": {"nodeRef UID"},
}


def parts(world: World, node: str) -> dict[str, ObjectRef]:
    """The five objects of a host."""
    name = world.machine_of(node)
    machine = ObjectRef("Machine", FLEET, name)
    return {
        "N": ObjectRef("Node", "", node),
        "M": machine,
        "C": machine._replace(kind="CustomMachine"),
        "B": machine._replace(kind="RKEBootstrap"),
        "S": machine._replace(kind="Secret", name=f"{name}-machine-plan"),
    }


@pytest.mark.parametrize("version", ABSENT_IN)
@pytest.mark.parametrize("edge", PER_HOST)
def test_every_host_has_the_edge(edge: str, version: str) -> None:
    """Each link is an edge whose key is the field; one that the version does not have is not there."""
    world = healthy(version=version)
    graph = port.cluster(world.objects).graph
    source, path, target = PER_HOST[edge]
    for node in world.hosts:
        of = parts(world, node)
        end = of[target] if isinstance(target, str) else target
        there = graph.has_edge(of[source], end, path)
        assert there == (edge not in ABSENT_IN[version])
        if there:
            facts = graph.edges[of[source], end, path]
            assert (facts["path"], facts["state"]) == (path, "present")
            assert facts["value"]


@pytest.mark.parametrize("version", ABSENT_IN)
@pytest.mark.parametrize("edge", OF_THE_CLUSTER)
def test_cluster_objects_are_tied(edge: str, version: str) -> None:
    """The cluster `local` in its several forms hangs together."""
    source, path, target = OF_THE_CLUSTER[edge]
    assert port.cluster(healthy(version=version).objects).graph.has_edge(source, target, path)


def test_one_edge_a_field(tmp_path: Any) -> None:
    """Several links between two objects are several edges: which of them holds is what a diagnosis looks at."""
    world = healthy(version="v1.4.2")
    of = parts(world, "hv01")
    graph = port.cluster(world.objects).graph
    assert set(graph[of["N"]][of["M"]]) == {PER_HOST["machine annotation"][1], PER_HOST["machine UID label"][1]}
    assert set(graph[of["M"]][of["N"]]) == {
        *(PER_HOST[edge][1] for edge in ("nodeRef", "nodeRef UID", "provider ID")),
        'metadata.labels["rke.cattle.io/node-name"]',
    }


def test_nodes_of_the_graph_tell_what_they_are() -> None:
    """Kind, namespace, name and state stand on each; ghosts of other kinds do not appear."""
    world = healthy()
    graph = port.cluster(world.objects).graph
    of = parts(world, "hv01")
    assert graph.nodes[of["M"]] == {"kind": "Machine", "namespace": FLEET, "name": of["M"].name, "state": "present"}
    assert {facts["state"] for _, facts in graph.nodes(data=True)} == {"present"}
    assert len(graph) == 3 * 5 + 5
    assert find_phantoms(graph) == []


def test_phantom_is_what_is_named_and_gone() -> None:
    """A Machine that was deleted stays in the graph as long as something names it."""
    world = healthy()
    of = parts(world, "hv01")
    world.remove("Machine", of["M"].name)
    graph = port.cluster(world.objects).graph
    assert graph.nodes[of["M"]]["state"] == "absent"
    assert of["M"] in find_phantoms(graph)
    assert graph.edges[of["N"], of["M"], PER_HOST["machine annotation"][1]]["state"] == "absent"
    assert set(graph.predecessors(of["M"])) == {of[part] for part in "NCBS"}


@pytest.mark.parametrize("kind", ["Node", "Machine"])
@pytest.mark.parametrize("version", ABSENT_IN)
def test_missing_object_is_one_phantom(kind: str, version: str) -> None:
    """Named by name, uid and providerID, it is one thing still, and goes by its name."""
    world = healthy(version=version)
    gone = parts(world, "hv02")[kind[0]]
    world.remove(kind, gone.name)
    assert find_phantoms(port.cluster(world.objects).graph) == [gone]


def test_uid_that_stands_alone_is_a_phantom() -> None:
    """A Node names a living Machine by name and one that is gone by uid: that one is not told by any name."""
    world = healthy()
    world.change("Node", "hv01", {"metadata": {"labels": {"rke.cattle.io/machine": "gone"}}})
    assert find_phantoms(port.cluster(world.objects).graph) == [ObjectRef("Machine", "", "uid gone")]


# --- links of one object -------------------------------------------------------------------------------------------


def test_links_of_what_is_not_there_are_refused() -> None:
    """A slip of the hand is no Node without links; few names are all told."""
    cluster = port.cluster(healthy().objects)
    with pytest.raises(UsageError, match=r"^no Node 'HV02' in port; did you mean hv02\?$"):
        cluster.links("Node", "HV02")
    with pytest.raises(UsageError, match=r"^no Node 'nope' in port; did you mean hv01, hv02 or hv03\?$"):
        cluster.links("Node", "nope")


def test_links_of_what_was_not_seen_are_refused() -> None:
    """Nobody can say whether it is there."""
    cluster = port.cluster(healthy().objects, Node=State.FAILED)
    with pytest.raises(UsageError, match=r"^Node hv01: this kind was not seen in port \(failed: for a reason\)$"):
        cluster.links("Node", "hv01")


def test_links_of_a_phantom_are_those_that_name_it() -> None:
    """It does not exist, so it has no fields, full or empty."""
    world = healthy()
    of = parts(world, "hv01")
    world.remove("Machine", of["M"].name)
    found = port.cluster(world.objects).links("Machine", of["M"].name)
    assert set(found["direction"]) == {"named by"}
    assert str(of["N"]) in set(found["other"])


def test_what_nobody_looked_at_is_no_phantom() -> None:
    """The same references, but Machines were not seen: nothing says that they are gone."""
    world = healthy()
    of = parts(world, "hv01")
    graph = port.cluster(world.objects, Machine=State.NOT_LOOKED_AT).graph
    assert graph.nodes[of["M"]]["state"] == "unseen"
    assert find_phantoms(graph) == []
    assert graph.edges[of["N"], of["M"], PER_HOST["machine annotation"][1]]["state"] == "unseen"


def test_empty_cluster_has_an_empty_graph() -> None:
    """No object, no edge, no error."""
    graph = port.cluster().graph
    assert (len(graph), graph.number_of_edges()) == (0, 0)


def test_graph_is_the_same_in_any_order() -> None:
    """Nodes and edges come in a fixed order, so that what is drawn or written from it is stable."""
    objects = healthy().objects
    there, back = port.cluster(objects).graph, port.cluster(objects[::-1]).graph
    assert list(there.nodes) == list(back.nodes)
    assert list(there.edges(keys=True)) == list(back.edges(keys=True))
