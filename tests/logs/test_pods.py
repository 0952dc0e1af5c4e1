"""What the pods of an upgrade say: what its Jobs wait for, and why Harvester starts none."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from harvdiag.core.model import ObjectRef
from harvdiag.snapshot import Resource, Snapshot
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.jobs import ACTIVE, COMPLETE, FAILED, Job
from harvdiag.upgrade.logs import MOST, Quote, find_job_wait, find_refusals
from harvdiag.upgrade.logs.pods import PODS as MOST_PODS
from tests.logs.port import LogPort, logged, stamped

NAME = "hvst-upgrade-abcde"
SYSTEM = "harvester-system"


def job(name: str = f"{NAME}-pre-drain-hv01", state: str = ACTIVE) -> Job:
    return Job(
        ref=ObjectRef("Job", SYSTEM, name),
        type="pre-drain",
        node="hv01",
        state=state,
        reason="",
        began="2025-05-08T09:00:00Z",
        ended="",
    )


def file(pod: str, container: str = "apply") -> str:
    return f"logs/{SYSTEM}/{pod}/{container}.log"


def says(*lines: str, state: str = ACTIVE) -> Quote | None:
    return find_job_wait(logged({file(f"{NAME}-pre-drain-hv01-x2x4z"): stamped(*lines)}), job(state=state))


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        (
            "Waiting for CAPI cluster fleet-local/local to be provisioned (current phase: Provisioning)...",
            "Provisioned",
        ),
        ("Wait for Rancher to be upgraded to v2.10.1...", "server-version"),
        ("wait helm release cattle-system rancher rancher-2.10.1 v2.10.1 deployed", "Helm release"),
        ("wait rollout -n harvester-system deployment harvester", "rolled out"),
        ("wait until cluster.fleet local is Imported", "Fleet"),
        ("fleet-agent is old, wait", "Fleet's agent"),
        ("Waiting for ManagedChart harvester-crd to be ready", "ManagedChart"),
        ("Waiting for KubeVirt to upgrade to 1.3", "KubeVirt"),
        ("Waiting for longhorn-manager to be upgraded (2/3)...", "longhorn-manager"),
        ("Checking instance-manager (aio) ...", "instance manager"),
        (f"Waiting for plan {NAME}-skip-restart-rancher-system-agent to complete...", "not managed"),
        ("Waiting for all Longhorn volumes to be healthy...", "Longhorn volume"),
        ("Volume pvc-1 is not healthy.", "Longhorn volume"),
        ("Waiting for VM live-migration or shutdown...(count: 2)", "VMs"),
        ("Waiting for evacuation PDB gone...", "KubeVirt"),
        ("Waiting for RKE2 to be upgraded...", "kubelet"),
    ],
)
def test_every_wait_has_a_meaning(line: str, meaning: str) -> None:
    quote = says("begin", line, "+ sleep 10")
    assert quote is not None
    assert quote.line.endswith(line)
    assert meaning in quote.meaning
    assert quote.time == "2025-05-08T09:00:01.123456789Z"


@pytest.mark.parametrize(
    ("lines", "quoted", "meaning"),
    [
        (["Volume pvc-1 is not healthy.", "Waiting for all Longhorn volumes to be healthy..."], "pvc-1", "Longhorn"),
        (["Volume pvc-1 does not have enough healthy replicas."], "pvc-1", "Longhorn"),
        (["Waiting for volume pvc-1 to be healthy..."], "pvc-1", "Longhorn"),
        (
            ["Waiting for ManagedChart fleet-local/harvester from generation 12"]
            + ["Current version: 1, Current state: a, Current generation: 2", "Sleep for 5 seconds to retry"] * 9,
            "Current version",
            "ManagedChart",
        ),
        (["KubeVirt current version: v1.2.2, target version: v1.3.1"] * 9, "target version", "KubeVirt"),
        (["instance-manager (aio) (image=x) count is not 1 on node hv02, will retry..."], "hv02", "instance manager"),
        (
            ["wait rollout -n a daemonset b", *['Waiting for daemon set "b" rollout to finish: 1'] * 9],
            "finish",
            "rolled",
        ),
        (
            ["Waiting for VM live-migration or shutdown...(count: 2)", *["+ sleep 5", "++ kubectl get vmi"] * 9],
            "2",
            "VMs",
        ),
        (
            ["Waiting for evacuation PDB gone...", *["pdb/kubevirt-migration-pdb-kubevirt-evacuation-x"] * 9],
            "PDB",
            "VM",
        ),
    ],
)
def test_wait_that_lasts_is_told(lines: list[str], quoted: str, meaning: str) -> None:
    """Some loops write what they wait for once, and in each turn something else; the shell may trace between."""
    quote = says("begin", *lines)
    assert quote is not None
    assert quoted in quote.line or meaning == "VM"
    assert meaning in quote.meaning


@pytest.mark.parametrize(
    "after",
    [
        ["node/hv01 untainted", "Starting elemental upgrade", "Copying", "Copying", "Copying", "Failed to unpack"],
        ["all VMs on node hv01 have been live-migrated or shutdown", "Failed to unpack"],
        ["Plan hvst-upgrade-abcde-skip completes.", "Failed to unpack"],
    ],
)
def test_wait_that_is_over_is_not_told_as_the_present_one(after: list[str]) -> None:
    quote = says("Waiting for VM live-migration or shutdown...(count: 2)", *after)
    assert quote is not None
    assert quote.line.endswith("Failed to unpack")
    assert quote.meaning == "the last line that the Job has written"


def test_last_wait_counts() -> None:
    quote = says("Volume pvc-1 is not healthy.", "Waiting for evacuation PDB gone", "Volume pvc-2 is not healthy.", "x")
    assert quote is not None
    assert "pvc-2" in quote.line


def test_job_that_waits_for_nothing_known_is_quoted_by_its_last_line() -> None:
    quote = says("begin", "exit code 1", "", state=FAILED)
    assert quote is not None
    assert "exit code 1" not in (quote.line or "")
    quote = find_job_wait(
        logged({file(f"{NAME}-pre-drain-hv01-x2x4z"): stamped("begin", "exit code 1") + "\n\n"}), job()
    )
    assert quote is not None
    assert quote.line.endswith("exit code 1")
    assert quote.meaning == "the last line that the Job has written"


def test_complete_job_waits_for_nothing() -> None:
    assert says("Waiting for evacuation PDB gone", state=COMPLETE) is None


def test_no_log() -> None:
    assert find_job_wait(logged({}), job()) is None
    assert says() is None


def test_youngest_pod_of_several() -> None:
    texts = {
        file(f"{NAME}-pre-drain-hv01-aaaaa"): stamped("Volume young is not healthy.", minute=30),
        file(f"{NAME}-pre-drain-hv01-zzzzz"): stamped("Volume old is not healthy.", minute=10),
        file(f"{NAME}-pre-drain-hv01-b-zzzzz"): stamped("Volume of hv01-b is not healthy.", minute=40),
        file(f"{NAME}-pre-drain-hv012-zzzzz"): stamped("Volume of hv012 is not healthy.", minute=40),
        file(f"{NAME}-pre-drain-hv01-aaaaa") + ".1": stamped("Volume before is not healthy.", minute=50),
    }
    quote = find_job_wait(logged(texts), job())
    assert quote is not None
    assert "young" in quote.line


def test_pods_of_long_names_are_told_by_their_label() -> None:
    name = f"{NAME}-pre-drain-a-node-with-a-name-that-is-as-l"  # 57 signs are kept of it
    assert len(name) < 63
    long = (name + "x" * 63)[:57] + "-1a2b3"
    pods: list[dict[str, Any]] = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"{long[:58]}{end}", "namespace": SYSTEM, "labels": {"job-name": of}},
        }
        for end, of in (("aaaaa", long), ("bbbbb", long[:58] + "zzzzz"))
    ]
    texts = {
        file(f"{long[:58]}aaaaa"): stamped("Volume mine is not healthy."),
        file(f"{long[:58]}bbbbb"): stamped("Volume theirs is not healthy.", minute=9),
    }
    of_metrics = Resource("metrics.k8s.io", "v1beta1", "pods", SYSTEM)
    listed = logged(texts, pods, [Resource("", "v1", "pods", SYSTEM), of_metrics])
    quote = find_job_wait(listed, job(long))
    assert quote is not None
    assert "mine" in quote.line
    assert find_job_wait(logged(texts), job(long)) is None, "no Pod tells whose logs these are"


def upgrade(created: str = "2025-05-08T08:00:00Z") -> Upgrade:
    return Upgrade({"metadata": {"name": NAME, "namespace": SYSTEM, "creationTimestamp": created}})


REFUSED = 'error syncing: hv02 is in "{Pre-drained  }" state so hv03 is not allowed to run any kind of job, requeuing'
PENDING = f"error syncing: there are pending jobs: ({SYSTEM}/{NAME}-pre-drain-hv02), requeuing"
PODS = ("harvester-7d4b9c8f6d-x2x4z", "harvester-abcde")


@pytest.mark.parametrize("pod", PODS)
def test_why_harvester_starts_no_job(pod: str) -> None:
    said = find_refusals(logged({file(pod, "apiserver"): stamped(REFUSED, PENDING, REFUSED)}), upgrade())
    assert [quote.line.partition(" ")[2] for quote in said] == [REFUSED, PENDING]
    assert said[0].time == "2025-05-08T09:00:02.123456789Z"


def test_other_pods_and_other_upgrades_are_not_asked() -> None:
    others = ("harvester-webhook-abcde", "harvester-webhook-7d4b9c8f6d-x2x4z", "harvester-node-manager-x2x4z")
    assert find_refusals(logged({file(pod): stamped(REFUSED) for pod in others}), upgrade()) == []
    late = upgrade("2025-05-08T09:30:00Z")
    assert find_refusals(logged({file(PODS[0]): stamped(REFUSED)}), late) == []


def test_newest_of_several_pods() -> None:
    texts = {file(PODS[0]): stamped(REFUSED, minute=5), file(PODS[1]): stamped(REFUSED, minute=2)}
    (said,) = find_refusals(logged(texts), upgrade())
    assert said.file == file(PODS[0])


LOST = (
    f"level=error msg=\"error syncing '{SYSTEM}/{NAME}-pre-drain-hv02': handler harvester-upgrade-job-controller: "
    'Operation cannot be fulfilled on secrets \\"custom-0-machine-plan\\": the object has been modified, requeuing"'
)


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        (LOST, "does not retry"),
        (LOST.replace("job-controller", "node-controller"), "does not retry"),
        (
            "handler harvester-upgrade-job-controller: found 2 plan secret for machine custom-0, requeuing",
            "does not answer",
        ),
        (LOST.replace("on secrets", "on upgrades"), ""),
        (LOST.replace("harvester-upgrade-job-controller", "other"), ""),
    ],
)
def test_lost_acknowledgement_is_told(line: str, meaning: str) -> None:
    said = find_refusals(logged({file(PODS[0]): stamped("begin", line, "end")}), upgrade())
    assert [meaning in quote.meaning for quote in said] == ([True] if meaning else [])


def test_order_of_times_is_not_that_of_their_letters() -> None:
    texts = {
        file(PODS[0]): f"2025-05-08T09:00:00Z {REFUSED}\n",
        file(PODS[1]): f"2025-05-08T10:30:00+02:00 {REFUSED}\n",
    }
    (said,) = find_refusals(logged(texts), upgrade())
    assert said.file == file(PODS[0])


def test_logs_of_pods_are_read_one_after_the_other_and_not_without_end() -> None:
    texts = {file(f"harvester-{i:05}"): stamped(REFUSED) for i in range(10_000, 10_050)}
    port = LogPort(texts)
    assert len(find_refusals(Snapshot(port), upgrade())) == 1
    assert len(port.opened) == len(set(port.opened)) == MOST_PODS


def test_one_log_is_held_at_a_time() -> None:
    texts = {file(f"harvester-{i:05}"): "x\n" * (MOST // 2 + 9) + stamped(REFUSED) for i in range(10_000, 10_006)}
    snapshot = logged(texts)
    tracemalloc.start()
    find_refusals(snapshot, upgrade())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * MOST
