"""Conditions are read in one place, and whatever a damaged bundle holds there is borne."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harvdiag
from harvdiag.core.conditions import ALL_LISTS, Condition, condition_path, conditions_of, find_condition

PACKAGE = Path(harvdiag.__file__).parent
READY = {"type": "Ready", "status": "False", "reason": "Down", "message": "no answer", "lastTransitionTime": "then"}


def test_a_condition_is_found_with_what_it_holds() -> None:
    """Absent fields are empty, the time is that of the change, else that of the writing."""
    found = find_condition({"status": {"conditions": [{"type": "Other"}, READY, {"type": "Ready"}]}}, "Ready")
    assert found == Condition(type="Ready", status="False", reason="Down", message="no answer", changed="then")
    assert (found.since, found.why, found.path) == ("then", "Down: no answer", condition_path("Ready"))
    assert find_condition({"status": {"conditions": [{"type": "A", "lastUpdateTime": "t"}]}}, "A").since == "t"


def test_an_absent_condition_is_false() -> None:
    """It has no text either."""
    found = find_condition({}, "Ready")
    assert not found
    assert (found.status, found.why, found.since) == ("", "", "")


def test_the_lists_of_other_releases_are_read_where_asked_for() -> None:
    """Cluster API moved its conditions twice."""
    obj = {"status": {"v1beta2": {"conditions": [READY]}}}
    assert not find_condition(obj, "Ready")
    assert find_condition(obj, "Ready", ALL_LISTS).status == "False"


@pytest.mark.parametrize(
    "obj",
    [
        None,
        1,
        "text",
        [],
        {"status": None},
        {"status": {"conditions": None}},
        {"status": {"conditions": {"type": "A"}}},
    ],
)
def test_what_is_not_a_list_holds_no_condition(obj: Any) -> None:
    """No error either."""
    assert conditions_of(obj, ALL_LISTS) == []


def test_rows_of_any_shape_are_borne() -> None:
    """What is not a mapping is left out; what is not text becomes text."""
    rows: list[Any] = [None, 1, "Ready", ["Ready"], {}, {"type": ["Ready"], "status": True, "message": {"a": 1}}]
    found = conditions_of({"status": {"conditions": rows}})
    assert [(row.type, row.status, row.message) for row in found] == [("", "", ""), ("['Ready']", "True", "{'a': 1}")]


def test_no_other_module_reads_conditions() -> None:
    """One reader, one spelling of the place."""
    told = [path for path in sorted(PACKAGE.rglob("*.py")) if "status.conditions" in path.read_text(encoding="utf-8")]
    example = PACKAGE / "config" / "checks.py"  # a message shows how a path is written
    assert [path for path in told if path != example] == [PACKAGE / "core" / "conditions.py"]
