"""Training: small broken clusters to practise on, opened like any other source."""

from __future__ import annotations

import os
from pathlib import Path

from harvdiag.cluster import Cluster
from harvdiag.snapshot import Snapshot
from harvdiag.sources.files import FilesReader
from harvdiag.training.scenarios import load

__all__ = ["open_scenario"]

# What kubectl would list as empty: a scenario knows of these kinds also where it has taken the last one away.
ALWAYS = {
    "v1": ("Node", "Secret"),
    "cluster.x-k8s.io/v1beta1": ("Machine", "Cluster"),
    "rke.cattle.io/v1": ("CustomMachine", "RKEBootstrap", "RKECluster", "RKEControlPlane"),
    "provisioning.cattle.io/v1": ("Cluster",),
    "management.cattle.io/v3": ("Cluster",),
    "harvesterhci.io/v1beta1": ("Setting", "Upgrade"),
}


def __dir__() -> list[str]:
    return __all__


def open_scenario(file: str | os.PathLike[str]) -> Cluster:
    """The cluster of a scenario file below ``data/scenarios``. Raises UsageError, in one line, where it is none."""
    scenario = load(Path(file))
    empty = [
        ("", {"apiVersion": version, "kind": f"{kind}List", "items": []})
        for version, kinds in ALWAYS.items()
        for kind in kinds
    ]
    documents = [*empty, *((scenario.path.name, obj) for obj in scenario.objects)]
    name = f"{scenario.rule}/{scenario.path.stem}"
    return Cluster(Snapshot(FilesReader(name, documents, scenario.captured_at or "", whole=True)))
