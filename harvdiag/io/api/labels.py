"""The labels of one Secret: a list of metadata alone, of which everything but identity and labels is dropped."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from harvdiag.core.fields import Obj, get_labels, get_text
from harvdiag.io.api.connect import Connection
from harvdiag.io.api.errors import RequestError
from harvdiag.io.api.lists import METADATA, METADATA_LIST
from harvdiag.io.api.pages import collect_pages
from harvdiag.io.api.transport import quote_segment

__all__ = ["Labelled", "fetch_secret_labels"]

KEPT = ("name", "namespace", "uid", "creationTimestamp")


class Labelled(NamedTuple):
    """The identity and the labels of the Secret, none if it does not exist, and the error if that is not known."""

    items: list[Obj]
    error: RequestError | None = None


def fetch_secret_labels(connection: Connection, kind: str, namespace: str, name: str) -> Labelled:
    """Fetch the labels of one Secret as an object of this kind (permission: list secrets in the namespace).

    Only metadata is asked for, and an answer of any other type is an error.
    """
    get = partial(connection.get, f"/api/v1/namespaces/{quote_segment(namespace)}/secrets", accept=METADATA)
    pages = collect_pages(
        lambda query: get(query=query), {"fieldSelector": f"metadata.name={name}"}, expected=METADATA_LIST
    )
    named = [item for item in pages.items if isinstance(item, dict) and get_text(item, "metadata.name") == name]
    return Labelled([_build_labelled(kind, item) for item in named], pages.error)


def _build_labelled(kind: str, item: Obj) -> Obj:
    metadata: dict[str, Any] = {key: text for key in KEPT if (text := get_text(item, f"metadata.{key}"))}
    return {"apiVersion": "v1", "kind": kind, "metadata": {**metadata, "labels": get_labels(item)}}
