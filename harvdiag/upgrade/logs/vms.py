"""Whether a hook Job has come so far that it waits for the VMs to leave."""

from __future__ import annotations

from harvdiag.upgrade.logs.quote import Quote

__all__ = ["waits_for_vms"]

WAITING = "Waiting for VM "
"""The line of the Job's log after it has set the taint; before that it waits for volumes."""


def waits_for_vms(quote: Quote) -> bool:
    """Return whether a line of a pre-drain Job's log says that it waits for VMs."""
    return WAITING in quote.line
