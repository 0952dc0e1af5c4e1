"""A node's plan: what Rancher wrote for its host, and whether the host applied it."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.conditions import ALL_LISTS, find_condition
from harvdiag.core.fields import field_path, get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import LogAnswer, explain_agent, explain_rke2
from harvdiag.rules.thresholds import PLAN
from harvdiag.rules.upgrade_evidence import condition_evidence, pairing_causes, state_evidence, upgrade_at_nodes
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

UPDATED = 'metadata.annotations["rke.cattle.io/plan-last-updated"]'
PASSED = 'metadata.annotations["rke.cattle.io/plan-probes-passed"]'
FAILED_KEY, COUNT, MOST, THRESHOLD = "failed-checksum", "failure-count", "max-failures", "failure-threshold"
UNKNOWN = "its agent did not take the plan, or a component does not start"
READ_LOG = "Read what failed on the host {node}: `journalctl -u rancher-system-agent -n 200`."


class _Failure(NamedTuple):
    """A Machine's plan that the agent failed to apply: since when, the evidence, and whether the agent gave up."""

    machine: ObjectRef
    since: str
    evidence: tuple[Evidence, ...]
    given_up: bool


@rule(
    "upgrade-plan-failed",
    needs={"Upgrade", "Node", "Machine", "Secret"},
    links=["harvester/harvester#5206", "harvester/harvester#10553"],
)
def upgrade_plan_failed(facts: Facts) -> Iterator[Hit]:
    """A host fails to apply the plan that upgrades it.

    Rancher records on the Machine (PlanApplied) that the host's agent failed with its current plan. The agent retries
    every half minute unless max-failures is reached; what has failed for two hours will not recover on its own, and no
    other node has its turn meanwhile.
    """
    rollout = upgrade_at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        failed = next(_find_failures(facts, node), None) if node.exists and node.state != DONE else None
        if rollout is None or failed is None:
            continue
        logs = _explain(facts, node.name) or LogAnswer((), (READ_LOG.format(node=node.name),))
        outcome = "gave up" if failed.given_up else f"has failed since {Timestamp(failed.since)}"
        yield Hit(
            subject=node.ref,
            message=f"The agent of Node {node.name} {outcome} to apply the plan that Rancher wrote for Machine "
            f"{failed.machine.name}: the node is not upgraded, and no other node has its turn"
            + (f"; {logs.says}" if logs.says else ""),
            evidence=(
                *failed.evidence,
                state_evidence(rollout, node),
                *field_evidence(facts, node.ref, "status.nodeInfo.kubeletVersion"),
                *logs.evidence,
            ),
            next=(*logs.steps, *_retry_steps(node.name)),
            caution=(
                f"Do not change or delete the plan Secret of {node.name}, and do not uninstall RKE2 there: the host "
                f"loses its place in the cluster. {advice.QUORUM}"
            ),
            causes=pairing_causes(node),
        )


def _explain(facts: Facts, node: str) -> LogAnswer | None:
    """Return what the host's own logs say: that of its agent, else that of RKE2, which the agent starts."""
    return explain_agent(facts, node) or explain_rke2(facts, node)


def _retry_steps(node: str) -> tuple[str, ...]:
    return (
        "Read RKE2's log there: `journalctl -u rke2-server -u rke2-agent -n 200`. Is a disk full (`df -h`)?",
        (f"When the cause is fixed, make the agent retry at once: `systemctl restart rancher-system-agent` on {node}."),
    )


def _find_failures(facts: Facts, node: NodeUpgrade) -> Iterator[_Failure]:
    for machine in node.machines:
        applied = find_condition(facts.pairing.obj(machine), "PlanApplied", ALL_LISTS)
        age = facts.now.since(Timestamp(applied.changed))
        data = tuple(e for secret in facts.pairing.plans_of(machine) for e in _retry_evidence(facts, secret))
        if applied.status != "False" or applied.reason != "Error":
            continue
        # An agent that gave up does not retry: then the two hours need not have passed.
        if (age is not None and age >= facts.span(PLAN)) or data:
            condition = Evidence(machine, applied.path, applied.message or applied.status)
            yield _Failure(machine, applied.changed, (condition, *data), bool(data))


def _retry_evidence(facts: Facts, secret: ObjectRef) -> tuple[Evidence, ...]:
    """Return the agent's own counters if they show that it no longer retries.

    From a live cluster a Secret's data is not read, so that there are none.
    """
    counters = {
        key: _decode_base64(get_text(facts.pairing.obj(secret), f'data["{key}"]')) for key in (COUNT, MOST, THRESHOLD)
    }
    failed = _decode_base64(get_text(facts.pairing.obj(secret), f'data["{FAILED_KEY}"]'))
    count, most = (int(counters[key]) if counters[key].isdigit() else 0 for key in (COUNT, MOST))
    if not failed or not 0 < most <= count:
        return ()
    values = {FAILED_KEY: failed, **{key: value for key, value in counters.items() if value}}
    return tuple(Evidence(secret, f'data["{key}"], decoded', value) for key, value in values.items())


def _decode_base64(packed: str) -> str:
    try:
        return b64decode(packed, validate=True).decode().strip()
    except (binascii.Error, ValueError):
        return ""


@rule(
    "upgrade-plan-not-applied",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "Node", "Machine", "Secret"},
    links=["harvester/harvester#10522", "harvester/harvester#10521", "rancher/rancher#54898"],
)
def upgrade_plan_not_applied(facts: Facts) -> Iterator[Hit]:
    """A host has not applied its plan for more than two hours.

    Rancher empties plan-probes-passed when it writes a plan, and sets it when the host's agent has reported that all
    components are healthy. As long as it is empty, the agent did not take the plan (it is dead, or its login is
    refused), or a component does not start. The planner waits for it and continues with no other node.
    """
    rollout = upgrade_at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        waits = next((secret for secret, _ in node.secrets if _is_overdue(facts, secret)), None)
        if rollout is None or waits is None or not node.exists:
            continue
        since = Timestamp(get_text(facts.pairing.obj(waits), UPDATED))
        logs = _explain(facts, node.name) or LogAnswer((), (_agent_step(node.name),))
        yield Hit(
            subject=node.ref,
            message=(
                f"Rancher wrote a plan for Node {node.name} at {since}, and its host has not reported since that all "
                f"components are healthy: {logs.says or UNKNOWN}"
            ),
            evidence=(*_overdue_evidence(facts, rollout, node, waits), *logs.evidence),
            next=(*logs.steps, *_component_steps(node.name)),
            caution=f"Do not delete the plan Secret of {node.name}: the agent loses its account with it.",
            causes=(
                Cause("upgrade-plan-failed", node.ref),
                Cause("upgrade-waiting-for-reboot", node.ref),
                *pairing_causes(node),
            ),
        )


def _overdue_evidence(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, secret: ObjectRef) -> tuple[Evidence, ...]:
    return (
        *field_evidence(facts, secret, PASSED, UPDATED),
        state_evidence(rollout, node),
        *field_evidence(facts, node.ref, "status.nodeInfo.kubeletVersion"),
        *condition_evidence(facts, node.ref, "Ready", "status"),
    )


def _agent_step(node: str) -> str:
    """Return how to check the host's agent."""
    return (
        f"Check whether the agent runs on the host {node}: `systemctl status rancher-system-agent`, "
        '`journalctl -u rancher-system-agent -n 200`. Endless restarts and "x509" mean a certificate that '
        "the agent does not trust: the Secret serving-cert of cattle-system lacks the address that the "
        "error shows (harvester/harvester#10522)."
    )


def _component_steps(node: str) -> tuple[str, ...]:
    """Return how to check the components that the agent starts, and then it."""
    return (
        "If the agent runs, check RKE2: `journalctl -u rke2-server -u rke2-agent -n 200`, `crictl ps -a`.",
        f"When that is fixed: `systemctl restart rancher-system-agent` on {node}.",
    )


def _is_overdue(facts: Facts, secret: ObjectRef) -> bool:
    """Return whether the plan is old and its probes have not passed; false if neither is recorded."""
    obj = facts.pairing.obj(secret)
    passed, updated = field_path(PASSED).get(obj), Timestamp(get_text(obj, UPDATED))
    age = facts.now.since(updated)
    # Rancher empties the annotation when it writes a plan; an absent one says nothing.
    return passed == "" and age is not None and age >= facts.span(PLAN)
