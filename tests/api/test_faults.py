"""What goes wrong on purpose goes wrong as it should, as often as it should, and never holds up the end."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException, IncompleteRead, RemoteDisconnected

import pytest

from tests.api import (
    bad_item,
    close,
    die,
    dribble,
    gone,
    items_null,
    not_json,
    redirect,
    reset,
    stall,
    status,
    truncated,
)
from tests.api.api import Api
from tests.api.fixture import Serve
from tests.api.test_api import call, get, names
from tests.world import healthy

NODES = "/api/v1/nodes"
WORLD = healthy()


def ask(api: Api, path: str = NODES, patience: float = 10) -> bytes:
    """A body by a connection of its own, with what may happen to that."""
    connection = HTTPConnection("127.0.0.1", api.server.port, timeout=patience)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def test_a_status_with_headers_so_many_times(serve: Serve) -> None:
    api = serve(WORLD.objects)
    failure = api.fail(NODES, status(429, {"Retry-After": "1"}), times=2, after=1)
    codes = [call(api, NODES)[0] for _ in range(5)]
    assert codes == [200, 429, 429, 200, 200] == [request.status for request in api.requests]
    assert (failure.passed, failure.hits) == (1, 2)


def test_a_status_tells_what_it_is_told_to(serve: Serve) -> None:
    api = serve(WORLD.objects)
    api.fail(NODES, status(503, {"Retry-After": "7"}))
    code, headers, told = call(api, NODES)
    assert (code, headers["Retry-After"], told["kind"], told["reason"]) == (503, "7", "Status", "ServiceUnavailable")
    api.fail(NODES, status(500, body="upstream is away"))
    assert call(api, NODES)[::2] == (500, "upstream is away")
    assert call(api, "/version")[0] == 200


def test_a_pattern_can_look_at_the_query(serve: Serve) -> None:
    api = serve(WORLD.objects)
    api.fail("/api/v1/*[?]*limit=2*", status(500))
    assert [call(api, f"{NODES}?limit={number}")[0] for number in (1, 2)] == [200, 500]


@pytest.mark.parametrize("sent", [None, 0.5])
def test_a_reset(serve: Serve, sent: float | None) -> None:
    api = serve(WORLD.objects)
    api.fail(NODES, reset(sent), times=1)
    with pytest.raises((ConnectionResetError, IncompleteRead)):
        ask(api)
    assert names(get(api, NODES)) == ["hv01", "hv02", "hv03"]


def test_a_connection_that_is_closed(serve: Serve) -> None:
    api = serve(WORLD.objects)
    api.fail(NODES, close(0.5), times=1)
    with pytest.raises(IncompleteRead):
        ask(api)
    api.fail(NODES, close(None), times=1)
    with pytest.raises(RemoteDisconnected):
        ask(api)


@pytest.mark.parametrize("fault", [stall(), stall(sent=0.5)])
def test_what_never_ends_ends_with_the_server(fault: object) -> None:
    with Api(WORLD.objects) as api:
        api.fail(NODES, fault)  # type: ignore[arg-type]
        with pytest.raises(TimeoutError):
            ask(api, patience=0.2)


def test_a_body_that_dribbles_ends_with_the_server() -> None:
    """No single read of it is slow: only a limit for the whole would end it."""
    with Api(WORLD.objects) as api:
        api.fail(NODES, dribble(0.01))
        connection = HTTPConnection("127.0.0.1", api.server.port, timeout=10)
        connection.request("GET", NODES)
        answer = connection.getresponse()
        assert answer.read(8) == b'{"kind":'
    with pytest.raises(IncompleteRead):
        answer.read()
    connection.close()


@pytest.mark.parametrize("fault", [stall(0.05), stall(0.05, sent=0.3)])
def test_a_stall_can_end(serve: Serve, fault: object) -> None:
    api = serve(WORLD.objects)
    api.fail(NODES, fault)  # type: ignore[arg-type]
    assert len(json.loads(ask(api))["items"]) == 3


def test_bytes_can_come_one_by_one(serve: Serve) -> None:
    api = serve(WORLD.objects)
    api.fail("/version", dribble(0))
    assert get(api, "/version")["minor"] == "31"


def test_a_login_page_instead_of_an_answer(serve: Serve) -> None:
    api = serve(WORLD.objects)
    api.fail(NODES, not_json(), times=1)
    code, headers, text = call(api, NODES)
    assert (code, headers["Content-Type"], "<form>" in text) == (200, "text/html; charset=utf-8", True)
    api.fail(NODES, redirect())
    assert "<form>" in call(api, NODES)[2]
    assert [request.status for request in api.requests] == [200, 302, 200]


def test_a_list_that_expires_on_its_way(serve: Serve) -> None:
    api = serve(WORLD.objects)
    api.fail(NODES, gone(), times=1)
    token = get(api, f"{NODES}?limit=1")["metadata"]["continue"]
    code, _, told = call(api, f"{NODES}?limit=1&continue={token}")
    assert (code, told["reason"]) == (410, "Expired")
    assert names(get(api, f"{NODES}?limit=1&continue={token}")) == ["hv02"]


def test_json_that_breaks_off(serve: Serve) -> None:
    api = serve(WORLD.objects)
    api.fail(NODES, truncated())
    body = ask(api)
    assert body.startswith(b'{"kind":"NodeList"')
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_items_that_are_none_or_no_objects(serve: Serve) -> None:
    api = serve(WORLD.objects)
    api.fail(NODES, items_null(), times=1)
    assert get(api, NODES)["items"] is None
    api.fail(NODES, bad_item(), times=1)
    assert get(api, NODES)["items"][0] == "no object"
    assert len(get(api, NODES)["items"]) == 3


def _again(connection: HTTPConnection) -> None:
    connection.request("GET", NODES)
    connection.getresponse().read()


def test_a_server_that_goes_away(serve: Serve) -> None:
    api = serve(WORLD.objects)
    api.fail("*", die(), after=2)
    kept = HTTPConnection("127.0.0.1", api.server.port, timeout=10)
    _again(kept)
    ask(api)
    with pytest.raises((ConnectionError, HTTPException)):
        ask(api)
    with pytest.raises(ConnectionRefusedError):
        ask(api)
    with pytest.raises((ConnectionError, HTTPException)):
        _again(kept)
    kept.close()
    assert [request.status for request in api.requests] == [200, 200, 0]
