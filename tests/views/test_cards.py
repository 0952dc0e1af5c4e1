"""Cards: findings and coverage as HTML for notebooks, without script, address or colour that carries meaning alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.findings import Findings
from harvdiag.model import Coverage, Evidence, ObjectRef, State
from harvdiag.training import open_scenario
from harvdiag.views import cards, display
from tests import port
from tests.routes import BROKEN, HEALTHY, PATHS, name
from tests.world import healthy

VOID = {"br", "hr", "img", "input", "meta", "link"}
ALLOWED = {
    "div",
    "b",
    "p",
    "code",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "ol",
    "li",
    "a",
    "details",
    "summary",
    "span",
}


class Page(HTMLParser):
    """Reads a card and keeps what is in it; a tag that is not closed in its turn is an error."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(key, value or "") for key, value in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def broken() -> Findings:
    """The check of the broken sample."""
    return hd.open(BROKEN).check()


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_cards_are_clean_html(path: Path) -> None:
    """Closed elements of a short list, no script, no handler, no style sheet, and nothing fetched from anywhere."""
    cluster = open_scenario(path)
    for html in (cards.findings_card(cluster.check()), cards.coverage_card(cluster.coverage)):
        page = Page(html)
        assert page.tags <= ALLOWED
        assert {key for key, _ in page.attributes} <= {"style", "href", "rel", "open"}
        for key, value in page.attributes:
            assert key != "href" or value.startswith("https://github.com/")
            assert "url(" not in value
            assert not re.search(r"(?<![-\w])(color|background(-color)?)\s*:\s*(#|black|white)", value), (
                "fits light and dark"
            )


def test_card_says_all_that_a_finding_says(broken: Findings) -> None:
    """Severity as a word, rule, subject, message, why, evidence, steps, caution, links, and what follows."""
    text = Page(cards.findings_card(broken)).text
    root, then = broken
    for part in (
        "ERROR", root.rule, str(root.subject), root.message, root.why, root.caution, "rke2://srv09", "absent",
        "harvester/harvester#8236", then.rule, str(then.subject), then.message, "leads to", "1 root cause",
    ):  # fmt: skip
        assert part in text
    assert all(step.replace("`", "") in text for step in root.next)
    assert text.index(root.message) < text.index(then.message)


def test_card_of_one_finding(broken: Findings) -> None:
    """A finding by itself, as a notebook shows `findings[0]`."""
    text = Page(cards.finding_card(broken[0])).text
    assert broken[0].message in text
    assert "leads to" not in text


def test_card_of_nothing_found() -> None:
    """Silence is told, with what was looked at."""
    text = Page(cards.findings_card(hd.open(HEALTHY).check())).text
    assert "Nothing found" in text
    assert "healthy.zip" in text
    assert "ot judged" not in text
    assert "Not seen" not in text


def test_card_tells_what_was_not_judged() -> None:
    """Each skipped check with its reason."""
    findings = port.cluster(healthy().objects, Secret=State.FAILED).check()
    text = Page(cards.findings_card(findings)).text
    assert "Not seen" in text
    assert "Secretnot read whole: for a reason" in text
    assert "Therefore not judged: " in text
    assert text.count("for a reason") == 1


def test_card_of_a_consequence_tells_its_own_advice(broken: Findings) -> None:
    """The caution about the Upgrade, and the steps that the Node's finding does not give."""
    root, then = broken
    text = Page(cards.findings_card(broken)).text
    assert then.caution in text
    assert text.index(then.message) < text.index(then.caution)
    assert all(text.count(step.replace("`", "")) == 1 for step in (*root.next, *then.next))


def test_card_tells_an_object_that_does_not_exist(broken: Findings) -> None:
    """Evidence without a path is about the object itself."""
    gone = broken[0]._replace(evidence=(Evidence(ObjectRef("Machine", "fleet-local", "m"), "", None),))
    assert "Machine fleet-local/mdoes not exist" in Page(cards.finding_card(gone)).text


def test_coverage_card_has_gaps_first() -> None:
    """What limits every conclusion stands before what was seen."""
    cluster = port.cluster(healthy().objects, Upgrade=State.FORBIDDEN)
    text = Page(cards.coverage_card(cluster.coverage)).text
    assert "11 of 12 lists seen" in text
    assert text.index("Upgrade") < text.index("Node")
    assert "forbidden" in text
    assert "for a reason" in text


def test_coverage_card_of_a_whole_bundle() -> None:
    """All lists seen, and notes where there are some."""
    assert "All 12 lists seen" in Page(cards.coverage_card(hd.open(BROKEN).coverage)).text
    assert "a note" in Page(cards.coverage_card(Coverage((), ("a note",)))).text


@pytest.mark.parametrize("make", [lambda: hd.open(BROKEN).check(), lambda: hd.open(BROKEN).coverage])
def test_notebook_shows_cards(make: Callable[[], object]) -> None:
    """A running IPython shows findings and coverage as these cards, without harvdiag being told twice."""
    pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        display.register()
        data, _ = shell.display_formatter.format(make())
        assert Page(data["text/html"]).text
        assert data["text/plain"]
    finally:
        InteractiveShell.clear_instance()


def test_outside_of_a_notebook_nothing_is_registered() -> None:
    """Without a running IPython the call does nothing."""
    display.register()
