"""Healthy clusters of every size and version give nothing at all; the two samples give what their README says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.core.findings import Findings
from tests.routes import BROKEN, HEALTHY, from_bundle, from_extracted, from_folder
from tests.world import healthy
from tests.world.versions import RELEASES

SHAPES: dict[str, dict[str, Any]] = {
    "one": {"nodes": ("hv01",)},
    "two": {"nodes": ("hv01", "hv02")},
    "three": {},
    "seven": {"workers": ("hv04", "hv05", "hv06", "hv07")},
    "witness": {"witness": "hv03"},
}
EDGES = ("v1.0.3", "v1.4.2", "v1.8.2", "v1.9.0")


def assert_nothing(findings: Findings, nodes: int) -> None:
    """No finding, nothing skipped, and it was not for want of Nodes."""
    assert list(findings) == []
    assert findings.skipped == ()
    assert {outcome.outcome for outcome in findings.outcomes} == {"passed"}
    assert (findings.source.nodes, findings.source.machines) == (nodes, nodes)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("version", RELEASES)
def test_healthy_bundle_gives_nothing(version: str, shape: str, tmp_path: Path) -> None:
    """One, two, three nodes, seven with role-less workers, three with a witness: silence, in every version."""
    world = healthy(version=version, **SHAPES[shape])
    findings = from_bundle(tmp_path, world.objects).check()
    assert_nothing(findings, len(world.hosts))
    assert findings.source.harvester_version == version


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("version", EDGES)
def test_healthy_folder_gives_nothing(version: str, shape: str, tmp_path: Path) -> None:
    """The same through files of kubectl, for the versions at which shapes change."""
    world = healthy(version=version, **SHAPES[shape])
    assert_nothing(from_folder(tmp_path, world.objects).check(), len(world.hosts))


@pytest.mark.parametrize("version", ["v1.4.2", "v1.8.2"])
def test_two_hundred_healthy_nodes_give_nothing(version: str, tmp_path: Path) -> None:
    """A large cluster of either Cluster API version is as silent as a small one."""
    world = healthy([f"hv{number:03}" for number in range(1, 201)], version=version)
    assert_nothing(from_bundle(tmp_path, world.objects).check(), 200)


def test_world_with_all_it_really_has_gives_nothing(tmp_path: Path) -> None:
    """Pods, events, Longhorn Nodes, Rancher's settings and other Secrets beside the pairing change nothing."""
    world = healthy(lean=False, version="v1.8.2")
    assert_nothing(from_extracted(tmp_path, world.objects).check(), 3)


def test_healthy_sample_gives_nothing() -> None:
    """data/bundles/healthy.zip is the silence that users compare with."""
    assert_nothing(hd.open(HEALTHY).check(), 3)


def test_broken_sample_names_srv09_and_the_upgrade() -> None:
    """data/bundles/issue-8236.zip: one orphan, the upgrade that waits for it, and nothing false."""
    findings = hd.open(BROKEN).check()
    orphan, upgrade = findings
    assert (orphan.rule, orphan.subject) == ("node-without-machine", hd.ObjectRef("Node", "", "srv09"))
    assert upgrade.rule == "upgrade-blocked-by-orphan-node"
    assert upgrade.subject == hd.ObjectRef("Upgrade", "harvester-system", "hvst-upgrade-abcde")
    assert upgrade.caused_by == (orphan.fingerprint,)
    assert findings.roots == (orphan,)
    assert findings.skipped == ()
    assert "srv09" in upgrade.message
    assert "cannot finish" in upgrade.message
