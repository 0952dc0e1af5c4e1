"""A node that counts as being at work although nothing works on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.timestamps import Timestamp, latest
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import gone
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import asked, at_nodes, cordoned_at, settled, stated
from harvdiag.upgrade.phases import POST_DRAINING, PRE_DRAINED, PRE_DRAINING, PRELOADED
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

SINGLE = "single-node-upgrade"


class _Lack(NamedTuple):
    """The type of the Job that is not there, the last time at which it may have been made, and where one begins."""

    job: str
    since: str
    begins: str


@rule(
    "upgrade-node-without-job",
    short="without job",
    needs={"Upgrade", "Node", "Machine", "Secret", "Job"},
    links=["harvester/harvester#3021", "harvester/harvester#9371"],
)
def upgrade_node_without_job(facts: Facts) -> Iterator[Hit]:
    """A node counts as being at work, but the Job that would do the work does not exist.

    Harvester makes a node's Job first and writes the state after it; the Job's end moves the state on. A Job that was
    deleted never ends. Harvester makes a new pre-drain Job only at "Images preloaded" and a new post-drain Job only at
    "Pre-drained", so that the node stays as it is, and all others behind it.
    """
    rollout = at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        lack = _lack(facts, rollout, node) if rollout and node.exists else None
        if rollout is None or lack is None or not Timestamp(lack.since) or not settled(facts, lack.since):
            continue
        upgrade = rollout.upgrade.ref
        marks = f"harvesterhci.io/upgrade={upgrade.name},harvesterhci.io/node={node.name}"
        yield Hit(
            subject=node.ref,
            message=(
                f'Node {node.name} is at "{node.state}" in Upgrade {upgrade.name}, but there is no {lack.job} Job for '
                "it: nothing works on it, and Harvester makes no other one from that state"
            ),
            evidence=(
                stated(rollout, node),
                gone("Job", upgrade.namespace, f"{upgrade.name}-{lack.job}-{node.name}"),
                *asked(facts, node.secret, "pre-drain", "pre-hook", "post-drain", "post-hook"),
            ),
            next=(
                f"See that it is so: `kubectl get jobs -n harvester-system -l {advice.arg(marks)}`.",
                (
                    "Find out who deleted it: `kubectl get events -n harvester-system`, and the log of the pods "
                    f"`harvester` in harvester-system, searched for {node.name}."
                ),
                (
                    f"Ask vendor support to set the state of {node.name} in the Upgrade's status back to "
                    f'"{lack.begins}": Harvester then makes the Job anew.'
                ),
            ),
            caution=(
                f"Do not make the Job by hand, and do not answer the hook of {node.name} by hand: the work on that "
                "node was not done, or only in part."
            ),
            causes=(Cause("upgrade-names-missing-node", node.ref),),
        )


def _lack(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> _Lack | None:
    """The Job that the node's state tells of and that is not there."""
    if rollout.upgrade.single_node:
        begun = rollout.upgrade.conditions.get("NodesUpgraded")
        if node.state != PRELOADED or node.job(SINGLE) or rollout.upgrade.single_node != node.name:
            return None
        return _Lack(SINGLE, begun.since if begun else "", PRELOADED)
    if node.state == PRE_DRAINING and not node.job("pre-drain"):
        return _Lack("pre-drain", cordoned_at(facts, node.ref), PRELOADED)
    if node.state == POST_DRAINING and not node.job("post-drain"):
        before = node.job("pre-drain")
        return _Lack("post-drain", latest(before.ended if before else "", node.ready_since), PRE_DRAINED)
    return None
