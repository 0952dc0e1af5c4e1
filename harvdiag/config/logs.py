"""Log patterns of one's own in the file: ``[[log]]``."""

from __future__ import annotations

from harvdiag.config.parts import read_expression, read_links, read_name, read_severity, read_templates, read_where
from harvdiag.config.section import SPAN, Section, as_span
from harvdiag.core.local import LocalLog

__all__ = ["read_log"]

WORDS = ("name", "namespace", "kind")
"""What may stand between braces in the steps."""


def read_log(section: Section) -> LocalLog:
    """Return the pattern; what is wrong with it is noted in the section."""
    log = LocalLog(
        name=read_name(section),
        pattern=read_expression(section, "pattern", "give a regular expression that the lines match"),
        meaning=section.text("meaning", 'say what such a line means, such as "the disk fails"'),
        newer_than=section.read("newer-than", as_span, SPAN, None),
        where=read_where(section, of_logs=True),
        severity=read_severity(section),
        why=section.text("why"),
        next=read_templates(section, "next", WORDS),
        links=read_links(section),
    )
    section.close()
    return log
