"""docs/preflight.md has every check of Harvester's and every rule of the family; tests/test_docs.py compares it."""

from __future__ import annotations

from pathlib import Path

from harvdiag.core.escape import escape_markdown
from harvdiag.rules import registry
from harvdiag.rules.row import Tool
from harvdiag.status.preflight.rows import ROWS

PAGE = (Path(__file__).parents[2] / "docs" / "preflight.md").read_text(encoding="utf-8")


def test_every_check_of_harvesters_is_a_row_of_its_tool() -> None:
    """Once, with the rules that answer it and the commands to run by hand."""
    for tool in Tool:
        part = PAGE.partition(f"<!-- {tool}: written")[2].partition(f"<!-- end of {tool} -->")[0]
        for row in (row for row in ROWS if row.tool is tool):
            (line,) = (line for line in part.splitlines() if line.startswith(f"| **{escape_markdown(row.id)}** |"))
            assert [name for name in row.rules if f"`{name}`" not in line] == []
            assert row.rules or row.unknown, f"{row.key} neither has a rule nor says why"
            assert line.count("<code>") + line.count("`") // 2 >= len(row.rules) + len(row.by_hand) + len(row.go)


def test_every_rule_of_the_family_is_on_the_page() -> None:
    """In the row of a check, or among those that Harvester does not make."""
    names = [rule.name for rule in registry().values() if rule.family == "preflight"]
    assert names
    assert [name for name in names if f"`{name}`" not in PAGE] == []
