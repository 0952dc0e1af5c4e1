"""Targets: the argument that selects a source, and the timeout of a cluster."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable

__all__ = ["CONTEXT", "RIGHTS", "TIMEOUT", "context_of", "context_target", "join_words", "target_arguments"]

CONTEXT = "context:"
RIGHTS = "`harvdiag whoami` shows what may be listed"
"""Hint for lists of a live cluster that were not seen."""
TIMEOUT = 30.0
"""Seconds that one request to a cluster may take, like kubectl's --request-timeout."""


def context_of(target: str | os.PathLike[str]) -> str | None:
    """Return the context of ``context:lab``, empty for the current one; None if `target` is something else."""
    text = os.fspath(target)
    return text.removeprefix(CONTEXT) if text.startswith(CONTEXT) else None


def context_target(name: str | None) -> str:
    """Return the target of a context, given as ``lab`` or ``context:lab``; None is the current one."""
    return f"{CONTEXT}{(name or '').removeprefix(CONTEXT)}"


def target_arguments(
    target: str | os.PathLike[str], kubeconfig: str | os.PathLike[str] | None = None
) -> tuple[str, ...]:
    """Return the words that name a target after ``harvdiag check``: ``bundle.zip``, or ``--context``, ``lab``."""
    name = os.fspath(target)
    context = context_of(name)
    if context is None:
        return (f".{os.sep}{name}",) if name.startswith("-") and name != "-" else (name,)
    words = ("--context", context) if context else ()
    return (*words, "--kubeconfig", os.fspath(kubeconfig)) if kubeconfig else words


def join_words(words: Iterable[str]) -> str:
    """Return the words as one line for a shell, quoted where needed, as the system's own shell takes it."""
    if os.name == "nt":
        from subprocess import list2cmdline

        return list2cmdline([*words])
    return shlex.join(words)
