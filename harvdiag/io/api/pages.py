"""Pages: one list, read to its end by `limit` and `continue`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from harvdiag.io.api.trouble import RequestError, Trouble

__all__ = ["LIMIT", "Pages", "collect"]

LIMIT = 500
"""Objects a page, as kubectl asks for them."""
Get = Callable[[Mapping[str, str]], Any]


class Pages(NamedTuple):
    """What was read of one list: `kind` and `version` of its items, and what ended it before its time, if anything."""

    items: list[Any]
    api_version: str
    kind: str
    error: RequestError | None = None


def collect(
    get: Get, query: Mapping[str, str] | None = None, limit: int = LIMIT, expected: tuple[str, str] = ("", "")
) -> Pages:
    """A whole list. `get` asks for one page with the given query; each must be of the `expected` apiVersion and kind.

    A list that expires while it is read (410) is begun anew, the last time in one piece, which cannot expire. What was
    read before another trouble is kept and the trouble told.
    """
    for size in (limit, limit, 0):
        found = _once(get, dict(query or {}), size, expected)
        if found.error is None or found.error.trouble is not Trouble.EXPIRED:
            break
    return found


def _once(get: Get, query: dict[str, str], size: int, expected: tuple[str, str]) -> Pages:
    items: list[Any] = []
    names = ("", "")
    tokens: set[str] = set()
    if size:
        query["limit"] = str(size)
    while True:
        try:
            page = _checked(get(query), expected)
            names = _names(page)
            items += page["items"] or []
            token = _token(page, tokens)
        except RequestError as error:
            return Pages(items, *names, error)
        if not token:
            return Pages(items, *names)
        query["continue"] = token


def _checked(page: Any, expected: tuple[str, str]) -> dict[str, Any]:
    """The page, if it is one of the list asked for: anything else would count as a list without objects."""
    kind = page.get("kind") if isinstance(page, dict) else None
    is_list = isinstance(kind, str) and kind.endswith("List") and "items" in page
    if not is_list or not isinstance(page["items"], list | None):  # null is Go's empty list
        raise RequestError(Trouble.FOREIGN, f"answered with {kind if isinstance(kind, str) else 'JSON'}, not a list")
    told = (str(page.get("apiVersion", "")), kind)
    if any(want and want != have for want, have in zip(expected, told, strict=True)):
        raise RequestError(
            Trouble.FOREIGN, f"answered with a {kind} of {told[0] or 'no version'}, which was not asked for"
        )
    return dict(page)


def _token(page: Mapping[str, Any], before: set[str]) -> str:
    metadata = page.get("metadata")
    token = metadata.get("continue") if isinstance(metadata, dict) else None
    if not token:
        return ""
    if not isinstance(token, str) or token in before:
        raise RequestError(Trouble.FOREIGN, "the list does not end: its pages go round in a circle")
    before.add(token)
    return token


def _names(head: Mapping[str, Any]) -> tuple[str, str]:
    """apiVersion and kind of the items, which a list of built-in kinds does not repeat in each."""
    return str(head.get("apiVersion", "")), str(head.get("kind", "")).removesuffix("List")
