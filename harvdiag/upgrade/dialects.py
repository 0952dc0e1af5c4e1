"""What Rancher's planner says, from Rancher 2.6 to 2.15, and what it means; docs/objects.md#planner-messages."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["DRAINING", "KNOWN_MESSAGES", "KnownMessage", "explain_message", "find_known_message"]


class KnownMessage(NamedTuple):
    """A part of a message, in lower case, and what it means.

    `stalls`: it may last forever, and whoever waits for it finds nothing else that moves. `echo`: it only repeats that
    the planner waits; another condition says for what.
    """

    part: str
    meaning: str
    stalls: bool = True
    echo: bool = False


DRAINING = "draining node"
_TURNS = (
    ("configuring", "bootstrap", "the init node has its turn"),
    ("configuring", "etcd", "the etcd nodes have their turn"),
    ("configuring", "control plane", "the control-plane nodes have their turn"),
    ("configuring", "worker", "the workers have their turn"),
    ("provisioning", "bootstrap", "the init node has its turn"),
    ("provisioning", "etcd", "the etcd nodes have their turn"),
    ("provisioning", "control plane", "the control-plane nodes have their turn"),
    ("provisioning", "worker", "the workers have their turn"),
)
_OF_MACHINES = (
    KnownMessage(
        "non-ready bootstrap machine", "the init Machine has no healthy node, or CAPI cannot talk to the cluster"
    ),
    KnownMessage("non-ready etcd machine", "an etcd Machine is not ready: its conditions say why"),
    KnownMessage("non-ready control plane machine", "a control-plane Machine is not ready: its conditions say why"),
    KnownMessage("non-ready worker machine", "the Machine of a worker is not ready: its conditions say why"),
    KnownMessage("failing bootstrap machine", "the init Machine reports an error in its conditions"),
    KnownMessage("failing etcd machine", "an etcd Machine reports an error in its conditions"),
    KnownMessage("failing control plane machine", "a control-plane Machine reports an error in its conditions"),
    KnownMessage("failing worker machine", "the Machine of a worker reports an error in its conditions"),
)
_OF_HOSTS = (
    KnownMessage(
        "waiting for agent to check in",
        "the host's rancher-system-agent never applied a plan: it is not running or misdirected",
    ),
    KnownMessage("failure while applying plan", "the host's agent has failed the plan as often as it may try"),
    KnownMessage("waiting for probes", "a component on the host does not become healthy"),
    KnownMessage(
        "waiting for kubelet to update", "the node's kubelet is not yet the new one, or CAPI sees an old state"
    ),
    KnownMessage("waiting for uncordon to finish", "Harvester has not acknowledged the post-drain hook"),
    KnownMessage("error undraining machine", "the uncordon failed: see the error"),
    KnownMessage("error draining machine", "the drain was refused: see the error"),
    KnownMessage(DRAINING, "the node is being drained"),
    KnownMessage("drain completed", "the node is drained; its new plan follows"),
    KnownMessage("waiting for plan to be applied", "the plan was delivered; the host's agent has not finished it"),
    KnownMessage("waiting for cluster pre-bootstrap", "manifests that come before the first node are not applied"),
    KnownMessage("waiting for cluster agent to connect", "the cluster agent of Rancher is not connected"),
    KnownMessage("driver config to be saved", "the Machine's driver has not saved its configuration"),
    KnownMessage("waiting for bootstrap etcd to be available", "an etcd node has no plan until the init node serves"),
    KnownMessage("waiting for etcd to be available", "a control-plane node has no plan until an etcd node serves"),
)
_OF_INIT_NODE = (
    KnownMessage("waiting for at least one bootstrap node", "no init node has a plan: nothing can begin"),
    KnownMessage(
        "waiting for at least one control plane, etcd, and worker node", "a role has no registered Machine at all"
    ),
    KnownMessage("waiting for at least one", "a role that is needed has no Machine"),
    KnownMessage("join url to be available", "the init node has not said where others join: its RKE2 does not serve"),
    KnownMessage("waiting for join server", "there is no server that a node could join"),
    KnownMessage("no suitable join url found", "there is no server that a node could join"),
    KnownMessage("waiting for viable init node", "no etcd Machine is fit to be the init node"),
    KnownMessage("waiting for possible init node", "no etcd Machine is fit to be the init node"),
    KnownMessage("unable to find designated init node", "the Machine that was designated as init node is gone"),
    KnownMessage("re-election of init machine", "Rancher may not choose another init node"),
    KnownMessage(
        "no etcd machines exist that have plans", "all etcd Machines were replaced: there is no node to begin with"
    ),
)
_OF_CLUSTER = (
    KnownMessage(
        "is paused", "Rancher does nothing while the CAPI Cluster or the RKEControlPlane is paused", stalls=False
    ),
    KnownMessage("capi cluster does not exist", "the Cluster API object of cluster local is gone"),
    KnownMessage("pausing capi cluster", "Rancher holds or releases Cluster API while it works on etcd"),
    KnownMessage("waiting for infrastructure ready", "the RKECluster is not ready: no plan is written before"),
    KnownMessage(
        "marking control plane as initialized",
        "the control plane works, but Rancher's record of that does not stay, and its planner starts no node until it "
        "does",
    ),
    KnownMessage("waiting for control plane to be available", "no control-plane node is ready: workers have to wait"),
    KnownMessage("etcd machines to be deleted", "etcd Machines are being deleted, and have not gone"),
    KnownMessage("etcd machines to delete", "etcd Machines are being deleted, and have not gone"),
    KnownMessage("uninitializing", "Rancher takes back that the control plane was initialized"),
    KnownMessage("system-upgrade-controller helm chart", "the chart of the system-upgrade-controller is not ready"),
    KnownMessage("release data is empty", "Rancher knows nothing of this Kubernetes version"),
    KnownMessage("releasedata nil", "Rancher knows nothing of this Kubernetes version"),
    KnownMessage("certificate rotation", "certificates are being rotated, one node after the other"),
    KnownMessage("encryption key", "the key that encrypts Secrets is being rotated"),
    KnownMessage("etcd snapshot", "an etcd snapshot is being made"),
    KnownMessage("etcd create state", "an etcd snapshot is being made"),
    KnownMessage("etcd restore", "etcd is being restored from a snapshot"),
    KnownMessage("etcd node to restore on", "etcd is to be restored, and there is no node for it"),
    KnownMessage("shutting down cluster", "etcd is being restored from a snapshot: the servers are stopped"),
    KnownMessage("waiting to stop", "etcd is being restored from a snapshot: the servers are stopped"),
    KnownMessage("services on control plane and etcd machines", "the servers are stopped for a restore of etcd"),
    KnownMessage("management plane restart", "the servers are restarted one after the other"),
    KnownMessage("has not been fully reconciled", "the planner is not done; another condition says why", echo=True),
)
KNOWN_MESSAGES = (
    # Restoration is named in the sentence about replaced etcd Machines, so what is of the init node comes first.
    *_OF_INIT_NODE[-1:],
    *_OF_HOSTS,
    *_OF_MACHINES,
    *_OF_INIT_NODE[:-1],
    *_OF_CLUSTER,
    *(KnownMessage(f"{verb} {tier} node", meaning) for verb, tier, meaning in _TURNS),
    KnownMessage("uncordoning", "the node is being uncordoned"),
    KnownMessage("draining", "a node is being drained"),
)
"""The known messages, the more specific first: one says which tier has its turn, and behind a colon what it awaits."""


def find_known_message(message: str) -> KnownMessage | None:
    """Return the most specific known message in a text; None where there is none."""
    spoken = message.lower()
    return next((known for known in KNOWN_MESSAGES if known.part in spoken), None)


def explain_message(message: str) -> str:
    """Return what a message means; empty for an unknown one."""
    known = find_known_message(message)
    return known.meaning if known else ""
