"""The link graph as text: a tree for a terminal, Mermaid, DOT; the same facts, and nothing in a name is interpreted."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvdiag.core.model import ObjectRef
from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.links import draw
from harvdiag.figures.links.dot import render_dot as dot_text
from harvdiag.figures.links.mermaid import render_mermaid as mermaid_text
from harvdiag.figures.links.tree import render_tree as tree_text
from harvdiag.status.links.rows import Box, Link, LinkModel, Row
from harvdiag.status.links.view import LinkRows
from tests import port
from tests.figures.test_links import BUNDLES, hostile, made, mixed, orphans, sample
from tests.world import healthy

LABEL = r"(?:[A-Za-z0-9 _.,/-]|#\d+;|<br/>)*"
CLASS = "(?:good|error|warning|info|absent|unseen)"
MERMAID = [
    r"flowchart LR",
    rf"  acc(?:Title|Descr): {LABEL}",
    rf'  n\d+\["{LABEL}"\]:::{CLASS}',
    rf'  n\d+ (?:<-->|-->|---|<==>|==>|===)(?:\|"{LABEL}"\|)? n\d+',
    rf"  classDef {CLASS} fill:#\w{{6}},stroke:#\w{{6}}(?:,stroke-width:3px|,stroke-dasharray:6 4)?,color:#\w{{6}}",
    r"  linkStyle \d+ stroke:#\w{6},stroke-width:3px",
]
QUOTED = r'"(?:[^"\\]|\\.)*"'
ATTRIBUTES = rf"\[(?:\w+={QUOTED}(?:, )?)*\]"
DOT = [
    r"digraph links \{",
    rf"  (?:graph|node|edge|{QUOTED}) {ATTRIBUTES};",
    rf"  {QUOTED} -> {QUOTED} {ATTRIBUTES};",
    r"\}",
]


def strict(text: str, grammar: list[str]) -> None:
    """Each line is one of these, whole."""
    for line in text.splitlines():
        assert any(re.fullmatch(pattern, line) for pattern in grammar), line


def drawings() -> Iterator[Drawing]:
    """All samples, a folded cluster, hostile names."""
    yield from (draw(sample(name), DrawOptions()) for name in BUNDLES)
    yield draw(made(50, mixed), DrawOptions())
    yield hostile()


def told(name: str, note: str = "", word: str = "missing") -> LinkRows:
    """A row of two things with any name."""
    node, machine = (Box(ObjectRef(kind, "", name), "error", note) for kind in ("Node", "Machine"))
    row = Row((node, machine), (Link(node, machine, (f'metadata.annotations["{name}"]',), "error", word),))
    return LinkRows(LinkModel((row,)), (row,), name or "x", name, name)


# --- terminal --------------------------------------------------------------------------------------------------------


def test_the_tree_shows_the_missing_link() -> None:
    """Sign, field and fault, as in the picture; what is well is one line."""
    lines = draw(sample("issue-8236"), DrawOptions()).text(110).splitlines()
    at = lines.index("✗ Node srv09 (worker)")
    assert lines[at + 1] == '└─ ✗ no Machine   metadata.annotations["cluster.x-k8s.io/machine"]: missing'
    assert lines[at + 2].strip().startswith("✗ Node srv09 has no Machine")
    assert sum(line.startswith("✓ Node srv0") for line in lines) == 3


def test_the_tree_names_a_shared_machine_twice_and_opens_it_once() -> None:
    """The second Node points above."""
    lines = draw(sample("unmanaged-node"), DrawOptions()).text(100).splitlines()
    shared = [line for line in lines if "Machine custom-957869c2ad0d (Running)" in line]
    assert len(shared) == 2
    assert "(above)" in shared[1]
    assert any("Machine references hv03 instead" in line for line in lines)


def test_the_tree_says_that_an_absence_is_not_found_wrong() -> None:
    """Beneath links that all hold, what does not exist would alarm."""
    left = [obj for obj in healthy(["hv01"]).objects if not is_management_cluster(obj)]
    assert (
        draw(port.cluster(left), DrawOptions())
        .text(100)
        .endswith("○ management Cluster local (does not exist)   (no check finds that wrong)\n")
    )


def is_management_cluster(obj: dict[str, Any]) -> bool:
    """Rancher's own object of the cluster."""
    return obj["kind"] == "Cluster" and str(obj["apiVersion"]).startswith("management.cattle.io/")


@pytest.mark.parametrize("state", ["absent", "error"])
def test_an_absence_with_a_broken_link_is_not_called_harmless(state: str) -> None:
    """The link to it is what a finding blames."""
    owner, gone = Box(ObjectRef("Cluster", "ns", "a")), Box(ObjectRef("RKECluster", "ns", "a"), "absent", exists=False)
    model = LinkModel((), (owner, gone), (Link(owner, gone, ("spec",), state),))
    assert model.is_harmless_absence(gone) == (state == "absent")
    assert not model.is_harmless_absence(owner)


def test_the_tree_folds_as_the_picture_does() -> None:
    """One line for many."""
    text = draw(made(200, *orphans(5, 195)), DrawOptions()).text(100)
    assert "✓ 10 nodes: every link holds" in text
    assert "more nodes have no Machine" in text
    assert len(text.splitlines()) < 40


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Long names are cut, long sentences wrapped."""
    for drawing in drawings():
        assert all(len(line) <= width for line in drawing.text(width).splitlines())


@settings(deadline=None)
@given(st.text(max_size=80))
def test_the_tree_holds_no_control_sign(name: str) -> None:
    """Whatever a name holds."""
    text = tree_text(told(name, name, name), 80)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


# --- Mermaid ---------------------------------------------------------------------------------------------------------


def test_mermaid_keeps_to_its_grammar() -> None:
    """Line by line; each node is declared before it is tied."""
    for drawing in drawings():
        assert drawing.mermaid is not None
        text = drawing.mermaid()
        strict(text, MERMAID)
        known = set(re.findall(r"^  (n\d+)\[", text, re.MULTILINE))
        for left, right in re.findall(r"^  (n\d+) [<=-].*? (n\d+)$", text, re.MULTILINE):
            assert {left, right} <= known
        styles = set(re.findall(r"classDef (\w+)", text))
        assert set(re.findall(r":::(\w+)", text)) <= styles


def test_mermaid_marks_the_missing_link() -> None:
    """The thick link with its field, in the colour of the fault."""
    drawing = draw(sample("issue-8236"), DrawOptions())
    assert drawing.mermaid is not None
    text = drawing.mermaid()
    assert "#10007; no Machine" in text
    assert re.search(r'n0 ==>\|"metadata\.annotations.*missing"\| n1', text)
    assert "linkStyle 0 stroke:#d55e00" in text


@settings(deadline=None)
@given(st.text(max_size=60))
def test_nothing_in_a_name_is_mermaid(name: str) -> None:
    """Whatever a name holds."""
    strict(mermaid_text(told(name, name, name)), MERMAID)


# --- DOT -------------------------------------------------------------------------------------------------------------


def test_dot_keeps_to_its_grammar() -> None:
    """Every name is quoted, and Graphviz, where it is there, reads it."""
    program = shutil.which("dot")
    for drawing in drawings():
        assert drawing.dot is not None
        text = drawing.dot()
        strict(text, DOT)
        if program:
            done = subprocess.run([program, "-Tcanon"], input=text, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")


def test_dot_marks_what_does_not_exist() -> None:
    """Dashed, in words, with the field."""
    drawing = draw(sample("ghost-machines"), DrawOptions())
    assert drawing.dot is not None
    text = drawing.dot()
    assert re.search(r'"Node//hv09" \[label="○ Node hv09\\ndoes not exist".*dashed', text)
    assert 'label="status.nodeRef.name: references what does not exist' in text


@settings(deadline=None)
@given(st.text(max_size=60))
def test_nothing_in_a_name_is_dot(name: str) -> None:
    """Whatever a name holds."""
    strict(dot_text(told(name, name, name)), DOT)
