"""How notebooks show harvdiag's objects: IPython is told by name, so nothing is imported before it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["register"]


def _card(name: str) -> Callable[[Any], str]:
    def show(value: Any) -> str:
        from harvdiag.reports.notebook import cards

        text: str = getattr(cards, name)(value)
        return text

    return show


HTML = {
    ("harvdiag.core.findings", "Findings"): _card("findings_card"),
    ("harvdiag.core.model", "Finding"): _card("finding_card"),
    ("harvdiag.core.model", "Coverage"): _card("coverage_card"),
    ("harvdiag.access.rights", "Access"): _card("access_card"),
    ("harvdiag.status.upgrade.status", "UpgradeStatus"): _card("standing_card"),
}


def register() -> None:
    """Teach the running IPython, if there is one, to show findings, coverage, rights and an upgrade as HTML."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        return
    formatter = shell.display_formatter.formatters["text/html"]
    for (module, name), show in HTML.items():
        formatter.for_type_by_name(module, name, show)
