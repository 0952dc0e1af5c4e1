"""Scenarios of an upgrade that stops at one of the nodes."""

from __future__ import annotations

from harvdiag.training.library.changes import drains, pairs, storage
from harvdiag.training.library.model import Fits, Lesson, Scenario
from harvdiag.training.library.stage import Stage

__all__ = ["SCENARIOS"]


def _empties_for_hours(stage: Stage) -> None:
    drains.reach_step(stage, stage.second, "h4")
    storage.hold_drain_by_volume(stage, stage.second)
    stage.wait(hours=4)


def _no_answer(stage: Stage) -> None:
    drains.reach_step(stage, stage.second, "h5")
    drains.lose_pre_drain_answer(stage, stage.second)
    stage.wait(hours=3, minutes=20)


def _done_but_cordoned(stage: Stage) -> None:
    drains.reach_step(stage, stage.second, "h11")
    drains.lose_post_drain_answer(stage, stage.second)
    stage.wait(hours=3)


def _not_allowed(stage: Stage) -> None:
    drains.reach_step(stage, stage.second, "h5")
    drains.keep_budget(stage, stage.second)
    stage.wait(hours=2)


def _gave_up(stage: Stage) -> None:
    drains.reach_step(stage, stage.second, "h4")
    drains.fail_drain_job(stage, stage.second)
    stage.wait(hours=1)


def _nothing_to_see(stage: Stage) -> None:
    drains.reach_step(stage, stage.second, "h4")
    drains.delete_drain_job(stage, stage.second)
    stage.wait(hours=3)


def _not_trusted(stage: Stage) -> None:
    drains.reach_step(stage, stage.first, "h7")
    drains.distrust_rancher(stage, stage.first)
    stage.wait(hours=5)


def _waiting_for_probes(stage: Stage) -> None:
    drains.reach_step(stage, stage.second, "probes")
    drains.stall_at_probes(stage)
    stage.wait(hours=3)


def _old_system(stage: Stage) -> None:
    drains.reach_step(stage, stage.second, "waiting")
    drains.boot_old_system(stage, stage.second)
    stage.wait(hours=2)


def _never_back(stage: Stage) -> None:
    drains.reach_step(stage, stage.second, "rebooting")
    drains.stay_away(stage, stage.second)
    stage.wait(hours=2)


def _on_purpose(stage: Stage) -> None:
    drains.hold_node_back(stage, stage.second)
    stage.wait(hours=5)


def _only_one(stage: Stage) -> None:
    node = stage.first
    drains.reach_step(stage, node, "waiting")
    pairs.forget_host(stage, node)
    pairs.set_managed_by_hand(stage, node)
    drains.boot_new_system(stage, node)
    stage.wait(hours=3)


def _second_kind(stage: Stage) -> None:
    drains.reach_step_of_plan(stage, stage.second, "rebooting")
    drains.stay_away(stage, stage.second)
    stage.wait(hours=2)


SCENARIOS = (
    Scenario(
        name="empties-for-hours",
        difficulty=2,
        symptom="hv02 has been Pre-draining for four hours. Its VMs have left.",
        goal="Read what the Job that empties a node waits for, and why it is right to wait.",
        follows="harvester/harvester#7067",
        release="v1.4.2",
        nodes=4,
        play=_empties_for_hours,
        lesson=Lesson(
            story="A volume is degraded. The Job does not empty a node as long as that could take a last healthy copy.",
            next="Give the replica a place and wait for its rebuild; do not skip the check for a volume in use.",
            signs=("phase 7 of 8",),
        ),
    ),
    Scenario(
        name="no-answer",
        difficulty=2,
        symptom="hv02 has been Pre-drained for three hours and nothing happens. The Job has completed.",
        goal="Read the handshake between Rancher and Harvester on a plan Secret, question and answer.",
        follows="harvester/harvester#3021",
        release="v1.4.2",
        nodes=3,
        play=_no_answer,
        lesson=Lesson(
            story="Harvester notes the state of the node and then writes its answer, in two steps. The second failed, "
            "and is not tried again.",
            next="Ask vendor support to have the answer written, exactly as the question was; a character more and "
            "Rancher does not take it.",
            signs=("phase 7 of 8",),
        ),
    ),
    Scenario(
        name="done-but-cordoned",
        difficulty=3,
        symptom="After the upgrade of hv02 nothing goes on. It counts as done, yet it is still cordoned.",
        goal="Find which of the last three writes of a node's upgrade is missing.",
        follows="harvester/harvester#11543",
        release="v1.9.0",
        nodes=4,
        play=_done_but_cordoned,
        lesson=Lesson(
            story="Harvester noted the node as Succeeded, and its answer to the last question of Rancher was lost.",
            next="The manual's way: set the node's state back to Waiting Reboot; the controller then does its last "
            "steps again.",
            signs=("phase 7 of 8",),
        ),
    ),
    Scenario(
        name="not-allowed",
        difficulty=3,
        symptom="The drain of hv02 fails again and again after ten minutes. All volumes are healthy.",
        goal="Follow an eviction that is refused to the budget that refuses it, and to what that counts.",
        follows="harvester/harvester#7366",
        release="v1.5.2",
        nodes=4,
        play=_not_allowed,
        lesson=Lesson(
            story="Longhorn still counts an engine that is gone on this node, and keeps a budget for its instance "
            "manager, which may not be evicted.",
            next="Verify that no engine and no last replica runs there; then delete that one PodDisruptionBudget.",
            signs=("phase 7 of 8",),
        ),
    ),
    Scenario(
        name="gave-up",
        difficulty=1,
        symptom="The upgrade is red. It says that a Job has reached its backoff limit.",
        goal="Find the first failure in a row of failures that follow from it.",
        follows="harvester/harvester#3648",
        release="v1.4.2",
        nodes=4,
        play=_gave_up,
        lesson=Lesson(
            story="The Job that empties the second node failed too often, and Harvester ended the upgrade.",
            next="Read the log of the Job's last pod before it is cleaned away; the upgrade is begun again when its "
            "cause is gone.",
            signs=("failed",),
        ),
    ),
    Scenario(
        name="nothing-to-see",
        difficulty=2,
        symptom="A colleague cleaned up old Jobs this morning. Since then the upgrade stands still at hv02.",
        goal="Notice what is not there.",
        follows="harvester/harvester#9293",
        release="v1.6.1",
        nodes=4,
        play=_nothing_to_see,
        lesson=Lesson(
            story="The Job that empties the node was among those deleted. Harvester made it once and waits for its "
            "end.",
            next="Do not write the answer by hand: the node was not emptied. Ask vendor support how to have the state "
            "set back, so that the Job is made again.",
            signs=("phase 7 of 8",),
        ),
    ),
    Scenario(
        name="not-trusted",
        difficulty=3,
        symptom="The first host has been Pre-drained for five hours. Rancher waits for a plan to be applied there.",
        goal="Ask the agent of a host why it does not take its plan.",
        follows="harvester/harvester#10522",
        release="v1.8.2",
        nodes=3,
        play=_not_trusted,
        lesson=Lesson(
            story="Rancher's new certificate does not name the address that the agent uses, so the agent ends at each "
            "start.",
            next="Read the agent's log on the host (x509); then have Rancher's certificate made again with that "
            "address in it.",
            signs=("phase 7 of 8",),
        ),
    ),
    Scenario(
        name="waiting-for-probes",
        difficulty=2,
        symptom="hv02 runs the new Kubernetes already. Still the upgrade has stood there for three hours.",
        goal="Read the planner's words, and which component they name.",
        follows="harvester/harvester#1984",
        release="v1.4.2",
        nodes=4,
        play=_waiting_for_probes,
        lesson=Lesson(
            story="A component of the host does not answer its probe, and the planner waits for it.",
            next="On the host, read the log of the component that the planner names, before anything is restarted.",
            beyond="Why the component does not answer is told only by its log on the host.",
            signs=("phase 7 of 8",),
        ),
    ),
    Scenario(
        name="old-system",
        difficulty=2,
        symptom="hv02 has restarted as it should, and stays at Waiting Reboot.",
        goal="Compare what a node runs with what it was to get.",
        follows="harvester/harvester#7457",
        release="v1.4.2",
        nodes=4,
        play=_old_system,
        lesson=Lesson(
            story="The host has booted its old system again: writing the new one had failed for want of room.",
            next="Look for room in the partition with the images and at the log of the post-drain Job; then let the "
            "Job run again.",
            signs=("phase 7 of 8",),
        ),
    ),
    Scenario(
        name="never-back",
        difficulty=1,
        symptom="hv02 was restarted by the upgrade two hours ago. I cannot reach it.",
        goal="Tell a long restart from one that does not end, by times.",
        follows="harvester/harvester#11359",
        release="v1.7.1",
        nodes=4,
        play=_never_back,
        lesson=Lesson(
            story="The host came up without its network: its interfaces have other names with the new system.",
            next="Go to the host's console; do not delete the node, and do not touch another management node.",
            beyond="That the names of the interfaces changed is seen on the host's console only.",
            signs=("phase 7 of 8",),
        ),
    ),
    Scenario(
        name="on-purpose",
        difficulty=1,
        symptom="The upgrade has stopped before hv02. None of us remembers having done anything.",
        goal="Tell a fault from a wish.",
        follows="harvester/harvester#8980",
        release="v1.7.1",
        nodes=4,
        fits=Fits(since=6),
        play=_on_purpose,
        lesson=Lesson(
            story="The upgrade was begun with the wish to stop before this node, and it is this node's turn.",
            next="Ask who wished it and why; then release the node in the dialog of the upgrade.",
            signs=("phase 7 of 8",),
        ),
    ),
    Scenario(
        name="only-one",
        difficulty=2,
        symptom="Our only host has restarted with the new version. The upgrade does not notice.",
        goal="See by which object Harvester notes that a host is done.",
        follows="harvester/harvester#5718",
        release="v1.4.2",
        nodes=1,
        fits=Fits(least=1, most=1, until=7),
        play=_only_one,
        lesson=Lesson(
            story="The host has no Machine, and with it no plan Secret; Harvester looks there before it notes the end.",
            next="Nothing has to be repeated on the host. Ask vendor support before anything is edited: there is no "
            "second host that could help.",
            signs=("phase 7 of 8",),
        ),
    ),
    Scenario(
        name="second-kind",
        difficulty=2,
        symptom="We use the new kind of upgrade. One host was restarted and is gone since, and the page shows nothing.",
        goal="Find the same fault where an UpgradePlan tells it in other words.",
        follows="harvester/harvester#10469",
        release="v1.8.2",
        nodes=4,
        fits=Fits(since=8),
        play=_second_kind,
        lesson=Lesson(
            story="The host does not come back from its restart, as in an upgrade of the first kind.",
            next="Go to the host's console. The UpgradePlan goes on by itself when the host is back.",
            signs=("NodeUpgrading",),
        ),
    ),
)
