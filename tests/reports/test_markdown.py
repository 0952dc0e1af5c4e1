"""Markdown for a ticket: below the size that GitHub takes, and whatever a name or a note holds, it is text."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

import harvdiag as hd
from harvdiag.core.findings import Findings
from harvdiag.core.notes import Note, Notes, NoteStatus
from harvdiag.reports import markdown
from harvdiag.reports.markdown.fit import Box, Piece, fit_parts
from harvdiag.reports.markdown.notes import quote_text
from tests import port
from tests.reports.hostile import HOSTILE, findings
from tests.routes import BROKEN
from tests.world import faults, healthy

LIMIT = 65_536
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OURS = re.compile(r"<!-- -->|</?details>|<summary>[\w ,:]+</summary>|</?code>")


def tokens(text: str) -> list[Token]:
    """All that a parser finds, the parts of lines too."""
    found = PARSER.parse(text)
    return [*found, *(child for token in found for child in token.children or ())]


def foreign(text: str) -> list[str]:
    """The HTML and the pictures that are not ours."""
    found = [token for token in tokens(text) if token.type.startswith("html") or token.type == "image"]
    return [token.content for token in found if OURS.sub("", token.content).strip()]


def links(text: str) -> set[str]:
    """Where links lead to."""
    return {str(token.attrs["href"]) for token in tokens(text) if token.type == "link_open"}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_text(text: str) -> None:
    """No element, link, mention or reference comes of a name; the boxes are closed, and the lines are as many."""
    without = replace_notes(findings(text), Notes())
    shown = markdown.render(without)
    assert foreign(shown) == []
    assert links(shown) == {"https://docs.harvesterhci.io/v1.4/host"}
    assert not re.search(r"@\w|#\d|GH-\d|https://x|www\.x", re.sub(r"`[^`\n]+`", "", shown))
    assert len(shown.splitlines()) == len(markdown.render(replace_notes(findings("plain"), Notes())).splitlines())
    noted = markdown.render(findings(text))
    assert foreign(noted) == []
    assert len(re.findall("^<details>$", noted, re.MULTILINE)) == len(re.findall("^</details>$", noted, re.MULTILINE))


def replace_notes(of: Findings, notes: Notes) -> Findings:
    """The findings with other notes."""
    return Findings(of.source, of.coverage, of.outcomes, of.upgrade, notes)


@given(st.text(st.sampled_from("`\\<b>!-[x](y)|~@#1\n &;"), max_size=30))
@example("\\\\`x` <b> `")
@example("a ` b\nc ` <b> ` d")
@example("``` `\n<b>\n```")
@example("| ` | <b> ` |\n| --- | --- |")
@example("- ```\n<b>")
@example("`<b>`")
def test_a_note_ends_no_quotation_and_has_no_html(text: str) -> None:
    """What a parser takes for code may be anything."""
    shown = "\n".join([*quote_text(text), "", "end"])
    assert foreign(shown) == []
    assert all(line.startswith(">") for line in shown.split("\n")[:-2])
    assert [token.content for token in PARSER.parse(shown) if token.level == 1 and token.type == "inline"][-1] == "end"
    assert not [t for t in tokens(shown) if t.type == "text" and re.search(r"@\w|#\d", t.content)]


def test_code_and_addresses_of_a_note_stay_as_they_are() -> None:
    """They are there to be copied and followed."""
    text = "`get <name> @x`, https://example.com/#1 and [it](https://example.com/@b)\n\n```\n<b> #1\n```"
    assert quote_text(text) == [f"> {line}".rstrip() for line in text.splitlines()]


def test_notes_are_beside_what_they_are_about() -> None:
    """Author, time and status above the text; ticks in the list of tasks."""
    plain = hd.open(BROKEN).check()
    root = plain[0]
    note = Note(
        fingerprint=root.fingerprint,
        text="by hand,\nsee **ticket**",
        author="Kim",
        time="2025-05-08T12:00:00Z",
        status=NoteStatus.FALSE_POSITIVE,
        done=(root.next[4],),
    )
    text = markdown.render(replace_notes(plain, Notes([note, Note(text="of the lab")])))
    assert "> **Kim**, 2025-05-08 12:00 UTC, false positive, 1 step ticked:\n>\n> by hand,\n> see **ticket**\n" in text
    assert "(`node-without-machine`; false positive)" in text
    assert ("- [x] 5. " in text, "- [x] 5. " in markdown.render(plain)) == (True, False)
    assert text.index("by hand") < text.index("## Notes") < text.index("of the lab")


def test_a_long_report_leaves_out_the_least_and_says_so() -> None:
    """Every root cause keeps its place, the first all of it; what was left out is counted."""
    names = [f"harvester-node-number-{number:03}" for number in range(1, 250)]
    world = healthy(names)
    for name in names[3::2]:
        faults.orphan(world, name)
    found = port.cluster(world.objects).check()
    text = markdown.render(found)
    assert len(text) < LIMIT
    assert re.search(r"Left out, because GitHub takes no more: \d+ other objects and 1 table of lists\.", text)
    assert "`harvdiag report port`" in text
    assert text.count("<details>") == text.count("</details>")
    assert len(text) > LIMIT * 0.8
    assert foreign(text) == []


def test_pieces_are_left_out_by_their_rank_and_from_the_end() -> None:
    """Nothing where all fits; at last, lines are cut."""
    box = Box(title="t", pieces=tuple(Piece(lines=("x" * 9,), rank=2, noun="row") for _ in range(3)))
    parts = [Piece(lines=("a" * 9,)), box, Piece(lines=("b" * 9,), rank=1, noun="end")]
    whole, left = fit_parts(parts, 1000)
    assert (len(whole), left) == (10, "")
    assert fit_parts(parts, sum(len(line) + 1 for line in whole) - 1)[1] == "1 row"
    assert fit_parts(parts, 25) == (["a" * 9], "3 rows and 1 end")
    assert fit_parts(parts, 5) == (["aaaa"], "3 rows and 1 end")
    lists = [Piece(lines=("x",), rank=1, noun="list of steps") for _ in range(2)]
    assert fit_parts(lists, 0) == ([], "2 lists of steps")


def test_the_way_to_a_cluster_is_not_told() -> None:
    """Commands name a file without its folder; of a live cluster, no context."""
    given = hd.open(BROKEN).check()
    live = replace(given.source, kind="live", name="lab", arguments=("--context", "lab", "--kubeconfig", "/home/x/y"))
    text = markdown.render(Findings(live, given.coverage, given.outcomes, given.upgrade))
    assert "harvdiag report SOURCE" in text
    assert "/home/x" not in text
    assert str(BROKEN.parent) not in markdown.render(given)
