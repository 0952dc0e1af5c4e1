"""Reading of files in archives and folders, within limits."""

from harvdiag.io.archive.container import Container, Limits, MemberError, open_container

__all__ = ["Container", "Limits", "MemberError", "open_container"]
