"""Lab b: find the orphan, a Node without a Machine, by which an upgrade stands still."""

from __future__ import annotations

from harvdiag.cluster import Cluster
from harvdiag.core.fields import get_text, name_of
from harvdiag.training.exercise import Exercise, Form, Lab, Wrong, always

__all__ = ["ORPHAN"]

EXAMPLE = "issue-8236"
STUCK = "upgrade-blocked-by-orphan-node/speaks"
EQUAL = "node-without-machine/speaks-counts-equal"


def _orphans(cluster: Cluster) -> list[str]:
    """The Nodes whose annotation names no Machine, and that no Machine names."""
    named = _node_refs(cluster).values()
    return [node for node, machine in _annotations(cluster).items() if not machine and node not in named]


def _ghosts(cluster: Cluster) -> list[str]:
    """The Machines whose nodeRef names a Node that does not exist."""
    nodes = _annotations(cluster)
    return [machine for machine, node in _node_refs(cluster).items() if node and node not in nodes]


def _annotations(cluster: Cluster) -> dict[str, str]:
    """The Machine that each Node names; empty where it names none."""
    nodes = cluster.snapshot.objects("Node")
    return {name_of(node): get_text(node, 'metadata.annotations["cluster.x-k8s.io/machine"]') for node in nodes}


def _node_refs(cluster: Cluster) -> dict[str, str]:
    """The Node that each Machine names; empty where it names none."""
    machines = cluster.snapshot.objects("Machine")
    return {name_of(machine): get_text(machine, "status.nodeRef.name") for machine in machines}


def _paired(cluster: Cluster) -> list[str]:
    return [node for node, machine in _annotations(cluster).items() if machine]


def _count_done(cluster: Cluster) -> int:
    run = cluster.upgrade.upgrade_run
    return len(run.done) if run else 0


ORPHAN = Lab(
    letter="b",
    title="Find the orphan",
    notebook="91-find-the-orphan",
    example=EXAMPLE,
    goal="You can find a Node without a Machine, prove it by its fields, say why an upgrade waits for it, and choose "
    "a next step that is safe.",
    exercises=(
        Exercise(
            id="b1",
            question="Which Node of this cluster has no Machine?",
            form=Form.NAME,
            kind="Node",
            cluster=STUCK,
            answer=_orphans,
            wrong=(
                Wrong(
                    always("srv09"),
                    "srv09 is the orphan of the worked example. This is another cluster: cluster.pairs shows its own.",
                ),
                Wrong(_paired, "These have a Machine each. The one that is left is asked for."),
                Wrong(
                    lambda cluster: _annotations(cluster).keys(),
                    "These are all Nodes. Look at the column verdict of cluster.pairs, row by row.",
                ),
            ),
            hints=(
                "cluster.pairs has a row for each Node with its Machine. Every row should end in `paired`.",
                "A Node without a Machine has a dash in the column machine: its first row, for faults come first.",
                "It is the one whose verdict is `orphan node`.",
            ),
            because="It references no Machine, and no Machine references it: both directions have to be looked at.",
        ),
        Exercise(
            id="b2",
            question="Which of these does that Node lack? Give all letters that apply.",
            form=Form.CHOICES,
            cluster=STUCK,
            choices={
                "a": "the annotation cluster.x-k8s.io/machine",
                "b": "its own spec.providerID",
                "c": "a plan Secret",
                "d": "the condition Ready",
            },
            answer=always("ac"),
            wrong=(
                Wrong(
                    always("a"),
                    "The annotation, yes. Now go on: Node, Machine, plan Secret. What hangs on the Machine?",
                ),
                Wrong(always("c"), "No plan Secret, yes. By which field would the Node have named its Machine?"),
                Wrong(
                    always("abc"),
                    "The provider ID of a Node is its own, written when RKE2 starts it: it is there without a Machine.",
                ),
                Wrong(
                    always("acd"),
                    "Look at the column ready of cluster.nodes: Kubernetes runs on this host, and knows of no fault.",
                ),
            ),
            hints=(
                'cluster.links("Node", NAME) shows each link of the Node, and which are empty.',
                "What Kubernetes writes is there, for the Node is healthy; what others write is not.",
                "Two of the four are missing: one on the Node, and one in fleet-local.",
            ),
            because="Ready and the provider ID come from the host itself. The annotation comes from Cluster API, the "
            "plan Secret from Rancher, and for both the host does not exist.",
        ),
        Exercise(
            id="b3",
            question="How many of the Nodes have done their upgrade?",
            form=Form.NUMBER,
            cluster=STUCK,
            answer=_count_done,
            wrong=(
                Wrong(always(4), "That is the number of Nodes. Look at the state of each: not all are Succeeded."),
                Wrong(
                    always(75), "That is the percentage that the progress bar shows. How many Nodes is that of four?"
                ),
                Wrong(always(1), "That is how many are left. The others are asked for."),
                Wrong(always(7), "That is the phase. cluster.upgrade also says how many nodes are done."),
            ),
            hints=(
                "cluster.upgrade says where the upgrade is.",
                "cluster.upgrade.progress has a row for each node, with its state: Succeeded is done.",
                "All but the orphan.",
            ),
            because="Nothing has failed, and the bar shows 75 %: that is why it looks as if one had only to wait.",
        ),
        Exercise(
            id="b4",
            question="Why does the upgrade not reach that Node?",
            form=Form.CHOICE,
            cluster=STUCK,
            choices={
                "a": "Its pre-drain Job has failed.",
                "b": "It waits for its turn behind the other nodes.",
                "c": "Rancher starts a node by writing to the plan Secret of its Machine, and there is none.",
                "d": "Its images were not preloaded.",
            },
            answer=always("c"),
            wrong=(
                Wrong(always("a"), 'No such Job was ever made: cluster.table("jobs"). What makes it has not begun.'),
                Wrong(always("b"), "All the others are done, so it would be its turn. Who would begin it, and where?"),
                Wrong(always("d"), "Its state is `Images preloaded`: that part it did, for a Job needs no Machine."),
            ),
            hints=(
                "Look at its state in the upgrade, and at what comes after it: harvdiag explain h1.",
                "The first step of a drain is a request of Rancher's planner. On which object does it write that?",
                "On the plan Secret of the Machine.",
            ),
            because="No Machine, no plan Secret; no plan Secret, no drain. Harvester sees `Images preloaded`, waits, "
            "and reports no fault. It does not recover by itself.",
        ),
        Exercise(
            id="b5",
            question="What is a safe next step?",
            form=Form.CHOICE,
            cluster=STUCK,
            choices={
                "a": "Delete one of the Machines, so that Rancher makes a new one for the Node.",
                "b": "Write the annotation cluster.x-k8s.io/machine on the Node by hand.",
                "c": "Move its VMs and replicas away, uninstall the host, and let it join again on a wiped disk.",
                "d": "Delete the Node at once.",
            },
            answer=always("c"),
            wrong=(
                Wrong(
                    always("a"),
                    "Each Machine belongs to a Node that works, and that Node is deleted with it. See for yourself: "
                    'cluster.simulate("delete machine NAME").',
                ),
                Wrong(
                    always("b"),
                    "The annotation would name a Machine of another host, or none: no plan Secret comes of it, and "
                    "Harvester would act on the wrong host.",
                ),
                Wrong(
                    always("d"),
                    "Its VMs would stop and its replicas be lost: they have to leave first. And while RKE2 runs on the "
                    "host, the Node comes back.",
                ),
            ),
            hints=(
                "A Machine is made only while a host registers. Which answer lets it register?",
                "What lives on the Node must be safe before the Node goes.",
                "cluster.answer has the steps and the caution for this very cluster.",
            ),
            because="Only a host that registers gets a Machine, so it has to join again; before that, all that lives "
            "on it has to leave. Nothing else makes the missing parts.",
        ),
        Exercise(
            id="b6",
            question="Three Nodes, three Machines, all Running. Which Node has no Machine all the same?",
            form=Form.NAME,
            kind="Node",
            cluster=EQUAL,
            answer=_orphans,
            wrong=(
                Wrong(always([]), "Equal numbers prove nothing: look at who names whom."),
                Wrong(
                    always("hv03"),
                    "hv03 is named by a Machine, but there is no such Node: that is the other fault of this cluster.",
                ),
                Wrong(_paired, "These have a Machine each. The third is asked for."),
            ),
            hints=(
                "cluster.pairs goes by references, not by numbers.",
                "There are two faults: a Node that no Machine names, and a Machine whose Node is gone.",
                "It is the Node with the verdict `orphan node`.",
            ),
            because="A check that counts sees 3 and 3. The links show an orphan, and beside it a ghost: two faults, "
            "which are not each other's missing half.",
        ),
        Exercise(
            id="b7",
            question="And which Machine of that cluster has no Node any more?",
            form=Form.NAME,
            kind="Machine",
            cluster=EQUAL,
            answer=_ghosts,
            wrong=(
                Wrong(always("hv03"), "That is the Node it once had. The name of the Machine is in the same row."),
                Wrong(always("hv04"), "That is the orphan, a Node. A Machine is asked for."),
                Wrong(
                    _node_refs,
                    "All three are Running, for that word stays when the Node is gone. Which nodeRef leads nowhere?",
                ),
            ),
            hints=(
                "Its phase does not tell: Running stays. Look at node_ref.",
                "In cluster.pairs it has a row of its own, with a dash in the column node.",
                "It is the one whose verdict is `ghost machine`.",
            ),
            because="Its nodeRef names hv03, which does not exist. It may be deleted when the host is gone for good; "
            "it can never be given to the orphan.",
        ),
    ),
)
