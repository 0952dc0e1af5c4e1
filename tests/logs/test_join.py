"""At which step of its join a host was lost, or why nobody can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.snapshot import Snapshot
from harvdiag.sources.bundle.nodes import machine_name
from harvdiag.upgrade.logs import JoinStory, find_join_failure
from harvdiag.upgrade.logs.joinstep import JoinStep
from tests.logs.port import AGENT, RANCHERD, journal, logged, stamped
from tests.port import Port
from tests.routes import collected
from tests.world import healthy, write_bundle

BOOTSTRAPPED = "System is already bootstrapped. To force the system to be bootstrapped again run with the --force flag"
PLANNING = "failed to bootstrap system, will retry: generating plan: "
CONNECT = "error while connecting to Kubernetes cluster: "
DOWNLOADED = "[_1:stdout]: [INFO]  Successfully downloaded Rancher connection information"
WAITING = "[_1:stdout]: [ERROR]  500 received while downloading Rancher connection information. Sleeping for 5 seconds"
RANCHER = "logs/cattle-system/rancher-5b7c9d-x2x4z/rancher.log"
MACHINE = "custom-b5da48538d24"
FEEDBACK = f"[K8s] updated plan secret fleet-local/{MACHINE}-machine-plan with feedback"


def node(managed: str = "true", ready: str = "True") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "hv01", "labels": {"harvesterhci.io/managed": managed}},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def machine(name: str = MACHINE) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "fleet-local"}
    return {"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Machine", "metadata": metadata}


def lost(rancherd: str, agent: str = "", *machines: str, **more: str) -> JoinStory:
    texts = {RANCHERD: rancherd, AGENT: agent} | {name: text for name, text in more.items() if name}
    return find_join_failure(logged(texts, map(machine, machines)), "hv01")


@pytest.mark.parametrize(
    ("messages", "step", "why"),
    [
        ([BOOTSTRAPPED], JoinStep.BOOTSTRAP_STAMP, "stamp of an earlier install"),
        ([BOOTSTRAPPED] * 9, JoinStep.BOOTSTRAP_STAMP, "stamp of an earlier install"),
        ([PLANNING + "x509: certificate signed by unknown authority"], JoinStep.JOIN_PLAN, "does not trust"),
        ([PLANNING + "Get https://10.0.0.10: dial tcp: i/o timeout"], JoinStep.JOIN_PLAN, "cannot reach"),
        ([PLANNING + "insufficient token"], JoinStep.JOIN_PLAN, "token"),
        ([PLANNING + "who knows"], JoinStep.JOIN_PLAN, "cannot generate its join plan"),
        (["[_1:stdout]: [FATAL] You must select at least one role."], JoinStep.AGENT_INSTALLER, "no role"),
        (["[_1:stdout]: Generating Cattle ID", WAITING, WAITING], JoinStep.CONNECTION_REQUEST, "does not answer"),
        (
            [PLANNING + "timeout", "[_1:stdout]: Generating Cattle ID", WAITING],
            JoinStep.CONNECTION_REQUEST,
            "does not answer",
        ),
    ],
)
def test_steps_that_rancherd_tells(messages: list[str], step: str, why: str) -> None:
    story = lost(journal(*messages, unit="rancherd"))
    assert story.step == step
    assert why in story.why
    assert story.quotes[0].file == RANCHERD
    assert messages[-1][:40] in story.quotes[0].line


@pytest.mark.parametrize(
    ("messages", "step", "why"),
    [
        (
            [CONNECT + "the server has asked for the client to provide credentials"],
            JoinStep.AGENT_CONNECTION,
            "no longer valid",
        ),
        ([CONNECT + "x509: unknown authority"], JoinStep.AGENT_CONNECTION, "does not trust"),
        ([FEEDBACK, "Maximum failure threshold exceeded"], JoinStep.PLAN_APPLICATION, "failed permanently"),
        ([FEEDBACK, "[K8s] received nil secret that was nil, stopping"], JoinStep.MACHINE_REMOVED, "was deleted"),
    ],
)
def test_steps_that_the_agent_tells(messages: list[str], step: str, why: str) -> None:
    story = lost(journal("Generating Cattle ID", DOWNLOADED), journal(*messages), MACHINE)
    assert story.step == step
    assert why in story.why
    assert story.quotes[0].file == AGENT


def test_old_stamp_is_told_with_what_the_agent_says() -> None:
    """The unmanaged-node case of docs/objects.md#failure-shared-machine: the agent of an old install runs in a loop."""
    error = CONNECT + "the server has asked for the client to provide credentials"
    story = lost(journal(BOOTSTRAPPED), journal(FEEDBACK, error))
    assert story.step == JoinStep.BOOTSTRAP_STAMP
    assert [quote.file for quote in story.quotes] == [RANCHERD, AGENT]


def test_stamp_of_a_host_that_has_booted_again_is_nothing() -> None:
    """Every host says so at each start after its first."""
    story = lost(journal("Generating Cattle ID", DOWNLOADED, BOOTSTRAPPED), journal(FEEDBACK), MACHINE)
    assert story.step is None
    assert story.why == f"the logs of hv01 show no fault: its agent works, and identifies as {MACHINE}"
    assert lost(journal(BOOTSTRAPPED), journal(FEEDBACK), MACHINE).step is None


def test_machine_that_is_gone() -> None:
    story = lost(journal("Generating Cattle ID", DOWNLOADED), journal(FEEDBACK))
    assert (story.step, story.quotes[0].file) == (JoinStep.MACHINE_REMOVED, AGENT)


def test_rancher_knows_why_it_does_not_answer() -> None:
    text = stamped("[ERROR] error syncing: expected exactly one machine, but got 0, requeuing")
    story = lost(journal("Generating Cattle ID", WAITING), "", **{RANCHER: text})
    assert story.step == JoinStep.MACHINE_CREATION
    assert [quote.file for quote in story.quotes] == [RANCHERD, RANCHER]


def test_rancher_of_another_host_is_not_asked() -> None:
    text = stamped("[ERROR] timeout waiting for local/custom-000000000000 to be ready")
    assert lost(journal("Generating Cattle ID", WAITING), "", **{RANCHER: text}).step == JoinStep.CONNECTION_REQUEST


def test_request_that_rancher_let_wait(tmp_path: Path) -> None:
    """Rancher names a host by the Machine that its cattle-id makes."""
    world = healthy()
    path = write_bundle(
        tmp_path / "b.zip",
        collected(world.objects),
        captured_at=world.captured_at,
        node_zips={
            "hv01": {
                "logs/rancherd.log": journal("Generating Cattle ID", WAITING),
                "configs/etc/rancher/agent/cattle-id": "an-id",
            }
        },
        logs={
            "cattle-system/rancher-5b7c9d-x2x4z/rancher.log": stamped(
                f"[ERROR] timeout waiting for local/{machine_name('an-id')} to be ready"
            )
        },
    )
    assert find_join_failure(hd.open(path).snapshot, "hv01").step == JoinStep.MACHINE_REQUEST


@pytest.mark.parametrize(
    ("file", "line", "step"),
    [
        (
            "nodes/hv01.zip/logs/rke2-server.log",
            "Node password rejected, duplicate hostname",
            JoinStep.PLAN_APPLICATION,
        ),
        (
            "logs/harvester-system/harvester-promote-hv01-x2x4z/promote.log",
            "Waiting for custom machine label of hv01 ...",
            JoinStep.PROMOTION,
        ),
    ],
)
def test_steps_that_others_tell(file: str, line: str, step: str) -> None:
    story = lost(journal("Generating Cattle ID", DOWNLOADED), "", **{file: journal(line)})
    assert story.step == step
    assert story.quotes[0].file == file


def test_password_that_was_taken_at_last() -> None:
    text = journal("Node password rejected", "rke2 is up and running")
    assert lost(journal(DOWNLOADED), "", **{"nodes/hv01.zip/logs/rke2-server.log": text}).step is None


def test_logs_that_begin_too_late() -> None:
    assert lost("").why == "the logs of hv01 do not reach back to its join"


@pytest.mark.parametrize(
    ("obj", "why"),
    [
        (node(managed="false"), "leaves out Nodes without label harvesterhci.io/managed=true"),
        (node(ready="Unknown"), "leaves out Nodes that are not Ready"),
        (node(), "may have timed out waiting for it"),
    ],
)
def test_host_without_archive(obj: dict[str, Any], why: str) -> None:
    story = find_join_failure(logged({}, [obj]), "hv01")
    assert (story.step, story.quotes) == (None, ())
    assert why in story.why


def test_source_without_logs() -> None:
    snapshot = Snapshot(Port([node()]))
    assert find_join_failure(snapshot, "hv01").why == "only a support bundle contains the logs of hosts"
    assert snapshot.logs() == ()


def test_log_that_cannot_be_read() -> None:
    story = find_join_failure(logged({AGENT: ""}), "hv01")
    assert story.step is None
    assert story.why == f"the logs of hv01 cannot be read: {RANCHERD}: not there"


def test_archive_that_is_cut_short(tmp_path: Path) -> None:
    world = healthy()
    path = write_bundle(
        tmp_path / "b",
        collected(world.objects),
        captured_at=world.captured_at,
        node_zips={"hv01": {"logs/rancherd.log": journal(BOOTSTRAPPED)}},
        as_folder=True,
    )
    archive = path / "nodes" / "hv01.zip"
    archive.write_bytes(archive.read_bytes()[:-30])
    story = find_join_failure(hd.open(path).snapshot, "hv01")
    assert story.step is None
    assert "cannot be read" in story.why
    assert "truncated or damaged" in story.why


def test_sample_tells_the_story_of_8236() -> None:
    sample = Path(__file__).parents[2] / "data" / "bundles" / "issue-8236.zip"
    snapshot = hd.open(sample).snapshot
    assert find_join_failure(snapshot, "srv09").step == JoinStep.BOOTSTRAP_STAMP
    assert {find_join_failure(snapshot, name).step for name in ("srv06", "srv07", "srv08")} == {None}
