"""The releases of Harvester that the world knows, and what each of them embeds.

Rancher and RKE2 versions are those of the releases where they are published; where only the minor version is known
(1.0, 1.1, 1.2.0 and 1.5 to 1.8), the patch level is invented.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

__all__ = ["RELEASES", "Release", "earlier", "release"]

_TABLE = """
v1.0.3 v2.6.4  v1.22.12+rke2r1 v0.0.10 v1.2.4
v1.1.3 v2.6.11 v1.24.13+rke2r1 v0.0.33 v1.3.2
v1.2.0 v2.7.5  v1.25.9+rke2r1  v0.0.37 v1.4.3
v1.2.2 v2.8.2  v1.26.15+rke2r1 v0.0.37 v1.5.5
v1.3.1 v2.8.3  v1.27.13+rke2r1 v0.0.38 v1.6.2
v1.3.2 v2.8.5  v1.28.12+rke2r1 v0.0.38 v1.6.2
v1.4.0 v2.9.2  v1.29.9+rke2r1  v0.0.46 v1.7.2
v1.4.1 v2.9.3  v1.30.7+rke2r1  v0.0.46 v1.7.2
v1.4.2 v2.10.1 v1.31.4+rke2r1  v0.0.46 v1.7.2
v1.5.2 v2.11.3 v1.32.3+rke2r1  v0.0.65 v1.8.1
v1.6.1 v2.12.2 v1.33.3+rke2r1  v0.0.57 v1.9.1
v1.7.1 v2.13.1 v1.34.2+rke2r1  v0.0.74 v1.10.1
v1.8.2 v2.14.1 v1.35.1+rke2r1  v0.0.92 v1.11.2
v1.9.0 v2.15.0 v1.36.3+rke2r1  v0.0.92 v1.12.1
"""


@dataclass(frozen=True)
class Release:
    """One release of Harvester and what it embeds; every version starts with `v`."""

    harvester: str
    rancher: str
    kubernetes: str
    kit: str
    longhorn: str

    @property
    def os(self) -> str:
        """The Node's `status.nodeInfo.osImage`."""
        return f"Harvester {self.harvester}"

    @property
    def minor(self) -> int:
        """The minor version: 4 of v1.4.2."""
        return int(self.harvester.split(".")[1])

    @property
    def capi(self) -> str:
        """The group and version of Cluster API that the API server prefers."""
        return "cluster.x-k8s.io/v1beta2" if self.minor >= 8 else "cluster.x-k8s.io/v1beta1"

    @property
    def beta2(self) -> bool:
        """Whether Cluster API objects have the shapes of v1beta2."""
        return self.minor >= 8

    @property
    def plan_labels(self) -> bool:
        """Whether Rancher is 2.15 or newer: `plan.cattle.io` labels, Beacon, `administrated` annotation."""
        return self.minor >= 9


RELEASES: dict[str, Release] = {row.split()[0]: Release(*row.split()) for row in _TABLE.strip().splitlines()}


def release(version: str) -> Release:
    """The release `version`, such as `v1.4.2`; KeyError for one of a minor version that the world does not know.

    A patch level that is not in the table embeds what the newest of its minor version does.
    """
    if version not in RELEASES:
        same = [row for name, row in RELEASES.items() if name.split(".")[:2] == version.split(".")[:2]]
        if not (same and re.fullmatch(r"v\d+\.\d+\.\d+", version)):
            raise KeyError(version)
        return replace(same[-1], harvester=version)
    return RELEASES[version]


def earlier(version: str) -> str:
    """The newest release in the table that is older than another: where its upgrade comes from."""
    older = [name for name in RELEASES if _numbers(name) < _numbers(version)]
    return max(older, key=_numbers, default=version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split("."))
