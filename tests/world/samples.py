"""The sample bundles of `data/bundles`: run `python -m tests.world.samples` to write them again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.world.cluster import healthy
from tests.world.evidence import node_zips, pod_logs
from tests.world.extras import enrich, take_over
from tests.world.faults import orphan
from tests.world.kit import write_bundle
from tests.world.objects import condition, moment, new
from tests.world.upgrades import (
    NAME,
    add_manifest_job,
    add_node_job,
    add_plan,
    add_plan_job,
    add_upgrade,
    put_back,
    start_rollout,
)
from tests.world.world import World

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


def write_samples(folder: Path = DATA / "bundles") -> list[Path]:
    """Write the sample bundles and give back their paths."""
    samples = {"healthy": healthy_sample(), "issue-8236": issue_8236_sample()}
    return [write_bundle(folder / f"{name}.zip", **arguments) for name, arguments in samples.items()]


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


def _bundle(world: World, orphans: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "objects": world.objects,
        "captured_at": world.captured_at,
        "logs": pod_logs(world),
        "node_zips": node_zips(world, orphans),
    }


if __name__ == "__main__":
    for path in write_samples():
        print(f"{path} ({path.stat().st_size // 1024} KiB)")
