"""A notebook of the working copy: its text with the user's SOURCE, its digests, and the trust that JupyterLab needs."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from harvdiag.share.lab.record import Entry
from harvdiag.share.run.library import load_library
from harvdiag.share.run.parameters import list_parameters, set_parameters

__all__ = ["digest_file", "digest_notebook", "render_notebook", "trust"]

SOURCE = "SOURCE"
PARTS = ("cell_type", "source", "attachments")
"""What a person writes into a cell."""
RESULTS = ("outputs", "execution_count")
"""What a kernel writes into one."""
LEARNING = "9"
"""How the numbers of the notebooks begin that have their own clusters, whatever SOURCE is given."""


def render_notebook(path: Path, source: str | None) -> bytes:
    """Return a notebook of the kit as a user gets it: as it is, or with `source` as its SOURCE and without outputs,
    which are those of a sample.
    """
    data = path.read_bytes()
    if source is None or path.name.startswith(LEARNING):
        return data
    nbformat = load_library("nbformat")
    document = nbformat.reads(data.decode("utf-8"), as_version=4)
    if SOURCE not in {parameter.name for parameter in list_parameters(document)}:
        return data
    set_parameters(document, {SOURCE: source}, path.name)
    for cell in document.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return f"{nbformat.writes(document)}\n".encode()


def digest_notebook(data: bytes, source: str | None = None) -> Entry | None:
    """Return the digests of a notebook: of what a person wrote in it, and of its outputs; None where it is not one."""
    try:
        cells: list[dict[str, Any]] = json.loads(data)["cells"]
        written = [[_join(cell.get(part)) for part in PARTS] for cell in cells]
        results = [[*(cell.get(part) for part in RESULTS), _tags(cell)] for cell in cells]
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return Entry(_digest(written), _digest(results), source)


def digest_file(data: bytes) -> Entry:
    """Return the digest of any other file."""
    return Entry(hashlib.sha256(data).hexdigest())


def trust(data: bytes) -> None:
    """Let JupyterLab show the outputs of a notebook as they are, as ``jupyter trust`` does: for this user alone.

    Where the user has no place to keep that, JupyterLab shows them without what a script would do.
    """
    nbformat = load_library("nbformat")
    from nbformat.sign import NotebookNotary

    with suppress(OSError):
        NotebookNotary().sign(nbformat.reads(data.decode("utf-8"), as_version=4))


def _join(value: Any) -> Any:
    """A text that may be in lines."""
    return "".join(value) if isinstance(value, list) else value


def _tags(cell: dict[str, Any]) -> Any:
    return cell.get("metadata", {}).get("tags")


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
