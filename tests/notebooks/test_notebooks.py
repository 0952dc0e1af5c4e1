"""Each notebook runs on every sort of source, keeps to the conventions, and shows what a fresh run shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager

import harvdiag as hd
from harvdiag.sources.saved.writer import save_snapshot
from tests.api import Api
from tests.notebooks.run import NOTEBOOKS, ROOT, execute, keep, shared_kernel
from tests.sample import every_value, is_full, some
from tests.world import healthy, write_bundle, write_folder
from tests.world.kit import dump

BUNDLES = ROOT / "data" / "bundles"
PLUMBING = re.compile(r"\b(next|iter|astype|fillna|mkdtemp|facts)\b|\.snapshot\b|harvdiag\.\w+\.")
"""What a cell never needs: harvdiag has a call for it."""

pytestmark = [
    pytest.mark.notebook,
    # The kernel's own remarks about its sockets are no fault of a notebook.
    pytest.mark.filterwarnings("default::DeprecationWarning", "default::RuntimeWarning", "default::ResourceWarning"),
    pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    """One notebook after the other."""
    return Path(request.param)


@pytest.fixture(scope="module")
def kernel() -> Iterator[AsyncKernelManager]:
    """One kernel for all runs but those whose outputs are compared with the kept ones: a start takes three seconds."""
    with shared_kernel() as it:
        yield it


def _cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def _shown(notebook: nbformat.NotebookNode) -> list[str]:
    """All that the outputs show as text."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [str(output.get("text") or output.get("data", {})) for output in outputs]


def _streams(notebook: nbformat.NotebookNode, name: str) -> list[str]:
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output.text for output in outputs if output.get("name") == name]


def _partly(tmp_path: Path) -> Path:
    """A bundle whose collector failed: no Machines, nothing of cluster scope but what the harvester module took."""
    world = healthy(version="v1.4.2")
    world.remove("Machine", world.machine_of("hv02"))
    log = (
        "Failed to get /apis/cluster.x-k8s.io/v1beta1/namespaces/fleet-local/machines: the server could not be reached"
    )
    objects = [obj for obj in world.objects if obj["kind"] not in {"Machine", "Secret"}]
    write_bundle(tmp_path / "partly.zip", objects, captured_at=world.captured_at, log_lines=[log], secrets=False)
    return tmp_path / "partly.zip"


def _files(tmp_path: Path) -> Path:
    write_folder(tmp_path / "files", healthy(("hv01",), version="v1.8.2").objects)
    return tmp_path / "files"


def _without(*kinds: str) -> Callable[[Path], Path]:
    """Files that hold nothing of these kinds."""

    def write(tmp_path: Path) -> Path:
        objects = [obj for obj in healthy(version="v1.4.2").objects if obj["kind"] not in kinds]
        path = tmp_path / "without.yaml"
        path.write_text(dump({"apiVersion": "v1", "kind": "List", "items": objects}), encoding="utf-8")
        return path

    return write


def _saved(tmp_path: Path) -> Path:
    return save_snapshot(hd.open(BUNDLES / "healthy.zip").snapshot, tmp_path / "saved").path


SOURCES = {
    "snapshot": _saved,
    "healthy": lambda _: BUNDLES / "healthy.zip",
    "broken": lambda _: BUNDLES / "issue-8236.zip",
    "partly": _partly,
    "files": _files,
    "no nodes": _without("Node", "Upgrade"),
    "no machines": _without("Machine", "Upgrade"),
}


def _two(number: int) -> list[str]:
    """The sources of one notebook: all in a full run, else two in turn."""
    names = [*SOURCES]
    return names if is_full() else [names[(number * 2 + step) % len(names)] for step in range(2)]


PAIRS = [(path, source) for number, path in enumerate(NOTEBOOKS) for source in _two(number)]


@pytest.mark.parametrize(("path", "source"), PAIRS, ids=lambda each: getattr(each, "stem", each))
def test_it_runs_on_every_source(path: Path, source: str, kernel: AsyncKernelManager, tmp_path: Path) -> None:
    """Findings are results, not exceptions: a partly collected cluster reaches the last cell as well."""
    notebook = execute(path, kernel, SOURCE=str(SOURCES[source](tmp_path)))
    assert _streams(notebook, "stderr") == []
    text, first = "\n".join(_shown(notebook)), _shown(notebook)[0]
    assert ("has no Machine" in first) == (source == "broken")
    assert "lists seen" in first
    assert ("✓ All" in first) == (source in {"snapshot", "healthy", "broken", "files"})
    if source == "partly":
        assert "the server could not be reached" in text
        assert "were skipped; not seen: " in first
    if source.startswith("no "):
        assert "Undetermined: " in first
        assert "o upgrade is under way" not in first
        assert re.search("nothing to choose: |Nodes were not seen|none was seen", text) or source != "no nodes"
        assert "Upgrades were not seen" in text or path.stem[:2] != "03"


@pytest.mark.parametrize(
    ("path", "refused"),
    every_value((path, refused) for path in NOTEBOOKS for refused in (False, True)),
    ids=lambda each: getattr(each, "stem", "partly refused" if each else "all"),
)
def test_it_runs_on_a_live_cluster(path: Path, refused: bool, kernel: AsyncKernelManager, tmp_path: Path) -> None:
    """Whoever may not list Machines or plans gets to the end as well, and nothing but GET is sent."""
    world = healthy(version="v1.4.2")
    rights = {"nodes", "namespaces", "settings.harvesterhci.io", "upgrades.harvesterhci.io"} if refused else None
    with Api(world.objects, rights=rights) as api:
        # Behind a proxy a preflight asks no node for its certificate: the addresses are invented.
        login = {"KUBECONFIG": str(api.kubeconfig(tmp_path / "config")), "HTTPS_PROXY": "http://127.0.0.1:9"}
        notebook = execute(path, kernel, login, SOURCE="context:lab")
        assert _streams(notebook, "stderr") == []
        assert ("not allowed" in "\n".join(_shown(notebook)) or "forbidden" in "\n".join(_shown(notebook))) == refused
        api.assert_only_read()


def test_kept_outputs_are_those_of_a_fresh_run(path: Path, kernel: AsyncKernelManager) -> None:
    """Nobody reads an old result: `make notebooks` gives these very bytes, and no path of a machine stands in them."""
    kept = nbformat.read(path, as_version=4)
    fresh = keep(execute(path, kernel))
    assert _uncounted(fresh) == _uncounted(kept), f"{path.name} is stale: run `make notebooks`"
    assert not re.search(r"/(home|root|tmp|work|Users)/", nbformat.writes(kept))


def _uncounted(notebook: nbformat.NotebookNode) -> str:
    """The notebook without the number of checks: a new rule that finds nothing here makes no result an old one."""
    return re.sub(r"\b\d+(?= checks run)|(?<='passed': )\d+", "N", nbformat.writes(notebook))


def test_a_further_run_of_a_kernel_knows_nothing_of_the_last(kernel: AsyncKernelManager, tmp_path: Path) -> None:
    """Neither its names nor its environment, and what was warned of once is warned of again."""
    source = """\
import os, warnings
SOURCE = ""
warnings.warn("again", UserWarning, stacklevel=1)
print(sorted({"mine", "HarvdiagError"} & {*globals()}), os.environ.get("KUBECONFIG"))
mine = 1"""
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "any.ipynb")
    for login in ({"KUBECONFIG": "/there"}, {}):
        notebook = execute(tmp_path / "any.ipynb", kernel, login)
        assert _streams(notebook, "stdout") == [f"[] {login.get('KUBECONFIG')}\n"]
        assert "again" in "".join(_streams(notebook, "stderr"))


@pytest.mark.parametrize("path", some(NOTEBOOKS, 2, "twice"), ids=lambda each: each.stem)
def test_cells_may_be_run_twice(path: Path, kernel: AsyncKernelManager, tmp_path: Path) -> None:
    """The likeliest thing that a learner does."""
    notebook = nbformat.read(path, as_version=4)
    doubled = [cell for cell in notebook.cells if cell.cell_type == "code" for _ in range(2)]
    again = nbformat.v4.new_notebook(
        cells=[nbformat.from_dict({**cell, "id": f"n{n}"}) for n, cell in enumerate(doubled)]
    )
    nbformat.write(again, tmp_path / path.name)
    assert _streams(execute(tmp_path / path.name, kernel, folder=path.parent), "stderr") == []


def test_it_keeps_to_the_conventions(path: Path) -> None:
    """One title, a parameters cell that runs as it is, then the answer; what only sets up is folded; room for notes."""
    code, prose = _cells(path, "code"), _cells(path, "markdown")
    titles = [line for cell in prose for line in cell.source.splitlines() if re.match(r"#{1,6} ", line)]
    assert sum(title.startswith("# ") for title in titles) == 1
    assert not any(title.startswith("### ") for title in titles)
    assert prose[0].source.startswith("# ")
    assert "your notes" in titles[-1]
    assert [n for n, cell in enumerate(code) if "parameters" in cell.metadata.get("tags", [])] == [0]
    assert code[1].metadata.get("jupyter") == code[-1].metadata.get("jupyter") == {"source_hidden": True}
    assert code[1].source.splitlines()[0] == "import harvdiag as hd"
    assert "lists seen" in code[1].outputs[-1].data["text/html"]
    assert code[-1].source == "print(hd.stamp(cluster))"
    assert [cell.cell_type for cell in nbformat.read(path, as_version=4).cells[:3]] == ["markdown", "code", "code"]
    assert path.stat().st_size <= (500_000 if "hd.explore(" in "".join(cell.source for cell in code) else 300_000)


def test_its_cells_hold_no_logic(path: Path) -> None:
    """Ten lines at most, no definitions, nothing imported but harvdiag, none of its inner parts."""
    for cell in _cells(path, "code"):
        assert len(cell.source.splitlines()) <= 10, cell.source
        tree = ast.parse(cell.source)
        assert not any(
            isinstance(node, ast.FunctionDef | ast.ClassDef | ast.While | ast.Try) for node in ast.walk(tree)
        )
        assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))
        assert {n.names[0].name for n in ast.walk(tree) if isinstance(n, ast.Import)} <= {"harvdiag"}
        assert not PLUMBING.search(cell.source)


def test_what_was_said_is_not_said_again(path: Path) -> None:
    """Steps and caution of a finding are read once, in the answer; where they come again they are folded."""
    shown = [
        output.data.get("text/html", "") for cell in _cells(path, "code") for output in cell.outputs if "data" in output
    ]
    unfolded = re.sub(r"<(details|script)\b.*?</\1>", "", "".join(shown), flags=re.DOTALL)
    cautions = re.findall(r"Caution:</b> ([^<]+)", unfolded)
    assert len(cautions) == (path.stem[:2] != "04"), "the sample of 04 has no fault"
    assert unfolded.count("No Machine belongs to srv09") == len(cautions)


def test_its_table_of_contents_leads_somewhere(path: Path) -> None:
    """Each link below the answer has its heading, in order; links to files find them."""
    prose = [cell.source for cell in _cells(path, "markdown")]
    anchors = re.findall(r"\(#([^)]+)\)", prose[1])
    headings = [line[3:].replace(" ", "-") for text in prose for line in text.splitlines() if line.startswith("## ")]
    assert anchors == headings
    files = [link for text in prose for link in re.findall(r"\]\(([^)#:]+)\)", text)]
    assert all((path.parent / link).exists() for link in files)


def test_pictures_have_a_text_beside_them(path: Path) -> None:
    """An image that is kept carries alternative text, in the one form that every front end shows with it."""
    for output in (output for cell in _cells(path, "code") for output in cell.outputs):
        data = output.get("data", {})
        assert not {"image/png", "image/svg+xml"} & {*data}
        images = re.findall("<img [^>]*>", data.get("text/html", ""))
        assert all(re.search(r' alt="(|[^"]{20,})"', tag) for tag in images)
        assert 2 * sum(' alt=""' in tag for tag in images) <= len(images), "only the narrow form of a picture has none"
        assert "text/html" not in data or data["text/plain"].strip()


def test_the_notebook_on_sharing_has_annotated_findings_and_leaves_nothing_behind() -> None:
    """Its note is shown with the finding, and the pseudonym of the Node; no notes and no reports lie by the samples."""
    (path,) = (path for path in NOTEBOOKS if path.stem == "05-share")
    text = "\n".join(_shown(nbformat.read(path, as_version=4)))
    assert "ticket 4711" in text
    assert re.search(r"node-without-machine Node host-\w+: Node host-", text)
    left = {file.name for place in (BUNDLES, path.parent) for file in place.iterdir() if not file.name.startswith(".")}
    assert {Path(name).suffix for name in left} <= {".zip", ".ipynb"}
