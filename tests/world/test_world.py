"""The invented world: its links hold in every version, its files are the committed ones, its damage is the kit's."""

from __future__ import annotations

import hashlib
import io
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from harvdiag.training.world.faults import orphan
from harvdiag.training.world.objects import moment
from harvdiag.training.world.steps import SINGLE, STEPS, order
from harvdiag.training.world.versions import RELEASES
from tests.together import together
from tests.world import World, healthy, rollouts, write_bundle, write_folder
from tests.world.bases import BASES, text
from tests.world.kit import PLAN_KEYS
from tests.world.samples import DATA, SAMPLES, issue_8236_sample, write_samples

SHAPES: dict[str, dict[str, Any]] = {
    "one": {"nodes": ("hv01",)},
    "two": {"nodes": ("hv01", "hv02")},
    "three": {},
    "seven": {"workers": ("hv04", "hv05", "hv06", "hv07")},
    "witness": {"witness": "hv03"},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("version", RELEASES)
def test_links_hold(version: str, shape: str) -> None:
    world = healthy(version=version, **SHAPES[shape])
    for name, host in world.hosts.items():
        assert_node_links(world, name)
        assert_set_links(world, name)
        assert host.machine == "custom-" + hashlib.sha256(host.cattle_id.encode()).hexdigest()[:12]
    for kind in ("Node", "Machine", "CustomMachine", "RKEBootstrap", "Secret"):
        assert len(list(world.find(kind))) == len(world.hosts)
    inits = [obj for obj in world.find("Secret") if "rke.cattle.io/init-node" in obj["metadata"]["labels"]]
    assert len(inits) == 1


def assert_node_links(world: World, name: str) -> None:
    """All links between a Node, its Machine and its CustomMachine."""
    node, machine = world.get("Node", name), world.get("Machine", world.machine_of(name))
    labels, ref = node["metadata"]["labels"], machine["status"]["nodeRef"]
    assert node["metadata"]["annotations"]["cluster.x-k8s.io/machine"] == machine["metadata"]["name"]
    assert ref["name"] == name
    assert ref.get("uid") == (None if world.release.beta2 else node["metadata"]["uid"])
    assert labels["rke.cattle.io/machine"] == machine["metadata"]["uid"]
    expected = machine["metadata"]["name"] if world.release.plan_labels else None
    assert labels.get("plan.cattle.io/machine-name") == expected
    custom = world.get("CustomMachine", machine["metadata"]["name"])
    assert node["spec"]["providerID"] == machine["spec"]["providerID"] == custom["spec"]["providerID"]


def assert_set_links(world: World, name: str) -> None:
    """All links between a Machine and the objects that belong to it."""
    host = world.hosts[name]
    machine, custom = world.get("Machine", host.machine), world.get("CustomMachine", host.machine)
    boot, secret = world.get("RKEBootstrap", host.machine), world.get("Secret", f"{host.machine}-machine-plan")
    assert machine["spec"]["infrastructureRef"]["name"] == custom["metadata"]["name"]
    assert machine["spec"]["bootstrap"]["configRef"]["name"] == boot["metadata"]["name"]
    for child, of in ((custom, machine), (boot, machine), (secret, boot), (machine, world.get("Cluster", "local"))):
        assert child["metadata"]["ownerReferences"][0]["uid"] == of["metadata"]["uid"]
    for obj in (machine, boot, secret):
        assert obj["metadata"]["labels"]["rke.cattle.io/machine-id"] == host.cattle_id
    assert secret["metadata"]["labels"]["rke.cattle.io/machine-name"] == host.machine
    assert boot["metadata"]["annotations"]["rke.cattle.io/internal-address"] == host.ip


@pytest.mark.parametrize("version", RELEASES)
def test_versions_differ_where_they_should(version: str) -> None:
    world = healthy(version=version)
    minor = int(version.split(".")[1])
    assert world.get("Machine", world.machine_of("hv01"))["apiVersion"].endswith("v1beta2" if minor > 7 else "v1beta1")
    assert len(list(world.find("Beacon"))) == (minor >= 9)
    assert ("upgrade-config" in {obj["metadata"]["name"] for obj in world.find("Setting")}) == (minor >= 6)
    management = world.get("Cluster.management.cattle.io", "local")["metadata"]
    assert ("annotations" in management) == (minor >= 9)


@pytest.mark.parametrize(
    ("shape", "servers", "etcd"), [("one", 1, 1), ("two", 1, 1), ("seven", 3, 3), ("witness", 2, 3)]
)
def test_roles(shape: str, servers: int, etcd: int) -> None:
    labels = [node["metadata"]["labels"] for node in healthy(**SHAPES[shape]).find("Node")]
    assert sum("node-role.kubernetes.io/control-plane" in found for found in labels) == servers
    assert sum("node-role.kubernetes.io/etcd" in found for found in labels) == etcd


def test_change_and_remove() -> None:
    world = healthy(lean=False)
    copy = world.copy()
    world.change("Node", "hv01", {"metadata": {"labels": {"harvesterhci.io/managed": None, "new": "1"}}})
    labels = world.get("Node", "hv01")["metadata"]["labels"]
    assert "harvesterhci.io/managed" not in labels
    assert labels["new"] == "1"
    assert copy.get("Node", "hv01")["metadata"]["labels"]["harvesterhci.io/managed"] == "true"
    assert world.get("Node.longhorn.io", "hv01")["apiVersion"] == "longhorn.io/v1beta2"
    orphan(world, "hv02")
    with pytest.raises(KeyError, match="no Machine"):
        world.get("Machine", world.machine_of("hv02"))


def members(path: Path) -> dict[str, bytes]:
    """All files of a zip, those of the zips inside too."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            found[name] = data
            if name.endswith(".zip"):
                inner = zipfile.ZipFile(io.BytesIO(data))
                found |= {f"{name}!{part}": inner.read(part) for part in inner.namelist()}
                found[name] = b""
    return found


def test_committed_samples_are_the_generated_ones(tmp_path: Path) -> None:
    for path in write_samples(tmp_path):
        committed = DATA / "bundles" / path.name
        assert members(path) == members(committed), f"{committed} is stale: run `make data`"
        assert committed.stat().st_size < 300_000
    assert {path.stem for path in (DATA / "bundles").iterdir()} == set(SAMPLES)


@pytest.mark.parametrize("name", BASES)
def test_committed_bases_are_the_generated_ones(name: str) -> None:
    path = DATA / "scenarios" / "base" / f"{name}.yaml"
    assert path.read_text(encoding="utf-8") == text(name), f"{path} is stale: run `make data`"


def test_orphan_host_of_the_sample() -> None:
    sample = issue_8236_sample()
    machines = {obj["metadata"]["name"] for obj in sample["objects"] if obj["kind"] == "Machine"}
    assert len(machines) == 3
    for node, files in sample["node_zips"].items():
        cattle_id = files["configs/etc/rancher/agent/cattle-id"]
        expected = "custom-" + hashlib.sha256(cattle_id.encode()).hexdigest()[:12]
        assert (expected in machines) == (node != "srv09")
        assert (f"fleet-local/{expected}-machine-plan" in files["logs/rancher-system-agent.log"]) == (node != "srv09")
    lost = sample["node_zips"]["srv09"]
    assert "provide credentials" in lost["logs/rancher-system-agent.log"]
    assert lost["logs/rancherd.log"].count("\n") == 1
    assert "already bootstrapped" in lost["logs/rancherd.log"]


ROLLOUTS = [("phase", size, phase) for size in (1, 2, 3, 7) for phase in (*rollouts.PHASES, "Failed")]
ROLLOUTS += [("step", size, step) for size in (2, 3, 7) for step in STEPS]
ROLLOUTS += [("step", 1, step) for step in SINGLE]


together_by_size = together(ROLLOUTS, by=lambda case: f"{case[0]} {case[1]}", name=str)


@cache
def rolled_out(how: str, size: int, which: str) -> World:
    """A world in the middle of an upgrade, which tests only read; at a step it is its last node's turn."""
    world = healthy([f"hv{i:02}" for i in range(1, size + 1)], version="v1.8.2")
    if how == "phase":
        return rollouts.at_phase(world, which)
    return rollouts.at_step(world, order(world)[-1], which)


@together_by_size
def test_an_upgrade_has_no_times_to_come(case: tuple[str, int, str]) -> None:
    world = rolled_out(*case)
    upgrade = world.get("Upgrade", "hvst-upgrade-abcde")
    began = upgrade["metadata"]["creationTimestamp"]
    for row in upgrade["status"]["conditions"]:
        assert began <= row["lastTransitionTime"] <= world.captured_at, row
    for job in world.find("Job"):
        assert began <= job["status"]["startTime"] <= world.captured_at, job["metadata"]["name"]
        assert job["status"].get("completionTime", "") <= world.captured_at, job["metadata"]["name"]
    for kind in ("Node", "Machine", "RKEControlPlane", "Secret"):
        for obj in world.find(kind):
            marks = obj["metadata"].get("annotations", {})
            assert marks.get("rke.cattle.io/plan-last-updated", "") <= world.captured_at
            rows = obj.get("status", {}).get("conditions", [])
            assert all(row["lastTransitionTime"] <= world.captured_at for row in rows)


@together_by_size
def test_at_most_one_hook_job_is_at_work(case: tuple[str, int, str]) -> None:
    world = rolled_out(*case)
    active = [job for job in world.find("Job") if job["status"].get("active")]
    names = [job["metadata"]["name"] for job in world.find("Job")]
    assert len(active) <= 1
    assert len(names) == len(set(names))
    hooked = [s for s in world.find("Secret") if "rke.cattle.io/drain-options" in s["metadata"]["annotations"]]
    assert len(hooked) <= 1


def test_time_goes_by() -> None:
    world = rollouts.at_step(healthy(), "hv02", "rebooting")
    then = world.captured_at
    rollouts.wait(world, hours=2)
    assert world.captured_at == moment(then, hours=2)
    beats = {row["lastHeartbeatTime"] for row in world.get("Node", "hv01")["status"]["conditions"]}
    assert beats == {moment(then, hours=2, minutes=-2)}


def test_an_unknown_step_or_phase_is_an_error() -> None:
    with pytest.raises(KeyError):
        rollouts.at_step(healthy(), "hv01", "h13")
    with pytest.raises(KeyError):
        rollouts.at_phase(healthy(), "Upgrading")


def test_the_log_of_a_job_at_work_ends_at_the_capture() -> None:
    sample = SAMPLES["unmanaged-node"]()
    (log,) = (text for name, text in sample["logs"].items() if "apply-manifests" in name)
    last = log.splitlines()[-1]
    assert last.endswith("Waiting for plan hvst-upgrade-abcde-skip-restart-rancher-system-agent to complete...")
    assert moment(sample["captured_at"], minutes=-2) <= last[:19] + "Z" <= sample["captured_at"]


def test_faults_of_the_samples() -> None:
    def named(sample: str, kind: str) -> set[str]:
        objects = SAMPLES[sample]()["objects"]
        return {
            obj["metadata"]["name"] for obj in objects if obj["kind"] == kind and "longhorn" not in obj["apiVersion"]
        }

    assert (len(named("unmanaged-node", "Node")), len(named("unmanaged-node", "Machine"))) == (6, 5)
    assert "hv04" not in SAMPLES["unmanaged-node"]()["node_zips"]
    assert (len(named("two-machines-one-node", "Node")), len(named("two-machines-one-node", "Machine"))) == (3, 4)
    assert (len(named("ghost-machines", "Node")), len(named("ghost-machines", "Machine"))) == (5, 7)
    lost = SAMPLES["lost-acknowledgement"]()["logs"]
    assert any("Operation cannot be fulfilled on secrets" in text for text in lost.values())


def bundle(tmp_path: Path, world: World, **how: Any) -> dict[str, str]:
    """The files of a bundle without a root directory: path to text."""
    path = write_bundle(tmp_path / "b.zip", world.objects, captured_at=world.captured_at, root="", **how)
    return {name: data.decode() for name, data in members(path).items() if not name.endswith("/")}


def test_damage_shows(tmp_path: Path) -> None:
    files = bundle(tmp_path, healthy(lean=False))
    whole = "".join(files.values())
    assert 'cluster.x-k8s.io/labels-from-machine: "null"' in files["yamls/cluster/v1/nodes.yaml"]
    assert "priority: 2.000001e+09" in files["yamls/namespaced/kube-system/v1/pods.yaml"]
    assert "never-to-be-read" not in whole
    assert 'chartValues: "null"' in files["yamls/namespaced/fleet-local/provisioning.cattle.io/v1/clusters.yaml"]
    assert 'creationTimestamp: "2025-01-31T10:12:22Z"' in whole
    assert "ssl-certificates" not in files["yamls/cluster/harvesterhci.io/v1beta1/settings.yaml"]
    for name, content in files.items():
        if name.endswith(".yaml") and name.startswith("yamls/"):
            assert yaml.load(content, yaml.CSafeLoader)["kind"] == "List", name


def test_secrets_are_cut(tmp_path: Path) -> None:
    content = bundle(tmp_path, healthy(lean=False))["yamls/namespaced/fleet-local/v1/secrets.yaml"]
    items = yaml.load(content, yaml.CSafeLoader)["items"]
    assert {item["type"] for item in items} == {"rke.cattle.io/machine-plan"}
    assert {key for item in items for key in item["data"]} <= set(PLAN_KEYS)
    assert {item["data"]["failed-checksum"] for item in items} == {"null"}


def test_secrets_of_none_and_of_old_kits(tmp_path: Path) -> None:
    world = healthy(("hv01",))
    world.remove("Secret", f"{world.machine_of('hv01')}-machine-plan")
    name = "yamls/namespaced/fleet-local/v1/secrets.yaml"
    assert "items: []" in bundle(tmp_path, world)[name]
    assert name not in bundle(tmp_path, world, secrets=False)


def test_preferred_version_only(tmp_path: Path) -> None:
    world = healthy(version="v1.8.2")
    world.objects += healthy(version="v1.7.1").objects[3:6]
    found = [name for name in bundle(tmp_path, world) if name.endswith("/machines.yaml")]
    assert found == ["yamls/namespaced/fleet-local/cluster.x-k8s.io/v1beta2/machines.yaml"]


def test_namespaces_not_collected(tmp_path: Path) -> None:
    files = bundle(tmp_path, healthy(), collected_namespaces=("default",), log_lines=["Unable to fetch x"])
    assert not [name for name in files if "fleet-local" in name]
    assert files["bundleGenerationError.log"] == "Unable to fetch x\n"


def test_layout_of_2021(tmp_path: Path) -> None:
    files = bundle(tmp_path, healthy(version="v1.0.3"), layout="2021")
    listed = sorted(name for name in files if name.startswith("yamls/"))
    nodes = yaml.load(files["yamls/cluster/kubernetes/nodes.yaml"], yaml.CSafeLoader)
    assert listed == [
        f"yamls/cluster/{n}.yaml" for n in ("harvester/settings", "kubernetes/namespaces", "kubernetes/nodes")
    ]
    assert (nodes["apiVersion"], nodes["kind"]) == ("v1", "NodeList")
    assert set(nodes["items"][0]) == {"metadata", "spec", "status"}


def test_folder_and_extracted_bundle(tmp_path: Path) -> None:
    world = healthy(("hv01",))
    world.objects = list(world.find("Node"))
    folder = write_folder(tmp_path / "folder", world.objects)
    machines = yaml.load((folder / "machines.cluster.x-k8s.io.yaml").read_text(), yaml.CSafeLoader)
    assert machines == {
        "apiVersion": "cluster.x-k8s.io/v1beta1",
        "items": [],
        "kind": "MachineList",
        "metadata": {"resourceVersion": ""},
    }
    root = write_bundle(tmp_path / "out", world.objects, captured_at=world.captured_at, as_folder=True)
    assert root.parent == tmp_path / "out"
    assert (root / "yamls" / "cluster" / "v1" / "nodes.yaml").is_file()


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    world = healthy(lean=False)
    paths = [tmp_path / "a.zip", tmp_path / "b.zip"]
    for path in paths:
        write_bundle(path, world.objects, captured_at=world.captured_at)
    assert paths[0].read_bytes() == paths[1].read_bytes()
