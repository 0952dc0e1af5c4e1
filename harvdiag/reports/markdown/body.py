"""The root causes of a report in Markdown: what to know of each, and folded what can be read later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_markdown, format_code, is_web_link
from harvdiag.core.listing import group_by
from harvdiag.core.model import Finding
from harvdiag.core.suggest import join_names
from harvdiag.reports.markdown.fit import Box, Part, Piece
from harvdiag.reports.markdown.words import evidence_table, format_step, note_lines, step_lines
from harvdiag.reports.outline import Follower, Outline, Section, Told
from harvdiag.status.answer import HOLDS, name_alike
from harvdiag.status.summary import format_count, share_message

__all__ = ["rows_table", "section_parts"]


def rows_table(outline: Outline) -> Iterator[str]:
    """Yield a table with a row for each root cause; nothing for a single one, whose section follows."""
    if len(outline.sections) < 2:
        return
    yield from ("", "| severity | object | what is wrong | consequences |", "| --- | --- | --- | --: |")
    for row in outline.answer.rows:
        held = f" ({HOLDS})" if row.holds else ""
        subjects, what = escape_markdown(name_alike(row.subjects)), escape_markdown(row.what)
        yield f"| {row.severity} | {subjects} | {what}{held} | {row.consequences} |"


def section_parts(section: Section, first: bool) -> Iterator[Part]:
    """Yield the parts of a root cause; of the `first`, steps and evidence are never left out."""
    told, others = section.told[0], section.told[1:]
    finding = told.finding
    yield Piece(
        lines=(
            "",
            f"## {finding.severity}: {escape_markdown(name_alike(section.row.subjects))}",
            "",
            f"{escape_markdown(finding.message)}. ({_describe_rule(told)})",
        )
    )
    if told.cause:
        yield Piece(lines=("", f"{escape_markdown(told.cause)}."))
    if finding.why:
        yield Piece(lines=("", format_step(finding.why)), rank=4, noun="explanation")
    yield Piece(lines=tuple(_step_part(told)), rank=0 if first else 3, noun="list of steps")
    yield Piece(lines=tuple(_caution_part(told)), rank=0 if first else 1, noun="caution")
    yield from _evidence_box(told, 0 if first else 5)
    yield Piece(lines=tuple(_note_part(told)), rank=1, noun="note")
    if finding.links:
        links = ", ".join(f"<{link}>" if is_web_link(link) else format_code(link) for link in finding.links)
        yield Piece(lines=("", f"More: {links}"), rank=4, noun="list of links")
    yield from _others_parts(others)
    yield from _follower_parts(section.followers)
    yield from _again_part(section.again)


def _describe_rule(told: Told) -> str:
    status = f"; {told.status}" if told.status else ""
    return f"`{told.finding.rule}`{status}"


def _step_part(told: Told) -> Iterator[str]:
    if told.steps:
        yield from ("", "**Next**", "", *step_lines(told.steps))
    elif told.as_for:
        yield from ("", f"Next: as for {escape_markdown(told.as_for)}, with this name in its place.")


def _caution_part(told: Told) -> Iterator[str]:
    if told.caution:
        yield from ("", f"> **Caution.** {format_step(told.caution)}")


def _note_part(told: Told) -> Iterator[str]:
    for note in told.notes:
        yield from note_lines(note)


def _evidence_box(told: Told, rank: int) -> Iterator[Part]:
    if told.evidence:
        table = Piece(lines=("", *evidence_table(told.evidence)), rank=rank, noun="table of evidence")
        yield Box(title=f"Evidence: {format_count(len(told.evidence), 'field')}", pieces=(table,))


def _others_parts(others: Sequence[Told]) -> Iterator[Part]:
    """Further objects with the same fault: their names, and folded what there is to know of each."""
    if not others:
        return
    names = escape_markdown(join_names([told.finding.subject.name for told in others]))
    yield Piece(lines=("", f"Likewise {format_count(len(others), 'other')}: {names}."))
    title = f"What is known of the {format_count(len(others), 'other')}"
    yield Box(title=title, pieces=tuple(_other_piece(told) for told in others))


def _other_piece(told: Told) -> Piece:
    finding = told.finding
    head = f"**{escape_markdown(finding.subject)}**: {escape_markdown(finding.message)}."
    status = f" ({told.status})" if told.status else ""
    table = ("", *evidence_table(told.evidence)) if told.evidence else ()
    cause = ("", f"{escape_markdown(told.cause)}.") if told.cause else ()
    lines = ("", head + status, *cause, *_step_part(told), *_caution_part(told), *table, *_note_part(told))
    return Piece(lines=lines, rank=8, noun="other object")


def _follower_parts(followers: Sequence[Follower]) -> Iterator[Part]:
    for follower in followers:
        told, others = follower.told[0], follower.told[1:]
        finding = told.finding
        subjects = escape_markdown(name_alike([each.finding.subject for each in follower.told]))
        message = share_message([each.finding for each in follower.told]) or finding.message
        text = f"**Leads to** {finding.severity} `{follower.rule}`, {subjects}: {escape_markdown(message)}."
        status = f" ({told.status})" if told.status else ""
        yield Piece(lines=("", text + status, *_note_part(told)))
        yield Piece(lines=tuple(_caution_part(told)), rank=3, noun="caution")
        pieces = [Piece(lines=tuple(_step_part(told)), rank=6, noun="list of steps")] if told.steps else []
        if told.evidence:
            pieces.append(Piece(lines=("", *evidence_table(told.evidence)), rank=7, noun="table of evidence"))
        pieces += [_other_piece(other) for other in others]
        if pieces:
            yield Box(title="More about this consequence", pieces=tuple(pieces))


def _again_part(again: Sequence[Finding]) -> Iterator[Part]:
    if again:
        counted = group_by(again, lambda finding: finding.rule)
        names = [f"`{rule}` ({len(alike)})" if len(alike) > 1 else f"`{rule}`" for rule, alike in counted]
        yield Piece(lines=("", f"Also leads to {', '.join(names)}: see above."))
