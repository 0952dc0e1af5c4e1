"""`harvdiag events`: what Kubernetes reported, in the form of `kubectl events`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from harvdiag.cli.command import Command
from harvdiag.cli.get import Part, print_parts
from harvdiag.cli.question import Layout, layout_options
from harvdiag.cli.source import SourceOptions, open_snapshot, source_options
from harvdiag.cli.words import SINCE, UNTIL
from harvdiag.core.errors import UsageError

if TYPE_CHECKING:
    from harvdiag.core.fields import Obj
    from harvdiag.core.window import Window
    from harvdiag.snapshot import Snapshot

__all__ = ["events"]


@click.command(
    cls=Command,
    examples=(
        ("Everything that was reported", "harvdiag events bundle.zip"),
        ("Warnings of the last half hour", "harvdiag events bundle.zip --types Warning --since 30m"),
        ("About one object", "harvdiag events bundle.zip --for node/srv09"),
    ),
)
@source_options
@click.option("--for", "about", default="", help="Only events about this object: node/srv09, or a name alone.")
@click.option("--types", default="", help="Only events of these types: Warning or Normal, separated by commas.")
@click.option("--since", default="", help=SINCE)
@click.option("--until", default="", help=UNTIL)
@layout_options
def events(where: SourceOptions, layout: Layout, about: str, types: str, since: str, until: str) -> int:
    """Print the events of a support bundle, a snapshot, kubectl output or a cluster; the last one seen comes last.

    SOURCE is as for `harvdiag check`; without one it is the cluster of the current kubeconfig context. Without -n it is
    every namespace. Kubernetes keeps an event for an hour after it was last seen; ages count back from the collection.

    Exit code 0: printed, or there are none; 2: unusable input, or no list of events was seen.
    """
    from harvdiag.core.window import parse_window
    from harvdiag.kinds import CATALOGUE
    from harvdiag.kinds.printing import EVENT_LIST, last_seen
    from harvdiag.kinds.wanted import Wanted

    chosen = _parse_types(types)
    with open_snapshot(where) as snapshot:
        fits = _subject_test(snapshot, about)
        names = (about.rpartition("/")[2],) if about else ()
        answer = snapshot.ask(CATALOGUE["Event"], Wanted(namespace=layout.namespace, about=names))
        window = parse_window(since, until, snapshot.collected_at) if since or until else None
        objects = sorted(filter(fits, answer.objects), key=last_seen)
        kept = tuple(obj for obj in objects if _is_within(obj, window) and _has_type(obj, chosen))
        part = Part(CATALOGUE["Event"], (), answer._replace(objects=kept), ())
        return print_parts(snapshot, [part], layout._replace(columns=EVENT_LIST))


def _parse_types(types: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in types.split(",") if word.strip())


def _has_type(obj: Obj, chosen: frozenset[str]) -> bool:
    return not chosen or str(obj.get("type", "")).lower() in chosen


def _is_within(obj: Obj, window: Window | None) -> bool:
    """Whether an event was last seen in the window; one without a time always is, so that none is lost."""
    from harvdiag.kinds.printing import last_seen

    at = last_seen(obj).at
    return window is None or at is None or window.holds(at)


def _subject_test(snapshot: Snapshot, about: str) -> Callable[[Any], bool]:
    """A test of what an event is about: ``node/srv09``, ``machines.cluster.x-k8s.io/custom-…``, or a name alone."""
    from harvdiag.kinds.printing import event_subject

    if not about:
        return bool
    word, slash, name = about.partition("/")
    if not slash:
        return lambda obj: event_subject(obj)[1] == about
    if not word or not name:
        raise UsageError(f"invalid object {about!r}: give KIND/NAME, such as node/srv09")
    bare = snapshot.resolve_kind(word).bare.lower()
    plural = snapshot.resolve_kind(word).plural
    return lambda obj: event_subject(obj)[1] == name and event_subject(obj)[0].lower() in {bare, plural.rstrip("s")}
