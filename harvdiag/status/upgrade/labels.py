"""The short labels beside a phase, a lane or a step of the upgrade: chosen here, not where they are drawn."""

from __future__ import annotations

from harvdiag.core.escape import escape_text
from harvdiag.core.listing import join_escaped
from harvdiag.status.upgrade.drain.drain import Drain
from harvdiag.status.upgrade.drain.steps import StepState
from harvdiag.status.upgrade.folding import Lane
from harvdiag.status.upgrade.progress import NodeProgress, PhaseProgress, UpgradeProgress

__all__ = ["lane_hint", "phase_word", "silence_word", "unplaced_word"]


def phase_word(progress: UpgradeProgress, cell: PhaseProgress) -> str:
    """Return the label of a phase that is stuck, held up, failed or now; empty for one that is done or to come."""
    if cell.mark == "error":
        return "stuck here" if progress.running else "failed"
    if cell.mark == "warning":
        return "cannot finish" if progress.diagnosis.is_stuck else "held up"
    return "now" if cell.mark == "now" else ""


def unplaced_word(way: NodeProgress) -> str:
    """Return the label of a node whose state is not one of the columns."""
    return f'its state is "{way.state}"' if way.state else way.state_word


def lane_hint(lane: Lane) -> str:
    """Return all that is known of the nodes in a lane, in one line."""
    if len(lane.nodes) > 1:
        return f"{lane.first.state_word}: {join_escaped([way.name for way in lane.nodes])}"
    way = lane.first
    told = [f"{way.name}: {way.state_word}", f"drain: {way.step}" if way.step else ""]
    told += [f"waits for {way.wait.actor}: {way.wait.what}", way.says]
    return escape_text("; ".join(dict.fromkeys(filter(None, told))))


def silence_word(of: Drain, move: StepState) -> str:
    """Return whether a step is waited for or unanswered, and for how long."""
    never = not of.secret
    word = "never: there is no plan Secret" if never else "no answer" if move.mark == "error" else "waited for"
    long = f": {of.silence} so far" if move.mark == "now" else f" for {of.silence}"
    return f"{word}{long}" if of.silence and not never else word
