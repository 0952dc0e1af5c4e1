"""The verdict before an upgrade: may it begin, and if not, why not; as data.

`Preflight` holds the findings, each check of Harvester's own with its answer (`rows`), and the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from harvdiag.core.findings import Findings
from harvdiag.core.frames import build_frame
from harvdiag.core.model import Finding, Severity
from harvdiag.status.preflight.known import KnownIssue
from harvdiag.status.preflight.rows import NOT_APPLICABLE, SKIPPED, Answered
from harvdiag.upgrade.paths import Path

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Preflight"]

COLUMNS = ("tool", "check", "asks", "outcome", "severity", "findings", "reason", "rules", "go", "by_hand")


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """What is known before an upgrade of one cluster."""

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
    known: tuple[KnownIssue, ...] = ()
    """The known issues of that way, or of those that begin here, each with what is known of it in this cluster."""

    @property
    def ready(self) -> bool:
        """Whether the upgrade may begin, as far as could be told: nothing was found that refuses or stops it."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """The findings for which it may not begin: the errors, root causes first."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def untold(self) -> tuple[Answered, ...]:
        """The checks that could not be made, with the reason and, where there are any, the commands to run by hand."""
        return tuple(row for row in self.rows if row.outcome == SKIPPED)

    @property
    def asked(self) -> tuple[Answered, ...]:
        """The checks that were made."""
        return tuple(row for row in self.rows if row.outcome not in {SKIPPED, NOT_APPLICABLE})

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
