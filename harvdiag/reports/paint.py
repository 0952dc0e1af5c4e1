"""Colours of a terminal: by severity, bold and dim; none unless asked for. The only module with escape codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.marks import ERROR, GOOD, INFO, NOW, PARTLY, SIGNS, UNSEEN, WARNING

__all__ = ["Paint"]

COLOURS = {ERROR: "31", WARNING: "33", INFO: "36", GOOD: "32"}
KINDS = {SIGNS[NOW]: INFO, SIGNS[UNSEEN]: WARNING, PARTLY: WARNING} | {SIGNS[kind]: kind for kind in COLOURS}
SIGN = rf"(?<!\S)[{''.join(KINDS)}](?!\S)"
"""A sign that stands alone: within a name or a sentence it means nothing."""
LABEL = r"[A-Z][a-z]+( [a-z]+)*(?=  +\S)"
CAUTION = "Caution"


class Paint(NamedTuple):
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

    def sign(self, sign: str) -> str:
        """Return a sign (``✗``, ``✓``, …) in its colour."""
        return self.severity(KINDS[sign], sign) if sign in KINDS else sign

    def page(self, title: str, text: str) -> str:
        """Return a picture's text with its title in bold, its signs in their colours and its labels dimmed."""
        return "\n".join(self._page_lines(title, text)) if self.colour else text

    def _page_lines(self, title: str, text: str) -> Iterator[str]:
        left = title.split()
        for line in text.split("\n"):
            words = line.split()
            if left and words == left[: len(words)]:
                left = left[len(words) :]
                yield self.bold(line)
            else:
                left = []
                signed = re.sub(SIGN, lambda match: self.sign(match[0]), line)
                yield re.sub(LABEL, self._paint_label, signed, count=1)

    def _paint_label(self, label: re.Match[str]) -> str:
        if label.start():
            return label[0]
        return self.severity(WARNING, label[0]) if label[0] == CAUTION else self.dim(label[0])

    def _ansi_text(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text
