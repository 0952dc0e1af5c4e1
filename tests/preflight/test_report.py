"""A preflight as one file for the change ticket: a sound page that has everything; `harvdiag report --preflight`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.reports.preflight import render
from harvdiag.rules.row import Tool
from harvdiag.status.preflight import Preflight
from harvdiag.status.preflight.issues import pick_known
from harvdiag.status.preflight.rows import NOT_APPLICABLE, answer_rows
from harvdiag.upgrade.paths import find_path
from tests.command import run
from tests.reports.hostile import HOSTILE, findings
from tests.reports.test_html import take_apart
from tests.routes import BROKEN, HEALTHY
from tests.world import healthy
from tests.world.kit import dump

FAULTED = Path(__file__).parents[2] / "data" / "scenarios" / "volume-faulted" / "speaks.yaml"


@pytest.mark.parametrize("source", [HEALTHY, BROKEN, FAULTED], ids=lambda path: path.stem)
def test_the_page_has_the_verdict_the_reasons_and_every_check(source: Path) -> None:
    """With the commands as text and a box for each; the same bytes each time; no path of the author's machine."""
    cluster = hd.scenario(source) if source == FAULTED else hd.open(source)
    preflight = hd.preflight(cluster, "v1.5.0")
    text = render(preflight, "html")
    page = take_apart(text)
    assert preflight.verdict in page.text
    assert [each.message for each in preflight.reasons if each.message not in page.text] == []
    assert [each.row.key for each in preflight.rows if each.row.id not in page.text] == []
    commands = [" ".join(command.text.split()) for each in preflight.by_hand for command in each.commands]
    assert [command for command in commands if command not in page.text] == []
    assert text.count('class="tick"') >= len(preflight.by_hand)
    assert [issue for issue in pick_known(preflight.known) if issue.row.symptom not in page.text] == []
    assert text == render(preflight, "html")
    assert str(source) not in text


@pytest.mark.parametrize("name", ["script", "right to left", "long"])
def test_no_name_of_a_cluster_acts_in_the_page(name: str) -> None:
    """Nor does a version."""
    hostile = findings(HOSTILE[name])
    rows = answer_rows(hostile.outcomes, "")
    path = find_path("", HOSTILE[name])
    preflight = Preflight(findings=hostile, target=HOSTILE[name], running="", rows=rows, path=path)
    page = take_apart(render(preflight, "html"))
    assert page.count["script"] == 0


def test_what_does_not_apply_is_told_apart_while_an_upgrade_runs() -> None:
    """With the reason; the command for the upgrade is there."""
    preflight = hd.preflight(BROKEN)
    page = take_apart(render(preflight, "html"))
    unasked = [row for row in preflight.rows if row.outcome == NOT_APPLICABLE and row.row.tool is Tool.WEBHOOK]
    assert f"{len(unasked)} checks of webhook not applicable" in page.text
    assert "is under way" in page.text
    assert "Known issues of the path" not in page.text


def test_a_preflight_is_written_by_its_ending(tmp_path: Path) -> None:
    """Page, Markdown, JSON and text; a word says what a report may be about."""
    preflight = hd.preflight(HEALTHY, "v1.5.0")
    begins = {"x.html": "<!DOCTYPE html>", "x.md": "# healthy.zip", "x.json": "{", "x.txt": "healthy.zip"}
    for name, begin in begins.items():
        assert hd.report(preflight, tmp_path / name).read_text(encoding="utf-8").startswith(begin)
    with pytest.raises(hd.UsageError, match=r"findings or a preflight, .* not tuple"):
        hd.report((), tmp_path / "x.html")  # type: ignore[arg-type]


def test_the_command_writes_it_and_never_judges(tmp_path: Path) -> None:
    """Named after the source; 0 also where it must not begin; without a name under --redact."""
    done = run("report", BROKEN, "--preflight", cwd=tmp_path)
    assert (done.returncode, [path.name for path in tmp_path.iterdir()]) == (
        0,
        ["issue-8236-2025-05-08T10-00-00Z-preflight.html"],
    )
    assert "is under way" in done.stderr
    words = ("report", HEALTHY, "--preflight", "--target", "v1.5.0", "--redact", "-o", "-", "--format")
    assert json.loads(run(*words, "json", cwd=tmp_path).stdout)["target"] == "v1.5.0"
    assert "hv01" not in run(*words, "html", cwd=tmp_path).stdout


def test_where_no_check_could_be_run_the_page_tells_so(tmp_path: Path) -> None:
    """The exit code is 2, as of any report."""
    settings = [it for it in healthy().objects if it["kind"] == "Setting"]
    (tmp_path / "given.yaml").write_text("---\n".join(map(dump, settings)), encoding="utf-8")
    done = run("report", "given.yaml", "--preflight", "-o", "x.html", cwd=tmp_path)
    assert done.returncode == 2
    assert "no check could be run" in done.stderr.splitlines()[-1]
    assert "Undetermined" in (tmp_path / "x.html").read_text(encoding="utf-8")


def test_what_the_command_refuses(tmp_path: Path) -> None:
    """In one line, and before anything is read."""
    for words, line in (
        (("--target", "v1.5.0"), "give --preflight, too"),
        (("--preflight", "--target", "newest"), "not a version of Harvester"),
    ):
        done = run("report", HEALTHY, *words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert line in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
