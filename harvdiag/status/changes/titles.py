"""The differences in words: the title, the alternative text, and the notes below the table or picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.listing import group_by as groups_of
from harvdiag.core.listing import join_escaped
from harvdiag.core.marks import ABSENT, GOOD
from harvdiag.core.model import Finding
from harvdiag.core.suggest import join_names
from harvdiag.core.wrap import truncate_text
from harvdiag.kinds import CATALOGUE
from harvdiag.status.changes.change import CHANGED, GONE, NEW, RECREATED, STATE, Change
from harvdiag.status.changes.comparison import Comparison
from harvdiag.status.changes.grouping import Group, Step
from harvdiag.status.changes.identity import NO_NODE
from harvdiag.status.changes.progress import ON, find_direction
from harvdiag.status.changes.words import UNJUDGED
from harvdiag.status.source import source_line
from harvdiag.status.summary import LIKEWISE, format_count

__all__ = [
    "CHANGE_SIGNS",
    "FindingLine",
    "build_alt_text",
    "build_title",
    "describe_details",
    "describe_interval",
    "describe_sides",
    "describe_sources",
    "describe_unchanged",
    "format_change",
    "format_step",
    "list_findings",
    "list_gaps",
    "list_notes",
    "list_orders",
    "list_remarks",
    "shorten_sides",
]

CHANGE_SIGNS = {NEW: "+", GONE: "\u2212", CHANGED: "~", RECREATED: "~"}
FEW, CLAUSES, NOTES = 3, 2, 6
LEAD = 12
"""Characters that are shown before the first difference of two long values."""
ORDER_UNKNOWN = "which came first is not known"

WENT_ON_ALONE = "went"
"""How a single node moved forward: both states are shown."""


def build_title(comparison: Comparison) -> str:
    """Return the answer in one line: what happened since, and which findings are gone or new."""
    if comparison.different_clusters:
        return f"These are two clusters: {_describe_difference(comparison)}"
    found = _count_findings(comparison)
    if not comparison.changes:
        objects, links = comparison.same
        size = f"{format_count(objects, 'object')} and {format_count(links, 'link')}"
        size += " that were seen on both sides" if comparison.gaps else ""
        if comparison.same_time:
            return f"Nothing differs between the two, {describe_interval(comparison)}, in {size}; {found}"
        return f"Nothing changed {describe_interval(comparison)} in {size}; {found}"
    clauses = list(_describe_changes(comparison))
    rest = f" and {len(clauses) - CLAUSES} more" if len(clauses) > CLAUSES else ""
    when = describe_interval(comparison) + (f", {ORDER_UNKNOWN}" if comparison.same_time else "")
    return f"{when[0].upper()}{when[1:]}: {'; '.join(clauses[:CLAUSES])}{rest}; {found}"


def _describe_difference(comparison: Comparison) -> str:
    one, other = comparison.before.nodes, comparison.now.nodes
    if comparison.difference == NO_NODE:
        return f"{NO_NODE} ({_list_first(one)} before; {_list_first(other)} now)"
    alike = [name for name in other if name in one]
    return (
        f"{_list_first(alike)} and the cluster itself have the same names and other uids, as after a new installation"
    )


def describe_sources(comparison: Comparison) -> tuple[str, str]:
    """Return the two snapshots that are compared, each in one line."""
    one, other = comparison.sides
    now = f"{comparison.played}, simulated" if comparison.played else source_line(comparison.now.diagnosis)
    return f"{one}: {source_line(comparison.before.diagnosis)}", f"{other}: {escape_text(now)}"


def describe_interval(comparison: Comparison) -> str:
    """Return ``since 10:00 UTC``, with the day where that differs; of two of the same time ``both collected at …``; of
    a simulation ``after "delete Node srv09"``.
    """
    before, now = comparison.before.facts.now, comparison.now.facts.now
    if comparison.played:
        return f'after "{comparison.played}"'
    if not before.at or not now.at:
        return "since the other snapshot"
    if comparison.same_time:
        return f"both collected at {before.at.strftime('%H:%M UTC')}"
    same = before.at.date() == now.at.date()
    return f"since {before.at.strftime('%H:%M UTC') if same else before}"


def _count_findings(comparison: Comparison) -> str:
    gone, new, remain = len(comparison.gone), len(comparison.new), len(comparison.remaining)
    rest = told = f", {remain} as before" if remain else ""
    rest += f" ({len(comparison.regraded)} of another severity)" if comparison.regraded else ""
    rest += f", {len(comparison.unjudged)} {UNJUDGED}" if comparison.unjudged else ""
    if not gone and not new and not comparison.regraded:
        return f"{format_count(remain, 'finding') if remain else 'no finding,'} as before{rest.removeprefix(told)}"
    return f"{format_count(gone, 'finding') if gone else 'no finding'} gone, {new or 'none'} new{rest}"


def _describe_changes(comparison: Comparison) -> Iterator[str]:
    """What happened, the most important first."""
    nodes = {
        sort: [c.ref.name for c in comparison.changes if c.ref.kind == "Node" and c.sort == sort and not c.path]
        for sort in (NEW, GONE)
    }
    moves = ((nodes[NEW], "joined"), (nodes[GONE], "left"), *_compare_pairing(comparison))
    for names, did in moves:
        if names:
            does = did.format("its" if len(names) == 1 else "their")
            yield (
                f"{_list_first(names)} {does}"
                if len(names) <= FEW
                else f"{len(names)} nodes {does} ({_list_first(names)})"
            )
    recreated = [c.ref.name for c in comparison.changes if c.sort == RECREATED and c.ref.kind in {"Node", "Machine"}]
    if recreated:
        yield f"{_list_first(recreated)} recreated"
    yield from _describe_moves(comparison)
    if not any((*(names for names, _ in moves), recreated, _state_changes(comparison), comparison.started_upgrade)):
        yield _count_changes(comparison)


def _compare_pairing(comparison: Comparison) -> Iterator[tuple[list[str], str]]:
    """The nodes of both sides that got or lost their Machine, or are paired on one side only."""
    before, now = comparison.before, comparison.now
    if any(kind in {"Node", "Machine"} for kind, _ in comparison.gaps):
        return
    both = [name for name in now.nodes if name in before.paired]
    had, has = ({name for name in both if f"Node {name}" in side.partners} for side in (before, now))
    yield [name for name in both if name in has and name not in had], "got {} Machine"
    yield [name for name in both if name in had and name not in has], "lost {} Machine"
    kept = [name for name in both if name in had and name in has]
    yield [name for name in kept if now.paired[name] and not before.paired[name]], "paired again"
    yield [name for name in kept if before.paired[name] and not now.paired[name]], "no longer paired one to one"


def _state_changes(comparison: Comparison) -> list[Change]:
    return [c for c in comparison.changes if c.ref.kind == "Node" and c.path == STATE]


def _describe_moves(comparison: Comparison) -> Iterator[str]:
    if begun := comparison.started_upgrade:
        yield f"{'a new' if comparison.before.upgrade else 'an'} upgrade began" + (
            f" (to {begun.version})" if begun.version else ""
        )
        return
    for went, alike in groups_of(_state_changes(comparison), lambda c: find_direction(c.before, c.now)):
        if len(alike) == 1:
            one = alike[0]
            verb = WENT_ON_ALONE if went == ON else f"went {went}"
            yield f"{one.ref.name} {verb} from {one.before or ABSENT} to {one.now or ABSENT}"
        else:
            yield f"{len(alike)} nodes went {went} in the upgrade ({_list_first([c.ref.name for c in alike])})"


def _count_changes(comparison: Comparison) -> str:
    new = sum(c.sort == NEW and not c.path for c in comparison.changes)
    gone = sum(c.sort == GONE and not c.path for c in comparison.changes)
    fields = sum(bool(c.path) for c in comparison.changes)
    counts = (
        (new, "new object", "new objects"),
        (gone, "object gone", "objects gone"),
        (fields, "changed field", "changed fields"),
    )
    return ", ".join(f"{count} {many if count > 1 else one}" for count, one, many in counts if count)


def _list_first(names: Sequence[str]) -> str:
    return join_escaped(names, len(names) if len(names) <= FEW else 2)


def format_change(change: Change) -> str:
    """Return which field of which object changed: ``Node srv09 cluster.x-k8s.io/machine``."""
    return f"{change.ref.kind} {change.ref.name}" + (f"  {change.label}" if change.path else "")


def describe_sides(step: Step) -> tuple[str, str]:
    """Return the values before and now; of an object whether it existed."""
    change = step.change
    if change.path:
        empty = "created with this uid" if change.sort == RECREATED else ABSENT
        return change.before or empty, change.now or empty
    parts = (
        f", with {'its' if len(step.parts) > 1 else ''} {format_count(len(step.parts), 'part')}" if step.parts else ""
    )
    there, missing = " ".join(f"exists{parts}".split()), "does not exist"
    if change.links:
        led = f"{format_count(change.links, 'link')} {'leads' if change.links == 1 else 'lead'}"
        missing += f"; {led} to nothing" if change.sort == GONE else f"; {led} to it already"
    return (missing, there) if change.sort == NEW else (there, missing)


def shorten_sides(before: str, now: str, most: int) -> tuple[str, str]:
    """Return two values, of which what is longer than `most` begins shortly before the first difference."""
    alike = next((at for at, (one, other) in enumerate(zip(before, now, strict=False)) if one != other), most)
    skip = max(alike - LEAD, 0) if max(len(before), len(now)) > most and alike > most // 2 else 0
    before, now = (f"…{text[skip:]}" if skip and len(text) > skip else text for text in (before, now))
    return truncate_text(before, most), truncate_text(now, most)


def list_notes(comparison: Comparison) -> list[str]:
    """Return what limits the comparison: what could not be compared, and what the times say of the order."""
    lines = list_gaps(comparison)
    if comparison.not_comparable:
        count = format_count(len(comparison.not_comparable), "finding")
        lines.append(f"{count} not comparable: the check could be run on one side only")
    return [*lines, *list_orders(comparison)]


def list_gaps(comparison: Comparison) -> list[str]:
    """Return the kinds and objects that could not be compared, those of the same reason in one line."""
    groups = groups_of(comparison.gaps, lambda gap: _without_name(*gap))
    lines = [
        f"{join_names([kind for kind, _ in alike])}: not comparable, {alike[0][1]}"
        + (LIKEWISE if len({why for _, why in alike}) > 1 else "")
        for _, alike in groups
    ]
    return lines + [
        f"{join_names([str(ref) for ref, _ in alike])}: not comparable, the namespace was not seen {when}"
        for when, alike in groups_of(comparison.unseen, lambda each: each[1])
    ]


def list_orders(comparison: Comparison) -> list[str]:
    """Return what the times say of the order, and that only readings of one cluster can be compared as a whole."""
    lines = []
    if comparison.same_time and comparison.changed and not comparison.different_clusters:
        lines.append(f"{describe_interval(comparison)}: {ORDER_UNKNOWN}; shown as they were given")
    if comparison.backwards:
        lines.append("the snapshot given as the earlier one is the later: shown in the order of their times")
    if comparison.different_clusters:
        lines.append("only two snapshots of one cluster can be compared object by object: choose another")
    return lines


def _without_name(kind: str, why: str) -> str:
    """The reason why a kind was not seen without its name, so that kinds with the same reason are told together."""
    entry = CATALOGUE[kind]
    for name in (entry.resource, entry.plural, kind):
        why = why.replace(name, "")
    return why.replace(f" of namespace {entry.home}", "")


def describe_details(comparison: Comparison) -> str:
    """Return how much differs that pictures leave out; empty where nothing does."""
    details = [change for change in comparison.changes if change.detail]
    refs = {change.ref for change in details}
    if not refs:
        return ""
    fields = sum(bool(change.path) for change in details)
    told = f" ({format_count(fields, 'field')})" if fields else ""
    where = "" if comparison.played else ", which `harvdiag compare` lists"
    return f"Not shown: details of {format_count(len(refs), 'object')}{told}{where}"


def describe_unchanged(comparison: Comparison) -> str:
    """Return how much is the same on both sides."""
    objects, links = comparison.same
    remain = len(comparison.remaining)
    found = format_count(remain, "finding") if remain else "no finding"
    return f"The same: {format_count(objects, 'object')}, {format_count(links, 'link')}, {found}"


def list_remarks(comparison: Comparison) -> list[tuple[str, str]]:
    """Return the lines below the differences, each with its mark: what is the same, and (``?``) what is not."""
    notes = list_notes(comparison)
    details = describe_details(comparison)
    remarks = [] if comparison.different_clusters else [("", describe_unchanged(comparison))]
    remarks += [("", details)] if details else []
    remarks += [("?", note) for note in notes[:NOTES]]
    return [
        *remarks,
        *([("?", f"and {len(notes) - NOTES} more that cannot be compared")] if len(notes) > NOTES else []),
    ]


def build_alt_text(comparison: Comparison, groups: Sequence[Group]) -> str:
    """Return the alternative text: what changed, host by host."""
    hosts = [f"{group.name}: {'; '.join(map(format_step, group.steps[:4]))}." for group in groups[:8] if group.steps]
    found = [f"Finding gone: {f.message}." for f in comparison.gone[:FEW]]
    found += [f"New finding: {f.message}." for f in comparison.new[:FEW]]
    more = [f"{len(groups) - 8} more groups of changes."] if len(groups) > 8 else []
    tail = [] if comparison.different_clusters else [f"{describe_unchanged(comparison)}."]
    limits = [f"{note}." for note in list_notes(comparison)[:4]]
    return " ".join(
        [
            "A simulation." if comparison.played else "Comparison of two snapshots.",
            f"{build_title(comparison)}.",
            *hosts,
            *more,
            *found,
            *tail,
            *limits,
        ]
    )


def format_step(step: Step) -> str:
    """Return one step in a line: ``~ Node srv09  condition Ready: True → False``."""
    before, now = describe_sides(step)
    change = step.change
    if not change.path:
        return f"{CHANGE_SIGNS[change.sort]} {format_change(change)}" + (
            f" with {', '.join(step.parts)}" if step.parts else ""
        )
    return f"{CHANGE_SIGNS[change.sort]} {format_change(change)}: {before} → {now}"


class FindingLine(NamedTuple):
    """One finding that is gone or new, or how many more of its rule there are."""

    word: str
    colour: str
    words: str


def list_findings(comparison: Comparison) -> list[FindingLine]:
    """Return the findings that are gone, then those that are new; of each rule a few and the number of the rest."""
    return [
        line
        for word, found in ((GONE, comparison.gone), (NEW, comparison.new))
        for rule, alike in groups_of(found, lambda finding: finding.rule)
        for line in _sample_rule(word, rule, alike)
    ]


def _sample_rule(word: str, rule: str, alike: Sequence[Finding]) -> Iterator[FindingLine]:
    keep = alike if len(alike) <= FEW else alike[:2]
    colour = GOOD if word == GONE else alike[0].severity.value
    for finding in keep:
        yield FindingLine(word, colour, finding.message)
    if rest := alike[len(keep) :]:
        yield FindingLine(word, colour, f"{len(rest)} more of {rule} ({_list_first([f.subject.name for f in rest])})")
