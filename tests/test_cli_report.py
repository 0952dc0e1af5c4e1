"""`harvdiag report`: where the file goes, what it is, and what is never overwritten."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harvdiag.io.whole import write_whole
from tests.command import run
from tests.routes import BROKEN, HEALTHY
from tests.test_cli import complaint
from tests.world import healthy
from tests.world.kit import dump

USUAL = "issue-8236-2025-05-08T10-00-00Z-report"


@pytest.mark.parametrize(
    ("words", "name", "begins"),
    [
        ((), f"{USUAL}.html", "<!DOCTYPE html>"),
        (("--format", "markdown"), f"{USUAL}.md", "# issue-8236.zip"),
        (("-o", "x.json"), "x.json", '{\n  "schema": 1'),
        (("-o", "x.md", "--format", "html"), "x.md", "<!DOCTYPE html>"),
    ],
    ids=["page", "markdown", "by ending", "by option"],
)
def test_the_file_is_named_and_told(words: tuple[str, ...], name: str, begins: str, tmp_path: Path) -> None:
    """In the current folder unless named; 0 although something is wrong; the last report is replaced."""
    for _ in range(2):
        done = run("report", BROKEN, *words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, "")
        assert f"Written: {name} (" in done.stderr
        assert "2 errors: 1 root cause and 1 consequence." in done.stderr
        assert [path.name for path in tmp_path.iterdir()] == [name]
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


def test_a_dash_is_standard_output(tmp_path: Path) -> None:
    """In each format; nothing is written."""
    assert json.loads(run("report", HEALTHY, "-o", "-", "--format", "json", cwd=tmp_path).stdout)["findings"] == []
    assert run("report", HEALTHY, "-o", "-", cwd=tmp_path).stdout.startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == []


def test_no_source_and_no_archive_is_overwritten(tmp_path: Path) -> None:
    """Whatever the name; nothing is read first."""
    shutil.copy(HEALTHY, tmp_path / "other.html")
    assert "zip archive" in complaint("report", BROKEN, "-o", "other.html", cwd=tmp_path)
    shutil.copy(HEALTHY, tmp_path / f"{USUAL}.html")
    assert "zip archive" in complaint("report", BROKEN, cwd=tmp_path)
    assert "a report ends in" in complaint("report", BROKEN, "-o", "x.pdf", cwd=tmp_path)
    assert "give one --context" in complaint("report", "--context", "a", "--context", "b", "-o", "x.md", cwd=tmp_path)
    assert "a page is about one cluster" in complaint("check", BROKEN, HEALTHY, "-o", "x.html", cwd=tmp_path)


def test_a_report_of_what_cannot_be_checked_tells_so(tmp_path: Path) -> None:
    """It is written, and the exit code is 2."""
    settings = [it for it in healthy().objects if it["kind"] == "Setting"]
    (tmp_path / "given.yaml").write_text("---\n".join(map(dump, settings)), encoding="utf-8")
    done = run("report", "given.yaml", "-o", "x.html", cwd=tmp_path)
    assert done.returncode == 2
    assert "no check could be run" in done.stderr.splitlines()[-1]
    assert "Undetermined" in (tmp_path / "x.html").read_text(encoding="utf-8")


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    """A link stays a link, permissions stay; a failure leaves the old file, and nothing beside it."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_whole(link, b"new")
    assert (link.is_symlink(), real.read_text(), real.stat().st_mode & 0o777) == (True, "new", 0o640)
    with pytest.raises(TypeError):
        write_whole(real, "text")  # type: ignore[arg-type]
    with pytest.raises(OSError, match="No such file"):
        write_whole(tmp_path / "no" / "x", b"")
    assert real.read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]
