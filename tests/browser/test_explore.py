"""The page to explore, worked with by hand and by keyboard in a real Chromium: alone, twice, in JupyterLab."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.sign import NotebookNotary

import harvdiag as hd
from harvdiag.figures.palette import DARK, LIGHT, contrast_ratio
from tests.routes import BROKEN, from_folder
from tests.world import faults, healthy

selenium = pytest.importorskip("selenium", reason="the browser tests need selenium")
from selenium.webdriver import ActionChains, Chrome  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.remote.webelement import WebElement  # noqa: E402

from tests.browser.lab import CHROMIUM, DRIVER, Lab, addresses  # noqa: E402
from tests.sample import some  # noqa: E402

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and its driver are not installed"),
]
SRV09 = 'g[data-key="Node//srv09"]'
HOSTILE = "</script><img src=x onerror=window.harmed=1><b>x"


class Explored:
    """One piece on a page, as a person sees it."""

    def __init__(self, driver: Chrome, number: int = 0) -> None:
        self.driver, self.number = driver, number
        end = time.monotonic() + 60
        while len(self.roots) <= number and time.monotonic() < end:
            time.sleep(0.1)
        self.root = self.roots[number]

    @property
    def roots(self) -> list[WebElement]:
        """The pieces that are seen and whose script has run."""
        found = self.driver.find_elements("css selector", ".hdx:has(.hdx-bar)")
        return [root for root in found if root.is_displayed()]

    def one(self, selector: str) -> WebElement:
        """The first element with this selector in it."""
        return self.root.find_element("css selector", selector)

    def keys(self, selector: str) -> list[str]:
        """The keys of the parts of the picture that have this selector and are shown."""
        return self.shown(selector, "data-key")

    def shown(self, selector: str, attribute: str) -> list[str]:
        """An attribute of each part of the picture that is shown: all in one question, not two for each part."""
        found = "[...arguments[0].querySelectorAll(`.hdx-view ${arguments[1]}`)]"
        seen = "filter((it) => it.getClientRects().length && getComputedStyle(it).visibility === 'visible')"
        told = f"return {found}.{seen}.map((it) => String(it.getAttribute(arguments[2])))"
        return list(self.driver.execute_script(told, self.root, selector, attribute))

    def chip(self, word: str) -> WebElement:
        """A button by what stands on it."""
        return self.root.find_element("xpath", f".//button[contains(normalize-space(), '{word}')]")

    def click(self, selector: str) -> None:
        """Click in the middle of a part of the picture."""
        ActionChains(self.driver).move_to_element(self.one(selector)).click().perform()

    def hover(self, selector: str) -> str:
        """Point at a part of the picture; returns what is told beside it."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            ActionChains(self.driver).move_to_element(self.one(selector)).move_by_offset(3, 3).perform()
            if told := self.one(".hdx-tip").text:
                return told
        return ""

    def press(self, *keys: str) -> None:
        """Keys to whatever has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def search(self, *keys: str) -> str:
        """Type into the search; returns the count that is told."""
        self.one("input").send_keys(*keys)
        return self.one(".hdx-count").text

    @property
    def title(self) -> str:
        """What the panel is about."""
        return self.one(".hdx-title").text

    @property
    def panel(self) -> str:
        """All that the panel tells."""
        return str(self.one(".hdx-panel").get_property("innerText"))

    @property
    def focused(self) -> str:
        """The key of the part that has the focus."""
        return str(self.driver.switch_to.active_element.get_attribute("data-key"))

    def opacity(self, selector: str) -> float:
        """How bright the shapes of a part are, once they no longer change."""
        time.sleep(0.3)
        return float(self.one(f"{selector} rect:not(.hdx-ring)").value_of_css_property("opacity"))

    def ink(self, selector: str) -> str:
        """The colour of the words of a part, as ``#rrggbb``."""
        numbers = re.findall(r"\d+", self.one(f"{selector} text").value_of_css_property("fill"))[:3]
        return "#" + "".join(f"{int(number):02x}" for number in numbers)

    @property
    def is_beside(self) -> bool:
        """Whether the panel is wholly in the window, right of the picture."""
        panel, view = self.one(".hdx-panel").rect, self.one(".hdx-frame").rect
        return bool(panel["x"] >= view["x"] + view["width"] and self.is_in_view)

    @property
    def is_in_view(self) -> bool:
        """Whether the panel is wholly in the window."""
        inside = "const b = arguments[0].getBoundingClientRect(); return b.top >= 0 && b.bottom <= innerHeight + 1"
        return bool(self.driver.execute_script(inside, self.one(".hdx-panel")))

    @property
    def width(self) -> float:
        """That of the picture, as zoomed."""
        return float(self.one(".hdx-view svg").rect["width"])


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the sample in which srv09 has no Machine."""
    return hd.explore(hd.open(BROKEN)).save(tmp_path_factory.mktemp("page") / "links.html")


@pytest.fixture
def page(driver: Chrome, saved: Path) -> Iterator[Explored]:
    """The page, opened anew; at the end nothing was complained of and nothing was asked of the network."""
    driver.get(saved.as_uri())
    yield Explored(driver)
    assert_quiet(driver)


def assert_quiet(driver: Chrome) -> None:
    """No error on the console, no request that leaves the page."""
    assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert addresses(driver) == []
    assert driver.execute_script("return performance.getEntriesByType('resource').map((it) => it.name)") == []


# --- search --------------------------------------------------------------------------------------------------------


def test_search_marks_and_enter_goes_round(page: Explored) -> None:
    """The hits are counted and marked; Enter opens one after the other, the one of that very name first."""
    assert re.fullmatch(r"\d+ hits", page.search("srv0"))
    assert {"Node//srv06", "Node//srv07", "Node//srv08", "Node//srv09"} <= set(page.keys(".hdx-match"))
    assert "Machine/fleet-local/custom-551c3acbbeb6" not in page.keys(".hdx-match")
    page.one("input").clear()
    count = page.search("srv09", Keys.ENTER)
    assert re.fullmatch(r"1 of \d+", count)
    assert page.title in {"Node srv09", "Host srv09"}
    total = int(count.rpartition(" ")[2])
    titles = [page.title]
    for _ in range(total):
        page.search(Keys.ENTER)
        titles.append(page.title)
    assert titles[-1] == titles[0]
    assert len(set(titles)) == total
    page.search(Keys.SHIFT + Keys.ENTER + Keys.NULL)
    assert page.title == titles[-2]


def test_search_takes_words_of_kind_and_facts(page: Explored) -> None:
    """All of them must fit; what fits nothing is told; Escape clears."""
    assert page.search("machine srv06") != "0 hits"
    page.one("input").clear()
    assert page.search("no such thing") == "0 hits"
    page.search(Keys.ENTER)
    assert page.title == "Findings"
    assert page.search(Keys.ESCAPE) == ""
    assert page.one("input").get_attribute("value") == ""


# --- pointing and clicking -----------------------------------------------------------------------------------------


def test_hover_tells_what_it_is(page: Explored) -> None:
    """Kind, name, state and findings, without a click; gone when the pointer leaves."""
    told = page.hover(SRV09)
    tip = page.one(".hdx-tip")
    assert told.split("\n")[:2] == ["Node srv09", "exists"]
    assert "✗ Node srv09 has no Machine" in told
    ActionChains(page.driver).move_to_element(page.one("input")).perform()
    assert not tip.is_displayed()
    assert page.title == "Findings"


def test_click_opens_and_fades_the_rest(page: Explored) -> None:
    """Its neighbours stay bright; the panel tells findings, steps, links by field, facts and YAML."""
    page.click('g[data-key="Node//srv06"]')
    assert page.title == "Node srv06"
    assert page.opacity('g[data-key="Node//srv06"]') == 1
    assert page.opacity('g[data-key="Machine/fleet-local/custom-9f6ca6994d70"]') == 1
    assert page.opacity('g[data-key="Machine/fleet-local/custom-2a4a16d05048"]') == 0.45
    for text in ('metadata.annotations["cluster.x-k8s.io/machine"]', "status.nodeRef.name", "schedulable", "spec:"):
        assert text in page.panel
    page.click(SRV09)
    for text in (
        "node-without-machine",
        "Next",
        "nodes/srv09.zip/logs/rancherd.log",
        "Caution",
        "✗ Node srv09 → no Machine",
    ):
        assert text in page.panel
    page.one(".hdx-close").click()
    assert page.title == "Findings"
    assert page.opacity('g[data-key="Machine/fleet-local/custom-2a4a16d05048"]') == 1


def test_links_and_findings_lead_on(page: Explored) -> None:
    """From the finding to its object, from there along a link; what does not exist is marked as such."""
    page.chip("error: Node srv09").click()
    assert page.title == "Node srv09"
    page.chip("Host srv09").click()
    assert page.title == "Host srv09"
    assert "Not in the picture" in page.panel
    assert "✗ does not exist" in page.panel
    page.chip("Machine fleet-local/custom-551c3acbbeb6").click()
    assert page.title == "Machine fleet-local/custom-551c3acbbeb6"


def test_the_place_of_what_is_missing_can_be_opened(page: Explored) -> None:
    """It leads back to the object that misses it."""
    page.click('g[data-role="placeholder"]')
    assert "srv09" in page.panel
    page.chip("Node srv09").click()
    assert page.title == "Node srv09"


# --- keyboard ------------------------------------------------------------------------------------------------------


def test_everything_is_reached_by_keyboard(page: Explored) -> None:
    """Tab: search, zoom, filters, the picture, one object; the first is a broken one."""
    reached = []
    for _ in range(20):
        page.press(Keys.TAB)
        active = page.driver.switch_to.active_element
        reached.append(str(active.get_attribute("aria-label") or active.text))
        if active.get_attribute("data-key"):
            break
    assert reached[0].startswith("Search the objects")
    assert reached[1:5] == ["Zoom out (-)", "Zoom in (+)", "Fit the width (0)", "✗ Broken only"]
    assert reached[-2].startswith("The picture")
    assert page.focused == "Node//srv09"
    ring = page.one(f"{SRV09} .hdx-ring")
    assert ring.value_of_css_property("stroke") != "none"
    assert page.one(".hdx-tip").is_displayed()


def test_arrows_enter_escape(page: Explored) -> None:
    """Arrows go to the nearest that way, Enter opens, Escape closes; one object alone is in the order of Tab."""
    page.driver.execute_script("arguments[0].focus()", page.one('g[data-key="Node//srv06"]'))
    page.press(Keys.ARROW_RIGHT)
    assert page.focused == "Machine/fleet-local/custom-9f6ca6994d70"
    page.press(Keys.ARROW_DOWN)
    assert page.focused == "Machine/fleet-local/custom-2a4a16d05048"
    page.press(Keys.ARROW_LEFT)
    assert page.focused == "Node//srv07"
    assert len(page.root.find_elements("css selector", '.hdx-view g[tabindex="0"]')) == 1
    page.press(Keys.ENTER)
    assert page.title == "Node srv07"
    assert page.one('g[data-key="Node//srv07"]').get_attribute("aria-pressed") == "true"
    page.press(Keys.TAB)
    page.press(Keys.ESCAPE)
    assert page.title == "Findings"
    assert page.focused == "Node//srv07", "the focus is back where it came from"


def test_parts_have_names_for_those_who_cannot_see(page: Explored) -> None:
    """Each is a button that says what it is and what is wrong with it; the counts are told as they change."""
    for part in page.root.find_elements("css selector", '.hdx-view g[role="button"]'):
        assert str(part.get_attribute("aria-label")).strip()
    assert "has no Machine" in str(page.one(SRV09).get_attribute("aria-label"))
    assert page.one(".hdx-view svg").get_attribute("aria-label") == hd.draw(hd.open(BROKEN)).alt
    assert {it.get_attribute("aria-live") for it in page.root.find_elements("css selector", ".hdx-count")} == {"polite"}


# --- filters and zoom ----------------------------------------------------------------------------------------------


def test_broken_only(page: Explored) -> None:
    """The broken node and what it lacks are left, and the link between them."""
    whole = set(page.keys('[role="button"]'))
    high = page.one(".hdx-view").rect["height"]
    page.chip("Broken only").click()
    assert set(page.keys('[role="button"]')) == {"Node//srv09", "Machine//srv09/none"}
    assert page.one(".hdx-view").rect["height"] < high / 2, "no empty page is kept"
    assert page.root.find_elements("css selector", ".hdx-count")[-1].text == f"2 of {len(whole)} objects shown"
    assert page.shown("g[data-role=link]", "data-state") == ["error"]
    page.chip("Broken only").click()
    assert set(page.keys('[role="button"]')) == whole


def test_broken_only_begins_with_nothing_open(page: Explored) -> None:
    """What is broken is bright, whatever was open; sentences about what is hidden are hidden, too."""
    page.click('g[data-key="Node//srv06"]')
    sentence = 'g[data-role="caption"][data-state="error"]'
    assert page.opacity(sentence) == 0.45
    page.chip("Broken only").click()
    assert page.title == "Findings"
    assert page.opacity(SRV09) == page.opacity(sentence) == 1
    page.chip("Broken only").click()
    page.click(SRV09)
    assert page.opacity(sentence) == 1
    page.one(".hdx-close").click()
    page.root.find_element("css selector", 'button[data-kind="RKEBootstrap"]').click()
    assert not page.one(sentence).is_displayed()


def test_the_panel_of_what_does_not_exist_says_why(driver: Chrome, tmp_path: Path) -> None:
    """The finding that names it, with the next step; each link once."""
    ghosts = hd.open(BROKEN.with_name("ghost-machines.zip"))
    driver.get(hd.explore(ghosts).save(tmp_path / "x.html").as_uri())
    page = Explored(driver)
    page.click('g[data-key="Node//hv09"]')
    assert page.title == "Node hv09"
    for text in ("does not exist", "machine-dangling-node", "Next"):
        assert text in page.panel
    assert page.hover('g[data-key="Node//hv09"]').count("✗") >= 2
    told = [it.text for it in page.root.find_elements("css selector", ".hdx-list li")]
    links = [text for text in told if "status.nodeRef" in text and ("→" in text or "←" in text)]
    assert len(links) == 1
    assert links[0].startswith("✗ status.nodeRef.name ← Machine")
    assert_quiet(driver)


def test_the_hint_leaves_its_row_free(page: Explored) -> None:
    """It stands below or above all boxes of the row."""
    for node, others in (("srv09", ["Machine//srv09/none"]), ("srv06", ["Machine/fleet-local/custom-9f6ca6994d70"])):
        key = f"Node//{node}"
        assert page.hover(f'g[data-key="{key}"]')
        tip = page.one(".hdx-tip").rect
        for part in (key, *others):
            box = page.one(f'g[data-key="{part}"]').rect
            assert tip["y"] >= box["y"] + box["height"] or tip["y"] + tip["height"] <= box["y"]


@pytest.mark.parametrize("high", [700, 1400])
def test_a_saved_page_uses_the_height_of_the_window(high: int, driver: Chrome, tmp_path: Path) -> None:
    """The picture may be as high as nine tenths of it; in another page it is bound."""
    names = [f"n{number:02}" for number in range(24)]
    explored = hd.explore(from_folder(tmp_path, healthy(names).objects))
    piece = tmp_path / "piece.html"
    piece.write_text(f"<!doctype html><meta charset=utf-8><body>{explored.html}", encoding="utf-8")
    path = explored.save(tmp_path / "x.html")
    size = driver.get_window_size()
    driver.set_window_size(1500, high)
    try:
        driver.get(path.as_uri())
        page = Explored(driver)
        inner = driver.execute_script("return innerHeight")
        least = min(inner * 0.9, float(page.one(".hdx-view svg").rect["height"]))
        assert page.one(".hdx-view").rect["height"] >= least - 3
        driver.get(piece.as_uri())
        assert Explored(driver).one(".hdx-view").rect["height"] <= min(inner * 0.72, 720) + 3
    finally:
        driver.set_window_size(size["width"], size["height"])


def test_a_kind_alone_can_be_shown(page: Explored) -> None:
    """A button shows what it names, two show both, without a link that leads nowhere; again, and all is shown."""
    whole = page.keys('[role="button"]')
    for name, kinds in (("RKEBootstrap", {"RKEBootstrap"}), ("CustomMachine", {"RKEBootstrap", "CustomMachine"})):
        page.root.find_element("css selector", f'button[data-kind="{name}"]').click()
        assert {key.partition("/")[0].partition(".")[0] for key in page.keys('[role="button"]')} == kinds
    assert page.chip("RKEBootstrap").get_attribute("aria-pressed") == "true"
    assert page.shown("g[data-role=link]", "data-state") == []
    for name in ("RKEBootstrap", "CustomMachine"):
        page.root.find_element("css selector", f'button[data-kind="{name}"]').click()
    assert page.keys('[role="button"]') == whole


@pytest.mark.parametrize("width", [400, 1000, *some([700, 1300], 1, "details")])
def test_the_details_are_in_view(width: int, page: Explored) -> None:
    """Beside the picture where there is room, else in a drawer that leaves the object free; Escape takes it away."""
    page.driver.set_window_size(width, 900)
    page.driver.refresh()
    page = Explored(page.driver)
    low = 'g[data-key="Node//srv08"]'
    for selector in (low, SRV09):
        page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", page.one(selector))
        page.click(selector)
        assert page.is_beside if width >= 1000 else page.is_in_view
        box, panel = page.driver.execute_script(
            "return [...arguments].map((it) => it.getBoundingClientRect())", page.one(selector), page.one(".hdx-panel")
        )
        assert box["right"] <= panel["left"] + 1 or box["bottom"] <= panel["top"] + 1
    page.press(Keys.ESCAPE)
    assert page.title == "Findings"
    assert page.one(".hdx-panel").value_of_css_property("position") != "fixed"


@pytest.mark.parametrize(("theme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_what_recedes_stays_readable(theme: str, colours: dict[str, str], driver: Chrome, tmp_path: Path) -> None:
    """Its words have a contrast of three to one, on its own background and on that of the page."""
    driver.get(hd.explore(hd.open(BROKEN), theme=theme).save(tmp_path / "x.html").as_uri())
    page = Explored(driver)
    page.click(SRV09)
    dimmed = page.ink('g[data-key="Node//srv06"]')
    assert page.ink(SRV09) == colours["ink"]
    assert dimmed == colours["edge"]
    assert min(contrast_ratio(dimmed, colours[on]) for on in ("paper", "box")) >= 3


def test_keys_work_without_a_box_in_focus(page: Explored) -> None:
    """In a page of its own: zoom, the search, and back; in the search they are letters."""
    fit = page.width
    page.press("+")
    assert page.width == pytest.approx(fit * 1.25, rel=0.01)
    page.press("0")
    assert page.width == pytest.approx(fit, rel=0.01)
    page.press("/")
    page.press("a", "-", "/", "+")
    assert page.one("input").get_attribute("value") == "a-/+"
    assert page.width == pytest.approx(fit, rel=0.01)


def test_findings_lead_to_their_causes(page: Explored) -> None:
    """In the list of all, and in the details."""
    assert "Follows from: ✗ error: Node srv09" in " ".join(page.panel.split())
    page.one(".hdx-causes button").click()
    assert page.title == "Node srv09"


def test_zoom_by_button_key_wheel_and_drag(page: Explored) -> None:
    """In, out, back; ctrl and the wheel; the picture can be pulled along, and that opens nothing."""
    fit = page.width
    page.one('button[aria-label^="Zoom in"]').click()
    assert page.width == pytest.approx(fit * 1.25, rel=0.01)
    page.driver.execute_script("arguments[0].focus()", page.one(SRV09))
    page.press("+", "+")
    assert page.width == pytest.approx(fit * 1.25**3, rel=0.01)
    page.press("-")
    assert page.width == pytest.approx(fit * 1.25**2, rel=0.01)
    view = page.one(".hdx-view")
    middle = ActionChains(page.driver).move_to_element(view).click_and_hold().move_by_offset(-60, -30).release()
    middle.perform()
    assert view.get_property("scrollLeft") >= 50
    assert page.title == "Findings"
    page.driver.execute_script("arguments[0].focus()", page.one(SRV09))
    page.press("0")
    assert page.width == pytest.approx(fit, rel=0.01)
    wheel = (
        "arguments[0].dispatchEvent(new WheelEvent('wheel', {deltaY: -200, ctrlKey: arguments[1], cancelable: true}))"
    )
    assert page.driver.execute_script(f"return {wheel}", view, False), "the page may scroll"
    assert page.width == pytest.approx(fit, rel=0.01)
    assert not page.driver.execute_script(f"return {wheel}", view, True)
    assert page.width > fit * 1.5


# --- other pages ---------------------------------------------------------------------------------------------------


def test_many_nodes_are_found_in_their_bundle(driver: Chrome, tmp_path: Path) -> None:
    """A folded node is searched and opened as any other; the bundle lists its members."""
    names = [f"n{number:03}" for number in range(50)]
    world = healthy(names)
    faults.orphan(world, "n031")
    driver.get(hd.explore(from_folder(tmp_path, world.objects)).save(tmp_path / "x.html").as_uri())
    page = Explored(driver)
    page.search("n017", Keys.ENTER)
    assert page.title in {"Node n017", "Host n017"}
    assert "n017 is one of 49 folded nodes" in page.panel or "n017 belongs to one of 49 folded nodes" in page.panel
    (bundle,) = page.keys('g[data-role="bundle"]')
    assert page.keys(".hdx-open") == page.keys(".hdx-match") == [bundle]
    page.chip("Show all 49 folded nodes").click()
    assert "Node n000" in page.panel
    page.chip("Node n000").click()
    assert page.title == "Node n000"
    assert "providerID" in page.panel
    assert_quiet(driver)


def test_two_on_a_page_leave_each_other_alone(driver: Chrome, tmp_path: Path) -> None:
    """The same one twice: each has its own search, panel and picture."""
    piece = hd.explore(hd.open(BROKEN)).html
    path = tmp_path / "two.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><body>{piece}<p>between</p>{piece}", encoding="utf-8")
    driver.get(path.as_uri())
    first, second = Explored(driver), Explored(driver, 1)
    assert len(first.roots) == 2
    second.search("srv06", Keys.ENTER)
    assert second.title in {"Node srv06", "Host srv06"}
    assert first.title == "Findings"
    assert first.keys(".hdx-match") == []
    first.click(SRV09)
    assert (first.title, second.title) == ("Node srv09", second.title)
    assert len(driver.find_elements("css selector", ".hdx-bar")) == 2
    assert_quiet(driver)


def test_without_scripts_it_is_a_picture_with_text(driver: Chrome, saved: Path) -> None:
    """No control that does nothing; the image is whole and has its words."""
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        driver.get(saved.as_uri())
        figure = hd.draw(hd.open(BROKEN))
        image = driver.find_element("css selector", "img")
        assert image.is_displayed()
        assert image.rect["width"] > 900
        assert image.rect["height"] > 300
        assert image.get_attribute("alt") == figure.alt
        assert driver.find_elements("css selector", "button, input") == []
        driver.find_element("css selector", "summary").click()
        assert driver.find_element("css selector", "pre").text.strip() == figure.text.strip()
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_hostile_names_stay_text(driver: Chrome, tmp_path: Path) -> None:
    """In picture, search, hint and panel: shown as they are, never run."""
    world = healthy()
    patch = {"metadata": {"annotations": {"cluster.x-k8s.io/machine": HOSTILE}, "labels": {HOSTILE: HOSTILE}}}
    world.change("Node", "hv02", patch)
    driver.get(hd.explore(from_folder(tmp_path, world.objects)).save(tmp_path / "x.html").as_uri())
    page = Explored(driver)
    page.click('g[data-key="Node//hv02"]')
    assert HOSTILE in page.panel
    page.search("onerror", Keys.ENTER)
    assert page.driver.execute_script("return window.harmed") is None
    assert page.root.find_elements("css selector", "img, .hdx-panel b b, iframe") == []
    assert_quiet(driver)


@pytest.mark.parametrize(("theme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_a_wished_theme_is_kept(theme: str, colours: dict[str, str], driver: Chrome, tmp_path: Path) -> None:
    """Paper and ink are those of the palette, and so are the shapes of the picture."""
    driver.get(hd.explore(hd.open(BROKEN), theme=theme).save(tmp_path / "x.html").as_uri())
    page = Explored(driver)
    assert rgb(page.root.value_of_css_property("background-color")) == colours["paper"]
    assert (
        rgb(driver.find_element("css selector", "body").value_of_css_property("background-color")) == colours["paper"]
    )
    assert rgb(page.root.value_of_css_property("color")) == colours["ink"]
    assert rgb(page.one(".hdx-view text.f-ink").value_of_css_property("fill")) == colours["ink"]


def rgb(colour: str) -> str:
    """``rgb(…)`` as ``#rrggbb``."""
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])


# --- JupyterLab ----------------------------------------------------------------------------------------------------


def notebook(path: Path, trusted: bool, source: str = "hd.explore(cluster)") -> None:
    """A notebook with an explorer in its output, as a kernel would have written it."""
    data = hd.explore(hd.open(BROKEN))._repr_mimebundle_()
    shown: Any = nbformat.v4.new_output("execute_result", data=data, execution_count=1)
    cell = nbformat.v4.new_code_cell(source, outputs=[shown], execution_count=1)
    whole = nbformat.v4.new_notebook(cells=[cell])
    # Without a name, JupyterLab asks for a kernel, and its dialog lies over everything.
    whole.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    if trusted:
        NotebookNotary().sign(whole)
    nbformat.write(whole, path)


@pytest.mark.parametrize(
    ("theme", "colours"),
    some([("JupyterLab Light", LIGHT), ("JupyterLab Dark", DARK)], 1, "the explorer in JupyterLab"),
)
def test_in_jupyterlab(
    theme: str, colours: dict[str, str], jupyter: Lab, driver: Chrome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the colours of its theme; keys are the explorer's and not the notebook's; no request leaves the machine."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(jupyter.data))
    notebook(jupyter.folder / "trusted.ipynb", trusted=True)
    jupyter.prefer(theme)
    driver.set_window_size(1300, 1100)
    driver.get(jupyter.address("trusted.ipynb"))
    page = Explored(driver)
    assert rgb(page.root.value_of_css_property("background-color")) == colours["paper"]
    assert rgb(page.one(f"{SRV09} text").value_of_css_property("fill")) == colours["ink"]
    assert "has no Machine" in page.hover(SRV09)
    page.click('g[data-key="Node//srv06"]')
    assert page.title == "Node srv06"
    page.press(Keys.ARROW_DOWN, "a", "b", "d", "d", Keys.ENTER)
    page.driver.switch_to.active_element.send_keys(Keys.SHIFT + Keys.ENTER + Keys.NULL)
    assert page.title == "Node srv07"
    assert len(driver.find_elements("css selector", ".jp-Cell")) == 1, "no cell was added, none deleted"
    page.press(Keys.ESCAPE)
    assert page.title == "Findings"
    assert page.search("srv09", Keys.ENTER).startswith("1 of ")
    page.chip("Broken only").click()
    assert set(page.keys('[role="button"]')) == {"Node//srv09", "Machine//srv09/none"}
    wide = driver.execute_script("return [arguments[0].scrollWidth, arguments[0].clientWidth]", page.root)
    assert wide[0] <= wide[1] + 1
    assert [a for a in addresses(driver) if not a.startswith("http://127.0.0.1:")] == []


def test_in_a_notebook_that_is_not_trusted(jupyter: Lab, driver: Chrome) -> None:
    """JupyterLab strips scripts, styles and SVG: the picture and the text are there."""
    # Another text than that of the trusted one, since what is signed is the content.
    notebook(jupyter.folder / "untrusted.ipynb", trusted=False, source="hd.explore(any_cluster)")
    jupyter.prefer("JupyterLab Light")
    driver.set_window_size(1300, 1100)
    driver.get(jupyter.address("untrusted.ipynb"))
    driver.implicitly_wait(60)
    image = driver.find_element("css selector", ".jp-OutputArea-output img")
    driver.implicitly_wait(0)
    assert image.get_property("naturalWidth") > 900
    assert image.get_attribute("alt") == hd.draw(hd.open(BROKEN)).alt
    assert driver.find_element("css selector", ".jp-OutputArea-output").text.strip() == "The same as text"
