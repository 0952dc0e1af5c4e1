"""YAML through yaml-rs, for texts in the style of the support-bundle-kit only, behind a guard.

yaml-rs follows YAML 1.2 with extensions, so it reads some strings that the kit leaves bare as numbers: 405862e486 as
infinity, _9 as 9. Whatever could be read in another way than by the exact rule of `yamltext` is parsed there instead;
so is every text that yaml-rs refuses, which gives one wording of errors.
"""

from __future__ import annotations

import re
from sys import intern
from typing import Any

import yaml_rs

from harvdiag.io.yaml.text import DEPTH, may_be_deep

__all__ = ["parse", "title"]

# In the kit's style, a value follows ": " or "- " at once. Numbers as Go prints them and empty collections are safe.
_SAFE = rb"(?!(?:-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]+)?(?:e[+-][0-9]{2})?|\{\}|\[\])\n)"
_CANDIDATES = tuple(
    re.compile(before + _SAFE + rb"((?!- )[-+.0-9_&*!\[{][^\n]*)").findall for before in (rb": ", rb"- ")
)
# What of the rest is no plain string to yaml-rs: a property, a flow collection, any kind of number. Possessive, for a
# value may be a line of megabytes.
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
# Base64 of plan Secrets, two thirds of all bytes: yaml-rs would keep many times its size, so a mark stands in for it.
_LONG = re.compile(rb": ([A-Za-z0-9+/=]{512,})\n")
_MARK = re.compile("\x01([0-9]+)\x01")


class _DoubtError(Exception):
    """What yaml-rs gave could be wrong."""


def title() -> str:
    """What parses here, for a report."""
    return f"yaml-rs {yaml_rs.__version__}"


def parse(data: bytes) -> Any:
    """The one document in the text, exactly as `yamltext.parse` reads it."""
    try:
        return _parse(data)
    except (yaml_rs.YAMLDecodeError, _DoubtError, ValueError, TypeError):
        from harvdiag.io.yaml import yamltext

        return yamltext.parse(data)


def _parse(data: bytes) -> Any:
    held: list[str] = []
    if b"\x01" in data:
        raise _DoubtError
    short = _LONG.sub(lambda found: _hold(held, found[1]), data) if _has_long_lines(data) else data
    if _doubtful(short):
        raise _DoubtError
    value = _member(yaml_rs.loads(short.decode(), parse_datetime=False), DEPTH + 1)
    return _restored(value, held) if held else value


def _has_long_lines(data: bytes) -> bool:
    """Whether it pays to look for base64: lists of other objects have lines of some fifty bytes."""
    return len(data) > 200 * data.count(b"\n")


def _hold(held: list[str], text: bytes) -> bytes:
    held.append(text.decode("ascii"))
    return b": \x01%d\x01\n" % (len(held) - 1)


def _restored(value: Any, held: list[str]) -> Any:
    """The value with what was held back in the place of its mark; no other text holds this control character."""
    if isinstance(value, str):
        if value[:1] == "\x01" == value[-1:] and value.count("\x01") == 2:
            return held[int(value[1:-1])]  # the whole value, without a copy
        return _MARK.sub(lambda found: held[int(found[1])], value) if "\x01" in value else value
    if isinstance(value, dict):
        if any("\x01" in key for key in value):
            raise _DoubtError
        return {key: _restored(member, held) for key, member in value.items()}
    return [_restored(member, held) for member in value] if isinstance(value, list) else value


def _doubtful(data: bytes) -> bool:
    """Whether the text holds anything that yaml-rs may read in another way, or die of."""
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
    """Whether a block of text could be empty: the kit writes none, but to yaml-rs it is a line feed."""
    for block in _blocks(data):
        line = data[data.rfind(b"\n", 0, block.start()) + 1 : block.start()]
        if len(block[1]) <= len(line) - len(line.lstrip(b" -")):
            return True
    return False


def _settled(value: Any, depth: int) -> Any:
    """The value with whole floats as integers and equal keys kept once; _DoubtError at what no exact reading gives."""
    if not depth:
        raise _DoubtError
    if value.__class__ is dict:
        return {intern(key): x if x.__class__ is str else _member(x, depth) for key, x in value.items()}
    return [x if x.__class__ is str else _member(x, depth) for x in value]


def _member(value: Any, depth: int) -> Any:
    kind = value.__class__
    if kind is dict or kind is list:
        return _settled(value, depth - 1)
    return _number(value) if kind is float else value


def _number(value: float) -> float | int:
    if value - value != 0:  # infinity
        raise _DoubtError
    return int(value) if value.is_integer() and abs(value) < 2**63 else value
