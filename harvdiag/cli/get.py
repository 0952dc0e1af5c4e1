"""`harvdiag get`: objects of a source as `kubectl get` prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from harvdiag.cli.command import Command
from harvdiag.cli.output import print_error, write_note, write_stdout
from harvdiag.cli.question import ALL, Asked, Layout, Words, layout_options, parse_question, split_source
from harvdiag.cli.source import SourceOptions, cluster_options, open_snapshot
from harvdiag.core.errors import SourceError, UnlistedKindError, UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.model import State

if TYPE_CHECKING:
    from harvdiag.core.selector import Selector
    from harvdiag.kinds.kind import Kind
    from harvdiag.snapshot import Answer, Snapshot

__all__ = ["EXIT_NOT_FOUND", "Part", "describe_missing", "get", "print_parts"]

EXIT_NOT_FOUND, EXIT_UNSEEN = 1, 2
FEW = 4  # names that may all be suggested when the given one resembles none of them
WORKLOADS = (
    "pods",
    "services",
    "daemonsets.apps",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "jobs.batch",
    "cronjobs.batch",
)
"""The kinds that kubectl means by ``all``."""


class Part(NamedTuple):
    """What was found of one kind."""

    kind: Kind
    names: tuple[str, ...]
    answer: Answer
    missing: tuple[str, ...]


@click.command(
    cls=Command,
    examples=(
        ("Nodes, with their addresses", "harvdiag get nodes bundle.zip -o wide"),
        ("One object as text", "harvdiag get node/srv09 bundle.zip -o yaml"),
        ("The upgrade and its Jobs", "harvdiag get upgrades,jobs bundle.zip"),
        ("Pods of a namespace, by label", "harvdiag get pods bundle.zip -n cattle-system -l app=rancher"),
        ("Machines of a live cluster", "harvdiag get machines --context lab"),
    ),
)
@click.argument("words", nargs=-1, type=Words(), metavar="KIND[/NAME] [NAME]... [SOURCE]")
@click.option("-l", "--selector", default="", help="Only objects with these labels: key=value, 'key in (a,b)', !key.")
@layout_options
@cluster_options
def get(where: SourceOptions, words: Sequence[str], layout: Layout, selector: str) -> int:
    """Print objects of a support bundle, a snapshot, kubectl output or a cluster, in the form of `kubectl get`.

    KIND is a kind, plural or short name with or without its group, several separated by commas: nodes, po,
    machines.cluster.x-k8s.io, jobs,pods. The last word is the SOURCE if a file or folder has that name, if it is -
    or context:NAME, or if it ends like a file (.zip, .yaml, .json); any other word is a NAME. Without a SOURCE it is
    the cluster of the current kubeconfig context. Without -n it is every namespace. Ages count back from the
    collection.

    Of Secrets there are only those of machine plans, without the plans; of Pods, Events and other large kinds only
    the fields that harvdiag keeps; of no object managedFields.

    Exit code 0: printed, or there are none; 1: no object of a NAME; 2: unusable input, or a kind that was not seen.
    """
    from harvdiag.core.selector import parse_selector

    own, source = split_source(words)
    asked = parse_question(own)
    chosen = parse_selector(selector) if selector else None
    if chosen and any(each.names for each in asked):
        raise UsageError("give either a NAME or a label selector (-l), not both")
    with open_snapshot(where._replace(source=source)) as snapshot:
        kinds, unlisted = _resolve(snapshot, asked)
        parts = [_ask(snapshot, kind, names, layout.namespace, chosen) for kind, names in kinds]
        code = print_parts(snapshot, parts, layout)
    for line in unlisted:
        print_error(line)
    return EXIT_UNSEEN if unlisted else code


def print_parts(snapshot: Snapshot, parts: Sequence[Part], layout: Layout) -> int:
    """Print what was found, and on stderr what was not; return the exit code.

    Raises SourceError where nothing was seen.
    """
    unseen = [part for part in parts if not part.answer.seen]
    if len(unseen) == len(parts):
        raise SourceError(_describe_unseen(snapshot, unseen[0]))
    for note in _notes(snapshot, parts, layout):
        write_note(note)
    write_stdout(_render(snapshot, parts, layout))
    missing = [describe_missing(snapshot, part, name, layout.namespace) for part in parts for name in part.missing]
    for line in missing:
        print_error(line)
    if unseen or any(part.missing and part.answer.gaps for part in parts):
        return EXIT_UNSEEN
    return EXIT_NOT_FOUND if missing else 0


def _resolve(snapshot: Snapshot, asked: Sequence[Asked]) -> tuple[list[tuple[Kind, tuple[str, ...]]], list[str]]:
    """The kinds of the words, and a line for each that the source does not list; the error where it lists none.

    Of the kinds that kubectl means by ``all``, those that the source has.
    """
    words = [(word, each.names) for each in asked for word in (WORKLOADS if each.kind == ALL else (each.kind,))]
    there = {f"{r.plural}.{r.group}" if r.group else r.plural for r in snapshot.resources}
    kept = [(word, names) for word, names in words if word not in WORKLOADS or word in there or len(words) == 1]
    found: list[tuple[Kind, tuple[str, ...]]] = []
    unlisted: list[UnlistedKindError] = []
    for word, names in kept or words:
        try:
            found.append((snapshot.resolve_kind(word), names))
        except UnlistedKindError as error:
            unlisted.append(error)
    if not found:
        raise unlisted[0]
    return found, [str(error) for error in unlisted]


def _ask(snapshot: Snapshot, kind: Kind, names: tuple[str, ...], namespace: str, chosen: Selector | None) -> Part:
    from harvdiag.core.fields import get_labels, name_of
    from harvdiag.kinds.wanted import Wanted

    answer = snapshot.ask(kind, Wanted(namespace=namespace, names=names))
    objects = tuple(obj for obj in answer.objects if chosen is None or chosen(get_labels(obj)))
    if kind.bare == "Event":
        from harvdiag.kinds.printing import last_seen

        objects = tuple(sorted(objects, key=last_seen))
    found = {name_of(obj) for obj in objects}
    missing = tuple(name for name in names if name not in found)
    return Part(kind, names, answer._replace(objects=objects), missing)


def _render(snapshot: Snapshot, parts: Sequence[Part], layout: Layout) -> str:
    from harvdiag.reports.objects import dump_json, dump_yaml, list_of, name_object, strip_managed

    if layout.form in {"yaml", "json"}:
        objects = [strip_managed(obj) for part in parts for obj in part.answer.objects]
        named = any(part.names for part in parts)
        whole = list_of(objects, alone=named)
        if named and not objects:
            return ""
        return dump_yaml(whole) if layout.form == "yaml" else dump_json(whole)
    if layout.form == "name":
        names = (name_object(part.kind, obj) for part in parts for obj in part.answer.objects)
        return "".join(f"{escape_text(name)}\n" for name in names)
    return "\n".join(_tables(snapshot, parts, layout))


def _tables(snapshot: Snapshot, parts: Sequence[Part], layout: Layout) -> Iterator[str]:
    from harvdiag.reports.objects import TableStyle, render_table

    now = snapshot.collected_at
    for part in parts:
        if part.answer.objects:
            style = TableStyle(
                wide=layout.form == "wide",
                namespaces=_shows_namespaces(part, layout),
                prefixed=len(parts) > 1,
                headers=layout.headers,
                columns=layout.columns,
            )
            yield render_table(part.kind, part.answer.objects, now, style)


def _shows_namespaces(part: Part, layout: Layout) -> bool:
    """Whether a table needs the column: always with -A, never with -n, else where not all are in the kind's home."""
    from harvdiag.core.fields import namespace_of

    spaces = {namespace_of(obj) for obj in part.answer.objects} - {""}
    return bool(spaces) and not layout.namespace and (layout.everywhere or spaces != {part.kind.home})


# --- what is said beside the objects -------------------------------------------------------------------------------


def _notes(snapshot: Snapshot, parts: Sequence[Part], layout: Layout) -> Iterator[str]:
    """What the output does not show: that there is nothing, what was not seen, what is never kept."""
    if not any(part.answer.objects or part.names for part in parts):
        yield f"No resources found{f' in {layout.namespace} namespace' if layout.namespace else ''}."
    for part in parts:
        if not part.answer.seen:
            yield _describe_unseen(snapshot, part)
        elif part.answer.gaps:
            from harvdiag.status.summary import group_gaps

            yield from (f"Not seen: {kinds}: {why}" for kinds, why in group_gaps(part.answer.gaps))
        if layout.form in {"yaml", "json"} and part.answer.objects and (left := _left_out(snapshot, part.kind)):
            yield left


def _left_out(snapshot: Snapshot, kind: Kind) -> str:
    """What harvdiag keeps of a kind, where that is not all of it; empty where it is."""
    from harvdiag.kinds.sensitive import is_reduced

    if kind.only:
        return f"{kind.bare}: only those of machine plans, without their plans"
    if kind.keep or (kind.stored and snapshot.manifest.origin):
        return f"{kind.bare}: only the fields that harvdiag keeps of this kind; others are not shown"
    return f"{kind.bare}: fields that may hold passwords are not shown" if is_reduced(kind.resource) else ""


def _describe_unseen(snapshot: Snapshot, part: Part) -> str:
    source = snapshot.manifest.name
    entry = next(iter(part.answer.gaps), None)
    if entry is None:
        return f"{part.kind.resource}: not in {source}"
    return f"{part.kind.resource}: not seen in {source}: {entry.state}: {entry.reason}{_advise(snapshot, part)}"


def _advise(snapshot: Snapshot, part: Part) -> str:
    """How to see a kind that was not seen; empty where there is no one way."""
    from harvdiag.sources import source_type

    if snapshot.manifest.origin and part.kind.lazy:
        return f"; `harvdiag snapshot --kind {part.kind.resource}` of the same cluster saves it, too"
    hint = source_type(snapshot.manifest.kind).hint
    return f"; {hint}" if hint and part.answer.gaps[0].state is State.FORBIDDEN else ""


def describe_missing(snapshot: Snapshot, part: Part, name: str, namespace: str = "") -> str:
    """Return the line for a name that was not found, with what may have been meant."""
    from harvdiag.core.fields import name_of
    from harvdiag.core.suggest import did_you_mean, suggest_names
    from harvdiag.kinds.wanted import Wanted

    where = f" in namespace {namespace}" if namespace else ""
    found = f"no {part.kind.bare} {name!r}{where} in {snapshot.manifest.name}"
    if part.answer.gaps:
        entry = part.answer.gaps[0]
        return f"{found}, of which not all was seen: {entry.state}: {entry.reason}"
    names = {name_of(obj) for obj in snapshot.ask(part.kind, Wanted(namespace=namespace)).objects}
    return found + did_you_mean(suggest_names(name, names) or (sorted(names) if len(names) <= FEW else ()))
