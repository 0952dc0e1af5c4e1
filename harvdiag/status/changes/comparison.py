"""The differences between two snapshots of a cluster: objects, links, fields, and findings.

What was not seen on one side is not comparable: it is neither new nor gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from harvdiag.core.conditions import condition_path
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, uid_of
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.tabular import Record, Tabular
from harvdiag.core.timestamps import normalise_time
from harvdiag.graph.references import ABSENT, UNSEEN, Edge, ref_of
from harvdiag.kinds import CATALOGUE, LINKED
from harvdiag.kinds.columns import Column
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.upgrade.v1 import Upgrade

__all__ = ["CHANGED", "GONE", "NEW", "RECREATED", "STATE", "Change", "Comparison", "Side"]

NEW, GONE, CHANGED, RECREATED = "new", "gone", "changed", "recreated"
KINDS = (*LINKED, "Upgrade")
BESIDE = {"name", "namespace", "uid", "created", "owner"}  # columns that identify an object, or are links
STATE = "state in the upgrade"
COLUMNS = ("change", "what", "kind", "namespace", "name", "field", "before", "now")
CONDITION = condition_path("")


class Change(NamedTuple):
    """One difference: an object (no `path`), or a field or link of one, as it was `before` and as it is `now`.

    `label` is the field in short. `links` counts the unchanged links of others that lead to this object, which came or
    went.
    """

    sort: str
    ref: ObjectRef
    path: str = ""
    before: str = ""
    now: str = ""
    label: str = ""
    links: int = 0


class Side:
    """One of the two snapshots that are compared."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        self.facts = diagnosis.facts
        self.findings = diagnosis.findings

    @cached_property
    def objects(self) -> Mapping[ObjectRef, Obj]:
        """Every object that is compared."""
        upgrades = self.facts.snapshot.objects("Upgrade")
        return {**self.facts.links.objects, **{ref_of(obj, "Upgrade"): obj for obj in upgrades}}

    @cached_property
    def links(self) -> Mapping[ObjectRef, dict[str, list[Edge]]]:
        """The links of each object by their field."""
        found: dict[ObjectRef, dict[str, list[Edge]]] = {}
        for edge in self.facts.links.edges:
            found.setdefault(edge.source, {}).setdefault(edge.path, []).append(edge)
        return found

    @property
    def nodes(self) -> list[str]:
        """The names of the Nodes."""
        return [ref.name for ref in self.facts.pairing.nodes]

    @cached_property
    def partners(self) -> Mapping[str, str]:
        """Machine to Node, and Node to Machine, where they are paired: ``{"Machine custom-1": "srv01", …}``."""
        pairs = [pair for pair in self.facts.pairing.rows() if pair.node and pair.machine]
        return {f"Machine {p.machine}": p.node for p in pairs} | {f"Node {p.node}": p.machine for p in pairs}

    @cached_property
    def paired(self) -> Mapping[str, bool]:
        """Whether a Node is paired with a Machine, by the Node's name."""
        return {pair.node: pair.verdict == "paired" for pair in self.facts.pairing.rows() if pair.node}

    @cached_property
    def states(self) -> Mapping[str, str]:
        """Each node's state in the running upgrade, else in the last."""
        return self.upgrade.nodes if self.upgrade else {}

    @property
    def upgrade(self) -> Upgrade | None:
        """The running upgrade, else the last."""
        return self.facts.upgrades.under_way or next(iter(self.facts.upgrades.all), None)

    def seen(self, ref: ObjectRef) -> bool:
        """Whether its kind was seen, so that an object that is not here does not exist."""
        home = CATALOGUE[ref.kind].home
        return self.facts.snapshot.gap(ref.kind, everywhere=ref.namespace != home) is None


class Comparison(Tabular):
    """One cluster at two times, or two clusters; the earlier first, even if given the other way round (`backwards`).

    Its table has one row a difference, all str: `change` is ``new``, ``gone``, ``changed`` or ``recreated``, `what`
    ``object``, ``field`` (a link too) or ``finding`` (its rule is in `field`), `kind`, `namespace`, `name`, `field`,
    `before`, `now`.
    """

    noun = "changes"
    dtypes: ClassVar[Mapping[str, str]] = dict.fromkeys(COLUMNS, "str")

    def __init__(self, before: Diagnosis, now: Diagnosis) -> None:
        one, other = before.facts.now.at, now.facts.now.at
        self.backwards = one is not None and other is not None and one > other
        self.before, self.now = map(Side, (now, before) if self.backwards else (before, now))

    def __repr__(self) -> str:
        counts = f"{len(self.changes)} changes, {len(self.gone)} findings gone, {len(self.new)} new"
        return f"<Comparison: {counts}{', different clusters' if self.different_clusters else ''}>"

    @property
    def records(self) -> list[Record]:
        """One row a difference: objects and fields, then findings that are gone, then new ones."""
        return [dict(zip(COLUMNS, row, strict=True)) for row in self._build_rows()]

    def _build_rows(self) -> Iterator[tuple[str, ...]]:
        for change in self.changes:
            what = "field" if change.path else "object"
            yield (change.sort, what, *change.ref, change.path, change.before, change.now)
        for word, found in ((GONE, self.gone), (NEW, self.new)):
            for finding in found:
                sides = (finding.message, "") if word == GONE else ("", finding.message)
                yield (word, "finding", *finding.subject, finding.rule, *sides)

    def _document_head(self) -> dict[str, Any]:
        """Both sources, whether they are one cluster, how much is the same, what cannot be compared."""
        objects, links = self.same
        sides = {"before": self.before.findings.source, "now": self.now.findings.source}
        return {
            **{
                name: {"name": source.name, "captured_at": normalise_time(source.captured_at)}
                for name, source in sides.items()
            },
            "same_cluster": not self.different_clusters,
            "same": {"objects": objects, "links": links},
            "remaining": [finding.fingerprint for finding in self.remaining],
            "not_compared": [{"kind": kind, "reason": why} for kind, why in self.gaps],
        }

    @property
    def same_time(self) -> bool:
        """Whether both were collected at the same time, so that which came first is unknown."""
        one, other = self.before.facts.now.at, self.now.facts.now.at
        return one is not None and one == other

    @property
    def started_upgrade(self) -> Upgrade | None:
        """The upgrade that was started, or got another version, in between; None where none was or that is unknown."""
        before, now = self.before.upgrade, self.now.upgrade
        if now is None or any(kind == "Upgrade" for kind, _ in self.gaps):
            return None
        other = before is None or before.ref != now.ref or uid_of(before.obj) != uid_of(now.obj)
        return now if other or (before and before.version != now.version) else None

    @property
    def different_clusters(self) -> bool:
        """Whether these are two clusters: both have Nodes, and none in common."""
        before, now = self.before.nodes, self.now.nodes
        return bool(before and now) and not set(before) & set(now)

    @cached_property
    def gaps(self) -> list[tuple[str, str]]:
        """The kinds that cannot be compared, and why."""
        sides = (("before", self.before), ("now", self.now))
        missing = {kind: [(when, side.facts.snapshot.gap(kind)) for when, side in sides] for kind in KINDS}
        whys = {kind: [f"not seen {when} ({gap})" for when, gap in gaps if gap] for kind, gaps in missing.items()}
        return [(kind, " and ".join(why)) for kind, why in whys.items() if why]

    @cached_property
    def changes(self) -> list[Change]:
        """Every difference, by object; none between two clusters."""
        if self.different_clusters:
            return []
        found = [change for ref in self._all_refs for change in self._compare_object(ref)]
        return [c if c.path else c._replace(links=self._link_counts[c.ref]) for c in found]

    @cached_property
    def _all_refs(self) -> list[ObjectRef]:
        return sorted({**self.before.objects, **self.now.objects})

    @cached_property
    def _one_sided(self) -> set[ObjectRef]:
        """The objects that came or went."""
        return {ref for ref in self._all_refs if (ref in self.before.objects) != (ref in self.now.objects)}

    @cached_property
    def _link_counts(self) -> Counter[ObjectRef]:
        """How many unchanged links lead to each object that came or went."""
        both = [ref for ref in self._all_refs if ref not in self._one_sided]
        ways = [(self.before.links.get(ref, {}), self.now.links.get(ref, {}), ref) for ref in both]
        return Counter(
            target
            for before, now, ref in ways
            for path in dict.fromkeys((*before, *now))
            if _describe_targets(before.get(path, [])) != _describe_targets(now.get(path, []))
            for target in self._targets_behind(ref, before.get(path, []), now.get(path, []))
        )

    def _targets_behind(self, ref: ObjectRef, before: list[Edge], now: list[Edge]) -> list[ObjectRef]:
        """The objects that came or went and so are the only reason that an unchanged field leads elsewhere."""
        edges = before or now
        held = [edge.value for edge in before or now], [edge.value for edge in now or before]
        path, value = edges[0].path, edges[0].value
        if held[0] != held[1] or not all(
            _has_value(side.objects.get(ref), path, value) for side in (self.before, self.now)
        ):
            return []
        targets = dict.fromkeys(edge.target for edge in (*before, *now))
        return [target for target in targets if target in self._one_sided]

    @cached_property
    def gone(self) -> list[Finding]:
        """The findings that were there before and are no longer, where the check could be run again."""
        return self._missing_from(self.before, self.now)

    @cached_property
    def new(self) -> list[Finding]:
        """The findings that are there now and were not before, where the check could be run then too."""
        return self._missing_from(self.now, self.before)

    @cached_property
    def not_comparable(self) -> list[Finding]:
        """The findings of one side for which the check could not be run on the other."""
        compared = {f.fingerprint for f in (*self.gone, *self.new)}
        both = {f.fingerprint for f in self.before.findings} & {f.fingerprint for f in self.now.findings}
        every = [*self.before.findings, *self.now.findings]
        return [f for f in every if f.fingerprint not in compared | both]

    @property
    def remaining(self) -> list[Finding]:
        """The findings that are on both sides."""
        before = {finding.fingerprint for finding in self.before.findings}
        return [finding for finding in self.now.findings if finding.fingerprint in before]

    @property
    def same(self) -> tuple[int, int]:
        """How many objects and links are on both sides and unchanged."""
        touched = {change.ref for change in self.changes}
        links = {(change.ref, change.path) for change in self.changes}
        both = [ref for ref in self.now.objects if ref in self.before.objects]
        kept = sum((ref, path) not in links for ref in both for path in self.now.links.get(ref, ()))
        return sum(ref not in touched for ref in both), kept

    def _missing_from(self, here: Side, there: Side) -> list[Finding]:
        known = {finding.fingerprint for finding in there.findings}
        dark = {outcome.rule for outcome in there.findings.skipped}
        return [f for f in here.findings if f.fingerprint not in known and f.rule not in dark]

    # --- one object ------------------------------------------------------------------------------------------------

    def _compare_object(self, ref: ObjectRef) -> Iterator[Change]:
        before, now = self.before.objects.get(ref), self.now.objects.get(ref)
        if before is None:
            if self.before.seen(ref):
                yield Change(NEW, ref)
        elif now is None:
            if self.now.seen(ref):
                yield Change(GONE, ref)
        else:
            if uid_of(before) != uid_of(now) and uid_of(before) and uid_of(now):
                yield Change(RECREATED, ref, "metadata.uid", uid_of(before), uid_of(now), "uid")
            yield from self._compare_links(ref)
            yield from self._compare_fields(ref, before, now)
            yield from self._compare_state(ref)

    def _compare_links(self, ref: ObjectRef) -> Iterator[Change]:
        before, now = self.before.links.get(ref, {}), self.now.links.get(ref, {})
        for path in dict.fromkeys((*before, *now)):
            was, is_ = before.get(path, []), now.get(path, [])
            if _describe_targets(was) == _describe_targets(is_) or self._targets_behind(ref, was, is_):
                continue
            if not was or not is_:
                yield Change(
                    NEW if is_ else GONE, ref, path, _describe_targets(was), _describe_targets(is_), _shorten_path(path)
                )
            elif _are_comparable(was, is_):
                yield Change(CHANGED, ref, path, _describe_targets(was), _describe_targets(is_), _shorten_path(path))

    def _compare_fields(self, ref: ObjectRef, before: Obj, now: Obj) -> Iterator[Change]:
        linked = {link.path.removesuffix(".name") for link in CATALOGUE[ref.kind].links}
        for column in CATALOGUE[ref.kind].columns:
            if column.name in BESIDE or _is_time(column) or {p.removesuffix(".name") for p in column.paths} & linked:
                continue
            was, is_ = column.value(before), column.value(now)
            if was != is_:
                yield Change(CHANGED, ref, column.source, _format_field(was), _format_field(is_), _column_label(column))

    def _compare_state(self, ref: ObjectRef) -> Iterator[Change]:
        before, now = self.before.states, self.now.states
        if ref.kind == "Node" and before and now and before.get(ref.name) != now.get(ref.name):
            yield Change(
                CHANGED, ref, STATE, _format_field(before.get(ref.name)), _format_field(now.get(ref.name)), STATE
            )


def _has_value(obj: Obj | None, path: str, value: str) -> bool:
    """Whether the field has this value; of an ownerReference, whether there is one."""
    found = field_path(path).get(obj)
    return found == value or isinstance(found, dict)


def _shorten_path(path: str) -> str:
    """The field without the prefix that all have in common: ``cluster.x-k8s.io/machine``, ``nodeRef.name``."""
    bare = str(field_path(path).steps[-1]) if path.endswith('"]') else path
    return bare.removeprefix("metadata.").removeprefix("status.").removeprefix("spec.")


def _column_label(column: Column) -> str:
    """The label of a column: ``created``, ``condition Ready``."""
    kind = column.source.removeprefix(CONDITION)
    return column.name.replace("_", " ") if kind == column.source else f"condition {kind}"


def _is_time(column: Column) -> bool:
    """Whether a column is a time, which changes by itself; that of a deletion does not, so it is compared."""
    return column.dtype.startswith("datetime") and column.name != "deleting"


def _are_comparable(before: list[Edge], now: list[Edge]) -> bool:
    """Whether two lists of links can be compared: not where only the seen state of an end differs."""
    if [edge.value for edge in before] != [edge.value for edge in now]:
        return True
    return UNSEEN not in {edge.state for edge in (*before, *now)}


def _describe_targets(edges: list[Edge]) -> str:
    """The objects that links lead to: ``Machine custom-1 (does not exist)``."""
    gone = {ABSENT: " (does not exist)"}
    return ", ".join(f"{e.target.kind} {e.target.name}{gone.get(e.state, '')}" for e in edges)


def _format_field(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_value(value)
