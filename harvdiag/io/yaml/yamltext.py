"""YAML by the rule with which Kubernetes data is written, on PyYAML's C parser.

PyYAML's own loaders read YAML 1.1 and get it wrong: `1e+06` becomes a string, `=` fails, bare times become dates. Here
a plain scalar is a number only in the form in which Go prints JSON numbers and if a float64 holds it, so that a digest
such as 405862e486 stays a string. The rule was checked against the encoder of the support-bundle-kit (yaml.v2 v2.2.8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from operator import is_
from sys import intern
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.nodes import MappingNode, Node, ScalarNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.scanner import Scanner

from harvdiag.io.yaml.text import ANCHORS, DEPTH, TextError, may_be_deep

try:
    from yaml._yaml import CParser
except ImportError:  # PyYAML was built without libyaml
    _HAS_LIBYAML = False
else:
    _HAS_LIBYAML = True

__all__ = ["engine_version", "forget_words", "parse_document", "parse_documents"]

_number = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-][0-9]{2,})?").fullmatch
_LONGEST_NUMBER = 400
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_REMEMBERED, _SHORT = 20_000, 16
_memo: dict[str, Any] = dict(_WORDS)


class _Rule:
    """The tag of a scalar is "p" (plain) or "s" (quoted or a block); of a collection "c"."""

    def resolve(self, kind: type[Node], _value: object, implicit: tuple[bool, bool]) -> str:
        return ("p" if implicit[0] else "s") if kind is ScalarNode else "c"

    # The parser calls these for every node: built-in functions that do nothing save a tenth of its time.
    descend_resolver = staticmethod(is_)
    ascend_resolver = staticmethod(bool)


class _Watched(_Rule):
    """The same, counting how deep nodes nest: the parser stops before its stack overflows."""

    depth = 0

    def descend_resolver(self, _parent: object, _index: object) -> None:  # type: ignore[override]
        self.depth += 1
        if self.depth > DEPTH + 1:
            raise _depth_error()

    def ascend_resolver(self) -> None:  # type: ignore[override]
        self.depth -= 1


class _PureParser(_Watched, Reader, Scanner, Parser, Composer):
    """For a PyYAML without libyaml: the same rule, some ten times slower."""

    def __init__(self, data: bytes) -> None:
        Reader.__init__(self, data)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)


if _HAS_LIBYAML:

    class _FastParser(_Rule, CParser):
        """libyaml behind the rule."""

    class _WatchedParser(_Watched, CParser):
        """libyaml behind the rule, for texts that could nest deep."""


def _new_parser(data: bytes, pure: bool) -> Any:
    if pure or not _HAS_LIBYAML:
        return _PureParser(data)
    return _WatchedParser(data) if may_be_deep(data) else _FastParser(data)


def engine_version() -> str:
    """Return the name and version of the parser, for a report."""
    return f"PyYAML {yaml.__version__} ({'libyaml' if _HAS_LIBYAML else 'pure Python'})"


def forget_words() -> None:
    """Clear the cache of words, as some may be passwords; to be called when a text has been read."""
    _memo.clear()
    _memo.update(_WORDS)


def parse_scalar(text: str) -> Any:
    """Return the value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if not _number(text) or len(text) > _LONGEST_NUMBER:
        return text
    value = float(text)
    if value in (float("inf"), float("-inf")):
        return text
    if text.lstrip("-").isdigit():
        return int(text)
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def parse_document(data: bytes, *, pure: bool = False) -> Any:
    """Parse the one document in the text; None if it is empty. Raises TextError if it cannot be read, or has more.

    `pure`: without libyaml, even if it is installed.
    """
    with _convert_errors():
        parser = _new_parser(data, pure)
        try:
            node = parser.get_single_node()
            return None if node is None else _Builder(data).build(node)
        finally:
            parser.dispose()


def parse_documents(data: bytes) -> list[Any]:
    """Parse all documents in the text. Raises TextError if one cannot be read."""
    with _convert_errors():
        parser = _new_parser(data, pure=False)
        documents = []
        try:
            while parser.check_node():
                documents.append(_Builder(data).build(parser.get_node()))
        finally:
            parser.dispose()
        return documents


class _Builder:
    """Converts nodes to plain objects. If the text has a `&`, it refuses collections that an alias repeats."""

    def __init__(self, data: bytes) -> None:
        self._seen: set[int] | None = set() if b"&" in data else None

    def build(self, node: Any, depth: int = 1) -> Any:
        if node.__class__ is ScalarNode:
            return _build_scalar(node)
        if depth > DEPTH:
            raise _depth_error()
        if self._seen is not None:
            self._refuse_alias(node, self._seen)
        if node.__class__ is MappingNode:
            return self._build_mapping(node, depth + 1)
        return [
            _build_scalar(item) if item.__class__ is ScalarNode else self.build(item, depth + 1) for item in node.value
        ]

    def _build_mapping(self, node: Any, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key, value in node.value:
            if key.__class__ is not ScalarNode:
                raise TextError("a mapping has a key that is a collection", _line_number(key))
            mapping[intern(key.value)] = (
                _build_scalar(value) if value.__class__ is ScalarNode else self.build(value, depth)
            )
        if len(mapping) != len(node.value):
            raise _duplicate_key_error(node)
        return mapping

    def _refuse_alias(self, node: Any, seen: set[int]) -> None:
        if id(node) in seen:
            raise TextError(ANCHORS, _line_number(node), ", which kubectl never writes")
        seen.add(id(node))


def _build_scalar(node: Any) -> Any:
    text = node.value
    if node.tag != "p":
        return text
    try:
        return _memo[text]
    except KeyError:
        value = parse_scalar(text)
        if len(text) <= _SHORT and len(_memo) < _REMEMBERED:
            _memo[text] = value
        return value


def _duplicate_key_error(node: Any) -> TextError:
    seen: set[str] = set()
    for key, _ in node.value:
        if key.value in seen:
            return TextError(f"duplicate key {key.value[:80]!r}", _line_number(key))
        seen.add(key.value)
    return TextError("duplicate key", _line_number(node))


def _depth_error() -> TextError:
    return TextError(f"collections nest deeper than {DEPTH}, which no Kubernetes object does")


def _line_number(node: Any) -> int:
    return int(node.start_mark.line) + 1


@contextmanager
def _convert_errors() -> Iterator[None]:
    """PyYAML's errors as TextError."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TextError("is not valid YAML", mark.line + 1 if mark else None, f": {error.problem}") from None
    except ReaderError:
        raise TextError("holds a control character, so it is not text or was damaged") from None
    except RecursionError:
        raise _depth_error() from None
