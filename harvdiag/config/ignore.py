"""The ignore list in the file: ``[[ignore]]``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from harvdiag.config.section import Section, show_value
from harvdiag.core.ignore import Ignore, SubjectPattern, fits
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.kinds import CATALOGUE, find_kind

__all__ = ["read_ignore"]

WILD = frozenset("*?[")


def read_ignore(entry: Section, rules: Mapping[str, str], kinds: Collection[str]) -> Ignore:
    """Return the entry; what is wrong with it is noted in the section."""
    of, subjects = entry.texts("rule"), entry.texts("subject")
    words = {*rules, *rules.values()}
    for pattern in of:
        if not any(fits(word, (pattern,)) for word in words):
            near = did_you_mean(suggest_names(pattern, words)) or "; see `harvdiag rules`"
            entry.fail("rule", f"no check or family is called {show_value(pattern)}{near}")
    if not of and not subjects and not {"rule", "subject"} & {*entry.table}:
        entry.fail("", "names nothing: give rule, subject, or both")
    ignore = Ignore(
        rules=of,
        subjects=tuple(filter(None, (_read_subject(entry, text, kinds) for text in subjects))),
        reason=entry.text("reason", "say why these findings do not count"),
        expires=entry.read("expires", _as_day, "a date, such as 2027-01-31", None),
        place=entry.place,
    )
    entry.close()
    return ignore


def _read_subject(entry: Section, text: str, kinds: Collection[str]) -> SubjectPattern | None:
    """``srv09``, ``Node/srv0*`` or ``Machine/fleet-local/custom-*``"""
    parts = text.split("/")
    if len(parts) > 3 or not all(parts):
        entry.fail("subject", f"{show_value(text)} is not NAME, KIND/NAME or KIND/NAMESPACE/NAME")
        return None
    kind, *middle = parts[:-1] or ("*",)
    if not WILD & {*kind}:
        found = find_kind(kind)
        if found is None and kind.lower() not in kinds:
            entry.fail("subject", f"no kind is called {show_value(kind)}{did_you_mean(suggest_names(kind, CATALOGUE))}")
        kind = found.name if found else kind
    return SubjectPattern(kind, middle[0] if middle else "*", parts[-1])


def _as_day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
