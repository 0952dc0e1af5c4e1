"""The progress of an upgrade: each phase and each node with a mark, and the reason for it.

Marks are ``good``, ``now``, ``wait``, ``warning``, ``error`` and ``unseen``. What is broken comes from the findings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.frames import build_table
from harvdiag.core.marks import ERROR, GOOD, NOW, UNSEEN, WAIT, WARNING
from harvdiag.core.model import Finding, ObjectRef, Severity
from harvdiag.core.tabular import Record, Tabular
from harvdiag.core.timestamps import Timestamp, normalise_time
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.upgrade.columns import SPENT_IN, column_of_step, columns_of, find_column
from harvdiag.status.upgrade.explanation import explain_upgrade
from harvdiag.status.upgrade.part import Part
from harvdiag.upgrade.handshake import DrainStep, step_entries
from harvdiag.upgrade.phases import DONE, FAILED, LAST, PAUSED, PHASES, PRELOADED, PRELOADING, PREPARING, Phase
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.timeline import Span, find_phases
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.waiting import Wait, find_node_wait
from harvdiag.upgrade.wording import format_duration, format_unlisted

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RANK", "NodeProgress", "PhaseProgress", "UpgradeProgress"]

RANK = {mark: rank for rank, mark in enumerate((ERROR, WARNING, NOW, UNSEEN, WAIT, GOOD))}
"""The marks in the order of attention that they need."""
NODE_COLUMNS = ("node", "state", "mark", "step", "waits_for", "since", "reason", "finding")
PHASE_COLUMNS = {"number": "Int64", "phase": "str", "mark": "str", "took": "str"}


class PhaseProgress(NamedTuple):
    """One phase: its number and label, its mark, and how long it took (None where that is unknown)."""

    number: int
    label: str
    mark: str
    took: timedelta | None
    hint: str


@dataclass(frozen=True, kw_only=True)
class NodeProgress:
    """One node: its state, its column `at` (empty: before the first), its mark, and the message about it (`says`).

    `finding` is the one that marks it, `wait` whose turn it is, `spent` how long each state took where known.
    `never` is why its turn can never come, empty where it can. `state_word` is its state, else why it has none.
    """

    name: str
    state: str
    state_word: str
    place: str
    """The state of V1 that its state corresponds to."""
    doing: str
    at: str
    mark: str
    says: str
    finding: Finding | None
    wait: Wait
    step: DrainStep | None
    spent: Mapping[str, str]
    never: str = ""

    @property
    def rule(self) -> str:
        """The rule of the finding that marks it; empty where there is none."""
        return self.finding.rule if self.finding else ""

    def said_of(self, whom: str) -> str:
        """Return the message for others too: `whom` (``each of them``) replaces its name."""
        return self.finding.said_of(whom) if self.finding and self.says == self.finding.message else self.says


class UpgradeProgress(Tabular):
    """The upgrade that is under way; where none is, the last there was.

    Its table has one row a node, all str: `node`, `state`, `mark` (``good``, ``now``, ``wait``, ``warning``,
    ``error``), `step` (of the drain), `waits_for`, `since` (RFC 3339), `reason`, `finding` (the rule that marks it).
    """

    noun = "nodes"
    dtypes: ClassVar[Mapping[str, str]] = dict.fromkeys(NODE_COLUMNS, "str")

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.facts = diagnosis.facts
        self.diagnosis = diagnosis

    def __repr__(self) -> str:
        marks = [way.mark for way in self.nodes]
        told = ", ".join(f"{marks.count(mark)} {mark}" for mark in RANK if mark in marks)
        phase = next((f"{cell.number} {cell.label}, " for cell in self.cells if cell.mark not in {"good", "wait"}), "")
        return f"<Progress: {escape_text(phase)}{len(self.records)} nodes{f' ({told})' if told else ''}>"

    @cached_property
    def gap(self) -> str:
        """Why the Upgrades were not seen, or where there is none, the UpgradePlans; empty where they were."""
        kinds = ("Upgrade",) if self.upgrade else ("Upgrade", "UpgradePlan")
        return next((gap for kind in kinds if (gap := self.facts.snapshot.gap(kind))), "")

    @cached_property
    def upgrade(self) -> Upgrade | None:
        """The upgrade that is shown, V1 or V2; None where there is none."""
        return self.diagnosis.current

    @cached_property
    def parts(self) -> list[Part]:
        """The explanation, part by part."""
        return explain_upgrade(self.diagnosis)

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self.diagnosis.upgrade_run is not None and self.upgrade is not None

    @cached_property
    def upgrade_run(self) -> UpgradeRun | None:
        """The upgrade with its nodes and Jobs; of a finished one, as far as they still exist."""
        if self.upgrade is None:
            return None
        return self.diagnosis.shown

    @cached_property
    def spans(self) -> list[Span]:
        """The phases, then each node's steps, with their times."""
        return find_phases(self.upgrade_run, self.facts.snapshot) if self.upgrade_run else []

    @property
    def is_stalled(self) -> bool:
        """Whether it is stuck, and nothing else is at work meanwhile."""
        return self.running and self.diagnosis.is_stuck and not self.diagnosis.moving_node

    def age(self, since: str, short: bool = False) -> str:
        """Return how long before the collection a time (RFC 3339) was: ``3 h 20 min``; empty where that is unknown."""
        age = self.facts.now.since(Timestamp(since))
        return format_duration(age, short) if age is not None and age.total_seconds() >= 0 else ""

    # --- as data ---------------------------------------------------------------------------------------------------

    @cached_property
    def records(self) -> list[Record]:
        """One row a node."""
        return [dict(zip(self.dtypes, (cell or None for cell in row), strict=True)) for row in self._build_rows()]

    def _build_rows(self) -> Iterator[tuple[str, ...]]:
        for way in self.nodes:
            waits, since = f"{way.wait.actor}: {way.wait.what}", normalise_time(way.wait.since)
            yield (way.name, way.state, way.mark, way.step or "", waits, since, way.says, way.rule)

    @property
    def phases(self) -> pd.DataFrame:
        """The phases in their order: `number` (Int64), `phase`, `mark` (as for nodes, and ``unseen``), `took` (str)."""
        return build_table(self._phase_rows, PHASE_COLUMNS)

    @property
    def _phase_rows(self) -> list[tuple[int, str, str, str | None]]:
        return [(c.number, c.label, c.mark, None if c.took is None else format_duration(c.took)) for c in self.cells]

    def _row_document(self, record: Record) -> dict[str, Any]:
        return {**super()._row_document(record), **step_entries(record["step"])}

    def _document_head(self) -> dict[str, Any]:
        """`upgrade` (the object, or None), whether it is `running`, why it was `not_seen`, and the `phases`."""
        of = self.upgrade
        return {
            "upgrade": of.ref.as_dict() if of else None,
            "version": of.version if of else None,
            "running": of.running if of else False,
            "not_seen": self.gap or None,
            "phases": [dict(zip(PHASE_COLUMNS, phase, strict=True)) for phase in self._phase_rows],
        }

    # --- phases ----------------------------------------------------------------------------------------------------

    @cached_property
    def cells(self) -> list[PhaseProgress]:
        """The phases in order; the last is ``Succeeded`` or ``Failed``."""
        if self.upgrade is None:
            return []
        took = {s.step: s.duration for s in self.spans if not s.node and s.duration is not None}
        last, ends = FAILED if self.upgrade.failed else DONE, {DONE, FAILED}
        phases = [phase for phase in self.upgrade.phases if phase.label not in ends or phase.label == last]
        return [self._build_phase(phase, took) for phase in phases]

    @property
    def stages(self) -> list[PhaseProgress]:
        """The phases as a picture has room for: of an UpgradePlan the two that belong together as one,
        ``RepoCreating`` and ``RepoCreated``, by the name of the one that tells more.
        """
        if self.upgrade is None or not self.upgrade.v2:
            return self.cells
        *phases, last = self.cells
        return [*(_join_phases(*pair) for pair in zip(phases[::2], phases[1::2], strict=True)), last]

    def _build_phase(self, phase: Phase, took: Mapping[str, timedelta]) -> PhaseProgress:
        label = phase.label or "(begin)"
        hint = f"{phase.number} {label}: {phase.actor} {phase.doing}, until {phase.until}"
        mark = self._phase_mark(phase)
        spent = took.get(label) if mark == "good" else None
        hint += f"; took {format_duration(spent)}" if spent is not None else ""
        return PhaseProgress(phase.number, label, mark, spent, hint)

    def _phase_mark(self, phase: Phase) -> str:
        upgrade = self.upgrade
        if upgrade is None or (self.running and upgrade.phase is None):
            return "unseen"
        if upgrade.failed:
            broken = self.broken_phase
            over = phase.label == FAILED or phase.number == broken
            return "error" if over else "good" if phase.number < broken else "wait"
        now = upgrade.phase.number if self.running and upgrade.phase else upgrade.phases[-1].number + 1
        if phase.number == now:
            return "error" if self.is_stalled else "warning" if self.diagnosis.story else "now"
        return "good" if phase.number < now else "wait"

    @property
    def broken_phase(self) -> int:
        """The number of the phase in which it failed; that of the last where it is unknown."""
        if self.upgrade is None:
            return LAST
        if self.upgrade.v2:
            begun_in = (p.number for p in reversed(self.upgrade.phases[:-2]) if self.upgrade.since(p))
            return next(begun_in, self.upgrade.phases[-1].number)
        false = {kind for kind, told in self.upgrade.conditions.items() if told.status == "False"}
        found = [p.number for p in PHASES if p.condition in false - {"LogReady", "Completed"}]
        begun = bool(self.upgrade.statuses)
        return next((n for n in found if n != PREPARING - 1 or not begun), LAST)

    # --- nodes -----------------------------------------------------------------------------------------------------

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The states that the nodes go through: a single node is not drained; the paused state is rare."""
        return columns_of(self.upgrade)

    @cached_property
    def nodes(self) -> list[NodeProgress]:
        """Every node, by the attention that it needs, first whose turn can never come, then by name; of a finished
        upgrade those of its list.
        """
        if self.upgrade_run is None:
            return []
        nodes = [n for n in self.upgrade_run.nodes if self.running or n.status]
        found = [self._build_node(self.upgrade_run, node) for node in nodes]
        return sorted(found, key=lambda way: (RANK[way.mark], not way.never, way.at == ""))

    @cached_property
    def _spans_by_node(self) -> dict[str, list[Span]]:
        found: dict[str, list[Span]] = {}
        for told in self.spans:
            found.setdefault(told.node, []).append(told)
        return found

    def _build_node(self, rollout: UpgradeRun, node: NodeUpgrade) -> NodeProgress:
        told, finding = find_node_wait(rollout, node), self.finding_about(node)
        never = told.what if told.never and self.running else ""
        mark = self._node_mark(node, finding)
        says = _choose_reason(told, finding, never) if mark in {"error", "warning"} else ""
        if mark == "now":
            says = f"waits for {told.actor}: {told.what}"
        steps = self._spans_by_node.get(node.name, ())
        spent = {
            column_of_step(self.upgrade, s.step): took
            for s in steps
            if s.step in SPENT_IN and (took := self._time_spent(s))
        }
        return NodeProgress(
            name=node.name,
            state=node.state,
            state_word=node.state or format_unlisted(rollout.upgrade),
            place=node.place,
            doing=node.doing,
            at=find_column(node, self.columns),
            mark=mark,
            says=says,
            finding=finding,
            wait=told,
            step=node.handshake.step if node.handshake else None,
            spent=spent,
            never=never,
        )

    def _time_spent(self, of: Span) -> str:
        """How long a step took; of one in progress, ``for 20 min``."""
        if of.duration is not None:
            return format_duration(of.duration, short=True)
        age = self.age(of.began.isoformat(), short=True) if of.began and not of.ended and self.running else ""
        return f"for {age}" if age else ""

    def finding_about(self, node: NodeUpgrade) -> Finding | None:
        """Return the finding of the story about a node: one with it as subject, the upgrade's own before its causes;
        else one about the Upgrade with the node as evidence.
        """
        return self._findings_by_node.get(node.ref)

    @cached_property
    def _findings_by_node(self) -> dict[ObjectRef, Finding]:
        """By subject; causes come first in the story, so the last about a subject is the upgrade's own."""
        story = self.diagnosis.story
        named = {e.object: f for f in story if f.subject.kind in {"Upgrade", "UpgradePlan"} for e in f.evidence}
        return named | {f.subject: f for f in sorted(story, key=lambda f: -f.severity.rank)}

    def _node_mark(self, node: NodeUpgrade, finding: Finding | None) -> str:
        over = node.place == DONE and (finding is None or finding.subject != node.ref)
        if node.place == FAILED or (finding and finding.severity is Severity.ERROR and not over):
            return "error"
        if node.place == PAUSED or (finding and not over):
            return "warning"
        if not self.running:
            return "good" if node.place == DONE else "wait"
        under_way = node.handshake is not None and not node.handshake.idle
        pending = any(job.pending for job in node.jobs)
        if under_way or pending or node.place not in {DONE, PRELOADED, PRELOADING, ""}:
            return "now"
        phase = self.upgrade.phase if self.upgrade else None
        if node.place == PRELOADING and phase and phase.place <= PREPARING:
            return "now"
        return "good" if node.place == DONE else "wait"


def _join_phases(first: PhaseProgress, then: PhaseProgress) -> PhaseProgress:
    """Two phases as one: that which is not over, else the second once both are, with the time that both took."""
    if first.mark == then.mark == "good":
        known = [took for took in (first.took, then.took) if took is not None]
        return then._replace(took=sum(known, timedelta()) if known else None)
    return min(first, then, key=lambda cell: (RANK[cell.mark], cell.number))


def _choose_reason(told: Wait, finding: Finding | None, never: str) -> str:
    return never or (finding.message if finding else told.what)
