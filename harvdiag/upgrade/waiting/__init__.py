"""Waits: whose turn it is in an upgrade, for what, and since when; read off the states, without judging them."""

from harvdiag.upgrade.waiting.node import at_work, chain, has_turn, under_way, wait_of
from harvdiag.upgrade.waiting.record import Wait, WaitReason, never
from harvdiag.upgrade.waiting.table import row
from harvdiag.upgrade.waiting.whole import in_turn, wait

__all__ = [
    "Wait",
    "WaitReason",
    "at_work",
    "chain",
    "has_turn",
    "in_turn",
    "never",
    "row",
    "under_way",
    "wait",
    "wait_of",
]
