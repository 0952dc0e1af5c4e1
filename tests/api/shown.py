"""A server on loopback that shows a certificate in a TLS handshake, or goes wrong; it keeps what came after that."""

from __future__ import annotations

import contextlib
import socket
import ssl
from queue import SimpleQueue
from threading import Thread
from types import TracebackType

from tests.api.certs import Pair


class Shows:
    """`with Shows(pair) as server`; without a pair it accepts connections and never says a word.

    `said` gets what each client sent after the handshake, once that has hung up.
    """

    def __init__(self, pair: Pair | None, address: str = "127.0.0.1", port: int = 0) -> None:
        self.said: SimpleQueue[bytes] = SimpleQueue()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if pair else None
        if self._tls and pair:
            self._tls.load_cert_chain(pair.certificate, pair.key)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listens = socket.create_server((address, port), family=family)
        self.port = int(self._listens.getsockname()[1])
        self._open: list[socket.socket] = []

    def __enter__(self) -> Shows:
        """Listen."""
        Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Hang up."""
        for connection in (self._listens, *self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # ends `accept`, which a mere close does not
            connection.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listens.accept()
            except OSError:
                return
            self._open.append(connection)
            if self._tls:
                self._show(connection, self._tls)

    def _show(self, connection: socket.socket, tls: ssl.SSLContext) -> None:
        try:
            with tls.wrap_socket(connection, server_side=True) as secure:
                self.said.put(secure.recv(1 << 10))
        except OSError:
            self.said.put(b"")
