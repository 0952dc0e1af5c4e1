"""A support bundle as a source: what its listing, its metadata and its log tell of what was seen, and bad bundles."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import SourceError
from harvdiag.core.model import CoverageEntry, Finding, State
from harvdiag.kinds import CATALOGUE
from harvdiag.rules import registry
from tests.routes import BROKEN, collected
from tests.world import World, healthy, write_bundle

FLEET = "yamls/namespaced/fleet-local"
MACHINES = f"{FLEET}/cluster.x-k8s.io/v1beta1/machines.yaml"
NODES, PODS = "yamls/cluster/v1/nodes.yaml", "yamls/namespaced/harvester-system/v1/pods.yaml"
SECRETS, METADATA, LOG = f"{FLEET}/v1/secrets.yaml", "metadata.yaml", "bundleGenerationError.log"
UNKNOWN_TIME = "the time of collection is not known: metadata.yaml is missing or does not contain it"
Change = Mapping[str, bytes | str | None]


def bundle(place: Path, change: Change | None = None, world: World | None = None, **how: Any) -> Path:
    """A bundle without a root folder, some of whose members are replaced, added, or (None) left out."""
    world = world or healthy()
    whole = write_bundle(place / "whole.zip", collected(world.objects), captured_at=world.captured_at, root="", **how)
    return repack(whole, place / "b.zip", change or {})


def repack(whole: Path, path: Path, change: Change) -> Path:
    """A copy of an archive with some members changed."""
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        members = {name: old.read(name) for name in old.namelist() if not name.endswith("/")} | dict(change)
        for name, data in members.items():
            if data is not None:
                new.writestr(name, data)
    return path


def members(path: Path, start: str) -> list[str]:
    """The names of an archive's files that begin so."""
    with zipfile.ZipFile(path) as archive:
        return [name for name in archive.namelist() if name.startswith(start) and not name.endswith("/")]


def text(path: Path, member: str) -> str:
    """The text of one member."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(member).decode()


def entry(cluster: Cluster, kind: str) -> CoverageEntry:
    """The one coverage entry of a kind."""
    (found,) = cluster.coverage.of(kind)
    return found


def edited(place: Path, member: str, edit: Callable[[str], str]) -> Cluster:
    """The cluster of a healthy bundle in which one member's text was changed."""
    before = text(bundle(place), member)
    after = edit(before)
    assert after != before, "the edit must do something"
    return hd.open(repack(place / "whole.zip", place / "b.zip", {member: after}))


def assert_skipped(cluster: Cluster, kind: str) -> None:
    """Rules that need the kind are skipped, all others are judged; and there is no finding."""
    findings = cluster.check()
    for outcome in findings.outcomes:
        assert outcome.outcome == ("skipped" if kind in registry()[outcome.rule].needs else "passed"), outcome.rule
    assert not findings


def refusal(path: Path) -> str:
    """The one line with which an input is refused."""
    with pytest.raises(SourceError) as caught:
        hd.open(path).check()
    line = str(caught.value)
    assert "\n" not in line
    assert line.isprintable()
    assert len(line) < 400
    return line


# --- what the listing, the log and the metadata tell ----------------------------------------------------------------


def test_whole_bundle_is_seen_whole(tmp_path: Path) -> None:
    """Every list that the checks stand on was collected or is empty, with version and count."""
    cluster = hd.open(bundle(tmp_path))
    assert cluster.coverage.gaps == ()
    assert cluster.coverage.notes == ()
    expected = CoverageEntry("Machine", "cluster.x-k8s.io", "v1beta1", "fleet-local", State.COLLECTED, 3)
    assert entry(cluster, "Machine") == expected
    assert cluster.snapshot.manifest.captured_at == "2025-05-08T10:00:00Z"
    assert cluster.snapshot.manifest.kubernetes_version == "v1.31.4+rke2r1"


def test_missing_list_in_a_collected_namespace_is_empty(tmp_path: Path) -> None:
    """The collector leaves empty lists out since September 2023: no file and no complaint means that none existed."""
    cluster = hd.open(bundle(tmp_path))
    assert (entry(cluster, "Upgrade").state, entry(cluster, "Upgrade").namespace) == (State.EMPTY, "harvester-system")
    gone = hd.open(bundle(tmp_path, {MACHINES: None}))
    assert entry(gone, "Machine").state is State.EMPTY
    assert len(gone.check().of("node-dangling-machine")) == 3


@pytest.mark.parametrize("member", [MACHINES, None])
def test_list_that_the_log_complains_of_failed(tmp_path: Path, member: str | None) -> None:
    """Missing or there but partial: what the collector could not list was not seen, and the reason is its own."""
    line = "Failed to get /apis/cluster.x-k8s.io/v1beta1/namespaces/fleet-local/machines: the server is on fire\n"
    cluster = hd.open(bundle(tmp_path, {LOG: line} | ({member: None} if member else {})))
    assert entry(cluster, "Machine").state is State.FAILED
    assert entry(cluster, "Machine").reason == "the collector failed: the server is on fire"
    assert_skipped(cluster, "Machine")
    assert cluster.pairs["verdict"].str.startswith("not judged").all()


def test_list_that_was_half_written_failed(tmp_path: Path) -> None:
    """The log says that a file could not be written: what is in it is not all."""
    line = f"Support Bundle: failed to generate /bundle/supportbundle_x/{MACHINES}: no space left on device\n"
    cluster = hd.open(bundle(tmp_path, {LOG: line}))
    assert entry(cluster, "Machine").state is State.FAILED
    assert "no space left on device" in entry(cluster, "Machine").reason
    assert_skipped(cluster, "Machine")


@pytest.mark.parametrize("told", [True, False])
def test_missing_cluster_scope_skips_and_judges_the_rest(tmp_path: Path, told: bool) -> None:
    """harvester/harvester#8224: without yamls/cluster the Nodes were not seen, whether the log says why or not."""
    change: dict[str, str | None] = dict.fromkeys(members(bundle(tmp_path), "yamls/cluster/"))
    if told:
        change[LOG] = "Unable to fetch cluster resources: unable to retrieve the complete list of server APIs\n"
    cluster = hd.open(bundle(tmp_path, change))
    assert entry(cluster, "Node").state is State.FAILED
    reason = entry(cluster, "Node").reason
    assert ("complete list of server APIs" in reason) if told else (reason == "the bundle has no yamls/cluster")
    findings = cluster.check()
    for outcome in findings.outcomes:
        of_cluster = {kind for kind in registry()[outcome.rule].needs if not CATALOGUE[kind].home}
        if of_cluster - {"UpgradePlan"}:
            assert outcome.outcome == "skipped", outcome.rule
        elif outcome.outcome == "skipped":  # that kind is needed only where it is read, also by rules about leftovers
            assert {(entry.kind, entry.namespace) for entry in outcome.gaps} == {("UpgradePlan", "")}, outcome.rule
    assert not findings
    assert findings.source.harvester_version == ""
    assert findings.source.machines == 3


def test_missing_namespaced_scope_failed(tmp_path: Path) -> None:
    """The other half of the same fault: nothing of any namespace was seen."""
    change: dict[str, str | None] = dict.fromkeys(members(bundle(tmp_path), "yamls/namespaced/"))
    cluster = hd.open(bundle(tmp_path, change | {LOG: "Unable to fetch namespaced resources: broken\n"}))
    assert entry(cluster, "Machine").state is State.FAILED
    assert "broken" in entry(cluster, "Machine").reason
    assert entry(cluster, "Node").state is State.COLLECTED


def test_namespace_that_is_not_in_the_bundle_was_not_looked_at(tmp_path: Path) -> None:
    """No list of fleet-local at all: nobody may say that its Machines are gone."""
    cluster = hd.open(bundle(tmp_path, collected_namespaces=("default", "harvester-system")))
    assert not members(tmp_path / "whole.zip", "yamls/namespaced/fleet-local")
    assert entry(cluster, "Machine").state is State.NOT_LOOKED_AT
    assert entry(cluster, "Machine").reason == "namespace fleet-local is not in the bundle"
    there = {"", "harvester-system"}
    for outcome in cluster.check().outcomes:
        homes = {CATALOGUE[kind].home for kind in registry()[outcome.rule].needs}
        if outcome.rule == "volume-faulted":  # needs Nodes alone, and asks for volumes in trouble
            homes |= {CATALOGUE["Volume.longhorn.io"].home}
        if outcome.rule == "leftover-upgrade-repository":  # asks for Deployments
            homes |= {CATALOGUE["Deployment"].home}
        assert (outcome.outcome == "skipped") == bool(homes - there), outcome.rule
        assert not {entry.namespace for entry in outcome.gaps} & there


def test_missing_secrets_were_not_looked_at(tmp_path: Path) -> None:
    """Collectors before November 2022 take no Secrets: a Machine without its plan proves nothing there."""
    cluster = hd.open(bundle(tmp_path, {SECRETS: None}))
    assert entry(cluster, "Secret").state is State.NOT_LOOKED_AT
    assert "November 2022" in entry(cluster, "Secret").reason
    assert_skipped(cluster, "Secret")


def test_empty_list_file_is_empty(tmp_path: Path) -> None:
    """Older collectors write lists without items."""
    empty = 'apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: "1"\n'
    assert entry(hd.open(bundle(tmp_path, {MACHINES: empty})), "Machine").state is State.EMPTY


def test_layout_of_2021_judges_what_it_holds(tmp_path: Path) -> None:
    """Typed lists without kinds in old places: Nodes are read, Machines were never collected, nothing is guessed."""
    world = healthy(version="v1.0.3")
    path = write_bundle(tmp_path / "old.zip", world.objects, captured_at=world.captured_at, layout="2021")
    cluster = hd.open(path)
    assert list(cluster.nodes["name"]) == ["hv01", "hv02", "hv03"]
    assert entry(cluster, "Node").state is State.COLLECTED
    assert entry(cluster, "Machine").state is State.NOT_LOOKED_AT
    assert "2021" in entry(cluster, "Machine").reason
    assert cluster.source.harvester_version == "v1.0.3"
    findings = cluster.check()
    assert not findings
    judged = {outcome.rule for outcome in findings.outcomes if outcome.outcome != "skipped"}
    assert judged == {"witness-unfit"}, "the only one that asks nothing but the Nodes"


@pytest.mark.parametrize("root", ["", "supportbundle_x_2025-05-08T10-00-00Z", "harvester-supportbundle_x", "a b ü"])
@pytest.mark.parametrize("as_folder", [True, False])
def test_any_root_folder_or_none(tmp_path: Path, root: str, as_folder: bool) -> None:
    """A bundle is known by what it holds, not by its name."""
    world = healthy()
    write_bundle(
        tmp_path / "b.zip", collected(world.objects), captured_at=world.captured_at, root=root, as_folder=as_folder
    )
    findings = hd.open(tmp_path / "b.zip").check()
    assert (len(findings), findings.source.nodes, findings.skipped) == (0, 3, ())


@pytest.mark.parametrize(("version", "capi"), [("v1.7.1", "v1beta1"), ("v1.8.2", "v1beta2")])
def test_both_versions_of_cluster_api(tmp_path: Path, version: str, capi: str) -> None:
    """Whichever version the server prefers is read, and the coverage tells which."""
    cluster = hd.open(bundle(tmp_path, world=healthy(version=version)))
    assert entry(cluster, "Machine").version == capi
    assert list(cluster.machines["node"]) == list(cluster.machines["provider_id"].str.removeprefix("rke2://"))


def test_two_versions_of_one_list_are_one(tmp_path: Path) -> None:
    """Where a bundle holds both versions of a list, one is read: no object counts twice."""
    beta1 = text(bundle(tmp_path), MACHINES)
    cluster = hd.open(
        bundle(
            tmp_path, {MACHINES.replace("v1beta1", "v1beta2"): beta1.replace("x-k8s.io/v1beta1", "x-k8s.io/v1beta2")}
        )
    )
    assert entry(cluster, "Machine").version == "v1beta1"
    assert len(cluster.machines) == 3
    assert not cluster.check()


@pytest.mark.parametrize(
    ("metadata", "note"),
    [
        (None, UNKNOWN_TIME),
        ("", UNKNOWN_TIME),
        ("- 1\n", UNKNOWN_TIME),
        ("bundlename: x\n", UNKNOWN_TIME),
        (b"\xff\xfe", UNKNOWN_TIME),
        ("a: [\n", "metadata.yaml cannot be read"),
    ],
)
def test_missing_or_broken_metadata_is_a_note(tmp_path: Path, metadata: bytes | str | None, note: str) -> None:
    """The lists are still good; only the time of collection is lost, and that is told."""
    cluster = hd.open(bundle(tmp_path, {METADATA: metadata}))
    assert any(note in line for line in cluster.coverage.notes)
    assert all("\n" not in line for line in cluster.coverage.notes)
    assert cluster.source.captured_at == ""
    findings = cluster.check()
    assert (len(findings), findings.skipped) == (0, ())


def test_other_lines_of_the_log_are_notes(tmp_path: Path) -> None:
    """What the collector said and harvdiag does not understand is passed on."""
    cluster = hd.open(bundle(tmp_path, {LOG: "something unheard of\n"}))
    assert cluster.coverage.notes == ("collector: something unheard of",)


def test_unreadable_log_is_a_note_and_no_crash(tmp_path: Path) -> None:
    """A log with damaged bytes is read as far as it goes."""
    cluster = hd.open(bundle(tmp_path, {LOG: b"\xff\xfe strange\n"}))
    assert len(cluster.coverage.notes) == 1
    assert not cluster.check()


# --- only what is asked for ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["corrupt", "cut", "bytes", "aliases"])
def test_damage_elsewhere_costs_nothing_until_asked_for(tmp_path: Path, damage: str) -> None:
    """A check never opens the Pods; a table of them tells that they could not be read."""
    bad: dict[str, bytes | str] = {
        "corrupt": "items:\n- {[\n",
        "cut": "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n",
        "bytes": b"apiVersion: v1\nitems:\n- \xff\xfe\nkind: List\n",
        "aliases": bomb(),
    }
    cluster = hd.open(bundle(tmp_path, {PODS: bad[damage]}))
    assert not cluster.check()
    assert not cluster.check().skipped
    assert cluster.coverage.of("Pod") == ()
    assert len(cluster.table("Pod")) == 0
    (pods,) = cluster.coverage.of("Pod")
    assert pods.state is State.FAILED
    assert pods.reason


def test_member_over_the_limit_matters_only_when_asked_for(tmp_path: Path) -> None:
    """A list that would unpack to gigabytes is refused by the size that the archive states, before a byte is read."""
    path = bundle(tmp_path, {PODS: "apiVersion: v1\nitems: []\nkind: List\n"})
    blob = bytearray(path.read_bytes())
    for sign, start, size in ((b"PK\1\2", 46, 24), (b"PK\3\4", 30, 22)):
        at = blob.find(sign)
        while blob[at + start : at + start + len(PODS)] != PODS.encode():
            at = blob.index(sign, at + 1)
        blob[at + size : at + size + 4] = (3 << 30).to_bytes(4, "little")
    path.write_bytes(blob)
    cluster = hd.open(path)
    assert not cluster.check()
    assert len(cluster.table("Pod")) == 0
    (pods,) = cluster.coverage.of("Pod")
    assert "more than the limit of 256 MiB" in pods.reason


def test_table_of_another_kind_is_read_when_asked_for(tmp_path: Path) -> None:
    """Any collected kind can be shown, under any name that kubectl takes."""
    cluster = hd.open(bundle(tmp_path, world=healthy(lean=False)))
    assert cluster.coverage.of("Pod") == ()
    assert len(cluster.table("Pod")) == len(cluster.table("pods")) > 10
    assert {e.state for e in cluster.coverage.of("Pod")} == {State.COLLECTED}


# --- one bad list --------------------------------------------------------------------------------------------------


def bomb() -> str:
    """Nine lines that would unfold to a thousand million strings."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    return "\n".join([*lines, "apiVersion: v1", "items:", "- *a8", "kind: List", ""])


def without(line: str) -> Callable[[str], str]:
    """An edit that leaves out the first line that begins so (after its indent)."""

    def edit(whole: str) -> str:
        lines = whole.splitlines(keepends=True)
        index = next(i for i, found in enumerate(lines) if found.lstrip().startswith(line))
        return "".join(lines[:index] + lines[index + 1 :])

    return edit


def last_item_twice(whole: str) -> str:
    """The last item once more, as collectors that page through a changing list write it."""
    items = whole[: whole.rindex("\nkind: List") + 1].split("\n- ")
    return whole.replace("\nkind: List", f"\n- {items[-1].rstrip()}\nkind: List")


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (without("name: custom-"), "item 1 has no name"),
        (last_item_twice, "is a duplicate"),
        (lambda t: t.replace("  kind: Machine\n", "  kind: MachineSet\n", 1), "is a MachineSet of cluster.x-k8s.io"),
        (
            lambda t: t.replace("- apiVersion: cluster.x-k8s.io", "- apiVersion: other.io", 1),
            "is a Machine of other.io",
        ),
        (lambda t: t.replace("\nkind: List", "\n- just text\nkind: List"), "item 4 is not an object"),
        (lambda t: t[: len(t) // 2], "truncated"),
        (lambda t: t[: t.rindex("\nkind: List") + 1], "truncated"),
        (lambda _: "", "is empty"),
        (lambda t: t.replace("rke2://hv01", "\x07", 1), "control character"),
        (lambda t: t.replace("\nitems:\n", "\nitems:\n- &x\n  a: *x\n", 1), "line"),
        (lambda _: bomb(), "anchors"),
        (lambda t: t.replace("  kind: Machine\n", "  kind: Machine\n  kind: Machine\n", 1), "duplicate key"),
    ],
    ids=[
        "no-name",
        "one-name-twice",
        "another-kind",
        "another-group",
        "no-object",
        "half",
        "no-end",
        "nothing",
        "control-character",
        "anchor",
        "alias-bomb",
        "one-key-twice",
    ],
)
def test_bad_list_was_not_seen_and_says_why(tmp_path: Path, edit: Callable[[str], str], reason: str) -> None:
    """What cannot be read exactly counts as not seen: the rules that need it are skipped, nothing is guessed."""
    cluster = edited(tmp_path, MACHINES, edit)
    found = entry(cluster, "Machine")
    assert found.state is State.FAILED
    assert reason in found.reason
    assert found.reason
    assert "\n" not in found.reason
    assert_skipped(cluster, "Machine")


def test_invalid_utf8_in_a_list_was_not_seen(tmp_path: Path) -> None:
    """Damaged bytes are not replaced by guesses."""
    cut = text(bundle(tmp_path), MACHINES).encode().replace(b"rke2://hv01", b"rke2://\xff\xfe", 1)
    cluster = hd.open(bundle(tmp_path, {MACHINES: cut}))
    assert entry(cluster, "Machine").state is State.FAILED
    assert "UTF-8" in entry(cluster, "Machine").reason
    assert_skipped(cluster, "Machine")


def test_item_without_kind_where_others_have_one_is_no_guess(tmp_path: Path) -> None:
    """The kit forces kind and apiVersion on every item: one without them was damaged, and that is told."""
    cluster = edited(tmp_path, MACHINES, without("kind: Machine"))
    assert entry(cluster, "Machine").state is State.FAILED
    assert "kind" in entry(cluster, "Machine").reason


def test_good_items_of_a_bad_list_are_shown(tmp_path: Path) -> None:
    """What could be read is still there to look at, though no rule stands on it."""
    cluster = edited(tmp_path, MACHINES, without("name: custom-"))
    assert len(cluster.machines) == 2
    assert entry(cluster, "Machine").count == 2


# --- what is no bundle ---------------------------------------------------------------------------------------------


def test_several_bundles_in_one_archive_are_refused(tmp_path: Path) -> None:
    """Two clusters mixed would give false findings."""
    path = bundle(tmp_path)
    with zipfile.ZipFile(path) as archive:
        nodes = archive.read(NODES)
    line = refusal(repack(path, tmp_path / "two.zip", {f"one/{NODES}": nodes, f"two/{NODES}": nodes}))
    assert "several bundles in one" in line


def test_bundle_of_longhorn_is_refused(tmp_path: Path) -> None:
    """The same kit serves others; without a Harvester object the diagnosis would be one of nothing."""
    with zipfile.ZipFile(tmp_path / "l.zip", "w") as archive:
        archive.writestr("b/yamls/namespaced/longhorn-system/longhorn.io/v1beta2/nodes.yaml", "")
    assert "not of Harvester" in refusal(tmp_path / "l.zip")


def no_zip(place: Path) -> Path:
    (place / "b.zip").write_text("<!doctype html><title>502 Bad Gateway</title>")
    return place / "b.zip"


def nothing(place: Path) -> Path:
    (place / "b.zip").write_bytes(b"")
    return place / "b.zip"


def empty_zip(place: Path) -> Path:
    zipfile.ZipFile(place / "b.zip", "w").close()
    return place / "b.zip"


def truncated(place: Path) -> Path:
    path = bundle(place)
    path.write_bytes(path.read_bytes()[:-4000])
    return path


def other_zip(place: Path) -> Path:
    with zipfile.ZipFile(place / "b.zip", "w") as archive:
        archive.writestr("holiday/beach.jpg", "")
    return place / "b.zip"


def climbing(place: Path) -> Path:
    return bundle(place, {"../../etc/cron.d/evil": "* * * * * root true\n"})


def empty_folder(place: Path) -> Path:
    (place / "folder").mkdir()
    return place / "folder"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (no_zip, "a web page"),
        (nothing, "an empty file"),
        (empty_zip, "an empty zip archive"),
        (truncated, "truncated or damaged"),
        (other_zip, "not a support bundle"),
        (climbing, "points outside the archive"),
        (empty_folder, "no Kubernetes object in it"),
        (lambda place: place / "missing.zip", "no such file or folder"),
    ],
    ids=["web-page", "empty-file", "empty-zip", "truncated", "other-zip", "climbs-out", "empty-folder", "missing"],
)
def test_what_is_no_bundle_is_refused_in_one_line(tmp_path: Path, make: Callable[[Path], Path], says: str) -> None:
    """Each with what it is and what to do."""
    assert says in refusal(make(tmp_path))


def test_encrypted_lists_are_coverage_that_says_so(tmp_path: Path) -> None:
    """Members with a password cannot be read; what the user should ask for is in the reason."""
    path = bundle(tmp_path)
    blob = bytearray(path.read_bytes())
    for sign, start, flags in ((b"PK\1\2", 46, 8), (b"PK\3\4", 30, 6)):
        at = blob.find(sign)
        while blob[at + start : at + start + len(MACHINES)] != MACHINES.encode():
            at = blob.index(sign, at + 1)
        blob[at + flags] |= 1
    path.write_bytes(blob)
    cluster = hd.open(path)
    assert entry(cluster, "Machine").state is State.FAILED
    assert "encrypted" in entry(cluster, "Machine").reason
    assert_skipped(cluster, "Machine")


def test_wholly_encrypted_bundle_is_refused(tmp_path: Path) -> None:
    """Where nothing can be read, there is one line and no report."""
    path = bundle(tmp_path)
    blob = bytearray(path.read_bytes())
    for sign, flags in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        at = blob.find(sign)
        while at >= 0:
            blob[at + flags] |= 1
            at = blob.find(sign, at + 1)
    path.write_bytes(blob)
    assert "encrypted" in refusal(path)


# --- in parts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("x.zip.001", "x.zip.002", "x.zip.003"), ("x.1.zip", "x.2.zip", "x.3.zip")])
def test_byte_slices_are_joined(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Users cut bundles for upload limits; any part opens the whole (harvester/harvester#4873)."""
    data = BROKEN.read_bytes()
    third = len(data) // 3 + 1
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(data[number * third : (number + 1) * third])
    for name in names:
        findings = hd.open(tmp_path / name).check()
        assert [finding.subject.name for finding in findings] == ["srv09", "hvst-upgrade-abcde"]


def test_missing_part_is_named(tmp_path: Path) -> None:
    """One line that says which file to look for."""
    data = BROKEN.read_bytes()
    (tmp_path / "x.zip.001").write_bytes(data[:1000])
    (tmp_path / "x.zip.003").write_bytes(data[2000:])
    assert "x.zip.002" in refusal(tmp_path / "x.zip.001")


SCOPE_FAILED = "Unable to fetch {} resources: unable to retrieve the complete list of server APIs"


@pytest.mark.parametrize(
    ("scope", "kept", "lost"), [("cluster", "Setting", "Node"), ("namespaced", "Secret", "Machine")]
)
def test_a_failed_scope_is_a_gap_although_one_file_of_it_is_there(
    tmp_path: Path, scope: str, kept: str, lost: str
) -> None:
    """Harvester's own collector runs first: its Settings or plan Secrets may be all that a failed scope left behind."""
    world = healthy()
    other = scope == "cluster"
    here = [o for o in collected(world.objects) if o["kind"] == kept or bool(o["metadata"].get("namespace")) is other]
    log = [SCOPE_FAILED.format(scope)]
    cluster = hd.open(write_bundle(tmp_path / "b.zip", here, captured_at=world.captured_at, log_lines=log))
    assert entry(cluster, lost).state is State.FAILED
    assert "could not fetch" in entry(cluster, lost).reason
    assert not [f for f in findings_or_none(cluster) if f.subject.kind in {"Node", "Machine", "Secret"}]


def findings_or_none(cluster: Cluster) -> list[Finding]:
    """The findings; none where too little was seen for any check."""
    try:
        return list(cluster.check())
    except SourceError:
        return []


def test_a_missing_file_that_the_log_speaks_of_is_a_gap(tmp_path: Path) -> None:
    """Whatever form the complaint has, thirteen false orphans are worse than a skipped check."""
    machines = "/apis/cluster.x-k8s.io/v1beta1"
    for line in (
        f"Failed to get {machines}/machines: timed out",
        f'time="x" level=error msg="Failed to get {machines}/namespaces/fleet-local/machines: timed out"',
        (
            "Support Bundle: failed to generate "
            "/b/yamls/namespaced/fleet-local/cluster.x-k8s.io/v1beta1/machines.yaml: no space left on device"
        ),
    ):
        world = healthy()
        objects = [obj for obj in collected(world.objects) if obj["kind"] != "Machine"]
        path = write_bundle(tmp_path / "gap.zip", objects, captured_at=world.captured_at, log_lines=[line])
        findings = hd.open(path).check()
        assert not findings, line
        assert findings.skipped, line


def test_an_empty_list_of_machines_accuses_no_single_host(tmp_path: Path) -> None:
    """Without a word in the log it may be true; the one root cause says to look, and no step uninstalls a host."""
    world = healthy()
    objects = [obj for obj in collected(world.objects) if obj["kind"] != "Machine"]
    findings = hd.open(write_bundle(tmp_path / "none.zip", objects, captured_at=world.captured_at)).check()
    assert [root.rule for root in findings.roots] == ["no-machine-listed"]
    assert not any("rke2-uninstall" in step or "kubectl delete" in step for f in findings for step in f.next)


def test_a_bundle_without_nodes_accuses_no_machine(tmp_path: Path) -> None:
    """What collects runs on a Node: an empty list of Nodes was not taken."""
    world = healthy()
    objects = [obj for obj in collected(world.objects) if obj["kind"] != "Node"]
    cluster = hd.open(write_bundle(tmp_path / "none.zip", objects, captured_at=world.captured_at))
    assert entry(cluster, "Node").state is State.FAILED
    assert not cluster.check()
