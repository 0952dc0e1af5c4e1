"""Reports: findings in the form that a reader or a program wants. Pure functions of the findings; nothing is drawn."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from harvdiag.errors import UsageError
from harvdiag.findings import Findings

__all__ = ["FORMATS", "render", "write"]

FORMATS = {"table": "terminal", "json": "json", "markdown": "markdown"}
"""The module of this package that renders each format; only the one asked for is imported."""
ENDINGS = {".txt": "table", ".json": "json", ".md": "markdown"}


def __dir__() -> list[str]:
    return __all__


def render(findings: Findings, form: str) -> str:
    """The findings as ``table``, ``json`` or ``markdown``; ends in a line break."""
    module = import_module(f"harvdiag.reports.{FORMATS[form]}")
    text: str = module.render(findings)
    return text


def write(findings: Findings, file: str | os.PathLike[str]) -> Path:
    """Write the report that the file's ending names. Raises UsageError for another ending."""
    path = Path(file)
    form = ENDINGS.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"{path.name}: a report ends in {', '.join(ENDINGS)}")
    path.write_text(render(findings, form), encoding="utf-8")
    return path
