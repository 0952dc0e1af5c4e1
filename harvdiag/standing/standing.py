"""The standing of a cluster's upgrade: its parts as data, and the explanation that is made of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from harvdiag.escape import plain
from harvdiag.facts import Facts
from harvdiag.findings import Findings
from harvdiag.model import Finding, Severity
from harvdiag.rollout import Rollout
from harvdiag.standing.part import Part
from harvdiag.timeline import Entry, History, Span, frame, phase_frame, phases, stopped
from harvdiag.timeline import lines as told
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.wording import made
from harvdiag.waits import Wait, at_work, row, under_way, wait
from harvdiag.words import holds_up

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Standing"]

CLUSTERS = {"Cluster", "Cluster.provisioning.cattle.io", "RKECluster", "RKEControlPlane"}
HERE = "~~~ here it stopped: what follows repeats itself, or tells of a fault, and moves nothing ~~~"


def __dir__() -> list[str]:
    return __all__


class Standing:
    """Where the upgrade of a cluster stands. Shows itself as text; `explain()` has the words, `nodes` the table."""

    def __init__(self, facts: Facts, findings: Findings) -> None:
        self._facts = facts
        self.findings = findings

    def __repr__(self) -> str:
        return self.explain()

    def __dir__(self) -> list[str]:
        return sorted(name for name in vars(type(self)) | vars(self) if not name.startswith("_"))

    @property
    def rollout(self) -> Rollout | None:
        """The upgrade that is under way with its nodes and Jobs; None where none is."""
        return self._facts.rollout

    @property
    def latest(self) -> Upgrade | None:
        """The upgrade that is under way, else the last there was."""
        all_ = self._facts.upgrades.all
        return self._facts.upgrades.running or (all_[0] if all_ else None)

    @property
    def plan(self) -> UpgradePlan | None:
        """The UpgradePlan (Upgrade V2) that is under way; else the last, where it is younger than any Upgrade."""
        last = max(self._facts.upgrades.plans, key=made, default=None)
        newer = last and (self.latest is None or made(last) > made(self.latest))
        return self._facts.upgrades.plan or (last if newer else None)

    @cached_property
    def shown(self) -> Rollout | None:
        """The upgrade under way; where none is, the last with what is left of its Jobs; None where there was none."""
        if self.rollout or self.latest is None:
            return self.rollout
        return Rollout(self.latest, self._facts.snapshot, self._facts.pairing)

    @cached_property
    def story(self) -> tuple[Finding, ...]:
        """The findings that hold this upgrade up, behind the causes that explain them: those of the upgrade family,
        and errors about the cluster or a node that is not done.
        """
        told = {finding.fingerprint: finding for finding in self.findings}
        found: dict[str, Finding] = {}
        wanted = [finding.fingerprint for finding in self.findings if holds_up(finding) or self._concerns(finding)]
        while wanted:
            name = wanted.pop()
            if name in told and name not in found:
                found[name] = told[name]
                wanted += told[name].caused_by
        return tuple(finding for finding in self.findings if finding.fingerprint in found)

    def _concerns(self, finding: Finding) -> bool:
        """Whether an error of another family is about what this upgrade has still to work on."""
        if self.rollout is None or finding.severity is not Severity.ERROR or finding.family == "upgrade":
            return False
        if finding.subject.kind in CLUSTERS:
            return True
        of = [n for n in self.rollout.waiting if finding.subject in {n.ref, *n.machines, *(s for s, _ in n.secrets)}]
        return bool(of)

    @property
    def beside(self) -> tuple[Finding, ...]:
        """The errors of any family, and the warnings about upgrades, that do not belong to the story."""
        grave = (f for f in self.findings if f.family == "upgrade" or f.severity is Severity.ERROR)
        return tuple(sorted((f for f in grave if f not in self.story), key=lambda f: f.severity.rank))

    @property
    def stuck(self) -> bool:
        """Whether something is found that waiting does not mend."""
        return any(finding.severity is Severity.ERROR for finding in self.story)

    @property
    def moving(self) -> str:
        """The node that goes on whatever the story is: of which it says nothing; empty where there is none."""
        subjects = {finding.subject for finding in self.story}
        if self.rollout is None:
            return ""
        halted = any(subject.kind in CLUSTERS for subject in subjects)
        return at_work(self.rollout, subjects) or ("" if halted else under_way(self.rollout, subjects))

    @property
    def still(self) -> bool:
        """Whether nothing moves any more and nothing will by itself."""
        return self.rollout is not None and self.stuck and not self.moving

    @property
    def waits(self) -> Wait | None:
        """Whom it waits for; where it stands still, nobody. None where no upgrade is under way."""
        if self.rollout is None:
            return None
        told = wait(self.rollout)
        if not self.still:
            return told
        last = self.last
        return Wait("nobody", "waiting changes nothing", last.time.isoformat() if last else told.since, told.subject)

    @property
    def nodes(self) -> pd.DataFrame:
        """One row a node: `name`, `state`, `step`, `waits_for`, `machine`, `kubelet`, `os`, `ready` (all str),
        `cordoned` (boolean), `since` (UTC).

        `step` is that of the drain's handshake (``idle``, ``h1`` … ``h11``).
        """
        import pandas as pd

        rows = [row(self.shown, node) for node in self.shown.nodes] if self.shown else []
        names = ["name", "state", "step", "waits_for", "machine", "kubelet", "os", "ready", "cordoned", "since"]
        frame = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(names[:8], "str") | {"cordoned": "boolean"})
        since = pd.to_datetime(frame["since"], utc=True, errors="coerce", format="ISO8601")
        return frame.assign(since=since.astype("datetime64[ns, UTC]"))

    @cached_property
    def _past(self) -> History | None:
        return History(self.shown, self._facts.snapshot) if self.shown else None

    @property
    def last(self) -> Entry | None:
        """The last entry of the timeline at which anything moved; None where nothing did."""
        return stopped(self._past.entries(logs=False), self._facts.now.at) if self._past else None

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """What happened when: `time` (UTC), `what`, `node`, `object`, `field` (str), in order."""
        return frame(self._past.entries() if self._past else [])

    @property
    def history(self) -> list[str]:
        """The same as text, one line an entry, and where it stopped; then what could not be placed in time."""
        if self._past is None:
            return []
        entries = self._past.entries()
        lines = told(entries)
        if self.still and self.last:
            lines.insert(entries.index(self.last) + 1, HERE)
        return [*lines, *map(plain, self._past.untimed)]

    @property
    def spans(self) -> list[Span]:
        """The phases, then each node's steps, with their times."""
        return phases(self.shown, self._facts.snapshot) if self.shown else []

    @property
    def phases(self) -> pd.DataFrame:
        """Each phase, and each node's steps: `node`, `step` (str), `began`, `ended` (UTC), `duration`, `gap`."""
        return phase_frame(self.spans)

    def explain(self, node: str = "") -> str:
        """Where it stands, why, and what may be done: of the whole upgrade, or of one node. A few lines of text.

        Raises UsageError for a node that is neither in the cluster nor in the upgrade's list.
        """
        return "\n".join(f"{part.label}: {plain(part.text)}" for part in self.parts(node))

    def parts(self, node: str = "") -> list[Part]:
        """The explanation, part by part; as the cluster has it, not yet made fit for a terminal."""
        from harvdiag.standing import node as one
        from harvdiag.standing import over, whole

        if self.rollout is None:
            return list(over.explain(self, self._facts, node))
        if node:
            return list(one.explain(self, self._facts, self.rollout, node))
        return list(whole.explain(self, self._facts, self.rollout))
