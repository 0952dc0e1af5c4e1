"""The details of each object for the interactive page: facts, links, findings, and an excerpt of its YAML."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from harvdiag.core.escape import escape_text, format_value
from harvdiag.core.fields import Obj
from harvdiag.core.keys import object_key
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.build import Graph
from harvdiag.graph.references import PRESENT
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.keep import store_object
from harvdiag.snapshot import Snapshot
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.links.folding import Fold
from harvdiag.status.links.rows import PLACE
from harvdiag.status.links.view import LinkRows
from harvdiag.status.objects.excerpt import MOST, build_excerpt
from harvdiag.status.summary import build_verdict, format_evidence

__all__ = ["build_record"]

LINES, FEWEST = 14_000, 12
"""The approximate number of YAML lines in a page, and the least of one object."""
LONGEST = 200
DULL = {"name", "namespace", "uid"}
"""Columns that are shown elsewhere already."""
Record = dict[str, Any]


def build_record(diagnosis: Diagnosis, graph: Graph, found: LinkRows, drawn: Collection[str] | None = None) -> Record:
    """Build the data of the page, for JSON: `objects`, `edges` between them by number, the members of `bundles`,
    `findings` and the `verdict`.

    With the keys of what is `drawn`, only those objects and their neighbours are included.
    """
    findings, snapshot = diagnosis.findings, diagnosis.facts.snapshot
    folded, whole = _folded_objects(found), drawn is None
    refs = list(graph) if drawn is None else _find_neighbours(graph, drawn, folded)
    refs = list(dict.fromkeys([*refs, *(f.subject for f in findings if whole or f.subject in refs)]))
    numbers = {ref: number for number, ref in enumerate(refs)}
    concerned = _findings_by_object(findings, graph)
    # The page stays small for a large cluster: its objects share a number of lines, those with findings apart.
    most = {ref: MOST if ref in concerned else max(min(MOST, LINES // len(refs)), FEWEST) for ref in refs}
    paths = {path: number for number, path in enumerate(sorted({path for _, _, path in graph.edges(keys=True)}))}
    ranks = {finding.fingerprint: number for number, finding in enumerate(findings)}
    return {
        "verdict": escape_text(build_verdict(findings)),
        "objects": [_object_record(snapshot, graph, ref, concerned[ref], most[ref]) for ref in refs],
        "paths": [escape_text(path) for path in paths],
        "edges": [
            [numbers[source], numbers[target], paths[path]]
            for source, target, path in graph.edges(keys=True)
            if source in numbers and target in numbers
        ],
        "findings": [_finding_record(finding, numbers, ranks) for finding in findings],
        "bundles": {name: [numbers[ref] for ref in members if ref in numbers] for name, members in folded.items()},
    }


def _folded_objects(found: LinkRows) -> dict[str, list[ObjectRef]]:
    """The objects that each bundle stands for, kind by kind; the key of a bundle has its index among the entries."""
    folds = {f"bundle/{at}": entry for at, entry in enumerate(found.entries) if isinstance(entry, Fold)}
    return {
        name: sorted((t.ref for row in fold.rows for t in row.boxes if not t.placeholder), key=lambda r: PLACE[r.kind])
        for name, fold in folds.items()
    }


def _find_neighbours(
    graph: Graph, drawn: Collection[str], folded: Mapping[str, Iterable[ObjectRef]]
) -> list[ObjectRef]:
    """The objects that are drawn or folded, and those that they reference or that reference them."""
    keys = {*drawn, *(object_key(ref) for refs in folded.values() for ref in refs)}
    there = [ref for ref in graph if object_key(ref) in keys]
    rows = [ref for ref in there if ref.kind in PLACE]  # not the cluster objects, of which everything is a neighbour
    around = (other for ref in rows for other in (*graph.successors(ref), *graph.predecessors(ref)))
    return list(dict.fromkeys([*there, *around]))


def _findings_by_object(findings: Iterable[Finding], graph: Graph) -> defaultdict[ObjectRef, list[int]]:
    """The numbers of the findings about each object, of those with it as evidence, and of those that miss it.

    Those about it come first.
    """
    found: defaultdict[ObjectRef, list[int]] = defaultdict(list)
    listed = list(findings)
    for number, finding in enumerate(listed):
        found[finding.subject].append(number)
    for number, finding in enumerate(listed):
        for ref in (*(row.object for row in finding.evidence), *_missing_objects(finding, graph)):
            if number not in found[ref]:
                found[ref].append(number)
    return found


def _missing_objects(finding: Finding, graph: Graph) -> Iterator[ObjectRef]:
    """The objects that do not exist or were not seen, and that the evidence or the finding references."""
    rows = [(row.object, row.path) for row in finding.evidence if row.object in graph]
    ends = [end for ref, path in rows for _, end, way in graph.out_edges(ref, keys=True) if way == path]
    named = (ref for ref in finding.targets if ref in graph)
    yield from (ref for ref in (*ends, *named) if graph.nodes[ref]["state"] != PRESENT)


def _object_record(snapshot: Snapshot, graph: Graph, ref: ObjectRef, findings: list[int], most: int) -> Record:
    known = graph.nodes[ref]["state"] if ref in graph else PRESENT
    obj = snapshot.get(ref) if known == PRESENT else None
    details: Record = {
        "key": object_key(ref),
        "kind": escape_text(ref.kind),
        "namespace": escape_text(ref.namespace),
        "name": escape_text(ref.name),
        "state": known,
        "findings": findings,
    }
    if obj is None:
        return details
    # The page is handed on; the data of a plan is base64: the columns show what it tells.
    shown = {name: value for name, value in _stored(ref, obj).items() if ref.kind != "Secret" or name != "data"}
    return details | {"facts": list(_list_facts(ref, obj)), "yaml": build_excerpt(shown, _kind_paths(ref.kind), most)}


def _stored(ref: ObjectRef, obj: Obj) -> Obj:
    return store_object(CATALOGUE[ref.kind], obj) if ref.kind in CATALOGUE else obj


def _list_facts(ref: ObjectRef, obj: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The columns of its kind that have a value."""
    entry = CATALOGUE.get(ref.kind)
    for column in entry.columns if entry else ():
        found = column.value(obj)
        if column.name not in DULL and found not in (None, "", []):
            yield column.name.replace("_", " "), _format_fact(found)


def _format_fact(found: Any) -> str:
    if isinstance(found, bool):
        return "yes" if found else "no"
    moment = Timestamp(found) if isinstance(found, str) else None
    return escape_text(str(moment) if moment else format_value(found, LONGEST))


def _kind_paths(kind: str) -> list[str]:
    """The fields that the links and columns of a kind are read from."""
    entry = CATALOGUE.get(kind)
    if entry is None:
        return []
    return [*(link.path for link in entry.links), *(path for column in entry.columns for path in column.paths)]


def _finding_record(finding: Finding, numbers: Mapping[ObjectRef, int], ranks: Mapping[str, int]) -> Record:
    """The finding; its subject and its causes by number, of objects and of findings."""
    return {
        "severity": str(finding.severity),
        "rule": finding.rule,
        "about": escape_text(finding.subject),
        "subject": numbers.get(finding.subject, -1),
        "message": escape_text(finding.message),
        "why": escape_text(finding.why),
        "next": [escape_text(step) for step in finding.next],
        "caution": escape_text(finding.caution),
        "evidence": [
            [escape_text(e.object), escape_text(e.path), escape_text(format_value(format_evidence(e), LONGEST))]
            for e in finding.evidence
        ],
        "causes": [ranks[cause] for cause in finding.caused_by if cause in ranks],
    }
