"""`harvdiag preflight`: exit codes, files, JSON with one entry for each check of Harvester's own, and notebooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cli import preflight as command
from harvdiag.cluster import Cluster
from harvdiag.notebook.display import HTML
from harvdiag.reports.preflight import render
from harvdiag.status.preflight import Preflight
from harvdiag.status.preflight.rows import ROWS
from tests.command import run
from tests.preflight.verdicts import found, preflight
from tests.world.samples import DATA

HEALTHY = DATA / "bundles" / "healthy.zip"
SKIPPED = {"preflight-disk-space": "no object tells how full a disk is"}


@pytest.mark.parametrize(
    ("told", "words", "code"),
    [
        (preflight(), (), 0),
        (preflight(skipped=SKIPPED), (), 0),
        (preflight(skipped=SKIPPED), ("--strict",), 1),
        (preflight(), ("--strict",), 0),  # what does not apply does not count
        (preflight(found("preflight-vm-bound-to-host")), (), 1),
    ],
)
def test_exit_code(monkeypatch: pytest.MonkeyPatch, told: Preflight, words: tuple[str, ...], code: int) -> None:
    """0 yes, 1 no; with --strict also where something that applies cannot be told."""
    monkeypatch.setattr(Cluster, "preflight", lambda *_: told)
    done = run("preflight", HEALTHY, "--target", "1.9.0", *words)
    assert (done.returncode, done.stderr) == (code, "")
    assert told.verdict.split(":")[0] in done.stdout


def test_a_wrong_target_is_refused_before_anything_is_read() -> None:
    """In one line, though there is no such file either."""
    done = run("preflight", "nowhere.zip", "--target", "1.5")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "'1.5' is a series of releases: name one of them, such as v1.5." in done.stderr


def test_nothing_seen_is_unusable(tmp_path: Path) -> None:
    """A list of what no check needs is neither yes nor no."""
    given = tmp_path / "pods.json"
    given.write_text(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}))
    done = run("preflight", given)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "no check could be run" in done.stderr


def test_a_running_upgrade_is_a_no() -> None:
    """Strict or not: what does not apply is not counted."""
    path = DATA / "bundles" / "upgrade-half-way.zip"
    done = run("preflight", path, "--target", "v1.5.0", "--strict", "--format", "json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert document["verdict"]["ready"] is False
    assert document["verdict"]["untold"] == 0
    assert document["running"] == "Upgrade hvst-upgrade-abcde"
    assert {entry["outcome"] for entry in document["checks"]} == {"failed", "not-applicable"}
    assert document["verdict"]["next"] == f"harvdiag upgrade {path}"


def _document(told: Preflight) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render(told, "json"))
    return document


def test_json_has_one_entry_for_each_check() -> None:
    """In the order of the tools, with our rules, the ids of the check in Go, and the commands to run by hand."""
    document = _document(preflight(found("preflight-node-machine-mismatch"), skipped=SKIPPED))
    assert document["schema"] == 1
    entries = document["checks"]
    assert [f"{entry['tool']} {entry['check']}" for entry in entries] == [row.key for row in ROWS]
    assert all(entry["reason"] for entry in entries if entry["outcome"] in {"skipped", "not-applicable"})
    by_key = {f"{entry['tool']} {entry['check']}": entry for entry in entries}
    paired = by_key["webhook V15"]
    assert (paired["outcome"], paired["severity"], paired["go"]) == ("failed", "error", ["capi-machine-count"])
    assert paired["findings"] == document["verdict"]["reasons"]
    disks = by_key["webhook V13"]
    assert (disks["outcome"], disks["reason"]) == ("skipped", SKIPPED["preflight-disk-space"])
    assert disks["by_hand"] == [each["command"] for each in document["by_hand"][0]["commands"]]
    assert {outcome["rule"] for outcome in document["rules"]} >= {"preflight-disk-space"}
    assert document["verdict"]["untold"] == 3
    assert (document["target"], document["path"]) == ("v1.9.0", ["v1.8.2", "v1.9.0"])


def test_markdown_is_a_list_to_tick() -> None:
    """The verdict, the reasons with their steps, a box for each thing to run by hand, and every check."""
    text = render(preflight(found("preflight-vm-bound-to-host"), skipped=SKIPPED), "markdown")
    assert "**No: " in text
    assert "**Checks** check.sh fails (Virtual-Machines)." in text
    assert "- [ ] 13 GiB of new images fit on each Node" in text
    assert "  - `for NODE in hv01 hv02 hv03; do " in text
    assert all(f"| {row.tool} {row.id} |".replace("_", "\\_") in text for row in ROWS)


def test_files_are_written_in_the_format_of_their_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the verdict on stderr; --brief is for the table."""
    monkeypatch.setattr(Cluster, "preflight", lambda *_: preflight())
    for name, begin in (
        ("a.md", "# lab.zip"),
        ("a.json", "{"),
        ("a.txt", "lab.zip"),
        ("a.xml", "<?xml"),
        ("a.sarif", "{"),
    ):
        done = run("preflight", HEALTHY, "-o", tmp_path / name)
        assert (tmp_path / name).read_text("utf-8").startswith(begin)
        assert "Yes, as far as" in done.stderr
    assert run("preflight", HEALTHY, "--brief", "--format", "json").returncode == 2
    assert run("preflight", HEALTHY, "--brief", "--full").returncode == 2


def test_in_a_notebook_it_is_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, as all cards are; `hd.preflight` takes a source or a cluster."""
    told = preflight(found("preflight-vm-bound-to-host"), skipped=SKIPPED)
    text = HTML["harvdiag.status.preflight", "Preflight"](told)
    assert told.verdict in text
    assert "/proxy/stats/summary" in text
    monkeypatch.setattr(Cluster, "preflight", lambda _, target: (target, told))
    assert hd.preflight(HEALTHY, "1.9.0") == ("v1.9.0", told)
    assert hd.preflight(hd.open(HEALTHY)) == ("", told)


def test_completion_offers_releases() -> None:
    """Of --target."""
    (target,) = [param for param in command.preflight.params if param.name == "target"]
    context = command.preflight.make_context("preflight", [], resilient_parsing=True)
    assert "v1.5.0" in [item.value for item in target.shell_complete(context, "v1.5")]


def test_known_issues_of_the_way_are_told() -> None:
    """In the text their number and, where there are few, their names; in JSON and Markdown each with its state."""
    path = DATA / "bundles" / "healthy.zip"
    told = hd.preflight(path, "v1.5.0")
    document = _document(told)
    states = {issue["state"] for issue in document["known_issues"]}
    assert states == {"absent", "untold"}
    assert document["path"] == ["v1.4.2", "v1.5.0"]
    text = render(told, "table")
    assert "Path        v1.4.2 → v1.5.0" in text
    assert " known issues of this upgrade: " in text
    assert "(harvester/harvester#8163)" in text
    assert "- [ ] untold: [" in render(told, "markdown")
    assert document["verdict"]["ready"] is told.ready is True
