"""What scenarios cannot say of the rules about the upgrade as a whole: unseen kinds, either upgrade, selectors."""

from __future__ import annotations

from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.fields import Obj
from harvdiag.core.model import State
from harvdiag.core.timestamps import Timestamp
from harvdiag.snapshot import Snapshot
from harvdiag.training.world.objects import condition, moment, new
from harvdiag.training.world.upgrades import NAME, add_plan, add_plan_job, set_job, set_plan
from harvdiag.upgrade.plans import GONE, NOT_READY, node_plans
from tests import port
from tests.world import World, healthy, rollouts, steps

NOW = Timestamp(port.CAPTURED_AT)
UPGRADE_UNSEEN = (
    "chart-left-paused",
    "leftover-upgrade-plan",
    "upgrade-deleted-midway",
    "capi-cluster-not-provisioned",
)


def outcomes(world: World, **states: State) -> dict[str, str]:
    """What became of each rule."""
    return {outcome.rule: outcome.outcome for outcome in port.cluster(world.objects, **states).check().outcomes}


def deleted() -> World:
    """An upgrade that was deleted while a node was being drained, with a chart left paused."""
    world = rollouts.at_step(healthy(), "hv02", "h4")
    world.remove("Upgrade", NAME)
    world.add(new("management.cattle.io/v3", "ManagedChart", "harvester", "fleet-local", spec={"paused": True}))
    world.change("Cluster", "local", {"status": {"phase": "Provisioning"}})
    return world


@pytest.mark.parametrize("rule", UPGRADE_UNSEEN)
def test_no_upgrade_is_missed_where_none_was_looked_for(rule: str) -> None:
    """A role that may not list Upgrades proves nothing about them."""
    assert outcomes(deleted())[rule] == "failed"
    assert outcomes(deleted(), Upgrade=State.FORBIDDEN)[rule] == "skipped"


def test_an_upgrade_by_the_toolkit_is_an_upgrade_too() -> None:
    """It pauses charts as the other does (docs/objects.md#upgrade-v2)."""
    world = healthy()
    world.add(new("management.cattle.io/v3", "ManagedChart", "harvester", "fleet-local", spec={"paused": True}))
    body: dict[str, Any] = {"spec": {"version": "v1.9.0"}, "status": {"currentPhase": "ClusterUpgrading"}}
    plan = world.add(new("management.harvesterhci.io/v1beta1", "UpgradePlan", "upgrade-x7k2p", **body))
    assert outcomes(world)["chart-left-paused"] == "passed"
    plan["status"]["currentPhase"] = "Failed"
    assert outcomes(world)["chart-left-paused"] == "failed"


@pytest.mark.parametrize("joined", ["2025-05-08T09:50:00Z", "2025-05-08T07:00:00Z"])
def test_a_node_that_joins_while_the_services_are_upgraded_gets_its_label_in_time(joined: str) -> None:
    """The label comes with its plan; only what is older than a join waits for good."""
    world = rollouts.at_phase(healthy(), "UpgradingSystemServices")
    world.remove("Node", "hv03")
    fresh = healthy().get("Node", "hv03")
    fresh["metadata"]["creationTimestamp"] = joined
    del fresh["metadata"]["labels"]["harvesterhci.io/managed"]
    world.add(fresh)
    rule = "upgrade-plan-blocked-by-unmanaged-node"
    assert outcomes(world)[rule] == ("passed" if "09:50" in joined else "failed")


def plan(**selector: Any) -> Obj:
    """A plan with this node selector that is at work on a node."""
    body = {"spec": {"nodeSelector": selector}, "status": {"latestHash": "0f3b", "applying": ["hv02"]}}
    return new("upgrade.cattle.io/v1", "Plan", f"{NAME}-prepare", "cattle-system", **body)


def nodes(**ready: str) -> dict[str, Obj]:
    """Nodes with their condition Ready; the label says whether the plan has run."""
    label = {f"plan.upgrade.cattle.io/{NAME}-prepare": "0f3b"}
    made = {
        name: new("v1", "Node", name, labels={"os": "linux"}, status={"conditions": [condition("Ready", told)]})
        for name, told in ready.items()
    }
    made["hv01"]["metadata"]["labels"] |= label
    return made


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ({}, True),
        ({"matchLabels": {"os": "linux"}}, True),
        ({"matchLabels": {"os": "windows"}}, False),
        ({"matchExpressions": [{"key": "os", "operator": "In", "values": ["linux"]}]}, True),
        ({"matchExpressions": [{"key": "os", "operator": "NotIn", "values": ["linux"]}]}, False),
        ({"matchExpressions": [{"key": "os", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "os", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "os", "operator": "Gt", "values": ["1"]}]}, False),
        ({"matchLabels": "nonsense", "matchExpressions": "nonsense"}, True),
    ],
)
def test_a_plan_selects_as_kubernetes_does(selector: dict[str, Any], selected: bool) -> None:
    (found,) = node_plans((plan(**selector),))
    assert found.selects(nodes(hv01="True")["hv01"]) is selected


def test_a_plan_tells_what_it_is_held_up_by() -> None:
    """A node that is done holds up nothing, whatever became of it since."""
    (found,) = node_plans((plan(matchLabels={"os": "linux"}),))
    assert (found.upgrade, found.task) == (NAME, "prepare")
    assert found.missing(nodes(hv01="False", hv02="True", hv03="True")) == ["hv02", "hv03"]
    assert found.held_up_by(nodes(hv01="False", hv02="True", hv03="True"), NOW) == {}
    assert found.held_up_by(nodes(hv01="True", hv02="Unknown", hv03="True"), Timestamp("")) == {"hv02": NOT_READY}
    assert found.held_up_by(nodes(hv01="True", hv03="True"), NOW) == {"hv02": GONE}


@pytest.mark.parametrize(("since", "dead"), [("2025-05-08T09:59:00Z", False), ("2025-05-08T09:30:00Z", True)])
def test_a_node_that_restarts_is_not_dead(since: str, dead: bool) -> None:
    """A Node is not Ready for a while when it restarts."""
    (found,) = node_plans((plan(matchLabels={"os": "linux"}),))
    made = nodes(hv01="True", hv02="Unknown")
    made["hv02"]["status"]["conditions"][0]["lastTransitionTime"] = since
    assert found.held_up_by(made, NOW) == ({"hv02": NOT_READY} if dead else {})


@pytest.mark.parametrize("rule", ["chart-left-paused", "upgrade-deleted-midway", "capi-cluster-not-provisioned"])
def test_an_upgrade_by_the_toolkit_may_run_where_it_may_not_be_read(rule: str) -> None:
    """A release without that kind has none; a role that may not list it proves nothing."""
    assert outcomes(deleted(), UpgradePlan=State.NOT_LOOKED_AT)[rule] == "failed"
    assert outcomes(deleted(), UpgradePlan=State.FORBIDDEN)[rule] != "failed"


@pytest.mark.parametrize(
    ("phase", "name", "minutes", "outcome"),
    [
        ("UpgradingSystemServices", "mcc-harvester", 11, "failed"),
        ("UpgradingSystemServices", "mcc-harvester", 1, "passed"),
        ("UpgradingSystemServices", "my-shop", 11, "passed"),
        ("LoggingInfraPrepared", "mcc-harvester", 11, "passed"),
    ],
)
def test_only_a_lasting_fault_of_its_own_bundle_holds_up_an_upgrade(
    phase: str, name: str, minutes: int, outcome: str
) -> None:
    """Administrators have Bundles there too, and fleet tries again by itself."""
    world = rollouts.at_phase(healthy(), phase)
    for old in [b for b in world.find("Bundle") if b["metadata"]["name"] == name]:
        world.objects.remove(old)
    ready = condition("Ready", "False") | {"lastTransitionTime": moment(world.captured_at, minutes=-minutes)}
    told = {"summary": {"errApplied": 1}, "conditions": [ready]}
    world.add(new("fleet.cattle.io/v1alpha1", "Bundle", name, "fleet-local", status=told))
    assert at_its_time(world)["bundle-not-ready"] == outcome


def at_its_time(world: World) -> dict[str, str]:
    """What became of each rule at the time at which the world was collected."""
    source = port.Port(world.objects, captured_at=world.captured_at)
    return {o.rule: o.outcome for o in Cluster(Snapshot(source)).check().outcomes}


def test_a_chart_of_an_administrator_may_be_paused() -> None:
    """It is his own."""
    world = healthy()
    world.add(new("management.cattle.io/v3", "ManagedChart", "my-app", "fleet-local", spec={"paused": True}))
    assert outcomes(world)["chart-left-paused"] == "passed"


def test_a_failed_upgrade_is_made_good_by_the_toolkit() -> None:
    """An UpgradePlan that succeeded later counts."""
    world = rollouts.at_phase(healthy(version="v1.9.0"), "Failed")
    assert outcomes(world)["upgrade-failed-in-phase"] == "failed"
    later = new("management.harvesterhci.io/v1beta1", "UpgradePlan", "later", status={"currentPhase": "Succeeded"})
    later["metadata"]["creationTimestamp"] = "2099-01-01T00:00:00Z"
    world.add(later)
    assert outcomes(world)["upgrade-failed-in-phase"] == "passed"


@pytest.mark.parametrize(("minutes", "outcome"), [(1, "passed"), (11, "failed")])
def test_the_planners_words_may_lag_behind_a_removal(minutes: int, outcome: str) -> None:
    """It named a Machine that is gone a moment ago."""
    world = healthy(("hv01", "hv02", "hv03", "hv04"))
    machine = world.machine_of("hv04")
    steps.say(world, f"configuring worker node(s) {machine}", moment(world.captured_at, minutes=-minutes), [])
    world.objects = [o for o in world.objects if not o["metadata"]["name"].startswith((machine, "hv04"))]
    assert at_its_time(world)["planner-waits-for-ghost-machine"] == outcome


@pytest.mark.parametrize(("minutes", "outcome"), [(1, "passed"), (70, "failed")])
def test_the_plan_that_registers_hosts_has_its_time(minutes: int, outcome: str) -> None:
    """A Job that began a moment ago may still register the Node; when it hangs, it is why there is no Machine."""
    world = healthy()
    machine, node = world.machine_of("hv03"), world.get("Node", "hv03")
    world.objects = [o for o in world.objects if not o["metadata"]["name"].startswith(machine)]
    del node["metadata"]["annotations"]["cluster.x-k8s.io/machine"]
    del node["metadata"]["labels"]["rke.cattle.io/machine"]
    set_plan(add_plan(world, "system-agent-upgrader", ["hv01", "hv02"], managed=False, image="x"), ["hv03"])
    job = add_plan_job(world, "system-agent-upgrader", "hv03", moment(world.captured_at, minutes=-minutes))
    set_job(job, "active")
    assert at_its_time(world)["system-agent-plan-stuck"] == outcome
    findings = port.cluster(world.objects).check()
    (orphan,) = [f for f in findings if f.rule == "node-without-machine"]
    stuck = [f.fingerprint for f in findings if f.rule == "system-agent-plan-stuck"]
    assert list(orphan.caused_by) == stuck


def test_failed_jobs_are_not_ruled_out_where_none_were_looked_for() -> None:
    """Whether the images are loaded is told by Jobs too."""
    world = rollouts.at_phase(healthy(), "PreparingNodes")
    assert outcomes(world, Job=State.FORBIDDEN)["upgrade-prepare-stuck"] == "skipped"


def test_a_paused_node_holds_back_the_nodes_turn() -> None:
    """An administrator paused it on purpose; nothing is forgotten."""
    world = rollouts.wait(rollouts.at_phase(healthy(version="v1.8.2"), "gate"), hours=5)
    upgrade = world.get("Upgrade", NAME)
    for made in world.find("Plan"):
        made["status"]["latestHash"] = ""
        made["spec"]["nodeSelector"] = {"matchLabels": {"none": "true"}}
    assert at_its_time(world)["upgrade-node-phase-not-started"] == "failed"
    upgrade["status"]["nodeStatuses"] = {"hv02": {"state": "Node-upgrade paused"}}
    assert at_its_time(world)["upgrade-node-phase-not-started"] == "passed"


@pytest.mark.parametrize(("early", "word"), [(True, "lets you delete it"), (False, "collect again")])
def test_an_upgrade_is_taken_back_only_before_the_nodes_turn(early: bool, word: str) -> None:
    """Later Harvester refuses to delete it."""
    world = rollouts.at_step(healthy(), "hv02", "h4")
    machine, node = world.machine_of("hv03"), world.get("Node", "hv03")
    world.objects = [o for o in world.objects if not o["metadata"]["name"].startswith(machine)]
    del node["metadata"]["annotations"]["cluster.x-k8s.io/machine"]
    del node["metadata"]["labels"]["rke.cattle.io/machine"]
    status = world.get("Upgrade", NAME)["status"]
    if early:
        status["conditions"] = [row for row in status["conditions"] if row["type"] != "NodesUpgraded"]
    (found,) = [f for f in port.cluster(world.objects).check() if f.rule == "upgrade-blocked-by-orphan-node"]
    assert any(word in step for step in found.next)
