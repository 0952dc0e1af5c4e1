"""The labs: each exercise is asked once; they run with empty gaps, and with the model answers all is right."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager

from harvdiag.figures.joining import draw_joining
from harvdiag.figures.parts import MARGIN
from harvdiag.status.glossary import list_names
from harvdiag.status.joining import STEPS, Joining
from harvdiag.training.exercise import Exercise, Lab
from harvdiag.training.exercises.clusters import open_cluster
from harvdiag.training.exercises.keeper import FILE
from harvdiag.training.exercises.result import Result, Standing
from harvdiag.training.labs import LABS as DECLARED
from tests.notebooks.run import LABS, ROOT, execute, keep, shared_kernel
from tests.tools import writers

CHECK = re.compile(r'hd\.training\.check\("(\w+)", answer\)$')
GAP = re.compile(r"^answer = \.\.\.(  # [^\n]+)?$", re.MULTILINE)
LONGEST = 22
"""The most lines of text from one heading or cell to the next: a step is on one screen."""

pytestmark = [
    pytest.mark.notebook,
    pytest.mark.filterwarnings("default::DeprecationWarning", "default::RuntimeWarning", "default::ResourceWarning"),
    pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(params=DECLARED.values(), ids=lambda lab: lab.letter)
def lab(request: pytest.FixtureRequest) -> Lab:
    """One lab after the other."""
    assert isinstance(request.param, Lab)
    return request.param


def path_of(lab: Lab) -> Path:
    return ROOT / "notebooks" / f"{lab.notebook}.ipynb"


def cells_of(lab: Lab, kind: str = "") -> list[nbformat.NotebookNode]:
    cells = nbformat.read(path_of(lab), as_version=4).cells
    return [cell for cell in cells if kind in ("", cell.cell_type)]


def uncounted(notebook: nbformat.NotebookNode) -> str:
    """The notebook without the numbers of its runs, which go on in a kernel that is shared."""
    return re.sub(r'(?m)^ *"execution_count": \d+', "", nbformat.writes(notebook))


def run_filled(lab: Lab) -> Iterator[tuple[str, Any]]:
    """Run all cells in this process with the model answers in the gaps; yield what each shows last, with its source."""
    known: dict[str, Any] = {}
    exercises = {each.id: each for each in lab.exercises}
    for cell in cells_of(lab, "code"):
        found = CHECK.search(cell.source)
        model = repr(_plain(exercises[found[1]])) if found else ""
        *body, last = ast.parse(GAP.sub(lambda _, m=model: f"answer = {m}", cell.source)).body
        assert isinstance(last, ast.Expr)
        exec(compile(ast.Module(body, []), "cell", "exec"), known)  # noqa: S102 - our own notebook
        yield cell.source, eval(compile(ast.Expression(last.value), "cell", "eval"), known)  # noqa: S307


def _plain(exercise: Exercise) -> Any:
    answer = exercise.answer(open_cluster(exercise.cluster))
    return answer if isinstance(answer, str | int | bool) else [*answer]


def test_with_the_model_answers_all_is_right(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From top to bottom, each exercise; the last cell shows that all are solved."""
    monkeypatch.chdir(tmp_path)
    shown = [*run_filled(lab)]
    asked = {each.id for each in lab.exercises}
    results = [value for _, value in shown if isinstance(value, Result) and value.exercise in asked]
    assert [(each.exercise, each.standing) for each in results] == [(e.id, Standing.RIGHT) for e in lab.exercises]
    assert shown[-1][0] == f'hd.training.progress("{lab.letter}")'
    assert set(shown[-1][1].frame["state"]) == {"solved"}
    assert capsys.readouterr().err == ""


@pytest.fixture(scope="module")
def kernel() -> Iterator[AsyncKernelManager]:
    """One for all labs: its namespace is emptied between two."""
    with shared_kernel() as it:
        yield it


def test_kept_outputs_are_those_of_a_run_with_empty_gaps(lab: Lab, kernel: AsyncKernelManager) -> None:
    """No traceback, nothing on stderr, no file left; every gap says that it is empty, and no answer shows."""
    fresh = keep(execute(path_of(lab), kernel))
    assert uncounted(fresh) == uncounted(nbformat.read(path_of(lab), as_version=4)), "run `make notebooks`"
    outputs = [out for cell in fresh.cells for out in cell.get("outputs", ())]
    assert not [out for out in outputs if out.output_type == "error" or out.get("name") == "stderr"]
    text = nbformat.writes(fresh)
    assert text.count("… ") >= len(lab.exercises)
    empty = re.findall(rf"{lab.letter}\d+: Not filled in yet", text)
    assert len(empty) == 2 * len(lab.exercises), "once as text and once as a card"
    assert not any(each.because[:60] in text or any(hint in text for hint in each.hints) for each in lab.exercises)
    assert not (path_of(lab).parent / FILE).exists()
    assert not re.search(r"/(home|root|tmp|work|Users)/", text)


def test_it_asks_each_exercise_once_and_in_order(lab: Lab) -> None:
    """The question and the choices word by word in the text right before or between its cells; the gap is empty."""
    asked, text = [], ""
    exercises = {each.id: each for each in lab.exercises}
    for cell in cells_of(lab):
        if cell.cell_type == "markdown":
            text = cell.source
        elif found := CHECK.search(cell.source):
            exercise = exercises[found[1]]
            assert f"**{exercise.id}.** {exercise.question}" in " ".join(text.split())
            assert re.findall(r"^- \*\*(\w)\*\* (.+)$", text, re.MULTILINE) == [*exercise.choices.items()]
            assert len(GAP.findall(cell.source)) == 1
            asked.append(exercise.id)
    assert asked == [*exercises]


def test_it_keeps_to_the_form_of_a_lab(lab: Lab) -> None:
    """One title, goal, worked example, gaps, variation, summary; short cells without logic; steps of one screen."""
    prose, code = cells_of(lab, "markdown"), cells_of(lab, "code")
    assert path_of(lab) in LABS
    assert prose[0].source.startswith("# ")
    headings = [line[3:] for cell in prose for line in cell.source.splitlines() if line.startswith("## ")]
    assert re.findall(r"\(#([^)]+)\)", prose[1].source) == [heading.replace(" ", "-") for heading in headings]
    assert any("Your turn" in heading for heading in headings)
    assert [heading.split()[1].rstrip(":,") for heading in headings[-2:]] == ["Variation", "Summary"]
    assert code[0].source == f'import harvdiag as hd\n\nhd.training.lab("{lab.letter}")'
    for cell in code:
        assert len(cell.source.splitlines()) <= 10
        kinds = (ast.FunctionDef, ast.ClassDef, ast.While, ast.Try, ast.For, ast.ImportFrom)
        assert not any(isinstance(node, kinds) for node in ast.walk(ast.parse(cell.source)))
    for cell in prose:
        assert all(len(part.splitlines()) <= LONGEST for part in re.split(r"(?m)^## ", cell.source))
        links = [link.partition("#")[0] for link in re.findall(r'(?:\]\(|src=")([^)":]+)[)"]', cell.source)]
        assert all((path_of(lab).parent / link).exists() for link in links if link)
    document = nbformat.read(path_of(lab), as_version=4)
    assert document.metadata["harvdiag"]["questions"]["newcomer"]


def test_links_into_the_glossary_lead_to_a_term() -> None:
    """Its rows have a place each."""
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    text = "".join(path.read_text(encoding="utf-8") for path in LABS)
    assert {*re.findall(r"glossary\.md#([\w-]+)", text)} <= {*re.findall(r'<a id="([\w-]+)">', page)}


@pytest.mark.parametrize("width", [0, 640, 320])
def test_the_picture_of_a_join_is_fresh_and_whole(width: int) -> None:
    """`make docs` writes it; its texts stay within, its boxes do not touch, and it tells the steps of the glossary."""
    assert writers.drawn() == writers.PICTURE.read_text(encoding="utf-8"), "run `make docs`"
    scene = draw_joining(Joining()).layout(width)
    assert all(text.area.right <= scene.width - MARGIN for text in scene.texts)
    for row in scene.find("step"):
        boxes = [shape.area for shape in row.shapes if getattr(shape, "fill", "") == "box"]
        assert not any(one.overlaps(other) for one in boxes for other in boxes if one is not other)
    assert {each.step for each in STEPS} <= {*list_names()}
