"""Trying one rule: from a scenario, a source, text or dictionaries, and without pytest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harvdiag.core.errors import UsageError
from harvdiag.testing import check_rule, compare_scenario
from tests.routes import BROKEN, HEALTHY, SCENARIOS

RULE = "node-without-machine"
SPEAKS = SCENARIOS / RULE / "speaks.yaml"
ORPHAN = """\
apiVersion: v1
kind: Node
metadata:
  name: hv03
  annotations: {cluster.x-k8s.io/machine: null}
---
apiVersion: cluster.x-k8s.io/v1beta1
kind: Machine
metadata: {name: %s, namespace: fleet-local}
$patch: delete
"""


def machine_of(node: str) -> str:
    """The name of a Node's Machine in the base of three nodes."""
    text = (SCENARIOS / "base" / "three-nodes.yaml").read_text(encoding="utf-8")
    return text.split("cluster.x-k8s.io/machine: ")[int(node[-1])].split("\n")[0].strip()


def test_a_scenario_file() -> None:
    """As text or as a path; the outcome is that of the one rule."""
    outcome = check_rule(RULE, str(SPEAKS))
    assert (outcome.rule, outcome.outcome) == (RULE, "failed")
    assert [finding.subject.name for finding in outcome.findings] == ["hv04"]
    assert check_rule(RULE, SPEAKS) == outcome


def test_any_other_source() -> None:
    """A bundle in which it speaks and one in which it is silent."""
    assert check_rule(RULE, BROKEN).outcome == "failed"
    assert check_rule(RULE, str(HEALTHY)).outcome == "passed"


def test_a_folder(tmp_path: Path) -> None:
    """Files of kubectl; what they do not hold was not looked at, so the rule is skipped."""
    (tmp_path / "node.yaml").write_text("apiVersion: v1\nkind: Node\nmetadata: {name: hv01}\n", encoding="utf-8")
    outcome = check_rule(RULE, tmp_path)
    assert outcome.outcome == "skipped"
    assert "Machine" in outcome.reason


def test_text_over_a_base() -> None:
    """Merge patches as in a scenario; the base itself is healthy."""
    outcome = check_rule(RULE, ORPHAN % machine_of("hv03"))
    assert outcome.outcome == "failed"
    assert [finding.subject.name for finding in outcome.findings] == ["hv03"]
    assert check_rule(RULE, []).outcome == "passed"


def test_text_with_the_first_document_of_a_scenario() -> None:
    """Its base and time count, so a scenario may be tried before it is a file."""
    text = SPEAKS.read_text(encoding="utf-8")
    assert check_rule(RULE, text, base="no-such").findings == check_rule(RULE, SPEAKS).findings


def test_dictionaries_stay_as_they_are() -> None:
    """One or several, over a base by its path; nothing of them is changed."""
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "hv01"}, "$patch": "delete"}
    base = SCENARIOS / "base" / "three-nodes.yaml"
    assert check_rule("machine-dangling-node", node, base=base).outcome == "failed"
    assert check_rule("machine-dangling-node", [node], base=base).outcome == "failed"
    assert node["$patch"] == "delete"


def test_nothing_below_it() -> None:
    """Without a base, the objects are all there is."""
    nodes = [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "hv01", "creationTimestamp": "2025-01-01T00:00:00Z"}}
    ]
    assert check_rule(RULE, nodes, base="").outcome == "failed"


@pytest.mark.parametrize(
    ("rule", "base", "says"),
    [
        ("node-without-machin", "three-nodes", "did you mean node-without-machine"),
        ("pairing", "three-nodes", "is a family: name one of its rules"),
        (RULE, "four-nodes", "no base 'four-nodes'"),
    ],
)
def test_what_is_wrong_is_told(rule: str, base: str, says: str) -> None:
    """In one line."""
    with pytest.raises(UsageError, match=says):
        check_rule(rule, [], base=base)


def test_a_scenario_is_compared_with_what_it_expects(tmp_path: Path) -> None:
    """Nothing to say where they agree; else each difference by its rule and subject."""
    assert compare_scenario(SPEAKS) == []
    for folder in ("base", RULE):
        (tmp_path / folder).mkdir()
    base = (SCENARIOS / "base" / "three-nodes.yaml").read_text(encoding="utf-8")
    (tmp_path / "base" / "three-nodes.yaml").write_text(base, encoding="utf-8")
    wrong = tmp_path / RULE / "speaks.yaml"
    wrong.write_text(SPEAKS.read_text(encoding="utf-8").replace("Node/hv04", "Node/hv09", 1), encoding="utf-8")
    assert compare_scenario(wrong) == [f"missing: {RULE} Node/hv09", f"unexpected: {RULE} Node/hv04"]


def test_it_needs_no_pytest() -> None:
    """It is in the package, for whoever tries a rule in a shell."""
    program = (
        "import sys; from harvdiag.testing import check_rule; "
        f"print(check_rule({RULE!r}, {str(SPEAKS)!r}).outcome, 'pytest' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["failed", "False"]


def test_the_examples_of_the_contributing_guide_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """As written there, in the folder of the repository."""
    root = SCENARIOS.parents[1]
    monkeypatch.chdir(root)
    guide = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(from harvdiag\.testing.*?)```", guide, re.DOTALL)
    assert len(examples) >= 2
    for example in examples:
        exec(example, {})  # noqa: S102 - our own document


def test_the_example_with_a_ghost_speaks() -> None:
    """What the comment beside it says."""
    ghost = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "hv03"}, "$patch": "delete"}
    assert check_rule("machine-dangling-node", ghost).outcome == "failed"
