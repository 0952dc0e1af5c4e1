"""SVG: well-formed whatever a name holds, the same each time, told in words, dark where the reader is."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from harvdiag.core.escape import escape_text
from harvdiag.figures.palette import DARK, LIGHT
from harvdiag.figures.scene import Item, Path, Rect, Scene, Text, draw_badge
from harvdiag.figures.svg import render_svg

NS = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "style", "g", "rect", "path", "text"}
HOSTILE = st.text(st.characters(exclude_characters="\ufffe\uffff"), max_size=40) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</text><image href='x'/>",
        '" onload="alert(1)',
        "]]>",
        "&amp;&#0;",
        "\x00\x1b[31m",
        "\ud800",
        "</style>",
        "}*{fill:red",
    ]
)


def scene(name: str = "srv09") -> Scene:
    """A picture in which a name stands in every place that can hold one."""
    node = Item((Rect(10, 40, 100, 30), Text(20, 60, name, mono=True)), key=name, role="node", state="good", hint=name)
    link = Item(
        (Path(((110, 55), (200, 55)), curved=True, ends="arrow"),),
        key="l",
        role="link",
        state="error",
        hint=name,
        of=(name,),
    )
    mark = Item(draw_badge(10, 40, "✗", "error"), role="mark")
    return Scene(escape_text(name), f"what {escape_text(name)} is", 300, 100, (node, link, mark))


def read(text: str) -> ET.Element:
    """The document."""
    return ET.fromstring(text)  # noqa: S314 - our own


@given(HOSTILE)
@example("<script>alert(1)</script>")
def test_nothing_in_a_name_is_interpreted(name: str) -> None:
    """It is XML, and has the same elements and attributes whatever the name."""
    root, harmless = read(render_svg(scene(name))), read(render_svg(scene("x")))
    assert [e.tag for e in root.iter()] == [e.tag for e in harmless.iter()] or not name
    assert {e.tag.removeprefix(NS) for e in root.iter()} <= ELEMENTS
    assert not [key for e in root.iter() for key in e.attrib if key.startswith("on") or "href" in key]


def test_a_name_is_shown_as_it_is() -> None:
    """Escaped once, not twice."""
    root = read(render_svg(scene("<b>&amp;")))
    assert root.findtext(f".//{NS}text") == "<b>&amp;"


def test_it_tells_what_it_shows() -> None:
    """Title and words stand in it and are tied to the picture; a hint is the title of its group."""
    root = read(render_svg(scene(), keys=True))
    names = str(root.get("aria-labelledby")).split()
    assert root.get("role") == "img"
    assert [root.findtext(f"{NS}{tag}") for tag in ("title", "desc")] == ["srv09", "what srv09 is"]
    assert [e.get("id") for e in root if e.get("id")] == names
    groups = {e.get("data-key"): e for e in root.iter(f"{NS}g")}
    assert groups["srv09"].findtext(f"{NS}title") == "srv09"
    assert (groups["srv09"].get("data-role"), groups["srv09"].get("data-state")) == ("node", "good")
    assert groups["l"].get("data-of") == "srv09"
    assert "data-" not in render_svg(scene())


def test_a_hint_keeps_its_lines() -> None:
    """What a person points at is read in lines; no other sign drives anything."""
    item = Item((Text(1, 1, "a"),), hint="one\ntwo\x1b")
    assert "<title>one\ntwo\\x1b</title>" in render_svg(Scene("t", "alt", 9, 9, (item,)))


def test_it_is_the_same_each_time_and_its_own() -> None:
    """Two pictures in one page do not share names, for their styles would meet."""
    assert render_svg(scene()) == render_svg(scene())
    ids = [str(read(render_svg(scene(name))).get("class")) for name in ("srv08", "srv09")]
    assert len(set(ids)) == 2


def test_only_auto_follows_the_reader() -> None:
    """The other themes hold one set of colours."""
    auto, light, dark = (render_svg(scene(), theme) for theme in ("auto", "light", "dark"))
    assert "prefers-color-scheme:dark" in auto
    assert "<style" not in light + dark
    assert LIGHT["paper"] in light
    assert LIGHT["ink"] not in dark
    assert DARK["ink"] in dark


def test_dark_style_reaches_every_shape() -> None:
    """Each shape that has a colour has the class by which the style changes it, and the style knows it."""
    text = render_svg(scene())
    root = read(text)
    style = str(root.findtext(f"{NS}style"))
    for shape in (e for e in root.iter() if e.tag.removeprefix(NS) in {"rect", "path", "text"}):
        marks = str(shape.get("class")).split()
        assert marks
        assert all(f".{mark}{{" in style for mark in marks)
        for part, lead in (("fill", "f-"), ("stroke", "s-")):
            assert (shape.get(part, "none") != "none") == any(mark.startswith(lead) for mark in marks)


def test_shapes_are_where_they_should_be() -> None:
    """The first rectangle is the paper; a smooth line leaves and arrives level, and has its arrow at the end."""
    root = read(render_svg(scene()))
    paper, box = list(root.iter(f"{NS}rect"))[:2]
    assert (paper.get("width"), paper.get("height")) == ("300", "100")
    assert [box.get(key) for key in ("x", "y", "width", "height")] == ["10", "40", "100", "30"]
    way, end = list(root.iter(f"{NS}path"))
    assert way.get("d") == "M110 55C155 55 155 55 200 55"
    assert "L200 55L" in str(end.get("d"))


def test_nothing_is_fetched() -> None:
    """No address but the name of the format."""
    assert re.findall(r"(?:https?:)?//[^\"' ]+", render_svg(scene())) == ["http://www.w3.org/2000/svg"]
