"""The explanation of an upgrade, part by part, whatever state it is in."""

from __future__ import annotations

from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.upgrade import finished as over
from harvdiag.status.upgrade import node as one
from harvdiag.status.upgrade import running as whole
from harvdiag.status.upgrade.part import Part

__all__ = ["explain_upgrade"]


def explain_upgrade(diagnosis: Diagnosis, node: str = "") -> list[Part]:
    """The parts for the whole upgrade, or for one node; as the cluster has it, not yet made fit for a terminal.

    Raises UsageError for a node that is neither in the cluster nor in the upgrade's list.
    """
    if diagnosis.rollout is None:
        return list(over.explain_finished(diagnosis, node))
    if node:
        return list(one.explain_node(diagnosis, diagnosis.rollout, node))
    return list(whole.explain_running(diagnosis, diagnosis.rollout))
