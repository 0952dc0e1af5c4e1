"""Checks of one's own in the file: ``[[check]]``."""

from __future__ import annotations

import math
from typing import Any

from harvdiag.config.parts import (
    read_expression,
    read_links,
    read_name,
    read_severity,
    read_template,
    read_templates,
    read_where,
)
from harvdiag.config.probe import is_kept
from harvdiag.config.section import SPAN, Section, as_span, show_value
from harvdiag.core.local import Condition, FieldTest, LocalCheck, Operator
from harvdiag.core.quantity import read_quantity
from harvdiag.core.query import FieldQuery, parse_query
from harvdiag.kinds import find_kind
from harvdiag.kinds.kind import Kind

__all__ = ["WORDS", "read_check"]

WORDS = ("name", "namespace", "kind", "path", "value")
"""What may stand between braces in its texts."""
SCALAR = "a text, a number, true or false"
_FLAGS = {Operator.MISSING, Operator.PRESENT}
_EXPRESSIONS = {Operator.MATCHES, Operator.NOT_MATCHES}
_NUMBERS = {Operator.LESS_THAN, Operator.GREATER_THAN}
_LISTS = {Operator.IN, Operator.NOT_IN}
_SPANS = {Operator.OLDER_THAN, Operator.NEWER_THAN}


def read_check(section: Section) -> LocalCheck:
    """Return the check; what is wrong with it is noted in the section."""
    name = read_name(section)
    word = section.text("kind", "say of which kind the objects are, such as Node")
    kind = find_kind(word) if word else None
    check = LocalCheck(
        name=name,
        kind=kind.name if kind else word,
        test=_read_test(section, kind),
        also=tuple(_read_also(each, kind) for each in section.inners("also")),
        message=read_template(section, "message", WORDS, 'say what is wrong, such as "{kind} {name} has no rack"'),
        where=read_where(section),
        severity=read_severity(section),
        why=section.text("why"),
        next=read_templates(section, "next", WORDS),
        caution=section.text("caution"),
        links=read_links(section),
    )
    if kind and not kind.home and check.where.namespaces:
        section.fail("where.namespace", f"{kind.name} objects have no namespace: leave it out")
    section.close()
    return check


def _read_also(section: Section, kind: Kind | None) -> FieldTest:
    test = _read_test(section, kind)
    section.close()
    return test


def _read_test(section: Section, kind: Kind | None) -> FieldTest:
    """A path with its conditions, of which there has to be one."""
    test = FieldTest(_read_path(section, kind), tuple(_read_conditions(section)))
    if not test.conditions and not {str(operator) for operator in Operator} & {*section.table}:
        section.fail("", f"has no condition: give at least one of {', '.join(map(str, Operator))}")
    return test


def _read_path(section: Section, kind: Kind | None) -> str:
    text = section.text("path", "say which field is looked at, such as spec.unschedulable")
    query = parse_query(text)
    if text and query is None:
        like = 'metadata.labels["a.b/c"] or status.conditions[type=Ready].status'
        section.fail("path", f"{show_value(text)} is not the path of a field, such as {like}")
    if query and kind and not is_kept(kind, query):
        section.fail("path", _tell_lost(query, kind))
    return text


def _tell_lost(query: FieldQuery, kind: Kind) -> str:
    kept = f"; it keeps {', '.join(kind.keep)}, and metadata" if kind.keep else ""
    return f"{query.text} of {kind.name} is never kept by harvdiag, as it may hold passwords, or is too large{kept}"


def _read_conditions(section: Section) -> list[Condition]:
    found = []
    for operator in Operator:
        operand = _read_operand(section, operator)
        if operand is not None and str(operator) in section.table:
            found.append(Condition(operator, None if operator in _FLAGS else operand))
    return found


def _read_operand(section: Section, operator: Operator) -> Any:
    key = str(operator)
    if operator in _FLAGS:
        return section.read(key, lambda value: True if value is True else None, "true", None)
    if operator in _EXPRESSIONS:
        return read_expression(section, key) or None
    if operator in _NUMBERS:
        return section.read(key, _as_amount, 'a number, or a quantity such as "10Gi"', None)
    if operator in _LISTS:
        return section.read(key, _as_scalars, f"a list, each {SCALAR}", None)
    if operator in _SPANS:
        return section.read(key, as_span, SPAN, None)
    return section.read(key, _as_scalar, SCALAR, None)


def _as_amount(value: Any) -> str | int | float | None:
    return value if read_quantity(value) is not None else None


def _as_scalar(value: Any) -> str | int | float | bool | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool) else None


def _as_scalars(value: Any) -> tuple[Any, ...] | None:
    fine = isinstance(value, list) and value and all(_as_scalar(each) is not None for each in value)
    return tuple(value) if fine else None
