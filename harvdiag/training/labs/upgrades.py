"""Lab c: read an upgrade; frames of replays, and what happens next in them."""

from __future__ import annotations

from harvdiag.cluster import Cluster
from harvdiag.core.fields import get_text, name_of
from harvdiag.training.exercise import Exercise, Form, Lab, Wrong, always
from harvdiag.upgrade.handshake import annotation_path

__all__ = ["UPGRADES"]

DETAIL = "hv02"


def _named_by_planner(cluster: Cluster) -> list[str]:
    """The nodes of which Rancher's planner speaks."""
    run = cluster.upgrade.upgrade_run
    said = {machine for message in run.planner for machine in message.machines} if run else set()
    return [node.name for node in run.nodes if {ref.name for ref in node.machines} & said] if run else []


def _done(cluster: Cluster) -> list[str]:
    run = cluster.upgrade.upgrade_run
    return [node.name for node in run.done] if run else []


def _workers(cluster: Cluster) -> list[str]:
    """The nodes that wait, and of which the planner does not speak yet."""
    run = cluster.upgrade.upgrade_run
    return [node.name for node in run.waiting if node.name not in _named_by_planner(cluster)] if run else []


def _plan_of(cluster: Cluster, node: str) -> str:
    """The name of the plan Secret of a node."""
    machines = cluster.snapshot.objects("Machine")
    machine = next(name_of(each) for each in machines if get_text(each, "status.nodeRef.name") == node)
    return f"{machine}-machine-plan"


def _plans_without_drain(cluster: Cluster) -> list[str]:
    """The plan Secrets on which no request for a hook stands."""
    path = annotation_path("pre-drain")
    return [name_of(each) for each in cluster.snapshot.objects("Secret") if not get_text(each, path)]


_HEALTHY = (
    Exercise(
        id="c1",
        question="Rancher has asked for the pre-drain hook of hv02 (h2). Who acts next?",
        form=Form.CHOICE,
        cluster="replay:healthy/hv02 h2",
        choices={
            "a": "Rancher, which drains the node",
            "b": "Harvester, which starts the pre-drain Job",
            "c": "the agent on hv02, which applies its plan",
            "d": "an administrator, who confirms it",
        },
        answer=always("b"),
        wrong=(
            Wrong(always("a"), "Rancher has asked a question, and waits for the answer before it drains."),
            Wrong(always("c"), "A new plan comes after the drain, and the drain after the answer."),
            Wrong(always("d"), "Nothing of a drain is confirmed by hand. Two controllers talk by annotations."),
        ),
        hints=(
            "A hook is a question: one side asks, the other answers.",
            "The annotation rke.cattle.io/pre-drain is there, and harvesterhci.io/pre-hook is not.",
            "The prefix of the missing annotation names who writes it.",
        ),
        because="Rancher asks with rke.cattle.io/pre-drain; Harvester runs a Job, and answers with "
        "harvesterhci.io/pre-hook.",
    ),
    Exercise(
        id="c2",
        question="On which object is that conversation about hv02 written? Give its name.",
        form=Form.NAME,
        kind="Secret",
        cluster="replay:healthy/hv02 h2",
        answer=lambda cluster: _plan_of(cluster, DETAIL),
        wrong=(
            Wrong(always("hv02"), "The Node shows only that it is cordoned. The conversation is on a Secret."),
            Wrong(
                lambda cluster: _plan_of(cluster, DETAIL).removesuffix("-machine-plan"),
                "That is its Machine. What hangs on the Machine, with `plan` in its name?",
            ),
            Wrong(_plans_without_drain, "On these stands no request. The one of hv02 is asked for."),
        ),
        hints=(
            "frame.changed names the object on which an annotation came.",
            "It is a Secret in fleet-local, named after the Machine of hv02.",
            "The name of the Machine with -machine-plan behind it.",
        ),
        because="Every step of a drain is an annotation of the plan Secret. Without that Secret there is no drain.",
    ),
    Exercise(
        id="c3",
        question="The pre-drain Job of hv02 is at work, and the state is Pre-draining. Which state comes next?",
        form=Form.WORD,
        cluster="replay:healthy/hv02 emptying",
        answer=always("Pre-drained"),
        wrong=(
            Wrong(always("Post-draining"), "That is the state of the second Job. Something comes before it."),
            Wrong(always("Succeeded"), "That is the last state, many steps later."),
            Wrong(always("Waiting Reboot"), "The host restarts after the second Job; the first one is at work."),
        ),
        hints=(
            "The state tells what the Job does, and then that it has done it.",
            "Look at the state of hv02 on the contact sheet, two rows further on.",
            "Pre-draining, and when the Job is complete …",
        ),
        because="Pre-drained means that the Job is complete and Harvester has answered. Rancher drains after that.",
    ),
    Exercise(
        id="c4",
        question="hv02 is Succeeded in this frame (h11). What is still to happen? Give all letters that apply.",
        form=Form.CHOICES,
        cluster="replay:healthy/hv02 h11",
        choices={
            "a": "It is uncordoned.",
            "b": "The annotations of the drain are cleared.",
            "c": "Its kubelet gets the new release.",
            "d": "Its operating system gets the new release.",
        },
        answer=always("ab"),
        wrong=(
            Wrong(always("a"), "That, yes. And the seven annotations on the plan Secret?"),
            Wrong(always("b"), "That, yes. And look at the column cordoned."),
            Wrong(always("abcd"), "Look at kubelet and os of hv02: both are new already."),
            Wrong(always("abd"), "The host has restarted with the new system: look at os."),
        ),
        hints=(
            "cluster.upgrade.nodes has kubelet, os and cordoned of each node.",
            "Both versions are new. Succeeded is Harvester's word; Rancher has not ended its cycle.",
            "What Rancher still has to do are two things, at the Node and at the Secret.",
        ),
        because="Succeeded is not the end: Rancher takes the answer, uncordons, and clears. Then the next node starts.",
    ),
    Exercise(
        id="c5",
        question="hv02 is done in this frame (h12). Which node has its turn next?",
        form=Form.NAME,
        kind="Node",
        cluster="replay:healthy/hv02 h12",
        answer=_named_by_planner,
        wrong=(
            Wrong(_workers, "Rancher takes the management nodes first, and the workers last."),
            Wrong(_done, "These are done."),
            Wrong(always("hv02"), "It has just been uncordoned. Whom does Rancher name?"),
        ),
        hints=(
            "frame.turn says what Rancher's planner says.",
            "The planner names Machines; cluster.pairs tells their nodes.",
            "The management node that is not done.",
        ),
        because="Rancher goes by tiers: the init node, the other management nodes, the workers; one node at a time.",
    ),
)
_WRONG = (
    Exercise(
        id="c6",
        question="hv02 has been Succeeded for three hours, and is still cordoned. Why does Rancher not go on?",
        form=Form.CHOICE,
        cluster="replay:lost-answer/hv02 +3h",
        choices={
            "a": "The post-drain Job is still at work.",
            "b": "The host has not restarted.",
            "c": "Harvester's answer, harvesterhci.io/post-hook, is not on the plan Secret.",
            "d": "The next node is not ready.",
        },
        answer=always("c"),
        wrong=(
            Wrong(always("a"), "Harvester notes Succeeded after that Job and the restart: both are over."),
            Wrong(always("b"), "Its os is the new one, so it has restarted."),
            Wrong(always("d"), "Rancher has not come to the next node: the cycle of this one is not over."),
        ),
        hints=(
            "Compare with the healthy replay at h11, one annotation after the other.",
            "There are six annotations, and in a healthy upgrade seven.",
            "What Rancher asked last has no answer.",
        ),
        because="Harvester notes the state first and answers then; the second write failed, and Rancher reads only the "
        "answer.",
    ),
    Exercise(
        id="c7",
        question="hv02 has been Pre-draining for four hours. What does its Job wait for?",
        form=Form.CHOICE,
        cluster="replay:held-volume/hv02 +4h",
        choices={
            "a": "for Rancher, which has not asked yet",
            "b": "for a volume that lacks a healthy copy",
            "c": "for the node to restart",
            "d": "for nothing: it has failed",
        },
        answer=always("b"),
        wrong=(
            Wrong(always("a"), "Rancher asked at h2: rke.cattle.io/pre-drain is there."),
            Wrong(always("c"), "A restart comes after the second Job."),
            Wrong(always("d"), "The Job is active: it looks again and again. What at?"),
        ),
        hints=(
            "cluster.check() has one root cause.",
            "The Job does not empty a node while that could take a last healthy copy.",
            "It is about storage.",
        ),
        because="The Job is right to wait. Give the replica a place, wait for its rebuild, and it goes on by itself.",
    ),
    Exercise(
        id="c8",
        question="Three of four nodes are done. What happens next?",
        form=Form.CHOICE,
        cluster="replay:orphan/hv03 h12",
        choices={
            "a": "Rancher announces the drain of hv04.",
            "b": "The upgrade ends as Succeeded, without hv04.",
            "c": "Nothing: hv04 has no Machine, so Rancher has nothing left to do.",
            "d": "The upgrade ends as Failed.",
        },
        answer=always("c"),
        wrong=(
            Wrong(always("a"), "On which plan Secret would it write that? Look for the one of hv04."),
            Wrong(always("b"), "Harvester waits for all nodes of its list, and hv04 is on it."),
            Wrong(
                always("d"), "No Job has failed and no time limit ends it: that is why it looks as if one had to wait."
            ),
        ),
        hints=(
            "In the healthy replay Rancher's planner names the next Machine here. What does it say now?",
            "cluster.pairs has a row for hv04.",
            "Rancher is content, and Harvester waits: for whom?",
        ),
        because="Rancher upgrades Machines, Harvester counts Nodes. A Node without a Machine is waited for, and never "
        "begun.",
    ),
)
_VARIATION = (
    Exercise(
        id="c9",
        question="What is the number of the first frame of the replay orphan in which harvdiag names the cause?",
        form=Form.NUMBER,
        cluster="replay:orphan/new",
        answer=always(0),
        wrong=(
            Wrong(always(34), "There the upgrade leaves the healthy course. Was the cause not visible before?"),
            Wrong(always(36), "That is the last frame. Look at the column findings from the top."),
            Wrong(always(1), "Almost: the frames are counted from 0."),
        ),
        hints=(
            "The column findings of the table counts the root causes of each frame.",
            "Look at its first rows.",
            "hv04 had no Machine before anyone pressed Upgrade.",
        ),
        because="The fault was there before the upgrade began: `harvdiag preflight` says so in time.",
    ),
)
UPGRADES = Lab(
    letter="c",
    title="Read an upgrade",
    notebook="92-read-an-upgrade",
    example="replay:healthy/hv02 h5",
    goal="You can say at any moment of an upgrade who acts next, which state follows, and which step is missing where "
    "it stands still.",
    exercises=(*_HEALTHY, *_WRONG, *_VARIATION),
)
