"""The notebooks in JupyterLab, in a real Chromium, in light and dark."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks.run import NOTEBOOKS, ROOT

selenium = pytest.importorskip("selenium", reason="the browser tests need selenium")
from selenium.common.exceptions import (  # noqa: E402
    ElementNotInteractableException,
    NoSuchElementException,
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


WHOLE = """
const out = [...document.querySelectorAll('.jp-OutputArea-output')].filter((e) => e.getClientRects().length);
const right = (e) => e.getBoundingClientRect().right;
const cut = (e) => e.scrollWidth - e.clientWidth > 1 && getComputedStyle(e).overflowX !== 'auto';
const lost = (o, i) => !i.complete || !i.naturalWidth || right(i) > right(o) + 1;
return out.filter((o) => cut(o) || [...o.querySelectorAll('img')].some((i) => i.getClientRects().length && lost(o, i)))
  .map((o) => o.textContent.slice(0, 60));
"""
"""The outputs near the view that are cut at the right, or have a picture that is, or that is not shown."""


def _choose(driver: Chrome, menu: str, item: str) -> None:
    """Click an item of JupyterLab's menu bar."""
    for label, name in (("lm-MenuBar-itemLabel", menu), ("lm-Menu-itemLabel", item)):
        driver.find_element("xpath", f"//*[contains(@class, '{label}')][normalize-space()='{name}']").click()


def _cut(driver: Chrome, width: int) -> set[str]:
    """The outputs of the whole notebook that are not shown whole on a page of this width."""
    found: set[str] = set()
    with _viewport(driver, width, 900):
        top = 0
        while top < driver.execute_script(f"return {PANEL}.scrollHeight"):
            driver.execute_script(f"{PANEL}.scrollTop = {top}")
            time.sleep(0.15)
            found.update(driver.execute_script(WHOLE))
            top += 700
    return found


def _saved(driver: Chrome, file: Path) -> list[dict[str, Any]]:
    """The cells of code of a notebook that is saved once all of them were run. Two savings at a time are a conflict."""
    for _ in range(12):
        driver.find_element("css selector", ".jp-Notebook-ExecutionIndicator[data-status='idle']")
        _choose(driver, "File", "Save Notebook")
        end = time.monotonic() + 10
        while time.monotonic() < end:
            time.sleep(0.5)
            cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
            code = [cell for cell in cells if cell["cell_type"] == "code"]
            failed = [output for cell in code for output in cell["outputs"] if output["output_type"] == "error"]
            if failed or all(cell["execution_count"] for cell in code):
                return code
    raise AssertionError("it does not end")


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
    document = json.loads((ROOT / "notebooks" / f"{stem}.ipynb").read_text(encoding="utf-8"))
    document["metadata"]["from"] = "elsewhere"
    (jupyter.folder / "notebooks" / "other.ipynb").write_text(json.dumps(document), encoding="utf-8")
    with _viewport(driver, 1300, 900):
        _open(driver, jupyter.address("notebooks/other.ipynb"))
        seen = driver.execute_script(SEEN)
        assert driver.find_element("css selector", ".jp-DirListing").is_displayed(), "the sidebar is open"
        assert max(seen["verdict"], seen["picture"], *seen["steps"][:3]) <= seen["screen"]
        assert len(seen["steps"]) >= 3 or stem[:2] == "04", "its sample has no fault"
        assert _length(driver, seen["screen"]) <= SCREENS * seen["screen"]
    with _viewport(driver, 900, 900):
        driver.execute_script(f"{PANEL}.scrollTop = 0")
        time.sleep(0.3)
        assert driver.execute_script(SEEN)["wide"] <= 1


THEMES = ("JupyterLab Light", "JupyterLab Dark")
KIT = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
CASES = [(path.stem, THEMES[number % 2]) for number, path in enumerate(KIT)]


@pytest.mark.parametrize(("stem", "theme"), some(CASES, 1, "to the answer"))
def test_from_the_first_page_to_the_answer(stem: str, theme: str, jupyter: Lab, driver: Chrome) -> None:
    """The first page leads to the notebook; all its cells run; pictures and outputs are whole, in readable colours;
    nothing asks for news, and nothing is asked for elsewhere.
    """
    jupyter.prefer(theme)
    driver.set_window_size(1300, 900)
    driver.implicitly_wait(60)
    driver.get(jupyter.url)
    driver.find_element("xpath", f"//*[contains(@class, 'jp-MarkdownViewer')]//a[text()='{stem}']").click()
    driver.find_element("css selector", ".jp-OutputArea-output")
    _choose(driver, "Edit", "Clear Outputs of All Cells")
    driver.find_element("css selector", ".jp-Notebook-ExecutionIndicator[data-status='idle']")
    _choose(driver, "Run", "Run All Cells")
    time.sleep(1)  # until then it may seem idle
    code = _saved(driver, jupyter.folder / "notebooks" / f"{stem}.ipynb")
    assert [output for cell in code for output in cell["outputs"] if output["output_type"] == "error"] == []
    driver.implicitly_wait(0)
    assert driver.find_elements("css selector", "#jp-toast-container *, .Toastify__toast") == []
    assert {width: cut for width in (900, 1300) if (cut := _cut(driver, width))} == {}
    driver.execute_script(f"{PANEL}.scrollTop = 0")
    _check_colours(driver)
    assert [a for a in addresses(driver) if not a.startswith("http://127.0.0.1:")] == []


def _check_colours(driver: Chrome) -> None:
    """The answer's text stands out from its ground."""
    card = driver.find_element("css selector", ".jp-OutputArea-output")
    ground = driver.execute_script(
        "let e = arguments[0], c; do { c = getComputedStyle(e).backgroundColor; e = e.parentElement } "
        "while (e && /, 0\\)|transparent/.test(c)); return c",
        card,
    )
    ink = card.find_element("css selector", "div").value_of_css_property("color")
    light, dark = sorted((_luminance(ground), _luminance(ink)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{ink} on {ground}"


GAP = "//*[contains(@class, 'jp-CodeCell')][.//*[contains(@class, 'cm-content')][contains(., 'check(\"b1\"')]]"


def _press(driver: Chrome, held: str, key: str) -> None:
    ActionChains(driver).key_down(held).send_keys(key).key_up(held).perform()


def _patiently(ask: Callable[[], str]) -> str:
    """Ask until there is an answer: elements go and come again while the notebook is laid out."""
    for _ in range(30):
        with suppress(StaleElementReferenceException, ElementNotInteractableException, NoSuchElementException):
            if told := ask():
                return told
        time.sleep(0.3)
    raise AssertionError("no answer")


def _answer(driver: Chrome, given: str, heading: str) -> str:
    """Write an answer over the first line of the gap, without quotes; return what is told below that heading."""
    line = f"answer = {given}"

    def write() -> str:
        field = driver.find_element("xpath", f"{GAP}//*[contains(@class, 'cm-line')]")
        if field.text == line:
            return line
        field.click()
        ActionChains(driver).send_keys(Keys.HOME).perform()
        _press(driver, Keys.SHIFT, Keys.END)
        ActionChains(driver).send_keys(line).perform()
        return ""

    _patiently(write)
    _press(driver, Keys.CONTROL, Keys.ENTER)
    card = f"{GAP}//b[.='{heading}']/ancestor::*[contains(@class, 'RenderedHTML')]"
    return _patiently(lambda: driver.find_element("xpath", card).text)


def test_a_gap_is_filled_and_its_check_answers(jupyter: Lab, driver: Chrome) -> None:
    """In lab b, whose list of steps leads to the gap: a typical wrong answer, a word for a hint, the right answer."""
    driver.set_window_size(1300, 900)
    driver.implicitly_wait(60)
    driver.get(jupyter.address("notebooks/91-find-the-orphan.ipynb"))
    driver.find_element("xpath", "//*[contains(text(), '| Idle')]")  # the kernel; before that JupyterLab asks for one
    time.sleep(1)
    _choose(driver, "Run", "Run All Cells")
    driver.implicitly_wait(5)

    def follow() -> str:
        driver.execute_script(f"{PANEL}.scrollTop = 0")
        driver.find_element("xpath", "//a[.='2. Your turn: find it']").click()
        return driver.find_element("xpath", GAP).text

    _patiently(follow)
    assert "the orphan of the worked example" in _answer(driver, "srv09", "✗ b1: Not yet")
    assert "Hint one" in _answer(driver, "hint", "→ b1: Hint")
    assert "both directions" in _answer(driver, "hv04", "✓ b1: Right")
    kept = json.loads((jupyter.folder / "notebooks" / "harvdiag-progress.json").read_text(encoding="utf-8"))
    assert kept["exercises"]["b1"]["solved"]


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
