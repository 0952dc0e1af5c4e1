"""`make check`: which tests belong to what changed."""

from __future__ import annotations

import pytest

from harvdiag.rules import registry
from tests.tools.check import ROOT, closest, expression, find_tests, rules_of

RULE = "node-without-machine"


def test_a_module_is_tested_by_the_tests_that_import_it() -> None:
    """A test file tests itself, a document the tests of documents."""
    assert "tests/test_escape.py" in find_tests("harvdiag/core/escape.py")
    assert find_tests("tests/test_escape.py") == ["tests/test_escape.py"]
    assert find_tests("README.md") == ["tests/test_docs.py"]
    assert find_tests("LICENSE") == find_tests("harvdiag/no_such.py") == []


def test_a_module_without_a_test_of_its_own_is_tested_through_those_that_import_it() -> None:
    """Every module but those that hold nothing comes to a test."""
    assert find_tests("harvdiag/figures/svg.py")
    modules = [path for path in (ROOT / "harvdiag").rglob("*.py") if "import" in path.read_text(encoding="utf-8")]
    files = [str(path.relative_to(ROOT)) for path in modules if path.name != "__main__.py"]
    assert [file for file in files if not find_tests(file)] == []


def test_rules_are_tested_by_their_scenarios() -> None:
    """By the rules of a module, or the one whose folder a scenario is in."""
    (rule,) = (rule for rule in registry().values() if rule.name == RULE)
    module = f"{rule.check.__module__.replace('.', '/')}.py"
    assert RULE in rules_of(module)
    assert rules_of(f"data/scenarios/{RULE}/speaks.yaml") == [RULE]
    assert rules_of("data/scenarios/base/three-nodes.yaml") == rules_of("README.md") == []


def test_the_closest_of_each_file_come_first() -> None:
    """So that a limit leaves no changed file without a test."""
    assert closest([["a", "b", "c"], ["d", "a"]]) == ["a", "d", "b", "c"]


@pytest.mark.parametrize("item", [f"test_x[{RULE}/speaks]", f"test_x[bundle-{RULE}/silent-near]", f"test_x[{RULE}]"])
def test_the_expression_chooses_all_find_tests_a_rule(item: str) -> None:
    """Whatever the scenarios' files are called."""
    assert any(part in item for part in expression([RULE]).split(" or "))
