"""What can become of a request, in the few ways that call for different answers."""

from __future__ import annotations

from enum import Enum

__all__ = ["RequestError", "StoppedError", "Trouble"]


class Trouble(Enum):
    """Why a request gave nothing; the value says how it is told."""

    LOGIN = "the login is not accepted"
    FORBIDDEN = "not allowed"
    MISSING = "not there"
    EXPIRED = "the list expired while it was read"
    BUSY = "the server cannot answer now"
    LOST = "the connection broke"
    STALLED = "no answer in time"
    TLS = "the server's certificate is not accepted"
    FOREIGN = "no answer of a Kubernetes API"
    OTHER = "refused"


class RequestError(Exception):
    """One request that gave nothing: its trouble, what the server said, and how many seconds it asks to wait."""

    def __init__(self, trouble: Trouble, text: str, wait: float | None = None) -> None:
        super().__init__(text)
        self.trouble = trouble
        self.wait = wait

    def __str__(self) -> str:
        return " ".join(super().__str__().split())[:300]


class StoppedError(Exception):
    """Reading was stopped from outside while a request was waiting."""
