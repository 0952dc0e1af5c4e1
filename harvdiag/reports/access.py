"""Rights as text for a terminal: who one is to a cluster, and what one may list there."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.access.rights import Access
from harvdiag.core.escape import plain
from harvdiag.core.wrap import fill

__all__ = ["render"]

LABEL = 12


def render(access: Access, width: int = 100) -> str:
    """The identity, one line a kind, and why what is refused is; ends in a line break."""
    width = max(width, 40)
    parts = [_identity(access, width), _rights(access, width), _rest(access, width)] if access.rights else []
    text = "\n\n".join("\n".join(part) for part in parts or [_file(access, width)])
    return text.rstrip() + "\n"


def _file(access: Access, width: int) -> Iterator[str]:
    yield from fill(plain(access.context), width)
    for note in access.notes:
        yield from fill(plain(note), width)


def _identity(access: Access, width: int) -> Iterator[str]:
    rows = {
        "context": access.context,
        "server": access.server,
        "user": access.who,
        "known as": access.known_as or "not told (a server names a user only where it refuses something)",
        "kubernetes": access.kubernetes_version or "unknown",
    }
    for name, text in rows.items():
        yield from fill(f"{name:{LABEL}}{plain(text)}", width, LABEL)
    for note in access.notes:
        yield from fill(f"! {plain(note)}", width, 2)


def _rights(access: Access, width: int) -> Iterator[str]:
    """In columns where these fit; else a kind and its resource, and the verdict behind them."""
    wide = max(len(right.kind) for right in access.rights)
    plural = max(len(right.resource) for right in access.rights)
    rows = [f"{r.mark} {r.kind:{wide}}  {r.resource:{plural}}  {plain(r.verdict)}" for r in access.rights]
    if max(map(len, rows)) > width:
        rows = [f"{r.mark} {r.kind}, {r.resource}: {plain(r.verdict)}" for r in access.rights]
    for row in rows:
        yield from fill(row, width, 4)


def _rest(access: Access, width: int) -> Iterator[str]:
    """What it comes to, what the server said, and what to do."""
    lead, command, caution = access.advice
    for text in (access.summary, *access.server_messages, lead):
        yield from fill(plain(text), width) if text else ()
    if command:
        yield f"  {plain(command)}"
    yield from fill(plain(caution), width) if caution else ()
