"""Changes that look like faults, and are none."""

from __future__ import annotations

from typing import Any

from harvdiag.training.library.stage import Finds, Stage, change
from harvdiag.training.world.everyday import live_in, upgraded_before
from harvdiag.training.world.objects import condition
from harvdiag.training.world.world import World

__all__ = ["ask_for_restart", "use_for_months"]


@change
def use_for_months(stage: Stage) -> Finds:
    """The cluster has been in use for months, and was upgraded: much of what its users run on it fails."""
    upgraded_before(stage.world, days=3)
    stage.then(_live)
    return ()


@change
def ask_for_restart(stage: Stage) -> Finds:
    """VMs say that they are to be restarted, as they do after an upgrade."""
    stage.then(_restart_required)
    return ()


def _live(world: World) -> None:
    """Add what is not there yet."""
    live_in(world)
    world.objects = [*{_key(obj): obj for obj in reversed(world.objects)}.values()][::-1]


def _restart_required(world: World) -> None:
    for vm in world.find("VirtualMachine"):
        vm["status"].setdefault("conditions", []).append(condition("RestartRequired"))


def _key(obj: dict[str, Any]) -> tuple[str, ...]:
    meta = obj["metadata"]
    return obj["apiVersion"], obj["kind"], meta.get("namespace", ""), meta["name"]
