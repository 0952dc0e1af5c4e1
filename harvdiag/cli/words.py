"""Names of rules, families and kinds on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from harvdiag.cli.policy import list_rules
from harvdiag.core.suggest import did_you_mean, suggest_names

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["FORMAT", "KINDS", "OUTPUT", "RULES", "SINCE", "UNTIL", "Choice", "Names", "output_help"]

FORMAT = "Format of the answer; default: by the ending of --output, else table."
"""The help of such an option where a terminal gets a table."""
OUTPUT = "Write to this file, not to stdout."
"""The help of an option that many commands have."""
SINCE = "Only what is not older: 30m, 2h or 3d before the collection, 2025-05-07T10:00Z, or 10:00 (UTC)."
UNTIL = "Only what is not newer; in the same form."


def output_help(endings: Iterable[str]) -> str:
    """Return the help of such an option where the ending decides on the form."""
    return f"{OUTPUT[:-1]}, as its ending says: {', '.join(endings)}."


class Choice(click.Choice[str]):
    """One of a few words; another one is answered with what may have been meant."""

    def __init__(self, choices: Sequence[str]) -> None:
        super().__init__(choices)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        word = str(value)
        if word not in self.choices:
            near = did_you_mean(suggest_names(word, self.choices))
            self.fail(f"{word!r} is not one of {', '.join(self.choices)}{near}", param, ctx)
        return word


class Names(click.ParamType[tuple[str, ...]]):
    """Names separated by commas. `known` returns the names for completion, each with a description."""

    def __init__(self, name: str, known: Callable[[], Mapping[str, str]]) -> None:
        self.name = name
        self._known = known

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(word.strip() for word in str(value).split(",") if word.strip())

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        done, _, last = incomplete.rpartition(",")
        head, begun = (f"{done}," if done else ""), last.lower()
        words = sorted(self._known().items())
        return [CompletionItem(head + w, help=text) for w, text in words if w.lower().startswith(begun)]


def _known_rules() -> dict[str, str]:
    """Every rule and family, each with a description."""
    rules = list_rules()
    words = {name: rule.summary for name, rule in rules.items()}
    return words | {rule.family: "the whole family" for rule in rules.values()}


def _known_kinds() -> dict[str, str]:
    """The kinds of the catalogue that a cluster serves, and those of Kubernetes' core group."""
    from harvdiag.access.rbac import CORE
    from harvdiag.kinds import CATALOGUE

    known = {kind.name: kind.resource for kind in CATALOGUE.values() if kind.served and not kind.only}
    return CORE | known


RULES = Names("rule", _known_rules)
KINDS = Names("kind", _known_kinds)
