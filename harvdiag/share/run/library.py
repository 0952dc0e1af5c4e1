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
            "notebooks need an extra. Install harvdiag again as you did, with [notebook] or [all] after its name: "
            f"pip install 'harvdiag[notebook]', or of a checkout '.[all]'; pipx needs --force ({error})"
        ) from error
