"""Facts: what the rules may ask of one snapshot. Everything is worked out once, when it is first asked for."""

from __future__ import annotations

from functools import cached_property

from harvdiag.fields import text
from harvdiag.links import Links
from harvdiag.model import ObjectRef
from harvdiag.moment import Moment
from harvdiag.pairs import Pairing
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade import Upgrades

__all__ = ["Facts"]


def __dir__() -> list[str]:
    return __all__


class Facts:
    """One snapshot and what follows from it: its links, its pairs, its upgrades, and its own "now"."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def links(self) -> Links:
        """Which object names which other."""
        return Links(self.snapshot)

    @cached_property
    def pairing(self) -> Pairing:
        """Which Node belongs to which Machine."""
        return Pairing(self.links)

    @cached_property
    def upgrades(self) -> Upgrades:
        """The Upgrade objects, the latest first."""
        return Upgrades(self.snapshot)

    @cached_property
    def harvester_version(self) -> str:
        """Setting `server-version`; empty where it was not seen."""
        setting = self.snapshot.get(ObjectRef("Setting", "", "server-version"))
        return (text(setting, "value") or text(setting, "default")) if setting else ""

    @property
    def now(self) -> Moment:
        """The time of collection, never the clock's."""
        return Moment(self.snapshot.manifest.captured_at)
