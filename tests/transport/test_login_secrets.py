"""Nothing that a kubeconfig holds is told: whatever is wrong with it, wherever in it a secret stands."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from harvdiag.core.errors import AccessError
from harvdiag.io.api.connect import open_connection
from harvdiag.io.api.kubeconfig import resolve_context
from harvdiag.io.api.login import list_contexts, log_in
from tests.api.fixture import Serve
from tests.api.kubeconfig import kubeconfig
from tests.transport.lab import refusal

SECRET = "sEcReT-PaRt"  # noqa: S105
PACKED = base64.b64encode(SECRET.encode()).decode()
HIDDEN = (SECRET, PACKED, base64.b64encode(f"reader:{SECRET}".encode()).decode())
USERS: dict[str, Any] = {
    "null password": {"username": SECRET, "password": None},
    "password of numbers": {"username": "reader", "password": [SECRET]},
    "password alone": {"password": SECRET},
    "token with a line break": {"token": f"{SECRET}\n{SECRET}"},
    "token that is a list": {"token": [SECRET]},
    "token that has fields": {"token": {SECRET: SECRET}},
    "token file": {"tokenFile": SECRET},
    "token file and token": {"tokenFile": f"/nowhere/{SECRET}", "token": {"a": SECRET}},
    "token file with a zero": {"tokenFile": f"{SECRET}\0"},
    "text": SECRET,
    "list": [SECRET],
    "exec text": {"exec": SECRET},
    "exec without a version": {"exec": {"command": "x", "args": [SECRET], "env": [{"name": "A", "value": SECRET}]}},
    "exec null version": {"exec": {"apiVersion": None, "command": "x", "args": [SECRET]}},
    "exec odd version": {"exec": {"apiVersion": SECRET, "command": "x"}},
    "exec null command": {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": None, "args": [SECRET]}},
    "exec odd env": {
        "exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "x", "env": {SECRET: SECRET}}
    },
    "exec odd args": {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "x", "args": {SECRET: 1}}},
    "exec env of text": {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "x", "env": [SECRET]}},
    "exec missing": {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "no-such-tool",
            "args": [SECRET],
            "env": [{"name": "A", "value": SECRET}],
        }
    },
    "auth provider text": {"auth-provider": SECRET},
    "auth provider without config": {"auth-provider": {"name": "oidc", "secret": SECRET}},
    "config text": {"auth-provider": {"name": "oidc", "config": SECRET}},
    "oidc without id-token": {"auth-provider": {"name": "oidc", "config": {"refresh-token": SECRET}}},
    "oidc without refresh-token": {"auth-provider": {"name": "oidc", "config": {"id-token": f"a.e30.{SECRET}"}}},
    "oidc odd id-token": {"auth-provider": {"name": "oidc", "config": {"id-token": {SECRET: SECRET}}}},
    "gcp": {"auth-provider": {"name": "gcp", "config": {"cmd-path": SECRET, "cmd-args": SECRET}}},
    "gcp odd expiry": {"auth-provider": {"name": "gcp", "config": {"access-token": SECRET, "expiry": [SECRET]}}},
    "unknown provider": {"auth-provider": {"name": SECRET, "config": {"access-token": SECRET}}},
    "certificate data": {"client-certificate-data": f"{SECRET}!", "client-key-data": SECRET},
    "key data": {"client-certificate-data": "", "client-key-data": f"!{SECRET}"},
    "key that is no key": {"client-certificate-data": PACKED, "client-key-data": PACKED},
    "key pasted for a file": {"client-certificate": "/dev/null", "client-key": f"/{SECRET}\nMIIE"},
    "key with fields": {"client-key-data": {SECRET: SECRET}},
    "impersonation": {"token": SECRET, "as": f"{SECRET}\n"},
    "groups": {"token": SECRET, "as-groups": [SECRET]},
    "extra": {"token": SECRET, "as": "x", "as-user-extra": {"a": SECRET}},
}
CLUSTERS: dict[str, Any] = {
    "server": {"server": SECRET},
    "server with a password": {"server": f"https://reader:{SECRET}@127.0.0.1:1"},
    "server with a query": {"server": f"https://127.0.0.1:1?token={SECRET}"},
    "server list": {"server": [SECRET]},
    "proxy": {"proxy-url": SECRET},
    "proxy without a scheme": {"proxy-url": f"reader:{SECRET}@127.0.0.1:1"},
    "proxy of another kind": {"proxy-url": f"ftp://reader:{SECRET}@127.0.0.1:1"},
    "proxy that is none": {"proxy-url": f"http://reader:{SECRET}@127.0.0.1:port"},
    "proxy in brackets": {"proxy-url": f"http://reader:{SECRET}@[::1"},
    "proxy that is away": {"proxy-url": f"http://reader:{SECRET}@127.0.0.1:1"},
    "SOCKS proxy that is away": {"proxy-url": f"socks5://reader:{SECRET}@127.0.0.1:1"},
    "SOCKS proxy that is none": {"proxy-url": f"socks5://reader:{SECRET}@127.0.0.1:port"},
    "CA": {"certificate-authority": f"/{SECRET}"},
    "CA data": {"certificate-authority-data": f"{SECRET}!"},
    "insecure": {"insecure-skip-tls-verify": SECRET},
}
TEXTS = {
    "mis-indented": f"users:\n- name: lab-user\n  user:\n  token: {SECRET}\n",
    "beside": f"users:\n- name: lab-user\n  token: {SECRET}\n",
    "no name": f"users:\n- user: {{token: {SECRET}}}\n",
    "no list": f"users: {{lab-user: {{token: {SECRET}}}}}\n",
    "a list in a list": f"users:\n- [{SECRET}]\n",
    "broken": f"users:\n- name: lab-user\n  user: {{token: {SECRET}: {SECRET}}}\n",
    "broken quotes": f'users:\n- name: lab-user\n  user:\n    token: "{SECRET}\n',
    "tag": f"users:\n- name: lab-user\n  user:\n    token: !{SECRET} x\n",
    "alias": f"users:\n- name: lab-user\n  user:\n    token: *{SECRET}\n",
    "zero": f"users:\n- name: lab-user\n  user:\n    token: {SECRET}\0\n",
}
HEAD = """current-context: lab
contexts:
- name: lab
  context: {cluster: lab-cluster, user: lab-user}
clusters:
- name: lab-cluster
  cluster: {server: "http://127.0.0.1:1"}
"""


class Ears(logging.Handler):
    """Hears what is logged, whatever its level."""

    def __init__(self) -> None:
        super().__init__(0)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, with its traceback."""
        self.heard.append(logging.Formatter().format(record))


@pytest.fixture
def ears() -> Iterator[Ears]:
    """On everything."""
    root, found = logging.getLogger(), Ears()
    level = root.level
    root.addHandler(found)
    root.setLevel(0)
    yield found
    root.setLevel(level)
    root.removeHandler(found)


def assert_hidden(path: Path, ears: Ears, capfd: pytest.CaptureFixture[str]) -> str:
    """Neither in what is raised, nor behind it, nor in what is logged, printed, or shown by a notebook; the error."""
    with pytest.raises(AccessError) as caught:
        open_connection(None, path, 5)
    told = [str(caught.value), repr(caught.value), *traceback.format_exception(caught.value)]
    behind: BaseException | None = caught.value
    while behind := behind.__cause__ or behind.__context__:
        told.append(str(behind))
    with suppress(AccessError):
        told += [repr(chosen := resolve_context(path, None)), repr(login := log_in(None, path))]
        told += [str(chosen), str(login), login.auth_method, login.server, login.user, login.login_hint]
    told += [*ears.heard, *capfd.readouterr()]
    assert [(text, secret) for text in told for secret in HIDDEN if secret in text] == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", USERS)
@pytest.mark.parametrize("ends", ["http", "https"])
def test_users(tmp_path: Path, name: str, ends: str, ears: Ears, capfd: pytest.CaptureFixture[str]) -> None:
    """Every field that can hold one, in every shape that somebody may write."""
    path = kubeconfig(tmp_path / "config", f"{ends}://127.0.0.1:1", login="none", ca="none")
    document = json.loads(path.read_text())
    document["users"][0]["user"] = USERS[name]
    path.write_text(json.dumps(document))
    assert assert_hidden(path, ears, capfd)


@pytest.mark.parametrize("name", CLUSTERS)
def test_clusters(tmp_path: Path, name: str, ears: Ears, capfd: pytest.CaptureFixture[str]) -> None:
    """A password may stand in a URL."""
    path = kubeconfig(tmp_path / "config", "https://127.0.0.1:1", ca="none", cluster=CLUSTERS[name])
    assert assert_hidden(path, ears, capfd)


@pytest.mark.parametrize("name", TEXTS)
def test_files(tmp_path: Path, name: str, ears: Ears, capfd: pytest.CaptureFixture[str]) -> None:
    """What YAML and its readers quote."""
    path = tmp_path / "config"
    path.write_text(HEAD + TEXTS[name])
    assert assert_hidden(path, ears, capfd)
    assert list_contexts(path) in ([], ["lab"])


def test_a_login_that_is_mis_indented(tmp_path: Path) -> None:
    """Says what is wrong, instead of asking as nobody."""
    path = tmp_path / "config"
    path.write_text(HEAD + TEXTS["mis-indented"])
    assert refusal(None, path) == f"{path}: user lab-user: it has no fields; are they indented?"


@pytest.mark.parametrize("how", ["token", "token file", "password", "exec"])
def test_a_login_that_is_refused(
    serve: Serve, tmp_path: Path, how: str, ears: Ears, capfd: pytest.CaptureFixture[str]
) -> None:
    """What was sent is in no word about it."""
    api = serve(tokens={}, tls="good")
    api.logins.passwords = {}
    more = {"username": "reader", "password": SECRET} if how == "password" else None
    path = api.kubeconfig(tmp_path / "config", login=how, token=SECRET, user=more)
    assert "does not accept the credentials" in assert_hidden(path, ears, capfd)


def test_a_proxy_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ears: Ears, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its password, too."""
    path = kubeconfig(tmp_path / "config", "https://127.0.0.1:1", ca="none")
    for proxy in (f"http://reader:{SECRET}@127.0.0.1:1", f"reader:{SECRET}@127.0.0.1:1", f"x://{SECRET}@127.0.0.1:p"):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        assert assert_hidden(path, ears, capfd)
