"""Healthy clusters of every size and version give nothing at all; the two samples give what their README says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.core.findings import Findings
from harvdiag.core.model import Severity
from harvdiag.training import open_objects
from harvdiag.training.world.everyday import live_in, upgraded_before
from harvdiag.training.world.objects import moment
from harvdiag.training.world.versions import RELEASES
from tests.routes import BROKEN, HEALTHY, from_bundle, from_extracted, from_folder
from tests.sample import every_pair, some
from tests.world import World, healthy
from tests.world.moving import MOVES

SHAPES: dict[str, dict[str, Any]] = {
    "one": {"nodes": ("hv01",)},
    "two": {"nodes": ("hv01", "hv02")},
    "three": {},
    "seven": {"workers": ("hv04", "hv05", "hv06", "hv07")},
    "witness": {"witness": "hv03"},
}
LARGE = {shape: SHAPES[shape] for shape in ("three", "seven")} | {
    "witness": {"nodes": ("hv01", "hv02", "hv03", "hv04"), "witness": "hv03"}
}
"""The shapes in which something may move: there is a second management node, or a host that joins or goes."""
ENDED = {"never": {}, "now": {"minutes": 3}, "today": {"hours": 5}, "long": {"days": 40}}
"""How long ago the last upgrade ended."""
EDGES = ("v1.0.3", "v1.4.2", "v1.8.2", "v1.9.0")


def assert_nothing(findings: Findings, nodes: int) -> None:
    """No finding, nothing skipped, and it was not for want of Nodes."""
    assert list(findings) == []
    assert findings.skipped == ()
    assert {outcome.outcome for outcome in findings.outcomes} == {"passed"}
    assert (findings.source.nodes, findings.source.machines) == (nodes, nodes)


@pytest.mark.parametrize(
    ("version", "shape"), [(version, shape) for version in RELEASES for shape in some(SHAPES, 2, version)]
)
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


def judge(world: World) -> Findings:
    """What is found in a world in which nothing was left out."""
    findings = open_objects("world", world.objects, world.captured_at).check()
    assert findings.skipped == ()
    return findings


def tell(findings: Findings) -> list[tuple[str, str, str]]:
    """The findings that are more than information."""
    return [(f.rule, f.subject.name, f.message) for f in findings if f.severity is not Severity.INFO]


@pytest.mark.parametrize(
    ("version", "shape", "ended"),
    every_pair((v, shape, ended) for v in RELEASES for shape in SHAPES for ended in ENDED),
)
def test_a_cluster_in_use_gives_nothing(version: str, shape: str, ended: str) -> None:
    """Workloads, KubeVirt, Longhorn's parts, VMs, images, Addons and old Jobs in the shapes that they really have.

    A known issue of the release may be told before an upgrade.
    """
    world = live_in(healthy(version=version, lean=ended != "never", **SHAPES[shape]))
    if ENDED[ended]:
        upgraded_before(world, **ENDED[ended])
    findings = judge(world)
    assert tell(findings) == []
    assert {finding.family for finding in findings} <= {"known-issues"}


def test_two_hundred_nodes_in_use_give_nothing() -> None:
    world = live_in(healthy([f"hv{number:03}" for number in range(1, 201)], version="v1.8.2", lean=False))
    assert list(judge(world)) == []


@pytest.mark.parametrize(
    ("version", "shape", "move"),
    every_pair(
        (version, shape, move)
        for move in MOVES
        for version in some(EDGES, 2, move)
        for shape in LARGE
        if shape != "three" or not move.startswith("promot")
    ),
)
def test_what_moves_is_information_at_most(version: str, shape: str, move: str) -> None:
    """A restart, a rollout, a rebuild, a host that comes or goes, a maintenance, a promotion, a fresh installation."""
    world = live_in(healthy(version=version, lean=False, **LARGE[shape]))
    MOVES[move](world)
    assert tell(judge(world)) == []


@pytest.mark.parametrize("move", ["restart", "rebuild", "rollout", "addon-enabled", "kubevirt-deploys", "removal"])
def test_what_moved_three_hours_ago_and_stopped_is_told(move: str) -> None:
    """The test above can fail: the same states speak when they last."""
    world = live_in(healthy(version="v1.8.2", lean=False))
    MOVES[move](world)
    world.captured_at = moment(world.captured_at, hours=3)
    assert tell(judge(world))


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
