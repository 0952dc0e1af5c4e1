"""The sample bundles of `data/bundles`: run `python -m tests.world.samples` to write them again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from harvdiag.training.kit.surround import surround
from harvdiag.training.world.evidence import node_zips, pod_logs
from harvdiag.training.world.extras import enrich, take_over
from harvdiag.training.world.faults import ghost, lose_answer, orphan, pass_over, second_machine, share_machine
from harvdiag.training.world.objects import condition, moment, new
from harvdiag.training.world.rollouts import at_phase, at_step, wait
from harvdiag.training.world.steps import say
from harvdiag.training.world.upgrades import (
    NAME,
    add_manifest_job,
    add_node_job,
    add_plan,
    add_plan_job,
    add_upgrade,
    put_back,
    start_rollout,
)
from harvdiag.training.world.world import World
from tests.world import healthy
from tests.world.kit import write_bundle

DATA = Path(__file__).parents[2] / "data"
_IMAGE = "rancher/harvester-upgrade"
_SKIP = f"{NAME}-skip-restart-rancher-system-agent"


def healthy_sample() -> dict[str, Any]:
    """Three nodes on v1.4.2, idle after an upgrade that came to its end: the arguments of `write_bundle`."""
    world = healthy(version="v1.4.2")
    add_upgrade(world, "v1.4.1", dict.fromkeys(world.hosts, "Succeeded"), state="Succeeded")
    _upgrade_log(world)
    add_plan(world, "system-agent-upgrader", world.hosts, managed=False, image="rancher/system-agent")
    enrich(world)
    world.objects = [obj for obj in world.objects if obj.get("type") != "Warning"]  # which tools take for an alarm
    return _bundle(world)


def issue_8236_sample() -> dict[str, Any]:
    """harvester/harvester#8236: four nodes, three Machines, and an upgrade that waits for srv09 for ever.

    srv09 runs RKE2 with an earlier install's state. The operator gave it the managed label by hand, so that the
    system services' upgrade went on (known from harvester-develop-summary); it stays at Images preloaded.
    """
    world = healthy(("srv06", "srv07", "srv08", "srv09"), version="v1.4.2")
    orphan(world, "srv09", managed=True)
    put_back(world, "srv09", "v1.4.1")
    began = moment(world.captured_at, days=-1, hours=1)
    _run_upgrade(world, began, upgraded=("srv06", "srv07", "srv08"))
    world.change("Node", "srv09", {"metadata": {"creationTimestamp": "2025-03-18T14:02:51Z"}})
    enrich(world)
    take_over(world.get("Node", "srv09"), "harvesterhci.io/managed", "kubectl-label", moment(began, hours=2))
    return _bundle(world, orphans=("srv09",))


def half_way_sample() -> dict[str, Any]:
    """A healthy upgrade: two of four nodes are done, the third is being drained, the worker waits for its turn."""
    world = at_step(healthy(_named(4), version="v1.4.2"), "hv03", "h4")
    enrich(world)
    return _bundle(world)


def lost_acknowledgement_sample() -> dict[str, Any]:
    """hv02's pre-drain Job is done, but writing the acknowledgement failed, and Harvester does not try again."""
    world = at_step(healthy(version="v1.4.2", captured_at="2025-05-08T06:40:00Z"), "hv02", "h5")
    lose_answer(world, "hv02")
    secret = f"{world.machine_of('hv02')}-machine-plan"
    conflict = "the object has been modified; please apply your changes to the latest version and try again"
    why = f'Operation cannot be fulfilled on secrets \\"{secret}\\": {conflict}'
    said = [(world.captured_at, _job_error("hv02", why))]
    wait(world, hours=3, minutes=20)
    enrich(world)
    return _bundle(world, harvester=said)


def unmanaged_node_sample() -> dict[str, Any]:
    """Six nodes, five Machines: hv04 names hv03's, has no managed label, and the services wait for a plan on it."""
    world = healthy(_named(6), version="v1.4.0", captured_at="2025-05-08T04:30:00Z")
    at_phase(world, "UpgradingSystemServices")
    share_machine(world, "hv04", "hv03")
    pass_over(world, "hv04")
    wait(world, hours=5, minutes=30)
    enrich(world)
    for chart in world.find("ManagedChart"):
        chart["spec"] |= {"paused": True, "version": "1.3.2"}
    return _bundle(world)


def two_machines_sample() -> dict[str, Any]:
    """harvester/harvester#7065: hv02 was added again before its old Machine was gone, and its drain is not answered.

    Harvester looks the plan Secret up by the Machine that the Node names; that was the old one at that time.
    """
    world = at_step(healthy(version="v1.4.2", captured_at="2025-05-08T06:40:00Z"), "hv02", "h5")
    lose_answer(world, "hv02")
    second_machine(world, "hv02", "2025-05-06T15:10:00Z")
    wait(world, hours=3, minutes=20)
    enrich(world)
    return _bundle(world)


def ghost_machines_sample() -> dict[str, Any]:
    """harvester/harvester#6203: two Machines more than nodes; the first node is done, the planner waits for ghosts."""
    world = healthy((*_named(5), "hv08", "hv09"), version="v1.3.1", captured_at="2025-05-07T16:00:00Z")
    lost = [world.machine_of(node) for node in ("hv08", "hv09")]
    for node in ("hv08", "hv09"):
        ghost(world, node, etcd=True)
    at_step(world, "hv01", "h12")
    say(world, f"configuring etcd node(s) {','.join((world.machine_of('hv02'), *lost))}", world.captured_at)
    wait(world, hours=18)
    enrich(world)
    return _bundle(world)


SAMPLES: dict[str, Callable[[], dict[str, Any]]] = {
    "healthy": healthy_sample,
    "issue-8236": issue_8236_sample,
    "upgrade-half-way": half_way_sample,
    "lost-acknowledgement": lost_acknowledgement_sample,
    "unmanaged-node": unmanaged_node_sample,
    "two-machines-one-node": two_machines_sample,
    "ghost-machines": ghost_machines_sample,
}


def write_samples(folder: Path = DATA / "bundles") -> list[Path]:
    """Write the sample bundles and give back their paths."""
    return [write_bundle(folder / f"{name}.zip", **arguments()) for name, arguments in SAMPLES.items()]


def _named(count: int) -> list[str]:
    return [f"hv{i:02}" for i in range(1, count + 1)]


def _job_error(node: str, why: str) -> str:
    """A line of Harvester's log that says why it could not handle a node's pre-drain Job."""
    job = f"harvester-system/{NAME}-pre-drain-{node}"
    return f"level=error msg=\"error syncing '{job}': handler harvester-upgrade-job-controller: {why}, requeuing\""


def _run_upgrade(world: World, began: str, upgraded: tuple[str, ...]) -> None:
    states = {name: "Succeeded" if name in upgraded else "Images preloaded" for name in world.hosts}
    add_upgrade(world, "v1.4.1", states)
    _upgrade_log(world)
    for suffix in ("prepare", "skip-restart-rancher-system-agent"):
        add_plan(world, f"{NAME}-{suffix}", world.hosts, image=_IMAGE)
    add_plan(world, "system-agent-upgrader", world.hosts, managed=False, image="rancher/system-agent")
    for i, node in enumerate(world.hosts):
        late = 0 if node in upgraded else 100  # after the label was set by hand
        add_plan_job(world, f"{NAME}-prepare", node, moment(began, minutes=20 + 10 * i + late))
        add_plan_job(world, _SKIP, node, moment(began, minutes=70 + late))
    add_manifest_job(world, moment(began, minutes=65))
    start_rollout(world)
    for i, node in enumerate(upgraded):
        add_node_job(world, node, "pre-drain", moment(began, hours=3 + i))
        add_node_job(world, node, "post-drain", moment(began, hours=3 + i, minutes=30))


def _upgrade_log(world: World) -> None:
    kinds = ("LoggingOperatorReady", "InfraReady", "Started")
    world.add(
        new(
            "harvesterhci.io/v1beta1",
            "UpgradeLog",
            f"{NAME}-upgradelog",
            "harvester-system",
            spec={"upgradeName": NAME},
            status={"conditions": [condition(kind) for kind in kinds]},
        )
    )


def _bundle(world: World, orphans: tuple[str, ...] = (), **said: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "objects": surround(world.objects),
        "captured_at": world.captured_at,
        "logs": pod_logs(world, said),
        "node_zips": node_zips(world, orphans),
    }


if __name__ == "__main__":
    for path in write_samples():
        print(f"{path} ({path.stat().st_size // 1024} KiB)")
