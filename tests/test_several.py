"""Several sources in one command: one line each, in columns, whatever they are called; one that fails leaves others."""

from __future__ import annotations

import gc
import json
import shutil
import weakref
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cli import contexts
from harvdiag.cli.source import SourceOptions
from harvdiag.core.wrap import count_cells
from harvdiag.reports.overview import render_markdown_overview, render_overview, shorten_names
from harvdiag.reports.several import ClusterAnswer
from harvdiag.sources.bundle.identify import list_bundles
from tests.command import run
from tests.routes import BROKEN, HEALTHY

LONG = "supportbundle_2c5f0c3a-9b3a-4f0c-8f0e-0f7a8a2d8f6e_2025-05-0{}T10-00-00Z.zip"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two bundles and a snapshot with notes and a report beside them; and one file that is none."""
    place = tmp_path_factory.mktemp("desk")
    (place / "all").mkdir()
    for file in (HEALTHY, BROKEN):
        shutil.copy(file, place / "all")
    hd.open(BROKEN).save(place / "all" / "saved.harvdiag.zip")
    for name in ("issue-8236.notes.yaml", "report.md"):
        (place / "all" / name).write_text("x: 1\n")
    (place / "bad.zip").write_text("no zip")
    return place


def answers(*names: str, **errors: str) -> list[ClusterAnswer]:
    """The answer of the broken sample under several names; errors of what could not be read."""
    findings = hd.open(BROKEN).check()
    read = [ClusterAnswer(name=name, findings=findings, noun="Source") for name in names]
    return read + [ClusterAnswer(name=name, error=error, noun="Source") for name, error in errors.items()]


@pytest.mark.parametrize("width", [80, 100])
def test_each_has_one_line_in_columns(width: int, desk: Path) -> None:
    """Name, verdict, root cause and version; the folder that all have in common is told once."""
    result = run("check", "all", cwd=desk, COLUMNS=str(width))
    head, *lines = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (1, "")
    assert head.split() == ["all/", "verdict", "root", "cause", "version"]
    assert [line.split()[0] for line in lines[:3]] == ["healthy.zip", "issue-8236.zip", "saved.harvdiag.zip"]
    assert lines[0].split("  ")[-1] == lines[1].split("  ")[-1] == "v1.4.2"
    assert "✓ nothing found  no upgrade under way" in lines[0]
    assert "✗ upgrade stuck  node-without-machine  Node srv09 " in lines[1]
    for heading, cell in (("verdict", "✗"), ("root cause", "node-"), ("version", "v1.4.2")):
        assert head.index(heading) == lines[1].index(cell)
    assert lines[3:] == ["", "`harvdiag check all/NAME` tells all of one; --full, of each."]
    assert max(map(count_cells, result.stdout.splitlines())) <= width


def test_one_that_cannot_be_read_leaves_the_others(desk: Path) -> None:
    """The reason is in its line and on stderr; the exit code is the worst."""
    result = run("check", "bad.zip", "all/healthy.zip", "no.zip", cwd=desk)
    bad, *rest = [line for line in result.stdout.splitlines() if line and not line.startswith(" ")][1:4]
    assert result.returncode == 2
    assert "? not read       not a zip archive" in bad
    assert "✓ nothing found" in rest[0]
    assert "? not read       no such file" in rest[1]
    assert result.stderr.startswith("harvdiag: bad.zip: not a zip archive")
    assert result.stderr.count("\n") == 2


def test_json_is_an_array_and_full_tells_each(desk: Path) -> None:
    """Of what could not be read there are its name and the error; what a file holds is never folded."""
    words = ("check", "all/healthy.zip", "bad.zip", "all/issue-8236.zip")
    read, bad, broken = json.loads(run(*words, "--format", "json", cwd=desk).stdout)
    assert (read["source"]["kind"], bad["source"]) == ("bundle", {"name": "bad.zip"})
    assert "not a zip archive" in bad["error"]
    assert broken["summary"]["root_causes"] == 1
    full = run(*words, "--full", cwd=desk).stdout
    assert full.count("\n=== Source ") == 3
    assert "✗ ERROR  node-without-machine  Node srv09" in full
    assert run(*words, "-o", "all.txt", cwd=desk).returncode == 2
    assert (desk / "all.txt").read_text().count("\n=== Source ") == 3


def test_markdown_begins_with_a_table(desk: Path) -> None:
    """Then follows the report of each, where all is asked for."""
    short = run("check", "all", "--format", "markdown", cwd=desk).stdout
    assert short.count("\n") == 5
    text = run("check", "all", "--format", "markdown", "--full", cwd=desk).stdout
    assert text.startswith(short)
    assert text.startswith("| source | verdict | root cause | version |\n| --- | --- | --- | --- |\n")
    assert (
        "| `issue-8236.zip` | ✗ upgrade stuck | `node-without-machine` Node srv09 has no Machine | v1.4.2 |\n" in text
    )
    assert [line for line in text.splitlines() if line.startswith("# ")][:2] == ["# healthy.zip", "# issue-8236.zip"]


def test_long_names_stay_apart() -> None:
    """In the middle truncated where they then differ; else in a line of their own, and where it is narrow."""
    names = [LONG.format(day) for day in (1, 2)]
    wide = render_overview(answers(*names), 100).splitlines()
    assert len(wide) == 3
    assert all("…" in line and f"0{day}T10-00-00Z.zip" in line for day, line in enumerate(wide[1:], 1))
    narrow = render_overview(answers(*names), 60).splitlines()
    assert [narrow[2], narrow[4]] == names
    alike = render_overview(answers("a" * 60 + "x" + "b" * 60, "a" * 60 + "y" + "b" * 60), 100).splitlines()
    assert len(alike) == 6


@pytest.mark.parametrize("name", ["a|b`c.zip", "<script>x", "x\ny.zip", "\u202eevil.zip", "節点" * 30, "n" * 253])
def test_a_name_is_text(name: str) -> None:
    """In columns and in a table."""
    shown = answers(name, "b", c="c: bad\n# x")
    table = render_markdown_overview(shown)
    assert [line.count(" | ") for line in table.splitlines()] == [3] * 5
    assert "<script>" not in table.replace("`<script>x`", "")
    for text in (render_overview(shown, 80), table):
        assert not {"\u202e", "\x1b"} & set(text)
        assert "\n# x" not in text


@pytest.mark.parametrize(
    ("names", "folder", "rest"),
    [
        (("d/a.zip", "d/b.zip"), "d/", ["a.zip", "b.zip"]),
        (("/x/d/a.zip", "/x/e/b.zip"), "/x/", ["d/a.zip", "e/b.zip"]),
        (("a.zip", "d/b.zip"), "", ["a.zip", "d/b.zip"]),
        (("dx/a", "dy/a"), "", ["dx/a", "dy/a"]),
        (("C:\\d\\a.zip", "C:\\d\\b.zip"), "C:\\d\\", ["a.zip", "b.zip"]),
    ],
)
def test_paths_are_told_without_their_common_folder(names: tuple[str, ...], folder: str, rest: list[str]) -> None:
    """Whole folders only."""
    assert shorten_names(names) == (folder, rest)


def test_a_folder_is_several_sources_where_it_holds_nothing_else(desk: Path, tmp_path: Path) -> None:
    """Not where one bundle was extracted to it, nor beside kubectl output; of a bundle in parts the first counts."""
    assert [path.name for path in list_bundles(desk / "all")] == ["healthy.zip", "issue-8236.zip", "saved.harvdiag.zip"]
    for name in ("a.zip.001", "a.zip.002", "b.zip"):
        (tmp_path / name).write_text("")
    assert [path.name for path in list_bundles(tmp_path)] == ["a.zip.001", "b.zip"]
    (tmp_path / "nodes.yaml").write_text("kind: Node")
    assert list_bundles(tmp_path) == []
    (tmp_path / "nodes.yaml").unlink()
    (tmp_path / "yamls").mkdir()
    assert list_bundles(tmp_path) == []


def test_each_source_is_released_before_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a command runs, without the garbage collector; also where reading froze what it made."""
    read = contexts._read_cluster
    alive: list[weakref.ref[Any]] = []

    def remember(where: SourceOptions) -> Any:
        assert not any(each() for each in alive)
        found = read(where)
        alive.append(weakref.ref(found))
        return found

    monkeypatch.setattr(contexts, "_read_cluster", remember)
    where = SourceOptions(str(BROKEN), (), None, 5.0, others=(str(HEALTHY), str(BROKEN)))
    gc.disable()
    try:
        answers = contexts.check_sources(where, (), ())
    finally:
        gc.enable()
    assert len(answers) == 3
    assert not any(each() for each in alive)
