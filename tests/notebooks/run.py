"""Execute a notebook on a source, and bring its outputs into the form in which they are kept."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-8]*.ipynb"))
LABS = sorted((ROOT / "notebooks").glob("9*.ipynb"))
"""Those with exercises, which have clusters of their own; tests/notebooks/test_labs.py is about them."""
# Before each notebook of a shared kernel: no name of the last one, its own folder and environment, and no warning that
# is not shown because it was shown before (a change of the filters forgets what was).
CLEAN = """\
%reset -f
__import__("os").chdir({folder!r})
__import__("os").environ.pop("KUBECONFIG", None)
__import__("os").environ.update({environment!r})
__import__("warnings").filterwarnings("default", message="as at the start")
"""


SAME = {"SOURCE_DATE_EPOCH": "1746700200", "HARVDIAG_AUTHOR": "ann"}
"""What makes a run the same on each machine: notes are of 10:30, half an hour after the samples, and by Ann."""
KEY = f"harvdiag redaction key 1: {'5a' * 32}\n"
"""The key of pseudonyms in tests; a user's own is never touched."""


@cache
def _home() -> TemporaryDirectory[str]:
    """A folder for configuration with this key."""
    folder = TemporaryDirectory(prefix="harvdiag-test-")
    place = Path(folder.name) / "harvdiag"
    place.mkdir()
    (place / "redaction.key").write_text(KEY, encoding="ascii")
    return folder


def _environment(given: Mapping[str, str] | None) -> dict[str, str]:
    return {**SAME, "XDG_CONFIG_HOME": _home().name, **(given or {})}


def execute(
    path: Path,
    kernel: AsyncKernelManager | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    **parameters: Any,
) -> nbformat.NotebookNode:
    """The notebook after a run from top to bottom; `parameters` replace lines of its parameters cell.

    It works in its own folder, or in another `folder`.

    A run in a fresh kernel is a faithful one; a run in a `kernel` that has run others before it takes a fraction of
    the time, since what the notebooks import is there already. It has a namespace of its own all the same.
    Raises nbclient's CellExecutionError for a cell that fails.
    """
    notebook, folder = nbformat.read(path, as_version=4), folder or path.parent
    for name, value in parameters.items():
        cell = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
        cell.source, done = re.subn(rf"(?m)^{name} = .*$", lambda _, n=name, v=value: f"{n} = {v!r}", cell.source)
        assert done == 1, f"{path.name} has no parameter {name}"
    if kernel:
        clean = CLEAN.format(folder=str(folder), environment=_environment(environment))
        notebook.cells.insert(0, nbformat.v4.new_code_cell(clean, id="clean"))
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout=120,
        kernel_name="python3",
        coalesce_streams=True,  # else their pieces depend on how busy the machine is
        resources={"metadata": {"path": folder}},
    )
    client.execute(env={**os.environ, **_environment(environment)})
    if kernel:
        client.kc.stop_channels()
        del notebook.cells[0]
        _count_anew(notebook)
    return notebook


def _count_anew(notebook: nbformat.NotebookNode) -> None:
    """Give the cells the numbers that they have in a kernel that ran nothing before; the client counted one more."""
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        cell.execution_count -= 1
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = cell.execution_count


@contextmanager
def shared_kernel() -> Iterator[AsyncKernelManager]:
    """A kernel for several notebooks, one after the other; the first starts it."""
    kernel = AsyncKernelManager(kernel_name="python3")
    try:
        yield kernel
    finally:
        if kernel.has_kernel:
            run_sync(kernel.shutdown_kernel)(now=True)


def keep(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop what differs from run to run and from machine to machine: timings, kernel and Python versions."""
    own = {key: value for key, value in notebook.metadata.items() if key == "harvdiag"}  # who finds which answer in it
    notebook.metadata = {
        **own,
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in {"tags", "jupyter"}}
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)  # lives with its kernel
    return notebook
