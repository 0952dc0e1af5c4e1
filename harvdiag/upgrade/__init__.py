"""The upgrade as a state machine: phases, nodes, the drain's handshake, Jobs, and the planner's messages.

It describes the state; what is wrong with it is for the rules. See docs/objects.md#upgrade-phases.
"""

from harvdiag.upgrade.all import Upgrades
from harvdiag.upgrade.v1 import Upgrade

__all__ = ["Upgrade", "Upgrades"]
