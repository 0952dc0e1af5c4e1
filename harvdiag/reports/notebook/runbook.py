"""A runbook as a card: the ways compared, the first with its steps and commands, the others folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harvdiag.core.escape import escape_html, is_web_link
from harvdiag.core.frames import build_frame
from harvdiag.core.marks import GOOD, SIGNS, WARNING
from harvdiag.core.notes import Notes
from harvdiag.cure.plan import PlanStep, Runbook, Standing, Way
from harvdiag.reports.notebook.parts import (
    EDGES,
    QUIET,
    finding_heading,
    fold,
    format_step,
    frame,
    labelled,
    source_heading,
    verdict,
)
from harvdiag.reports.notebook.simulation import finding_line, item_list, precondition_line
from harvdiag.reports.notebook.tables import frame_html
from harvdiag.status.cure.runbook import (
    BEFORE,
    DRAFTS,
    FINAL,
    NEXT,
    NOT_THIS,
    SUPPORT,
    WAYS,
    WayRow,
    answer_first,
    describe_asked,
    describe_back,
    describe_others,
    describe_place,
    describe_rehearsal,
    describe_way,
    describe_wrong_step,
    first_way,
    list_end,
    list_next,
    list_support,
    list_untold,
    list_ways,
    mark_verdict,
    name_drafts,
    verdict_of,
)
from harvdiag.status.cure.words import OPEN, UNCHANGED, describe_origin

__all__ = ["runbook_card"]

COLUMNS = ("way", "followed?", "what it costs", "what decides")
# Commands keep their lines, so that each can be copied; a long one is scrolled.
_COMMANDS = "margin:.2em 0;padding:.2em .6em;overflow-x:auto;white-space:pre;border:1px solid #8c8c8c"
_FINAL = "margin:.6em 0;padding:.2em 0;border-top:2px solid {edge};font-weight:bold"
_STEP, _PART = "margin:.4em 0", "margin-top:.3em"


def runbook_card(runbook: Runbook, picture: str = "") -> str:
    """Return the card; `picture` is HTML of what the step would do that must not be taken, folded."""
    mark = mark_verdict(runbook)
    parts = (
        _head(runbook),
        verdict(f"{SIGNS[mark]} {verdict_of(runbook)}"),
        *_comparison(list_ways(runbook)),
        *(_way(runbook, way, number) for number, way in enumerate(runbook.ways, 1)),
        *_end(runbook, picture),
        f"<div>{format_step(describe_others(runbook))}</div>",
        f"<div style='{QUIET}'>{UNCHANGED}</div>",
    )
    return frame(EDGES.get(mark, EDGES[WARNING]), "".join(parts))


def _head(runbook: Runbook) -> str:
    before, finding = runbook.before, runbook.finding
    source = source_heading(before.manifest.name, describe_origin(before)) if before is not None else ""
    if finding is None:
        return source
    told = f"<div>{escape_html(finding.message)}</div><div style='{QUIET}'>{escape_html(describe_asked(runbook))}</div>"
    return f"{source}{finding_heading(finding, Notes())}{told}"


def _comparison(rows: Sequence[WayRow]) -> Iterator[str]:
    if rows:
        cells = ((_title(row), f"{SIGNS[row.mark]} {row.standing}", row.costs, row.decides) for row in rows)
        yield f"<div><b>{WAYS}</b></div>{frame_html(build_frame(cells, dict.fromkeys(COLUMNS, 'str')))}"


def _title(row: WayRow) -> str:
    return f"{row.number}. {row.title}" if row.number else row.title


def _way(runbook: Runbook, way: Way, number: int) -> str:
    """A way; only the first is unfolded, if it may be followed."""
    title = escape_html(describe_way(way, number if len(runbook.ways) > 1 else 0))
    inner = "".join(_way_parts(runbook, way))
    if way is first_way(runbook) and way.standing is not Standing.CLOSED:
        return f"<div style='margin-top:.6em'><b>{title}</b></div>{inner}"
    return fold(title, inner)


def _way_parts(runbook: Runbook, way: Way) -> Iterator[str]:
    yield from _preconditions(way)
    yield "<div><b>Steps</b></div>"
    yield from (_step(number, step) for number, step in enumerate(way.steps, 1))
    for title, found in list_end(way):
        yield fold(title, item_list(map(finding_line, found), True))
    yield _titled(OPEN, map(format_step, list_untold(way)))
    if way.drafts:
        lines = (f"<code>{escape_html(d.name)}</code>: {escape_html(d.title)}{_dangers(d.dangers)}" for d in way.drafts)
        yield _titled(DRAFTS, lines) + format_step(f"Write them: `{name_drafts(runbook, way)}`")


def _preconditions(way: Way) -> Iterator[str]:
    """What is not met or open, and, folded, what is met."""
    told = [(each, *answer_first(each, way)) for each in way.preconditions]
    if not told:
        return
    left, met = ([precondition_line(*each) for each in told if (each[1] == GOOD) == good] for good in (False, True))
    yield f"<div style='{_PART}'><b>{BEFORE}</b></div>{item_list(left, True)}"
    if met:
        names = ", ".join(each.id for each, mark, _ in told if mark == GOOD)
        yield fold(f"{SIGNS[GOOD]} met: {escape_html(names)}", item_list(met, True))


def _step(number: int, step: PlanStep) -> str:
    rule = f"<div style='{_FINAL.format(edge=EDGES[WARNING])}'>{SIGNS[WARNING]} {FINAL}</div>" if step.final else ""
    done = f"{SIGNS[GOOD]} " if step.done else ""
    where = f"<span style='{QUIET}'>({escape_html(describe_place(step))})</span>"
    more = "".join(f" {_link(link)}" for link in step.links)
    head = f"<div>{number}. {done}<b>{escape_html(step.what)}</b> {where}{more}</div>"
    return f"{rule}<div style='{_STEP}'>{head}<div style='margin-left:1.4em'>{''.join(_details(step))}</div></div>"


def _details(step: PlanStep) -> Iterator[str]:
    yield labelled([("⚠ Caution", step.caution)] if step.caution else [])
    if step.commands:
        lines = "\n".join(map(escape_html, step.commands))
        yield f"<pre style='{_COMMANDS}'>{lines}</pre>"
    told = (
        ("Done already", step.done),
        *(("" if number else "Then see", text) for number, text in enumerate(step.sees)),
        ("Rehearsed", describe_rehearsal(step)),
        ("Go back", describe_back(step)),
    )
    yield labelled((label, text) for label, text in told if text)


def _link(link: str) -> str:
    shown = escape_html(link)
    return f"<a href='{shown}' rel='noreferrer'>read more</a>" if is_web_link(link) else shown


def _dangers(dangers: Sequence[str]) -> str:
    return item_list((f"{SIGNS[WARNING]} {format_step(text)}" for text in dangers), True)


def _end(runbook: Runbook, picture: str) -> Iterator[str]:
    if steps := list_next(runbook):
        yield _titled(NEXT, map(format_step, steps))
    if steps and runbook.finding and runbook.finding.caution:
        yield labelled([("⚠ Caution", runbook.finding.caution)])
    if runbook.simulation is not None:
        yield fold(NOT_THIS, item_list([format_step(describe_wrong_step(runbook.simulation))]) + picture)
    if support := list_support(runbook, first_way(runbook)):
        yield fold(f"{SUPPORT} ({len(support)})", item_list(map(format_step, support)))


def _titled(title: str, items: Iterable[str], plain: bool = False) -> str:
    """A list below its heading; nothing where it is empty."""
    inner = item_list(items, plain)
    return f"<div style='{_PART}'><b>{title}</b></div>{inner}" if inner else ""
