"""What changed between two readings of a cluster: as data, in words, and by `harvdiag compare`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

import harvdiag as hd
from harvdiag.core.fields import field_path
from harvdiag.core.model import Severity, State
from harvdiag.core.wrap import count_cells
from harvdiag.notebook.display import HTML
from harvdiag.reports.changes import markdown, terminal
from harvdiag.snapshot import Snapshot
from harvdiag.status.changes.comparison import Comparison
from harvdiag.training.world.faults import orphan
from harvdiag.training.world.rollouts import at_step
from tests import port
from tests.command import run
from tests.routes import BROKEN, HEALTHY, ROUTES
from tests.world import World, healthy

LATER = "2025-05-08T12:00:00Z"
SETTING = {
    "apiVersion": "longhorn.io/v1beta2",
    "kind": "Setting",
    "metadata": {
        "name": "log-level",
        "namespace": "longhorn-system",
        "uid": "5e77109e-0000-4000-8000-000000000001",
        "resourceVersion": "7",
    },
    "value": "Info",
}
JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "sweep", "namespace": "harvester-system"},
    "status": {"active": 1},
}


def world(*more: dict[str, Any], **how: Any) -> World:
    """A healthy cluster with more objects in it."""
    made = healthy(**how)
    made.objects += json.loads(json.dumps(more))
    return made


def compare(before: World, now: World, when: str = LATER, **unseen: State) -> Comparison:
    """Two readings in memory; of the second not every list may have been seen."""
    one = port.cluster(before.objects)
    other = hd.Cluster(Snapshot(port.Port(now.objects, unseen, captured_at=when)))
    return other.compare(one)


def put(obj: Any, path: str, value: Any) -> None:
    """Set a field of an object; None removes it."""
    *above, last = field_path(path).steps
    for step in above:
        obj = obj[step] if isinstance(step, int) else obj.setdefault(step, {})
    obj[last] = value
    if value is None:
        del obj[last]


def rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """What differs in objects and fields."""
    return [(c.sort, c.ref.kind, c.ref.name, c.path, c.before, c.now) for c in comparison.changes]


# --- objects and fields --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Setting", "metadata.resourceVersion", "8"),
        ("Setting", "metadata.generation", 3),
        ("Setting", "metadata.managedFields", [{"manager": "kubectl"}]),
        ("Setting", "metadata.annotations", {}),
        ("Setting", 'metadata.annotations["a.b/at"]', ("2025-05-08T09:00:00Z", LATER)),
        ("Setting", "status.conditions", [{"type": "Ready", "status": "True", "lastTransitionTime": LATER}]),
        ("Node", 'metadata.annotations["management.cattle.io/pod-requests"]', '{"cpu":"2"}'),
        ("Node", "status.images", [{"names": ["a"]}]),
        ("Node", "status.observedGeneration", 4),
        ("Node", "status.conditions[0].lastHeartbeatTime", LATER),
    ],
)
def test_what_changes_by_itself_is_no_difference(kind: str, path: str, value: Any) -> None:
    """Counters of the API, heartbeats, times that move on, and what Rancher counts."""
    setting = SETTING | {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    before, now = world(setting), world(setting)
    sides = value if isinstance(value, tuple) else (None, value)
    for side, content in zip((before, now), sides, strict=True):
        if content is not None:
            put([*side.find(kind)][-1], path, content)
    comparison = compare(before, now)
    assert rows(comparison) == []
    assert not comparison.changed


@pytest.mark.parametrize(
    ("kind", "path", "value", "told"),
    [
        ("Setting", "value", "Debug", ("value", "Info", "Debug")),
        ("Setting", "metadata.deletionTimestamp", LATER, ("metadata.deletionTimestamp", "absent", LATER)),
        ("Setting", 'metadata.labels["a.b/c"]', "x", ('metadata.labels["a.b/c"]', "absent", "x")),
        ("Node", "spec.taints", [{"key": "k", "effect": "NoExecute"}], ("spec.taints, key k", "absent", None)),
        ("Node", "spec.unschedulable", True, ("not spec.unschedulable", "true", "false")),
        ("Job", "status.active", None, ("status.active", "1", "absent")),
        ("Node", "status.conditions[0].reason", "Odd", (None, None, None)),
    ],
)
def test_a_field_is_told_with_both_values(kind: str, path: str, value: Any, told: tuple[str | None, ...]) -> None:
    """Once, with its path; what is a column or a link is told as that."""
    now = world(SETTING, JOB)
    put([*now.find(kind)][-1], path, value)
    comparison = compare(world(SETTING, JOB), now)
    ((sort, of, *found),) = rows(comparison)
    assert (sort, of.partition(".")[0]) == ("changed", kind)
    assert all(each in (None, other) for each, other in zip(told, found[1:], strict=True))
    assert comparison.changed


def test_objects_come_and_go_where_their_kind_was_seen() -> None:
    """Of any kind; where its list was not seen, nothing is known, and that is told."""
    one, other = world(JOB), world(SETTING)
    assert rows(compare(one, other)) == [
        ("gone", "Job", "sweep", "", "", ""),
        ("new", "Setting.longhorn.io", "log-level", "", "", ""),
    ]
    blind = compare(one, other, Job=State.FORBIDDEN)
    assert rows(blind) == [("new", "Setting.longhorn.io", "log-level", "", "", "")]
    assert blind.gaps == [("Job", "not seen now (forbidden: for a reason)")]


def test_an_object_of_a_namespace_that_was_not_seen_is_not_gone() -> None:
    """The home namespace tells nothing of others."""
    job = JOB | {"metadata": {"name": "sweep", "namespace": "elsewhere"}}
    comparison = compare(world(job, JOB), world(JOB))
    assert not comparison.changed
    assert [(str(ref), when) for ref, when in comparison.unseen] == [("Job elsewhere/sweep", "now")]
    assert "Job elsewhere/sweep: not comparable, the namespace was not seen now" in terminal.render(comparison)


def test_two_versions_of_an_api_are_compared_by_what_they_mean() -> None:
    """Their fields have other places, their columns have not."""
    before, now = healthy(version="v1.8.2"), healthy(version="v1.8.2")
    for cluster in now.find("Cluster"):
        if cluster["apiVersion"].startswith("cluster.x-k8s.io"):
            cluster["apiVersion"] = "cluster.x-k8s.io/v1beta9"
            cluster["spec"]["elsewhere"] = 1
    assert rows(compare(before, now)) == []


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "bundle"])
def test_one_cluster_is_the_same_through_any_source(route: str, tmp_path: Path) -> None:
    """In the middle of an upgrade, with a fault: what only one kind of source has does not count."""
    made = at_step(healthy(["hv01", "hv02", "hv03"]), "hv02", "h4")
    orphan(made, "hv03")
    bundle = ROUTES["bundle"](tmp_path / "a", made.objects, None)
    comparison = ROUTES[route](tmp_path / "b", made.objects, None).compare(bundle)
    assert (rows(comparison), comparison.gone, comparison.new, comparison.unjudged) == ([], [], [], [])
    assert not comparison.changed


# --- findings ------------------------------------------------------------------------------------------------------


def test_findings_are_new_gone_as_before_or_not_judged() -> None:
    """Consequences below their causes; a check that was skipped proves nothing."""
    fault = healthy()
    orphan(fault, "hv02")
    new = compare(healthy(), fault)
    assert [f.fingerprint for f in new.new][:1] == ["node-without-machine:Node::hv02"]
    assert not new.gone
    text = terminal.render(new)
    assert "\n  new  ✗ node-without-machine  Node hv02 has no Machine" in text
    gone = compare(fault, healthy())
    assert [f.fingerprint for f in gone.gone] == [f.fingerprint for f in new.new]
    assert "\n  gone  ✓ node-without-machine" in terminal.render(gone)
    assert compare(fault, fault).remaining
    dark = compare(fault, healthy(), Machine=State.FAILED)
    assert not dark.gone
    assert {each.when for each in dark.unjudged} == {"now"}
    text = terminal.render(dark)
    assert "not judged now  ? node-without-machine" in text
    assert "(not seen: Machine)" in text
    assert "not judged on one side." in text.partition("\nbefore")[0]
    assert [each["when"] for each in dark.document["findings"]["not_judged"]] == ["now"] * len(dark.unjudged)


def test_what_follows_stands_below_its_cause() -> None:
    """Also where the cause is as before: then it is named."""
    before, now = hd.open(HEALTHY), hd.open(BROKEN)
    text = terminal.render(now.compare(before))
    cause, effect = (next(line for line in text.splitlines() if rule in line) for rule in ("node-without", "by-orphan"))
    assert effect.index("✗") == cause.index("✗") + 2


def test_a_finding_of_another_severity_counts() -> None:
    """It is as before, and graver."""
    fault = healthy()
    orphan(fault, "hv02")
    comparison = compare(fault, fault)
    (told,) = (finding for finding in comparison.before.findings if finding.rule == "node-without-machine")
    object.__setattr__(told, "severity", Severity.WARNING)
    assert [(str(was.severity), str(now.severity)) for was, now in comparison.regraded] == [("warning", "error")]
    assert comparison.changed
    text = terminal.render(comparison)
    assert "(1 of another severity)" in text
    assert "(error now, warning before)" in text


def test_a_finding_of_an_object_that_left_says_so() -> None:
    """It is gone for another reason than that the fault was fixed."""
    fault, now = healthy(), healthy()
    orphan(fault, "hv02")
    orphan(now, "hv02")
    now.remove("Node", "hv02")
    assert "Node hv02 does not exist any more" in terminal.render(compare(fault, now))


def test_a_status_that_people_changed_is_told_and_does_not_count(tmp_path: Path) -> None:
    """Where there are no notes now, none was taken back."""
    now = tmp_path / "now.zip"
    shutil.copy(BROKEN, now)
    hd.open(now).check().note("node-without-machine srv09", "by hand", status="acknowledged")
    comparison = hd.compare(BROKEN, now)
    assert not comparison.changed
    (told,) = comparison.document["notes"]
    assert (told["before"], told["now"]) == ("open", "acknowledged")
    text = terminal.render(comparison)
    assert "\nNotes\n  node-without-machine srv09  open → acknowledged\n" in text
    assert "(acknowledged)" in text
    assert not hd.compare(now, BROKEN).notes


# --- upgrade, versions, clusters -----------------------------------------------------------------------------------


def test_the_upgrade_and_the_versions_are_told_from_where_to_where() -> None:
    """The phase, how many nodes are done, and each node that moved."""
    hosts = [f"hv{number:02}" for number in range(1, 5)]
    comparison = compare(at_step(healthy(hosts), "hv02", "h4"), at_step(healthy(hosts), "hv04", "h5"))
    upgrade = comparison.upgrade
    assert [side.done for side in (upgrade.before, upgrade.now) if side] == [1, 3]
    assert {move.node: move.direction for move in upgrade.moves} == dict.fromkeys(("hv02", "hv03", "hv04"), "on")
    text = terminal.render(comparison)
    assert "nodes done  1 of 4 → 3 of 4" in text
    assert {change.of for change in comparison.versions} == {"kubelet", "operating system"}
    assert "\n  kubelet           v1.30.7+rke2r1 → v1.31.4+rke2r1 (hv02 and hv03)\n" in text
    document = comparison.document
    assert document["upgrade"]["nodes"][0] == {
        "node": "hv02",
        "before": "Pre-draining",
        "now": "Succeeded",
        "direction": "on",
        "reason": "",
    }


def test_a_cluster_that_was_installed_again_is_another() -> None:
    """The same names, and every uid another: not every object is recreated."""
    now = healthy()
    for obj in now.objects:
        obj["metadata"]["uid"] = obj["metadata"]["uid"][::-1]
    comparison = compare(healthy(), now)
    assert comparison.difference == "other uids"
    assert rows(comparison) == []
    assert comparison.changed
    assert terminal.render(comparison).startswith(
        "These are two clusters: hv01, hv02, hv03 and the cluster itself have"
    )


@pytest.mark.parametrize(("told", "backwards"), [("2025-05-08T10:04:00Z", False), ("2025-05-08T11:00:00Z", True)])
def test_heartbeats_do_not_tell_the_order_of_minutes(told: str, backwards: bool) -> None:
    """What kubectl writes has no time of its own: the last heartbeat may be older than the reading."""
    bundle = hd.Cluster(Snapshot(port.Port(healthy().objects, captured_at=told)))
    files = hd.Cluster(Snapshot(port.Port(healthy().objects, captured_at="")))
    assert files.compare(bundle).backwards == backwards


# --- words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("width", [80, 100])
def test_its_text_keeps_to_the_width(width: int, full: bool) -> None:
    """Folded it fits on a screen or two; whole it has every field."""
    before, now = (hd.open(BROKEN.parent / f"{name}.zip") for name in ("upgrade-half-way", "lost-acknowledgement"))
    text = terminal.render(now.compare(before), width, full=full)
    assert max(map(count_cells, text.splitlines())) <= width
    assert ("status.nodeInfo.bootID" in text) == full
    assert full or len(text.splitlines()) <= 66


NAMES = ("<script>alert(1)</script>", "a|b", "x\ny", "\u202eevil", "n" * 253)


@pytest.mark.parametrize("render", [terminal.render, markdown.render], ids=["text", "markdown"])
def test_names_and_values_are_text(render: Callable[[Comparison], str]) -> None:
    """Whatever an object is called, and whatever is in its fields."""
    jobs = [JOB | {"metadata": {"name": name, "namespace": "harvester-system"}} for name in NAMES]
    changed = SETTING | {"value": "| `x` <b> \n# y"}
    text = render(compare(world(SETTING), world(*jobs, changed)))
    assert not {"\u202e", "\x1b"} & set(text)
    assert "\n# y" not in text
    if render is markdown.render:
        assert "<script>" not in text
        assert all(line.count(" | ") == 4 for line in text.splitlines() if "| Job " in line)


def test_long_markdown_is_truncated_and_says_so() -> None:
    """GitHub refuses more than 65,536 characters."""
    jobs = [JOB | {"metadata": {"name": f"sweep-{number}", "namespace": "harvester-system"}} for number in range(3000)]
    text = markdown.render(compare(world(), world(*jobs)))
    assert len(text) < 61_000
    assert "more, which the JSON and the text have." in text
    assert text.rstrip().splitlines()[-1].startswith("The same: ")


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle, what it was extracted to, and its snapshot; kubectl output of one kind each."""
    place = tmp_path_factory.mktemp("desk")
    ZipFile(BROKEN).extractall(place / "folder")
    hd.open(BROKEN).save(place / "saved.harvdiag.zip")
    for kind in ("Node", "Machine"):
        text = {"apiVersion": "v1", "kind": "List", "items": [*healthy().find(kind)]}
        (place / f"{kind}.json").write_text(json.dumps(text))
    return place


@pytest.mark.parametrize("other", [str(BROKEN), "folder", "saved.harvdiag.zip"])
def test_the_same_is_0(other: str, desk: Path) -> None:
    """A bundle twice, its folder, its snapshot; either way round."""
    for words in ((BROKEN, other), (other, BROKEN)):
        result = run("compare", *words, cwd=desk)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.startswith("Nothing differs between the two, both collected at 10:00 UTC")


def test_what_changed_is_1_in_every_format(desk: Path) -> None:
    """On stdout and in a file, as its ending says; pictures only there."""
    result = run("compare", HEALTHY, BROKEN, "--format", "json")
    document = json.loads(result.stdout)
    assert (result.returncode, document["schema"], document["changed"]) == (1, 1, True)
    assert (document["tool"]["name"], document["swapped"]) == ("harvdiag", False)
    assert run("compare", HEALTHY, BROKEN, "--format", "markdown").stdout.startswith("# healthy.zip → issue-8236.zip\n")
    for name, begins in (("a.json", b"{"), ("a.md", b"# "), ("a.txt", b"These are"), ("a.svg", b"<svg")):
        result = run("compare", HEALTHY, BROKEN, "-o", name, cwd=desk)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith(f"Written: {name} (")
        assert (desk / name).read_bytes().startswith(begins)


def test_the_later_as_the_earlier_is_told(desk: Path) -> None:
    """In the answer and on stderr; it is put right."""
    with ZipFile(BROKEN) as old, ZipFile(desk / "later.zip", "w") as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename.endswith("/metadata.yaml"):
                data = data.replace(b"2025-05-08T10:", b"2025-05-08T11:")
            new.writestr(item, data)
    result = run("compare", "later.zip", BROKEN, cwd=desk)
    assert result.stderr == "harvdiag: BEFORE was collected after NOW: shown in the order of their times\n"
    assert "\nbefore  issue-8236.zip: " in result.stdout
    assert "! The one given first was collected after the other" in result.stdout
    assert json.loads(run("compare", "later.zip", BROKEN, "--format", "json", cwd=desk).stdout)["swapped"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("no.zip", BROKEN), "no.zip: no such file"),
        (("", BROKEN), "the name of BEFORE is empty"),
        (("-", "-"), "only one of the two can be standard input"),
        (("Node.json", "Machine.json"), "Node.json and Machine.json have no list in common"),
        ((HEALTHY, BROKEN, "-o", "x.pdf"), "x.pdf: a comparison ends in .txt, .json, .md, .svg or .png"),
        ((HEALTHY, BROKEN, "-o", "x.svg", "--format", "json"), "x.svg is a picture: leave out --format json"),
        ((HEALTHY, BROKEN, "--context", "lab"), "not both"),
    ],
)
def test_what_cannot_be_compared_is_2_and_one_line(words: tuple[str | Path, ...], says: str, desk: Path) -> None:
    """What was wrong, and where."""
    result = run("compare", *words, cwd=desk)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert says in result.stderr


def test_in_python_it_takes_clusters_and_files() -> None:
    """And what comes of it can be drawn."""
    comparison = hd.compare(HEALTHY, hd.open(BROKEN))
    assert comparison.different_clusters
    assert hd.draw(comparison).text == hd.draw(hd.open(BROKEN), against=hd.open(HEALTHY)).text
    page = HTML["harvdiag.status.changes.comparison", "Comparison"](comparison)
    assert "<img" in page
    assert "<summary>Every difference</summary>" in page
    with pytest.raises(hd.UsageError, match="of a comparison there is the picture 'changes'"):
        hd.draw(comparison, "links")
