"""Advice that several rules give in the same words: how to look, and how not to lose a healthy node.

Printed, never run. The preconditions are those of docs/objects.md#preconditions.
"""

from __future__ import annotations

from shlex import quote

__all__ = [
    "BACK_UP",
    "DELETES_NODE",
    "LIST_MACHINES",
    "LIST_NODES",
    "LONG_DELETED",
    "ONE_BY_ONE",
    "QUORUM",
    "WITHDRAW_UPGRADE",
    "back_up_secret",
    "inspect_host",
    "inspect_object",
    "quote_argument",
    "read_harvester_log",
    "register_only_node",
]

BACK_UP = "Back up first: `kubectl get nodes,machines.cluster.x-k8s.io -A -o yaml > before.yaml`, and an etcd snapshot."
LIST_MACHINES = (
    "See that it is so: `kubectl get machines.cluster.x-k8s.io -A -o wide` lists every Machine with its node."
)
LIST_NODES = "See that it is so: `kubectl get nodes -o wide`."
WITHDRAW_UPGRADE = (
    "While the nodes' turn has not begun, Harvester lets you delete the Upgrade. Then un-pause what it paused "
    "(`kubectl get managedcharts.management.cattle.io -n fleet-local`), mend or remove the Node, and start the "
    "upgrade again."
)
LONG_DELETED = "have been deleted for more than an hour and are still there"
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


def quote_argument(name: str) -> str:
    """A name from the cluster as one word of a command that a person may paste into a shell."""
    return quote(name)


def inspect_object(resource: str, name: str, namespace: str = "fleet-local") -> str:
    """How to look at an object, in kubectl's words; the group is always named, for namesakes exist."""
    where = f" -n {quote_argument(namespace)}" if namespace else ""
    return f"Look at it: `kubectl get {resource}{where} {quote_argument(name)} -o yaml`."


def back_up_secret(name: str) -> str:
    """How to keep a plan Secret; what is in it is nobody else's business."""
    return (
        f"Back it up first: `kubectl get secret -n fleet-local {quote_argument(name)} -o yaml > plan-secret.yaml`. "
        "Keep that file to yourself: it holds credentials."
    )


def inspect_host(node: str) -> str:
    """Where a host tells why it has no Machine: its logs of docs/objects.md#join-steps."""
    return (
        f"On {node}: `journalctl -u rancherd -u rancher-system-agent` (in a bundle: the same logs in "
        f"nodes/{node}.zip). "
        '"already bootstrapped" means that the disk of an earlier installation was used again; "provide credentials" '
        "means that its Machine or its account is gone."
    )


def register_only_node(node: str) -> tuple[str, ...]:
    """What to do where the node cannot be spared: Rancher registers the first; docs/objects.md#failure-first-node."""
    return (
        f"Do not uninstall {node}: the cluster cannot do without it.",
        (
            "Rancher's plan system-agent-upgrader registers the first node. Look at it: `kubectl get "
            "plans.upgrade.cattle.io -n cattle-system system-agent-upgrader -o yaml`; a node that stays in "
            "status.applying holds it (harvester/harvester#9880)."
        ),
        (
            "On Harvester 1.9, a Machine is made only if `kubectl get clusters.management.cattle.io local -o yaml` "
            "shows the annotation provisioning.cattle.io/administrated (harvester/harvester#11336)."
        ),
        "Ask vendor support before you change anything.",
    )


def read_harvester_log(*names: str) -> str:
    """To look for these names in the log of Harvester's controllers."""
    return f"Read why: the log of the pods `harvester` in harvester-system; search it for {' and for '.join(names)}."
