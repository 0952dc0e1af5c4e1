"""Each result that a picture is drawn of has one entry, a table with declared columns, and JSON that stays the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.model import State
from harvdiag.core.tabular import Tabular, to_plain
from harvdiag.snapshot import Snapshot
from harvdiag.training.world.upgradeplans import V2_PHASES, at_v2
from tests import port
from tests.routes import PATHS, scenario
from tests.world import healthy, rollouts
from tests.world.samples import DATA, SAMPLES

BOARD = {
    **dict.fromkeys(("kind", "name", "machine", "severity"), "str"),
    "findings": "Int64",
    "paired": "str",
    **dict.fromkeys(("managed", "ready", "schedulable"), "boolean"),
    **dict.fromkeys(("roles", "kubelet", "os"), "str"),
    **dict.fromkeys(("volumes", "vms"), "Int64"),
    **dict.fromkeys(("upgrade", "rules"), "str"),
}
SPANS = {
    **dict.fromkeys(("node", "step"), "str"),
    **dict.fromkeys(("began", "ended"), "datetime64[ns, UTC]"),
    **dict.fromkeys(("duration", "gap"), "timedelta64[ns]"),
}
TEXTS = {
    "links": ("source_kind", "source", "field", "target_kind", "target", "state", "finding"),
    "upgrade": ("node", "state", "mark", "step", "waits_for", "since", "reason", "finding"),
    "handshake": ("node", "step", "mark", "from", "to", "what", "carried_by", "time", "waits_for", "since"),
    "changes": ("change", "what", "kind", "namespace", "name", "field", "before", "now"),
}
COLUMNS = {"matrix": BOARD, "timeline": SPANS} | {name: dict.fromkeys(names, "str") for name, names in TEXTS.items()}
ENTRIES: Mapping[str, Callable[[Cluster], Tabular]] = {
    "links": lambda cluster: cluster.link_rows,
    "upgrade": lambda cluster: cluster.upgrade.progress,
    "handshake": lambda cluster: cluster.upgrade.drain(),
    "matrix": lambda cluster: cluster.node_status,
    "timeline": lambda cluster: cluster.upgrade.history,
    "changes": lambda cluster: cluster.compare(sample("healthy")),
}
KEYS = {
    "links": ("schema", "title", "not_seen", "links"),
    "upgrade": ("schema", "upgrade", "version", "running", "not_seen", "phases", "nodes"),
    "handshake": ("schema", "node", "title", "why", "secret", "waits_for", "finding", "root_cause", "steps"),
    "matrix": ("schema", "not_seen", "others", "nodes"),
    "timeline": ("schema", "stopped", "entries", "spans"),
    "changes": (
        *("schema", "before", "now", "same_cluster", "difference", "changed", "same", "remaining", "findings"),
        *("upgrade", "versions", "notes", "not_compared", "changes"),
    ),
}
UNSEEN = ("Node", "Machine", "Secret", "Upgrade", "Job")


@cache
def sample(name: str) -> Cluster:
    """A sample bundle, read once."""
    return hd.open(DATA / "bundles" / f"{name}.zip")


@cache
def partly_refused(kind: str) -> Cluster:
    """An upgrade half-way, of which one kind may not be listed."""
    world = rollouts.at_step(healthy(["hv01", "hv02", "hv03"], version="v1.8.2"), "hv02", "h4")
    return port.cluster(world.objects, **{kind: State.FORBIDDEN})


def clusters() -> Iterator[tuple[str, Callable[[], Cluster]]]:
    """Every sample, an empty cluster, some of which one kind was refused, Upgrade V2, and a few scenarios."""
    for name in SAMPLES:
        yield name, partial(sample, name)
    yield "empty", port.cluster
    for kind in UNSEEN:
        yield f"without {kind}", partial(partly_refused, kind)
    world = at_v2(healthy(version="v1.8.2"), V2_PHASES[-1])
    yield "v2", partial(port.cluster, world.objects)
    for path in PATHS[::60]:
        yield f"{path.parent.name}/{path.stem}", partial(port.cluster, scenario(path).objects)


CLUSTERS = dict(clusters())


def plain(value: Any) -> bool:
    """Whether it is made of what JSON has, and of nothing else."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and plain(each) for key, each in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return value is None or type(value) in {str, int, bool}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("name", CLUSTERS)
def test_every_entry_has_its_table_and_its_document(name: str, entry: str) -> None:
    """The columns and dtypes that its docstring declares, also without a row; JSON with the same keys always."""
    cluster = CLUSTERS[name]()
    result = ENTRIES[entry](cluster)
    frame, document = result.frame, result.document
    assert {column: str(dtype) for column, dtype in frame.dtypes.items()} == COLUMNS[entry]
    assert tuple(document) == KEYS[entry]
    assert document["schema"] == 1
    assert plain(document)
    assert json.loads(json.dumps(document)) == document
    rows = document[result.noun]
    assert len(rows) == len(frame) == len(result.records)
    added = ["step_name"] if entry in {"upgrade", "handshake"} else []  # in `step` JSON has a code, the table words
    assert all(list(row) == [*COLUMNS[entry], *added] for row in rows)
    assert repr(result).startswith("<")
    assert "\n" not in repr(result)
    assert {"document", "frame"} <= set(dir(result))
    assert not [public for public in dir(result) if public.startswith("_")]


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("name", [*SAMPLES, "empty", "without Upgrade", "v2"])
def test_a_picture_has_the_table_of_its_entry(name: str, entry: str) -> None:
    """One source: what is drawn and what is told cannot differ."""
    cluster = CLUSTERS[name]()
    figure = hd.draw(cluster, against=sample("healthy")) if entry == "changes" else hd.draw(cluster, entry)
    pd.testing.assert_frame_equal(figure.table, ENTRIES[entry](cluster).frame)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_bundle_gives_the_same_document(name: str) -> None:
    """Read twice, byte for byte."""
    again = hd.open(DATA / "bundles" / f"{name}.zip")
    for made in ENTRIES.values():
        assert json.dumps(made(again).document) == json.dumps(made(sample(name)).document)


def test_progress_names_the_node_that_is_stuck() -> None:
    """Nodes and phases, each with its mark."""
    progress = sample("issue-8236").upgrade.progress
    assert list(progress.frame.query("mark == 'error'")["node"]) == ["srv09"]
    assert {name: str(dtype) for name, dtype in progress.phases.dtypes.items()} == {
        "number": "Int64",
        "phase": "str",
        "mark": "str",
        "took": "str",
    }
    assert list(progress.phases.query("mark == 'error'")["phase"]) == ["UpgradingNodes"]
    assert [phase["number"] for phase in progress.document["phases"]] == list(range(9))
    assert repr(progress) == "<Progress: 7 UpgradingNodes, 4 nodes (1 error, 3 good)>"


def test_the_drain_of_a_named_node_is_given() -> None:
    """Without a name that of the node which needs a look; one that is not there is an error."""
    upgrade = sample("lost-acknowledgement").upgrade
    drain = upgrade.drain()
    assert drain.document["node"] == "hv02"
    assert list(drain.frame.query("mark == 'error'")["step"]) == ["pre-drain acknowledged"]
    (row,) = (row for row in drain.document["steps"] if row["mark"] == "error")
    assert (row["step"], row["step_name"]) == ("h5", "pre-drain acknowledged")
    assert drain.document["waits_for"]["since"] == "2025-05-08T06:40:00Z"
    assert set(upgrade.drain("hv01").frame["mark"]) == {"good"}
    with pytest.raises(hd.UsageError, match="hv99"):
        upgrade.drain("hv99")


def test_history_keeps_its_lines() -> None:
    """As text, as rows, and as every entry."""
    history = sample("lost-acknowledgement").upgrade.history
    assert any(line.startswith("~~~ stopped here") for line in history.lines)
    document = history.document
    assert document["stopped"] in {entry["time"] for entry in document["entries"]}
    assert [row["step"] for row in document["spans"]] == list(history.frame["step"])
    assert all(row["duration"] is None or isinstance(row["duration"], int) for row in document["spans"])


def test_a_comparison_has_the_earlier_first() -> None:
    """Whichever of the two is asked."""
    world = healthy()
    before = port.cluster(world.objects)
    later = world.copy()
    later.remove("Machine", later.machine_of("hv02"))
    now = Cluster(Snapshot(port.Port(later.objects, captured_at="2025-05-08T12:00:00Z")))
    assert now.compare(before).document == before.compare(now).document
    gone = now.compare(before).frame.query("change == 'gone' and what == 'object'")
    assert list(gone["kind"]) == ["Machine"]
    assert now.compare(now).document["same_cluster"]
    assert now.compare(now).frame.empty
    with pytest.raises(hd.UsageError, match="compare needs a Cluster"):
        now.compare("before.zip")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", UNSEEN)
def test_what_was_not_seen_is_neither_well_nor_gone(kind: str) -> None:
    """No entry makes an absence of a list that was refused."""
    cluster = partly_refused(kind)
    complete = port.cluster(rollouts.at_step(healthy(["hv01", "hv02", "hv03"], version="v1.8.2"), "hv02", "h4").objects)
    compared = cluster.compare(complete).frame.query("what == 'object'")
    assert kind not in set(compared["kind"])
    document = {name: make(cluster).document for name, make in ENTRIES.items() if name != "changes"}
    if kind == "Node":
        assert document["matrix"]["not_seen"]
        assert document["matrix"]["nodes"] == [row for row in document["matrix"]["nodes"] if row["ready"] is None]
    if kind in {"Node", "Machine", "Secret"}:
        assert kind in document["links"]["not_seen"]
        assert "does not exist" not in json.dumps(document["links"])
    if kind == "Upgrade":
        assert document["upgrade"]["not_seen"]
        assert cluster.node_status.frame["upgrade"].isna().all()
    if kind == "Secret":
        assert {step["mark"] for step in document["handshake"]["steps"]} == {"unseen"}


def test_plain_values_are_those_of_json() -> None:
    """Times, durations and enumerations become text and numbers."""
    told = to_plain(
        {"at": pd.Timestamp("2025-05-08T10:00:00Z").to_pydatetime(), "took": pd.Timedelta("90s"), "s": (1,)}
    )
    assert told == {"at": "2025-05-08T10:00:00Z", "took": 90, "s": [1]}
    assert type(to_plain(State.FORBIDDEN)) is str
    assert to_plain(Path("a")) == "a"
    with pytest.raises(NotImplementedError):
        _ = Tabular().records
