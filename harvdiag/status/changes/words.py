"""What reports say of a comparison beside its title: upgrade, versions, findings and notes, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harvdiag.core.choose import name_finding
from harvdiag.core.listing import group_by
from harvdiag.core.marks import GOOD, SIGNS, UNSEEN
from harvdiag.core.model import Finding
from harvdiag.core.notes import NoteStatus
from harvdiag.core.suggest import join_names
from harvdiag.status.answer import describe_alike
from harvdiag.status.changes.change import GONE, NEW, Change
from harvdiag.status.changes.comparison import Comparison
from harvdiag.status.changes.found import Told, UnjudgedError, build_tree
from harvdiag.status.changes.progress import Standing
from harvdiag.status.summary import format_count

__all__ = [
    "OBJECTS",
    "UNJUDGED",
    "FindingRow",
    "Labelled",
    "Section",
    "count_changes",
    "count_findings",
    "list_findings_below_causes",
    "list_note_changes",
    "list_progress",
    "list_versions",
    "name_sorts",
]

ARROW = " → "
SAME, UNJUDGED = "as before", "not judged on one side"
FEW = 4
"""Nodes that are named all."""
OBJECTS = "Objects, links and fields"
"""The heading of what differs in them."""
NOT_LISTED = "not in its list"


class Labelled(NamedTuple):
    """A line: what it is about, and what is said of it."""

    label: str
    text: str


class Section(NamedTuple):
    """A heading with rows, or with one text; empty where it has neither."""

    title: str
    rows: tuple[Labelled, ...] = ()
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class FindingRow:
    """One finding in a list: what became of it, how deep it stands below its cause, and what is said of it."""

    word: str
    sign: str
    mark: str
    """The severity, ``good`` where it is gone, ``unseen`` where it was not judged: for colours."""
    depth: int
    finding: Finding
    clause: str
    """What is wrong with which object, in one clause."""
    remarks: tuple[str, ...] = ()


def name_sorts(comparison: Comparison) -> tuple[str, str]:
    """Return what findings of the earlier and of the later side alone are called; of two clusters nothing is gone."""
    return ("only before", "only now") if comparison.different_clusters else (GONE, NEW)


def count_findings(comparison: Comparison) -> str:
    """Return ``1 gone, 2 new, 3 as before, 1 not judged on one side``; ``none`` where there are none at all."""
    gone, new = name_sorts(comparison)
    counts = (
        (len(comparison.gone), gone),
        (len(comparison.new), new),
        (len(comparison.remaining), SAME),
        (len(comparison.unjudged), UNJUDGED),
    )
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "none"


def count_changes(changes: Sequence[Change]) -> str:
    """Return ``2 objects new, 1 object gone, 3 links and 12 fields changed``; empty where nothing differs."""
    objects = [(sort, sum(c.what == "object" and c.sort == sort for c in changes)) for sort in (NEW, GONE)]
    parts = [f"{format_count(count, 'object')} {sort}" for sort, count in objects if count]
    kinds = [(what, sum(change.what == what for change in changes)) for what in ("link", "field")]
    fields = [format_count(count, what) for what, count in kinds if count]
    return ", ".join([*parts, *([f"{' and '.join(fields)} changed"] if fields else [])])


# --- upgrade and versions ------------------------------------------------------------------------------------------


def list_progress(comparison: Comparison) -> Section:
    """Return how far the upgrade got; without rows where there was none on either side, or nothing but one text."""
    upgrade, title = comparison.upgrade, "Upgrade"
    if upgrade.gap:
        return Section(title, text=f"not comparable, {upgrade.gap}")
    before, now = upgrade.before, upgrade.now
    if before is None and now is None:
        return Section(title)
    if before is None or now is None or upgrade.began or comparison.different_clusters:
        sides = (("before", before), ("now", now))
        return Section(title, tuple(Labelled(when, _describe_standing(side)) for when, side in sides))
    if not upgrade.changed:
        return Section(title, text=f"{_describe_standing(now)}, {SAME}")
    target = f" to {now.version}" if now.version else f" {now.name}"
    return Section(f"{title}{target}", (*_compare_standings(before, now), *_list_moves(comparison)))


def _describe_standing(standing: Standing | None) -> str:
    if standing is None:
        return "none"
    target = f"to {standing.version}: " if standing.version else ""
    phase = f"phase {_describe_phase(standing)}" if standing.running else _describe_phase(standing)
    return f"{target}{phase}, {standing.done} of {format_count(standing.of, 'node')} done"


def _describe_phase(standing: Standing) -> str:
    """``7 of 8 (UpgradingNodes)``; of one that is over its result."""
    if not standing.running:
        return "failed" if standing.failed else "succeeded"
    name = f" ({standing.state})" if standing.state else ""
    return f"{standing.phase} of {standing.phases}{name}" if standing.phase is not None else f"unknown{name}"


def _compare_standings(before: Standing, now: Standing) -> Iterator[Labelled]:
    yield Labelled("phase", _join_sides(_describe_phase(before), _describe_phase(now)))
    yield Labelled("nodes done", _join_sides(f"{before.done} of {before.of}", f"{now.done} of {now.of}"))


def _list_moves(comparison: Comparison) -> Iterator[Labelled]:
    """The nodes that moved, those of the same way together."""
    for (was, is_, reason), alike in group_by(comparison.upgrade.moves, lambda m: (m.before, m.now, m.reason)):
        why = f" ({reason})" if reason else ""
        way = _join_sides(was or NOT_LISTED, is_ or NOT_LISTED)
        yield Labelled(_list_nodes([move.node for move in alike]), f"{way}{why}")


def list_versions(comparison: Comparison) -> Section:
    """Return the versions that changed; nodes with the same change are in one row."""
    groups = group_by(comparison.versions, lambda change: (change.of, change.before, change.now, bool(change.node)))
    rows = [
        Labelled(of, _join_sides(was, is_) + (f" ({_list_nodes([each.node for each in alike])})" if on_node else ""))
        for (of, was, is_, on_node), alike in groups
    ]
    return Section("Versions", tuple(rows))


def _list_nodes(names: Sequence[str]) -> str:
    """Their names, of many the first two."""
    return join_names(names) if len(names) <= FEW else f"{', '.join(names[:2])} and {len(names) - 2} more"


def _join_sides(before: str, now: str) -> str:
    return f"{before}{ARROW}{now}" if before != now else f"{now}, {SAME}"


# --- findings and notes --------------------------------------------------------------------------------------------


def list_findings_below_causes(comparison: Comparison) -> list[FindingRow]:
    """Return every finding: those that are gone, those that are new, those as before, those not judged on one side;
    of each sort the causes first, and what follows from them below.
    """
    before, now = comparison.before.findings, comparison.now.findings
    parts = ((GONE, comparison.gone, before), (NEW, comparison.new, now), (SAME, comparison.remaining, now))
    rows = [_build_row(comparison, sort, told) for sort, shown, all_ in parts for told in build_tree(shown, all_)]
    return [*rows, *map(_build_unjudged, comparison.unjudged)]


def _build_row(comparison: Comparison, sort: str, told: Told) -> FindingRow:
    mark = GOOD if sort == GONE and not comparison.different_clusters else told.finding.severity.value
    return FindingRow(
        word=dict(zip((GONE, NEW), name_sorts(comparison), strict=True)).get(sort, sort),
        sign=SIGNS[mark],
        mark=mark,
        depth=told.depth,
        finding=told.finding,
        clause=describe_alike([told.finding]),
        remarks=tuple(_list_remarks(comparison, sort, told)),
    )


def _list_remarks(comparison: Comparison, sort: str, told: Told) -> Iterator[str]:
    finding, cause = told.finding, told.cause
    if sort == GONE and not comparison.different_clusters and not comparison.lasting(finding.subject):
        yield f"{finding.subject} does not exist any more"
    if cause is not None:
        left = cause.fingerprint in {other.fingerprint for other in comparison.remaining}
        yield f"follows from {cause.rule}, {cause.subject}" + (", which is as before" if left else "")
    status = comparison.now.findings.notes.status(finding.fingerprint)
    if sort != GONE and status is not NoteStatus.OPEN:
        yield str(status)
    for was, is_ in comparison.regraded:
        if sort == SAME and is_.fingerprint == finding.fingerprint:
            yield f"{is_.severity} now, {was.severity} before"


def _build_unjudged(each: UnjudgedError) -> FindingRow:
    reason = f"not seen: {join_names(each.kinds)}" if each.kinds else each.reason
    return FindingRow(
        word=f"not judged {each.when}",
        sign=SIGNS[UNSEEN],
        mark=UNSEEN,
        depth=0,
        finding=each.finding,
        clause=describe_alike([each.finding]),
        remarks=(reason,) if reason else (),
    )


def list_note_changes(comparison: Comparison) -> Section:
    """Return the findings whose status people changed."""
    rows = [
        Labelled(name_finding(change.fingerprint), _join_sides(str(change.before), str(change.now)))
        for change in comparison.notes
    ]
    return Section("Notes", tuple(rows))
