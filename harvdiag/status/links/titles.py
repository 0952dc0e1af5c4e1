"""What the picture says in words: its title, which is the answer, and its alternative text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harvdiag.core.listing import join_escaped
from harvdiag.core.model import Finding, ObjectRef, Reason
from harvdiag.status.links.folding import Entry, Fold
from harvdiag.status.links.phrases import within
from harvdiag.status.links.rows import HUB, Row, Web
from harvdiag.status.summary import counted

__all__ = ["alt", "clause", "title"]

FEW = 6


def clause(finding: Finding) -> str:
    """The fault in few words: the message up to its reasons, a Node by its name alone."""
    head = finding.message.partition(": ")[0].partition("; ")[0]
    return head.removeprefix("Node ") if finding.subject.kind == "Node" else head


def title(web: Web, focus: ObjectRef | None, finding: Finding | None) -> str:
    """The answer in one line."""
    if focus is not None:
        return _about(web, focus, finding)
    nodes = [node for row in web.rows for node in row.nodes]
    broken = [row for row in web.rows if not row.linked]
    roots = _roots([*broken, *([Row(web.hub)] if broken else [])])
    if not web.rows:
        return "No Node and no Machine was seen" if web.gaps else "There is no Node and no Machine"
    if roots:
        return _answer(web, roots, len(nodes))
    if web.gaps:
        return f"Cannot tell whether every link holds: {join_escaped(web.gaps, 3)} not seen"
    others = _roots(web.rows) or _roots([Row(web.hub)])
    if broken:
        return f"{counted(len(broken), 'row')} with links that lead to nothing, though nothing is found wrong with them"
    rest = f", but {within(_first(others))}" if others else ""
    return f"Every link of {counted(len(nodes), 'node')} holds{rest}"


def _answer(web: Web, roots: Sequence[Finding], nodes: int) -> str:
    """What is wrong and how many Nodes it breaks, or else holds up; the fault of a whole cluster counts none."""
    ill = sum(len(row.ill) for row in web.rows)
    held = [node.ref.name for row in web.rows if row.held for node in row.nodes]
    own = [finding for finding in roots if not finding.caused_by]
    if not ill and own and all(finding.reason is Reason.DANGLING for finding in own):
        return _ghosts(web, own, held, nodes)
    if not ill and held:
        return f"{_first(roots)}: {counted(len(held), 'node')} {'is' if len(held) == 1 else 'are'} held up"
    if not ill and roots[0].subject.kind in HUB:
        return _first(roots)
    return f"{_first(roots)}: {_of(ill, nodes)}"


def _ghosts(web: Web, found: Sequence[Finding], held: Sequence[str], nodes: int) -> str:
    """Machines whose Nodes do not exist, and whom they hold up."""
    gone = [t.ref.name for row in web.rows for t in row.things if t.ref.kind == "Node" and t.state == "absent"]
    head = f"{counted(len(found), 'Machine')} without Node ({join_escaped(gone, FEW)})"
    if not held:
        return f"{head}: {_of(0, nodes)}"
    names = held if len(held) <= FEW else [f"{len(held)} nodes"]
    said = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{head} {'holds' if len(found) == 1 else 'hold'} up {said}"


def _of(ill: int, nodes: int) -> str:
    if not nodes:
        return "no Node was seen"
    if not ill:
        return f"the links of {('the node', 'both nodes')[nodes - 1] if nodes < 3 else f'all {nodes} nodes'} hold"
    return f"{ill} of {counted(nodes, 'node')} {'is' if ill == 1 else 'are'} broken"


def _roots(rows: Iterable[Row]) -> list[Finding]:
    """The findings about these rows, root causes first, links before other matters."""
    found = {f.fingerprint: f for row in rows for f in row.findings}
    return sorted(found.values(), key=lambda f: (bool(f.caused_by), f.family != "pairing", f.severity.rank))


def _first(found: Sequence[Finding]) -> str:
    others = [finding for finding in found[1:] if not finding.caused_by]
    alike = all(finding.rule == found[0].rule for finding in others)
    more = f"{len(others)} more like it" if alike else counted(len(others), "more fault")
    return f"{clause(found[0])}, and {more}" if others else clause(found[0])


def _about(web: Web, focus: ObjectRef, finding: Finding | None) -> str:
    if finding is not None:
        return clause(finding)
    name = focus.name if focus.kind == "Node" else f"{focus.kind} {focus.name}"
    thing = next((t for row in web.rows for t in row.things if t.ref == focus), None)
    if thing is not None and not thing.real:
        return f"{name} {'was not seen' if thing.state == 'unseen' else 'does not exist'}, though others name it"
    found = _roots(web.rows)
    if found:
        return f"{name}: {clause(found[0])}"
    if any(row.state == "unseen" for row in web.rows):
        return f"{name}: cannot tell whether every link holds"
    return f"{name}: every link holds"


def alt(web: Web, entries: Sequence[Entry], said: str) -> str:
    """The picture for somebody who cannot see it: the answer, each broken row, and what is folded."""
    parts = [f"Link graph. {said}."]
    bad = [entry for entry in entries if isinstance(entry, Row) and entry.state != "good"]
    parts += [_row(row) for row in bad[:FEW]]
    parts += [f"{len(bad) - FEW} more rows are not well."] if len(bad) > FEW else []
    well = [entry.head.ref.name for entry in entries if isinstance(entry, Row) and entry.state == "good"]
    parts += [f"Every link holds of {join_escaped(well, 12)}."] if well else []
    parts += [_fold(entry) for entry in entries if isinstance(entry, Fold)]
    parts += [f"Not seen: {join_escaped(web.gaps)}."] if web.gaps else []
    return " ".join(parts)


def _row(row: Row) -> str:
    found = [finding for finding in row.findings if not finding.caused_by] or row.findings[:1]
    ties = [tie for tie in row.ties if tie.broken]
    told = [f"{clause(f)}: that follows." if f.caused_by else f"{f.message}." for f in found[:2]]
    told += [f"{t.source.name} to {t.target.name}: {t.paths[0]} {t.word}." for t in ties[:3]]
    said = " ".join(told) or "something that it names is not there or was not seen."
    return said if row.head.name in said else f"{row.head.ref}: {said}"


def _fold(fold: Fold) -> str:
    return f"{fold.told[:1].upper()}{fold.told[1:]}."
