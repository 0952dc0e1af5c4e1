"""A redacted bundle: it reads as a bundle, tells what the redacted source tells, and holds what may be given away."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.io.yaml import load_kit_list
from harvdiag.io.yaml.kittext import write_item, write_list
from harvdiag.kinds import CATALOGUE
from harvdiag.redact import Key, Redactor, redact_snapshot
from harvdiag.redact.bundle import save_bundle
from harvdiag.redact.lines import LONGEST, redact_lines
from harvdiag.reports.json import render
from harvdiag.training.world.objects import new
from tests.routes import BROKEN, PATHS, ROUTES, from_bundle, name, sampled, scenario
from tests.sample import examples, some
from tests.world import healthy

APART = ("KubeletStats", *(kind.name for kind in CATALOGUE.values() if kind.late))
"""What no bundle has, and what need not be there: where no list of it is missed, a bundle has an empty one."""


def rewritten(cluster: Cluster, place: Path) -> tuple[Cluster, Cluster]:
    """A cluster as it is seen through a redactor, and the redacted bundle of it."""
    path, key = place / "redacted.zip", Key(bytes(range(32)), place / "key")
    save_bundle(redact_snapshot(cluster.snapshot, Redactor(key)), path)
    return Cluster(redact_snapshot(cluster.snapshot, Redactor(key))), hd.open(path)


def told(cluster: Cluster) -> dict[str, object]:
    """What a report says, but for the source; of what was not seen, which lists: a bundle has its own words for why."""
    body = json.loads(render(cluster.check()))
    unseen = [entry for entry in cluster.coverage.entries if not entry.state.seen]
    return {
        "findings": body["findings"],
        "summary": body["summary"],
        "unseen": sorted((entry.kind, entry.namespace) for entry in unseen if entry.kind not in APART),
    }


@pytest.mark.parametrize("bundle", [BROKEN, BROKEN.with_name("lost-acknowledgement.zip")], ids=lambda path: path.stem)
def test_a_sample_tells_the_same(bundle: Path, tmp_path: Path) -> None:
    """Findings with the evidence from logs and files of hosts, and every link in the graph."""
    redacted, written = rewritten(hd.open(bundle), tmp_path)
    assert told(written) == told(redacted)
    assert {str(edge) for edge in written.graph.edges(keys=True)} == {
        str(edge) for edge in redacted.graph.edges(keys=True)
    }
    assert sorted(written.snapshot.logs()) == sorted(redacted.snapshot.logs())


SAMPLE = [path for path in PATHS if sampled(path, 40, "redacted bundles", each_rule=False)]
CASES = [(path, route) for path in SAMPLE for route in some(["bundle", "folder"], 1, name(path))]


@pytest.mark.parametrize(("path", "route"), CASES, ids=[f"{route}-{name(path)}" for path, route in CASES])
def test_a_scenario_tells_the_same(path: Path, route: str, tmp_path: Path) -> None:
    """From any source; what was not seen in it is not seen in the bundle."""
    of = scenario(path)
    redacted, written = rewritten(ROUTES[route](tmp_path, of.objects, of.captured_at), tmp_path)
    assert told(written) == told(redacted)


def test_what_was_not_seen_stays_so(tmp_path: Path) -> None:
    """A list that failed, one whose items are half of it, and namespaces to which no one looked."""
    lines = [
        "Failed to get /apis/cluster.x-k8s.io/v1beta1/namespaces/fleet-local/machines: the server is on fire",
        "odd",
    ]
    redacted, written = rewritten(from_bundle(tmp_path, healthy().objects, log_lines=lines), tmp_path)
    assert told(written) == told(redacted)
    assert written.snapshot.gap("Machine") == "failed: the collector failed: the server is on fire"
    assert "collector: odd" in written.coverage.notes
    folder = tmp_path / "in"
    folder.mkdir()
    nodes = [obj for obj in healthy().objects if obj["kind"] == "Node"]
    (folder / "nodes.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes}))
    redacted, written = rewritten(hd.open(folder), tmp_path)
    assert told(written) == told(redacted)
    assert len(written.check().skipped) == len(redacted.check().skipped)
    assert written.snapshot.gap("Machine")


def test_other_kinds_are_their_state_and_no_more(tmp_path: Path) -> None:
    """Of a kind that no one knows nothing but identity, phase and conditions; of a ConfigMap no text; no tokens."""
    widget = new("example.com/v1", "Widget", "w", "harvester-system", spec={"free": "text"}, status={"phase": "Ready"})
    maps = new("v1", "ConfigMap", "c", "harvester-system", data={"a.ini": "text"})
    token = new("management.cattle.io/v3", "ClusterRegistrationToken", "t", "local", status={"token": "text"})
    rewritten(from_bundle(tmp_path, [*healthy().objects, widget, maps, token]), tmp_path)
    with zipfile.ZipFile(tmp_path / "redacted.zip") as box:
        lists = {member: yaml.safe_load(box.read(member)) for member in box.namelist() if member.endswith("s.yaml")}
    (found,) = next(body["items"] for member, body in lists.items() if member.endswith("/widgets.yaml"))
    assert (found.get("spec"), found["status"]) == ({}, {"phase": "Ready"})
    assert not any("registrationtokens" in member for member in lists)
    assert "text" not in json.dumps([body for member, body in lists.items() if "configmaps" in member])


def test_only_a_redacted_bundle_is_replaced(tmp_path: Path) -> None:
    """Never a bundle that someone collected; nothing is left beside it."""
    (tmp_path / "keys").mkdir()
    key = Key(bytes(range(32)), tmp_path / "keys" / "key")
    snapshot = redact_snapshot(hd.open(BROKEN).snapshot, Redactor(key))
    mine = tmp_path / "mine.zip"
    mine.write_bytes(BROKEN.read_bytes())
    with pytest.raises(UsageError, match="it exists already and is not a redacted bundle"):
        save_bundle(snapshot, mine)
    first = save_bundle(snapshot, tmp_path / "r.zip")[0].path.read_bytes()
    assert save_bundle(snapshot, tmp_path / "r.zip")[0].path.read_bytes() == first
    assert mine.read_bytes() == BROKEN.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys", "mine.zip", "r.zip"]


# --- text ----------------------------------------------------------------------------------------------------------


@settings(max_examples=examples(100), deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["no", "1e3", "- a", "null", "~", "'"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=12,
    )
)
def test_a_list_reads_as_it_was_written(value: object) -> None:
    """By harvdiag's own reader of the kit's lists and by any other of YAML."""
    obj = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}, "value": value}
    data = b"".join(write_list(map(write_item, [obj, obj])))
    assert load_kit_list(data) == yaml.safe_load(data)["items"] == [obj, obj]


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """A stream of a log."""
    stream = io.BytesIO(data)
    return iter(lambda: stream.read(size), b"")


@pytest.mark.parametrize("size", [1, 7, 1 << 18])
def test_a_log_is_redacted_line_by_line(size: int) -> None:
    """Whatever the pieces are; bytes that are no text stay; a key of several lines goes whole."""
    key = b"x -----BEGIN RSA PRIVATE KEY-----\nMIIabc\nMIIdef\n-----END RSA PRIVATE KEY-----\n"
    log = b"one\n\xff\xfe two\r\n\n" + key + b"three"
    made = b"".join(redact_lines(pieces(log, size), str.upper))
    assert made == b"ONE\n\xff\xfe TWO\r\n\nX ***\nTHREE"


def test_a_line_without_end_is_cut() -> None:
    """It is held in no memory."""
    log = b"a b" + b"x" * (3 * LONGEST) + b"\nnext\n"
    made = b"".join(redact_lines(pieces(log, 1 << 18), str))
    assert made == b"a ...\nnext\n"
