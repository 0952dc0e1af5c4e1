"""The tables of docs/preflight.md: one for each tool of Harvester's, a row for each check of it, and what is ours."""

from __future__ import annotations

from harvdiag.core.escape import escape_markdown, format_code
from harvdiag.rules import registry
from harvdiag.rules.row import Row, Tool
from harvdiag.status.preflight.rows import ROWS

__all__ = ["of_our_own", "plan", "script", "webhook"]

FAMILY = "preflight"
HEAD = "| check | asks that | when | harvdiag's checks | says more | cannot know | by hand | in Go |"
ALWAYS = "each release"


def webhook() -> str:
    """V1 to V19 of the admission webhook."""
    return _table(Tool.WEBHOOK)


def script() -> str:
    """The names that check.sh prints."""
    return _table(Tool.SCRIPT)


def plan() -> str:
    """What an UpgradePlan is asked."""
    return _table(Tool.PLAN)


def of_our_own() -> str:
    """The rules of the family that answer no check of Harvester's."""
    answered = {name for row in ROWS for name in row.rules}
    ours = [rule for rule in registry().values() if rule.family == FAMILY and rule.name not in answered]
    rows = [f"| {format_code(rule.name)} | {escape_markdown(rule.summary)} |" for rule in ours]
    return "\n".join(["| check | speaks where |", "| --- | --- |", *(rows)])


def _table(tool: Tool) -> str:
    bar = f"|{' --- |' * (HEAD.count('|') - 1)}"
    return "\n".join([HEAD, bar, *(_line(row) for row in ROWS if row.tool is tool)])


def _line(row: Row) -> str:
    cells = (
        f"**{escape_markdown(row.id)}**",
        escape_markdown(row.asks),
        _when(row),
        _codes(row.rules),
        escape_markdown(row.adds),
        escape_markdown(row.unknown),
        _codes(row.by_hand),
        _codes(row.go),
    )
    return f"| {' | '.join(cells)} |"


def _when(row: Row) -> str:
    """From which release on, the annotation that changes it, and whether also while an upgrade runs."""
    first = f"from {row.since} on" if row.since else ""
    parts = [f"on {row.only}" if row.only else first or ALWAYS]
    parts += [f"annotation {format_code(row.skip)}"] if row.skip else []
    parts += ["also while an upgrade runs"] if row.running else []
    return "; ".join(parts)


def _codes(texts: tuple[str, ...]) -> str:
    return "<br>".join(format_code(text) for text in texts)
