"""Cards: findings and coverage as HTML for notebooks, without script, address or colour that carries meaning alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.core.findings import Findings
from harvdiag.core.model import Coverage, Evidence, ObjectRef, State
from harvdiag.kinds import DIAGNOSIS
from harvdiag.notebook import display
from harvdiag.reports.notebook import cards, parts
from harvdiag.reports.notebook.grid import NOTHING
from harvdiag.status.upgrade.part import fill_parts
from harvdiag.training.world.rollouts import at_phase
from tests import port
from tests.routes import BROKEN, HEALTHY, PATHS, checked, of_each_rule, opened, sampled
from tests.world import healthy

VOID = {"br", "hr", "img", "input", "meta", "link", "wbr"}
ALLOWED = {
    "abbr",
    "div",
    "b",
    "p",
    "dl",
    "dt",
    "dd",
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
    "wbr",
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


@of_each_rule(path for path in PATHS if sampled(path, 2, "cards"))
def test_cards_are_clean_html(path: Path) -> None:
    """Closed elements of a short list, no script, no handler, no style sheet, and nothing fetched from anywhere."""
    cluster = opened(path)
    links = {link for finding in checked(path) for link in finding.links}
    found = (cards.findings_card(checked(path)), cards.coverage_card(cluster.coverage))
    for html in (*found, cards.upgrade_card(cluster.upgrade)):
        page = Page(html)
        assert page.tags <= ALLOWED
        assert {key for key, _ in page.attributes} <= {
            "style",
            "href",
            "rel",
            "open",
            "scope",
            "title",
            "value",
            "tabindex",
            "role",
            "aria-label",
        }
        for key, value in page.attributes:
            assert key != "href" or value in links, "no address comes from a cluster"
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
    assert "Secretnot read completely: for a reason" in text
    assert "Therefore skipped: " in text
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
    gone = replace(broken[0], evidence=(Evidence(ObjectRef("Machine", "fleet-local", "m"), "", None),))
    assert "Machine fleet-local/m: does not exist" in Page(cards.finding_card(gone)).text


def test_coverage_card_has_gaps_first() -> None:
    """What limits every conclusion stands before what was seen."""
    cluster = port.cluster(healthy().objects, Upgrade=State.FORBIDDEN)
    text = Page(cards.coverage_card(cluster.coverage)).text
    assert f"{len(DIAGNOSIS) - 1} of {len(DIAGNOSIS)} lists seen" in text
    assert text.index("Upgrade") < text.index("Node")
    assert "forbidden" in text
    assert "for a reason" in text


def test_coverage_card_of_a_whole_bundle() -> None:
    """All lists seen, and notes where there are some."""
    coverage = hd.open(BROKEN).coverage
    assert f"All {len(coverage)} lists seen" in Page(cards.coverage_card(coverage)).text
    assert len(coverage) > len(DIAGNOSIS), "some kinds are listed in several namespaces"
    assert "a note" in Page(cards.coverage_card(Coverage((), ("a note",)))).text


def test_standing_card_says_what_the_text_says() -> None:
    """Every part with its label, the verdict as a word, then the nodes that are not done and no others."""
    standing = hd.open(BROKEN).upgrade
    text = Page(cards.upgrade_card(standing)).text
    assert "✗ STUCK" in text
    assert "Upgrade harvester-system/hvst-upgrade-abcde" in text
    assert all(
        f"{part.label}{part.text.replace('`', '')}" in text
        for part in fill_parts(standing.parts(), standing.findings.source)
    )
    assert "3 of 4 nodes are done. The others:" in text
    assert re.search("srv09Images preloaded[^:]+: it has no Machine, so no plan Secret", text)
    assert "srv08Succeeded" not in text


def test_standing_card_of_an_upgrade_that_goes_on() -> None:
    """Nothing found is not said to be stuck; the step of a drain is shown, and an idle one is not."""
    html = cards.upgrade_card(hd.open(BROKEN.with_name("upgrade-half-way.zip")).upgrade)
    text = Page(html).text
    assert "… IN PROGRESS" in text
    assert "STUCK" not in text
    assert parts.EDGES["error"] not in html
    assert "hv03Pre-drainingpre-drain requestedHarvester: " in text
    assert f"hv04Images preloaded{NOTHING}Rancher's planner: " in text


def test_standing_card_without_an_upgrade() -> None:
    """One that is over, and Upgrades that were not seen: no verdict, no nodes, and no alarm."""
    for cluster in (hd.open(HEALTHY), port.cluster(healthy().objects, Upgrade=State.FORBIDDEN)):
        html = cards.upgrade_card(cluster.upgrade)
        text = Page(html).text
        assert ("no upgrade is under way" in text) != ("the Upgrades were not seen" in text)
        assert "IN PROGRESS" not in text
        assert "nodes are done" not in text
        assert parts.EDGES["error"] not in html


def test_standing_card_folds_what_is_too_long() -> None:
    """Of many nodes the first stand open; none is left out."""
    names = [f"hv{n:03}" for n in range(1, 31)]
    html = cards.upgrade_card(port.cluster(at_phase(healthy(names), "PreparingNodes").objects).upgrade)
    before, folded = html.split("<details>")
    assert all((name in folded) == (n >= cards.MOST) for n, name in enumerate(names))
    assert names[0] in before
    assert "10 more" in Page(html).text


def test_standing_card_takes_names_and_messages_for_text() -> None:
    """A state, a node's name and a message of a cluster are untrusted."""
    evil = "<img src=x onerror=alert(1)>`"
    world = at_phase(healthy(), "PreparingNodes")
    upgrade = next(iter(world.find("Upgrade")))
    upgrade["spec"]["version"] = evil
    upgrade["status"]["nodeStatuses"][evil] = {"state": evil, "message": evil}
    html = cards.upgrade_card(port.cluster(world.objects).upgrade)
    page = Page(html)
    assert page.tags <= ALLOWED
    assert "onerror=alert(1)" in page.text


@pytest.mark.parametrize(
    "make", [lambda: hd.open(BROKEN).check(), lambda: hd.open(BROKEN).coverage, lambda: hd.open(BROKEN).upgrade]
)
def test_notebook_shows_cards(make: Callable[[], object]) -> None:
    """A running IPython shows findings and coverage as these cards, without harvdiag being told twice."""
    pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        display.register_formatters()
        data, _ = shell.display_formatter.format(make())
        assert Page(data["text/html"]).text
        assert data["text/plain"]
    finally:
        InteractiveShell.clear_instance()


def test_outside_of_a_notebook_nothing_is_registered() -> None:
    """Without a running IPython the call does nothing."""
    display.register_formatters()


def test_an_error_is_one_line_in_a_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong SOURCE shows the sentence, not the way through harvdiag's files; a name in it drives no terminal."""
    pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.run_cell("import harvdiag as hd\nhd.open('no\\x1bsuch.zip')")
        told = capsys.readouterr().out.strip()
        assert told.startswith("SourceError: no\\x1bsuch.zip: ")
        assert "\n" not in told
    finally:
        InteractiveShell.clear_instance()
