"""A draft as the text of a file: whatever a name contains, it stays a value, and a comment stays one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from harvdiag.core.escape import escape_text
from harvdiag.cure.drafts.model import Draft

__all__ = ["file_name", "render_draft"]

STRANGE = re.compile(r"[^A-Za-z0-9._-]+")
COMMAND = re.compile(r"`[^`]+`")
KEPT = "\0"
"""What stands for a blank of a command while lines are broken; no text has it, as it is escaped."""
LONGEST = 120
WIDTH = 116
WORDS = frozenset({"y", "n", "on", "off", "yes", "no", "true", "false", "null"})
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-./][A-Za-z0-9]+)*")
"""Texts that every parser of YAML takes for one without quotes."""


def file_name(name: str) -> str:
    """Return a name that is one of a file in the folder itself, whatever the name of a Node contains."""
    return STRANGE.sub("_", name)[-LONGEST:].lstrip(".") or "draft"


def render_draft(draft: Draft) -> str:
    """Return the text of a draft: its dangers, what is open and where each field is from, as comments, then itself."""
    body = _manifest(draft) if draft.objects else _script(draft)
    first = [] if draft.objects else ["#!/bin/sh"]
    return "\n".join([*first, *_head(draft), body]) + "\n"


def _head(draft: Draft) -> Iterator[str]:
    yield from _comment(f"{draft.title}.")
    yield from _comment("A draft that harvdiag derived from what it read; it has applied nothing. Read it whole first.")
    told = [(f"{field}: {source}") for field, source in draft.sources]
    for title, rows in (("Dangers:", draft.dangers), ("Open, to be filled in:", draft.untold), ("From:", told)):
        if rows:
            yield "#"
            yield from _comment(title)
            for row in rows:
                yield from _comment(row, "- ")


def _comment(text: str, mark: str = "") -> Iterator[str]:
    """Lines of a comment. A line feed in a name is escaped, so that it does not end one; a command is never broken."""
    whole = COMMAND.sub(lambda found: found[0].replace(" ", KEPT), escape_text(text))
    rows = wrap(whole, WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    for number, row in enumerate(rows):
        yield f"# {' ' * len(mark) if number else mark}{row.replace(KEPT, ' ')}"


def _script(draft: Draft) -> str:
    return "\n".join(map(escape_text, draft.lines))


def _manifest(draft: Draft) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes each text in quotes that a parser might take for another value: 405862e486 for a number."""

        def ignore_aliases(self, _: Any) -> bool:
            return True

    def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
        style = None if PLAIN.fullmatch(text) and text.lower() not in WORDS else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent_text)
    texts = (
        yaml.dump(obj, Dumper=Dumper, sort_keys=False, allow_unicode=False, width=10**9, default_flow_style=False)
        for obj in draft.objects
    )
    return "".join(f"---\n{text}" for text in texts).rstrip("\n")
