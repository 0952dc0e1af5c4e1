"""The upgrade in one line, as the title of a picture, and in a few sentences for those who cannot see it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harvdiag.core import suggest as spelling
from harvdiag.core.listing import groups, listed
from harvdiag.core.model import Reason
from harvdiag.status.summary import counted
from harvdiag.status.upgrade.part import Part, PartKey, find_part
from harvdiag.status.upgrade.progress import Course, Way
from harvdiag.upgrade.phases import DONE, LAST, NODES, PRELOADED, STATES
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.waiting import WaitReason, find_wait
from harvdiag.upgrade.wording import failure_reason, format_node_states

__all__ = ["alt", "done", "headline", "parts", "root", "short", "title"]

LONG = 110
UPGRADE = re.compile(r"^Upgrade \S+(?: to \S+)?(?= )")
IN_UPGRADE = re.compile(r" in Upgrade \S+")
TOLD = frozenset(
    {
        PartKey.WHY,
        PartKey.LEFT_OVER,
        PartKey.ROOT_CAUSE,
        PartKey.FAILED,
        PartKey.WAITS_FOR,
        PartKey.STANDS_STILL,
        PartKey.WAITING,
        PartKey.DO,
        PartKey.CAUTION,
        PartKey.NOT_JUDGED,
    }
)
"""What the pictures repeat of the explanation."""


def short(message: str, room: int = 60) -> str:
    """The main clause of a finding's message, ``srv09 has no Machine``; all of it where it has at most `room` signs."""
    whole = re.split(r"; ", _bare(message), maxsplit=1)[0]
    return whole if len(whole) <= room else re.split(r": ", whole, maxsplit=1)[0]


def _bare(message: str) -> str:
    return UPGRADE.sub("The upgrade", IN_UPGRADE.sub("", message.removeprefix("Node ")))


def done(course: Course) -> str:
    """How far it is: ``3 of 4 nodes are done``, before the nodes' turn ``phase 5 of 8``."""
    phase = course.upgrade.phase if course.upgrade else None
    if course.upgrade_run is None or phase is None:
        return "phase not known"
    told = course.upgrade_run.percent
    many = phase.number >= NODES and told.of > 1
    return f"{told.done} of {told.of} nodes are done" if many else f"phase {phase.number} of {LAST}"


def title(course: Course) -> str:
    """The answer: who holds the upgrade up and why, or that it goes on, or that there is none."""
    if course.running:
        moving = course.standing.moving
        rest = f"; {moving} goes on" if moving and course.standing.stuck else ""
        return f"{headline(course)} ({done(course)}{rest})"
    if course.standing.plan and (course.standing.plan.running or not course.gap):
        return _of_plan(course.standing.plan)
    if course.gap:
        return "Nobody can tell how the upgrade stands: the Upgrades were not seen"
    return _over(course)


def headline(course: Course) -> str:
    """The same without how far it is."""
    standing = course.standing
    never = [way for way in course.ways if way.never and way.mark == "error"]
    phase = course.upgrade.phase if course.upgrade else None
    if standing.stuck and never and phase and phase.number == NODES:
        # What stands below as Why may be about something else than the node: then the title has both.
        mine = [way for way in never if way.name in _concerned(course)]
        both = f"{_story(course)}; and {spelling.listed([way.name for way in never])} will never be upgraded"
        return _never(mine) if mine else both
    if standing.story:
        return _story(course)
    if (do := find_part(course.parts, PartKey.DO)) and do.lead:
        return do.lead.capitalize()
    if phase is None:
        return (
            f'The upgrade is in state "{course.upgrade.state if course.upgrade else ""}", which harvdiag does not know'
        )
    unsure = find_part(course.parts, PartKey.NOT_JUDGED) is not None
    going = "As far as could be seen, the upgrade goes on" if unsure else "The upgrade goes on"
    return f"{going}: {_at_work(course)}"


def _reason(course: Course) -> Part | None:
    """The part that says why it is held up, or what it left over."""
    return find_part(course.parts, PartKey.WHY) or find_part(course.parts, PartKey.LEFT_OVER)


def _concerned(course: Course) -> set[str]:
    """The nodes that the reason is about: its subjects, and those that it names."""
    part = _reason(course)
    return {ref.name for f in (part.findings if part else ()) for ref in (f.subject, *f.targets)}


def _why(course: Course) -> str:
    part = _reason(course)
    return part.text if part else course.standing.story[0].message


def root(course: Course) -> str:
    """The root of it in a clause: ``Machine m-1 has been deleting since …``; of several alike all. Empty: none."""
    part = find_part(course.parts, PartKey.ROOT_CAUSE)
    if part is None:
        return ""
    ghosts = [ref.name for f in course.standing.story if f.reason is Reason.DANGLING for ref in f.targets]
    if part.findings[0].reason is Reason.DANGLING and len(ghosts) > 1:
        return f"{len(ghosts)} Machines name Nodes that do not exist, {spelling.listed(sorted(ghosts))}"
    return short(part.text, 70)


def _never(ways: Sequence[Way]) -> str:
    wait, whose = ways[0].wait, spelling.listed([way.name for way in ways])
    shared = len(ways) > 1 and wait.reason is WaitReason.NO_MACHINE
    return f"{whose} will never be upgraded: {'they have no Machine' if shared else wait.chain[0]}"


def _story(course: Course) -> str:
    """What the standing tells first, and what it names as the root of it."""
    why = _why(course)
    if last := root(course):
        first = re.split(r", though | since ", short(why, 0), maxsplit=1)[0]
        first = _all(course, first)
        return last if len(first) + len(last) > 2 * LONG else f"{first}: {last}"
    return _all(course, short(why, 0 if len(_fellows(course)) > 1 else LONG))


def _fellows(course: Course) -> list[str]:
    """The nodes that are in the same trouble as the worst of them."""
    broken = [way for way in course.ways if way.mark in {"error", "warning"} and way.rule]
    return [way.name for way in broken if way.rule == broken[0].rule]


def _all(course: Course, clause: str) -> str:
    """A clause about one node (``hv02 was never begun``), said of all in the same trouble."""
    fellows, part = _fellows(course), _reason(course)
    told = part.findings[0] if part and part.findings else None
    if told is None or not told.many or len(fellows) < 2 or told.subject.name not in fellows:
        return clause
    return f"{spelling.listed(fellows)} {told.many}"


def _at_work(course: Course) -> str:
    phase = course.upgrade.phase if course.upgrade else None
    at_work = [way for way in course.ways if way.mark == "now"]
    if course.upgrade and course.upgrade.waits_for_gate:
        return "the services are upgraded, and the nodes' turn is to begin"
    if phase and phase.number < NODES:
        return f"it {phase.doing}"
    if len(at_work) == 1 and at_work[0].state == DONE:
        return _last_hand(course, at_work[0])
    if len(at_work) == 1:
        way = at_work[0]
        told = way.state in STATES and way.state not in {DONE, PRELOADED}
        doing = f"it {STATES[way.state].doing}" if told else "it has its turn"
        return f"{way.name} is at work, {doing}"
    if at_work:
        return f"{spelling.listed([way.name for way in at_work])} are at work"
    return f"it waits for {find_wait(course.upgrade_run).actor}" if course.upgrade_run else "nothing is at work"


def _last_hand(course: Course, way: Way) -> str:
    """What is left to do for a node that counts as done."""
    node = course.upgrade_run.node(way.name) if course.upgrade_run else None
    if node and any(job.pending and job.type.startswith("restore") for job in node.jobs):
        return f"{way.name} is upgraded and restores its VMs"
    left = f", and {way.wait.actor} is {way.wait.what}" if way.wait.task else ""
    return f"{way.name} is upgraded{left}"


def _of_plan(plan: UpgradePlan) -> str:
    to = f" to {plan.version}" if plan.version else ""
    if plan.failed:
        them = [f"{name} ({status.state})" for name, status in plan.failed.items()]
        return f"Upgrade V2{to} has failed on {spelling.listed(them)}; its phase is {plan.phase or 'not told'}"
    if not plan.running:
        return f"No upgrade is under way; the last, Upgrade V2{to}, has {plan.phase.lower()}"
    return f"Upgrade V2{to} is in phase {plan.phase or '(none yet)'}: {format_node_states(plan)}"


def _over(course: Course) -> str:
    last, story = course.upgrade, course.standing.story
    if last is None:
        found = f": {short(story[-1].message, LONG)}" if story else ""
        return f"No upgrade is under way, and none is remembered{found}"
    to = f" to {last.version}" if last.version else ""
    if last.failed:
        mine = [way for way in course.ways if way.mark == "error"]
        why = short(mine[0].says, 0) if mine else failure_reason(last)
        broken = course.broken_phase
        where = next((f" in phase {c.number} ({c.label})" for c in course.cells if c.number == broken < LAST), "")
        return f"No upgrade is under way; the last{to} failed{where}{f': {why}' if why else ''}"
    rest = f", but left something over: {_story(course)}" if story else ""
    return f"No upgrade is under way; the last{to} succeeded{rest}"


def parts(course: Course) -> list[tuple[str, str]]:
    """What the standing says below the picture: why, since when, what to do; each a label and a text."""
    told = course.parts
    found = [(part.label, part.text) for part in told if part.key in TOLD]
    if not found or course.gap or course.upgrade is None:
        found = [(part.label, part.text) for part in told if part.key is PartKey.WHERE] + found
    return found


def alt(course: Course) -> str:
    """The picture in words: the title, each phase with its mark, the nodes by their states, and what holds them."""
    said = {"good": "done", "now": "now", "wait": "to come", "error": "stuck here", "warning": "held up here"}
    if not course.running:
        said["error"] = "failed"
    strip = [f"{c.number} {c.label} {said.get(c.mark, 'not known')}" for c in course.cells]
    told = [f"{title(course)}.", f"Phases: {', '.join(strip)}." if strip else ""]
    for (state, mark), ways in groups(course.ways, lambda way: (way.state, way.mark)):
        sign = {"error": ", broken", "warning": ", held up", "now": ", at work"}.get(mark, "")
        told.append(
            f"{counted(len(ways), 'node')} {state or 'not in the list'}{sign}: {listed([w.name for w in ways])}."
        )
    plan = course.standing.plan
    if plan and course.upgrade is None:
        told += [f"{name}: {status.state}." for name, status in list(plan.statuses.items())[:40]]
    return " ".join(filter(None, told))
