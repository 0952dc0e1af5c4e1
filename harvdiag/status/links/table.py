"""The links as a table, one row each, with the finding about it."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.tabular import Record
from harvdiag.status.links.rows import Link, LinkModel

__all__ = ["COLUMNS", "build_records"]

COLUMNS = ("source_kind", "source", "field", "target_kind", "target", "state", "finding")


def build_records(model: LinkModel) -> list[Record]:
    """Return every link of the rows and among the cluster objects, folded ones too; trouble first."""
    links = [link for row in model.rows for link in (*row.links, *row.out)] + list(model.cluster_links)
    return [dict(zip(COLUMNS, values, strict=True)) for link in links for values in _link_rows(link)]


def _link_rows(link: Link) -> Iterator[tuple[str, ...]]:
    for path in link.paths:
        target = "" if link.target.placeholder else link.target.ref.name
        yield (
            link.source.ref.kind,
            link.source.ref.name,
            path,
            link.target.ref.kind,
            target,
            _link_state(link),
            _link_finding(link),
        )


def _link_state(link: Link) -> str:
    """``holds``, or what is wrong with the link."""
    return link.word or "holds"


def _link_finding(link: Link) -> str:
    """The rule of the finding about a broken link, the root cause first."""
    if not link.broken:
        return ""
    found = sorted((*link.source.findings, *link.target.findings), key=lambda finding: bool(finding.caused_by))
    return next((finding.rule for finding in found if finding.family == "pairing"), "")
