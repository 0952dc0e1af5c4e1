"""The node board in words: its title, its notes, and its alternative text."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.fields import get_text
from harvdiag.core.listing import group_by, join_escaped
from harvdiag.core.marks import GOOD, NOW, SIGNS, UNSEEN
from harvdiag.core.model import Finding, Severity
from harvdiag.status.nodes.board import Board
from harvdiag.status.nodes.cells import COLUMNS, Cell, Row
from harvdiag.status.nodes.folding import Bundle, Line, count_rows
from harvdiag.status.summary import format_count

__all__ = [
    "build_alt_text",
    "build_title",
    "cell_sign",
    "describe_broken",
    "describe_same",
    "list_notes",
    "list_other_findings",
    "list_uncounted",
]

FEW, LISTED, NOTES = 3, 12, 4
VOLUME = "Volume.longhorn.io"


def cell_sign(cell: Cell) -> str:
    """Return the mark before the word of a cell; empty where its state has none."""
    return SIGNS.get(cell.state, "")


def build_title(board: Board) -> str:
    """Return the answer in one line: which nodes need attention, and why."""
    if gap := board.facts.snapshot.gap("Node"):
        return f"The state of the nodes is unknown: Nodes were not seen ({gap})"
    bad, own = [row for row in board.rows if row.trouble], board.broken
    ghosts, held = [row for row in bad if row.ghost], [row for row in bad if row.is_held_up and not row.ghost]
    parts = [f"{describe_broken(board)}: {_list_reasons(own)}"] if own else []
    parts += [_describe_ghosts(ghosts)] if ghosts else []
    if board.rows and (bad or not board.findings.skipped):
        parts += _describe_others(board, bool(own or ghosts))
    if held:
        by = ("", " by it", " by them")[min(len(own) + len(ghosts) + len(parts[1:]), 2)] if parts else ""
        parts.append(
            f"{_format_share(held, board)} {'is' if len(held) == 1 else 'are'} held up{by}: {_list_reasons(held)}"
        )
    return "; ".join(parts) or _describe_healthy(board)


def describe_broken(board: Board) -> str:
    """Return how many nodes have a fault of their own: ``1 of 4 nodes needs attention``; empty where none has."""
    own = board.broken
    return f"{_format_share(own, board)} {'needs' if len(own) == 1 else 'need'} attention" if own else ""


def _describe_others(board: Board, more: bool) -> list[str]:
    """The findings about no single node in short, but for what a node's cell counts: the first, and how many more."""
    grave = [finding for finding in list_other_findings(board) if finding.severity is not Severity.INFO]
    found = [finding for finding in grave if not _is_counted(board, finding)]
    if not found:
        return []
    first = f"{found[0].subject.kind} {found[0].subject.name} ({found[0].short})"
    rest = f" and {format_count(len(found) - 1, 'more finding')}" if len(found) > 1 else ""
    return [f"beside the nodes {first}{rest}" if more else f"No node stands out, but {first}{rest}"]


def _is_counted(board: Board, finding: Finding) -> bool:
    """Whether it is about a volume that the cell of its node, which is in the title too, counts as broken."""
    if finding.subject.kind != VOLUME:
        return False
    node = get_text(board.facts.snapshot.get(finding.subject), "status.currentNodeID")
    return any(row.name == node and row.cells["volumes"].bad for row in board.nodes)


def _format_share(rows: Sequence[Row], board: Board) -> str:
    return f"{len(rows)} of {format_count(len(board.nodes), 'node')}"


def _list_reasons(rows: Sequence[Row]) -> str:
    """Each row with its reason; of more than a few, each reason with the first of its rows."""
    if len(rows) <= FEW:
        return ", ".join(f"{row.name} ({row.reason})" for row in rows)
    sorts = group_by(rows, lambda row: row.reason)
    more = f" and {format_count(len(sorts) - FEW, 'other fault')}" if len(sorts) > FEW else ""
    return ", ".join(f"{reason} ({_list_first([row.name for row in alike])})" for reason, alike in sorts[:FEW]) + more


def _describe_ghosts(ghosts: Sequence[Row]) -> str:
    machines = [row for row in ghosts if row.ref.kind == "Machine"]
    names = [row.name for row in ghosts if row.ref.kind != "Machine"]
    nodes = _list_first([row.node or row.name for row in machines])
    lone = f"{format_count(len(machines), 'Machine')} without Node ({nodes})"
    verb = "does" if len(names) == 1 else "do"
    gone = f"{format_count(len(names), 'node')} named that {verb} not exist ({_list_first(names)})"
    return "; ".join(filter(None, (lone if machines else "", gone if names else "")))


def _list_first(names: Sequence[str]) -> str:
    return join_escaped(names, len(names) if len(names) <= FEW else 2)


def _describe_healthy(board: Board) -> str:
    size, skipped = format_count(len(board.nodes), "node"), board.findings.skipped
    gaps = [name for name in ("paired",) if any(row.cells[name].state == UNSEEN for row in board.nodes)]
    if board.facts.rollout and not board.others:
        return _describe_upgrade(board, f"; {format_count(len(skipped), 'check')} could not be run" if skipped else "")
    if skipped:
        why = " (Machines were not seen)" if gaps else ""
        return f"No trouble seen on {size}, but {format_count(len(skipped), 'check')} could not be run{why}"
    each = "The one node is" if len(board.nodes) == 1 else f"All {size} are"
    return f"{each} well: paired, managed, ready and schedulable"


def _describe_upgrade(board: Board, rest: str) -> str:
    """Where the upgrade is while nothing is wrong."""
    size, done = len(board.nodes), sum(row.cells["upgrade"].state == GOOD for row in board.nodes)
    now = [f"{row.name} is at {row.cells['upgrade'].word}" for row in board.nodes if row.cells["upgrade"].state == NOW]
    at = f", {_list_first(now)}" if now else ""
    return f"Nothing is wrong with the {format_count(size, 'node')}: {done} of {size} upgraded{at}{rest}"


def list_other_findings(board: Board) -> list[Finding]:
    """Return the findings about no single node, root causes first, then by severity."""
    return sorted(board.others, key=lambda finding: (bool(finding.caused_by), finding.severity.rank))


def list_notes(board: Board) -> list[tuple[str, str]]:
    """Return the notes below the table, each with its state: findings about no single node, and skipped checks."""
    notes = [(f"{f.subject}: {f.message}", f.severity.value) for f in list_other_findings(board)]
    more = [(f"and {len(notes) - NOTES} more findings about no single node", notes[NOTES][1])] if notes[NOTES:] else []
    skipped = len(board.findings.skipped)
    gaps = [(f"{skipped} checks could not be run: not everything was seen", UNSEEN)] if skipped else []
    return [*notes[:NOTES], *more, *gaps, *((words, UNSEEN) for words in list_uncounted(board))]


def describe_same(cells: Sequence[str]) -> str:
    """Return the line on the columns in which all rows have the same to say."""
    return f"the same on all: {', '.join(cells)}"


def list_uncounted(board: Board) -> list[str]:
    """Return the line on the columns that are left out as nothing of them was seen; empty where there is none."""
    heads = [COLUMNS[name] for name in board.uncounted]
    return [f"not seen, so not counted: {' and '.join(heads)} of the nodes"] if heads else []


def build_alt_text(board: Board, lines: Sequence[Line]) -> str:
    """Return the alternative text: the rows in trouble one by one, and how many others there are."""
    bad = [row for row in board.rows if row.trouble]
    sentences = [f"{_row_label(row)}: {_list_faults(row)}." for row in bad[:LISTED]]
    rest = [f"{len(bad) - LISTED} more rows have trouble."] if len(bad) > LISTED else []
    well = [row for row in board.rows if not row.trouble]
    calm = [f"{count_rows(well)}: nothing found."] if well else []
    other = [f"{finding.severity}: {finding.message}." for finding in list_other_findings(board)[:FEW]]
    fold = f" in {len(lines)} lines" if any(isinstance(line, Bundle) for line in lines) else ""
    size = count_rows(board.rows) or "no nodes"
    head = f"Table of {size}{fold} against {len(board.columns)} checks. {build_title(board)}."
    return " ".join([head, *sentences, *rest, *calm, *other])


def _row_label(row: Row) -> str:
    return f"{row.ref.kind if row.ghost else 'Node'} {row.name}"


def _list_faults(row: Row) -> str:
    cells = [(name, cell) for name, cell in row.cells.items() if cell.bad]
    return ", ".join(f"{COLUMNS[name]}: {cell.word}" for name, cell in cells)
