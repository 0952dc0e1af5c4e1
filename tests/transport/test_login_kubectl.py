"""Kubeconfigs as kubectl takes them: documents, encodings, bare words, names, schemes, what goes together."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harvdiag.io.api.certpair import read_client_pair
from harvdiag.io.api.connect import open_connection
from harvdiag.io.api.goyaml import plain_scalar
from harvdiag.io.api.kubeconfig import Entry
from harvdiag.io.api.login import log_in
from tests.api import TOKEN
from tests.api.certs import available, certificates
from tests.api.fixture import Serve
from tests.api.kubeconfig import kubeconfig
from tests.transport.lab import connection, refusal
from tests.world import healthy

OBJECTS = healthy().objects
AT = "https://127.0.0.1:1"
FIRST = "only the first of its documents is read, as by kubectl"
tls_only = pytest.mark.skipif(not available(), reason="openssl is not on the PATH")


def lines(server: str, token: str = TOKEN, name: str = "lab") -> str:
    """A kubeconfig in YAML; the token as it is given, bare or quoted."""
    return (
        f"apiVersion: v1\nkind: Config\ncurrent-context: {name}\n"
        f"contexts:\n- name: {name}\n  context: {{cluster: c, user: ann}}\n"
        f"clusters:\n- name: c\n  cluster: {{server: '{server}', insecure-skip-tls-verify: true}}\n"
        f"users:\n- name: ann\n  user:\n    token: {token}\n"
    )


# --- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(serve: Serve, tmp_path: Path, encoding: str) -> None:
    """As PowerShell writes them, with a mark or without, and lines that end in two characters."""
    api = serve(OBJECTS, tls="good", login_required=True)
    path = tmp_path / "config"
    path.write_bytes(lines(api.url).replace("\n", "\r\n").encode(encoding))
    assert open_connection(None, path, 10).login.user == "ann"
    assert {request.user for request in api.requests} == {"reader"}


@pytest.mark.parametrize("second", [lines(AT, name="oak"), "not: [yaml", "- x"])
def test_the_first_document_counts(serve: Serve, tmp_path: Path, second: str) -> None:
    """Whatever follows it; who is read, and what is refused, says that there is more."""
    api = serve(OBJECTS, tls="good")
    path = tmp_path / "config"
    path.write_text(f"# mine\n---\n{lines(api.url)}---\n{second}\n")
    of = open_connection(None, path, 10)
    assert (of.login.context, of.login.notes[-1]) == ("lab", f"{path}: {FIRST}")
    assert refusal("oak", path) == f"no context 'oak' in the kubeconfig; {path}: {FIRST}; there are: lab"
    api.server.stop()
    assert refusal(None, path).endswith(FIRST)
    path.write_text(f"---\n{lines(api.url)}---\n# the end\n")
    assert log_in(None, path).unread == ()
    path.write_text(f"---\n---\n{lines(api.url)}")
    assert refusal(None, path).endswith("is empty, and kubectl reads only that: remove the first `---`")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "kind: Secret\ndata: {value: hidden}",
            "is a Secret, not a kubeconfig: save what it holds to a file (`kubectl",
        ),
        ("kind: ConfigMap\ndata: {value: hidden}", "is a ConfigMap, not a kubeconfig: save what it holds to a file ("),
        ("kind: Status\nmessage: hidden", "is a Status, the answer of a server to a request that failed, not a"),
        ("kind: List\nitems: []", "is of kind List, not a kubeconfig; what `kubectl get` wrote is given as the SOURCE"),
        ("kind: 'hidden!'", "is not a kubeconfig: it is of another kind"),
        ("kind: Config\napiVersion: v2", "its apiVersion is not v1, as of a kubeconfig"),
        ("kind: Config\napiVersion: v1\ncontexts: []", "has no contexts, so it names no cluster"),
        ("contexts: [{name: 7}]", "the name of a context is not a string but a number to kubectl: put it in quotes"),
        ("current-context: 7\ncontexts: [{name: a}]", "its current-context is not a string but a number to kubectl"),
        ("clusters: [{name: elm}, {name: oak}, {name: elm}]", "duplicate name: there are two entries for cluster elm;"),
        ("users: [{name: ann}, {name: ann}]", "duplicate name: there are two entries for user ann; remove or rename"),
        ("contexts: [{name: a}, {name: a}]", "duplicate name: there are two entries for context a;"),
        ("PK\x03\x04", "is a zip archive, not a kubeconfig: give a support bundle as the SOURCE"),
    ],
)
def test_what_is_not_a_kubeconfig(tmp_path: Path, text: str, says: str) -> None:
    """It is called by its name, and nothing that it holds is told."""
    path = tmp_path / "config"
    path.write_text(text)
    told = refusal(None, path)
    assert told.startswith(f"{path}: {says}"), told
    assert "hidden" not in told


def test_names_of_several_files_may_be_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one file they may not; of two files the first counts."""
    one, two = kubeconfig(tmp_path / "one", AT, ca="none"), kubeconfig(tmp_path / "two", f"{AT}2", ca="none")
    monkeypatch.setenv("KUBECONFIG", f"{one}:{two}")
    assert log_in().server == AT


# --- words without quotes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["12:30:00", "2026-11-30", "2026-11-30T12:30:00Z", "0x", "1e999", "1.2.3", "=", "_1"])
def test_a_token_that_looks_like_something_else(serve: Serve, tmp_path: Path, word: str) -> None:
    """It is sent as it stands."""
    api = serve(OBJECTS, tls="good", tokens={word: "reader"}, login_required=True)
    path = tmp_path / "config"
    path.write_text(lines(api.url, word))
    assert open_connection(None, path, 10).version


@pytest.mark.parametrize(
    "word", ["0777", "12345", "1_000", "0xFF", "1e3", ".5", "405862e48", "12345678901234567890123"]
)
def test_a_token_that_is_a_number(tmp_path: Path, word: str) -> None:
    """As by kubectl it is refused, with the entry and the field; quoted it is taken."""
    path = tmp_path / "config"
    path.write_text(lines(AT, word))
    says = f"{path}: user ann: its token is not a string but a number to kubectl: put it in quotes"
    assert refusal(None, path) == says
    path.write_text(lines(AT, f'"{word}"'))
    assert log_in(None, path).headers() == [("authorization", f"Bearer {word}")]


def test_the_values_of_bare_words() -> None:
    """As Go's library reads them: octal with a leading zero, sexagesimals never, words of YAML 1.1 for true."""
    words = {"0777": 511, "0o17": 15, "-0x1F": -31, "0b11": 3, "08": 8.0, "1_0": 10, "18446744073709551615": 2**64 - 1}
    words |= {"18446744073709551616": 1.8446744073709552e19, "yes": True, "Off": False, "~": None, "": None, ".5": 0.5}
    words |= {text: text for text in ("1:30", "12:30:00", "2026-11-30", "0o8", "1e400", "yEs", "-", "+", ".", "NULl")}
    assert {text: plain_scalar(text) for text in words} == words
    assert str(plain_scalar(".NaN")) == "nan"


# --- the server ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["HTTPS://", "Https://", ""])
def test_the_scheme_of_a_server(serve: Serve, tmp_path: Path, change: str) -> None:
    """In any case of letters; without one it is https:// where the kubeconfig speaks of certificates."""
    api = serve(OBJECTS, tls="good", login_required=True)
    path = api.kubeconfig(tmp_path / "config", server=api.url.replace("https://", change))
    assert open_connection(None, path, 10).login.server == api.url


@pytest.mark.parametrize("login", ["token", "token file", "password", "exec", "certificate", "none"])
def test_nothing_is_sent_over_plain_http(serve: Serve, tmp_path: Path, login: str) -> None:
    """As by kubectl: no token, no password, and no plugin is run; it is told where that is why one is refused."""
    api = serve(OBJECTS)
    of = connection(api, tmp_path, login=login, user={"as": "someone"})
    assert {request.headers.get("authorization") for request in api.requests} == {None}
    assert {request.headers.get("impersonate-user") for request in api.requests} == {"someone"}
    note = "the credentials of user lab-user are not sent: the server's URL is plain http://"
    assert (of.login.auth_method, of.login.notes) == ("nothing", () if login == "none" else (note,))
    strict = serve(OBJECTS, login_required=True)
    text = refusal(None, strict.kubeconfig(tmp_path / "config", login=login, server=strict.url.replace("h", "H", 1)))
    assert ("an https:// server only, as by kubectl" in text) == (login != "none")


# --- what goes together ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ({"token": "x", "username": "a", "password": "b"}, "it has token beside username and password, and kubectl"),
        ({"tokenFile": "x", "username": "a"}, "it has tokenFile beside username, and kubectl takes only one"),
        ({"exec": {"command": "x"}, "auth-provider": {}}, "it has exec and auth-provider, of which kubectl takes only"),
        ({"client-certificate": "x", "client-certificate-data": "eA=="}, "it has client-certificate and client-cert"),
    ],
)
def test_credentials_that_exclude_each_other(tmp_path: Path, user: dict[str, Any], says: str) -> None:
    """kubectl refuses them, with the entry; so nothing is sent of either."""
    path = kubeconfig(tmp_path / "config", AT, login="none", ca="none", user=user)
    assert f"{path}: user lab-user: {says}" in refusal(None, path)


@tls_only
def test_a_ca_and_no_check(tmp_path: Path) -> None:
    """Either the server is checked or it is not."""
    path = kubeconfig(tmp_path / "config", AT, cluster={"insecure-skip-tls-verify": True})
    says = "cluster lab-cluster: it has certificate-authority and insecure-skip-tls-verify, of which kubectl takes only"
    assert says in refusal(None, path)


# --- certificates and keys -------------------------------------------------------------------------------------------


def packed(content: bytes | Path) -> str:
    """As a kubeconfig holds it."""
    return base64.b64encode(content if isinstance(content, bytes) else content.read_bytes()).decode()


def encrypted(key: Path) -> bytes:
    """The same key, with a passphrase."""
    command = ["openssl", "pkcs8", "-topk8", "-in", key, "-passout", "pass:made-up"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def made_key() -> bytes:
    """An RSA key; those of the certificates are of another kind."""
    return subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout


PAIRS: dict[str, tuple[Callable[[], tuple[Any, Any]], str]] = {
    "no certificate": (lambda: (b"hello", b"hello"), "its client-certificate-data is not a certificate"),
    "damaged": (
        lambda: (certificates().client.certificate.read_bytes().replace(b"MII", b"MIX"), certificates().client.key),
        "its client-certificate-data is not a valid certificate: it is damaged or incomplete",
    ),
    "no key": (lambda: (certificates().client.certificate, None), "it has a client-certificate but no client-key:"),
    "key only": (lambda: (None, certificates().client.key), "it has a client-key but no client-certificate:"),
    "key that is not one": (
        lambda: (certificates().client.certificate, b"hello"),
        "its client-key-data is not a private key",
    ),
    "damaged key": (
        lambda: (certificates().client.certificate, certificates().client.key.read_bytes().replace(b"MI", b"NI")),
        "its client-key is not a valid private key: it is damaged or incomplete",
    ),
    "swapped": (
        lambda: (certificates().client.key, certificates().client.certificate),
        "its client-certificate-data is a private key, not a certificate",
    ),
    "certificate twice": (
        lambda: (certificates().client.certificate, certificates().client.certificate),
        "its client-key-data is a certificate, not a private key",
    ),
    "another's key": (
        lambda: (certificates().client.certificate, certificates().server.key),
        "its client-key does not belong to its client-certificate",
    ),
    "key of another kind": (
        lambda: (certificates().client.certificate, made_key()),
        "its client-key does not belong to its client-certificate",
    ),
    "encrypted": (
        lambda: (certificates().client.certificate, encrypted(certificates().client.key)),
        "its client-key-data is encrypted with a passphrase, for which kubectl does not ask either",
    ),
    "encoded twice": (
        lambda: (packed(certificates().client.certificate).encode(), certificates().client.key),
        "its client-certificate-data is not a certificate, but base64 of base64: encode it once",
    ),
    "expired": (lambda: (certificates().expired.certificate, certificates().expired.key), "expired at 20"),
}


@tls_only
@pytest.mark.parametrize("name", PAIRS)
def test_client_certificates_are_checked_first(serve: Serve, tmp_path: Path, name: str) -> None:
    """Before any connection, with the entry and the field; nothing of a key is told."""
    api = serve(OBJECTS, tls="good")
    made, says = PAIRS[name]
    fields = zip(("client-certificate-data", "client-key-data"), made(), strict=True)
    user = {field: packed(content) for field, content in fields if content is not None}
    path = api.kubeconfig(tmp_path / "config", login="none", user=user)
    text = refusal(None, path)
    assert text.startswith(f"{path}: user lab-user: ")
    assert says in text
    assert (api.requests, api.server.connections) == ([], 0)


@tls_only
def test_a_certificate_beside_a_token(serve: Serve, tmp_path: Path) -> None:
    """One that has expired is a remark where a token is sent, too, as kubectl goes on; a key alone is ignored."""
    api = serve(OBJECTS, tls="good")
    old = certificates().expired
    user = {"client-certificate": str(old.certificate), "client-key": str(old.key)}
    path = api.kubeconfig(tmp_path / "config", user=user)
    assert "user lab-user: the file in its client-certificate expired at 20" in log_in(None, path).notes[0]
    path = api.kubeconfig(tmp_path / "config", user={"client-key": str(old.key)})
    assert open_connection(None, path, 10).login.auth_method == "token"


@tls_only
def test_a_bundle_with_remarks(serve: Serve, tmp_path: Path) -> None:
    """What stands around the certificates of a file is no fault of theirs."""
    api = serve(OBJECTS, tls="good")
    bundle = tmp_path / "ca.crt"
    made = certificates()
    remarks = "# \u00c9mis par\r\n".encode()
    bundle.write_bytes(remarks.join([b"", made.other_ca.certificate.read_bytes(), made.ca.certificate.read_bytes()]))
    assert connection(api, tmp_path, ca="none", cluster={"certificate-authority": "ca.crt"}).version


@tls_only
def test_a_certificate_of_the_future() -> None:
    """By the local clock, which is told to be looked at."""
    pair = certificates().client
    values = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
    found = read_client_pair(Entry(Path("config"), "user ann", values))
    assert found.expiry_problem() == ""
    assert "is not valid before 20" in found.expiry_problem(datetime(2000, 1, 1, tzinfo=UTC))


@tls_only
@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("aGVsbG8=", "its certificate-authority-data is not a certificate"),
        ("!", "its certificate-authority-data is not base64"),
        ("-----BEGIN CERTIFICATE-----", "is PEM, which has to be base64 there (`base64 -w0`)"),
        ("key", "its certificate-authority-data is a private key, not a certificate"),
    ],
)
def test_a_ca_is_checked_first(serve: Serve, tmp_path: Path, data: str, says: str) -> None:
    """Before any connection, with the cluster."""
    api = serve(OBJECTS, tls="good")
    data = packed(certificates().ca.key) if data == "key" else data
    path = api.kubeconfig(tmp_path / "config", cluster={"certificate-authority-data": data})
    text = refusal(None, path)
    assert text.startswith(f"{path}: cluster lab-cluster: ")
    assert says in text
    assert (api.requests, api.server.connections) == ([], 0)


# --- plugins ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "ends"),
    [
        ("some-plugin", "renew the kubeconfig (such as `aws eks update-kubeconfig --name CLUSTER`)"),
        ("/usr/bin/aws", "renew the kubeconfig (`aws eks update-kubeconfig --name CLUSTER`)"),
        ("gke-gcloud-auth-plugin", "(`gcloud container clusters get-credentials CLUSTER`)"),
    ],
)
def test_a_plugin_of_an_old_version(tmp_path: Path, command: str, ends: str) -> None:
    """What stands there is named, and the way out."""
    plugin = {"apiVersion": "client.authentication.k8s.io/v1alpha1", "command": command}
    path = kubeconfig(tmp_path / "config", AT, login="none", ca="none", user={"exec": plugin})
    text = refusal(None, path)
    says = "its apiVersion is client.authentication.k8s.io/v1alpha1, which kubectl dropped with 1.24; harvdiag and"
    assert text.startswith(f"{path}: user lab-user, exec: {says}")
    assert text.endswith(ends)


def test_a_plugin_that_may_not_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there, but not executable: on the PATH, or at a path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    held = tmp_path / "lab-login"
    held.write_text("#!/bin/sh\n")
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
    for command, says in (
        ("lab-login", f"it may not be run: `chmod +x {held}`"),
        ("./lab-login", f"it may not be run: `chmod +x {held}`"),
        (str(tmp_path), "its command is a folder"),
        ("other-login", "the program was not found"),
    ):
        user = {"exec": plugin | {"command": command}}
        assert refusal(None, kubeconfig(tmp_path / "c", AT, login="none", ca="none", user=user)).endswith(says)


def test_files_that_do_not_end(tmp_path: Path) -> None:
    """A device named by mistake is read for a moment only."""
    path = kubeconfig(tmp_path / "config", AT, ca="none", login="none", user={"tokenFile": "/dev/zero"})
    assert "user lab-user: the file in its tokenFile" in refusal(None, path)
    document = json.loads(path.read_text())
    document["clusters"][0]["cluster"]["certificate-authority"] = "/dev/zero"
    path.write_text(json.dumps(document))
    assert "the file in its certificate-authority cannot be read: it has more than 1 MiB" in refusal(None, path)
