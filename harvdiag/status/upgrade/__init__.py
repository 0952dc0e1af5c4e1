"""The status of an upgrade: where it stands, why, and what may be done, in the words of a colleague.

What it says of faults comes from the findings; what it says of progress, from the states. It judges nothing itself.
"""

from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.upgrade.part import Part
from harvdiag.status.upgrade.status import UpgradeStatus

__all__ = ["Diagnosis", "Part", "UpgradeStatus"]
