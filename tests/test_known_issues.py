"""The rows of docs/known-issues.md and the rules say the same."""

from __future__ import annotations

import re

import pytest

from harvdiag.core.release import ANY
from harvdiag.reports.rulebook import explain_rule, list_rules
from harvdiag.rules import Rule, registry, select_rules
from harvdiag.rules.known_row import KnownRow
from harvdiag.rules.known_rows import KNOWN_ROWS
from harvdiag.status.preflight.rows import ROWS

FAMILY, ISSUES = "known-issues", "https://github.com/"
SERIES = r"(?:\d+\.\d+\.(?:\d+|x|y)(?:, )?)+"
PATH = re.compile(rf"(?:{SERIES}|{ANY}) -> (?:{SERIES}|{ANY})|{ANY}")


KNOWN = [rule for rule in registry().values() if rule.family == FAMILY]
NAMED = {name for row in ROWS for name in row.rules}
"""The rules of a preflight by the contract of its rows: some may not be written yet."""


@pytest.mark.parametrize("row", KNOWN_ROWS, ids=lambda row: f"{row.paths[0]} {row.link.rpartition('/')[2]}")
def test_each_row_names_a_check_that_cites_it_or_a_reason(row: KnownRow) -> None:
    """A check that is tied to paths has the issue among its links, and begins where the row does."""
    assert row.before or row.why
    assert all(PATH.fullmatch(path) for path in row.paths)
    for rule in (registry()[name] for name in row.rules if name not in NAMED):
        assert row.link in rule.links or not row.link.startswith(ISSUES)
        starts = {path.partition(" -> ")[0] for path in rule.paths}
        assert not starts or any(path.partition(" -> ")[0] in starts for path in row.paths), rule.paths


@pytest.mark.parametrize("rule", KNOWN, ids=lambda rule: rule.name)
def test_each_check_has_a_row_a_path_and_an_issue(rule: Rule) -> None:
    """Nothing is missing in the table."""
    assert any(rule.name in row.rules for row in KNOWN_ROWS)
    assert rule.links
    assert rule.paths
    assert all(PATH.fullmatch(path) for path in rule.paths)


def test_issues_are_listed_once() -> None:
    """An issue that concerns several paths has one row."""
    links = [row.link for row in KNOWN_ROWS]
    assert len(links) > 30
    assert sorted(set(links)) == sorted(links)


def test_the_list_of_rules_shows_path_and_issue() -> None:
    """`harvdiag rules known-issues`: the family has a hyphen, its package an underscore."""
    text = " ".join(list_rules(select_rules([FAMILY]), 400).split())
    assert text.startswith(FAMILY)
    for rule in KNOWN:
        assert f"Upgrade {' or '.join(rule.paths)}; " in text
        assert rule.links[0].replace("https://github.com/", "").replace("/issues/", "#") in text
    (rule,) = (rule for rule in KNOWN if rule.name == "system-agent-bundle-modified")
    assert "\n\nUpgrade 1.5.x -> 1.6.x.\n\n" in explain_rule(rule)


def test_other_families_have_no_path() -> None:
    """They see the state on every release; of a preflight, those have one that read large kinds for a known issue."""
    assert {rule.family for rule in registry().values() if rule.paths} <= {FAMILY, "preflight"}
