"""`harvdiag draw` as people run it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

import harvdiag as hd
from harvdiag.cli import cli
from harvdiag.cli.draw import FORMS, THEMES
from harvdiag.core.errors import UsageError
from harvdiag.figures import PICTURES, svg
from harvdiag.figures.figure import ENDINGS
from tests.routes import BROKEN, HEALTHY
from tests.test_cli import complaint, complete, harvdiag, python
from tests.world import healthy
from tests.world.kit import dump

STUCK = BROKEN.with_name("lost-acknowledgement.zip")


def test_it_is_drawn_in_the_terminal() -> None:
    """The links, with the fault on top; exit 0, for `harvdiag check` judges."""
    result = harvdiag("draw", BROKEN)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == hd.draw(hd.open(BROKEN)).text.rstrip("\n") + "\n"
    assert "srv09 has no Machine" in result.stdout.split("\n")[0]


@pytest.mark.parametrize("columns", [60, 100, 140, 400])
def test_it_fits_the_terminal(columns: int) -> None:
    """As wide as that, but no wider than one can read."""
    lines = harvdiag("draw", BROKEN, COLUMNS=str(columns)).stdout.split("\n")
    assert max(map(len, lines)) <= min(columns, 140)


@pytest.mark.parametrize("picture", [name for name, picture in PICTURES.items() if not picture.against])
def test_every_picture_can_be_asked_for(picture: str) -> None:
    """Of a cluster in an upgrade."""
    result = harvdiag("draw", STUCK, "--picture", picture)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == hd.draw(hd.open(STUCK), picture).text.rstrip("\n") + "\n"


def test_changes_are_drawn_against_another_source() -> None:
    """Without --picture, too."""
    result = harvdiag("draw", BROKEN, "--against", HEALTHY)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == harvdiag("draw", BROKEN, "--against", HEALTHY, "--picture", "changes").stdout
    assert result.stdout.strip()


def test_focus_and_labels() -> None:
    """One node, with the fields."""
    one = harvdiag("draw", BROKEN, "--focus", "srv06").stdout
    assert "srv06" in one
    assert "srv07" not in one
    assert harvdiag("draw", BROKEN, "--focus", "node/srv06").stdout == one


@pytest.mark.parametrize("ending", sorted(ENDINGS))
def test_into_a_file_as_its_ending_says(ending: str, tmp_path: Path) -> None:
    """The bytes that the figure has."""
    path = tmp_path / f"links{ending.upper() if ending == '.svg' else ending}"
    result = harvdiag("draw", BROKEN, "-o", path)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr.startswith(f"Written: {path} (")
    assert result.stderr.endswith(
        f": srv09 has no Machine: 1 of 4 nodes needs attention\nNext: harvdiag check {BROKEN}\n"
    )
    assert path.read_bytes() == hd.draw(hd.open(BROKEN)).to(ending)


def test_into_a_page_to_explore(tmp_path: Path) -> None:
    """As `hd.explore` saves it, with the same wishes."""
    words = ("--focus", "srv09", "--labels", "--theme", "dark")
    assert harvdiag("draw", BROKEN, *words, "-o", tmp_path / "a.html").returncode == 0
    mine = hd.explore(hd.open(BROKEN), "srv09", labels=True, theme="dark").save(tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == mine.read_bytes()


def test_theme_and_labels_of_a_file(tmp_path: Path) -> None:
    """Colours and fields are those that were wished for."""
    path = tmp_path / "x.svg"
    harvdiag("draw", BROKEN, "--theme", "dark", "--labels", "--width", "640", "-o", path)
    text = path.read_text(encoding="utf-8")
    assert text == hd.draw(hd.open(BROKEN), labels=True).themed("dark").sized(640).svg
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own


@pytest.mark.parametrize("picture", [name for name, picture in PICTURES.items() if not picture.against])
@pytest.mark.parametrize("ending", sorted(FORMS))
def test_the_endings_that_a_picture_has_are_those_that_are_told(picture: str, ending: str, tmp_path: Path) -> None:
    """What the figure cannot be is refused before anything is read."""
    code = harvdiag("draw", STUCK, "--picture", picture, "-o", tmp_path / f"x{ending}").returncode
    assert (code == 0) == (picture in FORMS[ending])
    if ending in ENDINGS and code:
        with pytest.raises(UsageError, match=r"has no (Mermaid|DOT) format"):
            hd.draw(hd.open(STUCK), picture).to(ending)


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--focus", "srv9"), "no object named 'srv9' in this cluster; did you mean srv09?"),
        (("--focus", "service/srv09"), "no kind 'service'"),
        (("--focus", ""), "no object named ''"),
        (("--picture", "linsk"), "'linsk' is not one of"),
        (("--picture", "matrix", "--focus", "srv09"), "shows the whole cluster: leave out the focus"),
        (("--picture", "changes"), "needs the cluster as it was before: --against SOURCE"),
        (("--picture", "links", "--against", str(HEALTHY)), "shows one cluster: leave out the other"),
        (("--against", "none.zip"), "none.zip: no such file"),
        (("--against", ""), "the source of --against is empty"),
        (("--picture", "upgrade", "--labels"), "the picture upgrade has no links to label: leave out --labels"),
        (("--against", str(HEALTHY), "--labels"), "the picture changes has no links to label: leave out --labels"),
        (("-o", "x.pdf"), "x.pdf: the picture links ends in .svg, .png, .mmd, .dot, .txt or .html"),
        (("-o", "x.pdf", "--picture", "handshake"), "handshake ends in .svg, .png, .mmd or .txt"),
        (("-o", "x.dot", "--picture", "handshake"), "handshake ends in .svg, .png, .mmd or .txt"),
        (("-o", "x.mmd", "--picture", "upgrade"), "the picture upgrade ends in .svg, .png or .txt"),
        (("-o", "links"), "links: the picture links ends in"),
        (("-o", "-"), "the picture links is not written to a file named -"),
        (("-o", "x.html", "--picture", "matrix"), "be explored; save matrix as .svg, .png or .txt"),
        (("-o", "no/such/folder.svg"), "cannot be written: the folder no/such does not exist"),
        (("-o", "no/such/folder.html"), "cannot be written: the folder no/such does not exist"),
        (("--theme", "pink"), "'pink' is not one of"),
        (("--width", "100", "-o", "x.svg"), "no picture fits 100 pixels: give a width of 320 or more"),
        (("--width", "640"), "--width is the width of a file: name one with -o"),
    ],
)
def test_refusals_are_one_line(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    """Exit 2, what is wrong, what to do; no file is left behind."""
    assert told in complaint("draw", BROKEN, *words, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_is_none_is_one_line(tmp_path: Path) -> None:
    assert "no such file" in complaint("draw", tmp_path / "none.zip")


def test_a_second_source_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    """As a first one."""
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 no more")
    assert "broken.zip" in complaint("draw", BROKEN, "--against", tmp_path / "broken.zip")


def test_a_bundle_is_not_written_over(tmp_path: Path) -> None:
    """Whatever it is called."""
    path = tmp_path / "bundle.svg"
    path.write_bytes(BROKEN.read_bytes())
    assert "it is a zip archive" in complaint("draw", BROKEN, "-o", path)
    assert path.read_bytes() == BROKEN.read_bytes()


def test_png_without_matplotlib_is_one_line(tmp_path: Path) -> None:
    """With the name of what is missing."""
    (tmp_path / "matplotlib.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from harvdiag import cli\n"
        f"sys.argv = ['harvdiag', 'draw', {str(BROKEN)!r}, '-o', {str(tmp_path / 'x.png')!r}]\n"
        "cli.main()\n"
    )
    result = python("-c", program)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "matplotlib" in result.stderr
    assert not (tmp_path / "x.png").exists()


def test_nodes_and_machines_will_do(tmp_path: Path) -> None:
    """What was not seen is no fault, and no reason to stop; without anything to judge there is no picture."""
    path = tmp_path / "nodes.yaml"
    path.write_text(dump({"apiVersion": "v1", "kind": "List", "items": [*healthy().find("Secret")]}))
    assert "no check could be run" in complaint("draw", path)
    items = [*healthy().find("Node"), *healthy().find("Machine")]
    path.write_text(dump({"apiVersion": "v1", "kind": "List", "items": items}))
    result = harvdiag("draw", path)
    assert result.returncode == 0
    assert "hv01" in result.stdout
    assert harvdiag("draw", path, "-o", tmp_path / "x.html").returncode == 0


# --- help ----------------------------------------------------------------------------------------------------------


def test_help_and_completion() -> None:
    """Every option is told; the shell offers pictures and themes."""
    text = " ".join(harvdiag("draw", "--help").stdout.split())
    options = ("--picture", "--focus", "--against", "--labels", "--theme", "--output", ".html", "The exit code")
    assert all(option in text for option in options)
    assert all(picture in text for picture in PICTURES)
    assert "draw" in harvdiag("--help").stdout
    assert complete("harvdiag draw --picture h") == ["handshake"]
    assert complete("harvdiag draw --theme ") == list(THEMES)
    assert complete("harvdiag dr") == ["draw"]


def test_choices_are_those_that_there_are() -> None:
    """Kept here so that `--help` loads no painter."""
    assert THEMES == svg.THEMES
    picture = next(p for p in cli.commands["draw"].params if p.name == "picture")
    assert isinstance(picture.type, click.Choice)
    assert list(picture.type.choices) == list(PICTURES)


def test_it_needs_neither_pandas_nor_matplotlib() -> None:
    """A terminal waits for no table and no painter."""
    program = (
        "import sys\n"
        "from harvdiag import cli\n"
        f"sys.argv = ['harvdiag', 'draw', {str(BROKEN)!r}]\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'pandas', 'matplotlib', 'numpy'} & set(sys.modules)), file=sys.stderr)\n"
    )
    assert python("-c", program).stderr.strip() == "[]"
