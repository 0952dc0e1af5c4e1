"""The verdict before an upgrade: may it begin, and if not, why not; as data.

`Preflight` holds the findings, each check of Harvester's own with its answer (`rows`), and the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from harvdiag.core.escape import escape_text
from harvdiag.core.findings import Findings
from harvdiag.core.frames import build_frame
from harvdiag.core.model import Finding, Severity
from harvdiag.rules.row import Tool
from harvdiag.status.answer import Answer, RootCause, build_answer, fill_command, list_steps, split_sentences
from harvdiag.status.preflight.hand import HandChecks, Hosts, list_hand_checks
from harvdiag.status.preflight.known import KnownIssue
from harvdiag.status.preflight.rows import NOT_APPLICABLE, SKIPPED, Answered
from harvdiag.status.preflight.words import LIVE, count_checks, describe_verdict, describe_why, name_command
from harvdiag.status.summary import format_count
from harvdiag.upgrade.paths import Path

if TYPE_CHECKING:
    import pandas as pd

    from harvdiag.core.table import Table

__all__ = ["Preflight"]

NONE = Hosts()
COLUMNS = ("tool", "check", "asks", "outcome", "severity", "findings", "reason", "rules", "go", "by_hand")


@dataclass(frozen=True, kw_only=True, repr=False)
class Preflight:
    """What is known before an upgrade of one cluster. Its repr is the verdict with the reasons."""

    findings: Findings
    """Everything that was found: by all checks, and by those of the preflight."""
    target: str
    """The version to upgrade to; empty where it was not told."""
    running: str
    """The upgrade under way, ``Upgrade hvst-upgrade-x``; empty if none is."""
    rows: tuple[Answered, ...]
    """Each check of Harvester's own, with its answer."""
    path: Path
    """The way from the release installed to the target, in steps; without a target it has none."""
    hosts: Hosts = NONE
    """The names of the Nodes, for the commands to run by hand."""
    known: tuple[KnownIssue, ...] = ()
    """The known issues of that way, or of those that begin here, each with what is known of it in this cluster."""

    def __repr__(self) -> str:
        told = (f"  {finding}" for row in (*self.refusals, *self.warnings) for finding in row.findings)
        return "\n".join(map(escape_text, (self.verdict, *told, f"{count_checks(self)}.")))

    @property
    def ready(self) -> bool:
        """Whether the upgrade may begin, as far as could be told: no upgrade runs, and nothing was found that refuses
        or stops it.
        """
        return not (self.running or self.reasons or self.undetermined)

    @property
    def undetermined(self) -> bool:
        """Whether there is no verdict: nothing was found, but of the checks that harvdiag makes fewer were made than
        not, as the source has not what they need.
        """
        return not (self.running or self.reasons) and len(self.asked) <= len(self.untold)

    @cached_property
    def verdict(self) -> str:
        """Whether it may begin in one sentence, with why not and what is left to do."""
        return describe_verdict(self)

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """The findings for which it may not begin: the errors, root causes first."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @cached_property
    def refusals(self) -> tuple[RootCause, ...]:
        """The root causes that are an error, or lead to one: why it may not begin, the worst first."""
        return tuple(row for row in self._causes if self._stops(row))

    @cached_property
    def warnings(self) -> tuple[RootCause, ...]:
        """The other root causes that are warnings: what to fix first."""
        return tuple(r for r in self._causes if not self._stops(r) and r.severity is Severity.WARNING)

    @cached_property
    def _causes(self) -> tuple[RootCause, ...]:
        """The root causes of each severity: what Harvester refuses comes first, then what its script fails; while an
        upgrade runs, what its checks say of that.
        """
        rows = map(_count_alike, build_answer(self.findings).rows)
        return tuple(sorted(rows, key=lambda row: (bool(self.running) or row.severity.rank, self._rank(row))))

    def _rank(self, row: RootCause) -> int:
        """How much Harvester makes of a root cause: 0 is the most."""
        checks = self.checks_of(row)
        if self.running:
            return not checks
        refused = {check.row.tool is not Tool.SCRIPT for check in checks if check.refused}
        return 0 if True in refused else 1 if refused else 2

    def _story(self, row: RootCause) -> list[Finding]:
        """The findings of a row, and what follows from them."""
        found = (each for finding in row.findings for each in (finding, *self.findings.story(finding)))
        return [*{finding.fingerprint: finding for finding in found}.values()]

    def _stops(self, row: RootCause) -> bool:
        return any(finding.severity is Severity.ERROR for finding in self._story(row))

    def checks_of(self, row: RootCause) -> tuple[Answered, ...]:
        """Return the checks of Harvester's own that ask about a root cause or what follows from it, with these findings
        alone.
        """
        names = {finding.fingerprint for finding in self._story(row)}
        cut = (replace(r, findings=tuple(f for f in r.findings if f.fingerprint in names)) for r in self.rows)
        return tuple(each for each in cut if each.findings)

    @property
    def untold(self) -> tuple[Answered, ...]:
        """The checks that could not be made, with the reason and, where there are any, the commands to run by hand."""
        return tuple(row for row in self.rows if row.outcome == SKIPPED)

    @cached_property
    def by_hand(self) -> HandChecks:
        """What is left to run by hand: the commands for what could not be told, each once, with the Nodes' names."""
        return list_hand_checks(self.untold, self.hosts, self.findings.source.kind == LIVE)

    @property
    def unseen(self) -> tuple[Answered, ...]:
        """The checks that could not be made, and for which no command is known: what they need was not seen."""
        known = {key for each in self.by_hand for key in each.keys}
        return tuple(row for row in self.untold if row.row.key not in known)

    @property
    def asked(self) -> tuple[Answered, ...]:
        """The checks that were made."""
        return tuple(row for row in self.rows if row.outcome not in {SKIPPED, NOT_APPLICABLE})

    @property
    def applying(self) -> tuple[Answered, ...]:
        """The checks that have a meaning for this cluster, made or not."""
        return tuple(row for row in self.rows if row.outcome != NOT_APPLICABLE)

    @cached_property
    def answer(self) -> Answer:
        """What to read first, as for a check: the verdict, why not and what to fix first, steps, the next command."""
        whole = build_answer(self.findings)
        rows = (*self.refusals, *self.warnings)
        first = rows[0].findings[0] if rows else None
        return replace(
            whole,
            verdict=self.verdict,
            rows=rows,
            steps=list_steps(first, self.findings.notes) if first else (),
            cautions=tuple(dict.fromkeys(split_sentences(first.caution))) if first else (),
            command=self._choose_command(),
            unseen="",
        )

    def _choose_command(self) -> str:
        """`upgrade` where one runs, none or `whoami` where most was not seen; else the check-list for the ticket."""
        if self.running:
            return fill_command(self.findings.source, "upgrade")
        if self.undetermined:
            return fill_command(self.findings.source, "whoami") if self.findings.source.kind == LIVE else ""
        return name_command(self, "-o", "preflight.md")

    @property
    def checks(self) -> Table:
        """Each check of Harvester's own, to be read: `tool`, `check`, `asks`, `answer` (the outcome, or the severity of
        what was found) and `why` (str); `frame` has more.
        """
        from harvdiag.core.table import Table

        rows = [
            (str(each.row.tool), each.row.id, each.row.asks, str(each.severity or each.outcome), describe_why(each))
            for each in self.rows
        ]
        return Table(build_frame(rows, dict.fromkeys(("tool", "check", "asks", "answer", "why"), "str")))

    @property
    def issues(self) -> Table:
        """The known issues of the way, to be read: `state`, `symptom`, `why` it cannot be told, `report` (str)."""
        from harvdiag.core.table import Table

        rows = [(str(each.state), each.row.symptom, each.reason, each.row.link) for each in self.known]
        return Table(build_frame(rows, dict.fromkeys(("state", "symptom", "why", "report"), "str")))

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row for each check of Harvester's own; all columns are strings, but `findings` (Int64)."""
        dtypes = dict.fromkeys(COLUMNS, "str") | {"findings": "Int64"}
        rows = [
            (
                str(each.row.tool),
                each.row.id,
                each.row.asks,
                each.outcome,
                str(each.severity or ""),
                len(each.findings),
                each.reason,
                ", ".join(each.row.rules),
                ", ".join(each.row.go),
                "\n".join(each.by_hand),
            )
            for each in self.rows
        ]
        return build_frame(rows, dtypes)


def _count_alike(row: RootCause) -> RootCause:
    """A root cause that names others of its kind besides its subject, with how many these are."""
    first, *more = row.findings
    others = sum(each.kind == first.subject.kind for each in first.targets)
    if more or not others or f"{others} other" not in first.message:  # its message ends with them
        return row
    told = f"; likewise {format_count(others, 'other')}"
    return replace(row, what=f"{row.what}{told}", more=f"{row.more}{told}")
