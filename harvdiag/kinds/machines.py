"""The kinds that represent a host, and the cluster objects above them; docs/objects.md#kinds and #links."""

from __future__ import annotations

from harvdiag.kinds import clusters
from harvdiag.kinds.columns import (
    CONDITIONS,
    CREATED,
    DELETING,
    NAME,
    NAMESPACE,
    OWNER,
    UID,
    bool_column,
    condition_column,
    field_column,
    int_column,
    roles_column,
    time_column,
    unset_column,
)
from harvdiag.kinds.kind import Kind, Link
from harvdiag.kinds.local import FLEET
from harvdiag.kinds.plansecret import PLAN_TYPE

__all__ = ["HOST", "KINDS", "KUBELET", "NAMESPACES"]


PLAN_ANNOTATIONS = (
    "rke.cattle.io/join-url",
    "rke.cattle.io/joined-to",
    "rke.cattle.io/plan-last-updated",
    "rke.cattle.io/plan-probes-passed",
    *("rke.cattle.io/drain-options", "rke.cattle.io/drain-done", "rke.cattle.io/drain-error"),
    *("rke.cattle.io/pre-drain", "rke.cattle.io/post-drain", "rke.cattle.io/uncordon"),
    *("harvesterhci.io/pre-hook", "harvesterhci.io/post-hook"),
    *("management.harvesterhci.io/pre-hook", "management.harvesterhci.io/post-hook"),
)
"""What Rancher, Harvester and an UpgradePlan write on a plan Secret: where it joins, and the drain."""

NODE = Kind(
    name="Node",
    group="",
    plural="nodes",
    stored=(
        'metadata.annotations["cluster.x-k8s.io/cluster-name"]',
        'metadata.annotations["cluster.x-k8s.io/cluster-namespace"]',
        'metadata.annotations["cluster.x-k8s.io/machine"]',
        'metadata.annotations["harvesterhci.io/maintain-status"]',
        'metadata.annotations["harvesterhci.io/pendingOSImage"]',
        'metadata.annotations["harvesterhci.io/promote-status"]',
        'metadata.annotations["management.harvesterhci.io/pendingOSImage"]',
        'metadata.annotations["rke2.io/internal-ip"]',
        "spec.providerID",
        "spec.taints",
        "spec.unschedulable",
        "status.addresses",
        *CONDITIONS,
        "status.nodeInfo",
    ),
    columns=(
        NAME,
        condition_column("ready", "Ready"),
        unset_column("schedulable", "spec.unschedulable"),
        roles_column(),
        field_column("managed", 'metadata.labels["harvesterhci.io/managed"]'),
        field_column("machine", 'metadata.annotations["cluster.x-k8s.io/machine"]'),
        field_column("machine_uid", 'metadata.labels["rke.cattle.io/machine"]'),
        field_column("provider_id", "spec.providerID"),
        field_column("kubelet", "status.nodeInfo.kubeletVersion"),
        field_column("os", "status.nodeInfo.osImage"),
        field_column("internal_ip", 'metadata.annotations["rke2.io/internal-ip"]'),
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
    stored=(
        'metadata.annotations["pre-terminate.delete.hook.machine.cluster.x-k8s.io/rke-bootstrap-cleanup"]',
        "spec.bootstrap.configRef",
        "spec.clusterName",
        "spec.infrastructureRef",
        "spec.providerID",
        "spec.version",
        "status",
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("phase", "status.phase"),
        field_column("node", "status.nodeRef.name"),
        field_column("node_uid", "status.nodeRef.uid"),
        field_column("provider_id", "spec.providerID"),
        field_column("infrastructure", "spec.infrastructureRef.name"),
        field_column("bootstrap", "spec.bootstrap.configRef.name"),
        bool_column("bootstrap_ready", "status.bootstrapReady", "status.initialization.bootstrapDataSecretCreated"),
        bool_column(
            "infrastructure_ready", "status.infrastructureReady", "status.initialization.infrastructureProvisioned"
        ),
        condition_column("node_healthy", "NodeHealthy"),
        field_column("failure_reason", "status.failureReason", "status.deprecated.v1beta1.failureReason"),
        field_column("failure_message", "status.failureMessage", "status.deprecated.v1beta1.failureMessage"),
        roles_column(),
        field_column("machine_id", 'metadata.labels["rke.cattle.io/machine-id"]'),
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
    stored=(
        "spec.clusterName",
        "spec.providerID",
        "status.ready",
        *CONDITIONS,
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("provider_id", "spec.providerID"),
        condition_column("ready", "Ready"),
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
    stored=(
        'metadata.annotations["rke.cattle.io/internal-address"]',
        'metadata.annotations["rke.cattle.io/labels"]',
        "spec.clusterName",
        "status.dataSecretName",
        "status.ready",
        *CONDITIONS,
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("data_secret", "status.dataSecretName"),
        bool_column("ready", "status.ready"),
        field_column("internal_address", 'metadata.annotations["rke.cattle.io/internal-address"]'),
        roles_column(),
        field_column("machine_id", 'metadata.labels["rke.cattle.io/machine-id"]'),
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
    stored=(
        "type",
        "data",
        *(f'metadata.annotations["{key}"]' for key in PLAN_ANNOTATIONS),
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("machine", 'metadata.labels["rke.cattle.io/machine-name"]'),
        bool_column("init_node", 'metadata.labels["rke.cattle.io/init-node"]'),
        roles_column(),
        field_column("join_url", 'metadata.annotations["rke.cattle.io/join-url"]'),
        field_column("joined_to", 'metadata.annotations["rke.cattle.io/joined-to"]'),
        time_column("plan_updated", 'metadata.annotations["rke.cattle.io/plan-last-updated"]'),
        time_column("probes_passed", 'metadata.annotations["rke.cattle.io/plan-probes-passed"]'),
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
HOST = Kind(
    name="Host",
    group="",
    plural="hosts",
    versions=(),
    columns=(
        NAME,
        field_column("cattle_id", 'files["etc/rancher/agent/cattle-id"].id'),
        field_column("machine", 'files["etc/rancher/agent/cattle-id"].machine'),
        field_column("machine_uid", 'files["etc/rancher/rke2/config.yaml.d/50-rancher.yaml"].machine'),
    ),
    links=(
        Link("metadata.name", "Node"),
        Link('files["etc/rancher/agent/cattle-id"].machine', "Machine", home=FLEET),
        Link('files["etc/rancher/rke2/config.yaml.d/50-rancher.yaml"].machine', "Machine", by="uid"),
    ),
)
"""Not a Kubernetes object: data of a host's own files, from its archive in a bundle (`sources.bundle.nodes`)."""
KUBELET = Kind(
    name="KubeletStats",
    group="",
    plural="kubeletstats",
    versions=(),
    columns=(
        NAME,
        int_column("fs_capacity", "fs.capacityBytes"),
        int_column("fs_used", "fs.usedBytes"),
        int_column("fs_available", "fs.availableBytes"),
        int_column("images_capacity", "imageFs.capacityBytes"),
        int_column("images_used", "imageFs.usedBytes"),
        int_column("images_available", "imageFs.availableBytes"),
    ),
    links=(Link("metadata.name", "Node"),),
)
"""Not a Kubernetes object: a node's disks in bytes, from its kubelet (nodes/proxy, stats/summary); live only."""
NAMESPACES = Kind(name="Namespace", group="", plural="namespaces")
"""Not in the catalogue, as no check needs namespaces: they are only listed to find other kinds."""

KINDS = (
    NODE,
    MACHINE,
    CUSTOMMACHINE,
    RKEBOOTSTRAP,
    PLAN,
    *clusters.KINDS,
)
