"""A scene as PNG, rendered by matplotlib: the same shapes as the SVG, in DejaVu Sans, which comes with matplotlib.

The state of matplotlib is not changed: pyplot is not used, and the user's settings have no effect. The file contains
the title and the alternative text (`Title`, `Description`), but neither a date nor the name of a program.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_text
from harvdiag.figures.geometry import end_points, line_points
from harvdiag.figures.palette import DARK, LIGHT
from harvdiag.figures.scene import Path, Rect, Scene, Shape, Text

if TYPE_CHECKING:
    from matplotlib.backend_bases import GraphicsContextBase, RendererBase
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path as Outline

__all__ = ["render_png"]

POINTS, PIXELS = 72, 2  # a unit of the scene is one point of matplotlib and two pixels
ROUND = 0.5523  # distance of the Bezier control points of a quarter circle from its ends
NOTHING = "\u25a1"  # for a character that no installed font has
LIKELY = ("noto", "cjk", "wqy", "wenquanyi", "droid", "unifont", "symbola", "freesans", "arial", "han", "gothic")


def render_png(scene: Scene, theme: str = "light") -> bytes:
    """Render the scene as PNG, two pixels a unit. Raises UsageError where matplotlib is not installed."""
    try:
        import matplotlib as mpl
        from matplotlib.artist import Artist
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            "a PNG needs matplotlib: pip install 'harvdiag[notebook]', or save the picture as .svg"
        ) from error

    class Painting(Artist):
        """The whole scene as one artist: one artist for each shape would take ten times as long."""

        def draw(self, renderer: RendererBase) -> None:
            Painter(renderer, scene.height, DARK if theme == "dark" else LIGHT).paint_scene(scene)

    buffer = BytesIO()
    # The defaults, so that the user's matplotlibrc does not change the picture; undone at the end.
    with mpl.rc_context():
        mpl.rcdefaults()
        figure = Figure(figsize=(ceil(scene.width) / POINTS, ceil(scene.height) / POINTS), dpi=POINTS * PIXELS)
        figure.add_artist(Painting())
        metadata = {"Title": escape_text(scene.title), "Description": escape_text(scene.alt), "Software": None}
        figure.savefig(buffer, format="png", dpi=POINTS * PIXELS, metadata=metadata)
    return buffer.getvalue()


class Painter(NamedTuple):
    """Paints the shapes of a scene of this height, in the colours of a theme."""

    renderer: RendererBase
    height: float
    colours: Mapping[str, str]

    def paint_scene(self, scene: Scene) -> None:
        """Paint the background and all items, in their order."""
        self._paint_shape(
            Rect(-1, -1, ceil(scene.width) + 2, ceil(scene.height) + 2, fill="paper", stroke="", radius=0)
        )
        for item in scene.items:
            for shape in item.shapes:
                self._paint_shape(shape)

    def _paint_shape(self, shape: Shape) -> None:
        if isinstance(shape, Text):
            self._paint_text(shape)
        elif isinstance(shape, Rect):
            fill = self.colours[shape.fill] if shape.fill else ""
            self._paint_outline(_box_outline(shape), self._make_pen(shape.stroke, shape.thick, shape.dash), fill)
        else:
            self._paint_outline(_line_outline(shape), self._make_pen(shape.stroke, shape.thick, shape.dash))
            if shape.ends:
                self._paint_outline(_end_outline(shape), self._make_pen(shape.stroke, max(shape.thick, 1.4), ""))

    def _make_pen(self, stroke: str, thick: float, dash: str) -> GraphicsContextBase:
        pen = self.renderer.new_gc()
        pen.set_capstyle("butt")
        pen.set_joinstyle("miter")
        pen.set_linewidth(thick if stroke else 0)
        if stroke:
            pen.set_foreground(self.colours[stroke])
        if dash:
            pieces = [float(piece) for piece in dash.split()]
            pen.set_dashes(0, pieces * (1 + len(pieces) % 2))  # SVG repeats an odd list
        return pen

    def _paint_outline(self, outline: Outline, pen: GraphicsContextBase, fill: str = "") -> None:
        from matplotlib.colors import to_rgba
        from matplotlib.transforms import Affine2D

        upright = Affine2D().scale(PIXELS, -PIXELS).translate(0, ceil(self.height) * PIXELS)
        self.renderer.draw_path(pen, outline, upright, to_rgba(fill) if fill else None)
        pen.restore()

    def _paint_text(self, shape: Text) -> None:
        text, font = _choose_fonts(escape_text(shape.text), shape.bold, shape.mono, shape.size)
        if not text.strip():
            return
        pen = self.renderer.new_gc()
        pen.set_foreground(self.colours[shape.ink])
        x = shape.x * PIXELS
        if shape.anchor != "start":
            wide, _, _ = self.renderer.get_text_width_height_descent(text, font, ismath=False)
            x -= wide / (2 if shape.anchor == "middle" else 1)
        self.renderer.draw_text(pen, x, shape.y * PIXELS, text, font, 0, ismath=False)
        pen.restore()


def _box_outline(shape: Rect) -> Outline:
    from matplotlib.path import Path as Outline

    x, y, a, b = shape.x, shape.y, shape.x + shape.width, shape.y + shape.height
    r, s = min(shape.radius, shape.width / 2), min(shape.radius, shape.height / 2)
    if r <= 0 or s <= 0:
        return Outline([(x, y), (a, y), (a, b), (x, b), (x, y)], closed=True)
    h, v = r * (1 - ROUND), s * (1 - ROUND)
    corners = [((a - h, y), (a, y + v), (a, y + s)), ((a, b - v), (a - h, b), (a - r, b))]
    corners += [((x + h, b), (x, b - v), (x, b - s)), ((x, y + v), (x + h, y), (x + r, y))]
    starts = [(a - r, y), (a, b - s), (x + r, b), (x, y + s)]
    points, codes = [(x + r, y)], [Outline.MOVETO]
    for start, corner in zip(starts, corners, strict=True):
        points += [start, *corner]
        codes += [Outline.LINETO, *[Outline.CURVE4] * 3]
    return Outline([*points, points[0]], [*codes, Outline.CLOSEPOLY])


def _line_outline(shape: Path) -> Outline:
    from matplotlib.path import Path as Outline

    points = line_points(shape)
    return Outline(points, [Outline.MOVETO, *[Outline.CURVE4] * 3] if shape.curved else None)


def _end_outline(shape: Path) -> Outline:
    from matplotlib.path import Path as Outline

    return Outline(end_points(shape))


@lru_cache(maxsize=4096)
def _choose_fonts(text: str, bold: bool, mono: bool, size: float) -> tuple[str, FontProperties]:
    """Return the text as it can be drawn, and its fonts: DejaVu, and other installed ones for characters it lacks.

    A character that no font has becomes a box; matplotlib itself would print a warning for each.
    """
    from matplotlib.font_manager import FontProperties

    family = f"DejaVu Sans{' Mono' if mono else ''}"
    own, others = _family_characters(family, bold), list[str]()
    for character in sorted({character for character in text if ord(character) not in own}):
        candidates = (*others, "DejaVu Sans", *_other_families(bold), *_other_families(False))
        family_name = next((name for name in candidates if ord(character) in _family_characters(name, bold)), "")
        if not family_name:
            text = text.replace(character, NOTHING)
        elif family_name not in others:
            others.append(family_name)
    heavy = bold and all(name == "DejaVu Sans" or name in _other_families(True) for name in others)
    return text, FontProperties(family=[family, *others], weight="bold" if heavy else "normal", size=size)


@lru_cache(maxsize=2)
def _other_families(bold: bool) -> tuple[str, ...]:
    """Return the installed families but DejaVu, or those with a bold face; the ones with many scripts first."""
    from matplotlib.font_manager import fontManager

    faces = [face for face in fontManager.ttflist if not face.name.startswith(("DejaVu", "Last Resort"))]
    names = {face.name for face in faces if face.style == "normal" and (not bold or face.weight in {"bold", 700})}
    return tuple(sorted(names, key=lambda name: (not any(word in name.lower() for word in LIKELY), name)))


@lru_cache(maxsize=256)
def _family_characters(family: str, bold: bool) -> frozenset[int]:
    """Return the code points that a family's face has; none where it cannot be read."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    weight = "bold" if bold and (family in _other_families(True) or family.startswith("DejaVu")) else "normal"
    try:
        return frozenset(get_font(findfont(FontProperties(family=[family], weight=weight))).get_charmap())
    except (OSError, RuntimeError, ValueError):
        return frozenset()
