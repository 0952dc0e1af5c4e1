"""`harvdiag scenario`: clusters to learn on, as a list, one of them, or written as a support bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvdiag.cli.command import Command
from harvdiag.cli.files import check_output, write_written
from harvdiag.cli.output import terminal_width, write_stdout
from harvdiag.core.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["scenario"]


def _complete_name(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from harvdiag.training.library.catalogue import scenarios

    return [CompletionItem(item.name, help=item.goal) for item in scenarios() if item.name.startswith(incomplete)]


@click.command(
    cls=Command,
    examples=(
        ("What there is to learn on", "harvdiag scenario"),
        ("One of them: what is reported, and what one learns", "harvdiag scenario no-answer"),
        ("As a support bundle, to find out what is wrong", "harvdiag scenario no-answer -o no-answer.zip"),
        ("The same in a larger cluster of another release", "harvdiag scenario no-answer -o larger.zip --nodes 7"),
        ("What is behind it", "harvdiag scenario no-answer --solution"),
    ),
)
@click.argument("name", required=False, shell_complete=_complete_name)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write it as a support bundle to this file, *.zip."
)
@click.option("--nodes", type=int, help="How many nodes; default: as many as the report had.")
@click.option("--release", help="The release of Harvester, such as 1.6.1; default: that of the report.")
@click.option("--solution", is_flag=True, help="Tell what is behind it, and the next safe step.")
def scenario(name: str | None, output: Path | None, nodes: int | None, release: str | None, solution: bool) -> None:
    """List clusters to learn on, tell of one, or write it as a support bundle: NAME is one of the list.

    Each follows a public report; its data is invented. What is behind it is told by --solution alone.
    """
    from harvdiag.training.library import telling
    from harvdiag.training.library.catalogue import scenarios

    columns = terminal_width(100)
    if name is None:
        _refuse_alone({"-o": output, "--nodes": nodes, "--release": release, "--solution": solution})
        write_stdout(telling.list_scenarios(scenarios(), columns))
        return
    item = scenarios()[name].resize(nodes=nodes, release=release)
    if output:
        path = check_output(output, [".zip"], "a support bundle")
        item.write(path)
        check = f"harvdiag preflight {path} --target {item.target}" if item.target else f"harvdiag upgrade {path}"
        write_written(path, f"scenario {name} as a support bundle", f"`{check}`")
    else:
        write_stdout(telling.tell_scenario(item, columns))
    if solution:
        write_stdout(telling.tell_solution(item.solution, columns))


def _refuse_alone(given: dict[str, object]) -> None:
    """An option that says something of one scenario needs its name."""
    for option, value in given.items():
        if value is not None and value is not False:
            raise UsageError(f"{option} needs the NAME of a scenario: harvdiag scenario lists them")
