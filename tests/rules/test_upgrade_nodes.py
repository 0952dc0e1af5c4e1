"""The upgrade's rules about single nodes: what a scenario cannot say, because something is unseen or untold."""

from __future__ import annotations

import json
import shlex

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.findings import Findings
from harvdiag.core.model import Severity, State
from harvdiag.snapshot import Snapshot
from harvdiag.training.world.objects import new
from harvdiag.training.world.upgradeplans import at_v2
from harvdiag.training.world.upgrades import NAME, set_job
from harvdiag.training.world.world import World
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.charts import is_upgrade_chart
from tests import port
from tests.world import healthy, rollouts

NODES = ("hv01", "hv02", "hv03")
HANDSHAKE = {
    "upgrade-pre-drain-unanswered",
    "upgrade-post-drain-unanswered",
    "several-nodes-draining",
    "upgrade-drain-refused",
    "upgrade-waiting-for-reboot",
    "node-cordoned-after-upgrade",
    "upgrade-node-never-started",
}


def lost(*, ended: str = "2025-05-08T09:30:00Z") -> World:
    """hv02 is Pre-drained, and its answer was never written."""
    world = rollouts.at_step(healthy(NODES), "hv02", "h5")
    secret = f"{world.machine_of('hv02')}-machine-plan"
    world.change("Secret", secret, {"metadata": {"annotations": {"harvesterhci.io/pre-hook": None}}})
    done = {"completionTime": ended, "conditions": [{"type": "Complete", "status": "True"}]}
    world.change("Job", f"{NAME}-pre-drain-hv02", {"status": done})
    return world


def annotate(world: World, node: str, marks: dict[str, str | None]) -> None:
    """Change annotations of a node's plan Secret."""
    world.change("Secret", f"{world.machine_of(node)}-machine-plan", {"metadata": {"annotations": marks}})


def check(world: World, **states: State) -> Findings:
    """What a check gives; a keyword says of a kind what became of its list."""
    return Cluster(Snapshot(port.Port(world.objects, states, captured_at=world.captured_at))).check()


def rules_of(findings: Findings) -> list[str]:
    """The names of the rules that speak."""
    return sorted({finding.rule for finding in findings})


def test_the_answer_is_given_letter_by_letter() -> None:
    """The command holds the request's text, unharmed by the shell."""
    world = lost()
    (finding,) = check(world)
    secret = world.get("Secret", f"{world.machine_of('hv02')}-machine-plan")
    command = next(step for step in finding.next if "annotate" in step).split("`")[1]
    asked = secret["metadata"]["annotations"]["rke.cattle.io/pre-drain"]
    assert shlex.split(command)[-1] == f"harvesterhci.io/pre-hook={asked}"
    assert "#7067" in finding.caution


def test_no_command_answers_a_hook_whose_work_was_not_done() -> None:
    """hv01 was asked once more after its success: its VMs are back, and an answer would cost them."""
    world = rollouts.at_step(healthy(NODES), "hv02", "h0")
    asked = rollouts.at_step(healthy(NODES), "hv01", "h2")
    secret = f"{world.machine_of('hv01')}-machine-plan"
    world.change(
        "Secret", secret, {"metadata": {"annotations": asked.get("Secret", secret)["metadata"]["annotations"]}}
    )
    (finding,) = check(world).of("upgrade-pre-drain-unanswered")
    assert finding.subject.name == "hv01"
    assert not [step for step in finding.next if "annotate" in step]


def test_unseen_secrets_skip_what_is_read_from_them() -> None:
    """Without Secrets nobody knows what was asked: not a word, but it is told."""
    findings = check(lost(), Secret=State.FORBIDDEN)
    assert not HANDSHAKE & set(rules_of(findings))
    assert {outcome.rule for outcome in findings.skipped} >= HANDSHAKE


def test_a_lost_answer_is_told_where_the_job_is_gone_or_tells_no_time() -> None:
    """Jobs go seven days after their end; then the state alone speaks."""
    world = lost(ended="")
    assert rules_of(check(world)) == ["upgrade-pre-drain-unanswered"]
    world.remove("Job", f"{NAME}-pre-drain-hv02")
    assert rules_of(check(world)) == ["upgrade-pre-drain-unanswered"]


def test_an_answer_may_take_its_time() -> None:
    assert rules_of(check(lost(ended="2025-05-08T09:55:00Z"))) == []


def test_a_finished_upgrade_waits_for_nobody() -> None:
    """What was lost in an upgrade that is over is history."""
    world = lost()
    world.change("Upgrade", NAME, {"metadata": {"labels": {"harvesterhci.io/upgradeState": "Succeeded"}}})
    assert not HANDSHAKE & set(rules_of(check(world)))


def test_upgrade_v2_asks_for_no_drain() -> None:
    """An UpgradePlan has hooks of its own: the annotations of V1 are none of them."""
    world = lost()
    world.remove("Upgrade", NAME)
    at_v2(world, "NodeUpgrading")
    assert not HANDSHAKE & set(rules_of(check(world)))


def test_releasing_a_node_keeps_the_others_held() -> None:
    """The annotation is one JSON text: writing it anew must not release everybody."""
    world = rollouts.paused(rollouts.at_pause(healthy(NODES, version="v1.8.2"), "hv02"), "hv02", "hv03")
    (finding,) = check(world).of("upgrade-node-paused")
    command = next(step for step in finding.next if "annotate" in step).split("`")[1]
    pauses = json.loads(shlex.split(command)[-1].partition("=")[2])
    assert pauses == {"hv01": "unpause", "hv02": "unpause", "hv03": "pause"}


def test_the_only_node_may_be_held_back() -> None:
    world = rollouts.at_pause(healthy(("hv01",), version="v1.8.2"), "hv01")
    (finding,) = check(world)
    assert finding.rule == "upgrade-node-paused"
    assert "with it" not in finding.message


def test_a_patch_release_with_the_same_kubernetes_is_no_missed_drain() -> None:
    """Every kubelet already has the version that the release names; nobody was passed over."""
    world = rollouts.at_step(healthy(NODES), "hv02", "h4")
    for node in world.find("Node"):
        node["status"]["nodeInfo"]["kubeletVersion"] = "v1.31.4+rke2r1"
    assert rules_of(check(world)) == []


@pytest.mark.parametrize("text", ["{", "[]", '"pause"'])
def test_a_pause_map_that_is_no_map_harms_nothing(text: str) -> None:
    world = rollouts.at_pause(healthy(NODES, version="v1.8.2"), "hv02")
    world.change("Upgrade", NAME, {"metadata": {"annotations": {"harvesterhci.io/node-upgrade-pause-map": text}}})
    assert rules_of(check(world)) == ["upgrade-node-paused"]


def test_an_odd_hook_text_is_quoted_safely() -> None:
    """What stands in the annotation may be no JSON at all."""
    world = lost()
    secret = f"{world.machine_of('hv02')}-machine-plan"
    world.change("Secret", secret, {"metadata": {"annotations": {"harvesterhci.io/pre-hook": "true"}}})
    (finding,) = check(world)
    assert "differs from the request" in finding.message


def test_one_failed_try_of_a_drain_is_a_warning() -> None:
    """Rancher tries again every ten minutes."""
    world = rollouts.at_step(healthy(NODES), "hv02", "h5")
    annotate(world, "hv02", {"rke.cattle.io/drain-error": "global timeout reached: 10m0s"})
    (finding,) = check(world)
    assert (finding.rule, finding.severity) == ("upgrade-drain-refused", Severity.WARNING)
    assert "last try" in finding.message


def test_a_node_that_never_went_down_is_told_as_such() -> None:
    """Its Job ended long ago, and it has been Ready since before."""
    world = rollouts.at_step(healthy(NODES), "hv02", "waiting")
    assert rules_of(check(world)) == []
    (finding,) = check(rollouts.wait(world, hours=2))
    assert finding.rule == "upgrade-waiting-for-reboot"
    assert "has not restarted since its post-drain Job ended" in finding.message
    assert any("journalctl" in step for step in finding.next)
    assert any(step.startswith("Do not restart the host") for step in finding.next)


def test_a_missed_post_drain_request_is_not_answered_by_hand() -> None:
    """Its Job was never run: an answer would skip the operating system's upgrade."""
    world = rollouts.at_step(healthy(NODES), "hv02", "h8")
    assert rules_of(check(world)) == []
    (finding,) = check(rollouts.wait(world, hours=1))
    assert finding.rule == "upgrade-post-drain-unanswered"
    assert any("rollout restart deployment harvester " in step for step in finding.next)
    assert not [step for step in finding.next if "annotate" in step]


def test_a_post_drain_request_without_the_new_plans_probes_is_left_alone() -> None:
    """Nothing tells since when the answer is due; nor does it where Jobs were not seen."""
    world = rollouts.wait(rollouts.at_step(healthy(NODES), "hv02", "h8"), hours=1)
    assert "upgrade-post-drain-unanswered" not in rules_of(check(world, Job=State.FORBIDDEN))
    annotate(world, "hv02", {"rke.cattle.io/plan-probes-passed": ""})
    assert rules_of(check(world)) == []


def test_no_post_drain_begins_while_another_node_is_at_work() -> None:
    world = rollouts.wait(rollouts.at_step(healthy(NODES), "hv02", "h8"), hours=1)
    world.change("Upgrade", NAME, {"status": {"nodeStatuses": {"hv03": {"state": "Pre-draining"}}}})
    assert "upgrade-post-drain-unanswered" not in rules_of(check(world))


def test_a_request_whose_job_is_complete_was_not_missed() -> None:
    """Only the state is behind its Job: one fault, one finding."""
    world = lost()
    annotate(world, "hv02", {"harvesterhci.io/pre-hook": None})
    world.change("Upgrade", NAME, {"status": {"nodeStatuses": {"hv02": {"state": "Images preloaded"}}}})
    assert rules_of(check(rollouts.wait(world, hours=1))) == ["upgrade-status-behind-job"]


@pytest.mark.parametrize(
    ("rule", "kind"), [("node-cordoned-after-upgrade", "Machine"), ("upgrade-status-behind-job", "Job")]
)
def test_what_a_rule_reads_it_needs(rule: str, kind: str) -> None:
    skipped = {outcome.rule for outcome in check(lost(), **{kind: State.FORBIDDEN}).skipped}
    assert rule in skipped


def test_a_verdict_upon_an_older_version_is_none() -> None:
    """Rancher has yet to see the new version: it is "done" with the one before."""
    world = rollouts.wait(rollouts.at_step(healthy(NODES), "hv01", "h0"), hours=1)
    assert "upgrade-node-never-started" not in rules_of(check(world))
    for kind in ("RKEControlPlane", "Cluster.provisioning.cattle.io"):
        local = world.get(kind, "local")
        local["status"]["observedGeneration"] = local["metadata"]["generation"]
    assert "upgrade-node-never-started" in rules_of(check(world))


@pytest.mark.parametrize("kind", [["Complete"], {"a": 1}])
def test_a_condition_of_an_odd_shape_harms_nothing(kind: object) -> None:
    world = rollouts.at_step(healthy(NODES), "hv02", "h4")
    world.get("Job", f"{NAME}-pre-drain-hv02")["status"]["conditions"] = [{"type": kind, "status": "True"}]
    cluster = port.cluster(world.objects)
    assert rules_of(cluster.check()) == []
    assert cluster.upgrade.explain()
    assert len(cluster.upgrade.timeline)


def test_a_list_of_nodes_with_odd_names_is_read() -> None:
    """YAML may give a number where a name belongs."""
    assert dict(Upgrade({"status": {"nodeStatuses": {1: {"state": "Succeeded"}}}}).nodes) == {"1": "Succeeded"}


@pytest.mark.parametrize(
    ("kind", "name", "own"),
    [
        ("Bundle", "mcc-harvester", True),
        ("Bundle", "fleet-agent-local", True),
        ("Bundle", "my-shop", False),
        ("Bundle", "harvester", False),
        ("ManagedChart", "harvester-crd", True),
        ("ManagedChart", "my-app", False),
        ("Secret", "harvester", False),
    ],
)
def test_whose_charts_the_upgrade_waits_for(kind: str, name: str, *, own: bool) -> None:
    assert is_upgrade_chart(kind, name) is own


def test_an_administrators_own_bundle_explains_no_failed_job() -> None:
    world = rollouts.at_phase(healthy(NODES), "UpgradingSystemServices")
    set_job(world.get("Job", f"{NAME}-apply-manifests"), "failed")
    status = {"summary": {"errApplied": 1}, "conditions": [{"type": "Ready", "status": "False", "message": "bad"}]}
    world.add(new("fleet.cattle.io/v1alpha1", "Bundle", "mcc-my-shop", "fleet-local", status=status))
    (finding,) = check(world).of("upgrade-job-failed")
    assert not finding.caused_by
