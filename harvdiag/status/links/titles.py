"""The link picture in words: its title, which is the answer, and its alternative text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from harvdiag.core.listing import join_escaped
from harvdiag.core.model import Finding, ObjectRef, Reason, Severity
from harvdiag.status.links.folding import Entry, Fold
from harvdiag.status.links.phrases import continue_sentence
from harvdiag.status.links.rows import CLUSTER_KINDS, LinkModel, Row
from harvdiag.status.summary import format_count

__all__ = ["build_alt_text", "build_title", "lead_finding", "short_clause"]

FEW = 6


def short_clause(finding: Finding) -> str:
    """Return the fault in few words: the message up to its reasons, a Node by its name alone."""
    head = finding.message.partition(": ")[0].partition("; ")[0]
    return head.removeprefix("Node ") if finding.subject.kind == "Node" else head


def build_title(
    model: LinkModel,
    focus: ObjectRef | None,
    root: Finding | None,
    count_broken: Callable[[], str],
    elsewhere: Sequence[Finding] = (),
) -> str:
    """Return the answer in one line.

    `root` is the root cause of the finding in focus, `elsewhere` are the root causes that no object of the picture
    has: where all links hold, the title names the gravest matter of all. `count_broken` says how many nodes are
    broken, as any picture does; it is asked only where a link of a node is.
    """
    if focus is not None:
        return _describe_focus(model, focus, root)
    nodes = [node for row in model.rows for node in row.nodes]
    broken = [row for row in model.rows if not row.is_linked]
    roots = _sort_findings([*broken, *([Row(model.cluster_boxes)] if broken else [])])
    if not model.rows:
        return "No Node and no Machine was seen" if model.gaps else "There is no Node and no Machine"
    if roots:
        return _describe_faults(model, roots, len(nodes), count_broken)
    if model.gaps:
        return f"Unknown whether every link holds: {join_escaped(model.gaps, 3)} not seen"
    others = _gravest_findings(model, elsewhere)
    if broken:
        size = format_count(len(broken), "row")
        return f"{size} with links that lead to nothing, though nothing is found wrong with them"
    rest = f", but {continue_sentence(_summarize_findings(others))}" if others else ""
    return f"Every link of {format_count(len(nodes), 'node')} holds{rest}"


def lead_finding(model: LinkModel, root: Finding | None = None, elsewhere: Sequence[Finding] = ()) -> Finding | None:
    """Return the finding that the title is about, whose steps come first: the root cause in focus, else the first root
    cause in the picture, or a graver one `elsewhere`. None where nothing is wrong.
    """
    broken = [row for row in model.rows if not row.is_linked]
    found = _sort_findings([*broken, Row(model.cluster_boxes)]) if broken else []
    found = found or _gravest_findings(model, elsewhere)
    return root or next((f for f in found if f.severity is not Severity.INFO), None)


def _describe_faults(model: LinkModel, roots: Sequence[Finding], nodes: int, count_broken: Callable[[], str]) -> str:
    """What is wrong and how many Nodes it breaks, else holds up; a fault of the whole cluster has no count."""
    ill = sum(len(row.broken_nodes) for row in model.rows)
    held = [node.ref.name for row in model.rows if row.is_held_up for node in row.nodes]
    own = [finding for finding in roots if not finding.caused_by]
    if not ill and own and all(finding.reason is Reason.DANGLING for finding in own):
        return _describe_ghosts(model, own, held, nodes)
    if not ill and held:
        size = format_count(len(held), "node")
        return f"{_summarize_findings(roots)}: {size} {'is' if len(held) == 1 else 'are'} held up"
    if not ill and roots[0].subject.kind in CLUSTER_KINDS:
        return _summarize_findings(roots)
    extent = count_broken() if ill else _describe_extent(nodes)
    return f"{_summarize_findings(roots)}{f': {extent}' if extent else ''}"


def _describe_ghosts(model: LinkModel, found: Sequence[Finding], held: Sequence[str], nodes: int) -> str:
    """The Machines whose Nodes do not exist, and the Nodes that they hold up."""
    gone = [t.ref.name for row in model.rows for t in row.boxes if t.ref.kind == "Node" and t.state == "absent"]
    head = f"{format_count(len(found), 'Machine')} without Node ({join_escaped(gone, FEW)})"
    if not held:
        return f"{head}: {_describe_extent(nodes)}"
    names = held if len(held) <= FEW else [f"{len(held)} nodes"]
    text = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{head} {'holds' if len(found) == 1 else 'hold'} up {text}"


def _describe_extent(nodes: int) -> str:
    if not nodes:
        return "no Node was seen"
    return f"the links of {('the node', 'both nodes')[nodes - 1] if nodes < 3 else f'all {nodes} nodes'} hold"


def _sort_findings(rows: Iterable[Row]) -> list[Finding]:
    """The findings about these rows, root causes first, links before other matters."""
    found = {f.fingerprint: f for row in rows for f in row.findings}
    return sorted(found.values(), key=lambda f: (bool(f.caused_by), f.family != "pairing", f.severity.rank))


def _gravest_findings(model: LinkModel, elsewhere: Sequence[Finding]) -> list[Finding]:
    """The findings about the rows, the cluster objects, or `elsewhere`: those with the gravest, the first if alike."""
    groups = (_sort_findings(model.rows), _sort_findings([Row(model.cluster_boxes)]), list(elsewhere))
    return min(groups, key=lambda found: min((f.severity.rank for f in found), default=len(Severity)))


def _summarize_findings(found: Sequence[Finding]) -> str:
    others = [finding for finding in found[1:] if not finding.caused_by]
    alike = all(finding.rule == found[0].rule for finding in others)
    more = f"{len(others)} more like it" if alike else format_count(len(others), "more fault")
    return f"{short_clause(found[0])}, and {more}" if others else short_clause(found[0])


def _describe_focus(model: LinkModel, focus: ObjectRef, root: Finding | None) -> str:
    if root is not None:
        apart = focus.kind == "Node" and root.subject != focus and focus.name not in root.message
        return f"{focus.name}: {short_clause(root)}" if apart else short_clause(root)
    name = focus.name if focus.kind == "Node" else f"{focus.kind} {focus.name}"
    box = next((t for row in model.rows for t in row.boxes if t.ref == focus), None)
    if box is not None and not box.exists:
        return f"{name} {'was not seen' if box.state == 'unseen' else 'does not exist'}, though others reference it"
    found = _sort_findings(model.rows)
    if found:
        return f"{name}: {short_clause(found[0])}"
    if any(row.state == "unseen" for row in model.rows):
        return f"{name}: unknown whether every link holds"
    return f"{name}: every link holds"


def build_alt_text(model: LinkModel, entries: Sequence[Entry], text: str) -> str:
    """Return the alternative text: the answer, each broken row, and what is folded."""
    parts = [f"Link graph. {text}."]
    bad = [entry for entry in entries if isinstance(entry, Row) and entry.state != "good"]
    parts += [_describe_row(row) for row in bad[:FEW]]
    parts += [f"{len(bad) - FEW} more rows have faults."] if len(bad) > FEW else []
    well = [entry.head.ref.name for entry in entries if isinstance(entry, Row) and entry.state == "good"]
    parts += [f"Every link holds of {join_escaped(well, 12)}."] if well else []
    parts += [_describe_fold(entry) for entry in entries if isinstance(entry, Fold)]
    parts += [f"Not seen: {join_escaped(model.gaps)}."] if model.gaps else []
    return " ".join(parts)


def _describe_row(row: Row) -> str:
    found = [finding for finding in row.findings if not finding.caused_by] or row.findings[:1]
    links = [link for link in row.links if link.broken]
    sentences = [f"{short_clause(f)} (a consequence)." if f.caused_by else f"{f.message}." for f in found[:2]]
    sentences += [f"{t.source.name} to {t.target.name}: {t.paths[0]} {t.word}." for t in links[:3]]
    text = " ".join(sentences) or "something that it references does not exist or was not seen."
    return text if row.head.name in text else f"{row.head.ref}: {text}"


def _describe_fold(fold: Fold) -> str:
    return f"{fold.summary[:1].upper()}{fold.summary[1:]}."
