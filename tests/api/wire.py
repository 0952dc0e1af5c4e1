"""The HTTP server under the API: keep-alive, one thread a connection, gzip, TLS, and an end that nobody waits for."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

from tests.api.answers import GZIP_FROM, Answer
from tests.api.requests import Request

Handle = Callable[["Handler"], Answer | None]
_POLL = 0.02


class Server(ThreadingHTTPServer):
    """Listens on loopback. `handle` makes the answer to a request, or deals with its connection and gives None."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, handle: Handle, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = handle
        self.tls = tls
        self.stopped = Event()
        self.connections = 0
        self.failed_handshakes = 0
        self.busiest = 0
        self._busy = 0
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._thread = Thread(target=self.serve_forever, args=(_POLL,), daemon=True, name="fake-api")
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def stop(self) -> None:
        """Refuse new connections and reset those that are open."""
        if self.stopped.is_set():
            return
        self.stopped.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def kept(self, connection: socket.socket) -> None:
        """Count a connection, and close it when the server ends."""
        with self._lock:
            self.connections += 1
            self._open.add(connection)

    def left(self, connection: socket.socket) -> None:
        """A connection ended."""
        with self._lock:
            self._open.discard(connection)

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """While a request is dealt with."""
        with self._lock:
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or does not trust the certificate, is no failure of the server."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server
    request: Any  # of the base: the socket
    current: Request

    def setup(self) -> None:
        """The handshake is made here, in the connection's own thread: a client that dawdles holds up no other."""
        self.server.kept(self.request)
        if self.server.tls:
            plain = self.request
            try:
                self.request = self.server.tls.wrap_socket(plain, server_side=True)
            except OSError:
                self.server.failed_handshakes += 1
                raise
            finally:
                self.server.left(plain)
            self.server.kept(self.request)
            self.server.connections -= 1
        super().setup()

    def finish(self) -> None:
        """Let go of the connection."""
        try:
            super().finish()
        finally:
            self.server.left(self.request)
            if self.server.tls:
                self.request.close()

    def handle_one_request(self) -> None:
        """A connection that ends under the server ends the thread quietly."""
        try:
            super().handle_one_request()
        except (OSError, ValueError):
            self.close_connection = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._do
        raise AttributeError(name)

    def _do(self) -> None:
        self._drain()
        headers = {key.lower(): value for key, value in self.headers.items()}
        self.current = Request(self.command, self.path, headers, pairs=list(self.headers.items()))
        with self.server.busy():
            answer = self.server.answer(self)
            if answer is not None:
                self.send(self.head(answer))

    def _drain(self) -> None:
        """Read a body that nobody wanted, so that the next request is found where it begins."""
        length = self.headers.get("Content-Length", "0")
        self.rfile.read(int(length) if length.isdigit() else 0)
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True

    def head(self, answer: Answer) -> bytes:
        """Send status line and headers of an answer; give back the body that is to follow."""
        packed = len(answer.body) > GZIP_FROM and "gzip" in self.headers.get("Accept-Encoding", "")
        body = answer.gzipped() if packed else answer.body
        self.current.status = answer.code
        self.send_response(answer.code)
        if "Cache-Control" not in answer.headers:
            self.send_header("Cache-Control", "no-cache, private")
        self.send_header("Content-Type", answer.content_type)
        if packed:
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Vary", "Accept-Encoding")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return body

    def send(self, data: bytes) -> None:
        """Send bytes."""
        if self.command != "HEAD":
            self.wfile.write(data)

    def hang_up(self, abruptly: bool = False) -> None:
        """End the connection; abruptly, the kernel forgets it and the client gets a reset."""
        self.close_connection = True
        if abruptly:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        self.rfile.close()
        self.connection.close()

    def die(self) -> None:
        """End the whole server. This connection goes last: whoever sees it go finds new ones refused."""
        self.server.left(self.connection)
        self.server.stop()
        self.hang_up(abruptly=True)

    @property
    def stopped(self) -> Event:
        """Set when the server ends."""
        return self.server.stopped

    def certificate(self) -> Any:
        """The client's certificate, if it showed one."""
        return self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None

    def version_string(self) -> str:
        """Says what it is."""
        return "fake-kube-apiserver"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Requests are kept, not printed."""
