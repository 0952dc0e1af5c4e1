"""Fields that checks and log patterns of one's own have in common: names, links, severities, expressions, places."""

from __future__ import annotations

import re
from collections.abc import Collection
from string import Formatter

from harvdiag.config.regex import find_fault
from harvdiag.config.section import Section, show_value
from harvdiag.core.errors import UsageError
from harvdiag.core.local import Where
from harvdiag.core.model import Severity
from harvdiag.core.selector import parse_selector
from harvdiag.core.suggest import did_you_mean, suggest_names

__all__ = [
    "read_expression",
    "read_links",
    "read_name",
    "read_severity",
    "read_template",
    "read_templates",
    "read_where",
]

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\|()\[\]{}]+")
_ISSUE = re.compile(r"([\w.-]+/[\w.-]+)#(\d+)")
LONGEST = 80


def read_name(section: Section) -> str:
    """Return the name, which is that of its check in every report."""
    name = section.text("name", "give the check a name, such as node-without-rack")
    if name and (not _NAME.fullmatch(name) or len(name) > LONGEST):
        section.fail("name", f"{show_value(name)} is not a name: use a-z, 0-9 and -, no more than {LONGEST} of them")
    return name


def read_severity(section: Section) -> Severity:
    """Return the severity; a warning where none is given."""
    return Severity(section.choice("severity", [str(severity) for severity in Severity], str(Severity.WARNING)))


def read_links(section: Section) -> tuple[str, ...]:
    """Return the addresses: given as such, or as an issue of GitHub, ``harvester/harvester#8236``."""
    links = []
    for key in ("links", "link"):
        for text in section.texts(key):
            issue = _ISSUE.fullmatch(text)
            links.append(f"https://github.com/{issue[1]}/issues/{issue[2]}" if issue else text)
            if not _ADDRESS.fullmatch(links[-1]):
                section.fail(key, f"{show_value(text)} is not an address (https://…) or an issue (owner/name#number)")
    return tuple(links)


def read_expression(section: Section, key: str, missing: str = "") -> str:
    """Return a regular expression that can be used; else an empty text."""
    pattern = section.text(key, missing)
    if fault := find_fault(pattern):
        section.fail(key, f"{show_value(pattern)}: {fault}")
        return ""
    return pattern


def read_template(section: Section, key: str, words: Collection[str], missing: str) -> str:
    """Return a text in which ``{name}`` and the like stand for something; braces of its own are doubled."""
    text = section.text(key, missing)
    if fault := _find_fault(text, words):
        section.fail(key, f"{show_value(text)}: {fault}")
    return text


def read_templates(section: Section, key: str, words: Collection[str]) -> tuple[str, ...]:
    """Return such texts, of which there may be none."""
    texts = section.texts(key)
    for text in texts:
        if fault := _find_fault(text, words):
            section.fail(key, f"{show_value(text)}: {fault}")
    return texts


def _find_fault(text: str, words: Collection[str]) -> str:
    try:
        fields = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(text) if name is not None]
    except ValueError:
        return "a brace is not closed: write {{ and }} for braces"
    for name, spec, conversion in fields:
        if name not in words or spec or conversion:
            near = did_you_mean(suggest_names(name, words)) or f"; known are {', '.join(words)}"
            return f"{{{name}}} stands for nothing{near} (write {{{{ and }}}} for braces)"
    return ""


def read_where(section: Section, of_logs: bool = False) -> Where:
    """Return which objects, or logs, are looked at: patterns of namespaces and names, labels, or containers."""
    inner = section.inner("where")
    labels = "" if of_logs else inner.text("labels")
    if labels:
        try:
            parse_selector(labels)
        except UsageError as error:
            inner.fail("labels", str(error))
    where = Where(
        namespaces=inner.texts("namespace"),
        names=inner.texts("name"),
        labels=labels,
        parts=inner.texts("container") if of_logs else (),
    )
    inner.close()
    return where
