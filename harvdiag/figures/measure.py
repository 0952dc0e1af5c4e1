"""The width of text without a font, so that the same input gives the same picture on every machine.

The widths are those of DejaVu Sans, one of the widest fonts: in another font the text is narrower and still fits.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, islice, takewhile
from unicodedata import combining, east_asian_width

__all__ = [
    "FONT",
    "MONO",
    "distinct_names",
    "fit_end",
    "fit_text",
    "line_height",
    "name_width",
    "text_width",
    "wrap_text",
]

HALF = 1000
"""The most characters kept of each end of a text: more never fit in any picture."""

FONT = "DejaVu Sans, Verdana, Arial, sans-serif"
MONO = "DejaVu Sans Mono, Menlo, Consolas, monospace"
NAME = 30
"""The characters of a name up to which a picture makes room for it; a longer one is shortened in its middle."""
FULL, BOLD, FIXED, UNKNOWN = 1.0, 1.2, 0.61, 1.25
_WIDTHS = {
    character: em
    for em, characters in {
        0.3: "ijl'",
        0.37: "IJ ,.·/:;\\|f-",
        0.42: "()[]t!r",
        0.53: '"*_`sz',
        0.6: "?cLFkvxy",
        0.65: "PTYaoeESbdghnpqu$0123456789{}",
        0.72: "KAVBRXZC",
        0.79: "UHNDG▶&OQ",
        0.88: "w#+<=>^~✓✗→←↑↓≥M◐○●",
        1.01: "%mW@…—",
    }.items()
    for character in characters
}


def text_width(text: str, size: float = 12, *, bold: bool = False, mono: bool = False) -> float:
    """Return the width of one line in the picture's units: at least the one it has in DejaVu Sans."""
    return sum(_character_width(character, mono) for character in text) * size * (BOLD if bold and not mono else 1)


def name_width(name: str, size: float = 12, *, bold: bool = False) -> float:
    """Return the width to give a name: its own, of a long one that of as many letters of usual width."""
    return min(text_width(name[: 2 * NAME], size, bold=bold), text_width("n" * NAME, size, bold=bold)) + 0.1


def line_height(size: float) -> float:
    """Return the height of one line of text, in the picture's units."""
    return size * 1.35


def fit_text(text: str, room: float, size: float = 12, *, bold: bool = False, mono: bool = False) -> str:
    """Return the text, shortened in its middle with ``…`` where it does not fit: names differ at both ends."""
    # Only the ends of a very long text can be shown: measuring all of it would be slow for nothing.
    text, whole = (text[:HALF] + text[-HALF:], False) if len(text) > 2 * HALF else (text, True)
    each = [text_width(character, size, bold=bold, mono=mono) for character in text]
    if whole and sum(each) <= room:
        return text
    ahead, behind = [0.0, *accumulate(each)], [0.0, *accumulate(reversed(each))]
    dots = text_width("…", size, bold=bold, mono=mono)

    def width_of(kept: int) -> float:
        return ahead[kept - kept // 2] + dots + behind[kept // 2]

    # The width grows with each character kept, so the number that fits is found by bisection.
    kept = bisect_right(range(len(text)), room, key=width_of) - 1
    return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}" if kept > 1 else "…"


def distinct_names(names: Collection[str], room: float, size: float = 12, *, bold: bool = False) -> dict[str, str]:
    """Return each name shortened like `fit_text`, but so that the names stay distinct.

    The part common to all is removed first: the domain after a ``.``, then as much of the beginning as necessary, up to
    a ``-`` or ``.``; ``…`` replaces it.
    """
    shortened: Sequence[str] = list(names)
    for shortened in _shorten_names(list(names)):
        if all(text_width(short, size, bold=bold) <= room for short in shortened):
            break
    return {name: fit_text(short, room, size, bold=bold) for name, short in zip(names, shortened, strict=True)}


def _shorten_names(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the names in full, then with more and more of their common part removed."""
    yield names
    if len(names) < 2:
        return
    tail = _common_prefix([name[::-1] for name in names])[::-1]
    cut = len(tail) - tail.find(".") if "." in tail else 0
    bare = [name[: len(name) - cut] for name in names]
    names = bare if all(bare) else names
    yield names
    for index, character in enumerate(_common_prefix(names)):
        if character in "-.":
            yield [f"…{name[index + 1 :]}" for name in names]


def _common_prefix(texts: Sequence[str]) -> str:
    """Return the beginning common to all texts."""
    low, high = min(texts, default=""), max(texts, default="")
    return low[: next((index for index, character in enumerate(low) if character != high[index]), len(low))]


def wrap_text(text: str, room: float, size: float = 12, *, most: int = 0) -> list[str]:
    """Return the text in lines that fit the room, broken at spaces, and within a word only where necessary.

    `most` limits the number of lines, and a text that is longer ends with ``…``; 0 means no limit.
    """
    lines = list(islice(_break_lines(text, room, size), most + 1 if most else None))
    if not most or len(lines) <= most:
        return lines
    return [*lines[: most - 1], fit_end(" ".join(lines[most - 1 :]), room, size)]


def fit_end(text: str, room: float, size: float) -> str:
    """Return the text, or as much of its beginning as fits, and ``…``."""
    if text_width(text[: 2 * HALF], size) <= room and len(text) <= 2 * HALF:
        return text
    return f"{_fitting_prefix(text, room - text_width('…', size), size).rstrip()}…"


def _fitting_prefix(text: str, room: float, size: float) -> str:
    """Return as much of the beginning as fits."""
    wide = accumulate(text_width(character, size) for character in text)
    return text[: sum(1 for _ in takewhile(lambda reach: reach <= room, wide))]


def _break_lines(text: str, room: float, size: float) -> Iterator[str]:
    now = ""
    for word in text.split():
        longer = f"{now} {word}" if now else word
        if len(longer) <= 2 * HALF and text_width(longer, size) <= room:
            now = longer
            continue
        if now:
            yield now
        now = word
        while len(now) > 1 and (begin := _fitting_prefix(now, room, size) or now[:1]) != now:
            yield begin
            now = now[len(begin) :]
    if now:
        yield now


def _character_width(character: str, mono: bool) -> float:
    if combining(character):
        return 0
    if east_asian_width(character) in "WF":
        return FULL
    if mono:
        return FIXED
    return _WIDTHS.get(character, UNKNOWN)
