"""Accessibility of what notebooks and pages show, checked by axe-core, which its package brings along: no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.notebook.answer import cluster_card
from harvdiag.notebook.display import HTML
from harvdiag.reports.notebook import cards
from harvdiag.reports.notebook.tables import frame_html
from tests.routes import BROKEN

selenium = pytest.importorskip("selenium", reason="the browser tests need selenium")
axe = pytest.importorskip("selenium_axe_python", reason="accessibility is checked by selenium-axe-python")
from selenium.webdriver import Chrome  # noqa: E402

from tests.browser.lab import CHROMIUM, DRIVER  # noqa: E402
from tests.sample import some  # noqa: E402

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and its driver are not installed"),
]
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Cards</title>
<meta name="color-scheme" content="{scheme}"><style>{colours}</style></head>
<body style="font-family:sans-serif;margin:8px"><main><h1>Cards</h1>{cards}</main></body></html>
"""
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
COLOURS = {
    "light": "body {background: #fff; color: #111} a {color: #0645ad}",
    "dark": "body {background: #111; color: #eee} a {color: #8ab4f8}",
}
WIDER = """
const boxed = (e) => !!e.closest('[style*="overflow-x:auto"], .hd-rows');
return [...document.querySelectorAll('main *')]
  .filter((e) => !boxed(e) && e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.outerHTML.slice(0, 80));
"""


def complaints(driver: Chrome, tags: list[str]) -> list[str]:
    """What axe-core finds, each with the first element that it concerns."""
    checker = axe.Axe(driver)
    checker.inject()
    driver.set_script_timeout(120)
    found = checker.run(None, {"runOnly": tags})
    return [f"{it['id']}: {it['nodes'][0]['html'][:200]}" for it in found["violations"]]


def all_cards() -> str:
    """Every form that harvdiag has in a notebook."""
    cluster = hd.open(BROKEN)
    shown = [cluster_card(cluster), cluster_card(hd.open(BROKEN.with_name("upgrade-half-way.zip")))]
    findings = cluster.check()
    shown += [cards.finding_card(findings[0], findings.story(findings[0])), cards.coverage_card(cluster.coverage)]
    shown += [cards.upgrade_card(cluster.upgrade), hd.album(cluster).html, hd.pick(cluster).html]
    shown += [HTML["harvdiag.access.rights", "Access"](hd.whoami(BROKEN))]
    shown += [frame_html(cluster.upgrade.phases), frame_html(cluster.nodes)]
    return "".join(f"<section>{card}</section>" for card in shown)


@pytest.mark.parametrize(("scheme", "tags"), some([("light", WCAG), ("dark", ["wcag2aa"])], 1, "phone"))
def test_cards_are_accessible_and_fit_a_phone(scheme: str, tags: list[str], driver: Chrome, tmp_path: Path) -> None:
    """Names, roles, contrast and order in light and dark; at 400 pixels nothing is cut but tables that scroll."""
    file = tmp_path / "cards.html"
    file.write_text(PAGE.format(scheme=scheme, colours=COLOURS[scheme], cards=all_cards()), encoding="utf-8")
    size = {"width": 400, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        driver.get(file.as_uri())
        assert driver.execute_script(WIDER) == []
        driver.execute_script("document.querySelectorAll('details').forEach((it) => { it.open = true; })")
        assert complaints(driver, tags) == []
        grid = driver.find_element("css selector", ".hd-grid")
        grid.find_element("css selector", "input").send_keys("srv07 drain")
        assert "2 of 25 rows" in grid.text
        grid.find_element("css selector", "th:nth-child(2) button").click()
        assert grid.find_element("css selector", "th:nth-child(2)").get_attribute("aria-sort") == "ascending"
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("make", [lambda: hd.explore(hd.open(BROKEN))], ids=["explore"])
def test_pages_are_accessible(make: Callable[[], hd.Explorer], driver: Chrome, tmp_path: Path) -> None:
    """The page of the explorer, as it is saved."""
    driver.get(make().save(tmp_path / "page.html").as_uri())
    assert complaints(driver, WCAG) == []
