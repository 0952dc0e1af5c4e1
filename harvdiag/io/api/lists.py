"""Lists of all objects of one kind, in one namespace or in all, in a version that the server serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from harvdiag.io.api.connect import PASSING, Connection
from harvdiag.io.api.discovery import api_path
from harvdiag.io.api.errors import FailureReason, RequestError
from harvdiag.io.api.pages import LIMIT, Pages, collect_pages
from harvdiag.io.api.transport import JSON, quote_segment
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.kind import Kind

__all__ = ["METADATA", "METADATA_LIST", "Answer", "list_objects"]

METADATA = f"{JSON};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
"""Names, labels and annotations without the body. A server that cannot leave the body out answers 406, and no more."""
METADATA_LIST = ("meta.k8s.io/v1", "PartialObjectMetadataList")
"""apiVersion and kind of such a list."""

ANOTHER = {FailureReason.NOT_FOUND, FailureReason.UNAVAILABLE, FailureReason.OTHER}
"""Failures of one version that another may not have: a broken conversion answers 500 for all but the stored one."""


class Answer(NamedTuple):
    """One list as the server returned it. `version` is empty if the kind is not served, `namespace` for all."""

    kind: Kind
    namespace: str
    version: str
    items: list[Any]
    error: RequestError | None = None

    @property
    def refused(self) -> bool:
        """Whether listing these objects is forbidden here; it may be allowed elsewhere."""
        return self.error is not None and self.error.reason is FailureReason.FORBIDDEN and not self.items


def list_objects(
    connection: Connection,
    kind: Kind,
    namespace: str = "",
    query: Mapping[str, str] | None = None,
    on_page: Callable[[int], None] = lambda _: None,
) -> Answer:
    """List the objects of a kind in one namespace, or in all; `query` may narrow it down.

    Never raises RequestError: it is part of the answer. `on_page` gets the number of objects of each page.
    """
    parameters, accept = dict(query or {}), JSON
    if kind.only:
        namespace, parameters, accept = kind.home, _select_type(kind, parameters), METADATA
    # For a kind outside the catalogue, the server chooses the version.
    preferred = kind.versions if kind.name in CATALOGUE or connection.served.groups is None else ()
    where = f"/namespaces/{quote_segment(namespace)}" if namespace else ""
    first: Answer | None = None
    versions = connection.served.versions_to_try(kind.group, kind.plural, preferred)
    # A server that is starting does not know the groups of its CRDs yet, and answers 503 below them; others 404.
    doubtful = list(preferred[:1]) if connection.served.has_group(kind.group) is False else []
    for version in versions or doubtful:
        path = f"{api_path(kind.group, version)}{where}/{kind.plural}"
        get = partial(_get_page, partial(connection.get, path, accept=accept), on_page)
        pages = collect_pages(get, parameters, int(parameters.get("limit", LIMIT)), _expected_type(kind, version))
        answer = Answer(
            kind, namespace, version, [_complete_item(item, kind, pages) for item in pages.items], pages.error
        )
        if doubtful and answer.error and answer.error.reason not in PASSING:
            break
        if answer.error is None or answer.items or answer.error.reason not in ANOTHER:
            return answer
        # "Not found" only says that this version is not served; any other failure says more about the kind.
        if answer.error.reason is not FailureReason.NOT_FOUND:
            first = first or answer
    return first or Answer(kind, namespace, "", [])


def _select_type(kind: Kind, query: Mapping[str, str]) -> dict[str, str]:
    """A query that returns only objects of the one type: of Secrets, machine plans."""
    selectors = [query["fieldSelector"]] if "fieldSelector" in query else []
    return {**query, "fieldSelector": ",".join([*selectors, f"type={kind.only}"])}


def _get_page(get: Callable[..., Any], on_page: Callable[[int], None], query: Mapping[str, str]) -> Any:
    page = get(query=query)
    items = page.get("items") if isinstance(page, dict) else None
    on_page(len(items) if isinstance(items, list) else 0)
    return page


def _expected_type(kind: Kind, version: str) -> tuple[str, str]:
    """apiVersion and kind of a list of this kind; the kind is empty if a definition may name it differently."""
    if kind.only:
        return METADATA_LIST
    api_version = f"{kind.group}/{version}" if kind.group else version
    return api_version, f"{kind.bare}List" if kind.name in CATALOGUE else ""


def _complete_item(item: Any, kind: Kind, pages: Pages) -> Any:
    """An item as `kubectl get -o yaml` shows it: with its kind, which lists of built-in kinds leave out.

    Metadata that only the server needs is removed. Objects received as metadata only get the type that was requested.
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
