"""Limits of a container of files, and the error for one file that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

from harvdiag.core.errors import HarvdiagError

__all__ = ["MIB", "Budget", "Limits", "MemberError", "printable", "size_text"]

MIB = 1 << 20
LONGEST = 200


class MemberError(HarvdiagError):
    """One file of a container cannot be read: damaged, encrypted, too large, or of an unknown compression."""


@dataclass(frozen=True)
class Limits:
    """How many unpacked bytes may be read: of one file, of one container in total, and of a log that is streamed."""

    member: int = 256 * MIB
    total: int = 1024 * MIB
    stream: int = 1024 * MIB


class Budget:
    """Counts the bytes read through one container against its limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.left = limits.total

    def check_size(self, name: str, size: int) -> None:
        """Raise MemberError if a file of this many bytes exceeds a limit; nothing has been read yet."""
        if size > self.limits.member:
            raise MemberError(
                f"{printable(name)}: unpacks to more than the limit of {size_text(self.limits.member)} a file"
            )
        if size > self.left:
            whole = size_text(self.limits.total)
            raise MemberError(f"{printable(name)}: not read, since all files read together unpack to more than {whole}")

    def check_stream(self, name: str, size: int) -> None:
        """Raise MemberError if a file is too large to be streamed; streaming costs time, but no memory."""
        if size > self.limits.stream:
            most = size_text(self.limits.stream)
            raise MemberError(f"{printable(name)}: not searched, since it unpacks to more than {most}")

    def spend(self, size: int) -> None:
        """Subtract the bytes of a file that was read."""
        self.left -= size


def printable(text: str) -> str:
    """Return an untrusted name for one line of a message: control characters escaped, length limited."""
    safe = text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
    return safe if len(safe) <= LONGEST else f"{safe[:LONGEST]}…"


def size_text(size: int) -> str:
    """Format a number of bytes with a unit."""
    for unit, width in (("GiB", 1 << 30), ("MiB", MIB), ("KiB", 1 << 10)):
        if size >= width:
            return f"{size / width:.4g} {unit}"
    return f"{size} bytes"
