"""Several clusters in one command: `harvdiag check --context a --context b`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api import TOKEN, Api
from tests.api.certs import available, certificates
from tests.command import Result, run
from tests.world import healthy

pytestmark = pytest.mark.skipif(not available(), reason="openssl is not on the PATH")
WELL = healthy().objects
ILL = [node for node in WELL if node["kind"] != "Machine"] + [
    {**machine, "status": {**machine["status"], "nodeRef": {"kind": "Node", "name": "gone", "apiVersion": "v1"}}}
    for machine in WELL
    if machine["kind"] == "Machine"
]
PLUGIN = """
import json, pathlib, sys
with (pathlib.Path(sys.argv[1]) / "ran").open("a") as ran: ran.write(sys.argv[2])
print(json.dumps({"apiVersion": sys.argv[3], "kind": "ExecCredential", "status": {"token": sys.argv[4]}}))
"""
VERSION = "client.authentication.k8s.io/v1"


class Lab:
    """A kubeconfig with one context for each server, each with an exec plugin of its own."""

    def __init__(self, place: Path, **servers: str) -> None:
        self.place, self.config = place, place / "config"
        (place / "plugin.py").write_text(PLUGIN)
        entries: dict[str, list[dict[str, Any]]] = {"clusters": [], "users": [], "contexts": []}
        for name, url in servers.items():
            ca = str(certificates().ca.certificate)
            entries["clusters"].append({"name": name, "cluster": {"server": url, "certificate-authority": ca}})
            entries["users"].append({"name": name, "user": {"exec": self._plugin(name)}})
            entries["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
        self.config.write_text(json.dumps({"kind": "Config", "apiVersion": "v1", **entries}))

    def _plugin(self, name: str) -> dict[str, Any]:
        words = [str(self.place / "plugin.py"), str(self.place), name[0], VERSION, TOKEN]
        return {"apiVersion": VERSION, "command": sys.executable, "args": words, "interactiveMode": "Never"}

    def check(self, *words: str | Path, **env: str) -> Result:
        """`harvdiag check …` with this kubeconfig."""
        return run(*words, cwd=self.place, KUBECONFIG=str(self.config), HOME=str(self.place), **env)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """One cluster that is well, one that is not, one that is not there."""
    with Api(WELL, tls="good", login_required=True) as well, Api(ILL, tls="good", login_required=True) as ill:
        yield Lab(tmp_path, well=well.url, ill=ill.url, away="https://127.0.0.1:1")


def contexts(*names: str) -> list[str]:
    """The option once for each."""
    return [word for name in names for word in ("--context", name)]


def test_each_under_its_heading(lab: Lab) -> None:
    """In the order given, each with its own plugin; the exit code is the worst, and one line tells of a failure."""
    result = lab.check("check", *contexts("well", "well", "ill", "away"))
    heads = [line for line in result.stdout.splitlines() if line.startswith("===")]
    assert heads == [f"=== Context {n} ({i} of 3) ===" for i, n in enumerate(("well", "ill", "away"), 1)]
    well, ill, away = result.stdout.split("===\n\n")[1:]
    assert "Nothing found" in well
    assert "machine-dangling-node" in ill
    assert "Not read: context away: https://127.0.0.1:1 cannot be reached: Connection refused" in away
    assert result.stderr.startswith("harvdiag: context away: https://127.0.0.1:1 cannot be reached")
    assert result.stderr.count("\n") == 1
    assert result.returncode == 2
    assert sorted((lab.place / "ran").read_text()) == ["a", "i", "w"]
    assert lab.check("check", *contexts("well", "ill")).returncode == 1
    assert lab.check("check", *contexts("well", "ill"), "--fail-on", "never").returncode == 0


def test_json_is_a_list(lab: Lab) -> None:
    """With the same document for each as for one alone, and an error where there is no other."""
    result = lab.check("check", *contexts("ill", "away"), "-o", "all.json")
    assert (result.returncode, result.stdout) == (2, "")
    ill, away = json.loads((lab.place / "all.json").read_text())
    alone = json.loads(lab.check("check", "--context", "ill", "--format", "json").stdout)
    alone["source"]["captured_at"] = ill["source"]["captured_at"]
    assert ill == alone
    assert (away["schema"], away["source"]["name"], sorted(away)) == (1, "away", ["error", "schema", "source", "tool"])
    assert "Connection refused" in away["error"]


def test_markdown_has_a_heading_for_each(lab: Lab) -> None:
    """Also for one that could not be read."""
    text = lab.check("check", *contexts("away", "well"), "--format", "markdown").stdout
    assert [line for line in text.splitlines() if line.startswith("# ")] == ["# away", "# well"]


def test_what_concerns_all_is_told_once(lab: Lab) -> None:
    """An unknown rule; a SOURCE as well."""
    result = lab.check("check", *contexts("well", "ill"), "--select", "no-such-rule")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    result = lab.check("check", "file.zip", *contexts("well", "ill"))
    assert "give either the SOURCE file.zip or clusters (--context), not both" in result.stderr
    result = lab.check("check", "a.yaml", "b.yaml", "--kubeconfig", lab.config, "--format", "json")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "give either SOURCEs (a.yaml, …) or a cluster (--kubeconfig), not both" in result.stderr


@pytest.mark.parametrize("command", ["upgrade", "snapshot", "whoami", "draw"])
def test_other_commands_take_one(lab: Lab, command: str) -> None:
    """Instead of the last of them, as options are taken otherwise."""
    result = lab.check(command, *contexts("well", "ill"))
    assert result.returncode == 2
    assert "give one --context, not 2: only `harvdiag check` takes several" in result.stderr
    assert not (lab.place / "ran").exists()
