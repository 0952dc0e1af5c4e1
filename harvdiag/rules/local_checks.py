"""How a check of one's own judges: the objects it looks at, the values at its path, its conditions, its words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, get_labels, name_of, namespace_of
from harvdiag.core.ignore import fits
from harvdiag.core.local import Condition, FieldTest, LocalCheck, Operator, Where
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.policy import Policy, Rewrite, show_threshold
from harvdiag.core.quantity import read_quantity
from harvdiag.core.query import FieldQuery, Found, parse_query
from harvdiag.core.secrets import mask_secrets
from harvdiag.core.selector import parse_selector
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules.actions import quote_argument
from harvdiag.rules.engine import Check, Hit
from harvdiag.rules.facts import Facts, UnjudgedError

__all__ = ["build_check", "describe_test", "exact_namespaces", "fill_template"]

WILD = frozenset("*?[")
SHOWN = 5
"""Values of one object that are shown."""
LONGEST = 4_000
"""Characters of a value in which an expression is looked for."""
NEGATED = {
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_MATCHES: Operator.MATCHES,
    Operator.PRESENT: Operator.MISSING,
}
"""Conditions that hold where another does not; so an absent value fulfils all of them but the last."""


class _IncomparableError(Exception):
    """A value is not of the sort that a condition compares: what it should be."""


def build_check(check: LocalCheck, policy: Policy) -> Check:
    """Return the function that judges a snapshot: one hit for each object in which a value fulfils all conditions.

    Where the source is read with other names, `policy` knows those that patterns and conditions are about.
    """

    def run(facts: Facts) -> Iterator[Hit]:
        tests = [(_parse(test), test.conditions) for test in (check.test, *check.also)]
        for ref, obj in _find_objects(facts, check, policy):
            judged = [_judge(facts, conditions, query.find(obj), policy.reveal) for query, conditions in tests]
            if all(each.held or each.odd for each in judged):
                yield _hit(check, ref, judged)

    return run


def exact_namespaces(where: Where) -> tuple[str, ...]:
    """Return the namespaces that are looked at; none where there may be any."""
    return where.namespaces if not any(WILD & {*each} for each in where.namespaces) else ()


def describe_test(test: FieldTest) -> str:
    """Return a test in words: ``metadata.creationTimestamp older-than 2h``."""
    return f"{test.path} {' and '.join(map(_describe_condition, test.conditions))}"


def _describe_condition(condition: Condition) -> str:
    operator, operand = condition
    if operand is None:
        return f"is {operator}"
    shown = show_threshold(operand) if isinstance(operand, timedelta) else json.dumps(operand, ensure_ascii=False)
    return f"{operator} {shown}"


def fill_template(text: str, words: dict[str, str]) -> str:
    """Return the text with the words between braces filled in; within backticks, quoted for a shell."""
    parts = text.split("`")
    quoted = {key: quote_argument(word) for key, word in words.items()}
    return "`".join(_fill(part, quoted if number % 2 else words) for number, part in enumerate(parts))


def _fill(text: str, words: dict[str, str]) -> str:
    return re.sub(
        r"\{\{|\}\}|\{(\w+)\}", lambda found: words.get(found[1], found[0]) if found[1] else found[0][0], text
    )


def _parse(test: FieldTest) -> FieldQuery:
    return parse_query(test.path) or FieldQuery(test.path, (test.path,))


# --- objects --------------------------------------------------------------------------------------------------------


def _find_objects(facts: Facts, check: LocalCheck, policy: Policy) -> Iterator[tuple[ObjectRef, Obj]]:
    """The objects that it is about. Raises UnjudgedError where the source knows no such kind."""
    snapshot, where = facts.snapshot, check.where
    try:
        kind = snapshot.resolve_kind(check.kind)
    except UsageError as error:
        raise UnjudgedError(str(error)) from None
    namespaces = tuple(map(policy.redact, exact_namespaces(where)))
    if kind.lazy and namespaces:
        objects: Sequence[Obj] = [
            obj for each in namespaces for obj in facts.find(kind.name, Wanted(namespace=each), required=True)
        ]
    else:
        for each in namespaces or ("",):
            snapshot.require(kind.name, each)
        objects = snapshot.objects(kind.name)
    selected = parse_selector(where.labels) if where.labels else None
    for obj in objects:
        ref = ObjectRef(kind.name, namespace_of(obj), name_of(obj))
        placed = fits(policy.reveal(ref.namespace), where.namespaces) and fits(policy.reveal(ref.name), where.names)
        if placed and (selected is None or selected(_reveal_labels(obj, policy))):
            yield ref, obj


def _reveal_labels(obj: Obj, policy: Policy) -> dict[str, Any]:
    labels = get_labels(obj).items()
    return {policy.reveal(key): policy.reveal(value) if isinstance(value, str) else value for key, value in labels}


# --- judging --------------------------------------------------------------------------------------------------------


class _Judged(NamedTuple):
    """What became of the values of one field: those that fulfil the conditions, and those that cannot be compared."""

    held: Sequence[Found]
    odd: Sequence[tuple[Found, str]]


def _judge(facts: Facts, conditions: Sequence[Condition], places: Sequence[Found], reveal: Rewrite) -> _Judged:
    held: list[Found] = []
    odd: list[tuple[Found, str]] = []
    for place in places:
        value = reveal(place.value) if isinstance(place.value, str) else place.value
        try:
            if all(_holds(facts, condition, value) for condition in conditions):
                held.append(place)
        except _IncomparableError as error:
            odd.append((place, str(error)))
    return _Judged(held, odd)


def _hit(check: LocalCheck, ref: ObjectRef, judged: Sequence[_Judged]) -> Hit:
    """The hit where each test is passed; a note where one cannot be decided."""
    undecided = next((each.odd[0] for each in judged if not each.held), None)
    if undecided:
        return _note(ref, *undecided)
    words = _words(ref, judged[0].held[0])
    return Hit(
        subject=ref,
        message=fill_template(check.message, words),
        evidence=tuple(evidence for each in judged for evidence in _show(ref, each.held)),
        next=tuple(fill_template(step, words) for step in check.next),
        caution=check.caution,
    )


def _note(ref: ObjectRef, place: Found, wanted: str) -> Hit:
    told = f"{ref.kind} {ref.name} cannot be judged: {place.path} is {format_value(_plain(place.value))}, not {wanted}"
    return Hit(subject=ref, message=told, evidence=_show(ref, [place]), severity=Severity.INFO)


def _words(ref: ObjectRef, place: Found) -> dict[str, str]:
    value = format_value(_plain(place.value))
    return {"name": ref.name, "namespace": ref.namespace, "kind": ref.kind, "path": place.path, "value": value}


def _show(ref: ObjectRef, places: Sequence[Found]) -> tuple[Evidence, ...]:
    return tuple(Evidence(ref, place.path, _plain(place.value)) for place in places[:SHOWN])


def _plain(value: Any) -> Any:
    """The value with passwords and tokens in a text masked."""
    return mask_secrets(value) if isinstance(value, str) else value


def _holds(facts: Facts, condition: Condition, value: Any) -> bool:
    """Whether a value fulfils a condition. Raises _IncomparableError for one that cannot be compared."""
    operator, operand = condition
    if operator in NEGATED:
        return not _holds(facts, Condition(NEGATED[operator], operand), value)
    if operator is Operator.MISSING:
        return value is None
    return value is not None and _COMPARE[operator](facts, value, operand)


def _matches(text: str, pattern: str) -> bool:
    if re.search(pattern, text[:LONGEST]):
        return True
    if len(text) > LONGEST:
        raise _IncomparableError(f"a text of {LONGEST:,} characters at most")
    return False


def _compare_numbers(operator: Operator, value: Any, operand: Any) -> bool:
    number, limit = read_quantity(value), read_quantity(operand)
    if number is None or limit is None:
        raise _IncomparableError("a number")
    return number < limit if operator is Operator.LESS_THAN else number > limit


def _compare_ages(facts: Facts, operator: Operator, value: Any, operand: timedelta) -> bool:
    age = facts.now.since(Timestamp(value if isinstance(value, str) else ""))
    if age is None:
        raise _IncomparableError("a time")
    return age > operand if operator is Operator.OLDER_THAN else age < operand


_COMPARE: dict[Operator, Callable[[Facts, Any, Any], bool]] = {
    Operator.EQUALS: lambda _, value, operand: _equals(value, operand),
    Operator.IN: lambda _, value, operand: any(_equals(value, each) for each in operand),
    Operator.MATCHES: lambda _, value, operand: _matches(_text(value), operand),
    Operator.LESS_THAN: lambda _, value, operand: _compare_numbers(Operator.LESS_THAN, value, operand),
    Operator.GREATER_THAN: lambda _, value, operand: _compare_numbers(Operator.GREATER_THAN, value, operand),
    Operator.OLDER_THAN: lambda facts, value, operand: _compare_ages(facts, Operator.OLDER_THAN, value, operand),
    Operator.NEWER_THAN: lambda facts, value, operand: _compare_ages(facts, Operator.NEWER_THAN, value, operand),
}


def _equals(value: Any, operand: Any) -> bool:
    """Whether two values are the same as text, as annotations have numbers and truth values too; or as numbers."""
    if _text(value) == _text(operand):
        return True
    if isinstance(operand, bool):  # conditions have them as True and False
        return _text(value).lower() == _text(operand)
    if isinstance(operand, str):
        return False
    number = read_quantity(value)
    return number is not None and number == read_quantity(operand)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
