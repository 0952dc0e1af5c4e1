"""Transport: one GET request, complete and within its timeout, or a RequestError."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, urlencode

from harvdiag.core.errors import AccessError
from harvdiag.io.api.errors import FailureReason, RequestError, StoppedError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from harvdiag.io.api.login import Login

__all__ = ["JSON", "Transport", "quote_segment"]

JSON = "application/json"
CHUNK = 1 << 20
MOST = 512 << 20
"""Bytes allowed for one answer: 500 objects of etcd's maximum size are 750 MiB, real pages a few MiB."""
CONNECT = 10.0
OPENSSL = re.compile(r"^\[[A-Z0-9: _]+\] | \(_ssl\.c:\d+\)$")
"""What OpenSSL puts around its messages."""
REASONS = {
    401: FailureReason.UNAUTHORIZED,
    403: FailureReason.FORBIDDEN,
    404: FailureReason.NOT_FOUND,
    410: FailureReason.EXPIRED,
    429: FailureReason.UNAVAILABLE,
    500: FailureReason.UNAVAILABLE,
    502: FailureReason.UNAVAILABLE,
    503: FailureReason.UNAVAILABLE,
    504: FailureReason.UNAVAILABLE,
}


def quote_segment(name: str) -> str:
    """Quote a name as one segment of a path, so that it cannot change the path."""
    return quote(name, safe="")


class Transport:
    """Sends GET requests over the connections of a login.

    `timeout` is the time in seconds that a request may take from its start to the end of its body, and the longest
    time that the server may send nothing.

    Safe for several threads; `stop` makes those that are waiting give up.
    """

    def __init__(self, login: Login, timeout: float) -> None:
        self.login = login
        self.timeout = timeout
        self.stop = Event()
        self.requests = 0
        self.date = ""
        self._lock = Lock()

    def get(self, path: str, query: Mapping[str, str] | None = None, accept: str = JSON) -> Any:
        """Send a GET and return the answer, parsed from JSON. Raises RequestError, or StoppedError once stopped.

        A login that is refused is renewed once, if it can be: an exec plugin, a token file.
        """
        # Read before the request: if another thread renews the login meanwhile, this one must not do it again.
        generation = self.login.generation
        try:
            status, kind, body, wait = self._send_get(path, query or {}, accept)
        except RequestError as error:
            if error.reason is not FailureReason.UNAUTHORIZED or not self._renew_login(generation):
                raise
            status, kind, body, wait = self._send_get(path, query or {}, accept)
        if status == 401 and self._renew_login(generation):
            status, kind, body, wait = self._send_get(path, query or {}, accept)
        if status != 200:
            _raise_status(status, kind, body, wait)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise RequestError(
                FailureReason.INVALID_RESPONSE, f"answered with {kind or 'something'} that is not JSON"
            ) from None

    def _send_get(self, path: str, query: Mapping[str, str], accept: str) -> tuple[int, str, bytes, float | None]:
        from urllib3 import HTTPHeaderDict, Timeout
        from urllib3.exceptions import HTTPError

        stop = self.stop
        url = self.login.server + path + (f"?{urlencode(query)}" if query else "")
        with self._lock:  # one thread at a time renews credentials that have expired
            self.requests += 1
            headers = HTTPHeaderDict(self._auth_headers())
        encoding = "gzip" if self.login.compressed else "identity"
        headers.update({"Accept": accept, "Accept-Encoding": encoding, "User-Agent": "harvdiag"})
        deadline = time.monotonic() + self.timeout  # not counting the time to renew the login
        limits = Timeout(connect=min(CONNECT, self.timeout), read=self.timeout)
        try:
            answer = self.login.pool.request(
                "GET", url, headers=headers, timeout=limits, preload_content=False, redirect=False, retries=False
            )
            body = _read_body(answer, deadline, self.timeout, stop)
        except (HTTPError, OSError, ValueError) as error:
            raise _transport_error(error, self.timeout) from None
        # The server's clock, not ours, dates what was read.
        self.date = answer.headers.get("Date", "") or self.date
        return (
            answer.status,
            answer.headers.get("Content-Type", ""),
            body,
            _parse_retry_after(answer.headers.get("Retry-After")),
        )

    def reset(self) -> Event:
        """Replace `stop` after an interruption: requests from before still give up, new ones do not."""
        self.stop = Event()
        return self.stop

    def _auth_headers(self) -> list[tuple[str, str]]:
        try:
            return self.login.headers()
        except AccessError as error:
            raise RequestError(FailureReason.UNAUTHORIZED, str(error)) from None

    def _renew_login(self, generation: int) -> bool:
        try:
            return self.login.renew(generation)
        except AccessError as error:
            raise RequestError(FailureReason.UNAUTHORIZED, str(error)) from None

    @property
    def now(self) -> str:
        """The server's clock at its last answer, RFC 3339; empty if it sent no Date."""
        try:
            date = parsedate_to_datetime(self.date)
            return (date.astimezone(UTC) if date.tzinfo else date).strftime("%Y-%m-%dT%H:%M:%SZ")
        except (ValueError, OverflowError):
            return ""


def _read_body(answer: BaseHTTPResponse, deadline: float, timeout: float, stop: Event) -> bytes:
    """Read the body piece by piece, so that a server that sends slowly cannot exceed the timeout."""
    parts: list[bytes] = []
    size = 0
    try:
        while part := answer.read1(CHUNK, decode_content=True):
            parts.append(part)
            size += len(part)
            if stop.is_set():
                raise StoppedError
            if time.monotonic() > deadline:
                raise RequestError(FailureReason.TIMEOUT, f"no complete answer within {timeout:g} s")
            if size > MOST:
                raise RequestError(FailureReason.INVALID_RESPONSE, f"an answer of more than {MOST >> 20} MiB")
    except BaseException:
        answer.close()
        raise
    answer.release_conn()
    return b"".join(parts)


def _transport_error(error: Exception, timeout: float) -> RequestError:
    """The RequestError for a failure below HTTP."""
    from urllib3 import exceptions as http

    text = _innermost_message(error)
    if "CERTIFICATE" in text.upper():
        # An alert comes from the server: it rejects the client's own certificate.
        return RequestError(FailureReason.UNAUTHORIZED if "alert" in text else FailureReason.TLS, text)
    timeouts = (http.ConnectTimeoutError, http.ReadTimeoutError, TimeoutError)
    if isinstance(error, timeouts) and not isinstance(
        error, http.NewConnectionError
    ):  # a refused connection is one of them, too
        return RequestError(FailureReason.TIMEOUT, f"no answer within {timeout:g} s")
    if isinstance(error, http.LocationParseError | http.InvalidHeader | UnicodeError):
        return RequestError(FailureReason.OTHER, f"the kubeconfig's server cannot be queried: {text}")
    return RequestError(
        FailureReason.CONNECTION_FAILED, f"the proxy: {text}" if isinstance(error, http.ProxyError) else text
    )


def _innermost_message(error: BaseException) -> str:
    """The message of the system's own error, without the names of the exception classes around it."""
    seen = {id(error)}
    while (inner := error.__cause__ or error.__context__) is not None and id(inner) not in seen:
        seen.add(id(inner))
        error = inner
    reason = getattr(error, "reason", None)
    text = str(getattr(error, "strerror", None) or (reason if isinstance(reason, str) else None) or error)
    return OPENSSL.sub("", text)


def _raise_status(status: int, kind: str, body: bytes, wait: float | None) -> NoReturn:
    if 300 <= status < 400:
        raise RequestError(FailureReason.INVALID_RESPONSE, f"answered with a redirect ({status}), as a login page does")
    text = _status_message(body)
    if not text and "json" not in kind:
        text = f"answered {status} with {kind or 'no type'}"
    raise RequestError(REASONS.get(status, FailureReason.OTHER), f"{text or 'no reason given'} ({status})", wait)


def _status_message(body: bytes) -> str:
    """The message of the Status object that every error of the API has."""
    try:
        status = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = status.get("message") if isinstance(status, dict) else None
    return message if isinstance(message, str) else ""


def _parse_retry_after(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None
