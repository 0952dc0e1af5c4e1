"""Retries: a few more tries for troubles that pass, each after a longer pause, and never without end."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import TypeVar

from harvdiag.io.api.trouble import RequestError, StoppedError, Trouble

__all__ = ["patiently"]

TRIES = {Trouble.BUSY: 5, Trouble.LOST: 4, Trouble.STALLED: 2}
FIRST, LONGEST = 0.2, 20.0
"""Seconds of the first pause, doubled each time; and the longest that a server may ask for."""
T = TypeVar("T")


def patiently(call: Callable[[], T], stop: Event, tries: int | None = None) -> T:
    """What `call` gives. A trouble that passes is met with another try, up to `tries` of them (default: by trouble).

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
            pause = error.wait if error.wait is not None else FIRST * 2 ** (done - 1)
            if done >= min(TRIES.get(error.trouble, 1), tries or done + 1) or pause > LONGEST:
                raise
        if stop.wait(pause):
            raise StoppedError
