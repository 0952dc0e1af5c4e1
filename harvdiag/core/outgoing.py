"""Everything that leaves a command, before it does: where names are redacted, it is looked through first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar

__all__ = ["look_through", "vet_outgoing"]

Look = Callable[[Mapping[str, bytes]], None]

_LOOK: ContextVar[Look | None] = ContextVar("look", default=None)


def look_through(look: Look | None) -> None:
    """Have `look` called with what is to be written, by its name, until the command ends; None: nothing is."""
    _LOOK.set(look)


def vet_outgoing(name: str, data: bytes | str) -> None:
    """Look through what is to be written under a name. Raises HarvdiagError where it must not be."""
    look = _LOOK.get()
    if look is not None:
        look({name: data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data})
