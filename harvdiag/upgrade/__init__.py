"""The upgrade as the state machine it is: phases, nodes, the drain's handshake, Jobs, and what the planner says.

It tells how things stand; what is wrong with that is for the rules. See docs/objects.md#upgrade-phases.
"""

from harvdiag.upgrade.all import Upgrades
from harvdiag.upgrade.v1 import Upgrade

__all__ = ["Upgrade", "Upgrades"]
