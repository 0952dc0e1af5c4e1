"""Findings for an issue, a wiki or a hand-over: Markdown that reads well as text too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harvdiag.core.escape import code, markdown
from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding
from harvdiag.status.summary import (
    build_verdict,
    describe_place,
    describe_source,
    format_evidence,
    gap_detail,
    list_unseen,
    permission_hint,
    without_repeats,
)

__all__ = ["render"]


def render(findings: Findings) -> str:
    """The report: verdict, each root cause with what follows from it, what was not judged, what was seen."""
    return "\n".join(_lines(findings)) + "\n"


def _lines(findings: Findings) -> Iterator[str]:
    yield f"# {markdown(findings.source.name)}"
    yield ""
    yield f"{markdown(describe_source(findings))}."
    yield ""
    yield f"**{build_verdict(findings)}**"
    for finding in findings.roots:
        yield from _root(findings, finding)
    yield from _skipped(findings)
    yield from _coverage(findings)


def _root(findings: Findings, finding: Finding) -> Iterator[str]:
    yield ""
    yield f"## {finding.severity}: {markdown(finding.subject)}"
    yield ""
    yield f"{markdown(finding.message)}. (`{finding.rule}`)"
    yield ""
    yield finding.why
    yield from _evidence(finding)
    yield from _advice(finding)
    told = [finding]
    for other in findings.story(finding):
        yield ""
        yield f"**Leads to** {other.severity} `{other.rule}`, {markdown(other.subject)}: {markdown(other.message)}."
        yield from _advice(replace(without_repeats(other, told), links=()))
        told.append(other)


def _evidence(finding: Finding) -> Iterator[str]:
    if finding.evidence:
        yield from ("", "| object | field | value |", "| --- | --- | --- |")
    for e in finding.evidence:
        shown = format_evidence(e) if e.value is None else code(format_evidence(e))
        yield f"| {markdown(e.object)} | {code(e.path)} | {shown} |"


def _advice(finding: Finding) -> Iterator[str]:
    if finding.next:
        yield from ("", "**Next**", "")
    for number, step in enumerate(finding.next, 1):
        yield f"{number}. {_step(step)}"
    if finding.caution:
        yield from ("", f"> **Caution.** {markdown(finding.caution)}")
    if finding.links:
        yield from ("", "More: " + ", ".join(f"<{link}>" for link in finding.links))


def _step(step: str) -> str:
    """A step's commands stand between backticks; they are code, the rest is escaped text."""
    parts = step.split("`")
    return "".join(code(part) if number % 2 else markdown(part) for number, part in enumerate(parts))


def _skipped(findings: Findings) -> Iterator[str]:
    """What was not seen, a row a reason, then once what could not be judged for it."""
    if not findings.skipped:
        return
    yield from ("", "## Not seen", "", "| kind | reason |", "| --- | --- |")
    for kind, why in list_unseen(findings):
        yield f"| {markdown(kind)} | {markdown(why)} |"
    if more := permission_hint(findings.source):
        yield from ("", f"{_step(more)}.")
    yield from ("", "Therefore not judged: " + ", ".join(f"`{outcome.rule}`" for outcome in findings.skipped) + ".")


def _coverage(findings: Findings) -> Iterator[str]:
    yield from (
        "",
        "## What could be seen",
        "",
        "| kind | namespace | state | count | reason |",
        "| --- | --- | --- | --: | --- |",
    )
    for e in findings.coverage:
        where = markdown(describe_place(e)) if e.namespace else ""
        yield f"| {markdown(e.kind)} | {where} | {e.state} | {e.count} | {markdown(gap_detail(e))} |"
