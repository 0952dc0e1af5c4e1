"""What the link graph says and does not say: which link is blamed, whom a title counts, words that stay clear."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import pytest

from harvdiag.core.model import ObjectRef
from harvdiag.figures.drawing import DrawOptions
from harvdiag.figures.links import draw
from harvdiag.figures.links.labels import stroke_areas
from harvdiag.figures.links.routes import Route
from harvdiag.figures.scene import Path as Line
from harvdiag.figures.scene import Scene
from harvdiag.rules import registry
from harvdiag.status.links.rows import Box, Link
from tests.figures import sound
from tests.figures.test_links import BUNDLES, SEVERE, Fault, links, made, mixed, orphans, said, sample
from tests.routes import from_folder
from tests.sample import every_value
from tests.world import World, faults, healthy

NODE = Box(ObjectRef("Node", "", "any"))
NONE = Link(NODE, NODE, ("any",))
LONG = "harvester-production-rack17-node-{:02d}.dc1.example.com"


def nodes(scene: Scene) -> dict[str, str]:
    """What stands in the box of each Node, by its key, from above."""
    found = sorted((it for it in scene.find("object") if it.key.startswith("Node/")), key=lambda it: it.area.y)
    return {it.key: it.texts[0].text for it in found}


def uninitial(world: World) -> None:
    """No plan Secret is the init node, and none is owned by what exists; two cluster objects are gone."""
    for secret in world.find("Secret"):
        secret["metadata"].get("labels", {}).pop("rke.cattle.io/init-node", None)
        for owner in secret["metadata"].get("ownerReferences", []):
            owner["uid"] = f"gone-{owner['uid']}"
    world.objects[:] = [obj for obj in world.objects if obj["kind"] != "RKECluster"]


def shared(first: int, last: int, other: str) -> list[partial[None]]:
    """So many Nodes that follow the Machine of one other."""
    return [partial(faults.share_machine, node=f"hv{n:03d}", other=other) for n in range(first, last)]


def test_long_host_names_stay_apart() -> None:
    """Their common domain and beginning go; the hint has them whole."""
    world = healthy([LONG.format(n) for n in range(1, 7)])
    faults.share_machine(world, LONG.format(1), LONG.format(2))
    scene = draw(from_folder(Path(mkdtemp()), world.objects), DrawOptions()).scene
    sound.check(scene)
    told = nodes(scene)
    assert len(told) == len(set(told.values())) == 6
    assert all(text.endswith(f"node-{n:02d}") for n, text in enumerate((told[k] for k in sorted(told)), 1))
    assert all(it.key.partition("//")[2] in it.hint for it in scene.find("object") if it.key in told)
    assert any("node-02 instead" in text.text for it in scene.find("link", "error") for text in it.texts)


def test_a_fault_of_the_whole_cluster_breaks_no_node_and_no_link() -> None:
    """It is told once, at the Cluster; missing cluster objects say what they are."""
    cluster = made(10, uninitial)
    drawing = draw(cluster, DrawOptions())
    scene = drawing.scene
    sound.check(scene)
    assert "init-node-missing" in {finding.rule for finding in cluster.check()}
    assert scene.title == "None of the 10 plan Secrets is marked as the init node"
    assert {it.key for it in scene.find("object", "error")} == {"Cluster/fleet-local/local"}
    assert not [it for it in scene.find("link") if it.state in SEVERE]
    assert not list(scene.find("stripe"))
    assert said(scene, "caption").count("None of the 10 plan Secrets") == 1
    assert drawing.text(100).count("None of the 10 plan Secrets") == 2  # as title and at the Cluster
    (gone,) = (it for it in scene.find("object") if it.key.startswith("RKECluster"))
    assert " ".join(text.text for text in gone.texts[1:]).startswith(
        ("RKECluster, does not exist", "RKECluster, not seen")
    )


def test_nodes_that_only_wait_are_not_drawn_as_broken() -> None:
    """The title says whom the ghosts hold up; those are one row, of which one line says why."""
    scene = draw(sample("ghost-machines"), DrawOptions()).scene
    assert scene.title == "2 Machines without Node (hv08, hv09) hold up hv02, hv03, hv04 and hv05"
    (bundle,) = scene.find("bundle")
    assert (bundle.state, bundle.texts[0].text) == ("good", "4 nodes")
    assert "held up by the faults above (never started): hv02, hv03, hv04, hv05" in said(scene, "caption")
    assert list(nodes(scene)) == [f"Node//hv0{n}" for n in (8, 9, 1)]
    whole = draw(sample("ghost-machines"), DrawOptions(whole=True)).scene
    states = {it.key: it.state for it in whole.find("object") if it.key.startswith("Node/")}
    assert [states[f"Node//hv0{n}"] for n in range(1, 6)] == ["good"] * 5
    assert "held up: hv02 was never started" in said(whole, "caption")


def test_the_legend_has_the_arrow_of_a_link_against_another() -> None:
    """Where there is one, and not else."""
    assert "references an object that references another" in said(
        draw(sample("unmanaged-node"), DrawOptions()).scene, "legend"
    )
    scene = draw(sample("issue-8236"), DrawOptions()).scene
    assert "references an object that references another" not in said(scene, "legend")
    assert "broken or missing link" in said(scene, "legend")


def test_many_nodes_on_one_machine_fold() -> None:
    """Three in the order of their names, the one that the Machine names, and the rest in words."""
    scene = draw(made(60, *shared(20, 40, "hv050")), DrawOptions()).scene
    sound.check(scene)
    assert list(nodes(scene)) == ["Node//hv020", "Node//hv021", "Node//hv022", "Node//hv050"]
    assert "and 17 more nodes that are connected with these: hv023, hv024" in said(scene, "caption")
    assert scene.title.endswith("21 of 60 nodes need attention")


@pytest.mark.parametrize(
    ("name", "labels"),
    every_value((name, labels) for name in (*BUNDLES, "shared", "mixed") for labels in (False, True)),
)
def test_no_link_strikes_through_words(name: str, labels: bool) -> None:
    """The words of a link stand beside its stroke and beside every other."""
    more: dict[str, list[Fault]] = {"shared": [*shared(20, 30, "hv040")], "mixed": [mixed]}
    cluster = made(50, *more.get(name, [])) if name in more else sample(name)
    tied = links(draw(cluster, DrawOptions(labels=labels)).scene).values()
    strokes = [
        mark
        for it in tied
        for shape in it.shapes
        if isinstance(shape, Line)
        for mark in stroke_areas(Route(NONE, ((shape.points[0], shape.points[-1]),)))
    ]
    for it in tied:
        for text in it.texts:
            assert not any(text.area.overlaps(mark, 0) for mark in strokes), text.text


def test_checks_are_told_in_words() -> None:
    """No name of a rule stands in the picture or its other forms; the hint has it."""
    for cluster in (*(sample(name) for name in BUNDLES), made(50, *orphans(5, 35)), made(60, *shared(20, 40, "hv050"))):
        drawing = draw(cluster, DrawOptions())
        forms = [*(text.text for text in drawing.scene.texts), drawing.scene.alt, drawing.text(200)]
        for rule in registry():
            assert not any(re.search(rf"\b{rule}\b", form) for form in forms), rule
    scene = draw(made(50, *orphans(5, 35)), DrawOptions()).scene
    bundle = next(it for it in scene.find("bundle") if it.state == "error")
    assert "and 27 more nodes have no Machine" in [text.text for text in bundle.texts]
    assert "node-without-machine" in bundle.hint


def test_the_terminal_tells_what_follows() -> None:
    """Below the fault, in words, as the picture does."""
    text = " ".join(draw(sample("issue-8236"), DrawOptions()).text(100).split())
    assert "what follows: " in text
    assert "the running upgrade waits for a Node that has no Machine" in text
