"""P5, no upgrade in the way: none has reached the nodes, or all other nodes are done.

See docs/objects.md#precondition-upgrade.
"""

from __future__ import annotations

from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.cure.preconditions.removal import Removal, gaps_of
from harvdiag.cure.preconditions.words import decide, list_some
from harvdiag.rules import actions
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import rollout_at_nodes
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.run import NodeUpgrade

__all__ = ["judge_end", "judge_upgrade"]


def judge_upgrade(facts: Facts, removal: Removal) -> Precondition:
    """Judge P5: no upgrade is at the nodes (phase 7), or every other node of it is done.

    A Machine without a Node is not one of its nodes: an upgrade that waits for such a one goes on once it is gone
    (harvester/harvester#6203).
    """
    run, at_nodes = facts.rollout, rollout_at_nodes(facts)
    others = [node for node in at_nodes.nodes if node.name not in removal.names] if at_nodes else []
    open_nodes = [node for node in others if node.place != DONE]
    ghost = not removal.nodes and not removal.untold
    untold = () if ghost else gaps_of(facts, "Upgrade", "UpgradePlan", *(("Node",) if at_nodes else ()))
    met = decide(not ghost and (open_nodes or (at_nodes and not others)), untold)
    upgrade = run.upgrade if run else None
    return Precondition(
        id="P5",
        asks=f"Has no upgrade reached the nodes, or is each node but {removal.place} done?",
        met=met,
        values=(
            Value(name="upgrade", value=upgrade.ref.name if upgrade else "", refs=(upgrade.ref,) if upgrade else ()),
            Value(name="phase", value=upgrade.phase.number if upgrade and upgrade.phase else None),
            Value(name="at the nodes", value=at_nodes is not None),
            Value(name="other nodes", value=len(others), refs=tuple(node.ref for node in others)),
            Value(name="other nodes not done", value=len(open_nodes), refs=tuple(node.ref for node in open_nodes)),
        ),
        evidence=_evidence(facts, open_nodes),
        told=_tell(facts, others, open_nodes, ghost) if met is not None else _tell_open(untold),
        untold=untold,
        by_hand=_by_hand() if met is None else (),
    )


def judge_end(facts: Facts, node: ObjectRef) -> tuple[Precondition, ...]:
    """Judge R8, only in an upgrade of nodes that waits for this one: no object tells how it ends, so none is promised.

    Harvester keeps each node that it once listed, and waits until all have succeeded (harvester/harvester#7874).
    """
    run = rollout_at_nodes(facts)
    entry = next((each for each in run.nodes if each.ref == node), None) if run else None
    if run is None or run.upgrade.v2 or entry is None or not entry.state or entry.place == DONE:
        return ()
    told = f"{run.title} keeps {node.name} as {entry.state!r}, and no report tells how it goes on after that"
    return (
        Precondition(
            id="R8",
            asks=f"Has vendor support said how {run.title} ends with {node.name}?",
            met=None,
            values=(Value(name="state of the node", value=entry.state, refs=(run.upgrade.ref,)),),
            told=told,
            untold=(told,),
            by_hand=(f"Ask vendor support before the first step how {run.title} comes to its end.",),
        ),
    )


def _evidence(facts: Facts, nodes: list[NodeUpgrade]) -> tuple[Evidence, ...]:
    if facts.rollout is None:
        return ()
    upgrade = facts.rollout.upgrade
    states = tuple(
        Evidence(upgrade.ref, f'{upgrade.statuses_path}["{node.name}"].state', node.state or None) for node in nodes
    )
    return (*field_evidence(facts, upgrade.ref, upgrade.state_path), *states)


def _tell(facts: Facts, others: list[NodeUpgrade], open_nodes: list[NodeUpgrade], ghost: bool) -> str:
    run = facts.rollout
    if ghost:
        return "no Node goes with it that an upgrade could lose"
    if run is None:
        return "no upgrade runs"
    if rollout_at_nodes(facts) is None:
        phase = run.upgrade.phase
        return f"{run.title} has not reached the nodes{f' (phase {phase.number})' if phase else ''}"
    done = f"{len(others) - len(open_nodes)} of {len(others)} other nodes are done"
    waits = ", ".join(f"{node.name} {node.state or 'not in its list'}" for node in open_nodes[:6])
    return f"{run.title} is at the nodes: {done}{f' ({waits})' if waits else ''}"


def _tell_open(untold: tuple[str, ...]) -> str:
    return f"whether an upgrade runs cannot be told: {list_some(untold)}"


def _by_hand() -> tuple[str, ...]:
    return (f"List the upgrades: `kubectl get upgrades.harvesterhci.io,{actions.UPGRADE_PLANS} -A -o yaml`.",)
