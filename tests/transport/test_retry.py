"""How often a request is tried again, and when that ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from harvdiag.io.api.errors import FailureReason, RequestError, StoppedError
from harvdiag.io.api.retry import TRIES, with_retries
from tests.api import Api, reset, stall, status
from tests.api.fixture import Serve
from tests.transport.lab import connection
from tests.world import healthy

OBJECTS = healthy().objects
NODES = "/api/v1/nodes"


def asked(api: Api) -> int:
    """How often the list was asked for."""
    return api.paths.count(NODES)


@pytest.mark.parametrize(
    "fault", [status(429, {"Retry-After": "0"}), status(503, {"Retry-After": "0"}), status(500), reset(), reset(0.5)]
)
def test_what_passes_is_waited_for(serve: Serve, tmp_path: Path, fault: Any) -> None:
    """One that comes right at the second time is right."""
    api = serve(OBJECTS)
    of = connection(api, tmp_path)
    api.fail(NODES, fault, times=1)
    assert len(of.get(NODES)["items"]) == 3
    assert asked(api) == 2


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410])
def test_what_stays_is_asked_once(serve: Serve, tmp_path: Path, code: int) -> None:
    """To repeat it would only cost the server."""
    api = serve(OBJECTS)
    of = connection(api, tmp_path)
    api.fail(NODES, status(code))
    with pytest.raises(RequestError):
        of.get(NODES)
    assert asked(api) == 1


@pytest.mark.parametrize(
    ("fault", "tries"), [(status(503, {"Retry-After": "0"}), 5), (reset(), 4)], ids=["busy", "lost"]
)
def test_patience_ends(serve: Serve, tmp_path: Path, fault: Any, tries: int) -> None:
    """After so many tries the last trouble is told."""
    api = serve(OBJECTS)
    of = connection(api, tmp_path)
    api.fail(NODES, fault)
    with pytest.raises(RequestError):
        of.get(NODES)
    assert asked(api) == tries


def test_who_asks_for_too_much_patience_gets_none(serve: Serve, tmp_path: Path) -> None:
    """Retry-After beyond 20 s: given up at once, and the server's words are told."""
    api = serve(OBJECTS)
    of = connection(api, tmp_path)
    api.fail(NODES, status(429, {"Retry-After": "21"}))
    with pytest.raises(RequestError, match="Too many requests, please try again later"):
        of.get(NODES)
    assert asked(api) == 1


def test_a_pause_that_is_asked_for_is_kept(serve: Serve, tmp_path: Path) -> None:
    """What comes a moment later is asked earlier than the one who was told to wait a second."""
    from threading import Thread

    api = serve(OBJECTS)
    of = connection(api, tmp_path)
    told = Event()

    def refused(wire: Any, made: Callable[[], Any]) -> Any:
        told.set()
        return status(429, {"Retry-After": "1"})(wire, made)

    api.fail(NODES, refused, times=1)
    waiting = Thread(target=of.get, args=(NODES,))
    waiting.start()
    assert told.wait(10)
    of.transport.get("/version")
    waiting.join(10)
    assert api.paths[-3:] == [NODES, "/version", NODES]


def test_after_a_loss_for_good_one_try_is_enough(serve: Serve, tmp_path: Path) -> None:
    """A server that went away does not cost its patience for each list; one that comes back gets it again."""
    api = serve(OBJECTS)
    of = connection(api, tmp_path, 0.5)
    failure = api.fail(NODES, stall())
    for tries in (2, 3):
        with pytest.raises(RequestError):
            of.get(NODES)
        assert asked(api) == tries
    api.failures.remove(failure)
    assert len(of.get(NODES)["items"]) == 3
    api.fail(NODES, reset(), times=1)
    assert len(of.get(NODES)["items"]) == 3


def test_whoever_is_stopped_does_not_wait() -> None:
    """Neither before a request nor in a pause."""
    stop = Event()

    def busy() -> None:
        stop.set()
        raise RequestError(FailureReason.UNAVAILABLE, "later", 15)

    with pytest.raises(StoppedError):
        with_retries(busy, stop)
    with pytest.raises(StoppedError):
        with_retries(lambda: pytest.fail("it was asked"), stop)


def test_only_what_passes_has_tries() -> None:
    """The table and the words of each trouble say the same."""
    assert set(TRIES) == {FailureReason.UNAVAILABLE, FailureReason.CONNECTION_FAILED, FailureReason.TIMEOUT}
