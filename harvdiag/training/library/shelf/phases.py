"""Scenarios of an upgrade that stops before it comes to the nodes, or after them."""

from __future__ import annotations

from harvdiag.training.library.changes import drains, services
from harvdiag.training.library.model import Fits, Lesson, Scenario
from harvdiag.training.library.stage import Stage

__all__ = ["SCENARIOS"]


def _no_logs(stage: Stage) -> None:
    services.reach_phase(stage, "PreparingLoggingInfra")
    services.miss_image_of_logging(stage)
    stage.wait(hours=1, minutes=30)


def _no_download(stage: Stage) -> None:
    services.reach_phase(stage, "LoggingInfraPrepared")
    services.refuse_iso(stage)
    stage.wait(hours=3)


def _no_room(stage: Stage) -> None:
    services.reach_phase(stage, "PreparingRepo")
    services.refuse_room_for_repository(stage)
    stage.wait(hours=2)


def _half_loaded(stage: Stage) -> None:
    services.reach_phase(stage, "PreparingNodes")
    services.drop_preload_job(stage)
    stage.wait(hours=3)


def _another_operation(stage: Stage) -> None:
    services.reach_phase(stage, "UpgradingSystemServices")
    services.lock_helm_release(stage)
    stage.wait(hours=4)


def _deploying(stage: Stage) -> None:
    services.reach_phase(stage, "UpgradingSystemServices")
    stage.wait(hours=4)
    services.stop_kubevirt(stage, hours=3)


def _no_word(stage: Stage) -> None:
    services.reach_phase(stage, "UpgradingSystemServices")
    services.stop_moving(stage, hours=4)


def _between(stage: Stage) -> None:
    services.reach_phase(stage, "gate")
    services.miss_the_gate(stage)
    stage.wait(hours=5)


def _over_but(stage: Stage) -> None:
    services.reach_phase(stage, "Succeeded")
    drains.stop_clean_up(stage, f"hv{len(stage.nodes) + 1:02}")
    stage.wait(hours=3)


SCENARIOS = (
    Scenario(
        name="no-logs",
        difficulty=1,
        symptom="I pressed Upgrade an hour and a half ago. It is still in its very first step. The cluster has no "
        "internet access.",
        goal="Know the phases of an upgrade, and find the pod on which the first of them waits.",
        follows="harvester/harvester#7955",
        release="v1.4.2",
        nodes=3,
        play=_no_logs,
        lesson=Lesson(
            story="The upgrade first installs logging of its own. An image of it is not in the ISO, and cannot be "
            "pulled.",
            next="Load the missing image on every node, or start the upgrade again without logging.",
            signs=("phase 1 of 8",),
        ),
    ),
    Scenario(
        name="no-download",
        difficulty=1,
        symptom="The upgrade has been downloading for three hours. Our mirror works: I can fetch the ISO with a "
        "browser.",
        goal="Read from the image of the upgrade why it is not there.",
        follows="harvester/harvester#3144",
        release="v1.4.2",
        nodes=3,
        play=_no_download,
        lesson=Lesson(
            story="The mirror's certificate is signed by a CA that the cluster does not know; the browser does.",
            next="Delete the Upgrade, add the CA to the setting additional-ca, and start again.",
            signs=("phase 2 of 8",),
        ),
    ),
    Scenario(
        name="no-room",
        difficulty=2,
        symptom="The ISO was loaded quickly. Then nothing more happened for two hours.",
        goal="Find the workload that the third phase needs, and why it is not scheduled.",
        follows="harvester/harvester#7096",
        release="v1.4.2",
        nodes=3,
        play=_no_room,
        lesson=Lesson(
            story="The upgrade's repository needs a pod with its own memory, and no node has that much to give.",
            next="Shut down a VM that may be down for a while; the pod is scheduled by itself then.",
            signs=("phase 3 of 8",),
        ),
    ),
    Scenario(
        name="half-loaded",
        difficulty=2,
        symptom="Some hosts have loaded the images. One has been at it for three hours, though its load is low.",
        goal="Follow a plan of the system-upgrade-controller to the Job that it should have.",
        follows="harvester/harvester#9880",
        release="v1.7.1",
        nodes=4,
        play=_half_loaded,
        lesson=Lesson(
            story="The Job on that node is gone, and the controller counts the node as at work.",
            next="Restart the deployment system-upgrade-controller; it makes the Job again.",
            signs=("phase 5 of 8",),
        ),
    ),
    Scenario(
        name="another-operation",
        difficulty=2,
        symptom="The system services are being upgraded since this morning. Everything that I look at is running.",
        goal="Look at the charts behind the services, and read why one is not applied.",
        follows="harvester/harvester#3675",
        release="v1.3.2",
        nodes=4,
        play=_another_operation,
        lesson=Lesson(
            story="An operation of Helm on Harvester's chart was broken off, and its lock refuses the next one.",
            next="Look at the release's history, and roll it back to the last that was deployed; nothing else.",
            signs=("phase 6 of 8",),
        ),
    ),
    Scenario(
        name="deploying-for-hours",
        difficulty=3,
        symptom="The log of the upgrade's Job waits for KubeVirt, for hours. All of its pods are running.",
        goal="Find out which part of KubeVirt its operator is not satisfied with.",
        follows="harvester/harvester#10447",
        release="v1.8.2",
        nodes=4,
        play=_deploying,
        lesson=Lesson(
            story="KubeVirt's operator takes one of its pods for an old one, and so never reports that it is "
            "available.",
            next="Compare the annotations of the virt-handler pods, and delete the one that lacks them: it is made "
            "again at once.",
            beyond="Which of the pods it is depends on annotations that were not collected here.",
            signs=("phase 6 of 8",),
        ),
    ),
    Scenario(
        name="no-word",
        difficulty=3,
        symptom="For four hours the upgrade has been in the system services. The Job is active, nothing is red.",
        goal="Say what you do not know, and where one would have to look for it.",
        follows="harvester/harvester#9738",
        release="v1.7.1",
        nodes=4,
        play=_no_word,
        lesson=Lesson(
            story="The Job waits for the Helm release of fleet, which is pending since an upgrade of it was broken "
            "off.",
            next="`helm history -n cattle-fleet-system fleet` on a management node; roll back a release that is "
            "pending-upgrade to the last one deployed.",
            beyond="The state of a Helm release is kept in a Secret, which is not collected: the checks say only that "
            "nothing moves. The Job's log, or helm itself, tells the rest.",
            signs=("phase 6 of 8",),
        ),
    ),
    Scenario(
        name="between-two-steps",
        difficulty=3,
        symptom="The services are upgraded since five hours. No host has begun, and no error is shown.",
        goal="Find a hand-over between two controllers that was missed.",
        follows="harvester/harvester#10940",
        release="v1.7.1",
        nodes=3,
        fits=Fits(since=6),
        play=_between,
        lesson=Lesson(
            story="The plan between the two phases is through, and the mark that lets the nodes begin was not written.",
            next="Restart the deployment harvester in harvester-system, so that its controllers look again.",
            signs=("phase 6 of 8",),
        ),
    ),
    Scenario(
        name="over-but",
        difficulty=2,
        symptom="The upgrade says Succeeded. The next one is refused: a clean-up is said to be pending.",
        goal="Know that an upgrade has a phase after its last, and what it waits for.",
        follows="harvester/harvester#9880",
        release="v1.8.2",
        nodes=3,
        fits=Fits(since=7),
        play=_over_but,
        lesson=Lesson(
            story="The plan that removes old images counts a node as at work that was removed from the cluster.",
            next="Delete the plan's entry with its controller's restart; do not edit the Upgrade's labels first.",
            signs=("succeeded",),
        ),
    ),
)
