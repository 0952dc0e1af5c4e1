"""Permissions as text for a terminal: the identity at a cluster and what it may list."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.access.rights import Access
from harvdiag.core.escape import escape_text
from harvdiag.core.wrap import wrap_commands

__all__ = ["render"]

LABEL = 12


def render(access: Access, width: int = 100) -> str:
    """Return the identity, one line per kind, and the reasons for refusals; ends with a newline."""
    width = max(width, 40)
    parts = (
        [_identity_lines(access, width), _permission_lines(access, width), _advice_lines(access, width)]
        if access.rights
        else []
    )
    text = "\n\n".join("\n".join(part) for part in parts or [_file_lines(access, width)])
    return text.rstrip() + "\n"


def _file_lines(access: Access, width: int) -> Iterator[str]:
    yield from wrap_commands(escape_text(access.context), width)
    for note in access.notes:
        yield from wrap_commands(escape_text(note), width)


def _identity_lines(access: Access, width: int) -> Iterator[str]:
    rows = {
        "context": access.context,
        "server": access.server,
        "user": access.who,
        "known as": access.known_as or "unknown (a server names the user only when it refuses a request)",
        "kubernetes": access.kubernetes_version or "unknown",
    }
    for name, text in rows.items():
        yield from wrap_commands(f"{name:{LABEL}}{escape_text(text)}", width, LABEL)
    for note in access.notes:
        yield from wrap_commands(f"! {escape_text(note)}", width, 2)


def _permission_lines(access: Access, width: int) -> Iterator[str]:
    """In columns if they fit; otherwise the kind and its resource, then the verdict."""
    wide = max(len(right.kind) for right in access.rights)
    plural = max(len(right.resource) for right in access.rights)
    rows = [f"{r.mark} {r.kind:{wide}}  {r.resource:{plural}}  {escape_text(r.verdict)}" for r in access.rights]
    if max(map(len, rows)) > width:
        rows = [f"{r.mark} {r.kind}, {r.resource}: {escape_text(r.verdict)}" for r in access.rights]
    for row in rows:
        yield from wrap_commands(row, width, 4)


def _advice_lines(access: Access, width: int) -> Iterator[str]:
    """The summary, the server's messages, and what to do."""
    lead, command, caution = access.advice
    for text in (access.summary, *access.server_messages, lead):
        yield from wrap_commands(escape_text(text), width) if text else ()
    if command:
        yield f"  {escape_text(command)}"
    yield from wrap_commands(escape_text(caution), width) if caution else ()
