"""Notes: the file in which they are kept, beside the source"""

from harvdiag.notes.attach import open_notes

__all__ = ["open_notes"]
