"""What the name of a file tells: files that tools leave in any folder, and the layouts of dumps.

Layouts that are known, all with one object a file, or one list a namespace:

- `kubectl cluster-info dump --output-directory`: ``nodes.json`` and ``<namespace>/pods.json`` …
- must-gather and `oc adm inspect`: ``cluster-scoped-resources/<group>/<plural>/<name>.yaml``,
  ``namespaces/<namespace>/<group>/<plural>.yaml`` and ``…/pods/<name>/<name>.yaml``
- a backup of Velero: ``resources/<plural>.<group>/cluster/<name>.json`` and ``…/namespaces/<namespace>/<name>.json``
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from harvdiag.core.notes import ENDING

__all__ = ["describe_junk", "describe_upgrade_log", "is_by_object", "is_in_bundle", "namespace_of_path"]

_JUNK = {"thumbs.db", "desktop.ini", ".ds_store"}
_DUMPED = "events|replication-controllers|services|daemonsets|deployments|replicasets|pods"
_namespace = re.compile(rf"(?:.*/)?namespaces/([^/]+)/|(?:.*/)?([^/]+)/(?:{_DUMPED})\.(?:json|yaml)\Z", re.DOTALL).match
_by_object = re.compile(r"(?:.*/)?(?:cluster-scoped-resources|namespaces|resources)/", re.DOTALL).match
# As its pods are called; a support bundle has them in logs/NAMESPACE/.
_in_upgrade_log = re.compile(
    r"(?!(?:.*/)?(?:logs/[^/]+/[^/]+|yamls)/)(?:(?:.*/)?hvst-upgrade-[^/]+/.|.*/apply\.log\Z)", re.DOTALL
).match
_in_bundle = re.compile(r"(.*?)/?yamls/(?:cluster|namespaced)/", re.DOTALL).match


def describe_junk(name: str) -> str:
    """Say what a file is that a system, or harvdiag itself, leaves behind; empty for any other."""
    first, last = name.partition("/")[0], name.rpartition("/")[2]
    if first == "__MACOSX" or "/__MACOSX/" in name or last.startswith("._") or last.lower() in _JUNK:
        return "a file that the system made for itself"
    return "a file of notes on findings" if last.endswith(ENDING) else ""


def namespace_of_path(name: str) -> str | None:
    """The namespace that the layout of a dump puts into the path; None for a path that tells none."""
    found = _namespace(name)
    return (found[1] or found[2]) if found else None


def describe_upgrade_log(names: Iterable[str]) -> str:
    """Say that these are the names of the archive of an UpgradeLog, or of files in one; empty if they are not."""
    if not any("upgradelog-archive" in name or _in_upgrade_log(name) for name in names):
        return ""
    give = "give the support bundle, or what `kubectl get upgrades.harvesterhci.io -A -o yaml` writes"
    return f"is an upgradelog archive, which holds logs but no objects: {give}"


def is_by_object(name: str) -> bool:
    """Whether the path is that of a dump, in which an object may come twice: by itself and in a list."""
    return _by_object(name) is not None


def is_in_bundle(name: str) -> str | None:
    """The folder of the extracted support bundle to which a file belongs (empty: the top); None for any other."""
    found = _in_bundle(name)
    return found[1] if found else None
