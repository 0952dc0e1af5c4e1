"""What kubectl's words and options ask for: kinds and names, the form of the output; and which word is the SOURCE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.types import StringParamType

from harvdiag.cli.complete import complete_names, complete_nodes, complete_source
from harvdiag.cli.words import KINDS, Choice
from harvdiag.core.errors import UsageError
from harvdiag.core.target import CONTEXT

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from harvdiag.kinds.printing import PrintColumn

__all__ = ["ALL", "Asked", "Layout", "LogWords", "Words", "layout_options", "parse_question", "split_source"]

Command = Callable[..., Any]
FORMS = ("wide", "yaml", "json", "name")
STDIN = "-"
ARCHIVES = (".zip", ".001", ".gz", ".tgz", ".tar", ".xz", ".zst", ".bz2")
TEXTS = (".yaml", ".yml", ".json", ".jsonl", ".txt", ".log")
PLACES = ("/", "./", "../", "~")
ALL = "all"
"""The word for the kinds of workloads, as kubectl has it."""


class Asked(NamedTuple):
    """One kind, as the user wrote it, and the names; no name means every object."""

    kind: str
    names: tuple[str, ...]


class Layout(NamedTuple):
    """How to print: the form (empty: a table), the namespace that was asked for, or that of each object."""

    form: str
    namespace: str
    everywhere: bool
    headers: bool
    columns: Sequence[PrintColumn] = ()
    """Others than those of the kind."""


_LAYOUT = (
    click.option("-o", "--output", "form", type=Choice(FORMS), help="The form of the output; default: a table."),
    click.option("-n", "--namespace", default="", help="Only this namespace; default: every one."),
    click.option("-A", "--all-namespaces", is_flag=True, help="Every namespace, and always with its column."),
    click.option("--no-headers", is_flag=True, help="Leave out the line of headers of a table."),
)


def layout_options(command: Command) -> Command:
    """Add kubectl's options for the output and the namespace to a command, which gets them as `layout`."""

    @wraps(command)
    def call(*args: Any, form: str | None, namespace: str, all_namespaces: bool, no_headers: bool, **rest: Any) -> Any:
        if namespace and all_namespaces:
            raise UsageError("give either -n or -A, not both")
        return command(*args, layout=Layout(form or "", namespace, all_namespaces, not no_headers), **rest)

    for option in reversed(_LAYOUT):
        call = option(call)
    return call


class Words(StringParamType):
    """Words of which the first is a kind and the last may be a source; completes kinds, then names and files."""

    name = "words"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        given = ctx.params.get(param.name or "")
        if given:
            return [*complete_names(given[0], ctx, incomplete), *complete_source(ctx, param, incomplete)]
        kind, slash, _ = incomplete.partition("/")
        return (
            complete_names(kind, ctx, incomplete, f"{kind}/") if slash else KINDS.shell_complete(ctx, param, incomplete)
        )


class LogWords(Words):
    """The name of a node or a pod, and a source; completes nodes and files."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        nodes = [] if ctx.params.get(param.name or "") else complete_nodes(ctx, param, incomplete)
        return [*nodes, *complete_source(ctx, param, incomplete)]


def split_source(words: Sequence[str]) -> tuple[tuple[str, ...], str | None]:
    """Return the words before the SOURCE, and the SOURCE: the last word, if it is one."""
    if words and _is_source(words[-1]):
        return tuple(words[:-1]), words[-1]
    return tuple(words), None


def parse_question(words: Sequence[str]) -> tuple[Asked, ...]:
    """Return what the words ask for: ``KIND``, ``KIND[,KIND] NAME …`` or ``KIND/NAME …``, as for kubectl.

    Raises UsageError where no kind is given, or both forms are mixed.
    """
    if not words:
        raise UsageError("give a KIND before the SOURCE, such as `harvdiag get nodes bundle.zip`")
    if source := next((word for word in words if _is_source(word)), None):
        raise UsageError(f"{source} is a file or a folder: give the SOURCE last, and one only")
    for word in words if "/" in words[0] else words[1:]:
        _refuse_commas(word)
    head, *rest = words
    if "/" in head:
        return _parse_pairs(words)
    if any("/" in name for name in rest):
        raise UsageError(f"give either KIND NAME or KIND/NAME, not both: {' '.join(words)}")
    kinds = [kind for kind in head.split(",") if kind]
    if not kinds:
        raise UsageError("the KIND is empty: give one, such as nodes")
    return tuple(Asked(kind, tuple(rest)) for kind in kinds)


def _refuse_commas(word: str) -> None:
    """Raise UsageError for names that are separated by commas: no object of Kubernetes has one in its name."""
    first, *others = word.split(",")
    kind, slash, _ = first.partition("/")
    if others and bool(slash) is ("/" in word):
        names = [first, *(name if "/" in name else f"{kind}/{name}" if slash else name for name in others if name)]
        raise UsageError(f"separate names by blanks, not by commas: {' '.join(names)}")


def _parse_pairs(words: Sequence[str]) -> tuple[Asked, ...]:
    found: dict[str, list[str]] = {}
    for word in words:
        kind, _, name = word.partition("/")
        if not kind or not name or "/" in name:
            raise UsageError(f"{word!r} is not KIND/NAME, such as node/srv09, nor a file or folder that exists")
        found.setdefault(kind, []).append(name)
    return tuple(Asked(kind, tuple(names)) for kind, names in found.items())


def _is_source(word: str) -> bool:
    """Whether a word is a SOURCE and no name: a file or folder that exists, a context, or the name of such a file."""
    if word == STDIN or word.startswith((CONTEXT, *PLACES)) or word.lower().endswith((*ARCHIVES, *TEXTS)):
        return True
    try:
        return Path(word).expanduser().exists()
    except (OSError, RuntimeError, ValueError):
        return False
