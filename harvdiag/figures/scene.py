"""A picture before it is painted: shapes with places, and colours by what they mean (the keys of the palette).

A scene knows no file format. Units are CSS pixels; y grows downwards; the y of a text is its base line. All texts are
as the cluster has them: the painters make them harmless.
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
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    def overlaps(self, other: Area, slack: float = 0.5) -> bool:
        """Whether the two share more than `slack` in both directions."""
        across = min(self.right, other.right) - max(self.x, other.x)
        down = min(self.bottom, other.bottom) - max(self.y, other.y)
        return across > slack and down > slack


@dataclass(frozen=True)
class Rect:
    """A rectangle: its place by position, its style by keyword. Colours are those of the palette, empty for none."""

    x: float
    y: float
    width: float
    height: float
    _: KW_ONLY
    fill: str = "box"
    stroke: str = "edge"
    thick: float = 1.2
    dash: str = ""
    """As SVG has it: ``5 3``."""
    radius: float = 5

    @property
    def area(self) -> Area:
        """Where it is."""
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
    """A smooth line from the first point to the last that leaves and arrives level."""
    ends: str = ""
    """``arrow``, ``bar`` (a link that leads to nothing) or empty."""

    @property
    def area(self) -> Area:
        """Where it is."""
        across, down = [x for x, _ in self.points], [y for _, y in self.points]
        return Area(min(across), min(down), max(across) - min(across), max(down) - min(down))


@dataclass(frozen=True)
class Text:
    """One line of text: its place by position, its style by keyword."""

    x: float
    y: float
    text: str
    _: KW_ONLY
    size: float = FONT_SIZE
    ink: str = "ink"
    on: str = "paper"
    """The colour that lies behind it."""
    anchor: str = "start"
    """``start``, ``middle`` or ``end``."""
    bold: bool = False
    mono: bool = False

    @property
    def area(self) -> Area:
        """The room that it takes, whatever the font."""
        wide = measure.text_width(self.text, self.size, bold=self.bold, mono=self.mono)
        left = {"start": self.x, "middle": self.x - wide / 2, "end": self.x - wide}[self.anchor]
        return Area(left, self.y - self.size * 0.8, wide, self.size)


Shape: TypeAlias = Rect | Path | Text


@dataclass(frozen=True)
class Item:
    """What belongs together: a node, a link, a cell. Role and state are words for tests, painters and pages."""

    shapes: tuple[Shape, ...]
    _: KW_ONLY
    key: str = ""
    """Its own in the picture, or empty for mere decoration."""
    role: str = ""
    """What it is: ``node``, ``link``, ``title``, ``legend``, ``cell``, ``mark`` …"""
    state: str = ""
    """How it is: ``good``, ``error``, ``absent``, ``unseen`` …"""
    hint: str = ""
    """The text shown when one points at it."""
    of: tuple[str, ...] = ()
    """The keys that it ties or stands for."""

    @property
    def texts(self) -> tuple[Text, ...]:
        """The texts in it."""
        return tuple(shape for shape in self.shapes if isinstance(shape, Text))

    @property
    def area(self) -> Area:
        """The smallest rectangle around its shapes."""
        areas = [shape.area for shape in self.shapes]
        x, y = min(a.x for a in areas), min(a.y for a in areas)
        return Area(x, y, max(a.right for a in areas) - x, max(a.bottom for a in areas) - y)


class Scene(NamedTuple):
    """A whole picture. `title` is the answer that it gives, `alt` what somebody is told who cannot see it."""

    title: str
    alt: str
    width: float
    height: float
    items: tuple[Item, ...]

    def find(self, role: str = "", state: str = "") -> Iterator[Item]:
        """The items with this role and state."""
        return (i for i in self.items if role in ("", i.role) and state in ("", i.state))

    @property
    def texts(self) -> Iterator[Text]:
        """All texts in their order."""
        return (text for item in self.items for text in item.texts)


def draw_badge(x: float, y: float, sign: str, colour: str) -> tuple[Shape, ...]:
    """A sign on a small disc of a strong colour, its centre at x, y: never a colour without its sign."""
    ink = "paper" if colour == "now" else "sign"
    return (
        Rect(x - 8, y - 8, 16, 16, fill=colour, stroke="", radius=8),
        Text(x, y + 4, sign, size=11, ink=ink, on=colour, anchor="middle", bold=True),
    )
