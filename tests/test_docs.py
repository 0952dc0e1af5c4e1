"""The documents say what the code does: README's output is real, every command, option, notebook and link exists."""

from __future__ import annotations

import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import harvdiag
from harvdiag.cli import cli
from harvdiag.reports import ENDINGS, FORMATS
from harvdiag.rules import registry
from harvdiag.sources import source_types
from tests.notebooks.run import NOTEBOOKS, ROOT
from tests.tools.docs import BLOCK, TABLES, WRITTEN, console, fresh

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"
MANUAL = README + "".join((DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("commands", "sources"))
PYTHON = (DOCS / "python.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LOOSE = {"__main__", "version"}
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("data/*.md"), *ROOT.glob("docs/*.md")])


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_written_parts_are_fresh(path: Path) -> None:
    """Console output and tables are copies of what the code gives, not promises."""
    text = path.read_text(encoding="utf-8")
    assert fresh(text) == text, f"{path.name} is stale: run `make docs`"


def test_there_is_something_to_write() -> None:
    """A first look, the whole report, an upgrade and a picture; the tables of pictures, kinds and rooms."""
    assert len(BLOCK.findall(README)) >= 1
    assert len(BLOCK.findall(MANUAL)) >= 4
    whole = "".join(path.read_text(encoding="utf-8") for path in WRITTEN)
    assert all(
        f"<!-- {name}: written by make docs -->" in whole and f"<!-- end of {name} -->" in whole for name in TABLES
    )


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_stands_in_the_readme_and_every_option_in_the_manual(name: str) -> None:
    """Nobody finds an option that no document names; every one has a help text."""
    command = cli.commands[name]
    assert f"harvdiag {name}" in README
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert any(option in MANUAL for option in parameter.opts), parameter.opts


def test_choices_stand_in_the_manual_as_the_code_has_them() -> None:
    """Formats, severities and endings."""
    assert "|".join(FORMATS) in MANUAL
    check = cli.commands["check"]
    fail_on = next(p for p in check.params if p.name == "fail_on")
    assert isinstance(fail_on.type, click.Choice)
    assert "|".join(fail_on.type.choices) in MANUAL
    assert set(ENDINGS.values()) == set(FORMATS)


def test_the_readme_is_short_and_begins_with_what_to_do() -> None:
    """Who has a stuck upgrade reads the commands without scrolling; the rest is in docs."""
    assert len(README.split()) < 1200
    top = "\n".join(README.splitlines()[:15])
    assert all(words in top for words in ("Support Bundle", "pipx install", "harvdiag upgrade", "harvdiag check"))


def test_every_source_is_in_the_readme() -> None:
    """By the title that reports give it; the table "What it reads" says what to give."""
    assert [source.title for source in source_types() if source.title not in README] == []


def test_the_contributing_guide_names_every_room() -> None:
    """A room that the flow of the data leaves out is one that nobody finds."""
    rooms = [module.name for module in pkgutil.iter_modules(harvdiag.__path__) if module.name not in LOOSE]
    assert [room for room in rooms if f"`{room}/`" not in GUIDE and f"`{room}.py`" not in GUIDE] == []


def test_exit_codes_stand_in_the_manual_and_the_help() -> None:
    """0 to 3, in both."""
    text = console("harvdiag check --help")
    for code in range(4):
        assert re.search(rf"\| {code} \|", MANUAL)
        assert re.search(rf"\b{code}:", text.replace("code 0", "0"))


def test_public_names_are_used_somewhere_a_reader_looks() -> None:
    """What Tab completion offers is shown in README or a notebook, or is a type that one catches or meets."""
    shown = README + PYTHON + "".join(path.read_text(encoding="utf-8") for path in NOTEBOOKS)
    types = {name for name in harvdiag.__all__ if isinstance(getattr(harvdiag, name), type)}
    assert [name for name in harvdiag.__all__ if name not in types and not re.search(rf"hd\.{name}[.(]", shown)] == []


def test_the_contributing_guide_shows_a_rule_that_exists() -> None:
    """The example is one of ours, with its own summary."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names = re.findall(r'@rule\(\s*"([a-z-]+)"', text)
    assert names
    for name in names:
        assert registry()[name].summary in text


def test_changelog_counts_nothing() -> None:
    """Numbers of checks and scenarios go stale with every rule: `harvdiag rules` counts them."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"\b\d+ (?:checks|scenarios|rules)\b", text) == []


def test_every_notebook_stands_in_the_readme() -> None:
    """And none that does not exist."""
    assert sorted(re.findall(r"\(notebooks/([^)]+)\)", README)) == [path.name for path in NOTEBOOKS]


@pytest.mark.notebook
def test_the_papermill_command_works_as_written(tmp_path: Path) -> None:
    """In the repository's folder, on a source named from there; only the names of the two files are ours."""
    (command,) = re.findall(r"^papermill .+$", MANUAL, re.MULTILINE)
    mine = tmp_path / "mine.ipynb"
    words = command.replace("mine.ipynb", str(mine)).replace("my-bundle.zip", "data/bundles/healthy.zip")
    assert words.count("healthy.zip") == words.count(str(mine)) == 1
    folder = Path(sys.executable).parent
    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PWD": str(ROOT)}
    done = subprocess.run(["/bin/sh", "-c", words], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Nothing found" in mine.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(path: Path) -> None:
    """Relative links of every document."""
    for link in re.findall(r"\]\(([^)#:\s]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), link


def test_pictures_have_a_text() -> None:
    """Who cannot see the picture reads what it shows."""
    assert all(len(alt) > 20 for alt in re.findall(r"!\[([^\]]*)\]", README))


def test_make_targets_named_in_documents_exist() -> None:
    """`make …` in any document is a target of the Makefile with a line of help."""
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for path in DOCUMENTS:
        for name in re.findall(r"`make ([a-z]+)`", path.read_text(encoding="utf-8")):
            assert name in targets | {"help"}, name
