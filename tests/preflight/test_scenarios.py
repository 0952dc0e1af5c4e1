"""Each rule of the preflight in small clusters: where it speaks, and where it only just does not."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from harvdiag.rules import registry
from harvdiag.rules.engine import ALWAYS
from harvdiag.rules.facts import NotApplicable, UnjudgedError, Unseen
from harvdiag.status.preflight import Preflight
from harvdiag.status.preflight.rows import ROWS
from harvdiag.training.scenario_files import find_scenarios
from tests.routes import name, opened, scenario
from tests.world.samples import DATA

PATHS = find_scenarios(DATA / "preflight")
RULES = sorted(rule.name for rule in registry().values() if rule.family == "preflight")


@cache
def judged(path: Path) -> Preflight:
    """The preflight of a scenario, made once."""
    return opened(path).preflight(scenario(path).target)


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_scenario_finds_what_it_expects(path: Path) -> None:
    """A scenario has the findings that it names, of every rule, and no others."""
    found: dict[str, list[str]] = {}
    for finding in judged(path).findings:
        found.setdefault(finding.rule, []).append(f"{finding.subject.kind}/{finding.subject.name}")
    assert {rule: sorted(subjects) for rule, subjects in found.items()} == {
        rule: sorted(subjects) for rule, subjects in scenario(path).expect.items()
    }


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_its_rule_reads_what_it_declares(path: Path) -> None:
    """As needed, or as optional; what it requires on the way is declared, too."""
    rule, facts, reads = registry()[path.parent.name], opened(path).facts.towards(scenario(path).target), set()
    with facts.snapshot.watched(lambda kind, _place: reads.add(kind)), suppress(NotApplicable, UnjudgedError, Unseen):
        list(rule.check(facts))
    assert reads - rule.needs - rule.optional - ALWAYS == set()


@pytest.mark.parametrize("rule", RULES)
def test_rule_has_both_sides(rule: str) -> None:
    """Each rule has a scenario in which it speaks and one in which it is silent."""
    of_rule = {path.stem.partition("-")[0] for path in PATHS if path.parent.name == rule}
    assert of_rule == {"speaks", "silent"}
    assert all(
        bool(scenario(p).expect.get(rule)) == p.stem.startswith("speaks") for p in PATHS if p.parent.name == rule
    )


def test_rows_name_rules_that_exist() -> None:
    """Each rule of the family answers a row, but for those of known issues, and each row names rules that exist."""
    named = {rule for row in ROWS for rule in row.rules}
    assert named <= set(registry())
    assert {name for name in RULES if not registry()[name].paths} <= named
    assert len({row.key for row in ROWS}) == len(ROWS)
