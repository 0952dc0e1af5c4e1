"""Reading scenarios: what is laid over the base, and how a scenario that is wrong is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harvdiag.core.errors import UsageError
from harvdiag.kinds import qualified_name
from harvdiag.training.scenario_files import Scenario, find_scenarios, load_scenario
from tests.routes import PATHS, of_each_rule
from tests.routes import scenario as shipped

BASE = """\
apiVersion: v1
kind: Node
metadata:
  name: hv01
  creationTimestamp: 2025-01-31T10:12:22Z
  labels: {managed: 'true', role: worker}
spec: {taints: [{key: a}, {key: b}]}
---
apiVersion: v1
kind: Secret
metadata: {name: plan, namespace: fleet-local}
data: {count: MA==}
"""
HEAD = "scenario: A title\nbase: small\nexpect: {node-not-managed: [Node/hv01]}\n"
NODE = "---\napiVersion: v1\nkind: Node\nmetadata: {name: hv01}\n"


def write(root: Path, text: str, rule: str = "node-not-managed", name: str = "speaks") -> Path:
    """Write a scenario and its base below `root` and give back the scenario's path."""
    for path, content in ((root / "base" / "small.yaml", BASE), (root / rule / f"{name}.yaml", text)):
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root / rule / f"{name}.yaml"


def node(scenario: Scenario) -> dict[str, Any]:
    return next(obj for obj in scenario.objects if obj["kind"] == "Node")


def test_head(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "follows: harvester/harvester#8236\ncaptured_at: 2025-05-08T10:00:00Z\n")
    scenario = load_scenario(path)
    assert (scenario.path, scenario.rule, scenario.title) == (path, "node-not-managed", "A title")
    assert scenario.follows == "harvester/harvester#8236"
    assert scenario.captured_at == "2025-05-08T10:00:00Z"
    assert scenario.expect == {"node-not-managed": ("Node/hv01",)}


def test_base_alone(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, HEAD))
    assert [obj["kind"] for obj in scenario.objects] == ["Node", "Secret"]
    assert (scenario.follows, scenario.captured_at) == (None, None)


def test_times_stay_text(tmp_path: Path) -> None:
    assert node(load_scenario(write(tmp_path, HEAD)))["metadata"]["creationTimestamp"] == "2025-01-31T10:12:22Z"


def test_merge_deletes_by_null_and_replaces_lists(tmp_path: Path) -> None:
    patch = "  labels: {managed: null, zone: z1}\nspec: {taints: [{key: c}]}\nstatus: {ready: true, gone: null}\n"
    found = node(load_scenario(write(tmp_path, HEAD + NODE.replace("{name: hv01}", "\n  name: hv01") + patch)))
    assert found["metadata"]["labels"] == {"role": "worker", "zone": "z1"}
    assert found["spec"] == {"taints": [{"key": "c"}]}
    assert found["status"] == {"ready": True}


def test_delete(tmp_path: Path) -> None:
    kinds = [obj["kind"] for obj in load_scenario(write(tmp_path, HEAD + NODE + "$patch: delete\n")).objects]
    assert kinds == ["Secret"]


def test_delete_and_add_again(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, HEAD + NODE + "$patch: delete\n" + NODE + "spec: {new: true}\n"))
    assert node(scenario) == {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "hv01"}, "spec": {"new": True}}


def test_add_where_the_namespace_differs(tmp_path: Path) -> None:
    other = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: plan, namespace: other}\n"
    namespaces = [obj["metadata"].get("namespace") for obj in load_scenario(write(tmp_path, HEAD + other)).objects]
    assert namespaces == [None, "fleet-local", "other"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no `scenario`"),
        (HEAD.replace("expect", "expects"), "has no `expect`"),
        (HEAD + "extra: 1\n", "unknown key `extra`"),
        (HEAD.replace("A title", "[1]"), "`scenario` that is not of type str"),
        (HEAD.replace("[Node/hv01]", "Node/hv01"), "as a list of Kind/name"),
        (HEAD.replace("Node/hv01", "hv01"), "as a list of Kind/name"),
        (HEAD.replace("small", "large"), "large.yaml cannot be read"),
        (HEAD + "---\n- 1\n", "mappings only"),
        (HEAD + "---\nkind: Node\n", "needs apiVersion, kind and metadata.name"),
        (
            HEAD + NODE.replace("hv01", "hv02") + "$patch: delete\n",
            "deletes an object that is not there: v1 Node  hv02",
        ),
        (HEAD + NODE + "$patch: replace\n", "unknown $patch 'replace'"),
        (HEAD + "--- {a: [\n", "is not valid YAML"),
    ],
)
def test_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_scenario(path)
    message = str(caught.value)
    assert " ".join(says.split()) in message
    assert "\n" not in message
    assert str(tmp_path) in message


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_scenario(tmp_path / "rule" / "speaks.yaml")


def test_find_leaves_out_bases(tmp_path: Path) -> None:
    paths = [write(tmp_path, HEAD, name=name) for name in ("speaks", "silent")]
    assert find_scenarios(tmp_path) == sorted(paths)


@of_each_rule(PATHS)
def test_shipped_scenarios(path: Path) -> None:
    scenario = shipped(path)
    assert scenario.title
    assert path.stem.split("-")[0] in ("speaks", "silent")
    assert (scenario.rule in scenario.expect) == path.stem.startswith("speaks")
    names = [
        (obj["apiVersion"], obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"])
        for obj in scenario.objects
    ]
    assert len(names) == len(set(names))
    there = {f"{qualified_name(version.rpartition('/')[0], kind)}/{name}" for version, kind, _, name in names}
    # That its subject does not exist is what this one rule is about.
    about = {rule: subjects for rule, subjects in scenario.expect.items() if rule != "upgrade-names-missing-node"}
    assert {subject for subjects in about.values() for subject in subjects} <= there


def test_each_rule_speaks_and_is_silent() -> None:
    assert PATHS
    for rule in {path.parent.name for path in PATHS}:
        words = {path.stem.split("-")[0] for path in PATHS if path.parent.name == rule}
        assert words == {"speaks", "silent"}, rule
