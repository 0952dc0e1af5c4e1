"""Names that someone gave within a VM: its volumes, disks and devices, and on which nodes it may run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from harvdiag.core.fields import Obj, field_path, get_items, get_text
from harvdiag.redact.vocabulary import is_ordinary

__all__ = ["VMS", "is_common", "names_within", "node_labels"]

VMS = frozenset({"virtualmachines.kubevirt.io", "virtualmachineinstances.kubevirt.io"})
ROOTS = ("spec.template.spec", "spec")
"""Where the same fields are in a VM and in its instance."""
LISTS = (
    "volumes",
    *(f"domain.devices.{key}" for key in ("disks", "hostDevices", "gpus", "interfaces")),
)
NAMES = ("name", "persistentVolumeClaim.claimName", "dataVolume.name")
REQUESTS = ("addVolumeOptions.name", "removeVolumeOptions.name")
COMMON = frozenset({"cd", "cdrom", "cloudinit", "cloudinitdisk", "disk", "nic", "rootdisk", "vnic", "volume"})
"""Words of names that Harvester's UI and KubeVirt give: ``disk-0``, ``cdrom-disk``."""
ADDRESSED = re.compile(r".+-[0-9a-f]{6,12}").fullmatch
"""``hv02-000003000``: the host in it is replaced as everywhere."""
TERMS = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"


def names_within(obj: Obj) -> Iterator[str]:
    """Yield the names of volumes, claims, disks and devices of a VM or its instance; some are empty."""
    for root in ROOTS:
        for row in (row for key in LISTS for row in get_items(obj, f"{root}.{key}")):
            yield from (get_text(row, path) for path in NAMES)
    for request in get_items(obj, "status.volumeRequests"):
        yield from (get_text(request, path) for path in REQUESTS)


def is_common(name: str) -> bool:
    """Whether a name is one that a program gives: ``disk-0``, or a device by its host and address."""
    if ADDRESSED(name):
        return True
    return all(part.isdigit() or part in COMMON or is_ordinary(part) for part in name.split("-"))


def node_labels(obj: Obj) -> Iterator[tuple[str, str]]:
    """Yield the labels of nodes, key and value, that a VM or its instance asks for."""
    for root in ROOTS:
        selector = field_path(f"{root}.nodeSelector").get(obj)
        if isinstance(selector, dict):
            yield from ((key, str(value)) for key, value in selector.items())
        for term in get_items(obj, f"{root}.{TERMS}"):
            for expression in (row for key in ("matchExpressions", "matchFields") for row in get_items(term, key)):
                yield from _values(expression)


def _values(expression: Any) -> Iterator[tuple[str, str]]:
    key = get_text(expression, "key")
    yield key, ""
    yield from ((key, value) for value in get_items(expression, "values") if isinstance(value, str))
