"""A runbook as data: the ways out of a finding, each with its preconditions, its steps and what they came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.model import Finding
from harvdiag.core.tabular import Record, Tabular
from harvdiag.cure.model import Action, Hazard, Simulation, Step, build_finding, build_precondition
from harvdiag.cure.preconditions.model import CANNOT_TELL, Precondition

if TYPE_CHECKING:
    import os

    from harvdiag.cure.drafts.model import Draft
    from harvdiag.snapshot import Snapshot

__all__ = ["Place", "PlanStep", "Played", "Refused", "Runbook", "Standing", "Way"]

COLUMNS = ("way", "standing", "step", "place", "what", "command", "action", "class", "final", "back")


class Place(StrEnum):
    """Where a step is done."""

    KUBECTL = "kubectl"
    HOST = "host"
    """On the host, as root."""
    UI = "UI"
    """In Harvester's UI."""
    INSTALLER = "installer"
    """At the console of the host, in Harvester's installer."""
    SUPPORT = "support"
    """A question that only vendor support can answer."""


class Standing(StrEnum):
    """Whether a way can be followed on this cluster."""

    OPEN = "can be followed"
    """Every precondition that decides is met, and the rehearsal ends without the finding."""
    UNTOLD = CANNOT_TELL
    """A precondition was not seen, or the rehearsal has an open end."""
    CLOSED = "precondition not met"


@dataclass(frozen=True, kw_only=True)
class Played:
    """What the action of one step came to; the checks are run at the end of its way, not after each step."""

    action: Action
    hazard: Hazard
    reasons: tuple[str, ...]
    """Why it has that class, the weightiest first."""
    steps: tuple[Step, ...]
    """Of the cascade."""
    preconditions: tuple[Precondition, ...] = ()
    """Those that it asks, on the cluster as the steps before left it."""
    dangers: tuple[str, ...] = ()
    """The reasons for which it is dangerous, whatever the preconditions say."""
    untold: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the form used in harvdiag's JSON."""
        return {
            "class": str(self.hazard),
            "reasons": list(self.reasons),
            "preconditions": [*map(build_precondition, self.preconditions)],
            "untold": list(self.untold),
        }


@dataclass(frozen=True, kw_only=True)
class PlanStep:
    """One step of a way: what a person does, and what to see before the next."""

    what: str
    """In one imperative clause without its command: ``Move the replicas of srv09 away``."""
    place: Place
    commands: tuple[str, ...] = ()
    """Each one to be copied as it is; for `UI` and `INSTALLER` a path: ``Hosts → srv09 → ⋮ → Delete``."""
    sees: tuple[str, ...] = ()
    """What must be seen before the next step, each with its command between backticks."""
    links: tuple[str, ...] = ()
    """Pages of the documentation of the cluster's release, or public issues, as URLs."""
    caution: str = ""
    final: bool = False
    """Whether this is the point of no return: from here on the way can only be finished."""
    back: str = ""
    """How to undo this step; empty where there is nothing to undo, or no way back."""
    action: Action | None = None
    """What the step does to the cluster, for the rehearsal; None where it changes no object."""
    done: str = ""
    """What the source shows of it already, so that it need not be done: ``no replica is on srv09``."""
    rehearsed: Played | None = None
    """What its action came to, on the cluster as the steps before left it; None where it has none, or need not be done.
    """

    @property
    def hazard(self) -> Hazard | None:
        """The class of its action; None where it has none."""
        return self.rehearsed.hazard if self.rehearsed else None

    def as_dict(self) -> dict[str, Any]:
        """Return the form used in harvdiag's JSON; `class` is that of its action, null where it has none."""
        return {
            "what": self.what,
            "place": str(self.place),
            "commands": list(self.commands),
            "sees": list(self.sees),
            "caution": self.caution,
            "final": self.final,
            "back": self.back,
            "done": self.done,
            "links": list(self.links),
            "action": self.action.as_dict() if self.action else None,
            "class": str(self.hazard) if self.hazard else None,
            "rehearsed": self.rehearsed.as_dict() if self.rehearsed else None,
        }


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way out, rehearsed.

    It can be followed where each precondition is met, or is `prepared`: a step before the one that needs it sees to it.
    """

    name: str
    """``rebuild``, ``register``, ``by-hand``, ``remove-machine``, …"""
    title: str
    """``Rebuild the host``."""
    fits: str
    """In one sentence: for whom it is the right one, and what it costs."""
    steps: tuple[PlanStep, ...]
    preconditions: tuple[Precondition, ...]
    """On the cluster as it is, each with its values."""
    standing: Standing
    reasons: tuple[str, ...]
    """Why it has that standing, the weightiest first."""
    prepared: tuple[tuple[str, str], ...] = ()
    """The ids of preconditions that are not met yet, each with how the steps before see to it: ``P6`` and ``step 4``.
    """
    gone: tuple[Finding, ...] = ()
    """The findings that are resolved at its end."""
    new: tuple[Finding, ...] = ()
    """The findings that it leaves, none of them an error."""
    untold: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    """What only vendor support can say."""
    drafts: tuple[Draft, ...] = ()
    """Manifests and commands to be written on request, never applied."""

    def as_dict(self) -> dict[str, Any]:
        """Return the form used in harvdiag's JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "fits": self.fits,
            "standing": str(self.standing),
            "reasons": list(self.reasons),
            "preconditions": [*map(build_precondition, self.preconditions)],
            "prepared": [{"id": name, "by": how} for name, how in self.prepared],
            "steps": [{"step": number, **step.as_dict()} for number, step in enumerate(self.steps, 1)],
            "gone": [*map(build_finding, self.gone)],
            "new": [*map(build_finding, self.new)],
            "untold": list(self.untold),
            "support": list(self.support),
            "drafts": [draft.as_dict() for draft in self.drafts],
        }


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A way that is not offered."""

    name: str
    title: str
    reason: str
    """``its rehearsal ends with machine-not-running of Machine custom-0a1b2c3d4e5f``."""

    def as_dict(self) -> dict[str, str]:
        """Return the form used in harvdiag's JSON."""
        return {"name": self.name, "title": self.title, "reason": self.reason}


@dataclass(frozen=True, kw_only=True, repr=False)
class Runbook(Tabular):
    """The ways out of one finding, the best first.

    Its table has one row a step: `way`, `standing` (str), `step` (Int64), `place`, `what`, `command`, `action`,
    `class` (str), `final` (boolean), `back` (str).
    """

    noun: ClassVar[str] = "steps"
    dtypes: ClassVar[Mapping[str, str]] = dict.fromkeys(COLUMNS, "str") | {"step": "Int64", "final": "boolean"}

    finding: Finding | None
    """None where nothing was found, so that there is nothing to cure."""
    asked: Finding | None
    """The finding that was asked about: `finding` is the root cause of it."""
    ways: tuple[Way, ...]
    refused: tuple[Refused, ...]
    none: str
    """Why no way is offered, or what was not judged where nothing was found; empty where one is."""
    support: tuple[str, ...]
    """What only vendor support can say, whichever way is taken."""
    simulation: Simulation | None = None
    """What the step would do that people are most often told, and must not take: for the page beside the ways."""
    others: tuple[Finding, ...] = ()
    """Where none was asked about: the root causes besides `finding`, in the order in which to look at them."""
    before: Snapshot | None = None
    """The cluster as it was read; None of a runbook that none was asked for."""

    def __repr__(self) -> str:
        head = [str(self.finding)] if self.finding else []
        told = [f"{n}. {way.title}: {way.standing}" for n, way in enumerate(self.ways, 1)]
        return "\n".join(map(escape_text, filter(None, (*head, *told, self.none)))) or "nothing to cure"

    @property
    def best(self) -> Way | None:
        """The first way, if it can be followed."""
        return next((way for way in self.ways[:1] if way.standing is Standing.OPEN), None)

    def write_drafts(self, folder: str | os.PathLike[str], way: str = "", *, force: bool = False) -> tuple[Path, ...]:
        """Write the drafts of a way into a folder, by default of the first that has some; return the paths.

        None is ever applied. Raises UsageError where one is there already, unless with `force`, and for a way that is
        not offered.
        """
        from harvdiag.cure.drafts.files import write_drafts

        if way and not any(each.name == way for each in self.ways):
            raise UsageError(f"the way {way!r} is not among those offered: {', '.join(w.name for w in self.ways)}")
        chosen = (each for each in self.ways if (each.name == way if way else each.drafts))
        return next((write_drafts(each, folder, force=force) for each in chosen), ())

    @property
    def records(self) -> list[Record]:
        """One row a step, way by way."""
        rows = (
            (
                *(way.name, str(way.standing), number, str(step.place), step.what, "\n".join(step.commands)),
                *(str(step.action or ""), str(step.hazard or ""), step.final, step.back),
            )
            for way in self.ways
            for number, step in enumerate(way.steps, 1)
        )
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]

    def _document_head(self) -> dict[str, Any]:
        """The finding, each way whole, those that are not offered, and what only vendor support can say."""
        return {
            "finding": build_finding(self.finding) if self.finding else None,
            "asked": build_finding(self.asked) if self.asked else None,
            "best": self.best.name if self.best else None,
            "ways": [way.as_dict() for way in self.ways],
            "refused": [way.as_dict() for way in self.refused],
            "none": self.none,
            "support": list(self.support),
            "simulation": self.simulation.as_dict() if self.simulation else None,
            "others": [*map(build_finding, self.others)],
        }
