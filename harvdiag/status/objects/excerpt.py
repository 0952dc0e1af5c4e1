"""An excerpt of an object's YAML: the fields that its links and columns are read from, and as much else as fits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import yaml

from harvdiag.core.escape import escape_text
from harvdiag.core.fields import Obj, field_path

__all__ = ["MOST", "build_excerpt"]

MOST = 40
"""The default number of lines of an excerpt."""
LONGEST = 140
KEPT = (1, 2, 3, 4, 6, 8, 12, 24)
"""The numbers of entries of each list and mapping that are tried, in turn; wanted ones are kept in any case."""
CUT = "\N{HORIZONTAL ELLIPSIS}"
ALWAYS = ("apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.deletionTimestamp")
Steps = tuple[str | int, ...]


def build_excerpt(obj: Obj, paths: Collection[str] = (), most: int = MOST) -> str:
    """Return the object as YAML without managedFields, in at most `most` lines; those of `paths` come first.

    What is left out is counted: ``# … 12 more``.
    """
    metadata = {key: value for key, value in (obj.get("metadata") or {}).items() if key != "managedFields"}
    whole = obj | ({"metadata": metadata} if metadata else {})
    wanted = _wanted_prefixes((*ALWAYS, *paths))
    fit = _limit_entries(whole, (), 0, wanted)
    for keep in KEPT:
        part = _limit_entries(whole, (), keep, wanted)
        if _count_lines(part) > most:
            break
        fit = part
    lines = [_format_line(line) for line in _dump_yaml(fit).split("\n")]
    return "\n".join(lines if len(lines) <= most else [*lines[: most - 1], f"# {CUT}"])


@lru_cache(maxsize=64)
def _wanted_prefixes(paths: tuple[str, ...]) -> frozenset[Steps]:
    """Every prefix of one of the paths, as steps."""
    ways = [field_path(path).steps for path in paths]
    return frozenset(steps[:end] for steps in ways for end in range(1, len(steps) + 1))


def _limit_entries(value: Any, at: Steps, keep: int, wanted: frozenset[Steps]) -> Any:
    """The value with no more than `keep` entries at each level, plus those that are wanted."""
    if isinstance(value, Mapping):
        there = list(value.items())
        kept = _choose_indexes([(*at, str(key)) in wanted for key, _ in there], keep)
        part = {
            _shorten_text(str(there[n][0])): _limit_entries(there[n][1], (*at, str(there[n][0])), keep, wanted)
            for n in kept
        }
        return part | ({CUT: f"{len(there) - len(kept)} more"} if len(kept) < len(there) else {})
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        kept = _choose_indexes([(*at, n) in wanted for n in range(len(value))], keep)
        rows = [_limit_entries(value[n], (*at, n), keep, wanted) for n in kept]
        return rows + ([f"{CUT}: {len(value) - len(kept)} more"] if len(kept) < len(value) else [])
    return _shorten_text(value) if isinstance(value, str) else value


def _choose_indexes(wanted: Sequence[bool], keep: int) -> list[int]:
    """The indexes of the wanted entries and of the first others, in order."""
    if len(wanted) <= keep:
        return list(range(len(wanted)))
    room = max(keep - sum(wanted), 0)
    others = [n for n, it in enumerate(wanted) if not it][:room]
    return sorted([*(n for n, it in enumerate(wanted) if it), *others])


def _shorten_text(text: str) -> str:
    """The first line of a text, truncated: a file or a certificate is shown by its beginning only.

    Half of a surrogate pair, which JSON allows and YAML does not, is escaped.
    """
    text = text.encode(errors="backslashreplace").decode()
    first = text.split("\n", 1)[0]
    return text if first == text and len(text) <= LONGEST else f"{first[:LONGEST]}{CUT} ({len(text)} characters)"


def _count_lines(value: Any) -> int:
    """The number of YAML lines that a value takes."""
    if isinstance(value, Mapping):
        return sum(1 + (_count_lines(it) if _is_nested(it) else 0) for it in value.values())
    if isinstance(value, list):
        return sum(_count_lines(it) if _is_nested(it) else 1 for it in value)
    return 1


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping | list) and bool(value)


def _dump_yaml(value: Any) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=True, width=10**6)
    return text.rstrip("\n")


def _format_line(line: str) -> str:
    """A line for people: escaped, and what was cut as a comment."""
    bare = line.lstrip(" -")
    if bare.startswith((f"{CUT}: ", f"'{CUT}: ")):
        return f"{line[: len(line) - len(bare)].replace('-', ' ')}# {CUT} {bare.strip(chr(39)).removeprefix(CUT)[2:]}"
    return escape_text(line)
