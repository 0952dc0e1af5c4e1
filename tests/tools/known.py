"""The table of docs/known-issues.md: each known issue of an upgrade path, and what sees it."""

from __future__ import annotations

from harvdiag.rules.known_row import KnownRow
from harvdiag.rules.known_rows import KNOWN_ROWS

__all__ = ["table"]

NAMES = {"https://github.com/": "", "/issues/": "#"}


def table() -> str:
    """One row of the table for each known issue."""
    head = ["| path | issue | before the upgrade | once it is there | by hand | report |", "| --- " * 6 + "|"]
    return "\n".join([*head, *map(_row, KNOWN_ROWS)])


def _row(row: KnownRow) -> str:
    cells = (
        "; ".join(row.paths).replace("->", "→"),
        row.symptom,
        _rules(row.before) or f"not: {row.why}",
        _rules(row.during),
        "<br>".join(f"`{command}`" for command in row.by_hand).replace("|", "\\|"),
        f"[{_name(row.link)}]({row.link})",
    )
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def _rules(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _name(link: str) -> str:
    if "/issues/" not in link:
        return link.rpartition("/")[2]
    for text, instead in NAMES.items():
        link = link.replace(text, instead)
    return link
