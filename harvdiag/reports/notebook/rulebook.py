"""The rules as a table."""

from __future__ import annotations

from harvdiag import rules
from harvdiag.core.frames import build_table
from harvdiag.core.policy import Policy
from harvdiag.core.table import Table

__all__ = ["rule_table"]

COLUMNS = ("rule", "family", "severity", "summary", "why", "needs")


def rule_table(word: str = "", policy: Policy | None = None) -> Table:
    """Return one row per rule, all str: name, family, severity, what is wrong, why it matters, the kinds it needs.

    Those of one's own come last.
    """
    own = rules.own_rules(policy or Policy())
    rows = [
        (r.name, r.family, str(r.severity), r.summary, r.why, ", ".join(sorted(r.needs)))
        for r in (rules.select_rules([word], (), own) if word else rules.all_rules(own))
    ]
    return build_table(rows, dict.fromkeys(COLUMNS, "str"))
