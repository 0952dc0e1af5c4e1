"""Upgrade V2: the UpgradePlan of the experimental upgrade toolkit (docs/objects.md#upgrade-v2).

Its phases are its own. Builds of 2025 upgraded nodes by Plans, those since 2026 by machine-plan Secrets as V1 does.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field_path, get_text, name_of
from harvdiag.core.model import ObjectRef
from harvdiag.upgrade.v1 import NodeStatus

__all__ = ["UpgradePlan"]


class UpgradePlan:
    """One UpgradePlan (``management.harvesterhci.io/v1beta1``). Its phases are open: later builds have others."""

    def __init__(self, obj: Obj) -> None:
        self.obj = obj
        self.ref = ObjectRef("UpgradePlan", "", name_of(obj))

    @property
    def phase(self) -> str:
        """``status.currentPhase``, such as ``NodeUpgrading``."""
        return get_text(self.obj, "status.currentPhase")

    @property
    def version(self) -> str:
        """The target version."""
        return get_text(self.obj, "status.version") or get_text(self.obj, "spec.version")

    @property
    def previous_version(self) -> str:
        """The previous version."""
        return get_text(self.obj, "status.previousVersion")

    @property
    def running(self) -> bool:
        """Neither Succeeded nor Failed."""
        return self.phase not in {"Succeeded", "Failed"}

    @property
    def failed(self) -> Mapping[str, NodeStatus]:
        """The nodes whose state says that a step failed."""
        return {name: status for name, status in self.statuses.items() if status.state.endswith("Failed")}

    @property
    def degraded(self) -> str:
        """What its condition Degraded says, if that is True; else empty."""
        found = find_condition(self.obj, "Degraded")
        return found.message or found.reason or found.type if found.status == "True" else ""

    @cached_property
    def statuses(self) -> Mapping[str, NodeStatus]:
        """What it says of each node, by the node's name."""
        found: Any = field_path("status.nodeUpgradeStatuses").get(self.obj)
        statuses = found.items() if isinstance(found, dict) else ()
        return {
            name: NodeStatus(get_text(s, "state"), get_text(s, "reason"), get_text(s, "message"))
            for name, s in statuses
        }
