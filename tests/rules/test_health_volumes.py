"""Degraded volumes and instance managers: what a scenario cannot say, as large numbers and lists that are unseen."""

from __future__ import annotations

from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.findings import Findings
from harvdiag.core.model import Severity, State
from harvdiag.snapshot import Snapshot
from harvdiag.training.world.longhorn import longhorn, volume_name
from harvdiag.training.world.objects import moment, new
from harvdiag.training.world.world import World
from tests import port
from tests.world import healthy

NODES = ("hv01", "hv02", "hv03")
NODE, VOLUME, TOO_MANY = "longhorn-node-degrades-volumes", "volume-degraded", "volume-wants-too-many-replicas"
NO_DISRUPTION = {"disruptionsAllowed": 0}
BUDGET = "instance-manager-keeps-budget"


def stored(nodes: tuple[str, ...] = NODES, volumes: int = 4, **how: Any) -> World:
    """A healthy cluster at rest with this many volumes."""
    world = healthy(nodes, **how)
    world.objects = [obj for obj in world.objects if not obj["apiVersion"].startswith("longhorn.io/")]
    world.objects += longhorn(world, volumes)
    return world


def degrade(world: World, volumes: int = 1, **status: Any) -> World:
    """The first volumes are degraded."""
    for index in range(volumes):
        world.change("Volume", volume_name(index), {"status": {"robustness": "degraded", **status}})
    return world


def take_down(world: World, node: str, minutes: int = 120) -> World:
    """Longhorn has not reached a node for this long."""
    at = moment(world.captured_at, minutes=-minutes)
    ready = {"type": "Ready", "status": "False", "reason": "ManagerPodDown", "lastTransitionTime": at}
    world.change("Node.longhorn.io", node, {"status": {"conditions": [ready]}})
    return world


def check(world: World, **states: State) -> Findings:
    """What a check gives; a keyword says of a kind what became of its list."""
    return Cluster(Snapshot(port.Port(world.objects, states, captured_at=world.captured_at))).check()


def rules_of(findings: Findings) -> set[str]:
    return {finding.rule for finding in findings}


@pytest.mark.parametrize(
    ("nodes", "how", "found"),
    [
        (NODES[:1], {}, set()),
        (NODES[:2], {}, set()),
        (NODES, {}, {VOLUME}),
        (NODES, {"witness": "hv03"}, {TOO_MANY}),
    ],
)
def test_the_webhook_counts_three_nodes(nodes: tuple[str, ...], how: dict[str, str], found: set[str]) -> None:
    """One and two nodes can never have the three replicas of the default StorageClass, and are not refused for it."""
    assert rules_of(check(degrade(stored(nodes, **how)))) == found
    assert rules_of(check(stored(nodes, **how))) == set()


def test_one_node_down_is_one_finding() -> None:
    """However many volumes it degrades: the subject is the node, and the first of them are named."""
    world = take_down(degrade(stored(volumes=60), 60), "hv02")
    (finding,) = check(world)
    assert (finding.rule, finding.subject.name, finding.severity) == (NODE, "hv02", Severity.ERROR)
    assert finding.message.startswith(
        "60 volumes are degraded because Longhorn Node hv02 is not Ready (ManagerPodDown)"
    )
    assert "and 54 more" in finding.message


@pytest.mark.parametrize("why", ["young", "maintenance"])
def test_a_node_that_comes_back_is_no_fault(why: str) -> None:
    """It restarts, or an administrator has taken it out."""
    world = take_down(degrade(stored()), "hv02", minutes=5 if why == "young" else 120)
    if why == "maintenance":
        world.change("Node", "hv02", {"metadata": {"annotations": {"harvesterhci.io/maintain-status": "completed"}}})
    (finding,) = check(world).of(NODE)
    assert finding.severity is Severity.INFO


def test_many_volumes_that_want_too_much_are_one_finding() -> None:
    (finding,) = check(degrade(stored(witness="hv03", volumes=30), 30))
    assert finding.rule == TOO_MANY
    assert "29 other volumes" in finding.message


def test_a_node_that_has_just_joined_is_counted() -> None:
    """Longhorn does not know it yet."""
    world = degrade(stored())
    world.remove("Node.longhorn.io", "hv03")
    assert TOO_MANY in rules_of(check(world))
    world.change("Node", "hv03", {"metadata": {"creationTimestamp": moment(world.captured_at, minutes=-5)}})
    assert TOO_MANY not in rules_of(check(world))


def test_without_nodes_of_longhorn_nothing_is_concluded() -> None:
    """Their list is empty, or was not seen: then the check is skipped."""
    world = degrade(stored())
    findings = check(world, **{"Node.longhorn.io": State.FORBIDDEN})
    assert {TOO_MANY, VOLUME, NODE} <= {outcome.rule for outcome in findings.skipped}
    world.objects = [
        obj for obj in world.objects if (obj["kind"], obj["apiVersion"]) != ("Node", "longhorn.io/v1beta2")
    ]
    assert TOO_MANY not in rules_of(check(world))


def cordoned() -> World:
    """hv02 is cordoned for an hour, and its instance manager has an engine that is gone."""
    world = stored()
    taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    taint["timeAdded"] = moment(world.captured_at, minutes=-60)
    world.change("Node", "hv02", {"spec": {"unschedulable": True, "taints": [taint]}})
    engines = {"pvc-gone-e-0": {"spec": {"name": "pvc-gone-e-0"}, "status": {"state": "running"}}}
    status = {"currentState": "running", "instanceEngines": engines}
    manager = {"spec": {"nodeID": "hv02", "type": "aio"}, "status": status}
    world.objects += [
        new("longhorn.io/v1beta2", "InstanceManager", "instance-manager-1a", "longhorn-system", **manager),
        new(
            "policy/v1",
            "PodDisruptionBudget",
            "instance-manager-1a",
            "longhorn-system",
            status={"disruptionsAllowed": 0},
        ),
    ]
    return world


def test_lists_that_are_unseen_prove_no_dead_engine() -> None:
    """Without the Engines none is gone; where nothing is cordoned, none of the lists is read."""
    (finding,) = check(cordoned()).of(BUDGET)
    assert "there is no Engine pvc-gone-e-0" in finding.message
    for kind in ("Engine", "InstanceManager", "PodDisruptionBudget"):
        findings = check(cordoned(), **{kind: State.FORBIDDEN})
        assert BUDGET not in rules_of(findings)
        assert BUDGET in {outcome.rule for outcome in findings.skipped}
    world = cordoned()
    world.change("Node", "hv02", {"spec": {"unschedulable": None, "taints": None}})
    source = port.Port(world.objects, {}, captured_at=world.captured_at)
    Cluster(Snapshot(source)).check()
    assert not {"Engine", "InstanceManager", "PodDisruptionBudget", "Replica"} & set(source.read_kinds)
