"""Facts: what the rules read of one snapshot. Each is computed once, when it is first used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from datetime import timedelta
from functools import cached_property

from harvdiag.core.conditions import conditions_of
from harvdiag.core.fields import get_text
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import Pairing
from harvdiag.graph.references import Links
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade import Upgrades
from harvdiag.upgrade.movement import Movement, find_movement
from harvdiag.upgrade.run import UpgradeRun

__all__ = ["JOINING", "REMOVAL", "Facts"]

JOINING = timedelta(minutes=30)
"""How long a host may take to become a Node with its Machine; a join is a matter of minutes."""
REMOVAL = timedelta(hours=1)
"""How long a deletion may take; Cluster API drains the Node, detaches its volumes and removes the objects in turn."""


class Facts:
    """One snapshot and what is derived from it: links, pairs, upgrades, and the time of collection as "now"."""

    found: tuple[Finding, ...] = ()
    """What the other rules found; for a rule declared as `fallback` only, which is run after them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def knowing(self, found: Iterable[Finding]) -> Facts:
        """Return the same facts, with what was found in them; what is costly is computed before, once for both."""
        _ = self.movement
        known = copy(self)
        known.found = tuple(found)
        return known

    @cached_property
    def links(self) -> Links:
        """Which object references which other."""
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
        """The Upgrade in progress, with its nodes and Jobs; None if there is none."""
        upgrade = self.upgrades.running
        return UpgradeRun(upgrade, self.snapshot, self.pairing) if upgrade else None

    @cached_property
    def movement(self) -> Movement | None:
        """The last step of that upgrade, and how long ago it was; None where there is none or nothing tells it."""
        return find_movement(self.upgrade_run, self.snapshot, self.now) if self.upgrade_run else None

    @cached_property
    def harvester_version(self) -> str:
        """Setting `server-version`; empty if it was not seen."""
        setting = self.snapshot.get(ObjectRef("Setting", "", "server-version"))
        return (get_text(setting, "value") or get_text(setting, "default")) if setting else ""

    @cached_property
    def now(self) -> Timestamp:
        """The time of collection, never that of the local clock; if it is unknown, the last heartbeat of any Node.

        Kubelets send one every five minutes, which is accurate enough for durations.
        """
        captured_at = Timestamp(self.snapshot.manifest.captured_at)
        return captured_at or max(map(Timestamp, self._heartbeats()), default=captured_at)

    def _heartbeats(self) -> Iterator[str]:
        for node in self.snapshot.objects("Node"):
            yield from (condition.heartbeat for condition in conditions_of(node))

    def recently_created(self, ref: ObjectRef) -> bool:
        """Whether it was created less than half an hour ago.

        It may still be joining, and a source reads its lists one after another, so some may be older than the object.
        """
        return self._happened_within(ref, "metadata.creationTimestamp", JOINING)

    def recently_deleted(self, ref: ObjectRef) -> bool:
        """Whether it was deleted less than an hour ago: its parts go one by one (docs/objects.md#removal-machine)."""
        return self._happened_within(ref, "metadata.deletionTimestamp", REMOVAL)

    def _happened_within(self, ref: ObjectRef, path: str, span: timedelta) -> bool:
        age = self.now.since(Timestamp(get_text(self.links.objects.get(ref), path)))
        return age is not None and age < span
