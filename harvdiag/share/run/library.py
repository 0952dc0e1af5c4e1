"""The libraries of the extra ``notebook``, without which no notebook can be run."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from harvdiag.core.errors import UsageError

__all__ = ["load_library"]


def load_library(name: str) -> ModuleType:
    """Import a library of the extra. Raises UsageError, in one line, where it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(
            f"to run a notebook, install the extra that does it first: pip install 'harvdiag[notebook]' ({error})"
        ) from error
