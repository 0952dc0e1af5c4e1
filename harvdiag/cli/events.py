"""`harvdiag events`: what Kubernetes reported, in the form of `kubectl events`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from harvdiag.cli.command import Command
from harvdiag.cli.get import EXIT_NOT_FOUND, Part, describe_missing, print_parts
from harvdiag.cli.output import print_error
from harvdiag.cli.question import Layout, layout_options
from harvdiag.cli.source import SourceOptions, open_snapshot, source_options
from harvdiag.cli.words import SINCE, UNTIL
from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import did_you_mean, suggest_names

if TYPE_CHECKING:
    from harvdiag.core.fields import Obj
    from harvdiag.core.window import Window
    from harvdiag.snapshot import Snapshot

__all__ = ["events"]

TYPES = ("normal", "warning")


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

    Exit code 0: printed, or there are none; 1: there are none, and no object of the NAME; 2: unusable input, or no list
    of events was seen.
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
        if not objects and answer.seen and (line := _describe_unknown(snapshot, about)):
            print_error(line)
            return EXIT_NOT_FOUND
        kept = tuple(obj for obj in objects if _is_within(obj, window) and _has_type(obj, chosen))
        part = Part(CATALOGUE["Event"], (), answer._replace(objects=kept), ())
        return print_parts(snapshot, [part], layout._replace(columns=EVENT_LIST))


def _parse_types(types: str) -> frozenset[str]:
    """The types in lower case. Raises UsageError for another word than the two that Kubernetes has."""
    words = [word.strip() for word in types.split(",") if word.strip()]
    for word in words:
        if word.lower() not in TYPES:
            names = [name.title() for name in TYPES]
            raise UsageError(
                f"{word!r} is not a type of events: give {' or '.join(names)}{did_you_mean(suggest_names(word, names))}"
            )
    return frozenset(map(str.lower, words))


def _describe_unknown(snapshot: Snapshot, about: str) -> str:
    """What `get` says of an object that does not exist; empty where it does, or where its kind was not seen whole."""
    from harvdiag.kinds.wanted import Wanted

    word, slash, name = about.partition("/")
    if not slash:
        return ""
    kind = snapshot.resolve_kind(word)
    answer = snapshot.ask(kind, Wanted(names=(name,)))
    missing = not answer.objects and not answer.gaps and answer.seen
    return describe_missing(snapshot, Part(kind, (name,), answer, (name,)), name) if missing else ""


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
