"""One request: TLS, proxies, and every way in which an answer can be none."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from harvdiag.io.api.connect import open_connection
from harvdiag.io.api.errors import FailureReason, RequestError
from harvdiag.io.api.proxies import environment_proxy
from harvdiag.io.api.transport import JSON
from tests.api import TOKEN, Api, close, dribble, not_json, redirect, reset, stall, status, truncated
from tests.api.certs import available
from tests.api.fixture import Serve
from tests.transport.lab import connection, refusal, transport
from tests.transport.proxy import Proxy
from tests.world import healthy

OBJECTS = healthy().objects
NODES = "/api/v1/nodes"
tls_only = pytest.mark.skipif(not available(), reason="openssl is not on the PATH")


def trouble(api: Api, place: Path, fault: Any, timeout: float = 10.0) -> RequestError:
    """What one request that goes wrong is told as."""
    api.fail(NODES, fault)
    with pytest.raises(RequestError) as caught:
        transport(api, place, timeout).get(NODES)
    assert len(api.requests) == 1, "one request, whatever comes of it"
    return caught.value


# --- TLS -----------------------------------------------------------------------------------------------------------


@tls_only
@pytest.mark.parametrize("ca", ["data", "file"])
def test_a_ca_of_its_own(serve: Serve, tmp_path: Path, ca: str) -> None:
    """In the kubeconfig or beside it."""
    api = serve(OBJECTS, tls="good")
    assert connection(api, tmp_path, ca=ca).version == "v1.31.4+rke2r1"


@tls_only
@pytest.mark.parametrize(
    ("tls", "ca", "says"),
    [
        ("good", "other", "certificate verify failed"),
        ("good", "none", "certificate verify failed"),
        ("other ca", "data", "certificate verify failed"),
        ("wrong host", "data", "certificate is not valid for '127.0.0.1'"),
    ],
)
def test_a_certificate_that_is_not_accepted(serve: Serve, tmp_path: Path, tls: str, ca: str, says: str) -> None:
    """At once, without another try, and nothing is sent to whoever that is."""
    api = serve(OBJECTS, tls=tls)
    text = refusal(None, api.kubeconfig(tmp_path / "config", ca=ca))
    assert f"context lab: {api.url} presents a certificate that is not accepted: " in text
    assert says in text
    assert "check certificate-authority of the kubeconfig" in text
    assert "_ssl.c" not in text
    assert (api.requests, api.server.connections) == ([], 3)


@tls_only
def test_the_name_that_the_certificate_has(serve: Serve, tmp_path: Path) -> None:
    """tls-server-name, for a server that is reached by another name."""
    api = serve(OBJECTS, tls="wrong host")
    assert connection(api, tmp_path, cluster={"tls-server-name": "elsewhere.invalid"}).version


@tls_only
def test_an_unchecked_certificate_is_noted(
    serve: Serve, tmp_path: Path, recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]
) -> None:
    """insecure-skip-tls-verify works as for kubectl, without a warning for each request."""
    api = serve(OBJECTS, tls="other ca")
    of = connection(api, tmp_path, ca="insecure")
    of.get(NODES)
    assert of.login.insecure
    assert (list(recwarn), capfd.readouterr()) == ([], ("", ""))


@tls_only
def test_plain_http_and_tls_do_not_meet(serve: Serve, tmp_path: Path) -> None:
    """A server's URL with the wrong scheme is one that cannot be reached."""
    plain, safe = serve(OBJECTS), serve(OBJECTS, tls="good")
    for server in (plain.url.replace("http:", "https:"), safe.url.replace("https:", "http:")):
        text = refusal(None, plain.kubeconfig(tmp_path / "config", server=server))
        assert f"context lab: {server} cannot be reached: " in text
        assert "check the server of the kubeconfig" in text


@tls_only
def test_a_handshake_that_is_cut_is_a_lost_connection(tmp_path: Path, serve: Serve) -> None:
    """A server that restarts is not one with a bad certificate: the request may be tried again."""
    api = serve(OBJECTS, tls="good")
    of = connection(api, tmp_path)
    api.fail(NODES, reset(), times=1)
    assert len(of.get(NODES)["items"]) == 3
    assert api.paths.count(NODES) == 2


def test_the_words_of_openssl() -> None:
    """The library's own name for a cut handshake does not speak of certificates."""
    from urllib3.exceptions import SSLError

    from harvdiag.io.api.transport import _transport_error

    cut = SSLError(ssl.SSLEOFError(8, "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred (_ssl.c:1006)"))
    cut.__cause__ = cut.args[0]
    assert (_transport_error(cut, 1).reason, str(_transport_error(cut, 1))) == (
        FailureReason.CONNECTION_FAILED,
        "EOF occurred",
    )
    alert = SSLError("tlsv13 alert certificate required")
    assert _transport_error(alert, 1).reason is FailureReason.UNAUTHORIZED


# --- proxies -------------------------------------------------------------------------------------------------------


def test_a_proxy_of_the_kubeconfig(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """proxy-url; as for kubectl, NO_PROXY says nothing about it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for tls, asked in (("", ["GET /api", "GET /apis", "GET /version"]), ("good", ["CONNECT"])):
        api = serve(OBJECTS, tls=tls)
        with Proxy() as proxy:
            of = connection(api, tmp_path, cluster={"proxy-url": proxy.url})
        assert sorted({words.partition(" 127")[0] for words in proxy.asked}) == asked
        assert of.version
        sent = {request.headers.get("authorization") for request in api.requests}
        assert sent == {f"Bearer {TOKEN}" if tls else None}, "nothing is sent to a plain http:// server"


@tls_only
def test_a_proxy_of_the_environment(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY is tunnelled through, but not to the machine itself; ALL_PROXY says nothing, as for kubectl."""
    api, here = serve(OBJECTS, tls="wrong host"), serve(OBJECTS, tls="good")
    server = f"https://elsewhere.invalid:{api.server.port}"
    with Proxy() as proxy:
        for name in ("HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert connection(api, tmp_path, server=server).version
        assert set(proxy.asked) == {f"CONNECT elsewhere.invalid:{api.server.port}"}
        proxy.asked.clear()
        assert connection(here, tmp_path).version
        assert connection(here, tmp_path, server=here.url.replace("127.0.0.1", "LOCALHOST")).version
        monkeypatch.setenv("NO_PROXY", ".invalid")
        assert "cannot be reached" in refusal(None, api.kubeconfig(tmp_path / "config", server=server))
        monkeypatch.delenv("HTTPS_PROXY")
        monkeypatch.delenv("NO_PROXY")
        assert "cannot be reached" in refusal(None, api.kubeconfig(tmp_path / "config", server=server))
        assert proxy.asked == []


@pytest.mark.parametrize(
    ("server", "no_proxy", "proxied"),
    [
        ("https://10.1.2.3:6443", "", True),
        ("https://127.0.0.1:6443", "", False),
        ("https://127.8.8.8", "", False),
        ("https://[::1]:6443", "", False),
        ("https://localhost:6443", "", False),
        ("https://[::ffff:127.0.0.1]", "", False),
        ("https://localhost.lab", "", True),
        ("https://10.1.2.3:6443", "*", False),
        ("https://10.1.2.3:6443", "lab, 10.0.0.0/8", False),
        ("https://10.1.2.3:6443", "10.1.2.3:443", True),
        ("https://10.1.2.3:6443", "10.1.2.3:6443", False),
        ("https://10.1.2.3:6443", "10.1.2", True),
        ("https://[fd00::5]:6443", "fd00::/8", False),
        ("https://[fd00::5]:6443", "[fd00::5]:6443", False),
        ("https://[fd00::5]:6443", "fd00::5", False),
        ("https://API.lab:6443", "LAB", False),
        ("https://lab:6443", ".lab", True),
        ("https://api.lab:6443", "*.lab:6443", False),
        ("https://apilab", "lab", True),
        ("https://api.lab", "lab:443", False),
        ("http://api.lab", "", False),
    ],
)
def test_the_rule_of_no_proxy(server: str, no_proxy: str, proxied: bool) -> None:
    """That of Go's HTTP client; a proxy without a scheme is an http:// one."""
    environment = {"HTTPS_PROXY": "proxy:3128", "ALL_PROXY": "http://never", "no_proxy": no_proxy}
    assert environment_proxy(server, environment) == ("http://proxy:3128" if proxied else "")
    assert environment_proxy("http://api.lab", {"http_proxy": "socks5://proxy"}) == "socks5://proxy"


def test_a_proxy_that_is_not_there(serve: Serve, tmp_path: Path) -> None:
    """The line says that it is the proxy."""
    api = serve(OBJECTS)
    path = api.kubeconfig(tmp_path / "config", cluster={"proxy-url": "http://127.0.0.1:1"})
    assert "cannot be reached: the proxy: Connection refused" in refusal(None, path)
    path = api.kubeconfig(tmp_path / "config", cluster={"proxy-url": "nonsense"})
    assert "the certificates or the proxy of the kubeconfig cannot be used" in refusal(None, path)
    assert api.requests == []


def test_below_rancher(serve: Serve, tmp_path: Path) -> None:
    """The path of the server's URL stays in front of every request."""
    api = serve(OBJECTS, prefix="/k8s/clusters/c-m-1")
    of = connection(api, tmp_path)
    of.get(NODES)
    assert {request.target.startswith("/k8s/clusters/c-m-1/") for request in api.requests} == {True}
    assert of.login.server.endswith("/k8s/clusters/c-m-1")


# --- what is sent --------------------------------------------------------------------------------------------------


def test_what_a_request_says(serve: Serve, tmp_path: Path) -> None:
    """GET, who asks, what is wanted, packed unless the kubeconfig says otherwise."""
    api = serve(OBJECTS, tls="good")
    transport(api, tmp_path).get(NODES, {"limit": "2"})
    (request,) = api.requests
    told = {name: request.headers[name] for name in ("accept", "accept-encoding", "user-agent", "authorization")}
    assert told == {
        "accept": JSON,
        "accept-encoding": "gzip",
        "user-agent": "harvdiag",
        "authorization": f"Bearer {TOKEN}",
    }
    assert (request.method, request.query) == ("GET", {"limit": "2"})
    transport(api, tmp_path, cluster={"disable-compression": True}).get(NODES)
    assert api.requests[1].headers["accept-encoding"] == "identity"


def test_a_packed_answer(serve: Serve, tmp_path: Path) -> None:
    """A large one comes as gzip."""
    api = serve(healthy([f"n{number}" for number in range(60)]).objects)
    assert len(transport(api, tmp_path).get(NODES)["items"]) == 60


def test_the_clock_of_the_server(serve: Serve, tmp_path: Path) -> None:
    """The time of collection is the server's; a header that is none gives none."""
    api = serve(OBJECTS)
    of = transport(api, tmp_path)
    assert of.now == ""
    of.get(NODES)
    assert of.now.endswith("Z")
    of.date = "yesterday"
    assert of.now == ""


# --- what is no answer ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "is_"),
    [
        (401, FailureReason.UNAUTHORIZED),
        (403, FailureReason.FORBIDDEN),
        (404, FailureReason.NOT_FOUND),
        (410, FailureReason.EXPIRED),
        (429, FailureReason.UNAVAILABLE),
        (500, FailureReason.UNAVAILABLE),
        (503, FailureReason.UNAVAILABLE),
        (400, FailureReason.OTHER),
        (418, FailureReason.OTHER),
        (201, FailureReason.OTHER),
    ],
)
def test_statuses(serve: Serve, tmp_path: Path, code: int, is_: FailureReason) -> None:
    """Each calls for its own answer; the number is told."""
    error = trouble(serve(OBJECTS), tmp_path, status(code))
    assert error.reason is is_
    assert str(error).endswith(f"({code})")


@pytest.mark.parametrize(
    ("fault", "is_", "says"),
    [
        (reset(), FailureReason.CONNECTION_FAILED, "Connection reset by peer"),
        (reset(0.5), FailureReason.CONNECTION_FAILED, "Connection"),
        (close(0.5), FailureReason.CONNECTION_FAILED, ""),
        (close(None), FailureReason.CONNECTION_FAILED, ""),
        (not_json(), FailureReason.INVALID_RESPONSE, "answered with text/html; charset=utf-8 that is not JSON"),
        (not_json(503), FailureReason.UNAVAILABLE, "answered 503 with text/html; charset=utf-8 (503)"),
        (truncated(), FailureReason.INVALID_RESPONSE, "answered with application/json that is not JSON"),
        (redirect(), FailureReason.INVALID_RESPONSE, "answered with a redirect (302), as a login page does"),
        (
            status(500, body="upstream is away"),
            FailureReason.UNAVAILABLE,
            "answered 500 with text/plain; charset=utf-8 (500)",
        ),
        (status(500, body=[1]), FailureReason.UNAVAILABLE, "no reason given (500)"),
        (status(500, body={"message": 7}), FailureReason.UNAVAILABLE, "no reason given (500)"),
    ],
)
def test_answers_that_are_none(serve: Serve, tmp_path: Path, fault: Any, is_: FailureReason, says: str) -> None:
    """One line each, in words for people; a redirect is not followed, so that nobody else sees the login."""
    error = trouble(serve(OBJECTS), tmp_path, fault)
    assert (error.reason, says in str(error)) == (is_, True), str(error)
    assert str(error)
    assert "0x" not in str(error), "no name of an object of this program"


@pytest.mark.parametrize("fault", [stall(), stall(sent=0.5), dribble(0.02)], ids=["at once", "half-way", "dribble"])
def test_an_answer_that_does_not_come(serve: Serve, tmp_path: Path, fault: Any) -> None:
    """The time is for the whole answer: one that drips does not begin anew with each byte."""
    error = trouble(serve(OBJECTS), tmp_path, fault, 0.3)
    assert error.reason is FailureReason.TIMEOUT
    assert "within 0.3 s" in str(error)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0", 0.0), ("-1", None), ("soon", None), ("٣", None), ("", None)]
)
def test_retry_after(serve: Serve, tmp_path: Path, header: str, seconds: float | None) -> None:
    """A number of seconds, or nothing that anybody could wait for."""
    from harvdiag.io.api.transport import _parse_retry_after

    assert _parse_retry_after(header) == seconds
    if header.isascii() and header:
        assert trouble(serve(OBJECTS), tmp_path, status(429, {"Retry-After": header})).retry_after == seconds


def test_words_of_the_server_are_short_and_one_line(serve: Serve, tmp_path: Path) -> None:
    """A message of a megabyte does not fill the report."""
    body = {"kind": "Status", "message": "a\nb " * 300_000}
    error = trouble(serve(OBJECTS), tmp_path, status(400, body=body))
    assert len(str(error)) <= 300
    assert "\n" not in str(error)


@pytest.mark.parametrize("body", ["[" * 100_000, "9" * 5000, "\udcff"])
def test_json_that_is_a_trap(serve: Serve, tmp_path: Path, body: str) -> None:
    """Too deep, too large a number."""
    text = body.encode(errors="surrogateescape").decode("latin-1")
    assert (
        trouble(serve(OBJECTS), tmp_path, status(200, body=text)).reason is FailureReason.INVALID_RESPONSE
        or "\xff" in text
    )


# --- first contact -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (not_json(), "is not a Kubernetes API: it answered with text/html"),
        (redirect(), "is not a Kubernetes API: it answered with a redirect (302), as a login page does"),
        (status(400), "cannot be queried: "),
        (status(503), "cannot answer now: "),
        (reset(), "cannot be reached: Connection reset by peer"),
    ],
)
def test_a_first_contact_that_fails(serve: Serve, tmp_path: Path, fault: Any, says: str) -> None:
    """One line; at most two tries of each request."""
    api = serve(OBJECTS)
    api.fail("*", fault)
    assert f"context lab: {api.url} {says}" in refusal(None, api.kubeconfig(tmp_path / "config"))
    assert len(api.requests) <= 6


def test_a_first_contact_that_stalls(serve: Serve, tmp_path: Path) -> None:
    """The way is told, and the option that gives more time."""
    api = serve(OBJECTS)
    api.fail("*", stall())
    text = refusal(None, api.kubeconfig(tmp_path / "config"), 0.2)
    assert "cannot be reached: no answer within 0.2 s; check the network path (VPN, proxy), or raise" in text


def test_nobody_listens(serve: Serve, tmp_path: Path) -> None:
    """The system's words."""
    api = serve(OBJECTS)
    path = api.kubeconfig(tmp_path / "config")
    api.server.stop()
    assert f"context lab: {api.url} cannot be reached: Connection refused; check the server" in refusal(None, path)
    for port, told in (("99999", "port 99999"), ("0", "port 0"), ("9" * 12, "a port of many digits")):
        path = api.kubeconfig(tmp_path / "config", server=f"https://127.0.0.1:{port}/k8s")
        assert f"cluster lab-cluster: its server has {told}, but ports are 1 to 65535" in refusal(None, path)
    path = api.kubeconfig(tmp_path / "config", server="reader")
    assert "cluster lab-cluster: its server is not a URL such as https://host:6443" in refusal(None, path)


def test_a_server_that_tells_nothing_of_itself(serve: Serve, tmp_path: Path) -> None:
    """Who may list Nodes may be refused /version and /apis: that is no reason to give up."""
    api = serve(OBJECTS)
    for path in ("/version", "/api", "/apis"):
        api.fail(path, status(403))
    of = open_connection(None, api.kubeconfig(tmp_path / "config"), 10)
    assert (of.version, of.served.groups, of.served.kinds, of.list_kinds()) == ("", None, None, [])
