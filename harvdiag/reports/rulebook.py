"""The rules as text, from their own declarations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby

from harvdiag.core.policy import LOCAL, Policy, show_threshold
from harvdiag.core.wrap import wrap_commands, wrap_text
from harvdiag.reports.paint import Paint
from harvdiag.rules import Rule, known_names
from harvdiag.status.summary import format_count

__all__ = ["explain_rule", "list_rules", "list_thresholds"]

ROOM, BELOW = 40, 6
"""The columns that a summary needs beside the name of its rule, and its indent below it."""
ISSUE = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/issues/(\d+)")


def list_rules(rules: Iterable[Rule], width: int = 100, colour: bool = False) -> str:
    """Return one line per rule, by family, then severity, then name, and how many there are; ends with a newline.

    Below one about certain upgrades stand their paths and the issues.
    """
    paint = Paint(colour)
    chosen = sorted(rules, key=lambda rule: (rule.family, rule.severity.rank, rule.name))
    column = max(len(rule.name) for rule in chosen)
    lines: list[str] = []
    for family, members in groupby(chosen, key=lambda rule: rule.family):
        title = f"{family} (your own)" if family == LOCAL else family
        lines += ["", paint.bold(title)] if lines else [paint.bold(title)]
        lines += [line for rule in members for line in _rule_lines(rule, column, width, paint)]
    return "\n".join([*lines, "", _count_rules(chosen), "`harvdiag rules NAME` explains one of them.", ""])


def _rule_lines(rule: Rule, column: int, width: int, paint: Paint) -> Iterator[str]:
    """Name, severity and summary, which stands below where there is no room beside them."""
    word = str(rule.severity)
    head, margin = f"  {rule.name:<{column}}  {word:<7}", column + 13
    beside = width - margin >= ROOM
    indent = " " * (margin if beside else BELOW)
    lines = [line.strip() for text in (rule.summary, *_path_texts(rule)) for line in _wrap(text, width - len(indent))]
    painted = head[: column + 4] + paint.severity(word, word) + head[column + 4 + len(word) :]
    yield f"{painted}  {lines.pop(0)}" if beside else painted.rstrip()
    yield from (f"{indent}{line}" for line in lines)


def _wrap(text: str, width: int) -> list[str]:
    return wrap_text(text, width, hyphens=True)


def _count_rules(rules: Collection[Rule]) -> str:
    """How many checks there are, of which severity."""
    counts = Counter(str(rule.severity) for rule in sorted(rules, key=lambda rule: rule.severity.rank))
    return f"{format_count(len(rules), 'check')} ({', '.join(f'{word} {count}' for word, count in counts.items())})"


def _path_texts(rule: Rule) -> Iterator[str]:
    """The upgrades that a rule is about, and the issues that tell of it."""
    if rule.paths:
        yield f"{_tell_paths(rule)}; {', '.join(map(_short_link, rule.links))}"


def _tell_paths(rule: Rule) -> str:
    return "Upgrade " + " or ".join(rule.paths) if rule.paths else ""


def _short_link(link: str) -> str:
    found = ISSUE.fullmatch(link)
    return f"{found[1]}#{found[2]}" if found else link


def explain_rule(rule: Rule, width: int = 100, colour: bool = False) -> str:
    """Return everything a rule declares: what is wrong, why it matters, the kinds it reads, where to read more."""
    looks = f"A check of your own. It looks at {rule.looks}." if rule.looks else ""
    needs = f"Needs: {', '.join(sorted(rule.needs))}. Skipped if one of them was not seen." if rule.needs else ""
    extra = () if rule.looks else sorted(rule.optional)
    optional = f"Evidence, where it was seen: {', '.join(extra)}." if extra else ""
    parts = [
        Paint(colour).bold(f"{rule.name}  ({rule.family}, {rule.severity})"),
        _wrap_paragraph(rule.summary, width),
        *(_wrap_paragraph(part, width) for part in rule.why.split("\n\n")),
        _wrap_paragraph(f"{_tell_paths(rule)}." if rule.paths else "", width),
        _wrap_paragraph(looks, width),
        _wrap_paragraph(needs, width),
        _wrap_paragraph(optional, width),
        *(_wrap_commands(part, width) for part in _tell_cures(rule)),
        "\n".join(rule.links),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _tell_cures(rule: Rule) -> Iterator[str]:
    """The ways out of its findings, the mildest first, or why there is none."""
    if rule.cures:
        from harvdiag.cure.ways import all_ways

        ways = all_ways()
        named = [f"{ways[name].title} ({name})" if name in ways else name for name in rule.cures]
        yield f"Ways out: {'; '.join(named)}. `harvdiag cure SOURCE {rule.name}` weighs and rehearses them."
    elif rule.no_cure:
        yield f"Ways out: none, {rule.no_cure}."


def list_thresholds(policy: Policy, width: int = 100) -> str:
    """Return every threshold with its value, and what it is; of one that was set, also the default."""
    lines = []
    for limit in known_names().limits.values():
        value = policy.thresholds.get(limit.name, limit.default)
        default = f" (default {show_threshold(limit.default)})" if value != limit.default else ""
        unit = f" {limit.unit}" if limit.unit else ""
        lines.append(f"{limit.name} = {show_threshold(value)}{unit}{default}")
        lines += wrap_text(f"    {limit.meaning}", width, "    ")
    return "\n".join([*lines, "", "Set them in harvdiag.toml, under [thresholds].", ""])


def _wrap_commands(text: str, width: int) -> str:
    return "\n".join(wrap_commands(text, width))


def _wrap_paragraph(text: str, width: int) -> str:
    return "\n".join(wrap_text(text, width, hyphens=True))
