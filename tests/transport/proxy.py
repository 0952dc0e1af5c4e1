"""A proxy on loopback: it tunnels what is asked by CONNECT and passes on what is asked by a whole URL.

A name that ends in .invalid is that of a server on loopback: no name or address of it is ever asked for by proxy.
"""

from __future__ import annotations

import socket
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from urllib.parse import urlsplit


class Proxy:
    """`with Proxy() as proxy`; `asked` is what came, ``CONNECT 127.0.0.1:6443`` or ``GET /version``."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True
        self.server.asked = self.asked  # type: ignore[attr-defined]

    @property
    def url(self) -> str:
        """What a kubeconfig calls it."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Proxy:
        """Listen."""
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End."""
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_CONNECT(self) -> None:
        self.server.asked.append(f"CONNECT {self.path}")  # type: ignore[attr-defined]
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((_real(host), int(port))) as there:
            self.send_response(200)
            self.end_headers()
            back = Thread(target=pour, args=(there, self.connection), daemon=True)
            back.start()
            pour(self.connection, there)
            back.join()
        self.close_connection = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append(f"GET {parts.path}")  # type: ignore[attr-defined]
        connection = HTTPConnection(_real(parts.hostname or ""), parts.port)
        connection.request("GET", f"{parts.path}?{parts.query}", headers=dict(self.headers.items()))
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests are kept, not printed."""


def _real(host: str) -> str:
    return "127.0.0.1" if host.endswith(".invalid") else host


def pour(source: socket.socket, sink: socket.socket) -> None:
    """All that comes from one side, to the other, until one of them is gone."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
