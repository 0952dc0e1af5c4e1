"""Whether a Node fits the required node affinity of a Pod or a VM, as the scheduler of Kubernetes decides it."""

from __future__ import annotations

from typing import Any

from harvdiag.core.fields import Obj, get_items, get_labels, name_of

__all__ = ["REQUIRED", "fits_affinity"]

REQUIRED = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
"""The field of an object with what its Node must fulfil."""


def fits_affinity(obj: Obj, node: Obj) -> bool:
    """Whether one of the terms that an object requires fits a Node; without any requirement each Node does.

    All expressions of a term must hold. A term without an expression fits none, nor does a requirement without terms,
    nor an operator that Kubernetes does not know.
    """
    terms = _required_terms(obj)
    return terms is None or any(_fits_term(term, node) for term in terms)


def _required_terms(obj: Obj) -> list[Any] | None:
    holder: Any = obj
    for key in REQUIRED.split("."):
        holder = holder.get(key) if isinstance(holder, dict) else None
    return get_items(holder, "nodeSelectorTerms") if isinstance(holder, dict) else None


def _fits_term(term: Any, node: Obj) -> bool:
    if not isinstance(term, dict):
        return False
    expressions = [(each, get_labels(node)) for each in get_items(term, "matchExpressions")]
    expressions += [(each, {"metadata.name": name_of(node)}) for each in get_items(term, "matchFields")]
    return bool(expressions) and all(_holds(each, values) for each, values in expressions)


def _holds(expression: Any, labels: dict[str, str]) -> bool:
    if not isinstance(expression, dict):
        return False
    value, values = labels.get(str(expression.get("key"))), [str(each) for each in get_items(expression, "values")]
    tests = {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
        "Gt": _compare(value, values) > 0,
        "Lt": _compare(value, values) < 0,
    }
    return tests.get(str(expression.get("operator")), False)


def _compare(value: str | None, values: list[str]) -> int:
    """1 where the label is the greater number, -1 where it is the smaller; 0 where one is not a number."""
    try:
        mine, other = int(value or ""), int(*values)
    except (TypeError, ValueError):
        return 0
    return (mine > other) - (mine < other)
