"""Ways that set a label which Harvester needs."""

from __future__ import annotations

from harvdiag.cure.cascade.words import unread_object
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.rules import actions

__all__ = ["label_managed"]

MANAGED = "harvesterhci.io/managed"


@way(
    "label-managed",
    title="Set the label of Harvester's own nodes",
    fits="For a host that Harvester installed and whose Machine is there; it costs nothing, and plans then run on it.",
)
def label_managed(case: Case) -> Plan:
    """Set the label on the Node; what the plans of an upgrade do then is in the rehearsal."""
    node = case.finding.subject
    if node not in case.facts.links.objects:
        raise Unfit(unread_object(node))
    name = actions.quote_argument(node.name)
    return Plan(
        steps=(
            PlanStep(
                what=f"Set the label on Node {node.name}",
                place=Place.KUBECTL,
                commands=(f"kubectl label nodes {name} {MANAGED}=true --overwrite",),
                sees=(f"`kubectl get nodes -l {MANAGED}=true` lists {node.name}.",),
                back=f"`kubectl label nodes {name} {MANAGED}-`",
                action=Action(verb=Verb.LABEL, ref=node, changes=((MANAGED, "true"),)),
            ),
        )
    )
