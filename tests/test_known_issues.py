"""docs/known-issues.md and the family known-issues say the same."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from harvdiag.core.release import ANY
from harvdiag.reports.rulebook import explain_rule, list_rules
from harvdiag.rules import Rule, registry, select_rules
from tests.notebooks.run import ROOT

ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \| \[.+?\]\((\S+)\) \|$", re.MULTILINE)
FAMILY = "known-issues"
SERIES = r"(?:\d+\.\d+\.(?:\d+|x|y)(?:, )?)+"
PATH = re.compile(rf"(?:{SERIES}|{ANY}) -> (?:{SERIES}|{ANY})|{ANY}")


class Row(NamedTuple):
    """One known issue of the table."""

    path: str
    words: str
    by: str
    link: str


ROWS = [Row(*match) for match in ROW.findall((ROOT / "docs" / "known-issues.md").read_text(encoding="utf-8"))]
KNOWN = [rule for rule in registry().values() if rule.family == FAMILY]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.path} {row.link.rpartition('/')[2]}")
def test_each_row_names_a_check_that_cites_it_or_a_reason(row: Row) -> None:
    """A check of another family has the issue among its links; one of this family also has the path."""
    if row.by.startswith("not: "):
        return
    rule = registry()[row.by.strip("`")]
    path = row.path.replace("→", "->")
    assert row.link in rule.links or "troubleshooting" in row.link
    assert not rule.paths or any(path.partition(" -> ")[0] in text for text in rule.paths), rule.paths


@pytest.mark.parametrize("rule", KNOWN, ids=lambda rule: rule.name)
def test_each_check_has_a_row_a_path_and_an_issue(rule: Rule) -> None:
    """Nothing is missing in the table."""
    assert f"`{rule.name}`" in {row.by for row in ROWS}
    assert rule.links
    assert rule.paths
    assert all(PATH.fullmatch(path) for path in rule.paths)


def test_issues_are_listed_once() -> None:
    """An issue that concerns several paths has the row of the first."""
    links = [row.link for row in ROWS]
    assert len(ROWS) > 30
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
