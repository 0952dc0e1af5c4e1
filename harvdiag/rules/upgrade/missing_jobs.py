"""A node whose upgrade counts as in progress although the Job for it does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.rules import actions
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import (
    cordoned_at,
    has_settled,
    nodes_begun_at,
    plan_secret_evidence,
    rollout_at_nodes,
    state_evidence,
)
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.jobs import job_selector
from harvdiag.upgrade.phases import POST_DRAINING, PRE_DRAINED, PRE_DRAINING, PRELOADED
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

SINGLE = "single-node-upgrade"
V2_BEGINS = {PRELOADED: "ImagePreloaded", PRE_DRAINED: "PreDrained"}
"""The states from which Upgrade V2 starts a Job, by those of V1."""


class _MissingJob(NamedTuple):
    """A Job that does not exist: its type, when it may last have been created, and the state that a Job starts from."""

    job: str
    since: str
    begins: str


@rule(
    "upgrade-node-without-job",
    short="without job",
    needs={"Upgrade", "Node", "Machine", "Secret", "Job", "UpgradePlan"},
    links=["harvester/harvester#3021", "harvester/harvester#9371"],
)
def upgrade_node_without_job(facts: Facts) -> Iterator[Hit]:
    """A node's upgrade counts as in progress, but the Job for it does not exist.

    Harvester creates a node's Job first and writes the state after it; the Job's end advances the state. A Job that was
    deleted never ends. Harvester creates a new pre-drain Job only at "Images preloaded" and a new post-drain Job only
    at "Pre-drained", so that the node stays as it is, and all others wait behind it.
    """
    rollout = rollout_at_nodes(facts)
    if rollout is None:
        return
    for node, missing in _find_missing_jobs(facts, rollout):
        upgrade = rollout.upgrade.ref
        home = "harvester-system"
        yield Hit(
            subject=node.ref,
            message=(
                f'Node {node.name} is at "{node.state}" in {rollout.title}, but there is no {missing.job} Job '
                "for it: nothing is in progress there, and Harvester creates no other Job from that state"
            ),
            evidence=(
                state_evidence(rollout, node),
                missing_evidence("Job", home, f"{upgrade.name}-{missing.job}-{node.name}"),
                *plan_secret_evidence(facts, node.secret, "pre-drain", "pre-hook", "post-drain", "post-hook"),
            ),
            next=_recreation_steps(rollout.upgrade, node.name, missing),
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


def _recreation_steps(upgrade: Upgrade, node: str, missing: _MissingJob) -> tuple[str, ...]:
    """Return how to find out what removed the Job, and how Harvester creates it again."""
    marks = job_selector(upgrade, node)
    begins = V2_BEGINS[missing.begins] if upgrade.v2 else missing.begins
    return (
        f"Verify: `kubectl get jobs -n harvester-system -l {actions.quote_argument(marks)}`.",
        (
            "Find out who deleted it: `kubectl get events -n harvester-system`, and the log of the pods "
            f"`harvester` in harvester-system, searched for {node}."
        ),
        (
            f"Ask vendor support to set the state of {node} in the status of {upgrade.ref.name} back to "
            f'"{begins}": Harvester then creates the Job again.'
        ),
    )


def _find_missing_job(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> _MissingJob | None:
    """Return the Job that the node's state implies and that does not exist, or None."""
    if rollout.upgrade.single_node:
        due = (PRELOADED, POST_DRAINING) if rollout.upgrade.v2 else (PRELOADED,)
        if node.place not in due or node.job(SINGLE) or rollout.upgrade.single_node != node.name:
            return None
        return _MissingJob(SINGLE, nodes_begun_at(rollout.upgrade), PRELOADED)
    if node.place == PRE_DRAINING and not node.job("pre-drain"):
        return _MissingJob("pre-drain", cordoned_at(facts, node.ref), PRELOADED)
    if node.place == POST_DRAINING and not node.job("post-drain"):
        before = node.job("pre-drain")
        return _MissingJob("post-drain", latest_time(before.ended if before else "", node.ready_since), PRE_DRAINED)
    return None
