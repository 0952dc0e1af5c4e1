"""A runbook in words: its verdict, the ways compared, the steps of one with what each came to in the rehearsal."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harvdiag.core.choose import name_finding
from harvdiag.core.marks import ERROR, GOOD, INFO, UNSEEN, WAIT
from harvdiag.core.model import Finding
from harvdiag.cure.model import Hazard, Simulation
from harvdiag.cure.plan import Place, PlanStep, Runbook, Standing, Way
from harvdiag.cure.preconditions.model import Precondition
from harvdiag.status.answer import fill_source
from harvdiag.status.cure.words import build_command, mark_precondition, name_live
from harvdiag.status.summary import format_count

__all__ = [
    "BEFORE",
    "DRAFTS",
    "FINAL",
    "NEXT",
    "NOT_THIS",
    "REFUSED",
    "SUPPORT",
    "WAYS",
    "WayRow",
    "answer_first",
    "describe_asked",
    "describe_back",
    "describe_others",
    "describe_place",
    "describe_rehearsal",
    "describe_way",
    "describe_wrong_step",
    "first_way",
    "is_followed",
    "list_end",
    "list_next",
    "list_support",
    "list_untold",
    "list_ways",
    "mark_verdict",
    "name_cure",
    "name_drafts",
    "name_live_cure",
    "summarize_runbook",
    "verdict_of",
]

STANDING_MARKS = {Standing.OPEN: GOOD, Standing.UNTOLD: UNSEEN, Standing.CLOSED: ERROR}
"""The mark of each standing."""
FINAL = "Point of no return: from here on, finish what you began"
BEFORE, WAYS, DRAFTS = "Before you begin", "The ways out, the best first", "Drafts, to be read before use"
SUPPORT, NOT_THIS = "Only vendor support can say", "Do not do this instead"
REFUSED = "not offered"
NEXT = "Next steps of the finding, which were not rehearsed"
NOTHING = "Nothing to cure: nothing was found"
PRECONDITION = re.compile(r"[A-Z]\d+: ")
"""How a reason begins that is a precondition: ``P3: VMs on srv09: at least 1``."""
MOST = 3
"""The most other root causes that are named."""
NO_WAY_BACK = "no way back"
PLACES = {
    Place.KUBECTL: "with kubectl",
    Place.HOST: "on the host, as root",
    Place.UI: "in Harvester's UI",
    Place.INSTALLER: "at the host's console",
    Place.SUPPORT: "ask support",
}


@dataclass(frozen=True, kw_only=True)
class WayRow:
    """A way in the comparison."""

    number: str
    """Empty of one that is not offered."""
    mark: str
    title: str
    name: str
    standing: str
    costs: str
    decides: str


def list_ways(runbook: Runbook) -> list[WayRow]:
    """Return the comparison: a row for each way, the best first, then those that are not offered."""
    rows = [
        WayRow(
            number=str(number),
            mark=STANDING_MARKS[way.standing],
            title=way.title,
            name=way.name,
            standing=str(way.standing),
            costs=way.fits,
            decides="; ".join(map(_shorten, way.reasons)),
        )
        for number, way in enumerate(runbook.ways, 1)
    ]
    refused = (
        WayRow(number="", mark=ERROR, title=r.title, name=r.name, standing=REFUSED, costs="", decides=r.reason)
        for r in runbook.refused
    )
    return [*rows, *refused]


def verdict_of(runbook: Runbook) -> str:
    """Return the answer in one line."""
    first = first_way(runbook)
    if runbook.finding is None:
        return f"Nothing was found, but {runbook.none}" if runbook.none else NOTHING
    if first is None:
        return f"No way is offered: {_begin_small(runbook.none)}" if runbook.none else "No way is offered"
    if first.standing is Standing.OPEN:
        return f"Can be cured: {_begin_small(first.title)}"
    why = f": {_shorten(first.reasons[0])}" if first.reasons else ""
    if first.standing is Standing.UNTOLD:
        return f"Can be cured if what is open is settled first: {_begin_small(first.title)}{why}"
    return f"No way can be followed now; the nearest: {_begin_small(first.title)}{why}"


def mark_verdict(runbook: Runbook) -> str:
    """Return the mark of the answer."""
    first = first_way(runbook)
    if runbook.finding is None:
        return UNSEEN if runbook.none else GOOD
    return STANDING_MARKS[first.standing] if first else ERROR if runbook.refused else INFO


def summarize_runbook(runbook: Runbook) -> str:
    """Return the finding and the answer, for the line that says where it was written."""
    return ": ".join(filter(None, (_name(runbook.finding), verdict_of(runbook))))


def first_way(runbook: Runbook) -> Way | None:
    """Return the way to look at first."""
    return next(iter(runbook.ways), None)


def is_followed(runbook: Runbook, strict: bool = False) -> bool:
    """Whether a way can be followed; unless `strict`, also one of which a part has to be settled by hand first."""
    good = {Standing.OPEN} if strict else {Standing.OPEN, Standing.UNTOLD}
    return runbook.finding is None or any(way.standing in good for way in runbook.ways)


def describe_asked(runbook: Runbook) -> str:
    """Return which finding was asked about, where another is its root cause; else empty."""
    if runbook.asked is None or runbook.finding is None or runbook.asked.fingerprint == runbook.finding.fingerprint:
        return ""
    return f"You asked about {_name(runbook.asked)}, which follows from this"


def describe_way(way: Way, number: int = 0) -> str:
    """Return the heading of a way: ``1. Rebuild the host (rebuild)``."""
    lead = f"{number}. " if number else ""
    return f"{lead}{way.title} ({way.name}): {format_count(len(way.steps), 'step')}"


def describe_place(step: PlanStep) -> str:
    """Return where a step is done; empty where its commands say so."""
    return PLACES[step.place]


def describe_back(step: PlanStep) -> str:
    """Return how to undo a step; of the point of no return that there is none."""
    return step.back or (NO_WAY_BACK if step.final else "")


def describe_rehearsal(step: PlanStep) -> str:
    """Return what a step came to when it was played: its class, and why; empty of one that changes no object."""
    told = step.rehearsed
    if told is None:
        return ""
    return ": ".join(filter(None, (f"{told.hazard} ({told.action})", "; ".join(map(_shorten, told.reasons)))))


def answer_first(asked: Precondition, way: Way) -> tuple[str, str]:
    """Return the mark and the answer of a precondition; of one that a step sees to, which."""
    how = dict(way.prepared).get(asked.id)
    return (WAIT, f"by {how}") if how else mark_precondition(asked)


def list_end(way: Way) -> list[tuple[str, tuple[Finding, ...]]]:
    """Return the findings that are resolved at the end of a way, and those that it leaves, each under a heading."""
    parts = (("Resolved at its end", way.gone), ("Left at its end", way.new))
    return [(f"{title} ({len(found)})", found) for title, found in parts if found]


def describe_wrong_step(simulation: Simulation) -> str:
    """Return the step that must not be taken, its class and why."""
    why = "; ".join(simulation.reasons)
    told = (
        f"`{simulation.action}` is {simulation.hazard}"
        if simulation.hazard is not Hazard.UNTOLD
        else (f"`{simulation.action}`: what it would do {simulation.hazard}")
    )
    return ": ".join(filter(None, (told, why)))


def list_support(runbook: Runbook, way: Way | None) -> list[str]:
    """Return what only vendor support can say, of the way and whichever is taken."""
    return [*dict.fromkeys((*(way.support if way else ()), *runbook.support))]


def describe_others(runbook: Runbook) -> str:
    """Return which root causes there are besides, and the command for the first of them; empty where none is."""
    if not runbook.others:
        return ""
    names = [_name(finding) for finding in runbook.others]
    command = build_command(runbook.before, "cure", names[0])
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"Other root causes: {', '.join(names[:MOST])}{more}: `{command}`"


def list_next(runbook: Runbook) -> list[str]:
    """Return the next steps of the finding, where no way is offered: what there is to do all the same."""
    if runbook.finding is None or runbook.ways:
        return []
    steps = runbook.finding.next
    return [fill_source(step, runbook.before) for step in steps] if runbook.before is not None else [*steps]


def list_untold(way: Way) -> list[str]:
    """Return what was not seen, but for what a precondition tells."""
    told = {text for asked in way.preconditions for text in asked.untold}
    return [text for text in way.untold if text not in told]


def name_drafts(runbook: Runbook, way: Way) -> str:
    """Return the command that writes the drafts of a way."""
    return name_cure(runbook, "--way", way.name, "--drafts", "FOLDER")


def name_cure(runbook: Runbook, *options: str) -> str:
    """Return the command that gives the same runbook, with further options."""
    return build_command(runbook.before, "cure", *filter(None, [_name(runbook.finding)]), *options)


def name_live_cure(runbook: Runbook) -> str:
    """Return what tells more than a file where a part is open; empty where nothing is."""
    still = any(way.standing is Standing.UNTOLD or way.untold for way in runbook.ways)
    if not still or runbook.before is None or runbook.finding is None:
        return ""
    return name_live(runbook.before, "cure", _name(runbook.finding))


def _shorten(reason: str) -> str:
    """A reason; of a precondition, which stands elsewhere with all of its values, the first of them."""
    return reason.partition(";")[0] if PRECONDITION.match(reason) else reason


def _name(finding: Finding | None) -> str:
    return name_finding(finding.fingerprint) if finding else ""


def _begin_small(title: str) -> str:
    """A title within a sentence; names such as RKE2 and P1 stay."""
    return title[:1].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title
