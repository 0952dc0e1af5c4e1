"""Files that a command writes with --output: refused before anything is read, and named once they are written."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from harvdiag.cli.output import write_note
from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import did_you_mean, suggest_names

__all__ = ["check_ending", "check_output", "write_written"]

FORMS = {"json", "yaml", "wide", "name", "table", "markdown", "text", "svg", "png", "html"}
"""Words that kubectl takes after -o, and our own formats: no one names a file so."""
UNITS = ((1e6, "MB"), (1e3, "kB"))


def check_output(output: Path, endings: Collection[str], what: str, source: str | None = None) -> Path:
    """Return the file to write. `endings` are those that decide on the format of `what`; none where an option does.

    Raises UsageError, in one line, for standard output, the name of a format, another ending, a folder, a place that
    is not there or may not be written, the `source` itself, and a zip archive, which may be a bundle.
    """
    from harvdiag.reports import report_path

    if str(output) == "-":
        raise UsageError(f"{what} is not written to a file named -: leave out -o to print it, or name a file")
    try:
        if output.exists() and not output.is_file() and not output.is_dir():
            return output  # such as /dev/null
        if endings:
            check_ending(output, endings, what)
        why = _refuse_place(output) or _refuse_source(output, source)
    except (OSError, ValueError) as error:  # such as a name that is too long
        why = str(getattr(error, "strerror", None) or "not the name of a file").lower()
    if why:
        raise UsageError(f"{output} cannot be written: {why}")
    return report_path(output)


def check_ending(output: Path, endings: Collection[str], what: str) -> None:
    """Raise UsageError for a file whose ending is none of those of `what`, or that has the name of a format."""
    ending = output.suffix.lower()
    if ending in endings:
        return
    *most, last = endings
    choice = f"{', '.join(most)} or {last}" if most else last
    if not ending and output.name.lower() in FORMS:
        raise UsageError(f"-o names a file, and {output} is a format: {what} ends in {choice}")
    near = did_you_mean(suggest_names(ending, endings)) if ending else ""
    raise UsageError(f"{output}: {what} ends in {choice}{near}")


def _refuse_place(output: Path) -> str:
    """Why nothing can be written there; empty where it can."""
    parent = output.parent
    if output.is_dir():
        return "it is a folder; name a file in it"
    if not parent.is_dir():
        return f"{parent} is a file, not a folder" if parent.exists() else f"the folder {parent} does not exist"
    if not os.access(output if output.exists() else parent, os.W_OK):
        return "no permission" if output.exists() else f"no permission to write into the folder {parent}"
    return ""


def _refuse_source(output: Path, source: str | None) -> str:
    from harvdiag.io.missing import exists

    same = source and output.exists() and exists(Path(source)) and output.samefile(source)
    return "it is the SOURCE; give another name" if same else ""


def write_written(path: Path, what: str, then: str = "") -> None:
    """Say on stderr what was written, how large it is, and what to do next."""
    try:
        size = f" ({format_size(path.stat().st_size)})" if path.is_file() else ""
    except OSError:
        size = ""
    write_note(f"Written: {path}{size}: {what}")
    if then:
        write_note(f"Next: {then}")


def format_size(size: int) -> str:
    """Return a size in bytes as ``812 bytes``, ``9.1 kB`` or ``1.2 MB``."""
    for unit, name in UNITS:
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size} bytes"
