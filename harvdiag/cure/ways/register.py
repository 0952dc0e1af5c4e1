"""The host registers with Rancher again, and gets the Machine that it lacks (docs/objects.md#join-connection-request).

Of a worker Rancher's own Plan does it; that registers every host as a worker, so that a management node runs the script
itself, with its roles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.drafts.host import Host, read_host
from harvdiag.cure.drafts.registration import draft_registration
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.preconditions.registration import UPGRADER, judge_registration, judge_upgrader
from harvdiag.cure.preconditions.upgrades import judge_end
from harvdiag.cure.ways.hosts import (
    Load,
    back_up_steps,
    cite,
    commands_in,
    issue,
    leave_steps,
    node_of,
    read_load,
    see_pair,
    seen_by,
)
from harvdiag.cure.ways.model import Case, Plan, way
from harvdiag.kinds.local import CONTROL_PLANE
from harvdiag.rules import advice
from harvdiag.rules.actions import quote_argument
from harvdiag.rules.facts import Facts

__all__ = ["by_plan", "find_reason", "register", "registration_steps", "upgrade_questions"]

KUBELET = "status.nodeInfo.kubeletVersion"


@way(
    "register",
    title="Register the host again",
    fits="For a host that runs and only lacks its Machine: nothing is deleted and no disk is wiped, but RKE2 restarts.",
)
def register(case: Case) -> Plan:
    """Let the host ask Rancher for its Machine once more."""
    facts, node = case.facts, node_of(case)
    host, load = read_host(facts, node), read_load(facts, node)
    return Plan(
        steps=cite(facts, _steps(facts, host, load)),
        restarts=node,
        preconditions=(*judge_registration(facts, node, by_plan=by_plan(facts, host)), *judge_end(facts, node)),
        support=(*upgrade_questions(facts, node), *_role_questions(host)),
        drafts=() if by_plan(facts, host) else (draft_registration(facts, host),),
    )


def by_plan(facts: Facts, host: Host) -> bool:
    """Whether Rancher's Plan can register the host: as it makes each a worker, and only one on which it runs."""
    return not host.manages and judge_upgrader(facts, host.node).met is not False


def _steps(facts: Facts, host: Host, load: Load) -> Iterator[PlanStep]:
    yield from back_up_steps(facts, host.node)
    yield find_reason(host.node)
    yield from leave_steps(facts, host.node, load)
    yield from registration_steps(facts, host)


def find_reason(node: ObjectRef) -> PlanStep:
    """Return the step that looks for why the host did not register: what is still wrong stops it again."""
    return PlanStep(
        what=f"Read on {node.name} why it has no Machine, and correct that first",
        place=Place.HOST,
        commands=commands_in(advice.inspect_host(node.name)),
        sees=("No line of the last minutes tells of a wrong address, certificate, token or clock.",),
    )


def registration_steps(facts: Facts, host: Host) -> Iterator[PlanStep]:
    """Yield the steps with which the host registers: by Rancher's Plan a worker, by the script any other."""
    if not by_plan(facts, host):
        yield _fill_in(facts, host)
    yield _register_step(facts, host)


def _fill_in(facts: Facts, host: Host) -> PlanStep:
    draft = draft_registration(facts, host)
    return PlanStep(
        what=f"Write the drafts (below), fill in what is open in {draft.name}, and copy that to {host.node.name}",
        place=Place.KUBECTL,
        commands=commands_in(" ".join(draft.untold)),
        sees=(seen_by(f"grep '^export.*<' {quote_argument(draft.name)}", "shows nothing"),),
        caution="The token lets any host join: keep it out of tickets, and delete the file in the end.",
    )


def _register_step(facts: Facts, host: Host) -> PlanStep:
    name = quote_argument(host.node.name)
    step = PlanStep(
        what=f"Let Rancher's Plan run on {host.node.name} again, so that the host registers",
        place=Place.KUBECTL,
        commands=(f"kubectl label node {name} {UPGRADER}-",),
        sees=(
            see_pair(host.node, host.machine),
            seen_by(
                f"kubectl get nodes {name} -L rke.cattle.io/machine,harvesterhci.io/managed",
                "shows Ready, the uid of that Machine, and true",
            ),
        ),
        links=(issue("harvester/harvester", 11336),),
        caution=_first_plan(facts, host),
        final=True,
        action=Action(verb=Verb.REGISTER, ref=host.node),
    )
    return step if by_plan(facts, host) else _by_script(facts, host, step)


def _by_script(facts: Facts, host: Host, step: PlanStep) -> PlanStep:
    """The same with the script: with the roles of the host, and without Rancher's Plan."""
    upgrader = judge_upgrader(facts, host.node)
    why = "Rancher's own Plan would make it a worker." if host.manages else f"Rancher's Plan cannot: {upgrader.told}."
    return replace(
        step,
        what=f"Let {host.node.name} register with the script, as {join_names(host.roles)}",
        place=Place.HOST,
        commands=(f"sh {quote_argument(draft_registration(facts, host).name)}",),
        caution=f"{step.caution} {why}",
        action=Action(verb=Verb.REGISTER, ref=host.node, changes=tuple((role, "true") for role in host.roles)),
    )


def _first_plan(facts: Facts, host: Host) -> str:
    """Return what the first plan does to the host: RKE2 restarts, and may become that of the cluster at once."""
    name = host.node.name
    wanted, runs = first_versions(facts, host.node)
    told = f"RKE2 of {name} restarts with its first plan. From then on deleting the new Machine deletes Node {name}."
    if wanted != runs:
        told += f" The plan has RKE2 {wanted}, and {name} runs {runs}: it may be upgraded at once, without a drain."
    return told


def first_versions(facts: Facts, node: ObjectRef) -> tuple[str, str]:
    """Return the version of RKE2 that a plan has, and that which runs; twice the same where one was not seen."""
    wanted = get_text(facts.snapshot.get(CONTROL_PLANE), "spec.kubernetesVersion")
    runs = get_text(facts.pairing.obj(node), KUBELET)
    return (wanted, runs) if wanted and runs else ("", "")


def upgrade_questions(facts: Facts, node: ObjectRef) -> tuple[str, ...]:
    """Return what only support can say of a host that registers while an upgrade runs."""
    run = facts.rollout
    if run is None:
        return ()
    status = run.upgrade.statuses.get(node.name)
    state = f"its state there is {status.state!r}" if status else "it is not in its list of nodes"
    asked = f"Whether {run.title} goes on with {node.name} once that has its Machine: {state}"
    wanted, runs = first_versions(facts, node)
    late = (
        f", and {node.name} may get RKE2 {wanted} without the drain for which Harvester waits" if wanted != runs else ""
    )
    return (f"{asked}{late}.",)


def _role_questions(host: Host) -> tuple[str, ...]:
    roles = join_names(host.roles)
    told = f"Whether {host.node.name} may register as {roles} while it runs: no report tells of one that did."
    return (told,) if host.manages else ()
