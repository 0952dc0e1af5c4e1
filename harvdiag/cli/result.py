"""A result that a command writes: as text to the terminal, or to a file whose ending says the form, or as a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from harvdiag.cli.files import check_output, write_written
from harvdiag.cli.output import terminal_width, use_colour, write_stdout
from harvdiag.core.errors import UsageError

__all__ = ["PICTURES", "Form", "Written", "check_form", "write_result"]

PICTURES = (".svg", ".png")
WIDEST = 120


@dataclass(frozen=True, kw_only=True)
class Written:
    """How results of a sort are written."""

    package: str
    """The package of its reports: `ENDINGS`, `render`, and the module `terminal` for its text."""
    noun: str
    """``a simulation``"""
    plain: str = "table"
    """The name of the form for a terminal."""
    pictures: tuple[str, ...] = PICTURES
    """The endings of its picture; none where nothing is drawn of it."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """What the options say: the name of a form, else a file whose ending tells it; whether nothing is folded."""

    name: str | None
    output: Path | None
    full: bool

    def is_picture(self, written: Written) -> bool:
        """Whether a picture is asked for."""
        return self.output is not None and self.output.suffix.lower() in written.pictures


def check_form(written: Written, form: Form, *sources: str | None) -> None:
    """Raise UsageError, before anything is read, for a file that cannot be written, or options that contradict."""
    if form.output is None:
        return
    if form.name and form.is_picture(written):
        raise UsageError(f"{form.output} is a picture: leave out --format {form.name}")
    endings = (*import_module(written.package).ENDINGS, *written.pictures)
    for source in sources or (None,):
        check_output(form.output, () if form.name else endings, written.noun, source)


def write_result(result: Any, written: Written, form: Form, summarize: Callable[[], str]) -> None:
    """Write a result as the options say; of one in a file, stderr has the summary."""
    if form.output is not None and form.is_picture(written):
        from harvdiag.figures import draw

        figure = draw(result)
        write_written(figure.save(form.output), figure.title)
        return
    name = form.name or _form_of(written, form.output)
    plain = name == written.plain
    if form.output is None and plain:
        write_stdout(_render_plain(result, written, use_colour(), form.full), color=True)
        return
    text: str = _render_plain(result, written) if plain else import_module(written.package).render(result, name)
    if form.output is not None:
        from harvdiag.reports import save_report

        write_written(save_report(text, form.output), summarize())
    else:  # JSON is UTF-8 (RFC 8259), whatever the terminal's encoding is
        write_stdout(text.encode() if name == "json" else text, color=True)


def _form_of(written: Written, output: Path | None) -> str:
    name: str = written.plain if output is None else import_module(written.package).ENDINGS[output.suffix.lower()]
    return name


def _render_plain(result: Any, written: Written, colour: bool = False, full: bool = True) -> str:
    text: str = import_module(f"{written.package}.terminal").render(result, terminal_width(WIDEST), colour, full)
    return text
