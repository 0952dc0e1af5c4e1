"""Nodes before which the upgrade is to pause: do those that the setting names exist?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harvdiag.core.escape import format_value
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts, NotApplicable
from harvdiag.rules.gates import require_release
from harvdiag.rules.upgrade_config import UPGRADE_CONFIG, read_upgrade_config

EDIT = "Edit it: Advanced → Settings → upgrade-config → ⋮ → Edit Setting."


@rule(
    "preflight-pause-map-invalid",
    short="invalid map of nodes to pause",
    severity=Severity.WARNING,
    needs={"Setting", "Node"},
)
def preflight_pause_map_invalid(facts: Facts) -> Iterator[Hit]:
    """The setting upgrade-config names Nodes to pause that do not exist, or cannot be read.

    From 1.7 on Harvester makes the map of nodes to pause from it when an Upgrade is created. A name without a Node is
    left out of the map without a word, and the upgrade does not pause where it was meant to; a setting that it
    cannot decode refuses the Upgrade, also on 1.6, which reads restoreVM from it.
    """
    require_release(facts, since="v1.6.0")
    try:
        names = _nodes_to_pause(read_upgrade_config(facts))
    except ValueError as error:
        yield _unreadable_hit(facts, str(error))
        return
    require_release(facts, since="v1.7.0")
    if not names:
        raise NotApplicable("the setting upgrade-config names no node to pause")
    known = {node.name for node in facts.pairing.nodes}
    gone = [name for name in names if name not in known]
    if gone:
        yield _missing_hit(facts, gone, all_gone=len(gone) == len(names))


def _nodes_to_pause(config: dict[str, Any]) -> list[str]:
    """Return ``nodeUpgradeOption.strategy.pauseNodes``, which counts in mode ``manual`` only."""
    strategy = (config.get("nodeUpgradeOption") or {}).get("strategy") or {}
    return list(dict.fromkeys(strategy.get("pauseNodes") or [])) if strategy.get("mode") == "manual" else []


def _missing_hit(facts: Facts, gone: list[str], *, all_gone: bool) -> Hit:
    what = "then no node is paused at all" if all_gone else "only the others are paused"
    return Hit(
        subject=UPGRADE_CONFIG,
        message=f"Setting upgrade-config is to pause the upgrade before {join_names([format_value(n) for n in gone])}, "
        f"which {'do' if len(gone) > 1 else 'does'} not exist: Harvester leaves such names out, and {what}",
        evidence=field_evidence(facts, UPGRADE_CONFIG, "value"),
        next=(f"Write the names as `kubectl get nodes` shows them. {EDIT}",),
        targets=tuple(ObjectRef("Node", "", name) for name in gone),
    )


def _unreadable_hit(facts: Facts, why: str) -> Hit:
    return Hit(
        subject=UPGRADE_CONFIG,
        severity=Severity.ERROR,
        message=f"Setting upgrade-config cannot be read ({format_value(why)}): Harvester cannot tell from it "
        "which nodes to pause or which VMs to restart, and refuses every Upgrade",
        evidence=field_evidence(facts, UPGRADE_CONFIG, "value", "default"),
        next=(EDIT,),
    )
