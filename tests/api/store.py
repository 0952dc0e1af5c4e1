"""The objects, as etcd would list them: sorted, in pages, in the version that is asked for, at a remembered moment."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from tests.api.answers import (
    Answer,
    bad_request,
    expired,
    no_such_object,
    no_such_page,
    no_such_resource,
    said,
    untyped,
)
from tests.api.requests import Request, Target, form
from tests.api.served import Object, Served, built_in, group_of, served
from tests.world.kit import plural

META = "meta.k8s.io"
FIRST = 81_000_000  # newer than any object of the world
Row = tuple[str, str, Object]  # namespace, name, object
_ONE, _MANY = "PartialObjectMetadata", "PartialObjectMetadataList"


class Page(NamedTuple):
    """Which part of a list is wanted."""

    limit: int = 0
    start: str = ""
    selectors: tuple[tuple[str, str, bool], ...] = ()

    def takes(self, row: Row) -> bool:
        """Whether the selectors let an object through."""
        found = {"metadata.namespace": row[0], "metadata.name": row[1], "type": row[2].get("type", "")}
        return all((found[label] == value) is equal for label, value, equal in self.selectors)


class Store:
    """Objects by kind. `replace` makes a new moment; a list that was begun before goes on with the old one's."""

    def __init__(
        self, objects: Iterable[Object], versions: Mapping[str, Collection[str]], missing: Collection[str]
    ) -> None:
        self._how = (versions, missing)
        self._past: dict[int, dict[tuple[str, str], list[Row]]] = {}
        self._answers: dict[Any, Answer] = {}
        self.now = FIRST
        self.replace(objects)

    def replace(self, objects: Iterable[Object]) -> None:
        """From now on the server has these objects."""
        kept = list(objects)
        self.kinds = served(kept, *self._how)
        self.now += 1
        rows = self._past[self.now] = {}
        for obj in kept:
            meta = obj["metadata"]
            row = (meta.get("namespace") or "", meta["name"], obj)
            rows.setdefault((group_of(obj), plural(obj["kind"])), []).append(row)
        for found in rows.values():
            found.sort(key=_key)

    def forget(self) -> None:
        """Compact: a list that was begun before the last `replace` cannot be gone on with."""
        self._past = {self.now: self._past[self.now]}
        self._answers.clear()

    def kind(self, target: Target) -> Served:
        """What a target names; refuses what is not served."""
        kind = self.kinds.get((target.group, target.plural))
        if kind is None or target.version not in kind.versions:
            raise no_such_resource() if built_in(target.group) and target.version == "v1" else no_such_page()
        if kind.namespaced and target.name and not target.namespace:
            raise no_such_page()
        if target.namespace and not kind.namespaced:
            raise no_such_resource() if kind.built_in else no_such_page()
        return kind

    def one(self, request: Request, target: Target) -> Answer:
        """A single object."""
        kind = self.kind(target)
        for row in self._past[self.now].get((kind.group, kind.plural), ()):
            if row[:2] == (target.namespace, target.name):
                partial = form(request, (_ONE, META, "v1"), {_MANY: f"is not a list ({_type(kind)})"})
                if partial:
                    return said(_partial(row[2]))
                whole = _whole(row[2], target)
                return said(whole) if kind.built_in else untyped(whole)
        raise no_such_object(target.group, target.plural, target.name)

    def has(self, target: Target) -> bool:
        """Whether there is such an object."""
        rows = self._past[self.now].get((target.group, target.plural), ())
        return any(row[:2] == (target.namespace, target.name) for row in rows)

    def list(self, request: Request, target: Target) -> Answer:
        """A list, or the page of it that is asked for. The same question gets the same answer, made once."""
        kind = self.kind(target)
        partial = form(request, (_MANY, META, "v1"), {_ONE: f"is a list ({_type(kind)}List)"})
        moment, page = self._page(request.query, kind)
        key = (moment, target, page, partial)
        if key not in self._answers:
            self._answers[key] = self._made(kind, target, moment, page, bool(partial))
        return self._answers[key]

    def _made(self, kind: Served, target: Target, moment: int, page: Page, partial: bool) -> Answer:
        rows = self._past[moment].get((kind.group, kind.plural), [])
        rows = [row for row in rows if target.namespace in ("", row[0]) and page.takes(row)]
        left = [row for row in rows if _key(row) >= page.start] if page.start else rows
        taken = left[: page.limit] if page.limit else left
        meta: dict[str, Any] = {"resourceVersion": str(moment)}
        rest = len(left) - len(taken)
        if rest:
            meta["continue"] = _token(moment, _key(taken[-1]))
            if not page.selectors:
                meta["remainingItemCount"] = rest
        if partial:
            head = {"kind": _MANY, "apiVersion": f"{META}/v1", "metadata": meta}
            return said(head | {"items": [_partial(row[2]) for row in taken]})
        return _listed(kind, target, meta, [row[2] for row in taken])

    def _page(self, query: Mapping[str, str], kind: Served) -> tuple[int, Page]:
        """The moment of a list, and which part of it."""
        if query.get("labelSelector"):
            raise bad_request("this server knows no label selectors")
        limit = _number(query.get("limit", ""))
        selectors = tuple(_selectors(query.get("fieldSelector", ""), kind))
        if not query.get("continue"):
            return self.now, Page(limit, "", selectors)
        moment, start = _opened(query["continue"])
        if moment != -1 and moment not in self._past:
            raise expired(_token(-1, start.rstrip("\0")))
        return self.now if moment == -1 else moment, Page(limit, start, selectors)


def _key(row: Row) -> str:
    """The object's key in etcd, below that of its kind."""
    return f"{row[0]}/{row[1]}" if row[0] else row[1]


def _number(text: str) -> int:
    try:
        return max(0, int(text or "0"))
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _selectors(text: str, kind: Served) -> Iterable[tuple[str, str, bool]]:
    known = {"metadata.name", "metadata.namespace"} | ({"type"} if kind.resource == "secrets" else set())
    for term in filter(None, text.split(",")):
        label, sign, value = term.partition("!=") if "!=" in term else term.partition("=")
        if label not in known or not sign:
            raise bad_request(f"field label not supported: {label}")
        yield label, value.removeprefix("="), sign == "="


def _token(moment: int, after: str) -> str:
    """As kube-apiserver makes it: the moment, and the first key that can be next."""
    text = json.dumps({"v": f"{META}/v1", "rv": moment, "start": after + "\0"}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _opened(token: str) -> tuple[int, str]:
    try:
        told = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(told["rv"]), str(told["start"])
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from None


def expired_token(token: str) -> Answer:
    """What is answered to a token whose moment is forgotten."""
    return expired(_token(-1, _opened(token)[1].rstrip("\0"))).answer


def _type(kind: Served) -> str:
    return f"*core.{kind.kind}" if kind.built_in else "*unstructured.Unstructured"


def _partial(obj: Object) -> Object:
    return {"kind": _ONE, "apiVersion": f"{META}/v1", "metadata": obj["metadata"]}


def _version(target: Target) -> str:
    return f"{target.group}/{target.version}".lstrip("/")


def _whole(obj: Object, target: Target) -> Object:
    """The object in the version that is asked for: the same, under that version's name."""
    return {"kind": obj["kind"], "apiVersion": obj["apiVersion"]} | obj | {"apiVersion": _version(target)}


def _listed(kind: Served, target: Target, meta: dict[str, Any], objects: list[Object]) -> Answer:
    """A list of built-in kinds leaves kind and version out of its items; one of custom resources does not."""
    head = {"kind": f"{kind.kind}List", "apiVersion": _version(target)}
    if kind.built_in:
        bare = [{key: obj[key] for key in obj if key not in ("kind", "apiVersion")} for obj in objects]
        return said(head | {"metadata": meta, "items": bare})
    items = [_whole(obj, target) for obj in objects]
    return untyped(head | {"metadata": {"continue": ""} | meta, "items": items})
