"""The page to hand on: one valid file without a script, that loads nothing and has all of the report."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.core.errors import UsageError
from harvdiag.core.findings import Findings
from harvdiag.core.model import State
from harvdiag.core.notes import Note, Notes, NoteStatus
from harvdiag.figures.palette import DARK, LIGHT
from harvdiag.reports import html, render
from harvdiag.share import render_report
from tests import port
from tests.reports.hostile import HOSTILE, findings
from tests.routes import BROKEN, HEALTHY
from tests.world import faults, healthy

VOID = {"meta", "img", "br", "wbr", "source", "hr"}
ALLOWED = {
    *("html", "head", "title", "style", "body", "header", "main", "footer", "nav", "section", "article", "h1", "h2"),
    *("h3", "h4", "h5", "p", "ul", "ol", "li", "dl", "dt", "dd", "div", "span", "bdi", "strong", "em", "s", "code"),
    *("pre", "blockquote", "a", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "figure"),
    *("figcaption", "picture", *VOID),
}


class Page(HTMLParser):
    """A page taken apart: every element is allowed, closed in order, and carries nothing that acts or loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.headings: list[int] = []
        self.texts: list[str] = []
        self.count: Counter[str] = Counter()
        assert text.startswith("<!DOCTYPE html>\n")
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, self.get_starttag_text()
        given = dict(attrs)
        assert len(given) == len(attrs)
        assert not [name for name in given if name.startswith("on") or name == "style"]
        self.count[tag] += 1
        self.ids += [given["id"] or ""] if "id" in given else []
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag == "a":
            self._follow(given)
        if tag in {"img", "source"}:
            assert (given.get("src") or given.get("srcset") or "").startswith("data:image/svg+xml;base64,")
        assert tag != "img" or given["alt"]
        assert tag != "th" or given["scope"]
        if tag not in VOID:
            self.open.append(tag)

    def _follow(self, given: dict[str, str | None]) -> None:
        address = given["href"] or ""
        if address.startswith("#"):
            self.targets.append(address[1:])
        else:
            assert address.startswith(("https://", "http://", "mailto:"))
            assert "noreferrer" in (given["rel"] or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        """All that is read, with single blanks."""
        return " ".join(" ".join(self.texts).split())


def take_apart(text: str) -> Page:
    """The page, with what every page must be."""
    page = Page(text)
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in text
    assert max(Counter(page.ids).values()) == 1
    assert set(page.targets) <= set(page.ids)
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert not re.search(r"url\(|@import|expression\(", text)
    return page


def noted(of: Findings, *notes: Note) -> Findings:
    """The findings with these notes."""
    return Findings(of.source, of.coverage, of.outcomes, of.upgrade, Notes(notes))


def blind() -> hd.Cluster:
    """A cluster with an orphan, of which two kinds were not seen."""
    world = healthy()
    faults.orphan(world, "hv03")
    return port.cluster(world.objects, CustomMachine=State.FAILED, Secret=State.FORBIDDEN)


def unseen() -> hd.Cluster:
    """A cluster of which no check can be run."""
    return port.cluster([], **dict.fromkeys(("Node", "Machine", "Secret", "Upgrade", "Setting"), State.FORBIDDEN))


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        (lambda: hd.open(BROKEN), ["Node srv09 has no Machine", "Steps", "All 8 steps", "9 fields", "1 consequence:"]),
        (lambda: hd.open(HEALTHY), ["Nothing found", "lists that harvdiag looks at were seen"]),
        (blind, ["Not seen, so that checks were skipped", "machine-without-plan", "skipped checks"]),
        (unseen, ["Undetermined", "not seen whole"]),
    ],
    ids=["broken", "healthy", "blind", "unseen"],
)
def test_the_page_is_sound_and_has_everything(cluster, words: list[str]) -> None:  # type: ignore[no-untyped-def]
    """Every finding and every gap; the same bytes each time."""
    text = render_report(cluster(), "html")
    page = take_apart(text)
    assert [word for word in words if word not in page.text] == []
    assert text == render_report(cluster(), "html")
    for finding in cluster().check() if cluster is not unseen else ():
        assert finding.message.split(":")[0] in page.text
        assert finding.rule in page.text


def test_the_page_of_a_cluster_has_pictures_and_that_of_findings_has_none(tmp_path: Path) -> None:
    """Each as a table too; the path of the author's machine is in neither."""
    cluster = hd.open(BROKEN)
    with_pictures = hd.report(cluster, tmp_path / "x.html").read_text(encoding="utf-8")
    without = hd.report(cluster.check(), tmp_path / "y.html").read_text(encoding="utf-8")
    page = take_apart(with_pictures)
    assert page.count["figure"] == page.count["img"] == page.count["figcaption"] == 5
    assert take_apart(without).count["img"] == 0
    assert render(cluster.check(), "html") == without
    assert str(BROKEN) not in with_pictures
    assert f"harvdiag report {BROKEN.name}" in page.text
    with pytest.raises(UsageError, match="not int"):
        hd.report(5, tmp_path / "z.html")  # type: ignore[arg-type]


def test_notes_are_shown_where_they_belong() -> None:
    """With their status and their ticks; those about the cluster and about what is gone have their own place."""
    plain = hd.open(BROKEN).check()
    root = plain[0]
    told = noted(
        plain,
        Note(text="Lab **two**", author="Kim"),
        Note(fingerprint=root.fingerprint, text="by hand", status=NoteStatus.ACKNOWLEDGED, done=(root.next[3],)),
        Note(fingerprint="node-not-managed:Node::old", text="was fixed"),
    )
    text = html.render(told)
    page = take_apart(text)
    assert text.count('<span class="status">acknowledged</span>') == 3
    assert text.count('class="done"') == html.render(plain).count('class="done"') + 1
    assert "<strong>two</strong>" in text
    assert page.text.index("by hand") < page.text.index("Lab") < page.text.index("node-not-managed old")


def test_many_alike_root_causes_share_a_section() -> None:
    """Of each there is the object, the evidence, and what differs."""
    world = healthy([f"hv{number:02}" for number in range(1, 41)])
    for number in range(5, 35):
        faults.orphan(world, f"hv{number:02}")
    page = take_apart(render_report(port.cluster(world.objects), "html"))
    assert page.count["article"] < 5
    assert "Likewise: 29 other objects" in page.text
    assert "Steps and caution are those of" in page.text
    assert "Node hv34" in page.text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_text(text: str) -> None:
    """Wherever it is: no element comes of it, and no control character is left."""
    page = take_apart(html.render(findings(text)))
    plain = take_apart(html.render(findings("plain")))
    links = 9 if text is HOSTILE["markdown"] else 0  # those of three notes, which are written in Markdown
    assert page.count["a"] - links == plain.count["a"]
    assert all(page.count[tag] == plain.count[tag] for tag in ("article", "details", "h2", "h3", "dt", "ol", "img"))
    assert not set("".join(page.texts)) & set("\x00\x1b\u202e\u2066\u2028\ud800")
    assert "49" not in page.text


def test_the_colours_are_those_of_the_pictures() -> None:
    """The style sheet names no other, light and dark."""
    sheet = Path(html.__file__).with_name("report.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--(\w+): (#\w+)", part)) for part in sheet.split("prefers-color-scheme: dark")[:2])
    for name in light.keys() - {"link"}:
        assert (light[name], dark[name]) == (LIGHT[name], DARK[name])
    assert (light["link"], dark["link"]) == (LIGHT["now"], DARK["now"])
