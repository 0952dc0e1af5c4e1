"""The errors of a request, by the few reasons that are handled in different ways."""

from __future__ import annotations

from enum import Enum

__all__ = ["FailureReason", "RequestError", "StoppedError"]


class FailureReason(Enum):
    """Why a request failed, after Kubernetes' StatusReason where it has one."""

    UNAUTHORIZED = "the credentials are not accepted"
    FORBIDDEN = "not allowed"
    NOT_FOUND = "not found"
    EXPIRED = "the list expired while it was read"
    UNAVAILABLE = "the server cannot answer now"
    CONNECTION_FAILED = "the connection failed"
    TIMEOUT = "no answer in time"
    TLS = "the server's certificate is not accepted"
    INVALID_RESPONSE = "not an answer of a Kubernetes API"
    OTHER = "refused"


class RequestError(Exception):
    """One failed request: the reason, the server's message, and how many seconds it asks to wait (Retry-After)."""

    def __init__(self, reason: FailureReason, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.reason = reason
        self.retry_after = retry_after

    def __str__(self) -> str:
        return " ".join(super().__str__().split())[:300]


class StoppedError(Exception):
    """Reading was stopped from outside while a request was waiting."""
