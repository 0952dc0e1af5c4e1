"""Clauses that several controllers word alike."""

from __future__ import annotations

from harvdiag.core.model import ObjectRef

__all__ = ["LEAVES_ETCD", "fewer_members", "in_deletion", "lost_agent", "unknown", "unread", "unread_object"]

LEAVES_ETCD = "its member out of etcd"


def unread(kind: str, reason: str) -> str:
    """Say that the list of a kind was not read, and why."""
    return f"{kind} cannot be seen ({reason})"


def unread_object(ref: ObjectRef) -> str:
    """Say that one object is not in the source."""
    return f"{ref.kind} {ref.name} is not in the source"


def unknown(question: str) -> str:
    """Say that a question has no answer: ``who ends the hook``."""
    return f"{question} is open"


def in_deletion(name: str, why: str) -> str:
    """Say that an object never goes."""
    return f"{name} stays in deletion: {why}"


def fewer_members(count: int, ready: int) -> str:
    """Say how many members etcd loses, and how many of the others answer."""
    return f"etcd goes from {count} members to {count - 1}, of which {ready} are Ready"


def lost_agent(name: str, what: str) -> str:
    """Say what the agent of a Machine does no longer."""
    return f"the agent of {name} {what}"
