"""One Chromium and one JupyterLab for all tests of a worker: each takes seconds to start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

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
    """`harvdiag lab` of a wheel, on a working copy of the notebooks; a test adds its own."""
    from tests.browser.lab import installed, lab

    place = tmp_path_factory.mktemp("jupyter")
    (place / "settings").mkdir()
    with lab(place, place / "settings", package=installed(place / "wheel")) as it:
        yield it
