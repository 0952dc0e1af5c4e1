"""The Jobs of the upgrade: which one failed, and which one is complete while its node's state is not updated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harvdiag.core.fields import name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import LogAnswer, explain_refusal, found_step, quote_evidence, quote_job
from harvdiag.rules.upgrade_evidence import (
    condition_evidence,
    current_rollout,
    has_settled,
    job_evidence,
    plan_secret_evidence,
    state_evidence,
    upgrade_at_nodes,
)
from harvdiag.upgrade.charts import is_upgrade_chart
from harvdiag.upgrade.jobs import COMPLETE, FAILED, Job
from harvdiag.upgrade.phases import PAUSED, PRE_DRAINED, PRELOADING, REBOOT, STATES
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

if TYPE_CHECKING:
    from harvdiag.upgrade.logs import Quote

DUE = {"post-drain": REBOOT, "single-node-upgrade": REBOOT, "pre-drain": PRE_DRAINED}
"""What a complete Job moves its node to at least; the later one first."""
FAILURE = "Failed"
RESTART_HARVESTER = (
    "restart Harvester so that it checks its Jobs again: `kubectl rollout restart deployment harvester -n "
    "harvester-system`; VMs keep running."
)


@rule(
    "upgrade-job-failed",
    needs={"Upgrade", "Job", "UpgradePlan"},
    optional={"Bundle", "ManagedChart"},
    links=["harvester/harvester#3648", "harvester/harvester#7457"],
)
def upgrade_job_failed(facts: Facts) -> Iterator[Hit]:
    """A Job of the upgrade has failed.

    A failed hook Job fails its node and with it the upgrade. It is not retried, and as long as it exists without
    success, Harvester creates no hook Job for any other node ("there are pending jobs" in its log).
    """
    rollout = current_rollout(facts)
    failed: dict[ObjectRef, list[Job]] = {}
    for job in rollout.jobs if rollout else ():
        if rollout and job.state == FAILED:
            subject = ObjectRef("Node", "", job.node) if job.node else rollout.upgrade.ref
            failed.setdefault(subject, []).append(job)
    for subject, jobs in failed.items():
        yield _job_failed_hit(facts, subject, jobs)


def _job_failed_hit(facts: Facts, subject: ObjectRef, jobs: list[Job]) -> Hit:
    what = " and ".join(f"{job.type or 'an upgrade'} Job {job.ref.name}" for job in jobs)
    whom = f" of Node {subject.name}" if subject.kind == "Node" else f" of {subject.kind} {subject.name}"
    job = jobs[-1]
    quotes = quote_job(facts, job.ref)
    hooks = "; Harvester creates no other hook Job while it exists" if subject.kind == "Node" else ""
    return Hit(
        subject=subject,
        message=f"The {what}{whom} failed{f' at {Timestamp(job.ended)}' if job.ended else ''}: "
        f"{job.reason or 'it gives no reason'}{hooks}",
        evidence=(
            *(e for job in jobs for e in _failure_evidence(facts, job)),
            *quote_evidence(job.ref, quotes),
        ),
        next=_failure_steps(job, quotes),
        caution=(
            f"Do not delete Job {job.ref.name} or the Upgrade before you know how far the Job got: the node may be "
            "drained, or between two versions."
        ),
        causes=(Cause("upgrade-names-missing-node", subject),)
        if subject.kind == "Node"
        else tuple(_service_causes(facts)),
    )


def _failure_steps(job: Job, quotes: tuple[Quote, ...]) -> tuple[str, ...]:
    read = (
        "Read the Job's log: `kubectl logs -n harvester-system "
        f"{actions.quote_argument(f'job/{job.ref.name}')}`; in a bundle: the logs of the pods whose name "
        f"begins with {job.ref.name}."
    )
    return (
        found_step(quotes[-1], "the last lines that the Job wrote; they show the step that failed") if quotes else read,
        (
            "When what the log reports is fixed, ask vendor support how to proceed: a failed Job does not run again by "
            "itself, and its step may have been done in part."
        ),
    )


def _service_causes(facts: Facts) -> Iterator[Cause]:
    """Return the broken services that the Job upgrading them waits for; only charts of Harvester count."""
    for kind, name in (("Bundle", "bundle-not-ready"), ("ManagedChart", "managed-chart-not-ready")):
        for obj in facts.snapshot.objects(kind):
            if is_upgrade_chart(kind, name_of(obj)):
                yield Cause(name, ObjectRef(kind, namespace_of(obj), name_of(obj)))


def _failure_evidence(facts: Facts, job: Job) -> tuple[Evidence, ...]:
    return condition_evidence(facts, job.ref, FAILURE, "reason", "message") or condition_evidence(
        facts, job.ref, FAILURE, "status"
    )


@rule(
    "upgrade-status-behind-job",
    needs={"Upgrade", "Node", "Job"},
    optional={"Machine", "Secret"},
    links=["harvester/harvester#9371", "harvester/harvester#10101", "harvester/harvester#9293"],
)
def upgrade_status_behind_job(facts: Facts) -> Iterator[Hit]:
    """The work on a node is done, but the Upgrade still shows it as in progress.

    Harvester updates a node's state when it sees that its Job has changed. If it missed that, nothing will update the
    state later, and no other node may begin while this one counts as in progress.
    """
    rollout = upgrade_at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        if rollout is None or node.state not in STATES or node.state == PAUSED or not node.exists:
            continue
        jobs = (node.job(kind) for kind in DUE)
        job = next((job for job in jobs if job and job.state == COMPLETE), None)
        if node.state == PRELOADING:
            yield _preloading_hit(facts, rollout, node)
        elif job and STATES[node.state].order < STATES[DUE[job.type]].order and has_settled(facts, job.ended):
            yield _behind_hit(facts, rollout, node, job)


def _behind_hit(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, job: Job) -> Hit:
    upgrade = rollout.upgrade
    due = DUE[job.type]
    logs = explain_refusal(facts, upgrade, job.ref.name, f'"{node.name}"', f"{node.name} is ", *_secret_names(node))
    logs = logs or LogAnswer((), (advice.read_harvester_log(job.ref.name, node.name),))
    restart = f"Then {RESTART_HARVESTER}" if logs.evidence else f"If it shows nothing, {RESTART_HARVESTER}"
    # With the new system running, the restart that the Job asked for is over too.
    if due == REBOOT and node.os and node.os == upgrade.release.os:
        due = "Succeeded"
    return Hit(
        subject=node.ref,
        message=f'Node {node.name} still counts as "{node.state}", though its {job.type} Job {job.ref.name} is complete'
        f'{f" since {Timestamp(job.ended)}" if job.ended else ""}: it should be "{due}" by now',
        evidence=(
            state_evidence(rollout, node),
            *plan_secret_evidence(facts, node.secret, "pre-drain", "pre-hook", "post-drain", "post-hook"),
            *job_evidence(facts, job),
            *logs.evidence,
        ),
        next=(*logs.steps, restart, "Collect again after five minutes."),
        caution=(
            f"Do not write the state of {node.name} into the Upgrade by hand: Harvester answers the hook on the plan "
            "Secret when that state changes, and the answer would be missing."
        ),
    )


def _secret_names(node: NodeUpgrade) -> tuple[str, ...]:
    return tuple(secret.name for secret, _ in node.secrets)


def _preloading_hit(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> Hit:
    return Hit(
        subject=node.ref,
        message=(
            f'Node {node.name} still counts as "{node.state}", though the nodes\' images were reported as loaded and '
            "their upgrade has begun: Harvester updates that state only while it prepares the nodes, and starts no "
            "node from it"
        ),
        evidence=(
            state_evidence(rollout, node),
            *plan_secret_evidence(facts, node.secret, "pre-drain", "pre-hook"),
            Evidence(rollout.upgrade.ref, 'metadata.labels["harvesterhci.io/upgradeState"]', rollout.upgrade.state),
        ),
        next=(
            (
                f"Check whether its images are loaded: the Jobs of {node.name} in cattle-system, `kubectl get jobs -n "
                f"cattle-system -l upgrade.cattle.io/node={actions.quote_argument(node.name)}`."
            ),
            "If they are, ask vendor support to set its state to Images preloaded.",
        ),
        caution="Do not restart the upgrade while nodes are between two versions.",
    )
