"""PNG: the shapes of the SVG, pixel for unit, in any theme and alphabet; no noise, no state, no date."""

from __future__ import annotations

import io
import logging
import sys
import warnings

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from harvdiag.core.errors import UsageError
from harvdiag.figures.palette import DARK, LIGHT
from harvdiag.figures.png import render_png
from harvdiag.figures.scene import Item, Path, Rect, Scene, Shape, Text
from tests.sample import examples

ANY = st.text(st.characters(), max_size=12)


def scene(*shapes: Shape, title: str = "srv09 has no Machine", alt: str = "Four nodes.") -> Scene:
    """A picture of these shapes, 120 units wide and 61 high."""
    return Scene(title, alt, 120, 60.4, (Item(shapes),))


def image(*shapes: Shape, theme: str = "light") -> np.ndarray:
    """Its pixels: rows of columns of red, green and blue."""
    return np.asarray(Image.open(io.BytesIO(render_png(scene(*shapes), theme))).convert("RGB"))


def colour(name: str, theme: str = "light") -> tuple[int, ...]:
    """A colour of the palette as a pixel has it."""
    told = (DARK if theme == "dark" else LIGHT)[name]
    return tuple(int(told[at : at + 2], 16) for at in (1, 3, 5))


def at(pixels: np.ndarray, x: float, y: float) -> tuple[int, ...]:
    """The pixel of a place in units."""
    return tuple(int(part) for part in pixels[int(y * 2), int(x * 2)])


def inked(pixels: np.ndarray) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of all that is not paper, in units."""
    down, across = np.nonzero((pixels != pixels[0, 0]).any(axis=2))
    return across.min() / 2, down.min() / 2, across.max() / 2, down.max() / 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_two_pixels_a_unit_in_the_colours_of_the_theme(theme: str) -> None:
    """Paper, fill and border are where the scene has them."""
    pixels = image(Rect(20, 10, 40, 20, fill="error_box", stroke="error", thick=4, radius=0), theme=theme)
    assert pixels.shape == (122, 240, 3)
    assert at(pixels, 5, 5) == colour("paper", theme)
    assert at(pixels, 119, 60) == colour("paper", theme)
    assert at(pixels, 40, 20) == colour("error_box", theme)
    assert at(pixels, 20, 20) == colour("error", theme)
    assert at(pixels, 40, 30) == colour("error", theme)
    assert inked(pixels) == (18, 8, 61.5, 31.5)


def test_hollow_rounded_and_dashed() -> None:
    """Nothing inside, nothing in the corner, and gaps in the border."""
    pixels = image(Rect(20, 10, 60, 30, fill="", stroke="edge", thick=2, dash="5 5", radius=10))
    assert at(pixels, 50, 25) == colour("paper")
    assert at(pixels, 20.5, 10.5) == colour("paper")
    top = {at(pixels, x, 10) for x in range(32, 68)}
    assert {colour("paper"), colour("edge")} <= top


def test_lines_go_where_the_svg_has_them() -> None:
    """Straight through the points; smooth through the middle, level at both ends; with bar and arrow."""
    straight = image(Path(((10, 10), (60, 10), (60, 50)), stroke="error", thick=3))
    assert at(straight, 35, 10) == at(straight, 60, 30) == colour("error")
    smooth = image(Path(((10, 10), (100, 50)), stroke="error", thick=3, curved=True))
    assert at(smooth, 12, 10) == at(smooth, 55, 30) == at(smooth, 98, 50) == colour("error")
    assert at(smooth, 30, 19) == colour("paper")
    bar = inked(image(Path(((10, 30), (100, 30)), stroke="error", thick=2, ends="bar")))
    assert (bar[1], bar[3]) == pytest.approx((24, 35.5), abs=0.6)
    arrow = inked(image(Path(((10, 30), (100, 30)), stroke="error", thick=2, ends="arrow")))
    assert (arrow[1], arrow[3]) == pytest.approx((25.5, 34), abs=1.2)


@pytest.mark.parametrize(("anchor", "left", "right"), [("start", 60, 90), ("middle", 45, 75), ("end", 30, 60)])
def test_text_stands_at_its_anchor_on_its_line(anchor: str, left: float, right: float) -> None:
    """The base line is the y that the scene gives."""
    box = inked(image(Text(60, 40, "HHH", size=13.3, anchor=anchor)))
    assert (box[0], box[2]) == pytest.approx((left, right), abs=2.5)
    assert box[3] == pytest.approx(39.5, abs=0.6)


def test_bold_and_mono_are_other_faces() -> None:
    """Bold is wider; in mono every sign is as wide as any."""
    plain, bold = (inked(image(Text(5, 40, "machine", bold=bold))) for bold in (False, True))
    assert bold[2] > plain[2]
    narrow, wide = (inked(image(Text(5, 40, f"{sign * 8}|", mono=True))) for sign in "iW")
    assert narrow[2] == pytest.approx(wide[2], abs=0.6)


def test_mathematics_is_no_mathematics() -> None:
    """A name between dollars is shown with them."""
    told, bare = (inked(image(Text(5, 40, text))) for text in ("$x^2$ $\\frac$", "x2"))
    assert told[2] > bare[2] + 30


@settings(max_examples=examples(40), deadline=None)
@given(ANY)
def test_any_name_is_painted_in_silence(name: str) -> None:
    """Signs that no font has, halves of pairs, control signs: no warning, no log, no exception."""
    heard: list[logging.LogRecord] = []
    ear = logging.Handler()
    ear.emit = heard.append  # type: ignore[method-assign]
    logging.getLogger("matplotlib").addHandler(ear)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            render_png(scene(Text(5, 20, name), Text(5, 40, name, bold=True, mono=True, anchor="end")))
    finally:
        logging.getLogger("matplotlib").removeHandler(ear)
    assert [record.getMessage() for record in heard if record.levelno >= logging.WARNING] == []


def test_a_sign_that_no_font_has_is_a_box() -> None:
    """It takes its room, so that somebody sees that something stands there."""
    assert inked(image(Text(5, 40, "\U000f1234")))[2] > 8


def test_the_file_tells_what_it_shows_and_nothing_else() -> None:
    """Title and words, in any alphabet; no program and no date."""
    made = Image.open(io.BytesIO(render_png(scene(title="节点 srv09\n", alt="Four nodes; srv09 has none."))))
    assert made.info["Title"] == "节点 srv09\\n"
    assert made.info["Description"] == "Four nodes; srv09 has none."
    assert {"Software", "Creation Time", "date"} & set(made.info) == set()


def test_the_same_bytes_whatever_the_user_has_set() -> None:
    """Settings of matplotlib change nothing, and are not changed; no figure is left in pyplot."""
    shapes = scene(Rect(20, 10, 40, 20), Text(30, 25, "hv01"))
    first = render_png(shapes)
    with mpl.rc_context({"savefig.bbox": "tight", "font.size": 30, "lines.linewidth": 9, "savefig.transparent": True}):
        before = dict(mpl.rcParams)
        assert render_png(shapes) == first
        assert dict(mpl.rcParams) == before
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_without_matplotlib_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install, and which ending needs nothing."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"pip install 'harvdiag\[notebook\]'.*\.svg"):
        render_png(scene())
