"""The matrix: who is in trouble stands on top and is named in the title; what is well folds and is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvdiag import open as open_cluster
from harvdiag.core.escape import escape_text
from harvdiag.figures import draw
from harvdiag.figures.drawing import DrawOptions
from harvdiag.figures.figure import Figure
from harvdiag.figures.nodes import draw as draw_matrix
from harvdiag.figures.scene import Item, Rect, Scene
from harvdiag.training.world.faults import ghost, orphan
from harvdiag.training.world.longhorn import longhorn
from harvdiag.training.world.objects import new
from harvdiag.training.world.rollouts import at_step
from tests.figures.part import without
from tests.figures.sound import check
from tests.routes import PATHS, from_api, from_bundle, from_folder, sampled, scenario
from tests.routes import name as called
from tests.sample import every_value, examples
from tests.world import World, healthy
from tests.world.kit import write_folder
from tests.world.samples import DATA

SAMPLES = sorted((DATA / "bundles").glob("*.zip"))
TITLES = {
    "healthy": "All 3 nodes are well: paired, managed, ready and schedulable",
    "issue-8236": "1 of 4 nodes needs attention: srv09 (no Machine)",
    "upgrade-half-way": "Nothing is wrong with the 4 nodes: 2 of 4 upgraded, hv03 is at Pre-draining",
    "lost-acknowledgement": "1 of 3 nodes needs attention: hv02 (pre-drain unanswered)",
    "unmanaged-node": "2 of 6 nodes need attention: hv04 (shared Machine), hv03 (shared Machine)",
    "two-machines-one-node": "1 of 3 nodes needs attention: hv02 (2 Machines)",
    "ghost-machines": "2 Machines without Node (hv08, hv09); 4 of 5 nodes are held up by them: "
    "never started (hv02, hv03 and 2 more)",
}


def named(count: int) -> list[str]:
    """hv001, hv002, …"""
    return [f"hv{number:03}" for number in range(1, count + 1)]


def unready(world: World, node: str) -> None:
    """Let a Node say that it is not ready."""
    for row in world.get("Node", node)["status"]["conditions"]:
        if row["type"] == "Ready":
            row["status"] = "False"


def matrix(place: Path, world: World) -> Figure:
    """The matrix of a world's bundle, sound in every respect."""
    figure = draw(from_bundle(place, world.objects), "matrix")
    check(scene(figure))
    return figure


def scene(figure: Figure) -> Scene:
    """The shapes of a figure."""
    return figure._drawing.scene


def rows(figure: Figure) -> list[Item]:
    """What stands on the left of each line, from the top."""
    found = [item for item in scene(figure).items if item.role in {"node", "machine", "bundle"}]
    assert [item.area.y for item in found] == sorted(item.area.y for item in found)
    return found


def cell(figure: Figure, row: str, column: str) -> tuple[str, str]:
    """State and words of one cell."""
    items = {item.key: item for item in scene(figure).find("cell")}
    found = next(item for key, item in items.items() if key.endswith(f"/{row}/{column}"))
    return found.state, " ".join(text.text for text in found.texts)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_each_sample_is_sound_and_its_title_is_the_answer(path: Path) -> None:
    """In the title, in the words for those who cannot see it, in the text, and the same each time."""
    figure = draw(open_cluster(path), "matrix")
    check(scene(figure))
    assert figure.title == TITLES[path.stem]
    assert figure.title in figure.alt
    assert " ".join(figure.text.split()).startswith(figure.title)
    assert draw(open_cluster(path), "matrix").svg == figure.svg
    assert all(len(line) <= 100 for line in figure.text.splitlines()[1:])


def test_the_broken_node_is_on_top_and_marked() -> None:
    """Sign, word, box and thicker border; the others recede, and each cell is in its column."""
    figure = draw(open_cluster(DATA / "bundles" / "issue-8236.zip"), "matrix")
    first, *others = rows(figure)
    assert (first.key, first.state) == ("Node//srv09", "error")
    assert [item.state for item in others] == ["good"] * 3
    assert cell(figure, "srv09", "findings") == ("error", "✗ 2")
    assert cell(figure, "srv09", "paired") == ("error", "✗ no Machine")
    assert cell(figure, "srv09", "upgrade") == ("error", "✗ Images preloaded")
    assert cell(figure, "srv06", "paired") == ("good", "✓ yes")
    boxes = [item for item in scene(figure).find("cell") if item.state == "error"]
    assert all(isinstance(item.shapes[0], Rect) and item.shapes[0].fill == "error_box" for item in boxes)
    heads = {item.key: item.area.x for item in scene(figure).find("head")}
    for item in scene(figure).find("cell"):
        assert abs(item.texts[0].x - heads[f"column/{item.key.rpartition('/')[2]}"]) < 5
    assert "node-without-machine" in next(i.hint for i in scene(figure).find("cell", "error"))
    assert "srv09: findings: 2, paired: no Machine" in figure.alt


def test_machines_without_node_are_rows_at_the_top() -> None:
    """Hollow and dashed, by their own names, with the Node that they name."""
    figure = draw(open_cluster(DATA / "bundles" / "ghost-machines.zip"), "matrix")
    assert [item.role for item in rows(figure)] == ["machine"] * 2 + ["node"] * 5
    for item, node in zip(rows(figure)[:2], ("hv08", "hv09"), strict=True):
        assert any(isinstance(shape, Rect) and shape.dash and not shape.fill for shape in item.shapes)
        assert f"references Node {node}, which does not exist" in item.hint
    told = [item.texts[0].text for item in scene(figure).find("message")]
    assert ["hv08" in text for text in told] == [True, False]
    assert "custom-ce5d45c14e17" in figure.text
    assert {"machine", "severity", "findings"} <= set(figure.table.columns)
    assert list(figure.table["kind"]) == ["Machine"] * 2 + ["Node"] * 5


def test_a_node_that_waits_for_another_is_no_fault_of_its_own() -> None:
    """Told apart in the title and put below."""
    figure = draw(open_cluster(DATA / "bundles" / "ghost-machines.zip"), "matrix")
    assert cell(figure, "hv02", "paired")[0] == "good"
    assert "4 of 5 nodes are held up by them" in figure.title


def test_order_is_severity_then_count_then_name(tmp_path: Path) -> None:
    """Two errors before one, errors before warnings, warnings before what is well."""
    world = healthy(named(6))
    orphan(world, "hv004")
    orphan(world, "hv005", managed=True)
    unready(world, "hv006")
    world.change("Node", "hv002", {"spec": {"unschedulable": True}})
    figure = matrix(tmp_path, world)
    names = [item.key.rpartition("/")[2] for item in rows(figure)]
    assert names == ["hv004", "hv002", "hv005", "hv006", "hv001", "hv003"]
    assert cell(figure, "hv002", "schedulable") == ("error", "✗ cordoned"), "Harvester refuses an upgrade for it"
    assert cell(figure, "hv006", "ready") == ("error", "✗ not ready")
    assert cell(figure, "hv005", "managed") == ("good", "✓ yes")
    assert figure.title == (
        "4 of 6 nodes need attention: no Machine (hv004, hv005), cordoned (hv002), not Ready (hv006)"
    )


@pytest.mark.parametrize("count", [4, 25])
def test_a_small_cluster_is_shown_whole(tmp_path: Path, count: int) -> None:
    """Every node has its line."""
    figure = matrix(tmp_path, healthy(named(count)))
    assert len(rows(figure)) == count
    assert not list(scene(figure).find("bundle"))


def test_of_200_nodes_the_broken_are_seen_and_the_rest_is_counted(tmp_path: Path) -> None:
    """One line for those where nothing was found, with what they have how often."""
    world = healthy(named(200))
    orphan(world, "hv117")
    unready(world, "hv080")
    ghost(world, "hv044")
    world.get("Node", "hv199")["status"]["nodeInfo"]["kubeletVersion"] = "v1.29.9+rke2r1"
    figure = matrix(tmp_path, world)
    lines = rows(figure)
    assert [item.key.rpartition("/")[2] for item in lines[1:4]] == ["hv117", "hv080", "hv199"]
    assert lines[0].role == "machine"
    assert lines[4].role == "bundle"
    assert [text.text for text in lines[4].texts] == ["196 nodes: nothing found"]
    roles = next(item for item in scene(figure).find("cell") if item.key == f"{lines[4].key}/roles")
    assert [text.text for text in roles.texts] == ["193 worker", "3 management"]
    assert cell(figure, "hv199", "kubelet") == ("warning", "! v1.29.9")
    assert scene(figure).height < 500
    assert 900 <= scene(figure).width <= 1200
    assert "196 nodes: nothing found" in figure.text
    assert len(figure.table) == 200
    for name in ("hv117 (no Machine)", "hv080 (not Ready)", "kubelet v1.29.9", "1 Machine without Node (hv044)"):
        assert name in figure.title


def test_200_broken_nodes_stay_readable(tmp_path: Path) -> None:
    """The first of each trouble, and how many more there are like it."""
    world = healthy(named(200))
    for name in named(200)[3:]:
        orphan(world, name)
    figure = matrix(tmp_path, world)
    told = [item.texts[-1].text for item in rows(figure)]
    assert told == ["hv004", "hv005", "hv006", "and 194 more like this", "3 nodes: nothing found"]
    assert rows(figure)[3].state == "error"
    assert figure.title == "197 of 200 nodes need attention: no Machine (hv004, hv005 and 195 more)"


def test_with_whole_nothing_is_folded(tmp_path: Path) -> None:
    """Each of many nodes has its line, when that is wished."""
    drawing = draw_matrix(from_bundle(tmp_path, healthy(named(40)).objects), DrawOptions(whole=True))
    check(drawing.scene)
    assert len(list(drawing.scene.find("node"))) == 40


def test_many_sorts_of_trouble_end_in_one_line(tmp_path: Path) -> None:
    """However many there are, the figure stays one that can be read."""
    world = healthy(named(150))
    for at, name in enumerate(named(60)[3:]):
        world.get("Node", name)["status"]["nodeInfo"]["kubeletVersion"] = f"v1.{at}.0"
    figure = matrix(tmp_path, world)
    assert len(rows(figure)) <= 30
    assert any("more" in item.texts[-1].text for item in rows(figure))


# --- volumes and virtual machines ------------------------------------------------------------------------------------


def vm(name: str, node: str) -> dict[str, Any]:
    """A virtual machine that runs on a node."""
    return new(
        "kubevirt.io/v1", "VirtualMachineInstance", name, "default", status={"nodeName": node, "phase": "Running"}
    )


def test_volumes_and_vms_are_counted_where_they_run(tmp_path: Path) -> None:
    """A degraded volume is a warning, a faulted one an error; both are named in the title."""
    world = healthy(named(3))
    world.objects += [*longhorn(world, volumes=6), vm("a", "hv001"), vm("b", "hv001")]
    volumes = list(world.find("Volume"))
    volumes[0]["status"]["robustness"] = "degraded"
    volumes[1]["status"]["robustness"] = "faulted"
    figure = matrix(tmp_path, world)
    assert cell(figure, "hv001", "volumes") == ("warning", "! 2, 1 degraded")
    assert cell(figure, "hv002", "volumes") == ("error", "✗ 2, 1 faulted")
    assert cell(figure, "hv003", "volumes") == ("plain", "2")
    assert cell(figure, "hv001", "vms") == ("plain", "2")
    assert cell(figure, "hv003", "vms") == ("plain", "0")
    assert figure.title == "2 of 3 nodes need attention: hv002 (volumes: 1 faulted), hv001 (volumes: 1 degraded)"
    assert list(figure.table["vms"]) == [0, 2, 0]


def test_what_the_source_lacks_is_not_told_as_none(tmp_path: Path) -> None:
    """No column without a count, but a line; neither an error nor a complaint in the coverage."""
    cluster = from_bundle(tmp_path, healthy().objects)
    figure = draw(cluster, "matrix")
    assert not [item for item in scene(figure).find("cell") if item.key.endswith("/vms")]
    words = "not seen, so not counted: volumes and VMs of the nodes"
    assert [item.hint for item in scene(figure).find("note")] == [words]
    assert f"? {words}" in figure.text
    assert figure.table["vms"].isna().all()
    assert not [entry for entry in cluster.coverage if "kubevirt.io" in entry.kind]
    folder = write_folder(tmp_path / "folder", [obj for obj in healthy().objects if obj["kind"] in {"Node", "Machine"}])
    assert cell(draw(open_cluster(folder), "matrix"), "hv01", "volumes") == ("plain", "0"), "an empty list of them"
    (folder / "volumes.longhorn.io.yaml").unlink()
    assert "not counted: volumes of the nodes" in draw(open_cluster(folder), "matrix").text


def test_a_check_does_not_read_what_only_the_matrix_shows(tmp_path: Path) -> None:
    """VMs cost nothing until they are drawn."""
    world = healthy()
    world.objects.append(new("kubevirt.io/v1", "VirtualMachineInstance", "web", "default", status={"nodeName": "hv01"}))
    cluster = from_bundle(tmp_path, world.objects)
    cluster.check()
    assert not cluster.coverage.of("VirtualMachineInstance")
    draw(cluster, "matrix")
    assert cluster.coverage.of("VirtualMachineInstance")


def test_machines_that_nobody_saw_are_no_fault(tmp_path: Path) -> None:
    """Without their list no node is called one without Machine."""
    figure = draw(without(tmp_path, healthy(), "machines.cluster.x-k8s.io"), "matrix")
    check(scene(figure))
    assert cell(figure, "hv01", "paired") == ("unseen", "?")
    assert "could not be run (Machines were not seen)" in figure.title
    assert "well" not in figure.title
    assert "no Machine" not in figure.text


def test_without_nodes_it_says_so(tmp_path: Path) -> None:
    """Nothing is invented."""
    figure = draw(without(tmp_path, healthy(), "nodes"), "matrix")
    check(scene(figure))
    assert figure.title.startswith("The state of the nodes is unknown: Nodes were not seen")
    assert not [item for item in rows(figure) if item.state == "error"]


# --- upgrades --------------------------------------------------------------------------------------------------------


def test_a_node_that_is_drained_is_no_cordoned_one(tmp_path: Path) -> None:
    """The upgrade's own work is under way, not wrong; versions are held against its target."""
    figure = matrix(tmp_path, at_step(healthy(named(4), version="v1.4.2"), "hv003", "h4"))
    assert cell(figure, "hv003", "schedulable") == ("now", "▶ draining")
    assert cell(figure, "hv003", "upgrade") == ("now", "▶ Pre-draining")
    assert cell(figure, "hv001", "upgrade") == ("good", "✓ Succeeded")
    assert cell(figure, "hv001", "kubelet")[0] == "good"
    assert cell(figure, "hv004", "kubelet")[0] == "plain"
    assert [item.state for item in rows(figure)] == ["good"] * 4


def test_a_node_that_is_done_but_runs_the_old_version_stands_out(tmp_path: Path) -> None:
    """It says Succeeded, and runs what the upgrade should have replaced."""
    world = at_step(healthy(named(4), version="v1.4.2"), "hv003", "h4")
    world.get("Node", "hv001")["status"]["nodeInfo"]["kubeletVersion"] = "v1.28.1+rke2r1"
    figure = matrix(tmp_path, world)
    assert cell(figure, "hv001", "kubelet") == ("warning", "! v1.28.1")
    assert "hv001 (kubelet v1.28.1)" in figure.title


def test_without_an_upgrade_there_is_no_column_for_it(tmp_path: Path) -> None:
    """Nothing to tell takes no room; the table keeps its columns."""
    figure = matrix(tmp_path, healthy())
    assert "column/upgrade" not in {item.key for item in scene(figure).find("head")}
    assert "upgrade" in figure.table.columns


def test_what_is_about_no_node_stands_below(tmp_path: Path) -> None:
    """A paused cluster is no node's fault, and is told all the same."""
    world = healthy()
    world.change("Cluster", "local", {"spec": {"paused": True}})
    figure = matrix(tmp_path, world)
    assert [item.state for item in rows(figure)] == ["good"] * 3
    assert figure.title == "No node stands out, but Cluster local (cluster paused)"
    assert any("paused" in item.hint for item in scene(figure).find("note"))
    assert "Not about a single node:" in figure.text


# --- text ------------------------------------------------------------------------------------------------------------


def test_text_is_aligned_with_the_same_signs() -> None:
    """What stands below one another in the picture does so here."""
    text = draw(open_cluster(DATA / "bundles" / "issue-8236.zip"), "matrix").text.splitlines()
    head = next(line for line in text if "findings" in line)
    broken = next(line for line in text if line.startswith("srv09"))
    well = next(line for line in text if line.startswith("srv06"))
    assert broken[head.index("paired") :].startswith("✗ no Machine")
    assert well[head.index("paired") :].startswith("✓")
    assert "the same on all: managed ✓, ready ✓" in "\n".join(text)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 300])
def test_text_keeps_to_the_width_and_tells_what_is_left_out(width: int) -> None:
    """Every column is shown, told as the same on all, or told as left out."""
    drawing = draw_matrix(open_cluster(DATA / "bundles" / "ghost-machines.zip"), DrawOptions())
    lines = drawing.text(width).splitlines()
    assert max(map(len, lines)) <= max(width, 60)
    head = " ".join(map(str.strip, lines[: lines.index("")]))
    assert head == f"{drawing.scene.title} ghost-machines.zip · 2025-05-08 10:00 UTC · Harvester v1.3.1"
    for name in ("findings", "paired", "managed", "ready", "role", "kubelet", "volumes", "VMs", "upgrade"):
        assert name in "\n".join(lines)


def racks(count: int = 4) -> list[str]:
    """Host names that begin and end alike."""
    return [f"harvester-production-rack17-node-{number:02}.dc1.example.com" for number in range(1, count + 1)]


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_long_names_stay_apart(tmp_path: Path, width: int) -> None:
    """What all of them have in common goes; the whole name is in the hint."""
    world = healthy(racks())
    orphan(world, racks()[2])
    figure = matrix(tmp_path, world)
    names = [item.texts[-1].text for item in rows(figure)]
    assert sorted(name[-7:] for name in names) == ["node-01", "node-02", "node-03", "node-04"]
    assert all(any(name in item.hint for item in rows(figure)) for name in racks())
    lines = figure.lines(width).splitlines()
    assert max(map(len, lines)) <= width
    heads = [line.split()[0] for line in lines if line.split()[1:2] in (["✗"], ["✓"]) and "node-0" in line]
    assert {head[-7:] for head in heads} >= {"node-01", "node-02", "node-03", "node-04"}


@pytest.mark.parametrize(("path", "width"), every_value((path, width) for path in SAMPLES for width in (40, 60, 80)))
def test_text_never_leaves_trouble_out(path: Path, width: int) -> None:
    """A column with a fault in it stands in the table, be it in a second one below."""
    figure = draw(open_cluster(path), "matrix")
    cells = [item for item in scene(figure).find("cell") if item.state in {"error", "warning"}]
    bad = dict.fromkeys(item.key.rpartition("/")[2] for item in cells)
    text = figure.lines(width)
    table = text.partition("the same on all")[0].partition("left out")[0]
    assert all({"os": "system", "roles": "role", "vms": "VMs"}.get(name, name) in table for name in bad)
    assert max(map(len, text.splitlines())) <= max(width, 60)


NAMES = st.lists(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\ufffe\uffff"), min_size=1, max_size=70),
    min_size=3,
    max_size=5,
    unique=True,
)


@settings(max_examples=examples(25), deadline=None)
@given(NAMES)
def test_any_name_is_shown_soundly(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    """Markup, control signs, other alphabets, of any length."""
    names = [name for name in names if name.strip()]
    world = healthy(names, version="v1.4.2")
    if names:
        orphan(world, names[-1])
    figure = draw(from_folder(tmp_path_factory.mktemp("any"), world.objects), "matrix")
    check(scene(figure))
    assert all(sign.isprintable() or sign == "\n" or sign.isspace() for sign in figure.text if sign < "\x7f")


def test_markup_in_a_name_is_text(tmp_path: Path) -> None:
    """Nothing of it becomes an element."""
    world = healthy(["<script>alert(1)</script>", "hv02", "hv03", "\u202eabc"], version="v1.4.2")
    orphan(world, "<script>alert(1)</script>")
    figure = matrix(tmp_path, world)
    assert "<script" not in figure.svg
    assert "\u202e" not in figure.svg + figure.text


def test_a_live_cluster_that_does_not_answer_for_them_is_drawn_too(tmp_path: Path) -> None:
    """The server is gone by the time the VMs are asked for: they are unknown, and all else is told."""
    figure = draw(from_api(tmp_path, healthy().objects), "matrix")
    check(scene(figure))
    assert "VMs" in next(scene(figure).find("note", "unseen")).hint
    assert cell(figure, "hv01", "paired") == ("good", "✓ yes")


@pytest.mark.parametrize(
    "path",
    [path for path in PATHS if path.stem.startswith("speaks") and sampled(path, 3, "matrix", each_rule=False)],
    ids=called,
)
def test_every_fault_of_the_scenarios_is_seen(tmp_path: Path, path: Path) -> None:
    """An error is never behind a title that says that all is well, and has its row or its note."""
    cluster = from_folder(tmp_path, scenario(path).objects)
    figure = draw(cluster, "matrix")
    check(scene(figure))
    wrong = [finding for finding in cluster.check() if str(finding.severity) != "info"]
    assert not (wrong and (" well: " in figure.title or "Nothing is wrong" in figure.title))
    told = " ".join(item.hint for item in scene(figure).items)
    notes = list(scene(figure).find("note"))
    for finding in wrong[:3]:
        assert escape_text(finding.message) in told or len(notes) > 4
