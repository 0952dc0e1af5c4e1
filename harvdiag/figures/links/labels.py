"""The words at the ties: the field, and where it is broken, how; placed where no other word stands."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harvdiag.escape import plain
from harvdiag.figures.links.chains import Tie
from harvdiag.figures.links.routes import Route
from harvdiag.figures.measure import fit, width
from harvdiag.figures.parts import SMALL
from harvdiag.figures.scene import Area, Rect, Shape, Text

__all__ = ["leaf", "short", "spot", "words"]

QUOTED = re.compile(r'^metadata\.(annotation|label)s\["(.*)"\]$')
LEAVES = {"infrastructureRef.name": "infrastructureRef", "bootstrap.configRef.name": "configRef"}
LINE, LEVEL, SLIT = 13.0, 8.0, 5.0
PLACES = (0.5, 0.36, 0.64, 0.25, 0.75)
SHIFTS = (0.0, -9, 9, -17, 17, -26, 26, -36, 36)


def __dir__() -> list[str]:
    return __all__


def short(path: str) -> str:
    """A field in few signs: ``cluster.x-k8s.io/machine``, ``status.nodeRef.name``, ``ownerReferences[0]``."""
    quoted = QUOTED.match(path)
    return quoted[2] if quoted else path.removeprefix("metadata.")


def leaf(path: str) -> str:
    """A field in one word, where there is no room for more: ``machine``, ``nodeRef.name``, ``infrastructureRef``."""
    if quoted := QUOTED.match(path):
        return quoted[2].rpartition("/")[2]
    word = path.partition(".")[2] or path
    return LEAVES.get(word, word).partition("[")[0]


def words(tie: Tie) -> list[str]:
    """What stands at a tie: its field, and below it what is wrong with it."""
    quoted = QUOTED.match(tie.paths[0])
    sort = f"{quoted[1]} " if quoted and tie.word == "missing" else ""
    return [short(tie.paths[0]), f"{sort}{tie.word}"] if tie.word else [short(tie.paths[0])]


def spot(route: Route, lines: Sequence[str], taken: list[Area]) -> tuple[Shape, ...]:
    """The words on the widest piece of a route, where nothing else is; no shapes where there is no such place.

    What is then taken is added to `taken`.
    """
    (x, y), (a, b) = max(route.pieces[::2], key=lambda piece: abs(piece[1][0] - piece[0][0]))
    room = abs(a - x) - 16
    told = [fit(plain(text), room, SMALL) for text in lines]
    if width(plain(lines[0]), SMALL) > room:
        told[0] = fit(plain(leaf(route.tie.paths[0])), room, SMALL)
    wide, high = max(width(text, SMALL) for text in told), len(told) * LINE
    level = abs(b - y) < LEVEL and len(told) > 1
    high += SLIT if level else 0
    for shift in SHIFTS:
        for t in PLACES:
            middle = _at((x, y), (a, b), t)
            centre = min(max(middle[0], min(x, a) + wide / 2 + 5), max(x, a) - wide / 2 - 5)
            area = Area(centre - wide / 2 - 2, middle[1] + shift - high / 2, wide + 4, high)
            if not any(area.overlaps(other, 0) for other in taken):
                taken.append(area)
                return _painted(told, area, SLIT if level and not shift else 0)
    return ()


def _at(start: tuple[float, float], end: tuple[float, float], t: float) -> tuple[float, float]:
    """The point of the smooth line between two points at t (0 to 1)."""
    bend = 3 * t * t - 2 * t * t * t
    return start[0] + (end[0] - start[0]) * (1.5 * t - 1.5 * t * t + t**3), start[1] + (end[1] - start[1]) * bend


def _painted(told: Sequence[str], area: Area, slit: float) -> tuple[Shape, ...]:
    """The words, what lies behind them covered; through a slit between the two lines their tie is seen."""
    tops = [area.y + at * (LINE + slit) for at in range(len(told))]
    backs = [Rect(area.x, y, area.width, LINE, "paper", "", radius=2) for y in tops]
    texts = [
        Text(area.x + area.width / 2, y + 10, text, SMALL, "ink" if at else "quiet", anchor="middle")
        for at, (y, text) in enumerate(zip(tops, told, strict=True))
    ]
    return (*backs, *texts)
