"""Proxies that want a password, or are SOCKS; and what does not get through one."""

from __future__ import annotations

import base64
import socket
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.api.certs import available
from tests.api.fixture import Serve
from tests.transport.lab import connection, refusal
from tests.transport.proxy import Proxy, pour
from tests.world import healthy

OBJECTS = healthy().objects
WORD = "p@ss:\u00e4"
IN_URL = "p%40ss%3A%C3%A4"
NAMED = "Basic " + base64.b64encode(f"me:{WORD}".encode()).decode()
tls_only = pytest.mark.skipif(not available(), reason="openssl is not on the PATH")


class Guarded(Proxy):
    """A proxy that wants a name and a password."""

    def __init__(self) -> None:
        super().__init__()
        usual: Any = self.server.RequestHandlerClass

        class Guard(usual):  # type: ignore[misc]
            def parse_request(self: BaseHTTPRequestHandler) -> bool:
                if not usual.parse_request(self):
                    return False
                if self.headers.get("Proxy-Authorization") == NAMED:
                    del self.headers["Proxy-Authorization"]
                    return True
                self.send_error(407)
                return False

        self.server.RequestHandlerClass = Guard

    def url_of(self, who: str) -> str:
        """With a name and a password in it."""
        return self.url.replace("//", f"//{who}@")


class Socks:
    """A SOCKS 5 proxy; `asked` is to whom it led, `named` who asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.named: list[bytes] = []
        self.listens = socket.create_server(("127.0.0.1", 0))
        Thread(target=self._listen, daemon=True).start()

    @property
    def at(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.listens.getsockname()[1]}"

    def _listen(self) -> None:
        while True:
            try:
                there, _ = self.listens.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(there,), daemon=True).start()

    def _serve(self, here: socket.socket) -> None:
        with here, here.makefile("rb") as read:
            _, number = read.read(2)
            if 2 in read.read(number):
                here.sendall(b"\x05\x02")
                read.read(1)
                self.named.append(b":".join(read.read(read.read(1)[0]) for _ in range(2)))
                here.sendall(b"\x01\x00")
            else:
                here.sendall(b"\x05\x00")
            kind = read.read(4)[3]
            host = socket.inet_ntoa(read.read(4)) if kind == 1 else read.read(read.read(1)[0]).decode()
            port = int.from_bytes(read.read(2))
            self.asked.append(f"{host}:{port}")
            with socket.create_connection((host, port)) as there:
                here.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
                Thread(target=pour, args=(there, here), daemon=True).start()
                pour(here, there)


@pytest.fixture
def socks() -> Iterator[Socks]:
    """One that ends with the test."""
    made = Socks()
    yield made
    made.listens.close()


@pytest.mark.parametrize("tls", ["", pytest.param("good", marks=tls_only)])
def test_a_proxy_with_a_password(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: str) -> None:
    """Of the kubeconfig or of the environment; the server does not get to see it."""
    api = serve(OBJECTS, tls="wrong host" if tls else "")
    server = f"{api.url.partition(':')[0]}://elsewhere.invalid:{api.server.port}"
    with Guarded() as proxy:
        at = proxy.url_of(f"me:{IN_URL}")
        of = connection(api, tmp_path, cluster={"proxy-url": at}, server=server)
        first = len(proxy.asked)
        assert 0 < first <= 3, "three requests; those through a tunnel may share one"
        assert at not in repr(of.login)
        for value in (at, at.removeprefix("http://")):
            monkeypatch.setenv("HTTPS_PROXY" if tls else "http_proxy", value)
            connection(api, tmp_path, server=server)
        assert first + 2 <= len(proxy.asked) <= 9
        assert tls or len(proxy.asked) == 9
    assert {request.headers.get("proxy-authorization") for request in api.requests} == {None}


@tls_only
def test_a_proxy_that_refuses(serve: Serve, tmp_path: Path) -> None:
    """The line says so, without the password."""
    api = serve(OBJECTS, tls="good")
    with Guarded() as proxy:
        text = refusal(None, api.kubeconfig(tmp_path / "config", cluster={"proxy-url": proxy.url_of("me:wrong-word")}))
    assert "the proxy: " in text
    assert "407" in text
    assert "wrong-word" not in text


@pytest.mark.parametrize("tls", ["", pytest.param("good", marks=tls_only)])
@pytest.mark.parametrize("who", ["", "me:word@"])
def test_a_socks_proxy(serve: Serve, tmp_path: Path, socks: Socks, tls: str, who: str) -> None:
    """As `ssh -D` makes one."""
    pytest.importorskip("socks")
    api = serve(OBJECTS, tls=tls)
    of = connection(api, tmp_path, cluster={"proxy-url": f"socks5://{who}{socks.at}"}, user=GROUPS)
    assert of.version
    assert set(socks.asked) == {f"127.0.0.1:{api.server.port}"}
    assert set(socks.named) == ({b"me:word"} if who else set())
    assert api.requests[0].all("Impersonate-Group") == ["ops", "dev"]


def test_a_socks_proxy_without_its_package(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """PySocks does not come with the client."""
    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.delitem(sys.modules, "urllib3.contrib.socks", raising=False)
    path = serve(OBJECTS).kubeconfig(tmp_path / "config", cluster={"proxy-url": "socks5://127.0.0.1:1"})
    says = "context lab: to go through a SOCKS proxy, install PySocks first: pip install pysocks"
    assert refusal(None, path) == says
    assert list(recwarn) == []


# --- several headers of one name -------------------------------------------------------------------------------------

GROUPS = {"as": "someone", "as-groups": ["ops", "dev"]}


def test_groups_do_not_get_through_a_proxy_as_one(serve: Serve, tmp_path: Path) -> None:
    """It would be asked as a member of the group `ops, dev`."""
    api = serve(OBJECTS)
    with Proxy() as proxy:
        cluster = {"proxy-url": proxy.url}
        path = api.kubeconfig(tmp_path / "config", cluster=cluster, user=GROUPS)
        assert "context lab: its as-groups would arrive as one group through the proxy" in refusal(None, path)
        assert (proxy.asked, api.requests) == ([], [])
        connection(api, tmp_path, cluster=cluster, user=GROUPS | {"as-groups": ["ops"]})
    assert api.requests[0].all("Impersonate-Group") == ["ops"]


@tls_only
def test_groups_get_through_a_tunnel(serve: Serve, tmp_path: Path) -> None:
    """Where the proxy does not see them."""
    api = serve(OBJECTS, tls="good")
    with Proxy() as proxy:
        connection(api, tmp_path, cluster={"proxy-url": proxy.url}, user=GROUPS)
    assert api.requests[0].all("Impersonate-Group") == ["ops", "dev"]
