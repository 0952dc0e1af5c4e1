"""Permissions as text for a terminal: the identity at a cluster and what it may list."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.access.rights import Access
from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SIGNS, WARNING
from harvdiag.core.wrap import wrap_commands
from harvdiag.reports.paint import Paint

__all__ = ["render"]

LABEL = 12


def render(access: Access, width: int = 100, colour: bool = False) -> str:
    """Return the identity, one line per kind, and the reasons for refusals; ends with a newline."""
    width, paint = max(width, 40), Paint(colour)
    parts = (
        [_identity_lines(access, width, paint), _permission_lines(access, width, paint), _advice_lines(access, width)]
        if access.rights
        else []
    )
    text = "\n\n".join("\n".join(part) for part in parts or [_file_lines(access, width)])
    return text.rstrip() + "\n"


def _file_lines(access: Access, width: int) -> Iterator[str]:
    yield from wrap_commands(escape_text(access.context), width)
    for note in access.notes:
        yield from wrap_commands(escape_text(note), width)


def _identity_lines(access: Access, width: int, paint: Paint) -> Iterator[str]:
    rows = {
        "context": access.context,
        "server": access.server,
        "user": access.who,
        "known as": access.known_as or "unknown (a server names the user only when it refuses a request)",
        "kubernetes": access.kubernetes_version or "unknown",
    }
    for name, text in rows.items():
        first, *others = wrap_commands(f"{name:{LABEL}}{escape_text(text)}", width, LABEL)
        yield paint.dim(first[:LABEL]) + first[LABEL:]
        yield from others
    for note in access.notes:
        yield from _mark_lines(SIGNS[WARNING], escape_text(note), width, paint, 2)


def _permission_lines(access: Access, width: int, paint: Paint) -> Iterator[str]:
    """In columns if they fit; otherwise the kind and its resource, then the verdict."""
    wide = max(len(right.kind) for right in access.rights)
    plural = max(len(right.resource) for right in access.rights)
    rows = [f"{r.kind:{wide}}  {r.resource:{plural}}  {escape_text(r.verdict)}" for r in access.rights]
    if max(map(len, rows)) + 2 > width:
        rows = [f"{r.kind}, {r.resource}: {escape_text(r.verdict)}" for r in access.rights]
    for right, row in zip(access.rights, rows, strict=True):
        yield from _mark_lines(right.mark, row, width, paint, 4)


def _mark_lines(mark: str, text: str, width: int, paint: Paint, hang: int) -> Iterator[str]:
    """The text after its mark, of which only the mark has a colour."""
    first, *others = wrap_commands(f"{mark} {text}", width, hang)
    yield paint.sign(first[:1]) + first[1:]
    yield from others


def _advice_lines(access: Access, width: int) -> Iterator[str]:
    """The summary, the server's messages, and what to do."""
    lead, command, caution = access.advice
    for text in (access.summary, *access.server_messages, lead):
        yield from wrap_commands(escape_text(text), width) if text else ()
    if command:
        yield f"  {escape_text(command)}"
    yield from wrap_commands(escape_text(caution), width) if caution else ()
