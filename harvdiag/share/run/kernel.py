"""A notebook in a kernel of this Python, from its first cell to its last, or to the one that fails."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from harvdiag.config import VARIABLE
from harvdiag.core.escape import escape_text
from harvdiag.share.run.library import load_library

__all__ = ["Conditions", "Failure", "Watch", "execute"]

Watch = Callable[[int, int], None]
"""Called with the number of a cell of code and how many there are."""
ANSI = re.compile(r"\x1b\[[0-9;]*m")
REMARK = "without encryption"
"""Words of the kernel's own remark about its sockets on loopback, which says nothing about the notebook."""


class Failure(NamedTuple):
    """What ended a run: the number of the cell (from 1, cells of code alone; 0: none had begun), and the reason."""

    cell: int
    reason: str


class Conditions(NamedTuple):
    """How many seconds a cell may take, and the file of settings of harvdiag; None: the one that is found."""

    timeout: float
    settings: Path | None = None


def execute(document: Any, folder: Path, conditions: Conditions, watch: Watch | None = None) -> Failure | None:
    """Execute the cells of a notebook, whose outputs are replaced; return what ended the run before its end.

    The kernel works in `folder`. It gets this process's environment, but none of IPython's settings of the user.
    """
    load_library("nbclient")
    load_library("ipykernel")
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    timeout, settings = conditions
    own = {VARIABLE: str(settings.absolute())} if settings else {}
    run = _Run(document, watch or (lambda *_: None))
    with TemporaryDirectory(prefix="harvdiag-run-") as place:
        errors = Path(place) / "stderr"
        client = _make_client(document, folder, timeout, run)
        try:
            with errors.open("wb") as stderr:
                client.execute(env={**os.environ, **own, "IPYTHONDIR": place}, stderr=stderr, cleanup_kc=True)
        except CellExecutionError as error:
            return run.fail(error.ename, error.evalue)
        except CellTimeoutError:
            return run.fail("Timeout", f"it took more than {timeout:g} s")
        except (DeadKernelError, RuntimeError) as error:
            return run.fail("Kernel", _last_words(errors) or str(error).rstrip("."))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
    return None


def _make_client(document: Any, folder: Path, timeout: float, run: _Run) -> Any:
    """A client whose kernel is this very Python: one that is installed under the same name may be another."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    class Client(NotebookClient):
        """Ends at Ctrl-C as at an error: the kernel is shut down, and nothing goes on."""

        async def async_start_new_kernel(self, **kwargs: Any) -> None:
            task = asyncio.current_task()
            with suppress(RuntimeError, ValueError):  # Windows has none of these, nor has any but the main thread
                asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: task and task.cancel())
            await super().async_start_new_kernel(**kwargs)

    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    return Client(
        document,
        km=manager,
        timeout=timeout,
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=run.begin,
    )


class _Run:
    """Which cell runs."""

    def __init__(self, document: Any, watch: Watch) -> None:
        self._places = [number for number, cell in enumerate(document.cells) if cell.cell_type == "code"]
        self._watch = watch
        self._cell = 0
        self._document = document
        for number in self._places:
            document.cells[number].outputs, document.cells[number].execution_count = [], None

    def begin(self, cell: Any, cell_index: int) -> None:
        """Note that a cell begins; one of text counts for nothing."""
        if cell.cell_type == "code" and cell_index in self._places:
            self._cell = self._places.index(cell_index) + 1
            self._watch(self._cell, len(self._places))

    def fail(self, name: str, reason: str) -> Failure:
        """Return the failure of the cell that runs, in one line; its outputs end with it."""
        from nbformat import from_dict

        text = escape_text(" ".join(ANSI.sub("", reason).split()))
        if self._cell:
            outputs = self._document.cells[self._places[self._cell - 1]].outputs
            if not any(output.output_type == "error" for output in outputs):
                told = {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}
                outputs.append(from_dict(told))
        return Failure(self._cell, f"{name}: {text}")


def _last_words(errors: Path) -> str:
    """The last line that the kernel wrote before it ended; empty where it wrote nothing that tells anything."""
    lines = errors.read_text(encoding="utf-8", errors="replace").splitlines() if errors.exists() else []
    told = [line for line in lines if line.strip() and REMARK not in line]
    return told[-1].strip() if told else ""
