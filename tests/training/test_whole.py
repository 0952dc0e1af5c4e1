"""A written bundle has what an API server needs: every kind is served, every account and namespace is there."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from harvdiag.training.kit.surround import SERVED
from harvdiag.training.library.catalogue import scenarios

LISTS = "yamls/"


def written(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The objects of a bundle by the path of their list."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if f"/{LISTS}" in name and name.endswith(".yaml")]
        return {name.partition(LISTS)[2]: yaml.safe_load(archive.read(name))["items"] for name in names}


def definitions(lists: dict[str, list[dict[str, Any]]]) -> set[tuple[str, str, str]]:
    """Version, group and plural of each kind that a definition serves, with its scope."""
    found = set()
    for item in lists["cluster/apiextensions.k8s.io/v1/customresourcedefinitions.yaml"]:
        spec = item["spec"]
        assert item["metadata"]["name"] == f"{spec['names']['plural']}.{spec['group']}"
        assert sum(row["storage"] for row in spec["versions"]) == 1
        found |= {
            (f"{spec['group']}/{row['name']}", spec["names"]["plural"], spec["scope"]) for row in spec["versions"]
        }
    return found


@pytest.mark.parametrize("name", ["much-is-red", "second-kind"])
def test_a_bundle_loads_whole(tmp_path: Path, name: str) -> None:
    """What the simulator of support-bundle-kit stops at, or leaves out, is not in it."""
    lists = written(scenarios()[name].write(tmp_path / "b.zip"))
    defined = definitions(lists)
    spaces = {item["metadata"]["name"] for item in lists["cluster/v1/namespaces.yaml"]}
    accounts = {
        (item["metadata"]["namespace"], item["metadata"]["name"])
        for path, items in lists.items()
        for item in items
        if path.endswith("/v1/serviceaccounts.yaml")
    }
    for path, items in lists.items():
        *head, version, file = path.split("/")
        group = "" if head[-1] in {"cluster", *spaces} else head.pop()
        scope = "Cluster" if head == ["cluster"] else "Namespaced"
        assert group in SERVED or (f"{group}/{version}", file.removesuffix(".yaml"), scope) in defined, path
        assert scope == "Cluster" or head[1] in spaces
        for item in items:
            refused = missing(item, accounts)
            assert not refused, f"{path}: {item['metadata']['name']}: {refused}"


def missing(item: dict[str, Any], accounts: set[tuple[str, str]]) -> str:
    """What admission or validation would refuse an object for, or what another tool would take for an alarm."""
    spec, space = item.get("spec") or {}, item["metadata"].get("namespace", "")
    if item["kind"] in {"Deployment", "DaemonSet"}:
        wanted = spec["selector"]["matchLabels"].items()
        return "" if wanted <= spec["template"]["metadata"]["labels"].items() else "selector and template differ"
    if item["kind"] == "Pod":
        if (space, spec.get("serviceAccountName", "default")) not in accounts:
            return "no account"
        classed = not spec.get("priority") or spec.get("priorityClassName") == "system-node-critical"
        return "" if classed and all(row["image"] for row in spec["containers"]) else "no class, or no image"
    if item["kind"] == "Job":
        ended = {row["type"] for row in item.get("status", {}).get("conditions") or ()}
        whole = spec["template"]["spec"]["restartPolicy"] == "Never" and len(ended) in {0, 2}
        return "" if whole else "no restartPolicy, or ended without what ends it"
    return "a warning" if item["kind"] == "Event" and item["type"] == "Warning" else ""
