"""Texts that whoever wrote a file has damaged, mended while it is read: a second pass over all values costs more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["DAMAGED", "Mend", "keep", "mend_texts"]

DAMAGED = "null"
"""How every text ends that may be damaged (`harvdiag.sources.bundle.damage`)."""
Mend = Callable[[str], str]
"""Takes a text that ends so; returns what it stands for."""


def keep(text: str) -> str:
    """Mend nothing."""
    return text


def mend_texts(value: Any, mend: Mend) -> Any:
    """Return the value with every text in it mended; lists and dictionaries in place, keys stay as they are."""
    if value.__class__ is str:
        return mend(value) if value.endswith(DAMAGED) else value
    if value.__class__ is dict:
        _mend_each(value, value.items(), mend)
    elif value.__class__ is list:
        _mend_each(value, enumerate(value), mend)
    return value


def _mend_each(holder: Any, pairs: Any, mend: Mend) -> None:
    # One loop for the hot path: a cluster of 200 nodes has some 150,000 values.
    for key, value in pairs:
        kind = value.__class__
        if kind is str:
            if value[-4:] == DAMAGED:
                holder[key] = mend(value)
        elif kind is dict:
            _mend_each(value, value.items(), mend)
        elif kind is list:
            _mend_each(value, enumerate(value), mend)
