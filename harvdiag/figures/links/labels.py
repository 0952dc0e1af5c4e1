"""The labels of links: the field and, where the link is broken, how; placed where they overlap nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from harvdiag.core.escape import escape_text
from harvdiag.core.model import ObjectRef
from harvdiag.figures.links.routes import BEND, Route
from harvdiag.figures.measure import fit_text, text_width, wrap_text
from harvdiag.figures.parts import SMALL
from harvdiag.figures.scene import Area, Text
from harvdiag.status.links.rows import Link

__all__ = ["label_lines", "label_texts", "last_field", "place_label", "short_field", "stroke_areas"]

QUOTED = re.compile(r'^metadata\.(annotation|label)s\["(.*)"\]$')
LEAVES = {"infrastructureRef.name": "infrastructureRef", "bootstrap.configRef.name": "configRef"}
INSTEAD = text_width(" instead", SMALL)  # in one line with the name before it
LINE, ABOVE, BELOW, NARROW, STEPS = 13.0, 4.0, 12.0, 60.0, 12


def short_field(path: str) -> str:
    """Return a field in short form: ``cluster.x-k8s.io/machine``, ``status.nodeRef.name``, ``ownerReferences[0]``."""
    quoted = QUOTED.match(path)
    return quoted[2] if quoted else path.removeprefix("metadata.")


def last_field(path: str) -> str:
    """Return a field in one word, where nothing longer fits: ``machine``, ``nodeRef.name``, ``infrastructureRef``."""
    if quoted := QUOTED.match(path):
        return quoted[2].rpartition("/")[2]
    word = path.partition(".")[2] or path
    return LEAVES.get(word, word).partition("[")[0]


def label_texts(tie: Link) -> list[str]:
    """Return the lines of a label: the field, and below it what is wrong with the link."""
    quoted = QUOTED.match(tie.paths[0])
    sort = f"{quoted[1]} " if quoted and tie.word == "missing" else ""
    return [short_field(tie.paths[0]), f"{sort}{tie.word}"] if tie.word else [short_field(tie.paths[0])]


def label_lines(tie: Link, room: float, names: Mapping[ObjectRef, str]) -> list[str]:
    """Return the same in lines that fit: the name of another object is shortened like in its box, not truncated."""
    field, *problem = (escape_text(text) for text in label_texts(tie))
    if problem and tie.instead:
        name = next(
            (short for ref, short in names.items() if escape_text(ref.name) == escape_text(tie.instead)), tie.instead
        )
        problem = [problem[0].replace(escape_text(tie.instead), fit_text(escape_text(name), room - INSTEAD, SMALL))]
    problem = [part for text in problem for part in wrap_text(text, room, SMALL)]
    field = field if text_width(field, SMALL) <= room else escape_text(last_field(tie.paths[0]))
    return [fit_text(field, room, SMALL), *problem]


def place_label(route: Route, names: Mapping[ObjectRef, str], taken: Sequence[Area]) -> tuple[Text, ...]:
    """Place a label beside the horizontal part of a route; return nothing where it would overlap something."""
    (x, y), (a, b) = max(route.pieces[::2], key=lambda piece: abs(piece[1][0] - piece[0][0]))
    room = abs(a - x) - (BEND if y != b else 0) - 6
    if room < NARROW:  # two letters of a word say nothing, and the tooltip has the full text
        return ()
    height = y if (x < a) == (route.level == "left") else b
    left = min(x, a) + (BEND if y != b and route.level == "right" else 0) + 3
    lines = label_lines(route.tie, room, names)
    for above in dict.fromkeys((1, len(lines), 0)):
        tops = [height - ABOVE - (above - 1 - index) * LINE for index in range(above)]
        tops += [height + BELOW + index * LINE for index in range(len(lines) - above)]
        texts = tuple(
            Text(left + room / 2, top, text, size=SMALL, ink="ink" if index else "quiet", anchor="middle")
            for index, (top, text) in enumerate(zip(tops, lines, strict=True))
        )
        if not any(text.area.overlaps(other, 0) for text in texts for other in taken):
            return texts
    return ()


def stroke_areas(route: Route) -> list[Area]:
    """Return the areas that the stroke of a route covers, in small steps."""
    areas = []
    for start, end in route.strokes:
        steps = 1 if start[1] == end[1] else STEPS
        points = [_curve_point(start, end, step / steps) for step in range(steps + 1)]
        for (x, y), (a, b) in pairwise(points):
            areas.append(Area(min(x, a), min(y, b) - 1, abs(a - x), abs(b - y) + 2))
    return areas


def _curve_point(start: tuple[float, float], end: tuple[float, float], t: float) -> tuple[float, float]:
    """Return the point of the Bezier curve between two points at t (0 to 1)."""
    bend = 3 * t * t - 2 * t * t * t
    return start[0] + (end[0] - start[0]) * (1.5 * t - 1.5 * t * t + t**3), start[1] + (end[1] - start[1]) * bend
