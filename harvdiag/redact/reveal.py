"""The way back: originals instead of pseudonyms, for whoever has them."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["MADE", "find_strangers", "reveal_text"]

_WORD = re.compile(r"[\w.:/+@~%-]+")
_PART = re.compile(r"[^\W_]+")
MADE = re.compile(
    r"\b(?:host|cluster|ns|vm|vol|img|net|key|user|upgrade|obj|label|dom|source|path|word|sub)-[bcdfghjklmnpqrstvwxz2456789]{6,}"
)


def reveal_text(text: str, issued: Mapping[str, str], parts: Mapping[str, int]) -> str:
    """Return a text with what each pseudonym in it stands for, as far as it is known.

    `parts` has, by the first part of each pseudonym, the number of parts of the longest that begins so.
    """
    return _WORD.sub(lambda match: _reveal_word(match[0], issued, parts), text)


def _reveal_word(word: str, issued: Mapping[str, str], starts: Mapping[str, int]) -> str:
    parts = list(_PART.finditer(word))
    done, out, at = 0, [], 0
    while at < len(parts):
        for last in range(min(at + starts.get(parts[at][0], 0), len(parts)) - 1, at - 1, -1):
            original = issued.get(word[parts[at].start() : parts[last].end()])
            if original is not None:
                out += [word[done : parts[at].start()], original]
                done, at = parts[last].end(), last
                break
        at += 1
    return "".join((*out, word[done:])) if out else word


def find_strangers(text: str, issued: Mapping[str, str]) -> list[str]:
    """Return what looks like a pseudonym in a text, and is none that is known."""
    known = {found for made in issued for found in MADE.findall(made)}
    return [made for made in dict.fromkeys(MADE.findall(text)) if made not in known]
