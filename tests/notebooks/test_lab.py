"""`harvdiag lab`: the working copy keeps what the user made of it, and leads to the right notebook."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Sequence
from pathlib import Path

import nbformat
import pytest

from harvdiag.share.lab import Order, Outcome, find_lost, make_copy
from harvdiag.share.lab.index import READERS
from harvdiag.share.run.kit import read_card
from tests.command import run
from tests.notebooks.run import NOTEBOOKS, ROOT
from tests.routes import BROKEN

pytestmark = pytest.mark.notebook
NAMES = ("01-a", "02-b", "03-c", "90-d")
LINK = re.compile(r"\]\(([^)#:]+)\)")


@pytest.fixture(autouse=True)
def _own_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is trusted here is not trusted by the user's own JupyterLab."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))


@pytest.fixture
def kit(tmp_path: Path) -> list[Path]:
    """Notebooks of another kit, each with a title, its parameters and an output."""
    folder = tmp_path / "kit" / "notebooks"
    folder.mkdir(parents=True)
    return [issue(folder / f"{name}.ipynb") for name in NAMES]


def issue(path: Path, text: str = "as first issued") -> Path:
    """Write a notebook as a release has it."""
    output = nbformat.v4.new_output("stream", text="of a sample")
    cells = [
        nbformat.v4.new_markdown_cell(f"# What is {path.stem}?\n\n{text}", id="a"),
        nbformat.v4.new_code_cell('SOURCE = "../data/x.zip"\nNODE = ""', id="b", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("print(SOURCE)", id="c", outputs=[output]),
    ]
    metadata = {"harvdiag": {"questions": {"operator": f"Why {path.stem}?"}}} if path.stem[0] == "0" else {}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


def change(path: Path, text: str = "", output: str = "") -> None:
    """Save a notebook as JupyterLab does, with another text or output; its metadata change in any case."""
    document = nbformat.read(path, as_version=4)
    document.metadata["language_info"] = {"name": "python", "version": "3.13"}
    if text:
        document.cells[0].source = text
    if output:
        document.cells[2].outputs[:] = [nbformat.v4.new_output("stream", text=output)]
    nbformat.write(document, path)


def copy(folder: Path, kit: Sequence[Path], **wishes: object) -> dict[str, Outcome]:
    """Make the working copy; return what was done with each notebook."""
    done = make_copy(Order(folder=folder, **wishes), [*kit])  # type: ignore[arg-type]
    assert done[0].path.endswith(".md")
    return {Path(path).stem: outcome for path, outcome in done[1:]}


def test_what_the_user_made_outlives_an_update(kit: list[Path], tmp_path: Path) -> None:
    """An edit stays where it is, an output is kept aside, and what was only opened and saved is updated."""
    folder = tmp_path / "mine"
    assert set(copy(folder, kit).values()) == {Outcome.NEW}
    opened, ran, edited, exercise = (folder / "notebooks" / path.name for path in kit)
    change(opened)
    change(ran, output="of my cluster")
    change(edited, text="# My notes")
    (folder / "README.md").write_text("my page", encoding="utf-8")
    same, own, kept = Outcome.SAME, Outcome.RUN, Outcome.EDITED
    assert copy(folder, kit) == {"01-a": same, "02-b": own, "03-c": kept, "90-d": same}
    for path in kit:
        issue(path, "as issued later")
    mine = edited.read_bytes()
    exercise.unlink()
    behind = {"01-a": Outcome.UPDATED, "02-b": Outcome.ASIDE, "03-c": Outcome.BEHIND, "90-d": Outcome.NEW}
    assert copy(folder, kit) == behind
    assert "as issued later" in ran.read_text("utf-8")
    assert "of my cluster" in (folder / "earlier" / ran.name).read_text("utf-8")
    beside = {"01-a": same, "02-b": same, "03-c-2": Outcome.BESIDE, "90-d": same}
    assert copy(folder, kit, update=True) == beside
    assert copy(folder, kit, update=True) == beside | {"03-c-2": same}, "once is enough"
    assert edited.read_bytes() == mine
    assert (folder / "README.md").read_text("utf-8") == "my page"
    (folder / ".harvdiag-lab" / "record.json").write_text("{", encoding="utf-8")
    issue(kit[0], "as issued last")
    assert copy(folder, kit) == {"01-a-2": Outcome.BESIDE, "02-b": same, "03-c-2": same, "90-d": same}


def test_another_source_leaves_the_edits_about_the_first_one(kit: list[Path], tmp_path: Path) -> None:
    """The outputs of a sample go; exercises stay as they are; the index leads to the copy of this SOURCE."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "README.md").write_text("of the case", encoding="utf-8")
    copy(folder, kit, source=str(tmp_path / "one.zip"))
    edited = folder / "notebooks" / kit[0].name
    document = nbformat.read(edited, as_version=4)
    assert document.cells[1].source == 'SOURCE = "../../one.zip"\nNODE = ""'
    assert document.cells[2].outputs == []
    change(edited, text="# What I saw in one.zip")
    change(folder / "notebooks" / kit[3].name, text="# My answers")
    issue(kit[3], "as issued later")
    first = copy(folder, kit)
    assert first["01-a"] is Outcome.EDITED, "without a SOURCE, that of the last time"
    assert copy(folder, kit, source="context:lab") == {
        "01-a-2": Outcome.BESIDE,
        "02-b": Outcome.UPDATED,
        "03-c": Outcome.UPDATED,
        "90-d": Outcome.BEHIND,
    }
    assert (
        'SOURCE = "context:lab"' in nbformat.read(folder / "notebooks" / "01-a-2.ipynb", as_version=4).cells[1].source
    )
    assert (folder / "README.md").read_text("utf-8") == "of the case"
    page = (folder / "harvdiag-lab.md").read_text("utf-8")
    assert "`context:lab`" in page
    assert "[Why 01-a?](notebooks/01-a-2.ipynb)" in page
    assert "[What is 90-d?](notebooks/90-d.ipynb)" in page
    assert copy(folder, kit, source=str(tmp_path / "one.zip"))["01-a"] is Outcome.EDITED
    assert find_lost(folder) == "../../one.zip"
    assert copy(folder, kit, source="/elsewhere/x.zip")["02-b"] is Outcome.UPDATED
    assert '"/elsewhere/x.zip"' in nbformat.read(folder / "notebooks" / "02-b.ipynb", as_version=4).cells[1].source


def test_the_copy_of_the_kit_is_whole_and_trusted(tmp_path: Path) -> None:
    """Each link and each sample leads somewhere; each reader finds a question; exercises come first in training."""
    done = make_copy(Order(folder=tmp_path / "mine", training=True))
    assert {outcome for _, outcome in done} == {Outcome.NEW}
    pages = [path for path, _ in done if path.endswith((".md", ".ipynb"))]
    for page in pages:
        place = tmp_path / "mine" / page
        text = place.read_text("utf-8")
        if place.suffix == ".ipynb":
            cells = nbformat.reads(text, as_version=4).cells
            text = "\n".join(cell.source for cell in cells)
            assert nbformat.sign.NotebookNotary().check_signature(nbformat.read(place, as_version=4)), page
        links = [*LINK.findall(text), *re.findall(r'"(\.\./data/[^"]+)"', text)]
        assert [link for link in links if not (place.parent / link).exists()] == [], page
    index = (tmp_path / "mine" / "README.md").read_text("utf-8")
    headings = [line[3:] for line in index.splitlines() if line.startswith("## ")]
    assert headings == [READERS["newcomer"], READERS["operator"], READERS["support"], "All notebooks"]
    told = {reader for path in NOTEBOOKS for reader in read_card(path).questions}
    assert told == set(READERS)
    assert [path.stem for path in NOTEBOOKS if not read_card(path).questions] == []
    assert re.findall(r"^- .*\((.+)\)$", index, re.MULTILINE)[0] == "notebooks/90-nodes-machines-clusters.ipynb"
    assert all(f"](notebooks/{path.name})" in index for path in NOTEBOOKS)


def test_the_command_refuses_what_cannot_work_before_it_writes(tmp_path: Path) -> None:
    """In one line each."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "kubeconfig").write_text(json.dumps({"contexts": [], "clusters": [], "users": []}), encoding="utf-8")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for words, told in {
            ("nowhere.zip",): "nowhere.zip",
            ("-",): "no standard input",
            ("context:unheard-of",): "names no cluster",
            ("--folder", "file/mine"): "is not a folder",
            ("--folder", str(ROOT)): "from which copies are made",
            (str(BROKEN), "--port", str(port)): f"port {port} is taken on this machine: leave out --port",
        }.items():
            done = run("lab", *words, cwd=tmp_path, KUBECONFIG=str(tmp_path / "kubeconfig"))
            assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
            assert told in done.stderr
    assert not (tmp_path / "harvdiag-lab").exists()
