"""A text made of pieces that is to stay below a size: the least important pieces are left out, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harvdiag.core.suggest import join_names
from harvdiag.status.summary import format_count

__all__ = ["Box", "Part", "Piece", "fit_parts"]

OPEN, CLOSE = "<details>", "</details>"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Lines that are shown or left out together."""

    lines: tuple[str, ...]
    rank: int = 0
    """How early it is left out: the highest first, 0 never."""
    noun: str = ""
    """What is left out with it: ``table of evidence``."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """Pieces below a line that unfolds to them; nothing is left of it where all of them are left out."""

    title: str
    """HTML."""
    pieces: tuple[Piece, ...]

    @property
    def edges(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The lines before and after its pieces."""
        return ("", OPEN, f"<summary>{self.title}</summary>"), ("", CLOSE)


Part = Piece | Box


def fit_parts(parts: Sequence[Part], most: int) -> tuple[list[str], str]:
    """Return the lines, of at most `most` characters in all, and what was left out for it in words, empty for nothing.

    Of pieces that are equally important, the last is left out first. Where even what is never left out is too long, the
    end is cut.
    """
    pieces = [piece for part in parts for piece in (part.pieces if isinstance(part, Box) else (part,))]
    edges = [line for part in parts if isinstance(part, Box) for edge in part.edges for line in edge]
    left = _choose(pieces, _measure(edges) + sum(_measure(piece.lines) for piece in pieces) - most)
    lines = [line for part in parts for line in _show(part, left)]
    told = Counter(piece.noun for piece in pieces if id(piece) in left)
    cut = _cut(lines, most)
    words = [_count(noun, number) for noun, number in told.items()]
    words += [format_count(len(lines) - len(cut), "line")] if len(cut) < len(lines) else []
    return cut, join_names(words)


def _choose(pieces: Sequence[Piece], over: int) -> set[int]:
    """Which pieces to leave out, so that so many characters are saved."""
    left: set[int] = set()
    order = sorted(enumerate(pieces), key=lambda each: (-each[1].rank, -each[0]))
    for _, piece in order:
        if over <= 0 or not piece.rank:
            break
        left.add(id(piece))
        over -= _measure(piece.lines)
    return left


def _show(part: Part, left: set[int]) -> list[str]:
    if isinstance(part, Piece):
        return [] if id(part) in left else [*part.lines]
    inner = [line for piece in part.pieces if id(piece) not in left for line in piece.lines]
    before, after = part.edges
    return [*before, *inner, *after] if inner else []


def _cut(lines: Sequence[str], most: int) -> list[str]:
    while _measure(lines) > most:
        lines = lines[: max(len(lines) * 9 // 10, 1)] if len(lines) > 1 else [lines[0][: most - 1]]
    return [*lines, *["", CLOSE] * (lines.count(OPEN) - lines.count(CLOSE))]


def _measure(lines: Iterable[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _count(noun: str, number: int) -> str:
    """Return ``1 list of steps``, ``2 lists of steps``."""
    thing, of, rest = noun.partition(" of ")
    return f"{format_count(number, thing)}{of}{rest}"
