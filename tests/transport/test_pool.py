"""Jobs side by side: all of them, a few at once, and an end that waits for none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Barrier, BrokenBarrierError, Event, Lock

import pytest

from harvdiag.io.api.errors import StoppedError
from harvdiag.io.api.pool import CONNECTIONS, run_concurrently


def test_every_job_is_done_once() -> None:
    """Each with its number."""
    jobs: list[Callable[[], int]] = [partial(pow, number, 2) for number in range(50)]
    assert dict(run_concurrently(jobs, Event())) == {number: number**2 for number in range(50)}
    assert list(run_concurrently([], Event())) == []


def test_as_many_at_once_as_there_are_connections() -> None:
    """Eight meet; a ninth never comes while they are there."""
    meet = Barrier(CONNECTIONS)
    lock, now, most = Lock(), [0], [0]

    def job() -> bool:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        try:
            meet.wait(10)
            return True
        except BrokenBarrierError:
            return False
        finally:
            with lock:
                now[0] -= 1

    assert all(met for _, met in run_concurrently([job] * (2 * CONNECTIONS), Event()))
    assert most[0] == CONNECTIONS


def test_what_a_job_raises_is_raised_here() -> None:
    """And the others are told to stop."""
    stop = Event()

    def bad() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(run_concurrently([bad, bad], stop))
    assert stop.is_set()


def test_leaving_early_stops_the_others() -> None:
    """Jobs that were not begun never are; one that hangs holds nobody."""
    stop, hang = Event(), Event()
    begun: list[int] = []

    def job(number: int) -> int:
        begun.append(number)
        if number:
            hang.wait(10)
        return number

    results = run_concurrently([partial(job, number) for number in range(40)], stop)
    assert next(results) == (0, 0)
    results.close()  # type: ignore[attr-defined]
    assert stop.is_set()
    hang.set()
    assert len(begun) <= CONNECTIONS + 1


def test_a_stop_from_elsewhere() -> None:
    """Who waits for a result that nobody works on any more is told."""
    stop, hang = Event(), Event()
    results = run_concurrently([lambda: hang.wait(10)], stop)
    stop.set()
    with pytest.raises(StoppedError):
        next(results)
    hang.set()
