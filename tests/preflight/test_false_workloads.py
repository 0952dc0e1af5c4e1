"""VMs and Pods of which Harvester's own checks say something else, or nothing: each on both sides of its threshold."""

from __future__ import annotations

from typing import Any

import pytest

from harvdiag.core.model import Outcome, Severity
from harvdiag.rules.blind import is_blind
from harvdiag.status.preflight.rows import ROWS
from harvdiag.training.world.objects import new
from tests.preflight.workloads import devices, judge, node, setting, vm, vmi, witness

FIXED, HOLDS = "preflight-vm-not-migratable", "preflight-vm-holds-drain"
PLANNED = "preflight-plan-vm-not-migratable"
BOUND, STALE = "preflight-vm-bound-to-host", "preflight-stale-hotplug"
CDROM = devices(disks=[{"name": "cd", "cdrom": {"bus": "sata"}}])
HOST = devices(hostDevices=[{"name": "hv02-000003000", "deviceName": "example.com/TU104GL"}])
GPU = devices(gpus=[{"name": "gpu1", "deviceName": "example.com/A2-2Q"}])
SRIOV = devices(interfaces=[{"name": "fast", "sriov": {}}])
TOOLS = {"name": "tools", "containerDisk": {"image": "tools:1"}}
STUCK = {"conditions": [{"type": "LiveMigratable", "status": "False", "reason": "DisksNotLiveMigratable"}]}
RESTORE = setting("upgrade-config", '{"restoreVM": true}')
ONE, TWO = (node("hv02"),), (node("hv02"), witness("hv03"))
OLD = {"version": "v1.5.2"}
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def told(outcome: Outcome) -> str | Severity:
    """The severity of the one finding, else the outcome."""
    return outcome.findings[0].severity if outcome.findings else outcome.outcome


def affinity(*expressions: dict[str, Any], key: str = "matchExpressions") -> dict[str, Any]:
    """What a VM requires of its node."""
    terms = {"nodeSelectorTerms": [{key: list(expressions)}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}


def host(operator: str, *names: str) -> dict[str, Any]:
    """An expression about the name of the host."""
    return {"key": "kubernetes.io/hostname", "operator": operator, "values": list(names)}


@pytest.mark.parametrize(
    ("found", "how", "expected"),
    [
        (vmi(), {}, "passed"),
        (vmi(nodeSelector={"zone": "a"}), {}, ERROR),
        (vmi(nodeSelector={"zone": "a"}), {"version": "v1.2.1"}, WARNING),
        (vmi(nodeSelector={"zone": "a"}), {"version": "master-1a2b-head"}, ERROR),
        (vmi(nodeSelector={"zone": "a"}), {"nodes": ONE}, "not-applicable"),
        (vmi(nodeSelector={"zone": "a"}), {"nodes": TWO, "version": "v1.6.0"}, "not-applicable"),
        (vmi(nodeSelector={"zone": "a"}), {"nodes": TWO} | OLD, ERROR),
        (vmi(), {"nodes": TWO} | OLD, "passed"),
        (vmi(**devices(hostDevices=[])), {"version": "v1.8.2"}, ERROR),
        (vmi(**devices(hostDevices=[])), {"version": "v1.9.0-rc1"}, "passed"),
        (vmi(**HOST), {}, ERROR),
        (vmi(**CDROM), {"version": "v1.4.0"}, "passed"),
        (vmi(**CDROM), {"version": "v1.4.1"}, ERROR),
        (vmi(**CDROM), {"version": "v1.7.3"}, ERROR),
        (vmi(**CDROM), {"version": "v1.8.0-rc1"}, "passed"),
        (vmi(volumes=[TOOLS]), {"version": "v1.6.0"}, ERROR),
        (vmi(status=STUCK), {}, "passed"),
        (vmi(**affinity(host("In", "hv02"))), {}, ERROR),
        (vmi(**affinity(host("In", "hv02", "hv03"))), {}, "passed"),
        (vmi(**affinity(host("NotIn", "hv01", "hv03"))), {}, ERROR),
        (vmi(**affinity({"key": "zone", "operator": "Exists"})), {}, ERROR),
        (vmi(**affinity({"key": "zone", "operator": "DoesNotExist"})), {}, "passed"),
        (
            vmi(**affinity({"key": "metadata.name", "operator": "In", "values": ["hv01"]}, key="matchFields")),
            {},
            "passed",
        ),
        (vmi(**affinity()), {}, ERROR),
        (vmi(), {"nodes": (node("hv01", unschedulable=True), node("hv02"))}, ERROR),
        (vmi(), {"nodes": (node("hv01", unschedulable=True), node("hv02"), node("hv03"))}, "passed"),
        (vmi(**affinity(host("In", "hv02", "hv03"))), {"nodes": (node("hv01"), *TWO), "version": "v1.6.0"}, ERROR),
    ],
)
def test_a_vm_that_cannot_migrate(found: Any, how: dict[str, Any], expected: object) -> None:
    """As the webhook has it; from 1.6 on a witness is not another node."""
    assert told(judge(FIXED, found, **how)) == expected


@pytest.mark.parametrize(
    ("version", "found", "expected"),
    [
        ("v1.6.0", vmi(**HOST), "not-applicable"),
        ("v1.5.2", vmi(**HOST), ERROR),
    ],
)
def test_restoring_vms_lets_pass_what_harvester_shuts_down(version: str, found: Any, expected: object) -> None:
    """From 1.6 on."""
    assert told(judge(FIXED, found, RESTORE, version=version)) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([vmi(**HOST), RESTORE], WARNING),
        (
            [
                vmi(**HOST),
                RESTORE,
                new("management.harvesterhci.io/v1beta1", "UpgradePlan", "up", status={"currentPhase": "Succeeded"}),
            ],
            ERROR,
        ),
        ([vmi(**HOST)], "not-applicable"),
        ([vmi(), RESTORE], "passed"),
    ],
)
def test_upgrade_v2_does_not_restore_vms(found: list[Any], expected: object) -> None:
    """What restoreVM lets pass for an Upgrade is refused for an UpgradePlan, from 1.7.1 on."""
    assert told(judge(PLANNED, *found, version="v1.8.0")) == expected
    assert told(judge(PLANNED, *found, version="v1.7.0")) == "not-applicable"


def test_the_webhook_passes_a_vm_whose_disk_only_one_node_has() -> None:
    """It does not read the condition LiveMigratable; then the drain waits for the VM."""
    (finding,) = judge(HOLDS, vmi(status=STUCK)).findings
    assert "DisksNotLiveMigratable; the webhook does not see it" in finding.message
    assert told(judge(HOLDS, vmi(status=STUCK), RESTORE, version="v1.6.0")) == ERROR, (
        "it is not among what is shut down"
    )
    assert told(judge(HOLDS, vmi(status=STUCK | {"phase": "Succeeded"}))) == "passed"
    assert told(judge(HOLDS, vmi(status=STUCK, **HOST))) == "passed", "the webhook refuses it"
    assert told(judge(HOLDS, vmi(status=STUCK), nodes=TWO)) == "not-applicable"


def test_every_reason_is_told_at_once() -> None:
    """The webhook names the VM, and no reason; what is left after one was removed would refuse again."""
    found = vmi(nodeSelector={"zone": "a"}, status=STUCK, volumes=[TOOLS], **HOST)
    (finding,) = judge(FIXED, found).findings
    parts = ("selector zone=a", "container disk tools and the host device hv02-000003000", "DisksNotLiveMigratable")
    assert all(part in finding.message for part in parts)


def test_many_vms_are_one_finding() -> None:
    """Each is named; five or fewer are told one by one."""
    six = judge(FIXED, *(vmi(f"vm{n}", **HOST) for n in range(6))).findings
    assert [len(six), len(six[0].targets)] == [1, 5]
    assert all(f"shop/vm{n}" in six[0].message for n in range(6))
    assert len(judge(FIXED, *(vmi(f"vm{n}", **HOST) for n in range(5))).findings) == 5


@pytest.mark.parametrize(
    ("found", "how", "expected"),
    [
        (vm(**CDROM), {}, ERROR),
        (vm(state="Stopped", **CDROM), {}, "passed"),
        (vm(state="Paused", **CDROM), {}, ERROR),
        (vm(**CDROM), {"version": "v1.8.0"}, WARNING),
        (vm(**CDROM), {"nodes": TWO}, INFO),
        (vm(**HOST), {"version": "v1.8.0"}, ERROR),
        (vm(**HOST), {"version": "master-head"}, ERROR),
        (vm(**GPU), {}, ERROR),
        (vm(**SRIOV), {}, WARNING),
        (vm(**devices(disks=[{"name": "disk-0", "disk": {"bus": "virtio"}}])), {}, "passed"),
    ],
)
def test_a_vm_with_a_device_of_its_host(found: Any, how: dict[str, Any], expected: object) -> None:
    """The script passes all without Setting upgrade-config, and fails for a CD-ROM even where it is moved."""
    assert told(judge(BOUND, found, **how)) == expected


def test_restoring_vms_lets_pass_devices() -> None:
    """As the script does."""
    assert told(judge(BOUND, vm(**HOST), RESTORE, version="v1.6.1")) == "not-applicable"


def requested() -> dict[str, Any]:
    """A VM with a request that was not carried out."""
    return vm(status={"volumeRequests": [{"addVolumeOptions": {"name": "extra"}}]})


@pytest.mark.parametrize(
    ("version", "how", "expected"),
    [
        ("v1.8.2", {}, ERROR),
        ("v1.9.0-rc1", {"nodes": TWO}, "not-applicable"),
        ("v1.8.1", {}, WARNING),
        ("v1.7.1", {"target": "v1.8.0"}, WARNING),
        ("v1.7.1", {"target": "v1.7.2"}, "not-applicable"),
        ("v1.6.1", {}, "not-applicable"),
        ("master-head", {}, ERROR),
    ],
)
def test_stale_hot_plug_is_asked_from_1_8_2_on(version: str, how: dict[str, Any], expected: object) -> None:
    """Before, it is a warning where the upgrade leads to a release that settles volumes by the VM's spec alone."""
    assert told(judge(STALE, requested(), version=version, **how)) == expected


@pytest.mark.parametrize(
    ("mark", "phase", "names", "expected"),
    [
        ({"persistentVolumeClaim": {"hotpluggable": True}}, "Running", ["disk-0"], ERROR),
        ({"dataVolume": {"hotpluggable": True}}, "Running", ["disk-0"], ERROR),
        ({"dataVolume": {"hotpluggable": True}}, "Running", ["disk-0", "extra"], "passed"),
        ({"dataVolume": {"hotpluggable": True}}, "Scheduling", ["disk-0"], "passed"),
        ({"persistentVolumeClaim": {"claimName": "extra"}}, "Running", ["disk-0"], "passed"),
    ],
)
def test_a_volume_that_only_the_instance_has(mark: Any, phase: str, names: list[str], expected: object) -> None:
    """It is hot-plugged, the VM runs, and the spec of the VM lacks it."""
    runs = vmi(status={"phase": phase}, volumes=[{"name": "extra"} | mark])
    assert told(judge(STALE, vm(volumes=[{"name": each} for each in names]), runs, version="v1.8.2")) == expected


def test_an_instance_whose_vm_was_not_seen_is_not_judged() -> None:
    """Whether it stands alone cannot be told."""
    runs = vmi(volumes=[{"name": "extra", "dataVolume": {"hotpluggable": True}}])
    assert told(judge(STALE, runs, version="v1.8.2")) == "skipped"


def handlers(*marked: bool) -> list[dict[str, Any]]:
    """The virt-handler Pods of a cluster, with and without the mark of their release."""
    key = "kubevirt.io/install-strategy-version"
    return [
        new(
            "v1",
            "Pod",
            f"virt-handler-{n}",
            "harvester-system",
            labels={"kubevirt.io": "virt-handler"},
            annotations={key: "v1.7.0"} if mark else {},
            status={"phase": "Running"},
        )
        for n, mark in enumerate(marked)
    ]


@pytest.mark.parametrize(
    ("available", "degraded", "marks", "expected"),
    [
        ("True", "False", (True, True), "passed"),
        ("False", "False", (True, True), ERROR),
        ("Unknown", "False", (True, True), ERROR),
        ("True", "True", (True, True), ERROR),
        ("True", "Unknown", (True, False), WARNING),
        ("True", "False", (False, False), "passed"),
        ("True", "False", (), "skipped"),
    ],
)
def test_kubevirt_is_to_be_ready(available: str, degraded: str, marks: tuple[bool, ...], expected: object) -> None:
    """No check of Harvester looks at it, and no VM can be moved without it."""
    rows = [{"type": "Available", "status": available}, {"type": "Degraded", "status": degraded}]
    kubevirt = new("kubevirt.io/v1", "KubeVirt", "kubevirt", "harvester-system", status={"conditions": rows})
    beat = {"conditions": [{"type": "Ready", "lastHeartbeatTime": "2025-05-08T10:00:00Z"}]}
    clock = new("v1", "Node", "hv09", status=beat)
    assert told(judge("preflight-kubevirt-not-ready", kubevirt, clock, *handlers(*marks))) == expected


@pytest.mark.parametrize(
    ("text", "pauses", "moves"),
    [
        ('{"restoreVM": "true"}', ERROR, "skipped"),
        ('{"logReadyTimeout": 5}', ERROR, "skipped"),
        ('{"nodeUpgradeOption": {"strategy": {"pauseNodes": [1]}}}', ERROR, "skipped"),
        ("{", ERROR, "skipped"),
        ("null", "not-applicable", ERROR),
        ('{"restoreVM": null, "imagePreloadOption": null}', "not-applicable", ERROR),
    ],
)
def test_a_setting_that_harvester_cannot_decode(text: str, pauses: object, moves: object) -> None:
    """Of it neither the map of nodes to pause nor restoreVM can be read, and each Upgrade is refused."""
    config = setting("upgrade-config", text)
    for version in ("v1.6.0", "v1.7.0"):
        assert told(judge("preflight-pause-map-invalid", config, version=version)) == pauses
    assert told(judge("preflight-pause-map-invalid", config, version="v1.5.2")) == "not-applicable"
    assert told(judge(FIXED, vmi(nodeSelector={}), config, version="v1.6.0")) == moves


@pytest.mark.parametrize(("spec", "refused"), [(CDROM, False), (HOST, True), (CDROM | {"nodeSelector": {}}, True)])
def test_upgrade_v2_is_not_said_to_refuse_a_cdrom(spec: dict[str, Any], refused: bool) -> None:
    """On 1.7 the webhook of an Upgrade refuses it; that of an UpgradePlan asks as 1.8 does."""
    (finding,) = judge(FIXED, vmi(**spec), version="v1.7.1").findings
    rows = {row.key: row for row in ROWS}
    assert is_blind(rows["UpgradePlan vms"], finding) is not refused
    assert not is_blind(rows["webhook V17"], finding)


def test_upgrade_v2_moves_a_cdrom_in_each_release() -> None:
    """On 1.7 its rules are already those of 1.8."""
    assert told(judge(PLANNED, vmi(**CDROM), RESTORE, version="v1.7.1")) == "passed"
