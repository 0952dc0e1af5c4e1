"""An upgrade in which nothing moves any more, where no other rule tells why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harvdiag.core.escape import format_value
from harvdiag.core.model import Evidence, Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds import CATALOGUE
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import column_evidence, field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import read_rke2_error
from harvdiag.rules.upgrade_evidence import concerns_nodes, condition_evidence, state_evidence
from harvdiag.upgrade.jobs import Job, every_job
from harvdiag.upgrade.phases import PREPARING
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.services import RKE2_WAIT
from harvdiag.upgrade.waiting import Wait, WaitReason, find_node_wait, find_turn, find_wait
from harvdiag.upgrade.wording import format_duration

if TYPE_CHECKING:
    from harvdiag.upgrade.logs import Quote
    from harvdiag.upgrade.movement import Movement
    from harvdiag.upgrade.timeline import Entry

MOST_LINES = 5
RKE2_LOG = ".zip/logs/rke2-"
"""Where a host's own log of its Kubernetes is."""
STATES = ("state", "phase")
"""The columns with the state of an upgrade."""
CLUSTERS = ("Cluster", "Cluster.provisioning.cattle.io")
KINDS = ("Node", "Machine", "Secret", "Job")
"""The kinds that show most of an upgrade's steps."""
READ = {*KINDS, "Plan", "Pod", "UpgradeLog", "VirtualMachineImage", "RKEControlPlane", *CLUSTERS}
"""The kinds that show whose turn it is, or what moved; none of them is needed to tell that nothing did."""
READ_LOG = {
    "system-upgrade-controller": "kubectl logs -n cattle-system deployment/system-upgrade-controller --tail=100",
    "Rancher": "kubectl logs -n cattle-system deployment/rancher --tail=200",
    "Harvester": "kubectl logs -n harvester-system deployment/harvester --tail=200",
}
"""How to read the log of an actor, by the word for it."""


@rule(
    "upgrade-not-moving",
    short="nothing moves",
    holds=True,
    fallback=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "UpgradePlan"},
    optional=READ,
    links=["harvester/harvester#8649", "harvester/harvester#7112", "harvester/harvester#3144"],
)
def upgrade_not_moving(facts: Facts) -> Iterator[Hit]:
    """An upgrade is under way, and nothing in it has moved for more than two hours.

    Each step takes minutes, at most an hour or so: no condition changed since, no Job began or ended, no plan was
    written or applied, no Node came back. An upgrade has no limit of time: it waits on, and no object says that it is
    stuck. No other check has found the reason, so it stands in the logs, or in what was not seen.
    """
    rollout = facts.rollout
    if rollout is None or any(f.holds and f.severity is not Severity.INFO for f in facts.found):
        return
    movement, turn = facts.movement, find_turn(rollout)
    wait = find_node_wait(rollout, turn) if turn else find_wait(rollout)
    if movement is None or not movement.is_over or wait.reason is WaitReason.PAUSED:
        return
    job = _find_job(rollout, turn, wait)
    quotes = _read_logs(facts, rollout, wait, job, turn)
    yield Hit(
        subject=turn.ref if turn else rollout.upgrade.ref,
        message=_describe_standstill(facts, rollout, turn, movement) + _describe_wait(wait, movement, quotes),
        evidence=(
            *((state_evidence(rollout, turn),) if turn else column_evidence(facts, rollout.upgrade.ref, *STATES)),
            *_step_evidence(facts, movement.step),
            *(Evidence(job.ref if job else wait.subject, quote.place, quote.line) for quote in quotes),
        ),
        next=tuple(_next_steps(turn, wait, job, quotes)),
        caution=(
            "Do not delete Jobs, and do not set states of nodes or annotations of the drain by hand, before it is "
            "known what it waits for."
        ),
        causes=tuple(_find_causes(facts, rollout, turn)),
    )


def _step_evidence(facts: Facts, step: Entry) -> tuple[Evidence, ...]:
    """The field with the time of the last step; none for a time in a taint, in a Secret's data or in a log."""
    _, is_condition, kind = step.field.partition(", type ")
    if is_condition:
        return condition_evidence(facts, step.object, kind, "since")
    plain = not (", " in step.field or step.field.startswith(("data[", "logs/")))
    return field_evidence(facts, step.object, step.field) if plain else ()


def _describe_standstill(facts: Facts, rollout: UpgradeRun, turn: NodeUpgrade | None, movement: Movement) -> str:
    """``Node hv02 has its turn in Upgrade hvst-upgrade-abcde, but nothing has moved for 3 h, since 2025-05-08 …``"""
    upgrade = rollout.upgrade
    whole, target = f"{upgrade.ref.kind} {upgrade.ref.name}", f" to {upgrade.version}" if upgrade.version else ""
    unseen = [kind for kind in KINDS if not facts.snapshot.seen(kind)]
    limits = f" (as far as could be seen: {join_names(unseen)} not seen)" if unseen else ""
    whose = f"Node {turn.name} has its turn in {whole}, but nothing has moved" if turn else ""
    begin = whose or f"{whole}{target} has not moved"
    return f"{begin} for {format_duration(movement.age)}{limits}, since {_time_of(movement)}"


def _describe_wait(wait: Wait, movement: Movement, quotes: tuple[Quote, ...]) -> str:
    """``: it waits for Harvester: Job … is at work, whose log says "…"; the last step was: Job pre-drain began``"""
    from harvdiag.upgrade.logs import strip_time

    whom = f"{wait.actor} {wait.what}" if wait.what.startswith("to ") else f"{wait.actor}: {wait.what}"
    why = wait.what if wait.never else f"it waits for {whom}"
    line = next((quote for quote in quotes if quote.meaning), None)
    says = f'; its log says "{format_value(strip_time(line.line))}" ({line.meaning})' if line else ""
    says += next((f"; the log of its RKE2: {q.meaning}" for q in quotes if RKE2_LOG in q.file and q.meaning), "")
    return f": {why}{says}; the last step was: {format_value(movement.step.what)}"


def _time_of(movement: Movement) -> Timestamp:
    return Timestamp(movement.step.time.isoformat())


def _find_job(rollout: UpgradeRun, turn: NodeUpgrade | None, wait: Wait) -> Job | None:
    """Find the Job that is waited for: that of the wait, else one of the node's, or of a Plan, that is not over."""
    jobs = every_job(rollout.snapshot.objects("Job"), rollout.upgrade.ref.name)
    own = next((job for job in jobs if job.ref == wait.subject), None)
    return own or next((job for job in jobs if turn and job.node == turn.name and job.pending), None)


def _read_logs(
    facts: Facts, rollout: UpgradeRun, wait: Wait, job: Job | None, turn: NodeUpgrade | None
) -> tuple[Quote, ...]:
    """Return what the log of whoever is to act says at its end, the telling lines first."""
    from harvdiag.upgrade.logs import find_job_wait, find_refusals, quote_actor

    telling = [find_job_wait(facts.snapshot, job)] if job else []
    telling += find_refusals(facts.snapshot, rollout.upgrade) if "Harvester" in wait.actor else []
    if turn and any(quote and RKE2_WAIT in quote.line for quote in telling):
        telling += [read_rke2_error(facts, turn.name)]
    last = quote_actor(facts.snapshot, wait.actor, job, turn.name if turn else "")
    lines: dict[str, Quote] = {}
    for quote in (*telling, *last):
        if quote:
            lines.setdefault(quote.place + quote.line, quote)
    return tuple(lines.values())[:MOST_LINES]


def _next_steps(turn: NodeUpgrade | None, wait: Wait, job: Job | None, quotes: tuple[Quote, ...]) -> Iterator[str]:
    if turn and any(RKE2_WAIT in quote.line for quote in quotes):
        yield (
            f"Find out on {turn.name} why its Kubernetes stays the old one: `journalctl -u rancher-system-agent -u "
            "rke2-server -u rke2-agent -n 200`, and whether Rancher wrote it a new plan."
        )
    if quotes:
        yield f"Read on in {quotes[-1].file} of this source: its last lines are quoted in this finding."
    elif job:
        where, name = actions.quote_argument(job.ref.namespace), actions.quote_argument(job.ref.name)
        yield f"Read what the Job last wrote: `kubectl logs -n {where} job/{name} --tail=50`."
        yield f"If it has no pod that runs, look there: `kubectl describe pods -n {where} -l job-name={name}`."
    elif turn and any(word in wait.actor for word in ("agent", "host")):
        yield f"On {turn.name}: `journalctl -u rancher-system-agent -n 200`; whether it is up, its console shows."
    elif command := next((READ_LOG[word] for word in READ_LOG if word in wait.actor), ""):
        yield f"Read its log: `{command}`."
    if wait.subject.kind in CATALOGUE and wait.subject.kind != "Secret":  # a plan Secret holds credentials
        kind = CATALOGUE[wait.subject.kind]
        resource = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
        yield advice.inspect_object(resource, wait.subject.name, wait.subject.namespace)
    yield advice.IF_UNCLEAR


def _find_causes(facts: Facts, rollout: UpgradeRun, turn: NodeUpgrade | None) -> Iterator[Cause]:
    """Errors about the cluster or the node whose turn it is; without such a node, about any that is to be upgraded.

    Before the nodes are prepared, none of them matters.
    """
    phase = rollout.upgrade.phase
    if phase and phase.number < PREPARING:
        return
    nodes = [turn] if turn else rollout.waiting
    for finding in facts.found:
        if finding.severity is Severity.ERROR and concerns_nodes(nodes, finding):
            yield Cause(finding.rule, finding.subject)
