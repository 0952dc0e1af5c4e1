"""The class of an action: what its cascade says of it, and the preconditions of what goes (P1 to P6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harvdiag.core.model import Finding, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.cure.cascade.stage import Stage
from harvdiag.cure.model import Hazard
from harvdiag.cure.preconditions import Precondition

__all__ = ["classify", "classify_step", "stays", "subjects_of"]

ORDER = (Hazard.DANGEROUS, Hazard.UNTOLD, Hazard.SILENT, Hazard.USELESS, Hazard.CARE, Hazard.SAFE)
"""The class that counts where there are reasons for several, the first of these."""


def subjects_of(stage: Stage) -> tuple[ObjectRef, ...]:
    """The Nodes and Machines of whose removal the preconditions are asked: what is gone, and what a restart touches.

    Of a Node that comes back as it was, without a Machine before and after, nothing is asked.
    """
    machines = [ref for ref in stage.asked if ref.kind == "Machine"]
    lost = any(step.ref.kind == "Machine" and stage.world.get(step.ref) is None for step in stage.steps)
    nodes = [ref for ref in stage.asked if ref.kind == "Node" and (lost or _matters(stage, ref))]
    return tuple(dict.fromkeys(machines or nodes))


def stays(stage: Stage, subject: ObjectRef) -> bool:
    """Whether the object is not removed at all, so that no more than RKE2 restarts on its host."""
    return subject.kind == "Node" and subject not in stage.nodes_gone and stage.world.get(subject) is not None


def _matters(stage: Stage, node: ObjectRef) -> bool:
    return node not in stage.nodes_gone or stage.world.get(node) is None


def classify(
    stage: Stage, conditions: Iterable[Precondition], new: Sequence[Finding], gone: Sequence[Finding]
) -> tuple[Hazard, tuple[str, ...]]:
    """Return the class, and the reasons for it, the weightiest first."""
    notes = _notes(stage, conditions)
    better = [finding for finding in gone if finding.severity is Severity.ERROR]
    worse = [finding for finding in new if finding.severity is Severity.ERROR and not better]
    if not notes:
        notes = [_without_notes(stage, worse, gone)]
    found, reasons = _weigh(notes)
    if found in {Hazard.SAFE, Hazard.CARE} and worse:
        found = Hazard.SILENT
        reasons.insert(0, f"it brings new errors: {join_names([finding.rule for finding in worse])}")
    return found, tuple(dict.fromkeys(reasons))


def classify_step(stage: Stage, conditions: Iterable[Precondition]) -> tuple[Hazard, tuple[str, ...]]:
    """Return the class of a step of a plan, whose findings are judged at the end of the plan, and the reasons."""
    found, reasons = _weigh(_notes(stage, conditions) or [(Hazard.CARE, "no controller that is simulated acts on it")])
    return found, tuple(dict.fromkeys(reasons))


def _notes(stage: Stage, conditions: Iterable[Precondition]) -> list[tuple[Hazard, str]]:
    restart = any(stays(stage, subject) and subject not in stage.stopped for subject in subjects_of(stage))
    return [*stage.notes, *_of_conditions(conditions, restart)]


def _weigh(notes: Sequence[tuple[Hazard, str]]) -> tuple[Hazard, list[str]]:
    found = min((hazard for hazard, _ in notes), key=ORDER.index)
    return found, [reason for hazard in ORDER for each, reason in notes if each is hazard]


def _of_conditions(conditions: Iterable[Precondition], restart: bool) -> list[tuple[Hazard, str]]:
    """What the preconditions make of it.

    A restart takes no VM away, so that these are only to be looked after; and whether a host that is down comes back is
    up to the person, as no object tells it.
    """
    found: list[tuple[Hazard, str]] = []
    met: list[str] = []
    for each in conditions:
        said = f"{each.id}: {each.told or each.asks}"
        by_hand = (restart and each.id == "P3" and not each.met) or (each.id == "P6" and each.met is None)
        if by_hand:
            found.append((Hazard.CARE, said))
        elif each.met is None:
            found.append((Hazard.UNTOLD, said))
        elif not each.met:
            found.append((Hazard.DANGEROUS, said))
        else:
            met.append(each.id)
    return [*found, (Hazard.CARE, f"met: {join_names(met)}")] if met else found


def _without_notes(stage: Stage, worse: Sequence[Finding], gone: Sequence[Finding]) -> tuple[Hazard, str]:
    """The class where no controller says anything of it."""
    if worse:
        return Hazard.SILENT, f"it brings new errors: {join_names([finding.rule for finding in worse])}"
    if gone:
        return Hazard.SAFE, f"it resolves {join_names([finding.rule for finding in gone])}"
    if stage.asked:
        return Hazard.UNTOLD, "the preconditions were not asked"
    return Hazard.USELESS, "no controller that is simulated acts on it, and no finding changes"
