"""Run `harvdiag …` within the process of the tests: the same command line, without the start of a Python each time."""

from __future__ import annotations

import gc
import io
import subprocess
import sys
import tempfile
from contextlib import chdir
from pathlib import Path
from types import ModuleType

import pytest

import harvdiag as hd
from harvdiag.cli import main

Result = subprocess.CompletedProcess[str]
PLAIN = {"NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "TERM"}
"""What a terminal may have set, and a test sets by itself."""


def run(*words: str | Path, cwd: Path | None = None, given: str = "", **env: str) -> Result:
    """What the command writes, and its exit code; its streams are pipes in UTF-8. Raises what it lets through.

    `given` is what it reads from standard input.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    started = ModuleType("__main__")
    started.__package__ = "harvdiag"  # by it, click tells how the command was called
    code: object = 0
    with pytest.MonkeyPatch.context() as patch, chdir(cwd or Path.cwd()):
        for name in PLAIN:
            patch.delenv(name, raising=False)
        for name, value in env.items():
            patch.setenv(name, value)
        patch.setitem(sys.modules, "__main__", started)
        patch.setattr(tempfile, "tempdir", None)  # to be looked for where this environment says
        patch.setattr(sys, "argv", [str(Path(hd.__file__).with_name("__main__.py")), *map(str, words)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            gc.enable()  # the command turns it off, since its process ends
    written = [stream.buffer.getvalue().decode() for stream in (out, err)]
    return Result([*map(str, words)], int(str(code or 0)), *written)


def needs_process(env: dict[str, str]) -> bool:
    """Whether an environment means something to Python itself, before any of its code runs."""
    return any(name.startswith(("PYTHON", "LC_", "LANG")) for name in env)


def details(report: str) -> str:
    """A report without the answer at its top, which has each root cause, too."""
    head, found, rest = report.partition("\n  Run ")
    return rest if found else head
