"""`harvdiag explain`: the glossary, or one term or check of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harvdiag.cli.command import Command
from harvdiag.cli.output import terminal_width, use_colour, write_stdout
from harvdiag.cli.policy import list_rules

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from harvdiag.rules import Rule

__all__ = ["explain"]


def _complete_term(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from harvdiag.status.glossary import list_names

    words = [*(name.replace(" ", "-") for name in list_names()), *list_rules()]
    return [CompletionItem(word) for word in words if word.lower().startswith(incomplete.lower())]


@click.command(
    cls=Command,
    examples=(
        ("Every term, on one page", "harvdiag explain"),
        ("One of them, with the source", "harvdiag explain plan Secret"),
        ("A step of a drain, or of a join", "harvdiag explain h5"),
        ("A check, as harvdiag rules does", "harvdiag explain node-without-machine"),
    ),
)
@click.argument("term", nargs=-1, shell_complete=_complete_term)
def explain(term: tuple[str, ...]) -> None:
    """Say what a term in the reports of harvdiag means: all of them on one page, or TERM with its source.

    TERM may have several words. It may also be the name of a check.
    """
    from harvdiag.reports import glossary, rulebook
    from harvdiag.status.glossary import find_term, list_groups

    columns, colour, word = terminal_width(100), use_colour(), " ".join(term).strip()
    if not word:
        write_stdout(glossary.list_terms(list_groups(), columns, colour))
    elif rule := _find_rule(word):
        write_stdout(rulebook.explain_rule(rule, columns, colour))
    else:
        write_stdout(glossary.explain_term(find_term(word), columns, colour))


def _find_rule(word: str) -> Rule | None:
    """The check of this name. The rules are read only for a word that looks like one."""
    if "-" not in word or " " in word:
        return None
    from harvdiag.rules import registry

    name = word.lower()
    return registry().get(name) or list_rules().get(name) or list_rules().get(word)
