"""Sharing: what was found, with the pictures of it, as one file to hand on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.findings import Findings, UncheckedError
from harvdiag.reports import FORMATS, form_of, render, save_report
from harvdiag.sources.saved.writer import default_name

if TYPE_CHECKING:  # a check imports nothing that only a preflight needs
    from harvdiag.status.preflight import Preflight

__all__ = ["check_anyway", "name_report", "preflight_anyway", "render_report", "write_report"]

PAGE = "html"


def write_report(shown: Cluster | Findings | Preflight, file: str | os.PathLike[str]) -> Path:
    """Write a report in the format of the file's extension; return its path.

    Of a cluster it has all findings, and the page has pictures; findings alone give the page without pictures, a
    preflight its check-list. That of a redacted cluster is looked through first. Raises UsageError for another
    extension, for a file that cannot be written, and for anything else to report on, and SourceError where something
    original is left.
    """
    if not (isinstance(shown, Cluster | Findings) or _is_preflight(shown)):
        raise UsageError(
            "a report is about a cluster, findings or a preflight, as hd.open, check and preflight return them, "
            f"not {type(shown).__name__}"
        )
    text = render_report(shown, form_of(file))
    redactor = shown.snapshot.redactor if isinstance(shown, Cluster) else None
    if redactor is not None:
        redactor.vet({Path(file).name: text.encode("utf-8", "surrogateescape")})
    return save_report(text, file)


def render_report(shown: Cluster | Findings | Preflight, form: str, told: Findings | Preflight | None = None) -> str:
    """Return the text of a report in one of the `FORMATS`; that of a cluster of which no check could be run, too.

    `told` is what the report of a cluster is about, where it is at hand: its findings, or a preflight.
    """
    about = told if told is not None else check_anyway(shown)[0] if isinstance(shown, Cluster) else shown
    if not isinstance(about, Findings):
        from harvdiag.reports.preflight import render as render_preflight

        return render_preflight(about, form)
    if form != PAGE or not isinstance(shown, Cluster):
        return render(about, form)
    from harvdiag.reports.html import render_page
    from harvdiag.share.pictures import draw_pictures

    return render_page(about, draw_pictures(shown))


def _is_preflight(shown: object) -> bool:
    from harvdiag.status.preflight import Preflight

    return isinstance(shown, Preflight)


def check_anyway(cluster: Cluster) -> tuple[Findings, UncheckedError | None]:
    """Return the findings; where no check could be run there are none, and the error that says so is with them."""
    try:
        return cluster.check(), None
    except UncheckedError as error:
        return error.findings, error


def preflight_anyway(cluster: Cluster, target: str) -> tuple[Findings | Preflight, UncheckedError | None]:
    """Return the preflight; where no check could be run, the empty findings, and the error that says so with them."""
    try:
        return cluster.preflight(target), None
    except UncheckedError as error:
        return error.findings, error


def name_report(cluster: Cluster, form: str, told: Findings | Preflight) -> str:
    """Return a file name with source and time: ``lab-2026-11-23T18-10-00Z-report.html``, or ``…-preflight.html``."""
    what = "report" if isinstance(told, Findings) else "preflight"
    return default_name(cluster.snapshot.manifest, f"-{what}{FORMATS[form].ending}")
