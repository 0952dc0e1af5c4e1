"""A notebook as one page without a script, that loads nothing: for any browser, a phone, and paper."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

from harvdiag.core.escape import escape_text
from harvdiag.share.run.library import load_library
from harvdiag.version import __version__

__all__ = ["render_page"]

TEMPLATE = "notebook.html.j2"
SHOWN = ("text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/latex", "text/plain")
"""The forms of an output that a page can show, best first; all others need a script."""
ALT = 300
"""The most characters of an output's plain text that describe its picture."""
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def render_page(document: Any) -> str:
    """Return the page of a notebook with its outputs; ends with a newline."""
    exporter = _make_exporter()
    body, _ = exporter.from_notebook_node(_prepare(document))
    return f"{body.strip()}\n"


def _prepare(document: Any) -> Any:
    """A copy of which no output has a form that a page cannot show, and no text anything but characters."""
    from copy import deepcopy

    copied = deepcopy(document)
    for cell in copied.cells:
        for output in cell.get("outputs", ()):
            if "data" in output:
                output.data = {form: output.data[form] for form in SHOWN if form in output.data}
    copied.metadata = {**copied.metadata, "title": _title(copied)}
    return copied


def _title(document: Any) -> str:
    lines = (line for cell in document.cells if cell.cell_type == "markdown" for line in cell.source.splitlines())
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), "Notebook")


def _make_exporter() -> Any:
    nbconvert = load_library("nbconvert")
    from jinja2 import DictLoader
    from traitlets.config import Config

    from harvdiag.share.run.sanitize import sanitize

    config = Config()
    config.NbConvertBase.display_data_priority = list(SHOWN)
    own = files("harvdiag.share.run")
    exporter = nbconvert.HTMLExporter(
        config=config,
        template_name="basic",
        extra_loaders=[DictLoader({TEMPLATE: own.joinpath(TEMPLATE).read_text(encoding="utf-8")})],
        template_file=TEMPLATE,
        filters={"sanitize": sanitize, "plain": _plain, "alt": _alt},
    )
    exporter.environment.globals |= {
        "version": __version__,
        "style": own.joinpath("notebook.css").read_text(encoding="utf-8"),
    }
    return exporter


def _plain(text: str) -> str:
    """Text as it is, without colours; control characters but line feeds and tabs are escaped."""
    return "\n".join(map(escape_text, ANSI.sub("", text).split("\n")))


def _alt(output: Any) -> str:
    """What describes a picture: its alternative text, else the output as plain text."""
    given = (
        value["alt"] for value in output.get("metadata", {}).values() if isinstance(value, dict) and "alt" in value
    )
    return escape_text(str(next(given, output.data.get("text/plain", "picture")))[:ALT])
