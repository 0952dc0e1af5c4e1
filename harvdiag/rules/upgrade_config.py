"""The setting upgrade-config of Harvester, as far as the checks before an upgrade decode it (pkg/settings)."""

from __future__ import annotations

import json
from typing import Any

from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.rules.facts import Facts

__all__ = ["UPGRADE_CONFIG", "read_upgrade_config"]

UPGRADE_CONFIG = ObjectRef("Setting", "", "upgrade-config")
TYPES: dict[str, tuple[type, str]] = {
    "imagePreloadOption": (dict, "an object"),
    "imagePreloadOption.strategy": (dict, "an object"),
    "restoreVM": (bool, "true or false"),
    "logReadyTimeout": (str, "a text"),
    "nodeUpgradeOption": (dict, "an object"),
    "nodeUpgradeOption.strategy": (dict, "an object"),
    "nodeUpgradeOption.strategy.mode": (str, "a text"),
    "nodeUpgradeOption.strategy.pauseNodes": (list, "a list of names"),
}
"""What Harvester decodes; a field of another type is an error to it, and one that is null as if it were not there."""


def read_upgrade_config(facts: Facts) -> dict[str, Any]:
    """Return the setting; empty where it has no value.

    Raises ValueError, with what is wrong, where Harvester cannot decode it, and for that refuses every Upgrade.
    """
    setting = facts.snapshot.get(UPGRADE_CONFIG)
    if setting is None:
        facts.snapshot.require(UPGRADE_CONFIG.kind)
    try:
        config: Any = json.loads(get_text(setting, "value") or get_text(setting, "default") or "{}")
    except RecursionError as error:
        raise ValueError(str(error)) from error
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise ValueError(f"{UPGRADE_CONFIG.name} is not an object")
    for path, (kind, words) in TYPES.items():
        found = _get(config, path)
        if found is not None and not isinstance(found, kind):
            raise ValueError(f"{path} is not {words}")
    if not all(isinstance(name, str) for name in _get(config, "nodeUpgradeOption.strategy.pauseNodes") or []):
        raise ValueError("pauseNodes is not a list of names")
    return config


def _get(config: dict[str, Any], path: str) -> Any:
    found: Any = config
    for key in path.split("."):
        found = (found or {}).get(key)
    return found
