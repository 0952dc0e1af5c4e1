"""A node that is held in its drain, has no Job, or was passed over: what a scenario cannot say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.findings import Findings
from harvdiag.core.model import State
from harvdiag.snapshot import Resource, Snapshot
from harvdiag.training.world.longhorn import longhorn, volume_name
from harvdiag.training.world.objects import condition, moment, new
from harvdiag.training.world.steps import SINGLE
from harvdiag.training.world.upgradeplans import at_v2
from harvdiag.training.world.upgrades import NAME
from harvdiag.training.world.world import World
from tests import port
from tests.routes import from_bundle, from_folder
from tests.world import healthy, rollouts

NODES = ("hv01", "hv02", "hv03")
TOO_MANY = "volume-wants-too-many-replicas"
VOLUME_CHECKS = {"longhorn-node-degrades-volumes", "volume-degraded", "volume-faulted", TOO_MANY}
HELD, JOBLESS, BEHIND = "upgrade-pre-drain-held", "upgrade-node-without-job", "upgrade-left-node-behind"
STILL = "upgrade-not-moving"
VMI = Resource("kubevirt.io", "v1", "virtualmachineinstances", "prod", "VirtualMachineInstance")


def held(nodes: tuple[str, ...] = NODES, *, robustness: str = "healthy", hours: float = 3, **how: Any) -> World:
    """hv02 at its pre-drain since hours; the first volume is as `robustness` says."""
    world = rollouts.wait(rollouts.at_step(healthy(nodes, **how), "hv02", "h4"), hours=hours)
    world.objects = [obj for obj in world.objects if not obj["apiVersion"].startswith("longhorn.io/")]
    world.objects += longhorn(world)
    world.change("Volume", volume_name(0), {"status": {"robustness": robustness}})
    return world


def vm(name: str, node: str, *, movable: bool = False, phase: str = "Running", space: str = "prod") -> dict[str, Any]:
    """A VM on a node; the words of KubeVirt for one that cannot leave."""
    told = condition("LiveMigratable") | {"status": "True" if movable else "False"}
    told |= {} if movable else {"reason": "HostDeviceNotLiveMigratable"}
    status = {"nodeName": node, "phase": phase, "conditions": [told]}
    return new("kubevirt.io/v1", "VirtualMachineInstance", name, space, status=status)


def check(world: World, **states: State) -> Findings:
    """What a check gives; a keyword says of a kind what became of its list."""
    return Cluster(Snapshot(port.Port(world.objects, states, captured_at=world.captured_at))).check()


def rules_of(findings: Findings) -> set[str]:
    return {finding.rule for finding in findings}


@pytest.mark.parametrize(
    ("nodes", "robustness", "speaks"),
    [
        (NODES, "healthy", False),
        (NODES, "degraded", True),
        (NODES, "faulted", True),
        (NODES[:2], "degraded", False),
        (NODES[:2], "faulted", True),
    ],
)
def test_two_nodes_never_have_three_replicas(nodes: tuple[str, ...], robustness: str, speaks: bool) -> None:
    """With two nodes the Job is content with two replicas; a volume that wants three is degraded for good."""
    assert (HELD in rules_of(check(held(nodes, robustness=robustness)))) is speaks


@pytest.mark.parametrize(("version", "speaks"), [("v1.4.3", True), ("v1.5.0", False), ("master-1a2b", False)])
def test_a_witness_stores_nothing(version: str, speaks: bool) -> None:
    """Three nodes, one of them a witness: the Job waits as with two, but those up to 1.4 count it.

    Where no volume holds it, only the fallback speaks: nothing has moved for hours.
    """
    world = held(robustness="degraded", witness="hv03")
    world.change("Upgrade", NAME, {"spec": {"version": version}})
    findings = check(world)
    assert rules_of(findings) == ({TOO_MANY, HELD} if speaks else {STILL})
    for finding in findings.of(HELD):
        assert [step for step in finding.next if "No rebuild makes" in step]
        assert not [step for step in finding.next if "kubectl uncordon" in step]


def test_a_job_has_two_hours() -> None:
    assert HELD not in rules_of(check(held(robustness="degraded", hours=1.5)))


def test_a_vm_that_cannot_move_is_named(tmp_path: Path) -> None:
    """With KubeVirt's reason; those that can move, have ended or run elsewhere are not."""
    world = held()
    world.objects += [vm("gpu", "hv02"), vm("web", "hv02", movable=True), vm("old", "hv02", phase="Succeeded")]
    world.objects += [vm("far", "hv03")]
    (finding,) = from_folder(tmp_path, world.objects, world.captured_at).check().of(HELD)
    assert "VM prod/gpu cannot migrate (HostDeviceNotLiveMigratable)" in finding.message
    assert not [name for name in ("web", "old", "far") if f"prod/{name}" in finding.message]
    assert [step for step in finding.next if "gpu" in step and "Shut" in step]


def test_vms_are_read_from_a_bundle(tmp_path: Path) -> None:
    """Of the namespaces that are there."""
    world = held()
    world.objects.append(vm("gpu", "hv02", space="default"))
    (finding,) = from_bundle(tmp_path, world.objects, world.captured_at).check().of(HELD)
    assert "VM default/gpu cannot migrate" in finding.message


def test_vms_are_not_read_while_nothing_hangs() -> None:
    """There may be thousands."""
    world = held(robustness="degraded", hours=1)
    world.objects.append(vm("gpu", "hv02"))
    source = port.Port(world.objects, {}, [VMI], world.captured_at)
    Cluster(Snapshot(source)).check()
    assert not {kind for kind in source.read_kinds if kind.startswith("VirtualMachine")} - {"VirtualMachineImage"}


def test_many_volumes_are_counted() -> None:
    """A report names five, those at the node first."""
    world = held(robustness="degraded")
    world.objects = [obj for obj in world.objects if obj["kind"] not in {"Volume", "Replica"}]
    found = [obj for obj in longhorn(world, 12) if obj["kind"] == "Volume"]
    world.objects += [obj | {"status": obj["status"] | {"robustness": "degraded"}} for obj in found]
    (finding,) = check(world).of(HELD)
    assert finding.message.count("is degraded") == 5
    assert "7 more block it too" in finding.message
    assert finding.evidence[2].value == "hv02"


def test_unseen_volumes_settle_nothing() -> None:
    """They are read only where a Job hangs: then the rule is skipped, unless something that was seen blocks it."""
    findings = check(held(robustness="degraded"), **{"Volume.longhorn.io": State.FORBIDDEN})
    skipped = {outcome.rule: outcome.reason for outcome in findings.skipped}
    assert set(skipped) == {HELD, *VOLUME_CHECKS}
    assert skipped[HELD] == "Volume.longhorn.io forbidden: for a reason"
    again = check(held(hours=1), **{"Volume.longhorn.io": State.FORBIDDEN})
    assert HELD not in {outcome.rule for outcome in again.skipped}


@pytest.mark.parametrize("step", SINGLE)
def test_the_only_node_needs_its_job(step: str) -> None:
    """Deleted at work it is missed; once the node restarts, nothing waits for it any more."""
    world = rollouts.wait(rollouts.at_step(healthy(("hv01",)), "hv01", step), hours=1)
    assert JOBLESS not in rules_of(check(world))
    world.remove("Job", f"{NAME}-single-node-upgrade-hv01")
    assert (JOBLESS in rules_of(check(world))) is (step in {"started", "kubelet"})


def test_unseen_jobs_are_not_missed() -> None:
    world = rollouts.wait(rollouts.at_step(healthy(NODES), "hv02", "h4"), hours=1)
    world.remove("Job", f"{NAME}-pre-drain-hv02")
    assert JOBLESS in rules_of(check(world))
    assert JOBLESS not in rules_of(check(world, Job=State.FAILED))


def test_a_node_without_job_since_nobody_knows_when_is_not_told() -> None:
    """No cordon, no time."""
    world = rollouts.wait(rollouts.at_step(healthy(NODES), "hv02", "h4"), hours=1)
    world.remove("Job", f"{NAME}-pre-drain-hv02")
    world.get("Node", "hv02")["spec"].pop("taints")
    assert JOBLESS not in rules_of(check(world))


def behind() -> World:
    """An upgrade succeeded an hour ago; hv03 runs what it ran before."""
    world = rollouts.wait(rollouts.at_phase(healthy(NODES), "Succeeded"), hours=1)
    world.get("Upgrade", NAME)["status"]["nodeStatuses"].pop("hv03")
    world.change("Node", "hv03", {"status": {"nodeInfo": {"kubeletVersion": "v1.29.9+rke2r1"}}})
    return world


def test_a_node_left_behind_is_told() -> None:
    (finding,) = check(behind()).of(BEHIND)
    assert finding.subject == hd.ObjectRef("Node", "", "hv03")
    assert "v1.29.9+rke2r1" in finding.message


@pytest.mark.parametrize("why", ["joined", "no time", "no release", "all", "toolkit", "moment ago"])
def test_what_is_not_left_behind(why: str) -> None:
    """Joined later, changed for all of them since, or nobody can tell."""
    world = behind()
    if why in {"joined", "no time"}:
        at = moment(world.captured_at, minutes=-50) if why == "joined" else None
        world.change("Node", "hv03", {"metadata": {"creationTimestamp": at}})
    if why == "no release":
        world.change("Upgrade", NAME, {"status": {"repoInfo": None}})
    if why == "all":
        for node in NODES:
            world.change("Node", node, {"status": {"nodeInfo": {"kubeletVersion": "v1.33.3+rke2r1"}}})
    if why == "toolkit":
        at_v2(world, "Succeeded")
    if why == "moment ago":
        rollouts.wait(world, hours=-0.99)
    assert BEHIND not in rules_of(check(world))
