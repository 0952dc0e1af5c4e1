"""Hosts: the ids that a Harvester host, its Node and its Machine share."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harvdiag.training.world.objects import FLEET, digest, uid

__all__ = ["Host", "Role", "hosts"]

Role = Literal["management", "worker", "witness"]


@dataclass(frozen=True)
class Host:
    """One host of a cluster; `index` counts from 0 and gives the address."""

    name: str
    index: int
    role: Role

    @property
    def etcd(self) -> bool:
        """Whether the host is a member of etcd."""
        return self.role != "worker"

    @property
    def ip(self) -> str:
        """InternalIP of the Node: 10.0.0.11 for the first host."""
        return f"10.0.{self.index // 200}.{11 + self.index % 200}"

    @property
    def cattle_id(self) -> str:
        """Content of /etc/rancher/agent/cattle-id: 63 hex digits, also label `rke.cattle.io/machine-id`."""
        return digest(63, "cattle-id", self.name, self.index)

    @property
    def machine(self) -> str:
        """Name of the Machine: `custom-` and the first 12 hex digits of the SHA-256 over the cattle-id.

        Source: rancher/rancher, pkg/capr/configserver/custom.go.
        """
        return "custom-" + hashlib.sha256(self.cattle_id.encode()).hexdigest()[:12]

    @property
    def machine_uid(self) -> str:
        """uid of the Machine."""
        return uid("cluster.x-k8s.io", "Machine", FLEET, self.machine)

    @property
    def provider_id(self) -> str:
        """`spec.providerID` of the Node."""
        return f"rke2://{self.name}"


def hosts(nodes: Sequence[str], workers: Sequence[str] = (), witness: str | None = None) -> list[Host]:
    """The hosts of a cluster with their roles as Harvester hands them out.

    The first host alone is a management node while there are fewer than three hosts; the first three are when there are
    more (two of them and the witness when there is one). All others, and all of `workers`, have no role.
    """
    names = [*nodes, *workers, *([witness] if witness and witness not in nodes else [])]
    wanted = 1 if len(names) < 3 else 2 if witness else 3
    management = [name for name in nodes if name != witness][:wanted]
    return [Host(name, i, _role(name, management, witness)) for i, name in enumerate(names)]


def _role(name: str, management: Sequence[str], witness: str | None) -> Role:
    if name == witness:
        return "witness"
    return "management" if name in management else "worker"
