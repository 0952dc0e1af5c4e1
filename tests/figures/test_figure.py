"""A figure: it shows itself, saves itself by the ending, and says in one line what does not work."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

import harvdiag as hd
from harvdiag import open as open_cluster
from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.keys import object_key
from harvdiag.core.model import ObjectRef
from harvdiag.figures import PICTURES, draw
from harvdiag.figures.drawing import Drawing
from harvdiag.figures.figure import ENDINGS, Figure
from harvdiag.figures.scene import Item, Scene, Text
from harvdiag.status.focus import resolve_focus
from tests.routes import BROKEN
from tests.world.samples import DATA


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    """The sample of harvester/harvester#8236."""
    return open_cluster(BROKEN)


@pytest.fixture
def figure() -> Figure:
    """A figure that has every form."""
    scene = Scene("srv09 has no Machine", "One node, and no Machine for it.", 200, 60, (Item((Text(5, 20, "srv09"),)),))
    rows = [{"name": "srv09", "machine": None}]
    return Figure(
        "links",
        Drawing(
            layout=lambda wide: scene._replace(width=wide or scene.width),
            text=lambda wide: "x" * wide,
            columns={"name": "str", "machine": "str"},
            rows=rows,
            mermaid=lambda: "graph LR",
            dot=lambda: "digraph",
        ),
    )


def test_it_shows_itself_with_words(figure: Figure) -> None:
    """One image that shrinks and has the words of the picture, and text for the rest."""
    data = figure._repr_mimebundle_(include=None, exclude=None)
    assert data == {"text/html": figure.html, "text/plain": figure.text}
    tag, _, rest = figure.html.partition(" ")
    assert (tag, figure.html.count("<")) == ("<img", 1)
    assert 'alt="One node, and no Machine for it."' in rest
    assert 'style="max-width:100%;height:auto"' in rest
    source = figure.html.partition("data:image/svg+xml;base64,")[2].partition('"')[0]
    assert b64decode(source).decode() == figure.svg
    assert (figure.title, figure.alt) == ("srv09 has no Machine", "One node, and no Machine for it.")
    assert repr(figure) == figure.text == "x" * 100
    assert not [name for name in dir(figure) if name.startswith("_")]


def test_a_narrow_column_shows_the_narrow_form(cluster: Cluster) -> None:
    """Both are there, words once; the width of the column chooses. One that was sized, or fits, has one form."""
    wide = hd.draw(cluster)
    first, second = wide.html.split("</div><div")
    assert wide.alt[:40] in first
    assert 'alt=""' in second
    assert 'width="560"' in second
    assert wide.still in first
    assert wide.sized(400).html == wide.sized(400).still
    assert wide.still.count("<") == 1


def test_table_has_the_columns_in_order(figure: Figure) -> None:
    """Also where there is no row."""
    assert list(figure.table.columns) == ["name", "machine"]
    assert figure.table.loc[0, "name"] == "srv09"
    empty = Figure("links", replace(figure._drawing, rows=[]))
    assert list(empty.table.columns) == ["name", "machine"]


BEGINS = {".svg": b"<svg ", ".png": b"\x89PNG", ".mmd": b"graph", ".dot": b"digraph", ".txt": b"xxx"}


@pytest.mark.parametrize("ending", sorted(ENDINGS))
def test_the_ending_says_how_it_is_saved(figure: Figure, tmp_path: Path, ending: str) -> None:
    """In capitals too; the path comes back."""
    for path in (tmp_path / f"links{ending}", str(tmp_path / f"LINKS{ending.upper()}")):
        saved = figure.save(path)
        assert saved == Path(path)
        assert saved.read_bytes().startswith(BEGINS[ending])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("links.jpg", "no picture format '.jpg'"),
        ("links", "without an extension"),
        ("no/folder/links.svg", "cannot be written"),
    ],
)
def test_what_cannot_be_saved_is_told_in_one_line(figure: Figure, tmp_path: Path, name: str, told: str) -> None:
    """Which formats there are; nothing is left behind."""
    with pytest.raises(UsageError, match=told) as error:
        figure.save(tmp_path / name)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_form_that_it_has_not_is_told(figure: Figure, tmp_path: Path) -> None:
    """With the endings that it does have."""
    bare = Figure("matrix", replace(figure._drawing, mermaid=None, dot=None))
    for ending, name in ((".mmd", "Mermaid"), (".dot", "DOT")):
        with pytest.raises(UsageError, match=f"'matrix' has no {name} format: save it as .svg, .png or .txt"):
            bare.save(tmp_path / f"x{ending}")
    assert list(tmp_path.iterdir()) == []


def test_themed_is_another_figure(figure: Figure) -> None:
    """The first stays as it was."""
    dark = figure.themed("dark")
    assert (figure.theme, dark.theme) == ("auto", "dark")
    assert "prefers-color-scheme" in figure.svg
    assert "prefers-color-scheme" not in dark.svg
    assert dark.png != figure.png == figure.themed("light").png
    with pytest.raises(UsageError, match=r"no theme 'drak'.*dark"):
        figure.themed("drak")


def test_sized_is_another_figure(figure: Figure) -> None:
    """In the same theme; a width in which nothing can be read is refused, and so is one that is no number."""
    narrow = figure.themed("dark").sized(400)
    assert (figure.width, narrow.width, narrow.theme) == (0, 400, "dark")
    assert 'width="400"' in narrow.svg
    assert narrow.themed("light").width == 400
    assert narrow.sized(0).svg == figure.themed("dark").svg
    for width, told in ((319, "no picture fits 319 pixels"), ("640", "a number of pixels, not str")):
        with pytest.raises(UsageError, match=told):
            figure.sized(width)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"picture": "matrx"}, "no picture 'matrx'.*matrix"),
        ({"picture": "matrix", "focus": "srv09"}, "leave out the focus"),
        ({"picture": "changes"}, "needs an earlier state of the cluster"),
        ({"focus": "srv0"}, "no object named 'srv0'"),
        ({"focus": "service/srv09"}, "no kind 'service'"),
    ],
)
def test_a_wish_that_cannot_be_met_is_told(cluster: Cluster, wish: dict[str, str], told: str) -> None:
    """In one line, with what may be meant."""
    with pytest.raises(UsageError, match=told) as error:
        draw(cluster, **wish)
    assert "\n" not in str(error.value)


def test_only_changes_take_another_cluster(cluster: Cluster) -> None:
    """Given one, they are what is drawn."""
    assert draw(cluster, against=cluster).name == "changes"
    with pytest.raises(UsageError, match="shows one cluster"):
        draw(cluster, "matrix", against=cluster)


def test_focus_may_be_a_name_an_object_or_a_finding(cluster: Cluster) -> None:
    """Each leads to the object and the worst finding about it."""
    worst = cluster.check().worst()
    node = ObjectRef("Node", "", "srv09")
    assert worst is not None
    for focus in ("srv09", "node/srv09", "nodes/srv09", node, worst):
        ref, finding = resolve_focus(cluster.check(), cluster.graph, focus)
        assert ref == node
        assert finding is not None
        assert finding.rule == "node-without-machine"
    assert resolve_focus(cluster.check(), cluster.graph, None) == (None, None)
    assert resolve_focus(cluster.check(), cluster.graph, ObjectRef("Node", "", "srv06")) == (
        ObjectRef("Node", "", "srv06"),
        None,
    )


def test_every_picture_is_told() -> None:
    """What each shows, for help and for Tab completion."""
    assert all(picture.shows and picture.module.isidentifier() for picture in PICTURES.values())


def test_keys_hold_no_blank_and_no_markup() -> None:
    """They stand parted by blanks in the SVG; two objects never share one."""
    ref = ObjectRef("Machine", "fleet-local", 'a b/c"<')
    assert object_key(ref) == "Machine/fleet-local/a%20b%2Fc%22%3C"
    assert object_key(ref) != object_key(ref._replace(namespace="fleet-local/a b", name='c"<'))


# --- what cannot be drawn ------------------------------------------------------------------------------------------

ASKED: dict[str, Callable[[list[Any]], object]] = {
    "needs a cluster, as hd.open": lambda of: hd.draw(of[0].check()),
    "not NoneType": lambda of: (len(of), hd.explore(cast("Any", None))),
    "not str": lambda of: hd.draw(of[0], against=cast("Any", "before.zip")),
    "no picture 5": lambda of: hd.draw(of[0], cast("Any", 5)),
    "findings.worst": lambda of: hd.draw(of[0], focus=of[0].check()),
    "is not a finding of healthy.zip": lambda of: hd.draw(of[1], focus=of[0].check()[0]),
    "there is no Node nope": lambda of: hd.draw(of[1], focus=hd.ObjectRef("Node", "", "nope")),
    "no links to label": lambda of: hd.draw(of[0], "matrix", labels=True),
    "no theme None": lambda of: hd.draw(of[0]).themed(cast("Any", None)),
    "must be a name or a path": lambda of: hd.draw(of[0]).save(cast("Any", None)),
    "cannot be written": lambda of: hd.draw(of[0]).save("a\0\x1b.svg"),
}


@pytest.mark.parametrize("words", ASKED)
def test_what_cannot_be_drawn_is_told_in_one_line(words: str) -> None:
    """Whatever is given: no traceback, no guess, and nothing that drives a terminal."""
    both = [hd.open(DATA / "bundles" / f"{name}.zip") for name in ("issue-8236", "healthy")]
    with pytest.raises(hd.UsageError) as caught:
        ASKED[words](both)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


HALVES = st.text(st.sampled_from("\ud800\ud801\udfff?a/%. é"), max_size=6)


@given(st.tuples(HALVES, HALVES, HALVES), st.tuples(HALVES, HALVES, HALVES))
def test_no_two_objects_share_a_key(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    """Halves of surrogate pairs, too, which JSON can hold."""
    keys = object_key(hd.ObjectRef(*one)), object_key(hd.ObjectRef(*other))
    assert (keys[0] == keys[1]) == (one == other)
    assert all(k.isascii() and " " not in k for k in keys)
