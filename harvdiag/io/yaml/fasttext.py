"""YAML through yaml-rs, for texts in the style of the support-bundle-kit only, behind a guard.

yaml-rs follows YAML 1.2 with extensions, so it reads some strings that the kit leaves bare as numbers: 405862e486 as
infinity, _9 as 9. Whatever it could read differently from the exact rule of `yamltext` is parsed there instead;
so is every text that yaml-rs refuses, so that error messages are the same.
"""

from __future__ import annotations

import re
from sys import intern
from typing import Any

import yaml_rs

from harvdiag.io.yaml.mending import DAMAGED, Mend, keep, mend_texts
from harvdiag.io.yaml.text import DEPTH, may_be_deep

__all__ = ["engine_version", "parse_document"]

# In the kit's style, a value follows ": " or "- " at once. Numbers as Go prints them and empty collections are safe.
_SAFE = rb"(?!(?:-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]+)?(?:e[+-][0-9]{2})?|\{\}|\[\])\n)"
_CANDIDATES = tuple(
    re.compile(before + rb"(?=[-+.0-9_&*!\[{])" + _SAFE + rb"((?!- )[^\n]*)").findall for before in (rb": ", rb"- ")
)
# What else yaml-rs does not read as a plain string: a property, a flow collection, any kind of number. Possessive, as
# a value may be a line of megabytes.
_misread = re.compile(
    rb"""[&*!\[{]
    | [-+]?(?: [0-9_]*+\.?+[0-9_]*+(?:[eE][-+]?[0-9_]++)?
             | 0[xX][0-9a-fA-F_]++ | 0[oO][0-7_]++ | 0[bB][01_]++
             | \.(?:inf|Inf|INF|nan|NaN|NAN) )
      [ ]*+(?:\Z|\#|:(?:[ ]|\Z))""",
    re.VERBOSE,
).match
_blocks = re.compile(rb" [|>][-+0-9]*+\n(?: *+\n)*+( *+)").finditer
_CONTROL = b"\0" + bytes(range(2, 10)) + bytes(range(11, 32)) + b"\x7f"
_strange = re.compile("[\x80-\x9f\u2028\u2029\ufeff\ufffe\uffff]").search
# Base64 of plan Secrets, two thirds of all bytes: yaml-rs would keep many times its size, so a mark replaces it.
_LONG = re.compile(rb": ([A-Za-z0-9+/=]{512,})\n")
_BULKY = 8192
_MARK = re.compile("\x01([0-9]+)\x01")


class _DoubtError(Exception):
    """The result of yaml-rs could be wrong."""


def engine_version() -> str:
    """Return the name and version of the parser, for a report."""
    return f"yaml-rs {yaml_rs.__version__}"


def parse_document(data: bytes, mend: Mend = keep) -> Any:
    """Parse the one document in the text, exactly as `yamltext.parse_document` does, and mend the texts in it."""
    try:
        return _parse_guarded(data, mend)
    except (yaml_rs.YAMLDecodeError, _DoubtError, ValueError, TypeError):
        from harvdiag.io.yaml import yamltext

        return mend_texts(yamltext.parse_document(data), mend)


def _parse_guarded(data: bytes, mend: Mend) -> Any:
    held: list[str] = []
    if b"\x01" in data:
        raise _DoubtError
    short = _LONG.sub(lambda found: _set_aside(held, found[1]), data) if _has_long_lines(data) else data
    if _is_doubtful(short):
        raise _DoubtError
    value = _normalize_value(yaml_rs.loads(short.decode(), parse_datetime=False), DEPTH + 1, mend)
    return _restore_text(value, held) if held else value


def _has_long_lines(data: bytes) -> bool:
    """Whether to look for base64: lists of other objects have lines of some fifty bytes."""
    return len(data) > _BULKY and len(data) > 200 * data.count(b"\n")


def _set_aside(held: list[str], text: bytes) -> bytes:
    held.append(text.decode("ascii"))
    return b": \x01%d\x01\n" % (len(held) - 1)


def _restore_text(value: Any, held: list[str]) -> Any:
    """The value with each mark replaced by the text set aside; no other text has this control character."""
    if isinstance(value, str):
        if value[:1] == "\x01" == value[-1:] and value.count("\x01") == 2:
            return held[int(value[1:-1])]  # the whole value, without a copy
        return _MARK.sub(lambda found: held[int(found[1])], value) if "\x01" in value else value
    if isinstance(value, dict):
        if any("\x01" in key for key in value):
            raise _DoubtError
        return {key: _restore_text(member, held) for key, member in value.items()}
    return [_restore_text(member, held) for member in value] if isinstance(value, list) else value


def _is_doubtful(data: bytes) -> bool:
    """Whether the text contains anything that yaml-rs may read differently, or crash on."""
    if len(data.translate(None, _CONTROL)) != len(data) or may_be_deep(data):
        return True
    if b"\n---" in data or b"\n..." in data or data.startswith((b"---", b"%")):
        return True
    if any(_misread(value) for find in _CANDIDATES for value in find(data)):
        return True
    if (b"|" in data or b">" in data) and _has_empty_block(data):
        return True
    return not data.isascii() and _strange(data.decode()) is not None


def _has_empty_block(data: bytes) -> bool:
    """Whether a block scalar could be empty: the kit writes none, but yaml-rs reads it as a line feed."""
    for block in _blocks(data):
        line = data[data.rfind(b"\n", 0, block.start()) + 1 : block.start()]
        if len(block[1]) <= len(line) - len(line.lstrip(b" -")):
            return True
    return False


def _normalize_collection(value: Any, depth: int, mend: Mend) -> Any:
    """The value with whole floats as integers, keys interned and texts mended; _DoubtError for what the exact rule
    never returns.
    """
    if not depth:
        raise _DoubtError
    if value.__class__ is dict:
        return {
            intern(key): (mend(x) if x.endswith(DAMAGED) else x)
            if x.__class__ is str
            else _normalize_value(x, depth, mend)
            for key, x in value.items()
        }
    return [
        (mend(x) if x.endswith(DAMAGED) else x) if x.__class__ is str else _normalize_value(x, depth, mend)
        for x in value
    ]


def _normalize_value(value: Any, depth: int, mend: Mend) -> Any:
    kind = value.__class__
    if kind is dict or kind is list:
        return _normalize_collection(value, depth - 1, mend)
    return _normalize_float(value) if kind is float else value


def _normalize_float(value: float) -> float | int:
    if value - value != 0:  # infinity
        raise _DoubtError
    return int(value) if value.is_integer() and abs(value) < 2**63 else value
