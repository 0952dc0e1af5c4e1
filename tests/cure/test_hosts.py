"""What a person does to a host: drain, uninstall and join, and what steps of plans set and create."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from harvdiag.core.model import ObjectRef
from harvdiag.cure.action import parse_action
from harvdiag.cure.cascade import Stage, play
from harvdiag.cure.hazard import classify_step
from harvdiag.cure.model import Action, Hazard, Verb
from harvdiag.cure.ways.rebuild import empty_steps
from harvdiag.cure.world import World
from harvdiag.rules.facts import Facts
from harvdiag.training import open_objects
from tests.cure import hosts
from tests.cure.clusters import AT, FLEET, HV03, cluster, machine, node, objects, release

NAME = "custom-0a1b2c3d4e5f"
Object = dict[str, Any]


def acted(made: Any, *actions: str | Action) -> Stage:
    """The stage of the last of these actions, each on what the ones before left."""
    world, facts = World(made.snapshot), Facts(made.snapshot)
    stage = Stage(world, facts)
    for action in actions:
        asked = parse_action(action, facts.snapshot) if isinstance(action, str) else action
        stage = Stage(world, facts)
        play(stage, asked)
        facts = Facts(world.snapshot())
    return stage


def said(stage: Stage) -> list[str]:
    return [f"{step.actor}: {step.effect} {step.ref.kind} {step.ref.name}" for step in stage.steps]


def class_of(stage: Stage) -> Hazard:
    return classify_step(stage, ())[0]


def lived(*more: Object) -> list[Object]:
    """Four hosts of which hv04 is a worker, with two volumes and a VM on it."""
    four = [*hosts.three(), hosts.worker("hv04"), *hosts.machine("hv04"), hosts.SETTING]
    longhorn = [hosts.new("longhorn.io/v1beta2", "Node", f"hv0{n}", hosts.LONGHORN, spec={}) for n in range(1, 5)]
    kept = [hosts.replica("full", f"hv0{n}") for n in range(1, 5)]
    moved = [hosts.replica("free", "hv04"), hosts.volume("free", on="hv04", vm="vm-1"), hosts.volume("full")]
    return [*four, *longhorn, *kept, *moved, *more]


def lived_in(*more: Object) -> Any:
    """The cluster of these hosts."""
    return open_objects("test", lived(*more), AT)


def test_a_drain_moves_what_it_can() -> None:
    """A replica goes where no other of its volume is; one that fits nowhere stays, and is told."""
    stage = acted(lived_in(hosts.vmi("vm-1", "hv04")), "drain hv04")
    places = {ref.name: stage.world.get(ref)["spec"]["nodeID"] for ref in stage.world.refs("Replica")}  # type: ignore[index]
    assert places["free-r-hv04"] != "hv04"
    assert places["full-r-hv04"] == "hv04"
    assert "Longhorn: waits Replica full-r-hv04" in said(stage)
    assert "KubeVirt: changed Node hv04" in said(stage)
    assert class_of(stage) is Hazard.CARE
    own = stage.world.get(ObjectRef("Node.longhorn.io", hosts.LONGHORN, "hv04")) or {}
    assert own["spec"] == {"allowScheduling": False, "evictionRequested": True}


def test_maintenance_mode_that_is_refused() -> None:
    """By a VM that cannot be migrated, and for the only management node, which can be cordoned all the same."""
    cases = ((lived_in(hosts.vmi("vm-1", "hv04", able="False")), "hv04"), (cluster("one-node"), "hv01"))
    for made, name in cases:
        stage = acted(made, f"drain {name}")
        assert class_of(stage) is (Hazard.USELESS if name == "hv04" else Hazard.CARE)
        assert f"Harvester: refused Node {name}" in said(stage)


def test_four_management_nodes_are_emptied_by_hand() -> None:
    """Harvester wants three: else a person cordons the Node, and its VMs and replicas leave all the same."""
    fourth = [obj for obj in lived(hosts.vmi("vm-1", "hv04")) if obj != hosts.worker("hv04")]
    made = open_objects("test", [*fourth, hosts.node("hv04")], AT)
    stage = acted(made, "drain hv04")
    assert class_of(stage) is Hazard.CARE
    assert said(stage)[-3:] == [
        f"{who} Node hv04" for who in ("Harvester: refused", "you: changed", "KubeVirt: changed")
    ]
    assert "maintain-status" not in str(stage.world.get(ObjectRef("Node", "", "hv04")))
    (step,) = [each for each in empty_steps(Facts(made.snapshot), hosts.of_node("hv04")) if each.action]
    assert step.commands == ("Hosts → hv04 → ⋮ → Cordon", "Virtual Machines → vm-1 → ⋮ → Migrate")
    assert "wants exactly 3" in step.caution


def test_a_host_that_is_uninstalled_does_not_come_back() -> None:
    """Its Node falls silent; deleted, it is not made again, and only then may the name be used."""
    alone = node("hv03", metadata={"annotations": {"cluster.x-k8s.io/machine": None}})
    made = cluster("three-nodes", alone)
    assert "RKE2: refused Node hv03" in said(acted(made, "join hv03"))
    gone = acted(made, "uninstall hv03", "delete Node hv03")
    assert gone.world.get(ObjectRef("Node", "", "hv03")) is None
    left = acted(made, "uninstall hv03", "delete Node hv03", "join hv03")
    assert any("Machine custom-957869c2ad0d of the old hv03" in reason for _, reason in left.notes)


def test_a_new_host_joins_and_is_paired() -> None:
    """The old Machine is gone with the Node, so that the name is free; the new pair is linked on both sides."""
    stage = acted(cluster(), "uninstall hv03", "delete host hv03", "join hv03")
    there = [ref for ref in stage.world.refs("Machine") if ref.name != HV03]
    new = next(ref for ref in there if (stage.world.get(ref) or {})["status"].get("nodeRef", {}).get("name") == "hv03")
    marks = (stage.world.get(ObjectRef("Node", "", "hv03")) or {})["metadata"]
    assert marks["annotations"]["cluster.x-k8s.io/machine"] == new.name
    assert marks["labels"]["harvesterhci.io/managed"] == "true"


def test_no_host_joins_during_an_upgrade_from_1_9_on() -> None:
    marks = {"provisioning.cattle.io/administrated": "true"}
    own: Object = {"apiVersion": "management.cattle.io/v3", "kind": "Cluster"}
    own["metadata"] = {"name": "local", "annotations": marks}
    made = cluster("four-nodes-upgrading", release("v1.9.0"), own)
    assert "Harvester's webhook: refused Node hv09" in said(acted(made, "join hv09"))
    assert "kubelet: created Node hv09" in said(acted(cluster("four-nodes-upgrading"), "join hv09"))


def drafted(*roles: str, name: str = NAME, **labels: str) -> Action:
    """The three objects of hv03, as a draft has them."""
    marks = {f"rke.cattle.io/{role}-role": "true" for role in roles} | {"rke.cattle.io/node-name": "hv03"}
    marks |= {"rke.cattle.io/cluster-name": "local", "cluster.x-k8s.io/cluster-name": "local"} | labels
    typed = {"apiVersion": "rke.cattle.io/v1", "namespace": FLEET, "name": name}
    spec = {
        "clusterName": "local",
        "bootstrap": {"configRef": {**typed, "kind": "RKEBootstrap"}},
        "infrastructureRef": {**typed, "kind": "CustomMachine"},
    }
    kinds = (("rke.cattle.io/v1", "RKEBootstrap", {}), ("rke.cattle.io/v1", "CustomMachine", {}))
    made = tuple(
        {
            "apiVersion": version,
            "kind": kind,
            "metadata": {"name": name, "namespace": FLEET, "labels": marks},
            "spec": body,
        }
        for version, kind, body in (*kinds, ("cluster.x-k8s.io/v1beta1", "Machine", spec))
    )
    return Action(verb=Verb.CREATE, ref=ObjectRef("Machine", FLEET, name), objects=made)


def orphan(*layers: Object) -> Any:
    """Three hosts of which hv03, a management node, has no Machine."""
    kept = [obj for obj in objects("three-nodes", *layers) if HV03 not in obj["metadata"]["name"]]
    for obj in kept:
        if obj["kind"] == "Node" and obj["metadata"]["name"] == "hv03":
            obj["metadata"] = deepcopy(obj["metadata"])
            marks = obj["metadata"]["annotations"]
            obj["metadata"]["annotations"] = {k: v for k, v in marks.items() if not k.startswith("cluster.x-k8s.io/")}
            obj["metadata"]["labels"].pop("rke.cattle.io/machine", None)
    return open_objects("test", kept, AT)


ALL = ("etcd", "control-plane", "worker")


def test_a_pair_without_an_agent_is_worse_than_an_orphan() -> None:
    """Controllers make owners and a plan Secret, but the planner waits; once the host registers, the pair is linked."""
    made = orphan()
    stage = acted(made, drafted(*ALL))
    assert class_of(stage) is Hazard.SILENT
    assert "Rancher's planner: waits Machine custom-0a1b2c3d4e5f" in said(stage)
    assert f"Rancher: created Secret {NAME}-machine-plan" in said(stage)
    again = acted(made, drafted(*ALL), "register hv03")
    obj = again.world.get(ObjectRef("Machine", FLEET, NAME)) or {}
    assert obj["status"]["nodeRef"]["name"] == "hv03"


def only(*kinds: str) -> Action:
    """A draft of which only some objects are made."""
    whole = drafted(*ALL)
    return replace(whole, objects=tuple(obj for obj in whole.objects if obj["kind"] in kinds))


@pytest.mark.parametrize(
    ("action", "hazard", "says"),
    [
        (drafted("worker"), Hazard.DANGEROUS, "has the role etcd"),
        (drafted(*ALL, **{"rke.cattle.io/cluster-name": "other"}), Hazard.SILENT, "the planner does not see"),
        (only("CustomMachine"), Hazard.USELESS, "no controller makes a Machine"),
        (only("Machine"), Hazard.SILENT, "never gets a CustomMachine"),
    ],
)
def test_mistakes_in_what_is_made_by_hand(action: Action, hazard: Hazard, says: str) -> None:
    stage = acted(orphan(), action)
    assert class_of(stage) is hazard
    assert any(says in reason for _, reason in stage.notes), list(stage.notes)


def test_fields_that_are_set() -> None:
    """A Cluster that is no longer paused goes on with deletions; a cordon of a stale Machine comes again."""
    paused = {"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Cluster", "spec": {"paused": True}}
    paused["metadata"] = {"name": "local", "namespace": FLEET}
    going = machine(HV03, metadata={"deletionTimestamp": "2025-05-01T08:00:00Z"})
    made = cluster("three-nodes", paused, going)
    local = ObjectRef("Cluster", FLEET, "local")
    stage = acted(made, Action(verb=Verb.PATCH, ref=local, changes=(("spec.paused", False),)))
    assert f"Cluster API: removed Machine {HV03}" in said(stage)
    cordoned = cluster("three-nodes", going, node("hv03", spec={"unschedulable": True}))
    uncordon = Action(verb=Verb.PATCH, ref=ObjectRef("Node", "", "hv03"), changes=(("spec.unschedulable", None),))
    assert class_of(acted(cordoned, uncordon)) is Hazard.USELESS
    label = Action(verb=Verb.PATCH, ref=ObjectRef("Node", "", "hv03"), changes=(('metadata.labels["a"]', "b"),))
    assert (acted(made, label).world.get(ObjectRef("Node", "", "hv03")) or {})["metadata"]["labels"]["a"] == "b"
