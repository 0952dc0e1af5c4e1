"""The focus of a picture: a finding, an object, or a name as a user types it."""

from __future__ import annotations

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.graph.build import Graph
from harvdiag.kinds import find_kind

__all__ = ["resolve_focus"]


def resolve_focus(
    findings: Findings, graph: Graph, focus: Finding | ObjectRef | str | None
) -> tuple[ObjectRef | None, Finding | None]:
    """Return the object in focus and the finding about it: the one given, else the most severe.

    A name is given alone (``srv09``) or after its kind (``machine/custom-a1b2c3``), as for kubectl. Raises UsageError
    for a name that no object of the graph has.
    """
    if focus is None:
        return None, None
    if not isinstance(focus, Finding | ObjectRef | str):
        raise UsageError("the focus is a finding, an object or a name; of findings give one: findings.worst()")
    if isinstance(focus, Finding):
        return focus.subject, _own_finding(findings, focus)
    ref = _known_object(findings, graph, focus) if isinstance(focus, ObjectRef) else _find_by_name(graph, focus)
    return ref, next((finding for finding in findings if finding.subject == ref), None)


def _own_finding(findings: Findings, finding: Finding) -> Finding:
    """The same finding of this cluster: one of another cluster would be shown as if it were of this one."""
    own = next((f for f in findings if f.fingerprint == finding.fingerprint), None)
    if own is None:
        raise UsageError(
            f"{finding.rule} of {escape_text(finding.subject)} is not a finding of {escape_text(findings.source.name)}"
        )
    return own


def _known_object(findings: Findings, graph: Graph, ref: ObjectRef) -> ObjectRef:
    if ref in graph or any(finding.subject == ref for finding in findings):
        return ref
    suggestions = suggest_names(ref.name, {other.name for other in graph})
    raise UsageError(f"there is no {escape_text(ref)} in this cluster{did_you_mean(suggestions)}")


def _find_by_name(graph: Graph, word: str) -> ObjectRef:
    kind, _, name = word.rpartition("/")
    wanted = find_kind(kind) if kind else None
    if kind and wanted is None:
        raise UsageError(f"no kind {kind!r} in the picture: give a name, or KIND/NAME such as node/{name}")
    # Nodes and Machines come before what belongs to them and goes by the same name.
    refs = [ref for ref in graph if wanted is None or ref.kind == wanted.name]
    refs.sort(key=lambda ref: (ref.kind not in {"Node", "Machine"}, ref.kind != "Node", ref))
    ref = next((ref for ref in refs if ref.name == name), None)
    if ref is None:
        raise UsageError(
            f"no object named {word!r} in this cluster{did_you_mean(suggest_names(name, {ref.name for ref in refs}))}"
        )
    return ref
