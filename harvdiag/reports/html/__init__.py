"""Findings as one page of HTML to hand on: it loads nothing, has no script, and reads well on a phone and on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harvdiag.core.findings import Findings
from harvdiag.core.listing import group_by
from harvdiag.core.marks import GOOD, SIGNS, UNSEEN
from harvdiag.core.model import CoverageEntry
from harvdiag.core.timestamps import Timestamp
from harvdiag.reports.outline import Outline, build_outline
from harvdiag.status.summary import (
    describe_place,
    describe_redaction,
    describe_source,
    gap_detail,
    list_unseen,
    permission_hint,
)
from harvdiag.version import __version__

__all__ = ["Picture", "page_data", "render", "render_page"]

MOST = 5
"""The most root causes that the answer names."""
FIRST = 3
"""The most steps that the answer shows."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture as the page shows it: the SVG for a wide and for a narrow column, and the same as words and a table."""

    name: str
    title: str
    alt: str
    wide: str
    narrow: str
    width: int
    """Of the wide form, in CSS pixels."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 0
    """How many rows the table does not show."""


def render(findings: Findings) -> str:
    """Return the page without pictures, which need the cluster: see `harvdiag.share`."""
    return render_page(findings)


def render_page(findings: Findings, pictures: Sequence[Picture] = ()) -> str:
    """Return the page. It is a pure function of its arguments: the same findings give the same bytes."""
    from harvdiag.reports.html.template import load_template

    outline = build_outline(findings)
    return load_template().render(page_data(outline), outline=outline, pictures=pictures).rstrip() + "\n"


def page_data(outline: Outline) -> dict[str, Any]:
    """Return what the templates of every page show beside the outline itself."""
    from harvdiag.reports.html.words import choose_headline

    findings, answer = outline.findings, outline.answer
    headline, verdict = choose_headline(answer)
    worst = str(answer.rows[0].severity) if answer.rows else UNSEEN if findings.skipped else GOOD
    left = [step for step in outline.first_steps if not step.done]
    entries = (*findings.coverage.gaps, *(entry for entry in findings.coverage if entry.state.seen))
    return {
        "version": __version__,
        "headline": headline,
        "verdict": verdict,
        "about": describe_source(findings),
        "redacted": describe_redaction(findings.source),
        "worst": worst,
        "sign": SIGNS[worst],
        "sections": outline.sections,
        "left": left,
        "most": MOST,
        "first": FIRST,
        "cautions": answer.cautions,
        "unseen": list_unseen(findings),
        "hint": permission_hint(findings.source),
        "gaps": [_coverage_row(entry) for entry in entries if not entry.state.seen],
        "seen": [_coverage_row(entry) for entry in entries if entry.state.seen],
        "facts": list(_list_facts(findings)),
        "files": [(note.name, str(note.state), note.reason) for note in findings.source.files],
        "checks": group_by(sorted(findings.outcomes, key=lambda o: (o.outcome, o.rule)), lambda o: o.outcome),
        "outcomes": ", ".join(f"{number} {word}" for word, number in findings.summary["checks"].items()),
    }


def _coverage_row(entry: CoverageEntry) -> tuple[str, ...]:
    where = describe_place(entry) if entry.namespace else ""
    return entry.kind, where, str(entry.state), str(entry.count), gap_detail(entry)


def _list_facts(findings: Findings) -> Iterator[tuple[str, str]]:
    """What was read, by what, and how much of it."""
    source = findings.source
    yield "Source", source.name
    if source.origin:
        yield "Saved from", source.origin.name
    yield "Collected", str(Timestamp(source.captured_at)) or "unknown"
    yield "Harvester", source.harvester_version or "unknown"
    yield "Kubernetes", source.kubernetes_version or "unknown"
    for noun, number in (("Nodes", source.nodes), ("Machines", source.machines)):
        yield noun, "not seen" if number is None else str(number)
    yield "Objects read", f"{sum(entry.count for entry in findings.coverage):,}"
    yield "harvdiag", __version__
