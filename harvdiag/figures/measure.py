"""How wide a text will be, without a font at hand: so that the same input gives the same picture everywhere.

The widths are those of DejaVu Sans, which is among the widest: in any other font a text is narrower and still fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import combining, east_asian_width

__all__ = ["FONT", "MONO", "fit", "line", "width", "wrap"]

FONT = "DejaVu Sans, Verdana, Arial, sans-serif"
MONO = "DejaVu Sans Mono, Menlo, Consolas, monospace"
FULL, BOLD, FIXED, UNKNOWN = 1.0, 1.2, 0.61, 1.25
_WIDTHS = {
    sign: wide
    for wide, signs in {
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
    for sign in signs
}


def __dir__() -> list[str]:
    return __all__


def width(text: str, size: float = 12, *, bold: bool = False, mono: bool = False) -> float:
    """The width of one line in the picture's units; never less than it will have in DejaVu Sans."""
    return sum(_em(sign, mono) for sign in text) * size * (BOLD if bold and not mono else 1)


def line(size: float) -> float:
    """The height of one line of text."""
    return size * 1.35


def fit(text: str, room: float, size: float = 12, *, bold: bool = False, mono: bool = False) -> str:
    """The text, or where the room is too small its beginning and its end with ``…`` between: names differ at both."""
    if width(text, size, bold=bold, mono=mono) <= room:
        return text
    for keep in range(len(text) - 1, 1, -1):
        tail = keep // 2
        short = f"{text[: keep - tail]}…{text[len(text) - tail :]}"
        if width(short, size, bold=bold, mono=mono) <= room:
            return short
    return "…"


def wrap(text: str, room: float, size: float = 12, *, most: int = 0) -> list[str]:
    """The text in lines no wider than the room, broken at blanks, within a word only where it must be.

    `most` is the number of lines there may be; what is left then ends with ``…``. 0 is any number.
    """
    lines = list(_lines(text, room, size))
    if not most or len(lines) <= most:
        return lines
    return [*lines[: most - 1], fit_end(" ".join(lines[most - 1 :]), room, size)]


def fit_end(text: str, room: float, size: float) -> str:
    """The text, or as much of its beginning as there is room for, and ``…``."""
    if width(text, size) <= room:
        return text
    while text and width(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _lines(text: str, room: float, size: float) -> Iterator[str]:
    now = ""
    for word in text.split():
        longer = f"{now} {word}" if now else word
        if width(longer, size) <= room:
            now = longer
            continue
        if now:
            yield now
        now = word
        while width(now, size) > room and len(now) > 1:
            cut = next((n for n in range(len(now) - 1, 0, -1) if width(now[:n], size) <= room), 1)
            yield now[:cut]
            now = now[cut:]
    if now:
        yield now


def _em(sign: str, mono: bool) -> float:
    if combining(sign):
        return 0
    if east_asian_width(sign) in "WF":
        return FULL
    if mono:
        return FIXED
    return _WIDTHS.get(sign, UNKNOWN)
