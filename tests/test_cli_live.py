"""The terminal tool on a live cluster, with KUBECONFIG pointing at a server on loopback.

What ends with the process or speaks past Python's streams, is tried in a real one.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.core.model import State
from harvdiag.kinds import DIAGNOSIS
from harvdiag.rules import select_rules
from tests.api import TOKEN, Api, Rights, stall, status
from tests.api.certs import available
from tests.command import Result, run
from tests.test_cli import ROOT, python
from tests.world import healthy

WORLD = healthy()
BASE, CHECKED = 3, len(DIAGNOSIS)
REST = "lists were read; nothing was kept or written"
ALONE = {"KUBERNETES_SERVICE_HOST": "", "HTTP_PROXY": "", "HTTPS_PROXY": "", "NO_PROXY": "127.0.0.1"}


@pytest.fixture
def api() -> Iterator[Api]:
    """A healthy cluster."""
    with Api(WORLD.objects) as server:
        yield server


class Tool:
    """`harvdiag …` with the kubeconfig of a server, in a folder and with a temporary folder of its own."""

    def __init__(self, api: Api, place: Path, *, process: bool = False, **how: Any) -> None:
        self.place, self.temporary, self.process = place, place / "tmp", process
        self.temporary.mkdir(exist_ok=True)
        self.config = api.kubeconfig(place / "config", **how)
        self.env = ALONE | {"KUBECONFIG": str(self.config), "HOME": str(place), "TMPDIR": str(self.temporary)}

    def __call__(self, *words: str | Path, **env: str) -> Result:
        """Run it; no traceback, no token, and no file left behind."""
        whole = self.env | env
        if self.process:
            result = python("-m", "harvdiag", *words, cwd=self.place, **whole)
        else:
            result = run(*words, cwd=self.place, **whole)
        self._assert_clean(result.stdout + result.stderr)
        return result

    def complaint(self, *words: str | Path, **env: str) -> str:
        """The one line on stderr with which it refuses: exit 2, nothing on stdout."""
        result = self(*words, **env)
        assert (result.returncode, result.stdout) == (2, "")
        assert re.fullmatch(r"harvdiag: [^\n]+\n", result.stderr)
        return result.stderr

    def interrupted(self, when: Event, *words: str | Path) -> Result:
        """Run it and press Ctrl-C when the event comes."""
        whole = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "utf-8",
            "PYTHONWARNINGS": "error",
        } | self.env
        command = [sys.executable, "-m", "harvdiag", *map(str, words)]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, cwd=self.place, env=whole, stdout=pipe, stderr=pipe, encoding="utf-8"
        ) as process:
            assert when.wait(30)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=10)
        self._assert_clean(out + err)
        return Result(command, process.returncode, out, err)

    def _assert_clean(self, text: str) -> None:
        assert "Traceback" not in text
        assert TOKEN not in text
        assert list(self.temporary.iterdir()) == []


@pytest.fixture
def safe_api() -> Iterator[Api]:
    """The same over TLS: to a plain http:// server no credentials are sent."""
    if not available():
        pytest.skip("openssl is not on the PATH")
    with Api(WORLD.objects, tls="good") as server:
        yield server


@pytest.fixture
def tool(api: Api, tmp_path: Path) -> Tool:
    """The tool for the healthy cluster."""
    return Tool(api, tmp_path)


# --- check ---------------------------------------------------------------------------------------------------------


def test_check_without_a_source(api: Api, tmp_path: Path) -> None:
    """The current context; nothing on stderr, where no terminal is; as few requests as can be."""
    result = Tool(api, tmp_path, process=True)("check")
    assert (result.returncode, result.stderr) == (0, "")
    assert "live cluster, Harvester v1.4.2" in result.stdout
    assert "Nothing found. No upgrade is under way. 3 Nodes, 3 Machines" in result.stdout
    assert len(api.requests) == BASE + CHECKED
    api.assert_only_read()


def test_check_imports_nothing_heavy(tool: Tool) -> None:
    """Nor any model of the typed client."""
    code = (
        "import sys; from harvdiag.cli import cli\ncli.main(['check'], standalone_mode=False)\n"
        "heavy = {'pandas', 'numpy', 'IPython', 'networkx', 'tqdm'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = python("-c", code, cwd=tool.place, **tool.env)
    assert result.stdout.endswith("[]\n"), result.stdout + result.stderr


def test_a_question_asks_for_one_list(api: Api, tool: Tool) -> None:
    """Of one namespace or one object, if that is all; a name that is not there is looked for among all of them."""
    assert len(tool("get", "machines").stdout.splitlines()) == 4
    assert tool("get", "jobs", "-n", "cattle-system").returncode == 0
    assert tool("get", "machine/custom-x").returncode == 1
    assert tool("events", "--types", "Warning").returncode == 0
    asked = [request.target for request in api.requests if request.target.count("/") > 2]
    lists = [target for target in asked if "limit=" in target]
    assert [re.sub(r"\?.*", "", target) for target in lists] == [
        "/apis/cluster.x-k8s.io/v1beta1/machines",
        "/apis/batch/v1/namespaces/cattle-system/jobs",
        "/apis/cluster.x-k8s.io/v1beta1/machines",
        "/apis/cluster.x-k8s.io/v1beta1/machines",
        "/api/v1/events",
    ]
    assert "metadata.name%3Dcustom-x" in lists[2]
    api.assert_only_read()


def test_a_list_that_is_refused_is_one_line(tmp_path: Path) -> None:
    """With what shows the rights; a namespace that may be listed is."""
    with Api(WORLD.objects, rights={"nodes"}) as api:
        tool = Tool(api, tmp_path)
        assert len(tool("get", "nodes").stdout.splitlines()) == 4
        assert re.search(r"pods: not seen in .*: forbidden: .*; `harvdiag whoami` shows", tool.complaint("get", "po"))


def test_a_context_by_option_and_as_source(api: Api, tmp_path: Path) -> None:
    """Another context than the current one, and another file."""
    tool = Tool(api, tmp_path, current="dev", others=["dev"])
    for words in (("--context", "lab"), ("context:lab",), ("--context=lab", "--request-timeout=20s")):
        assert json.loads(tool("check", *words, "--format=json").stdout)["source"]["name"] == "lab"
    tool.config.rename(tmp_path / "other")
    result = tool("check", "--kubeconfig", tmp_path / "other", "--context", "lab", KUBECONFIG="")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("check", "--context", "lba"), "no context 'lba' in the kubeconfig"),
        (("check", "context:lba"), "no context 'lba' in the kubeconfig"),
        (("check", "--kubeconfig", "nowhere"), "nowhere: no such file"),
        (("check", "file.zip", "--context", "lab"), "give either the SOURCE file.zip or a cluster"),
        (("check", "lab"), "a context of your kubeconfig is given as context:lab"),
        (
            ("check", "--request-timeout", "0"),
            "invalid duration '0': harvdiag needs a limit, such as 5m (kubectl takes 0 as no limit)",
        ),
        (
            ("check", "--request-timeout", "soon"),
            "invalid duration 'soon': give a time above zero, such as 30s, 2m or 1h30m",
        ),
        (("check", "--request-timeout", "9999h"), "invalid duration '9999h': more than a day"),
        (("check", "context:lab", "--context", "lab"), "give either the SOURCE context:lab or a cluster"),
        (("whoami", "--context", "lba"), "no context 'lba'"),
        (("whoami", "lba"), "no context 'lba' in the kubeconfig; did you mean lab?"),
        (("whoami", "lba.zip"), "lba.zip: no such file or folder"),
        (("snapshot", "--context", "lba"), "no context 'lba'"),
    ],
)
def test_what_is_refused(api: Api, tool: Tool, words: tuple[str, ...], says: str) -> None:
    """Before the server is asked anything."""
    assert says in tool.complaint(*words)
    assert api.requests == []


def test_no_kubeconfig(tool: Tool) -> None:
    """It says what else to give."""
    assert "or read a file: `harvdiag check bundle.zip`" in tool.complaint("check", KUBECONFIG="")


@pytest.mark.parametrize("command", ["check", "snapshot", "whoami"])
def test_an_expired_login(safe_api: Api, tmp_path: Path, command: str) -> None:
    """At once, and with the way to mend it; no file is begun."""
    tool = Tool(safe_api, tmp_path, login="bad token", ca="file")
    assert "Unauthorized (401); log in again: download a new kubeconfig" in tool.complaint(command)
    assert not list(tmp_path.glob("*.zip"))
    assert len(safe_api.requests) <= 3


def test_an_expired_plugin(safe_api: Api, tmp_path: Path) -> None:
    """What it says stands as it says it, as with kubectl; then one line, and no log line beside them."""
    result = Tool(safe_api, tmp_path, login="failing exec", ca="file", process=True)("check")
    assert (result.returncode, result.stdout) == (2, "")
    said, told = result.stderr.splitlines()
    assert said == "your session has ended: run `lab-login` again"
    assert told.startswith("harvdiag: the exec plugin ")
    assert told.endswith(" of lab returned no credentials: it exited with code 1")


def test_certificates_leave_no_files(tmp_path: Path) -> None:
    """The client writes them to temporary files; they are gone at the end. An unchecked one is only noted."""
    with Api(WORLD.objects, tls="good") as api:
        assert Tool(api, tmp_path, login="certificate", process=True)("check").returncode == 0
        assert "a certificate that is not accepted" in Tool(api, tmp_path, ca="other", process=True).complaint("check")
        result = Tool(api, tmp_path, ca="insecure", process=True)("check")
        assert (result.returncode, result.stderr) == (0, "")


def test_everything_is_refused(tmp_path: Path) -> None:
    """Nobody could judge anything: exit 2, and the server's reason."""
    with Api(WORLD.objects, rights=()) as api:
        result = Tool(api, tmp_path)("check")
    text = result.stderr
    assert result.returncode == 2
    assert 'User "reader" cannot list' in result.stdout
    assert f"no check could be run (of {len(select_rules())}); not seen: Node, Machine, CustomMachine and " in text
    assert text.count('User "reader" cannot list') == 1
    assert text.endswith("; `harvdiag whoami` shows what may be listed\n")
    assert len(text) < 330


def test_a_part_is_refused(tmp_path: Path) -> None:
    """Exit 0, or 1 where the user wants it so; the report says what could not be seen."""
    with Api(WORLD.objects, rights=lambda *words: not words[2].endswith("rke.cattle.io")) as api:
        tool = Tool(api, tmp_path)
        result = tool("check")
        assert result.returncode == 0
        assert 'cannot list resource "custommachines"' in " ".join(result.stdout.split())
        assert tool("check", "--strict").returncode == 1


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_places_fit_the_reasons(tmp_path: Path, form: str) -> None:
    """What was refused for the whole cluster is not said of one namespace; other namespaces are words, no sign."""
    rights = Rights({"nodes", "settings.harvesterhci.io"}, {"fleet-local": {"machines.cluster.x-k8s.io"}})
    with Api(WORLD.objects, rights=rights) as api:
        tool = Tool(api, tmp_path)
        text = tool("check", "--format", form).stdout
        rows = json.loads(tool("check", "--format", "json").stdout)["coverage"]
    assert "Machine in other namespaces" in text
    assert not re.search(r" in \\?\*", text)
    for line in text.splitlines():
        assert not ("fleet-local" in line and "at the cluster scope" in line)
    assert "`harvdiag whoami` shows what may be listed" in text
    assert "*" in {row["namespace"] for row in rows}


def test_a_snapshot_of_nothing(tmp_path: Path) -> None:
    """No file that looks like an empty cluster."""
    with Api(WORLD.objects, rights=()) as api:
        text = Tool(api, tmp_path).complaint("snapshot")
    assert "lab: nothing was seen, so there is nothing to save: Node: forbidden: " in text
    assert not list(tmp_path.glob("*.zip"))


def test_a_context_as_source_and_its_file(api: Api, tmp_path: Path) -> None:
    """One way to name it, in every command; a name that looks like an address stays as it is."""
    tool = Tool(api, tmp_path, context="admin@https://h:6443", current="dev", others=["dev"])
    name = "admin@https://h:6443"
    tool.config.rename(tmp_path / "other")
    for command in ("check", "snapshot", "whoami"):
        for words in ((f"context:{name}",), ("--context", name), ("--context", f"context:{name}")):
            result = tool(command, *words, "--kubeconfig", tmp_path / "other", KUBECONFIG="")
            assert (result.returncode, result.stderr) == (0, "")
    assert tool("whoami", name, "--kubeconfig", tmp_path / "other").stdout.startswith(f"context     {name}\n")
    assert list(tmp_path.glob("admin-https-h-6443-*.harvdiag.zip"))


def test_words_of_the_server_are_escaped(api: Api, tool: Tool) -> None:
    """In the report and in the line on stderr."""
    evil = {"kind": "Status", "message": "\x1b[31mno\nno\u202e"}
    failure = api.fail("*/machines", status(403, body=evil))
    for form in ("table", "markdown", "json"):
        result = tool("check", "--format", form)
        assert "\x1b" not in result.stdout
        assert form == "json" or "\u202e" not in result.stdout
    api.failures.remove(failure)
    api.fail("*", status(400, body=evil))
    assert "\x1b" not in tool.complaint("check")


# --- snapshot ------------------------------------------------------------------------------------------------------


def test_snapshot_then_check(api: Api, tool: Tool) -> None:
    """The file answers as the cluster did, also after the cluster is gone."""
    live = json.loads(tool("check", "--format=json").stdout)
    result = tool("snapshot", "-o", "lab.harvdiag.zip", "--kind", "events")
    assert (result.returncode, result.stderr) == (0, "")
    assert "Written: " in result.stdout
    assert "Next: harvdiag check" in result.stdout
    assert api.paths.count("/api/v1/events") == 1
    api.assert_only_read()
    api.server.stop()
    kept = json.loads(tool("check", "lab.harvdiag.zip", "--format=json").stdout)
    assert live["findings"] == kept["findings"]
    assert (
        live["outcomes" if "outcomes" in live else "summary"] == kept["outcomes" if "outcomes" in kept else "summary"]
    )


def test_snapshot_of_what_may_be_seen(tmp_path: Path) -> None:
    """A file of a part says what is not in it."""
    rights = Rights({"nodes", "settings.harvesterhci.io"}, {"fleet-local": {"*"}})
    with Api(WORLD.objects, rights=rights) as api:
        result = Tool(api, tmp_path)("snapshot")
    assert result.returncode == 0
    assert re.search(r"Not seen: [^:]*Upgrade, Job[^:]*: not allowed: \S+ is forbidden: ", result.stdout)
    assert "(403); likewise the others" in result.stdout
    assert "Machine in other namespaces" in result.stdout
    assert re.search(r"\.harvdiag\.zip: \d+ objects, \d+ of \d+ kinds seen, ", result.stdout)
    (file,) = tmp_path.glob("lab-*.harvdiag.zip")
    found = {entry.namespace: entry.state for entry in hd.open(file).coverage.of("Machine")}
    assert found == {"fleet-local": State.COLLECTED, "*": State.FORBIDDEN}


# --- whoami --------------------------------------------------------------------------------------------------------


def test_whoami(safe_api: Api, tmp_path: Path) -> None:
    """Who, where, and a line a kind."""
    result = Tool(safe_api, tmp_path, ca="file")("whoami")
    assert (result.returncode, result.stderr) == (0, "")
    assert "lab-user (token)" in result.stdout
    assert safe_api.url in result.stdout
    assert "✓ Secret (machine plans)" in result.stdout
    safe_api.assert_only_read()


def test_rbac_asks_nobody(api: Api, tool: Tool) -> None:
    """It prints a role."""
    result = tool("rbac")
    assert result.returncode == 0
    assert "kind: ClusterRole" in result.stdout
    assert api.requests == []


# --- Ctrl-C --------------------------------------------------------------------------------------------------------


class Hanging:
    """A fault for one list: it never comes, and `reached` tells when all others were answered."""

    def __init__(self, api: Api, others: int) -> None:
        self.api, self.others = api, others
        self.reached, self.end = Event(), Event()

    def __call__(self, wire: Any, _: Any) -> None:
        while sum(request.status == 200 for request in self.api.lists) < self.others and not wire.stopped.is_set():
            self.end.wait(0.02)
        self.end.wait(0.5)  # the client takes in what was answered
        self.reached.set()
        wire.stopped.wait(30)


def test_ctrl_c_of_a_check(api: Api, tool: Tool) -> None:
    """It ends at once, in one line that says how far it came."""
    hanging = Hanging(api, CHECKED - 1)
    api.fail("*/machines", hanging)
    result = tool.interrupted(hanging.reached, "check")
    assert (result.returncode, result.stdout) == (130, "")
    assert result.stderr == f"harvdiag: interrupted: {CHECKED - 1} of {CHECKED} {REST}\n"


def test_ctrl_c_of_a_snapshot(api: Api, tool: Tool) -> None:
    """What was read is written, and the file tells the rest."""
    hanging = Hanging(api, CHECKED - 1)
    api.fail("*/machines", hanging)
    result = tool.interrupted(hanging.reached, "snapshot", "-o", "part.zip")
    assert (result.returncode, result.stderr) == (130, "harvdiag: interrupted; what was read by then is kept\n")
    assert "Not seen: Machine, KubeletStats: not looked at: interrupted before it was read" in result.stdout
    kept = hd.open(tool.place / "part.zip")
    assert len(kept.nodes) == 3
    assert [entry.state for entry in kept.coverage.of("Machine")] == [State.NOT_LOOKED_AT]
    assert {entry.kind for entry in kept.coverage if not entry.state.seen} == {"Machine"}


@pytest.mark.parametrize("command", ["check", "snapshot", "whoami"])
def test_ctrl_c_before_anything_came(api: Api, tool: Tool, command: str) -> None:
    """Nothing is written."""
    reached = Event()

    def fault(wire: Any, made: Callable[[], Any]) -> Any:
        reached.set()
        return stall()(wire, made)

    api.fail("*", fault)
    result = tool.interrupted(reached, command)
    assert (result.returncode, result.stdout) == (130, "")
    assert re.fullmatch(r"harvdiag: interrupted[^\n]*\n", result.stderr)
    assert not list(tool.place.glob("*.zip"))


def test_a_request_timeout(api: Api, tool: Tool) -> None:
    """A list that hangs is given up, the others are judged."""
    api.fail("*/machines", stall())
    result = tool("check", "--request-timeout", "1s")
    assert result.returncode == 0
    assert "within 1 s" in " ".join(result.stdout.split())
