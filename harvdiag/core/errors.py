"""What can go wrong, in one line each: what the user did, where, and what to do."""

from __future__ import annotations

__all__ = ["AccessError", "HarvdiagError", "SourceError", "UsageError"]


class HarvdiagError(Exception):
    """Base of every error that harvdiag raises on purpose; its text is one line for the user."""

    def __str__(self) -> str:
        return " ".join(super().__str__().split())


class SourceError(HarvdiagError):
    """The input cannot be used at all: no bundle, damaged beyond use, or of something else."""


class UsageError(HarvdiagError):
    """The question cannot be answered as asked: an unknown rule, kind or option."""


class AccessError(HarvdiagError):
    """The cluster cannot be reached, or does not accept the login; says how to log in again."""
