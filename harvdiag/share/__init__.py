"""Sharing: what was found, with the pictures of it, as one file to hand on."""

from __future__ import annotations

import os
from pathlib import Path

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.findings import Findings, UncheckedError
from harvdiag.reports import FORMATS, form_of, render, save_report
from harvdiag.sources.saved.writer import default_name

__all__ = ["check_anyway", "name_report", "render_report", "write_report"]

PAGE = "html"


def write_report(shown: Cluster | Findings, file: str | os.PathLike[str]) -> Path:
    """Write a report in the format of the file's extension; return its path.

    Of a cluster it has all findings, and the page has pictures; findings alone give the page without pictures. That of
    a redacted cluster is looked through first. Raises UsageError for another extension, for a file that cannot be
    written, and for anything else to report on, and SourceError where something original is left.
    """
    if not isinstance(shown, Cluster | Findings):
        raise UsageError(
            f"a report is about a cluster or findings, as hd.open and check return them, not {type(shown).__name__}"
        )
    text = render_report(shown, form_of(file))
    redactor = shown.snapshot.redactor if isinstance(shown, Cluster) else None
    if redactor is not None:
        redactor.vet({Path(file).name: text.encode("utf-8", "surrogateescape")})
    return save_report(text, file)


def render_report(shown: Cluster | Findings, form: str, findings: Findings | None = None) -> str:
    """Return the text of a report in one of the `FORMATS`; that of a cluster of which no check could be run, too.

    `findings` are those of the cluster, where they are at hand.
    """
    if isinstance(shown, Findings):
        return render(shown, form)
    told = findings if findings is not None else check_anyway(shown)[0]
    if form != PAGE:
        return render(told, form)
    from harvdiag.reports.html import render_page
    from harvdiag.share.pictures import draw_pictures

    return render_page(told, draw_pictures(shown))


def check_anyway(cluster: Cluster) -> tuple[Findings, UncheckedError | None]:
    """Return the findings; where no check could be run there are none, and the error that says so is with them."""
    try:
        return cluster.check(), None
    except UncheckedError as error:
        return error.findings, error


def name_report(cluster: Cluster, form: str) -> str:
    """Return a file name with source and time: ``lab-2026-11-23T18-10-00Z-report.html``."""
    return default_name(cluster.snapshot.manifest, f"-report{FORMATS[form].ending}")
