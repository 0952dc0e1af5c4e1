"""What the ways of one host share: its Node, what lives on it by name, and the steps that move that away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from harvdiag.core.model import ObjectRef
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.preconditions.etcd import judge_etcd
from harvdiag.cure.preconditions.model import Precondition
from harvdiag.cure.preconditions.removal import read_removal
from harvdiag.cure.preconditions.vms import BOUND, ON_IT, judge_vms
from harvdiag.cure.preconditions.volumes import HELD, LAST, judge_volumes
from harvdiag.cure.ways.model import Case, Unfit
from harvdiag.rules import actions
from harvdiag.rules.actions import quote_argument as quote
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import has_role
from harvdiag.rules.pages import pages_of

__all__ = [
    "LIST_PAIRS",
    "Load",
    "back_up_steps",
    "cite",
    "commands_in",
    "issue",
    "leave_steps",
    "list_vms",
    "migrations",
    "node_of",
    "read_load",
    "see_pair",
    "seen_by",
    "stop_steps",
    "voters_but",
]

LIST_PAIRS = "kubectl get machines.cluster.x-k8s.io -n fleet-local -o wide"
COMMAND = re.compile(r"`([^`]+)`")
UI_FEW = 6
VMS = "virtualmachineinstances.kubevirt.io"


@dataclass(frozen=True, kw_only=True)
class Load:
    """What lives on a host: P1 to P3 of its Node, each with the names."""

    etcd: Precondition
    volumes: Precondition
    vms: Precondition

    @property
    def held(self) -> tuple[str, ...]:
        """The volumes that have a replica there."""
        return _names(self.volumes.refs(HELD))

    @property
    def last(self) -> tuple[str, ...]:
        """The volumes whose last healthy replica is there."""
        return _names(self.volumes.refs(LAST))

    @property
    def running(self) -> tuple[ObjectRef, ...]:
        """The VMs that run there, as far as they were seen."""
        return self.vms.refs(ON_IT)

    @property
    def bound(self) -> tuple[ObjectRef, ...]:
        """Those of them that cannot be moved."""
        return self.vms.refs(BOUND)

    @property
    def free_of_vms(self) -> bool:
        """Whether it is known that no VM runs there."""
        return not self.running and not self.vms.untold


def _names(refs: Iterable[ObjectRef]) -> tuple[str, ...]:
    return tuple(ref.name for ref in refs)


def node_of(case: Case) -> ObjectRef:
    """Return the Node of a finding; raises Unfit where it is about none that is there."""
    node = case.finding.subject
    if node.kind != "Node" or node not in case.facts.links.objects:
        raise Unfit(f"{node.kind} {node.name} is not a Node of this cluster")
    if case.facts.pairing.deletion_time(node):
        raise Unfit(f"Node {node.name} is being deleted")
    return node


def read_load(facts: Facts, node: ObjectRef) -> Load:
    """Read what lives on the host of a Node, whatever other Nodes would go with it by the links."""
    removal = replace(read_removal(facts, node), nodes=(node,))
    return Load(etcd=judge_etcd(facts, removal), volumes=judge_volumes(facts, removal), vms=judge_vms(facts, removal))


def voters_but(facts: Facts, node: ObjectRef) -> tuple[str, ...]:
    """Return the other Nodes with the role etcd."""
    return tuple(ref.name for ref in facts.pairing.nodes if has_role(facts, ref, "etcd") and ref != node)


def commands_in(text: str) -> tuple[str, ...]:
    """Return the commands of a step of advice, which are between backticks."""
    return tuple(COMMAND.findall(text))


def seen_by(command: str, shows: str) -> str:
    """Return what must be seen, with the command that shows it."""
    return f"`{command}` {shows}"


def see_pair(node: ObjectRef, machine: str = "") -> str:
    """Return how one sees that a Node has its Machine."""
    return seen_by(LIST_PAIRS, f"shows {machine or 'a new Machine'} with {node.name}, in phase Running")


def issue(repository: str, number: int) -> str:
    """Return the address of a public issue."""
    return f"https://github.com/{repository}/issues/{number}"


def cite(facts: Facts, steps: Iterable[PlanStep]) -> tuple[PlanStep, ...]:
    """Return the steps, each with the pages of Harvester's manual that describe what it does.

    Of several after which there is no way back the first is the point of no return.
    """
    told = list(steps)
    last = next((number for number, step in enumerate(told) if step.final), None)
    return tuple(
        replace(
            step,
            links=tuple(dict.fromkeys((*pages_of((*step.commands, *step.sees), facts.harvester_version), *step.links))),
            final=number == last,
        )
        for number, step in enumerate(told)
    )


def back_up_steps(facts: Facts, node: ObjectRef) -> tuple[PlanStep, ...]:
    """Return the steps that keep the objects as they are, and etcd."""
    objects, etcd = commands_in(actions.BACK_UP)
    on = next(iter(voters_but(facts, node)), "")
    return (
        PlanStep(
            what="Keep the Nodes and Machines as they are in a file",
            place=Place.KUBECTL,
            commands=(objects,),
            sees=(seen_by("ls -l before.yaml", "shows a file that is not empty"),),
        ),
        PlanStep(
            what=f"Take a snapshot of etcd on {on or 'a management node'}",
            place=Place.HOST,
            commands=(etcd,),
            sees=(seen_by("/opt/rke2/bin/rke2 etcd-snapshot list", "lists the one called before"),),
        ),
    )


def list_vms(node: ObjectRef) -> str:
    """Return the command that lists the VMs on a Node."""
    return f"kubectl get {VMS} -A -l {quote(f'kubevirt.io/nodeName={node.name}')}"


def stop_steps(vms: Iterable[ObjectRef]) -> Iterator[PlanStep]:
    """Yield the step that stops each of these VMs, as it cannot be moved."""
    for ref in vms:
        path = actions.stop_vm(ref.name)
        yield PlanStep(
            what=f"Stop VM {ref.namespace}/{ref.name}, which cannot be moved",
            place=Place.UI,
            commands=(path,),
            sees=(seen_by(f"kubectl get {VMS} -n {quote(ref.namespace)} {quote(ref.name)}", "says NotFound"),),
            back=path.replace("Stop", "Start"),
            action=Action(verb=Verb.PATCH, ref=ref, changes=(("status.phase", "Succeeded"),)),
        )


def migrations(load: Load) -> tuple[str, ...]:
    """Return the paths in the UI that move each VM that can move, where they are few."""
    moved = [ref for ref in load.running if ref not in load.bound]
    return tuple(f"Virtual Machines → {ref.name} → ⋮ → Migrate" for ref in moved[:UI_FEW])


def leave_steps(facts: Facts, node: ObjectRef, load: Load) -> Iterator[PlanStep]:
    """Yield the steps that take the VMs off a host that stays: to the others, and where there are none they stop."""
    alone = len(facts.pairing.nodes) == 1
    yield from stop_steps(load.running if alone else load.bound)
    if alone:
        return
    moved = [ref for ref in load.running if ref not in load.bound]
    yield PlanStep(
        what=f"Move the VMs of {node.name} to other hosts",
        place=Place.UI,
        commands=migrations(load),
        sees=(seen_by(list_vms(node), "shows none"),),
        caution=load.vms.told if moved or load.vms.untold else "",
        back="Migrate them back once the host has its Machine." if moved else "",
        done=f"no VM is on {node.name}" if load.free_of_vms else "",
    )
