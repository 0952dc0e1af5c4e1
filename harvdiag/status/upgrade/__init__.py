"""The status of an upgrade: where it is, why it is held up, and what can be done.

Faults come from the findings, progress from the states of the objects; nothing is judged here.
"""

from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.upgrade.part import Part
from harvdiag.status.upgrade.status import NodeState, UpgradeStatus

__all__ = ["Diagnosis", "NodeState", "Part", "UpgradeStatus"]
