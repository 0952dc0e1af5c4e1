"""Gates: which releases of Harvester make a check of their own, as each is made by the release that is installed."""

from __future__ import annotations

from harvdiag.core.release import on_path, read_release
from harvdiag.rules.facts import Facts, NotApplicable

__all__ = ["WEBHOOK", "exclude_release", "is_asked", "refusal", "require_release"]

WEBHOOK = "v1.1.2"
"""The first release whose webhook looks at Nodes, Machines, charts and the cluster; check.sh always does."""


def exclude_release(version: str, *, since: str = "", only: str = "") -> str:
    """Return why a release does not make a check; empty where it does, or where the release is not known.

    `since` is the first that makes it, with its candidates and development builds; `only` are those that alone do,
    such as ``1.4.1, 1.4.2`` or ``1.7.x``.
    """
    release = read_release(version)
    if release is None:
        return ""
    if only and not any(on_path(f"{part.strip()} -> any", version) for part in only.split(",")):
        return f"asked on {only} only; this is {version}"
    first = read_release(since) if since else None
    return f"asked from {since} on; this is {version}" if first and release[:3] < first[:3] else ""


def is_asked(facts: Facts, since: str) -> bool:
    """Whether the installed release makes a check that came with `since`; one that is not known may."""
    return not exclude_release(facts.harvester_version, since=since)


def require_release(facts: Facts, *, since: str = "", only: str = "") -> None:
    """End a check that the installed release does not make: raises NotApplicable."""
    if reason := exclude_release(facts.harvester_version, since=since, only=only):
        raise NotApplicable(reason)


def refusal(facts: Facts, text: str, since: str = WEBHOOK) -> str:
    """Return who refuses an upgrade with these words of Harvester's; `since` is the first release that does itself."""
    if is_asked(facts, since):
        return f'Harvester refuses to begin an upgrade ("{text}")'
    return f'check.sh fails, and from {since} on Harvester itself refuses to begin an upgrade ("{text}")'
