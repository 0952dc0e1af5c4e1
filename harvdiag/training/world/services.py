"""What an upgrade's phases leave behind: settings, image and repository, plans of the system-upgrade-controller, Jobs.

`show_services` adds what is there in the middle of a phase; the phases count as in docs/objects.md#upgrade-phases.
"""

from __future__ import annotations

from harvdiag.training.world import upgrades as parts
from harvdiag.training.world.objects import condition, moment, new
from harvdiag.training.world.upgrades import NAME
from harvdiag.training.world.versions import release
from harvdiag.training.world.world import World

__all__ = ["IMAGE", "show_services"]

IMAGE = "rancher/harvester-upgrade"
PREPARE, SKIP_RESTART = f"{NAME}-prepare", f"{NAME}-skip-restart-rancher-system-agent"
_LOG, _ISO, _REPO, _PREPARE, _PREPARED, _SERVICES, _GATE, _NODES = 1, 2, 3, 5, 6, 7, 8, 9  # indices of PHASES


def show_services(world: World, phase: int, minutes: int, previous: str) -> None:
    """Show the world in the phase of this index of PHASES, `minutes` after the Upgrade was made."""
    began = moment(world.captured_at, minutes=-minutes)
    if phase >= _LOG:
        _upgrade_log(world, started=phase > _LOG)
    if phase >= _ISO:
        _iso(world, ready=phase > _ISO)
    if phase >= _REPO:
        _repo(world, ready=phase > _REPO)
    if phase >= _PREPARE:
        _prepare(world, began, at_work=phase == _PREPARE)
    if phase >= _SERVICES:
        _manifests(world, began, at_work=phase == _SERVICES)
    if phase >= _GATE and world.release.minor >= 6 and len(world.hosts) > 1:
        _gate(world, done=phase > _GATE)
    if phase < _NODES:
        _old_kubernetes(world, previous)
    if phase <= _SERVICES:
        world.change("Setting", "server-version", {"value": previous})


def _upgrade_log(world: World, *, started: bool) -> None:
    rows = [condition("LoggingOperatorReady")] + [condition(kind) for kind in ("InfraReady", "Started") if started]
    log, labels = f"{NAME}-upgradelog", {"harvesterhci.io/upgrade": NAME}
    body = {"labels": labels, "spec": {"upgradeName": NAME}, "status": {"conditions": rows}}
    world.add(new("harvesterhci.io/v1beta1", "UpgradeLog", log, "harvester-system", **body))


def _iso(world: World, *, ready: bool) -> None:
    told = condition("Imported", "True" if ready else "Unknown")
    status = {"conditions": [told], "progress": 100 if ready else 62}
    spec = {"displayName": NAME, "sourceType": "download", "url": "https://releases.example/harvester.iso"}
    body = {"labels": {"harvesterhci.io/upgrade": NAME}, "spec": spec, "status": status}
    world.add(new("harvesterhci.io/v1beta1", "VirtualMachineImage", NAME, "harvester-system", **body))


def _repo(world: World, *, ready: bool) -> None:
    labels = {"harvesterhci.io/upgrade": NAME, "harvesterhci.io/upgradeComponent": "repo"}
    name = f"upgrade-repo-{NAME}"
    if release(world.version).minor >= 7:
        status = {"replicas": 1} | ({"readyReplicas": 1, "availableReplicas": 1} if ready else {})
        body = {"labels": labels, "spec": {"replicas": 1}, "status": status}
        world.add(new("apps/v1", "Deployment", name, "harvester-system", **body))
        return
    vm = {"conditions": [condition("Ready", "True" if ready else "False")], "created": True}
    body = {"labels": labels, "spec": {"running": True}, "status": vm}
    world.add(new("kubevirt.io/v1", "VirtualMachine", name, "harvester-system", **body))


def _prepare(world: World, began: str, *, at_work: bool) -> None:
    """The prepare plan, its label on the nodes that are through, and a Job for each that began."""
    states = world.get("Upgrade", NAME)["status"]["nodeStatuses"]
    through = [node for node in world.hosts if node in states and states[node]["state"] != "Images preloading"]
    plan = parts.add_plan(world, PREPARE, through, image=IMAGE)
    gap = 30 // max(len(world.hosts), 1)
    for i, node in enumerate(name for name in world.hosts if name in states):
        job = parts.add_plan_job(world, PREPARE, node, moment(began, minutes=20 + gap * i), minutes=gap)
        if node not in through:
            parts.set_job(job, "active")
    if at_work:
        parts.set_plan(plan, [node for node in states if node not in through])


def _manifests(world: World, began: str, *, at_work: bool) -> None:
    """The Job apply-manifests, and the plan by which it keeps the hosts' RKE2 from restarting.

    The Job deletes that plan, and with it its Jobs, when every Node carries its label.
    """
    job = parts.add_manifest_job(world, moment(began, minutes=65))
    parts.add_plan(world, SKIP_RESTART, world.hosts, image=IMAGE)
    parts.add_plan(world, "system-agent-upgrader", world.hosts, managed=False, image="rancher/system-agent")
    if not at_work:
        world.remove("Plan", SKIP_RESTART)
        return
    parts.set_job(job, "active")
    for node in world.hosts:
        parts.add_plan_job(world, SKIP_RESTART, node, moment(began, minutes=66), minutes=2)


def _gate(world: World, *, done: bool) -> None:
    """The plan that lays RKE2's .skip files, on the control plane alone."""
    servers = [name for name, host in world.hosts.items() if host.role == "management"]
    name = f"{NAME}-skip-manifests-apply"
    plan = parts.add_plan(world, name, servers if done else servers[:-1], image=IMAGE)
    plan["metadata"]["labels"]["harvesterhci.io/upgradeComponent"] = "apply-skip-rke2-manifests"
    plan["spec"]["nodeSelector"]["matchLabels"]["node-role.kubernetes.io/control-plane"] = "true"
    if not done:
        parts.set_plan(plan, servers[-1:])
        return
    key = "harvesterhci.io/apply-skip-rke2-manifests-plan-completed"
    wait = "harvesterhci.io/replica-replenishment-wait-interval"
    world.change("Upgrade", NAME, {"metadata": {"annotations": {key: "true", wait: "600"}}})


def _old_kubernetes(world: World, previous: str) -> None:
    old = {"spec": {"kubernetesVersion": release(previous).kubernetes}}
    for kind in ("Cluster.provisioning.cattle.io", "RKEControlPlane"):
        world.change(kind, "local", old)
    version = {"gitVersion": release(previous).kubernetes}
    world.change("Cluster.management.cattle.io", "local", {"status": {"version": version}})
