"""What every container of files shares: its limits, and the error for one file that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

from harvdiag.core.errors import HarvdiagError

__all__ = ["MIB", "Budget", "Limits", "MemberError", "shown", "size_text"]

MIB = 1 << 20
LONGEST = 200


class MemberError(HarvdiagError):
    """One file of a container cannot be read: damaged, encrypted, too large, or packed in an unknown way."""


@dataclass(frozen=True)
class Limits:
    """How many inflated bytes may be read: from one file, through one container altogether, and past of a log."""

    member: int = 256 * MIB
    total: int = 1024 * MIB
    stream: int = 1024 * MIB


class Budget:
    """Counts the bytes read through one container against its limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.left = limits.total

    def check(self, name: str, size: int) -> None:
        """MemberError where a file of this many bytes is over a limit; nothing has been read yet."""
        if size > self.limits.member:
            raise MemberError(
                f"{shown(name)}: unpacks to more than the limit of {size_text(self.limits.member)} a file"
            )
        if size > self.left:
            whole = size_text(self.limits.total)
            raise MemberError(f"{shown(name)}: not read, since all files read together unpack to more than {whole}")

    def check_stream(self, name: str, size: int) -> None:
        """MemberError where a file is too large even to be read past; that costs time, but no memory."""
        if size > self.limits.stream:
            most = size_text(self.limits.stream)
            raise MemberError(f"{shown(name)}: not searched, since it unpacks to more than {most}")

    def spend(self, size: int) -> None:
        """Take the bytes of a file that was read."""
        self.left -= size


def shown(text: str) -> str:
    """A name from outside, fit for one line of a message: no control characters, not endless."""
    safe = text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
    return safe if len(safe) <= LONGEST else f"{safe[:LONGEST]}…"


def size_text(size: int) -> str:
    """A number of bytes as people write it."""
    for unit, width in (("GiB", 1 << 30), ("MiB", MIB), ("KiB", 1 << 10)):
        if size >= width:
            return f"{size / width:.4g} {unit}"
    return f"{size} bytes"
