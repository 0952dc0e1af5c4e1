"""The kinds that a host is made of, and the cluster objects above them; docs/objects.md#kinds and #links."""

from __future__ import annotations

from harvdiag.kinds.columns import (
    CREATED,
    DELETING,
    NAME,
    NAMESPACE,
    OWNER,
    UID,
    at,
    condition,
    count,
    flag,
    roles,
    time,
    unset,
)
from harvdiag.kinds.kind import Kind, Link
from harvdiag.kinds.local import FLEET
from harvdiag.kinds.plansecret import PLAN_TYPE

__all__ = ["HOST", "KINDS", "KUBELET", "NAMESPACES"]


_CLUSTER_COLUMNS = (
    NAMESPACE,
    NAME,
    at("phase", "status.phase"),
    flag("paused", "spec.paused"),
    condition("ready", "Ready"),
    at("kubernetes", "spec.kubernetesVersion", "status.version.gitVersion"),
    at("control_plane", "spec.controlPlaneRef.name"),
    at("infrastructure", "spec.infrastructureRef.name"),
    OWNER,
    DELETING,
    CREATED,
    UID,
)

NODE = Kind(
    name="Node",
    group="",
    plural="nodes",
    columns=(
        NAME,
        condition("ready", "Ready"),
        unset("schedulable", "spec.unschedulable"),
        roles(),
        at("managed", 'metadata.labels["harvesterhci.io/managed"]'),
        at("machine", 'metadata.annotations["cluster.x-k8s.io/machine"]'),
        at("machine_uid", 'metadata.labels["rke.cattle.io/machine"]'),
        at("provider_id", "spec.providerID"),
        at("kubelet", "status.nodeInfo.kubeletVersion"),
        at("os", "status.nodeInfo.osImage"),
        at("internal_ip", 'metadata.annotations["rke2.io/internal-ip"]'),
        DELETING,
        CREATED,
        UID,
    ),
    links=(
        Link(
            'metadata.annotations["cluster.x-k8s.io/machine"]',
            "Machine",
            namespace='metadata.annotations["cluster.x-k8s.io/cluster-namespace"]',
            home=FLEET,
        ),
        Link('metadata.labels["rke.cattle.io/machine"]', "Machine", by="uid"),
        Link('metadata.labels["plan.cattle.io/machine-name"]', "Machine", home=FLEET),
        Link(
            'metadata.annotations["cluster.x-k8s.io/cluster-name"]',
            "Cluster",
            namespace='metadata.annotations["cluster.x-k8s.io/cluster-namespace"]',
            home=FLEET,
        ),
    ),
)
MACHINE = Kind(
    name="Machine",
    group="cluster.x-k8s.io",
    plural="machines",
    home=FLEET,
    versions=("v1beta1", "v1beta2", "v1alpha4", "v1alpha3"),
    columns=(
        NAMESPACE,
        NAME,
        at("phase", "status.phase"),
        at("node", "status.nodeRef.name"),
        at("node_uid", "status.nodeRef.uid"),
        at("provider_id", "spec.providerID"),
        at("infrastructure", "spec.infrastructureRef.name"),
        at("bootstrap", "spec.bootstrap.configRef.name"),
        flag("bootstrap_ready", "status.bootstrapReady", "status.initialization.bootstrapDataSecretCreated"),
        flag("infrastructure_ready", "status.infrastructureReady", "status.initialization.infrastructureProvisioned"),
        condition("node_healthy", "NodeHealthy"),
        at("failure_reason", "status.failureReason", "status.deprecated.v1beta1.failureReason"),
        at("failure_message", "status.failureMessage", "status.deprecated.v1beta1.failureMessage"),
        roles(),
        at("machine_id", 'metadata.labels["rke.cattle.io/machine-id"]'),
        DELETING,
        CREATED,
        UID,
    ),
    links=(
        Link("status.nodeRef.name", "Node"),
        Link("status.nodeRef.uid", "Node", by="uid"),
        Link("spec.providerID", "Node", by="provider_id"),
        Link('metadata.labels["rke.cattle.io/node-name"]', "Node"),
        Link("spec.infrastructureRef", by="reference"),
        Link("spec.bootstrap.configRef", by="reference"),
        Link("spec.clusterName", "Cluster"),
    ),
)
CUSTOMMACHINE = Kind(
    name="CustomMachine",
    group="rke.cattle.io",
    plural="custommachines",
    home=FLEET,
    columns=(
        NAMESPACE,
        NAME,
        at("provider_id", "spec.providerID"),
        condition("ready", "Ready"),
        OWNER,
        DELETING,
        CREATED,
        UID,
    ),
    links=(Link("spec.providerID", "Node", by="provider_id"),),
)
RKEBOOTSTRAP = Kind(
    name="RKEBootstrap",
    group="rke.cattle.io",
    plural="rkebootstraps",
    home=FLEET,
    columns=(
        NAMESPACE,
        NAME,
        at("data_secret", "status.dataSecretName"),
        flag("ready", "status.ready"),
        at("internal_address", 'metadata.annotations["rke.cattle.io/internal-address"]'),
        roles(),
        at("machine_id", 'metadata.labels["rke.cattle.io/machine-id"]'),
        OWNER,
        DELETING,
        CREATED,
        UID,
    ),
    links=(
        Link('metadata.annotations["rke.cattle.io/internal-address"]', "Node", by="address"),
        Link("spec.clusterName", "Cluster"),
    ),
)
PLAN = Kind(
    name="Secret",
    group="",
    plural="secrets",
    home=FLEET,
    columns=(
        NAMESPACE,
        NAME,
        at("machine", 'metadata.labels["rke.cattle.io/machine-name"]'),
        flag("init_node", 'metadata.labels["rke.cattle.io/init-node"]'),
        roles(),
        at("join_url", 'metadata.annotations["rke.cattle.io/join-url"]'),
        at("joined_to", 'metadata.annotations["rke.cattle.io/joined-to"]'),
        time("plan_updated", 'metadata.annotations["rke.cattle.io/plan-last-updated"]'),
        time("probes_passed", 'metadata.annotations["rke.cattle.io/plan-probes-passed"]'),
        OWNER,
        DELETING,
        CREATED,
        UID,
    ),
    links=(
        Link('metadata.labels["rke.cattle.io/machine-name"]', "Machine"),
        Link('metadata.labels["rke.cattle.io/cluster-name"]', "Cluster"),
        Link('metadata.labels["plan.cattle.io/cluster-name"]', "Cluster"),
    ),
    only=PLAN_TYPE,
)
CLUSTER = Kind(
    name="Cluster",
    group="cluster.x-k8s.io",
    plural="clusters",
    home=FLEET,
    versions=("v1beta1", "v1beta2", "v1alpha4", "v1alpha3"),
    columns=_CLUSTER_COLUMNS,
    links=(Link("spec.controlPlaneRef", by="reference"), Link("spec.infrastructureRef", by="reference")),
)
PROVISIONING = Kind(
    name="Cluster.provisioning.cattle.io",
    group="provisioning.cattle.io",
    plural="clusters",
    home=FLEET,
    columns=_CLUSTER_COLUMNS,
    links=(Link("status.clusterName", "Cluster.management.cattle.io"),),
)
MANAGEMENT = Kind(
    name="Cluster.management.cattle.io",
    group="management.cattle.io",
    plural="clusters",
    home="",
    versions=("v3",),
    columns=_CLUSTER_COLUMNS,
)
RKECLUSTER = Kind(name="RKECluster", group="rke.cattle.io", plural="rkeclusters", home=FLEET, columns=_CLUSTER_COLUMNS)
RKECONTROLPLANE = Kind(
    name="RKEControlPlane", group="rke.cattle.io", plural="rkecontrolplanes", home=FLEET, columns=_CLUSTER_COLUMNS
)
HOST = Kind(
    name="Host",
    group="",
    plural="hosts",
    versions=(),
    columns=(
        NAME,
        at("cattle_id", 'files["etc/rancher/agent/cattle-id"].id'),
        at("machine", 'files["etc/rancher/agent/cattle-id"].machine'),
        at("machine_uid", 'files["etc/rancher/rke2/config.yaml.d/50-rancher.yaml"].machine'),
    ),
    links=(
        Link("metadata.name", "Node"),
        Link('files["etc/rancher/agent/cattle-id"].machine', "Machine", home=FLEET),
        Link('files["etc/rancher/rke2/config.yaml.d/50-rancher.yaml"].machine', "Machine", by="uid"),
    ),
)
"""No Kubernetes object: what a host's own files say, from its archive in a bundle (`sources.bundle.nodes`)."""
KUBELET = Kind(
    name="KubeletStats",
    group="",
    plural="kubeletstats",
    versions=(),
    columns=(
        NAME,
        count("fs_capacity", "fs.capacityBytes"),
        count("fs_used", "fs.usedBytes"),
        count("fs_available", "fs.availableBytes"),
        count("images_capacity", "imageFs.capacityBytes"),
        count("images_used", "imageFs.usedBytes"),
        count("images_available", "imageFs.availableBytes"),
    ),
    links=(Link("metadata.name", "Node"),),
)
"""No Kubernetes object: a node's disks in bytes, as its kubelet tells them (nodes/proxy, stats/summary); live only."""
NAMESPACES = Kind(name="Namespace", group="", plural="namespaces")
"""Not in the catalogue, for nothing is told of namespaces: these are where other kinds are looked for."""

KINDS = (
    NODE,
    MACHINE,
    CUSTOMMACHINE,
    RKEBOOTSTRAP,
    PLAN,
    CLUSTER,
    PROVISIONING,
    MANAGEMENT,
    RKECLUSTER,
    RKECONTROLPLANE,
)
