"""Lab d: stuck upgrades, six cases; whom the upgrade waits for, and whether waiting helps."""

from __future__ import annotations

from harvdiag.cluster import Cluster
from harvdiag.core.fields import field_path, get_text, name_of
from harvdiag.training.exercise import Exercise, Form, Lab, Wrong, always

__all__ = ["STUCK"]

UNANSWERED = "library:no-answer"
AT_WORK = "library:is-it-stuck"
PAUSED = "library:on-purpose"
FAILED = "library:gave-up"
DEGRADED = "library:empties-for-hours"
GHOSTS = "library:first-one-only"
REFUSED = "library:not-allowed"
OLD = "library:old-system"


def _failed_jobs(cluster: Cluster) -> list[str]:
    """The Jobs that failed and did not succeed in the end."""
    failed, succeeded = field_path("status.failed"), field_path("status.succeeded")
    return [name_of(job) for job in cluster.snapshot.objects("Job") if failed.get(job) and not succeeded.get(job)]


def _other_jobs(cluster: Cluster) -> list[str]:
    return [name.replace("hv02", "hv01") for name in _failed_jobs(cluster)]


def _volumes(cluster: Cluster, robustness: str) -> list[str]:
    volumes = cluster.snapshot.objects("Volume.longhorn.io")
    return [name_of(volume) for volume in volumes if get_text(volume, "status.robustness") == robustness]


def _drained_volume(cluster: Cluster) -> list[str]:
    """The volumes that the node uses which is being drained."""
    volumes = cluster.snapshot.objects("Volume.longhorn.io")
    return [name_of(volume) for volume in volumes if get_text(volume, "status.currentNodeID") == "hv02"]


def _machines(cluster: Cluster, there: bool) -> list[str]:
    """The Machines whose Node exists, or does not."""
    nodes = {name_of(node) for node in cluster.snapshot.objects("Node")}
    machines = cluster.snapshot.objects("Machine")
    return [name_of(each) for each in machines if (get_text(each, "status.nodeRef.name") in nodes) == there]


STUCK = Lab(
    letter="d",
    title="Stuck upgrades, six cases",
    notebook="93-stuck-upgrades",
    example=UNANSWERED,
    goal="You can say of an upgrade that does not move whom it waits for, whether waiting helps, and by which field "
    "you know.",
    exercises=(
        Exercise(
            id="d1",
            question="What is to be done?",
            form=Form.CHOICE,
            cluster=AT_WORK,
            choices={
                "a": "Delete the pre-drain Job, so that it begins again.",
                "b": "Wait: the Job is at work.",
                "c": "Restart hv02.",
                "d": "Answer the pre-drain hook by hand.",
            },
            answer=always("b"),
            wrong=(
                Wrong(
                    always("a"),
                    "Nothing has failed, so nothing has to begin again: a new Job would do what this one does now.",
                ),
                Wrong(always("c"), "VMs are leaving hv02 at this moment. Whoever restarts it stops them."),
                Wrong(
                    always("d"),
                    "The answer says that the node is empty. Given before it is, Rancher drains it with its VMs.",
                ),
            ),
            hints=(
                "Compare the time in the column since with the time of the collection.",
                "A VM that moves takes its memory along: minutes, not seconds.",
                "No check finds anything here, for nothing is wrong.",
            ),
            because="Five minutes are no standstill. harvdiag speaks of one only where what is waited for will not "
            "come by itself, or took longer than it ever does.",
        ),
        Exercise(
            id="d2",
            question="Whom does it wait for?",
            form=Form.CHOICE,
            cluster=PAUSED,
            choices={"a": "Rancher's planner", "b": "the host hv02", "c": "an administrator", "d": "Longhorn"},
            answer=always("c"),
            wrong=(
                Wrong(always("a"), "It has done its part: the step of hv02 is `pre-drain requested`. Who is next?"),
                Wrong(always("b"), "hv02 is Ready, and was not asked for anything. Read its state word by word."),
                Wrong(always("d"), "No VM is moved yet, so no volume is in the way. Read the state of hv02."),
            ),
            hints=(
                "The state of hv02 in the upgrade says it.",
                "Node-upgrade paused: a wish, and not a fault.",
                "Who begins an upgrade may choose nodes before which it stops.",
            ),
            because="The pause map of the Upgrade names hv02. Ask who wished it and why, then release the node: its "
            "VMs leave at once.",
        ),
        Exercise(
            id="d3",
            question="Which Job has failed? Give its name.",
            form=Form.NAME,
            kind="Job",
            cluster=FAILED,
            answer=_failed_jobs,
            wrong=(
                Wrong(always("hv02"), "That is the Node. The Job has its name at the end of its own."),
                Wrong(always("hvst-upgrade-abcde"), "That is the Upgrade, which failed since one of its Jobs did."),
                Wrong(_other_jobs, "That one succeeded, on hv01. Look at the columns failed and succeeded."),
            ),
            hints=(
                "A Job that failed has a number in the column failed, and none in succeeded.",
                "There is one such row. What did the Job have to do on its node?",
                "It is the pre-drain Job of the node whose state is Failed.",
            ),
            because="BackoffLimitExceeded tells only that it failed too often; its log tells why, as long as its pods "
            "are there. Read that before anything is begun again.",
        ),
        Exercise(
            id="d4",
            question="Which volume does the pre-drain Job wait for? Give its name.",
            form=Form.NAME,
            kind="Volume.longhorn.io",
            cluster=DEGRADED,
            answer=lambda cluster: _volumes(cluster, "degraded"),
            wrong=(
                Wrong(
                    _drained_volume,
                    "That is the one that hv02 uses, and it is healthy. The Job waits for every attached volume, on "
                    "whichever node.",
                ),
                Wrong(lambda cluster: _volumes(cluster, "healthy"), "These are healthy. Which one is not?"),
                Wrong(always("hv01"), "There it is attached. Its own name is in the same row, and begins with pvc-."),
                Wrong(always("degraded"), "That is its robustness. Its name is in the same row."),
            ),
            hints=(
                "VMs have left, so it is not for VMs that the Job waits. What else must be whole before a node goes?",
                "The column robustness tells which volume has all its replicas.",
                "One is degraded.",
            ),
            because="With a copy short, the node that is drained could hold the last healthy one. The Job is right to "
            "wait: give the replica a place, and wait for its rebuild.",
        ),
        Exercise(
            id="d5",
            question="Which Machines will never answer the planner? Give all names.",
            form=Form.NAMES,
            kind="Machine",
            cluster=GHOSTS,
            answer=lambda cluster: _machines(cluster, there=False),
            wrong=(
                Wrong(
                    always(["hv06", "hv07"]),
                    "These are the Nodes that they once had. The Machines are in the same rows.",
                ),
                Wrong(
                    lambda cluster: _machines(cluster, there=True),
                    "These have a Node each, which can answer. Look at the rows without one.",
                ),
                Wrong(
                    lambda cluster: [*_machines(cluster, there=True), *_machines(cluster, there=False)],
                    "These are all Machines. Seven Machines and five Nodes: which two are too many?",
                ),
            ),
            hints=(
                "A Machine answers through the host of its Node.",
                "In cluster.pairs a Machine without a Node has a dash in the column node.",
                "Their nodeRefs name hv06 and hv07, which do not exist.",
            ),
            because="The planner takes the etcd Machines together, and waits for two whose hosts were removed long "
            "ago. Once it is certain that these are gone for good, the Machines may be deleted, one after the other.",
        ),
        Exercise(
            id="d6",
            question="What forbids that the pod is evicted? Name the kind of object.",
            form=Form.WORD,
            cluster=REFUSED,
            answer=always("PodDisruptionBudget"),
            wrong=(
                Wrong(always("instance manager"), "That is the pod that may not go. What forbids it?"),
                Wrong(always("taint"), "A taint drives pods out, or keeps them away. This one is kept in its place."),
                Wrong(always("finalizer"), "A finalizer holds an object that is being deleted. This pod never was."),
                Wrong(always("webhook"), "A webhook would be named in the message. Read that to its end."),
            ),
            hints=(
                "The annotation rke.cattle.io/drain-error has what Kubernetes said.",
                "`would violate the pod's …`: the last two words name it.",
                "Its short name is PDB.",
            ),
            because="Longhorn keeps that budget as long as it counts an engine on the node; here it counts one that is "
            "gone. Only when no engine and no last replica runs there, that one budget may be deleted.",
        ),
        Exercise(
            id="d7",
            question="hv02 stays at Waiting Reboot. What do its fields tell?",
            form=Form.CHOICE,
            cluster=OLD,
            choices={
                "a": "It has not restarted yet.",
                "b": "It has restarted, and runs its old system: the new one was not written.",
                "c": "It runs the new system, and Harvester has not noticed.",
                "d": "It waits until hv03 is upgraded.",
            },
            answer=always("b"),
            wrong=(
                Wrong(always("a"), "It is Ready, and its kubelet is new: it was restarted. Which system does it run?"),
                Wrong(always("c"), "Compare the column os of hv01 and of hv02."),
                Wrong(always("d"), "One node after the other: hv03 waits for hv02, not the other way round."),
            ),
            hints=(
                "hv01 is done: its row shows what hv02 should have.",
                "Kubernetes and the system are two things: kubelet is new already. And os?",
                "os of hv02 is the old release, though the host is Ready.",
            ),
            because="Waiting Reboot ends when os is the new release. Waiting does not help: look for room on the host, "
            "and at the log of the post-drain Job. Never restart a second node meanwhile.",
        ),
    ),
)
