"""Transport: one GET, whole and in time, or one line on why not."""

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
from harvdiag.io.api.trouble import RequestError, StoppedError, Trouble

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from harvdiag.io.api.login import Login

__all__ = ["JSON", "Transport", "segment"]

JSON = "application/json"
CHUNK = 1 << 20
MOST = 512 << 20
"""Bytes that one answer may have: 500 objects of the largest size etcd takes would be 750 MiB, real pages a few."""
CONNECT = 10.0
OPENSSL = re.compile(r"^\[[A-Z0-9: _]+\] | \(_ssl\.c:\d+\)$")
"""What OpenSSL puts around its words."""
STATUS = {
    401: Trouble.LOGIN,
    403: Trouble.FORBIDDEN,
    404: Trouble.MISSING,
    410: Trouble.EXPIRED,
    429: Trouble.BUSY,
    500: Trouble.BUSY,
    502: Trouble.BUSY,
    503: Trouble.BUSY,
    504: Trouble.BUSY,
}


def segment(name: str) -> str:
    """A name as one part of a path: nothing in it can lead to another place."""
    return quote(name, safe="")


class Transport:
    """Sends GET requests over the connections of a login.

    `timeout` is the time in seconds that a request may take from its start to the end of its body; the server may also
    let no more than that pass without a sign.

    May be used by several threads; `stop` makes those that are waiting give up.
    """

    def __init__(self, login: Login, timeout: float) -> None:
        self.login = login
        self.timeout = timeout
        self.stop = Event()
        self.requests = 0
        self.date = ""
        self._lock = Lock()

    def get(self, path: str, query: Mapping[str, str] | None = None, accept: str = JSON) -> Any:
        """What the server answers, as JSON. Raises RequestError for anything else, StoppedError once stopped.

        A login that is refused is renewed once, where there is a way to: an exec plugin, a token file.
        """
        turn = self.login.turn
        try:
            status, kind, body, wait = self._send(path, query or {}, accept)
        except RequestError as error:
            if error.trouble is not Trouble.LOGIN or not self._renewed(turn):
                raise
            status, kind, body, wait = self._send(path, query or {}, accept)
        if status == 401 and self._renewed(turn):
            status, kind, body, wait = self._send(path, query or {}, accept)
        if status != 200:
            _refuse(status, kind, body, wait)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise RequestError(Trouble.FOREIGN, f"answered with {kind or 'something'} that is not JSON") from None

    def _send(self, path: str, query: Mapping[str, str], accept: str) -> tuple[int, str, bytes, float | None]:
        from urllib3 import HTTPHeaderDict, Timeout
        from urllib3.exceptions import HTTPError

        stop = self.stop
        url = self.login.server + path + (f"?{urlencode(query)}" if query else "")
        with self._lock:  # one thread at a time renews a login that has run out
            self.requests += 1
            headers = HTTPHeaderDict(self._login())
        headers.update({"Accept": accept, "Accept-Encoding": "gzip", "User-Agent": "harvdiag"})
        deadline = time.monotonic() + self.timeout  # a login that has to be renewed first takes its own time
        limits = Timeout(connect=min(CONNECT, self.timeout), read=self.timeout)
        try:
            answer = self.login.pool.request(
                "GET", url, headers=headers, timeout=limits, preload_content=False, redirect=False, retries=False
            )
            body = _whole(answer, deadline, self.timeout, stop)
        except (HTTPError, OSError, ValueError) as error:
            raise _broken(error, self.timeout) from None
        self.date = answer.headers.get("Date", "") or self.date
        return answer.status, answer.headers.get("Content-Type", ""), body, _seconds(answer.headers.get("Retry-After"))

    def anew(self) -> Event:
        """Begin again after a stop: who waited before still gives up, who asks from now on does not."""
        self.stop = Event()
        return self.stop

    def _login(self) -> list[tuple[str, str]]:
        try:
            return self.login.headers()
        except AccessError as error:
            raise RequestError(Trouble.LOGIN, str(error)) from None

    def _renewed(self, turn: int) -> bool:
        try:
            return self.login.renew(turn)
        except AccessError as error:
            raise RequestError(Trouble.LOGIN, str(error)) from None

    @property
    def now(self) -> str:
        """The server's clock at its last answer, RFC 3339; empty where it did not tell."""
        try:
            told = parsedate_to_datetime(self.date)
            return (told.astimezone(UTC) if told.tzinfo else told).strftime("%Y-%m-%dT%H:%M:%SZ")
        except (ValueError, OverflowError):
            return ""


def _whole(answer: BaseHTTPResponse, deadline: float, timeout: float, stop: Event) -> bytes:
    """The whole body; each piece is taken as it comes, so that a server that drips cannot hold one for ever."""
    parts: list[bytes] = []
    size = 0
    try:
        while part := answer.read1(CHUNK, decode_content=True):
            parts.append(part)
            size += len(part)
            if stop.is_set():
                raise StoppedError
            if time.monotonic() > deadline:
                raise RequestError(Trouble.STALLED, f"no whole answer within {timeout:g} s")
            if size > MOST:
                raise RequestError(Trouble.FOREIGN, f"an answer of more than {MOST >> 20} MiB")
    except BaseException:
        answer.close()
        raise
    answer.release_conn()
    return b"".join(parts)


def _broken(error: Exception, timeout: float) -> RequestError:
    """A failure below HTTP, told as what it is."""
    from urllib3 import exceptions as http

    text = _innermost(error)
    if "CERTIFICATE" in text.upper():
        # An alert is the other side's word: it is the client's own certificate that is not liked.
        return RequestError(Trouble.LOGIN if "alert" in text else Trouble.TLS, text)
    timeouts = (http.ConnectTimeoutError, http.ReadTimeoutError, TimeoutError)
    if isinstance(error, timeouts) and not isinstance(error, http.NewConnectionError):  # a refusal is one of them, too
        return RequestError(Trouble.STALLED, f"no answer within {timeout:g} s")
    if isinstance(error, http.LocationParseError | http.InvalidHeader | UnicodeError):
        return RequestError(Trouble.OTHER, f"the kubeconfig's server cannot be asked: {text}")
    return RequestError(Trouble.LOST, f"the proxy: {text}" if isinstance(error, http.ProxyError) else text)


def _innermost(error: BaseException) -> str:
    """The words of the system's own error, without the names of the classes around it."""
    seen = {id(error)}
    while (inner := error.__cause__ or error.__context__) is not None and id(inner) not in seen:
        seen.add(id(inner))
        error = inner
    reason = getattr(error, "reason", None)
    text = str(getattr(error, "strerror", None) or (reason if isinstance(reason, str) else None) or error)
    return OPENSSL.sub("", text)


def _refuse(status: int, kind: str, body: bytes, wait: float | None) -> NoReturn:
    if 300 <= status < 400:
        raise RequestError(Trouble.FOREIGN, f"answered with a redirect ({status}), as a login page does")
    text = _message(body)
    if not text and "json" not in kind:
        text = f"answered {status} with {kind or 'no type'}"
    raise RequestError(STATUS.get(status, Trouble.OTHER), f"{text or 'no reason given'} ({status})", wait)


def _message(body: bytes) -> str:
    """The message of a Status, as every error of the API has one."""
    try:
        status = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = status.get("message") if isinstance(status, dict) else None
    return message if isinstance(message, str) else ""


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None
