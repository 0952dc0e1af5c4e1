"""Colours of a terminal: by severity, bold and dim; none unless asked for. The only module with escape codes."""

from __future__ import annotations

from dataclasses import dataclass

from harvdiag.core.marks import ERROR, GOOD, INFO, WARNING

__all__ = ["Paint"]

COLOURS = {ERROR: "31", WARNING: "33", INFO: "36", GOOD: "32"}


@dataclass(frozen=True)
class Paint:
    """Paints text for a terminal if `colour` is true, and returns it unchanged otherwise.

    Text is escaped and wrapped before it is painted: escape codes take no cells.
    """

    colour: bool = False

    def severity(self, kind: str, text: str) -> str:
        """Return the text in the colour of a severity (``error``, ``warning``, ``info``) or of ``good``, in bold."""
        return self._ansi_text(f"1;{COLOURS[kind]}", text)

    def bold(self, text: str) -> str:
        """Return the text in bold."""
        return self._ansi_text("1", text)

    def dim(self, text: str) -> str:
        """Return the text dimmed: labels, and what repeats."""
        return self._ansi_text("2", text)

    def _ansi_text(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text
