"""The catalogue of kinds: where each lives, its columns and its links, declared once.

Nothing else in harvdiag knows which version of an API keeps a fact in which field. `cluster.x-k8s.io` v1beta1 and
v1beta2 hold the same facts in other places; a column names every place and the first that is filled counts.
A kind that is not here is still kept and tabled, with `COMMON` as its columns and owner references as its links.
"""

from __future__ import annotations

from harvdiag.kinds import machines as linked
from harvdiag.kinds import upgrades as upgrading
from harvdiag.kinds import workloads
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.local import FLEET
from harvdiag.kinds.machines import KUBELET, NAMESPACES

__all__ = [
    "CATALOGUE",
    "DIAGNOSIS",
    "FLEET",
    "GRAPH",
    "KUBELET",
    "LINKED",
    "NAMESPACES",
    "importance",
    "known",
    "named",
    "qualified",
]


_ALL = (*linked.KINDS, *upgrading.KINDS, *workloads.KINDS, linked.HOST, KUBELET)
CATALOGUE: dict[str, Kind] = {kind.name: kind for kind in _ALL}
LINKED = tuple(kind.name for kind in linked.KINDS)
"""The kinds that the pairs stand on: a Node, its Machine, what belongs to that, and the cluster objects."""
GRAPH = (*LINKED, "Host")
"""The kinds of the graph; the hosts' archives are opened for it, but not for a check."""
DIAGNOSIS = tuple(kind.name for kind in CATALOGUE.values() if kind.served)
"""The kinds that `coverage` speaks of, because the checks stand on them."""
_BY_RESOURCE = {(kind.group, kind.plural): kind for kind in CATALOGUE.values()}
_BY_KIND = {(kind.group, kind.bare): kind for kind in CATALOGUE.values()}


def importance(kind: str) -> tuple[int, str]:
    """What to read and to name first: the kinds that the checks stand on in their own order, then all others."""
    return (DIAGNOSIS.index(kind) if kind in DIAGNOSIS else len(DIAGNOSIS), kind)


def named(word: str) -> Kind | None:
    """The kind of the catalogue that a person means, as kubectl would take it: ``Node``, ``machines``, the resource."""
    spelled = word.lower()
    return next((k for k in CATALOGUE.values() if spelled in {k.name.lower(), k.plural, k.resource}), None)


def known(group: str, plural: str) -> Kind:
    """The kind of a resource; one that is not in the catalogue goes by its resource name, with the common columns."""
    entry = _BY_RESOURCE.get((group, plural))
    return entry or Kind(name=f"{plural}.{group}" if group else plural, group=group, plural=plural)


def qualified(group: str, bare: str) -> str:
    """The one name of an object's kind: ``Node``, but ``Node.longhorn.io`` for its namesake."""
    entry = _BY_KIND.get((group, bare))
    return entry.name if entry else f"{bare}.{group}" if group else bare
