"""Targets: what the one word means that names a source, and how long a cluster may take to answer."""

from __future__ import annotations

import os

__all__ = ["CONTEXT", "RIGHTS", "TIMEOUT", "context_of", "context_target"]

CONTEXT = "context:"
RIGHTS = "`harvdiag whoami` shows what may be listed"
"""Where to look when a list of a live cluster was not seen."""
TIMEOUT = 30.0
"""Seconds that one request to a cluster may take, as kubectl's --request-timeout."""


def context_of(target: str | os.PathLike[str]) -> str | None:
    """The context that ``context:lab`` names, empty for the current one; None where `target` is something else."""
    text = os.fspath(target)
    return text.removeprefix(CONTEXT) if text.startswith(CONTEXT) else None


def context_target(name: str | None) -> str:
    """The target that means this context, given as ``lab`` or ``context:lab``; None is the current one."""
    return f"{CONTEXT}{(name or '').removeprefix(CONTEXT)}"
