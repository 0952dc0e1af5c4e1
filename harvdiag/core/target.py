"""Targets: the argument that selects a source, and the timeout of a cluster."""

from __future__ import annotations

import os

__all__ = ["CONTEXT", "RIGHTS", "TIMEOUT", "context_of", "context_target"]

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
