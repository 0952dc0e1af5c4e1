"""Upgrade V2: the UpgradePlan of the experimental upgrade toolkit (docs/objects.md#upgrade-v2).

It says the same as an Upgrade in other places, so it is one: what reads an Upgrade reads it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from harvdiag.core.conditions import Condition, find_condition
from harvdiag.core.fields import Obj, field_path, get_items, get_text, name_of
from harvdiag.core.model import ObjectRef
from harvdiag.upgrade.phases import DONE, ENDED, FAILED, PAUSED, Phase
from harvdiag.upgrade.phases_v2 import EARLY, V2_PHASES, place_of, v2_phase_of
from harvdiag.upgrade.v1 import NodeStatus, Release, Upgrade

__all__ = ["TIMES", "UpgradePlan"]

BLOCKED = "ConcurrentUpgradeBlocked"
OWNER = "management.harvesterhci.io"
TIMES = "status.phaseTransitionTimestamps"


class UpgradePlan(Upgrade):
    """One UpgradePlan (``management.harvesterhci.io/v1beta1``). Its phases are open: later builds have others."""

    v2 = True
    statuses_path = "status.nodeUpgradeStatuses"
    state_path = "status.currentPhase"

    def __init__(self, obj: Obj) -> None:
        super().__init__(obj)
        self.ref = ObjectRef("UpgradePlan", "", name_of(obj))

    @property
    def state(self) -> str:
        """``status.currentPhase``, such as ``NodeUpgrading``; the first builds had it in ``status.phase``."""
        return get_text(self.obj, "status.currentPhase") or get_text(self.obj, "status.phase")

    @property
    def phase(self) -> Phase | None:
        """That phase, the first where it has none yet; None for one that no known build writes."""
        return v2_phase_of(self.state) if self.state else V2_PHASES[0]

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases in their order; the last two are the two ends."""
        return V2_PHASES

    @property
    def version(self) -> str:
        """The target version; that of a plan by image is known once the release is read."""
        found = (get_text(self.obj, path) for path in ("spec.version", "status.releaseMetadata.harvester"))
        return next(filter(None, found), "") or get_text(self.obj, "status.version")

    @property
    def image(self) -> str:
        """The image that it was made for; empty where it was made for a version."""
        return get_text(self.obj, "spec.image")

    @cached_property
    def release(self) -> Release:
        """The versions of `status.releaseMetadata`."""
        found = {name: get_text(self.obj, f"status.releaseMetadata.{name}") for name in Release._fields}
        return Release(**found)

    @property
    def latest(self) -> bool:
        """No UpgradePlan is marked as the current one."""
        return False

    @property
    def progressing(self) -> Condition:
        """Its condition Progressing; where it has none, one without status."""
        return find_condition(self.obj, "Progressing")

    @property
    def running(self) -> bool:
        """Neither its phase nor its condition Progressing says that it has ended."""
        said = self.progressing
        return self.state not in ENDED and not (said.status == "False" and said.reason in ENDED)

    @property
    def failed(self) -> bool:
        """Whether its phase or condition says that it failed."""
        return self.state == FAILED or (self.progressing.status == "False" and self.progressing.reason == FAILED)

    @property
    def cleanup_state(self) -> str:
        """An UpgradePlan has phases for that."""
        return ""

    @property
    def single_node(self) -> str:
        """The one node of a cluster that has just one; empty otherwise."""
        said: Any = field_path("status.singleNode").get(self.obj)
        return next(iter(self.statuses), "") if said is True else said if isinstance(said, str) else ""

    @property
    def waits_for_gate(self) -> bool:
        """An UpgradePlan has no such plan."""
        return False

    @property
    def blocked(self) -> str:
        """What it says of another UpgradePlan that keeps it from running; empty where none does."""
        found = find_condition(self.obj, "Available")
        return (found.message or found.reason) if found.reason == BLOCKED and found.status == "False" else ""

    def has_mark(self, name: str) -> bool:
        """Whether it has an annotation such as ``allow-deletion``, by the name of any build."""
        first, *rest = name.split("-")
        names = (f"{OWNER}/{name}", f"harvesterhci.io/{first}{''.join(map(str.capitalize, rest))}")
        return any(get_text(self.obj, f'metadata.annotations["{each}"]') for each in names)

    @property
    def early(self) -> bool:
        """Whether it is by a build of 2025, which upgraded nodes by Plans and needed no plan Secrets."""
        return any(status.state.startswith(EARLY) for status in self.statuses.values())

    @property
    def failed_nodes(self) -> Mapping[str, NodeStatus]:
        """The nodes whose state says that a step failed."""
        return {name: status for name, status in self.statuses.items() if place_of(status.state) == FAILED}

    @property
    def degraded(self) -> str:
        """What its condition Degraded says, if that is True; it is so also while a step merely waits."""
        found = find_condition(self.obj, "Degraded")
        return found.message or found.reason or found.type if found.status == "True" else ""

    @cached_property
    def times(self) -> Mapping[str, str]:
        """When each phase began, RFC 3339, by its label."""
        rows = (row for row in get_items(self.obj, TIMES) if isinstance(row, dict))
        return {get_text(row, "phase"): get_text(row, "phaseTransitionTimestamp") for row in rows}

    def since(self, phase: Phase) -> str:
        """When a phase began; empty where it is unknown."""
        at = self.times.get(phase.label, "")
        same = self.phase and self.phase.label == phase.label
        return at or (self.progressing.since if same and self.progressing.reason == self.state else "")

    @property
    def pauses(self) -> Mapping[str, str]:
        """Node to ``pause``, as `spec.nodeUpgradeOption.pauseNodes` lists them."""
        return {str(name): "pause" for name in get_items(self.obj, "spec.nodeUpgradeOption.pauseNodes")}

    @property
    def paused(self) -> tuple[str, ...]:
        """The nodes paused by an administrator."""
        return tuple(sorted(name for name, status in self.statuses.items() if place_of(status.state) == PAUSED))

    @property
    def done(self) -> int:
        """How many nodes of its list are done."""
        return sum(place_of(status.state) == DONE for status in self.statuses.values())
