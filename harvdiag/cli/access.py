"""`harvdiag whoami` and `harvdiag rbac`: what an identity may list, and how to permit it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

import click
from click.types import StringParamType

from harvdiag.cli.command import Command
from harvdiag.cli.output import terminal_width, use_colour, write_stdout
from harvdiag.cli.source import EXIT_INTERRUPTED, SourceOptions, choose_progress, source_options
from harvdiag.cli.words import KINDS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["rbac", "whoami"]


class _Subject(StringParamType):
    """The subject of permissions; completes its prefix."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        begun = [word for word in ("user:", "group:", "serviceaccount:") if word.startswith(incomplete)]
        return [*map(CompletionItem, begun), *super().shell_complete(ctx, param, incomplete)]


@click.command(
    cls=Command,
    examples=(
        ("The current kubeconfig context", "harvdiag whoami"),
        ("Another context", "harvdiag whoami lab"),
        ("A context of another kubeconfig", "harvdiag whoami lab --kubeconfig lab.yaml"),
    ),
)
@source_options
def whoami(where: SourceOptions) -> None:
    """Show which cluster would be read, as which user, and which kinds may be listed there; reads no object.

    SOURCE is context:NAME, or NAME if no file has that name; without one it is the current kubeconfig context.
    It lists a name that no object has: the server authorizes the request and returns nothing.
    """
    from harvdiag.access.whoami import whoami as ask
    from harvdiag.reports.access import render

    target = where.source if where.source and not where.context else where.target
    try:
        access = ask(target, where.kubeconfig, where.request_timeout, choose_progress())
    except KeyboardInterrupt:
        click.echo("harvdiag: interrupted before the server had answered for every kind", err=True)
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None
    write_stdout(render(access, terminal_width(120), use_colour()))


@click.command(
    cls=Command,
    examples=(
        ("Let a user read what the checks need", "harvdiag rbac --subject user:jane | kubectl apply -f -"),
        ("A service account, also with plan Secrets", "harvdiag rbac --subject serviceaccount:default/reader --plans"),
    ),
)
@click.option("--name", default="harvdiag-reader", show_default=True, help="Name of the role and its bindings.")
@click.option(
    "--subject",
    default="",
    type=_Subject(),
    help="Bind it to user:NAME, group:NAME or serviceaccount:NAMESPACE/NAME.",
)
@click.option(
    "--kind",
    "kinds",
    type=KINDS,
    multiple=True,
    help="More kinds, such as pods or volumes.longhorn.io (comma-separated, repeatable).",
)
@click.option("--plans", is_flag=True, help="Also list Secrets in fleet-local, for the checks that need plan Secrets.")
@click.option(
    "--kubelet", is_flag=True, help="Also reach the kubelets, for their disk figures; close to cluster-admin."
)
def rbac(name: str, subject: str, kinds: Sequence[tuple[str, ...]], plans: bool, kubelet: bool) -> None:
    """Print the permissions that harvdiag needs, as YAML for `kubectl apply -f -`.

    A ClusterRole that may get and list the kinds of the checks, but no Secrets. Nothing is sent to any cluster.
    """
    from harvdiag.access.rbac import build_manifests

    write_stdout(build_manifests(name, plans=plans, kubelet=kubelet, subject=subject, kinds=[*chain(*kinds)]))
