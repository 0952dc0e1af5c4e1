"""A node of an upgrade as a row of a table."""

from __future__ import annotations

from typing import Any

from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.waiting.node import find_node_wait

__all__ = ["node_row"]


def node_row(run: UpgradeRun, node: NodeUpgrade) -> tuple[Any, ...]:
    """Name, state, step of the handshake, what it waits for, Machine, kubelet, OS, Ready, cordoned, since when."""
    wait = find_node_wait(run, node)
    step = node.handshake.step if node.handshake else None
    machine = node.machines[0].name if node.machines else None
    waits = f"{wait.actor}: {wait.what}"
    parts = (node.name, node.state or "(not listed)", step, waits, machine, node.kubelet, node.os, node.ready)
    return (*(part or None for part in parts), node.cordoned, wait.since or None)
