"""The answers of several clusters in one report: each under its heading; as JSON, a list of their documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from harvdiag.core.escape import escape_markdown, escape_text
from harvdiag.core.findings import Findings
from harvdiag.reports import FORMATS
from harvdiag.reports.json import SCHEMA, build_document, dump_text
from harvdiag.version import __version__

__all__ = ["CONTEXT", "ClusterAnswer", "render_several"]

CONTEXT = "Context"
"""What the name of an answer is by default that of."""


@dataclass(frozen=True, kw_only=True)
class ClusterAnswer:
    """What came of one cluster: findings, or the error that kept it from being read, or both where no check was run."""

    name: str
    findings: Findings | None = None
    error: str = ""
    noun: str = CONTEXT
    """What `name` is the name of."""


def render_several(answers: Sequence[ClusterAnswer], form: str, render_one: Callable[[Findings], str]) -> str:
    """Return all answers in the order given; `render_one` makes the text of one in the same format.

    The JSON is a list with the document of each cluster, as for one cluster alone, and `error` where there was one. Of
    a cluster that could not be read it has `schema`, `tool`, `source` and `error` only. The other formats for programs
    have one document for all.
    """
    if form == "json":
        return dump_text([_build_entry(answer) for answer in answers])
    if FORMATS[form].programs:
        text: str = import_module(f"harvdiag.reports.{FORMATS[form].module}").render_several(answers)
        return text
    heading = _markdown_heading if form == "markdown" else _text_heading
    parts = []
    for number, answer in enumerate(answers, 1):
        body = render_one(answer.findings) if answer.findings is not None else _describe_error(answer, form)
        parts.append(f"{heading(answer, f'{number} of {len(answers)}')}\n\n{body}")
    return "\n".join(parts)


def _build_entry(answer: ClusterAnswer) -> dict[str, Any]:
    error = {"error": answer.error} if answer.error else {}
    if answer.findings is not None:
        return build_document(answer.findings) | error
    tool = {"name": "harvdiag", "version": __version__}
    kind = {"kind": "live"} if answer.noun == CONTEXT else {}
    return {"schema": SCHEMA, "tool": tool, "source": {**kind, "name": answer.name}} | error


def _text_heading(answer: ClusterAnswer, place: str) -> str:
    return f"=== {answer.noun} {escape_text(answer.name)} ({place}) ==="


def _markdown_heading(answer: ClusterAnswer, place: str) -> str:
    return f"*{answer.noun} {escape_markdown(answer.name)} ({place})*"


def _describe_error(answer: ClusterAnswer, form: str) -> str:
    if form == "markdown":
        return f"# {escape_markdown(answer.name)}\n\n**Not read:** {escape_markdown(answer.error)}\n"
    return f"Not read: {escape_text(answer.error)}\n"
