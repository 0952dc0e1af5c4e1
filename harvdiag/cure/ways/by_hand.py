"""The three objects are made by hand, and the host registers (docs/objects.md#join-by-hand).

There is no public report of it, good or bad: it follows from the code of Rancher and Cluster API. Without the
registration it is worse than the fault.
"""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import name_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.drafts.host import SHOW_DIGEST, SHOW_ID, Host, read_host
from harvdiag.cure.drafts.manifest import draft_manifest
from harvdiag.cure.drafts.model import Draft
from harvdiag.cure.drafts.registration import draft_registration
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.preconditions.model import Precondition
from harvdiag.cure.preconditions.registration import judge_registration
from harvdiag.cure.preconditions.upgrades import judge_end
from harvdiag.cure.ways.hosts import (
    LIST_PAIRS,
    Load,
    back_up_steps,
    cite,
    commands_in,
    issue,
    leave_steps,
    node_of,
    read_load,
    seen_by,
)
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.cure.ways.register import by_plan, find_reason, registration_steps, upgrade_questions
from harvdiag.kinds.local import FLEET
from harvdiag.rules import advice
from harvdiag.rules.actions import quote_argument
from harvdiag.rules.facts import Facts

__all__ = ["by_hand"]


@way(
    "by-hand",
    title="Make its objects by hand",
    fits="For a host that can neither register by itself nor be rebuilt, together with vendor support: no one is on "
    "record with it, and half of it blocks every other node.",
)
def by_hand(case: Case) -> Plan:
    """Create RKEBootstrap, CustomMachine and Machine together, then let the host register at once."""
    facts, node = case.facts, node_of(case)
    host, load = read_host(facts, node), read_load(facts, node)
    if rivals := _made_already(facts, node, host):
        raise Unfit(f"Machine {rivals[0].name} exists for {node.name} already: a second one would claim its Node")
    try:
        draft = draft_manifest(facts, host)
    except LookupError as error:
        raise Unfit(str(error)) from None
    return Plan(
        steps=cite(facts, _steps(facts, host, load, draft)),
        restarts=node,
        preconditions=(
            *judge_registration(facts, node, by_plan=by_plan(facts, host)),
            _agreed(),
            *judge_end(facts, node),
        ),
        never=_half(draft),
        support=(
            *upgrade_questions(facts, node),
            "Whether a cluster whose Machine was made by hand is supported.",
        ),
        drafts=(draft, draft_registration(facts, host)),
    )


def _agreed() -> Precondition:
    """R7: no source tells it, so that this way is never promised."""
    told = "no report of it is known, good or bad: it follows from the code of Rancher and Cluster API"
    return Precondition(
        id="R7",
        asks="Does vendor support agree that the objects are made by hand?",
        met=None,
        told=told,
        untold=(told,),
        by_hand=(f"{advice.ATTACH}and the draft.",),
    )


def _half(draft: Draft) -> Action:
    """What posts on the web advise: the CustomMachine alone."""
    made = tuple(obj for obj in draft.objects if obj["kind"] == "CustomMachine")
    return Action(verb=Verb.CREATE, ref=ObjectRef("CustomMachine", FLEET, name_of(made[0])), objects=made)


def _made_already(facts: Facts, node: ObjectRef, host: Host) -> list[ObjectRef]:
    own = ObjectRef("Machine", FLEET, host.machine)
    made = [*facts.pairing.claiming_machines(node), *facts.pairing.weak_matches(node)]
    return [*made, *([own] if own in facts.links.objects else [])]


def _steps(facts: Facts, host: Host, load: Load, draft: Draft) -> Iterator[PlanStep]:
    yield from back_up_steps(facts, host.node)
    yield find_reason(host.node)
    yield _check_identity(host, draft)
    yield from leave_steps(facts, host.node, load)
    yield _try(draft)
    *ready, registers = registration_steps(facts, host)
    yield from ready
    yield _create(host, draft)
    yield registers


def _check_identity(host: Host, draft: Draft) -> PlanStep:
    return PlanStep(
        what=f"Compare the draft with the identity of {host.node.name}, and fill in what is open",
        place=Place.HOST,
        commands=commands_in(f"{SHOW_ID}, {SHOW_DIGEST}"),
        sees=(
            "the first is label rke.cattle.io/machine-id of all three objects, the second the end of their name",
            f"{quote_argument(draft.name)} names the roles {join_names(host.roles)}, and those only",
        ),
        done="" if draft.untold else f"the host's own file says {host.machine}",
    )


def _try(draft: Draft) -> PlanStep:
    file = quote_argument(draft.name)
    return PlanStep(
        what="Let the API check the draft without keeping it",
        place=Place.KUBECTL,
        commands=(f"kubectl create --dry-run=server -f {file}",),
        sees=("three lines end with: created (server dry run)",),
    )


def _create(host: Host, draft: Draft) -> PlanStep:
    file = quote_argument(draft.name)
    name = host.node.name
    return PlanStep(
        what="Create the three objects together",
        place=Place.KUBECTL,
        commands=(f"kubectl create -f {file}",),
        sees=(
            seen_by(LIST_PAIRS, f"shows {host.name} without a Node, in phase Pending or Provisioning"),
            seen_by(
                f"kubectl get rkebootstraps.rke.cattle.io -n {FLEET} {quote_argument(host.name)} -o yaml",
                "shows the Machine as its owner, and status.dataSecretName",
            ),
        ),
        links=(issue("harvester/harvester", 8236),),
        caution=f"Go on at once: from here on Rancher waits for the agent of {name}, and does nothing for other nodes.",
        back=f"As long as the Machine has neither nodeRef nor providerID: `kubectl delete -f {file}`. Later that would "
        f"delete Node {name}.",
        action=Action(verb=Verb.CREATE, ref=ObjectRef("Machine", FLEET, host.name), objects=draft.objects),
    )
