"""One Chromium and one JupyterLab for all tests of a worker: each takes seconds to start."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.notebooks.run import ROOT

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

    from tests.browser.lab import Lab


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """The browser."""
    from tests.browser.lab import browser

    with browser(tmp_path_factory.mktemp("profile"), 1500, 1000) as it:
        yield it


@pytest.fixture
def driver(chromium: Chrome) -> Iterator[Chrome]:
    """The browser of usual size, with an empty page and empty logs; what a test leaves open is closed."""
    chromium.set_window_size(1500, 1000)
    for log in ("browser", "performance"):
        chromium.get_log(log)
    yield chromium
    chromium.implicitly_wait(0)
    chromium.get("about:blank")


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a folder with the notebooks and their data; a test adds its own."""
    from tests.browser.lab import lab

    place = tmp_path_factory.mktemp("jupyter")
    (place / "settings").mkdir()
    for name in ("notebooks", "data"):
        shutil.copytree(ROOT / name, place / "work" / name)
    with lab(place / "work", place / "settings") as it:
        yield it
