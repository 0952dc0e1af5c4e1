"""A simulation in words: its headline, its steps with those that are alike in one row, its findings, P1 to P6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from harvdiag.core.marks import ERROR, GOOD, INFO, UNSEEN, WAIT, WARNING
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.target import join_words
from harvdiag.core.timestamps import Timestamp
from harvdiag.cure.model import Hazard, Simulation, Step, name_in_home
from harvdiag.cure.preconditions.model import Precondition
from harvdiag.rules.facts import Facts
from harvdiag.snapshot import Snapshot
from harvdiag.sources import source_type
from harvdiag.status.preflight.words import LIVE
from harvdiag.status.summary import format_count

__all__ = [
    "FROM_CODE",
    "HAZARD_MARKS",
    "OPEN",
    "PRECONDITIONS",
    "UNCHANGED",
    "StepRow",
    "answer_precondition",
    "build_command",
    "describe_explanation",
    "describe_headline",
    "describe_live",
    "describe_origin",
    "describe_steps",
    "list_by_hand",
    "list_finding_parts",
    "list_open",
    "list_steps",
    "mark_precondition",
    "name_command",
    "name_live",
    "name_objects",
    "name_steps",
    "summarize_simulation",
]

HAZARD_MARKS = {
    Hazard.SAFE: GOOD,
    Hazard.CARE: WARNING,
    Hazard.DANGEROUS: ERROR,
    Hazard.USELESS: INFO,
    Hazard.SILENT: ERROR,
    Hazard.UNTOLD: UNSEEN,
}
"""The mark of each class."""
FROM_CODE = "from code"
"""What is said of a step that was derived, and not seen in the field."""
UNCHANGED = "Nothing was changed: harvdiag never writes to a cluster."
PRECONDITIONS, OPEN = "Preconditions P1 to P6", "What cannot be told"
"""The headings of P1 to P6, and of what was not seen."""
MET = {True: (GOOD, "met"), False: (ERROR, "not met"), None: (UNSEEN, str(Hazard.UNTOLD))}
ISSUE = "#"
"""Stands in the source of a step that was reported."""
NAME = "\0"
"""Stands for the object's name where steps are compared."""


@dataclass(frozen=True, kw_only=True)
class StepRow:
    """One row of the table: one step, or several in a row that are alike but for the object."""

    first: int
    """The number of the first step, from 1."""
    step: Step
    """The first of them."""
    refs: tuple[ObjectRef, ...]

    @property
    def last(self) -> int:
        """The number of the last step."""
        return self.first + len(self.refs) - 1


def list_steps(steps: Sequence[Step], whole: bool = False) -> list[StepRow]:
    """Return the rows of the table; in a `whole` one each step has its own."""
    rows, first = [], 1
    for _, alike in groupby(enumerate(steps), lambda each: each[0] if whole else _likeness(each[1])):
        group = [step for _, step in alike]
        rows.append(StepRow(first=first, step=group[0], refs=tuple(step.ref for step in group)))
        first += len(group)
    return rows


def _likeness(step: Step) -> tuple[object, ...]:
    """What steps have in common that share a row."""
    what, why = (text.replace(step.ref.name, NAME) for text in (step.what, step.why))
    return step.actor, step.effect, what, why, step.source, step.derived


def name_steps(row: StepRow) -> str:
    """Return the numbers of a row: ``7``, ``7-12``."""
    return str(row.first) if row.first == row.last else f"{row.first}-{row.last}"


def name_objects(refs: Sequence[ObjectRef], most: int = 2) -> str:
    """Return objects by kind: ``Machine custom-1``, ``Replica a, b and 198 more``, ``CustomMachine, Machine custom-1``;
    without the usual namespace.
    """
    if len(refs) > 1 and _share_name(refs):
        return f"{', '.join(ref.kind for ref in refs)} {name_in_home(refs[0])}"
    shown = refs[:most] if len(refs) > most + 1 else refs
    kinds = [(kind, [name_in_home(ref) for ref in alike]) for kind, alike in groupby(shown, lambda ref: ref.kind)]
    rest = len(refs) - len(shown)
    told = ", ".join(f"{kind} {', '.join(names)}" for kind, names in kinds)
    return f"{told} and {rest} more" if rest else told


def _share_name(refs: Sequence[ObjectRef]) -> bool:
    return len({name_in_home(ref) for ref in refs}) == 1


def describe_explanation(row: StepRow, whole: bool = True) -> str:
    """Return what a step does and why, with where that is known from: an issue, and in a `whole` one a source file."""
    step = row.step
    source = step.source if whole or ISSUE in step.source else ""
    rest = "; ".join(filter(None, (FROM_CODE if step.derived else "", source)))
    told = ": ".join(filter(None, (step.what, step.why)))
    told = told if _share_name(row.refs) else told.replace(step.ref.name, "each")
    return f"{told} ({rest})" if rest else told


def describe_headline(simulation: Simulation) -> str:
    """Return the answer in a line: ``Useless: delete Node srv09``."""
    return f"{simulation.hazard.capitalize()}: {simulation.action}"


def describe_steps(steps: Sequence[Step]) -> str:
    """Return how many steps there are, and of how many it was not seen that it happens so."""
    derived = sum(step.derived for step in steps)
    told = f"What would happen: {format_count(len(steps), 'step')}"
    if not derived:
        return told
    return f"{told}, {'all' if derived == len(steps) else derived} of them {FROM_CODE}, not seen in the field"


def list_finding_parts(simulation: Simulation) -> list[tuple[str, tuple[Finding, ...]]]:
    """Return what becomes of findings, under a heading each; none where nothing does."""
    parts = (("Findings that would come", simulation.new), ("Findings that would go", simulation.gone))
    return [(f"{title} ({len(found)})", found) for title, found in parts if found]


def mark_precondition(asked: Precondition) -> tuple[str, str]:
    """Return the mark of a precondition, and its answer in a word or two."""
    return MET[asked.met]


def describe_origin(snapshot: Snapshot) -> str:
    """Return what was read: ``support bundle, Harvester v1.4.2, collected 2025-05-08 10:00 UTC``."""
    facts = Facts(snapshot)
    manifest, version = facts.snapshot.manifest, facts.harvester_version
    when = Timestamp(manifest.captured_at)
    parts = (
        source_type(manifest.kind).title,
        f"Harvester {version}" if version else "",
        f"collected {when}" if when else "",
    )
    return ", ".join(filter(None, parts))


def list_by_hand(asked: Precondition, mark: str, full: bool = False) -> tuple[str, ...]:
    """Return what a person does before the first step; nothing where a step sees to it, which is not to be early."""
    return asked.by_hand if mark != WAIT and (full or asked.met is None) else ()


def answer_precondition(asked: Precondition) -> tuple[str, ...]:
    """Return the values of a precondition, else its question, then what is open and does not stand there already."""
    told = asked.told or asked.asks
    return told, *(text for text in asked.untold if text not in told)


def list_open(simulation: Simulation) -> list[str]:
    """Return what was not seen, but for what a precondition tells."""
    told = {text for asked in simulation.preconditions for text in asked.untold}
    return [text for text in simulation.untold if text not in told]


def describe_live(simulation: Simulation) -> str:
    """Return what tells more than a file where something is open; empty where nothing is, or the cluster was asked."""
    still = simulation.untold or any(asked.met is None for asked in simulation.preconditions)
    return name_live(simulation.before, "what-if", str(simulation.action)) if still else ""


def name_live(snapshot: Snapshot, *words: str) -> str:
    """Return that the live cluster may tell more, with the command; empty where it was asked, or its names are not
    known.
    """
    if snapshot.manifest.kind == LIVE or snapshot.manifest.redacted:
        return ""
    return f"The live cluster may tell more: `{join_words(('harvdiag', *words))}`."


def summarize_simulation(simulation: Simulation) -> str:
    """Return the headline with the number of steps and findings, for the line that says where it was written."""
    come, go = len(simulation.new), len(simulation.gone)
    found = f"{format_count(come, 'finding')} would come and {go} go" if come or go else "no finding would change"
    return f"{describe_headline(simulation)}; {format_count(len(simulation.steps), 'step')}; {found}"


def name_command(simulation: Simulation, *options: str) -> str:
    """Return the command that gives the same simulation, with further options."""
    return build_command(simulation.before, "what-if", str(simulation.action), *options)


def build_command(snapshot: Snapshot | None, command: str, *words: str) -> str:
    """Return a command with the words that name the source, if they are known, after it."""
    told = snapshot.arguments if snapshot is not None else None
    return join_words(("harvdiag", command, *(("SOURCE",) if told is None else told), *words))
