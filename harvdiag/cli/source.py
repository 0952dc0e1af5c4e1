"""The source to read: a SOURCE, or the cluster of a kubeconfig context; the same options for every command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.types import StringParamType

from harvdiag.cli.complete import complete_contexts, complete_source
from harvdiag.cli.output import settings, timed
from harvdiag.cli.redaction import redact_source
from harvdiag.core.errors import UsageError
from harvdiag.core.target import CONTEXT, TIMEOUT, context_target

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from harvdiag.io.progress import Progress
    from harvdiag.snapshot import Snapshot

__all__ = [
    "EXIT_INTERRUPTED",
    "Seconds",
    "Source",
    "SourceOptions",
    "check_given",
    "choose_progress",
    "cluster_options",
    "open_snapshot",
    "source_options",
    "sources_options",
]

EXIT_INTERRUPTED = 130
Command = Callable[..., Any]


class SourceOptions(NamedTuple):
    """The source options of a command; without a `source`, the cluster of the context. `others` are further sources."""

    source: str | None
    contexts: tuple[str, ...]
    kubeconfig: Path | None
    request_timeout: float
    others: tuple[str, ...] = ()

    @property
    def context(self) -> str | None:
        """The context that was given. Raises UsageError for more than one, which only `harvdiag check` takes."""
        if len(self.contexts) > 1:
            raise UsageError(f"give one --context, not {len(self.contexts)}: only `harvdiag check` takes several")
        return self.contexts[0] if self.contexts else None

    @property
    def each(self) -> list[SourceOptions]:
        """The same for each of several sources or contexts. Raises UsageError where there are both.

        A kubeconfig is for the sources that are contexts, of which there has to be one.
        """
        if self.source is not None and not self.contexts:
            sources = (self.source, *self.others)
            if self.kubeconfig and not any(source.startswith(CONTEXT) for source in sources):
                raise UsageError(f"give either SOURCEs ({self.source}, …) or a cluster (--kubeconfig), not both")
            return [self._of(source) for source in sources]
        if self.source is not None:
            raise UsageError(f"give either the SOURCE {self.source} or clusters (--context), not both")
        return [self._replace(contexts=(context,)) for context in self.contexts]

    def _of(self, source: str) -> SourceOptions:
        kubeconfig = self.kubeconfig if source.startswith(CONTEXT) else None
        return self._replace(source=source, others=(), kubeconfig=kubeconfig)

    @property
    def target(self) -> str:
        """The argument for `open_source`."""
        if self.source is None:
            return context_target(self.context)
        if not self.source:
            raise UsageError("the SOURCE is empty; leave it out for the cluster of the current context")
        if self.context or (self.kubeconfig and not self.source.startswith(CONTEXT)):
            raise UsageError(f"give either the SOURCE {self.source} or a cluster (--context, --kubeconfig), not both")
        return self.source


class Seconds(click.ParamType[float]):
    """A duration as for kubectl: ``30``, ``30s``, ``1h30m``."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from harvdiag.core.timestamps import parse_duration

        try:
            return parse_duration(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


class _Kubeconfig(click.Path):
    """A file; an empty word is none given, as to kubectl."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return None if value == "" else super().convert(value, param, ctx)


class Source(StringParamType):
    """A file, a folder, or ``context:lab``; not converted, as a context may look like a path."""

    name = "source"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return complete_source(ctx, param, incomplete)


_CLUSTER = (
    click.option(
        "--context",
        "contexts",
        metavar="NAME",
        multiple=True,
        shell_complete=complete_contexts,
        help="The kubeconfig context to read; default: the current one. check takes several: repeat it.",
    ),
    click.option(
        "--kubeconfig",
        type=_Kubeconfig(path_type=Path),
        help="The kubeconfig file; default: KUBECONFIG, else ~/.kube/config, else the pod's service account.",
    ),
    click.option(
        "--request-timeout",
        type=Seconds(),
        default=f"{TIMEOUT:g}s",
        show_default=True,
        help="How long one request to the cluster may take: 30s, 2m, 1h30m.",
    ),
)


def cluster_options(command: Command) -> Command:
    """Add --context, --kubeconfig and --request-timeout to a command, which gets them as `where`."""

    @wraps(command)
    def call(
        *args: Any, contexts: tuple[str, ...], kubeconfig: Path | None, request_timeout: float, **rest: Any
    ) -> Any:
        source, *others = rest.pop("sources", None) or (rest.pop("source", None),)
        chosen = tuple(dict.fromkeys(contexts))
        return command(*args, where=SourceOptions(source, chosen, kubeconfig, request_timeout, (*others,)), **rest)

    for option in reversed(_CLUSTER):
        call = option(call)
    return call


def source_options(command: Command) -> Command:
    """Add SOURCE and the options of a cluster to a command, which gets them as `where`."""
    argument = click.argument("source", required=False, type=Source())
    return argument(cluster_options(command))


def choose_progress() -> Progress:
    """Return the display of the progress: none with --quiet."""
    from harvdiag.io.progress import Progress, default_progress

    return Progress() if settings().quiet else default_progress()


def sources_options(command: Command) -> Command:
    """Add SOURCE, which may be repeated, and the options of a cluster to a command, which gets them as `where`."""
    argument = click.argument("sources", nargs=-1, type=Source(), metavar="[SOURCE]...")
    return argument(cluster_options(command))


def check_given(source: str | None, called: str = "the SOURCE") -> None:
    """Raise SourceError, before a kernel starts, for a file that a notebook cannot read; None is its own sample.

    A cluster is not asked. `called` is what to call the source.
    """
    from harvdiag.sources import open_source

    if source == "":
        raise UsageError(f"{called} is empty; the cluster of the current context is 'context:'")
    if source == "-":
        raise UsageError("a notebook reads no standard input: save it to a file, and name that")
    if source is not None and not source.startswith(CONTEXT):
        open_source(source)


@contextmanager
def open_snapshot(where: SourceOptions) -> Iterator[Snapshot]:
    """Open the snapshot. Ctrl-C ends the command at once, with one line on what was read by then."""
    from harvdiag.sources import open_source

    progress = choose_progress()
    try:
        with timed("to open the source"):
            source = open_source(
                where.target, kubeconfig=where.kubeconfig, timeout=where.request_timeout, progress=progress
            )
        if settings().redactor is not None:
            with timed("to learn the names to replace"):
                source = redact_source(source)
        with timed("to read, judge and write"):
            yield source
    except KeyboardInterrupt:
        count, total = progress.earlier + progress.lists, progress.earlier + progress.total
        read = f": {count} of {total} lists were read" if total else ""
        click.echo(f"harvdiag: interrupted{read}; nothing was kept or written", err=True)
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None
