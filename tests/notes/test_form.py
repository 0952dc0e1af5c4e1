"""The form for notes in a notebook: what it saves is in the file, and its outputs can be read without a kernel."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, cast

import pytest

import harvdiag as hd
from harvdiag.core.findings import Findings
from harvdiag.core.notes import NoteStatus
from harvdiag.notebook.annotate import Annotation, Form
from tests.routes import BROKEN


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    """Those of a copy of the sample, so that the notes lie beside it."""
    return hd.open(shutil.copy(BROKEN, tmp_path / "b.zip")).check()


def fields(form: Form) -> tuple[Any, ...]:
    """Status, ticks, text, author, button and the place for messages."""
    status, *steps, text, last = form.widget().children
    return status, [step.children[0] for step in steps], text, *last.children


def test_root_causes_and_the_cluster_get_a_form(findings: Findings) -> None:
    """Or the one finding that is named; a misspelt one is told."""
    assert [form.name for form in hd.annotate(findings).forms] == ["node-without-machine srv09", "the cluster"]
    assert [form.fingerprint for form in hd.annotate(findings, findings[1]).forms] == [findings[1].fingerprint]
    assert repr(hd.annotate(findings, "srv09")) == "Notes on node-without-machine srv09: none yet"
    with pytest.raises(hd.UsageError, match="no finding 'srv'"):
        hd.annotate(findings, "srv")


def test_the_button_saves_what_has_changed(findings: Findings) -> None:
    """Status, text and ticks, each only where it differs from what the form showed."""
    pytest.importorskip("ipywidgets")
    (form,) = hd.annotate(findings, "srv09").forms
    status, ticks, text, author, button, told = fields(form)
    button.click()
    assert (told.value, len(findings.notes)) == ("nothing has changed", 0)
    status.value, text.value, ticks[3].value, author.value = "acknowledged", " *hi* ", True, "Ann"
    button.click()
    (kept,) = hd.open(BROKEN, notes=findings.notes.path).notes
    assert (kept.text, kept.status, kept.author) == ("*hi*", NoteStatus.ACKNOWLEDGED, "Ann")
    assert kept.done == (findings[0].next[3],)
    assert (told.value, text.value, ticks[3].value) == ("✓ saved in b.notes.yaml", "", True)
    ticks[3].value = False
    button.click()
    assert findings.notes.entries[-1].undone == kept.done
    assert findings.notes.entries[-1].status is None
    status, ticks, *_ = fields(Form(findings, findings[0]))
    assert (status.value, any(tick.value for tick in ticks)) == ("acknowledged", False)


def test_what_cannot_be_saved_is_told_in_the_form(findings: Findings) -> None:
    """In one line; the text stays."""
    pytest.importorskip("ipywidgets")
    assert findings.notes.path
    findings.notes.path.write_text("- x\n")
    text, last = Form(findings, None).widget().children
    _, button, told = last.children
    text.value = "on the cluster"
    button.click()
    assert told.value.startswith("! b.notes.yaml: line 1: not a note")
    assert text.value == "on the cluster"
    findings.notes.path.unlink()
    button.click()
    assert [note.text for note in findings.notes.cluster] == ["on the cluster"]


def test_card_and_words_are_outputs_without_a_widget(findings: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no kernel runs the card is shown whole, and the form is the words of the notes."""
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda forms, **_: shown.append(forms))
    findings.note("srv09", "added by hand\x1b[31m", status="acknowledged", author="Ann")
    Annotation(findings, [findings[0], None], left=3)._ipython_display_()
    assert [[*forms] for forms in shown] == [["text/html", "text/plain"], ["text/plain"]] * 2 + [["text/plain"]]
    assert "added by hand" in shown[0]["text/html"]
    assert shown[1]["text/plain"].endswith("acknowledged: added by hand\\x1b[31m")
    assert shown[4]["text/plain"].startswith("3 more root causes")


@pytest.mark.parametrize(
    ("finding", "more", "told"),
    [
        (5, {}, "5 is not a finding"),
        ("srv09", {"text": 5}, "5 is not a text"),
        ("srv09", {"text": "x", "author": b"x"}, "b'x' is not a text"),
        ("srv09", {"done": "4"}, "'4' is not the number of a step"),
        ("srv09", {"done": [4.0]}, "4.0 is not the number of a step"),
        ("srv09", {"undone": True}, "True is not the number of a step"),
    ],
)
def test_what_is_of_another_type_is_refused(finding: Any, more: Any, told: str, findings: Findings) -> None:
    """One line, and nothing is written."""
    with pytest.raises(hd.UsageError, match=re.escape(told)):
        findings.note(finding, **more)


def test_forms_and_comparisons_of_something_else_are_refused(findings: Findings) -> None:
    """What is needed, and what was given."""
    with pytest.raises(hd.UsageError, match="not Notes"):
        hd.annotate(cast("Any", findings.notes))
    with pytest.raises(hd.UsageError, match="not Findings"):
        hd.compare(cast("Any", findings), cast("Any", findings))
