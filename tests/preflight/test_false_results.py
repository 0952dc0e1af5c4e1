"""Where Harvester's own checks before an upgrade are blind or wrong, and harvdiag is right."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from harvdiag.core.model import Severity, State
from harvdiag.rules import run_rules, select_rules
from harvdiag.rules.gates import exclude_release
from harvdiag.status.preflight import Preflight
from harvdiag.training import open_objects
from harvdiag.training.scenario_files import load_scenario
from harvdiag.training.world.objects import new
from tests import port
from tests.preflight.test_scenarios import judged
from tests.preflight.workloads import judge
from tests.world.samples import DATA, issue_8236_sample

ERROR, WARNING = Severity.ERROR, Severity.WARNING
GHOST, AT_REST = "custom-0123456789ab", ("succeeded", "removed")
CASES = {
    # the webhook passes it: it looks only at conditions that are there
    "node-not-ready/speaks-no-condition": {"hv02": ERROR},
    "managed-chart-not-ready/speaks-no-condition": {"harvester": WARNING},
    # a state that is too young to be a fault is refused all the same
    "node-not-ready/speaks-young": {"hv02": ERROR},
    "node-unschedulable/speaks-young": {"hv02": ERROR},
    "machine-not-running/speaks-young": {"custom-86d1b0faf2f1": ERROR},
    # check.sh fails it, although Harvester reads it as Running
    "machine-not-running/silent": {},
    # its phase still is Running while it goes away
    "machine-not-running/speaks-passes": {"custom-86d1b0faf2f1": WARNING},
    # as many Nodes as Machines, and no pair
    "machine-count/silent": {},
    "node-machine-mismatch/speaks-four-and-four": {"hv04": ERROR, "custom-0123456789ab": ERROR},
    "node-machine-mismatch/speaks-two-machines": {"hv04": ERROR, "custom-0123456789ab": ERROR},
    # check.sh fails it for a Bundle without a cluster
    "bundle-not-ready/speaks": {"mcc-harvester-crd": ERROR, "idle": WARNING},
    # an operation that failed keeps its state, and is refused; one that is deployed passes
    "addon-processing/speaks": {"a-enabling": ERROR, "b-failed": ERROR, "c-deployed": ERROR},
    "addon-processing/speaks-settled": {"a": WARNING},
    # the mutator leaves out names without a Node before the webhook could refuse them
    "pause-map-invalid/speaks": {"upgrade-config": WARNING},
    "pause-map-invalid/speaks-not-json": {"upgrade-config": ERROR},
    # by its condition it is over, by its label it runs
    "other-upgrade/speaks-without-label": {"hvst-upgrade-abcde": ERROR},
}


@pytest.mark.parametrize("case", CASES)
def test_what_their_check_gets_wrong(case: str) -> None:
    """Each with the severity by which the verdict goes."""
    rule, _, name = case.partition("/")
    found = judged(DATA / f"preflight/preflight-{rule}/{name}.yaml").findings
    assert {f.subject.name: f.severity for f in found if f.rule == f"preflight-{rule}"} == CASES[case]


def test_upgrade_that_lost_its_label_is_refused_though_none_runs() -> None:
    """All other checks are made, as nothing runs; Harvester's would end at the first."""
    preflight = judged(DATA / "preflight/preflight-other-upgrade/speaks-without-label.yaml")
    assert (preflight.running, preflight.ready) == ("", False)
    assert outcomes(preflight)["webhook V12"] == "passed"


def test_a_young_state_is_told_first_and_explained_by_no_info() -> None:
    """The health of the Node is an info yet; the refusal is what one must know."""
    preflight = judged(DATA / "preflight/preflight-node-not-ready/speaks-young.yaml")
    assert [finding.rule for finding in preflight.findings.roots] == ["preflight-node-not-ready", "node-unready"]
    old = judged(DATA / "preflight/preflight-node-not-ready/speaks-first-condition.yaml")
    assert [finding.rule for finding in old.findings.roots] == ["node-unready"]


@pytest.mark.parametrize("case", ["speaks", "speaks-plan"])
def test_nodes_that_an_upgrade_has_cordoned_are_named(case: str) -> None:
    """check.sh fails Node-Status for them; here no row of it applies while an upgrade runs."""
    (found,) = judged(DATA / f"preflight/preflight-other-upgrade/{case}.yaml").findings.of("preflight-other-upgrade")
    assert ", with Node hv02 unschedulable: " in found.message
    assert ("hv02", "spec.unschedulable", True) in {(e.object.name, e.path, e.value) for e in found.evidence}


@pytest.mark.parametrize("disk", ["default-disk-1", "/var/lib/disk.1", 'a"b', 'a"].x["b', ""])
def test_an_eviction_is_seen_on_a_disk_of_any_name(disk: str) -> None:
    """Their names are keys that Longhorn does not choose."""
    disks = {disk: {"evictionRequested": True}, "other": {"evictionRequested": False}}
    node = new("longhorn.io/v1beta2", "Node", "hv01", "longhorn-system", spec={"disks": disks}, status={})
    (found,) = judge("preflight-longhorn-eviction", node, version="v1.4.2").findings
    assert "evictionRequested set for 1 disk of it" in found.message
    assert [(seen.path, seen.value) for seen in found.evidence] == [(f'spec.disks["{disk}"].evictionRequested', True)]


@pytest.mark.parametrize("upgrade", ["running", *AT_REST])
def test_four_and_four(upgrade: str) -> None:
    """harvester/harvester#8236 with a ghost Machine more: the counts are equal, and check.sh and the webhook of 1.4
    are content; while its upgrade runs, and after that has ended or is gone.
    """
    objects, captured_at = four_and_four(upgrade)
    preflight = open_objects("four and four", objects, captured_at).preflight("v1.5.0")
    named = {finding.subject.name for finding in preflight.findings if finding.severity is ERROR}
    assert {"srv09", GHOST} <= named
    assert (preflight.ready, bool(preflight.reasons)) == (False, True)
    assert "preflight-machine-count" not in {finding.rule for finding in preflight.findings}
    answers, running = outcomes(preflight), upgrade == "running"
    assert answers["check.sh CAPI-Machine-Count"] == ("not-applicable" if running else "failed")
    assert answers["webhook V3"] == ("failed" if running else "passed")


def four_and_four(upgrade: str) -> tuple[list[dict[str, Any]], str]:
    """The objects, and when they were collected; the upgrade is ``running``, has ``succeeded``, or was ``removed``."""
    sample = deepcopy(issue_8236_sample())
    objects = [obj for obj in sample["objects"] if upgrade != "removed" or obj["kind"] != "Upgrade"]
    for obj in objects if upgrade == "succeeded" else ():
        if obj["kind"] == "Upgrade":
            obj["metadata"]["labels"]["harvesterhci.io/upgradeState"] = "Succeeded"
            obj["status"]["conditions"].append({"type": "Completed", "status": "True"})
    machine = next(obj for obj in objects if obj["kind"] == "Machine")
    named = {"name": GHOST, "namespace": "fleet-local", "uid": "55d0aa1e-6df3-4a68-9b4c-8d5f6b1c2d3e"}
    status = machine["status"] | {"nodeRef": {"kind": "Node", "name": "srv10"}}
    ghost = machine | {"metadata": machine["metadata"] | named, "spec": {"clusterName": "local"}, "status": status}
    return [*objects, ghost], sample["captured_at"]


def outcomes(preflight: Preflight) -> dict[str, str]:
    """The answer to each of Harvester's checks."""
    return {each.row.key: each.outcome for each in preflight.rows}


@pytest.mark.parametrize(
    ("version", "asked"),
    [
        ("v1.6.4", False),
        ("v1.6.9-rc2", False),
        ("v1.7.0-rc1", True),
        ("v1.7.0-dev-20250801", True),
        ("v1.7.0", True),
        ("v1.10.0", True),
        ("v2.0.0", True),
        ("master-1a2b3c4d-head", True),
        ("", True),
    ],
)
def test_releases_that_make_a_check(version: str, asked: bool) -> None:
    """Candidates and development builds of its first release make it, too; an unknown version may."""
    assert (not exclude_release(version, since="v1.7.0")) is asked
    assert exclude_release("v1.4.2", only="1.4.x") == exclude_release("nightly", only="1.4.x") == ""
    assert exclude_release("v1.5.0", only="1.4.1, 1.4.2") == "asked on 1.4.1, 1.4.2 only; this is v1.5.0"


@pytest.mark.parametrize(("name", "refused"), [("speaks-no-condition", False), ("speaks-young", True)])
def test_webhook_is_not_said_to_refuse_a_node_without_the_condition(name: str, refused: bool) -> None:
    """V12 looks only at a condition that is there; the row fails in both cases."""
    rows = {row.row.key: row for row in judged(DATA / f"preflight/preflight-node-not-ready/{name}.yaml").rows}
    assert (rows["webhook V12"].failed, rows["webhook V12"].refused) == (True, refused)
    assert rows["check.sh Node-Status"].refused


@pytest.mark.parametrize(("name", "outcome"), [("speaks-without-label", "failed"), ("silent", "skipped")])
def test_upgrade_is_told_though_plans_may_not_be_read(name: str, outcome: str) -> None:
    """What an Upgrade proves needs no UpgradePlan; that nothing runs does."""
    objects = load_scenario(DATA / f"preflight/preflight-other-upgrade/{name}.yaml").objects
    facts = port.cluster(objects, UpgradePlan=State.FORBIDDEN).facts
    assert run_rules(facts, select_rules(["preflight-other-upgrade"]))[0].outcome == outcome


@pytest.mark.parametrize(("change", "expected"), [({}, WARNING), ({"plan": True}, ERROR), ({"gone": True}, ERROR)])
def test_provisioning_cluster_that_only_upgrade_v2_asks_for(change: dict[str, bool], expected: Severity) -> None:
    """Not ready, it stops an UpgradePlan alone; without it no upgrade can go on."""
    objects = [*load_scenario(DATA / "preflight/preflight-provisioning-cluster-not-ready/speaks.yaml").objects]
    if change.get("plan"):
        objects.append(
            new("management.harvesterhci.io/v1beta1", "UpgradePlan", "up-1", status={"currentPhase": "Succeeded"})
        )
    if change.get("gone"):
        objects = [
            obj for obj in objects if (obj["kind"], obj["apiVersion"]) != ("Cluster", "provisioning.cattle.io/v1")
        ]
    rows = {row.row.key: row for row in open_objects("lab", objects).preflight().rows}
    assert rows["UpgradePlan cluster"].severity is expected
