"""The rules as a table."""

from __future__ import annotations

import pandas as pd

from harvdiag import rules

__all__ = ["rule_table"]

COLUMNS = ("rule", "family", "severity", "summary", "why", "needs")


def rule_table(word: str = "") -> pd.DataFrame:
    """Return one row per rule, all str: name, family, severity, what is wrong, why it matters, the kinds it needs."""
    rows = [
        (r.name, r.family, str(r.severity), r.summary, r.why, ", ".join(sorted(r.needs)))
        for r in rules.select_rules([word] if word else ())
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype("str")
