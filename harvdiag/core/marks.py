"""The marks of things, and the sign that goes with each in pictures and in text alike.

Meaning is never told by colour alone.
"""

from __future__ import annotations

__all__ = [
    "ABSENT",
    "ERROR",
    "GOOD",
    "HOLLOW",
    "INFO",
    "MISSING",
    "NONE",
    "NOW",
    "PARTLY",
    "PLAIN",
    "SEVERE",
    "SIGNS",
    "TO_COME",
    "TROUBLE",
    "UNSEEN",
    "WAIT",
    "WARNING",
]

ERROR, WARNING, INFO = "error", "warning", "info"
"""The severities of findings, for what they are about."""
GOOD, NOW, WAIT = "good", "now", "wait"
"""Well or done, at work, not begun."""
ABSENT, UNSEEN = "absent", "unseen"
"""Does not exist; may exist, but was not looked at."""
PLAIN, NONE = "plain", "none"
"""Told without a judgement; not asked here."""
TROUBLE = (ERROR, WARNING)
SEVERE = (*TROUBLE, INFO)
"""The marks of what has a finding, the worst first."""
SIGNS = {ERROR: "✗", WARNING: "!", INFO: "i", GOOD: "✓", NOW: "▶", UNSEEN: "?"}
"""The sign of each mark that has one."""
HOLLOW, TO_COME, PARTLY = "○", "·", "◐"
"""Of what does not exist, of what has not begun, of what may be read in some namespaces only."""
MISSING = {ABSENT: "does not exist", UNSEEN: "not seen"}
"""The words for what is not there."""
