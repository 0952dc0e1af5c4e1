"""The drains of an upgrade: one that Rancher does not get through, and several at once."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.model import ObjectRef, Severity
from harvdiag.core.suggest import listed
from harvdiag.rules import advice
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import show
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import asked, at_nodes, pairing_causes, stated, steps, worked
from harvdiag.upgrade.handshake import DrainStep, Handshake, annotation_path
from harvdiag.upgrade.phases import PRELOADED
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

SEEN = {"Upgrade", "Node", "Machine", "Secret"}
UNDRAINED = (DrainStep.DRAIN_ANNOUNCED, DrainStep.PRE_DRAIN_REQUESTED, DrainStep.PRE_DRAIN_ACKNOWLEDGED)
DRAINED = (
    DrainStep.PRE_DRAIN_REQUESTED,
    DrainStep.PRE_DRAIN_ACKNOWLEDGED,
    DrainStep.DRAINED,
    DrainStep.UNCORDON_REQUESTED,
    DrainStep.POST_DRAIN_REQUESTED,
)
"""The steps of a node whose drain was requested and is not over: without the announcement and the last answer."""
REFUSALS = (
    (
        "instance-manager",
        "a Longhorn instance manager may not leave",
        (
            "It serves a volume that has no healthy copy elsewhere, or its PodDisruptionBudget is a leftover: look at "
            "the volumes in Longhorn first, and let every rebuild end (harvester/harvester#7366)."
        ),
    ),
    (
        "virt-launcher",
        "a VM may not leave",
        (
            "Find the VM by the pod's name and see why it does not migrate: a host device, a CD-ROM, a rule of "
            "affinity. Shut it down if it cannot."
        ),
    ),
    (
        "disruption budget",
        "a PodDisruptionBudget forbids it",
        "See which one: `kubectl get poddisruptionbudgets -A`; one with ALLOWED DISRUPTIONS 0 holds the pod.",
    ),
)
"""A word of the error, what it means, and what to look at; the more telling first."""
OTHER_REFUSAL = "Read the error: it names the pod, or the request that failed."
LONGEST = 300


@rule(
    "several-nodes-draining",
    severity=Severity.WARNING,
    needs=SEEN,
    links=["harvester/harvester#3216", "harvester/harvester#2907", "rancher/rancher#39167"],
)
def several_nodes_draining(facts: Facts) -> Iterator[Hit]:
    """Several nodes are being drained at once.

    Harvester upgrades one node after the other and starts no hook while another node is at work. A race in older
    releases of Rancher's planner asks for several drains: those nodes stay cordoned, wait for each other, and volumes
    with replicas on both may lose all of them.
    """
    rollout = at_nodes(facts)
    at_work = _drained(rollout) if rollout else []
    if rollout is None or len(at_work) < 2:
        return
    told = [f'{node.name} ("{node.state or "not listed"}")' for node, _ in at_work]
    surplus = sorted(at_work, key=lambda pair: pair[0].state not in {PRELOADED, ""})
    yield Hit(
        subject=rollout.upgrade.ref,
        message=(
            f"{len(at_work)} nodes are being drained at once in Upgrade {rollout.upgrade.ref.name}: {listed(told)}; "
            "Rancher should ask for one at a time"
        ),
        evidence=tuple(
            evidence
            for node, (secret, shaken) in surplus
            for evidence in (
                *show(
                    facts,
                    secret,
                    *(annotation_path(key) for key in reversed(tuple(shaken.values)) if key != "drain-options"),
                ),
                stated(rollout, node),
                *show(facts, node.ref, "spec.unschedulable"),
            )
        ),
        next=(
            _whose_turn([node for node, _ in at_work]),
            (
                "See that no volume is degraded: `kubectl get volumes.longhorn.io -n longhorn-system`; a rebuild that "
                "cannot end because of the second cordon needs that node: `kubectl uncordon` the node."
            ),
            "Harvester takes up the second when the first has Succeeded. If it does not, ask vendor support.",
        ),
        caution=(
            "Do not answer the hooks of both: with two nodes down at once a volume can lose all replicas. "
            f"{advice.QUORUM}"
        ),
    )


def _drained(rollout: UpgradeRun) -> list[tuple[NodeUpgrade, tuple[ObjectRef, Handshake]]]:
    """The nodes under drain, one for each plan Secret: Nodes that share a Machine are asked for but one drain."""
    found: dict[ObjectRef, tuple[NodeUpgrade, tuple[ObjectRef, Handshake]]] = {}
    for node in rollout.nodes:
        if pair := next(steps(node, *DRAINED), None):
            found.setdefault(pair[0], (node, pair))
    return list(found.values())


def _whose_turn(nodes: list[NodeUpgrade]) -> str:
    """Which of them Harvester works on."""
    busy = [node.name for node in nodes if node.state not in {PRELOADED, ""}]
    if busy:
        return f"Let {listed(busy)} finish: Harvester is at work there, and begins with no other before."
    return (
        "Harvester has begun with none of them. Collect again after ten minutes: it takes up one of them, and that one "
        "has to finish first."
    )


@rule(
    "upgrade-drain-refused",
    holds=True,
    severity=Severity.WARNING,
    needs=SEEN,
    links=["harvester/harvester#2053", "harvester/harvester#7366", "harvester/harvester#7553"],
)
def upgrade_drain_refused(facts: Facts) -> Iterator[Hit]:
    """A try to drain a node has failed.

    Rancher evicts the node's pods for ten minutes, and tries again after each refusal. Until it gets through, the node
    keeps its old version and no other node begins; one failed try alone may pass.
    """
    rollout = at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        refused = next(((s, shaken) for s, shaken in steps(node, *UNDRAINED) if shaken.error), None)
        if rollout is None or refused is None:
            continue
        secret, shaken = refused
        meaning, look = _refusal(shaken.error)
        yield Hit(
            subject=node.ref,
            message=(
                f"Rancher could not drain Node {node.name} at its last try{f', because {meaning}' if meaning else ''}: "
                f"{shaken.error[:LONGEST].rstrip('. ')}{'…' if len(shaken.error) > LONGEST else ''}"
            ),
            evidence=(
                *asked(facts, secret, "drain-error", "pre-drain", "pre-hook"),
                stated(rollout, node),
                *worked(facts, node.job("pre-drain")),
            ),
            next=(
                look,
                "Rancher tries again by itself, ten minutes each: collect again then, or when the cause is gone.",
            ),
            caution="Do not delete a PodDisruptionBudget or an instance manager before you know that each volume on "
            f"{node.name} has a healthy replica on another node: the replica there may be the last copy.",
            causes=pairing_causes(node),
        )


def _refusal(error: str) -> tuple[str, str]:
    said = error.lower()
    return next(((why, look) for word, why, look in REFUSALS if word in said), ("", OTHER_REFUSAL))
