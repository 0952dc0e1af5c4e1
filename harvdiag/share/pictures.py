"""The pictures of a page: those that tell something about the cluster, each for a wide and for a narrow column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from harvdiag.cluster import Cluster
from harvdiag.core.errors import HarvdiagError
from harvdiag.core.timestamps import Timestamp, format_time
from harvdiag.figures import PICTURES, draw
from harvdiag.figures.figure import Figure
from harvdiag.reports.html import Picture
from harvdiag.upgrade.wording import format_duration

__all__ = ["draw_pictures"]

WIDE, NARROW = 832, 360
"""The columns in CSS pixels: that of the page, and that of a phone."""
ROWS = 60
"""The most rows of the table beside a picture: faults come first."""
ALWAYS = ("links", "matrix")
"""What is shown whether an upgrade runs or not."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z$")


def draw_pictures(cluster: Cluster) -> tuple[Picture, ...]:
    """Draw what can be drawn of what was seen: the links, the nodes, and of an upgrade under way all that is known."""
    return tuple(_draw_each(cluster))


def _draw_each(cluster: Cluster) -> Iterator[Picture]:
    try:
        running = cluster.upgrade.upgrade_run is not None
    except HarvdiagError:
        return  # no check could be run: there is nothing to draw
    for name, picture in PICTURES.items():
        if picture.against or not (running or name in ALWAYS):
            continue
        try:
            yield _prepare(draw(cluster, name))
        except HarvdiagError:
            continue


def _prepare(figure: Figure) -> Picture:
    wide = figure.sized(WIDE)
    shown = figure.records[:ROWS]
    rows = [{name: _format_cell(value) for name, value in record.items()} for record in shown]
    columns = [name for name in (shown[0] if shown else ()) if any(row[name] for row in rows)]
    return Picture(
        name=figure.name,
        title=figure.title,
        alt=figure.alt,
        wide=wide.svg,
        narrow=figure.sized(NARROW).svg,
        width=round(wide.size[0]),
        columns=tuple(name.replace("_", " ") for name in columns),
        rows=tuple(tuple(row[name] for name in columns) for row in rows),
        left=max(len(figure.records) - ROWS, 0),
    )


def _format_cell(value: Any) -> str:
    """A value as people read it; empty where it is missing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, datetime):
        return str(Timestamp(format_time(value)))
    text = "" if value is None else str(value)
    return str(Timestamp(text)) if TIME.match(text) and Timestamp(text) else text
