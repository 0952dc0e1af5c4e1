"""The words SOURCE and FINDING of a command line: which is which, what they may be, and what completes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.types import StringParamType

from harvdiag.cli.complete import complete_findings, complete_source
from harvdiag.cli.source import SourceOptions
from harvdiag.core.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["FindingWords", "is_fingerprint", "is_live", "refuse_finding", "take_source", "take_words"]


class FindingWords(StringParamType):
    """The source, then a finding, and what may follow; completes the first two."""

    name = "words"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        words = ctx.params.get("words") or ()
        live = ctx.params.get("contexts") or ctx.params.get("kubeconfig")
        if not words and not live:
            return complete_source(ctx, param, incomplete)
        return complete_findings(ctx, words[0 if live else 1 :], incomplete)


def is_live(where: SourceOptions) -> bool:
    """Whether an option gives the source, so that no word does."""
    return bool(where.contexts or where.kubeconfig)


def is_fingerprint(word: str) -> bool:
    """Whether a word is a fingerprint and no source."""
    return word.count(":") >= 3 and not Path(word).exists()


def take_source(where: SourceOptions, words: Sequence[str]) -> tuple[SourceOptions, tuple[str, ...]]:
    """The SOURCE, which is the first word unless an option gives a cluster, and the other words."""
    if is_live(where):
        return where, tuple(words)
    if not words:
        raise UsageError("give the SOURCE first; the cluster of the current context is `context:`")
    return where._replace(source=words[0]), tuple(words[1:])


def take_words(where: SourceOptions, words: Sequence[str]) -> tuple[SourceOptions, str]:
    """The SOURCE, and the FINDING in one text, which is empty where none is given.

    Without a SOURCE it is the cluster of the current context: where no word is given, or the first is a finding.
    """
    if not words or _begins_finding(words[0]):
        return where, " ".join(words)
    where, rest = take_source(where, words)
    return where, " ".join(rest)


def refuse_finding(source: str | None) -> None:
    """Raise UsageError where the first word is a finding: the source is missing before it."""
    if source and _begins_finding(source):
        raise UsageError(
            f"{source!r} is a finding: give the SOURCE before it, such as `context:` for the current cluster"
        )


def _begins_finding(word: str) -> bool:
    """Whether a word is, or begins with, the name of a rule, and not that of a source."""
    from harvdiag.io.missing import exists
    from harvdiag.rules import registry

    return not exists(Path(word)) and word.partition(" ")[0].partition(":")[0] in registry()
