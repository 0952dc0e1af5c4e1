"""Pool: jobs side by side on a few threads, so that the slowest list decides, not the sum of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import NoReturn, TypeVar

from harvdiag.io.api.trouble import StoppedError

__all__ = ["CONNECTIONS", "side_by_side"]

CONNECTIONS = 8
"""Requests under way at once: enough to hide the way to the server, few enough for API Priority and Fairness."""
T = TypeVar("T")


def side_by_side(jobs: Sequence[Callable[[], T]], stop: Event) -> Iterator[tuple[int, T]]:
    """The number and the result of each job, as they come. What a job raises is raised here.

    Leaving early (Ctrl-C, an exception) sets `stop`; the threads are daemons, so a request that hangs holds nobody.
    """
    waiting: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[tuple[int, Callable[[], T]]] = SimpleQueue()
    for number in range(len(jobs)):
        waiting.put(number)

    def work() -> None:
        while not stop.is_set():
            try:
                number = waiting.get_nowait()
            except Empty:
                return
            done.put((number, _outcome(jobs[number])))

    for _ in range(min(CONNECTIONS, len(jobs))):
        Thread(target=work, daemon=True).start()
    try:
        for _ in jobs:
            number, outcome = _next(done, stop)
            yield number, outcome()
    except BaseException:
        stop.set()
        raise


def _outcome(job: Callable[[], T]) -> Callable[[], T]:
    """What a job came to; an exception is raised where the outcome is looked at."""
    try:
        result = job()
    except BaseException as error:
        return partial(_raise, error)
    return lambda: result


def _raise(error: BaseException) -> NoReturn:
    raise error


def _next(done: SimpleQueue[tuple[int, Callable[[], T]]], stop: Event) -> tuple[int, Callable[[], T]]:
    while True:
        try:
            # In slices: on Windows nothing else lets Ctrl-C through.
            return done.get(timeout=0.2)
        except Empty:
            if stop.is_set():
                raise StoppedError from None
