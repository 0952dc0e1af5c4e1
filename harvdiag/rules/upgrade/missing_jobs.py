"""A node whose upgrade counts as in progress although the Job for it does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import (
    cordoned_at,
    has_settled,
    plan_secret_evidence,
    state_evidence,
    upgrade_at_nodes,
)
from harvdiag.upgrade.phases import POST_DRAINING, PRE_DRAINED, PRE_DRAINING, PRELOADED
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

SINGLE = "single-node-upgrade"


class _MissingJob(NamedTuple):
    """A Job that does not exist: its type, when it may last have been created, and the state that a Job starts from."""

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
    """A node's upgrade counts as in progress, but the Job for it does not exist.

    Harvester creates a node's Job first and writes the state after it; the Job's end advances the state. A Job that was
    deleted never ends. Harvester creates a new pre-drain Job only at "Images preloaded" and a new post-drain Job only
    at "Pre-drained", so that the node stays as it is, and all others wait behind it.
    """
    rollout = upgrade_at_nodes(facts)
    if rollout is None:
        return
    for node, missing in _find_missing_jobs(facts, rollout):
        upgrade = rollout.upgrade.ref
        yield Hit(
            subject=node.ref,
            message=(
                f'Node {node.name} is at "{node.state}" in Upgrade {upgrade.name}, but there is no {missing.job} Job '
                "for it: nothing is in progress there, and Harvester creates no other Job from that state"
            ),
            evidence=(
                state_evidence(rollout, node),
                missing_evidence("Job", upgrade.namespace, f"{upgrade.name}-{missing.job}-{node.name}"),
                *plan_secret_evidence(facts, node.secret, "pre-drain", "pre-hook", "post-drain", "post-hook"),
            ),
            next=_recreation_steps(upgrade.name, node.name, missing),
            caution=(
                f"Do not create the Job by hand, and do not answer the hook of {node.name} by hand: the work on that "
                "node was not done, or only in part."
            ),
            causes=(Cause("upgrade-names-missing-node", node.ref),),
        )


def _find_missing_jobs(facts: Facts, rollout: UpgradeRun) -> Iterator[tuple[NodeUpgrade, _MissingJob]]:
    """Yield the nodes whose Job has been missing for so long that Harvester would have created it."""
    for node in rollout.nodes:
        missing = _find_missing_job(facts, rollout, node) if node.exists else None
        # Without a time nothing is said: the Job may be the next thing that Harvester creates.
        if missing and Timestamp(missing.since) and has_settled(facts, missing.since):
            yield node, missing


def _recreation_steps(upgrade: str, node: str, missing: _MissingJob) -> tuple[str, ...]:
    """Return how to find out what removed the Job, and how Harvester creates it again."""
    marks = f"harvesterhci.io/upgrade={upgrade},harvesterhci.io/node={node}"
    return (
        f"Verify: `kubectl get jobs -n harvester-system -l {advice.quote_argument(marks)}`.",
        (
            "Find out who deleted it: `kubectl get events -n harvester-system`, and the log of the pods "
            f"`harvester` in harvester-system, searched for {node}."
        ),
        (
            f"Ask vendor support to set the state of {node} in the Upgrade's status back to "
            f'"{missing.begins}": Harvester then creates the Job again.'
        ),
    )


def _find_missing_job(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> _MissingJob | None:
    """Return the Job that the node's state implies and that does not exist, or None."""
    if rollout.upgrade.single_node:
        begun = rollout.upgrade.conditions.get("NodesUpgraded")
        if node.state != PRELOADED or node.job(SINGLE) or rollout.upgrade.single_node != node.name:
            return None
        return _MissingJob(SINGLE, begun.since if begun else "", PRELOADED)
    if node.state == PRE_DRAINING and not node.job("pre-drain"):
        return _MissingJob("pre-drain", cordoned_at(facts, node.ref), PRELOADED)
    if node.state == POST_DRAINING and not node.job("post-drain"):
        before = node.job("pre-drain")
        return _MissingJob("post-drain", latest_time(before.ended if before else "", node.ready_since), PRE_DRAINED)
    return None
