"""Scenarios of nodes and Machines that do not belong together."""

from __future__ import annotations

from harvdiag.training.library.changes import drains, pairs, services
from harvdiag.training.library.model import Fits, Lesson, Scenario
from harvdiag.training.library.stage import Stage

__all__ = ["SCENARIOS"]


def _seventy_five(stage: Stage) -> None:
    *_, before, last = stage.nodes
    pairs.forget_host(stage, last)
    drains.reach_step(stage, before, "h12")
    pairs.set_managed_by_hand(stage, last)
    drains.let_planner_rest(stage)
    stage.wait(hours=20)


def _two_claims(stage: Stage) -> None:
    pairs.reuse_old_install(stage, stage.last, stage.third)


def _services_wait(stage: Stage) -> None:
    last = stage.last
    services.reach_phase(stage, "UpgradingSystemServices")
    pairs.reuse_old_install(stage, last, stage.third)
    services.pass_node_over(stage, last)
    stage.wait(hours=5, minutes=30)


def _cordoned_again(stage: Stage) -> None:
    drains.reach_step(stage, stage.second, "h5")
    pairs.keep_old_machine(stage, stage.second, days=2)
    drains.lose_pre_drain_answer(stage, stage.second)
    stage.wait(hours=3, minutes=20)


def _after_the_restore(stage: Stage) -> None:
    pairs.pause_cluster(stage)
    pairs.register_host(stage, f"hv{len(stage.nodes) + 1:02}")


def _ghosts(stage: Stage) -> None:
    here = stage.machine(stage.second)
    gone = [stage.machine(node) for node in stage.nodes[-2:]]
    for node in stage.nodes[-2:]:
        pairs.leave_machine(stage, node, etcd=True)
    drains.reach_step(stage, stage.first, "h12")
    drains.let_planner_wait(stage, here, *gone)
    stage.wait(hours=18)


SCENARIOS = (
    Scenario(
        name="seventy-five-percent",
        difficulty=1,
        symptom="The upgrade has shown the same percentage since yesterday. All hosts but one are done, and that one "
        'says "Images preloaded". Rancher reports no error.',
        goal="Tell a node that waits for its turn from one that will never get it, by following Node to Machine.",
        follows="harvester/harvester#8236",
        release="v1.4.2",
        nodes=4,
        fits=Fits(least=4, until=8),
        play=_seventy_five,
        lesson=Lesson(
            story="The last host was installed on a disk in use before. It joined the cluster with the state of the "
            "old installation and never registered with Rancher, so it has a Node and no Machine. Rancher upgrades a "
            "host only through the plan Secret of its Machine.",
            next="Do not delete any Machine: none belongs to this host. Move replicas and VMs away, uninstall RKE2 on "
            "the host, remove its Node, and install it again on a wiped disk.",
            signs=("stuck in phase 7 of 8",),
        ),
    ),
    Scenario(
        name="one-too-many",
        difficulty=1,
        symptom="Before the upgrade I removed a broken host. The upgrade is refused now: the numbers of nodes and "
        "machines do not match.",
        goal="Find the Machine whose Node is gone, and know what its deletion would take with it.",
        follows="harvester/harvester#5158",
        release="v1.5.2",
        nodes=4,
        fits=Fits(least=4),
        play=lambda stage: pairs.leave_machine(stage, stage.last),
        lesson=Lesson(
            story="Only the Node was deleted. The Machine still says Running and names a Node that does not exist.",
            next="Verify that no other Machine names the same Node or providerID; then delete this Machine, and let "
            "its finalizer do the rest.",
            signs=("3 Nodes, 4 Machines",),
        ),
    ),
    Scenario(
        name="two-claims",
        difficulty=3,
        symptom="We installed our last host again on its old disk. It runs, but no upgrade is allowed any more, and "
        "the etcd of another host looks strange since then.",
        goal="Find the true owner of a Machine that two Nodes claim, before anything is deleted.",
        follows="harvester/harvester#8179",
        release="v1.5.2",
        nodes=5,
        fits=Fits(least=4),
        play=_two_claims,
        lesson=Lesson(
            story="The host came up with the state of an earlier installation and names the Machine of another host.",
            next="Do not delete the false Node while its annotation names the other's Machine: Harvester would delete "
            "that Machine, and with it the healthy host. Take the annotation away first, then remove the host and "
            "install it again with its disk wiped.",
            signs=("5 Nodes, 4 Machines",),
        ),
    ),
    Scenario(
        name="services-wait",
        difficulty=3,
        symptom="The upgrade has been in the system services since noon. The log of the Job repeats "
        "that it waits for a plan.",
        goal="Read which nodes a plan selects, and find the one that it can never reach.",
        follows="harvester-develop-summary, one-v132-v140-upgrade-issue-analysis.md",
        release="v1.4.0",
        nodes=6,
        fits=Fits(least=4),
        play=_services_wait,
        lesson=Lesson(
            story="The last host claims another's Machine and lacks the managed label, so the plan does not select it; "
            "the script counts every Node and waits for one that will not come.",
            next="Stop the upgrade as the manual says, un-pause the charts, and repair or remove the host; a label "
            "given by hand lets this step go on and the next one stop.",
            signs=("phase 6 of 8",),
        ),
    ),
    Scenario(
        name="cordoned-again",
        difficulty=3,
        symptom="hv02 is cordoned. We uncordoned it twice, and each time it was cordoned again within a minute. The "
        "upgrade does not go on.",
        goal="See two Machines of one Node, and which of them may not be deleted.",
        follows="harvester/harvester#7065",
        release="v1.4.2",
        nodes=3,
        play=_cordoned_again,
        lesson=Lesson(
            story="The host was added again before its old Machine was gone. Harvester looked the plan Secret up by "
            "that Machine, so its answer to the request for a drain was lost.",
            next="Clear the old Machine without letting Cluster API delete the Node that both name; write the answer "
            "exactly as it was asked for only if vendor support agrees.",
            signs=("stuck in phase 7 of 8",),
        ),
    ),
    Scenario(
        name="not-quite-in",
        difficulty=2,
        symptom="The new host is listed and Ready, and VMs run on it. Rancher shows its machine as Waiting for Node "
        "Ref since last week.",
        goal="Name the step of joining at which a host stopped.",
        follows="harvester/harvester#7392",
        release="v1.4.2",
        nodes=4,
        play=lambda stage: pairs.half_join(stage, stage.last),
        lesson=Lesson(
            story="The host has a Machine and a plan Secret, but neither has a providerID, so Cluster API never "
            "matched Machine and Node.",
            next="Look for the label with the Machine's uid on the Node, and into the log of the host's agent; restart "
            "the agent before anything is deleted.",
            signs=("4 Nodes, 4 Machines",),
        ),
    ),
    Scenario(
        name="after-the-restore",
        difficulty=2,
        symptom="Two days ago we registered another host. It does not appear. There was an outage before, after which "
        "we restored a snapshot of etcd.",
        goal="Find the one switch that stops everything, behind several objects that look broken.",
        follows="harvester/harvester#9841",
        release="v1.6.1",
        nodes=3,
        play=_after_the_restore,
        lesson=Lesson(
            story="The restore left the Cluster of Cluster API paused: no controller works on any Machine.",
            next="Set spec.paused of the Cluster to false, and watch the new Machine go on by itself.",
            signs=("3 Nodes, 4 Machines",),
        ),
    ),
    Scenario(
        name="first-host-replaced",
        difficulty=3,
        symptom="We replaced our first host by a new one months ago. Since then no host that we add comes up.",
        goal="Know what the init node is, and where its mark is kept.",
        follows="harvester/harvester#2665",
        release="v1.4.2",
        nodes=5,
        fits=Fits(least=4),
        play=pairs.lose_first_host,
        lesson=Lesson(
            story="The first host was removed, and its plan Secret stayed with the label of the init node. Each new "
            "host is told to join a server that does not exist.",
            next="Ask vendor support before the label is moved: one mistake here splits etcd. Take a snapshot first.",
            signs=("4 Nodes, 4 Machines",),
        ),
    ),
    Scenario(
        name="six-days-gone",
        difficulty=2,
        symptom="Last week I deleted a host in Rancher, since it was to be replaced. It is still shown as Deleting.",
        goal="Read from finalizers and conditions what a deletion waits for.",
        follows="harvester/harvester#8627",
        release="v1.5.2",
        nodes=4,
        play=lambda stage: pairs.delete_machine(stage, stage.last, days=6),
        lesson=Lesson(
            story="The deletion of the Machine waits for its host, which was switched off before etcd let it go.",
            next="Find out what the finalizer waits for. Never take it off by hand before you know that no Node that "
            "is in use carries the same name or providerID.",
            signs=("4 Nodes, 4 Machines",),
        ),
    ),
    Scenario(
        name="two-of-three-vote",
        difficulty=3,
        symptom="After a short power failure all hosts are Ready again. The console of one of them speaks of etcd.",
        goal="Read who votes in etcd, and say how many more hosts may fail.",
        follows="harvester/harvester#10534",
        release="v1.7.1",
        nodes=3,
        play=lambda stage: pairs.leave_etcd(stage, stage.second),
        lesson=Lesson(
            story="One management node has the role, and is not a member of etcd any more.",
            next="Do not restart or remove any other management node: with one more gone, etcd has no majority. Take a "
            "snapshot, then bring this host back with its vendor's help.",
            signs=("3 Nodes, 3 Machines",),
        ),
    ),
    Scenario(
        name="same-name",
        difficulty=2,
        symptom="A host vanished from the list for a minute and was there again, with all its labels gone.",
        goal="Tell two objects of one name apart by their uid.",
        follows="harvester/harvester#4292",
        release="v1.4.2",
        nodes=3,
        fits=Fits(until=7),
        play=lambda stage: pairs.recreate_node(stage, stage.second),
        lesson=Lesson(
            story="The Node was deleted while its kubelet ran on, which made it again. The Machine remembers the "
            "uid of the one before.",
            next="Nothing has to be deleted. Compare labels and annotations with those of the other nodes, and have "
            "the host registered again if any are missing.",
            signs=("3 Nodes, 3 Machines",),
        ),
    ),
    Scenario(
        name="first-one-only",
        difficulty=3,
        symptom="The first host was upgraded yesterday. The others did not begin. Rancher says that it is configuring "
        "etcd nodes.",
        goal="Read whom Rancher's planner waits for, and compare the list with the nodes that there are.",
        follows="harvester/harvester#6203",
        release="v1.3.1",
        nodes=7,
        fits=Fits(least=5),
        play=_ghosts,
        lesson=Lesson(
            story="Two hosts were removed long ago, and their Machines were left. The planner takes all etcd Machines "
            "of a tier together, and these two never answer.",
            next="Verify that no Node and no other Machine has their names or providerIDs; then delete the two "
            "Machines, one after the other, and watch the planner go on.",
            signs=("phase 7 of 8",),
        ),
    ),
)
