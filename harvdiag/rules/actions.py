"""Steps that act: what several rules advise is worded here once, with its command or its path in the UI.

A path in the UI begins with the screen: "Hosts → hv09 → ⋮ → Delete". Nothing is ever run. Which page of the
documentation describes a step is found by its command (harvdiag/rules/pages.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from shlex import quote
from typing import Any

__all__ = [
    "BACK_UP",
    "CAPI_ASIDE",
    "CAPI_SPACES",
    "FIX_AND_START",
    "OF_CAPI",
    "OF_HARVESTER",
    "OF_RANCHER",
    "RESTART_FLEET",
    "SNAPSHOT_ETCD",
    "START_UPGRADE",
    "SUPPORT_BUNDLE",
    "UPGRADE_PLANS",
    "check_host_gone",
    "delete_object",
    "edit_logging",
    "evict_replicas",
    "leave_vms",
    "list_etcd_members",
    "maintenance",
    "merge_patch",
    "quote_argument",
    "reinstall_host",
    "rejoin",
    "remove_host",
    "restart_deployment",
    "search_log",
    "set_replicas",
    "stop_upgrade",
    "stop_vm",
    "sync_bundle",
    "uncordon",
    "verify_removed",
]

OF_HARVESTER = "-n harvester-system -l app.kubernetes.io/name=harvester,app.kubernetes.io/component=apiserver"
CAPI_SPACES = ("cattle-provisioning-capi-system", "cattle-capi-system")
"""Where the controller of Cluster API runs up to Harvester 1.7, and from 1.8 on."""
CAPI_ASIDE = f" (from 1.8 on in {CAPI_SPACES[1]})"
OF_CAPI = f"-n {CAPI_SPACES[0]} deployment/capi-controller-manager"
OF_RANCHER = "-n cattle-system -l app=rancher"
RESTART_FLEET = "`kubectl rollout restart deployment -n cattle-fleet-local-system fleet-agent`"
UPGRADE_PLANS = "upgradeplans.management.harvesterhci.io"
UPGRADES, HARVESTER, LONGHORN = "upgrades.harvesterhci.io", "harvester-system", "longhorn-system"
ETCDCTL = (
    "etcdctl --cacert=/var/lib/rancher/rke2/server/tls/etcd/server-ca.crt "
    "--cert=/var/lib/rancher/rke2/server/tls/etcd/server-client.crt "
    "--key=/var/lib/rancher/rke2/server/tls/etcd/server-client.key"
)
SNAPSHOT_ETCD = "`/opt/rke2/bin/rke2 etcd-snapshot save --name before` as root on a management node"
BACK_UP = f"Back up first: `kubectl get nodes,machines.cluster.x-k8s.io -A -o yaml > before.yaml`, and {SNAPSHOT_ETCD}."
START_UPGRADE = "start the upgrade again (Dashboard → Upgrade)"
FIX_AND_START = f"Fix or remove the Node, then {START_UPGRADE}."
SUPPORT_BUNDLE = "Support → Generate Support Bundle"


def quote_argument(name: str) -> str:
    """Quote a name from the cluster, so that a command with it can be pasted into a shell."""
    return quote(name)


def merge_patch(resource: str, name: str, patch: Mapping[str, Any], namespace: str = "fleet-local") -> str:
    """Return the command that changes fields of an object, without backticks."""
    content = quote_argument(json.dumps(patch, separators=(",", ":")))
    return f"kubectl patch {resource} -n {quote_argument(namespace)} {quote_argument(name)} --type merge -p {content}"


def delete_object(resource: str, name: str, namespace: str = "") -> str:
    """Return the command that deletes an object, in backticks; without a namespace for one of cluster scope."""
    where = f" -n {quote_argument(namespace)}" if namespace else ""
    return f"`kubectl delete {resource}{where} {quote_argument(name)}`"


def edit_logging(upgrade: str) -> str:
    """Return the command that changes the logging of an Upgrade, by the name that Harvester gives it, in backticks."""
    return f"`kubectl edit loggings.logging.banzaicloud.io {quote_argument(f'{upgrade}-upgradelog-infra')}`"


def restart_deployment(name: str, namespace: str) -> str:
    """Return the command that restarts the pods of a Deployment, in backticks."""
    return f"`kubectl rollout restart deployment -n {quote_argument(namespace)} {quote_argument(name)}`"


def sync_bundle(name: str, generation: int) -> str:
    """Return how to make fleet write the objects of a Bundle again; `generation` is one that it had not yet."""
    patch = {"spec": {"forceSyncGeneration": generation}}
    return f"let fleet write its objects again: `{merge_patch('bundles.fleet.cattle.io', name, patch)}`"


def uncordon(node: str) -> str:
    """Return the command that lets a node take pods again, in backticks."""
    return f"`kubectl uncordon {quote_argument(node)}`"


def evict_replicas(node: str) -> str:
    """Return the step that moves all replicas off a node (Longhorn's Node: no scheduling, eviction requested)."""
    change = {"spec": {"allowScheduling": False, "evictionRequested": True}}
    return f"Move its replicas away: `{merge_patch('nodes.longhorn.io', node, change, LONGHORN)}`."


def maintenance(node: str) -> str:
    """Return the path in the UI that moves the VMs off a node and says so on it."""
    return f"Hosts → {node} → ⋮ → Enable Maintenance Mode"


def leave_vms(node: str) -> str:
    """Return the step that moves the VMs off a node, once its replicas have left."""
    return (
        f"When `kubectl get replicas.longhorn.io -n longhorn-system -o wide | grep {quote_argument(node)}` shows "
        f"none, move its VMs away: {maintenance(node)}."
    )


def remove_host(node: str) -> str:
    """Return the step that takes a host out of the cluster, so that it cannot register again."""
    return (
        f"On {node} as root: `/opt/rke2/bin/rke2-uninstall.sh`, so that it cannot register again; switch it off, and "
        f"delete it: Hosts → {node} → ⋮ → Delete."
    )


def verify_removed(node: str, voters: tuple[str, ...] = ()) -> str:
    """Return the step that looks for what is left of a host; `voters` are the other etcd nodes of an etcd node."""
    member = f", and no member of etcd: {list_etcd_members(voters[0])}" if voters else ""
    return (
        "Verify that nothing of it is left: `kubectl get nodes,nodes.longhorn.io,machines.cluster.x-k8s.io -A | grep "
        f"{quote_argument(node)}`{member}."
    )


def reinstall_host(node: str, version: str) -> str:
    """Return the step that installs a host again; `version` says which release, with what separates it."""
    return (
        f"Install {node} again on a wiped disk, choosing Join an existing Harvester cluster{version}; its Machine, "
        "plan Secret and labels follow by themselves."
    )


def check_host_gone(host: str, address: str = "") -> str:
    """Return the step that proves that a host no longer runs; `address` is the one that its Machine had."""
    where = quote_argument(address or host)
    return (
        f"Make sure that host {host} is off for good, or uninstalled: `ping -c 3 {where}` gets no answer, and it "
        "will not be started again."
    )


def rejoin(node: str) -> str:
    """Return how a host leaves the cluster and joins it again, in one clause."""
    return (
        f"{maintenance(node)}, `/opt/rke2/bin/rke2-uninstall.sh` there as root, ⋮ → Delete, "
        "then install it again on a wiped disk (Join an existing Harvester cluster), after its replicas have left"
    )


def list_etcd_members(voter: str) -> str:
    """Return the command that lists the members of etcd, through the etcd of a Node that votes, in backticks."""
    return f"`kubectl exec -n kube-system {quote_argument(f'etcd-{voter}')} -- {ETCDCTL} member list`"


def set_replicas(volume: str, number: int | str) -> str:
    """Return the command that sets how many replicas a volume wants, in backticks."""
    return f"`{merge_patch('volumes.longhorn.io', volume, {'spec': {'numberOfReplicas': number}}, LONGHORN)}`"


def stop_upgrade(name: str, why: str = "") -> str:
    """Return the step that stops an upgrade that has not reached the nodes; Harvester refuses it later."""
    return (
        f"Stop the upgrade{why}; no node is changed yet, so Harvester lets you delete it. First take a support bundle "
        f"({SUPPORT_BUNDLE}), then {delete_object(UPGRADES, name, HARVESTER)}. Collect again, and resume the charts "
        "that it left paused."
    )


def search_log(pods: str, *words: str) -> str:
    """Return the command that searches the log of a controller; `pods` is OF_CAPI, OF_HARVESTER or OF_RANCHER."""
    return f"`kubectl logs {pods} --tail=-1 | grep {' '.join(f'-e {quote_argument(word)}' for word in words)}`"


def stop_vm(name: str) -> str:
    """Return the path in the UI that shuts down a VM."""
    return f"Virtual Machines → {name} → ⋮ → Stop"
