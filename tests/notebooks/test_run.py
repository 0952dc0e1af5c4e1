"""`harvdiag run`: a notebook becomes a page without scripts that tells nothing about the machine; failures are told."""

from __future__ import annotations

import base64
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

import harvdiag as hd
from harvdiag.core.errors import UsageError
from harvdiag.share.run.kit import find_notebook, list_notebooks, read_title
from harvdiag.share.run.page import render_page
from harvdiag.share.run.parameters import list_parameters, set_parameters
from harvdiag.share.run.sanitize import sanitize
from harvdiag.share.run.scrub import scrub
from tests.command import run
from tests.notebooks.run import LABS, NOTEBOOKS, ROOT
from tests.routes import BROKEN
from tests.sample import some

pytestmark = [
    pytest.mark.notebook,
    # The kernel's own remarks about its sockets are no fault of ours.
    pytest.mark.filterwarnings("default::DeprecationWarning", "default::RuntimeWarning", "default::ResourceWarning"),
    pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"),
]
LOADED = re.compile(
    r"""<(?:script|iframe|link|object|embed)\b|\bsrc=["'](?!data:image/)|\bon\w+=|javascript:|@import"""
)
PICTURES = re.compile(r"base64,([A-Za-z0-9+/=]+)")


def code(source: str, *tags: str) -> nbformat.NotebookNode:
    """A cell of code."""
    return nbformat.v4.new_code_cell(source, metadata={"tags": [*tags]} if tags else {})


def notebook(*cells: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A notebook of these cells."""
    return nbformat.v4.new_notebook(cells=[*cells])


def whole(text: str) -> str:
    """A text with all that its pictures hold."""
    return text + "".join(base64.b64decode(found).decode("utf-8", "replace") for found in PICTURES.findall(text))


# --- a run ---------------------------------------------------------------------------------------------------------


def test_a_run_that_fails_is_written_up_to_there_and_tells_nothing_about_the_machine(tmp_path: Path) -> None:
    """The page of the answer with its picture, warnings and the error; neither a path nor a time of this machine."""
    place = tmp_path / "secret place"
    place.mkdir()
    (place / "mine.zip").write_bytes(BROKEN.read_bytes())
    document = notebook(
        nbformat.v4.new_markdown_cell("# What is it?"),
        code('SOURCE = ""  # a bundle\nNODE = ""', "parameters"),
        code("import harvdiag as hd\ncluster = hd.open(SOURCE)\ncluster"),
        code("import os, warnings\nprint(SOURCE, NODE)\nwarnings.warn(os.getcwd())"),
        code("hd.draw(cluster, 'unheard-of')"),
        code("print('never')"),
    )
    document.metadata["papermill"] = {"input_path": str(tmp_path), "start_time": "2026-11-30T10:00:00"}
    nbformat.write(document, tmp_path / "own.ipynb")
    words = ("run", "own.ipynb", "--source", "secret place/mine.zip", "-p", "NODE=srv07", "-o", "out.ipynb")
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert "own.ipynb: cell 4 of 5 failed: UsageError: no picture 'unheard-of'" in done.stderr
    assert done.stderr.endswith("; out.ipynb has all up to it\n")
    assert "without encryption" not in done.stderr
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    page = render_page(executed)
    hidden = [str(tmp_path), "secret place", str(ROOT), sys.prefix, f"{Path.home()}/", "ipykernel_", "papermill"]
    for text in (nbformat.writes(executed), page):
        assert "mine.zip srv07" in text
        assert "has no Machine" in text
        assert [word for word in hidden if word in whole(text)] == []
    assert set(executed.metadata) == {"kernelspec", "language_info"}
    assert executed.cells[1].source == 'SOURCE = "mine.zip"  # a bundle\nNODE = "srv07"'
    assert executed.cells[-1].outputs == []
    assert "✗ The run ended here:" in page
    assert not LOADED.search(page)


def test_a_redacted_run_shows_no_name_of_the_source(tmp_path: Path) -> None:
    """Neither in outputs and pictures nor in the notebook's own words, where one stands by chance; notes go with it."""
    (tmp_path / "mine.zip").write_bytes(BROKEN.read_bytes())
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    words = ("note", "mine.zip", "node-without-machine srv09", "srv09 came by hand", "--status", "acknowledged")
    assert run(*words, cwd=tmp_path, **environment).returncode == 0
    asked = "cluster = hd.open(SOURCE)\ncluster.preflight()\ncluster.table('PersistentVolumeClaim')\ncluster.coverage"
    cells = (code('SOURCE = ""', "parameters"), code("import harvdiag as hd\nhd.open(SOURCE)"), code(asked))
    nbformat.write(notebook(nbformat.v4.new_markdown_cell("# As on srv09"), *cells), tmp_path / "x.ipynb")
    done = run("run", "x.ipynb", "--source", "mine.zip", "--redact", cwd=tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert [
        name for name in ("srv06", "srv07", "srv08", "srv09", "mine.zip", str(tmp_path)) if name in whole(page)
    ] == []
    assert "has no Machine" in page
    assert "acknowledged" in page
    assert "snapshot --preflight" not in page
    refused = run("run", "x.ipynb", "--redact", cwd=tmp_path, **environment)
    assert "name it with --source" in refused.stderr


ENDS = [
    ("import time; time.sleep(60)", "cell 1 of 1 failed: Timeout: it took more than 1 s"),
    ("import os; os._exit(1)", "cell 1 of 1 failed: Kernel: Kernel died"),
]


@pytest.mark.parametrize(("source", "says"), some(ENDS, 1, "ends"))
def test_a_cell_that_never_ends_and_one_that_ends_the_kernel(source: str, says: str, tmp_path: Path) -> None:
    """One line each, and the page says so, too."""
    nbformat.write(notebook(code(source)), tmp_path / "x.ipynb")
    done = run("run", "x.ipynb", "--timeout", "1s", cwd=tmp_path)
    assert (done.returncode, says in done.stderr) == (1, True)
    assert "✗ The run ended here:" in (tmp_path / "x.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nono",), "no notebook 'nono'; did you mean 00-start, 01-find-orphans"),
        (("01", "--source", "no.zip"), "no.zip: no such file or folder"),
        (("01", "-p", "SOURCE=no.zip"), "no.zip: no such file or folder"),
        (("01", "--source", "-"), "a notebook reads no standard input"),
        (("01", "--source", ""), "the source of --source is empty"),
        (("01", "-o", "x.pdf"), "x.pdf: an executed notebook ends in .html or .ipynb"),
        (("01", "-p", "NODE"), "'NODE' is not NAME=VALUE"),
        (("01", "-p", "NODEE=x"), "01-find-orphans.ipynb has no parameter NODEE; did you mean NODE?"),
        (("x.ipynb",), "x.ipynb is not a notebook (.ipynb): Notebook does not appear to be JSON"),
        (("x.ipynb", "-o", "x.ipynb"), "it is the notebook itself"),
        (("r.ipynb",), "r.ipynb is written in R: only notebooks in Python can be run"),
        (("y.ipynb", "-p", "NODE=x"), "y.ipynb has no parameter NODE: it has no cell for them"),
    ],
)
def test_what_cannot_be_run_is_told_in_one_line(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    """Before a kernel starts; nothing is written."""
    (tmp_path / "x.ipynb").write_text("no JSON")
    nbformat.write(notebook(code("1")), tmp_path / "y.ipynb")
    other = notebook(code("1"))
    other.metadata["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    nbformat.write(other, tmp_path / "r.ipynb")
    done = run("run", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"r.ipynb", "x.ipynb", "y.ipynb"}


# --- parameters ----------------------------------------------------------------------------------------------------


def test_parameters_are_replaced_where_they_stand() -> None:
    """Comments and all else stay; a value takes the type of the old one; what is computed is no parameter."""
    cell = code('A = "ä"; B = 3  # ü\nC: bool = False\nD = (1,\n     2)\nE = None\nF = len(A)', "parameters")
    document = notebook(code("A = 0"), cell)
    assert [parameter.name for parameter in list_parameters(document)] == ["A", "B", "C", "D", "E"]
    given = {"A": 'x"\n', "B": "4.5", "C": "yes", "D": "(3, 4)", "E": "text"}
    set_parameters(document, given, "x")
    assert document.cells[1].source.splitlines()[0] == "A = 'x\"\\n'; B = 4.5  # ü"
    found: dict[str, Any] = {}
    exec(document.cells[1].source, found)  # noqa: S102 - what the notebook would do
    assert [found[name] for name in "ABCDE"] == ['x"\n', 4.5, True, (3, 4), "text"]
    with pytest.raises(UsageError, match=r"B=x: the notebook has 4\.5 there; give a value of that type"):
        set_parameters(document, {"B": "x"}, "x")


# --- pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_page_keeps_pictures_and_their_alternative_texts(path: Path) -> None:
    """Of every output; no script, nothing that is loaded, one title, and the links below it lead somewhere."""
    document = nbformat.read(path, as_version=4)
    scrub(document, path.parent, None)
    page = render_page(document)
    assert not LOADED.search(re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL))
    assert "<title>" + read_title(path).split("?")[0] in page
    assert "Content-Security-Policy" in page
    shown = [
        out.data.get("text/html", "") for cell in document.cells for out in cell.get("outputs", ()) if "data" in out
    ]
    shown = [re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL) for text in shown]
    pictures = [source for text in shown for source in re.findall(r"<img[^>]*?base64,([^\"']+)", text)]
    assert pictures
    assert [source for source in pictures if source not in page] == []
    assert len(re.findall(r"<img[^>]* alt=[\"']", page)) == page.count("<img")
    anchors = set(re.findall(r'<a href="#([^"]+)">', page))
    assert anchors <= set(re.findall(r'id="([^"]+)"', page))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("<script>alert(1)</script >x", "x"),
        ("<SCRIPT>alert(1)</SCRIPT\n>x<script>y", "xy"),
        ("<b onclick='a()'>x</b>", "<b>x</b>"),
        ("<a href='javascript:a()'>x</a>", "<a>x</a>"),
        ("<a href=' data:text/html;base64,eA=='>x</a>", "<a>x</a>"),
        ("<a href='02.ipynb'>x</a>", "<a>x</a>"),
        ("<img src='http://a/b.png' alt='a cat'>", "(picture left out: a cat)"),
        ("<img src='data:text/html;base64,eA=='>", "(picture left out: without a description)"),
        ("<p style='color:red;background:url(http://a)'>x</p>", "<p>x</p>"),
        ("<p style='color:red;position:fixed'>x</p>", '<p style="color:red;">x</p>'),
        ("<style>p {}</style><svg onload='a()'><p>y</p></svg><form><input>x</form>", "x"),
        ("<h2 id='a b'>x</h2>", "<h2>x</h2>"),
        ("a &lt;b&gt; <div\u202e>c</div>", None),
    ],
)
def test_nothing_in_an_output_runs_or_loads(given: str, kept: str | None) -> None:
    """What is not on the list is left out, and its text stays."""
    cleaned = sanitize(given)
    assert kept is None or cleaned == kept
    assert not LOADED.search(cleaned)


def test_every_form_of_an_output_is_shown() -> None:
    """Pictures with what describes them, text as text; what needs a script as the text beside it."""
    output = nbformat.v4.new_output
    cell = code("x")
    cell.outputs = [
        output("display_data", data={"image/svg+xml": "<svg/>", "text/plain": "<a> cat"}),
        output(
            "display_data", data={"image/png": "eA==\n", "text/plain": "p"}, metadata={"image/png": {"alt": "a dog"}}
        ),
        output("display_data", data={"application/javascript": "a()", "text/plain": "<Script>"}),
        output("display_data", data={"text/markdown": "**b** <script>a()</script>", "text/plain": "p"}),
        output("stream", name="stdout", text="\x1b[31mred\x1b[0m <i>\x07\n"),
    ]
    raw = nbformat.v4.new_raw_cell("<script>a()</script> as it is")
    page = render_page(notebook(nbformat.v4.new_markdown_cell("# A <b>title</b>\n\n```\nlong\n```"), raw, cell))
    assert "&lt;script&gt;a()&lt;/script&gt; as it is" in page
    assert '<img alt="&lt;a&gt; cat" src="data:image/svg+xml;base64,' in page
    assert '<img alt="a dog" src="data:image/png;base64,eA=="' in page
    assert "&lt;Script&gt;" in page
    assert "<strong>b</strong>" in page
    assert "red &lt;i&gt;\\x07" in page
    assert '<pre tabindex="0"><code>long' in page
    assert not LOADED.search(page)


# --- the folder of a notebook ---------------------------------------------------------------------------------------


def test_a_notebook_writes_to_a_folder_of_its_own_or_to_a_temporary_one(tmp_path: Path) -> None:
    """Made where it is not there; a temporary one is another each time."""
    assert hd.work_folder(tmp_path / "a" / "b").is_dir()
    first, second = hd.work_folder(), hd.work_folder()
    assert first.is_dir()
    assert first != second
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"file could not be made: File exists$"):
        hd.work_folder(tmp_path / "file")


# --- the kit -------------------------------------------------------------------------------------------------------


def test_the_notebooks_of_the_kit_are_found() -> None:
    """By number, by name, by path; without a word they are listed."""
    assert list_notebooks() == [*NOTEBOOKS, *LABS]
    for word in ("1", "01", "01-find-orphans", "01-find-orphans.ipynb", str(NOTEBOOKS[1])):
        assert find_notebook(word) == NOTEBOOKS[1]
    listed = run("run").stdout
    assert all(f"{path.stem} " in listed and read_title(path) in listed for path in NOTEBOOKS)
