"""Documents that kubectl or a person wrote: YAML or JSON, both read exactly."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from typing import Any, NoReturn

from harvdiag.core.errors import HarvdiagError, SourceError
from harvdiag.io.yaml import DEPTH, TextError, load_documents

__all__ = ["TruncatedError", "parse_documents", "parse_value"]


class TruncatedError(TextError):
    """A JSON value breaks off at the end of its text: it was not written or copied to the end."""


def parse_documents(name: str, data: bytes, *, is_json: bool) -> list[Any]:
    """Parse all documents of one file. Raises SourceError, with the file's name, if it cannot be read.

    The parser's own error is dropped: it would hold the whole text, and with it every Secret.
    """
    problem = ""
    try:
        return [_parse_json(data)] if is_json else load_documents(data)
    except (ValueError, RecursionError) as error:
        problem = _json_problem(error)
    except HarvdiagError as error:
        problem = str(error)
    raise SourceError(f"{name}: {problem}")


def parse_value(text: str, start: int) -> tuple[Any, int]:
    """Parse the one JSON value that begins at `start`; return it and where it ends.

    Raises TextError, with the line in the whole text, if there is none; TruncatedError if it breaks off with the text.
    As above, nothing of the text stays with it.
    """
    problem, cut = "", False
    try:
        value, end = _decoder().raw_decode(text, start)
        _check_depth(value, DEPTH)
        return value, end
    except (ValueError, RecursionError) as error:
        problem, cut = _json_problem(error), _breaks_off(error, text)
    if cut:
        raise TruncatedError(f"{problem}; it breaks off at its end: write or copy it again")
    raise TextError(problem)


def _breaks_off(error: Exception, text: str) -> bool:
    """Whether a value is right as far as it goes: the error is at the end, or in the word, number or string there."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or re.compile(_ENDING).fullmatch(text, error.pos) is not None


_ENDING = r"(?:-|t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?|\\?u[0-9a-fA-F]{0,3}|\\)?\s*"


def _json_problem(error: Exception) -> str:
    return f"is not valid JSON: {str(error).splitlines()[0]}"


@cache
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_build_mapping, parse_constant=_refuse_number, parse_float=_parse_float)


def _parse_json(data: bytes) -> Any:
    value = json.loads(data, object_pairs_hook=_build_mapping, parse_constant=_refuse_number, parse_float=_parse_float)
    _check_depth(value, DEPTH)
    return value


def _build_mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise ValueError(f"duplicate key {next(key for key in counts if counts[key] > 1)[:80]!r}")
    return mapping


def _refuse_number(word: str) -> NoReturn:
    raise ValueError(f"{word[:80]} is not a JSON number")


def _parse_float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        _refuse_number(text)
    return value


def _check_depth(value: Any, left: int) -> None:
    """Refuse deeper nesting than any Kubernetes object has: code that compares or writes objects would overflow."""
    if not left:
        raise ValueError(f"collections nest deeper than {DEPTH}")
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(member, dict | list):
            _check_depth(member, left - 1)
