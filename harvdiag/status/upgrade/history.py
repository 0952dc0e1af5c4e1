"""The content of the timeline picture: rows of bars and fault marks, when all stopped, and the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.keys import object_key
from harvdiag.core.model import ObjectRef
from harvdiag.core.tabular import Record, Tabular, to_plain
from harvdiag.core.window import Window
from harvdiag.status.upgrade.folding import Lane, fold_nodes
from harvdiag.status.upgrade.headline import build_headline, build_title, describe_progress
from harvdiag.status.upgrade.progress import UpgradeProgress
from harvdiag.upgrade.phases import FAILED
from harvdiag.upgrade.timeline import PHASE_COLUMNS, Entry, EntryKind, Span, build_timeline, find_stop, format_entries
from harvdiag.upgrade.waiting import is_upgrading
from harvdiag.upgrade.wording import format_duration, upgrade_title

__all__ = ["Bar", "FaultMark", "History", "Row"]

JOBS = frozenset({"kubernetes", "restart"})  # steps that are not Jobs: they lie between two Jobs
SHORT = {"skip-restart-rancher-system-agent": "skip-restart", "skip-manifests-apply": "skip-manifests"}
MARK_WORDS = {"good": "done", "now": "in progress", "warning": "held up", "error": "stalled", "wait": "not reached"}
FEW = 5
HERE = "~~~ stopped here: what follows is repetition or faults, without progress ~~~"
DRAIN, HOOKS = "drain to restart, node by node", frozenset({"pre-drain", "kubernetes", "post-drain", "restart"})


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: its step, its times (`ended` is None while in progress), its mark, whether it is a Job."""

    step: str
    began: datetime
    ended: datetime | None
    mark: str
    job: bool
    took: str
    idle: str


class FaultMark(NamedTuple):
    """A fault: its time, its mark, and its message."""

    time: datetime
    mark: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: its key and label, the text `under` that, its mark, its bars and fault marks.

    `rest` is the number of Events, log lines and the like about it that have no mark.
    """

    key: str
    label: str
    under: str
    mark: str
    bars: tuple[Bar, ...]
    signs: tuple[FaultMark, ...]
    nodes: tuple[str, ...] = ()
    rest: int = 0


class History(Tabular):
    """The timeline of the upgrade that is under way, else of the last.

    Its table has one row a phase, then one a step of each node: `node`, `step` (str), `began`, `ended`
    (datetime64[ns, UTC]), `duration`, `gap` (timedelta64[ns]). `node` is missing for a phase.
    """

    noun = "spans"
    dtypes: ClassVar[Mapping[str, str]] = PHASE_COLUMNS

    def __init__(self, progress: UpgradeProgress) -> None:
        self.progress = progress

    def __repr__(self) -> str:
        stop = self.progress.diagnosis.last if self.progress.diagnosis.is_stalled else None
        last = f", nothing moved after {stop.time:%Y-%m-%d %H:%M} UTC" if stop else ""
        return f"<History: {len(self.records)} phases and steps, {len(self.lines)} lines{last}>"

    @property
    def records(self) -> list[Record]:
        """One row a span; None for a time that is unknown."""
        return [
            {name: getattr(told, name) for name in self.dtypes} | {"node": told.node or None}
            for told in self.progress.spans
        ]

    @cached_property
    def lines(self) -> list[str]:
        """The timeline as text, one line per entry, with where it stopped; then what has no time."""
        return self.lines_within(Window())

    def lines_within(self, window: Window) -> list[str]:
        """The same of what happened in a window of time; what has no time is in each."""
        diagnosis = self.progress.diagnosis
        if diagnosis.past is None:
            return []
        entries = [entry for entry in diagnosis.past.entries() if window.holds(entry.time)]
        told = format_entries(entries)
        if diagnosis.is_stalled and diagnosis.last in entries:
            told.insert(entries.index(diagnosis.last) + 1, HERE)
        return [*told, *map(escape_text, diagnosis.past.untimed)]

    def sources_within(self, window: Window) -> list[str]:
        """The objects that tell the entries of a window, each once with its fields: ``Job ns/x: status.startTime``."""
        past = self.progress.diagnosis.past
        fields: dict[str, dict[str, None]] = {}
        for entry in past.entries() if past else ():
            if window.holds(entry.time):
                fields.setdefault(str(entry.object), {})[entry.field] = None
        return [escape_text(f"{told}: {', '.join(paths)}") for told, paths in fields.items()]

    def _document_head(self) -> dict[str, Any]:
        """When it `stopped` (None where it did not), and every entry with a time."""
        diagnosis = self.progress.diagnosis
        stop = diagnosis.last if diagnosis.is_stalled else None
        told = diagnosis.past.entries() if diagnosis.past else []
        entries = [
            {"time": e.time, "what": e.what, "node": e.node or None, "object": e.object.as_dict(), "field": e.field}
            for e in told
        ]
        return {"stopped": to_plain(stop.time) if stop else None, "entries": to_plain(entries)}

    @cached_property
    def entries(self) -> list[Entry]:
        """All entries with a time, in order."""
        rollout = self.progress.upgrade_run
        return build_timeline(rollout, self.progress.facts.snapshot) if rollout else []

    @cached_property
    def spans(self) -> list[Span]:
        """The spans with a known begin or end."""
        return [s for s in self.progress.spans if s.began or s.ended]

    @property
    def has_times(self) -> bool:
        """Whether there is anything to draw: a time other than that of the Upgrade's creation."""
        return len({at for s in self.spans for at in (s.began, s.ended) if at}) > 1

    @cached_property
    def stop(self) -> Entry | None:
        """The last entry that is progress, where the upgrade is stalled."""
        return find_stop(self.entries, self.progress.facts.now.at) if self.progress.is_stalled else None

    @cached_property
    def end(self) -> datetime:
        """The end of the axis: the time of collection, or the end of a finished upgrade."""
        times = [at for s in self.spans for at in (s.began, s.ended) if at]
        times += [e.time for e in self.entries if e.moves]
        now = self.progress.facts.now.at
        return max([*times, now]) if now and self.progress.running else max(times)

    @cached_property
    def busy(self) -> list[tuple[datetime, datetime]]:
        """The intervals in which something was at work."""
        going = self.progress.running and not self.progress.is_stalled
        found = []
        for s in self.spans:
            began = s.began or s.ended
            open_end = self.end if going and s.node else began
            if began:
                found.append((began, s.ended or open_end or began))
        return [*found, *((e.time, e.time) for e in self.entries if e.moves)]

    # --- rows ------------------------------------------------------------------------------------------------------

    @cached_property
    def phases(self) -> list[Row]:
        """The phases so far, each a row."""
        marks = {cell.label: (cell.number, cell.mark) for cell in self.progress.cells}
        rows = []
        for told in (s for s in self.progress.spans if not s.node):
            number, mark = marks.get(told.step, (0, "unseen"))
            label, bars = f"{number} {told.step}", tuple(self._build_bars([told], mark))
            rows.append(Row(key=f"phase-{number}", label=label, under="", mark=mark, bars=bars, signs=()))
        return rows

    @cached_property
    def nodes(self) -> list[Row]:
        """The nodes, those in trouble first; equal ones of many share a row."""
        mine: dict[str, list[Span]] = {}
        for told in self.spans:
            mine.setdefault(told.node, []).append(told)
        return [self._build_row(lane, mine) for lane in fold_nodes(self.progress.nodes)]

    def _build_row(self, lane: Lane, spans: dict[str, list[Span]]) -> Row:
        way, names = lane.first, tuple(way.name for way in lane.nodes)
        alone = len(names) == 1
        mine = [s for name in names for s in spans.get(name, ()) if way.place != FAILED or s.ended]
        told = mine if alone else list(_merge_spans(mine))
        state = way.state_word
        label = way.name if alone else f"{len(names)} nodes"
        signs = tuple(s for name in names for s in self._marks_by_node.get(name, ()))
        group = ObjectRef("Nodes", "", "/".join((way.mark, way.rule, state)))
        name = object_key(ObjectRef("Node", "", way.name) if alone else group)
        rest = sum(self._unmarked_counts.get(name, 0) for name in names)
        bars = tuple(self._build_bars(told, way.mark))
        return Row(key=name, label=label, under=state, mark=way.mark, bars=bars, signs=signs, nodes=names, rest=rest)

    def _build_bars(self, spans: Sequence[Span], mark: str) -> Iterator[Bar]:
        for told in spans:
            began = told.began or told.ended
            if began is None:
                continue
            took = format_duration(told.duration, short=True) if told.duration is not None else ""
            idle = format_duration(told.gap) if told.gap is not None and told.gap.total_seconds() >= 600 else ""
            # An unknown end: of a phase that is over, and of everything once the upgrade is over.
            over = not told.ended and ((mark == "good" and not told.node) or not self.progress.running)
            ended = began if over or not told.began else told.ended
            how = "good" if ended else mark
            yield Bar(
                step=SHORT.get(told.step, told.step),
                began=began,
                ended=ended,
                mark=how,
                job=told.step not in JOBS,
                took=took,
                idle=idle,
            )

    @cached_property
    def _marks_by_node(self) -> dict[str, list[FaultMark]]:
        """The faults by node; those about the cluster under the empty name. Entries about nodes that are done, or whose
        turn is to come, are left out.
        """
        heeded = {way.name for way in self.progress.nodes if way.mark in {"error", "warning", "now"}} | {""}
        turns = (
            {node.name for node in self.progress.upgrade_run.nodes if is_upgrading(node)}
            if self.progress.upgrade_run
            else set()
        )
        found: dict[str, list[FaultMark]] = {}
        for entry in self.entries:
            if entry.node in heeded and (mark := _fault_mark(entry, entry.node in turns)):
                found.setdefault(entry.node, []).append(FaultMark(entry.time, mark, entry.what))
        return found

    @cached_property
    def _unmarked_counts(self) -> dict[str, int]:
        """How many entries without progress have no mark, by node."""
        told = Counter(entry.node for entry in self.entries if not entry.moves)
        marked = {(name, s.time, s.message) for name, signs in self._marks_by_node.items() for s in signs}
        told.subtract(e.node for e in self.entries if not e.moves and (e.node, e.time, e.what) in marked)
        return dict(told)

    @property
    def signs(self) -> list[FaultMark]:
        """The faults about the cluster."""
        return self._marks_by_node.get("", [])

    # --- in words --------------------------------------------------------------------------------------------------

    @cached_property
    def title(self) -> str:
        """The answer in one line."""
        progress = self.progress
        if progress.upgrade is None or (progress.gap and not progress.running):
            return build_title(progress)
        if not self.has_times:
            rest = build_title(progress) if not progress.running else upgrade_title(progress.upgrade)
            return f"{rest}: no times are known"
        if self.stop:
            age = progress.age(self.stop.time.isoformat())
            why = build_headline(progress)
            why = f"{why[0].lower()}{why[1:]}" if why.startswith(("The upgrade", "None of")) else why
            return f"Nothing has moved for {age}: {why} ({describe_progress(progress)})"
        began = min(s.began for s in self.spans if s.began) if any(s.began for s in self.spans) else self.end
        lasts = format_duration(self.end - began)
        return f"{build_title(progress)}; {lasts} {'so far' if progress.running else 'in all'}"

    @property
    def alt(self) -> str:
        """The alternative text of the picture."""
        words = [f"{self.title}."]
        marks = {cell.label: cell.mark for cell in self.progress.cells}
        words += [
            _describe_phase(told, marks.get(told.step, "unseen")) for told in self.progress.spans if not told.node
        ]
        if self.stop:
            where = f" on {self.stop.node}" if self.stop.node else ""
            words.append(f"Last progress, at {self.stop.time:%Y-%m-%d %H:%M} UTC{where}: {self.stop.what}.")
        broken = [row for row in self.nodes if row.mark in {"error", "warning"}] if self.has_times else []
        words += [f"{row.label} in trouble: {row.under}." for row in broken[:5]]
        faults = [(name, s) for name, signs in self._marks_by_node.items() for s in signs]
        words += [
            f"{s.time:%H:%M}{f' {name}' if name else ''}: {s.message}." for name, s in faults[:FEW] if self.has_times
        ]
        words += [f"{len(faults) - FEW} more faults."] if self.has_times and len(faults) > FEW else []
        return " ".join(words) if self.has_times else f"{words[0]} There is nothing to draw on a time axis."


def _merge_spans(spans: Sequence[Span]) -> Iterator[Span]:
    """Each step of many nodes once, from its first begin to its last end."""
    kinds: dict[str, list[Span]] = {}
    for told in spans:
        kinds.setdefault(DRAIN if told.step in HOOKS else told.step, []).append(told)
    for step, same in kinds.items():
        began = min((s.began for s in same if s.began), default=None)
        ends = [s.ended for s in same]
        ended = max((e for e in ends if e), default=None) if all(ends) else None
        took = ended - began if began and ended else None
        yield Span(node="", step=step, began=began, ended=ended, duration=took, gap=None)


def _describe_phase(told: Span, mark: str) -> str:
    """A phase with its state and what is known of its times: ``RepoPrepared done, began 02:46, took 2 min.``"""
    took = f", took {format_duration(told.duration)}" if told.duration is not None else ""
    return f"{told.step} {MARK_WORDS.get(mark, 'unknown')}{f', began {told.began:%H:%M}' if told.began else ''}{took}."


def _fault_mark(entry: Entry, turn: bool) -> str:
    """The mark of an entry that is a fault; empty for any other. `turn`: its node has its turn, so it restarts."""
    match entry.kind:
        case EntryKind.JOB_FAILED:
            return "error"
        case EntryKind.NOT_READY if entry.node:
            return "" if turn else "error"
        case EntryKind.MACHINE_DELETED | EntryKind.DRAIN_ERROR if entry.node:
            return "warning"
        case _:
            return ""
