"""What the Job apply-manifests waits for, in the words of each release."""

from __future__ import annotations

import pytest

from harvdiag.core.model import ObjectRef
from harvdiag.upgrade.jobs import ACTIVE, Job
from harvdiag.upgrade.logs.services import ServicesWait, find_services_wait
from tests.logs.port import LogPort, logged, stamped

JOB = "hvst-upgrade-abcde-apply-manifests"
FILE = f"logs/harvester-system/{JOB}-7k2px/apply.log"


def job() -> Job:
    ref = ObjectRef("Job", "harvester-system", JOB)
    began = "2025-05-08T05:00:00Z"
    return Job(ref=ref, type="apply-manifests", node="", state=ACTIVE, reason="", began=began, ended="")


def waits(*lines: str) -> ServicesWait:
    found = find_services_wait(logged({FILE: stamped(*lines)}), job())
    assert found is not None
    return found


def test_helm_release_is_named_also_while_its_state_is_repeated() -> None:
    head = "wait helm release cattle-system rancher-webhook rancher-webhook-104.0.2 0.5.2 deployed"
    state = "rancher-webhook-104.0.1:0.5.1 in pending-upgrade state for {} minutes"
    found = waits(head, *(state.format(number) for number in range(1, 41)))
    assert (found.namespace, found.name) == ("cattle-system", "rancher-webhook")
    assert (found.state, found.minutes) == ("pending-upgrade", 40)
    assert "Helm release" in found.meaning


@pytest.mark.parametrize(
    ("lines", "meaning", "name"),
    [
        (["wait helm release cattle-fleet-system fleet fleet-1 1 deployed"], "Helm release", "fleet"),
        (["wait rollout -n longhorn-system daemonset longhorn-manager"], "rolled out", "longhorn-manager"),
        (
            ["wait rollout -n cattle-system deployment rancher"]
            + ['Waiting for deployment "rancher" rollout to finish: 1 out of 3 new replicas have been updated...'] * 9,
            "rolled out",
            "rancher",
        ),
        (
            ["waiting for statefulset prometheus to be created in namespace cattle-monitoring-system, sleeping"],
            "rolled out",
            "prometheus",
        ),
        (["continue waiting rollout deployment rancher-logging, 7"], "rolled out", "rancher-logging"),
        (
            ["wait managedchart rancher-logging-crd to be ready", *[" ready is 0, continue"] * 9],
            "ManagedChart",
            "rancher-logging-crd",
        ),
        (
            ["Waiting for ManagedChart fleet-local/harvester from generation 12"]
            + ["Current version: 1.5.1, Current state: Modified, Current generation: 12", "Sleep for 5"] * 9,
            "ManagedChart",
            "harvester",
        ),
        (
            ["try to patch addon rancher-monitoring in cattle-monitoring-system to 105"]
            + ["current status is AddonUpdating, continue wait: 9"] * 9,
            "Addon",
            "rancher-monitoring",
        ),
        (["Wait for Rancher to be upgraded..."], "server-version", ""),
        (
            ["CAPI cluster fleet-local/local reconcile in progress (phase=Provisioned), resetting stability timer."],
            "Provisioned",
            "",
        ),
        (["failed to get CAPI cluster fleet-local/local, retry..."], "Provisioned", ""),
        (["cluster.fleet -n fleet-local local condition Ready is false, continue"], "Fleet", ""),
        (["waiting for fleet-agent creation timestamp to be updated"], "Fleet's agent", ""),
        (["wait for new field agentTLSMode in clusters.fleet.cattle.io crd"], "Fleet's new version", ""),
        (["Waiting for KubeVirt to upgraded to 1.1.0..."], "KubeVirt", ""),
        (["Waiting for clusterrepo rancher-charts catalog index update..."], "chart repository", ""),
        (["some bundles are not ready"], "Bundle", ""),
        (["Upgrade repo deployment is not ready yet, waiting..."], "upgrade repository", ""),
        (["Wait for upgrade repo ready..."], "upgrade repository", ""),
    ],
)
def test_each_wait_is_understood(lines: list[str], meaning: str, name: str) -> None:
    found = waits("Upgrading Rancher", *lines)
    assert meaning in found.meaning
    assert found.name == name


@pytest.mark.parametrize(
    "end",
    [
        "completed helm release cattle-fleet-system fleet fleet-1 1 deployed",
        'deployment "rancher" successfully rolled out',
        "CAPI cluster fleet-local/local is provisioned and stable for 60s (current generation: 5).",
        "Upgrade repo is fully ready and accessible.",
        "all bundles are ready",
        "addon status is AddonDeploySuccessful",
        "cluster.fleet -n fleet-local local condition Ready is true",
    ],
)
def test_wait_that_is_over_counts_as_progress(end: str) -> None:
    found = waits("wait helm release a b c d e", end, "Something that is no wait")
    assert found.meaning == "the last line that the Job has written"
    assert found.step == "2025-05-08T09:00:01.123456789Z"


def test_log_is_searched_once() -> None:
    snapshot = logged({FILE: stamped("wait helm release a b c d e")})
    first, again = (find_services_wait(snapshot, job()) for _ in range(2))
    assert first is again
    reader = snapshot._reader
    assert isinstance(reader, LogPort)
    assert reader.opened == [FILE, FILE], "what it waits for, and the last step that ended"


def test_no_log() -> None:
    assert find_services_wait(logged({}), job()) is None
