"""The terms of the glossary, written by hand: one entry a term, with the source of the fact."""

from __future__ import annotations

from dataclasses import dataclass

from harvdiag.upgrade.logs.joinstep import JoinStep

__all__ = ["JOIN", "KUBERNETES", "OBJECTS", "OWN", "UPGRADES", "Term"]

OWN = "a word of harvdiag"
"""The source of a term that no other document has."""
KUBERNETES = "https://kubernetes.io/docs/"
LONGHORN = "https://longhorn.io/docs/1.8.1/concepts/"


@dataclass(frozen=True)
class Term:
    """A term: what it means in a sentence or two, the source of that, and other names under which it is found."""

    name: str
    meaning: str
    source: str
    aliases: tuple[str, ...] = ()

    def __repr__(self) -> str:
        also = f" (also: {', '.join(self.aliases)})" if self.aliases else ""
        return f"{self.name}{also}: {self.meaning} Source: {self.source}"


OBJECTS = (
    Term(
        "Node",
        "A host as Kubernetes sees it, created by the host's kubelet. A healthy one belongs to exactly one Machine.",
        "docs/objects.md#kinds",
    ),
    Term(
        "Machine",
        "A host as Cluster API sees it, in the namespace fleet-local. Rancher creates it for a host that registers and "
        "manages the host through it.",
        "docs/objects.md#kinds",
        ("custom-", "machines.cluster.x-k8s.io"),
    ),
    Term(
        "CustomMachine",
        "A part of a Machine with the same name, in which Rancher writes the provider ID of the Node.",
        "docs/objects.md#link-infrastructure",
    ),
    Term(
        "RKEBootstrap",
        "A part of a Machine with the same name, which owns its plan Secret.",
        "docs/objects.md#link-bootstrap",
    ),
    Term(
        "plan Secret",
        "The Secret MACHINE-machine-plan in fleet-local: by it Rancher tells a host what to run, and Rancher and "
        "Harvester agree on each step of a drain in its annotations. A Node without one is never upgraded.",
        "docs/objects.md#link-plan-secret",
        ("machine plan", "machine-plan"),
    ),
    Term(
        "orphan",
        "A Node that belongs to no Machine: Rancher does not manage its host, so the upgrade never reaches it.",
        "docs/objects.md#link-machine-annotation",
        ("orphan Node", "node without a Machine"),
    ),
    Term(
        "ghost Machine",
        "A Machine whose Node does not exist any more: the upgrade waits for a host that cannot answer.",
        "docs/objects.md#kind-machine-phase",
        ("ghost", "leftover Machine"),
    ),
    Term(
        "phantom",
        "An object that others reference and that does not exist. One that was not seen is not a phantom.",
        OWN,
    ),
    Term(
        "nodeRef",
        "The field of a Machine that names its Node. Cluster API writes it once, when it has found the Node.",
        "docs/objects.md#link-node-ref",
        ("status.nodeRef", "node reference", "status.nodeRef.name", "status.nodeRef.uid"),
    ),
    Term(
        "machine annotation",
        "The annotation of a Node that names its Machine. Cluster API writes it; Harvester acts on it.",
        "docs/objects.md#link-machine-annotation",
        ("cluster.x-k8s.io/machine",),
    ),
    Term(
        "provider ID",
        "The name under which Cluster API finds the Node of a Machine: rke2://NODE, equal on both.",
        "docs/objects.md#link-provider-id",
        ("providerID", "spec.providerID"),
    ),
    Term(
        "cattle ID",
        "The identity of a host, in its file /etc/rancher/agent/cattle-id. The name of its Machine is derived from it: "
        "a copied disk makes two hosts claim one Machine.",
        "docs/objects.md#link-cattle-id",
        ("cattle-id",),
    ),
    Term(
        "init node",
        "The etcd Machine that the others join, marked by a label on its plan Secret. Without it nothing is planned.",
        "docs/objects.md#sign-init-node",
        ("init-node",),
    ),
    Term(
        "managed",
        "Whether Harvester manages a Node, by the label harvesterhci.io/managed=true. Without it a Node gets no "
        "upgrade and has no archive in a support bundle.",
        "docs/objects.md#sign-managed",
        ("managed label", "unmanaged"),
    ),
    Term(
        "witness",
        "A small third management node, with the etcd role alone, that runs no VM and holds no volume.",
        "https://docs.harvesterhci.io/v1.8/advanced/witness",
        ("witness node",),
    ),
    Term(
        "finalizer",
        "A key on an object that keeps it from being deleted until its controller has cleaned up. To remove one by "
        "hand skips that cleanup.",
        f"{KUBERNETES}concepts/overview/working-with-objects/finalizers/",
        ("finalizers",),
    ),
    Term(
        "etcd voter",
        "A member of etcd that counts for its quorum. With two voters left, the loss of one stops the API.",
        "https://etcd.io/docs/v3.5/faq/",
        ("etcd member", "quorum"),
    ),
    Term(
        "volume",
        "A disk of a VM or a pod as Longhorn keeps it: an engine, and as many replicas as it wants. With fewer healthy "
        "ones it is degraded, with none faulted.",
        LONGHORN,
        ("Longhorn volume", "degraded", "faulted"),
    ),
    Term(
        "replica",
        "A copy of the data of a Longhorn volume, on a disk of one node. The last healthy one must not be lost. (The "
        "replicas of a Deployment are its pods.)",
        LONGHORN,
        ("replicas", "Longhorn replica"),
    ),
    Term(
        "engine",
        "The process of Longhorn that serves an attached volume, on the node that uses it, and writes to all replicas.",
        LONGHORN,
        ("engines", "Longhorn engine"),
    ),
    Term(
        "instance manager",
        "The pod of Longhorn on each node in which engines and replicas run. Its PodDisruptionBudget stays as long as "
        "it lists an engine, and a drain waits for that.",
        "docs/objects.md#failure-dead-engine",
        ("instance-manager", "InstanceManager"),
    ),
    Term(
        "Cluster API",
        "The controllers that keep Machines and link them to Nodes; short CAPI. Rancher uses them for Harvester.",
        "docs/objects.md#kind-capi-versions",
        ("CAPI",),
    ),
)
UPGRADES = (
    Term(
        "Upgrade",
        "The object of one upgrade of Harvester, in harvester-system. It passes eight phases.",
        "docs/objects.md#upgrade-phases",
        ("phase", "upgradeState"),
    ),
    Term(
        "UpgradePlan",
        "The object of one upgrade in newer releases (Upgrade V2). harvdiag judges both alike.",
        "docs/objects.md#kinds",
        ("Upgrade V2", "V2"),
    ),
    Term(
        "planner",
        "The part of Rancher that decides which host may change next, and writes the plan for it. What it waits for "
        "stands in conditions of the RKEControlPlane.",
        "docs/objects.md#planner-messages",
        ("Rancher's planner",),
    ),
    Term(
        "Plan",
        "An order of the system-upgrade-controller to run one Job on each Node that its selector names.",
        "docs/objects.md#phase-plans",
        ("system upgrade plan", "plans.upgrade.cattle.io"),
    ),
    Term(
        "hook",
        "A point at which Rancher's drain of a node waits for Harvester: before it (pre-drain) and after it "
        "(post-drain). Rancher writes a request on the plan Secret, and Harvester copies it to answer.",
        "docs/objects.md#drain-steps",
        ("pre-drain hook", "post-drain hook", "pre-hook", "post-hook"),
    ),
    Term(
        "handshake",
        "The requests and answers of Rancher and Harvester on a plan Secret while a node is drained: the steps h1 "
        "to h12.",
        "docs/objects.md#drain-steps",
        ("drain", "drain steps"),
    ),
    Term(
        "pre-drain Job",
        "The Job that makes the VMs leave a node, and waits until its volumes are healthy elsewhere.",
        "docs/objects.md#drain-pre-drain-job-complete",
        ("pre-drain", "Pre-draining"),
    ),
    Term(
        "post-drain Job",
        "The Job that installs the new operating system on a drained node, and restarts it.",
        "docs/objects.md#drain-post-drain-job-complete",
        ("post-drain", "Post-draining"),
    ),
    Term(
        "Images preloaded",
        "The state of a node that has the new images and waits for its turn. A node that stays there was never asked "
        "to drain.",
        "docs/objects.md#state-images-preloaded",
    ),
    Term(
        "Pre-drained",
        "The state of a node whose pre-drain Job is complete: Rancher drains it next.",
        "docs/objects.md#state-pre-drained",
    ),
    Term(
        "Waiting Reboot",
        "The state of a node that has the new system installed and does not run it yet.",
        "docs/objects.md#state-waiting-reboot",
    ),
    Term(
        "cordon",
        "To mark a Node so that no new pod is placed on it. A drain begins with it; uncordon takes it back.",
        f"{KUBERNETES}tasks/administer-cluster/safely-drain-node/",
        ("uncordon", "cordoned", "unschedulable"),
    ),
    Term(
        "taint",
        "A mark on a Node that keeps pods away, or drives them out, unless they tolerate it. Harvester sets one "
        "on a node that is to be drained, for which KubeVirt moves the VMs away.",
        "docs/objects.md#drain-taint",
        ("taints", "drain taint"),
    ),
    Term(
        "PodDisruptionBudget",
        "A rule by which Kubernetes refuses to evict a pod while too few of its kind would be left; short PDB. A drain "
        "waits for it, mostly for that of an instance manager.",
        "docs/objects.md#failure-eviction-refused",
        ("PDB", "budget"),
    ),
    Term(
        "rancherd",
        "The service that joins a host to the cluster at its first start. Where it finds the stamp of an earlier "
        "installation on the disk, it does nothing.",
        "docs/objects.md#join-bootstrap-stamp",
    ),
    Term(
        "rancher-system-agent",
        "The service on each host that reads its plan Secret and carries out the plan.",
        "docs/objects.md#join-plan-application",
        ("agent", "system-agent"),
    ),
    Term(
        "ManagedChart",
        "A Helm chart that Harvester has installed through fleet, as a Bundle. Phase 6 waits for the new ones.",
        "docs/objects.md#phase-services-waits",
        ("chart",),
    ),
    Term(
        "Bundle",
        "The objects of a ManagedChart as fleet, the part of Rancher that installs charts, writes them to the cluster. "
        "Its conditions say which of them differ or are not ready. A support bundle is something else.",
        "docs/objects.md#kinds",
        ("fleet", "bundles.fleet.cattle.io"),
    ),
    Term(
        "system-upgrade-controller",
        "The program that carries out Plans: for each Node that a Plan names it runs one Job there, and then labels "
        "the Node; short SUC.",
        "docs/objects.md#phase-plans",
        ("SUC",),
    ),
    Term(
        "eviction",
        "A request to remove a pod from its node, which a PodDisruptionBudget may refuse. A drain evicts all pods but "
        "those of DaemonSets. Longhorn's eviction moves replicas to other nodes.",
        f"{KUBERNETES}concepts/scheduling-eviction/api-eviction/",
        ("evict", "evictionRequested"),
    ),
    Term(
        "skipWebhook",
        "An annotation by which Harvester's admission checks are left out. It may delete what they protect.",
        "docs/objects.md#webhook-checks",
        ("webhook", "skip annotation"),
    ),
)
JOIN = {
    JoinStep.INSTALLER_CONFIGURATION: "the installer writes server URL, token and role to the host's disk",
    JoinStep.BOOTSTRAP_STAMP: "rancherd does nothing where the stamp of an earlier installation is on the disk",
    JoinStep.JOIN_PLAN: "rancherd asks the server for its certificates and prepares the join",
    JoinStep.AGENT_INSTALLER: "a downloaded script installs rancher-system-agent",
    JoinStep.HOST_IDENTITY: "the script creates the cattle ID, or keeps the one that is there",
    JoinStep.CONNECTION_REQUEST: "the host asks Rancher for its connection data",
    JoinStep.MACHINE_REQUEST: "Rancher keeps the request as a Secret and waits for a Machine",
    JoinStep.MACHINE_CREATION: "Rancher finds the Machine of the host, or creates it with its parts",
    JoinStep.PLAN_CREATION: "Rancher creates the plan Secret of the Machine",
    JoinStep.AGENT_CONNECTION: "the host stores its credentials, and its agent connects",
    JoinStep.PLAN_DELIVERY: "Rancher's planner writes the plan to the plan Secret",
    JoinStep.PLAN_APPLICATION: "the agent applies the plan, and RKE2 starts",
    JoinStep.NODE_REGISTRATION: "the kubelet creates the Node",
    JoinStep.PROVIDER_ID_LOOKUP: "Rancher finds the Node and copies its provider ID to the CustomMachine",
    JoinStep.NODE_LINK: "Cluster API sets nodeRef on the Machine and the machine annotation on the Node",
    JoinStep.PROMOTION: "Harvester makes a worker a management node, until there are three",
}
"""What happens in each step by which a host joins the cluster."""
