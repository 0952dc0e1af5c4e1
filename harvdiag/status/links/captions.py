"""The captions of rows and of the cluster objects, and which links to the cluster objects are drawn as one."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.model import Finding
from harvdiag.status.links.folding import Entry
from harvdiag.status.links.phrases import describe_consequences
from harvdiag.status.links.rows import PLACE, Link, LinkModel, Row
from harvdiag.status.links.titles import short_clause

__all__ = ["findings_below", "group_hub_links", "hub_findings", "hub_place", "list_remarks"]


def findings_below(row: Row, meant: Sequence[Finding] = ()) -> list[Finding]:
    """Return the findings that are written in full below a row: those in focus (`meant`), then root causes."""
    roots = [finding for finding in row.findings if not finding.caused_by] or list(row.findings[:1])
    roots = [] if row.is_held_up else roots
    return [*meant, *(finding for finding in roots if finding not in meant)]


def list_remarks(row: Row, written: Sequence[Finding], meant: bool, most: int) -> list[str]:
    """Return the short remarks after them: that the row is held up, the consequences, and how many are left out.

    `meant`: a finding is in focus, so that it is not enough to say that the row is held up.
    """
    after = [finding for finding in row.findings if finding not in written]
    rest = [f"held up: {short_clause(row.findings[0])}"] if row.is_held_up and not meant else []
    rest += [describe_consequences(after)] if after and not rest else []
    rest += [f"and {len(written) - most} more findings about this row"] if len(written) > most else []
    return rest


def hub_findings(model: LinkModel) -> list[Finding]:
    """Return the findings about the cluster objects, each once."""
    return list({finding.fingerprint: finding for box in model.cluster_boxes for finding in box.findings}.values())


def hub_place(entries: Sequence[Entry], written: Sequence[Finding]) -> int:
    """Return the index of the entry before which they are written: the first whose links hold; 0 for a root cause."""
    if any(not finding.caused_by for finding in written):
        return 0
    firsts = [entry if isinstance(entry, Row) else entry.rows[0] for entry in entries]
    return next((at for at, row in enumerate(firsts) if row.is_linked), len(entries))


def group_hub_links(row: Row) -> list[list[Link]]:
    """Group the links of a row to the cluster objects: all of a chain that hold together, each other one alone."""
    kept: dict[tuple[str, str], list[Link]] = {}
    links_out = sorted(row.out, key=lambda link: -PLACE[link.source.ref.kind])
    ends = [link.source.key for link in links_out if link.state == "good" and _is_last(link, links_out)]
    for link in links_out:
        end = link.source.key if link.source.key in ends else next(iter(ends), "")
        kept.setdefault((link.state, link.target.key if link.state != "good" else end), []).append(link)
    return list(kept.values())


def _is_last(link: Link, links: Sequence[Link]) -> bool:
    """Whether no valid link starts further right: each chain of a row ends there."""
    return all(PLACE[link.source.ref.kind] >= PLACE[other.source.ref.kind] for other in links if other.state == "good")
