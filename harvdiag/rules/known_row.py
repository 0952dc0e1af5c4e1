"""A known issue of an upgrade path, and how it can be seen: one row of docs/known-issues.md."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KnownRow"]


@dataclass(frozen=True, kw_only=True)
class KnownRow:
    """One known issue that Harvester's manual, or a report, ties to upgrade paths."""

    paths: tuple[str, ...]
    """The upgrades that have it, as `harvdiag.core.release.on_path` reads them: ``1.5.x -> 1.6.x``."""
    symptom: str
    """What one sees, in one clause."""
    link: str
    """The report, or the page of the manual."""
    before: tuple[str, ...] = ()
    """The rules that see before the upgrade whether it will be met: where they find nothing, it will not."""
    during: tuple[str, ...] = ()
    """The rules that see it once it is there, mostly while the upgrade runs."""
    why: str = ""
    """Why no rule tells it before the upgrade, in one clause."""
    by_hand: tuple[str, ...] = ()
    """The commands that tell it before the upgrade, where no rule does; on which host, and what they must show."""

    @property
    def rules(self) -> tuple[str, ...]:
        """All rules that see it, those before the upgrade first."""
        return (*self.before, *self.during)
