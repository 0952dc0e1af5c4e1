"""The upgrade in one line, as the title of a picture, and in a few sentences as its alternative text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harvdiag.core import suggest as spelling
from harvdiag.core.listing import group_by, join_escaped
from harvdiag.core.model import Reason
from harvdiag.status.summary import format_count
from harvdiag.status.upgrade.part import Part, PartKey, find_part
from harvdiag.status.upgrade.progress import NodeProgress, UpgradeProgress
from harvdiag.upgrade.phases import DONE, LAST, NODES, PRELOADED
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.waiting import WaitReason, find_wait
from harvdiag.upgrade.wording import failure_reason, image_of

__all__ = [
    "build_alt_text",
    "build_headline",
    "build_title",
    "describe_progress",
    "describe_root",
    "main_clause",
    "select_parts",
]

LONG = 110
UPGRADE = re.compile(r"^Upgrade(?:Plan)? \S+(?: to \S+)?(?= )")
IN_UPGRADE = re.compile(r" in Upgrade(?:Plan)? \S+")
SHOWN_KEYS = frozenset(
    {
        PartKey.WHY,
        PartKey.IN_THE_WAY,
        PartKey.LEFT_OVER,
        PartKey.ROOT_CAUSE,
        PartKey.FAILED,
        PartKey.WAITS_FOR,
        PartKey.STALLED,
        PartKey.WAITING,
        PartKey.DO,
        PartKey.CAUTION,
        PartKey.NOT_JUDGED,
    }
)
"""The parts of the explanation that the pictures repeat."""
REASONS = frozenset({PartKey.WHY, PartKey.IN_THE_WAY, PartKey.LEFT_OVER})
"""Of them those that come first; the root cause, first in the explanation, is in the picture's title already."""


def main_clause(message: str, room: int = 60) -> str:
    """Return the main clause of a message, ``srv09 has no Machine``; all of it if it has at most `room` characters."""
    whole = re.split(r"; ", _strip_subject(message), maxsplit=1)[0]
    return whole if len(whole) <= room else re.split(r": ", whole, maxsplit=1)[0]


def _strip_subject(message: str) -> str:
    return UPGRADE.sub("The upgrade", IN_UPGRADE.sub("", message.removeprefix("Node ")))


def describe_progress(progress: UpgradeProgress) -> str:
    """Return how far it is: ``3 of 4 nodes are done``, before the nodes' turn ``phase 5 of 8``."""
    phase = progress.upgrade.phase if progress.upgrade else None
    if progress.upgrade_run is None or phase is None:
        return "phase unknown"
    percent = progress.upgrade_run.percent
    many = phase.place >= NODES and percent.of > 1
    last = progress.upgrade.phases[-1].number if progress.upgrade else LAST
    return f"{percent.done} of {percent.of} nodes are done" if many else f"phase {phase.number} of {last}"


def build_title(progress: UpgradeProgress) -> str:
    """Return the answer: what holds the upgrade up, or that it is in progress, or that there is none."""
    if progress.running:
        moving = progress.diagnosis.moving_node
        rest = f"; {moving} in progress" if moving and progress.diagnosis.is_stuck else ""
        return f"{build_headline(progress)} ({describe_progress(progress)}{rest})"
    if progress.gap:
        kind = "Upgrades" if progress.facts.snapshot.gap("Upgrade") else "UpgradePlans"
        return f"The state of the upgrade is unknown: the {kind} were not seen"
    return _describe_finished(progress)


def build_headline(progress: UpgradeProgress) -> str:
    """Return the title without how far it is."""
    diagnosis = progress.diagnosis
    never = [way for way in progress.nodes if way.never and way.mark == "error"]
    phase = progress.upgrade.phase if progress.upgrade else None
    if diagnosis.is_stuck and never and phase and phase.place == NODES:
        # The part Why below may be about something other than the node: then the title has both.
        concerned = [way for way in never if way.name in _concerned_nodes(progress)]
        names = spelling.join_names([way.name for way in never])
        both = f"{_describe_story(progress)}; and {names} will never be upgraded"
        return _describe_blocked(concerned) if concerned else both
    if diagnosis.story:
        return _describe_story(progress)
    if (do := find_part(progress.parts, PartKey.DO)) and do.lead:
        return do.lead.capitalize()
    if phase is None:
        state = progress.upgrade.state if progress.upgrade else ""
        return f'The upgrade is in state "{state}", which harvdiag does not know'
    unsure = find_part(progress.parts, PartKey.NOT_JUDGED) is not None
    going = "As far as could be seen, the upgrade is in progress" if unsure else "The upgrade is in progress"
    return f"{going}: {_describe_work(progress)}"


def _reason_part(progress: UpgradeProgress) -> Part | None:
    """The part that says why it is held up, what would stop the next one, or what its leftovers are."""
    return next((part for part in progress.parts if part.key in REASONS), None)


def _concerned_nodes(progress: UpgradeProgress) -> set[str]:
    """The nodes that the reason is about: subjects and targets of its findings."""
    part = _reason_part(progress)
    return {ref.name for f in (part.findings if part else ()) for ref in (f.subject, *f.targets)}


def _reason_text(progress: UpgradeProgress) -> str:
    part = _reason_part(progress)
    return part.text if part else progress.diagnosis.story[0].message


def describe_root(progress: UpgradeProgress) -> str:
    """Return the root cause as a clause: ``Machine m-1 has been terminating since …``; empty where there is none."""
    part = find_part(progress.parts, PartKey.ROOT_CAUSE)
    if part is None:
        return ""
    ghosts = [ref.name for f in progress.diagnosis.story if f.reason is Reason.DANGLING for ref in f.targets]
    if part.findings[0].reason is Reason.DANGLING and len(ghosts) > 1:
        return f"{len(ghosts)} Machines reference Nodes that do not exist, {spelling.join_names(sorted(ghosts))}"
    return main_clause(part.text, 70)


def _describe_blocked(ways: Sequence[NodeProgress]) -> str:
    wait, whose = ways[0].wait, spelling.join_names([way.name for way in ways])
    shared = len(ways) > 1 and wait.reason is WaitReason.NO_MACHINE
    return f"{whose} will never be upgraded: {'they have no Machine' if shared else wait.chain[0]}"


def _describe_story(progress: UpgradeProgress) -> str:
    """The first reason in the explanation, and its root cause."""
    why = _reason_text(progress)
    if last := describe_root(progress):
        first = re.split(r", though | since ", main_clause(why, 0), maxsplit=1)[0]
        first = _apply_to_all(progress, first)
        return last if len(first) + len(last) > 2 * LONG else f"{first}: {last}"
    return _apply_to_all(progress, main_clause(why, 0 if len(_alike_nodes(progress)) > 1 else LONG))


def _alike_nodes(progress: UpgradeProgress) -> list[str]:
    """The nodes in the same trouble as the worst of them."""
    broken = [way for way in progress.nodes if way.mark in {"error", "warning"} and way.rule]
    return [way.name for way in broken if way.rule == broken[0].rule]


def _apply_to_all(progress: UpgradeProgress, clause: str) -> str:
    """A clause about one node (``hv02 was never begun``), extended to all nodes in the same trouble."""
    fellows, part = _alike_nodes(progress), _reason_part(progress)
    finding = part.findings[0] if part and part.findings else None
    if finding is None or not finding.many or len(fellows) < 2 or finding.subject.name not in fellows:
        return clause
    return f"{spelling.join_names(fellows)} {finding.many}"


def _describe_work(progress: UpgradeProgress) -> str:
    phase = progress.upgrade.phase if progress.upgrade else None
    at_work = [way for way in progress.nodes if way.mark == "now"]
    if progress.upgrade and progress.upgrade.waits_for_gate:
        return "the services are upgraded, and the nodes' turn is to begin"
    if phase and phase.place < NODES:
        return f"it {phase.doing}"
    if len(at_work) == 1 and at_work[0].place == DONE:
        return _remaining_work(progress, at_work[0])
    if len(at_work) == 1:
        way = at_work[0]
        is_known = way.doing and way.place not in {DONE, PRELOADED}
        doing = f"it {way.doing}" if is_known else "it has its turn"
        return f"{way.name} is at work, {doing}"
    if at_work:
        return f"{spelling.join_names([way.name for way in at_work])} are at work"
    return f"it waits for {find_wait(progress.upgrade_run).actor}" if progress.upgrade_run else "nothing is at work"


def _remaining_work(progress: UpgradeProgress, way: NodeProgress) -> str:
    """The work that remains for a node that counts as done."""
    node = progress.upgrade_run.node(way.name) if progress.upgrade_run else None
    if node and any(job.pending and job.type.startswith("restore") for job in node.jobs):
        return f"{way.name} is upgraded and restores its VMs"
    left = f", and {way.wait.actor} is {way.wait.what}" if way.wait.task else ""
    return f"{way.name} is upgraded{left}"


def _describe_finished(progress: UpgradeProgress) -> str:
    last, story = progress.upgrade, progress.diagnosis.story
    if last is None:
        found = f": {main_clause(story[-1].message, LONG)}" if story else ""
        return f"No upgrade is under way, and there is no record of one{found}"
    to = f", Upgrade V2{_to_version(last)}," if last.v2 else _to_version(last)
    if last.failed:
        failed = [way for way in progress.nodes if way.mark == "error"]
        why = main_clause(failed[0].says, 0) if failed else failure_reason(last)
        broken = progress.broken_phase
        cells = progress.cells[:-1]
        where = next((f" in phase {c.number} ({c.label})" for c in cells if c.number == broken), "")
        return f"No upgrade is under way; the last{to} failed{where}{f': {why}' if why else ''}"
    left = find_part(progress.parts, PartKey.LEFT_OVER)
    rest = f", but {'has leftovers' if left else 'a new one would stop'}: {_describe_story(progress)}" if story else ""
    return f"No upgrade is under way; the last{to} succeeded{rest}"


def _to_version(of: Upgrade) -> str:
    image = image_of(of)
    return f" to {of.version}" if of.version else f" by image {image}" if image else ""


def select_parts(progress: UpgradeProgress) -> list[tuple[str, str]]:
    """Return the lines below the picture: why, since when, the next step; each a label and a text."""
    parts = progress.parts
    shown = sorted((part for part in parts if part.key in SHOWN_KEYS), key=lambda part: part.key not in REASONS)
    lines = [(part.label, part.text) for part in shown]
    if not lines or progress.gap or progress.upgrade is None:
        lines = [(part.label, part.text) for part in parts if part.key is PartKey.WHERE] + lines
    return lines


def build_alt_text(progress: UpgradeProgress) -> str:
    """Return the alternative text: the title, each phase with its mark, and the nodes by their states."""
    marks = {"good": "done", "now": "now", "wait": "to come", "error": "stuck here", "warning": "held up here"}
    if not progress.running:
        marks["error"] = "failed"
    strip = [f"{c.number} {c.label} {marks.get(c.mark, 'unknown')}" for c in progress.cells]
    sentences = [f"{build_title(progress)}.", f"Phases: {', '.join(strip)}." if strip else ""]
    for (state, mark), nodes in group_by(progress.nodes, lambda way: (way.state_word, way.mark)):
        trouble = {"error": ", broken", "warning": ", held up", "now": ", at work"}.get(mark, "")
        names = join_escaped([node.name for node in nodes])
        sentences.append(f"{format_count(len(nodes), 'node')} {state}{trouble}: {names}.")
    return " ".join(filter(None, sentences))
