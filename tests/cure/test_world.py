"""A copy of a cluster that can change: the original never does, and what was unseen stays so."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvdiag.core.model import ObjectRef, State
from harvdiag.cure.world import World, put
from harvdiag.kinds import DIAGNOSIS
from harvdiag.kinds.wanted import Wanted
from tests.cure.clusters import FLEET, HV01, HV02, HV03, cluster, node, without

NODE = ObjectRef("Node", "", "hv01")
ACTS = (
    *(f"delete {kind} {name}" for kind in ("Machine", "CustomMachine", "RKEBootstrap") for name in (HV01, HV03)),
    *(f"delete {kind} hv02" for kind in ("node", "host")),
    f"delete secret {HV02}-machine-plan",
    "delete cluster local",
    "register hv03",
    "label node hv01 harvesterhci.io/managed-",
    "annotate node hv02 cluster.x-k8s.io/machine=x",
    "wait",
)


def test_unchanged_it_is_the_same_cluster() -> None:
    origin = cluster().snapshot
    made = World(origin).snapshot()
    for kind in DIAGNOSIS:
        assert (made.objects(kind), made.lists(kind), made.gap(kind)) == (
            origin.objects(kind),
            origin.lists(kind),
            origin.gap(kind),
        )
    assert made.manifest == origin.manifest
    assert made.collected_at == origin.collected_at


def test_objects_are_changed_deleted_and_added() -> None:
    world = World(cluster().snapshot)
    put(world.edit(NODE), 'metadata.labels["a.b/c"]', "d")
    world.remove(NODE._replace(name="hv02"))
    world.add(NODE._replace(name="hv09"), {"apiVersion": "v1", "kind": "Node"})
    made = world.snapshot()
    assert [obj["metadata"]["name"] for obj in made.objects("Node")] == ["hv01", "hv03", "hv09"]
    assert (made.get(NODE) or {})["metadata"]["labels"]["a.b/c"] == "d"
    put(world.edit(NODE), 'metadata.labels["a.b/c"]', "later")
    assert (made.get(NODE) or {})["metadata"]["labels"]["a.b/c"] == "d"
    with pytest.raises(KeyError):
        world.edit(NODE._replace(name="hv02"))


def test_unseen_stays_unseen() -> None:
    world = World(without("Machine").snapshot)
    world.add(ObjectRef("Machine", FLEET, "custom-x"), {"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Machine"})
    made = world.snapshot()
    assert made.gap("Machine")
    assert {entry.state for entry in made.lists("Machine")} == {State.NOT_LOOKED_AT}
    assert len(made.objects("Machine")) == 1


def test_now_stays_without_the_node_that_told_it() -> None:
    made = cluster("three-nodes", node("hv01", status={"conditions": []}), at="")
    world = World(made.snapshot)
    for name in ("hv02", "hv03"):
        world.remove(NODE._replace(name=name))
    assert world.snapshot().collected_at == made.snapshot.collected_at


def test_large_kinds_are_read_from_the_original() -> None:
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"p{n}", "namespace": "shop"},
            "spec": {"nodeName": f"hv0{n}"},
        }
        for n in (1, 2)
    ]
    world = World(cluster("three-nodes", *pods).snapshot)
    world.hide("Pod", "spec.nodeName", "hv01")
    made = world.snapshot()
    for wanted in (Wanted(everywhere=True), Wanted(namespace="shop")):
        assert [obj["metadata"]["name"] for obj in made.find("Pod", wanted).objects] == ["p2"]
    assert [obj["metadata"]["name"] for obj in made.objects("Pod")] == ["p2"]


@given(st.lists(st.sampled_from(ACTS), min_size=1, max_size=3))
@settings(max_examples=12, deadline=None)
def test_the_original_never_changes(acts: list[str]) -> None:
    made = cluster()
    made.snapshot.load(DIAGNOSIS)
    before = deepcopy({kind: made.snapshot.objects(kind) for kind in DIAGNOSIS})
    found = [finding.fingerprint for finding in made.check()]
    for act in acts:
        made.simulate(act)
    assert {kind: made.snapshot.objects(kind) for kind in DIAGNOSIS} == before
    assert [finding.fingerprint for finding in made.check()] == found
