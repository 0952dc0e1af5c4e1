"""What is said below a row of links and about the cluster objects, and which of the links to these are shown as one."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.model import Finding
from harvdiag.status.links.folding import Entry
from harvdiag.status.links.phrases import follows
from harvdiag.status.links.rows import PLACE, Row, Tie, Web
from harvdiag.status.links.titles import clause

__all__ = ["hub_findings", "hub_place", "outward", "remarks", "told_below"]


def told_below(row: Row, meant: Sequence[Finding] = ()) -> list[Finding]:
    """The findings that are told in full below a row: the one that is `meant`, then root causes."""
    roots = [finding for finding in row.findings if not finding.caused_by] or list(row.findings[:1])
    roots = [] if row.held else roots
    return [*meant, *(finding for finding in roots if finding not in meant)]


def remarks(row: Row, told: Sequence[Finding], meant: bool, most: int) -> list[str]:
    """What is said after them in short: that the row is held up, what follows, how many of `told` there is no room for.

    `meant`: a finding is in focus, so that the row is not only told as held up.
    """
    after = [finding for finding in row.findings if finding not in told]
    rest = [f"held up: {clause(row.findings[0])}"] if row.held and not meant else []
    rest += [follows(after)] if after and not rest else []
    rest += [f"and {len(told) - most} more findings about this row"] if len(told) > most else []
    return rest


def hub_findings(web: Web) -> list[Finding]:
    """The findings about the cluster objects, each once."""
    return list({finding.fingerprint: finding for thing in web.hub for finding in thing.told}.values())


def hub_place(entries: Sequence[Entry], told: Sequence[Finding]) -> int:
    """Before which entry they are told: the first whose links hold; before all where one of them is a root cause."""
    if any(not finding.caused_by for finding in told):
        return 0
    return next((at for at, entry in enumerate(entries) if isinstance(entry, Row) and entry.linked), len(entries))


def outward(row: Row) -> list[list[Tie]]:
    """The ties of a row to the cluster objects: all that hold of a chain together, and each that does not by itself."""
    kept: dict[tuple[str, str], list[Tie]] = {}
    ties_out = sorted(row.out, key=lambda tie: -PLACE[tie.source.ref.kind])
    ends = [tie.source.key for tie in ties_out if tie.state == "good" and _last(tie, ties_out)]
    for tie in ties_out:
        end = tie.source.key if tie.source.key in ends else next(iter(ends), "")
        kept.setdefault((tie.state, tie.target.key if tie.state != "good" else end), []).append(tie)
    return list(kept.values())


def _last(tie: Tie, ties: Sequence[Tie]) -> bool:
    """Whether none that holds comes from further right: each chain of a row ends there."""
    return all(PLACE[tie.source.ref.kind] >= PLACE[other.source.ref.kind] for other in ties if other.state == "good")
