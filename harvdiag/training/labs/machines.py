"""Lab a: nodes, machines and clusters; who writes which field, and when."""

from __future__ import annotations

from harvdiag.cluster import Cluster
from harvdiag.core.fields import get_text
from harvdiag.training.exercise import Exercise, Form, Lab, Wrong, always

__all__ = ["MACHINES"]

HEALTHY = "healthy"
OTHER = "upgrade-half-way"


def _machine_of(node: str, cluster: Cluster) -> str:
    """The name that a Node has in its machine annotation; empty where it has none."""
    return get_text(cluster.raw("Node", node), 'metadata.annotations["cluster.x-k8s.io/machine"]')


def _node_of(machine: str, cluster: Cluster) -> str:
    return get_text(cluster.raw("Machine", machine), "status.nodeRef.name")


MACHINES = Lab(
    letter="a",
    title="Nodes, Machines and clusters",
    notebook="90-nodes-machines-clusters",
    example=HEALTHY,
    goal="You can say for each host which Node, Machine and plan Secret belong together, which field says so, and "
    "who writes it when.",
    exercises=(
        Exercise(
            id="a1",
            question="Which Machine belongs to Node hv02? Give its name.",
            form=Form.NAME,
            kind="Machine",
            cluster=HEALTHY,
            answer=lambda cluster: _machine_of("hv02", cluster),
            wrong=(
                Wrong(
                    always("hv02"), "That is the Node itself. Its Machine has a name of its own: custom- and 12 digits."
                ),
                Wrong(
                    lambda cluster: f"{_machine_of('hv02', cluster)}-machine-plan",
                    "That is the plan Secret of the Machine. The Machine has the same name without -machine-plan.",
                ),
                Wrong(always("local"), "That is the cluster, to which each Machine belongs. See the column machine."),
                Wrong(
                    lambda cluster: _machine_of("hv01", cluster),
                    "That one belongs to hv01, the Node of the worked example. Take the row of hv02.",
                ),
            ),
            hints=(
                "cluster.nodes has a row for each Node; one of its columns is about the Machine.",
                'Select the row: cluster.nodes[cluster.nodes.name == "hv02"], and look at the column machine.',
                "It is the value of the annotation cluster.x-k8s.io/machine on Node hv02, and begins with custom-.",
            ),
            because="The annotation cluster.x-k8s.io/machine of the Node names it, and its status.nodeRef names the "
            "Node: both ends agree.",
        ),
        Exercise(
            id="a2",
            question="Who writes the annotation cluster.x-k8s.io/machine on a Node?",
            form=Form.CHOICE,
            cluster=HEALTHY,
            choices={"a": "Harvester", "b": "the kubelet of the host", "c": "Cluster API", "d": "Rancher's planner"},
            answer=always("c"),
            wrong=(
                Wrong(always("a"), "Harvester reads it, and acts on it: in its hooks, and when a Node is removed."),
                Wrong(
                    always("b"),
                    "The kubelet creates the Node, with labels that come from the plan. It knows of no Machine.",
                ),
                Wrong(always("d"), "The planner writes plans into plan Secrets. It writes nothing on a Node."),
            ),
            hints=(
                "The first part of the name of an annotation is the domain of the program that it belongs to.",
                "The same program writes status.nodeRef of the Machine, in the same step: J15.",
                "Machines are its objects: machines.cluster.x-k8s.io.",
            ),
            because="Its machine controller writes it when it has found the Node by the provider ID. So a Node without "
            "it was never found, and no other program repairs that.",
        ),
        Exercise(
            id="a3",
            question="A host joins. In which order are these written?",
            form=Form.CHOICE,
            cluster=HEALTHY,
            choices={
                "a": "Node, Machine, nodeRef, plan Secret",
                "b": "Machine, plan Secret, Node, nodeRef",
                "c": "Machine, Node, plan Secret, nodeRef",
                "d": "Node, nodeRef, Machine, plan Secret",
            },
            answer=always("b"),
            wrong=(
                Wrong(
                    always("a"),
                    "The Node is created by the kubelet, and RKE2 starts it when the agent applies a plan. Where does "
                    "that plan come from?",
                ),
                Wrong(
                    always("c"), "Nearly: the kubelet starts by what the plan says, so the plan must be there before."
                ),
                Wrong(always("d"), "nodeRef is a field of the Machine: it cannot be there before the Machine."),
            ),
            hints=(
                "Each is a step of a join: harvdiag explain J8, J9, J13 and J15 in a terminal tell them.",
                "What a host needs before it runs Kubernetes comes first; what joins both sides comes last.",
                "J8 makes the Machine, J9 its plan Secret, J13 the Node.",
            ),
            because="J8 Machine, J9 plan Secret, J13 Node, J15 nodeRef and annotation. Whatever is missing tells where "
            "a join has stopped.",
        ),
        Exercise(
            id="a4",
            question="By which Secret does Rancher tell the host hv03 what to run? Give its name.",
            form=Form.NAME,
            kind="Secret",
            cluster=HEALTHY,
            answer=lambda cluster: f"{_machine_of('hv03', cluster)}-machine-plan",
            wrong=(
                Wrong(
                    lambda cluster: _machine_of("hv03", cluster),
                    "That is the Machine, and the RKEBootstrap has the same name. That of the Secret is longer.",
                ),
                Wrong(
                    lambda cluster: f"{_machine_of('hv03', cluster)}-machine-bootstrap",
                    "That Secret is for the first start of a host. What it runs later comes by another one.",
                ),
                Wrong(
                    lambda cluster: f"{_machine_of('hv02', cluster)}-machine-plan",
                    "That is the plan Secret of hv02. Begin at hv03: which Machine has it?",
                ),
                Wrong(always("hv03-machine-plan"), "The name is made from that of the Machine, not of the Node."),
            ),
            hints=(
                "The way is Node, Machine, plan Secret: first find the Machine of hv03.",
                "cluster.plans has a row for each plan Secret, with the Machine that it belongs to.",
                "Its name is that of the Machine, followed by -machine-plan.",
            ),
            because="Rancher's planner writes the plan there, and the host's rancher-system-agent reads it. Without "
            "this Secret a host is never told anything.",
        ),
        Exercise(
            id="a5",
            question="Which field of a Machine names its Node?",
            form=Form.WORD,
            cluster=HEALTHY,
            answer=always("status.nodeRef"),
            wrong=(
                Wrong(
                    always("spec.providerID"),
                    "By the provider ID Cluster API finds the Node: it is equal on both. What it found it writes into "
                    "another field.",
                ),
                Wrong(always("cluster.x-k8s.io/machine"), "That is the way back: the annotation of the Node."),
                Wrong(
                    always("spec.infrastructureRef"), "That one names the CustomMachine, a part of the Machine itself."
                ),
            ),
            hints=(
                'print(cluster.yaml("Machine", NAME)) shows all fields of one.',
                "What a controller has found out stands below status.",
                "In cluster.pairs the column of that field is called node_ref.",
            ),
            because="status.nodeRef is written once, when the Node is found, and stays even where the Node is gone: a "
            "Machine that is Running may have no Node.",
        ),
        Exercise(
            id="a6",
            question="Another cluster, the other direction: which Node belongs to Machine custom-3375afd15c2e?",
            form=Form.NAME,
            kind="Node",
            cluster=OTHER,
            answer=lambda cluster: _node_of("custom-3375afd15c2e", cluster),
            wrong=(
                Wrong(always("custom-3375afd15c2e"), "That is the Machine itself. Its Node is in another column."),
                Wrong(
                    lambda cluster: cluster.nodes,
                    "These are all Nodes. Select the row of this Machine in cluster.machines first.",
                ),
                Wrong(
                    always("hv03"),
                    "hv03 has the Machine custom-957869c2ad0d. The order of the rows is not that of the Nodes: use the "
                    "field.",
                ),
            ),
            hints=(
                "cluster.machines has a row for each Machine; its column node is status.nodeRef.",
                "cluster.machines.query(\"name == 'custom-3375afd15c2e'\").node gives it.",
                "It is the only Node of this cluster that is a worker: it has no role.",
            ),
            because="Its nodeRef names it, and that Node's annotation names the Machine.",
        ),
    ),
)
