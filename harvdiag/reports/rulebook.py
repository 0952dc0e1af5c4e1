"""The rules as text, from their own declarations."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from harvdiag.core.wrap import wrap_text
from harvdiag.rules import Rule

__all__ = ["explain_rule", "list_rules"]


def list_rules(rules: Iterable[Rule], width: int = 100) -> str:
    """Return one line per rule, grouped by family; ends with a newline."""
    chosen = list(rules)
    column = max(len(rule.name) for rule in chosen)
    lines: list[str] = []
    for family, members in groupby(chosen, key=lambda rule: rule.family):
        lines += ["", family] if lines else [family]
        lines += [
            line
            for rule in members
            for line in wrap_text(
                f"  {rule.name:<{column}}  {rule.severity!s:<7}  {rule.summary}",
                width,
                " " * (column + 13),
                hyphens=True,
            )
        ]
    return "\n".join([*lines, "", "`harvdiag rules NAME` explains one of them.", ""])


def explain_rule(rule: Rule, width: int = 100) -> str:
    """Return everything a rule declares: what is wrong, why it matters, the kinds it reads, where to read more."""
    optional = f"Evidence, where it was seen: {', '.join(sorted(rule.optional))}." if rule.optional else ""
    parts = [
        f"{rule.name}  ({rule.family}, {rule.severity})",
        _wrap_paragraph(rule.summary, width),
        *(_wrap_paragraph(part, width) for part in rule.why.split("\n\n")),
        _wrap_paragraph(f"Needs: {', '.join(sorted(rule.needs))}. Skipped if one of them was not seen.", width),
        _wrap_paragraph(optional, width),
        "\n".join(rule.links),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _wrap_paragraph(text: str, width: int) -> str:
    return "\n".join(wrap_text(text, width, hyphens=True))
