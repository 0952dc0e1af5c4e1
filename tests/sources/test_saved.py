"""A snapshot file as a source: known by what it holds, read a kind at a time, and damage is told by its name."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import SourceError, UsageError
from harvdiag.core.model import CoverageEntry, State
from harvdiag.kinds import CATALOGUE, DIAGNOSIS
from harvdiag.rules import registry, select_rules
from harvdiag.snapshot import Snapshot
from harvdiag.sources.saved.manifest import manifest_checksum, sha256_hex
from harvdiag.sources.saved.reader import SavedReader, contains_snapshot, is_snapshot_file, looks_like_snapshot
from harvdiag.sources.saved.writer import save_snapshot
from harvdiag.training.world.objects import new
from tests.routes import BROKEN, HEALTHY, subjects, told, told_without_logs

SAMPLE = Path(__file__).parents[1] / "data" / "schema-1.harvdiag.zip"
with zipfile.ZipFile(SAMPLE) as _box:
    SAVED = {entry["kind"] for entry in json.loads(_box.read("manifest.json"))["lists"]}
LATER = set(DIAGNOSIS) - SAVED
"""Kinds that harvdiag 0.1.0 did not know; what was saved then is silent on them."""
MACHINES, SECRETS, HOSTS = (f"kinds/{name}.jsonl" for name in ("machines.cluster.x-k8s.io", "secrets", "hosts"))
AGAIN = "copy it again, or save a new one"
UNEXPLAINED = {"upgrade-not-moving": ["Upgrade/hvst-upgrade-abcde"]}
"""What is found of harvester/harvester#8236 without its Machines: that the upgrade stands still."""
Members = dict[str, bytes]


def members(path: Path) -> Members:
    """What is in a snapshot file."""
    with zipfile.ZipFile(path) as box:
        return {name: box.read(name) for name in box.namelist()}


def write(path: Path, parts: Mapping[str, bytes], root: str = "") -> Path:
    """A zip of these members in their order."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in parts.items():
            box.writestr(f"{root}{name}", data)
    return path


def signed(body: Any) -> bytes:
    """A manifest with a checksum that fits."""
    return json.dumps({**body, "sha256": manifest_checksum(body)}).encode()


def resigned(parts: Members, member: str, data: bytes, objects: int | None = None) -> Members:
    """The members with one replaced, and a manifest that knows it: what only a stranger's program would write."""
    body = json.loads(parts["manifest.json"])
    body["files"][member] |= {"sha256": sha256_hex(data), "bytes": len(data)}
    if objects is not None:
        body["files"][member]["objects"] = objects
        next(row for row in body["lists"] if row["plural"] in member)["count"] = objects
    return {**parts, "manifest.json": signed(body), member: data}


def cluster(path: Path) -> Cluster:
    """The cluster in a snapshot file."""
    return Cluster(Snapshot(SavedReader(path)))


def refusal(path: Path) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(SourceError) as caught:
        SavedReader(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert line.isprintable()
    assert len(line) < 400
    return line.removeprefix(f"{path}: ")


@pytest.fixture(name="parts")
def _parts(tmp_path: Path) -> Members:
    return members(save_snapshot(hd.open(BROKEN).snapshot, tmp_path / "whole").path)


# --- schema 1 ------------------------------------------------------------------------------------------------------


def test_schema_1_is_read_for_good() -> None:
    """The sample was saved from `data/bundles/issue-8236.zip` by harvdiag 0.1.0; it is never written anew."""
    found = cluster(SAMPLE)
    findings = found.check()
    assert subjects(findings) == {
        "node-without-machine": ["Node/srv09"],
        "upgrade-blocked-by-orphan-node": ["Upgrade/hvst-upgrade-abcde"],
    }
    assert {"Plan", "UpgradeLog", "ManagedChart", "Bundle", "Node.longhorn.io", "Volume.longhorn.io"} <= LATER
    skipped = {outcome.rule: outcome.reason for outcome in findings.skipped}
    since = {kind for kind in LATER if not CATALOGUE[kind].late}
    later = {rule.name for rule in select_rules() if rule.needs & since}
    assert set(skipped) == {*later, "volume-faulted"}
    assert "no check had asked for it when it was saved" in skipped["volume-faulted"]
    assert all("it was saved without this kind" in skipped[name] for name in later)
    source = found.source
    assert (source.kind, source.name, source.captured_at) == ("snapshot", SAMPLE.name, "2025-05-08T10:00:00Z")
    assert source.harvester_version == "v1.4.2"
    assert found.coverage.notes == ("saved from support bundle issue-8236.zip by harvdiag 0.1.0",)
    assert {entry.kind for entry in found.coverage.gaps} == LATER
    counts = {kind: len(found.snapshot.objects(kind)) for kind in ("Node", "Machine", "Secret", "Host", "Job")}
    assert counts == {"Node": 4, "Machine": 3, "Secret": 3, "Host": 4, "Job": 15}
    machine = CoverageEntry("Machine", "cluster.x-k8s.io", "v1beta1", "fleet-local", State.COLLECTED, 3)
    assert found.coverage.of("Machine") == (machine,)
    assert len(found.table("pods")) == 54
    assert "pods" in found.kinds
    assert found.raw("Node", "srv09") is not None


# --- what is a snapshot --------------------------------------------------------------------------------------------


def test_a_snapshot_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    """Whatever its name; nothing else begins so."""
    (tmp_path / "text").write_text("x")
    (tmp_path / "nothing").touch()
    assert looks_like_snapshot(save_snapshot(hd.open(HEALTHY).snapshot, tmp_path / "any.name").path)
    assert not any(
        map(looks_like_snapshot, (HEALTHY, tmp_path, tmp_path / "text", tmp_path / "nothing", tmp_path / "none"))
    )


@pytest.mark.parametrize("root", ["", "lab/"])
def test_one_that_was_packed_anew_is_known_by_its_members(parts: Members, root: str, tmp_path: Path) -> None:
    """In any order, and with the folder to which it was extracted."""
    path = write(tmp_path / "s.zip", dict(sorted(parts.items())), root)
    assert (looks_like_snapshot(path), contains_snapshot(path)) == (False, True)
    assert told(cluster(path).check()) == told_without_logs(hd.open(BROKEN).check())
    assert not any(map(contains_snapshot, (BROKEN, tmp_path / "none", Path(__file__))))


def test_one_that_was_extracted_is_read(parts: Members, tmp_path: Path) -> None:
    """As a bundle's folder is."""
    with zipfile.ZipFile(write(tmp_path / "s.zip", parts)) as box:
        box.extractall(tmp_path / "out")
    assert looks_like_snapshot(tmp_path / "out")
    assert told(cluster(tmp_path / "out").check()) == told_without_logs(hd.open(BROKEN).check())
    (tmp_path / "out" / MACHINES).unlink()
    assert "missing from the snapshot" in (cluster(tmp_path / "out").snapshot.gap("Machine") or "")


def test_slices_for_an_upload_limit_are_joined(parts: Members, tmp_path: Path) -> None:
    """Any of them opens the whole."""
    data = write(tmp_path / "s.zip", parts).read_bytes()
    for number in range(3):
        (tmp_path / f"x.zip.00{number + 1}").write_bytes(
            data[number * 20_000 : (number + 1) * 20_000 if number < 2 else None]
        )
    assert looks_like_snapshot(tmp_path / "x.zip.001")
    assert contains_snapshot(tmp_path / "x.zip.002")
    assert len(cluster(tmp_path / "x.zip.003").check()) == 2


def test_two_snapshots_in_one_zip_are_refused(parts: Members, tmp_path: Path) -> None:
    """Nobody may guess which is meant."""
    both = {f"{root}/{name}": data for root in "ab" for name, data in parts.items()}
    assert "more than once" in refusal(write(tmp_path / "s.zip", both))


# --- only what is asked for ----------------------------------------------------------------------------------------


def test_a_kind_that_was_not_saved_was_not_looked_at(parts: Members, tmp_path: Path) -> None:
    """A later harvdiag knows kinds that an older one did not; others are unknown, as in any source."""
    body = json.loads(parts["manifest.json"])
    body["lists"] = [row for row in body["lists"] if row["kind"] != "Machine"]
    body["files"].pop(MACHINES)
    found = cluster(write(tmp_path / "s.zip", {**parts, "manifest.json": signed(body)}))
    why = "not looked at: not in the snapshot: it was saved without this kind"
    assert found.snapshot.gap("Machine") == why
    assert found.coverage.of("Machine")[0].namespace == "fleet-local"
    assert "machines.cluster.x-k8s.io" not in found.kinds
    with pytest.raises(UsageError, match=r"no kind 'services' in s\.zip"):
        found.table("services")
    findings = found.check()
    assert subjects(findings) == UNEXPLAINED
    assert "as far as could be seen: Machine not seen" in findings[0].message


def test_what_a_newer_writer_adds_is_no_harm(parts: Members, tmp_path: Path) -> None:
    """Fields and members that nobody knows yet."""
    body = json.loads(parts["manifest.json"])
    body |= {"new": [1.5, {"x": None}]}
    body["lists"][0]["new"] = body["tool"]["new"] = {}
    path = write(tmp_path / "s.zip", {**parts, "manifest.json": signed(body), "x": b""})
    assert told(cluster(path).check()) == told_without_logs(hd.open(BROKEN).check())


def test_a_manifest_that_was_laid_out_anew_is_good(parts: Members, tmp_path: Path) -> None:
    """Order and white space are nothing that it says."""
    body = json.loads(parts["manifest.json"])
    anew = json.dumps(dict(sorted(body.items())), indent="\t", ensure_ascii=False).encode()
    assert len(cluster(write(tmp_path / "s.zip", {**parts, "manifest.json": anew})).check()) == 2


# --- a damaged member ----------------------------------------------------------------------------------------------


def missing(parts: Members) -> Members:
    return {name: data for name, data in parts.items() if name != MACHINES}


def edited(parts: Members) -> Members:
    return {**parts, MACHINES: parts[MACHINES].replace(b"srv06", b"srv66")}


def line(change: Callable[[bytes], bytes], objects: int | None = None) -> Callable[[Members], Members]:
    """A change to the second object, told in the manifest."""

    def make(parts: Members) -> Members:
        first, second, *rest = parts[MACHINES].splitlines(keepends=True)
        return resigned(parts, MACHINES, b"".join([first, change(second), *rest]), objects)

    return make


def counted_wrong(parts: Members) -> Members:
    return resigned(parts, MACHINES, parts[MACHINES], 2)


DAMAGE: dict[str, tuple[Callable[[Members], Members], str]] = {
    "missing": (missing, f"{MACHINES}: missing from the snapshot; {AGAIN}"),
    "edited": (edited, f"{MACHINES}: changed after it was saved: its checksum does not match; {AGAIN}"),
    "cut": (lambda p: {**p, MACHINES: p[MACHINES][:-9]}, f"{MACHINES}: changed after it was saved: its checksum"),
    "no-json": (line(lambda text: text[1:]), f"{MACHINES}, line 2: is not valid JSON: "),
    "no-end": (lambda p: resigned(p, MACHINES, p[MACHINES][:-1]), f"{MACHINES}: holds 2 objects, not 3; {AGAIN}"),
    "empty-line": (line(lambda _: b"\n"), f"{MACHINES}, line 2: is not valid JSON: "),
    "one-too-few": (line(lambda _: b""), f"{MACHINES}: holds 2 objects, not 3"),
    "one-too-many": (counted_wrong, f"{MACHINES}: holds 3 objects, not 2"),
    "twice": (line(lambda text: text.replace(b'{"', b'{"kind":1,"', 1)), "line 2: is not valid JSON: duplicate key"),
    "nan": (line(lambda text: text.replace(b'{"', b'{"x":NaN,"', 1)), "line 2: is not valid JSON: NaN is not a JSON"),
    "deep": (line(lambda _: b"[" * 9000 + b"]" * 9000 + b"\n"), "line 2: is not valid JSON: "),
    "bytes": (line(lambda text: text.replace(b"srv", b"\xff", 1)), "line 2: is not valid JSON: "),
    "no-object": (line(lambda _: b"5\n"), "item 2 is not an object"),
    "no-name": (line(lambda _: b"{}\n"), "item 2 has no name"),
    "foreign": (line(lambda text: text.replace(b'"Machine"', b'"Node"', 1)), "is a Node of cluster.x-k8s.io"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_member_was_not_seen_whole_and_is_named(damage: str, parts: Members, tmp_path: Path) -> None:
    """The rules that need its kind are skipped, never passed; all others tell what they told.

    With the reason unseen, what is left to tell is that nothing moves.
    """
    make, says = DAMAGE[damage]
    found = cluster(write(tmp_path / "s.zip", make(parts)))
    (entry,) = found.coverage.of("Machine")
    assert entry.state is State.FAILED
    assert says in entry.reason
    assert entry.reason.isprintable()
    whole = {outcome.rule: outcome.outcome for outcome in hd.open(BROKEN).check().outcomes}
    findings = found.check()
    for outcome in findings.outcomes:
        rule = registry()[outcome.rule]
        expected = "failed" if rule.fallback else "skipped" if "Machine" in rule.needs else whole[rule.name]
        assert outcome.outcome == expected, outcome.rule
    assert subjects(findings) == UNEXPLAINED


def test_damage_within_the_zip_is_told(parts: Members, tmp_path: Path) -> None:
    """A flipped bit in the packed bytes."""
    path = write(tmp_path / "s.zip", parts)
    with zipfile.ZipFile(path) as box:
        at = box.getinfo(MACHINES).header_offset
    blob = bytearray(path.read_bytes())
    blob[at + 30 + len(MACHINES) + 200] ^= 1
    path.write_bytes(blob)
    assert cluster(path).snapshot.gap("Machine") == f"failed: {MACHINES}: damaged in the archive; {AGAIN}"


def test_a_bomb_is_not_unpacked(parts: Members, tmp_path: Path) -> None:
    """A member that states more than the limit."""
    path = write(tmp_path / "s.zip", parts)
    blob = bytearray(path.read_bytes())
    at = blob.rindex(MACHINES.encode()) - 46
    blob[at + 24 : at + 28] = (3 << 30).to_bytes(4, "little")
    path.write_bytes(blob)
    assert "more than the limit of 256 MiB" in (cluster(path).snapshot.gap("Machine") or "")


@pytest.mark.parametrize(
    "data",
    [
        b"5\n",
        b'{"metadata":{"name":"srv09"},"files":5}\n',
        b'{"metadata":{"name":"srv09"},"files":{"x":{"machine":5}}}\n',
    ],
)
def test_hosts_of_another_form_are_not_used(data: bytes, parts: Members, tmp_path: Path) -> None:
    """Rules look into what a host's files tell: what a stranger wrote there is checked first."""
    found = cluster(write(tmp_path / "s.zip", resigned(parts, HOSTS, data, 1)))
    assert found.snapshot.host("srv09") is None
    assert len(found.check()) == 2
    assert "not a Host" in (found.snapshot.gap("Host") or "")


def test_secrets_of_a_stranger_are_cut(parts: Members, tmp_path: Path) -> None:
    """Whatever stands in the file, of a Secret only what a snapshot may hold gets in."""
    plan = new("v1", "Secret", "p", "fleet-local", type="rke.cattle.io/machine-plan", data={"plan": "SENSITIVE"})
    other = new("v1", "Secret", "o", "fleet-local", type="Opaque", data={"password": "SENSITIVE"})
    data = b"".join(json.dumps(obj).encode() + b"\n" for obj in (plan, other))
    found = cluster(write(tmp_path / "s.zip", resigned(parts, SECRETS, data, 2)))
    assert [obj["metadata"]["name"] for obj in found.snapshot.objects("Secret")] == ["p"]
    assert "SENSITIVE" not in repr(found.snapshot.objects("Secret"))


# --- a file that cannot be used ------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.05, 0.5, 0.98])
def test_a_file_that_is_cut_short_is_refused(share: float, parts: Members, tmp_path: Path) -> None:
    """With what to do; also beside files that look like other parts of it."""
    whole = write(tmp_path / "lab-2.zip", parts).read_bytes()
    (tmp_path / "lab-1.zip").write_bytes(whole[: int(len(whole) * share)])
    assert looks_like_snapshot(tmp_path / "lab-1.zip")
    assert refusal(tmp_path / "lab-1.zip") == f"this snapshot is truncated or damaged; {AGAIN}"


def set_(**fields: Any) -> Callable[[Any], Any]:
    """A change to the manifest's own fields."""
    return lambda body: {**body, **fields}


def first(part: str, **fields: Any) -> Callable[[Any], Any]:
    """A change to the first of its lists, or resources."""
    return lambda body: {**body, part: [{**body[part][0], **fields}, *body[part][1:]]}


def without(key: str) -> Callable[[Any], Any]:
    """One field less."""
    return lambda body: {name: value for name, value in body.items() if name != key}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda _: {}, "it was not written by harvdiag"),
        (set_(format="crx"), "it was not written by harvdiag"),
        (set_(schema=0), "unknown schema 0"),
        (set_(schema=True), "its `schema` is missing or not a whole number"),
        (set_(schema="1"), "its `schema` is missing or not a whole number"),
        (without("lists"), "its `lists` is missing or not a list"),
        (set_(files=[]), "its `files` is missing or not a mapping"),
        (set_(tool={"name": "harvdiag"}), "its `version` is missing or not a string"),
        (without("source"), "its `source` is missing or not a mapping"),
        (set_(lists=[5]), "its `group` is missing or not a string"),
        (first("lists", state="splendid"), "its list 1 is invalid"),
        (first("lists", count=-4), "its list 1 is invalid"),
        (first("lists", count=True), "its `count` is missing or not a whole number"),
        (first("lists", plural="geese"), "its list 1 is invalid"),
        (first("lists", count=3), "its lists and its members differ in the number of objects"),
        (first("resources", version=None), "its `version` is missing or not a string"),
    ],
)  # fmt: skip
def test_a_manifest_of_another_form_is_refused(
    change: Callable[[Any], Any], says: str, parts: Members, tmp_path: Path
) -> None:
    """In one line, though its checksum fits."""
    body = signed(change(json.loads(parts["manifest.json"])))
    path = write(tmp_path / "s.zip", {**parts, "manifest.json": body})
    assert refusal(path) == f"not a usable snapshot: manifest.json: {says}; {AGAIN}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "is not valid JSON: Expecting value"),
        (b"\xff\xfe", "is not valid JSON"),
        (b"[]", "it was not written by harvdiag"),
        (b"[" * 100_000, "is not valid JSON"),
        (b'{"format": 1, "format": 2}', "duplicate key 'format'"),
    ],
)
def test_a_manifest_that_is_no_json_is_refused(text: bytes, says: str, parts: Members, tmp_path: Path) -> None:
    """Nothing else tells what was seen."""
    assert says in refusal(write(tmp_path / "s.zip", {**parts, "manifest.json": text}))


def test_an_edited_manifest_is_refused(parts: Members, tmp_path: Path) -> None:
    """A list that failed is not made whole by hand."""
    body = parts["manifest.json"].replace(b'"state": "collected"', b'"state": "empty"', 1)
    assert body != parts["manifest.json"]
    assert "its checksum does not match" in refusal(write(tmp_path / "s.zip", {**parts, "manifest.json": body}))


def test_a_snapshot_without_its_manifest_is_refused(parts: Members, tmp_path: Path) -> None:
    """The members alone tell nothing."""
    path = write(tmp_path / "s.zip", {name: data for name, data in parts.items() if name != "manifest.json"})
    assert refusal(path) == f"not a usable snapshot: manifest.json: not in the archive; {AGAIN}"
    assert not looks_like_snapshot(path)
    assert not contains_snapshot(path)


def test_a_newer_schema_asks_for_a_newer_harvdiag(parts: Members, tmp_path: Path) -> None:
    """Whatever else has changed there."""
    body = b'{"format": "harvdiag snapshot", "schema": 2, "everything": "else"}'
    line_ = "written by a newer harvdiag (schema 2); this one reads schema 1: update harvdiag"
    assert refusal(write(tmp_path / "s.zip", {**parts, "manifest.json": body})) == line_


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """As any source is."""
    assert refusal(tmp_path / "none") == "no such file or folder"
    assert set(CATALOGUE) > {"Host"}


def test_damage_to_what_the_hosts_told_is_a_note(parts: Members, tmp_path: Path) -> None:
    """No list of a check is damaged by it, but evidence is lost, and nobody may think that there was none."""
    whole = cluster(write(tmp_path / "whole.zip", parts))
    of = cluster(write(tmp_path / "s.zip", {**parts, HOSTS: parts[HOSTS][:-40]}))
    assert not any("hosts" in note for note in whole.coverage.notes)
    assert any(note.startswith(f"the data of the hosts is lost: {HOSTS}: ") for note in of.coverage.notes)
    assert subjects(of.check()) == subjects(whole.check())


def test_only_a_snapshot_counts_as_one_of_ours(parts: Members, tmp_path: Path) -> None:
    """Many formats begin with a manifest.json; such a file must never be replaced by a snapshot."""
    ours = write(tmp_path / "s.zip", parts)
    other = write(tmp_path / "x.zip", {"manifest.json": b'{"name": "my browser extension"}', "kinds/a": b"x"})
    assert (is_snapshot_file(ours), looks_like_snapshot(other), is_snapshot_file(other)) == (True, True, False)
    with pytest.raises(UsageError, match="is not a snapshot; give another name"):
        hd.open(BROKEN).save(other)
