"""The path from the release installed to the version to which one means to upgrade (`Facts.target`)."""

from __future__ import annotations

from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.rules.facts import Facts
from harvdiag.upgrade.paths import Path, find_path

__all__ = ["MINIMUM_FIELD", "path_of", "version_ref"]

MINIMUM_FIELD = "spec.minUpgradableVersion"


def version_ref(target: str) -> ObjectRef:
    """Return the Version object that an Upgrade to a target names."""
    return ObjectRef("Version", "harvester-system", target)


def path_of(facts: Facts) -> Path:
    """Return the path to the target; where its Version in the cluster tells the lowest start, that is taken."""
    with facts.snapshot.watched(None):
        version = facts.snapshot.get(version_ref(facts.target)) if facts.target else None
        return find_path(facts.harvester_version, facts.target, get_text(version, MINIMUM_FIELD))
