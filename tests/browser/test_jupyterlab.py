"""The notebooks in JupyterLab, in a real Chromium, in light and dark."""

from __future__ import annotations

import pytest

selenium = pytest.importorskip("selenium", reason="the browser tests need selenium")
from selenium.webdriver import Chrome  # noqa: E402

from tests.browser.lab import CHROMIUM, DRIVER, Lab, addresses, scroll_to  # noqa: E402

HEIGHT = 2000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and its driver are not installed"),
]


def _luminance(colour: str) -> float:
    """Relative luminance of ``rgb(…)`` or ``rgba(…)``, after WCAG 2."""
    parts = [float(p) / 255 for p in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_findings_read_well_in_jupyterlab(theme: str, jupyter: Lab, driver: Chrome) -> None:
    """The card shows the whole story, in readable colours, without a request to anywhere but this machine."""
    jupyter.prefer(theme)
    driver.set_window_size(1250, HEIGHT)
    driver.get(jupyter.address("notebooks/01-find-orphans.ipynb"))
    driver.implicitly_wait(60)
    driver.find_element("css selector", ".jp-WindowedPanel-outer")
    driver.implicitly_wait(0)
    card = scroll_to(driver, "leads to", HEIGHT)
    for text in ("node-without-machine", "Node srv09", "Caution", "upgrade-blocked-by-orphan-node"):
        assert text in card.text
    ground = driver.execute_script(
        "let e = arguments[0], c; do { c = getComputedStyle(e).backgroundColor; e = e.parentElement } "
        "while (e && /, 0\\)|transparent/.test(c)); return c",
        card,
    )
    ink = card.find_element("css selector", "div").value_of_css_property("color")
    light, dark = sorted((_luminance(ground), _luminance(ink)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{ink} on {ground}"
    width = driver.execute_script("return [arguments[0].scrollWidth, arguments[0].clientWidth]", card)
    assert width[0] <= width[1] + 1, "the card is cut at the right"
    assert [a for a in addresses(driver) if not a.startswith("http://127.0.0.1:")] == []
