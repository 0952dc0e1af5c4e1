"""Two hours without a step: `check` and `upgrade` say so alike, in every phase, at every step and in each scenario."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.model import Severity, State
from harvdiag.rules import registry, run_rules, select_rules
from harvdiag.status.summary import build_verdict
from harvdiag.status.upgrade.part import PartKey
from harvdiag.training import open_objects
from harvdiag.training.world.evidence import pod_logs
from harvdiag.training.world.extras import enrich
from harvdiag.training.world.steps import SINGLE, STEPS, order
from harvdiag.training.world.upgradeplans import V2_PHASES, at_plan_phase, at_plan_step
from tests import port
from tests.routes import PATHS, from_bundle, from_folder, of_each_rule, opened
from tests.sample import every_pair, some
from tests.world import World, healthy, rollouts

ROOT = Path(__file__).parents[2]
RULE = "upgrade-not-moving"
BUNDLES = sorted((ROOT / "data" / "bundles").glob("*.zip"))
PLACES = [*((1, step) for step in SINGLE), *((3, step) for step in STEPS)]
MOMENTS = [(*place, hours) for place in PLACES for hours in (2.2, *some((3, 20), 1, place))]
PHASES = every_pair(
    [
        (size, phase, hours)
        for size in (1, 3)
        for phase in rollouts.PHASES
        for hours in (2.2, *some((3, 20), 1, (size, phase)))
    ]
)

V2 = every_pair([(size, phase, hours) for size in (1, 3) for phase in V2_PHASES for hours in (2.2, 20)])


def cluster_of(size: int) -> World:
    return healthy([f"hv{i:02}" for i in range(1, size + 1)], version="v1.8.2")


def at_once(world: World) -> Cluster:
    return open_objects("world", world.objects, world.captured_at)


AT_REST = {PartKey.IN_THE_WAY, PartKey.WHY, PartKey.LEFT_OVER}


def contradictions(cluster: Cluster) -> Iterator[str]:
    """Where what `check` finds and what `upgrade` says do not fit together."""
    findings, standing = cluster.check(), cluster.upgrade
    keys = {part.key for part in standing.parts()}
    if standing.upgrade_run is None:
        if any(finding.holds for finding in findings) and not keys & AT_REST:
            yield "check finds what would stop an upgrade, and upgrade does not say it"
        return
    holding = [finding for finding in findings if finding.holds]
    movement = standing.movement
    if movement and movement.is_over and not holding:
        yield f"nothing moved for {movement.age}, and no finding holds the upgrade"
    if (standing.is_stuck or PartKey.WHY in keys) and not findings:
        yield "upgrade says that it is held up, and check finds nothing"
    if holding and PartKey.WHY not in keys:
        yield f"check finds {holding[0].rule}, and upgrade does not say that it is held up"
    told = " ".join(part.text for part in standing.parts())
    health = next((f for f in holding if f.family != "upgrade" and not f.caused_by), None)
    if health and health.message[:60] not in told:
        yield f"check finds {health.rule}, and upgrade does not name it"
    if findings and "Nothing" in build_verdict(findings) and findings[0].severity is not Severity.INFO:
        yield "the summary says that nothing was found"


@pytest.mark.parametrize(("size", "phase", "hours"), PHASES)
def test_no_phase_stands_still_in_silence(size: int, phase: str, hours: float) -> None:
    world = rollouts.wait(rollouts.at_phase(cluster_of(size), phase), hours=hours)
    cluster = at_once(world)
    assert [*contradictions(cluster)] == []
    assert phase == "Succeeded" or any(finding.holds for finding in cluster.check())


@pytest.mark.parametrize(("size", "step", "hours"), MOMENTS)
def test_no_step_stands_still_in_silence(size: int, step: str, hours: float) -> None:
    world = cluster_of(size)
    rollouts.wait(rollouts.at_step(world, order(world)[0], step), hours=hours)
    cluster = at_once(world)
    assert [*contradictions(cluster)] == []
    assert cluster.upgrade.upgrade_run is None or any(finding.holds for finding in cluster.check())


@pytest.mark.parametrize(("size", "phase", "hours"), V2)
def test_no_phase_of_v2_stands_still_in_silence(size: int, phase: str, hours: float) -> None:
    cluster = at_once(rollouts.wait(at_plan_phase(cluster_of(size), phase), hours=hours))
    assert [*contradictions(cluster)] == []
    assert cluster.upgrade.upgrade_run is None or any(finding.holds for finding in cluster.check())


@pytest.mark.parametrize(("size", "step", "hours"), MOMENTS)
def test_no_step_of_v2_stands_still_in_silence(size: int, step: str, hours: float) -> None:
    world = cluster_of(size)
    cluster = at_once(rollouts.wait(at_plan_step(world, order(world)[0], step), hours=hours))
    assert [*contradictions(cluster)] == []
    assert cluster.upgrade.upgrade_run is None or any(finding.holds for finding in cluster.check())


@of_each_rule(PATHS)
def test_check_and_upgrade_agree_on_every_scenario(path: Path) -> None:
    assert [*contradictions(opened(path))] == []


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem)
def test_check_and_upgrade_agree_on_every_sample(path: Path) -> None:
    import harvdiag as hd

    assert [*contradictions(hd.open(path))] == []


@pytest.mark.parametrize("size", [1, 3])
def test_a_paused_node_is_not_called_still(size: int) -> None:
    world = rollouts.wait(rollouts.at_pause(cluster_of(size), "hv01"), hours=9)
    assert [finding.rule for finding in at_once(world).check()] == ["upgrade-node-paused"]


def test_the_log_of_the_job_is_quoted(tmp_path: Path) -> None:
    """With file and line, in the finding and in the status; the message says what it means."""
    world = rollouts.wait(rollouts.at_phase(cluster_of(3), "UpgradingSystemServices"), hours=4)
    enrich(world)  # with its pods
    cluster = from_bundle(tmp_path, world.objects, world.captured_at, logs=pod_logs(world))
    (finding,) = cluster.check()
    assert (finding.rule, finding.severity, finding.subject.kind) == (RULE, Severity.WARNING, "Upgrade")
    quoted = [evidence for evidence in finding.evidence if "apply-manifests" in evidence.path]
    assert quoted
    assert all(", line " in evidence.path for evidence in quoted)
    assert "its log says" in finding.message


@pytest.mark.parametrize("kind", ["Job", "Secret", "Machine", "Node", "RKEControlPlane", "Plan", "ManagedChart"])
def test_it_speaks_where_the_exact_checks_could_not_be_run(kind: str) -> None:
    """What was not seen hides the reason, not that nothing moves; the message names what was not seen."""
    early = healthy(version="v1.8.2", captured_at="2025-05-08T05:00:00Z")
    world = rollouts.wait(rollouts.at_step(early, "hv01", "probes"), hours=5)
    findings = port.cluster(world.objects, **{kind: State.FORBIDDEN}).check()
    assert any(finding.holds for finding in findings)
    spoken = [finding for finding in findings if finding.rule == RULE]
    assert all(f"{kind} not seen" in finding.message for finding in spoken if kind in {"Job", "Secret", "Machine"})


def test_an_unknown_time_is_told(tmp_path: Path) -> None:
    """Where nothing tells when the data is from, there is no warning, and `upgrade` says that none could be given."""
    world = rollouts.at_step(cluster_of(3), "hv01", "h4")
    for node in world.find("Node"):
        for row in node["status"]["conditions"]:
            row.pop("lastHeartbeatTime", None)
    cluster = from_folder(tmp_path, world.objects, None)
    assert list(cluster.check()) == []
    assert "no object tells when it last moved" in cluster.upgrade.explain()
    assert "last movement unknown" in build_verdict(cluster.check())


def test_it_is_judged_alike_whatever_is_chosen() -> None:
    """Chosen alone it speaks where all speak, and is silent where a more exact one speaks."""
    for name in ("speaks", "silent-more-exact"):
        path = ROOT / "data" / "scenarios" / RULE / f"{name}.yaml"
        everything = {f.fingerprint for f in opened(path).check() if f.rule == RULE}
        (alone,) = run_rules(opened(path).facts, select_rules([RULE]))
        assert {finding.fingerprint for finding in alone.findings} == everything
        assert bool(everything) == (name == "speaks")


def test_only_a_fallback_knows_what_others_found() -> None:
    assert [rule.name for rule in registry().values() if rule.fallback] == [RULE]
    cluster = opened(ROOT / "data" / "scenarios" / RULE / "speaks.yaml")
    cluster.check()
    assert cluster.facts.found == ()
