"""Notes: the file in which they are kept, beside the source"""

from harvdiag.notes.attach import carry_notes, open_notes

__all__ = ["carry_notes", "open_notes"]
