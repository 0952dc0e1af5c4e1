"""Pods that are not ready: the same from every source, and judged by more than the script looks at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harvdiag.core.model import Severity, State
from harvdiag.kinds.wanted import Wanted
from harvdiag.reports.preflight import render as render_as
from harvdiag.reports.preflight.terminal import render
from harvdiag.reports.terminal import View
from harvdiag.snapshot import Snapshot
from harvdiag.sources import open_source
from harvdiag.sources.files.reader import FilesReader
from harvdiag.sources.live.reader import connect
from harvdiag.training.world.objects import new
from tests.api import Api
from tests.preflight.test_namespaces import SETTING, listed, saved, space
from tests.preflight.verdicts import preflight
from tests.preflight.workloads import judge
from tests.world.kit import write_bundle

RULE = "preflight-pod-not-ready"
NOW, LONG_AGO, JUST_NOW = "2025-05-08T10:00:00Z", "2025-05-08T08:00:00Z", "2025-05-08T09:58:00Z"
HEARTBEAT = new("v1", "Node", "hv09", status={"conditions": [{"type": "Ready", "lastHeartbeatTime": NOW}]})
SPACES = ("default", "harvester-system", "shop")
UNREADY = Wanted(everywhere=True, unready=True)


def pod(name: str = "web", where: str = "shop", phase: str = "Running", **status: Any) -> dict[str, Any]:
    """A Pod on hv02, with one container that runs."""
    ready = status.pop("ready", ("False", "ContainersNotReady", LONG_AGO))
    container = {"name": "main", "ready": status.pop("works", False), "restartCount": status.pop("restarts", 0)}
    rows = [{"type": "Ready", "status": ready[0], "reason": ready[1], "lastTransitionTime": ready[2]}] if ready else []
    body = {"phase": phase, "conditions": rows, "containerStatuses": [container | status.pop("state", {})]}
    spec = {"nodeName": "hv02", "containers": [{"name": "main"}]}
    return new("v1", "Pod", name, where, spec=spec, status=body, **status)


FINE = pod("fine", works=True, ready=("True", "", LONG_AGO))
GATED = pod("gated", works=True, ready=("False", "ReadinessGatesNotReady", LONG_AGO))
DONE = pod("done", phase="Succeeded", ready=("False", "PodCompleted", LONG_AGO))
PODS = (
    FINE,
    GATED,
    DONE,
    pod("web", "default"),
    pod("api", "harvester-system"),
    pod("waits", phase="Pending", ready=()),
)
NAMES = ["web", "api", "gated", "waits"]


def names(snapshot: Snapshot) -> list[str]:
    """The Pods that are not ready, in the order of their namespaces."""
    found = snapshot.find("Pod", UNREADY)
    assert found.entry.state is State.COLLECTED
    return [obj["metadata"]["name"] for obj in found.objects]


def test_every_source_finds_the_pods_of_every_namespace(tmp_path: Path) -> None:
    """A bundle parses only those, and a snapshot has the answer; by the condition, not by the containers alone."""
    objects = [SETTING, *map(space, SPACES), *PODS]
    with Api(objects) as api:
        live = Snapshot(connect(kubeconfig=api.kubeconfig(tmp_path / "config")))
        assert names(live) == NAMES
        assert names(saved(live, tmp_path)) == NAMES
    made = write_bundle(tmp_path / "bundle.zip", objects, captured_at=NOW, collected_namespaces=SPACES)
    assert names(open_source(made)) == NAMES
    snapshot = open_source(made)
    assert saved(snapshot, tmp_path).find("Pod", UNREADY).entry.state is State.NOT_LOOKED_AT, "no question was asked"
    names(snapshot)
    assert names(saved(snapshot, tmp_path)) == NAMES
    assert "Pod" not in snapshot.loaded
    assert names(Snapshot(FilesReader("lab", [("pods.yaml", listed(*PODS))]))) == NAMES


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (FINE, "passed"),
        (DONE, "passed"),
        (pod(), Severity.ERROR),
        (GATED, Severity.ERROR),
        (pod(ready=("False", "ContainersNotReady", JUST_NOW)), Severity.INFO),
        (pod(ready=("False", "ContainersNotReady", JUST_NOW), restarts=3), Severity.ERROR),
        (pod(phase="Pending", ready=()), Severity.WARNING),
        (pod(phase="Failed", ready=("False", "PodFailed", LONG_AGO)), Severity.WARNING),
        (pod(metadata={"deletionTimestamp": LONG_AGO}), Severity.WARNING),
    ],
)
def test_a_pod_that_is_not_ready(found: Any, expected: object) -> None:
    """What has failed, is being deleted or was just started fails the script too; one that no node takes passes it."""
    outcome = judge(RULE, found, HEARTBEAT)
    assert (outcome.findings[0].severity if outcome.findings else outcome.outcome) == expected


def test_it_tells_the_container_and_why() -> None:
    """With the last end of a container that ends again and again."""
    state = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"reason": "OOMKilled"}}}
    (finding,) = judge(RULE, pod(state=state, restarts=7), HEARTBEAT).findings
    assert "container main is in CrashLoopBackOff, 7 restarts; it last ended with OOMKilled" in finding.message
    assert any("--previous" in step for step in finding.next)


def test_many_pods_are_told_by_namespace() -> None:
    """And all together where the namespaces are many."""
    two = judge(RULE, HEARTBEAT, *(pod(f"web-{n}", ("shop", "lab")[n % 2]) for n in range(8))).findings
    assert [(f.subject.namespace, len(f.targets)) for f in two] == [("lab", 3), ("shop", 3)]
    (one,) = judge(RULE, HEARTBEAT, *(pod(f"web-{n}", f"shop-{n}") for n in range(8))).findings
    assert all(f"shop-{n}/web-{n} (ContainersNotReady)" in one.message for n in range(8))


def test_another_writer_of_yaml_quotes_otherwise() -> None:
    """A bundle that was unpacked, edited and written again."""
    assert UNREADY.text_test("Pod")(b"phase: Running\nconditions:\n- status: 'False'\n  type: Ready\n")


def test_what_a_message_leaves_out_is_named_in_whole_reports() -> None:
    """The screen stays short, and has the number; whole, every name is there."""
    found = judge(RULE, HEARTBEAT, *(pod(f"web-{n}", "lab") for n in range(40)))
    told = preflight(*found.findings)
    assert "lab/web-39" not in render(told, view=View.FOLDED)
    assert "40 Pods of namespace lab are not ready" in render(told, view=View.BRIEF)
    for text in (render(told), *(render_as(told, form) for form in ("markdown", "html", "json"))):
        assert "web-39" in text


def test_absence_is_not_told_of_namespaces_that_were_not_seen(tmp_path: Path) -> None:
    """A bundle has none of users."""
    objects = [SETTING, *map(space, SPACES), FINE, pod("api", "harvester-system", works=True, ready=())]
    made = write_bundle(tmp_path / "bundle.zip", objects, captured_at=NOW, collected_namespaces=SPACES[:2])
    assert open_source(made).beyond("Pod").endswith("not in it: default and shop")
