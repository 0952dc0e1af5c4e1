"""Advice shared by several rules: how to inspect objects, and how not to lose a healthy node.

The commands are printed, never run. The preconditions are those of docs/objects.md#preconditions.
"""

from __future__ import annotations

from harvdiag.rules.actions import OF_HARVESTER, SUPPORT_BUNDLE, quote_argument, search_log

__all__ = [
    "ATTACH",
    "DELETES_NODE",
    "FEWER_REPLICAS",
    "FIND_INIT_NODE",
    "IF_UNCLEAR",
    "KEEP_RUNNING",
    "LIST_MACHINES",
    "LIST_NODES",
    "LIST_VERSIONS",
    "LONG_DELETED",
    "NONE_DEGRADED",
    "NONE_PAUSED",
    "ONE_BY_ONE",
    "QUORUM",
    "REJOIN",
    "ROLL_BACK",
    "SEEN",
    "TWO_MEMBERS",
    "UNINSTALL",
    "UNTOUCHED_NODES",
    "VOLUMES_FIRST",
    "back_up_secret",
    "describe_pod",
    "inspect_host",
    "inspect_object",
    "list_pods",
    "lose_log",
    "only_node_steps",
    "read_harvester_log",
    "read_last_log",
    "set_chart_replicas",
]

FIND_INIT_NODE = "Find the init node's plan Secret: `kubectl get secrets -n fleet-local -l rke.cattle.io/init-node`."
LIST_MACHINES = "Verify: `kubectl get machines.cluster.x-k8s.io -A -o wide` lists every Machine with its Node."
LIST_NODES = "Verify: `kubectl get nodes -o wide`."
FEWER_REPLICAS = (
    "With fewer replicas a volume survives fewer failed disks and hosts: with one replica none, so back it up first."
)
UNTOUCHED_NODES = "Stop an upgrade only as long as no node is changed: Harvester refuses it later."
IF_UNCLEAR = "If that does not show the reason, ask vendor support."
KEEP_RUNNING = "Do not delete the one whose nodes are being upgraded."
LONG_DELETED = "were deleted more than an hour ago and still exist"
NONE_PAUSED = "Verify that no chart is left paused: `kubectl get managedcharts.management.cattle.io -n fleet-local`."
ONE_BY_ONE = "Deal with one node at a time, and collect again after each step."
SEEN = "Already seen: "
"""How a step begins that the cluster's own state has answered (harvdiag/rules/answered.py)."""
TWO_MEMBERS = "Never remove a management node while only two etcd members are left: the API stops."
VOLUMES_FIRST = "Check first that no volume is degraded and that no last healthy replica is on the node."
QUORUM = f"{TWO_MEMBERS} {VOLUMES_FIRST}"
REJOIN = f"Its VMs and replicas must leave the host first. {QUORUM}"
NONE_DEGRADED = "Verify that no volume is degraded: `kubectl get volumes.longhorn.io -n longhorn-system`"
LIST_VERSIONS = "Check which nodes are cordoned and which version each runs: `kubectl get nodes -o wide`."
ATTACH = (
    "Open a support case, and attach a support bundle (one from before the first change, else a new one: "
    f"{SUPPORT_BUNDLE}), "
)
"""How the step begins that says what vendor support needs; a report shows it once."""
ROLL_BACK = (
    "Roll one back that stays pending, to its last deployed revision: `helm history -n NAMESPACE RELEASE`, then `helm "
    "rollback -n NAMESPACE RELEASE REVISION`."
)
UNINSTALL = "Never uninstall a Helm release of Harvester: that deletes the objects it installed."
DELETES_NODE = (
    "Deleting a Machine deletes the Node that its nodeRef references; if nodeRef is empty, the Node that has its "
    "providerID or its CustomMachine's providerID: even if a healthy Machine references that Node too "
    "(rancher/rancher#45646). Never delete a Machine that leads to a node you want to keep."
)
"""What CAPI deletes together with a Machine (docs/objects.md#removal-machine)."""


def inspect_object(resource: str, name: str, namespace: str = "fleet-local") -> str:
    """Return the step that shows an object with kubectl.

    `resource` includes the API group, because resources of several groups share a name.
    """
    where = f" -n {quote_argument(namespace)}" if namespace else ""
    return f"Look at it: `kubectl get {resource}{where} {quote_argument(name)} -o yaml`."


def back_up_secret(name: str) -> str:
    """Return the step that backs up a plan Secret, with a warning that the copy contains credentials."""
    return (
        f"Back it up first: `kubectl get secret -n fleet-local {quote_argument(name)} -o yaml > plan-secret.yaml`. "
        "Do not share that file: it contains credentials."
    )


def inspect_host(node: str) -> str:
    """Return the step that looks for the lost join step in a host's logs (docs/objects.md#join-steps)."""
    return (
        f"On {node}: `journalctl -u rancherd -u rancher-system-agent` (in a bundle: the same logs in "
        f"nodes/{node}.zip). "
        '"already bootstrapped" means that the disk of an earlier installation was reused; "provide credentials" '
        "means that its Machine or its account is gone."
    )


def only_node_steps(node: str) -> tuple[str, ...]:
    """Return the steps for a node that must not be uninstalled: the only one, or the only etcd member.

    See docs/objects.md#failure-first-node and docs/objects.md#join-steps.
    """
    return (
        f"Do not uninstall {node}: the cluster cannot do without it.",
        (
            "Rancher's Plan system-agent-upgrader registers the first node. Look at it: `kubectl get "
            "plans.upgrade.cattle.io -n cattle-system system-agent-upgrader -o yaml`; a node that stays in "
            "status.applying blocks it (harvester/harvester#9880). It registers a host as a worker only, so it does "
            "not restore a lost management node."
        ),
        (
            "On Harvester 1.9, a Machine is created only if `kubectl get clusters.management.cattle.io local -o yaml` "
            "shows the annotation provisioning.cattle.io/administrated (harvester/harvester#11336)."
        ),
        "Ask vendor support before you change anything.",
    )


def read_harvester_log(*names: str) -> str:
    """Return the step that searches the log of Harvester's controllers for these names."""
    return (
        f"Find the reason in Harvester's log: {search_log(OF_HARVESTER, *names)} (in a bundle: logs/harvester-system)."
    )


def set_chart_replicas(number: int) -> tuple[str, ...]:
    """Return the steps that give the pods of Harvester's chart no more replicas than there are nodes for them."""
    return (
        (
            f"Set the replicas to {number} in `spec.values` of ManagedChart harvester (`replicas`, and `replicas` of "
            "webhook, network controller and node manager): `kubectl edit managedcharts.management.cattle.io -n "
            "fleet-local harvester`. A Deployment that is scaled by hand is set back by the chart."
        ),
    )


def describe_pod(namespace: str, name: str) -> str:
    """Return the step that shows where a pod may run, and what happened to it."""
    place = f"-n {quote_argument(namespace)} {quote_argument(name)}"
    return f"Read what keeps it from running: `kubectl describe pod {place}`."


def read_last_log(namespace: str, name: str) -> str:
    """Return the step that shows what the containers of a pod said before they ended."""
    place = f"-n {quote_argument(namespace)} {quote_argument(name)}"
    return f"Read its log: `kubectl logs {place} --all-containers --previous --tail=50`."


def list_pods(namespace: str) -> str:
    """Return the step that lists the pods of a namespace with their nodes."""
    return (
        f"Look at the pods: `kubectl get pods -n {quote_argument(namespace)} -o wide`; all must be Running and ready."
    )


def lose_log(name: str) -> str:
    """Return the caution about the log that is deleted with an UpgradeLog."""
    return f"The log of that upgrade is deleted with UpgradeLog {name}."
