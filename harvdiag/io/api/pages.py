"""Pagination: one list, read to its end by `limit` and `continue`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from harvdiag.io.api.errors import FailureReason, RequestError

__all__ = ["LIMIT", "Pages", "collect_pages"]

LIMIT = 500
"""Objects per page, as kubectl requests them."""
Get = Callable[[Mapping[str, str]], Any]


class Pages(NamedTuple):
    """What was read of one list: `api_version` and `kind` of its items, and the error that ended it early, if any."""

    items: list[Any]
    api_version: str
    kind: str
    error: RequestError | None = None


def collect_pages(
    get: Get, query: Mapping[str, str] | None = None, limit: int = LIMIT, expected: tuple[str, str] = ("", "")
) -> Pages:
    """Read a whole list. `get` requests one page with a query; each must have the `expected` apiVersion and kind.

    A list that expires while it is read (410) is restarted, the last time without pages, which cannot expire. After
    any other failure, what was read so far is returned with the error.
    """
    for size in (limit, limit, 0):
        pages = _read_list(get, dict(query or {}), size, expected)
        if pages.error is None or pages.error.reason is not FailureReason.EXPIRED:
            break
    return pages


def _read_list(get: Get, query: dict[str, str], size: int, expected: tuple[str, str]) -> Pages:
    items: list[Any] = []
    names = ("", "")
    tokens: set[str] = set()
    if size:
        query["limit"] = str(size)
    while True:
        try:
            page = _check_page(get(query), expected)
            names = _item_type(page)
            items += page["items"] or []
            token = _next_token(page, tokens)
        except RequestError as error:
            return Pages(items, *names, error)
        if not token:
            return Pages(items, *names)
        query["continue"] = token


def _check_page(page: Any, expected: tuple[str, str]) -> dict[str, Any]:
    """The page, if it belongs to the requested list: anything else would count as a list without objects."""
    kind = page.get("kind") if isinstance(page, dict) else None
    is_list = isinstance(kind, str) and kind.endswith("List") and "items" in page
    if not is_list or not isinstance(page["items"], list | None):  # null is Go's empty list
        raise RequestError(
            FailureReason.INVALID_RESPONSE, f"answered with {kind if isinstance(kind, str) else 'JSON'}, not a list"
        )
    received = (str(page.get("apiVersion", "")), kind)
    if any(want and want != have for want, have in zip(expected, received, strict=True)):
        raise RequestError(
            FailureReason.INVALID_RESPONSE,
            f"answered with a {kind} of {received[0] or 'no version'}, which was not requested",
        )
    return dict(page)


def _next_token(page: Mapping[str, Any], before: set[str]) -> str:
    metadata = page.get("metadata")
    token = metadata.get("continue") if isinstance(metadata, dict) else None
    if not token:
        return ""
    if not isinstance(token, str) or token in before:
        raise RequestError(FailureReason.INVALID_RESPONSE, "the list does not end: its pages repeat")
    before.add(token)
    return token


def _item_type(head: Mapping[str, Any]) -> tuple[str, str]:
    """apiVersion and kind of the items, which a list of a built-in kind does not repeat in each item."""
    return str(head.get("apiVersion", "")), str(head.get("kind", "")).removesuffix("List")
