"""Who has to act next in an upgrade, on what, and since when; derived from the states, without judging them."""

from harvdiag.upgrade.waiting.node import (
    find_active_node,
    find_broken_chain,
    find_moving_node,
    find_named_node,
    find_node_wait,
    is_upgrading,
)
from harvdiag.upgrade.waiting.record import Wait, WaitReason, blocked_wait
from harvdiag.upgrade.waiting.table import node_row
from harvdiag.upgrade.waiting.whole import current_node, find_turn, find_wait

__all__ = [
    "Wait",
    "WaitReason",
    "blocked_wait",
    "current_node",
    "find_active_node",
    "find_broken_chain",
    "find_moving_node",
    "find_named_node",
    "find_node_wait",
    "find_turn",
    "find_wait",
    "is_upgrading",
    "node_row",
]
