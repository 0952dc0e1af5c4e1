"""A plan Secret that is missing: Rancher makes it from the RKEBootstrap, and the agent applies the plan in it."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.model import ObjectRef
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.ways.hosts import cite, seen_by
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.cure.ways.steps import place_of, restart_agent, title
from harvdiag.graph.pairing import BOOTSTRAP
from harvdiag.rules import actions
from harvdiag.rules.facts import Facts

__all__ = ["renew_plan"]


@way(
    "renew-plan",
    title="Let Rancher make the plan Secret again",
    fits="For a Machine whose RKEBootstrap is there: Rancher makes the Secret at its next look, and RKE2 restarts on "
    "the host when its agent applies the whole plan again.",
)
def renew_plan(case: Case) -> Plan:
    """Restart Rancher, whose bootstrap controller then looks at every RKEBootstrap, and see what the agent does."""
    facts, machine = case.facts, case.finding.subject
    edges = facts.links.edges_from(machine, BOOTSTRAP, "RKEBootstrap")
    if not edges or edges[0].broken:
        raise Unfit("its RKEBootstrap is missing, from which Rancher makes the Secret")
    plan = ObjectRef("Secret", machine.namespace, f"{machine.name}-machine-plan")
    if _is_taken(facts, plan):
        raise Unfit(f"a {title(plan)} of another type is in the way, and what made it is not told")
    edge = facts.pairing.node_ref(machine)
    node = edge.target if edge and edge.target in facts.links.objects else None
    return Plan(steps=cite(facts, _steps(plan, node)), restarts=node, support=("Why Rancher did not make it before.",))


def _is_taken(facts: Facts, plan: ObjectRef) -> bool:
    """Whether a Secret has the name, though it is not a plan: only a source of files has such."""
    return plan in facts.links.objects or facts.snapshot.get(plan) is not None


def _steps(plan: ObjectRef, node: ObjectRef | None) -> Iterator[PlanStep]:
    name = f"kubectl get {place_of(plan)}"
    yield PlanStep(
        what="Restart Rancher, which then looks at every RKEBootstrap; VMs keep running",
        place=Place.KUBECTL,
        commands=(actions.restart_deployment("rancher", "cattle-system").strip("`"),),
        sees=(seen_by(name, "shows it"),),
        action=Action(verb=Verb.WAIT),
    )
    yield PlanStep(
        what=f"See whether the agent of {node.name if node else 'its host'} applies the plan",
        place=Place.HOST,
        commands=restart_agent(),
        sees=(seen_by(f"{name} -o yaml", "has last-apply-time in its data"),),
        caution="Restart the agent only if its log repeats an error: an agent of an older release stops for good when "
        f"{title(plan)} is another than the one it knew.",
    )
    if node is not None:
        ready = f"kubectl get node {actions.quote_argument(node.name)}"
        yield PlanStep(
            what=f"Wait until {node.name} is Ready again: RKE2 restarts there",
            place=Place.KUBECTL,
            commands=(ready,),
            sees=(seen_by(ready, "says Ready"),),
        )
