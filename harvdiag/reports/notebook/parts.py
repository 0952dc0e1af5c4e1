"""What the cards have in common: their frame, colours, labelled lines, folds, and steps with their commands."""

from __future__ import annotations

from collections.abc import Iterable

from harvdiag.core.escape import escape_html
from harvdiag.core.marks import ERROR, GOOD, INFO, SIGNS, WARNING
from harvdiag.core.model import Finding
from harvdiag.core.notes import Notes, NoteStatus

__all__ = [
    "CALM",
    "EDGES",
    "QUIET",
    "caution",
    "finding_heading",
    "fold",
    "format_step",
    "frame",
    "labelled",
    "noted",
    "pair",
    "source_heading",
    "tick",
    "verdict",
]

# Okabe and Ito: vermillion, orange, sky blue, green. They only tint the edge of a card; no text is on them.
EDGES = {ERROR: "#d55e00", WARNING: "#e69f00", INFO: "#56b4e9", GOOD: "#009e73"}
CALM = EDGES[GOOD]
QUIET = "opacity:.85"
_CARD = (
    "border-left:5px solid {edge};padding:.4em .9em;margin:.6em 0;max-width:62em;line-height:1.45;"
    "overflow-wrap:break-word"
)
_PAIR = "display:flex;flex-wrap:wrap;gap:0 1em;padding:.15em 0"
_LABEL = "flex:1 1 7em;max-width:11em;font-weight:bold"
_TEXT = "flex:1 1 24em;margin:0;min-width:0;overflow-wrap:anywhere"


def frame(edge: str, inner: str) -> str:
    """Return a card with an edge of this colour."""
    return f"<div style='{_CARD.format(edge=edge)}'>{inner}</div>"


def fold(head: str, inner: str) -> str:
    """Return a section that opens where its heading is clicked."""
    return f"<details><summary style='cursor:pointer'>{head}</summary>{inner}</details>"


def pair(name: str, value: str, name_style: str, value_style: str, indent: str = "0") -> str:
    """Return a name with its value beside it, or below it where there is no room for both."""
    term = f"<dt style='{name_style}'>{name}</dt><dd style='{value_style}'>{value}</dd>"
    return f"<dl style='margin:0 0 0 {indent};{_PAIR}'>{term}</dl>"


def labelled(lines: Iterable[tuple[str, str]]) -> str:
    """Return lines of text, each with its label."""
    return "".join(pair(escape_html(label), format_step(text), _LABEL, _TEXT) for label, text in lines)


def format_step(step: str) -> str:
    """Return a sentence with its commands as code."""
    parts = step.split("`")
    return "".join(f"<code>{escape_html(p)}</code>" if n % 2 else escape_html(p) for n, p in enumerate(parts))


def caution(text: str) -> str:
    """Return a caution; nothing for an empty one."""
    return f"<p style='margin:.4em 0'><b>⚠ Caution:</b> {escape_html(text)}</p>" if text else ""


def source_heading(name: str, read: str) -> str:
    """Return the name of a source in bold, and what was read of it."""
    return f"<div><b>{escape_html(name)}</b> <span style='{QUIET}'>{escape_html(read)}</span></div>"


def verdict(text: str) -> str:
    """Return the answer in bold, as a paragraph of its own."""
    return f"<p style='margin:.3em 0'><b>{escape_html(text)}</b></p>"


def noted(summary: str) -> str:
    """Return the line that says what people decided; nothing where there are no notes."""
    return f"<div>Notes: {escape_html(summary)}</div>" if summary else ""


def tick(ticked: bool) -> str:
    """Return the sign of a step that people ticked as done; nothing for another."""
    return f"<span title='ticked as done'>{SIGNS[GOOD]}</span> " if ticked else ""


def finding_heading(finding: Finding, notes: Notes) -> str:
    """Return the severity as a word with its sign, the rule and the subject, and what people decided."""
    word, status = str(finding.severity), notes.status(finding.fingerprint)
    decided = "" if status is NoteStatus.OPEN else f" &nbsp;<i>{status}</i>"
    return (
        f"<div><b>{SIGNS[word]} {word.upper()}</b> &nbsp;<code>{escape_html(finding.rule)}</code> &nbsp;"
        f"<b>{escape_html(finding.subject)}</b>{decided}</div>"
    )
