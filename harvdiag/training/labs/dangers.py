"""Lab e: dangerous advice; what goes with a deletion, and which step does no harm."""

from __future__ import annotations

from harvdiag.cluster import Cluster
from harvdiag.core.fields import name_of
from harvdiag.cure.preconditions.volumes import LAST
from harvdiag.training.exercise import Exercise, Form, Lab, Wrong, always

__all__ = ["DANGERS"]

FALSE_NODE = "library:two-claims"
NO_REFERENCE = "node-with-several-machines/speaks-by-provider-id"
TWO_VOTERS = "library:two-of-three-vote"
ONE_REPLICA = "volume-degraded/silent-one-replica"
GHOST = "library:one-too-many"
STUCK = "upgrade-blocked-by-orphan-node/speaks"
UNMANAGED = "node-not-managed/speaks"
STALE = "custom-5e1f0c9b7a42"
ABSENT = "custom-3375afd15c2e"


def _nodes(cluster: Cluster) -> list[str]:
    return [name_of(node) for node in cluster.snapshot.objects("Node")]


def _without_quorum(cluster: Cluster) -> list[str]:
    """The Nodes whose removal fails P1."""
    return [node for node in _nodes(cluster) if _met(cluster, node, "P1") is False]


def _met(cluster: Cluster, node: str, asked: str) -> bool | None:
    conditions = cluster.simulate(f"delete Node {node}").preconditions
    return next(each.met for each in conditions if each.id == asked)


def _last_copies(cluster: Cluster) -> list[str]:
    """The Nodes on which the last healthy replica of a volume is."""
    return [
        node
        for node in _nodes(cluster)
        if any(each.refs(LAST) for each in cluster.simulate(f"delete Node {node}").preconditions)
    ]


DANGERS = Lab(
    letter="e",
    title="Dangerous advice",
    notebook="94-dangerous-advice",
    example=FALSE_NODE,
    goal="You can say, before anything is deleted, what goes with it: a healthy Node, the quorum of etcd, the last "
    "replica of a volume. And you can choose a step that does no harm.",
    exercises=(
        Exercise(
            id="e1",
            question=f"Which Node would be deleted together with Machine {STALE}?",
            form=Form.NAME,
            kind="Node",
            cluster=NO_REFERENCE,
            answer=always("hv02"),
            wrong=(
                Wrong(
                    always("none"),
                    "An empty nodeRef does not mean that nothing hangs on it. By which other field does Cluster API "
                    "look for a Node?",
                ),
                Wrong(
                    always("custom-86d1b0faf2f1"),
                    "That is the Machine which the Node belongs to. Which Node do both claim?",
                ),
                Wrong(always("hv01, hv02, hv03"), "Not all: the one that has its provider ID."),
                Wrong(always(STALE), "That is the Machine itself. Its spec.providerID leads on to a Node."),
            ),
            hints=(
                "Cluster API looks for the Node by nodeRef; where that is empty, by another field of the Machine.",
                "Compare the column provider_id of cluster.machines with that of cluster.nodes.",
                f'Play it: cluster.simulate("delete Machine {STALE}"). Its table says which Node is removed.',
            ),
            because="With an empty nodeRef Cluster API looks for the Node by provider ID, and never asks whether "
            "another Machine claims it: hv02 is healthy, and would go.",
        ),
        Exercise(
            id="e2",
            question="What becomes of that Node?",
            form=Form.CHOICE,
            cluster=NO_REFERENCE,
            choices={
                "a": "It is gone, and its host is free for another installation.",
                "b": "Its kubelet makes it again, and it has no Machine any more.",
                "c": "Rancher makes Node and Machine again, as they were.",
                "d": "Nothing, for its other Machine protects it.",
            },
            answer=always("b"),
            wrong=(
                Wrong(always("a"), "RKE2 still runs on the host, and its kubelet registers the Node again."),
                Wrong(
                    always("c"),
                    "Rancher makes a Machine only while a host registers. A host that runs has done that long ago.",
                ),
                Wrong(always("d"), "No controller asks for a second claim: Cluster API deletes the Node it has found."),
            ),
            hints=(
                "The simulation has the findings that come.",
                "Who makes a Node, and does that program still run on the host?",
                "Look at the last steps of its table, and at the new finding: node-without-machine.",
            ),
            because="The kubelet makes a Node, and nothing makes its Machine: from a healthy pair comes an orphan, "
            "which the next upgrade waits for.",
        ),
        Exercise(
            id="e3",
            question="Which Nodes may not go now, as etcd would lose its quorum? Give all.",
            form=Form.NAMES,
            kind="Node",
            cluster=TWO_VOTERS,
            answer=_without_quorum,
            wrong=(
                Wrong(
                    always("hv02"),
                    "hv02 is the one that does not vote: etcd loses nothing with it. Which two keep etcd alive?",
                ),
                Wrong(
                    _nodes,
                    "For one of the three P1 is met: a Node without a vote takes none away. See what is said of P1 for "
                    "each.",
                ),
                Wrong(always([]), "Three servers are there, but how many of them vote? See P1 for hv01."),
            ),
            hints=(
                "The roles do not tell who votes. What does the finding of this cluster say?",
                'Play each: cluster.simulate("delete Node hv01").reasons, then hv02 and hv03. P1 is about etcd.',
                "P1 says `quorum lost` for two of the three.",
            ),
            because="Two vote, and of two members etcd needs both. The sick one is the only one that etcd can do "
            "without: leave the others alone until it votes again.",
        ),
        Exercise(
            id="e4",
            question="How many of its voters may fail now before etcd stops?",
            form=Form.NUMBER,
            cluster=TWO_VOTERS,
            answer=always(0),
            wrong=(
                Wrong(always(1), "One of three, yes; but here only two vote, and more than half of two is two."),
                Wrong(always(2), "Then no voter would be left. More than half of the voters have to answer."),
                Wrong(
                    always(3), "All of them? More than half of the voters have to answer, or the API takes no change."
                ),
            ),
            hints=(
                "A quorum is more than half of the voters.",
                "There are two voters. What is more than half of two?",
                "Both have to answer.",
            ),
            because="2 voters need 2, so none may fail; 3 need 2, so one may. A second voter alone adds no safety.",
        ),
        Exercise(
            id="e5",
            question="Every check passes here. Which Node must not go all the same, as data would be lost with it?",
            form=Form.NAME,
            kind="Node",
            cluster=ONE_REPLICA,
            answer=_last_copies,
            wrong=(
                Wrong(
                    always("hv01"),
                    "The VM of that volume runs there. Its data lies where the replica is: look at the nodes of the "
                    "replicas.",
                ),
                Wrong(
                    always("hv03"),
                    "It has a replica of the volume of shop, and there is another one of it, on hv01.",
                ),
                Wrong(
                    always("none"),
                    "Checks find faults. A volume that wants one replica and has one is none, and still its only copy "
                    "is somewhere.",
                ),
                Wrong(_nodes, "Not all of them: each replica is on one Node, and one volume has only one."),
            ),
            hints=(
                "Count the replicas of each volume in the table.",
                "One volume has one replica. On which node is it?",
                'cluster.simulate("delete Node hv02").reasons: what does P2 say?',
            ),
            because="A volume of one replica is healthy, so nothing warns. P2 asks for the last healthy replica "
            "before a Node goes.",
        ),
        Exercise(
            id="e6",
            question=f"What comes of it in the end when CustomMachine {ABSENT} is deleted?",
            form=Form.CHOICE,
            cluster=GHOST,
            choices={
                "a": "Rancher makes it again.",
                "b": "The Machine goes with it, and all is well.",
                "c": "Nothing: no one needs it.",
                "d": "The Machine stays and turns to Failed, and upgrades are refused.",
            },
            answer=always("d"),
            wrong=(
                Wrong(always("a"), "Rancher finds the Machine by its name, and does not run the step that makes it."),
                Wrong(always("b"), "It goes the other way round: with the Machine goes its CustomMachine."),
                Wrong(always("c"), "Nothing happens at first. See the findings that come: cluster.simulate(…).new."),
            ),
            hints=(
                f'Play it: cluster.simulate("delete CustomMachine {ABSENT}").',
                "Its class is silent damage. What is found afterwards?",
                "Two findings come, both about the Machine, which is still there.",
            ),
            because="A CustomMachine is never made again while its Machine is there. Up to release 1.7 that Machine "
            "is Failed and no upgrade is allowed; from 1.8 on it stays Running, and no one sees it.",
        ),
        Exercise(
            id="e7",
            question="Which action resolves the finding of that cluster, and does no harm?",
            form=Form.ACTION,
            cluster=GHOST,
            answer=always(f"delete Machine {ABSENT}"),
            wrong=(
                Wrong(always("delete Node hv04"), "Node hv04 is gone already. What is left of that host?"),
                Wrong(always("wait"), "Nothing goes on by itself: no controller clears away such a Machine."),
                Wrong(
                    always(f"delete CustomMachine {ABSENT}"),
                    "That is the silent damage of e6. Which object has the others hanging on it?",
                ),
                Wrong(
                    always("delete Machine custom-957869c2ad0d"),
                    "That Machine belongs to hv03, which is healthy and would go, too. Look for the one without a "
                    "Node.",
                ),
            ),
            hints=(
                "cluster.pairs: which row has a dash in place of a Node?",
                "An action is a verb, a kind and a name: delete KIND NAME.",
                "Delete the Machine whose verdict is `ghost machine`.",
            ),
            because="No Node has this Machine, by nodeRef or by provider ID: so no Node goes with it. On a real "
            "cluster make sure first that the host is off for good.",
        ),
        Exercise(
            id="e8",
            question="Which precondition does the first way see to itself, by a step before the one that needs it?",
            form=Form.CHOICE,
            cluster=STUCK,
            choices={
                "a": "P1: etcd keeps its quorum.",
                "b": "P2: no last replica is on the host.",
                "c": "P4: no other Machine or Node goes with it.",
                "d": "P6: the host cannot return.",
            },
            answer=always("d"),
            wrong=(
                Wrong(always("a"), "P1 is met from the start: this Node is a worker, without a vote."),
                Wrong(always("b"), "P2 is met from the start: no replica is there."),
                Wrong(always("c"), "P4 is met from the start: this Node has no Machine, so none goes with it."),
            ),
            hints=(
                "For one of them `met` is False, and the way can be followed all the same.",
                "A step takes RKE2 off the host. What does it make sure of?",
                "Without it the Node would come back at once.",
            ),
            because="Uninstalled before its Node is deleted, the host cannot make it again. In the other order the "
            "deletion is useless.",
        ),
        Exercise(
            id="e9",
            question="Which way can be followed here as it is? Give its name.",
            form=Form.ACTION,
            cluster=STUCK,
            answer=always("rebuild"),
            wrong=(
                Wrong(
                    always("register"),
                    "The mildest, but here it cannot be told which Machine the host would ask for. Settle that first.",
                ),
                Wrong(
                    always("by-hand"),
                    "No one is on record with it, and a pair without an agent blocks all others: support decides.",
                ),
                Wrong(always("delete Node hv04"), "It comes back at once, as its kubelet runs: useless."),
            ),
            hints=(
                "runbook.frame has the columns way and standing.",
                "Its standing is `can be followed`.",
                "It wipes the host and installs it again.",
            ),
            because="Each of its preconditions is met or brought about by a step, and its rehearsal ends without the "
            "finding. What cannot be told is never the first choice.",
        ),
        Exercise(
            id="e10",
            question="Advice: remove the host and add it again. Which milder action resolves the finding?",
            form=Form.ACTION,
            cluster=UNMANAGED,
            answer=always("label Node hv03 harvesterhci.io/managed=true"),
            wrong=(
                Wrong(
                    always("annotate Node hv03 harvesterhci.io/managed=true"),
                    "The key is right. It is read among the labels, not the annotations.",
                ),
                Wrong(
                    always("label Node hv01 harvesterhci.io/managed=true"),
                    "hv01 has that label. Which Node is the finding about?",
                ),
                Wrong(always("register hv03"), "It has its Machine and keeps it: registering is not what it lacks."),
                Wrong(always("delete host hv03"), "A healthy pair would go, for the want of one label."),
            ),
            hints=(
                "The finding names the field that is absent.",
                "Its form is label KIND NAME KEY=VALUE.",
                "The key is harvesterhci.io/managed, and its value on the other Nodes is true.",
            ),
            because="It costs nothing, and can be taken back. But first: why was it absent? A Node without a Machine "
            "must not get this label, or upgrades run into it.",
        ),
    ),
)
