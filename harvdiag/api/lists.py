"""Lists: all objects of one kind, in one namespace or in all, in the version that the server has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from harvdiag.api.connect import Connection
from harvdiag.api.discovery import prefix
from harvdiag.api.pages import LIMIT, Pages, collect
from harvdiag.api.transport import JSON, segment
from harvdiag.api.trouble import RequestError, Trouble
from harvdiag.kind import Kind
from harvdiag.kinds import CATALOGUE
from harvdiag.plansecret import PLAN_TYPE

__all__ = ["Answer", "list_of"]

METADATA = f"{JSON};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
"""Names, labels and annotations without the body. A server that cannot leave the body out answers 406, and no more."""

ANOTHER = {Trouble.MISSING, Trouble.BUSY, Trouble.OTHER}
"""Troubles of one version that another may not have: a conversion that is down answers 500 for all but the stored."""


def __dir__() -> list[str]:
    return __all__


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
    """The objects of a kind; of Secrets the metadata of machine plans, and of no others.

    Never raises RequestError: it is part of the answer.
    """
    secret = kind.resource == "secrets"
    asked = {**(query or {}), **({"fieldSelector": f"type={PLAN_TYPE}"} if secret and not query else {})}
    accept = METADATA if secret else JSON
    # Of a kind that is not in the catalogue the server knows best which version to show.
    ours = kind.versions if kind.name in CATALOGUE or of.served.groups is None else ()
    first: Answer | None = None
    for version in of.served.versions(kind.group, kind.plural, ours):
        where = f"/namespaces/{segment(namespace)}" if namespace else ""
        path = f"{prefix(kind.group, version)}{where}/{kind.plural}"

        def get(page: Mapping[str, str], path: str = path) -> Any:
            found = of.get(path, page, accept)
            items = found.get("items") if isinstance(found, dict) else None
            counted(len(items) if isinstance(items, list) else 0)
            return found

        pages = collect(get, asked, int(asked.get("limit", LIMIT)), _expected(kind, version))
        answer = Answer(kind, namespace, version, [_whole(item, kind, pages) for item in pages.items], pages.error)
        if answer.error is None or answer.items or answer.error.trouble not in ANOTHER:
            return answer
        if answer.error.trouble is not Trouble.MISSING:
            first = first or answer
    return first or Answer(kind, namespace, "", [])


def _expected(kind: Kind, version: str) -> tuple[str, str]:
    """apiVersion and kind of a list of this kind; the kind is empty where a definition may have called it otherwise."""
    if kind.resource == "secrets":
        return "meta.k8s.io/v1", "PartialObjectMetadataList"
    api_version = f"{kind.group}/{version}" if kind.group else version
    return api_version, f"{kind.bare}List" if kind.name in CATALOGUE else ""


def _whole(item: Any, kind: Kind, pages: Pages) -> Any:
    """An item as `kubectl get -o yaml` shows it: with its kind, which lists of built-in kinds leave out.

    Of its metadata goes what only the server needs. A Secret came as its metadata and is of the type asked for.
    """
    if not isinstance(item, dict):
        return item
    if kind.resource == "secrets":
        item = {"apiVersion": "v1", "kind": "Secret", "metadata": item.get("metadata"), "type": PLAN_TYPE}
    elif "kind" not in item:
        item = {"apiVersion": pages.api_version, "kind": pages.kind, **item}
    if isinstance(item.get("metadata"), dict):
        item["metadata"].pop("managedFields", None)
    return item
