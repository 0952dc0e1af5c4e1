"""Exec plugins: programs that give a login, run as kubectl runs them."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from harvdiag.core.errors import AccessError
from harvdiag.io.api.connect import open_connection
from harvdiag.io.api.kubeconfig import Entry
from harvdiag.io.api.login import Login, log_in
from harvdiag.io.api.plugin import Plugin
from harvdiag.io.api.pool import run_concurrently
from harvdiag.io.api.transport import Transport
from tests.api import TOKEN, Api
from tests.api.certs import available, certificates
from tests.api.fixture import Serve
from tests.api.kubeconfig import kubeconfig
from tests.transport.lab import connection, refusal
from tests.world import healthy

OBJECTS = healthy().objects
AT = "https://127.0.0.1:1"
NODES = "/api/v1/nodes"
OLD = "no-longer-good"
PART = "secret-part"
EXEC = "client.authentication.k8s.io/v1"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
tls_only = pytest.mark.skipif(not available(), reason="openssl is not on the PATH")


def plugin(path: Path, body: str, **more: Any) -> dict[str, Any]:
    """The user of a kubeconfig who is logged in by a plugin of these lines of Python."""
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"apiVersion": EXEC, "command": str(path), "interactiveMode": "Never"} | more}


def credential(version: str = EXEC, **status: Any) -> str:
    """What a plugin prints."""
    return f"print({json.dumps({'apiVersion': version, 'kind': 'ExecCredential', 'status': status})!r})"


def counting(place: Path, **status: Any) -> str:
    """A plugin whose token tells how often it ran."""
    told = {"apiVersion": EXEC, "kind": "ExecCredential", "status": {"token": "token-NUMBER"} | status}
    return (
        "import pathlib\n"
        f"count = pathlib.Path({str(place / 'count')!r})\n"
        "number = int(count.read_text()) + 1 if count.exists() else 1\n"
        "count.write_text(str(number))\n"
        f"print({json.dumps(told)!r}.replace('NUMBER', str(number)))"
    )


def runs(place: Path) -> int:
    """How often it ran."""
    return int((place / "count").read_text())


def logged_in(api: Api, place: Path, body: str, **more: Any) -> Login:
    """By a plugin."""
    return log_in(None, api.kubeconfig(place / "config", login="none", user=plugin(place / "login", body, **more)))


def stamp(seconds: float) -> str:
    """A time so long from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- what is wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            "import sys; sys.exit('your session has ended: run `lab-login`')",
            "exited with code 1: your session has ended: run",
        ),
        ("import os; os.kill(os.getpid(), 9)", "it was killed by signal 9"),
        ("print('sec' + 'ret-part')", "its output is not JSON"),
        ("print('[' * 100000)", "its output is not JSON"),
        ("print('{}')", "its output is not an ExecCredential with a status"),
        ("print('[7]')", "its output is not an ExecCredential with a status"),
        (credential(f"{EXEC}beta1", token=PART), f"its output is not of {EXEC}"),
        (credential(), "it returned neither a token nor a certificate"),
        (credential(token=["secret-part"]), "a field is not a string"),
        (credential(clientCertificateData="secret-part"), "its certificate and key are incomplete"),
    ],
)
def test_a_plugin_that_fails(tmp_path: Path, body: str, says: str) -> None:
    """Its words are in the line, what it printed is not."""
    text = refusal(
        None, kubeconfig(tmp_path / "config", AT, login="none", ca="none", user=plugin(tmp_path / "login", body))
    )
    assert text.startswith(f"the exec plugin {tmp_path / 'login'} of lab returned no credentials: ")
    assert says in text
    assert "secret-part" not in text


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"command": None}, "user lab-user, exec: it has no command"),
        ({"command": ["secret-part"]}, "user lab-user, exec: its command is not a string"),
        ({"apiVersion": None}, "user lab-user, exec: its apiVersion is neither client.authentication.k8s.io/v1 nor"),
        ({"apiVersion": "secret-part"}, "user lab-user, exec: its apiVersion is neither"),
        ({"interactiveMode": "secret-part"}, "its interactiveMode is neither Never nor IfAvailable nor Always"),
        ({"interactiveMode": "Always"}, "it needs a terminal"),
        ({"env": [{"name": "A", "value": {"secret-part": 1}}]}, "user lab-user, exec, env: its value is not a string"),
        ({"env": [{"name": "A=B\0", "value": "secret-part"}]}, "it cannot be run: invalid argument"),
        ({"args": "secret-part"}, "user lab-user, exec: its args is not a list of strings"),
        (
            {"command": "no-such-tool --token secret-part"},
            "the exec plugin no-such-tool of lab returned no credentials: the program",
        ),
        ({"command": "./no-such"}, "the program was not found"),
        (
            {"command": "no-such", "installHint": "run\n`brew install it`"},
            "the program was not found; run `brew install it`",
        ),
    ],
)
def test_a_plugin_that_cannot_be_run(tmp_path: Path, more: dict[str, Any], says: str) -> None:
    """One line: which plugin, what is wrong, and how to install it where the kubeconfig says so."""
    user = plugin(tmp_path / "login", credential(token=TOKEN), **more)
    text = refusal(None, kubeconfig(tmp_path / "config", AT, login="none", ca="none", user=user))
    assert says in text
    assert "secret-part" not in text


def test_what_a_plugin_says_comes_through(serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where to log in, perhaps; to our stderr, whatever that is by now (in a notebook it is no file)."""
    body = "import sys\nprint('open https://lab and type \u00e4BC', file=sys.stderr)\n" + credential(token=TOKEN)
    logged_in(serve(OBJECTS, tls="good"), tmp_path, body, env=[{"name": "PYTHONIOENCODING", "value": "utf-8"}])
    assert capsys.readouterr() == ("", "open https://lab and type \u00e4BC\n")


def test_a_plugin_that_does_not_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is ended; its last words are told, without the colours."""
    body = "import sys, time\nprint('\\033[31mwaiting\\033[0m', file=sys.stderr, flush=True)\ntime.sleep(600)"
    user = plugin(tmp_path / "login", body)
    of = Plugin(Entry(tmp_path / "config", "user", user["exec"]), "lab", patience=1.5)
    with pytest.raises(AccessError, match=r"of lab returned no credentials: it did not finish within 1.5 s: waiting$"):
        of.headers()
    assert "waiting" in capsys.readouterr().err


# --- how it is run ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [EXEC, f"{EXEC}beta1"])
@pytest.mark.parametrize("told", [True, False])
def test_what_a_plugin_is_told(serve: Serve, tmp_path: Path, version: str, told: bool) -> None:
    """Arguments, variables, and of the cluster what it asks for; a path counts from the kubeconfig's folder."""
    api = serve(OBJECTS, tls="good")
    body = (
        "import json, os, pathlib, sys\n"
        "told = [sys.argv[1:], os.environ['LAB'], json.loads(os.environ['KUBERNETES_EXEC_INFO']), sys.stdin.read()]\n"
        f"pathlib.Path({str(tmp_path / 'told')!r}).write_text(json.dumps(told))\n" + credential(version, token=TOKEN)
    )
    extensions = [
        {"name": "other", "extension": 1},
        {"name": "client.authentication.k8s.io/exec", "extension": {"a": 1}},
    ]
    user = plugin(
        tmp_path / "login",
        body,
        apiVersion=version,
        command="./login",
        interactiveMode=None,
        args=["a b", "$HOME"],
        env=[{"name": "LAB", "value": "7"}],
        provideClusterInfo=told,
    )
    path = api.kubeconfig(tmp_path / "config", login="none", user=user, ca="file", cluster={"extensions": extensions})
    open_connection(None, path, 10)
    assert {request.user for request in api.requests} == {"reader"}
    args, variable, info, stdin = json.loads((tmp_path / "told").read_text())
    assert (args, variable, stdin) == (["a b", "$HOME"], "7", "")
    cluster = {"server": api.url, "config": {"a": 1}}
    ca = certificates().ca.certificate.read_bytes()
    cluster |= {"certificate-authority-data": base64.b64encode(ca).decode()}
    spec = {"interactive": False} | ({"cluster": cluster} if told else {})
    assert info == {"apiVersion": version, "kind": "ExecCredential", "spec": spec}


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are of another kind there")
@pytest.mark.parametrize(("mode", "asks"), [("IfAvailable", True), ("Always", True), ("Never", False)])
def test_a_plugin_that_asks(tmp_path: Path, mode: str, asks: bool) -> None:
    """On a terminal it may, wherever our output goes."""
    import pty

    body = (
        "import json, os, sys\n"
        "asks = json.loads(os.environ['KUBERNETES_EXEC_INFO'])['spec']['interactive']\n"
        "assert asks == os.isatty(0)\n"
        "if asks: sys.stderr.write('code: '); sys.stderr.flush()\n"
        "word = sys.stdin.readline().strip() if asks else 'nobody'\n"
        f"print(json.dumps({{'apiVersion': {EXEC!r}, 'kind': 'ExecCredential', 'status': {{'token': word}}}}))"
    )
    user = plugin(tmp_path / "login", body, interactiveMode=mode)
    path = kubeconfig(tmp_path / "config", AT, login="none", ca="none", user=user)
    ours, theirs = pty.openpty()
    os.write(ours, b"open-sesame\n")
    words = f"from harvdiag.io.api.login import log_in; print(log_in(None, {str(path)!r}).headers())"
    try:
        done = subprocess.run(
            [sys.executable, "-c", words], stdin=theirs, capture_output=True, text=True, check=False, timeout=60
        )
    finally:
        os.close(theirs)
        os.close(ours)
    shown = "Bearer open-sesame" if asks else "Bearer nobody"
    assert (done.stdout, done.stderr) == (f"[('authorization', '{shown}')]\n", "code: " if asks else "")


@tls_only
def test_a_plugin_that_gives_a_certificate(serve: Serve, tmp_path: Path) -> None:
    """It is shown as the kubeconfig's own would be; another one is shown on connections of its own."""
    api = serve(OBJECTS, tls="good", login_required=True)
    pair = certificates().client
    given = {"clientCertificateData": pair.certificate.read_text(), "clientKeyData": pair.key.read_text()}
    (tmp_path / "given").write_text(json.dumps({"apiVersion": EXEC, "kind": "ExecCredential", "status": given}))
    login = logged_in(api, tmp_path, f"print(open({str(tmp_path / 'given')!r}).read())")
    assert (login.headers(), login.auth_method) == ([], f"exec plugin {tmp_path / 'login'}")
    of = Transport(login, 10)
    of.get(NODES)
    assert api.requests[0].user == "reader"
    assert "PRIVATE" not in repr(login)
    given["clientKeyData"] += "\n"
    (tmp_path / "given").write_text(json.dumps({"apiVersion": EXEC, "kind": "ExecCredential", "status": given}))
    pool = login.pool
    assert login.renew()
    assert login.pool is not pool
    of.get(NODES)
    assert (api.requests[1].user, api.server.connections) == ("reader", 2)


@pytest.mark.parametrize(
    ("more", "way"),
    [
        ({"token": TOKEN}, "token"),
        ({"tokenFile": "held"}, "token"),
        ({"username": "reader", "password": "password-of-the-reader"}, "user name and password"),
    ],
)
def test_what_counts_before_a_plugin(serve: Serve, tmp_path: Path, more: dict[str, Any], way: str) -> None:
    """As for kubectl: it does not even run, and the words say so."""
    api = serve(OBJECTS, login_required=True, tls="good")
    (tmp_path / "held").write_text(TOKEN)
    user = plugin(tmp_path / "login", "raise SystemExit('run')") | more
    of = connection(api, tmp_path, login="none", user=user)
    assert of.login.auth_method == way
    assert {request.user for request in api.requests} == {"reader"}


# --- when it is run again --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [None, 60, -60])
def test_one_run_for_many_requests(serve: Serve, tmp_path: Path, seconds: float | None) -> None:
    """Also where the token lives for a minute only, or where our clock is ahead of the plugin's."""
    api = serve(OBJECTS, tokens={"token-1": "reader"}, tls="good")
    more = {} if seconds is None else {"expirationTimestamp": stamp(seconds)}
    of = Transport(logged_in(api, tmp_path, counting(tmp_path, **more)), 10)
    for _ in range(3):
        of.get(NODES)
    assert (runs(tmp_path), of.login.generation) == (1, 0)


def test_a_login_that_ran_out_is_renewed(tmp_path: Path) -> None:
    """Once it is really past."""
    now = [NOW]
    user = plugin(tmp_path / "login", counting(tmp_path, expirationTimestamp=NOW.isoformat().replace("+00:00", "Z")))
    of = Plugin(Entry(tmp_path / "config", "user", user["exec"]), "lab", clock=lambda: now[0] - timedelta(minutes=1))
    for seconds, number in ((0, 1), (59, 1), (60, 2), (61, 2)):
        now[0] = NOW + timedelta(seconds=seconds)
        assert of.headers() == [("authorization", f"Bearer token-{number}")]


def test_a_login_that_the_server_refuses_is_renewed_once(serve: Serve, tmp_path: Path) -> None:
    """The plugin runs once more for all who were refused, and not again where that does not help."""
    api = serve(OBJECTS, tokens={"token-2": "reader"}, tls="good")
    login = logged_in(api, tmp_path, counting(tmp_path))
    assert login.renew()
    Transport(login, 10).get(NODES)
    assert api.requests[-1].user == "reader"
    login = logged_in(serve(OBJECTS, tokens={}, tls="good"), tmp_path, counting(tmp_path))
    ran = runs(tmp_path)
    assert login.renew(login.generation)
    assert login.renew(login.generation - 1), "somebody else renewed it meanwhile"
    assert not login.renew(login.generation)
    assert runs(tmp_path) == ran + 1


def test_a_login_that_cannot_be_renewed(serve: Serve, tmp_path: Path) -> None:
    """What the plugin says is told, and it is not asked again for each request that needs it."""
    body = counting(tmp_path).replace("print(", "if number > 1: raise SystemExit('your session has ended')\nprint(")
    login = logged_in(serve(OBJECTS, tls="good"), tmp_path, body)
    with pytest.raises(AccessError, match="exited with code 1: your session has ended"):
        login.renew()
    assert not login.renew()
    assert runs(tmp_path) == 2
    assert login.login_hint == f"log in again with your exec plugin {tmp_path / 'login'}, then repeat"


def test_a_failure_is_told_to_all(tmp_path: Path) -> None:
    """Many requests are under way, and all need the same: one run says it for all."""
    body = counting(tmp_path).replace("print(", "raise SystemExit('your session has ended')\nprint(")
    of = Plugin(Entry(tmp_path / "config", "user", plugin(tmp_path / "login", body)["exec"]), "lab")
    for _ in range(3):
        with pytest.raises(AccessError, match="your session has ended"):
            of.headers()
    assert runs(tmp_path) == 1


def test_401_of_a_plugins_token(serve: Serve, tmp_path: Path) -> None:
    """Who logs in with a tool is told to use it."""
    api = serve(OBJECTS, tls="good")
    user = plugin(tmp_path / "login", credential(token=OLD))
    text = refusal(None, api.kubeconfig(tmp_path / "config", login="none", user=user))
    assert text.endswith(f"log in again with your exec plugin {tmp_path / 'login'}, then repeat")


# --- several clusters at once ----------------------------------------------------------------------------------------


def test_plugins_that_may_ask_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They share one terminal: while one of them waits for its answer, no other one asks."""
    monkeypatch.setattr(Plugin, "_may_ask", lambda _: True)
    body = (
        "import os, time\n"
        f"held = os.open({str(tmp_path / 'asking')!r}, os.O_CREAT | os.O_EXCL)\n"  # fails while another one asks
        "time.sleep(0.05)\n"
        f"os.remove({str(tmp_path / 'asking')!r})\n" + credential(token=TOKEN)
    )
    user = plugin(tmp_path / "login", body)
    plugins = [Plugin(Entry(tmp_path / "config", "user", user["exec"]), name) for name in "abc"]
    found = dict(run_concurrently([of.headers for of in plugins], Event()))
    assert list(found.values()) == [[("authorization", f"Bearer {TOKEN}")]] * 3


@pytest.mark.parametrize(
    ("certificate", "key", "says"),
    [
        ("hello", "hello", "user lab-user: the certificate that its exec plugin PLUGIN returned is not a certificate"),
        ("own", "hello", "user lab-user: the key that its exec plugin PLUGIN returned is not a private key"),
        ("own", "other", "client-key does not belong to its client-certificate (both are of its exec plugin PLUGIN)"),
    ],
)
def test_a_plugin_that_gives_no_good_certificate(
    serve: Serve, tmp_path: Path, certificate: str, key: str, says: str
) -> None:
    """It is checked like the kubeconfig's own, before any connection."""
    api, made = serve(OBJECTS, tls="good"), certificates()
    texts = {"own": made.client.certificate.read_text(), "other": made.server.key.read_text(), "hello": "hello"}
    body = credential(clientCertificateData=texts[certificate], clientKeyData=texts[key])
    user = plugin(tmp_path / "login", body)
    told = refusal(None, api.kubeconfig(tmp_path / "config", login="none", user=user))
    assert says.replace("PLUGIN", str(tmp_path / "login")) in told
    assert (api.requests, api.server.connections) == ([], 0)
