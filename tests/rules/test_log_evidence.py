"""Lines of logs in findings: what a scenario, which has no logs, cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding
from harvdiag.snapshot import Manifest, Snapshot
from harvdiag.training.world.faults import lose_answer, orphan
from harvdiag.training.world.objects import new
from harvdiag.training.world.upgrades import NAME, set_job
from harvdiag.training.world.world import World
from tests.logs.port import LogPort, journal, stamped
from tests.world import healthy, rollouts

BUNDLES = Path(__file__).parents[2] / "data" / "bundles"
NODES = ("hv01", "hv02", "hv03")
WAITING, REPOSITORY = "upgrade-services-waiting", "upgrade-repository-not-ready"
AGENT = "nodes/hv02.zip/logs/rancher-system-agent.log"
POD = f"logs/harvester-system/{NAME}-apply-manifests-7k2px/apply.log"
HELM = "wait helm release cattle-fleet-system fleet fleet-107.0.2 0.13.2 deployed"


def check(world: World, logs: Mapping[str, str]) -> tuple[Findings, list[str]]:
    """What a check gives, and the names of the logs that were opened."""
    source = LogPort(logs, world.objects)
    source.manifest = Manifest(kind="bundle", name="port", captured_at=world.captured_at)
    return Cluster(Snapshot(source)).check(), source.opened


def only(findings: Findings, rule: str) -> Finding:
    (finding,) = findings.of(rule)
    return finding


def services(*, hours: float, version: str = "v1.4.2") -> World:
    return rollouts.wait(rollouts.at_phase(healthy(NODES, version=version), "UpgradingSystemServices"), hours=hours)


def test_healthy_upgrade_opens_no_log() -> None:
    """Logs are read where something is wrong, never to find that out."""
    texts = {POD: stamped(HELM), AGENT: journal("x509: unknown authority"), AGENT.replace("hv02", "hv01"): journal("a")}
    for world in (healthy(NODES), services(hours=1), rollouts.at_step(healthy(NODES), "hv02", "h4")):
        findings, opened = check(world, texts)
        assert not list(findings)
        assert opened == []


def test_helm_release_is_named_though_no_object_has_it() -> None:
    findings, _ = check(services(hours=5), {POD: stamped("Wait for Rancher dependencies helm releases...", HELM)})
    finding = only(findings, WAITING)
    assert "waits for the Helm release fleet of namespace cattle-fleet-system" in finding.message
    assert any("`helm history fleet -n cattle-fleet-system`" in step for step in finding.next)
    line = finding.evidence[0]
    assert (line.path, str(line.value).endswith(HELM)) == (f"{POD}, line 2", True)
    assert finding.holds


def test_step_that_ended_a_while_ago_is_no_stall() -> None:
    """The Job has run for five hours; an hour ago a wait in it ended."""
    world = services(hours=5)
    hour = int(world.captured_at[11:13]) - 1
    done = f"{world.captured_at[:11]}{hour:02}:30:00.000000000Z completed helm release a b c d e\n"
    findings, _ = check(world, {POD: done + f"{world.captured_at[:11]}{hour:02}:31:00.000000000Z {HELM}\n"})
    assert not list(findings)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("wait rollout -n cattle-system deployment rancher-webhook", "Deployment cattle-system/rancher-webhook"),
        ("wait managedchart rancher-logging-crd to be ready", "ManagedChart rancher-logging-crd"),
        ("CAPI cluster fleet-local/local x, resetting stability timer.", "Cluster fleet-local/local"),
        ("waiting for fleet-agent creation timestamp to be updated", "Fleet's agent"),
        ("wait until cluster.fleet local is Ready after fleet-controller is upgraded", "Fleet does not call"),
    ],
)
def test_other_waits_are_told(line: str, told: str) -> None:
    finding = only(check(services(hours=5), {POD: stamped(line)})[0], WAITING)
    assert told in finding.message
    assert finding.next


@pytest.mark.parametrize(
    "line", ["Wait for upgrade repo ready...", "Upgrade repo deployment is not ready yet, waiting..."]
)
def test_job_that_waits_for_the_repository(line: str) -> None:
    """It tells sooner than time that the VM is not merely being moved."""
    world = services(hours=1)
    world.change("VirtualMachine", f"upgrade-repo-{NAME}", {"status": {"ready": False, "printableStatus": "Paused"}})
    world.change("VirtualMachine", f"upgrade-repo-{NAME}", {"status": {"conditions": []}})
    findings, _ = check(world, {POD: stamped(line)})
    assert "is Paused" in only(findings, REPOSITORY).message
    assert not list(check(world, {POD: stamped("Upgrading Rancher")})[0])


def test_host_without_machine_is_explained_by_its_log() -> None:
    world = healthy(NODES)
    orphan(world, "hv02")
    refused = "error while connecting to Kubernetes cluster: the server has asked for the client to provide credentials"
    rancherd = AGENT.replace("rancher-system-agent", "rancherd")
    texts = {AGENT: journal("begin", refused), rancherd: journal("Generating Cattle ID", unit="rancherd")}
    finding = only(check(world, texts)[0], "node-without-machine")
    assert any(evidence.path == f"{AGENT}, line 2" for evidence in finding.evidence)
    assert any(step.startswith(f"Already found in {AGENT}, line 2: ") for step in finding.next)
    assert not any("journalctl" in step for step in finding.next[:2])


def test_write_conflict_answers_why_the_hook_is_not_answered() -> None:
    findings = hd.open(BUNDLES / "lost-acknowledgement.zip").check()
    finding = only(findings, "upgrade-pre-drain-unanswered")
    assert "harvester.log, line 3" in finding.next[0]
    assert any("cannot be fulfilled" in str(evidence.value) for evidence in finding.evidence)


def test_conflict_about_another_machine_is_no_answer() -> None:
    world = rollouts.wait(rollouts.at_step(healthy(NODES), "hv02", "h5"), hours=3)
    lose_answer(world, "hv02")
    line = (
        'level=error msg="error syncing: handler harvester-upgrade-job-controller: Operation cannot be fulfilled on '
        'secrets \\"custom-000000000000-machine-plan\\": the object has been modified"'
    )
    finding = only(
        check(world, {"logs/harvester-system/harvester-0f6e3/a.log": stamped(line)})[0], "upgrade-pre-drain-unanswered"
    )
    assert finding.next[0].startswith("Find the reason in Harvester's log: `kubectl logs ")


def test_failed_job_shows_the_end_of_its_log() -> None:
    world = rollouts.wait(rollouts.at_step(healthy(NODES), "hv02", "h4"), hours=1)
    job = next(job for job in world.find("Job") if job["metadata"]["name"].endswith("pre-drain-hv02"))
    set_job(job, "failed")
    file = f"logs/harvester-system/{job['metadata']['name']}-x8k2m/apply.log"
    finding = only(check(world, {file: stamped("begin", "No space left on device")})[0], "upgrade-job-failed")
    assert any(str(evidence.value).endswith("No space left on device") for evidence in finding.evidence)
    assert finding.next[0].startswith(f"Already found in {file}, line 2")


def test_failed_job_of_a_plan_shows_the_end_of_its_log() -> None:
    """The Job that loads the images of a node; its pod is in another namespace, and its name is cut."""
    world = rollouts.wait(rollouts.at_phase(healthy(NODES, version="v1.4.2"), "PreparingNodes"), hours=2)
    jobs = [job for job in world.find("Job") if "prepare" in job["metadata"]["name"] and job["status"].get("active")]
    set_job(jobs[0], "failed")
    name = jobs[0]["metadata"]["name"]
    pod = f"{name[:57]}-x8k2m"
    world.add(new("v1", "Pod", pod, "cattle-system", labels={"job-name": name}, status={"phase": "Failed"}))
    texts = {f"logs/cattle-system/{pod}/upgrade.log": stamped("Importing", "ctr: no space left on device")}
    finding = only(check(world, texts)[0], "upgrade-prepare-stuck")
    assert any("no space left" in str(evidence.value) for evidence in finding.evidence)
