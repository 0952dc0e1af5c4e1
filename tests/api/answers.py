"""What the server says: a body with its status and headers, and errors worded as kube-apiserver words them."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
GZIP_FROM = 128 * 1024  # kube-apiserver leaves smaller bodies as they are
MEDIA = "application/json, application/yaml, application/vnd.kubernetes.protobuf"


@dataclass
class Answer:
    """One answer. `packed` is the same body as gzip, kept by whoever keeps the answer."""

    code: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    packed: bytes = b""

    def gzipped(self) -> bytes:
        """The body as kube-apiserver packs it: quickly rather than small."""
        if not self.packed:
            self.packed = gzip.compress(self.body, 1)
        return self.packed

    def document(self) -> Any:
        """The body as it would be read."""
        return json.loads(self.body)


class Refusal(Exception):  # noqa: N818
    """The request ends here, with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body.decode())
        self.answer = answer


def said(value: Any, code: int = 200, content_type: str = JSON, **headers: str) -> Answer:
    """An answer of JSON, compact and with a line's end as the real one writes it."""
    return Answer(code, _dumped(value), content_type, headers)


def untyped(value: Any) -> Answer:
    """An answer of JSON made of custom resources: their keys are sorted, as the real one does not know their order."""
    return Answer(200, _dumped(value, True))


def failure(code: int, reason: str, message: str, details: Any = None, meta: Any = None) -> Answer:
    """A Status; `details` is left out where the real one leaves it out."""
    body = {"kind": "Status", "apiVersion": "v1", "metadata": meta or {}, "status": "Failure"}
    body |= {"message": message, "reason": reason} | ({} if details is None else {"details": details})
    return said(body | {"code": code}, code)


def bad_request(message: str) -> Refusal:
    """400."""
    return Refusal(failure(400, "BadRequest", message))


def unauthorized() -> Refusal:
    """401: no login, or one that is not, or no longer, good."""
    return Refusal(failure(401, "Unauthorized", "Unauthorized"))


def forbidden(user: str, verb: str, group: str, resource: str, *, name: str, scope: str) -> Refusal:
    """403; `resource` may have a subresource, ``nodes/proxy``, which the message names and the details do not."""
    plural = resource.split("/", 1)[0]
    subject = (f"{plural}.{group}" if group else plural) + (f' "{name}"' if name else "")
    message = (
        f'{subject} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group "{group}" {scope}'
    )
    return Refusal(failure(403, "Forbidden", message, _details(name, group, plural)))


def no_such_object(group: str, plural: str, name: str) -> Refusal:
    """404 of an object."""
    subject = f"{plural}.{group}" if group else plural
    return Refusal(failure(404, "NotFound", f'{subject} "{name}" not found', _details(name, group, plural)))


def no_such_resource() -> Refusal:
    """404 of something that a group built into the server does not have."""
    return Refusal(failure(404, "NotFound", "the server could not find the requested resource", {}))


def no_such_page() -> Refusal:
    """404 of a group, or of a custom resource, that the server has never heard of: no Status, as the real one."""
    return Refusal(Answer(404, b"404 page not found\n", TEXT, {"X-Content-Type-Options": "nosniff"}))


def method_not_allowed() -> Refusal:
    """405: this server only lets itself be read."""
    message = "the server does not allow this method on the requested resource"
    return Refusal(failure(405, "MethodNotAllowed", message, {}))


def not_acceptable(message: str) -> Refusal:
    """406."""
    return Refusal(failure(406, "NotAcceptable", message))


def expired(token: str) -> Refusal:
    """410 in the middle of paging; `token` lets a client go on, with a list that is of no one moment."""
    message = (
        "The provided continue parameter is too old to display a consistent list result. You can start a new list "
        "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
        "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
        "modified, or deleted between the time the first chunk was returned and now may show up in the list."
    )
    return Refusal(failure(410, "Expired", message, meta={"continue": token}))


def _dumped(value: Any, ordered: bool = False) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=ordered).encode() + b"\n"


def _details(name: str, group: str, plural: str) -> dict[str, str]:
    return {key: value for key, value in (("name", name), ("group", group), ("kind", plural)) if value}
