"""The links as a table, one row each, with what was found about it."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.tabular import Record
from harvdiag.status.links.rows import Tie, Web

__all__ = ["COLUMNS", "rows"]

COLUMNS = ("source_kind", "source", "field", "target_kind", "target", "state", "finding")


def rows(web: Web) -> list[Record]:
    """Every link of the rows and among the cluster objects, also of what is folded; trouble first."""
    ties = [tie for row in web.rows for tie in (*row.ties, *row.out)] + list(web.spokes)
    return [dict(zip(COLUMNS, values, strict=True)) for tie in ties for values in _values(tie)]


def _values(tie: Tie) -> Iterator[tuple[str, ...]]:
    for path in tie.paths:
        target = "" if tie.target.slot else tie.target.ref.name
        yield (tie.source.ref.kind, tie.source.ref.name, path, tie.target.ref.kind, target, _state(tie), _finding(tie))


def _state(tie: Tie) -> str:
    """``holds``, or what is wrong with it."""
    return tie.word or "holds"


def _finding(tie: Tie) -> str:
    """The rule that speaks of a broken link, the root cause first."""
    if not tie.broken:
        return ""
    told = sorted((*tie.source.told, *tie.target.told), key=lambda finding: bool(finding.caused_by))
    return next((finding.rule for finding in told if finding.family == "pairing"), "")
