"""The notebooks in JupyterLab, in a real Chromium, in light and dark."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.notebooks.run import NOTEBOOKS

selenium = pytest.importorskip("selenium", reason="the browser tests need selenium")
from selenium.common.exceptions import (  # noqa: E402
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver import ActionChains, Chrome, Keys  # noqa: E402
from selenium.webdriver.remote.webelement import WebElement  # noqa: E402
from selenium.webdriver.support.ui import Select  # noqa: E402

from tests.browser.lab import CHROMIUM, DRIVER, Lab, addresses  # noqa: E402
from tests.sample import some  # noqa: E402

HEIGHT = 2000
SCREENS = 5
"""The most screens of 1300 x 900 that a notebook takes."""
PANEL = "document.querySelector('.jp-WindowedPanel-outer')"
SEEN = f"""
const panel = {PANEL}, top = panel.getBoundingClientRect().top;
const output = document.querySelector('.jp-OutputArea-output');
const ends = (e) => e.getBoundingClientRect().bottom - top;
const steps = [...output.querySelectorAll('li[value]')].filter((e) => !e.closest('details:not([open])'));
return {{screen: panel.clientHeight, wide: output.scrollWidth - output.clientWidth,
  verdict: ends(output.querySelector('p')), picture: ends(output.querySelector('img')),
  steps: steps.map(ends)}};
"""
"""How far down the first output's verdict, picture and steps end, and how much of it is cut at the right."""
END = f"""
const panel = {PANEL}, cells = document.querySelectorAll('.jp-Notebook .jp-Cell');
panel.scrollTop = panel.scrollHeight;
return cells[cells.length - 1].getBoundingClientRect().bottom - panel.getBoundingClientRect().top + panel.scrollTop;
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and its driver are not installed"),
]


def _luminance(colour: str) -> float:
    """Relative luminance of ``rgb(…)`` or ``rgba(…)``, after WCAG 2."""
    parts = [float(p) / 255 for p in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@contextmanager
def _viewport(driver: Chrome, width: int, height: int) -> Iterator[None]:
    """A page of exactly this size, as a screen shows it without the frame of the browser."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        yield
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def _open(driver: Chrome, address: str) -> None:
    driver.get(address)
    driver.implicitly_wait(60)
    driver.find_element("css selector", ".jp-OutputArea-output img")
    driver.implicitly_wait(0)


def _length(driver: Chrome, step: int) -> float:
    """Where the last cell ends, once every cell was near the view: JupyterLab guesses the others' height."""
    last, top = -1.0, 0
    while (end := float(driver.execute_script(END))) != last or top < end:
        last, top = end, top + step
        driver.execute_script(f"{PANEL}.scrollTop = {top}")
        time.sleep(0.2)
    return end


@pytest.mark.parametrize("stem", some([path.stem for path in NOTEBOOKS], 1, "the beginning"))
def test_a_notebook_begins_with_its_answer_and_is_short(stem: str, jupyter: Lab, driver: Chrome) -> None:
    """Verdict, picture and the first three steps are in the first screen of 1300 x 900 with the sidebar open; the
    whole takes few; at 900 nothing of the answer is cut. The notebook is not trusted here.
    """
    jupyter.prefer("JupyterLab Light")
    with _viewport(driver, 1300, 900):
        _open(driver, jupyter.address(f"notebooks/{stem}.ipynb"))
        seen = driver.execute_script(SEEN)
        assert driver.find_element("css selector", ".jp-DirListing").is_displayed(), "the sidebar is open"
        assert max(seen["verdict"], seen["picture"], *seen["steps"][:3]) <= seen["screen"]
        assert len(seen["steps"]) >= 3 or stem[:2] == "04", "its sample has no fault"
        assert _length(driver, seen["screen"]) <= SCREENS * seen["screen"]
    with _viewport(driver, 900, 900):
        driver.execute_script(f"{PANEL}.scrollTop = 0")
        time.sleep(0.3)
        assert driver.execute_script(SEEN)["wide"] <= 1


@pytest.mark.parametrize("theme", some(["JupyterLab Light", "JupyterLab Dark"], 1, "the answer"))
def test_the_answer_reads_well_in_jupyterlab(theme: str, jupyter: Lab, driver: Chrome) -> None:
    """The card shows the whole answer, in readable colours, without a request to anywhere but this machine."""
    jupyter.prefer(theme)
    driver.set_window_size(1250, HEIGHT)
    _open(driver, jupyter.address("notebooks/01-find-orphans.ipynb"))
    card = driver.find_element("css selector", ".jp-OutputArea-output")
    for text in ("node-without-machine", "Node srv09", "Next", "Caution", "lists seen"):
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


FORMS = [
    "import harvdiag as hd\n",
    "findings = hd.open('data/bundles/issue-8236.zip', notes='mine.notes.yaml').check()\n",
    "hd.annotate(findings, 'srv09')",
]
BOLD = "//*[contains(@class, 'jp-RenderedHTML')][.//strong[text()='by hand']]"


def _run_cell(driver: Chrome) -> WebElement:
    """Run the first cell; return the field for a text that it shows. Keys are lost while the notebook is laid out."""
    driver.implicitly_wait(15)
    for _ in range(6):
        with suppress(StaleElementReferenceException, ElementNotInteractableException):
            driver.find_element("css selector", ".jp-Cell .cm-content").click()
            ActionChains(driver).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()
        if found := driver.find_elements("css selector", ".jp-OutputArea-output textarea"):
            return found[0]
    raise AssertionError("the form is not shown")


def test_a_note_that_is_typed_in_a_form_is_in_its_file(jupyter: Lab, driver: Chrome) -> None:
    """With the status and a tick; the card above it, an output without a widget, shows them at once."""
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": FORMS, "outputs": [], "execution_count": None}
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = {"cells": [cell], "metadata": spec, "nbformat": 4, "nbformat_minor": 5}
    (jupyter.folder / "forms.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    driver.set_window_size(1300, HEIGHT)
    driver.get(jupyter.address("forms.ipynb"))
    driver.implicitly_wait(60)
    driver.find_element("css selector", ".jp-Notebook-ExecutionIndicator[data-status='idle']")
    _run_cell(driver).send_keys("added **by hand**")
    form = driver.find_element("css selector", ".jp-OutputArea-output .widget-vbox")
    Select(form.find_element("css selector", "select")).select_by_visible_text("acknowledged")
    form.find_elements("css selector", "input[type=checkbox]")[3].click()
    form.find_element("css selector", "button").click()
    card = driver.find_element("xpath", BOLD)
    assert "acknowledged" in card.text
    assert "saved in mine.notes.yaml" in form.text
    kept = (jupyter.folder / "mine.notes.yaml").read_text(encoding="utf-8")
    assert "  status: acknowledged\n  text: added **by hand**\n  done:\n  - 'Move its replicas away" in kept
