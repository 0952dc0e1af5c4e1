"""Steps that several ways have: each with its command, what to see after it, and the pages that describe it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import field_path
from harvdiag.core.model import ObjectRef
from harvdiag.core.release import read_release
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.ways.hosts import commands_in, seen_by
from harvdiag.cure.ways.model import Unfit
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.local import LOCAL
from harvdiag.rules import actions
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import has_role

__all__ = [
    "RESTART_CAPI",
    "advised",
    "ask_support",
    "back_up",
    "delete",
    "is_gone",
    "lists_members",
    "mark",
    "nothing_left",
    "place_of",
    "reach_capi",
    "refuse_if_paused",
    "remove_member",
    "restart_agent",
    "runs_with",
    "title",
    "voters_but",
]

GET = "kubectl get"
RESTART_CAPI = actions.restart_deployment("capi-controller-manager", actions.CAPI_SPACES[0])


def title(ref: ObjectRef) -> str:
    """Return an object as a sentence names it: ``Machine custom-0a1b2c3d4e5f``."""
    return f"{ref.kind} {ref.name}"


def advised(text: str, place: Place = Place.KUBECTL) -> PlanStep:
    """Return the step that a finding advises: ``Do this: `command```, and what is said of it after the command."""
    what, _, rest = text.partition(": `")
    command, _, after = rest.partition("`")
    after = after.strip(" .")
    return PlanStep(
        what=what.rstrip("."),
        place=place,
        commands=(command,) if command else (),
        sees=(seen_by(command, after),) if after else (),
    )


def place_of(ref: ObjectRef) -> str:
    """Return how kubectl names an object: resource, namespace and name."""
    where = f" -n {actions.quote_argument(ref.namespace)}" if ref.namespace else ""
    return f"{CATALOGUE[ref.kind].resource}{where} {actions.quote_argument(ref.name)}"


def runs_with(machine: ObjectRef, node: ObjectRef) -> str:
    """Return how one sees that a Machine has a Node."""
    return seen_by(f"{GET} {place_of(machine)} -o wide", f"shows it Running with Node {node.name}")


def restart_agent() -> tuple[str, ...]:
    """Return the commands that read the log of the agent on a host, and restart it."""
    return ("journalctl -u rancher-system-agent --since -1h", "systemctl restart rancher-system-agent")


def reach_capi(facts: Facts, command: str) -> str:
    """Return a command to Cluster API with the namespace that it has in the cluster's release."""
    old, new = actions.CAPI_SPACES
    release = read_release(facts.harvester_version)
    return command.strip("`").replace(old, new if release and release[:2] >= (1, 8) else old)


def is_gone(ref: ObjectRef) -> str:
    """Return how one sees that an object is gone."""
    return seen_by(f"{GET} {place_of(ref)}", "says NotFound")


def delete(ref: ObjectRef, what: str = "") -> PlanStep:
    """Return the step that deletes an object; there is no way back from it."""
    return PlanStep(
        what=what or f"Delete {title(ref)}",
        place=Place.KUBECTL,
        commands=(f"kubectl delete {place_of(ref)}",),
        sees=(is_gone(ref),),
        final=True,
        action=Action(verb=Verb.DELETE, ref=ref),
    )


def mark(what: str, verb: Verb, ref: ObjectRef, key: str, value: str | None) -> PlanStep:
    """Return the step that sets a label or an annotation, or removes it (None)."""
    change = f"{key}-" if value is None else f"{key}={actions.quote_argument(value)} --overwrite"
    shows = f"no longer has {key}" if value is None else f"has {key}"
    return PlanStep(
        what=what,
        place=Place.KUBECTL,
        commands=(f"kubectl {verb} {place_of(ref)} {change}",),
        sees=(seen_by(f"{GET} {place_of(ref)} -o yaml", shows),),
        action=Action(verb=verb, ref=ref, changes=((key, value),)),
    )


def back_up(*refs: ObjectRef, etcd: bool = False) -> Iterator[PlanStep]:
    """Yield the steps that save objects to a file and, where a member of etcd goes, etcd itself."""
    secret = any(ref.kind == "Secret" for ref in refs)
    yield PlanStep(
        what="Save what is about to change",
        place=Place.KUBECTL,
        commands=tuple(
            f"{GET} {place_of(ref)} -o yaml > {actions.quote_argument(f'{ref.kind.lower()}-{ref.name}.yaml')}"
            for ref in refs
        ),
        caution="The file of a Secret has credentials in it: share it with no one." if secret else "",
    )
    if etcd:
        yield PlanStep(
            what="Save etcd, on a management node that stays",
            place=Place.HOST,
            commands=commands_in(actions.SNAPSHOT_ETCD),
        )


def refuse_if_paused(facts: Facts) -> None:
    """Raise Unfit while the Cluster is paused: no controller would carry a deletion out."""
    if field_path("spec.paused").get(facts.links.objects.get(LOCAL)) is True:
        raise Unfit("the Cluster is paused, so that Cluster API and Rancher act on no Machine: that comes first")


def voters_but(facts: Facts, *names: str) -> tuple[str, ...]:
    """Return the Nodes whose etcd votes, without those named: through the first of them etcd is asked."""
    nodes = facts.pairing.nodes
    votes = [node for node in nodes if find_condition(facts.pairing.obj(node), "EtcdIsVoter").status == "True"]
    members = votes or [node for node in nodes if has_role(facts, node, "etcd")]
    return tuple(node.name for node in members if node.name not in names)


def lists_members(voter: str) -> str:
    """Return the command that lists the members of etcd."""
    return commands_in(actions.list_etcd_members(voter))[0]


def remove_member(host: str, voter: str) -> PlanStep:
    """Return the step that takes the member of a host that is gone out of etcd, where it is still listed."""
    listed = lists_members(voter)
    return PlanStep(
        what=f"If etcd still lists a member of {host}, take that one out, by the ID at the beginning of its line",
        place=Place.KUBECTL,
        commands=(listed, f"{listed.removesuffix('list')}remove ID"),
        sees=(seen_by(listed, f"has no line of {host}"),),
        links=("https://github.com/harvester/harvester/issues/10534",),
        caution="Remove none while fewer than two other members are started: etcd then stops, and the API with it.",
    )


def nothing_left(host: str) -> PlanStep:
    """Return the step that looks for what is left of a host."""
    step = advised(actions.verify_removed(host))
    return replace(step, sees=tuple(seen_by(command, "shows nothing") for command in step.commands))


def ask_support(what: str, commands: tuple[str, ...] = ()) -> PlanStep:
    """Return the step that only vendor support can release."""
    return PlanStep(what=what, place=Place.SUPPORT, commands=commands)
