"""Forms for notes: beside the card of each finding its status, its steps to tick, and room for a text.

What a form saves is a line in the file of the notes. The cards are outputs of their own, without a widget, so that a
notebook can be read where no kernel runs; there a form is the words of the notes.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from harvdiag.core.choose import name_finding
from harvdiag.core.errors import HarvdiagError, UsageError
from harvdiag.core.escape import escape_html, escape_text
from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding
from harvdiag.core.notes import CLUSTER, Note, NoteStatus
from harvdiag.reports.notebook.cards import finding_card
from harvdiag.reports.notebook.notes import other_notes
from harvdiag.reports.notebook.parts import format_step
from harvdiag.reports.notebook.widget import widget_form
from harvdiag.status.answer import list_steps
from harvdiag.status.notes import describe_note

__all__ = ["Annotation", "Form", "annotate"]

MOST = 20
"""The most findings that get a form at once; a form of any other is asked for by name."""
AREA, BOX = {"width": "95%", "height": "5em"}, {"width": "3.5em", "flex": "0 0 3.5em"}
WORDS, LINES = {"flex": "1 1 auto", "margin": "0"}, "line-height:1.4"


def annotate(findings: Findings, finding: Finding | str | None = None) -> Annotation:
    """Return forms in which a notebook takes notes: ``hd.annotate(findings)``, or on one finding, named as for
    `findings.note`: ``hd.annotate(findings, "node-without-machine srv09")``.

    Each root cause is shown as its card with the form below it; the last form is about the cluster. What is saved is
    in ``findings.notes.path`` at once. Raises UsageError for an unknown finding.
    """
    if not isinstance(findings, Findings):
        raise UsageError(f"notes are taken on findings, as cluster.check() returns them, not {type(findings).__name__}")
    if finding is None:
        return Annotation(findings, [*findings.roots[:MOST], None], len(findings.roots[MOST:]))
    wanted = findings.named(finding if isinstance(finding, str) else finding.fingerprint)
    return Annotation(findings, [each for each in findings if each.fingerprint == wanted])


class Annotation:
    """Findings with a form each; None stands for the cluster. `forms` are in the order of the findings."""

    def __init__(self, findings: Findings, about: list[Finding | None], left: int = 0) -> None:
        """`left` is the number of root causes that have no form here."""
        self.forms = tuple(Form(findings, finding) for finding in about)
        self._findings, self._left = findings, left

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.forms))

    def _ipython_display_(self) -> None:
        """Show each card, then its form."""
        for form in self.forms:
            form._ipython_display_()
        if self._left:
            _display({"text/plain": f"{self._left} more root causes: hd.annotate(findings, NAME) has a form for each"})


class Form:
    """The form for one finding, or for the cluster; `save` does what its button does."""

    def __init__(self, findings: Findings, finding: Finding | None) -> None:
        self.findings = findings
        self.finding = finding
        self._card: Any = None

    @property
    def fingerprint(self) -> str:
        """That of the finding; empty for the cluster."""
        return self.finding.fingerprint if self.finding else CLUSTER

    @property
    def name(self) -> str:
        """What the form is about, in words."""
        return name_finding(self.fingerprint) if self.finding else "the cluster"

    @property
    def html(self) -> str:
        """The card of the finding with its notes; of the cluster its notes."""
        notes = self.findings.notes
        if self.finding is None:
            return other_notes(self.findings) or "<div>No notes on the cluster yet.</div>"
        return finding_card(self.finding, self.findings.story(self.finding), True, notes)

    def __repr__(self) -> str:
        notes = self.findings.notes.of(self.fingerprint)
        words = [f"{describe_note(note)}: {' '.join(note.text.split())}".rstrip(": ") for note in notes]
        return escape_text(f"Notes on {self.name}: {'; '.join(words) or 'none yet'}")

    def save(
        self, text: str = "", status: str = "", ticked: frozenset[int] | None = None, author: str = ""
    ) -> Note | None:
        """Write what has changed: a text, a status, the numbers of the steps that are ticked; None where nothing has.

        Raises UsageError where the file cannot be read or written.
        """
        notes, text = self.findings.notes, text.strip()
        if self.finding is None:
            return notes.add(Note(text=text, author=author)) if text else None
        before = notes.ticked(self.finding)
        wanted = NoteStatus.parse(status) if status else notes.status(self.fingerprint)
        changed = None if wanted is notes.status(self.fingerprint) else wanted
        done, undone = ((ticked - before), (before - ticked)) if ticked is not None else ((), ())
        if not (text or changed or done or undone):
            return None
        return self.findings.note(self.finding, text, status=changed, done=done, undone=undone, author=author)

    def _ipython_display_(self) -> None:
        self._card = _display({"text/html": self.html, "text/plain": repr(self)}, True)
        _display({"text/plain": repr(self), **widget_form(self.widget)})

    def widget(self) -> Any:
        """Return the form as a widget of ipywidgets."""
        return _Fields(self).box

    def show_saved(self) -> None:
        """Show the card again, with what was saved."""
        if self._card is not None:
            self._card.update({"text/html": self.html, "text/plain": repr(self)}, raw=True)


class _Fields:
    """The widgets of one form."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.widgets = import_module("ipywidgets")
        self.status = self.widgets.Dropdown(
            options=[str(status) for status in NoteStatus],
            description="Status",
            style={"description_width": "initial"},
            layout={"width": "max-content"},
        )
        self.ticks = {n: self._tick(n) for n, _ in enumerate(form.finding.next if form.finding else (), 1)}
        self.text = self.widgets.Textarea(
            placeholder=f"A note on {escape_text(form.name)}, in Markdown", layout=AREA, continuous_update=False
        )
        self.author = self.widgets.Text(placeholder="by (default: you)", layout={"width": "14em"})
        self.button = self.widgets.Button(description="Save", icon="check", layout={"width": "7em"})
        self.told = self.widgets.HTML()
        self.button.on_click(self._save)
        self._fill()

    @property
    def box(self) -> Any:
        """All of it."""
        finding, row = self.form.finding, self.widgets.HBox
        steps = list_steps(finding, self.form.findings.notes) if finding else ()
        ticks = [row([self.ticks[step.number], self._words(step.text)]) for step in steps]
        head = [self.status] if finding else []
        return self.widgets.VBox([*head, *ticks, self.text, row([self.author, self.button, self.told])])

    def _words(self, step: str) -> Any:
        return self.widgets.HTML(f"<div style='{LINES}'>{format_step(step)}</div>", layout=WORDS)

    def _tick(self, number: int) -> Any:
        return self.widgets.Checkbox(description=f"{number}.", indent=False, layout=BOX)

    def _fill(self) -> None:
        """What the notes say now."""
        form = self.form
        self.status.value = str(form.findings.notes.status(form.fingerprint))
        ticked = form.findings.notes.ticked(form.finding) if form.finding else ()
        for number, box in self.ticks.items():
            box.value = number in ticked
        self.text.value = ""

    def _save(self, _: Any) -> None:
        ticked = frozenset(number for number, box in self.ticks.items() if box.value)
        try:
            note = self.form.save(self.text.value, self.status.value, ticked, self.author.value.strip())
        except HarvdiagError as error:
            self.told.value = f"! {escape_html(error)}"
            return
        path = self.form.findings.notes.path
        where = f" in {escape_html(path.name)}" if path else ""
        self.told.value = f"✓ saved{where}" if note else "nothing has changed"
        if note:
            self._fill()
            self.form.show_saved()


def _display(forms: dict[str, Any], again: bool = False) -> Any:
    """Show a value in these forms; with `again`, return what can show another in its place."""
    from IPython.display import display

    return display(forms, raw=True, display_id=again or None)
