"""Nodes that Harvester does not manage, for which an upgrade waits without end: its plan does not select them."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import get_labels
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.rules import actions
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.upgrade.phases import AT_SERVICES, PHASES, SERVICES
from harvdiag.upgrade.plans import SKIP_RESTART, NodePlan, node_plans

MANAGED = 'metadata.labels["harvesterhci.io/managed"]'
STATE = 'metadata.labels["harvesterhci.io/upgradeState"]'
UNPAIRED = ("node-not-managed", "node-without-machine", "node-half-joined", "node-dangling-machine")
BEFORE_SERVICES = frozenset(phase.label for phase in PHASES if phase.number < SERVICES)
"""The phases before the services are upgraded; the nodes' images are loaded in the last of them."""
UNMANAGED = (
    "Setting the label by hand lets the plan run, but a Node without a Machine then stops the upgrade at "
    '"Images preloaded", where the Upgrade can no longer be deleted (harvester/harvester#8236).'
)


@rule(
    "upgrade-plan-blocked-by-unmanaged-node",
    needs={"Upgrade", "Plan", "Node"},
    optional={"Machine"},
    links=["harvester/harvester#8236", "harvester/harvester#8179"],
)
def upgrade_plan_blocked_by_unmanaged_node(facts: Facts) -> Iterator[Hit]:
    """The upgrade of the system services waits for a Node that its plan does not select.

    The plan selects the Nodes that Harvester manages; the Job apply-manifests counts all Nodes and waits until each
    has the plan's label ("Waiting for plan … skip-restart-rancher-system-agent to complete"). For a Node without the
    label harvesterhci.io/managed=true that never happens.
    """
    rollout = facts.upgrade_run
    if rollout is None or rollout.upgrade.state != AT_SERVICES:
        return
    upgrade = rollout.upgrade.ref
    for plan in (p for p in node_plans(facts.snapshot.objects("Plan")) if p.upgrade == upgrade.name):
        left_out = _find_left_out(facts, plan)
        if plan.task != SKIP_RESTART or not left_out:
            continue
        yield Hit(
            subject=upgrade,
            message=(
                f"Upgrade {upgrade.name} waits for {_join_names(left_out)}: its plan {plan.ref.name} skips what "
                "Harvester does not manage, while the Job apply-manifests waits until every Node has run it"
            ),
            evidence=(
                *(
                    e
                    for node in left_out
                    for e in field_evidence(facts, node, MANAGED, f'metadata.labels["{plan.label}"]')
                ),
                *field_evidence(facts, plan.ref, "spec.nodeSelector"),
                *field_evidence(facts, upgrade, STATE),
            ),
            next=(_label_advice(left_out), actions.stop_upgrade(upgrade.name), actions.FIX_AND_START),
            caution=UNMANAGED,
            causes=tuple(cause for node in left_out for cause in _unmanaged_causes(facts, node)),
            targets=tuple(left_out),
        )


def _find_left_out(facts: Facts, plan: NodePlan) -> list[ObjectRef]:
    """Find the Nodes that the plan neither selects nor has run on; one that was just created may get its label yet."""
    nodes = [(ref, facts.pairing.obj(ref)) for ref in facts.pairing.nodes if not facts.recently_created(ref)]
    return [ref for ref, obj in nodes if not plan.selects(obj) and plan.label not in get_labels(obj)]


def _label_advice(nodes: list[ObjectRef]) -> str:
    return f"Find out why {_join_names(nodes)} has no label harvesterhci.io/managed: its Node finding describes how."


def _unmanaged_causes(facts: Facts, node: ObjectRef) -> Iterator[Cause]:
    """Return what explains the missing label: the Node's own fault, or that it follows the Machine of another."""
    named = facts.pairing.machine_ref(node)
    yield from (Cause(name, node) for name in UNPAIRED)
    yield from ([Cause("nodes-share-machine", named.target)] if named else ())


@rule(
    "upgrade-will-wait-for-unmanaged-node",
    severity=Severity.WARNING,
    needs={"Upgrade", "Node"},
    optional={"Machine"},
    links=["harvester/harvester#8236", "harvester/harvester#8179"],
)
def upgrade_will_wait_for_unmanaged_node(facts: Facts) -> Iterator[Hit]:
    """The upgrade will stop at a Node that Harvester does not manage.

    When it upgrades the system services, it waits until every Node has run a plan that selects only Nodes with the
    label harvesterhci.io/managed=true. As long as that phase has not begun, the Upgrade can be deleted.
    """
    rollout = facts.upgrade_run
    if rollout is None or rollout.upgrade.state not in BEFORE_SERVICES:
        return
    upgrade, left_out = rollout.upgrade.ref, (n.ref for n in rollout.nodes if n.exists and not n.managed)
    if not (bare := [ref for ref in left_out if not facts.recently_created(ref)]):
        return
    yield Hit(
        subject=upgrade,
        message=(
            f"Upgrade {upgrade.name} will wait forever for {_join_names(bare)} when it upgrades the system services: "
            "a plan has to run on every Node then, and it skips what Harvester does not manage"
        ),
        evidence=(
            *(row for node in bare for row in field_evidence(facts, node, MANAGED)),
            *field_evidence(facts, upgrade, STATE),
        ),
        next=(_label_advice(bare), actions.stop_upgrade(upgrade.name), actions.FIX_AND_START),
        caution=UNMANAGED,
        causes=tuple(
            cause for node in bare for cause in (Cause("node-not-managed", node), *_unmanaged_causes(facts, node))
        ),
    )


def _join_names(nodes: list[ObjectRef]) -> str:
    return " and ".join(node.name for node in nodes)
