"""Saving a snapshot: nothing that a rule uses is lost, the same gives the same bytes, and no half file is ever left."""

from __future__ import annotations

import json
import os
import re
import stat
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import SourceError, UsageError
from harvdiag.core.fields import Obj
from harvdiag.core.findings import Origin
from harvdiag.core.model import State
from harvdiag.core.window import Window
from harvdiag.figures import PICTURES
from harvdiag.kinds import CATALOGUE, DIAGNOSIS, kind_for_resource, qualified_name
from harvdiag.kinds.keep import store_object
from harvdiag.kinds.kind import Kind
from harvdiag.reports import render
from harvdiag.reports.objects import TableStyle, render_table
from harvdiag.reports.upgrade import render as render_upgrade
from harvdiag.snapshot import Listing, Manifest, Resource, Snapshot
from harvdiag.sources.saved.reader import SavedReader
from harvdiag.sources.saved.writer import Saved, default_name, save_snapshot
from harvdiag.training.world.faults import orphan
from harvdiag.training.world.objects import new
from tests import port
from tests.port import Port
from tests.routes import (
    BROKEN,
    HEALTHY,
    PATHS,
    ROUTES,
    SCENARIOS,
    again,
    collected,
    from_bundle,
    name,
    sampled,
    scenario,
    told,
)
from tests.sample import some
from tests.world import healthy, write_bundle

LOG = "Failed to get /apis/cluster.x-k8s.io/v1beta1/namespaces/fleet-local/machines: the server is on fire"


WHOLE = tuple(name for name, kind in CATALOGUE.items() if not kind.lazy)
"""The kinds that are saved as a whole; of the others, what a check asked for."""


def slim(kind: str, objects: Sequence[Obj]) -> list[Obj]:
    """The objects with the fields that a snapshot file keeps of their kind."""
    return [store_object(CATALOGUE.get(kind) or kind_for_resource("", kind), obj) for obj in objects]


def assert_same(before: Snapshot, after: Snapshot, kinds: Sequence[str] = WHOLE) -> None:
    """Objects, in their order, and what was seen of each list are equal; so is what files of hosts tell."""
    for kind in kinds:
        assert list(after.objects(kind)) == slim(kind, before.objects(kind)), kind
        assert after.lists(kind) == before.lists(kind), kind
        assert (after.gap(kind), after.gap(kind, everywhere=True)) == (before.gap(kind), before.gap(kind, True))
    for node in before.objects("Node"):
        assert after.host(node["metadata"]["name"]) == before.host(node["metadata"]["name"])


def without_logs(document: dict[str, Any]) -> dict[str, Any]:
    """The findings without lines of logs and the steps that these answer: a saved snapshot holds no logs."""
    findings = [
        finding
        | {"evidence": [row for row in finding["evidence"] if not re.match(r"logs/|nodes/.*[.]log", row["path"])]}
        | {"next": [step for step in finding["next"] if "Already found" not in step and "journalctl" not in step]}
        for finding in document["findings"]
    ]
    return document | {"findings": findings}


def assert_tells_the_same(before: Cluster, after: Cluster) -> None:
    """Every report and the coverage, but for the source."""
    after.snapshot.load(WHOLE)  # as saving has done with the other
    first, second = before.check(), after.check()
    assert without_logs(told(first)) == without_logs(told(second))
    # A source of files reads a whole list to answer a question; a saved snapshot has the answer alone.
    assert [entry for entry in first.coverage.entries if entry.kind in {*WHOLE, "Host"}] == [
        entry for entry in second.coverage.entries if entry.kind in {*WHOLE, "Host"}
    ]
    assert render(second, "markdown")
    assert_same(before.snapshot, after.snapshot)


def kept(snapshot: Snapshot, place: Path, kinds: Sequence[str] | None = None) -> Snapshot:
    """The same snapshot from its file."""
    return Snapshot(SavedReader(save_snapshot(snapshot, place / "s", kinds).path))


# --- nothing is lost -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [HEALTHY, BROKEN], ids=["healthy", "broken"])
def test_a_sample_bundle_comes_back(path: Path, tmp_path: Path) -> None:
    """Findings, evidence from the archives of hosts, coverage; and the source says what it was."""
    before = hd.open(path)
    after = again(before, tmp_path)
    assert_tells_the_same(before, after)
    origin = Origin(before.source.kind, before.source.name)
    assert after.source == replace(before.source, kind="snapshot", name="saved.harvdiag.zip", origin=origin)
    assert f"snapshot of support bundle {path.name}, Harvester" in render(after.check(), "table")
    told = {"kind": "bundle", "name": path.name}
    assert json.loads(render(after.check(), "json"))["source"]["origin"] == told
    assert after.coverage.notes == (f"saved from support bundle {path.name} by harvdiag {hd.__version__}",)
    assert after.snapshot.objects("Host")


SAMPLE_PATHS = [path for path in PATHS if sampled(path, 4, "saving", each_rule=False)]
SAVED = [(path, route) for path in SAMPLE_PATHS for route in some(["bundle", "folder"], 1, f"saved {name(path)}")]


@pytest.mark.parametrize(("path", "route"), SAVED, ids=[f"{route}-{name(path)}" for path, route in SAVED])
def test_a_scenario_loses_nothing(path: Path, route: str, tmp_path: Path) -> None:
    """Every kind of the catalogue is equal in its objects and its coverage; a sample takes one of the routes each."""
    of = scenario(path)
    before = ROUTES[route](tmp_path, of.objects, of.captured_at)
    assert_tells_the_same(before, again(before, tmp_path))


def shown(cluster: Cluster) -> dict[str, str]:
    """What a person can ask of a cluster: findings, pictures, the upgrade, every table here and in the terminal."""
    style = TableStyle(wide=True, namespaces=True, prefixed=False, headers=True, columns=())
    tables = {kind: cluster.table(kind).to_csv() for kind in WHOLE}
    objects, now = cluster.snapshot.objects, cluster.snapshot.collected_at
    printed = {f"get {kind}": render_table(CATALOGUE[kind], objects(kind), now, style) for kind in WHOLE}
    pictures = {name: hd.draw(cluster, name).lines(100) for name in PICTURES if not PICTURES[name].against}
    upgrade = render_upgrade(cluster.upgrade, "", 100, timeline=Window())
    return tables | printed | pictures | {"upgrade": upgrade, "findings": render(cluster.check(), "json")}


@pytest.mark.parametrize("rule", ["upgrade-blocked-by-orphan-node", "volume-degraded"])
def test_the_fields_of_a_file_are_enough_for_whatever_is_shown(rule: str) -> None:
    """Not for findings alone: the lists of fields (`Kind.stored`) have all that tables, pictures and columns read."""
    whole = scenario(SCENARIOS / rule / "speaks.yaml").objects
    stored = [
        store_object(CATALOGUE[qualified_name(obj["apiVersion"].rpartition("/")[0], obj["kind"])], obj) for obj in whole
    ]
    assert stored != list(whole)
    assert shown(port.cluster(stored)) == shown(port.cluster(whole))


def test_a_large_cluster_tells_the_same(tmp_path: Path) -> None:
    """200 nodes, one of them an orphan."""
    world = healthy([f"hv{number:03}" for number in range(200)])
    orphan(world, "hv150")
    before = from_bundle(tmp_path, world.objects)
    after = again(before, tmp_path)
    assert len(before.check()) >= 1
    assert_tells_the_same(before, after)


def test_single_objects_of_kubectl_stay_a_gap(tmp_path: Path) -> None:
    """What was no whole list then is none now."""
    (tmp_path / "in").mkdir()
    for number, obj in enumerate(healthy().objects):
        (tmp_path / "in" / f"{number}.json").write_text(json.dumps(obj))
    before = hd.open(tmp_path / "in")
    saved = save_snapshot(before.snapshot, tmp_path / "s")
    after = Snapshot(SavedReader(saved.path))
    assert_same(before.snapshot, after)
    assert "only single objects" in (after.gap("Machine") or "")
    assert {entry.kind for entry in saved.gaps} >= {"Node", "Machine"}


def test_a_failed_list_stays_one_with_its_objects(tmp_path: Path) -> None:
    """The reason is the collector's own, and what could be read is still there."""
    before = from_bundle(tmp_path, healthy().objects, log_lines=[LOG, "something unheard of"])
    after = again(before, tmp_path)
    assert_tells_the_same(before, after)
    assert after.snapshot.gap("Machine") == "failed: the collector failed: the server is on fire"
    assert len(after.machines) == 3
    assert after.coverage.notes[0] == "collector: something unheard of"


def test_refused_lists_stay_refused(tmp_path: Path) -> None:
    """Every state that a list can have."""
    states = {"Machine": State.FORBIDDEN, "Setting": State.FAILED, "Job": State.NOT_LOOKED_AT, "Upgrade": State.EMPTY}
    before = Snapshot(Port(healthy().objects, states))
    after = kept(before, tmp_path)
    assert_same(before, after)
    assert after.gap("Machine") == "forbidden: for a reason"


class Spread(Port):
    """Lists of one kind in several namespaces, not in their order, one of them refused; and none of another."""

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """Jobs in three namespaces, and of Upgrades nothing at all."""
        jobs = CATALOGUE["Job"]
        found = super().read([kind for kind in kinds if kind.name not in {"Job", "Upgrade"}])
        if jobs not in kinds:
            return found
        lists = [
            Listing(
                kind=jobs,
                version="v1",
                namespace=space,
                items=[new("batch/v1", "Job", f"{space}-{n}", space) for n in range(2)],
            )
            for space in ("zoo", "harvester-system")
        ]
        return [
            *found,
            *lists,
            Listing(
                kind=jobs, version="v1", namespace="*", state=State.FORBIDDEN, reason="59 other namespaces: a, b, …"
            ),
        ]


def test_lists_of_many_namespaces_stay_apart(tmp_path: Path) -> None:
    """Each keeps its own objects and its own state, in the order of the source; no list at all stays that."""
    before = Snapshot(Spread(healthy().objects))
    after = kept(before, tmp_path)
    assert_same(before, after)
    assert [entry.namespace for entry in after.lists("Job")] == ["zoo", "harvester-system", "*"]
    assert (after.seen("Job"), after.gap("Upgrade")) == (True, "not in the source")


def test_other_kinds_are_saved_when_named_or_read_before(tmp_path: Path) -> None:
    """Any word that kubectl takes will do; what was not saved was not looked at, or is unknown."""
    cluster = hd.open(BROKEN)
    pods = cluster.table("Pod")
    saved = save_snapshot(cluster.snapshot, tmp_path / "s", ["event"])
    after = Cluster(Snapshot(SavedReader(saved.path)))
    assert after.table("Pod").equals(pods)
    assert after.table("events").equals(cluster.table("events"))
    assert_same(cluster.snapshot, after.snapshot, ["Pod", "Event"])
    assert set(saved.kinds) == {*WHOLE, "Pod", "Event"} - {"KubeletStats"}
    assert {"pods", "events", "nodes"} <= set(after.kinds) < set(cluster.kinds)
    with pytest.raises(UsageError, match="no kind 'services' in s"):
        after.table("services")
    with pytest.raises(UsageError, match="no kind 'geese'"):
        save_snapshot(cluster.snapshot, tmp_path / "s", "geese")


def test_secrets_and_managed_fields_are_not_in_the_file(tmp_path: Path) -> None:
    """Of plan Secrets what a snapshot keeps, of others nothing; and nobody needs to know who set which field."""
    plan = next(obj for obj in healthy().objects if obj["kind"] == "Secret")
    plan = {**plan, "data": {"plan": "SENSITIVE", "applied-checksum": "x"}}
    other = new("v1", "Secret", "other", "fleet-local", type="Opaque", data={"password": "SENSITIVE"})
    node = new("v1", "Node", "n1")
    node["metadata"]["managedFields"] = [{"manager": "SENSITIVE"}]
    path = save_snapshot(Snapshot(Port([plan, other, node])), tmp_path / "s").path
    with zipfile.ZipFile(path) as box:
        assert b"SENSITIVE" not in b"".join(box.read(member) for member in box.namelist())
        assert box.read("kinds/secrets.jsonl").count(b"\n") == 1


def test_odd_texts_and_numbers_come_back(tmp_path: Path) -> None:
    """Half pairs of surrogates, line separators, huge and small numbers, and names that no file may have."""
    odd = ["\ud800", "\u2028\n\r\x00\x1b[31m", "ü€😀", 10**30, -0.0, 1e-300, 1.0, True, None, [], {"": {'a"b': [[]]}}]
    node = new("v1", "Node", "n1", status={"nodeInfo": {"odd": odd}})
    strange = [new("v1", kind, "x") for kind in ("a/b\\c", "Ünding", "K" * 300)]
    kinds = [Resource("", "v1", f"{obj['kind'].lower()}s", "", obj["kind"]) for obj in strange]
    before = Snapshot(Strange([node, *strange], resources=kinds))
    after = kept(before, tmp_path, [resource.plural for resource in kinds])
    assert_same(before, after, [*WHOLE, *(resource.plural for resource in kinds)])
    assert repr(after.objects("Node")[0]["status"]["nodeInfo"]["odd"]) == repr(odd)
    with zipfile.ZipFile(tmp_path / "s") as box:
        assert all(member.startswith("kinds/") and len(member) < 220 for member in box.namelist()[1:])
        assert not any(member.count("/") > 1 or "\\" in member for member in box.namelist())


class Strange(Port):
    """Kinds that no API serves."""

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """By plural, as files of kubectl are read."""
        known = {kind.name: kind for kind in kinds if kind.name in CATALOGUE}
        objects = {f"{name.lower()}s": items for name, items in self._lists.items()}
        others = [
            Listing(kind=kind, version="v1", items=objects[kind.name]) for kind in kinds if kind.name not in known
        ]
        return [*super().read(list(known.values())), *others]


def test_a_value_that_is_no_json_is_refused_in_one_line(tmp_path: Path) -> None:
    """No source gives one; if one did, nothing is written."""
    node = new("v1", "Node", "n1", status={"nodeInfo": {"x": float("nan")}})
    with pytest.raises(SourceError, match=r"^Node n1: contains a value that JSON cannot represent$"):
        save_snapshot(Snapshot(Port([node])), tmp_path / "s")
    assert list(tmp_path.iterdir()) == []


# --- the same bytes ------------------------------------------------------------------------------------------------


def test_the_same_cluster_gives_the_same_bytes(tmp_path: Path) -> None:
    """Whenever, wherever, and whatever was read first; the manifest stands first."""
    first, second = hd.open(BROKEN), hd.open(BROKEN)
    second.check()
    second.snapshot.load(reversed(WHOLE))
    one, two = first.save(tmp_path / "one"), second.save(tmp_path / "two.zip")
    assert one.path.read_bytes() == two.path.read_bytes()
    with zipfile.ZipFile(one.path) as box:
        assert box.namelist()[0] == "manifest.json"
        assert {info.date_time for info in box.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_snapshot_of_a_snapshot_is_the_same(tmp_path: Path) -> None:
    """It keeps the first source, and every kind that the file holds, read or not."""
    cluster = from_bundle(tmp_path, healthy(lean=False).objects, log_lines=[LOG])
    first = save_snapshot(cluster.snapshot, tmp_path / "first", ["pods", "nodes.longhorn.io"])
    second = save_snapshot(Snapshot(SavedReader(first.path)), tmp_path / "second")
    assert second.path.read_bytes() == first.path.read_bytes()
    assert second[1:] == first[1:]
    assert SavedReader(second.path).manifest.origin == cluster.snapshot.manifest


def test_it_says_what_it_wrote(tmp_path: Path) -> None:
    """Where, how many bytes, which kinds, how many objects, and what is missing."""
    cluster = from_bundle(tmp_path, healthy().objects, log_lines=[LOG])
    saved = save_snapshot(cluster.snapshot, tmp_path / "s")
    objects = sum(len(cluster.snapshot.objects(kind)) for kind in WHOLE)
    lists = [entry for kind in WHOLE for entry in cluster.snapshot.lists(kind) if kind != "KubeletStats"]
    gaps = tuple(entry for entry in lists if not entry.state.seen)
    kinds = tuple(dict.fromkeys(entry.kind for entry in lists if entry.state.seen))
    assert saved == Saved(tmp_path / "s", (tmp_path / "s").stat().st_size, kinds, objects, gaps)
    assert {"Machine", "KubeletStats"} & {*kinds} == set()
    assert {"Machine"} <= {entry.kind for entry in gaps}
    seen = f"{len(kinds)} of {len(DIAGNOSIS) + 1} kinds seen"
    assert re.fullmatch(rf"<Saved \S+/s: {objects} objects, {seen}, [\d.]+ kB>", repr(saved))


@pytest.mark.parametrize(
    ("name", "time", "file"),
    [
        ("lab", "2026-11-23T18:10:00Z", "lab-2026-11-23T18-10-00Z"),
        ("admin@https://h:6443", "2026-11-23T18:10:00Z", "admin-https-h-6443-2026-11-23T18-10-00Z"),
        ("lab-2026-11-23T18-10-00Z.harvdiag.zip", "2026-11-23T18:10:05Z", "lab-2026-11-23T18-10-00Z"),
        ("nodes.yaml", "", "nodes"),
        ("nodes.JSON", "", "nodes"),
        ("b.zip.001", "2025-05-08T10:00:00Z", "b-2025-05-08T10-00-00Z"),
        ("v1.30", "", "v1.30"),
        ("--output", "", "output"),
        ("../..", "", "snapshot"),
        (".hidden", "2025-05-08T10:00:00Z", "hidden-2025-05-08T10-00-00Z"),
        ("", "2025-05-08T10:00:00Z", "2025-05-08T10-00-00Z"),
        ("x" * 300, "2025-05-08T10:00:00Z", "x" * 59 + "-2025-05-08T10-00-00Z"),
        ("x" * 300, "", "x" * 80),
    ],
)
def test_a_name_where_none_is_given(name: str, time: str, file: str) -> None:
    """It says what and when, once, and is the name of a plain file that no shell or tool takes for something else."""
    assert default_name(Manifest(kind="live", name=name, captured_at=time)) == f"{file}.harvdiag.zip"


def test_without_a_name_it_lies_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is returned says where."""
    monkeypatch.chdir(tmp_path)
    saved = hd.open(BROKEN).save()
    assert saved.path.parent == tmp_path
    assert saved.path.name.startswith("issue-8236-2025-05-08T")
    assert len(hd.open(saved.path).nodes) == 4


def test_nothing_seen_is_nothing_saved(tmp_path: Path) -> None:
    """A file of it would look like an empty cluster."""
    with pytest.raises(SourceError, match="nothing was seen, so there is nothing to save: Node: "):
        save_snapshot(Snapshot(Port([], dict.fromkeys(CATALOGUE, State.FAILED))), tmp_path / "s")
    assert list(tmp_path.iterdir()) == []


# --- the file ------------------------------------------------------------------------------------------------------


class Raising(Port):
    """A source that comes to its end while it is read."""

    error: BaseException = KeyboardInterrupt()

    def read(self, _: Sequence[Kind]) -> list[Listing]:
        """Never anything."""
        raise self.error


class Stopping(dict[str, Any]):
    """An object at which writing is interrupted."""

    def items(self) -> Any:
        """Ctrl-C."""
        raise KeyboardInterrupt


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SourceError("it went away"), MemoryError()])
def test_an_older_file_stays_when_reading_fails(error: BaseException, tmp_path: Path) -> None:
    """It is there as it was, and nothing else is."""
    path = save_snapshot(hd.open(HEALTHY).snapshot, tmp_path / "s").path
    before = path.read_bytes()
    source = Raising()
    source.error = error
    with pytest.raises(type(error)):
        save_snapshot(Snapshot(source), path)
    node = new("v1", "Node", "n1")
    node["metadata"] = Stopping(node["metadata"])
    with pytest.raises(KeyboardInterrupt):
        save_snapshot(Snapshot(Port([node])), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a process are a matter of POSIX")
def test_a_full_disk_leaves_the_older_file(tmp_path: Path) -> None:
    """Writing fails in the middle: one line, the old file, and no rest of the new one."""
    import subprocess
    import sys

    path = save_snapshot(hd.open(HEALTHY).snapshot, tmp_path / "s").path
    before = path.read_bytes()
    program = (
        "import resource, signal, sys; from harvdiag import open;"
        "from harvdiag.sources.saved.writer import save_snapshot;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "save_snapshot(open(sys.argv[1]).snapshot, sys.argv[2])"
    )
    run = subprocess.run(
        [sys.executable, "-B", "-c", program, BROKEN, path], capture_output=True, text=True, check=False
    )
    assert run.stderr.splitlines()[-1].endswith("cannot be written: file too large")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_older_snapshot_is_replaced_and_only_its_owner_may_read(tmp_path: Path) -> None:
    """A snapshot holds names, addresses and settings of a whole cluster: to pass it on is a deed of its own."""
    path = save_snapshot(hd.open(HEALTHY).snapshot, tmp_path / "s").path
    path.chmod(0o644)
    save_snapshot(hd.open(BROKEN).snapshot, path)
    assert len(Cluster(Snapshot(SavedReader(path))).check()) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name == "nt"


def test_a_snapshot_can_be_saved_over_itself(tmp_path: Path) -> None:
    """It is read while it is written; kinds that were not read before are there too."""
    path = save_snapshot(hd.open(BROKEN).snapshot, tmp_path / "s", ["pods"]).path
    before = path.read_bytes()
    snapshot = Snapshot(SavedReader(path))
    assert save_snapshot(snapshot, path).path == path
    assert path.read_bytes() == before
    assert len(snapshot.objects("Pod")) > 10


def test_a_link_is_followed(tmp_path: Path) -> None:
    """The link stays one; what it leads to is replaced."""
    real = save_snapshot(hd.open(HEALTHY).snapshot, tmp_path / "real").path
    (tmp_path / "link").symlink_to(real)
    assert save_snapshot(hd.open(BROKEN).snapshot, tmp_path / "link").path == real
    assert (tmp_path / "link").is_symlink()


def test_an_empty_file_is_filled(tmp_path: Path) -> None:
    """As `mktemp` makes them."""
    (tmp_path / "s").touch()
    assert save_snapshot(hd.open(HEALTHY).snapshot, str(tmp_path / "s")).size > 1000


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("", "it is a folder"),
        ("none/s.zip", "no such folder"),
        ("bundle.zip/s.zip", "no such folder"),
        ("bundle.zip", "it exists already and is not a snapshot; give another name"),
        ("x" * 300, "file name too long"),
        ("a\0b", "invalid path"),
    ],
    ids=["folder", "no-folder", "in-a-file", "bundle", "long-name", "no-name"],
)
def test_what_cannot_be_written_is_refused_before_anything_is_read(where: str, says: str, tmp_path: Path) -> None:
    """In one line; no file but a snapshot is ever replaced, so no slip of the hand costs a support bundle."""
    (tmp_path / "bundle.zip").write_bytes(HEALTHY.read_bytes())
    target = f"{tmp_path}/{where}"
    with pytest.raises(UsageError) as caught:
        save_snapshot(Snapshot(Raising()), target)
    assert str(caught.value) == f"{target!r} cannot be written: {says}"
    assert (tmp_path / "bundle.zip").read_bytes() == HEALTHY.read_bytes()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are a matter of POSIX")
def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """Neither a pipe nor a device."""
    os.mkfifo(tmp_path / "pipe")
    for target in (tmp_path / "pipe", os.devnull):
        with pytest.raises(UsageError, match="cannot be written: it exists already"):
            save_snapshot(Snapshot(Raising()), target)
    assert Path(os.devnull).is_char_device()


def test_one_request_for_everything(tmp_path: Path) -> None:
    """A live source fetches the kinds side by side only if it is asked for all at once."""
    calls: list[list[str]] = []

    class Counting(Port):
        def read(self, kinds: Sequence[Kind]) -> list[Listing]:
            calls.append([kind.name for kind in kinds])
            return super().read(kinds)

    save_snapshot(Snapshot(Counting(healthy().objects)), tmp_path / "s")
    assert calls == [list(WHOLE)]


def test_a_bundle_without_its_parts_can_be_saved(tmp_path: Path) -> None:
    """What was missing in 2021 is told from the file as from the bundle."""
    world = healthy(version="v1.0.3")
    old = write_bundle(tmp_path / "old.zip", collected(world.objects), captured_at=world.captured_at, layout="2021")
    before = hd.open(old)
    after = again(before, tmp_path)
    assert_same(before.snapshot, after.snapshot)
    one, other = before.check(), after.check()
    assert told(one) == told(other)
    judged = {outcome.rule for outcome in other.outcomes if outcome.outcome != "skipped"}
    assert judged == {"witness-unfit"}, "the only one that asks nothing but the Nodes"


def test_the_time_and_the_place_of_a_live_cluster_are_kept(tmp_path: Path) -> None:
    """The source of a snapshot is the cluster, whatever the file is called later."""
    source = Port(healthy().objects)
    source.manifest = Manifest(
        kind="live",
        name="lab",
        captured_at="2025-05-08T10:00:00Z",
        kubernetes_version="v1.31.4",
        notes=("two namespaces were not read",),
    )
    after = kept(Snapshot(source), tmp_path)
    manifest = after.manifest
    assert (manifest.kind, manifest.name, manifest.captured_at) == ("snapshot", "s", "2025-05-08T10:00:00Z")
    assert manifest.kubernetes_version == "v1.31.4"
    note = f"saved from live cluster lab by harvdiag {hd.__version__}"
    assert after.manifest.notes == ("two namespaces were not read", note)
