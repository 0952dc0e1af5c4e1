"""The timeline of an upgrade: what happened when, how long each phase took, and when it stopped."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harvdiag as hd
from harvdiag.core.fields import Obj
from harvdiag.core.model import ObjectRef, State
from harvdiag.rules.facts import Facts
from harvdiag.snapshot import Resource, Snapshot
from harvdiag.training.world.objects import moment
from harvdiag.training.world.upgrades import (
    NAME,
    add_manifest_job,
    add_node_job,
    add_plan_job,
    add_upgrade,
    lasting,
    start_rollout,
)
from harvdiag.upgrade.jobs import every_job, jobs_of
from harvdiag.upgrade.run import UpgradeRun
from harvdiag.upgrade.timeline import (
    Entry,
    History,
    Span,
    build_entry_frame,
    build_phase_frame,
    build_timeline,
    find_phases,
    find_stop,
    find_untimed,
    format_entries,
)
from tests.logs.port import AGENT, LogPort, logged, stamped
from tests.logs.port import journal as journal_of
from tests.port import Port
from tests.routes import collected
from tests.sample import examples
from tests.world import World, healthy, write_bundle

BUNDLES = Path(__file__).parents[1] / "data" / "bundles"
SYSTEM = "harvester-system"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def world() -> World:
    """Three nodes: hv01 is through, hv02 is being drained, hv03 waits."""
    found = healthy()
    add_upgrade(
        found,
        "v1.4.1",
        {"hv01": "Succeeded", "hv02": "Pre-draining", "hv03": "Images preloaded"},
        state="UpgradingNodes",
    )
    start_rollout(found)
    began = moment(found.captured_at, days=-1, hours=1)
    for i, node in enumerate(("hv01", "hv02", "hv03")):
        add_plan_job(found, f"{NAME}-prepare", node, moment(began, minutes=20 + i))
    add_manifest_job(found, moment(began, minutes=65))
    add_node_job(found, "hv01", "pre-drain", moment(began, hours=3))
    add_node_job(found, "hv01", "post-drain", moment(began, hours=3, minutes=30))
    job = add_node_job(found, "hv02", "pre-drain", moment(began, hours=4))
    job["status"] = {"active": 1, "startTime": moment(began, hours=4)}
    return found


def opened(objects: list[Any], texts: dict[str, str] | None = None) -> tuple[UpgradeRun, Snapshot]:
    """The rollout of a snapshot of these objects; Events as the core's."""
    listed = list(objects)
    snapshot = logged(texts or {}, listed, [Resource("", "v1", "events", SYSTEM)])
    rollout = Facts(snapshot).upgrade_run
    assert rollout is not None
    return rollout, snapshot


def entries(objects: list[Any], texts: dict[str, str] | None = None) -> list[Entry]:
    return build_timeline(*opened(objects, texts))


def said(found: list[Entry], node: str) -> list[str]:
    return [f"{e.time:%H:%M} {e.what}" for e in found if e.node == node]


def span(found: list[Span], step: str, node: str = "") -> Span:
    (one,) = [s for s in found if (s.node, s.step) == (node, step)]
    return one


def event(about: Obj, reason: str = "Happened", **more: Any) -> Obj:
    made = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{about['name']}.{reason}", "namespace": SYSTEM},
        "involvedObject": about,
        "reason": reason,
        "message": "a message with token: abc",
        "type": "Warning",
        "lastTimestamp": "2025-05-08T09:30:00Z",
    }
    return made | more


def test_jobs_tell_begin_and_end_by_node() -> None:
    found = said(entries(world().objects), "hv01")
    assert [line for line in found if "Job" in line] == [
        "11:20 Job prepare began",
        "11:29 Job prepare is complete",
        "14:00 Job pre-drain began",
        "14:09 Job pre-drain is complete",
        "14:30 Job post-drain began",
        "14:39 Job post-drain is complete",
    ]


def test_failed_job_tells_why() -> None:
    made = world()
    job = made.get("Job", f"{NAME}-pre-drain-hv02")
    row = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "Job has reached it"}
    job["status"] = {
        "startTime": "2025-05-07T15:00:00Z",
        "conditions": [row | {"lastTransitionTime": "2025-05-07T15:20:00Z"}],
    }
    found = [e for e in entries(made.objects) if "failed" in e.what]
    assert [e.what for e in found] == ["Job pre-drain failed (BackoffLimitExceeded: Job has reached it)"]
    assert (found[0].node, found[0].field) == ("hv02", "status.conditions, type Failed")
    assert found[0].time == at("2025-05-07T15:20:00")


def test_entries_are_in_order_and_begin_with_the_upgrade() -> None:
    found = entries(world().objects)
    assert [e.time for e in found] == sorted(e.time for e in found)
    assert found[0].what == "the Upgrade was created"
    assert found[0].object == ObjectRef("Upgrade", SYSTEM, NAME)
    assert entries(list(reversed(world().objects))) == found, "the order of a source does not matter"


def test_node_and_machine_and_cluster_tell_what_changed() -> None:
    made = world()
    now = "2025-05-08T08:00:00Z"
    made.change("Node", "hv02", {"spec": {"taints": [{"key": "node.kubernetes.io/unschedulable", "timeAdded": now}]}})
    ready = {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "lastTransitionTime": now}
    made.get("Node", "hv02")["status"]["conditions"].append(ready)
    made.get("Machine", made.machine_of("hv02"))["status"]["conditions"] = [
        ready | {"type": "NodeHealthy", "reason": ""}
    ]
    made.get("RKEControlPlane", "local")["status"]["conditions"] = [
        {"type": "Reconciled", "status": "Unknown", "message": "draining node", "lastUpdateTime": now}
    ]
    found = entries(made.objects)
    assert [line for line in said(found, "hv02") if line.startswith("08:00")] == [
        "08:00 Machine: NodeHealthy became Unknown",
        "08:00 the Node was cordoned",
        "08:00 Node: Ready became Unknown (NodeStatusUnknown)",
    ]
    assert "08:00 RKEControlPlane: Reconciled became Unknown (draining node)" in said(found, "")


@pytest.mark.parametrize(
    ("passed", "failed", "what", "moves"),
    [
        ("", "", "the agent ran its plan", True),
        ("2025-05-08T08:30:00Z", "", "the agent ran its plan", True),
        ("2025-05-08T07:00:00Z", "", "the agent ran its plan", False),
        ("", "YWJj", "the agent ran its plan, which failed", False),
    ],
)
def test_plan_secret_tells_when_its_plan_ran(passed: str, failed: str, what: str, moves: bool) -> None:
    """A plan that passed before runs again when the agent starts, and one that failed is tried again and again."""
    made = world()
    ran = base64.b64encode(b"Thu May  8 08:00:00 UTC 2025").decode()
    secret = made.get("Secret", f"{made.machine_of('hv02')}-machine-plan")
    secret["metadata"]["annotations"]["rke.cattle.io/plan-probes-passed"] = passed
    secret["data"] = {"last-apply-time": ran, "failed-checksum": failed}
    (found,) = [e for e in entries(made.objects) if e.time == at("2025-05-08T08:00:00")]
    assert (found.what, found.node, found.field, found.moves) == (what, "hv02", 'data["last-apply-time"]', moves)


def test_events_about_the_upgrade_and_no_others() -> None:
    made = world()
    job = f"{NAME}-pre-drain-hv02"
    objects = [
        *made.objects,
        event({"kind": "Job", "namespace": SYSTEM, "name": job, "apiVersion": "batch/v1"}, "BackoffLimitExceeded"),
        event({"kind": "Pod", "namespace": SYSTEM, "name": f"{job}-x2x4z", "apiVersion": "v1"}, "FailedScheduling"),
        event({"kind": "Node", "name": "hv03", "namespace": "default"}, "Rebooted"),
        event({"kind": "Node", "name": "hv03", "namespace": "longhorn-system", "apiVersion": "longhorn.io/v1beta2"}),
        event({"kind": "Pod", "namespace": "longhorn-system", "name": "instance-manager-1", "apiVersion": "v1"}),
    ]
    found = [e for e in entries(objects) if e.object.kind == "Event"]
    assert [(e.node, e.what) for e in found] == [
        ("hv03", "Warning Rebooted of Node hv03: a message with token: ***"),
        ("hv02", f"Warning FailedScheduling of Pod {job}-x2x4z: a message with token: ***"),
        ("hv02", f"Warning BackoffLimitExceeded of Job {job}: a message with token: ***"),
    ]
    assert not any(e.moves for e in found)


def test_events_give_their_newest_time() -> None:
    made = world()
    about = {"kind": "Node", "name": "hv03"}
    objects = [
        *made.objects,
        event(about, "A", lastTimestamp=None, eventTime="2025-05-08T09:31:00.123456Z"),
        event(about, "B", lastTimestamp="", firstTimestamp="2025-05-08T09:32:00Z"),
    ]
    assert [f"{e.time:%M}" for e in entries(objects) if e.object.kind == "Event"] == ["31", "32"]


def test_logs_tell_what_they_say_last() -> None:
    texts = {
        f"logs/{SYSTEM}/{NAME}-pre-drain-hv02-x2x4z/apply.log": stamped("Volume pvc-1 is not healthy."),
        f"logs/{SYSTEM}/harvester-abcde/harvester.log": stamped("there are pending jobs: (harvester-system/x)"),
        AGENT: journal_of("error while connecting to Kubernetes cluster: x509: bad").replace("05-06", "05-08"),
    }
    found = [e for e in entries(world().objects, texts) if e.field in texts]
    assert [(e.node, e.object.kind) for e in found] == [("hv02", "Job"), ("", "Upgrade"), ("hv01", "Node")]
    assert not any(e.moves for e in found)
    assert "is not healthy" in found[0].what


def test_it_stopped_with_the_last_that_moved() -> None:
    made = world()
    made.get("Job", f"{NAME}-pre-drain-hv02")["status"]["startTime"] = "2025-05-08T09:00:00Z"
    objects = [*made.objects, event({"kind": "Node", "name": "hv03"})]
    last = find_stop(entries(objects))
    assert last is not None
    assert (last.what, last.node) == ("Job pre-drain began", "hv02")
    assert find_stop([]) is None


NOISE = "2025-05-08T09:30:00Z"


def row(kind: str, status: str, since: str = NOISE) -> Obj:
    return {"type": kind, "status": status, "lastTransitionTime": since}


@pytest.mark.parametrize(
    ("kind", "node", "condition", "status", "moves"),
    [
        ("Node", "hv02", "DiskPressure", "False", False),
        ("Node", "hv02", "MemoryPressure", "True", False),
        ("Node", "hv02", "Ready", "Unknown", False),
        ("Node", "hv02", "Ready", "False", False),
        ("Node", "hv02", "Ready", "True", True),
        ("Node", "hv01", "Ready", "Unknown", False),
        ("Node", "hv01", "Ready", "True", False),
        ("Node", "hv03", "Ready", "True", False),
        ("Machine", "hv02", "NodeHealthy", "Unknown", False),
        ("Machine", "hv02", "NodeHealthy", "True", True),
        ("Machine", "hv03", "NodeHealthy", "True", False),
        ("Machine", "hv02", "Reconciled", "Unknown", True),
        ("Machine", "hv01", "Reconciled", "Unknown", False),
        ("RKEControlPlane", "", "Ready", "Unknown", False),
        ("RKEControlPlane", "", "Updated", "Unknown", True),
        ("Cluster.provisioning.cattle.io", "", "Connected", "False", False),
        ("Cluster.provisioning.cattle.io", "", "Connected", "True", True),
        ("Upgrade", "", "NodesPrepared", "Unknown", True),
    ],
)
def test_what_breaks_or_flips_on_any_day_does_not_move(
    kind: str, node: str, condition: str, status: str, moves: bool
) -> None:
    """hv01 is done, hv02 has its turn, hv03 waits for it."""
    made = world()
    name = {"Node": node, "Machine": made.machine_of(node) if node else "", "Upgrade": NAME}.get(kind, "local")
    obj = made.get(kind.partition(".")[0], name)
    others = [other for other in obj["status"].get("conditions", []) if other["type"] != condition]
    obj["status"]["conditions"] = [*others, row(condition, status)]
    found = entries(made.objects)
    (told,) = [e for e in found if e.time == at(NOISE[:-1])]
    assert (told.node, told.moves) == (node, moves)
    last = find_stop(found)
    assert last is not None
    assert (last == told) is moves


def test_taints_that_the_cluster_sets_do_not_move() -> None:
    made = world()
    for node in ("hv01", "hv02"):
        keys = ("node.kubernetes.io/unreachable", "node.kubernetes.io/unschedulable")
        made.change("Node", node, {"spec": {"taints": [{"key": key, "timeAdded": NOISE} for key in keys]}})
    found = [(e.node, e.what.rpartition("/")[2]) for e in entries(made.objects) if e.moves and e.time == at(NOISE[:-1])]
    assert found == [("hv02", "the Node was cordoned")]


def test_time_that_has_not_come_yet_is_told_but_nothing_moved_then() -> None:
    made = world()
    made.get("Upgrade", NAME)["status"]["conditions"] = [row("NodesUpgraded", "Unknown", "2031-01-01T00:00:00Z")]
    found = entries(made.objects)
    assert found[-1].time.year == 2031
    last = find_stop(found, at("2025-05-08T10:00:00"))
    assert last is not None
    assert last == [e for e in found[:-1] if e.moves][-1]
    assert find_stop(found) == found[-1]
    assert find_stop(found, at("2030-12-31T23:58:00")) == found[-1], "clocks differ, and a collection takes its time"


def test_logs_are_read_once_and_not_at_all_for_what_moved() -> None:
    texts = {
        f"logs/{SYSTEM}/{NAME}-pre-drain-hv02-x2x4z/apply.log": stamped("Volume pvc-1 is not healthy."),
        f"logs/{SYSTEM}/harvester-abcde/harvester.log": stamped("there are pending jobs: (harvester-system/x)"),
        AGENT: journal_of("error while connecting to Kubernetes cluster: x509: bad"),
    }
    port = LogPort(texts, world().objects)
    snapshot = Snapshot(port)
    rollout = Facts(snapshot).upgrade_run
    assert rollout is not None
    history = History(rollout, snapshot)
    silent = history.entries(logs=False)
    assert port.opened == []
    assert build_timeline(rollout, snapshot, logs=False) == silent
    assert port.opened == []
    full = history.entries()
    assert sorted(port.opened) == sorted(texts)
    assert history.untimed == find_untimed(rollout, snapshot)
    assert sorted(port.opened) == sorted(texts), "by the history none again, and by any other neither"
    assert [e for e in full if e.object.kind != "Event" and e.field not in texts] == silent
    assert find_stop(full) == find_stop(silent)


def test_harvesters_line_belongs_to_the_object_that_it_names() -> None:
    secret = f"{world().machine_of('hv03')}-machine-plan"
    held = 'hv02 is in "{Pre-draining  }" state so hv03 is not allowed to run any kind of job, requeuing'
    lost = "Operation cannot be fulfilled on secrets: the object has been modified, requeuing"
    job = "handler harvester-upgrade-job-controller"
    texts = {
        f"logs/{SYSTEM}/harvester-abcde/harvester.log": stamped(
            f"error syncing 'fleet-local/{secret}': handler harvester-upgrade-secret-controller: {held}",
            f"error syncing '{SYSTEM}/{NAME}-pre-drain-hv01': {job}: {lost}",
            "error syncing 'fleet-local/other': there are pending jobs: (harvester-system/x)",
        )
    }
    found = [(e.node, e.object.kind, e.object.name) for e in entries(world().objects, texts) if e.field in texts]
    assert found == [("hv03", "Secret", secret), ("hv01", "Job", f"{NAME}-pre-drain-hv01"), ("", "Upgrade", NAME)]


def test_what_has_no_time_is_left_out_and_said() -> None:
    made = world()
    made.get("Upgrade", NAME)["status"]["conditions"] = [
        {"type": "LogReady", "status": "True"},
        {"type": "ImageReady", "status": "True", "lastTransitionTime": "0001-01-01T00:00:00Z"},
        {"type": "RepoReady", "status": "True", "lastUpdateTime": "yesterday"},
    ]
    ref = f"Upgrade {SYSTEM}/{NAME}: Upgrade:"
    assert find_untimed(*opened(made.objects))[:3] == [
        f"{ref} LogReady became True, at an unknown time",
        f"{ref} ImageReady became True, at an invalid time ('0001-01-01T00:00:00Z')",
        f"{ref} RepoReady became True, at an invalid time ('yesterday')",
    ]
    assert not [e for e in entries(made.objects) if e.object.kind == "Upgrade" and "became" in e.what]


@pytest.mark.parametrize("junk", [None, 7, "null", [], [None, 3, "x"], {"a": 1}, [{"type": 3, "status": []}]])
def test_junk_tells_nothing(junk: Any) -> None:
    """Conditions, taints and data of any shape."""
    made = world()
    made.get("Upgrade", NAME)["status"]["conditions"] = junk
    made.get("Node", "hv01")["status"]["conditions"] = junk
    made.get("Node", "hv01")["spec"]["taints"] = junk
    made.get("Job", f"{NAME}-pre-drain-hv01")["status"] = junk
    made.get("Secret", f"{made.machine_of('hv01')}-machine-plan")["data"] = {"last-apply-time": junk}
    rollout, snapshot = opened([*made.objects, event({"kind": "Node", "name": "hv03"}, involvedObject=junk)])
    found = build_timeline(rollout, snapshot)
    assert format_entries(found)
    assert len(build_entry_frame(found)) == len(found)
    assert len(build_phase_frame(find_phases(rollout, snapshot))) == len(find_phases(rollout, snapshot))


def test_phases_have_begin_end_and_duration() -> None:
    made = world()
    conditions = {
        "LogReady": ("True", "2025-05-07T11:03:00Z"),
        "ImageReady": ("True", "2025-05-07T11:10:00Z"),
        "RepoReady": ("True", "2025-05-07T11:15:00Z"),
        "NodesPrepared": ("True", "2025-05-07T12:00:00Z"),
        "SystemServicesUpgraded": ("True", "2025-05-07T13:55:00Z"),
        "NodesUpgraded": ("Unknown", "2025-05-07T13:56:00Z"),
    }
    made.get("Upgrade", NAME)["status"]["conditions"] = [
        {"type": kind, "status": status, "lastTransitionTime": since} for kind, (status, since) in conditions.items()
    ]
    found = find_phases(*opened(made.objects))
    assert [s.step for s in found if not s.node] == [
        "(begin)",
        "PreparingLoggingInfra",
        "LoggingInfraPrepared",
        "PreparingRepo",
        "RepoPrepared",
        "PreparingNodes",
        "UpgradingSystemServices",
        "UpgradingNodes",
    ]
    assert times(span(found, "LoggingInfraPrepared")) == (
        at("2025-05-07T11:03:00"),
        at("2025-05-07T11:10:00"),
        timedelta(minutes=7),
    )
    assert span(found, "PreparingNodes").duration == timedelta(minutes=40)
    services = span(found, "UpgradingSystemServices")
    assert (services.duration, services.gap) == (timedelta(minutes=110), timedelta(minutes=5))
    last = span(found, "UpgradingNodes")
    assert (last.began, last.ended, last.duration) == (at("2025-05-07T14:00:00"), None, None)


def test_steps_of_nodes_and_the_gaps_between() -> None:
    found = find_phases(*opened(world().objects))
    assert [s.step for s in found if s.node == "hv01"] == ["prepare", "pre-drain", "kubernetes", "post-drain"]
    assert span(found, "kubernetes", "hv01").duration == timedelta(minutes=21)
    assert span(found, "post-drain", "hv01").duration == timedelta(minutes=9)
    second = span(found, "pre-drain", "hv02")
    assert (second.ended, second.duration, second.gap) == (None, None, timedelta(minutes=21))
    assert span(found, "pre-drain", "hv01").gap == span(found, "UpgradingNodes").gap
    assert [s.step for s in found if s.node == "hv03"] == ["prepare"]


def test_restart_lasts_until_the_node_is_ready_again() -> None:
    made = world()
    for row in made.get("Node", "hv01")["status"]["conditions"]:
        row["lastTransitionTime"] = "2025-05-07T14:50:00Z"
    assert span(find_phases(*opened(made.objects)), "restart", "hv01").duration == timedelta(minutes=11)
    made.get("Upgrade", NAME)["status"]["nodeStatuses"]["hv01"]["state"] = "Waiting Reboot"
    waits = span(find_phases(*opened(made.objects)), "restart", "hv01")
    assert (waits.began, waits.ended) == (at("2025-05-07T14:39:00"), None)


def ready_since(made: World, node: str, since: str) -> None:
    for row in made.get("Node", node)["status"]["conditions"]:
        if row["type"] == "Ready":
            row["lastTransitionTime"] = since


def test_gap_begins_when_the_node_before_has_restarted() -> None:
    made = world()
    ready_since(made, "hv01", "2025-05-07T14:50:00Z")
    assert span(find_phases(*opened(made.objects)), "pre-drain", "hv02").gap == timedelta(minutes=10)


@pytest.mark.parametrize("since", ["2025-05-07T15:30:00Z", "2025-05-07T23:00:00Z"])
def test_node_that_is_ready_again_much_later_did_not_restart_for_so_long(since: str) -> None:
    """Ready has the time of its last change only, and that may be another one."""
    made = world()
    ready_since(made, "hv01", since)
    found = find_phases(*opened(made.objects))
    assert "restart" not in {s.step for s in found}
    assert span(found, "pre-drain", "hv02").gap == timedelta(minutes=21)
    made.remove("Job", f"{NAME}-pre-drain-hv02")
    assert ("restart" in {s.step for s in find_phases(*opened(made.objects))}) is (since < "2025-05-07T16:39:00Z")


def test_restart_stands_before_the_job_that_starts_vms_again() -> None:
    made = world()
    ready_since(made, "hv01", "2025-05-07T14:50:00Z")
    lasting(add_node_job(made, "hv01", "restore-vm", "2025-05-07T14:52:00Z"), 3)
    found = find_phases(*opened(made.objects))
    assert [s.step for s in found if s.node == "hv01"][-3:] == ["post-drain", "restart", "restore-vm"]
    assert span(found, "restore-vm", "hv01").gap == timedelta(minutes=2)
    assert span(found, "pre-drain", "hv02").gap == timedelta(minutes=5)


def test_no_gap_while_a_job_of_another_node_is_at_work() -> None:
    made = world()
    made.get("Job", f"{NAME}-apply-manifests")["status"] = {"active": 1, "startTime": "2025-05-07T12:05:00Z"}
    assert {s.gap for s in find_phases(*opened(made.objects)) if s.node in {"hv01", "hv02"}} == {None}


def test_node_that_is_drained_goes_on() -> None:
    made = world()
    made.remove("Job", f"{NAME}-post-drain-hv01")
    goes_on = span(find_phases(*opened(made.objects)), "kubernetes", "hv01")
    assert (goes_on.began, goes_on.ended) == (at("2025-05-07T14:09:00"), None)


def test_phases_do_not_overlap_and_no_duration_is_zero() -> None:
    """NodesPrepared became True before any Job began, and hv03's Job ended when the services' was at work."""
    made = world()
    early = "2025-05-07T11:00:00Z"
    made.get("Upgrade", NAME)["status"]["conditions"] = [
        row(kind, "True", early) for kind in ("LogReady", "ImageReady", "RepoReady", "NodesPrepared")
    ]
    (job,) = [obj for obj in made.find("Job") if "prepare-on-hv03" in obj["metadata"]["name"]]
    job["status"]["completionTime"] = "2025-05-07T12:30:00Z"
    found = find_phases(*opened(made.objects))
    assert times(span(found, "PreparingNodes"))[:2] == (at("2025-05-07T11:20:00"), at("2025-05-07T12:05:00"))
    assert span(found, "UpgradingSystemServices").began == at("2025-05-07T12:05:00")
    assert times(span(found, "PreparingRepo")) == (at("2025-05-07T11:00:00"), at("2025-05-07T11:00:00"), None)
    check(found)


@pytest.mark.parametrize("name", ["ghost-machines", "issue-8236", "lost-acknowledgement", "unmanaged-node"])
def test_spans_of_samples(name: str) -> None:
    cluster = hd.open(BUNDLES / f"{name}.zip")
    rollout = cluster.facts.upgrade_run
    assert rollout is not None
    check(find_phases(rollout, cluster.snapshot))


def times(one: Span) -> tuple[datetime | None, datetime | None, timedelta | None]:
    """Begin, end and duration of a span."""
    return one.began, one.ended, one.duration


def check(found: list[Span]) -> None:
    """What holds for all spans: time runs forward, and what is not known is not zero."""
    for one in found:
        assert one.duration is None or one.duration > timedelta(0)
        assert one.gap is None or one.gap > timedelta(0)
        assert one.began is None or one.ended is None or one.began <= one.ended
        both = one.began and one.ended and one.began < one.ended
        assert (one.duration is not None) == bool(both)
    told = [time for one in found if not one.node for time in (one.began, one.ended) if time]
    assert told == sorted(told)


STAMPS = st.one_of(
    st.just(""),
    st.just("0001-01-01T00:00:00Z"),
    st.integers(0, 48 * 3600).map(lambda after: f"{at('2025-05-07T00:00:00') + timedelta(seconds=after):%FT%TZ}"),
    st.just("2031-01-01T00:00:00Z"),
)


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_spans_hold_whatever_the_stamps_are(data: st.DataObject) -> None:
    """Missing, of the future, in the wrong order."""
    made = world()
    for job in made.find("Job"):
        job["metadata"]["creationTimestamp"] = data.draw(STAMPS)
        job["status"]["startTime"] = data.draw(STAMPS)
        if "completionTime" in job["status"]:
            job["status"]["completionTime"] = data.draw(STAMPS)
    upgrade = made.get("Upgrade", NAME)
    upgrade["metadata"]["creationTimestamp"] = data.draw(STAMPS)
    upgrade["status"]["conditions"] = [
        row(kind, "True", data.draw(STAMPS))
        for kind in ("LogReady", "ImageReady", "RepoReady", "NodesPrepared", "SystemServicesUpgraded")
    ]
    ready_since(made, "hv01", data.draw(STAMPS))
    found = find_phases(*opened(made.objects))
    check(found)
    assert all(time.year < 2031 for one in found for time in (one.began, one.ended) if time)
    assert len(build_phase_frame(found)) == len(found)


def test_every_job_is_read_by_one_reader() -> None:
    objects = tuple(world().find("Job"))
    own = jobs_of(objects, NAME)
    found = every_job(objects, NAME)
    assert {job for job in found if job.ref.namespace == SYSTEM} == set(own)
    assert {(job.type, job.node) for job in found if job not in own} == {("prepare", f"hv0{i}") for i in (1, 2, 3)}


@pytest.mark.parametrize(
    ("state", "count"),
    [("", 1), ("PreparingLoggingInfra", 2), ("PreparingNodes", 6), ("UpgradingNodes", 8), ("Unheard", 0)],
)
def test_phases_so_far(state: str, count: int) -> None:
    made = world()
    made.get("Upgrade", NAME)["metadata"]["labels"]["harvesterhci.io/upgradeState"] = state
    found = [s for s in find_phases(*opened(made.objects)) if not s.node]
    assert len(found) == count
    assert all(s.ended is None for s in found[-1:])


def test_tables_have_their_types_also_when_empty() -> None:
    for table in (build_entry_frame([]), build_entry_frame(entries(world().objects))):
        assert table.dtypes.astype(str).to_dict() == {
            "time": "datetime64[ns, UTC]",
            **dict.fromkeys(("what", "node", "object", "field"), "str"),
        }
    for table in (build_phase_frame([]), build_phase_frame(find_phases(*opened(world().objects)))):
        assert table.dtypes.astype(str).to_dict() == {
            "node": "str",
            "step": "str",
            **dict.fromkeys(("began", "ended"), "datetime64[ns, UTC]"),
            **dict.fromkeys(("duration", "gap"), "timedelta64[ns]"),
        }
    assert build_entry_frame(entries(world().objects))["node"].isna().any()


def test_lines_are_fit_for_a_terminal() -> None:
    evil = Entry(
        time=at("2025-05-07T11:00:00"),
        what="a\x1b[31m\nb",
        node="hv\u202e01",
        object=ObjectRef("Node", "", "hv\x1b"),
        field="f\x07",
    )
    (line,) = format_entries([evil])
    assert line.isprintable()
    assert line.startswith("2025-05-07 11:00:00 UTC  hv")
    assert format_entries([]) == []


def test_kinds_that_were_not_seen_tell_nothing() -> None:
    made = world()
    snapshot = Snapshot(Port(made.objects, dict.fromkeys(("Job", "Secret", "Machine", "Plan"), State.FORBIDDEN)))
    rollout = Facts(snapshot).upgrade_run
    assert rollout is not None
    found = build_timeline(rollout, snapshot)
    assert {e.object.kind for e in found} <= {"Upgrade", "Node", "RKEControlPlane", "Cluster.provisioning.cattle.io"}
    assert [s.step for s in find_phases(rollout, snapshot)][-1] == "UpgradingNodes"


def test_sample_of_8236_stopped_when_the_third_node_was_through() -> None:
    cluster = hd.open(BUNDLES / "issue-8236.zip")
    rollout = cluster.facts.upgrade_run
    assert rollout is not None
    found = build_timeline(rollout, cluster.snapshot)
    last = find_stop(found)
    assert last is not None
    assert (last.what, last.node, last.time) == ("Job post-drain is complete", "srv08", at("2025-05-07T16:39:00"))
    assert next(s.step for s in find_phases(rollout, cluster.snapshot) if s.node == "srv09") == "prepare"


def test_sample_of_the_lost_acknowledgement_quotes_harvester() -> None:
    cluster = hd.open(BUNDLES / "lost-acknowledgement.zip")
    rollout = cluster.facts.upgrade_run
    assert rollout is not None
    (told,) = [e for e in build_timeline(rollout, cluster.snapshot) if "does not retry" in e.what]
    assert (told.node, told.object.name) == ("hv02", f"{NAME}-pre-drain-hv02")
    assert told.field.startswith(f"logs/{SYSTEM}/harvester-")
    assert "Operation cannot be fulfilled on secrets" in told.what


def test_agent_is_told_of_the_node_that_it_runs_on() -> None:
    """hv04 names hv03's Machine."""
    cluster = hd.open(BUNDLES / "unmanaged-node.zip")
    rollout = cluster.facts.upgrade_run
    assert rollout is not None
    told = [(e.node, e.object) for e in build_timeline(rollout, cluster.snapshot) if e.object.kind == "Secret"]
    assert len(told) == len({secret for _, secret in told})
    assert {node for node, _ in told} == {"hv01", "hv02", "hv03", "hv05", "hv06"}


def test_events_of_a_bundle_are_found(tmp_path: Path) -> None:
    """By the name of their list, and with the collector's damage: an empty text is ``null`` there."""
    made = world()
    made.add(event({"kind": "Node", "name": "hv03", "namespace": "", "apiVersion": "v1"}, message=""))
    path = write_bundle(tmp_path / "b.zip", collected(made.objects), captured_at=made.captured_at)
    cluster = hd.open(path)
    rollout = cluster.facts.upgrade_run
    assert rollout is not None
    found = [e for e in build_timeline(rollout, cluster.snapshot) if e.object.kind == "Event"]
    assert [(e.node, e.what) for e in found] == [("hv03", "Warning Happened of Node hv03: ")]
