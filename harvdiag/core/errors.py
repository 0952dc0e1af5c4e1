"""The exceptions of harvdiag. Each message is one line: what failed, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable

from harvdiag.core.escape import escape_text

__all__ = ["AccessError", "ConfigError", "HarvdiagError", "SourceError", "UnlistedKindError", "UsageError"]


class HarvdiagError(Exception):
    """Base class of every error that harvdiag raises on purpose; its text is one line for the user."""

    def __str__(self) -> str:
        return " ".join(super().__str__().split())

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it in a notebook: the one line, without the way through harvdiag's files."""
        return [f"{type(self).__name__}: {escape_text(self)}"]


class SourceError(HarvdiagError):
    """The input cannot be used: it is not a bundle, too damaged, or from another system."""


class UsageError(HarvdiagError):
    """The request is invalid: an unknown rule, kind or option."""


class UnlistedKindError(UsageError):
    """A kind of Kubernetes or Harvester that is known, and of which this source has no list."""


class ConfigError(UsageError):
    """A file of settings has mistakes. Each of `lines` is one of them, with its place; the text has all of them."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("; ".join(self.lines))

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {escape_text(line)}" for line in self.lines]


class AccessError(HarvdiagError):
    """The cluster cannot be reached or rejects the credentials; the text says how to log in again.

    `shown` is the end of the text, if that has been on stderr already; `unshown` is the rest.
    """

    def __init__(self, unshown: str, shown: str = "") -> None:
        super().__init__(f"{unshown}{shown}")
        self.unshown, self.shown = unshown, shown
