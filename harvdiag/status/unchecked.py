"""The error where no check could be run: what was not seen, and how to see it."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.findings import Findings, UncheckedError
from harvdiag.core.suggest import join_names
from harvdiag.status.summary import list_unseen, permission_hint, summarize_unseen

__all__ = ["unchecked_error"]

FEW = 4
"""The most kinds that the error names."""


def unchecked_error(findings: Findings, kinds: Sequence[str]) -> UncheckedError:
    """Return the error. `kinds` are those that files hold: whoever gave one object sees that it was read."""
    held = f": it holds {join_names(kinds)} only" if 0 < len(kinds) <= FEW else ""
    gaps = "; ".join(filter(None, (summarize_unseen(list_unseen(findings)), permission_hint(findings.source))))
    many = len(findings.outcomes)
    text = f"{findings.source.name}: no check could be run (of {many}){held}; not seen: {gaps}"
    return UncheckedError(text, findings)
