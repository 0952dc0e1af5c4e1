"""Which cluster a kubeconfig means and how it lets one in, tried with the real client against a real server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from harvdiag.io.api.connect import open_connection
from harvdiag.io.api.login import list_contexts, log_in
from tests.api import TOKEN, Api
from tests.api.certs import certificates
from tests.api.fixture import Serve
from tests.api.kubeconfig import kubeconfig
from tests.transport.lab import connection, refusal
from tests.world import healthy

OBJECTS = healthy().objects
AT = "http://127.0.0.1:1"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A kubeconfig of three contexts, for servers that are not there."""
    return kubeconfig(tmp_path / "config", AT, others=["dev", "prod"])


# --- which file, which context -------------------------------------------------------------------------------------


def test_the_current_context_of_the_first_file_that_names_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As kubectl merges: of several files the first counts, for the current context and for entries of one name."""
    files = [
        kubeconfig(tmp_path / "none", AT, context="a", current=""),
        kubeconfig(tmp_path / "first", "http://127.0.0.1:2", context="b"),
        kubeconfig(tmp_path / "second", "http://127.0.0.1:3", context="b", current="c", others=["c"]),
    ]
    (tmp_path / "empty").touch()
    (tmp_path / "notes").write_text("# nothing yet\n")
    named = [tmp_path / "missing", tmp_path / "empty", tmp_path / "notes", files[0], tmp_path / "gone", *files[1:]]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, named)))
    login = log_in()
    assert (login.context, login.server, login.user) == ("b", "http://127.0.0.1:2", "b-user")
    assert (log_in("a").server, log_in("c").server) == (AT, AT)
    assert list(dict.fromkeys(list_contexts())) == ["a", "b", "c"]


def test_the_file_that_is_named_counts_before_the_environment(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--kubeconfig alone is read; a home is understood."""
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    assert log_in(None, config).context == "lab"
    monkeypatch.setenv("HOME", str(config.parent))
    assert log_in("dev", "~/config").context == "dev"
    monkeypatch.setenv("KUBECONFIG", str(config))
    assert log_in(None, "").context == "lab"


def test_a_colon_in_a_name(config: Path) -> None:
    """--kubeconfig names one file."""
    odd = config.parent / "a:b"
    odd.mkdir()
    assert log_in(None, config.rename(odd / "k")).context == "lab"


def test_the_usual_place(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without KUBECONFIG it is ~/.kube/config, and its context's namespace is known."""
    home = config.parent / "home"
    (home / ".kube").mkdir(parents=True)
    kubeconfig(home / ".kube" / "config", AT, namespace="shop")
    monkeypatch.setenv("HOME", str(home))
    assert (log_in().context, log_in().namespace) == ("lab", "shop")


def test_an_unknown_context_has_a_hint(config: Path) -> None:
    """What is spelled nearly right is named, else all there are."""
    assert "no context 'prdo' in the kubeconfig" in refusal("prdo", config)
    assert "prod" in refusal("prdo", config)
    assert refusal("xyz", config).endswith("there are: lab, dev, prod")


def test_no_current_context(tmp_path: Path) -> None:
    """It says what there is to choose from."""
    path = kubeconfig(tmp_path / "config", AT, current="", others=["dev"])
    assert refusal(None, path) == ("the kubeconfig has no current context; choose one with --context: lab, dev")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("\x00\x01", "not a kubeconfig: it is not text"),
        ("a: b: c", "not a kubeconfig: invalid YAML in line 1"),
        ("a: 2026-02-31", "config: has no contexts, so it names no cluster; download a new kubeconfig"),
        ("a: !!timestamp 2026-02-31", "not a kubeconfig: invalid YAML"),
        ("a: " + "[" * 5000, "not a kubeconfig: invalid YAML"),
        ("# later\n", "is empty, not a kubeconfig"),
        ("- a\n- b", "are not where a kubeconfig has them"),
        ("just words", "are not where a kubeconfig has them"),
        ("contexts: 7", "are not where a kubeconfig has them"),
        ("contexts: [7]", "has no contexts"),
        ("{}", "has no contexts"),
        ("current-context: x", "has no contexts"),
    ],
)
def test_a_file_that_is_no_kubeconfig(tmp_path: Path, text: str, says: str) -> None:
    """One line that names the file, or what it lacks."""
    path = tmp_path / "config"
    path.write_text(text)
    assert says in refusal(None, path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A picture given by mistake."""
    path = tmp_path / "config"
    path.write_bytes(b"\xff\xd8\xff")
    assert "not a kubeconfig: it is not text" in refusal(None, path)


def test_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a folder one, nor the home of a user whom nobody knows."""
    assert refusal(None, tmp_path / "x").endswith("x: no such file")
    assert refusal(None, tmp_path) == f"{tmp_path}: it is a folder, not a kubeconfig: give the file in it"
    (tmp_path / "config").touch()
    monkeypatch.setenv("KUBECONFIG", str(tmp_path))
    says = f"{tmp_path}: KUBECONFIG names it, and it is a folder, not a kubeconfig: give {tmp_path / 'config'}"
    assert refusal() == says
    assert refusal(None, Path("~nobody-of-that-name/x")).startswith("~nobody-of-that-name/x: no such file")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="who is root may read everything")
def test_a_file_that_may_not_be_read(config: Path) -> None:
    """The system's reason is told."""
    config.chmod(0)
    assert "ermission denied" in refusal(None, config)


def test_no_kubeconfig_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says where was looked and what else there is."""
    assert "no kubeconfig: ~/.kube/config does not exist; name one with --kubeconfig, or read a file" in refusal()
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    assert "no kubeconfig: KUBECONFIG is set to /nowhere, which does not exist" in refusal()
    assert list_contexts() == []


def test_a_context_whose_cluster_is_missing(tmp_path: Path) -> None:
    """An edited file; the client says which entry is not there."""
    path = kubeconfig(tmp_path / "config", AT)
    path.write_text(path.read_text().replace('"name": "lab-cluster"', '"name": "other"'))
    assert "lab-cluster" in refusal(None, path)


def test_a_context_whose_user_is_missing(serve: Serve, tmp_path: Path) -> None:
    """Not a login with nothing; a context that names no user at all asks as nobody."""
    api = serve(OBJECTS)
    path = api.kubeconfig(tmp_path / "config")
    text = path.read_text()
    path.write_text(text.replace('"name": "lab-user"', '"name": "other"'))
    assert refusal(None, path) == f"{path}: context lab: its user 'lab-user' is not in the kubeconfig"
    assert api.requests == []
    path.write_text(text.replace('"user": "lab-user"', '"user": ""'))
    assert open_connection(None, path, 10).login.auth_method == "nothing"


# --- ways to log in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["token", "token file", "exec", "password"])
def test_ways_that_show_who_asks(serve: Serve, tmp_path: Path, how: str) -> None:
    """Each is known to the server as the reader, and the words say the way and never the value."""
    api = serve(OBJECTS, login_required=True, tls="good")
    of = connection(api, tmp_path, login=how)
    assert {request.user for request in api.requests} == {"reader"}
    words = {"token": "token", "token file": "token", "password": "user name and password"}
    assert of.login.auth_method == words.get(how, f"exec plugin {sys.executable}")
    assert TOKEN not in of.login.auth_method


def test_a_client_certificate(serve: Serve, tmp_path: Path) -> None:
    """From the kubeconfig's data, over TLS with a CA of its own."""
    api = serve(OBJECTS, login_required=True, tls="good")
    of = connection(api, tmp_path, login="certificate")
    assert of.login.auth_method == "client certificate"
    assert {request.user for request in api.requests} == {"reader"}


@pytest.mark.parametrize("token", ["sec\nret-part", "sec\x00ret-part", "sec\u2026ret-part"])
def test_a_token_that_cannot_be_one_is_not_told(serve: Serve, tmp_path: Path, token: str) -> None:
    """A line break within: nothing is sent, and no error holds the token."""
    api = serve(OBJECTS, tls="good")
    text = refusal(None, api.kubeconfig(tmp_path / "config", token=token))
    assert "ret-part" not in text
    assert api.requests == []


def test_nothing_to_log_in_with(serve: Serve, tmp_path: Path) -> None:
    """Refused, the words say so."""
    api = serve(OBJECTS, login_required=True, tls="good")
    text = refusal(None, api.kubeconfig(tmp_path / "config", login="none"))
    assert "does not accept the credentials (nothing of lab-user): Unauthorized (401); log in again" in text


# --- 401 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "prefix", "says"),
    [
        ("bad token", "", "log in again: download a new kubeconfig (Harvester: Support page, Download KubeConfig)"),
        ("bad token", "/k8s/clusters/c-m-1", "log in again: download a new kubeconfig from Rancher"),
    ],
)
def test_401_says_how_to_log_in_again(serve: Serve, tmp_path: Path, how: str, prefix: str, says: str) -> None:
    """At once: no request is tried again, and the token is not in the words."""
    api = serve(OBJECTS, prefix=prefix, tls="good")
    text = refusal(None, api.kubeconfig(tmp_path / "config", login=how))
    assert (
        f"context lab: {api.url} does not accept the credentials (token of lab-user): Unauthorized (401); {says}"
        in text
    )
    assert "token-that-expired" not in text
    assert len(api.requests) <= 3


# --- in a pod ------------------------------------------------------------------------------------------------------


def test_in_a_pod_without_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod without a service account's token."""
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    assert "this pod's service account cannot be used: Service token file does not exist" in refusal()
    assert "no kubeconfig" in refusal("lab")


@pytest.fixture
def pod(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Api:
    """A server that this process is told of as a pod is; the client's fixed paths are led to the test's folder."""
    from kubernetes.config import incluster_config

    api = serve(OBJECTS, tls="good", login_required=True)
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(certificates().ca.certificate))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(api.server.port))
    return api


def test_in_a_pod(pod: Api) -> None:
    """The service account lets one in."""
    of = open_connection(None, None, 10)
    assert (of.login.context, of.login.auth_method) == ("in-cluster", "service account of this pod")
    assert {request.user for request in pod.requests} == {"reader"}


def test_401_in_a_pod(pod: Api, tmp_path: Path) -> None:
    """What helps is to start the pod again."""
    (tmp_path / "token").write_text("old")
    assert refusal().endswith("the token of this pod's service account has expired: restart the pod")


def test_a_kubeconfig_counts_before_the_pod(pod: Api, config: Path) -> None:
    """Who names a file means it."""
    assert log_in(None, config).context == "lab"
