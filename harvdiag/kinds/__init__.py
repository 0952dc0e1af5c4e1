"""The catalogue of kinds: the API, columns and links of each, declared once.

No other module depends on which version of an API has a fact in which field. `cluster.x-k8s.io` v1beta1 and v1beta2
have the same facts in different fields; a column lists every field and the first that is set counts.
A kind outside the catalogue is still read, with `COMMON` as its columns and owner references as its links.
"""

from __future__ import annotations

from harvdiag.kinds import longhorn, platform, pods, preflight, workloads
from harvdiag.kinds import machines as linked
from harvdiag.kinds import upgrades as upgrading
from harvdiag.kinds.columns import COMMON
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.local import FLEET
from harvdiag.kinds.machines import KUBELET, NAMESPACES
from harvdiag.kinds.other import OTHER_COLUMNS
from harvdiag.kinds.preflight import KUBECONFIG, KUBELET_CONFIG, SERVING_CERTIFICATE
from harvdiag.kinds.shortnames import full_name, known_resource

__all__ = [
    "CATALOGUE",
    "DIAGNOSIS",
    "FLEET",
    "GRAPH",
    "KUBECONFIG",
    "KUBELET",
    "KUBELET_CONFIG",
    "LINKED",
    "NAMESPACES",
    "ON_REQUEST",
    "PREFLIGHT",
    "PREFLIGHT_WHOLE",
    "SERVING_CERTIFICATE",
    "find_kind",
    "full_name",
    "kind_for_resource",
    "known_resource",
    "qualified_name",
    "sort_key",
]


_ALL = (
    *linked.KINDS,
    *upgrading.KINDS,
    *workloads.KINDS,
    *platform.KINDS,
    *longhorn.KINDS,
    *pods.KINDS,
    *preflight.KINDS,
    linked.HOST,
    KUBELET,
)
CATALOGUE: dict[str, Kind] = {kind.name: kind for kind in _ALL}
LINKED = tuple(kind.name for kind in linked.KINDS)
"""The kinds that pairing needs: Nodes, Machines, the objects of a Machine, and the cluster objects."""
GRAPH = (*LINKED, "Host")
"""The kinds of the graph; the hosts' archives are opened for it, but not for a check."""
DIAGNOSIS = tuple(kind.name for kind in CATALOGUE.values() if kind.served and not kind.lazy)
"""The kinds in `coverage`, because the checks need them."""
ON_REQUEST = tuple(kind.name for kind in CATALOGUE.values() if kind.lazy)
"""The kinds of which checks read some objects, and only when another finding asks for them."""
PREFLIGHT = tuple(kind.name for kind in preflight.KINDS)
"""The kinds that no check reads, but a preflight."""
PREFLIGHT_WHOLE = (*PREFLIGHT, "Pod", "VirtualMachine", "VirtualMachineInstance", "Engine", "InstanceManager")
"""The kinds of which a preflight needs every object, and a check at most some: a snapshot holds them on request."""
_BY_RESOURCE = {(kind.group, kind.plural): kind for kind in CATALOGUE.values()}
_BY_KIND = {(kind.group, kind.bare): kind for kind in CATALOGUE.values()}
_BY_WORD = {
    word: kind
    for kind in reversed(CATALOGUE.values())  # of namesakes, the first counts
    for word in (kind.name.lower(), kind.plural, kind.resource, f"{kind.bare.lower()}.{kind.group}")
}


def sort_key(kind: str) -> tuple[int, str]:
    """Return a sort key: the kinds that the checks need in the order of the catalogue, then all others by name."""
    return (DIAGNOSIS.index(kind) if kind in DIAGNOSIS else len(DIAGNOSIS), kind)


def find_kind(word: str) -> Kind | None:
    """Find a kind of the catalogue by a name that kubectl takes: ``Node``, ``machines``, ``po``, the full resource."""
    return _BY_WORD.get(full_name(word))


def kind_for_resource(group: str, plural: str) -> Kind:
    """Return the kind of a resource; outside the catalogue, one named by its resource, with the common columns."""
    if entry := _BY_RESOURCE.get((group, plural)):
        return entry
    name = f"{plural}.{group}" if group else plural
    return Kind(name=name, group=group, plural=plural, columns=OTHER_COLUMNS.get(name, COMMON))


def qualified_name(group: str, bare: str) -> str:
    """Return the unique name of an object's kind: ``Node``, but ``Node.longhorn.io`` for its namesake."""
    entry = _BY_KIND.get((group, bare))
    return entry.name if entry else f"{bare}.{group}" if group else bare
