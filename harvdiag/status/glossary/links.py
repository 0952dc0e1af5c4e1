"""The terms of the glossary about links between objects, and what they come to."""

from __future__ import annotations

from harvdiag.status.glossary.terms import KUBERNETES, OWN, Term

__all__ = ["LINKS"]

PAGE = "docs/objects.md"
LINKS = (
    Term(
        "paired",
        "Of a Node and a Machine that name each other: every link of the two leads to the other one.",
        f"{PAGE}#links",
        ("pair",),
    ),
    Term(
        "half-joined",
        "Of a Node whose Machine exists and that does not reference it yet: the join goes on, or has stopped half-way.",
        f"{PAGE}#link-machine-annotation",
    ),
    Term(
        "two Machines, one Node",
        "Both Machines name the Node: a host was added before its old Machine was gone. Deleting the wrong one takes "
        "the Node with it.",
        f"{PAGE}#failure-several-machines",
        ("several Machines",),
    ),
    Term(
        "two Nodes, one Machine",
        "Both Nodes name the Machine, which belongs to one of them: a disk was used again, or a cattle ID copied.",
        f"{PAGE}#failure-shared-machine",
        ("shared Machine",),
    ),
    Term(
        "dangling",
        "Of a reference: the object that it names does not exist.",
        OWN,
        ("dangling reference",),
    ),
    Term(
        "machine UID label",
        "The label of a Node with the UID of its Machine. The plan that the host runs sets it, and by it Rancher finds "
        "the Node.",
        f"{PAGE}#link-machine-uid-label",
        ("rke.cattle.io/machine", "uid label"),
    ),
    Term(
        "machine ID label",
        "The label of a Machine and its parts with the cattle ID of the host. Two hosts with one are copies of a disk.",
        f"{PAGE}#sign-machine-id",
        ("rke.cattle.io/machine-id",),
    ),
    Term(
        "join URL",
        "The address at which a host serves others that join. Each plan Secret says to which of them its host joined; "
        "that of the init node to none.",
        f"{PAGE}#sign-join-url",
        ("joined-to", "rke.cattle.io/join-url"),
    ),
    Term(
        "owner reference",
        "The field of an object that names its owner, by name and UID. When the owner is deleted, the garbage "
        "collection of Kubernetes deletes what it owns.",
        f"{PAGE}#link-owner",
        ("ownerReferences", "owner", "garbage collection"),
    ),
    Term(
        "pre-terminate hook",
        "An annotation on the Machine of an etcd node. It keeps the Machine from being deleted until the member has "
        "left etcd.",
        f"{PAGE}#failure-stuck-deletion",
        ("pre-terminate", "etcd hook"),
    ),
    Term(
        "fleet-local",
        "The namespace in which Rancher keeps the Machines of Harvester's own cluster. That cluster is always called "
        "local.",
        f"{PAGE}#kinds",
        ("local", "cluster local"),
    ),
    Term(
        "RKEControlPlane",
        "The object in which Rancher keeps the version and the upgrade strategy of the cluster local. Its conditions "
        "say what the planner waits for.",
        f"{PAGE}#planner-messages",
        ("control plane", "upgradeStrategy"),
    ),
    Term(
        "management node",
        "A node that runs etcd and the API of Kubernetes. Harvester has up to three and promotes a worker where one is "
        "missing; the other nodes are workers, which have no role.",
        f"{PAGE}#join-promotion",
        ("control-plane", "worker", "role"),
    ),
    Term(
        "kubelet",
        "The service of Kubernetes on each host: it creates the Node, says whether it is Ready, and starts pods.",
        f"{KUBERNETES}concepts/architecture/",
    ),
    Term(
        "RKE2",
        "The distribution of Kubernetes that each host runs, as the service rke2-server or rke2-agent.",
        "https://docs.rke2.io/",
        ("rke2-server", "rke2-agent"),
    ),
)
"""What ties Nodes and Machines together, and what becomes of it."""
