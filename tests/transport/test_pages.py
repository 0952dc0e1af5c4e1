"""A list in pages: the whole of it, once, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harvdiag.io.api.errors import FailureReason, RequestError
from harvdiag.io.api.pages import Pages, collect_pages
from tests.api import Api, gone, items_null, status
from tests.api.fixture import Serve
from tests.transport.lab import connection
from tests.world import healthy

NODES = "/api/v1/nodes"
NAMES = [f"n{number}" for number in range(7)]
OBJECTS = healthy(NAMES).objects


def read(api: Api, place: Path, limit: int = 3) -> Pages:
    """The Nodes, so many a page."""
    return collect_pages(partial(connection(api, place).get, NODES), limit=limit)


def names(pages: Pages) -> list[str]:
    """The names, in the order in which they came."""
    return [item["metadata"]["name"] for item in pages.items]


def asked(api: Api) -> list[tuple[str, bool]]:
    """The limit of each request for Nodes, and whether it went on with a list."""
    return [(r.query.get("limit", ""), "continue" in r.query) for r in api.requests if r.path == NODES]


@pytest.mark.parametrize(("limit", "pages"), [(3, 3), (7, 1), (500, 1), (1, 7)])
def test_a_list_in_pages(serve: Serve, tmp_path: Path, limit: int, pages: int) -> None:
    """As many requests as pages, every object once, with the kind that the items leave out."""
    api = serve(OBJECTS)
    found = read(api, tmp_path, limit)
    assert (names(found), found.error) == (NAMES, None)
    assert (found.api_version, found.kind) == ("v1", "Node")
    assert asked(api) == [(str(limit), number > 0) for number in range(pages)]


def test_a_list_that_changes_meanwhile(serve: Serve, tmp_path: Path) -> None:
    """The pages are of one moment."""
    api = serve(OBJECTS)
    get = connection(api, tmp_path).get

    def slowly(query: Mapping[str, str]) -> Any:
        found = get(NODES, query)
        api.replace(healthy(["other"]).objects)
        return found

    assert names(collect_pages(slowly, limit=3)) == NAMES


def test_a_list_that_expires_is_begun_anew(serve: Serve, tmp_path: Path) -> None:
    """410 in the middle: nothing stands twice."""
    api = serve(OBJECTS)
    api.fail(NODES, gone(), times=1)
    assert names(read(api, tmp_path)) == NAMES
    assert asked(api) == [("3", False), ("3", True), ("3", False), ("3", True), ("3", True)]


def test_a_list_that_expires_twice_is_taken_whole(serve: Serve, tmp_path: Path) -> None:
    """The third time without pages, which cannot expire."""
    api = serve(OBJECTS)
    api.fail(NODES, gone())
    found = read(api, tmp_path)
    assert (names(found), found.error) == (NAMES, None)
    assert asked(api) == [("3", False), ("3", True), ("3", False), ("3", True), ("", False)]


def test_410_without_end(serve: Serve, tmp_path: Path) -> None:
    """A server that answers so to everything is asked three times."""
    api = serve(OBJECTS)
    api.fail(NODES, status(410))
    found = read(api, tmp_path)
    assert found.error is not None
    assert (found.error.reason, found.items, len(asked(api))) == (FailureReason.EXPIRED, [], 3)


def test_what_was_read_before_a_trouble_is_kept(serve: Serve, tmp_path: Path) -> None:
    """A refusal on the second page."""
    api = serve(OBJECTS)
    api.fail(f"{NODES}[?]*continue=*", status(403))
    found = read(api, tmp_path)
    assert found.error is not None
    assert (names(found), found.error.reason) == (NAMES[:3], FailureReason.FORBIDDEN)


def test_a_busy_server_on_the_way(serve: Serve, tmp_path: Path) -> None:
    """The page is asked for again, not the list."""
    api = serve(OBJECTS)
    api.fail(f"{NODES}[?]*continue=*", status(503, {"Retry-After": "0"}), times=1)
    assert names(read(api, tmp_path)) == NAMES
    assert asked(api) == [("3", False), ("3", True), ("3", True), ("3", True)]


def test_items_that_are_null(serve: Serve, tmp_path: Path) -> None:
    """So Go writes a list without any."""
    api = serve(OBJECTS)
    api.fail(NODES, items_null())
    found = read(api, tmp_path, 500)
    assert (found.items, found.error) == ([], None)


@pytest.mark.parametrize(
    "page",
    [
        [],
        7,
        "text",
        None,
        {},
        {"kind": 7},
        {"kind": "Status", "status": "Success"},
        {"kind": "NodeList", "items": 7},
        {"kind": "NodeList", "items": {"a": 1}},
        {"kind": "NodeList", "items": [], "metadata": {"continue": 7}},
    ],
)
def test_what_is_no_list(page: Any) -> None:
    """JSON of something else ends the reading with one line."""
    found = collect_pages(lambda _: page)
    assert found.error is not None
    assert found.error.reason is FailureReason.INVALID_RESPONSE
    assert str(found.error)


def test_pages_that_go_round() -> None:
    """A server that gives the same token again is not asked for ever."""
    asked = []

    def get(query: Mapping[str, str]) -> Any:
        asked.append(dict(query))
        return {"kind": "NodeList", "items": [{}], "metadata": {"continue": "again"}}

    found = collect_pages(get)
    assert found.error is not None
    assert "its pages repeat" in str(found.error)
    assert len(asked) == 2


def test_a_foreign_answer_on_the_way() -> None:
    """What came before is kept."""
    answers = iter([{"kind": "NodeList", "items": [{"a": 1}], "metadata": {"continue": "x"}}, "<html>"])
    found = collect_pages(lambda _: next(answers))
    assert found.items == [{"a": 1}]
    assert isinstance(found.error, RequestError)
