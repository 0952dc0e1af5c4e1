"""What notebooks need beside them: the samples and scenarios that they name, and the documents to which they lead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["list_needed"]

NAMED = re.compile(r"\.\./((?:data|docs)/[\w./-]*\w)")
"""A path in a cell or a document, from the folder in which these are."""
BASE = re.compile(r"^base: *([\w.-]+)", re.MULTILINE)
"""The line of a scenario that names the cluster it starts from."""
WHOLE = ("data/bundles", "docs")
"""Given whole: pickers offer the samples beside one another, and the documents lead from one to the next."""


def list_needed(notebooks: Iterable[Path], kit: Path) -> list[Path]:
    """Return the files that notebooks of the kit name, sorted; of a folder that they name, all in it."""
    texts = (*map(_read_cells, notebooks), *(page.read_text("utf-8") for page in (kit / "docs").glob("*.md")))
    named = {*WHOLE, *(name for text in texts for name in NAMED.findall(text))}
    return sorted({path for name in named for path in _files(kit / name, kit)})


def _read_cells(notebook: Path) -> str:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def _files(path: Path, kit: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (file for file in path.rglob("*.*") if file.is_file())
    elif path.is_file():
        yield path
        yield from _base(path, kit)


def _base(path: Path, kit: Path) -> Iterator[Path]:
    """The base of a scenario, which is beside it, or beside the other scenarios."""
    found = BASE.search(path.read_text(encoding="utf-8")) if path.suffix == ".yaml" else None
    places = (path.parents[1] / "base", kit / "data" / "scenarios" / "base")
    return (base for place in places if found and (base := place / f"{found[1]}.yaml").is_file())
