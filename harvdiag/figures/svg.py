"""A scene as SVG: one self-contained file with an alternative text for screen readers.

Each shape has its colours as attributes, so that any viewer shows them; with the theme ``auto`` a style sheet switches
them where the reader's system is dark. Names are escaped, and the same scene gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from harvdiag.core.escape import escape_html
from harvdiag.figures.geometry import Point, end_points, line_points
from harvdiag.figures.measure import FONT, MONO
from harvdiag.figures.palette import DARK, LIGHT
from harvdiag.figures.scene import Item, Path, Rect, Scene, Shape, Text

__all__ = ["THEMES", "colour_rules", "render_items", "render_svg"]

THEMES = ("auto", "light", "dark")
SIZE = 12.0  # of most texts
ALT = 6000  # characters that a screen reader may read out
_USED = re.compile(r"\b[fs]-(\w+)\b")


def render_svg(scene: Scene, theme: str = "auto", *, keys: bool = False) -> str:
    """Render the scene. `theme` is ``auto`` (as the reader's system), ``light`` or ``dark``.

    With `keys` each group has its key, role and state, and the keys that it links, as data attributes for a script.
    """
    colours = DARK if theme == "dark" else LIGHT
    paper = Rect(0, 0, scene.width, scene.height, fill="paper", stroke="", radius=0)
    parts = [_render_rect(paper, colours), *render_items(scene.items, colours, keys=keys)]
    used = {name for part in parts for name in _USED.findall(part)}
    dark = {name: colour for name, colour in DARK.items() if name in used}
    name = f"hd-{sha256(''.join((scene.title, scene.alt, *parts)).encode(errors='replace')).hexdigest()[:8]}"
    rules = colour_rules(f".{name}", dark)
    wide, high = _format_number(scene.width), _format_number(scene.height)
    accessibility = f'xml:space="preserve" role="img" aria-labelledby="{name}-t {name}-d"'
    font = f'font-family="{FONT}" font-size="{_format_number(SIZE)}"'
    size = f'viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{name}" {size} {font} {accessibility}>',
            f'<title id="{name}-t">{escape_html(_truncate_text(scene.title))}</title>',
            f'<desc id="{name}-d">{escape_html(_truncate_text(scene.alt, ALT))}</desc>',
            *([f"<style>@media(prefers-color-scheme:dark){{{rules}}}</style>"] if theme == "auto" else []),
            *parts,
            "</svg>\n",
        )
    )


def colour_rules(where: str, colours: Mapping[str, str] = DARK) -> str:
    """Return the CSS rules that recolour the shapes below the selector `where`."""
    return "".join(
        f"{where} .f-{key}{{fill:{value}}}{where} .s-{key}{{stroke:{value}}}" for key, value in colours.items()
    )


def render_items(items: Iterable[Item], colours: Mapping[str, str] = LIGHT, *, keys: bool = True) -> Iterator[str]:
    """Yield each item as a group; with `keys` it has its key, role, state and linked keys as data attributes."""
    for item in items:
        data = {"key": item.key, "role": item.role, "state": item.state, "of": " ".join(item.of)} if keys else {}
        marks = "".join(f' data-{name}="{escape_html(value)}"' for name, value in data.items() if value)
        # The lines of a hint are its own: a line break within a name was escaped when the hint was made.
        lines = "\n".join(escape_html(_truncate_text(line)) for line in item.hint.split("\n"))
        hint = f"<title>{lines}</title>" if lines else ""
        yield f"<g{marks}>{hint}{''.join(_render_shape(shape, colours) for shape in item.shapes)}</g>"


def _truncate_text(text: str, most: int = 600) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _render_shape(shape: Shape, colours: Mapping[str, str]) -> str:
    if isinstance(shape, Rect):
        return _render_rect(shape, colours)
    return _render_path(shape, colours) if isinstance(shape, Path) else _render_text(shape, colours)


def _render_rect(shape: Rect, colours: Mapping[str, str]) -> str:
    place = {"x": shape.x, "y": shape.y, "width": shape.width, "height": shape.height, "rx": shape.radius}
    where = " ".join(f'{key}="{_format_number(value)}"' for key, value in place.items() if value or key != "rx")
    return f"<rect {where}{_paint_attributes(shape.fill, shape.stroke, shape.thick, shape.dash, colours)}/>"


def _render_path(shape: Path, colours: Mapping[str, str]) -> str:
    line = f'<path d="{_path_data(shape)}"{_paint_attributes("", shape.stroke, shape.thick, shape.dash, colours)}/>'
    if not shape.ends:
        return line
    return (
        f'{line}<path d="{_end_data(shape)}"{_paint_attributes("", shape.stroke, max(shape.thick, 1.4), "", colours)}/>'
    )


def _path_data(shape: Path) -> str:
    first, *rest = map(_format_point, line_points(shape))
    return f"M{first}C{' '.join(rest)}" if shape.curved else f"M{'L'.join((first, *rest))}"


def _end_data(shape: Path) -> str:
    return f"M{'L'.join(map(_format_point, end_points(shape)))}"


def _format_point(point: Point) -> str:
    return f"{_format_number(point[0])} {_format_number(point[1])}"


def _render_text(shape: Text, colours: Mapping[str, str]) -> str:
    attributes = {
        "x": _format_number(shape.x),
        "y": _format_number(shape.y),
        "font-size": "" if shape.size == SIZE else _format_number(shape.size),
        "font-family": MONO if shape.mono else "",
        "font-weight": "bold" if shape.bold else "",
        "text-anchor": "" if shape.anchor == "start" else shape.anchor,
        "fill": colours[shape.ink],
        "class": f"f-{shape.ink}",
        # Right-to-left text in a name must not reorder the text around it.
        "unicode-bidi": "plaintext" if not shape.text.isascii() else "",
    }
    marks = " ".join(f'{key}="{value}"' for key, value in attributes.items() if value)
    return f"<text {marks}>{escape_html(shape.text)}</text>"


def _paint_attributes(fill: str, stroke: str, thick: float, dash: str, colours: Mapping[str, str]) -> str:
    classes = " ".join(f"{prefix}-{name}" for prefix, name in (("f", fill), ("s", stroke)) if name)
    attributes = {
        "fill": colours[fill] if fill else "none",
        "stroke": colours[stroke] if stroke else "",
        "stroke-width": _format_number(thick) if stroke else "",
        "stroke-dasharray": dash if stroke else "",
        "class": classes,
    }
    return "".join(f' {key}="{value}"' for key, value in attributes.items() if value)


def _format_number(value: float) -> str:
    """Return a number with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")
