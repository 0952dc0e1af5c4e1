"""Reports: findings in formats for readers and programs. Pure functions of the findings; nothing is drawn."""

from __future__ import annotations

import os
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harvdiag.core.errors import UsageError
from harvdiag.core.outgoing import vet_outgoing
from harvdiag.core.suggest import did_you_mean, suggest_names

if TYPE_CHECKING:
    from harvdiag.core.findings import Findings

__all__ = ["ENDINGS", "FORMATS", "Format", "form_of", "render", "report_path", "save_report", "write_report"]


class Format(NamedTuple):
    """One format of a report: the module of this package that has its `render`, and the ending of its files.

    One for `programs` is UTF-8 wherever it is written, and its module, but for JSON, has `render_several`, too. `other`
    is a second, longer ending.
    """

    module: str
    ending: str
    programs: bool = False
    other: str = ""


FORMATS = {
    "table": Format("terminal", ".txt"),
    "json": Format("json", ".json", programs=True),
    "markdown": Format("markdown", ".md"),
    "html": Format("html", ".html"),
    "junit": Format("junit", ".xml", programs=True),
    "sarif": Format("sarif", ".sarif", programs=True, other=".sarif.json"),
}
"""The formats by name; only the module of the one asked for is imported."""
ENDINGS = {form.ending: name for name, form in FORMATS.items()}
LONGER = {form.other: name for name, form in FORMATS.items() if form.other}
"""Second endings, of which the last part may be that of another format."""


def render(findings: Findings, form: str) -> str:
    """Return the findings in one of the `FORMATS`; ends with a newline."""
    module = import_module(f"harvdiag.reports.{FORMATS[form].module}")
    text: str = module.render(findings)
    return text


def form_of(file: str | os.PathLike[str]) -> str:
    """Return the format for a file's extension. Raises UsageError for another extension."""
    path = Path(file)
    longer = [form for ending, form in LONGER.items() if path.name.lower().endswith(ending)]
    form = longer[0] if longer else ENDINGS.get(path.suffix.lower())
    if form is None:
        near = did_you_mean(suggest_names(path.suffix.lower(), ENDINGS)) if path.suffix else ""
        raise UsageError(f"{path.name}: a report ends in {', '.join(ENDINGS)}{near}")
    return form


def write_report(findings: Findings, file: str | os.PathLike[str]) -> Path:
    """Write the report in the format of the file's extension; return its path.

    Raises UsageError for another extension and for a file that cannot be written.
    """
    form = form_of(file)
    return save_report(render(findings, form), report_path(file))


def report_path(file: str | os.PathLike[str]) -> Path:
    """Return the path for a report. Raises UsageError for a zip archive: no bundle or snapshot is overwritten."""
    path = Path(file)
    with suppress(OSError, ValueError):  # the write reports these errors
        if path.is_file():
            with path.open("rb") as stream:
                if stream.read(2) == b"PK":
                    raise UsageError(f"{path} cannot be written: it is a zip archive, not a report; give another name")
    return path


def save_report(text: str, file: str | os.PathLike[str]) -> Path:
    """Write a report, completely or not at all; return its path. Raises UsageError if that fails."""
    from harvdiag.io.whole import write_whole

    path = report_path(file)
    vet_outgoing(path.name, text)
    try:
        write_whole(path, text.encode())
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        raise UsageError(f"{path} cannot be written: {getattr(error, 'strerror', error)}") from error
    return path
