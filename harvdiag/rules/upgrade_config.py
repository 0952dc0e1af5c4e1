"""Settings of Harvester as the checks before an upgrade read them, upgrade-config also decoded (pkg/settings)."""

from __future__ import annotations

import json
from typing import Any

from harvdiag.core.model import ObjectRef
from harvdiag.rules.facts import Facts, UnjudgedError

__all__ = ["UPGRADE_CONFIG", "read_setting", "read_upgrade_config"]

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


def read_setting(facts: Facts, ref: ObjectRef) -> str:
    """Return the value of a Setting, else its default; empty without both, or where there is no such Setting.

    Raises UnjudgedError where one is not a text, which no cluster gives.
    """
    setting = facts.snapshot.get(ref) or {}
    texts = [setting.get(key) or "" for key in ("value", "default")]
    if not all(isinstance(text, str) for text in texts):
        raise UnjudgedError(f"Setting {ref.name} has a value that is not a text")
    return next(filter(None, texts), "")


def read_upgrade_config(facts: Facts) -> dict[str, Any]:
    """Return the setting; empty where it has no value.

    Raises ValueError, with what is wrong, where Harvester cannot decode it, and for that refuses every Upgrade.
    """
    if facts.snapshot.get(UPGRADE_CONFIG) is None:
        facts.snapshot.require(UPGRADE_CONFIG.kind)
    try:
        config: Any = json.loads(read_setting(facts, UPGRADE_CONFIG) or "{}")
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
