"""The page of a notebook in Chromium, with scripts on: nothing runs, nothing is asked for, and everyone can read it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from harvdiag.share.run.page import render_page
from tests.notebooks.run import NOTEBOOKS
from tests.sample import some

pytest.importorskip("selenium", reason="the browser tests need selenium")
pytest.importorskip("selenium_axe_python", reason="accessibility is checked by selenium-axe-python")
from selenium.webdriver import Chrome

from tests.browser.lab import CHROMIUM, DRIVER, addresses
from tests.browser.test_accessibility import WCAG, complaints

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and its driver are not installed"),
]
HOSTILE = """<script>document.title = "ran"</script><img src="http://127.0.0.1:9/x.png" alt="" onerror="a()">
<svg onload="document.title = 2"></svg><iframe srcdoc="<script>parent.document.title = 3</script>"></iframe>
<div style="background:url(http://127.0.0.1:9/y.png)">x</div><link rel="stylesheet" href="http://127.0.0.1:9/z.css">"""


@pytest.mark.parametrize("scheme", some(["light", "dark"], 1, "notebook page"))
def test_a_page_is_read_by_everyone_and_runs_nothing(scheme: str, driver: Chrome, tmp_path: Path) -> None:
    """The notebook with all pictures and the explorer, and with an output that means harm; on a phone, and wide."""
    document = nbformat.read(next(path for path in NOTEBOOKS if path.stem.startswith("02")), as_version=4)
    document.cells[2].outputs.append(nbformat.v4.new_output("display_data", data={"text/html": HOSTILE}))
    document.cells.insert(3, nbformat.v4.new_markdown_cell(HOSTILE))
    file = tmp_path / "page.html"
    file.write_text(render_page(document), encoding="utf-8")
    try:
        _show(driver, scheme, 400)
        driver.get(file.as_uri())
        assert driver.title == "How do I see the cluster, and where is it broken?"
        assert addresses(driver) == []
        assert driver.execute_script("return document.scripts.length") == 0
        driver.execute_script("document.querySelectorAll('details').forEach((it) => { it.open = true; })")
        assert complaints(driver, WCAG) == []
        for width in (400, 1300):
            _show(driver, scheme, width)
            assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def _show(driver: Chrome, scheme: str, width: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    theme = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", theme)
