"""Texts that kubectl or a person wrote, as documents: YAML or JSON, neither read in any way but the exact one."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from harvdiag.core.errors import HarvdiagError, SourceError
from harvdiag.io.yaml import DEPTH, load_documents

__all__ = ["parse"]


def parse(name: str, data: bytes, *, is_json: bool) -> list[Any]:
    """All documents of one file. SourceError, with its name, where it cannot be read.

    The parser's own error is let go: it would hold the whole text, and with it every Secret.
    """
    problem = ""
    try:
        return [_json(data)] if is_json else load_documents(data)
    except (ValueError, RecursionError) as error:
        problem = f"is no valid JSON: {str(error).splitlines()[0]}"
    except HarvdiagError as error:
        problem = str(error)
    raise SourceError(f"{name}: {problem}")


def _json(data: bytes) -> Any:
    value = json.loads(data, object_pairs_hook=_mapping, parse_constant=_refuse, parse_float=_number)
    _check_depth(value, DEPTH)
    return value


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in names if names.count(key) > 1)[:80]!r} stands twice")
    return found


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word[:80]} is no number of JSON")


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        _refuse(text)
    return value


def _check_depth(value: Any, left: int) -> None:
    """No Kubernetes object nests so deep; what compares or writes objects would run out of stack."""
    if not left:
        raise ValueError(f"collections nest deeper than {DEPTH}")
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(member, dict | list):
            _check_depth(member, left - 1)
