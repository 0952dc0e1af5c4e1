"""The page to hand on in a real Chromium, scripts on: accessible in both themes, on a phone and on paper, and inert."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.core.findings import Findings
from harvdiag.core.notes import Notes
from harvdiag.reports import html
from harvdiag.share.pictures import draw_pictures
from tests.reports.hostile import HOSTILE, findings
from tests.routes import BROKEN, SCENARIOS

selenium = pytest.importorskip("selenium", reason="the browser tests need selenium")
from selenium.webdriver import Chrome  # noqa: E402

from tests.browser.lab import CHROMIUM, DRIVER, addresses  # noqa: E402
from tests.browser.test_accessibility import WCAG, complaints  # noqa: E402

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and its driver are not installed"),
]
FAULTED = SCENARIOS / "volume-faulted" / "speaks.yaml"
ALIKE = """
document.querySelectorAll('.grid tbody tr, .names li, .checks tr, #checks li').forEach((it, n) => n % 25 && it.remove())
"""
"""Leave out most of what looks as the rest does: axe takes long over each element."""
OPEN_ALL = "document.querySelectorAll('details').forEach((it) => { it.open = true; })"
WIDER = """
return [...document.querySelectorAll('body *')]
  .filter((e) => !e.closest('.scroll, pre') && e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.outerHTML.slice(0, 80));
"""
UNREAD = "return [...document.images].filter((e) => !e.complete || !e.naturalWidth).map((e) => e.alt)"


@contextmanager
def seen(driver: Chrome, width: int, scheme: str) -> Iterator[None]:
    """A screen of this width, whose reader prefers this theme."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    theme = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", theme)
    try:
        yield
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def everything(folder: Path) -> Path:
    """A page with pictures, and with hostile texts wherever one can be; `reports/test_html.py` has the others."""
    cluster = hd.open(BROKEN)
    given = [cluster.check(), *(findings(HOSTILE[key]) for key in ("script", "right to left", "long"))]
    whole = Findings(
        given[0].source,
        given[-1].coverage,
        [outcome for each in given for outcome in each.outcomes],
        given[0].upgrade,
        Notes([note for each in given for note in each.notes]),
    )
    path = folder / "page.html"
    path.write_text(html.render_page(whole, draw_pictures(cluster)), encoding="utf-8")
    return path


def test_the_page_is_accessible_and_nothing_in_it_acts(driver: Chrome, tmp_path: Path) -> None:
    """axe in both themes with all unfolded; nothing is cut at 400 pixels; no name runs, no request leaves."""
    preflight = hd.preflight(hd.scenario(FAULTED), "v1.5.0")
    cases = (
        (hd.report(hd.open(BROKEN), tmp_path / "plain.html"), 1300, "dark", ["wcag2aa"]),
        (everything(tmp_path), 400, "light", WCAG),
        (hd.report(preflight, tmp_path / "preflight.html"), 400, "dark", ["wcag2aa"]),
    )
    for page, width, scheme, tags in cases:
        with seen(driver, width, scheme):
            driver.get(page.as_uri())
            driver.execute_script(OPEN_ALL)
            assert driver.execute_script(WIDER) == []
            assert driver.execute_script(UNREAD) == []
            driver.execute_script(ALIKE)
            assert complaints(driver, tags) == []
            assert driver.execute_script("return window.harmed") is None
            ground = driver.find_element("css selector", "body").value_of_css_property("background-color")
            assert (ground == "rgba(22, 26, 29, 1)") == (scheme == "dark")
    assert addresses(driver) == []


def test_nothing_is_folded_on_paper(driver: Chrome, tmp_path: Path) -> None:
    """Print makes the same pages of the page as it is and of the page with all unfolded; links have their address."""
    path = hd.report(hd.open(BROKEN), tmp_path / "page.html")
    with seen(driver, 1300, "dark"):
        driver.get(path.as_uri())
        folded = printed(driver)
        driver.execute_script(OPEN_ALL)
        assert folded == printed(driver)
    assert 5 <= folded[0] <= 15


def printed(driver: Chrome) -> tuple[int, int]:
    """How many pages print makes, and how much is drawn on them."""
    told = driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": False, "preferCSSPageSize": True})
    data = base64.b64decode(told["data"])
    streams = re.findall(rb"FlateDecode[^>]*>>\s*stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
    return len(re.findall(rb"/Type\s*/Page\b", data)), sum(len(zlib.decompress(each)) for each in streams)
