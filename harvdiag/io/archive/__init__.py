"""Bytes from archives and folders: exact and bounded."""

from harvdiag.io.archive.container import Container, Limits, MemberError, open_container

__all__ = ["Container", "Limits", "MemberError", "open_container"]
