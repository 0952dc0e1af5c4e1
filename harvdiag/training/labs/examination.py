"""Lab f: an exam; find the faults of a cluster, say what happened, and choose a next step for each."""

from __future__ import annotations

from harvdiag.cluster import Cluster
from harvdiag.training.exercise import Exercise, Form, Lab, Wrong, always

__all__ = ["EXAMINATION"]

EXAMPLE, FIRST = "exam:11:1", "exam:19:2"


def _faults(cluster: Cluster) -> list[str]:
    """The objects at which a search ends."""
    return [finding.subject.name for finding in cluster.check().roots]


def _found(cluster: Cluster) -> list[str]:
    return [finding.subject.name for finding in cluster.check()]


EXAMINATION = Lab(
    letter="f",
    title="Exam",
    notebook="95-exam",
    example=EXAMPLE,
    goal="You can take a cluster of which you know nothing, find every fault, tell it from what follows from it, say "
    "what happened, and choose a next step that is safe.",
    exercises=(
        Exercise(
            id="f1",
            question="Two faults are planted. At which two objects does the search end?",
            form=Form.NAMES,
            kind="Node",
            cluster=FIRST,
            answer=_faults,
            wrong=(
                Wrong(
                    _found,
                    "Two of them follow from another one: their Machine waits for its Node. Leave out what has a "
                    "cause.",
                ),
                Wrong(always("rack02"), "That is one. The other makes no noise: compare all columns of cluster.nodes."),
                Wrong(always("rack04"), "That is one. The other is a pair that is not whole: look at cluster.pairs."),
                Wrong(
                    always("custom-6941fc122e4f, rack04"),
                    "One is right. The Machine is Provisioning because it was never matched with its Node: name that.",
                ),
            ),
            hints=(
                "One fault is in cluster.pairs, one in cluster.nodes.",
                "cluster.check() has four findings, two of which follow from another one: .roots.",
                "One Node does not reference its Machine; another lacks a label that all others have.",
            ),
            because="Two findings are roots; the two about the Machine follow from one of them, and go with it.",
        ),
        Exercise(
            id="f2",
            question="What happened? Give all letters that apply.",
            form=Form.CHOICES,
            cluster=FIRST,
            choices={
                "a": "A host came back under the name of another.",
                "b": "A host has a Machine and a plan, but Cluster API never matched Machine and Node.",
                "c": "A Machine was deleted, and its Node stayed.",
                "d": "The label was removed by which Harvester knows its own nodes.",
                "e": "A restore left the Cluster paused, so that nothing is matched any more.",
            },
            answer=always("bd"),
            wrong=(
                Wrong(always("b"), "That is the one of rack02. What lacks rack04, which is Ready and paired?"),
                Wrong(always("d"), "That is the one of rack04. And why does the Machine of rack02 say Provisioning?"),
                Wrong(
                    always("cd"),
                    "There are four Nodes and four Machines, one for each. Is a Machine missing, or a reference?",
                ),
                Wrong(
                    always("de"),
                    "A paused Cluster would have a finding of its own, and no other Machine would be Running for long.",
                ),
            ),
            hints=(
                "For each fault one: which field is absent, and who writes it?",
                "Count Nodes and Machines: is an object missing, or only what joins two of them?",
                "The annotation and nodeRef are written by Cluster API; the label of Harvester is on all other Nodes.",
            ),
            because="rack02 has stopped at the last step of its join, J15. rack04 joined long ago: a label was taken "
            "off it, and it is left out of upgrades.",
        ),
        Exercise(
            id="f3",
            question="Which step resolves the quiet fault, and does no harm?",
            form=Form.ACTION,
            cluster=FIRST,
            answer=always("label Node rack04 harvesterhci.io/managed=true"),
            wrong=(
                Wrong(
                    always("delete Node rack04"),
                    "A Node that is Ready and paired would go, and come back without a Machine. One field is absent.",
                ),
                Wrong(
                    always("annotate Node rack04 harvesterhci.io/managed=true"),
                    "The key is right, and belongs among the labels.",
                ),
                Wrong(always("wait"), "Who took it off will not put it on again: no controller writes it later."),
                Wrong(
                    always("label Node rack02 harvesterhci.io/managed=true"),
                    "rack02 has it. It is the other Node that lacks it.",
                ),
            ),
            hints=(
                "Compare the labels of rack04 with those of another Node: the column managed.",
                "The finding has the command. As an action it has the form label KIND NAME KEY=VALUE.",
                "The key is harvesterhci.io/managed, and the value is true.",
            ),
            because="Its pair is whole, so the label may be set. On a Node without a Machine it does silent damage.",
        ),
        Exercise(
            id="f4",
            question="Which way out of the other fault can be followed? Give its name.",
            form=Form.ACTION,
            cluster=FIRST,
            answer=always("rebuild"),
            wrong=(
                Wrong(
                    always("link-again"),
                    "The mildest, but why Cluster API has not linked the two before cannot be told from here. Find "
                    "that out first.",
                ),
                Wrong(
                    always("register"),
                    "Which Machine the host would ask for cannot be told: the source has no file of the host.",
                ),
                Wrong(
                    always("delete Machine custom-6941fc122e4f"),
                    "It leaves rack02 without any Machine: an orphan in place of half a pair.",
                ),
            ),
            hints=(
                "cluster.cure(NAME), with the Node that does not reference its Machine: it has three ways.",
                "Its .frame has a row for each step of each way, with the standing of the way.",
                "It is the one whose standing is `can be followed`. It wipes the host.",
            ),
            because="It is the documented way, and here each of its preconditions is met or seen to by a step. On a "
            "cluster of your own you would first settle what keeps the mildest way, link-again, open.",
        ),
    ),
)
