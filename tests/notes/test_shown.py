"""Notes in every report: the same content, whatever it is, and safe in each format."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding, Outcome
from harvdiag.core.notes import Note, Notes, NoteStatus
from harvdiag.reports import render, terminal
from harvdiag.reports.notebook.answer import answer_card
from harvdiag.reports.notebook.cards import finding_card, findings_card
from harvdiag.reports.notebook.notes import notes_card
from harvdiag.reports.notes import render_notes
from harvdiag.status.answer import build_answer
from harvdiag.status.notes import list_stale
from tests.routes import BROKEN

HOSTILE = "<script>alert(1)</script> | `x` @all \x1b[31m \u202e](javascript:x) ![p](http://x/p.png)\n</details>\n# h"


@pytest.fixture(scope="module")
def plain() -> Findings:
    """The findings of the sample, without notes."""
    return hd.open(BROKEN).check()


def noted(findings: Findings, *notes: Note) -> Findings:
    """The same findings with notes."""
    return Findings(findings.source, findings.coverage, findings.outcomes, findings.upgrade, Notes(notes))


def note(about: Finding | str, text: str = "", **more: Any) -> Note:
    """A note about a finding, of a fixed author and time."""
    fingerprint = about if isinstance(about, str) else about.fingerprint
    return Note(**{"fingerprint": fingerprint, "text": text, "author": "Ann", "time": "2025-05-09T10:00:00Z", **more})


def forms(findings: Findings) -> dict[str, str]:
    """Every form that shows findings."""
    card = answer_card(build_answer(findings))
    brief = terminal.render(findings, view=terminal.View.BRIEF)
    folded = terminal.render(findings, view=terminal.View.FOLDED)
    texts = {form: render(findings, form) for form in ("table", "json", "markdown", "html")}
    return {**texts, "folded": folded, "card": findings_card(findings), "answer": card, "brief": brief}


def test_every_form_shows_text_author_time_and_status(plain: Findings) -> None:
    """Of a root cause, of what follows from it, and of the cluster."""
    root, other = plain
    shown = forms(
        noted(
            plain,
            note(root, "added *by hand*", status=NoteStatus.ACKNOWLEDGED),
            note(other, "see the first"),
            note("", "rack 7"),
        )
    )
    for form in ("table", "folded", "json", "markdown", "html", "card"):
        assert all(text in shown[form] for text in ("added", "by hand", "see the first", "rack 7", "Ann")), form
        assert re.search("2025-05-09.10:00", shown[form]), form
    assert all("acknowledged" in text for text in shown.values())
    assert "(acknowledged, 1 consequence)" in shown["table"]
    assert "Notes: 1 acknowledged, 1 finding with notes, 1 note on the cluster." in shown["brief"]
    assert "<em>by hand</em>" in shown["card"]
    assert "> added *by hand*" in shown["markdown"]


def test_json_has_notes_by_finding_and_of_the_cluster(plain: Findings) -> None:
    """The keys that programs read, also without any note."""
    root = plain[0]
    given = note(root, "t", status=NoteStatus.FALSE_POSITIVE, done=(root.next[3],))
    document = json.loads(render(noted(plain, given, note("", "c"), note("gone:Node::x", "s")), "json"))
    first, second = document["findings"]
    assert (first["status"], first["ticked"], second["status"], second["notes"]) == ("false positive", [4], "open", [])
    assert first["notes"] == [
        {
            "text": "t",
            "status": "false positive",
            "author": "Ann",
            "time": "2025-05-09T10:00:00Z",
            "done": [root.next[3]],
            "undone": [],
        }
    ]
    assert [n["text"] for n in document["notes"]["cluster"]] == ["c"]
    assert [n["fingerprint"] for n in document["notes"]["stale"]] == ["gone:Node::x"]
    empty = {"file": "", "error": "", "cluster": [], "stale": []}
    assert json.loads(render(plain, "json"))["notes"] == empty


def test_ticked_steps_are_shown_as_done_and_are_not_next(plain: Findings) -> None:
    """Also where a command of the step names the source; a step that the finding has no longer is told."""
    root, other = plain
    support = next(step for step in other.next if " SOURCE" in step)
    findings = noted(plain, note(root, done=(root.next[3], "Reboot it.")), note(other, done=(support,)))
    shown = forms(findings)
    assert "4. ✓ Move its replicas away" in shown["table"]
    assert "✓ Open a support case" in shown["table"]
    assert "- [x] 4. Move its replicas away" in shown["markdown"]
    assert re.search(r"<li value='4'><span title='ticked as done'>✓</span> Move its", shown["answer"])
    assert "4: ticked as done" in " ".join(shown["brief"].split())
    assert [step.number for step in build_answer(findings).left] == [5, 6, 7, 8]
    for form in ("table", "card"):
        assert re.search(r"Reboot it\.\W+ ?ticked, but not|ticked, but not.*Reboot it", shown[form]), form
    undone = noted(plain, note(root, done=(root.next[3],)), note(root, undone=(root.next[3],)))
    assert "✓ Move" not in forms(undone)["table"]


def test_a_tick_stays_with_its_step_when_steps_change(plain: Findings) -> None:
    """A later collection, in which the finding has other steps: nothing else is ticked by its number."""
    root = plain[0]
    later = replace(root, next=(root.next[5], *root.next[:4]))
    notes = Notes([note(root, done=(root.next[3], root.next[7]))])
    assert (notes.ticked(root), notes.ticked(later), notes.lost(later)) == ({4, 8}, {5}, (root.next[7],))


def test_a_step_has_one_number_everywhere(plain: Findings) -> None:
    """Also where those before it are left out, since the root cause has them: a tick names it."""
    root, other = plain
    short = replace(other, next=(root.next[4], "Do this.", "Do that."))
    outcomes = [Outcome(f.rule, "failed", findings=(f,)) for f in (root, short)]
    findings = Findings(plain.source, plain.coverage, outcomes, None, Notes([note(short, done=("Do that.",))]))
    shown = forms(findings)
    for form in ("table", "markdown"):
        assert re.search(r"2\. Do this\.", shown[form]), form
        assert re.search(r"3\. (✓ )?Do that\.", shown[form]), form
    assert "<li value='2'>Do this.</li><li value='3'><span title='ticked as done'>✓</span> Do that." in shown["card"]
    assert "3. ✓ Do that." in render_notes(findings, short.fingerprint)


@pytest.mark.parametrize(
    ("outcome", "reason", "told"),
    [("passed", "", "no longer found"), ("skipped", "Node: forbidden", "could not be run: Node: forbidden")],
)
def test_stale_notes_say_why_they_are_stale(plain: Findings, outcome: str, reason: str, told: str) -> None:
    """Not found, not seen and not asked for are three things."""
    outcomes = [plain.outcomes[0]._replace(rule="r", outcome=outcome, reason=reason, findings=())]
    notes = Notes([note("r:Node:ns:n", "old", status=NoteStatus.FIXED), note("other:Node::n", "x")])
    findings = Findings(plain.source, plain.coverage, outcomes, None, notes)
    first, second = list_stale(findings)
    assert first.state.endswith(told)
    assert (first.name, second.state) == ("r ns/n", "its check was not run")
    assert all(
        told in text and "old" in text for form, text in forms(findings).items() if form not in ("answer", "brief")
    )


def test_fixed_and_found_in_a_later_collection_is_found_again(plain: Findings) -> None:
    """A collection from before the note says nothing about the fix."""
    root = plain[0]
    before, after = (note(root, status=NoteStatus.FIXED, time=time) for time in ("2025-05-07", "2025-05-09"))
    assert build_answer(noted(plain, before)).rows[0].decided == "fixed, but found again"
    assert build_answer(noted(plain, after)).rows[0].decided == "fixed"


def test_notes_that_could_not_be_read_are_told(plain: Findings) -> None:
    """In every form, as what was not seen is."""
    findings = noted(plain)
    findings.notes.fault = "n.yaml: line 3: not a list"
    assert [form for form, text in forms(findings).items() if "line 3: not a list" not in " ".join(text.split())] == []


def test_a_hostile_note_is_text_in_every_form(plain: Findings) -> None:
    """As author and as text: no tag, no picture, no escape code, no mention, and it ends with its quotation."""
    root = plain[0]
    shown = forms(noted(plain, note(root, HOSTILE, author=HOSTILE), note(HOSTILE, HOSTILE), note("", HOSTILE)))
    assert not any(re.search("[\x1b\u202e]", text) for form, text in shown.items() if form != "json")
    assert "\x1b" not in shown["json"]
    for form in ("card", "answer"):
        assert not re.search(r"<(?:script|img src=.http|h1)\b|href=.javascript", shown[form]), form
        assert shown[form].count("<details>") == shown[form].count("</details>")
    assert not re.search(r"(?<!\\)<script|^> </details|!\[|@all", shown["markdown"])
    assert not re.search(r"(?m)^# h", shown["markdown"])


def test_notes_are_shown_by_themselves(plain: Findings) -> None:
    """As text and as a card of a notebook, by what they are about; in one line each, without a path."""
    notes = Notes([note(plain[0], f"a\n{HOSTILE}", done=("x",)), note("", "c")], Path("/home/ann/b.notes.yaml"))
    told = repr(notes).splitlines()
    assert (told[0], len(told)) == ("2 notes in b.notes.yaml", 3)
    assert told[1].startswith("  node-without-machine:Node::srv09: ticks 1 a <script>")
    card = notes_card(notes)
    assert all(text in card for text in ("2 notes in b.notes.yaml", "<code>node-without-machine srv09", "the cluster"))
    assert not re.search("<script|\x1b", card + repr(notes).replace("<script>alert", ""))


def test_the_card_of_one_finding_has_its_notes(plain: Findings) -> None:
    """As pickers show it: folded, with its notes in sight."""
    root = plain[0]
    card = finding_card(root, (), True, Notes([note(root, "hello")]))
    assert "hello" in card.partition("<details>")[2].rpartition("</details>")[2]
