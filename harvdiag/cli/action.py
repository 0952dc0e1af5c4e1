"""The words of `harvdiag what-if`: which is the SOURCE, which are the ACTION, and what may come next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.types import StringParamType

from harvdiag.cli.complete import complete_names, complete_nodes, complete_source
from harvdiag.cli.words import KINDS
from harvdiag.core.errors import UsageError
from harvdiag.cure.model import IN_PLANS, OF_HOSTS, Verb
from harvdiag.io.missing import exists

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["ActionWords", "split_words"]

VERBS = tuple(str(verb) for verb in Verb if " " not in verb and verb not in IN_PLANS)
HOST = "host"
LONGEST = 4
"""The words of the longest action: ``label KIND NAME KEY=VALUE``; it may have more changes."""


def split_words(words: Sequence[str]) -> tuple[str | None, str]:
    """Return the SOURCE, None for the cluster of the context, and the ACTION, which may be one word or several.

    Raises UsageError where there is no ACTION.
    """
    first, *rest = words
    if rest and not (_begins_action(first) and not _begins_action(rest[0])):
        return first, " ".join(rest)
    if len(rest) == 1 and (" " in first.strip() or first.strip() == Verb.WAIT):
        return rest[0], first  # in the order of other commands
    if not rest and not _begins_action(first) and exists(Path(first)):
        raise UsageError(f'give the ACTION after {first}, such as "delete Node NAME"')
    return None, " ".join(words)


def _begins_action(word: str) -> bool:
    """Whether a word is, or begins with, what an action begins with."""
    return word.split(maxsplit=1)[:1] in [[verb] for verb in (*VERBS, "kubectl")]


class ActionWords(StringParamType):
    """A source and the words of an action; completes verbs, kinds and names, in one pair of quotes or without."""

    name = "action"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        given = [word for each in ctx.params.get(param.name or "") or () for word in each.split()]
        if given and given[0] not in VERBS:
            given = given[1:]  # the SOURCE
        *inner, last = incomplete.split(" ")
        lead = "".join(f"{word} " for word in inner)
        items = self._next([*given, *inner], ctx, param, last)
        for item in items:
            item.value = f"{lead}{item.value}"
        return items

    @staticmethod
    def _next(given: list[str], ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
        """What may come after the words of an action."""
        from click.shell_completion import CompletionItem

        match given:
            case []:
                verbs = [CompletionItem(verb) for verb in VERBS if verb.startswith(begun)]
                return [*verbs, *complete_source(ctx, param, begun)]
            case [verb] if verb in OF_HOSTS:
                return complete_nodes(ctx, param, begun)
            case [Verb.DELETE, "host"]:
                return complete_nodes(ctx, param, begun)
            case [Verb.DELETE | Verb.LABEL | Verb.ANNOTATE as verb]:
                host = [CompletionItem(HOST)] if verb == Verb.DELETE and HOST.startswith(begun) else []
                return [*host, *KINDS.shell_complete(ctx, param, begun)]
            case [Verb.DELETE | Verb.LABEL | Verb.ANNOTATE, kind]:
                return complete_names(kind, ctx, begun)
        return []
