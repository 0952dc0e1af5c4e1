"""One Upgrade object (``harvesterhci.io/v1beta1``); docs/objects.md#upgrade-phases."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from harvdiag.core.conditions import Condition, conditions_of
from harvdiag.core.fields import Obj, field_path, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef
from harvdiag.upgrade.phases import DONE, ENDED, FAILED, PAUSED, PHASES, Phase, phase_of

__all__ = ["NodeStatus", "Release", "Upgrade"]

STATE = 'metadata.labels["harvesterhci.io/upgradeState"]'
PAUSES = 'metadata.annotations["harvesterhci.io/node-upgrade-pause-map"]'
SKIP_DONE = 'metadata.annotations["harvesterhci.io/apply-skip-rke2-manifests-plan-completed"]'


class NodeStatus(NamedTuple):
    """What the Upgrade says of one node."""

    state: str
    reason: str
    message: str


class Release(NamedTuple):
    """The target versions of the upgrade; empty where the Upgrade does not have them yet."""

    harvester: str = ""
    os: str = ""
    kubernetes: str = ""
    rancher: str = ""


class Upgrade:
    """One Upgrade object."""

    v2: ClassVar[bool] = False
    """Whether it is an UpgradePlan, which says the same in other places."""
    statuses_path: ClassVar[str] = "status.nodeStatuses"
    """The field with the state of each node."""
    state_path: ClassVar[str] = STATE
    """The field with its `state`."""

    def __init__(self, obj: Obj) -> None:
        self.obj = obj
        self.ref = ObjectRef("Upgrade", namespace_of(obj), name_of(obj))

    @property
    def state(self) -> str:
        """Label `harvesterhci.io/upgradeState`, such as ``UpgradingNodes``."""
        return get_text(self.obj, STATE)

    @property
    def phase(self) -> Phase | None:
        """The phase of that label; None for a label that no known release writes."""
        return phase_of(self.state)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases in their order; the last two are the two ends."""
        return PHASES

    def since(self, phase: Phase) -> str:
        """When the condition of a phase last changed; empty where it is unknown."""
        found = self.conditions.get(phase.condition)
        return found.since if found else ""

    @property
    def version(self) -> str:
        """The target version; an upgrade by image has it in its release information only."""
        return get_text(self.obj, "spec.version") or self.release.harvester

    @property
    def previous_version(self) -> str:
        """The previous version."""
        return get_text(self.obj, "status.previousVersion")

    @cached_property
    def release(self) -> Release:
        """The versions of `status.repoInfo` (YAML in a string)."""
        info = get_text(self.obj, "status.repoInfo")
        found = (re.search(rf"(?m)^ *{name}: *(.+?) *$", info) for name in Release._fields)
        return Release(*(match[1].strip("\"'") if match else "" for match in found))

    @property
    def latest(self) -> bool:
        """Whether it carries the label of the current one; exactly one does."""
        return get_labels(self.obj).get("harvesterhci.io/latestUpgrade") == "true"

    @cached_property
    def conditions(self) -> Mapping[str, Condition]:
        """The conditions by type."""
        return {found.type: found for found in conditions_of(self.obj) if found}

    def status(self, kind: str) -> str:
        """Return the status of a condition; empty where there is none."""
        return self.conditions.get(kind, Condition()).status

    @property
    def running(self) -> bool:
        """Not finished: neither its label nor its condition Completed says so."""
        return self.state not in ENDED and self.status("Completed") not in {"True", "False"}

    @property
    def failed(self) -> bool:
        """Whether its label or condition says that it failed."""
        return not self.running and (self.state == FAILED or self.status("Completed") == "False")

    @property
    def cleanup_state(self) -> str:
        """Label `harvesterhci.io/upgradeCleanup` (1.7 and newer): ``Pending``, ``Succeeded`` or empty."""
        return get_text(self.obj, 'metadata.labels["harvesterhci.io/upgradeCleanup"]')

    @property
    def single_node(self) -> str:
        """The one node of a cluster that has just one; empty otherwise."""
        return get_text(self.obj, "status.singleNode")

    @property
    def waits_for_gate(self) -> bool:
        """Services are upgraded, but the nodes' turn has not begun (releases with the skip-manifests plan)."""
        return self.status("SystemServicesUpgraded") == "True" and not self.status("NodesUpgraded")

    @cached_property
    def statuses(self) -> Mapping[str, NodeStatus]:
        """What it says of each node of its list, by the node's name."""
        found: Any = field_path(self.statuses_path).get(self.obj)
        statuses = found.items() if isinstance(found, dict) else ()
        return {
            str(name): NodeStatus(get_text(s, "state"), get_text(s, "reason"), get_text(s, "message"))
            for name, s in statuses
        }

    @property
    def nodes(self) -> dict[str, str]:
        """The state of each node by its name, such as ``Images preloaded``, as the Upgrade lists them."""
        return {name: status.state for name, status in self.statuses.items()}

    @property
    def done(self) -> int:
        """How many nodes of its list are done."""
        return sum(state == DONE for state in self.nodes.values())

    @property
    def pauses(self) -> Mapping[str, str]:
        """Node to ``pause`` or ``unpause``, as the administrator set it (1.7 and newer)."""
        try:
            found = json.loads(get_text(self.obj, PAUSES) or "{}")
        except (ValueError, RecursionError):
            return {}
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}

    @property
    def paused(self) -> tuple[str, ...]:
        """The nodes paused by an administrator."""
        return tuple(sorted(name for name, state in self.nodes.items() if state == PAUSED))
