"""What to read: a SOURCE, or the cluster of a kubeconfig's context; the same options for every command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.types import StringParamType

from harvdiag.core.errors import UsageError
from harvdiag.core.target import CONTEXT, TIMEOUT, of_context

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from harvdiag.snapshot import Snapshot

__all__ = ["EXIT_INTERRUPTED", "Where", "cluster_options", "reading", "source_options"]

EXIT_INTERRUPTED = 130
Command = Callable[..., Any]


class Where(NamedTuple):
    """What a command is to read; without a `source`, the cluster of the context."""

    source: str | None
    context: str | None
    kubeconfig: Path | None
    request_timeout: float

    @property
    def target(self) -> str:
        """What `open_source` takes."""
        if self.source is None:
            return of_context(self.context)
        if not self.source:
            raise UsageError("the SOURCE is empty; leave it out for the cluster of the current context")
        if self.context or (self.kubeconfig and not self.source.startswith(CONTEXT)):
            raise UsageError(f"give either the SOURCE {self.source} or a cluster (--context, --kubeconfig), not both")
        return self.source


class _Seconds(click.ParamType[float]):
    """A time as kubectl takes it: ``30``, ``30s``, ``1h30m``."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from harvdiag.core.timestamps import parse_duration

        try:
            return parse_duration(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


class _Source(StringParamType):
    """A file, a folder, or ``context:lab``; stays as it was given, for a context may hold what looks like a path."""

    name = "source"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        if incomplete.startswith(CONTEXT):
            found = _contexts(ctx, param, incomplete.removeprefix(CONTEXT))
            return [CompletionItem(f"{CONTEXT}{item.value}") for item in found]
        begun = [CompletionItem(CONTEXT)] if incomplete and CONTEXT.startswith(incomplete) else []
        return [*begun, CompletionItem(incomplete, type="file")]


def _contexts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    from click.shell_completion import CompletionItem

    from harvdiag.io.api.login import contexts

    return [CompletionItem(name) for name in contexts(ctx.params.get("kubeconfig")) if name.startswith(incomplete)]


_CLUSTER = (
    click.option("--context", shell_complete=_contexts, help="The kubeconfig context to read; default: the current."),
    click.option(
        "--kubeconfig",
        type=click.Path(path_type=Path),
        help="The kubeconfig file; default: as KUBECONFIG says, else ~/.kube/config, else the pod's service account.",
    ),
    click.option(
        "--request-timeout",
        type=_Seconds(),
        default=f"{TIMEOUT:g}s",
        show_default=True,
        help="How long one request to the cluster may take: 30s, 2m, 1h30m.",
    ),
)


def cluster_options(command: Command) -> Command:
    """Give a command --context, --kubeconfig and --request-timeout; it is called with `where`."""

    @wraps(command)
    def call(*args: Any, context: str | None, kubeconfig: Path | None, request_timeout: float, **rest: Any) -> Any:
        where = Where(rest.pop("source", None), context, kubeconfig, request_timeout)
        return command(*args, where=where, **rest)

    for option in reversed(_CLUSTER):
        call = option(call)
    return call


def source_options(command: Command) -> Command:
    """Give a command SOURCE and the options of a cluster; it is called with `where`."""
    argument = click.argument("source", required=False, type=_Source())
    return argument(cluster_options(command))


@contextmanager
def reading(where: Where) -> Iterator[Snapshot]:
    """The snapshot to work on. Ctrl-C ends the command at once, with one line on what was read by then."""
    from harvdiag.io.progress import shown
    from harvdiag.sources import open_source

    progress = shown()
    try:
        yield open_source(where.target, kubeconfig=where.kubeconfig, timeout=where.request_timeout, progress=progress)
    except KeyboardInterrupt:
        read = f": {progress.lists} of {progress.total} lists were read" if progress.total else ""
        click.echo(f"harvdiag: interrupted{read}; nothing was kept or written", err=True)
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None
