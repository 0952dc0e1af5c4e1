"""Scenarios of storage, of what an upgrade is refused for, and of clusters in which nothing is wrong."""

from __future__ import annotations

from harvdiag.training.library.changes import before, drains, pairs, quiet, services, storage
from harvdiag.training.library.model import Fits, Lesson, Scenario
from harvdiag.training.library.stage import Stage

__all__ = ["SCENARIOS"]


def _two_copies(stage: Stage) -> None:
    pairs.cordon(stage, stage.third)
    storage.degrade_by_node(stage, stage.third)


def _nothing_moves(stage: Stage) -> None:
    drains.reach_step(stage, stage.second, "h4")


def _not_ready_for_two_minutes(stage: Stage) -> None:
    drains.reach_step(stage, stage.third, "rebooting")


def _much_is_red(stage: Stage) -> None:
    quiet.use_for_months(stage)
    quiet.ask_for_restart(stage)


SCENARIOS = (
    Scenario(
        name="one-copy-short",
        difficulty=1,
        symptom="One volume has never been healthy. Longhorn builds no further replica.",
        goal="Compare what a volume asks for with what the cluster can give.",
        follows="harvester/harvester#4773",
        release="v1.4.2",
        nodes=3,
        play=storage.ask_for_too_many_replicas,
        lesson=Lesson(
            story="The volume asks for more replicas than there are nodes to hold them.",
            next="Lower the number of replicas of this volume, and of the StorageClass that it came from.",
            signs=("3 Nodes, 3 Machines",),
        ),
    ),
    Scenario(
        name="two-copies",
        difficulty=2,
        symptom="Several volumes are degraded since last night. We did some work on a host last week.",
        goal="Find the one node behind several volumes.",
        follows="harvester/harvester#7067",
        release="v1.4.2",
        nodes=3,
        fits=Fits(most=3),
        play=_two_copies,
        lesson=Lesson(
            story="A node was cordoned for some work and forgotten; Longhorn puts no replica there.",
            next="Uncordon the node; the replicas are built by themselves. Wait for that before an upgrade.",
            signs=("3 Nodes, 3 Machines",),
        ),
    ),
    Scenario(
        name="all-copies-gone",
        difficulty=2,
        symptom="A VM does not start. Its disk is said to be faulted.",
        goal="Know what may still be saved when no replica is healthy, and what must not be touched.",
        follows="harvester/harvester#3648",
        release="v1.4.2",
        nodes=4,
        play=lambda stage: storage.fault_volume(stage, hours=7),
        lesson=Lesson(
            story="All replicas of the volume failed one after the other.",
            next="Delete nothing: the replicas' data is still on the disks. Look at which failed last, and salvage "
            "that.",
            signs=("4 Nodes, 4 Machines",),
        ),
    ),
    Scenario(
        name="left-on",
        difficulty=2,
        symptom="A disk was exchanged in spring. Since then one host holds fewer and fewer replicas.",
        goal="Find a wish that was left in an object's spec.",
        follows="harvester/harvester#7717",
        release="v1.4.2",
        nodes=3,
        fits=Fits(since=4, until=4),
        play=lambda stage: storage.evict_node(stage, stage.third),
        lesson=Lesson(
            story="The eviction that emptied the disk was never taken back.",
            next="Set evictionRequested to false on the node in Longhorn, before the next upgrade.",
            signs=("3 Nodes, 3 Machines",),
        ),
    ),
    Scenario(
        name="three-pods",
        difficulty=2,
        symptom="Two hosts and a witness. One Deployment has been short of a pod for hours.",
        goal="Read why the scheduler finds no place, and whether one may be expected.",
        follows="harvester/harvester#7375",
        release="v1.4.2",
        nodes=3,
        fits=Fits(most=3),
        play=lambda stage: services.ask_for_three_pods(stage, hours=4),
        lesson=Lesson(
            story="The chart asks for as many pods as there are management nodes, and counts one that takes none.",
            next="Set the number of pods that the annotation overrides to two; it does no harm until the release that "
            "fixes it.",
            signs=("3 Nodes, 3 Machines",),
        ),
    ),
    Scenario(
        name="single-copy",
        difficulty=1,
        symptom="The upgrade to 1.5 is refused. The message has a list of volumes in it.",
        goal="Say what would happen to a volume with one replica in a rolling restart.",
        follows="harvester/harvester#4467",
        release="v1.4.2",
        nodes=3,
        target="v1.5.1",
        fits=Fits(releases=("v1.4.2", "v1.4.3")),
        play=before.keep_one_replica,
        lesson=Lesson(
            story="A volume that is in use has one replica only; its node cannot be emptied without stopping it.",
            next="Give it more replicas and wait until it is healthy, or shut its VM down for the upgrade.",
            signs=("No: Harvester refuses an upgrade to v1.5.1",),
        ),
    ),
    Scenario(
        name="one-stays",
        difficulty=1,
        symptom="The upgrade to 1.6 is refused because of a VM that we have had for years. It was never a problem.",
        goal="Know what has to leave a node before it is upgraded, and what cannot.",
        follows="harvester/harvester#7165",
        release="v1.5.2",
        nodes=3,
        target="v1.6.1",
        fits=Fits(since=5, until=5),
        play=lambda stage: before.bind_vm_to_host(stage, stage.second),
        lesson=Lesson(
            story="The VM is bound to one node by a selector, so it cannot be moved away from it.",
            next="Take the selector away, or shut the VM down for the upgrade; its owner decides which.",
            signs=("No: Harvester refuses an upgrade to v1.6.1",),
        ),
    ),
    Scenario(
        name="every-night",
        difficulty=1,
        symptom="The upgrade is refused, and the message names a backup. None is running now.",
        goal="Tell what runs from what is planned to run.",
        follows="harvester/harvester#6848",
        release="v1.5.2",
        nodes=3,
        target="v1.6.1",
        fits=Fits(since=5, until=5),
        play=before.let_schedule_run,
        lesson=Lesson(
            story="A schedule of backups is active, and would start one in the middle of the upgrade.",
            next="Suspend the schedule, and note down that it has to be resumed.",
            signs=("No: Harvester refuses an upgrade to v1.6.1",),
        ),
    ),
    Scenario(
        name="busy-at-rest",
        difficulty=1,
        symptom="Since the last upgrade one controller uses a whole core, day and night.",
        goal="Know that a setting may hold a value that one release takes otherwise than the one before.",
        follows="harvester/harvester#7885",
        release="v1.4.2",
        nodes=3,
        fits=Fits(releases=("v1.4.1", "v1.4.2")),
        play=before.poll_backups_without_pause,
        lesson=Lesson(
            story="The interval of the backup target is 0, which this release takes for: without a pause.",
            next="Set the interval to 60 seconds or more.",
            signs=("3 Nodes, 3 Machines",),
        ),
    ),
    Scenario(
        name="is-it-stuck",
        difficulty=1,
        symptom="hv02 says Pre-draining, and nothing has moved for minutes. Is it stuck?",
        goal="Wait with reason: know what a step does and how long it may take.",
        follows="harvester/harvester#7112",
        release="v1.4.2",
        nodes=4,
        play=_nothing_moves,
        lesson=Lesson(
            story="Nothing is wrong. The Job empties the node, which takes as long as its VMs need to move.",
            next="Wait. Look again when the time is over that the status gives for this step.",
            signs=("no check finds anything that blocks it",),
        ),
    ),
    Scenario(
        name="says-not-ready",
        difficulty=2,
        symptom="In the middle of the upgrade a host is NotReady and its console agrees. Shall I restart it?",
        goal="Tell an absence that belongs to the upgrade from a failure.",
        follows="harvester/harvester#7963",
        release="v1.5.2",
        nodes=4,
        play=_not_ready_for_two_minutes,
        lesson=Lesson(
            story="Nothing is wrong. The host restarts with its new system, and has been away for minutes only.",
            next="Wait, and do not restart it: it may be writing its new system. Look again in half an hour.",
            signs=("no check finds anything that blocks it",),
        ),
    ),
    Scenario(
        name="much-is-red",
        difficulty=2,
        symptom="After the upgrade VMs say that a restart is required, an add-on has failed, and a Deployment of ours "
        "is red. Was the upgrade good?",
        goal="Tell what is a fault of the cluster from what users run on it.",
        follows="harvester/harvester#9751",
        release="v1.8.2",
        nodes=3,
        fits=Fits(since=8),
        play=_much_is_red,
        lesson=Lesson(
            story="Nothing of the cluster is wrong: the add-on is optional, the Deployment is a user's, and VMs take "
            "the new version at their next restart.",
            next="Restart the VMs when it suits their users. Nothing else.",
            signs=("3 Nodes, 3 Machines",),
        ),
    ),
)
