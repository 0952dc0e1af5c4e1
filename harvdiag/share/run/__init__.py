"""Notebooks, executed on a source: a page that opens anywhere, or a notebook with its outputs.

The kernel is this Python, whatever kernels are installed. What is handed on tells nothing about the machine on which it
was made: neither paths nor times, and no widgets, which live with their kernel.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.target import CONTEXT
from harvdiag.reports import save_report
from harvdiag.share.run.library import load_library

if TYPE_CHECKING:
    from harvdiag.share.run.kernel import Failure, Watch

__all__ = ["CELL_TIMEOUT", "ENDINGS", "SOURCE", "Order", "Result", "run_notebook"]

ENDINGS = (".html", ".ipynb")
CELL_TIMEOUT = 600.0
"""How many seconds one cell may take."""
SOURCE = "SOURCE"
"""The parameter that names what is read."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was written, how many cells of code the notebook has, and what ended the run, if anything did."""

    path: Path
    cells: int
    failure: Failure | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a notebook is to be run with."""

    source: str | None = None
    """What `open` takes; None: what the notebook names."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Values of its parameters cell by name; each takes the type of the one there."""
    timeout: float = CELL_TIMEOUT
    """How many seconds one cell may take."""
    settings: Path | None = None
    """The file of settings (`harvdiag.toml`); None: what is found from the notebook's folder."""
    rename: Callable[[str], str] | None = None
    """A change of every text that is written, such as to pseudonyms."""

    @property
    def place(self) -> Path | None:
        """The source as a file, which the kernel finds from its own folder; None for a live cluster."""
        return Path(self.source).absolute() if self.source and not self.source.startswith(CONTEXT) else None

    @property
    def given(self) -> dict[str, str]:
        """All values by name."""
        return {**self.parameters, **({SOURCE: str(self.place or self.source)} if self.source else {})}


def run_notebook(
    notebook: Path,
    output: Path,
    order: Order | None = None,
    watch: Watch | None = None,
) -> Result:
    """Execute a notebook in its folder, and write it as a page (``.html``) or as a notebook (``.ipynb``).

    A cell that fails, takes too long or ends the kernel ends the run: all up to it is written, and the result tells.
    `watch` is called with the number of each cell before it runs, and how many there are. Raises UsageError for another
    ending, a file that is not a notebook or cannot be written, and an unknown parameter.
    """
    nbformat = load_library("nbformat")
    from harvdiag.share.run.kernel import Conditions, execute
    from harvdiag.share.run.parameters import set_parameters
    from harvdiag.share.run.scrub import rename, scrub

    order = order or Order()
    document = _read(notebook, nbformat)
    set_parameters(document, order.given, notebook.name)
    failure = execute(document, notebook.parent, Conditions(order.timeout, order.settings), watch)
    scrub(document, notebook.parent, order.place)
    if order.rename:
        rename(document, order.rename)
    cells = sum(cell.cell_type == "code" for cell in document.cells)
    return Result(path=save_report(_render(document, output, nbformat), output), cells=cells, failure=failure)


def _render(document: Any, output: Path, nbformat: ModuleType) -> str:
    if output.suffix.lower() == ENDINGS[0]:
        from harvdiag.share.run.page import render_page

        return render_page(document)
    if output.suffix.lower() != ENDINGS[1]:
        raise UsageError(f"{output.name}: an executed notebook ends in {' or '.join(ENDINGS)}")
    return f"{nbformat.writes(document)}\n"


def _read(notebook: Path, nbformat: ModuleType) -> Any:
    """Return the notebook in the newest format. Raises UsageError for a file that is not one, or not for Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about cells without an id, which get one
            document = nbformat.reads(notebook.read_text(encoding="utf-8"), as_version=4)
            nbformat.validate(document)
    except OSError as error:
        raise UsageError(f"{notebook} cannot be read: {error.strerror}") from error
    except Exception as error:
        raise UsageError(f"{notebook} is not a notebook (.ipynb): {str(error).splitlines()[0][:100]}") from error
    language = str(document.metadata.get("kernelspec", {}).get("language") or "python")
    if language != "python":
        raise UsageError(f"{notebook} is written in {escape_text(language)}: only notebooks in Python can be run")
    return document
