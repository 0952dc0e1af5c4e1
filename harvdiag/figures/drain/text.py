"""The drain as text: for a terminal, and as a Mermaid sequence diagram."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SIGNS, TO_COME, WAIT
from harvdiag.core.wrap import wrap_labelled, wrap_text
from harvdiag.status.upgrade.drain.drain import Drain
from harvdiag.status.upgrade.drain.steps import ACTORS, StepState

__all__ = ["STATE_WORDS", "render_mermaid", "render_text"]

STATE_WORDS = {
    "good": "done",
    "now": "waiting for this",
    "error": "blocked",
    "absent": "can never happen",
    "unseen": "not seen",
}
UNSAFE = re.compile(r"[^\w .,'/()?!✓✗▶…·-]|\bend\b", re.IGNORECASE)
WHO = ("Rancher", "Secret", "Harvester", "Job")
LABEL = 12
SHORT = ("R", "S", "H", "J")


def render_text(drain: Drain, notes: Sequence[tuple[str, str]], subtitle: str, width: int) -> str:
    """Render the title, one line a step, and the notes: why it is stalled, the next step, the warning."""
    lines = [*wrap_text(drain.title, width), escape_text(subtitle), ""]
    for move in drain.moves:
        step = move.step
        sign = SIGNS.get(move.mark, TO_COME if move.mark == WAIT else "╌")
        arrow = f"{WHO[step.source]} → {WHO[step.target]}"
        state = f"  [{STATE_WORDS[move.mark]}]" if move.mark in {"now", "error"} else ""
        time = f"  {move.time} UTC" if move.time else ""
        number = f"{step.name.number:<4}"
        lines += wrap_text(f"{sign} {number}{arrow:20}{step.what} ({step.carrier}){time}{state}", width, "      ")
    if drain.moves:
        lines.append("")
    if drain.moves and not drain.secret:
        lines += wrap_text("The plan Secret, whose annotations carry the drain, does not exist or was not seen.", width)
    lines += wrap_labelled(notes, width, LABEL)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def render_mermaid(drain: Drain) -> str:
    """Render it as a Mermaid sequenceDiagram; names are escaped."""
    lines = ["sequenceDiagram", f"    accTitle: {_escape_mermaid(drain.title)}"]
    names = (ACTORS[0], f"{ACTORS[1]} {drain.secret or 'does not exist'}", ACTORS[2], ACTORS[3])
    lines += [f"    participant {short} as {_escape_mermaid(name)}" for short, name in zip(SHORT, names, strict=True)]
    lines += [f"    {_format_arrow(move)}" for move in drain.moves]
    if drain.why or not drain.moves:
        lines.append(f"    Note over R,J: {_escape_mermaid(drain.why or drain.title)}")
    return "\n".join(lines) + "\n"


def _format_arrow(move: StepState) -> str:
    step = move.step
    line = {"good": "->>", "now": "->>", "error": "-x", "absent": "--x"}.get(move.mark, "-->>")
    sign = SIGNS.get(move.mark, "")
    state = STATE_WORDS.get(move.mark, "pending") if move.mark != "good" else ""
    parts = (sign, str(step.name.number), step.what, f"({step.carrier})", f"({state})" if state else "")
    words = " ".join(filter(None, parts))
    return f"{SHORT[step.source]}{line}{SHORT[step.target]}: {_escape_mermaid(words)}"


def _escape_mermaid(text: str) -> str:
    """Escape characters as Mermaid's numeric entities: ``#59;`` is a semicolon."""
    return UNSAFE.sub(lambda match: "".join(f"#{ord(character)};" for character in match[0]), escape_text(text))
