"""A cluster's diagnosis: its facts and findings together, and which of them hold the upgrade up.

Reports, pictures and explanations are built from it; it has no sentences of its own.
"""

from __future__ import annotations

from functools import cached_property

from harvdiag.core.findings import Findings, find_root
from harvdiag.core.model import Finding, Severity
from harvdiag.core.timestamps import format_time
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import CLUSTERS, concerns_nodes
from harvdiag.upgrade.movement import Movement
from harvdiag.upgrade.run import UpgradeRun
from harvdiag.upgrade.timeline import Entry, History, find_stop
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.waiting import (
    Wait,
    WaitReason,
    blocked_wait,
    find_active_node,
    find_moving_node,
    find_named_node,
    find_wait,
)
from harvdiag.upgrade.wording import FUTILE

__all__ = ["Diagnosis"]


class Diagnosis:
    """The facts of one cluster and what was found in them."""

    def __init__(self, facts: Facts, findings: Findings) -> None:
        self.facts = facts
        self.findings = findings

    @property
    def upgrade_run(self) -> UpgradeRun | None:
        """The upgrade that is under way with its nodes and Jobs; None where none is."""
        return self.facts.rollout

    @property
    def latest(self) -> Upgrade | None:
        """The Upgrade (V1) that is under way, else the last there was."""
        all_ = self.facts.upgrades.all
        return self.facts.upgrades.running or (all_[0] if all_ else None)

    @property
    def plan(self) -> UpgradePlan | None:
        """The UpgradePlan (Upgrade V2) that is under way; else the last, where it is younger than any Upgrade."""
        last = self.facts.upgrades.last
        return self.facts.upgrades.plan or (last if isinstance(last, UpgradePlan) else None)

    @property
    def current(self) -> Upgrade | None:
        """The upgrade that is under way, V1 before V2, else the last of either kind; None where there was none."""
        return self.facts.upgrades.under_way or self.plan or self.latest

    @cached_property
    def shown(self) -> UpgradeRun | None:
        """The upgrade under way; where none is, the last with what is left of its Jobs; None where there was none."""
        if self.upgrade_run or self.current is None:
            return self.upgrade_run
        return UpgradeRun(self.current, self.facts.snapshot, self.facts.pairing)

    @cached_property
    def story(self) -> tuple[Finding, ...]:
        """The findings that hold this upgrade up, causes first: those of the upgrade family, and errors about the
        cluster or about a node that is not done.
        """
        told = {finding.fingerprint: finding for finding in self.findings}
        found: dict[str, Finding] = {}
        wanted = [finding.fingerprint for finding in self.findings if finding.holds or self._is_relevant(finding)]
        while wanted:
            name = wanted.pop()
            if name in told and name not in found:
                found[name] = told[name]
                wanted += told[name].caused_by
        return tuple(finding for finding in self.findings if finding.fingerprint in found)

    def root_cause(self, finding: Finding) -> Finding:
        """Return the last cause of a finding in the story, of several the first; itself where it has none."""
        return find_root(self.story, finding)

    def _is_relevant(self, finding: Finding) -> bool:
        """Whether an error of another family is about something that this upgrade still has to work on."""
        if self.upgrade_run is None or finding.severity is not Severity.ERROR or finding.family == "upgrade":
            return False
        return concerns_nodes(self.upgrade_run.waiting, finding)

    @property
    def other_findings(self) -> tuple[Finding, ...]:
        """The errors of any family, and the warnings about upgrades, that are not part of the story."""
        grave = (f for f in self.findings if f.family == "upgrade" or f.severity is Severity.ERROR)
        return tuple(sorted((f for f in grave if f not in self.story), key=lambda f: f.severity.rank))

    @property
    def is_stuck(self) -> bool:
        """Whether an error is found that does not go away by waiting."""
        return any(finding.severity is Severity.ERROR for finding in self.story)

    @property
    def moving_node(self) -> str:
        """The node that is still in progress, or is the next, as no finding of the story is about it; empty where there
        is none. What Rancher names as the next counts as long as the upgrade has not stood still.
        """
        subjects = {finding.subject for finding in self.story}
        if self.upgrade_run is None:
            return ""
        if active := find_active_node(self.upgrade_run, subjects):
            return active
        if any(subject.kind in CLUSTERS for subject in subjects):
            return ""  # all is halted
        standing = self.movement is None or self.movement.is_over
        return find_moving_node(self.upgrade_run, subjects) or (
            "" if standing else find_named_node(self.upgrade_run, subjects)
        )

    @property
    def is_stalled(self) -> bool:
        """Whether nothing is in progress any more and nothing will resume on its own."""
        return self.upgrade_run is not None and self.is_stuck and not self.moving_node

    @property
    def current_wait(self) -> Wait | None:
        """Whom it waits for; no one where it is stalled. None where no upgrade is under way."""
        if self.upgrade_run is None:
            return None
        waiting = find_wait(self.upgrade_run)
        if not self.is_stalled:
            return waiting
        since = format_time(self.last.time) if self.last else waiting.since
        return blocked_wait(WaitReason.STUCK, FUTILE, waiting.subject, since=since)

    @cached_property
    def past(self) -> History | None:
        """The times of all that happened; None where there was no upgrade."""
        return History(self.shown, self.facts.snapshot) if self.shown else None

    @property
    def movement(self) -> Movement | None:
        """The last step of the upgrade that is under way, and how long ago it was; None where nothing tells it."""
        return self.facts.movement

    @property
    def last(self) -> Entry | None:
        """The last entry of the timeline that is progress; None where there is none."""
        if self.movement:
            return self.movement.step
        return find_stop(self.past.entries(logs=False), self.facts.now.at) if self.past else None
