"""The sentences that every report for people begins with."""

from __future__ import annotations

from harvdiag.findings import Findings
from harvdiag.moment import Moment

__all__ = ["about", "counted", "verdict"]

KINDS = {"bundle": "support bundle", "files": "files of kubectl"}


def __dir__() -> list[str]:
    return __all__


def counted(number: int | None, noun: str) -> str:
    """``1 Node``, ``4 Nodes``, ``Nodes not seen`` for None."""
    if number is None:
        return f"{noun}s not seen"
    return f"{number} {noun}{'' if number == 1 else 's'}"


def about(findings: Findings) -> str:
    """What was looked at: ``support bundle, Harvester v1.4.1, Kubernetes v1.30.7+rke2r1, collected 2025-05-08 …``."""
    source = findings.source
    parts = [KINDS.get(source.kind, source.kind)]
    parts += [f"Harvester {source.harvester_version}"] if source.harvester_version else []
    parts += [f"Kubernetes {source.kubernetes_version}"] if source.kubernetes_version else []
    parts += [f"collected {Moment(source.captured_at)}"] if Moment(source.captured_at) else []
    return ", ".join(parts)


def verdict(findings: Findings) -> str:
    """The result in one or two sentences."""
    checks = findings.summary["checks"]
    done = f"{counted(checks['passed'] + checks['failed'], 'check')} made"
    skipped = f", {checks['skipped']} skipped" if checks["skipped"] else ""
    size = f"{counted(findings.source.nodes, 'Node')}, {counted(findings.source.machines, 'Machine')}"
    if not findings:
        return f"Nothing found. {size}; {done}{skipped}."
    roots = len(findings.roots)
    more = len(findings) - roots
    follow = f" and {counted(more, 'consequence')}" if more else ""
    return f"{counted(roots, 'root cause')}{follow}. {size}; {done}{skipped}."
