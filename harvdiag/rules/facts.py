"""Facts: what the rules may ask of one snapshot. Everything is worked out once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property

from harvdiag.core.conditions import conditions_of
from harvdiag.core.fields import text
from harvdiag.core.model import ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import Pairing
from harvdiag.graph.references import Links
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade import Upgrades
from harvdiag.upgrade.run import UpgradeRun

__all__ = ["JOINING", "REMOVAL", "Facts"]

JOINING = timedelta(minutes=30)
"""How long a host may take to become a Node with its Machine; a join is a matter of minutes."""
REMOVAL = timedelta(hours=1)
"""How long a deletion may take; Cluster API drains, detaches and removes in turn."""


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
    def upgrade_run(self) -> UpgradeRun | None:
        """The Upgrade that is under way, with its nodes and Jobs; None where none runs."""
        upgrade = self.upgrades.running
        return UpgradeRun(upgrade, self.snapshot, self.pairing) if upgrade else None

    @cached_property
    def harvester_version(self) -> str:
        """Setting `server-version`; empty where it was not seen."""
        setting = self.snapshot.get(ObjectRef("Setting", "", "server-version"))
        return (text(setting, "value") or text(setting, "default")) if setting else ""

    @cached_property
    def now(self) -> Timestamp:
        """The time of collection, never the clock's; where it is not told, the last heartbeat of any Node.

        Kubelets send one every five minutes, so that is late enough to say how long something has lasted.
        """
        told = Timestamp(self.snapshot.manifest.captured_at)
        return told or max(map(Timestamp, self._heartbeats()), default=told)

    def _heartbeats(self) -> Iterator[str]:
        for node in self.snapshot.objects("Node"):
            yield from (found.heartbeat for found in conditions_of(node))

    def fresh(self, ref: ObjectRef) -> bool:
        """Made less than half an hour before: it may still be joining, and its lists were read one after another."""
        return self._younger(ref, "metadata.creationTimestamp", JOINING)

    def leaving(self, ref: ObjectRef) -> bool:
        """Deleted less than an hour before: its parts go one by one, as expected; docs/objects.md#removal-machine."""
        return self._younger(ref, "metadata.deletionTimestamp", REMOVAL)

    def _younger(self, ref: ObjectRef, path: str, span: timedelta) -> bool:
        age = self.now.since(Timestamp(text(self.links.objects.get(ref), path)))
        return age is not None and age < span
