"""Completion of names from the source on the line. It is bounded in time, silent, and connects to no cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import click

from harvdiag.core.target import CONTEXT

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from harvdiag.snapshot import Snapshot

__all__ = [
    "complete_contexts",
    "complete_findings",
    "complete_focus",
    "complete_names",
    "complete_nodes",
    "complete_source",
    "complete_targets",
]

PATIENCE = 2.0
"""Seconds that the reading of names may take; after that there is none to offer."""
MOST = 500
FOCUS = ("Node", "Machine")
"""Kinds whose names are offered without the kind."""


def complete_contexts(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The contexts of the kubeconfig, of which nothing else is read."""
    from harvdiag.io.api.login import list_contexts

    return _items(list_contexts(ctx.params.get("kubeconfig")), incomplete)


def complete_source(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """A file, or ``context:lab``."""
    from click.shell_completion import CompletionItem

    if incomplete.startswith(CONTEXT):
        contexts = complete_contexts(ctx, param, incomplete.removeprefix(CONTEXT))
        return [CompletionItem(f"{CONTEXT}{item.value}") for item in contexts]
    begun = [CompletionItem(CONTEXT)] if incomplete and CONTEXT.startswith(incomplete) else []
    return [*begun, CompletionItem(incomplete, type="file")]


def complete_targets(_ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The releases to which an upgrade may lead."""
    from harvdiag.upgrade.paths import RELEASES

    return _items(reversed(RELEASES), incomplete)


def complete_nodes(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The Nodes of the source on the line."""
    return _items(_read_names(ctx, lambda snapshot: _names_of(snapshot, "Node")), incomplete)


def complete_names(kind: str, ctx: click.Context, incomplete: str, lead: str = "") -> list[CompletionItem]:
    """The names of a kind, as a user may write it, in the source on the line, each after `lead`."""

    def read(snapshot: Snapshot) -> list[str]:
        return [f"{lead}{name}" for name in _names_of(snapshot, snapshot.resolve_kind(kind).name)]

    return _items(_read_names(ctx, read), incomplete)


def complete_focus(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Nodes and Machines by name, and any other object after its kind: ``upgrade/hvst-…``."""
    kind = incomplete.partition("/")[0]
    if "/" in incomplete:
        return complete_names(kind, ctx, incomplete, f"{kind}/")
    return _items(
        _read_names(ctx, lambda snapshot: [n for kind in FOCUS for n in _names_of(snapshot, kind)]), incomplete
    )


def complete_findings(ctx: click.Context, given: Sequence[str], incomplete: str) -> list[CompletionItem]:
    """What is found in the source on the line, as ``RULE SUBJECT``; after the words `given` what is left of it."""

    def read(snapshot: Snapshot) -> list[str]:
        from harvdiag.cli.policy import build_cluster
        from harvdiag.core.choose import list_choices

        return list(list_choices(build_cluster(snapshot).check()))

    before = "".join(f"{word} " for word in given)
    names = _read_names(ctx, read)
    return _items([name.removeprefix(before) for name in names if name.startswith(before)], incomplete)


def _names_of(snapshot: Snapshot, kind: str) -> list[str]:
    from harvdiag.core.fields import name_of

    return sorted({name_of(obj) for obj in snapshot.objects(kind)})


def _read_names(ctx: click.Context, read: Callable[[Snapshot], list[str]]) -> list[str]:
    """Return what `read` finds in the source on the line; nothing where there is none or it takes too long."""
    source = ctx.params.get("source") or _find_source(ctx)
    if not source or source == "-" or source.startswith(CONTEXT) or not Path(source).expanduser().exists():
        return []
    found: list[str] = []
    reader = Thread(target=_read_into, args=(found, source, read), daemon=True)
    reader.start()
    reader.join(PATIENCE)
    return found[:MOST]


def _read_into(found: list[str], source: str, read: Callable[[Snapshot], list[str]]) -> None:
    from harvdiag.sources import open_source

    try:
        found += read(open_source(source))
    except Exception:
        return


def _find_source(ctx: click.Context) -> str:
    """The first word on the line that is a file or folder, and neither an option's value nor the word to complete.

    Click itself gives up the line at an option whose value is still missing.
    """
    from click.shell_completion import split_arg_string

    words = split_arg_string(os.environ.get("COMP_WORDS", ""))
    position = os.environ.get("COMP_CWORD", "")  # fish has the word itself there
    completed = int(position) if position.isdecimal() else len(words)
    options = [param for param in ctx.command.params if isinstance(param, click.Option)]
    taking = {name for option in options if not (option.is_flag or option.count) for name in option.opts}
    found = (
        word
        for number, (before, word) in enumerate(pairwise(words), 1)
        if number != completed and before not in taking and not word.startswith("-")
    )
    return next((word for word in found if Path(word).expanduser().exists()), "")


def _items(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(word) for word in words if word.startswith(incomplete)]
