"""The tables of docs/cure.md: every way out with the findings that name it, and the findings for which none is safe."""

from __future__ import annotations

from collections.abc import Iterable

from harvdiag.cure.ways import all_ways
from harvdiag.rules import Rule, registry

__all__ = ["none", "ways"]


def ways() -> str:
    """One row for each way: what it is, for whom it is, and which findings name it."""
    rows = [
        f"| `{way.name}` | {way.title} | {way.fits} | {_names(rule for rule in _rules() if way.name in rule.cures)} |"
        for way in sorted(all_ways().values(), key=lambda way: way.name)
    ]
    return "\n".join(["| way | what it does | for whom | findings |", "| --- " * 4 + "|", *rows])


def none() -> str:
    """One row for each finding that has no way, with the reason."""
    rows = [f"| `{rule.name}` | {rule.no_cure} |" for rule in _rules() if rule.no_cure]
    return "\n".join(["| finding | why none is safe |", "| --- | --- |", *rows])


def _rules() -> list[Rule]:
    return sorted(registry().values(), key=lambda rule: rule.name)


def _names(rules: Iterable[Rule]) -> str:
    return ", ".join(f"`{rule.name}`" for rule in rules)
