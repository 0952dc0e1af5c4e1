"""Thread pool: a few jobs at once, so that reading takes as long as the slowest list, not the sum of all.

Not `concurrent.futures`: its threads are joined at exit, so a request that hangs would block Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import NoReturn, TypeVar

from harvdiag.io.api.errors import StoppedError

__all__ = ["CONNECTIONS", "run_concurrently"]

CONNECTIONS = 8
"""Requests at once: enough to hide the latency, few enough for API Priority and Fairness."""
T = TypeVar("T")


def run_concurrently(jobs: Sequence[Callable[[], T]], stop: Event) -> Iterator[tuple[int, T]]:
    """Run the jobs in threads; yield the index and the result of each as it finishes. Exceptions are raised here.

    Leaving early (Ctrl-C, an exception) sets `stop`; the threads are daemons, so a hanging request blocks nothing.
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
            done.put((number, _run_job(jobs[number])))

    for _ in range(min(CONNECTIONS, len(jobs))):
        Thread(target=work, daemon=True).start()
    try:
        for _ in jobs:
            number, outcome = _next_result(done, stop)
            yield number, outcome()
    except BaseException:
        stop.set()
        raise


def _run_job(job: Callable[[], T]) -> Callable[[], T]:
    """Run a job and return a call for its result, which raises the exception of the job."""
    try:
        result = job()
    except BaseException as error:
        return partial(_raise_error, error)
    return lambda: result


def _raise_error(error: BaseException) -> NoReturn:
    raise error


def _next_result(done: SimpleQueue[tuple[int, Callable[[], T]]], stop: Event) -> tuple[int, Callable[[], T]]:
    while True:
        try:
            # With a timeout: on Windows, Ctrl-C would not interrupt the wait otherwise.
            return done.get(timeout=0.2)
        except Empty:
            if stop.is_set():
                raise StoppedError from None
