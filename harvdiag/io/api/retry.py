"""Retries: a limited number for passing failures, with growing pauses."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import TypeVar

from harvdiag.io.api.errors import FailureReason, RequestError, StoppedError

__all__ = ["with_retries"]

TRIES = {FailureReason.UNAVAILABLE: 5, FailureReason.CONNECTION_FAILED: 4, FailureReason.TIMEOUT: 2}
FIRST, LONGEST = 0.2, 20.0
"""Seconds of the first pause, doubled each time; and the longest Retry-After that is honoured."""
T = TypeVar("T")


def with_retries(call: Callable[[], T], stop: Event, tries: int | None = None) -> T:
    """Call and return the result; passing failures are retried, up to `tries` calls (default: by reason).

    Raises the last RequestError; StoppedError as soon as `stop` is set.
    """
    done = 0
    while True:
        if stop.is_set():
            raise StoppedError
        try:
            return call()
        except RequestError as error:
            done += 1
            pause = error.retry_after if error.retry_after is not None else FIRST * 2 ** (done - 1)
            if done >= min(TRIES.get(error.reason, 1), tries or done + 1) or pause > LONGEST:
                raise
        if stop.wait(pause):
            raise StoppedError
