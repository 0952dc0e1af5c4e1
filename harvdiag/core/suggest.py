"""Suggestions for unknown names of rules, kinds and objects."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

__all__ = ["did_you_mean", "join_names", "suggest_names"]

DIGITS = re.compile(r"\d+")
MOST_NEAR = 10
MOST_LISTED = 7


def suggest_names(word: str, names: Collection[str]) -> list[str]:
    """Return the names that may have been meant: with different case, else beginning with or containing the
    word, else spelled similarly, else the same but for the digits (``hv9``: ``hv01``, ``hv02``), else
    abbreviated by it (``md``: ``markdown``)."""
    from difflib import get_close_matches

    lower = {name.lower(): name for name in sorted(names)}
    if word.lower() in lower:
        return [lower[word.lower()]]
    begun = [name for key, name in lower.items() if word and key.startswith(word.lower())]
    within = [name for key, name in lower.items() if word and word.lower() in key]
    alike = [lower[key] for key in get_close_matches(word.lower(), list(lower), n=1)]
    numbered = [
        name for key, name in lower.items() if DIGITS.search(word) and _strip_digits(key) == _strip_digits(word)
    ]
    short = [name for key, name in lower.items() if word and key[0] == word[0].lower() and _abbreviates(word, key)]
    return (begun or within or alike or numbered or short)[:MOST_NEAR]


def _abbreviates(word: str, name: str) -> bool:
    """Whether the letters of a word stand in a name in the same order: ``md`` in ``markdown``."""
    letters = iter(name)
    return len(word) > 1 and all(letter in letters for letter in word.lower())


def _strip_digits(word: str) -> str:
    return DIGITS.sub("", word.lower())


def did_you_mean(names: Collection[str]) -> str:
    """Return ``; did you mean a, b or c?``; empty if there are no names."""
    *most, last = names or ("",)
    head = f"{', '.join(most)} or " if most else ""
    return f"; did you mean {head}{last}?" if last else ""


def join_names(names: Sequence[str]) -> str:
    """Return ``hv01, hv02 and hv03``; if there are many, the first ones and the number of the others."""
    if len(names) > MOST_LISTED:
        few = MOST_LISTED - 1
        return f"{', '.join(names[:few])} and {len(names) - few} more"
    *most, last = names or ("",)
    return f"{', '.join(most)} and {last}" if most else last
