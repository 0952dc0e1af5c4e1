"""Two readings of a cluster, and all that differs between them: objects, links, fields, findings, upgrade, versions.

What was not seen on one side is not comparable: it is neither new nor gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from harvdiag.core.findings import Source
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.tabular import Record, Tabular, to_plain
from harvdiag.core.timestamps import Timestamp
from harvdiag.status.changes.change import GONE, NEW, Change
from harvdiag.status.changes.document import build_findings, build_source, build_upgrade
from harvdiag.status.changes.found import FoundChanges, NoteChange, UnjudgedError
from harvdiag.status.changes.identity import find_difference
from harvdiag.status.changes.objects import ObjectChanges
from harvdiag.status.changes.progress import UpgradeChange, compare_upgrades
from harvdiag.status.changes.side import KINDS, Side
from harvdiag.status.changes.versions import VersionChange, compare_versions
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.upgrade.v1 import Upgrade

__all__ = ["Comparison"]

HEARTBEAT = timedelta(minutes=10)
"""How much older than the reading the last heartbeat of a Node may be, which tells its time where nothing else does."""
COLUMNS = ("change", "what", "kind", "namespace", "name", "field", "before", "now")


class Comparison(Tabular):
    """One cluster at two times, or two clusters; the earlier first, even if given the other way round (`backwards`).

    Its table has one row a difference, all str: `change` is ``new``, ``gone``, ``changed`` or ``recreated``, `what`
    ``object``, ``link``, ``field`` or ``finding`` (its rule is in `field`), `kind`, `namespace`, `name`, `field`,
    `before`, `now`.
    """

    noun = "changes"
    dtypes: ClassVar[Mapping[str, str]] = dict.fromkeys(COLUMNS, "str")

    def __init__(self, before: Diagnosis, now: Diagnosis, played: str = "") -> None:
        """`played` is an action that was simulated on the first, which gave the second; empty where both were read."""
        self.played = played
        self.backwards = _is_later(before, now)
        self.before, self.now = map(Side, (now, before) if self.backwards else (before, now))
        self._found = FoundChanges(self.before, self.now)
        self._objects = ObjectChanges(self.before, self.now)

    def __repr__(self) -> str:
        counts = f"{len(self.changes)} changes, {len(self.gone)} findings gone, {len(self.new)} new"
        return f"<Comparison: {counts}{', different clusters' if self.different_clusters else ''}>"

    # --- as a table and as JSON ------------------------------------------------------------------------------------

    @property
    def records(self) -> list[Record]:
        """One row a difference: objects and fields, then findings that are gone, then new ones."""
        return [dict(zip(COLUMNS, row, strict=True)) for row in self._build_rows()]

    def _build_rows(self) -> Iterator[tuple[str, ...]]:
        for change in self.changes:
            yield (change.sort, change.what, *change.ref, change.path, change.before, change.now)
        for word, found in ((GONE, self.gone), (NEW, self.new)):
            for finding in found:
                sides = (finding.message, "") if word == GONE else ("", finding.message)
                yield (word, "finding", *finding.subject, finding.rule, *sides)

    def _document_head(self) -> dict[str, Any]:
        """Both sources, whether they are one cluster, all that differs but the objects, how much is the same, and what
        cannot be compared.
        """
        objects, links = self.same
        beside = ({**ref.as_dict(), "reason": f"its namespace was not seen {when}"} for ref, when in self.unseen)
        return {
            **{name: build_source(source) for name, source in zip(("before", "now"), self.sources, strict=True)},
            "same_cluster": not self.different_clusters,
            "difference": self.difference,
            "changed": self.changed,
            "same": {"objects": objects, "links": links},
            "remaining": [finding.fingerprint for finding in self.remaining],
            "findings": build_findings(self._found, self.lasting),
            "upgrade": build_upgrade(self.upgrade),
            "versions": [asdict(change) for change in self.versions],
            "notes": [to_plain(asdict(change)) for change in self.notes],
            "not_compared": [*({"kind": kind, "reason": why} for kind, why in self.gaps), *beside],
        }

    # --- what the two are ------------------------------------------------------------------------------------------

    @property
    def changed(self) -> bool:
        """Whether anything differs that was seen on both sides; notes do not count."""
        found = self._found
        parts = (self.changes, self.gone, self.new, found.regraded, self.versions)
        return bool(self.different_clusters or any(parts) or self.upgrade.changed)

    @property
    def same_time(self) -> bool:
        """Whether both were collected at the same time, so that which came first is unknown."""
        one, other = self.before.facts.now.at, self.now.facts.now.at
        return one is not None and one == other and not self.played

    @property
    def sides(self) -> tuple[str, str]:
        """What the two are called."""
        return ("before", "after") if self.played else ("before", "now")

    @cached_property
    def difference(self) -> str:
        """By what these are two clusters, ``no node in common`` or ``other uids``; empty where they are one."""
        return "" if self.played else find_difference(self.before, self.now)

    @property
    def different_clusters(self) -> bool:
        """Whether these are two clusters: no Node in common, or one that was installed again."""
        return bool(self.difference)

    @property
    def comparable(self) -> bool:
        """Whether there is anything that was seen on both sides."""
        return self._objects.any_seen

    @cached_property
    def gaps(self) -> list[tuple[str, str]]:
        """The kinds that cannot be compared, and why."""
        sides = (("before", self.before), ("now", self.now))
        missing = {kind: [(when, side.gap(kind)) for when, side in sides] for kind in KINDS}
        whys = {kind: [f"not seen {when} ({gap})" for when, gap in gaps if gap] for kind, gaps in missing.items()}
        return [(kind, " and ".join(why)) for kind, why in whys.items() if why]

    @property
    def unseen(self) -> list[tuple[ObjectRef, str]]:
        """The objects of one side whose namespace was not seen on the other, and which side that is."""
        return [] if self.different_clusters else self._objects.unseen

    # --- what differs ----------------------------------------------------------------------------------------------

    @cached_property
    def upgrade(self) -> UpgradeChange:
        """The upgrade on both sides, and the nodes that moved in it."""
        return compare_upgrades(self.before, self.now)

    @property
    def started_upgrade(self) -> Upgrade | None:
        """The upgrade that was started, or got another version, in between; None where none was or that is unknown."""
        return self.now.upgrade if self.upgrade.began else None

    @cached_property
    def versions(self) -> list[VersionChange]:
        """The versions that changed, of the cluster and of each node."""
        return compare_versions(self.before, self.now)

    @cached_property
    def changes(self) -> list[Change]:
        """Every difference, by object; none between two clusters."""
        return [] if self.different_clusters else self._objects.changes

    @property
    def same(self) -> tuple[int, int]:
        """How many objects and links are on both sides and unchanged."""
        return self._objects.same

    @property
    def gone(self) -> list[Finding]:
        """The findings that were there before and are no longer, where the check was run again."""
        return self._found.gone

    @property
    def new(self) -> list[Finding]:
        """The findings that are there now and were not before, where the check was run then too."""
        return self._found.new

    @property
    def remaining(self) -> list[Finding]:
        """The findings that are on both sides."""
        return self._found.remaining

    @property
    def regraded(self) -> list[tuple[Finding, Finding]]:
        """The findings of both sides whose severity is another, as they were and as they are."""
        return self._found.regraded

    @property
    def unjudged(self) -> list[UnjudgedError]:
        """The findings of one side for which the check was not run on the other, with the reason."""
        return self._found.unjudged

    @property
    def not_comparable(self) -> list[Finding]:
        """The same, only the findings."""
        return [each.finding for each in self.unjudged]

    @property
    def notes(self) -> list[NoteChange]:
        """The findings whose status people changed."""
        return self._found.notes

    def lasting(self, ref: ObjectRef) -> bool:
        """Whether an object is there now, or may be; a finding about one that is not is gone for that reason."""
        return ref in self.now.objects or not (ref in self.before.objects and self.now.seen(ref))

    @property
    def sources(self) -> tuple[Source, Source]:
        """What the two were read from."""
        return self.before.findings.source, self.now.findings.source


def _is_later(one: Diagnosis, other: Diagnosis) -> bool:
    """Whether a reading is later than another, as far as the times tell: heartbeats are some minutes old."""
    by = one.facts.now.since(other.facts.now)
    told = all(Timestamp(each.findings.source.captured_at) for each in (one, other))
    return by is not None and by > (timedelta() if told else HEARTBEAT)
