"""The upgrade: which one runs, and how far each node has come. Section 4 of the object facts."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from harvdiag.columns import condition
from harvdiag.fields import Obj, field, labels, name_of, namespace_of, text
from harvdiag.model import ObjectRef
from harvdiag.snapshot import Snapshot

__all__ = ["Upgrade", "Upgrades"]

_COMPLETED = condition("completed", "Completed")
_ENDED = {"Succeeded", "Failed"}


def __dir__() -> list[str]:
    return __all__


class Upgrade:
    """One Upgrade object (``harvesterhci.io/v1beta1``)."""

    def __init__(self, obj: Obj) -> None:
        self.obj = obj
        self.ref = ObjectRef("Upgrade", namespace_of(obj), name_of(obj))

    @property
    def state(self) -> str:
        """Label `harvesterhci.io/upgradeState`, such as ``UpgradingNodes``."""
        return text(self.obj, 'metadata.labels["harvesterhci.io/upgradeState"]')

    @property
    def version(self) -> str:
        """The version it goes to; an upgrade by image tells it in its release information only (YAML in a string)."""
        told = re.search(r"(?m)^ *harvester: *(\S+)$", text(self.obj, "status.repoInfo"))
        return text(self.obj, "spec.version") or (told[1] if told else "")

    @property
    def latest(self) -> bool:
        """Whether it carries the label of the current one; exactly one does."""
        return labels(self.obj).get("harvesterhci.io/latestUpgrade") == "true"

    @property
    def running(self) -> bool:
        """Not finished: neither its label nor its condition Completed says so."""
        return self.state not in _ENDED and _COMPLETED.value(self.obj) not in {"True", "False"}

    @property
    def nodes(self) -> dict[str, str]:
        """The state of each node by its name, such as ``Images preloaded``, as the Upgrade lists them."""
        found: Any = field("status.nodeStatuses").get(self.obj)
        if not isinstance(found, dict):
            return {}
        return {name: text(status, "state") for name, status in found.items()}


class Upgrades:
    """The Upgrade objects of a snapshot, the latest first."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @cached_property
    def all(self) -> list[Upgrade]:
        """Every Upgrade, the one labelled latest first, then the youngest."""
        found = [Upgrade(obj) for obj in self._snapshot.objects("Upgrade")]
        found.sort(key=lambda u: text(u.obj, "metadata.creationTimestamp"), reverse=True)
        return sorted(found, key=lambda u: not u.latest)

    @property
    def running(self) -> Upgrade | None:
        """The Upgrade that is under way, or None."""
        return next((upgrade for upgrade in self.all if upgrade.running), None)
