"""rancher-system-agent: which Machine it believes to be, and why it cannot connect."""

from __future__ import annotations

from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.upgrade.logs import MOST, AgentStory, read_agent_story
from tests.logs.port import AGENT, journal, logged
from tests.routes import collected
from tests.world import healthy, write_bundle

START = "Rancher System Agent version v0.3.11 (abc) is starting"
OLD, NEW = "custom-b5da48538d24", "custom-1a473e8e3deb"
CONNECT = "error while connecting to Kubernetes cluster: "
CREDENTIALS = CONNECT + "the server has asked for the client to provide credentials"
SYNC = "error syncing 'fleet-local/{}-machine-plan': handler secret-watch: Operation cannot be fulfilled, requeuing"


def feedback(machine: str) -> str:
    return f"[K8s] updated plan secret fleet-local/{machine}-machine-plan with feedback"


def story(*messages: str) -> AgentStory:
    found = read_agent_story(logged({AGENT: journal(*messages)}), "hv01")
    assert found is not None
    return found


def test_machine_is_the_one_named_last() -> None:
    found = story(START, feedback(OLD), START, feedback(NEW), feedback(OLD), feedback(NEW), "another line")
    assert (found.machine, found.machines, found.changed) == (NEW, (OLD, NEW), True)
    assert found.identity_line is not None
    assert (found.identity_line.file, found.identity_line.time) == (AGENT, "2025-05-06T10:00:05Z")
    assert feedback(NEW) in found.identity_line.line


@pytest.mark.parametrize(
    "line",
    [
        feedback(OLD),
        SYNC.format(OLD),
        f"[K8s] Processing secret {OLD}-machine-plan in namespace fleet-local at generation 0 with resource version 7",
    ],
)
def test_every_shape_that_names_the_machine(line: str) -> None:
    assert story(START, line).machines == (OLD,)


@pytest.mark.parametrize(
    "line", ["fleet-local/custom-b5da48538d2-machine-plan", "fleet-default/custom-b5da48538d24-machine-plan", "nothing"]
)
def test_nothing_else_names_it(line: str) -> None:
    found = story(START, line)
    assert (found.machine, found.machines, found.identity_line) == ("", (), None)


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        (CREDENTIALS, "token is no longer valid"),
        (CONNECT + "Get https://10.53.0.1: tls: x509: certificate is valid for 10.0.0.10", "does not trust Rancher's"),
        (CONNECT + "dial tcp 10.0.0.10:443: i/o timeout", "cannot reach Rancher"),
        (CONNECT + "something new", "cannot connect to Rancher"),
        (
            "Initial connection to Kubernetes cluster failed with error x509, removing CA data and trying again",
            "tries without",
        ),
        ("[K8s] received secret UID that differed from existing secret UID", "recreated"),
        ("[K8s] received nil secret that was nil, stopping", "was deleted"),
        ("secret received was too old, requeuing", "cache is behind"),
        (
            "received secret to process that was older than the last secret operated on. (7 vs 9)",
            "cache is behind",
        ),
        ("Maximum failure threshold exceeded for plan", "failed permanently"),
        (SYNC.format(OLD), "cannot handle its plan Secret"),
    ],
)
def test_errors_and_what_they_mean(line: str, meaning: str) -> None:
    found = story(START, "[Applyinator] Applying one-time instructions for plan with checksum abc", line, "more")
    assert found.error is not None
    assert meaning in found.error.meaning
    assert line[:60] in found.error.line
    assert not found.recovered


def test_work_after_an_error_is_recovery() -> None:
    found = story(START, CREDENTIALS, START, feedback(OLD))
    assert found.recovered
    assert not found.is_looping
    assert (found.starts, found.idle_starts) == (2, 0)


def test_crash_loop_counts_the_starts_since_it_last_worked() -> None:
    found = story(START, feedback(OLD), *[START, CREDENTIALS] * 5)
    assert found.is_looping
    assert (found.starts, found.idle_starts, found.machine) == (6, 5, OLD)
    assert (found.began, found.started) == ("2025-05-06T10:00:00Z", "2025-05-06T10:00:10Z")


def test_boots_are_no_crash_loop() -> None:
    assert not story(*[START, "Starting remote watch of plans"] * 9).is_looping
    assert not story(START, CREDENTIALS, START, CREDENTIALS).is_looping


def test_no_log_no_story() -> None:
    assert read_agent_story(logged({}), "hv01") is None


@pytest.mark.parametrize("text", ["", "\n\n", "no line feed", b"\xff\xfe\x00 broken \x80\n"])
def test_log_that_tells_nothing(text: str | bytes) -> None:
    found = read_agent_story(logged({AGENT: text}), "hv01")
    assert found is not None
    assert (found.machine, found.error, found.starts, found.whole) == ("", None, 0, True)


def test_broken_utf8_is_quoted_with_marks() -> None:
    found = read_agent_story(
        logged({AGENT: b'time="2025-05-06T10:00:00Z" \xff\xc3 ' + CREDENTIALS.encode() + b"\r\n"}), "hv01"
    )
    assert found is not None
    assert found.error is not None
    assert found.error.line.startswith('time="2025-05-06T10:00:00Z" \ufffd\ufffd error')
    assert found.error.line.endswith("credentials")


def test_only_the_end_of_a_huge_log_is_looked_at() -> None:
    filler = journal(*["filler"] * 60) * (MOST // 5000)
    text = journal(feedback(OLD)) + filler + journal(START, feedback(NEW))
    assert len(text) > MOST
    found = read_agent_story(logged({AGENT: text}), "hv01")
    assert found is not None
    assert (found.machines, found.starts, found.whole) == ((NEW,), 1, False)


def test_from_the_archive_of_a_bundle(tmp_path: Path) -> None:
    """A file in a zip in a zip, or in a zip in a folder."""
    world = healthy()
    zips = {"hv01": {"logs/rancher-system-agent.log": journal(START, feedback(OLD)), "configs/etc/hostname": "hv01"}}
    for name, folder in (("b.zip", False), ("b", True)):
        path = write_bundle(
            tmp_path / name,
            collected(world.objects),
            captured_at=world.captured_at,
            node_zips=zips,
            logs={"default/pod/main.log": "a line\n"},
            as_folder=folder,
        )
        snapshot = hd.open(path).snapshot
        found = read_agent_story(snapshot, "hv01")
        assert found is not None
        assert found.machine == OLD
        assert read_agent_story(snapshot, "hv02") is None
        assert snapshot.logs("nodes/hv01.zip/") == (AGENT,)
        assert sorted(snapshot.logs()) == ["logs/default/pod/main.log", AGENT]
        assert snapshot.logs("nodes/hv02.zip/") == ()
        assert snapshot.tail("logs/default/pod/main.log", 5) == b"line\n"
