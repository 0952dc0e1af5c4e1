"""The parts that all pictures share: title, source line, paragraphs and legend."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass

from harvdiag.core.escape import escape_text
from harvdiag.figures.measure import distinct_names, fit_text, line_height, text_width, wrap_text
from harvdiag.figures.scene import Item, Path, Rect, Scene, Shape, Text, draw_badge

__all__ = [
    "BODY",
    "MARGIN",
    "NARROW",
    "SMALL",
    "TITLE",
    "LegendEntry",
    "assemble_scene",
    "draw_head",
    "draw_legend",
    "draw_paragraph",
    "draw_part",
    "fit_distinct_names",
    "fit_names",
    "longest_clause",
]

TITLE, BODY, SMALL, MARGIN = 17.0, 12.0, 11.0, 20.0
"""The three text sizes, and the margin at each edge, in the picture's units."""
NARROW = 700.0
"""A picture below this width is stacked: titles take more lines, and labels are above their texts."""
BOLD = 1.2  # how much wider bold text is
ROW, LABEL = 22, 96.0
STOP = re.compile(r"; |\. |: |, | (?=though |since )| \(")
"""Where a sentence can be cut so that its beginning is still complete."""
ASIDE = re.compile(r" \([^()]*\)(?:; [^;]*)?$")
"""What follows the reason in a title: the progress, the duration."""
OTHER = re.compile(r"; [^();]*\)")
"""In that, which other node is active."""


@dataclass(frozen=True)
class LegendEntry:
    """One entry of a legend: a word after a badge (with a `sign`), a small box (with a `fill`) or a line."""

    word: str
    _: KW_ONLY
    colour: str
    """The colour of the badge, of the border of the box or of the line."""
    sign: str = ""
    fill: str = ""
    dash: str = ""
    thick: float = 1.2
    ends: str = ""
    """As in Path."""


def draw_head(title: str, subtitle: str, wide: float) -> tuple[list[Item], float]:
    """Draw the title and the source line below it; also return their lower edge.

    The title has two lines at most; in a narrow picture as many as it needs, of smaller letters.
    """
    if wide < NARROW:
        return _draw_narrow_head(title, subtitle, wide)
    room, whole = wide - 2 * MARGIN, escape_text(title)
    short = _shorten_title(whole, lambda text: len(wrap_text(text, room / BOLD, TITLE)) <= 2)
    lines = wrap_text(short, room / BOLD, TITLE, most=2)
    if len(lines) == 2:  # two lines of about the same length read better than a long and a short one
        rooms = (room / BOLD * part / 20 for part in range(10, 20))
        lines = next((even for r in rooms if len(even := wrap_text(short, r, TITLE)) == 2), lines)
    texts = [
        Text(MARGIN, 30 + index * line_height(TITLE), text, size=TITLE, bold=True) for index, text in enumerate(lines)
    ]
    y = 30 + max(len(lines) - 1, 0) * line_height(TITLE)
    under = Text(MARGIN, y + 20, fit_text(escape_text(subtitle), room, BODY), size=BODY, ink="quiet")
    title_item = Item(tuple(texts), key="title", role="title", hint=whole if " ".join(lines) != whole else "")
    return [title_item, Item((under,), key="source", role="source")], y + 36


def _draw_narrow_head(title: str, subtitle: str, wide: float) -> tuple[list[Item], float]:
    room, size = wide - 2 * MARGIN, 14.0
    lines = wrap_text(escape_text(title), room / BOLD, size, most=8)
    head = [Text(MARGIN, 26 + at * line_height(size), line, size=size, bold=True) for at, line in enumerate(lines)]
    y = 26 + len(lines) * line_height(size)
    under, y = draw_paragraph(subtitle, (MARGIN, y), room, most=4, ink="quiet")
    return [Item(tuple(head), key="title", role="title"), Item(tuple(under), key="source", role="source")], y


def longest_clause(text: str, fits: Callable[[str], bool]) -> str:
    """Return the text, or its longest beginning that is a complete clause and fits; the whole text where none does."""
    ends = [len(text), *(match.start() for match in reversed(list(STOP.finditer(text))))]
    whole = (text[:end].rstrip(".") if end < len(text) else text for end in ends if end)
    return next((part for part in whole if part.count("(") == part.count(")") and fits(part)), text)


def _shorten_title(title: str, fits: Callable[[str], bool]) -> str:
    """Return a title, where necessary without the last clauses of its reason, but with what follows the reason."""
    match = ASIDE.search(title)
    reason, rest = (title[: match.start()], match[0]) if match else (title, "")
    rest = rest if fits(title) else OTHER.sub(")", rest)
    return longest_clause(reason, lambda part: fits(part + rest)) + rest


def draw_legend(keys: Sequence[LegendEntry], y: float, wide: float) -> tuple[list[Item], float]:
    """Draw the legend from y down, in one row where it fits; also return its lower edge. It may be empty."""
    x, items, row_y = MARGIN, [], y
    for key in keys:
        word = fit_text(escape_text(key.word), wide - 2 * MARGIN - 32, SMALL)
        takes = 24 + (12 if not key.sign else 0) + text_width(word, SMALL)
        if x > MARGIN and x + takes > wide - MARGIN:
            x, row_y = MARGIN, row_y + ROW
        shapes, begin = _draw_sample(key, x, row_y + 8)
        items.append(
            Item((*shapes, Text(begin, row_y + 12, word, size=SMALL, ink="quiet")), role="legend", state=key.colour)
        )
        x += takes + 20
    return items, row_y + ROW if items else y


def _draw_sample(key: LegendEntry, x: float, y: float) -> tuple[tuple[Shape, ...], float]:
    """Draw the symbol of an entry, centred on y; also return where its word begins."""
    if key.sign:
        return draw_badge(x + 8, y, key.sign, key.colour), x + 22
    if key.fill or not key.thick:
        box = Rect(x, y - 6, 26, 12, fill=key.fill, stroke=key.colour, thick=key.thick, dash=key.dash, radius=3)
        return (box,), x + 34
    return (Path(((x, y), (x + 26, y)), stroke=key.colour, thick=key.thick, dash=key.dash, ends=key.ends),), x + 34


def draw_paragraph(
    text: str, origin: tuple[float, float], room: float, *, most: int = 0, ink: str = "ink"
) -> tuple[list[Text], float]:
    """Draw a text in lines of body size, the first with its baseline at `origin`; also return the next baseline."""
    (x, y), lines = origin, wrap_text(escape_text(text), room, BODY, most=most)
    texts = [
        Text(x, y + index * line_height(BODY), text_line, size=BODY, ink=ink) for index, text_line in enumerate(lines)
    ]
    return texts, y + len(lines) * line_height(BODY)


def draw_part(label: str, text: str, y: float, wide: float) -> tuple[Item, float]:
    """Draw a labelled text from y down, beside its label or, in a narrow picture, below it; also return its lower edge.

    The text has six lines at most, in a narrow picture twelve.
    """
    narrow = wide < NARROW
    left, top = (MARGIN, y + 16 + line_height(BODY)) if narrow else (MARGIN + LABEL, y + 16)
    texts, low = draw_paragraph(text, (left, top), wide - MARGIN - left, most=12 if narrow else 6)
    head = Text(MARGIN, y + 16, label, size=BODY, bold=True)
    return Item((head, *texts), role="part", hint=escape_text(text)), low - 8


def assemble_scene(title: str, alt: str, wide: float, high: float, items: Iterable[Item]) -> Scene:
    """Build a scene; title and alternative text are escaped."""
    return Scene(escape_text(title), " ".join(escape_text(alt).split()), wide, high, tuple(items))


def fit_names(names: Sequence[str], room: float, size: float = BODY) -> str:
    """Return as many of the names as fit, and the number of the others: ``hv01, hv02 and 44 more``."""
    given = [escape_text(name) for name in names]
    if text_width(", ".join(given), size) <= room:
        return ", ".join(given)
    for count in range(min(len(given) - 1, 12), 0, -1):
        shortened = f"{', '.join(given[:count])} and {len(given) - count} more"
        if text_width(shortened, size) <= room:
            return shortened
    rest = f" and {len(given) - 1} more" if len(given) > 1 else ""
    return f"{fit_text(given[0], max(room - text_width(rest, size), size * 4), size)}{rest}" if given else ""


def fit_distinct_names(names: Sequence[str], room: float) -> str:
    """Return names in small text, shortened so that at least one fits beside the number of the others."""
    short = distinct_names(
        [escape_text(name) for name in names], room - text_width(f" and {len(names)} more", SMALL), SMALL
    )
    return fit_names([short[escape_text(name)] for name in names], room, SMALL)
