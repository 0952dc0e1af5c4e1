"""The marks (severities and states) of what is shown, and the symbol of each in pictures and text.

Meaning is never conveyed by colour alone.
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
"""The severities of findings, as marks of their subjects."""
GOOD, NOW, WAIT = "good", "now", "wait"
"""Healthy or done; in progress; not started."""
ABSENT, UNSEEN = "absent", "unseen"
"""Does not exist; may exist, but was not seen."""
PLAIN, NONE = "plain", "none"
"""Shown without a verdict; does not apply."""
TROUBLE = (ERROR, WARNING)
SEVERE = (*TROUBLE, INFO)
"""The marks of what has a finding, worst first."""
SIGNS = {ERROR: "✗", WARNING: "!", INFO: "i", GOOD: "✓", NOW: "▶", UNSEEN: "?"}
"""The symbol of each mark that has one."""
HOLLOW, TO_COME, PARTLY = "○", "·", "◐"
"""The symbols of what does not exist, has not started, may be read in some namespaces only."""
MISSING = {ABSENT: "does not exist", UNSEEN: "not seen"}
"""The text for objects that are missing."""
