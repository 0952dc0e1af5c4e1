"""Simulations and runbooks that a test makes by hand, whatever a controller would do."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from harvdiag.core.model import Finding, ObjectRef, Severity
from harvdiag.cure.drafts.model import Draft
from harvdiag.cure.model import Action, Effect, Hazard, Simulation, Step, Verb
from harvdiag.cure.plan import Place, PlanStep, Played, Refused, Runbook, Standing, Way
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.snapshot import Snapshot
from harvdiag.sources import open_source
from tests.routes import BROKEN

MACHINE = ObjectRef("Machine", "fleet-local", "custom-9d026ddd9748")
NODE = ObjectRef("Node", "", "srv07")
P1 = Precondition(
    id="P1",
    asks="does etcd keep its quorum without srv07?",
    met=False,
    values=(Value(name="voters that remain", value=2, refs=(ObjectRef("Node", "", "srv06"),)),),
    told="etcd voters that remain: 2 of 3; the loss of one more stops the API",
)
P3 = Precondition(
    id="P3",
    asks="does no VM run on srv07?",
    met=None,
    untold=("VMs of users are not in a support bundle",),
    by_hand=("`kubectl get vmi -A -o wide | grep srv07`",),
)


@cache
def before() -> Snapshot:
    """The cluster of harvester/harvester#8236."""
    return open_source(str(BROKEN))


def step(number: int = 0, kind: str = "Replica") -> Step:
    """One step of many that are alike."""
    name = f"pvc-{number:04}"
    return Step(
        actor="Longhorn",
        ref=ObjectRef(kind, "longhorn-system", name),
        effect=Effect.REMOVED,
        what=f"{name} is lost with the disk",
        why="spec.nodeID is srv07",
        source="harvester/harvester#6022",
        derived=True,
    )


def found(severity: Severity = Severity.ERROR, name: str = "srv07") -> Finding:
    """A finding about a Node."""
    return Finding(
        rule="made-up",
        family="health",
        severity=severity,
        subject=ObjectRef("Node", "", name),
        message=f"Node {name} has the fault of a test",
    )


def simulation(hazard: Hazard = Hazard.DANGEROUS, *new: Finding, replicas: int = 200, untold: str = "") -> Simulation:
    """The deletion of a Machine: two steps, then so many replicas that are lost."""
    first = (
        Step(actor="you", ref=MACHINE, effect=Effect.REMOVED, what="marks it for deletion"),
        Step(
            actor="Cluster API",
            ref=NODE,
            effect=Effect.CHANGED,
            what="cordons and drains it",
            why="status.nodeRef of the Machine names it",
            source="harvester/harvester#6022",
        ),
    )
    return Simulation(
        action=Action(verb=Verb.DELETE, ref=MACHINE),
        hazard=hazard,
        reasons=("two Machines claim Node srv07", "P1 is not met"),
        steps=(*first, *map(step, range(replicas))),
        gone=(found(name="srv09"),),
        new=new,
        untold=(untold,) if untold else (),
        before=before(),
        after=before(),
        preconditions=(P1, P3),
    )


REBUILD = Way(
    name="rebuild",
    title="Rebuild the host",
    fits="For a host whose data may go: it is reinstalled, and its replicas are rebuilt elsewhere",
    steps=(
        PlanStep(
            what="Move everything off srv09",
            place=Place.UI,
            commands=("Hosts → srv09 → ⋮ → Enable Maintenance Mode",),
            sees=("`kubectl get vmi -A --field-selector status.nodeName=srv09` lists none",),
            links=("https://docs.harvesterhci.io/v1.4/host/#node-maintenance",),
            back="Hosts → srv09 → ⋮ → Disable Maintenance Mode",
            action=Action(verb=Verb.ANNOTATE, ref=ObjectRef("Node", "", "srv09"), changes=(("a", "b"),)),
            rehearsed=Played(
                action=Action(verb=Verb.ANNOTATE, ref=ObjectRef("Node", "", "srv09"), changes=(("a", "b"),)),
                hazard=Hazard.SAFE,
                reasons=("nothing lives on it",),
                steps=(),
            ),
        ),
        PlanStep(what="Back up etcd", place=Place.HOST, commands=("rke2 etcd-snapshot save",), done="one is there"),
        PlanStep(
            what="Delete the Node",
            place=Place.KUBECTL,
            commands=(
                "kubectl delete nodes srv09",
                "kubectl get machines.cluster.x-k8s.io -n fleet-local -o jsonpath='{.items[*].status.nodeRef.name}'",
            ),
            sees=("it is gone, and no Machine names it",),
            caution="What is on its disks is lost.",
            final=True,
        ),
    ),
    preconditions=(P1, P3),
    standing=Standing.UNTOLD,
    reasons=("P3: VMs of users are not in a support bundle",),
    prepared=(("P1", "step 1"),),
    gone=(found(name="srv09"),),
    new=(found(Severity.WARNING, "srv08"),),
    untold=("what is on its other disks",),
    support=("whether the plan may be edited by hand",),
)
BY_HAND = replace(
    REBUILD,
    name="by-hand",
    title="Make the objects by hand",
    standing=Standing.CLOSED,
    reasons=("R1: no agent is registered",),
    prepared=(),
    drafts=(
        Draft(
            name="srv09-machine.yaml",
            title="The Machine of srv09",
            objects=({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}},),
            dangers=("a pair without a registered agent is worse than the orphan",),
            sources=(("spec.clusterName", "every other Machine"),),
        ),
    ),
)


def runbook(*ways: Way) -> Runbook:
    """The ways out of an orphan: two that are offered unless others are given, one that is not."""
    finding = found(name="srv09")
    return Runbook(
        finding=finding,
        asked=finding,
        ways=ways or (REBUILD, BY_HAND),
        refused=(Refused(name="register", title="Let the host register again", reason="step 2 is dangerous"),),
        none="",
        support=("whether etcd can be restored",),
        simulation=simulation(replicas=1),
        before=before(),
    )
