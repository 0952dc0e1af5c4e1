"""A picture independent of a file format: shapes with positions, and colours by their meaning (keys of the palette).

Units are CSS pixels; y grows downwards; the y of a text is its baseline. Texts are not escaped yet: the renderers do
that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple, TypeAlias

from harvdiag.figures import measure

__all__ = ["Area", "Item", "Path", "Rect", "Scene", "Shape", "Text", "draw_badge"]

FONT_SIZE = 12.0


class Area(NamedTuple):
    """A rectangle of the picture."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height

    def overlaps(self, other: Area, slack: float = 0.5) -> bool:
        """Whether the two share more than `slack` in both directions."""
        across = min(self.right, other.right) - max(self.x, other.x)
        down = min(self.bottom, other.bottom) - max(self.y, other.y)
        return across > slack and down > slack


@dataclass(frozen=True)
class Rect:
    """A rectangle: its area by position, its style by keyword. Colours are keys of the palette, empty for none."""

    x: float
    y: float
    width: float
    height: float
    _: KW_ONLY
    fill: str = "box"
    stroke: str = "edge"
    thick: float = 1.2
    dash: str = ""
    """As in SVG: ``5 3``."""
    radius: float = 5

    @property
    def area(self) -> Area:
        """Its area."""
        return Area(self.x, self.y, self.width, self.height)


@dataclass(frozen=True)
class Path:
    """A line through points; its style by keyword."""

    points: tuple[tuple[float, float], ...]
    _: KW_ONLY
    stroke: str = "link"
    thick: float = 1.2
    dash: str = ""
    curved: bool = False
    """A smooth curve from the first point to the last, horizontal at both ends."""
    ends: str = ""
    """``arrow``, ``bar`` (the target of the link does not exist) or empty."""

    @property
    def area(self) -> Area:
        """Its area."""
        across, down = [x for x, _ in self.points], [y for _, y in self.points]
        return Area(min(across), min(down), max(across) - min(across), max(down) - min(down))


@dataclass(frozen=True)
class Text:
    """One line of text: its point by position, its style by keyword."""

    x: float
    y: float
    text: str
    _: KW_ONLY
    size: float = FONT_SIZE
    ink: str = "ink"
    on: str = "paper"
    """The colour of its background."""
    anchor: str = "start"
    """``start``, ``middle`` or ``end``."""
    bold: bool = False
    mono: bool = False

    @property
    def area(self) -> Area:
        """Its area in the widest font."""
        wide = measure.text_width(self.text, self.size, bold=self.bold, mono=self.mono)
        left = {"start": self.x, "middle": self.x - wide / 2, "end": self.x - wide}[self.anchor]
        return Area(left, self.y - self.size * 0.8, wide, self.size)


Shape: TypeAlias = Rect | Path | Text


@dataclass(frozen=True)
class Item:
    """A group of shapes: a node, a link, a cell. Role and state are for renderers, the explorer page and tests."""

    shapes: tuple[Shape, ...]
    _: KW_ONLY
    key: str = ""
    """Unique in the picture; empty for mere decoration."""
    role: str = ""
    """What it is: ``node``, ``link``, ``title``, ``legend``, ``cell``, ``mark`` …"""
    state: str = ""
    """Its mark: ``good``, ``error``, ``absent``, ``unseen`` …"""
    hint: str = ""
    """The tooltip."""
    of: tuple[str, ...] = ()
    """The keys of the items that it links or represents."""

    @property
    def texts(self) -> tuple[Text, ...]:
        """Its texts."""
        return tuple(shape for shape in self.shapes if isinstance(shape, Text))

    @property
    def area(self) -> Area:
        """The bounding box of its shapes."""
        areas = [shape.area for shape in self.shapes]
        x, y = min(a.x for a in areas), min(a.y for a in areas)
        return Area(x, y, max(a.right for a in areas) - x, max(a.bottom for a in areas) - y)


class Scene(NamedTuple):
    """A whole picture. `title` is the answer that it gives, `alt` the alternative text for screen readers."""

    title: str
    alt: str
    width: float
    height: float
    items: tuple[Item, ...]

    def find(self, role: str = "", state: str = "") -> Iterator[Item]:
        """Yield the items with this role and state; empty is any."""
        return (i for i in self.items if role in ("", i.role) and state in ("", i.state))

    @property
    def texts(self) -> Iterator[Text]:
        """All texts, in the order of the items."""
        return (text for item in self.items for text in item.texts)


def draw_badge(x: float, y: float, sign: str, colour: str) -> tuple[Shape, ...]:
    """Draw a symbol on a small coloured disc centred on x, y: a colour is never used without its symbol."""
    ink = "paper" if colour == "now" else "sign"
    return (
        Rect(x - 8, y - 8, 16, 16, fill=colour, stroke="", radius=8),
        Text(x, y + 4, sign, size=11, ink=ink, on=colour, anchor="middle", bold=True),
    )
