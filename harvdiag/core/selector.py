"""Label selectors as kubectl takes them: ``app=rancher``, ``tier!=db``, ``env in (a,b)``, ``key``, ``!key``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from harvdiag.core.errors import UsageError

__all__ = ["Selector", "parse_selector"]

Selector = Callable[[dict[str, Any]], bool]
"""A test of an object's labels."""
_KEY = r"[A-Za-z0-9](?:[\w./-]*[A-Za-z0-9])?"
_VALUE = r"[\w.-]*"
_TERMS = re.compile(r"(?:[^,()]|\([^()]*\))+")
_EQUAL = re.compile(rf"({_KEY})\s*(==?|!=)\s*({_VALUE})")
_WITHIN = re.compile(rf"({_KEY})\s+(in|notin)\s+\(([^()]*)\)")
_EXISTS = re.compile(rf"(!?)\s*({_KEY})")


def parse_selector(text: str) -> Selector:
    """Return a test for labels of which every requirement must hold. Raises UsageError for one that is not valid."""
    terms = [term.strip() for term in _TERMS.findall(text)]
    if not terms or text.count(",") > sum(term.count(",") for term in terms) + len(terms) - 1:
        raise _invalid(text)
    tests = [_parse_term(term, text) for term in terms]
    return lambda labels: all(test(labels) for test in tests)


def _parse_term(term: str, text: str) -> Selector:
    if found := _EQUAL.fullmatch(term):
        key, sign, value = found.groups()
        return _is_one_of(key, {value}, wanted=sign != "!=")
    if found := _WITHIN.fullmatch(term):
        return _is_one_of(found[1], {value.strip() for value in found[3].split(",")}, wanted=found[2] == "in")
    if found := _EXISTS.fullmatch(term):
        negated, key = bool(found[1]), found[2]
        return lambda labels: (key in labels) is not negated
    raise _invalid(text)


def _is_one_of(key: str, values: set[str], wanted: bool) -> Selector:
    """Labels with one of the values; where these are not wanted, an object without the label fits as well."""
    if wanted:
        return lambda labels: key in labels and str(labels[key]) in values
    return lambda labels: key not in labels or str(labels[key]) not in values


def _invalid(text: str) -> UsageError:
    return UsageError(
        f"invalid label selector {text!r}: give key=value, key!=value, 'key in (a,b)', 'key notin (a,b)', key or !key, "
        "separated by commas"
    )
