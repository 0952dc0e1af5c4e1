"""Advice that several rules give in the same words: how to look, and how not to lose a healthy node.

Printed, never run. The preconditions P1 to P6 are those of section 6 of the object facts.
"""

from __future__ import annotations

from shlex import quote

__all__ = [
    "BACK_UP",
    "DELETES_NODE",
    "ONE_BY_ONE",
    "QUORUM",
    "arg",
    "describe",
    "look_on_host",
    "rejoin",
]

BACK_UP = "Back up first: `kubectl get nodes,machines.cluster.x-k8s.io -A -o yaml > before.yaml`, and an etcd snapshot."
ONE_BY_ONE = "Deal with one node at a time, and collect again after each step."
QUORUM = (
    "Never remove a management node while only two etcd members are left: the API stops. Check first that no volume "
    "is degraded and that no last healthy replica is on the node."
)
DELETES_NODE = (
    "Deleting a Machine deletes the Node that its nodeRef names, even where another, healthy Machine holds that "
    "Node too (rancher/rancher#45646, harvester/harvester#6022). Never delete a Machine that shares its nodeRef or "
    "providerID with a node you want to keep."
)


def __dir__() -> list[str]:
    return __all__


def arg(name: str) -> str:
    """A name from the cluster as one word of a command that a person may paste into a shell."""
    return quote(name)


def describe(resource: str, name: str, namespace: str = "fleet-local") -> str:
    """How to look at an object, in kubectl's words; the group is always named, for namesakes exist."""
    where = f" -n {arg(namespace)}" if namespace else ""
    return f"Look at it: `kubectl get {resource}{where} {arg(name)} -o yaml`."


def look_on_host(node: str) -> str:
    """Where a host tells why it has no Machine (facts, J1 to J10)."""
    return (
        f'On {node}: `journalctl -u rancherd -u rancher-system-agent`. "already bootstrapped" means that the disk of '
        "an "
        'earlier installation was used again; "provide credentials" means that its Machine or its account is gone.'
    )


def rejoin(node: str) -> tuple[str, ...]:
    """The only known lasting repair of a node without a Machine: take it out whole and join it anew (F01)."""
    return (
        f"Move all VMs off {node}, then disable its scheduling in Longhorn and evict its replicas.",
        (
            f"Run `rke2-uninstall.sh` on {node} so that it cannot register again, then delete the host {node} in "
            "Harvester."
        ),
        (
            f"Install {node} anew with a wiped disk and join it; then its Machine, plan Secret and labels appear by "
            "themselves."
        ),
    )
