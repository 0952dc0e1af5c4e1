"""The collector's damage to values, undone.

The kit rewrites the API server's JSON as text before it decodes it: ``""`` becomes the string ``"null"``, also where
it ends a string (``pull "x"`` becomes ``pull "x"null``), and a null that is followed by a comma becomes ``"null"``.
Numbers pass through float64 (`harvdiag.reading` casts whole ones back). What was empty, null or the text ``null`` can
no longer be told apart; all become the empty string, which the rest of harvdiag takes for absent.
Source: toObjCommon in pkg/manager/collectors/common.go of rancher/support-bundle-kit.
"""

from __future__ import annotations

from typing import Any

__all__ = ["mend"]


def mend(value: Any) -> Any:
    """The value without the damage; lists and dictionaries are mended in place, keys are left alone."""
    if value.__class__ is str:
        return _mend_text(value)
    if value.__class__ is dict:
        _mend_each(value, value.items())
    elif value.__class__ is list:
        _mend_each(value, enumerate(value))
    return value


def _mend_each(holder: Any, pairs: Any) -> None:
    # One loop for the hot path: a cluster of 200 nodes has some 150,000 values.
    for key, value in pairs:
        kind = value.__class__
        if kind is str:
            if value[-4:] == "null":
                holder[key] = _mend_text(value)
        elif kind is dict:
            _mend_each(value, value.items())
        elif kind is list:
            _mend_each(value, enumerate(value))


def _mend_text(value: str) -> str:
    if value == "null":
        return ""
    return value[:-4] if value.endswith('"null') else value
