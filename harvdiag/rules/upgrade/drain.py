"""The drains of an upgrade: one that fails, and several at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import (
    job_evidence,
    pairing_causes,
    plan_secret_evidence,
    rollout_at_nodes,
    secrets_at_step,
    state_evidence,
)
from harvdiag.upgrade.handshake import DrainStep, Handshake
from harvdiag.upgrade.phases import PRELOADED
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

SEEN = {"Upgrade", "UpgradePlan", "Node", "Machine", "Secret"}
UNDRAINED = (DrainStep.DRAIN_ANNOUNCED, DrainStep.PRE_DRAIN_REQUESTED, DrainStep.PRE_DRAIN_ACKNOWLEDGED)
UNDER_DRAIN = (
    DrainStep.PRE_DRAIN_REQUESTED,
    DrainStep.PRE_DRAIN_ACKNOWLEDGED,
    DrainStep.DRAINED,
    DrainStep.UNCORDON_REQUESTED,
    DrainStep.POST_DRAIN_REQUESTED,
)
"""Steps of a node whose drain was requested and has not ended: without the announcement and the last answer."""
REFUSALS = (
    (
        "instance-manager",
        "a Longhorn instance manager may not be evicted",
        (
            "It serves a volume that has no healthy copy elsewhere, or its PodDisruptionBudget is a leftover: look at "
            "the volumes in Longhorn first, and let every rebuild finish (harvester/harvester#7366)."
        ),
    ),
    (
        "virt-launcher",
        "a VM may not be evicted",
        (
            "Find the VM by the pod's name and check why it does not migrate: a host device, a CD-ROM, an affinity "
            f"rule. Shut it down if it cannot migrate: {actions.stop_vm('NAME')}."
        ),
    ),
    (
        "disruption budget",
        "a PodDisruptionBudget forbids it",
        (
            "Find out which one: `kubectl get poddisruptionbudgets -A`; one with ALLOWED DISRUPTIONS 0 blocks "
            "eviction. Start another replica of its workload elsewhere, such as `kubectl scale deployment -n NAMESPACE "
            "NAME --replicas=2`."
        ),
    ),
)
"""A word of the error, what it means, and what to look at; the more specific first."""
OTHER_REFUSAL = "Read the error: it names the pod, or the request that failed."
MAX_ERROR_LENGTH = 300
INSTANCE_MANAGER = re.compile(r"instance-manager-[a-z0-9-]+")


@rule(
    "several-nodes-draining",
    severity=Severity.WARNING,
    needs=SEEN,
    links=["harvester/harvester#3216", "harvester/harvester#2907", "rancher/rancher#39167"],
)
def several_nodes_draining(facts: Facts) -> Iterator[Hit]:
    """Several nodes are being drained at once.

    Harvester upgrades one node after the other and starts no hook Job while another node is being upgraded. A race in
    older releases of Rancher's planner requests several drains: those nodes stay cordoned, wait for each other, and
    volumes with replicas on both may lose all of them.
    """
    rollout = rollout_at_nodes(facts)
    draining = _find_draining(rollout) if rollout else []
    if rollout is None or len(draining) < 2:
        return
    states = [f'{node.name} ("{node.state or "not listed"}")' for node, _ in draining]
    # The nodes that should not be drained yet come first: theirs are the requests that the race produced.
    surplus = sorted(draining, key=lambda pair: pair[0].place not in {PRELOADED, ""})
    yield Hit(
        subject=rollout.upgrade.ref,
        message=(
            f"{len(draining)} nodes are being drained at once in {rollout.title}: "
            f"{join_names(states)}; Rancher should drain one at a time"
        ),
        evidence=tuple(e for node, plan in surplus for e in _drain_evidence(facts, rollout, node, plan)),
        next=_turn_steps([node for node, _ in draining]),
        caution=(
            "Do not answer the hooks of both: with two nodes down at once a volume can lose all replicas. "
            f"{advice.QUORUM}"
        ),
    )


def _drain_evidence(
    facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, plan: tuple[ObjectRef, Handshake]
) -> tuple[Evidence, ...]:
    """Return what shows that a node is under drain: its plan Secret's annotations, the latest first, and its cordon."""
    secret, shaken = plan
    keys = (key for key in reversed(tuple(shaken.values)) if key != "drain-options")
    return (
        *plan_secret_evidence(facts, secret, *keys),
        state_evidence(rollout, node),
        *field_evidence(facts, node.ref, "spec.unschedulable"),
    )


def _turn_steps(nodes: list[NodeUpgrade]) -> tuple[str, ...]:
    """Return how to let the drains finish one after the other."""
    return (
        _turn_advice(nodes),
        (
            f"{advice.NONE_DEGRADED}; a rebuild that cannot finish because of the second cordon needs that node: "
            f"{' or '.join(actions.uncordon(node.name) for node in nodes[:2])}."
        ),
        "Harvester starts with the second when the first is done. If it does not, ask vendor support.",
    )


def _find_draining(rollout: UpgradeRun) -> list[tuple[NodeUpgrade, tuple[ObjectRef, Handshake]]]:
    """Find the nodes under drain, one for each plan Secret: Nodes that share a Machine have only one drain."""
    by_secret: dict[ObjectRef, tuple[NodeUpgrade, tuple[ObjectRef, Handshake]]] = {}
    for node in rollout.nodes:
        if pair := next(secrets_at_step(node, *UNDER_DRAIN), None):
            by_secret.setdefault(pair[0], (node, pair))
    return list(by_secret.values())


def _turn_advice(nodes: list[NodeUpgrade]) -> str:
    """Return which of them to let finish first: the one that Harvester is upgrading."""
    busy = [node.name for node in nodes if node.place not in {PRELOADED, ""}]
    if busy:
        return f"Let {join_names(busy)} finish: Harvester is upgrading there, and starts no other node before."
    return (
        "Harvester has started none of them. Collect again after ten minutes: it starts one of them, and that one has "
        "to finish first."
    )


@rule(
    "upgrade-drain-refused",
    holds=True,
    severity=Severity.WARNING,
    needs=SEEN,
    optional={"Job"},
    links=[
        "harvester/harvester#2053",
        "harvester/harvester#7366",
        "harvester/harvester#8977",
        "harvester/harvester#7553",
    ],
)
def upgrade_drain_refused(facts: Facts) -> Iterator[Hit]:
    """An attempt to drain a node has failed.

    Rancher evicts the node's pods for ten minutes, and retries after each failure. Until it succeeds, the node keeps
    its old version and no other node begins; a single failed attempt may be harmless.
    """
    rollout = rollout_at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        refused = next(((s, shaken) for s, shaken in secrets_at_step(node, *UNDRAINED) if shaken.error), None)
        if rollout is None or refused is None:
            continue
        secret, shaken = refused
        meaning, look = _explain_refusal(shaken.error)
        yield Hit(
            subject=node.ref,
            message=(
                f"Rancher could not drain Node {node.name} at its last try{f', because {meaning}' if meaning else ''}: "
                f"{shaken.error[:MAX_ERROR_LENGTH].rstrip('. ')}{'…' if len(shaken.error) > MAX_ERROR_LENGTH else ''}"
            ),
            evidence=(
                *plan_secret_evidence(facts, secret, "drain-error", "pre-drain", "pre-hook"),
                state_evidence(rollout, node),
                *job_evidence(facts, node.job("pre-drain")),
            ),
            next=(
                look,
                "Rancher retries by itself, for ten minutes each time: collect again then, or when the cause is fixed.",
            ),
            caution="Do not delete a PodDisruptionBudget or an instance manager before you know that each volume on "
            f"{node.name} has a healthy replica on another node: the replica there may be the last copy.",
            causes=(*pairing_causes(node), *_budget_causes(shaken.error)),
        )


def _budget_causes(error: str) -> Iterator[Cause]:
    """Return the findings about the instance managers that the error of a drain names."""
    for name in dict.fromkeys(INSTANCE_MANAGER.findall(error)):
        ref = ObjectRef("InstanceManager", "longhorn-system", name)
        yield from (Cause(check, ref) for check in ("instance-manager-keeps-budget", "instance-manager-serves-volume"))


def _explain_refusal(error: str) -> tuple[str, str]:
    """Return what the error of a drain means, empty if unknown, and what to look at."""
    message = error.lower()
    return next(((why, look) for word, why, look in REFUSALS if word in message), ("", OTHER_REFUSAL))
