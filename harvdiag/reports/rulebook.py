"""The rules as text, from their own declarations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from harvdiag.core.wrap import wrap_text
from harvdiag.rules import Rule

__all__ = ["explain_rule", "list_rules"]

ISSUE = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/issues/(\d+)")


def list_rules(rules: Iterable[Rule], width: int = 100) -> str:
    """Return one line per rule, grouped by family; ends with a newline.

    Below one about certain upgrades stand their paths and the issues.
    """
    chosen = list(rules)
    column = max(len(rule.name) for rule in chosen)
    lines: list[str] = []
    for family, members in groupby(chosen, key=lambda rule: rule.family):
        lines += ["", family] if lines else [family]
        lines += [
            line
            for rule in members
            for text in (f"  {rule.name:<{column}}  {rule.severity!s:<7}  {rule.summary}", *_path_lines(rule, column))
            for line in wrap_text(text, width, " " * (column + 13), hyphens=True)
        ]
    return "\n".join([*lines, "", "`harvdiag rules NAME` explains one of them.", ""])


def _path_lines(rule: Rule, column: int) -> Iterator[str]:
    """The upgrades that a rule is about, and the issues that tell of it."""
    if rule.paths:
        issues = ", ".join(map(_short_link, rule.links))
        yield f"{'':<{column + 13}}{_tell_paths(rule)}; {issues}"


def _tell_paths(rule: Rule) -> str:
    return "Upgrade " + " or ".join(rule.paths) if rule.paths else ""


def _short_link(link: str) -> str:
    found = ISSUE.fullmatch(link)
    return f"{found[1]}#{found[2]}" if found else link


def explain_rule(rule: Rule, width: int = 100) -> str:
    """Return everything a rule declares: what is wrong, why it matters, the kinds it reads, where to read more."""
    optional = f"Evidence, where it was seen: {', '.join(sorted(rule.optional))}." if rule.optional else ""
    parts = [
        f"{rule.name}  ({rule.family}, {rule.severity})",
        _wrap_paragraph(rule.summary, width),
        *(_wrap_paragraph(part, width) for part in rule.why.split("\n\n")),
        _wrap_paragraph(f"{_tell_paths(rule)}." if rule.paths else "", width),
        _wrap_paragraph(f"Needs: {', '.join(sorted(rule.needs))}. Skipped if one of them was not seen.", width),
        _wrap_paragraph(optional, width),
        "\n".join(rule.links),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _wrap_paragraph(text: str, width: int) -> str:
    return "\n".join(wrap_text(text, width, hyphens=True))
