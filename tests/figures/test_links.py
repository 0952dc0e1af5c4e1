"""The link graph: who is broken is marked, which link is missing is told, what is well recedes and folds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.keys import object_key
from harvdiag.core.model import ObjectRef
from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.links import draw
from harvdiag.figures.scene import Item, Rect, Scene
from harvdiag.figures.scene import Path as Line
from harvdiag.status.focus import resolve_focus
from harvdiag.status.links.titles import short_clause
from tests import port
from tests.figures import sound
from tests.routes import SCENARIOS, from_folder, scenario
from tests.sample import every_value, is_full
from tests.world import World, faults, healthy
from tests.world.samples import DATA

BUNDLES = sorted(path.stem for path in (DATA / "bundles").glob("*.zip"))
SEVERE = {"error", "warning", "info"}
Fault = Callable[[World], object]


@cache
def sample(name: str) -> Cluster:
    """A sample bundle, opened once."""
    return hd.open(DATA / "bundles" / f"{name}.zip")


def made(size: int, *laid: Fault, drop: Callable[[dict[str, Any]], bool] = lambda _: False) -> Cluster:
    """A cluster of so many nodes, hv000 first, with these faults, and without the objects that `drop` picks."""
    world = healthy([f"hv{number:03d}" for number in range(size)])
    for fault in laid:
        fault(world)
    return from_folder(Path(mkdtemp()), [obj for obj in world.objects if not drop(obj)])


def mixed(world: World) -> None:
    """Four nodes, each broken in another way."""
    faults.orphan(world, "hv007")
    faults.ghost(world, "hv011")
    faults.share_machine(world, "hv020", "hv021")
    faults.second_machine(world, "hv033", "2025-05-06T15:10:00Z")


def orphans(first: int, last: int) -> list[Fault]:
    """So many nodes without a Machine."""
    return [partial(faults.orphan, node=f"hv{number:03d}") for number in range(first, last)]


def wish(cluster: Cluster, word: str, **more: Any) -> DrawOptions:
    """A focus as a person types it."""
    ref, finding = resolve_focus(cluster.check(), cluster.graph, word)
    return DrawOptions(ref, finding, **more)


def item(scene: Scene, ref: ObjectRef) -> Item:
    """The box of an object."""
    return next(i for i in scene.items if i.key == object_key(ref))


def said(scene: Scene, role: str) -> str:
    """All words of a role."""
    return " ".join(text.text for it in scene.find(role) for text in it.texts)


def links(scene: Scene) -> dict[str, Item]:
    """Every link by its key."""
    return {it.key: it for it in scene.find("link")}


# --- sound -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("name", BUNDLES)
def test_every_sample_is_sound(name: str, labels: bool) -> None:
    """No text over another, nothing beyond the edge, words for all."""
    sound.check(draw(sample(name), DrawOptions(labels=labels)).scene)


@pytest.mark.parametrize(
    ("size", "whole"), every_value((size, whole) for size in (50, 200 if is_full() else 100) for whole in (False, True))
)
def test_many_nodes_are_sound(size: int, whole: bool) -> None:
    """Folded or not."""
    sound.check(draw(made(size, mixed), DrawOptions(whole=whole)).scene)


@pytest.mark.parametrize("name", BUNDLES)
def test_boxes_stand_apart_in_their_columns(name: str) -> None:
    """No box over another; Node, Machine, parts, plan and cluster from left to right."""
    scene = draw(sample(name), DrawOptions()).scene
    boxes = [it for role in ("object", "placeholder") for it in scene.find(role)]
    areas = [next(shape.area for shape in it.shapes if isinstance(shape, Rect)) for it in boxes]
    for at, one in enumerate(areas):
        assert not any(one.overlaps(other) for other in areas[at + 1 :]), boxes[at].key
    columns = {"Node": 0, "Machine": 1, "CustomMachine": 2, "RKEBootstrap": 2, "Secret": 3}
    lefts: dict[int, set[float]] = {}
    for it, area in zip(boxes, areas, strict=True):
        lefts.setdefault(columns.get(it.key.partition("/")[0], 4), set()).add(area.x)
    assert all(len(xs) == 1 for xs in lefts.values())
    assert [min(xs) for _, xs in sorted(lefts.items())] == sorted(min(xs) for xs in lefts.values())


def test_the_same_input_gives_the_same_picture() -> None:
    """Nothing of chance or of the order of sets."""
    one, other = made(50, mixed), made(50, mixed)
    assert draw(one, DrawOptions()).scene.items == draw(other, DrawOptions()).scene.items


# --- who is broken, and which link -----------------------------------------------------------------------------------


def test_a_node_without_machine_has_an_empty_place_and_a_broken_link() -> None:
    """The issue's own case: seen, named, and the field that is missing is told."""
    drawing = draw(sample("issue-8236"), DrawOptions())
    scene, node = drawing.scene, ObjectRef("Node", "", "srv09")
    assert scene.title == "srv09 has no Machine: 1 of 4 nodes needs attention"
    assert {it.key for it in scene.find("object", "error")} == {object_key(node)}
    (place,) = scene.find("placeholder")
    assert (place.state, place.texts[0].text) == ("error", "no Machine")
    frame = next(shape for shape in place.shapes if isinstance(shape, Rect))
    assert frame.dash
    assert frame.fill == "paper"
    (broken,) = scene.find("link", "error")
    assert broken.of == (object_key(node), place.key)
    assert [text.text for text in broken.texts] == ["cluster.x-k8s.io/machine", "annotation missing"]
    assert next(shape.ends for shape in broken.shapes if isinstance(shape, Line)) == "bar"
    assert "Node srv09 has no Machine" in said(scene, "caption")
    assert "srv09" in scene.alt
    assert "cluster.x-k8s.io/machine" in scene.alt


def test_a_ghost_machine_names_a_hollow_node() -> None:
    """The phantom says that it does not exist; uid and providerID are no further phantoms."""
    scene = draw(sample("ghost-machines"), DrawOptions()).scene
    hollow = list(scene.find("object", "absent"))
    assert sorted(it.key for it in hollow) == ["Node//hv08", "Node//hv09"]
    assert all("does not exist" in [text.text for text in it.texts] for it in hollow)
    assert all(next(shape.dash for shape in it.shapes if isinstance(shape, Rect)) for it in hollow)
    broken = list(scene.find("link", "error"))
    assert {it.of[1] for it in broken} == {"Node//hv08", "Node//hv09"}
    assert all("status.nodeRef.name" in it.texts[0].text for it in broken)
    assert "Rancher's planner" in said(scene, "caption")


def test_a_link_against_another_is_broken_though_both_ends_exist() -> None:
    """hv04 names the Machine of hv03; hv03's own link holds."""
    scene = draw(sample("unmanaged-node"), DrawOptions()).scene
    machine = object_key(ObjectRef("Machine", "fleet-local", "custom-957869c2ad0d"))
    ties = {it.of: it for it in scene.find("link")}
    assert ties["Node//hv04", machine].state == "error"
    assert ties["Node//hv03", machine].state == "good"
    assert "Machine references hv03 instead" in " ".join(text.text for text in ties["Node//hv04", machine].texts)
    assert scene.title.startswith("Machine custom-957869c2ad0d is referenced by 2 Nodes")


def test_the_second_machine_of_a_node_is_the_one_marked() -> None:
    """And not the one that the Node names."""
    scene = draw(sample("two-machines-one-node"), DrawOptions()).scene
    machines = {it.key.rpartition("/")[2]: it.state for it in scene.find("object") if it.key.startswith("Machine/")}
    assert machines["custom-31079167475f"] == "error"
    assert machines["custom-86d1b0faf2f1"] == "good"


@pytest.mark.parametrize(
    ("kind", "suffix", "word"),
    [("CustomMachine", "", "does not exist"), ("RKEBootstrap", "", "does not exist"), ("Secret", "-machine-plan", "")],
)
def test_a_part_that_is_gone_is_told_at_its_place(kind: str, suffix: str, word: str) -> None:
    """Machine without CustomMachine, RKEBootstrap or plan."""
    first = made(3).facts.pairing.machines[0].name
    cluster = made(3, drop=lambda o: o["kind"] == kind and o["metadata"]["name"] == f"{first}{suffix}")
    scene = draw(cluster, DrawOptions()).scene
    sound.check(scene)
    broken = list(scene.find("link", "error"))
    assert [it.of[0] for it in broken] == [f"Machine/fleet-local/{first}"]
    target = next(it for it in scene.items if it.key == broken[0].of[1])
    told = [text.text for text in target.texts]
    assert any(text.endswith(word or "no plan Secret") for text in told)
    assert broken[0].texts, "the field is told"


def test_healthy_rows_recede() -> None:
    """Without a finding nothing is thick, coloured or signed."""
    scene = draw(sample("healthy"), DrawOptions()).scene
    assert not [it for it in scene.items if it.state in SEVERE]
    strokes = {shape.stroke for it in scene.items for shape in it.shapes if isinstance(shape, Line)}
    assert strokes <= {"link", "rule"}
    assert scene.title == "Every link of 3 nodes holds"


def test_a_fault_of_the_upgrade_does_not_break_a_link() -> None:
    """The links hold, and the title says both."""
    scene = draw(sample("lost-acknowledgement"), DrawOptions()).scene
    assert scene.title.startswith("Every link of 3 nodes holds, but hv02 waits")
    assert item(scene, ObjectRef("Node", "", "hv02")).state == "error"
    assert not list(scene.find("link", "error"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("volume-wants-too-many-replicas", "but Volume "),
        ("leftover-upgrade-chart", "but ManagedChart "),
        ("upgrade-repository-not-ready", "but the upgrade repository upgrade-repo-"),
    ],
)
def test_what_is_wrong_elsewhere_is_in_the_title(name: str, told: str) -> None:
    """A picture whose links all hold does not look healthy where a check finds an error about something else."""
    cluster = port.cluster(list(scenario(SCENARIOS / name / "speaks.yaml").objects))
    drawing = draw(cluster, DrawOptions())
    sound.check(drawing.scene)
    assert re.match(rf"Every link of \d nodes? holds?, {told}", drawing.scene.title)
    assert " ".join(drawing.text(100).split()).startswith(drawing.scene.title)
    assert list(drawing.scene.find("part")), "the next step of it is told"


# --- not seen --------------------------------------------------------------------------------------------------------


def test_what_was_not_seen_is_never_shown_as_absent(tmp_path: Path) -> None:
    """Dashed, with a question mark, and the title says that it cannot tell."""
    from tests.world import write_folder

    folder = write_folder(tmp_path / "f", healthy(["hv01", "hv02"]).objects)
    for file in folder.iterdir():
        if "custommachines" in file.name or "secrets" in file.name:
            file.unlink()
    scene = draw(hd.open(folder), DrawOptions()).scene
    sound.check(scene)
    assert scene.title == "Unknown whether every link holds: CustomMachine, Secret not seen"
    assert {it.key.partition("/")[0] for it in scene.find("object", "unseen")} == {"CustomMachine"}
    assert [it.texts[0].text for it in scene.find("placeholder", "unseen")] == ["plan Secret not seen"] * 2
    assert all("?" in [t.text for t in it.texts] for it in scene.find("placeholder"))
    assert not [it for it in scene.items if it.state in {*SEVERE, "absent"}]


# --- folding ---------------------------------------------------------------------------------------------------------


def test_fifty_healthy_chains_are_one_bundle() -> None:
    """With its number in words, and every name when one points at it."""
    scene = draw(made(50), DrawOptions()).scene
    (bundle,) = scene.find("bundle")
    assert bundle.texts[0].text == "50 nodes"
    assert "every link holds" in [text.text for text in bundle.texts]
    assert all(f"hv{number:03d}" in bundle.hint for number in range(50))
    assert scene.height < 600


def test_broken_rows_stand_above_the_bundle() -> None:
    """Trouble on top; who is broken among 200 is found at once."""
    scene = draw(made(200, mixed), DrawOptions()).scene
    bundle = next(iter(scene.find("bundle")))
    assert bundle.texts[0].text == "195 nodes"
    bad = list(scene.find("object", "error"))
    assert {"Node//hv007", "Node//hv020", "Node//hv033"} <= {it.key for it in bad}
    assert all(it.area.bottom < bundle.area.y for it in bad)
    assert scene.height < 1200


def test_equal_faults_are_told_once() -> None:
    """A few in full, the rest as a number with their rule and names."""
    scene = draw(made(200, *orphans(5, 195)), DrawOptions()).scene
    sound.check(scene)
    shown = list(scene.find("placeholder"))
    assert 1 <= len(shown) <= 4
    bundles = {it.state: it for it in scene.find("bundle")}
    words = " ".join(text.text for text in bundles["error"].texts)
    assert f"and {190 - len(shown)} more nodes have no Machine" in words
    assert "hv194" in bundles["error"].hint
    assert scene.title == "hv005 has no Machine, and 189 more like it: 190 of 200 nodes need attention"
    assert scene.height < 900


def test_nothing_is_folded_where_all_is_wished() -> None:
    """Each of 50 nodes has its box."""
    scene = draw(made(50, mixed), DrawOptions(whole=True)).scene
    assert not list(scene.find("bundle"))
    assert sum(it.key.startswith("Node/") for it in scene.find("object")) == 50


def test_few_nodes_are_all_shown() -> None:
    """Four nodes: everything."""
    scene = draw(sample("upgrade-half-way"), DrawOptions()).scene
    assert sum(it.key.startswith("Node/") for it in scene.find("object")) == 4
    assert not list(scene.find("bundle"))


def test_two_hundred_nodes_with_one_name_in_common_stay_one_readable_row() -> None:
    """All name one Machine that is not there: boxes are left out, and their number is told."""
    world = healthy([f"hv{number:03d}" for number in range(60)])
    for obj in world.objects:
        if obj["kind"] == "Node":
            obj["metadata"]["annotations"]["cluster.x-k8s.io/machine"] = "custom-nowhere"
    scene = draw(from_folder(Path(mkdtemp()), world.objects), DrawOptions()).scene
    sound.check(scene)
    assert scene.height < 2500
    assert "and 57 more nodes that are connected with these: hv003, hv004" in said(scene, "caption")


# --- labels and focus ------------------------------------------------------------------------------------------------


def test_labels_are_there_on_demand() -> None:
    """Each link of a healthy chain gets its field; without the wish none does."""
    cluster = sample("healthy")
    assert not [it for it in draw(cluster, DrawOptions()).scene.find("link") if it.texts]
    told = {text.text for it in draw(cluster, DrawOptions(labels=True)).scene.find("link") for text in it.texts}
    assert {"status.nodeRef.name", "infrastructureRef", "configRef", "spec.providerID", "machine-name"} <= told


def test_every_link_tells_its_fields() -> None:
    """All fields that say the same stand in the hint of one link."""
    scene = draw(sample("healthy"), DrawOptions()).scene
    tie = next(it for it in scene.find("link") if it.of[0] == "Node//hv01" and it.of[1].startswith("Machine/"))
    assert 'metadata.annotations["cluster.x-k8s.io/machine"]' in tie.hint
    assert 'metadata.labels["rke.cattle.io/machine"]' in tie.hint


def test_link_keys_hold_no_blank() -> None:
    """Pages part keys by blanks."""
    for name in BUNDLES:
        for it in draw(sample(name), DrawOptions()).scene.items:
            assert " " not in it.key
            assert it.role != "link" or it.key.startswith(f"{it.of[0]}>")


def test_a_focus_shows_its_neighbourhood_alone() -> None:
    """The row of the object, what it names, and the fault in the title."""
    cluster = sample("issue-8236")
    scene = draw(cluster, wish(cluster, "srv09")).scene
    assert scene.title == "srv09 has no Machine"
    assert [it.key for it in scene.find("object")] == ["Node//srv09"]
    well = draw(cluster, wish(cluster, "srv06")).scene
    assert well.title == "srv06: every link holds"
    nodes = [it.key for it in well.find("object") if it.key.startswith("Node/")]
    assert nodes == ["Node//srv06"]
    assert any(it.key.startswith("Cluster/") for it in well.find("object"))


def test_a_focus_on_what_does_not_exist_says_so() -> None:
    """The phantom that others name."""
    cluster = sample("ghost-machines")
    scene = draw(cluster, wish(cluster, "hv09")).scene
    assert "does not exist" in scene.title
    assert not [it for it in scene.items if "hv08" in it.key]


@pytest.mark.parametrize("name", BUNDLES)
def test_every_finding_can_be_the_focus(name: str) -> None:
    """Also one about an object that is not in the picture; the title is its root cause, not a consequence."""
    cluster = sample(name)
    for finding in cluster.check():
        scene = draw(cluster, DrawOptions(finding.subject, finding)).scene
        sound.check(scene)
        root = cluster.check().root(finding)
        assert not root.caused_by
        assert short_clause(root) in scene.title


@pytest.mark.parametrize("name", BUNDLES)
def test_links_and_matrix_count_alike(name: str) -> None:
    """How many nodes need attention is said once and in the same words."""
    cluster = sample(name)
    titles = [hd.draw(cluster, picture).title for picture in ("links", "matrix")]
    shares = {share for title in titles if (share := re.search(r"\d+ of \d+ nodes? needs? attention", title))}
    assert len({share[0] for share in shares}) <= 1, titles


# --- the same facts as a table ---------------------------------------------------------------------------------------


def test_the_table_has_a_row_for_every_link_of_the_graph() -> None:
    """All that the graph holds among the kinds of the picture."""
    cluster = sample("healthy")
    drawing = draw(cluster, DrawOptions())
    edges = [
        (a.kind, a.name, path, b.kind, b.name) for a, b, path in cluster.graph.edges(keys=True) if a.kind != "Host"
    ]
    rows = [tuple(row[name] for name in list(drawing.columns)[:5]) for row in drawing.rows]
    assert sorted(rows) == sorted(edges)
    assert {row["state"] for row in drawing.rows} == {"holds"}


def test_the_table_tells_the_missing_link_and_its_finding() -> None:
    """With the rule that speaks of it."""
    rows = draw(sample("issue-8236"), DrawOptions()).rows
    assert rows[0] == {
        "source_kind": "Node",
        "source": "srv09",
        "field": 'metadata.annotations["cluster.x-k8s.io/machine"]',
        "target_kind": "Machine",
        "target": "",
        "state": "missing",
        "finding": "node-without-machine",
    }


# --- outside text ----------------------------------------------------------------------------------------------------

NAMES = [
    "<script>alert(1)</script>",
    "x" * 60 + "-tail",
    "节点-东京-很长的名字很长的名字",
    'א\u202e"]; click n0 "|\\N%%\x1b[31m',
]


def hostile() -> Drawing:
    """Nodes with names that no picture should believe; the second has no Machine."""
    world = healthy(["n1", "n2", "n3", "n4"])
    faults.orphan(world, "n2")
    text = json.dumps(world.objects)
    for plain, name in zip(["n1", "n2", "n3", "n4"], NAMES, strict=True):
        text = text.replace(f'"{plain}"', json.dumps(name)).replace(
            f'rke2://{plain}"', f"rke2://{json.dumps(name)[1:]}"
        )
    return draw(from_folder(Path(mkdtemp()), json.loads(text)), DrawOptions())


def test_hostile_names_break_nothing() -> None:
    """The picture stays sound, the whole name is in the hint, control signs are written out."""
    drawing = hostile()
    sound.check(drawing.scene)
    node = next(it for it in drawing.scene.find("object", "error"))
    assert NAMES[1] in node.hint
    for form in (drawing.text(80), drawing.scene.alt, drawing.scene.title):
        assert "\x1b" not in form
        assert "\u202e" not in form


def test_each_plan_of_two_machines_leads_to_the_cluster() -> None:
    """A chain without its line to the trunk would look like another broken link."""
    figure = hd.draw(hd.open(DATA / "bundles" / "two-machines-one-node.zip"), focus="hv02")
    out = [item.of[0] for item in figure._drawing.scene.find("link") if item.of[1] == "Cluster/fleet-local/local"]
    assert sorted(out) == [
        "Secret/fleet-local/custom-31079167475f-machine-plan",
        "Secret/fleet-local/custom-86d1b0faf2f1-machine-plan",
    ]
