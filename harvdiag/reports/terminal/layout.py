"""The layout of a report in a terminal: headings, labels before wrapped text, and colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SIGNS
from harvdiag.core.wrap import count_cells, wrap_commands, wrap_text
from harvdiag.reports.paint import Paint

__all__ = ["GUTTER", "Layout"]

GUTTER = 11
"""Two blanks, the longest label (Caution) and two more."""


class Layout(NamedTuple):
    """Wraps and paints the text of one report. All text from the cluster passes through `escape_text`."""

    width: int
    paint: Paint

    def wrap(self, text: object, indent: int = 0, hang: int = 0, most: int = 0) -> list[str]:
        """Return the text in lines, the first after `indent` blanks, the others after `hang` more; `most` is as for
        `wrap_text`.
        """
        pad = " " * indent
        return wrap_text(f"{pad}{text}", self.width, pad + " " * hang, most=most)

    def commands(self, text: str, hang: int = 0) -> list[str]:
        """Return the text in lines, with the commands in it whole."""
        return wrap_commands(escape_text(text), self.width, hang)

    def labelled(self, label: str, text: str, hang: int = 0, kind: str = "", gutter: int = GUTTER) -> Iterator[str]:
        """Yield the text with a label before it, dimmed or in the colour of `kind`; commands stay whole."""
        lines = wrap_commands(escape_text(text), self.width - gutter - 2, hang)
        return self.label_lines(label, lines, kind, gutter)

    def label_lines(self, label: str, lines: list[str], kind: str = "", gutter: int = GUTTER) -> Iterator[str]:
        """Yield lines that are wrapped already, the first with a label before it."""
        for number, line in enumerate(lines):
            name = f"{label if number == 0 else '':<{gutter - 2}}"
            name = self.paint.severity(kind, name) if kind else self.paint.dim(name)
            yield f"  {name}{line}"

    def heading(self, word: str, rule: str, subject: object, lead: str = "", indent: int = 0) -> Iterator[str]:
        """Yield severity, rule and subject in one line; if they do not fit, the subject goes below, then the rule."""
        pad = " " * indent
        mark = f"{SIGNS[word]} {word.upper()}"
        parts = [(lead, self.paint.bold(lead)), (mark, self.paint.severity(word, mark)), (rule, rule)]
        parts += [(line, self.paint.bold(line)) for line in wrap_text(subject, self.width - 4 - indent)]
        row, length = "", 0
        for text, painted in parts[not lead :]:
            if row and length + 2 + count_cells(text) > self.width - indent:
                yield f"{pad}{row}"
                row, length = f"    {painted}", 4 + count_cells(text)
            else:
                row, length = f"{row}  {painted}" if row else painted, length + count_cells(text) + 2 * bool(row)
        yield f"{pad}{row}"
