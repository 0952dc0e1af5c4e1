"""Fields of a kubeconfig that the client does not know, or reads otherwise than kubectl does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from harvdiag.io.api.connect import open_connection
from harvdiag.io.api.credential import TokenFile
from harvdiag.io.api.login import log_in
from tests.api import TOKEN
from tests.api.certs import certificates
from tests.api.fixture import Serve
from tests.api.kubeconfig import kubeconfig
from tests.transport.lab import connection, refusal
from tests.world import healthy

OBJECTS = healthy().objects

# --- who asks --------------------------------------------------------------------------------------------------------


def test_impersonation(serve: Serve, tmp_path: Path) -> None:
    """`as` goes to the server, each group in a header of its own as kubectl sends it."""
    api = serve(OBJECTS)
    of = connection(api, tmp_path, user={"as": "someone", "as-groups": ["ops", "dev"], "as-uid": "7"})
    headers = api.requests[0].headers
    assert (headers["impersonate-user"], headers["impersonate-uid"]) == ("someone", "7")
    assert api.requests[0].all("Impersonate-Group") == ["ops", "dev"]
    assert of.login.impersonation[0] == ("Impersonate-User", "someone")


def test_impersonation_with_more(serve: Serve, tmp_path: Path) -> None:
    """as-user-extra, its names escaped as kubectl does it, a header for each value."""
    api = serve(OBJECTS)
    extra = {"scopes": ["view", "devel"], "acme.com/a%b": ["x"]}
    connection(api, tmp_path, user={"as": "someone", "as-user-extra": extra})
    assert api.requests[0].all("Impersonate-Extra-scopes") == ["view", "devel"]
    assert api.requests[0].all("Impersonate-Extra-acme.com%2Fa%25b") == ["x"]


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ({"as-groups": ["ops"]}, "as-groups, as-uid and as-user-extra need an `as`"),
        ({"as": "x", "as-user-extra": ["y"]}, "has no fields"),
        ({"as": "x", "as-groups": "y"}, "its as-groups is not a list of strings"),
        ({"as": "sec\nret"}, "the impersonated names must be printable ASCII"),
    ],
)
def test_impersonation_that_cannot_be_sent(serve: Serve, tmp_path: Path, user: dict[str, Any], says: str) -> None:
    """One line, and nothing is asked as somebody else."""
    api = serve(OBJECTS)
    text = refusal(None, api.kubeconfig(tmp_path / "config", user=user))
    assert says in text
    assert text.startswith(f"{tmp_path / 'config'}: user lab-user")
    assert api.requests == []


# --- token files -----------------------------------------------------------------------------------------------------


def test_a_token_file_ends_in_a_line_break(serve: Serve, tmp_path: Path) -> None:
    """As editors and `kubectl create token >` leave it."""
    api = serve(OBJECTS, login_required=True, tls="good")
    path = api.kubeconfig(tmp_path / "config", login="token file")
    path.with_suffix(".token").write_text(f"{TOKEN}\n")
    open_connection(None, path, 10)
    assert {request.user for request in api.requests} == {"reader"}


def test_a_token_file_counts_and_is_read_again(serve: Serve, tmp_path: Path) -> None:
    """As for kubectl: before `token`, which steps in where there is no file; relative to the kubeconfig."""
    api = serve(OBJECTS, login_required=True, tokens={"one": "first", "second": "next", "spare": "other"}, tls="good")
    held = tmp_path / "a" / "held"
    held.parent.mkdir()
    held.write_text("one")
    for token in ("", "spare"):
        held.write_text("one")
        user = {"tokenFile": "a/held", "token": token}
        of = connection(api, tmp_path, login="none", user=user)
        assert {request.user for request in api.requests} == {"first"}
        held.write_text("second")
        of.get("/api/v1/nodes")
        assert api.requests.pop().user == "next"
        held.unlink()
        of.get("/api/v1/nodes")
        assert api.requests.pop().user == "next", "the last one that was there"
    log_in(None, tmp_path / "config")
    connection(api, tmp_path, login="none", user=user)
    assert api.requests[-1].user == "other"
    path = api.kubeconfig(tmp_path / "config", login="none", user={"tokenFile": "a/held", "token": ""})
    assert "user lab-user: the file in its tokenFile cannot be read: No such file" in refusal(None, path)
    held.touch()
    assert "user lab-user: the file in its tokenFile contains no token" in refusal(None, path)


def test_a_token_file_that_looks_the_same(tmp_path: Path) -> None:
    """A clock of files that is too coarse hides nothing for longer than a minute; renewing looks at once."""
    held, now = tmp_path / "held", [1000.0]
    held.write_text("one")
    at = held.stat().st_mtime_ns
    found = TokenFile(held, "", lambda: now[0])
    assert found.headers() == [("authorization", "Bearer one")]
    for text, step, seen in (("two", 1, "one"), ("two", 60, "two"), ("six", 1, "two")):
        held.write_text(text)
        os.utime(held, ns=(at, at))
        now[0] += step
        assert found.headers() == [("authorization", f"Bearer {seen}")]
    found.renew()
    assert found.headers() == [("authorization", "Bearer six")]


# --- certificates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["good", "expired"])
def test_data_that_is_empty_does_not_count(serve: Serve, tmp_path: Path, tls: str) -> None:
    """The file does, for the CA as for the user's own certificate."""
    api = serve(OBJECTS, tls=tls, login_required=True)
    made = certificates()
    cluster = {"certificate-authority-data": ""}
    user = {"client-certificate": str(made.client.certificate), "client-key": str(made.client.key)}
    user |= {"client-certificate-data": "", "client-key-data": ""}
    path = api.kubeconfig(tmp_path / "config", login="none", user=user, ca="file", cluster=cluster)
    if tls == "good":
        assert open_connection(None, path, 10).login.auth_method == "client certificate"
        assert {request.user for request in api.requests} == {"reader"}
    else:
        assert "presents a certificate that is not accepted: certificate verify failed: certificate has expired" in (
            refusal(None, path)
        )
        assert api.requests == []


@pytest.mark.parametrize("data", ["!", "aGVsbG8="])
def test_a_ca_that_is_none(serve: Serve, tmp_path: Path, data: str) -> None:
    """Data that is no certificate trusts nobody; it is no fault of harvdiag."""
    api = serve(OBJECTS, tls="good")
    text = refusal(None, api.kubeconfig(tmp_path / "config", cluster={"certificate-authority-data": data}))
    assert "certificate" in text
    assert api.requests == []


def test_a_ca_that_is_missing(tmp_path: Path) -> None:
    """The field is named, not what stands there: it might be the certificate, or a key."""
    cluster = {"certificate-authority": "/nowhere/ca.crt"}
    path = kubeconfig(tmp_path / "config", "https://127.0.0.1:1", ca="none", cluster=cluster)
    says = "cluster lab-cluster: the file in its certificate-authority cannot be read: No such file or directory"
    assert refusal(None, path) == f"{path}: {says}"


@pytest.mark.skipif(os.name != "posix", reason="pipes are of another kind there")
def test_certificates_that_are_no_plain_files(serve: Serve, tmp_path: Path) -> None:
    """`--client-key <(...)`: read once; one that is empty is told."""
    api = serve(OBJECTS, tls="good", login_required=True)
    pair = certificates().client
    ends = [os.pipe(), os.pipe()]
    for (_, write), file in zip(ends, (pair.certificate, pair.key), strict=True):
        os.write(write, file.read_bytes())
        os.close(write)
    names = [f"/dev/fd/{read}" for read, _ in ends]
    user = {"client-certificate": names[0], "client-key": names[1]}
    assert connection(api, tmp_path, login="none", user=user).version
    for read, _ in ends:
        os.close(read)
    user |= {"client-key": os.devnull}
    path = api.kubeconfig(tmp_path / "config", login="none", user=user | {"client-certificate": str(pair.certificate)})
    assert refusal(None, path) == f"{path}: user lab-user: the file in its client-key is empty"
