"""The rooms of the package, read off its real imports: as data, as a table, and as the picture of docs/architecture.md.

`make docs` writes both.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import grimp

import harvdiag
from harvdiag.figures.scene import Item, Rect, Scene, Shape, Text
from harvdiag.figures.svg import render_svg

__all__ = ["DOCUMENT", "PICTURE", "ROOT", "Room", "drawn", "rooms", "table"]

ROOT = Path(harvdiag.__file__).parents[1]
DOCUMENT, PICTURE = ROOT / "docs" / "architecture.md", ROOT / "docs" / "rooms.svg"
WAY = re.compile(r"^(\d+)\. `harvdiag\.(\w+)", re.MULTILINE)
"""A step of the way of one bundle: its number and its room."""
HIGH, ROW, NAME, LEFT, CELL, HEAD = 22.0, 30.0, 92.0, 20.0, 24.0, 96.0
FIRST = LEFT + NAME + 70


@dataclass(frozen=True, kw_only=True)
class Room:
    """A package or module at the top of harvdiag: what it is, how much it holds, and which rooms it imports."""

    name: str
    layer: int
    purpose: str
    modules: int
    lines: int
    imports: tuple[str, ...]


@cache
def layers() -> list[list[str]]:
    """The layers of the import contract, the lowest first; without those in brackets, which are still to come."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contract = next(c for c in tomllib.loads(text)["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    names = (
        [name for name in layer.split(" | ") if not name.startswith("(")] for layer in reversed(contract["layers"])
    )
    return [layer for layer in names if layer]


@cache
def rooms() -> list[Room]:
    """Every room, the lowest layer first, with what it really imports (imports for annotations alone count too)."""
    graph = grimp.build_graph("harvdiag", cache_dir=None)
    return [_room(graph, name, number) for number, names in enumerate(layers()) for name in names]


def _room(graph: grimp.ImportGraph, name: str, layer: int) -> Room:
    module = f"harvdiag.{name}"
    inside = {module, *graph.find_descendants(module)}
    imported = {other for one in inside for other in graph.find_modules_directly_imported_by(one)} - inside
    others = {other.split(".")[1] for other in imported if other.startswith("harvdiag.")}
    files = _files(name)
    document = _purpose(files[0])
    return Room(
        name=name,
        layer=layer,
        purpose=document,
        modules=sum(file.name != "__init__.py" for file in files) or 1,
        lines=sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files),
        imports=tuple(one for names in layers() for one in names if one in others),
    )


def _files(name: str) -> list[Path]:
    folder = ROOT / "harvdiag" / name
    if not folder.is_dir():
        return [folder.with_suffix(".py")]
    return [folder / "__init__.py", *sorted(p for p in folder.rglob("*.py") if p != folder / "__init__.py")]


def _purpose(file: Path) -> str:
    """The first sentence of a module's docstring, without its full stop."""
    found = re.match(r'"""(.+?)(?:\.\s|\.?""")', file.read_text(encoding="utf-8"), re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def table() -> str:
    """The rooms as a Markdown table, the highest layer first."""
    rows = [
        f"| `{room.name}` | {room.purpose} | {room.modules} | {', '.join(room.imports) or 'none'} |"
        for room in reversed(rooms())
    ]
    return "\n".join(["| room | what it is | modules | imports |", "| --- | --- | ---: | --- |", *rows])


def steps() -> dict[str, list[int]]:
    """The numbers of the steps of one bundle's way, by the room that takes them."""
    found: dict[str, list[int]] = {}
    for number, room in WAY.findall(DOCUMENT.read_text(encoding="utf-8")):
        found.setdefault(room, []).append(int(number))
    return found


def scene() -> Scene:
    """Rooms from above to below; a mark where the room of the row imports that of the column: all lie on one side."""
    order, way = list(reversed(rooms())), steps()
    wide, high = FIRST + CELL * len(order) + LEFT, HEAD + ROW * len(order) + LEFT
    items = [Item((Text(LEFT, 28, "The rooms of harvdiag", size=17, bold=True),), role="title")]
    items.append(
        Item((Text(LEFT, 46, "● imports · numbers: the way of one bundle", size=11, ink="quiet"),), role="source")
    )
    for room in order:
        items.append(Item(tuple(_row(room, order, way.get(room.name, []))), key=room.name, role="room"))
    for at, room in enumerate(order):
        items.append(
            Item((Text(FIRST + CELL * (at + 0.5), HEAD - 8, room.name[:3], size=9, ink="quiet", anchor="middle"),))
        )
    alt = "; ".join(f"{room.name} imports {', '.join(room.imports) or 'no other room'}" for room in order)
    return Scene("The rooms of harvdiag", f"Each room and the rooms that it imports: {alt}.", wide, high, tuple(items))


def _row(room: Room, order: list[Room], way: list[int]) -> list[Shape]:
    at = order.index(room)
    y = HEAD + at * ROW
    shapes: list[Shape] = [
        Rect(LEFT, y, NAME, HIGH, fill="box", stroke="edge", radius=4),
        Text(LEFT + NAME / 2, y + 15, room.name, size=12, on="box", anchor="middle", bold=True),
        Text(LEFT + NAME + 8, y + 15, " ".join(map(str, way)), size=11, ink="now", bold=True),
    ]
    for column, other in enumerate(order):
        x = FIRST + CELL * column
        fill = "lane" if column == at else "paper"
        shapes.append(Rect(x + 1, y, CELL - 2, HIGH, fill=fill, stroke="rule", thick=0.6, radius=0))
        if other.name in room.imports:
            shapes.append(Text(x + CELL / 2, y + 15, "●", size=11, ink="ink", on=fill, anchor="middle"))
    return shapes


def drawn() -> str:
    """The picture as SVG."""
    return render_svg(scene())
