"""The templates of the page: everything that they print is escaped, with every control character in it."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from harvdiag.core.escape import escape_text, is_web_link
from harvdiag.core.listing import group_by
from harvdiag.core.marks import SIGNS
from harvdiag.core.model import Finding
from harvdiag.reports.html import words
from harvdiag.reports.html.notes import render_note
from harvdiag.status.answer import HOLDS, name_alike
from harvdiag.status.summary import format_count, format_evidence

__all__ = ["load_template"]


def load_template(name: str = "report.html.j2") -> Template:
    """Return the template of a page."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("harvdiag.reports.html", ""),
        autoescape=True,
        finalize=_clean_value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    env.globals.update(
        signs=SIGNS,
        anchor=_anchor_of,
        alike=words.describe_followers,
        by_object=lambda evidence: group_by(evidence, lambda each: each.object),
        clause=words.describe_row,
        commands=words.split_commands,
        count=format_count,
        count_rules=words.count_rules,
        count_statuses=words.count_statuses,
        data=_data_address,
        few=words.name_few,
        holds=HOLDS,
        is_web=is_web_link,
        markdown=render_note,
        pieces=words.split_path,
        said_of=words.said_of,
        short_link=words.shorten_link,
        subjects=name_alike,
        value=format_evidence,
        when=words.format_when,
    )
    return env


def _clean_value(value: Any) -> Any:
    """What a template prints, in one line, unless it is HTML already; autoescape does the rest."""
    return value if hasattr(value, "__html__") or value is None else escape_text(value)


def _anchor_of(finding: Finding) -> str:
    """The id of a finding in the page; the same in every report that has it."""
    return f"f-{sha256(finding.fingerprint.encode(errors='replace')).hexdigest()[:12]}"


def _data_address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
