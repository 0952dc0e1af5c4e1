"""Changes: what came, what went and what is another is told; what nobody could compare is told as that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvdiag import open as open_cluster
from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.figures import draw
from harvdiag.figures.changes import draw as draw_changes
from harvdiag.figures.drawing import DrawOptions
from harvdiag.figures.figure import Figure
from harvdiag.figures.scene import Item, Rect, Scene
from harvdiag.training.world.faults import ghost, orphan
from harvdiag.training.world.rollouts import at_step
from tests.figures.part import without
from tests.figures.sound import check
from tests.routes import from_bundle, from_folder
from tests.sample import examples
from tests.world import World, healthy
from tests.world.samples import DATA

SERVERS = ("srv06", "srv07", "srv08", "srv09")
BEFORE, NOW = "2025-05-08T10:00:00Z", "2025-05-08T13:00:00Z"
PLAN = "Secret"


def changed(place: Path, before: World, now: World, when: str = BEFORE, until: str = NOW) -> Figure:
    """What is another, by two bundles; sound in every respect."""
    for name in ("before", "now"):
        (place / name).mkdir()
    one = from_bundle(place / "before", before.objects, when)
    figure = draw(from_bundle(place / "now", now.objects, until), against=one)
    assert figure.name == "changes"
    check(scene(figure))
    return figure


def scene(figure: Figure) -> Scene:
    """The shapes of a figure."""
    return figure._drawing.scene


def steps(figure: Figure, state: str = "") -> list[str]:
    """What is said of each change, from the top."""
    return [item.texts[-1].text for item in scene(figure).find("change", state)]


def servers(lost: str = "", managed: bool = False) -> World:
    """Four servers, of which one may have no Machine."""
    world = healthy(SERVERS, version="v1.4.2")
    if lost:
        orphan(world, lost, managed=managed)
    return world


def test_a_machine_that_came_is_told_with_its_parts(tmp_path: Path) -> None:
    """The title is the answer, the Machine and its parts are one line, the findings are gone."""
    figure = changed(tmp_path, servers("srv09"), servers())
    assert figure.title == "Since 10:00 UTC: srv09 got its Machine; 2 findings gone, none new"
    assert figure.title in figure.alt
    assert " ".join(figure.text.split()).startswith(figure.title)
    new = steps(figure, "new")
    assert new[0].startswith("Machine custom-")
    assert new[1] == "Node srv09  cluster.x-k8s.io/machine"
    assert steps(figure, "changed") == ["Node srv09  managed"]
    assert not steps(figure, "gone")
    assert "with CustomMachine, RKEBootstrap, Secret" in figure.text
    assert [item.texts[0].text for item in scene(figure).find("group")] == ["srv09"]
    found = list(scene(figure).find("finding"))
    assert [item.state for item in found] == ["gone", "gone"]
    assert "✓" in {text.text for text in found[0].texts}


def test_before_stands_left_of_now_and_what_is_not_there_is_hollow(tmp_path: Path) -> None:
    """New: hollow and dashed, then strong; each pair on one height with its change."""
    figure = changed(tmp_path, servers("srv09"), servers())
    marks, olds, news = (list(scene(figure).find(role)) for role in ("change", "before", "now"))
    assert len(marks) == len(olds) == len(news) == 5
    for mark, old, new in zip(marks, olds, news, strict=True):
        assert mark.area.right <= old.area.x < old.area.right <= new.area.x
        assert abs(old.area.y - new.area.y) < 8
    hollow, strong = box(olds[0]), box(news[0])
    assert (hollow.fill, hollow.dash != "") == ("", True)
    assert (strong.fill, strong.dash) == ("now_box", "")
    assert strong.thick > hollow.thick
    assert olds[0].texts[0].text == "does not exist"


def box(item: Item) -> Rect:
    """Its rectangle."""
    return next(shape for shape in item.shapes if isinstance(shape, Rect))


def test_what_went_is_hollow_now(tmp_path: Path) -> None:
    """The other way round: minus, and nothing on the right."""
    figure = changed(tmp_path, servers(), servers("srv09"))
    assert figure.title == "Since 10:00 UTC: srv09 lost its Machine; no finding gone, 2 new"
    assert not steps(figure, "new")
    assert {item.texts[0].text for item in scene(figure).find("change", "gone")} == {"\u2212"}
    assert all(box(item).dash and not box(item).fill for item in scene(figure).find("now", "gone"))
    assert [item.state for item in scene(figure).find("finding")] == ["new", "new"]
    assert "✗ new: Node srv09 has no Machine" in figure.text


def test_a_node_that_left_explains_the_links_that_lead_to_nothing(tmp_path: Path) -> None:
    """They are counted with it, not told as five changes more."""
    now = healthy(SERVERS, version="v1.4.2")
    ghost(now, "srv08")
    figure = changed(tmp_path, servers(), now)
    assert figure.title == "Since 10:00 UTC: srv08 left; no finding gone, 1 new"
    assert steps(figure, "gone") == ["Node srv08"]
    right = next(scene(figure).find("now", "gone"))
    assert right.texts[0].text == "does not exist; 6 links lead to nothing"
    assert not [row for row in figure.table.to_dict("records") if "nodeRef" in row["field"]]


def test_nothing_changed_is_an_answer_too(tmp_path: Path) -> None:
    """With what was compared, and what remains found."""
    figure = changed(tmp_path, servers("srv09"), servers("srv09"))
    assert figure.title.startswith("Nothing changed since 10:00 UTC in 22 objects and ")
    assert figure.title.endswith("links; 2 findings as before")
    assert not steps(figure)
    assert figure.table.empty
    assert "The same: 22 objects" in figure.text


def test_another_time_is_no_change(tmp_path: Path) -> None:
    """Heartbeats and stamps move on by themselves."""
    now = servers()
    for node in now.find("Node"):
        for row in node["status"]["conditions"]:
            row["lastHeartbeatTime"] = NOW
    for secret in now.find("Secret"):
        secret["metadata"].setdefault("annotations", {})["rke.cattle.io/plan-probes-passed"] = NOW
    assert changed(tmp_path, servers(), now).table.empty


def test_an_object_of_the_same_name_with_another_uid_was_made_anew(tmp_path: Path) -> None:
    """That is neither new nor gone."""
    now = servers()
    now.get("Node", "srv07")["metadata"]["uid"] = "11111111-2222-3333-4444-555555555555"
    figure = changed(tmp_path, servers(), now)
    assert "srv07 recreated" in figure.title
    assert "Node srv07  uid" in steps(figure, "recreated")
    assert not steps(figure, "gone")


def test_a_link_that_leads_elsewhere_tells_both_ends(tmp_path: Path) -> None:
    """Before one Machine, now another."""
    now = servers()
    other = now.machine_of("srv06")
    now.get("Node", "srv07")["metadata"]["annotations"]["cluster.x-k8s.io/machine"] = other
    figure = changed(tmp_path, servers(), now)
    row = next(row for row in figure.table.to_dict("records") if row["field"].endswith('x-k8s.io/machine"]'))
    assert (row["change"], row["kind"], row["name"]) == ("changed", "Node", "srv07")
    assert row["before"] == f"Machine {now.machine_of('srv07')}"
    assert row["now"] == f"Machine {other}"
    assert "srv06, srv07 no longer paired one to one" in figure.title


def test_an_upgrade_that_goes_on(tmp_path: Path) -> None:
    """Each node's state, before its versions; the hosts in their order."""
    hosts = [f"hv{number:02}" for number in range(1, 5)]
    before, now = (at_step(healthy(hosts), node, step) for node, step in (("hv02", "h4"), ("hv04", "h5")))
    figure = changed(tmp_path, before, now, until="2025-05-08T10:30:00Z")
    assert figure.title == "Since 10:00 UTC: 3 nodes went on in the upgrade (hv02, hv03, hv04); no finding, as before"
    assert steps(figure)[0] == "Node hv02  state in the upgrade"
    first = next(scene(figure).find("before")), next(scene(figure).find("now"))
    assert [item.texts[0].text for item in first] == ["Pre-draining", "Succeeded"]


def test_an_upgrade_that_goes_back_is_told_so(tmp_path: Path) -> None:
    """By the order of its states; another upgrade, or another version, is a new one."""
    hosts = [f"hv{number:02}" for number in range(1, 5)]
    before, now = (at_step(healthy(hosts), node, step) for node, step in (("hv04", "h5"), ("hv02", "h4")))
    assert "3 nodes went back in the upgrade (hv02, hv03, hv04)" in changed(tmp_path, before, now).title
    (upgrade,) = now.find("Upgrade")
    upgrade["metadata"]["uid"] = "0f0f0f0f-1111-2222-3333-444444444444"
    upgrade["spec"]["version"] = "v1.5.1"
    (tmp_path / "new").mkdir()
    title = changed(tmp_path / "new", before, now).title
    assert "a new upgrade began (to v1.5.1)" in title
    assert "went" not in title


def test_one_node_that_goes_back_is_told_with_both_states(tmp_path: Path) -> None:
    """From where to where."""
    hosts = ["hv01", "hv02"]
    before, now = (at_step(healthy(hosts), "hv02", step) for step in ("h5", "h4"))
    states = [next(iter(world.find("Upgrade")))["status"]["nodeStatuses"]["hv02"]["state"] for world in (before, now)]
    if states[0] == states[1]:
        next(iter(before.find("Upgrade")))["status"]["nodeStatuses"]["hv02"]["state"] = states[0] = "Succeeded"
    assert f"hv02 went back from {states[0]} to {states[1]}" in changed(tmp_path, before, now).title


def test_of_two_of_one_time_nobody_knows_which_came_first(tmp_path: Path) -> None:
    """The title says so, and so does the note below."""
    figure = changed(tmp_path, servers("srv09"), servers(), NOW)
    assert figure.title.startswith("Both collected at 13:00 UTC, which came first is not known: srv09 got its Machine")
    assert any("which came first is not known" in item.hint for item in scene(figure).find("note"))
    (tmp_path / "same").mkdir()
    title = changed(tmp_path / "same", servers(), servers(), NOW).title
    assert title.startswith("Nothing differs between the two, both collected at 13:00 UTC")


@pytest.mark.parametrize("width", [60, 100])
def test_its_text_tells_both_sources_and_keeps_to_the_width(width: int) -> None:
    """Fields are told in words."""
    one, other = (open_cluster(DATA / "bundles" / name) for name in ("healthy.zip", "two-machines-one-node.zip"))
    figure = draw(other, against=one)
    text = figure.lines(width)
    assert max(map(len, text.splitlines())) <= width
    flat = " ".join(text.split())
    assert "before: healthy.zip · 2025-05-08 10:00 UTC · Harvester v1.4.2" in flat
    assert "now: two-machines-one-node.zip · 2025-05-08 10:00 UTC · Harvester v1.4.2" in flat
    assert "2 nodes went back in the upgrade (hv02, hv03)" in flat
    assert "condition Completed" in flat
    assert "nodes_upgraded" not in flat


@pytest.mark.parametrize("dark", ["before", "now"])
@pytest.mark.parametrize(
    ("file", "kind"),
    [("machines.cluster.x-k8s.io", "Machine"), ("nodes", "Node"), ("custommachines.rke.cattle.io", "CustomMachine")],
)
def test_what_was_not_seen_on_one_side_is_neither_new_nor_gone(tmp_path: Path, dark: str, file: str, kind: str) -> None:
    """It is not comparable, and nor are the findings that stand on it."""
    seen = from_folder(tmp_path / "a", servers("srv09").objects, BEFORE if dark == "now" else NOW)
    unseen = without(tmp_path / "b", servers("srv09"), file, captured_at=NOW if dark == "now" else BEFORE)
    before, now = (seen, unseen) if dark == "now" else (unseen, seen)
    figure = draw(now, against=before)
    check(scene(figure))
    assert figure.table.empty
    assert any(f"{kind}: not comparable, not seen {dark}" in item.hint for item in scene(figure).find("note"))
    assert f"? {kind}: not comparable" in figure.text
    assert figure.title.startswith("Nothing changed since")
    assert "that were seen on both sides" in figure.title


def test_two_clusters_are_told_as_two(tmp_path: Path) -> None:
    """Not every object as gone and as new."""
    figure = changed(tmp_path, healthy(), servers("srv09"))
    assert figure.title == (
        "These are two clusters: no node in common (hv01, hv02, hv03 before; srv06, srv07 and 2 more now)"
    )
    assert not steps(figure)
    assert "only two snapshots of one cluster" in figure.text


def test_the_later_given_as_the_earlier_is_put_right_and_told(tmp_path: Path) -> None:
    """Time runs from left to right, whichever was named first."""
    figure = changed(tmp_path, servers(), servers("srv09"), "2025-05-08T16:00:00Z")
    assert figure.title == "Since 13:00 UTC: srv09 got its Machine; 2 findings gone, none new"
    assert any("in the order of their times" in item.hint for item in scene(figure).find("note"))


@pytest.mark.parametrize(
    ("when", "told"), [("2025-05-06T09:30:00Z", "Since 2025-05-06 09:30 UTC:"), (None, "Since 10:00 UTC:")]
)
def test_the_day_is_told_where_it_is_another(tmp_path: Path, when: str | None, told: str) -> None:
    """Only the hour where it is the same."""
    assert changed(tmp_path, servers("srv09"), servers(), when or BEFORE).title.startswith(told)


def test_200_nodes_that_changed_alike_are_one_line(tmp_path: Path) -> None:
    """The first of them, and the names of the rest."""
    names = [f"hv{number:03}" for number in range(1, 201)]
    before, now = healthy(names), healthy(names)
    for name in names[3:]:
        orphan(now, name)
    ghost(now, "hv002")
    figure = changed(tmp_path, before, now)
    groups = [item.texts[0].text for item in scene(figure).find("group")]
    assert groups == ["hv002", "hv004", "hv005", "hv006", "and 194 more like this"]
    assert "hv002 left; 197 nodes lost their Machine" in figure.title
    assert scene(figure).height < 1200
    assert len(figure.text.splitlines()) < 45
    assert "195 more of node-without-machine" in figure.text


def test_with_whole_nothing_is_folded(tmp_path: Path) -> None:
    """Every host by itself, when that is wished."""
    names = [f"hv{number:03}" for number in range(1, 31)]
    now = healthy(names)
    for name in names[3:]:
        orphan(now, name)
    (tmp_path / "now").mkdir()
    one, other = from_bundle(tmp_path, healthy(names).objects, BEFORE), from_bundle(tmp_path / "now", now.objects, NOW)
    drawing = draw_changes(other, DrawOptions(against=one, whole=True))
    check(drawing.scene)
    assert len(list(drawing.scene.find("group"))) == 27


def test_without_another_cluster_it_says_what_it_needs(tmp_path: Path) -> None:
    """In one line."""
    with pytest.raises(UsageError, match="needs an earlier state of the cluster"):
        draw_changes(from_bundle(tmp_path, servers().objects), DrawOptions())


PATHS = sorted((DATA / "bundles").glob("*.zip"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
@pytest.mark.parametrize("other", [PATHS[0], PATHS[-1]], ids=lambda path: path.stem)
def test_any_two_samples_are_drawn_soundly(path: Path, other: Path) -> None:
    """Also where they have little in common; the same each time."""
    figures = [draw(open_cluster(path), against=open_cluster(other)) for _ in range(2)]
    check(scene(figures[0]))
    assert figures[0].svg == figures[1].svg
    assert figures[0].text == figures[1].text
    if path == other:
        assert figures[0].table.empty


NAMES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\ufffe\uffff"), min_size=1, max_size=70)


@settings(max_examples=examples(25), deadline=None)
@given(NAMES.filter(lambda name: bool(name.strip())), st.sampled_from((orphan, ghost)))
def test_any_name_is_shown_soundly(
    tmp_path_factory: pytest.TempPathFactory, name: str, fault: Callable[[World, str], None]
) -> None:
    """Markup, control signs, other alphabets, of any length."""
    before, now = (healthy((name, "hv02 ", "hv03 ")) for _ in range(2))
    fault(now, name)
    clusters: list[Cluster] = []
    for world, when in ((before, BEFORE), (now, NOW)):
        clusters.append(from_folder(tmp_path_factory.mktemp("any"), world.objects, when))
    figure = draw(clusters[1], against=clusters[0])
    check(scene(figure))
    assert len(figure.table) > 0


def test_markup_in_a_name_is_text(tmp_path: Path) -> None:
    """Nothing of it becomes an element."""
    names = ("<script>alert(1)</script>", "hv02", "hv03")
    now = healthy(names)
    orphan(now, names[0])
    figure = changed(tmp_path, healthy(names), now)
    assert "<script" not in figure.svg
    assert "<script>alert(1)</script> lost its Machine" in figure.title
