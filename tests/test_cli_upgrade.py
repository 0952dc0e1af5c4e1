"""`harvdiag upgrade` as people run it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from tests.command import run
from tests.routes import BROKEN, HEALTHY
from tests.test_cli import complaint, harvdiag, python
from tests.world import healthy, rollouts, write_folder


def test_a_stuck_upgrade_is_told_and_exits_with_0() -> None:
    """`harvdiag check` judges; this tells."""
    result = harvdiag("upgrade", BROKEN)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Where             Upgrade hvst-upgrade-abcde to v1.4.2 is stuck")
    assert "srv09  Images preloaded; waits for no one: it has no Machine" in result.stdout


def test_no_upgrade_is_told_and_exits_with_0() -> None:
    result = harvdiag("upgrade", HEALTHY)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Where             no upgrade is under way; the last")


def test_one_node() -> None:
    result = harvdiag("upgrade", BROKEN, "--node", "srv09")
    assert result.returncode == 0
    assert 'join step "bootstrap stamp"' in result.stdout
    assert "Nodes that are not done" not in result.stdout


def test_the_timeline() -> None:
    result = harvdiag("upgrade", BROKEN, "--timeline")
    assert result.returncode == 0
    assert "the Upgrade was created" in result.stdout
    assert "pre-drain: took 9 min" in result.stdout


@pytest.mark.parametrize("source", [BROKEN, HEALTHY])
def test_json_is_one_document(source: Path) -> None:
    result = harvdiag("upgrade", source, "--format", "json")
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["schema"] == 1


def test_json_is_utf8_in_every_terminal() -> None:
    plain = harvdiag("upgrade", BROKEN, "--format", "json")
    poor = harvdiag("upgrade", BROKEN, "--format", "json", PYTHONIOENCODING="utf-8", LC_ALL="C")
    assert plain.stdout == poor.stdout


def test_a_folder_of_lists_will_do(tmp_path: Path) -> None:
    world = rollouts.at_step(healthy(), "hv02", "h4")
    result = harvdiag("upgrade", write_folder(tmp_path / "lists", world.objects))
    assert result.returncode == 0
    assert "pre-drain-hv02 is at work" in result.stdout


@pytest.mark.parametrize("form", ["table", "json"])
def test_into_a_file(form: str, tmp_path: Path) -> None:
    path = tmp_path / "standing.out"
    result = harvdiag("upgrade", BROKEN, "--format", form, "-o", path)
    assert result.returncode == 0
    assert path.read_text(encoding="utf-8") == harvdiag("upgrade", BROKEN, "--format", form).stdout


def test_an_unknown_node_is_one_line_with_a_hint() -> None:
    assert complaint("upgrade", BROKEN, "--node", "srv9").startswith("harvdiag: no node 'srv9' in this upgrade")
    assert "did you mean srv09?" in complaint("upgrade", BROKEN, "--node", "SRV09")
    assert "no node 'zz' in this cluster" in complaint("upgrade", HEALTHY, "--node", "zz")


def test_a_source_that_is_none_is_one_line(tmp_path: Path) -> None:
    assert "no such file" in complaint("upgrade", tmp_path / "none.zip")


def test_a_form_that_is_none_is_refused() -> None:
    assert "markdown" in complaint("upgrade", BROKEN, "--format", "markdown")


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    complaint("upgrade", BROKEN, "-o", tmp_path / "no" / "such" / "folder.txt")


def test_help_tells_what_it_does() -> None:
    text = harvdiag("upgrade", "--help").stdout
    for word in ("--node", "--timeline", "--format", "--output", "The exit code"):
        assert word in text
    assert "upgrade" in harvdiag("--help").stdout


def test_it_needs_no_pandas() -> None:
    """A terminal waits for no table."""
    program = (
        "import sys\n"
        "from harvdiag import cli\n"
        f"sys.argv = ['harvdiag', 'upgrade', {str(BROKEN)!r}, '--timeline']\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'pandas', 'networkx'} & set(sys.modules)), file=sys.stderr)\n"
    )
    assert python("-c", program).stderr.strip() == "[]"


# --- from little -----------------------------------------------------------------------------------------------------

ALONE: dict[str, Any] = {
    "apiVersion": "harvesterhci.io/v1beta1",
    "kind": "Upgrade",
    "metadata": {
        "name": "hvst-upgrade-abcde",
        "namespace": "harvester-system",
        "uid": "made-up",
        "labels": {"harvesterhci.io/upgradeState": "UpgradingNodes"},
    },
    "spec": {"version": "v1.5.0"},
    "status": {
        "previousVersion": "v1.4.2",
        "conditions": [{"type": "Completed", "status": "Unknown"}, {"type": "NodesUpgraded", "status": "Unknown"}],
        "nodeStatuses": {"hv01": {"state": "Succeeded"}, "hv02": {"state": "Images preloaded"}},
    },
}
ENDED = {"metadata": ALONE["metadata"] | {"labels": {"harvesterhci.io/upgradeState": "Failed"}}}
FAILED = ALONE | ENDED | {"status": {"conditions": [{"type": "Completed", "status": "False", "message": "no space"}]}}
PLAN: dict[str, Any] = {
    "apiVersion": "management.harvesterhci.io/v1beta1",
    "kind": "UpgradePlan",
    "metadata": {"name": "hvst-upgrade-abcde", "uid": "made-up"},
    "spec": {"version": "v1.8.0"},
    "status": {
        "currentPhase": "NodeUpgrading",
        "previousVersion": "v1.7.1",
        "conditions": [{"type": "Progressing", "status": "True", "reason": "NodeUpgrading"}],
        "nodeUpgradeStatuses": {"hv01": {"state": "KubernetesUpgrading"}},
    },
}
SINGLE = "only single objects: give the whole list (`kubectl get {} -A -o yaml`)"
OF_V1 = SINGLE.format("upgrades.harvesterhci.io")
LITTLE: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "one Upgrade": (ALONE, ("in phase 7 of 8", "1 of 2 nodes are done", "planner: to begin with hv02", OF_V1)),
    "one that failed": (FAILED, ("the last that was seen, Upgrade hvst-upgrade-abcde", "failed: no space", OF_V1)),
    "one UpgradePlan": (PLAN, ("in phase 13 of 17", "whether an Upgrade of the older kind")),
    "a list of UpgradePlans": ({"kind": "List", "apiVersion": "v1", "items": [PLAN]}, ("in phase 13 of 17",)),
    "another kind": (
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "uid": "b"}},
        ("unknown: the Upgr",),
    ),
}


@pytest.mark.parametrize("name", LITTLE)
def test_it_answers_from_little(tmp_path: Path, name: str) -> None:
    """What an object tells is told, and what was not seen in every format; exit 2, since nothing could be judged."""
    given, says = LITTLE[name]
    (tmp_path / "given.json").write_text(json.dumps(given))
    results = [run("upgrade", "given.json", "--format", form, cwd=tmp_path) for form in ("table", "json")]
    results += [run("check", "given.json", "--format", form, cwd=tmp_path) for form in ("table", "json", "markdown")]
    table, document, *checks = (" ".join(result.stdout.split()) for result in results)
    assert {result.returncode for result in results} == {2}
    assert [text for text in says if text not in table] == []
    assert len({result.stderr for result in results}) == 1
    assert re.fullmatch(r"harvdiag: given\.json: no check could be run \(of \d+\): it holds .*\n", results[0].stderr)
    assert len(json.loads(document)["coverage"]) > 20
    assert len(json.loads(checks[1])["coverage"]) > 20
    assert all("not looked at" in text for text in (table, document, *checks))
    if given["kind"] != "Pod":
        assert hd.open(tmp_path / "given.json").upgrade.explain().startswith("Where: ")
    run("upgrade", "given.json", "-o", "written.json", cwd=tmp_path)
    assert json.loads((tmp_path / "written.json").read_text()) == json.loads(document)


@pytest.mark.parametrize("system", ["", "Harvester v1.8.0", "Harvester v1.4.2"])
def test_no_upgrade_of_the_older_kind_is_not_yet_none(tmp_path: Path, system: str) -> None:
    """Where the release may have UpgradePlans, at which nobody looked, an empty list of Upgrades does not answer."""
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "hv01", "uid": "made-up"}}
    nodes = [node | {"status": {"nodeInfo": {"osImage": system}}}] if system else []
    lists = [
        {"apiVersion": "harvesterhci.io/v1beta1", "kind": "UpgradeList", "metadata": {"resourceVersion": "4"}},
        {"apiVersion": "v1", "kind": "NodeList", "metadata": {"resourceVersion": "4"}},
    ]
    for given, items in zip(lists, ([], nodes), strict=True):
        (tmp_path / f"{given['kind']}.json").write_text(json.dumps(given | {"items": items}))
    cluster = hd.open(tmp_path)
    told, summary = cluster.upgrade.explain(), cluster.check().upgrade
    if "1.4" in system:
        assert told == "Where: no upgrade is under way, and there is no record of one"
        assert summary is not None
        return
    assert "Not seen: whether an UpgradePlan (V2) is under way: not looked at: no file holds any" in told
    assert re.search(r"Not judged: 1\d\d checks could not be run", told)
    assert summary is None
    assert cluster.upgrade.progress.gap


def test_what_was_given_is_named(tmp_path: Path) -> None:
    """One Machine is read, but it is not the list that a check needs."""
    (tmp_path / "one.json").write_text(json.dumps(next(healthy().find("Machine"))))
    result = run("check", "one.json", cwd=tmp_path)
    assert f"not seen: Machine: {SINGLE.format('machines.cluster.x-k8s.io')}; and " in result.stderr
    assert f"Machine: {SINGLE.format('machines.cluster.x-k8s.io')}" in " ".join(result.stdout.split())


def test_the_timeline_is_limited_to_a_window_of_time() -> None:
    """Entries within, and each phase and step that has a part in it."""
    shown = harvdiag("upgrade", BROKEN, "--timeline", "--since", "2025-05-07T14:30Z", "--until", "15:00").stdout
    told, _, spans = shown.partition("How long each phase")
    assert [line[11:16] for line in told.splitlines() if line.startswith("2025-")] == ["14:30", "14:39", "15:00"]
    lines = [line for line in spans.splitlines() if line.startswith("2025-")]
    assert [line.split()[4].partition(":")[0] for line in lines] == [
        *("(begin)", "UpgradingNodes", "kubernetes", "post-drain", "pre-drain"),
    ]
    nothing = harvdiag("upgrade", BROKEN, "--timeline", "--since", "1m").stdout
    assert "\nNo entry since 2025-05-08 09:59:00 UTC.\n" in nothing
    assert "give --timeline, too" in complaint("upgrade", BROKEN, "--since", "1h")
