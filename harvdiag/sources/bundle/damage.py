"""Repair of values that the collector damaged.

The kit rewrites the API server's JSON as text before it decodes it: ``""`` becomes the string ``"null"``, also where
it ends a string (``pull "x"`` becomes ``pull "x"null``), and a null that is followed by a comma becomes ``"null"``.
Numbers pass through float64 (`harvdiag.io.yaml` converts whole ones back). Empty, null and the text ``null`` can no
longer be distinguished; all become the empty string, which the rest of harvdiag treats as absent.
Source: toObjCommon in pkg/manager/collectors/common.go of rancher/support-bundle-kit.
"""

from __future__ import annotations

from typing import Any

from harvdiag.io.yaml import mend_texts

__all__ = ["repair_text", "undo_null_rewrite"]


def undo_null_rewrite(value: Any) -> Any:
    """Return the value without the damage; lists and dictionaries are repaired in place, keys stay as they are."""
    return mend_texts(value, repair_text)


def repair_text(value: str) -> str:
    """Return a text that ends in ``null`` without the damage."""
    if value == "null":
        return ""
    return value[:-4] if value.endswith('"null') else value
