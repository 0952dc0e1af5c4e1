"""Where the kit writes a list: the path of a file contains group, version, namespace and plural.

Since September 2021: ``yamls/cluster/<group>/<version>/<plural>.yaml`` and
``yamls/namespaced/<namespace>/<group>/<version>/<plural>.yaml``, without ``<group>`` for the core group.
Before: ``yamls/cluster/<family>/<plural>.yaml`` and ``yamls/namespaced/<namespace>/<family>/<plural>.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from harvdiag.core.errors import SourceError
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Resource

__all__ = ["BEYOND", "Layout", "is_bare", "read_layout"]

BEYOND = "a support bundle has no namespaces of users but default and those that its setting names"
"""Why it proves nothing of the others."""
_EMPTY = frozenset({"kube-node-lease", "kube-public"})
_SYSTEM = ("cattle-", "cluster-fleet-", "fleet-")

_FILE = re.compile(
    r"(?P<root>.*?)yamls/(?:cluster|namespaced/(?P<namespace>[^/]+))/"
    r"(?:(?P<family>kubernetes|harvester|kubevirt|cdi)|(?:(?P<group>[^/]+)/)?(?P<version>v\d[^/]*))"
    r"/(?P<plural>[^/]+)\.yaml",
    re.DOTALL,
)
_FAMILIES = {"kubernetes": "", "harvester": "harvesterhci.io", "kubevirt": "kubevirt.io", "cdi": "cdi.kubevirt.io"}
_OLD_GROUPS = {
    **dict.fromkeys(("deployments", "daemonsets", "statefulsets"), "apps"),
    **dict.fromkeys(("jobs", "cronjobs"), "batch"),
    **dict.fromkeys(("nodemetrics", "podmetrics"), "metrics.k8s.io"),
    "volumeattachments": "storage.k8s.io",
}


class Layout(NamedTuple):
    """What the file names of a bundle show: its root folder (with a slash, or empty) and the file of each list."""

    root: str
    files: dict[Resource, str]
    old: bool

    @property
    def namespaces(self) -> frozenset[str]:
        """The namespaces with at least one list."""
        return frozenset(r.namespace for r in self.files if r.namespace)

    @property
    def has_cluster_scope(self) -> bool:
        """Whether there is any list of cluster scope."""
        return any(not resource.namespace for resource in self.files)


def is_bare(namespace: str, kind: Kind) -> bool:
    """Whether a namespace never has objects of a kind: in those of Rancher are Pods, but nothing of Harvester."""
    harvester = kind.group in ("harvesterhci.io", "kubevirt.io")
    return namespace in _EMPTY or (harvester and namespace.startswith(_SYSTEM))


def read_layout(names: Iterable[str], where: str) -> Layout:
    """Read the layout from the names of all members below ``yamls/``.

    Raises SourceError if there is no such member, or if they belong to more than one bundle.
    """
    roots: set[str] = set()
    files: dict[Resource, str] = {}
    old = False
    for name in names:
        match = _FILE.fullmatch(name)
        if match:
            roots.add(match["root"])
            files[_parse_resource(match)] = name
            old = old or bool(match["family"])
    if not roots:
        raise SourceError(
            f"{where}: not a support bundle: it contains no yamls/cluster/… or yamls/namespaced/… file; "
            "give the supportbundle_….zip that Harvester made, or the folder it was extracted to"
        )
    if len(roots) > 1:
        folders = ", ".join(sorted(root or "(top)" for root in roots)[:3])
        raise SourceError(f"{where}: several bundles in one: {folders}; extract one of them and give that folder")
    return Layout(roots.pop(), files, old)


def _parse_resource(match: re.Match[str]) -> Resource:
    plural, namespace = match["plural"], match["namespace"] or ""
    if not match["family"]:
        return Resource(match["group"] or "", match["version"], plural, namespace)
    group = _OLD_GROUPS.get(plural, _FAMILIES[match["family"]])
    return Resource(group, "", {"nodemetrics": "nodes", "podmetrics": "pods"}.get(plural, plural), namespace)
