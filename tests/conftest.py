"""What every test stands on: plug-ins, the choice between a part and everything, and what is made once."""

from __future__ import annotations

import gc
import os
import pickle
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harvdiag.training import scenario_files
from tests.sample import FULL, is_full

# The browser driver brings trio along, and trio a plug-in for hypothesis that warns as it loads. As an error, that
# warning ends a run in which every test passed. None of ours needs a plug-in of hypothesis.
os.environ.setdefault("HYPOTHESIS_NO_PLUGINS", "1")

# Some containers tell Python to keep no byte code. Every worker, every command line and every kernel that the tests
# start would then compile the package by itself: half the time of a short command.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# No test makes a key, or notes names, in the folder for configuration of whoever runs it.
_CONFIG = tempfile.TemporaryDirectory(prefix="harvdiag-config-")
os.environ["XDG_CONFIG_HOME"] = os.environ["APPDATA"] = _CONFIG.name

# nbformat brings jsonschema along, and that the package rfc3987_syntax, which compiles 39 grammars when it is imported:
# two seconds in each worker, for the format of addresses that no notebook has. jsonschema goes without where it is not.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

import hypothesis  # noqa: E402 - it reads the environment that is set above

# No test is about time: a busy machine may take as long over one example as it likes.
hypothesis.settings.register_profile("no deadline", deadline=None, max_examples=25)
hypothesis.settings.register_profile("full", deadline=None)
hypothesis.settings.load_profile("no deadline")

_read_base = scenario_files._load_base


@cache
def _base(path: Path, written: int, size: int) -> bytes:
    return pickle.dumps(_read_base(path))


def _base_once(path: Path) -> list[Any]:
    """The objects of a base, of which there are a few for hundreds of scenarios: parsed once, a copy for each."""
    if not path.is_file():
        return _read_base(path)
    state = path.stat()
    return list(pickle.loads(_base(path, state.st_mtime_ns, state.st_size)))  # noqa: S301


scenario_files._load_base = _base_once


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--full`: what is sampled otherwise, is run whole."""
    parser.addoption("--full", action="store_true", help=f"run everything, nothing sampled (as {FULL}=1 does)")


def pytest_configure(config: pytest.Config) -> None:
    """Tell the samplers, which choose as the tests are collected; each worker is given the option, too."""
    if config.getoption("full"):
        os.environ[FULL] = "1"
    if is_full():
        hypothesis.settings.load_profile("full")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits more than it works, so that the other worker has work meanwhile; else the order stays.

    It stands together, so that one worker takes it and starts the only browser. So do tests of the same scenarios: it
    reads and judges each once.
    """
    items.sort(key=lambda item: 0 if item.get_closest_marker("browser") else 1 if _in_a_kernel(item) else 2)
    ranks: dict[str, int] = {}
    items.sort(key=lambda item: ranks.setdefault(_group(item), len(ranks)) if _group(item) else -1)


def _in_a_kernel(item: pytest.Item) -> bool:
    return item.get_closest_marker("notebook") is not None


def _group(item: pytest.Item) -> str:
    """The rule, or another group of cases (`tests/together.py`), that a test is about."""
    given = item.callspec.params if hasattr(item, "callspec") else {}
    path = given.get("path")
    return given.get("group") or (path.parent.name if isinstance(path, Path) and path.suffix == ".yaml" else "")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Thousands of collected tests are never garbage: without this, every full collection looks through them.

    Hardly anything that a test makes is in a cycle either: it is looked for more seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
