"""Names from a cluster are untrusted text: none of them is interpreted, wherever it is shown."""

from __future__ import annotations

import json
import re
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harvdiag.core.escape import escape_html, escape_markdown, escape_text, format_code, format_value
from harvdiag.core.findings import Findings, Source
from harvdiag.core.model import Coverage, CoverageEntry, Evidence, Finding, ObjectRef, Outcome, Severity, State
from harvdiag.reports import json as as_json
from harvdiag.reports import markdown as as_markdown
from harvdiag.reports import terminal
from harvdiag.reports.notebook import cards
from tests.sample import examples

PIECES = (
    "\x1b[31m", "\x1b]0;title\x07", "\x9b2J", "\r", "\n", "\t", "\0", "\x7f", "\u2028", "\u2029", "\u0085",
    "\u202e", "\u2066", "\u061c", "\u200b", "\u200f", "\ufeff", "\u00ad", "\ud800", "\udcff", "\U000e0041",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "'", '"', "&amp;", "-->", "]]>",
    "|", "`", "``", "```", "*bold*", "_it_", "[a](b)", "![a](b)", "# head", "~~~", "- ", "1. ",
    "\\", "\\|", "> ", "$x$", "srv09", "é", "漢", "🙂", " ",
)  # fmt: skip
hostile = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join),
    st.text(st.characters(codec=None, exclude_categories=()), min_size=1, max_size=16),
)
some = settings(max_examples=examples(120), deadline=None)
# What hides or turns around what a reader sees: bidirectional controls and signs without width.
HIDDEN = {"Cc", "Cs", "Zl", "Zp"}
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_quiet(text: str) -> bool:
    """Whether a text holds no sign that drives a terminal, ends a line, hides, or turns its neighbours around."""
    return not any(unicodedata.category(c) in HIDDEN - {"Cc"} or c in BIDI for c in text) and not re.search(
        "[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u200b-\u200d\u2060-\u2064\ufeff\U000e0000-\U000e007f]", text
    )


def findings(name: str) -> Findings:
    """A report in which everything that comes from a cluster holds this text."""
    ref = ObjectRef("Node", name, name)
    evidence = (
        Evidence(ref, f'metadata.labels["{name}"]', name),
        Evidence(ref, "a", {name: [name]}),
        Evidence(ref, "b", None),
    )
    steps = (f"Look at {name}: `kubectl get nodes {name}` and see.", f"See {name}")
    root = Finding(
        rule="rule-a",
        family="family",
        severity=Severity.ERROR,
        subject=ref,
        message=f"Node {name} is odd",
        evidence=evidence,
        why="Why.",
        next=steps,
        caution=f"Do not {name}",
    )
    then = Finding(
        rule="rule-b",
        family="family",
        severity=Severity.WARNING,
        subject=ref,
        message=f"So is {name}",
        caused_by=(root.fingerprint,),
    )
    outcomes = [Outcome("rule-a", "failed", "", (root,)), Outcome("rule-b", "failed", "", (then,))]
    outcomes.append(Outcome("rule-c", "skipped", f"Node failed: {name}"))
    coverage = Coverage((CoverageEntry("Node", "", name, name, State.FAILED, 0, name),), (name,))
    return Findings(
        Source(
            kind="files",
            name=name,
            captured_at="",
            harvester_version=name,
            kubernetes_version=name,
            nodes=1,
            machines=1,
        ),
        coverage,
        outcomes,
    )


HARMLESS = findings("srv09")

# --- the functions themselves --------------------------------------------------------------------------------------


@given(hostile)
@some
def test_plain_text_is_quiet_and_one_line(text: str) -> None:
    """Nothing that a terminal obeys or a reader cannot see is left, and it can be written as UTF-8."""
    assert is_quiet(escape_text(text))
    assert len(escape_text(text).splitlines()) <= 1
    escape_text(text).encode()


@given(st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="\\"), max_size=20))
@some
def test_plain_text_keeps_what_is_harmless(text: str) -> None:
    """Names in any script, signs and emoji are shown as they are."""
    assert escape_text(text) == text


def test_plain_text_writes_out_what_it_does_not_let_through() -> None:
    """A reader sees that something was there, and what."""
    assert escape_text("a\x1b[31mb\nc\u202ed") == "a\\x1b[31mb\\nc\\u202ed"


@given(hostile)
@some
def test_html_has_no_markup(text: str) -> None:
    """Neither a tag nor the end of an attribute."""
    assert not re.search(r"""[<>"']|&(?!(amp|lt|gt|quot|#x27);)""", escape_html(text))
    assert is_quiet(escape_html(text))


@given(hostile)
@some
def test_markdown_has_every_mark_escaped(text: str) -> None:
    """Each sign that could begin something stands behind a backslash; the only tag is our own empty comment."""
    unescaped = re.sub(r"\\[\\`*_{}\[\]<>#|~&]", "", escape_markdown(text).replace("<!-- -->", ""))
    assert not re.search(r"[\\`*_{}\[\]<>#|~&]", unescaped)


@pytest.mark.parametrize("text", ["https://evil.example/x", "WWW.evil.example", "ask @somebody", "ftp://evil.example"])
def test_markdown_makes_no_link_or_mention_of_bare_text(text: str) -> None:
    """GitHub does so of its own accord; a comment within keeps them text."""
    assert not re.search(r"(?i)(https?|ftp)://|www\.|@\w", escape_markdown(text))


@given(hostile)
@example("")
@example("`")
@example("``a`")
@some
def test_code_is_one_span(text: str) -> None:
    """No run of backticks inside is as long as the fence; with a bar, which would end a cell, it is an element."""
    whole = format_code(text)
    if "|" in text or not text:
        assert whole == (f"<code>{escape_markdown(text)}</code>" if text else "")
        return
    fence = re.match("`+", whole)
    assert fence is not None
    inner = whole[len(fence[0]) : -len(fence[0])]
    assert all(len(run) != len(fence[0]) for run in re.findall("`+", inner))
    assert not inner.startswith("`")
    assert not inner.endswith("`")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "absent"),
        ("x", "x"),
        (True, "true"),
        (3, "3"),
        ({"b": 1, "a": ["é"]}, '{"a": ["é"], "b": 1}'),
        ("x" * 161, "x" * 160 + "… (161 characters)"),
    ],
)
def test_values_for_people(value: object, text: str) -> None:
    """As JSON where they are no text, cut where they are long."""
    assert format_value(value) == text


# --- the reports ---------------------------------------------------------------------------------------------------


@given(hostile)
@some
def test_terminal_report_obeys_nothing(text: str) -> None:
    """Without colour there is no escape sequence at all; the lines are ours and can be written anywhere."""
    report = terminal.render(findings(text), 80)
    assert all(is_quiet(line) for line in report.splitlines())
    assert "\x1b" not in report
    assert report.count("\n") == len(report.split("\n")) - 1
    report.encode()


@given(hostile)
@some
def test_coloured_report_has_only_our_colours(text: str) -> None:
    """With colour, the only sequences are the handful that harvdiag writes."""
    report = terminal.render(findings(text), 80, colour=True)
    rest = re.sub(r"\x1b\[(0|1|2|1;3[0-9])m", "", report)
    assert all(is_quiet(line) for line in rest.split("\n"))


@given(hostile)
@some
def test_json_report_is_json_and_says_the_same(text: str) -> None:
    """Names go through as they are, escaped as JSON asks; what reads it gets them back, and it is UTF-8."""
    report = as_json.render(findings(text))
    report.encode()
    assert json.loads(report) == json.loads(json.dumps(as_json.build_document(findings(text))))


@given(hostile)
@some
def test_markdown_report_keeps_its_shape(text: str) -> None:
    """As many lines, headings and table cells as with a harmless name."""
    report = as_markdown.render(findings(text))
    mine, theirs = report.split("\n"), as_markdown.render(HARMLESS).split("\n")
    assert len(mine) == len(theirs)
    for line, other in zip(mine, theirs, strict=True):
        assert is_quiet(line)
        assert cells(line) == cells(other)
        assert line.split(" ")[0].strip("#>|-") == other.split(" ")[0].strip("#>|-") or not other.startswith(("#", ">"))
    report.encode()


def cells(line: str) -> int:
    """How many unescaped bars a line has."""
    return re.sub(r"\\.", "", line).count("|") if line.startswith("|") else 0


@given(hostile)
@some
def test_markdown_report_renders_no_foreign_markup(text: str) -> None:
    """A real Markdown parser finds in it the elements that it finds with a harmless name, and no others."""
    mistune = pytest.importorskip("mistune")
    render = mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])
    assert Tags.of(render(as_markdown.render(findings(text)))) == Tags.of(render(as_markdown.render(HARMLESS)))


class Tags(HTMLParser):
    """The elements of a page with their attributes' names, and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, ...]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @classmethod
    def of(cls, page: str) -> list[tuple[str, ...]]:
        """The elements in their order, but for code: a step's commands may be cut in other places."""
        parser = cls()
        parser.feed(page)
        parser.close()
        return [tag for tag in parser.tags if tag[0] != "code"]


@given(hostile)
@some
def test_cards_have_the_elements_that_we_wrote(text: str) -> None:
    """Cards of findings and of coverage: the same elements and attributes whatever the names are."""
    for show in (cards.findings_card, lambda f: cards.coverage_card(f.coverage)):
        card = show(findings(text))
        # A long name may break at its blanks and strokes, so how many breaks there are depends on it.
        breaks = {("wbr",), ("span", "style")}
        ours, plain = ([tag for tag in Tags.of(made) if tag not in breaks] for made in (card, show(HARMLESS)))
        assert ours == plain
        assert is_quiet(card)
        card.encode()
