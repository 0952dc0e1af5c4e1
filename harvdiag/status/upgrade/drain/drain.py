"""The drain of one node: which node, its steps, who has not answered, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.model import Finding, ObjectRef, Reason
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.core.tabular import Record, Tabular
from harvdiag.core.timestamps import normalise_time
from harvdiag.status.links.phrases import continue_sentence
from harvdiag.status.summary import first_step, format_count
from harvdiag.status.upgrade.drain.steps import ACTORS, Step, StepState, evaluate_steps, name_carriers
from harvdiag.status.upgrade.headline import describe_root, main_clause
from harvdiag.status.upgrade.part import PartKey, find_part
from harvdiag.status.upgrade.progress import NodeProgress, UpgradeProgress
from harvdiag.upgrade.handshake import DRAIN_STEPS, DrainStep, step_entries
from harvdiag.upgrade.phases import DONE, NODES
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.waiting import Wait, find_node_wait
from harvdiag.upgrade.wording import upgrade_title

__all__ = ["Drain", "build_drain", "explain_drain"]

COLUMNS = ("node", "step", "mark", "from", "to", "what", "carried_by", "time", "waits_for", "since")
HOOKS = {DrainStep.PRE_DRAIN_ACKNOWLEDGED: "pre-drain", DrainStep.POST_DRAIN_ACKNOWLEDGED: "post-drain"}


@dataclass(frozen=True, kw_only=True)
class Drain(Tabular):
    """One node's drain. `node` is None where there is none to show; `title` is the answer, `why` the reason in full.

    `wait` is whose turn it is, `silence` for how long (``3 h 20 min``); `secret` is the name of the plan Secret, empty
    where there is none. `root` is the root cause of `finding`, or that itself.

    Its table has one row a step, all str: `node`, `step` (``pre-drain requested``), `mark` (``good``, ``now``,
    ``error``, ``wait``, ``absent``, ``unseen``), `from`, `to`, `what`, `carried_by`, `time`, `waits_for`, `since`
    (times in RFC 3339); the last two for the step that is waited for.
    """

    noun: ClassVar[str] = "steps"
    dtypes: ClassVar[Mapping[str, str]] = dict.fromkeys(COLUMNS, "str")

    title: str
    why: str
    node: NodeUpgrade | None = None
    moves: tuple[StepState, ...] = ()
    wait: Wait | None = None
    secret: str = ""
    finding: Finding | None = None
    silence: str = ""
    root: Finding | None = None

    @property
    def next(self) -> StepState | None:
        """The step that is waited for."""
        return next((move for move in self.moves if move.mark in {"now", "error"}), None)

    def __repr__(self) -> str:
        return f"<Drain: {escape_text(self.title)}>"

    @property
    def alt(self) -> str:
        """The alternative text of the picture."""
        done = [move.step.name for move in self.moves if move.mark == "good"]
        words = [
            f"{self.title}.",
            f"{format_count(len(done), 'step')} of {len(self.moves)} done." if self.moves else self.why,
        ]
        if step := self.next:
            actor = ACTORS[step.step.source]
            words.append(
                f"Next is step {step.step.name.number}: {actor} {step.step.what}, written as {step.step.carrier}."
            )
        if self.moves and not self.secret:
            words.append("No plan Secret is seen, on which the steps would be written.")
        return " ".join([*words, self.why if self.moves else ""])

    @property
    def records(self) -> list[Record]:
        """One row a step."""
        return list(self._build_rows())

    def _build_rows(self) -> Iterator[Record]:
        for move in self.moves:
            step, waited = move.step, self.wait if move == self.next else None
            identity = (
                self.node.name if self.node else None,
                step.name,
                move.mark,
                ACTORS[step.source],
                ACTORS[step.target],
            )
            rest = (step.what, step.carrier, move.at or None)
            more = (f"{waited.actor}: {waited.what}", normalise_time(waited.since) or None) if waited else (None, None)
            yield dict(zip(COLUMNS, (*identity, *rest, *more), strict=True))

    def _row_document(self, record: Record) -> dict[str, Any]:
        return {**super()._row_document(record), **step_entries(record["step"])}

    def _document_head(self) -> dict[str, Any]:
        """Whose drain it is, the answer in words, the plan Secret, whose turn it is, and the findings behind it."""
        waits = (
            {"actor": self.wait.actor, "what": self.wait.what, "since": normalise_time(self.wait.since)}
            if self.wait
            else None
        )
        return {
            "node": self.node.name if self.node else None,
            "title": self.title,
            "why": self.why or None,
            "secret": self.secret or None,
            "waits_for": waits,
            "finding": self.finding.fingerprint if self.finding else None,
            "root_cause": self.root.fingerprint if self.root else None,
        }


def build_drain(progress: UpgradeProgress, focus: ObjectRef | None = None, finding: Finding | None = None) -> Drain:
    """Return the drain of the node in focus; else of the one that is drained, else of the one that is stuck.

    Raises UsageError where the focus is not a node of the upgrade, nor a Machine or plan Secret of one.
    """
    rollout = progress.upgrade_run
    if rollout is None or not progress.running:
        return _no_drain(progress)
    node = _focused_node(rollout, focus, finding) if focus else _default_node(progress, rollout)
    if node is None:
        return Drain(
            title="No node is drained: the upgrade has none", why="neither the Upgrade nor the cluster has a node"
        )
    return _single_node_drain(node) if rollout.upgrade.single_node else _node_drain(progress, rollout, node)


def _no_drain(progress: UpgradeProgress) -> Drain:
    last = progress.diagnosis.current
    if progress.gap:
        why = f"the Upgrades were not seen ({progress.gap})"
        return Drain(title="Which node is drained is unknown: the Upgrades were not seen", why=why)
    rest = (
        f"the last, {upgrade_title(last)}, {'failed' if last.failed else 'succeeded'}"
        if last
        else "there is no record of one"
    )
    return Drain(title="No node is drained: no upgrade is under way", why=rest)


def _focused_node(rollout: UpgradeRun, focus: ObjectRef, finding: Finding | None) -> NodeUpgrade:
    evidence = tuple(e.object for e in finding.evidence) if finding else ()
    for ref in (focus, *evidence):
        for node in rollout.nodes:
            if ref in {node.ref, *node.machines, *(secret for secret, _ in node.secrets)}:
                return node
    near = did_you_mean(suggest_names(focus.name, {node.name for node in rollout.nodes}))
    raise UsageError(f"{focus} is not a node of this upgrade, nor a Machine or plan Secret of one: give a Node{near}")


def _default_node(progress: UpgradeProgress, rollout: UpgradeRun) -> NodeUpgrade | None:
    ways = {way.name: way for way in progress.nodes}
    draining = sorted(rollout.draining, key=lambda node: not _has_trouble(ways[node.name]))
    stuck = [node for way in progress.nodes if _has_trouble(way) and (node := rollout.node(way.name))]
    busy = [node for way in progress.nodes if way.mark == "now" and (node := rollout.node(way.name))]
    return next(iter([*draining, *stuck, *busy, *rollout.waiting, *rollout.nodes]), None)


def _has_trouble(way: NodeProgress) -> bool:
    return way.mark in {"error", "warning"}


def explain_drain(progress: UpgradeProgress, of: Drain) -> Iterator[tuple[str, str]]:
    """Yield the lines below, label and text: why it is stalled or whose turn it is, root cause, next step, caution.

    The root cause has the text of that of the upgrade, where it is the same.
    """
    if of.why:
        yield PartKey.WHY.value, of.why
    if of.wait and not of.why:
        age = progress.age(of.wait.since)
        yield PartKey.WAITS_FOR.value, f"{of.wait.actor}: {of.wait.what}{f'; for {age}' if age else ''}"
    error = of.node.handshake.error if of.node and of.node.handshake else ""
    if error.rstrip(". ") not in of.why:  # the reason of a drain that was refused quotes it
        yield "Error", error
    if of.finding is None or of.root is None:
        return
    if of.root != of.finding:
        root_ = find_part(progress.parts, PartKey.ROOT_CAUSE)
        yield PartKey.ROOT_CAUSE.value, root_.text if root_ and of.root in root_.findings else of.root.message
    if of.root.next:
        do = find_part(progress.parts, PartKey.DO)
        first = first_step(of.root, progress.diagnosis.findings.notes.ticked(of.root))[1]
        yield PartKey.DO.value, do.text if do and do.lead == first else first
    if caution := of.root.caution or of.finding.caution:
        yield PartKey.CAUTION.value, caution


def _single_node_drain(node: NodeUpgrade) -> Drain:
    why = "the only node of a cluster is not drained: its one Job single-node-upgrade stops the VMs and does all"
    return Drain(title=f"{node.name} is not drained: it is the only node", why=why)


def _node_drain(progress: UpgradeProgress, rollout: UpgradeRun, node: NodeUpgrade) -> Drain:
    way = next(way for way in progress.nodes if way.name == node.name)
    waiting, finding = find_node_wait(rollout, node), progress.finding_about(node)
    unseen = [kind for kind in ("Machine", "Secret") if not node.secrets and not progress.facts.snapshot.seen(kind)]
    absent = not node.secrets and not unseen
    why = way.says if way.mark in {"error", "warning"} else ""
    told = evaluate_steps(node, why if way.mark == "error" else "", absent, bool(unseen))
    steps = tuple(name_carriers(told, rollout.upgrade.v2))
    made = Drain(
        title="",  # built below, from the rest
        why=why,
        node=node,
        moves=steps,
        wait=waiting,
        secret=node.secret.name if node.secret else "",
        finding=finding,
        silence=progress.age(waiting.since),
        root=progress.diagnosis.root_cause(finding) if finding else None,
    )
    if unseen:
        words = f"The progress of the drain of {node.name} is unknown: {' and '.join(unseen)} not seen"
        why = why or f"the handshake is written on its plan Secret; {unseen[0]} not seen"
        return replace(made, title=words, why=why)
    return replace(made, title=_build_title(progress, rollout, made, node))


def _build_title(progress: UpgradeProgress, rollout: UpgradeRun, made: Drain, node: NodeUpgrade) -> str:
    waiting, hand, step = made.wait, node.handshake, made.next
    if not made.secret:
        reason = ", ".join(waiting.chain) if waiting and waiting.chain else "it has no plan Secret"
        return f"The drain of {node.name} can never begin: {reason}"
    if hand is None or step is None:
        return f"The drain of {node.name} is over: every step was answered"
    if hand.idle:
        return f"The drain of {node.name} has not begun: {_reason_not_begun(progress, rollout, made)}"
    return _describe_step(made, node, step)


def _reason_not_begun(progress: UpgradeProgress, rollout: UpgradeRun, made: Drain) -> str:
    phase = rollout.upgrade.phase
    if made.finding and made.why:
        if made.finding.reason is Reason.NEVER_BEGUN:
            return describe_root(progress) or "Rancher never came to it"
        return main_clause(made.finding.message, 0)
    if phase and phase.place < NODES:
        at = next(other for other in rollout.upgrade.phases if other.place == NODES)
        return f"its turn comes in phase {at.number}"
    return f"it waits for {made.wait.actor if made.wait else 'its turn'}"


def _describe_step(made: Drain, node: NodeUpgrade, move: StepState) -> str:
    step = move.step
    error = node.handshake.error if node.handshake else ""
    if error and step.name is DrainStep.DRAINED:
        cause = made.root if made.root != made.finding else None
        reason = main_clause(cause.message, 70) if cause else error
        return f"Rancher could not drain {node.name} at its last try: {reason}"
    if move.mark == "error" and step.name in HOOKS:
        hook = HOOKS[step.name]
        asked = f"Harvester has not answered the {hook} hook of {node.name}"
        if made.root and made.root != made.finding:
            return f"{asked}: {main_clause(made.root.message, 70)}"
        return f"{asked}, and will not on its own"
    if move.mark == "error":
        return f"The drain of {node.name} is stalled at {_place(step)}, {step.name}: {main_clause(made.why)}"
    if made.why:
        reason = continue_sentence(main_clause(made.why))
        return f"The drain of {node.name} is held up at {_place(step)}, {step.name}: {reason}"
    done = "is upgraded" if node.place == DONE else "is being drained"
    return f"{node.name} {done}: {step.next} ({_place(step)})"


def _place(step: Step) -> str:
    """``step 5 of 12``"""
    return f"step {step.name.number} of {len(DRAIN_STEPS)}"
