"""The explanation of an upgrade, part by part, in any state."""

from __future__ import annotations

from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.policy import sum_up_policy
from harvdiag.status.upgrade.finished import explain_finished
from harvdiag.status.upgrade.node import explain_node
from harvdiag.status.upgrade.part import Part, PartKey
from harvdiag.status.upgrade.running import explain_running

__all__ = ["explain_upgrade"]


def explain_upgrade(diagnosis: Diagnosis, node: str = "") -> list[Part]:
    """Return the parts for the whole upgrade, or for one node; names are as in the cluster, not yet escaped.

    Raises UsageError for a node that is neither in the cluster nor in the upgrade's list.
    """
    settings = sum_up_policy(diagnosis.findings)
    last = [Part(PartKey.SETTINGS, settings)] if settings else []
    if diagnosis.upgrade_run is None:
        return [*explain_finished(diagnosis, node), *last]
    if node:
        return [*explain_node(diagnosis, diagnosis.upgrade_run, node), *last]
    return [*explain_running(diagnosis, diagnosis.upgrade_run), *last]
