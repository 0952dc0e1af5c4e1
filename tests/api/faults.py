"""What can go wrong between a client and the server. Each fault stands in for the answer that would have been sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Event, Lock
from typing import Any, Protocol

from tests.api.answers import Answer, failure, said
from tests.api.requests import Request
from tests.api.store import expired_token

PAUSE = 0.05
_REASONS = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 429: "TooManyRequests"}
_REASONS |= {500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout"}
_PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body><form>Log in</form></body></html>"


class Wire(Protocol):
    """The connection, as far as a fault may touch it."""

    current: Request
    """The request that is answered."""

    @property
    def stopped(self) -> Event:
        """Set when the server ends."""

    def head(self, answer: Answer) -> bytes:
        """Send status line and headers of an answer; give back the body that is to follow, packed if it is to be."""

    def send(self, data: bytes) -> None:
        """Send bytes."""

    def hang_up(self, abruptly: bool = False) -> None:
        """End the connection: in order, or with a reset."""

    def die(self) -> None:
        """End the whole server: from now on connections are refused."""


Made = Callable[[], Answer]
Fault = Callable[[Wire, Made], Answer | None]
"""Gives the answer to send, or None where it dealt with the connection itself."""


@dataclass
class Failure:
    """A fault, for the requests whose path, or path and query, fit `pattern` (as of a shell: ``*`` fits any text).

    `after` requests are let through, then `times` fail, then all is well again; with None it stays so.
    """

    pattern: str
    fault: Fault
    times: int | None = None
    after: int = 0
    passed: int = 0
    hits: int = 0
    lock: Lock = field(default_factory=Lock, repr=False)

    def takes(self, request: Request) -> bool:
        """Whether this request is to fail; counts."""
        whole = f"{request.path}?{request.target.partition('?')[2]}"
        if not (fnmatchcase(request.path, self.pattern) or fnmatchcase(whole, self.pattern)):
            return False
        if not getattr(self.fault, "fits", _any)(request):
            return False
        with self.lock:
            if self.passed < self.after:
                self.passed += 1
                return False
            if self.times is not None and self.hits >= self.times:
                return False
            self.hits += 1
            return True


def status(code: int, headers: Mapping[str, str] | None = None, body: Any = None) -> Fault:
    """A status; its body is a Status unless another is given (text as it stands, anything else as JSON)."""
    answer = failure(code, _REASONS.get(code, ""), _words(code), {}) if body is None else said(body, code)
    if isinstance(body, str):
        answer = Answer(code, body.encode(), "text/plain; charset=utf-8")
    answer.headers |= headers or {}
    return lambda _wire, _made: answer


def reset(sent: float | None = None) -> Fault:
    """The connection is reset: before anything is sent, or after this share of the body."""
    return lambda wire, made: _cut(wire, made, sent, abruptly=True)


def close(sent: float | None = 0.5) -> Fault:
    """The connection is closed after this share of the body; before any header with None."""
    return lambda wire, made: _cut(wire, made, sent, abruptly=False)


def stall(seconds: float | None = None, sent: float | None = None) -> Fault:
    """Nothing comes for a while, or ever; with `sent` after the headers and this share of the body."""

    def run(wire: Wire, made: Made) -> None:
        if sent is None:
            if not wire.stopped.wait(seconds):
                wire.send(wire.head(made()))
            return
        body = wire.head(made())
        share = round(len(body) * sent)
        wire.send(body[:share])
        if not wire.stopped.wait(seconds):
            wire.send(body[share:])

    return run


def dribble(pause: float = PAUSE) -> Fault:
    """The body comes byte by byte, with a pause before each."""

    def run(wire: Wire, made: Made) -> None:
        body = wire.head(made())
        for byte in body:
            if wire.stopped.wait(pause):
                return
            wire.send(bytes([byte]))

    return run


def not_json(code: int = 200) -> Fault:
    """A page for people, as a proxy puts before a server that it guards."""
    return lambda _wire, _made: login_page(code)


def redirect(to: str = "/login") -> Fault:
    """The way to a page where people log in."""
    return lambda _wire, _made: Answer(302, b"", "text/html; charset=utf-8", {"Location": to})


def truncated(share: float = 0.5) -> Fault:
    """JSON that breaks off, though all bytes that were announced came."""

    def run(wire: Wire, made: Made) -> Answer:
        answer = made()
        body = answer.body[: round(len(answer.body) * share)]
        return Answer(answer.code, body, answer.content_type, dict(answer.headers))

    return run


def gone() -> Fault:
    """The server has forgotten the moment of the list: 410 to a request that goes on with one, and to no other."""

    def run(wire: Wire, made: Made) -> Answer:
        return expired_token(wire.current.query["continue"])

    run.fits = lambda request: bool(request.query.get("continue"))  # type: ignore[attr-defined]
    return run


def items_null() -> Fault:
    """A list whose items are null."""
    return lambda _, made: _changed(made(), lambda body: body | {"items": None})


def without_group(name: str) -> Fault:
    """Discovery that lacks an API group, as that of a server which is starting lacks those of its CRDs."""

    def drop(body: dict[str, Any]) -> dict[str, Any]:
        items = [item for item in body.get("items", ()) if item["metadata"].get("name") != name]
        groups = [group for group in body.get("groups", ()) if group["name"] != name]
        return {**body, **({"items": items} if "items" in body else {"groups": groups})}

    return lambda _, made: _changed(made(), drop)


def bad_item(item: Any = "no object") -> Fault:
    """A list that begins with something that is no object."""
    return lambda _, made: _changed(made(), lambda body: body | {"items": [item, *(body.get("items") or [])]})


def die() -> Fault:
    """The server goes away: this connection is reset, as are all others, and new ones are refused."""
    return lambda wire, _: wire.die()


def login_page(code: int = 200) -> Answer:
    """The page for people."""
    return Answer(code, _PAGE, "text/html; charset=utf-8")


def _any(request: Request) -> bool:
    return True


def _cut(wire: Wire, made: Made, sent: float | None, abruptly: bool) -> None:
    if sent is not None:
        body = wire.head(made())
        wire.send(body[: round(len(body) * sent)])
    wire.hang_up(abruptly)


def _changed(answer: Answer, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Answer:
    return said(change(json.loads(answer.body)), answer.code)


def _words(code: int) -> str:
    if code == 401:
        return "Unauthorized"
    if code == 429:
        return "Too many requests, please try again later."
    if code == 503:
        return "the server is currently unable to handle the request"
    return f"an error on the server ({code}) has prevented the request from succeeding"
