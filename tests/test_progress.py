"""Progress: a line on a terminal, a bar in a notebook, nothing anywhere else."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import termios
import textwrap
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import nbformat
import pytest
from nbclient import NotebookClient

from harvdiag.io.progress import Bar, Line, Progress, default_progress
from tests.api import Api, stall
from tests.test_cli import ROOT
from tests.world import healthy

WORLD = healthy()
READ = "import harvdiag as hd\ncluster = hd.connect(kubeconfig={!r})\ncluster.check()\nprint('done')\n"


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """A kubeconfig of a healthy cluster, of which one list takes its time."""
    with Api(WORLD.objects) as api:
        api.fail("*/machines", stall(0.3), times=1)
        yield api.kubeconfig(tmp_path / "config", context="lab\x1b[31m")


def on_a_terminal(code: str) -> tuple[str, str]:
    """What Python writes to a terminal on stderr, and to a pipe on stdout."""
    main, other = pty.openpty()
    termios.tcsetwinsize(other, (40, 120))
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", "TERM": "xterm", "COLUMNS": "120"}
    pieces: list[bytes] = []

    def drain() -> None:
        try:
            while data := os.read(main, 4096):
                pieces.append(data)
        except OSError:  # so Linux tells that the other end is closed
            pass

    reader = Thread(target=drain)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=other, env=env) as process:
        os.close(other)
        reader.start()
        out, _ = process.communicate(timeout=60)
        reader.join(10)
    os.close(main)
    return b"".join(pieces).decode(), out.decode()


def test_a_line_on_a_terminal(config: Path) -> None:
    """It counts, is written over, and is gone at the end; a name cannot drive the terminal."""
    err, out = on_a_terminal(READ.format(str(config)))
    assert out == "done\n"
    lines = re.findall(r"reading lab\\x1b\[31m: (\d+) of \d+ lists, \d+ objects", err)
    assert lines[0] == "0", "at once, before anything came"
    assert "\x1b[31m" not in err
    assert "\n" not in err, "one line"
    assert err.rsplit("\r", 2)[-1].strip() == "", "nothing is left of it"


def test_nothing_where_stderr_is_no_terminal(config: Path) -> None:
    """Neither a line nor a warning."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    words = [sys.executable, "-c", READ.format(str(config))]
    done = subprocess.run(words, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


@pytest.mark.notebook
def test_a_bar_in_a_kernel(config: Path, tmp_path: Path) -> None:
    """One output that is redrawn, in plain HTML, and empty at the end."""
    cells = [
        nbformat.v4.new_code_cell(
            textwrap.dedent(f"""
            import sys; sys.path.insert(0, {str(ROOT)!r})
            import harvdiag as hd
            from harvdiag.io.progress import default_progress
            cluster = hd.connect(kubeconfig={str(config)!r})
            cluster.check()
            print(type(default_progress()).__name__)
            """)
        )
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = notebook.cells[0].outputs
    assert [o.text for o in outputs if o.output_type == "stream"] == ["Bar\n"]
    (bar,) = [o for o in outputs if o.output_type == "display_data"]
    assert bar.data["text/html"] == ""


def test_which_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under pytest there is neither; without any stderr, as in a window, neither."""
    assert type(default_progress()) is Progress
    monkeypatch.setattr(sys, "stderr", None)
    assert type(default_progress()) is Progress


def test_what_is_counted() -> None:
    """What draws nothing counts, too: Ctrl-C tells how far it came."""
    of = Progress()
    of.begin("lab", 3)
    of.add_objects(1200)
    of.finish_list()
    of.add_lists(2)
    assert of.text == "reading lab: 1 of 5 lists, 1,200 objects"
    of.end()
    of.begin("lab", 1)
    assert of.text == "reading lab: 0 of 1 lists, 0 objects"
    assert of.earlier == 1
    of.end()


def test_ending_twice_is_no_fault(capfd: pytest.CaptureFixture[str]) -> None:
    """Nor ending what was never begun."""
    for of in (Line(), Bar(), Progress()):
        of.end()
        of.end()
    assert capfd.readouterr() == ("", "")


def test_what_comes_in_late_draws_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """A request that hung at Ctrl-C may still end; by then the line is gone and stays so."""
    of = Line()
    of.begin("lab", 3)
    of.end()
    capfd.readouterr()
    of.add_objects(500)
    of.finish_list()
    assert (capfd.readouterr(), of.bar, of.objects) == (("", ""), None, 500)
