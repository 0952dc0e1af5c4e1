"""What somebody points at: a finding, an object, or its name as it is spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.errors import UsageError
from harvdiag.escape import plain
from harvdiag.kinds import named
from harvdiag.model import Finding, ObjectRef
from harvdiag.spelling import either, near

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["checked", "found"]


def __dir__() -> list[str]:
    return __all__


def checked(*given: object) -> None:
    """UsageError where something else than a cluster is given: a path, or its findings."""
    from harvdiag.cluster import Cluster

    for one in given:
        if not isinstance(one, Cluster):
            raise UsageError(f"a picture is drawn of a cluster, as hd.open(…) gives it, not of {type(one).__name__}")


def found(cluster: Cluster, focus: Finding | ObjectRef | str | None) -> tuple[ObjectRef | None, Finding | None]:
    """The object that is meant, and the finding about it: the one given, else the worst.

    A name may stand alone (``srv09``) or behind its kind (``machine/custom-a1b2c3``), as kubectl has it. Raises
    UsageError for one that no object of the graph has.
    """
    if focus is None:
        return None, None
    if not isinstance(focus, Finding | ObjectRef | str):
        raise UsageError("the focus is a finding, an object or a name; of findings give one: findings.worst()")
    if isinstance(focus, Finding):
        return focus.subject, _own(cluster, focus)
    ref = _known(cluster, focus) if isinstance(focus, ObjectRef) else _spoken(cluster, focus)
    return ref, next((finding for finding in cluster.check() if finding.subject == ref), None)


def _own(cluster: Cluster, finding: Finding) -> Finding:
    """The finding as this cluster has it: one of another cluster would be told as a fact of this one."""
    own = next((f for f in cluster.check() if f.fingerprint == finding.fingerprint), None)
    if own is None:
        raise UsageError(f"{finding.rule} of {plain(finding.subject)} is no finding of {plain(cluster.source.name)}")
    return own


def _known(cluster: Cluster, ref: ObjectRef) -> ObjectRef:
    if ref in cluster.graph or any(finding.subject == ref for finding in cluster.check()):
        return ref
    near_it = near(ref.name, {other.name for other in cluster.graph})
    raise UsageError(f"there is no {plain(ref)} in this cluster{either(near_it)}")


def _spoken(cluster: Cluster, word: str) -> ObjectRef:
    kind, _, name = word.rpartition("/")
    wanted = named(kind) if kind else None
    if kind and wanted is None:
        raise UsageError(f"no kind {kind!r} in the picture: give a name, or KIND/NAME such as node/{name}")
    # Nodes and Machines come before what belongs to them and goes by the same name.
    refs = [ref for ref in cluster.graph if wanted is None or ref.kind == wanted.name]
    refs.sort(key=lambda ref: (ref.kind not in {"Node", "Machine"}, ref.kind != "Node", ref))
    ref = next((ref for ref in refs if ref.name == name), None)
    if ref is None:
        raise UsageError(f"nothing is named {word!r} in this cluster{either(near(name, {ref.name for ref in refs}))}")
    return ref
