"""`harvdiag rules`: the checks, as a list or explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harvdiag.cli.command import Command
from harvdiag.cli.output import terminal_width, use_colour, write_stdout
from harvdiag.cli.policy import choose_rules, current_policy, list_rules
from harvdiag.cli.words import RULES
from harvdiag.core.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["rules"]


def _complete_rule(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return RULES.shell_complete(ctx, param, incomplete)


@click.command(
    cls=Command,
    examples=(
        ("Every check, by family", "harvdiag rules"),
        ("One of them: what is wrong, why it matters, what it needs", "harvdiag rules node-without-machine"),
        ("Those of a family", "harvdiag rules known-issues"),
        ("From which time on something is a fault", "harvdiag rules --thresholds"),
    ),
)
@click.argument("name", required=False, shell_complete=_complete_rule)
@click.option("--thresholds", is_flag=True, help="List the times and numbers that harvdiag.toml may set.")
def rules(name: str | None, thresholds: bool) -> None:
    """List the checks, or explain one of them, or a family: NAME is a rule or a family.

    Checks of your own, from harvdiag.toml, are the family local; mistakes in that file are told here, too.
    """
    from harvdiag.reports import rulebook

    if thresholds:
        if name:
            raise UsageError(f"--thresholds lists all of them: leave out {name}")
        write_stdout(rulebook.list_thresholds(current_policy(), terminal_width(100)))
        return
    chosen = choose_rules([name]) if name else [*list_rules().values()]
    columns, colour = terminal_width(100), use_colour()
    one = name in {rule.name for rule in chosen}
    render = rulebook.explain_rule(chosen[0], columns, colour) if one else rulebook.list_rules(chosen, columns, colour)
    write_stdout(render)
