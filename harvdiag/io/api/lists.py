"""Lists: all objects of one kind, in one namespace or in all, in the version that the server has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from harvdiag.io.api.connect import Connection
from harvdiag.io.api.discovery import prefix
from harvdiag.io.api.pages import LIMIT, Pages, collect
from harvdiag.io.api.transport import JSON, segment
from harvdiag.io.api.trouble import RequestError, Trouble
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.kind import Kind

__all__ = ["Answer", "list_of"]

METADATA = f"{JSON};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
"""Names, labels and annotations without the body. A server that cannot leave the body out answers 406, and no more."""

ANOTHER = {Trouble.MISSING, Trouble.BUSY, Trouble.OTHER}
"""Troubles of one version that another may not have: a conversion that is down answers 500 for all but the stored."""


class Answer(NamedTuple):
    """One list as the server gave it. `version` is empty where it has none of this kind; `namespace` where all."""

    kind: Kind
    namespace: str
    version: str
    items: list[Any]
    error: RequestError | None = None

    @property
    def refused(self) -> bool:
        """Whether these objects may not be listed here, though perhaps elsewhere."""
        return self.error is not None and self.error.trouble is Trouble.FORBIDDEN and not self.items


def list_of(
    of: Connection,
    kind: Kind,
    namespace: str = "",
    query: Mapping[str, str] | None = None,
    counted: Callable[[int], None] = lambda _: None,
) -> Answer:
    """The objects of a kind in one namespace, or in all; `query` may narrow it down.

    Never raises RequestError: it is part of the answer.
    """
    asked, accept = dict(query or {}), JSON
    if kind.only:
        namespace, asked, accept = kind.home, _narrowed(kind, asked), METADATA
    # Of a kind that is not in the catalogue the server knows best which version to show.
    ours = kind.versions if kind.name in CATALOGUE or of.served.groups is None else ()
    where = f"/namespaces/{segment(namespace)}" if namespace else ""
    first: Answer | None = None
    for version in of.served.versions(kind.group, kind.plural, ours):
        get = partial(_page, of, f"{prefix(kind.group, version)}{where}/{kind.plural}", accept, counted)
        pages = collect(get, asked, int(asked.get("limit", LIMIT)), _expected(kind, version))
        answer = Answer(kind, namespace, version, [_whole(item, kind, pages) for item in pages.items], pages.error)
        if answer.error is None or answer.items or answer.error.trouble not in ANOTHER:
            return answer
        if answer.error.trouble is not Trouble.MISSING:
            first = first or answer
    return first or Answer(kind, namespace, "", [])


def _narrowed(kind: Kind, query: Mapping[str, str]) -> dict[str, str]:
    """A query that can give nothing but objects of the one type: of Secrets, machine plans."""
    selectors = [query["fieldSelector"]] if "fieldSelector" in query else []
    return {**query, "fieldSelector": ",".join([*selectors, f"type={kind.only}"])}


def _page(of: Connection, path: str, accept: str, counted: Callable[[int], None], query: Mapping[str, str]) -> Any:
    found = of.get(path, query, accept)
    items = found.get("items") if isinstance(found, dict) else None
    counted(len(items) if isinstance(items, list) else 0)
    return found


def _expected(kind: Kind, version: str) -> tuple[str, str]:
    """apiVersion and kind of a list of this kind; the kind is empty where a definition may have called it otherwise."""
    if kind.only:
        return "meta.k8s.io/v1", "PartialObjectMetadataList"
    api_version = f"{kind.group}/{version}" if kind.group else version
    return api_version, f"{kind.bare}List" if kind.name in CATALOGUE else ""


def _whole(item: Any, kind: Kind, pages: Pages) -> Any:
    """An item as `kubectl get -o yaml` shows it: with its kind, which lists of built-in kinds leave out.

    Of its metadata goes what only the server needs. What came as mere metadata is of the type that was asked for.
    """
    if not isinstance(item, dict):
        return item
    if kind.only:
        item = {"apiVersion": "v1", "kind": kind.bare, "metadata": item.get("metadata"), "type": kind.only}
    elif "kind" not in item:
        item = {"apiVersion": pages.api_version, "kind": pages.kind, **item}
    if isinstance(item.get("metadata"), dict):
        item["metadata"].pop("managedFields", None)
    return item
