"""What Harvester's own checks of storage get wrong, and the gates: by the number of nodes, the release, the source."""

from __future__ import annotations

import json
from ipaddress import ip_network
from pathlib import Path
from random import Random
from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.model import Outcome, State
from harvdiag.rules.preflight.networks import STORAGE as STORAGE_SETTING
from harvdiag.rules.preflight.networks import Network, count_usable
from harvdiag.snapshot import Snapshot
from harvdiag.status.preflight import Preflight
from harvdiag.status.preflight.rows import Answered
from harvdiag.training.world.longhorn import longhorn, volume_name
from harvdiag.training.world.objects import new
from harvdiag.training.world.world import World
from tests import port
from tests.routes import from_bundle
from tests.world import healthy

LONGHORN_API, HARVESTER_API = "longhorn.io/v1beta2", "harvesterhci.io/v1beta1"
SPACE = "longhorn-system"
NODES = ("hv01", "hv02", "hv03")
DEGRADED, UNHEALTHY, SINGLE = (
    f"preflight-{name}" for name in ("volume-degraded", "volume-unhealthy", "single-replica-volume")
)
STORAGE, RWX, SIZES = (
    f"preflight-{name}" for name in ("storage-network-addresses", "rwx-network-addresses", "image-volume-size")
)
COPIES, BACKUP = "preflight-backing-image-copies", "preflight-vm-backup-running"


def stored(nodes: tuple[str, ...] = NODES, version: str = "v1.4.2", volumes: int = 1) -> World:
    """A healthy cluster at rest with volumes that no check speaks of."""
    world = healthy(nodes, version=version)
    world.objects = [obj for obj in world.objects if not obj["apiVersion"].startswith("longhorn.io/")]
    world.objects += longhorn(world, volumes)
    return world


def judge(world: World, target: str = "", **states: State) -> Preflight:
    """The preflight of a world; a keyword says of a kind what became of its list."""
    return Cluster(Snapshot(port.Port(world.objects, states, captured_at=world.captured_at))).preflight(target)


def outcome(preflight: Preflight, rule: str) -> Outcome:
    return next(each for each in preflight.findings.outcomes if each.rule == rule)


def said(preflight: Preflight, rule: str) -> list[tuple[str, str]]:
    """Severity and subject of what a rule found."""
    return [(str(f.severity), f.subject.name) for f in outcome(preflight, rule).findings]


def row(preflight: Preflight, key: str) -> Answered:
    return next(each for each in preflight.rows if each.row.key == key)


def change(world: World, spec: dict[str, Any] | None = None, index: int = 0, **status: Any) -> World:
    world.change("Volume", volume_name(index), {"spec": spec or {}, "status": status})
    return world


def test_a_faulted_volume_passes_the_webhook() -> None:
    """V6 looks for degraded volumes alone; the row is failed, by the check of faulted ones."""
    preflight = judge(change(stored(), robustness="faulted"))
    assert outcome(preflight, DEGRADED).outcome == "passed"
    assert row(preflight, "webhook V6").outcome == "failed"
    assert not preflight.ready


def test_many_faulted_volumes_are_one_reason_with_all_names() -> None:
    """Whichever volume each of the two rules names first: here one has a single replica, which the script passes."""
    world = stored(volumes=8)
    for index in range(8):
        change(world, {"numberOfReplicas": 3 if index else 1}, index, robustness="faulted")
    preflight = judge(world)
    (cause,) = [reason for reason in preflight.refusals if reason.rule == "volume-faulted"]
    (fault,) = cause.findings
    assert cause.what.endswith("; likewise 7 others")
    assert [finding.rule for finding in preflight.findings.story(fault)] == [UNHEALTHY]
    assert {ref.name for ref in (fault.subject, *fault.targets)} == set(map(volume_name, range(8)))


def test_the_webhook_counts_the_witness() -> None:
    """Two hosts that store data and a witness are three Nodes; two Nodes are not asked, but the script fails."""
    three = judge(change(stored(("hv01", "hv02", "hv03:witness")), robustness="degraded"))
    assert said(three, DEGRADED) == [("error", volume_name(0))]
    two = judge(change(stored(("hv01", "hv02")), robustness="degraded"))
    assert outcome(two, DEGRADED).outcome == "not-applicable"
    assert said(two, UNHEALTHY) == [("error", volume_name(0))]
    assert outcome(judge(change(stored(("hv01",)), robustness="degraded")), UNHEALTHY).outcome == "not-applicable"


def test_a_volume_without_an_engine_is_seen() -> None:
    """The script goes through engines: here are none, and it says that all volumes are healthy."""
    world = change(stored(("hv01", "hv02")), robustness="degraded")
    assert not list(world.find("Engine"))
    assert row(judge(world), "check.sh Longhorn-Volume-Health-Status").outcome == "failed"


def test_a_volume_that_is_being_attached_is_no_error() -> None:
    """Its health is not known yet, for which the script fails; without the list of Replicas that is still told."""
    world = change(stored(), state="attaching", robustness="unknown")
    change(world, state="attaching", robustness="unknown")
    assert said(judge(world, Replica=State.FORBIDDEN), UNHEALTHY) == [("warning", volume_name(0))]
    detached = change(stored(), state="detached", robustness="unknown")
    assert outcome(judge(detached, Replica=State.FORBIDDEN), UNHEALTHY).outcome == "skipped"


@pytest.mark.parametrize(
    ("version", "state", "severity"),
    [
        ("v1.2.2", "attached", "error"),  # no webhook asks, but it keeps its host from being drained
        ("v1.3.2", "detached", "error"),  # it keeps its host from being drained
        ("v1.4.3", "detached", "warning"),  # neither the webhook nor a drain minds
        ("v1.5.0", "detached", "error"),
        ("v1.4.3", "attaching", "error"),
        ("v1.4.3", "detaching", "warning"),
        ("v1.5.0", "creating", "error"),
        ("master-head", "detached", "error"),
    ],
)
def test_a_single_replica_by_release_and_state(version: str, state: str, severity: str) -> None:
    world = change(stored(version="v1.4.2"), {"numberOfReplicas": 1}, state=state)
    world.change("Setting", "server-version", {"value": version})
    assert said(judge(world), SINGLE) == [(severity, volume_name(0))]


def test_a_single_replica_is_told_with_its_user_and_without_one_node() -> None:
    """The claim, the VM and its Pod, the way out; dozens are one finding that lists them; one Node is not asked."""
    (found,) = outcome(judge(change(stored(version="v1.5.2"), {"numberOfReplicas": 1})), SINGLE).findings
    assert "VM vm-0 (Pod virt-launcher-vm-0-" in found.message
    assert "skipSingleReplicaDetachedVol" in " ".join(found.next)
    many = stored(volumes=9)
    for index in range(9):
        change(many, {"numberOfReplicas": 1}, index)
    (found,) = outcome(judge(many), SINGLE).findings
    assert "8 others are alike" in found.message
    assert len(found.targets) == 8
    alone = change(stored(("hv01",)), {"numberOfReplicas": 1})
    assert outcome(judge(alone), SINGLE).outcome == "not-applicable"


def test_too_few_hosts_for_three_copies() -> None:
    """The script warns on one host of an image with one copy, where no more are possible; 0 copies are too few."""
    world = stored(("hv01", "hv02"))
    for name, spec in (("two", {"minNumberOfCopies": 2}), ("one", {"minNumberOfCopies": 1}), ("none", {})):
        world.add(new(LONGHORN_API, "BackingImage", name, SPACE, spec=spec))
    assert said(judge(world), COPIES) == [("error", "none"), ("warning", "one"), ("info", "two")]
    world.change("Setting", "server-version", {"value": "v1.3.2"})
    assert outcome(judge(world), COPIES).outcome == "not-applicable"


def networked(value: Any, taken: int = 0, name: str = "storage-network", version: str = "v1.8.2") -> World:
    """One instance manager, one image manager, and a network with its pool."""
    world = stored(version=version)
    world.objects = [obj for obj in world.objects if obj["metadata"]["name"] != name]
    text = value if isinstance(value, str) else json.dumps(value)
    world.add(new(HARVESTER_API, "Setting", name, value=text))
    for kind in ("InstanceManager", "BackingImageManager"):
        world.add(new(LONGHORN_API, kind, "one", SPACE))
    network = value.get("network", value) if isinstance(value, dict) else {}
    spec = {"range": network.get("range", ""), "allocations": {str(i): {"id": "c"} for i in range(taken)}}
    pool = spec["range"].replace("/", "-").replace(":", "-") or "none"
    world.add(new("whereabouts.cni.cncf.io/v1alpha1", "IPPool", pool, "kube-system", spec=spec))
    return world


@pytest.mark.parametrize(
    ("value", "taken", "found"),
    [
        ({"range": "10.0.0.0/29"}, 4, "passed"),
        ({"range": "10.0.0.0/29"}, 5, "failed"),
        ({"range": "10.0.0.3/29"}, 4, "passed"),  # a host's address in place of the network's
        ({"range": "10.0.0.0/29", "exclude": ["10.0.0.0/30", "10.0.0.1/32", "10.0.0.1"]}, 1, "passed"),
        ({"range": "10.0.0.0/29", "exclude": ["10.0.0.0/30", "10.0.0.1/32"]}, 2, "failed"),
        ({"range": "10.0.0.0/29", "exclude": ["10.9.0.0/16", "fd00::/64"]}, 4, "passed"),
        ({"range": "10.0.0.0/29", "exclude": ["10.0.0.0/8"]}, 0, "failed"),
        ({"range": "10.0.0.0/31"}, 0, "failed"),
        ({"range": "10.0.0.0/32"}, 0, "failed"),
        ({"range": "fd00:7::/125"}, 4, "passed"),  # for the script such a range has no addresses
        ({"range": "fd00:7::/125"}, 5, "failed"),
        ({"range": "10.0.0.0/40"}, 0, "failed"),
        ({"range": "10.0.0.0/29", "exclude": ["x"]}, 0, "failed"),
        ({"vlan": 7}, 0, "failed"),
        ("", 0, "not-applicable"),
        ("{half", 0, "skipped"),
        ("[1]", 0, "skipped"),
    ],
)
def test_free_addresses(value: Any, taken: int, found: str) -> None:
    """Two are needed, and the first and the last address, and what is excluded, cannot be used."""
    assert outcome(judge(networked(value, taken)), STORAGE).outcome == found


def test_a_shared_network_needs_one_more() -> None:
    """By the Setting from 1.8 on, by Longhorn's before; a share of a network that is not set is a fault."""
    world = networked({"range": "10.0.0.0/29"}, 4)
    world.objects = [obj for obj in world.objects if obj["metadata"]["name"] != "rwx-network"]
    world.add(new(HARVESTER_API, "Setting", "rwx-network", value="", default='{"share-storage-network":true}'))
    preflight = judge(world)
    assert outcome(preflight, STORAGE).outcome == "failed"
    assert outcome(preflight, RWX).outcome == "not-applicable"
    world.change("Setting", "storage-network", {"value": ""})
    assert said(judge(world), STORAGE) == [("error", "rwx-network")]


def test_a_network_without_its_pool() -> None:
    """Unseen pools prove nothing; one that does not exist shows that nothing uses the network."""
    world = networked({"range": "10.0.0.0/29"})
    assert outcome(judge(world, IPPool=State.FORBIDDEN), STORAGE).outcome == "skipped"
    world.objects = [obj for obj in world.objects if obj["kind"] != "IPPool"]
    (found,) = outcome(judge(world), STORAGE).findings
    assert "no IPPool kube-system/10.0.0.0-29" in found.message


def test_a_network_of_its_own_for_shared_volumes() -> None:
    """One free address is enough for the repository."""
    value = {"share-storage-network": False, "network": {"range": "10.0.0.0/30"}}
    assert outcome(judge(networked(value, 1, "rwx-network")), RWX).outcome == "passed"
    unused = networked(value, 0, "rwx-network")
    unused.objects = [obj for obj in unused.objects if obj["kind"] != "IPPool"]
    assert said(judge(unused), RWX) == [("info", "rwx-network")]  # the script fails, as it finds no pool
    assert outcome(judge(networked(value, 2, "rwx-network")), RWX).outcome == "failed"


@pytest.mark.parametrize(
    ("version", "target", "found"),
    [
        ("v1.8.2", "v1.9.0", "not-applicable"),
        ("v1.9.0", "v1.9.1", "not-applicable"),
        ("v1.9.0", "v1.10.0", "failed"),
        ("v1.9.0", "", "failed"),
    ],
)
def test_sizes_are_asked_on_the_way_to_1_10(version: str, target: str, found: str) -> None:
    world = stored(version="v1.8.2")
    world.change("Setting", "server-version", {"value": version})
    home = "harvester-system"
    marks = {"harvesterhci.io/imageId": f"{home}/image"}
    world.add(new(HARVESTER_API, "VirtualMachineImage", "image", home, status={"size": 5, "virtualSize": 2.0**31}))
    claim = {"resources": {"requests": {"storage": "2047Mi"}}}
    world.add(new("v1", "PersistentVolumeClaim", "disk", home, annotations=marks, spec=claim))
    assert outcome(judge(world, target), SIZES).outcome == found


def test_a_backup_explains_a_volume_without_a_workload() -> None:
    """It attaches the volume of a VM that is off; the script calls that stale."""
    used = {"namespace": "prod", "pvcName": "disk", "workloadsStatus": None}
    world = change(stored(), kubernetesStatus=used)
    world.add(new(HARVESTER_API, "VirtualMachineBackup", "b", "prod", status={}))
    preflight = judge(world)
    (backup,), (stale,) = (outcome(preflight, rule).findings for rule in (BACKUP, "preflight-stale-volume"))
    assert stale.caused_by == (backup.fingerprint,)


def test_a_bundle_has_no_backups_of_users(tmp_path: Path) -> None:
    """None is proven by what a bundle holds, and one that it holds refuses; before 1.4 no check asks."""
    world = stored()
    world.add(new("v1", "Namespace", "prod"))
    assert outcome(from_bundle(tmp_path, world.objects).preflight(), BACKUP).outcome == "skipped"
    world.add(new(HARVESTER_API, "VirtualMachineBackup", "b", "harvester-system", status={}))
    assert said(from_bundle(tmp_path, world.objects).preflight(), BACKUP) == [("error", "b")]
    world.change("Setting", "server-version", {"value": "v1.3.2"})
    assert said(judge(world), BACKUP) == [("warning", "b")]


def test_usable_addresses_are_those_that_counting_finds() -> None:
    """Excluded ranges that meet, lie in one another, reach beyond the range or lie outside: counted one by one."""
    random = Random(7)  # noqa: S311 - the same in every run
    for _ in range(60):
        length = random.randint(25, 32)
        whole = ip_network(f"10.0.0.{random.randrange(256)}/{length}", strict=False)
        left_out = [f"10.0.0.{random.randrange(256)}/{random.randint(24, 32)}" for _ in range(random.randrange(4))]
        network = Network(place=STORAGE_SETTING, text=str(whole), excluded=tuple(left_out))
        inner = [*whole][1:-1]
        free = [at for at in inner if not any(at in ip_network(text, strict=False) for text in left_out)]
        assert count_usable(network) == len(free), network


@pytest.mark.parametrize(
    ("version", "value", "found"),
    [
        ("v1.4.2", '{"type":"s3"}', "failed"),  # a store at Amazon has no endpoint
        ("v1.4.1", '{"type":"nfs","endpoint":"nfs://a:/b","refreshIntervalInSeconds":0}', "failed"),
        ("v1.4.2", '{"type":"nfs","refreshIntervalInSeconds":300}', "passed"),
        ("v1.4.2", '{"type":"","endpoint":""}', "passed"),
        ("v1.4.2", "", "passed"),
        ("v1.4.2", "{half", "skipped"),
        ("v1.4.3", '{"type":"s3"}', "not-applicable"),
    ],
)
def test_the_interval_of_the_backup_target(version: str, value: str, found: str) -> None:
    """By its type, as the script takes it; on two releases alone."""
    world = healthy(NODES, version="v1.4.2")
    world.change("Setting", "server-version", {"value": version})
    world.add(new(HARVESTER_API, "Setting", "backup-target", value=value))
    assert row(judge(world), "check.sh Backup-Target").outcome == found
