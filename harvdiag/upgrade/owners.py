"""For which Upgrade or UpgradePlan an object was made: by its labels, its owner, or its name.

docs/objects.md#upgrade-children
"""

from __future__ import annotations

import re

from harvdiag.core.fields import Obj, get_items, get_labels, get_text, name_of

__all__ = ["V2_LABEL", "name_in", "upgrade_of"]

LABEL, LOG_LABEL = "harvesterhci.io/upgrade", "harvesterhci.io/upgradeLog"
V2_LABEL = "management.harvesterhci.io/upgrade-plan"
"""The label of what was made for an UpgradePlan (Upgrade V2)."""
LOG = "-upgradelog"
"""How the name of an UpgradeLog ends, behind that of its Upgrade."""
NAMED = re.compile(r"(?:mcc-|upgrade-repo-)?(hvst-upgrade-[a-z0-9]{5})(?:-|$)")
"""Harvester's UI gives each Upgrade such a name, with five letters of the API server."""


def upgrade_of(obj: Obj) -> str:
    """Return the name of the Upgrade or UpgradePlan that an object was made for; empty if it was made for none.

    The labels count first, for an administrator may give an Upgrade any name.
    """
    marks = get_labels(obj)
    if mark := str(marks.get(LABEL) or marks.get(V2_LABEL) or ""):
        return mark
    if log := str(marks.get(LOG_LABEL) or ""):
        return log.removesuffix(LOG)
    return _owner(obj) or name_in(name_of(obj))


def name_in(text: str) -> str:
    """Return the name of the Upgrade with which the name of a part of it begins; empty if it begins with none."""
    found = NAMED.match(text)
    return found[1] if found else ""


def _owner(obj: Obj) -> str:
    for owner in get_items(obj, "metadata.ownerReferences"):
        if isinstance(owner, dict) and owner.get("kind") in {"Upgrade", "UpgradeLog", "UpgradePlan"}:
            return get_text(owner, "name").removesuffix(LOG)
    return ""
