"""What logs answer of an upgrade that stands still: the pod that is not evicted, the error of RKE2 or of Rancher."""

from __future__ import annotations

import pytest

from harvdiag.training.world.objects import condition, moment, new
from harvdiag.training.world.upgrades import NAME, put_on
from harvdiag.training.world.workloads import stamped
from harvdiag.training.world.world import World
from tests.rules.test_log_evidence import NODES, POD, check, only, services
from tests.world import healthy, rollouts

RANCHER = "logs/cattle-system/rancher-5b8f9c7d6-x8k2m/rancher.log"
SERVER = "nodes/hv02.zip/logs/rke2-server.log"
REFUSED = (
    'error when evicting pods/"{}" -n "shop" (will retry after 5s): Cannot evict pod as it would violate the '
    "pod's disruption budget."
)
DRAIN, WAITING, NOT_APPLIED = "upgrade-drain-hangs", "upgrade-services-waiting", "upgrade-plan-not-applied"
CHART = '[ERROR] Failed to find system chart {} will try again in 5 seconds: configmaps "" not found'
HELM = "wait helm release cattle-fleet-system fleet fleet-107.0.2 0.13.2 deployed"


def at_step(step: str, hours: float) -> World:
    return rollouts.wait(rollouts.at_step(healthy(NODES), "hv02", step), hours=hours)


def said(world: World, *lines: str, minutes: float = -2) -> str:
    return stamped(moment(world.captured_at, minutes=minutes), iter(lines))


def lines_of(world: World, *lines: str) -> dict[str, str]:
    """The log of apply-manifests, written when it began."""
    return {POD: stamped(moment(world.captured_at, hours=-5), iter(lines))}


def test_pod_whose_eviction_is_refused_is_named() -> None:
    world = at_step("h5", 5)
    finding = only(check(world, {RANCHER: said(world, REFUSED.format("web-0"))})[0], DRAIN)
    assert "Pod shop/web-0, whose PodDisruptionBudget allows no eviction, holds it" in finding.message
    assert any(evidence.path == f"{RANCHER}, line 1" for evidence in finding.evidence)
    assert any("minAvailable" in step for step in finding.next)


@pytest.mark.parametrize(
    ("lines", "minutes"),
    [
        ((REFUSED.format("web-0"), "pod/web-0 evicted"), -2),
        ((REFUSED.format("web-0"),), -600),  # of another node's drain
        (("evicting pod shop/web-0",), -2),
    ],
)
def test_pod_that_is_gone_or_of_another_drain_is_not_named(lines: tuple[str, ...], minutes: float) -> None:
    world = at_step("h5", 5)
    finding = only(check(world, {RANCHER: said(world, *lines, minutes=minutes)})[0], DRAIN)
    assert "shop/web-0" not in finding.message


def test_budget_counts_only_with_a_pod_on_the_node() -> None:
    found = {}
    for node in NODES:
        world = at_step("h5", 5)
        spec = {"selector": {"matchLabels": {"app": "web"}}}
        world.add(new("policy/v1", "PodDisruptionBudget", "web", "shop", spec=spec, status={"disruptionsAllowed": 0}))
        pod = {"spec": {"nodeName": node}, "status": {"phase": "Running"}}
        world.add(new("v1", "Pod", "web-0", "shop", labels={"app": "web"}, **pod))
        found[node] = (
            "PodDisruptionBudget shop/web, which protects Pod web-0" in only(check(world, {})[0], DRAIN).message
        )
    assert found == {"hv01": False, "hv02": True, "hv03": False}


def test_planner_that_says_why_is_not_called_silent() -> None:
    world = at_step("h5", 5)
    for kind in ("RKEControlPlane", "Cluster.provisioning.cattle.io"):
        for row in world.get(kind, "local")["status"]["conditions"]:
            row["message"] = row.get("message", "").replace("draining node", "drain failed: unable to drain node hv02")
    message = only(check(world, {})[0], DRAIN).message
    assert "unable to drain" in message
    assert "not in this source" not in message


def test_error_of_rke2_is_told_unless_it_has_run_since() -> None:
    fatal = 'level=fatal msg="bootstrap data already found and encrypted with different token"'
    world = at_step("h7", 5)
    finding = only(check(world, {SERVER: said(world, fatal)})[0], NOT_APPLIED)
    assert "the log of its RKE2 shows that the token of this server" in finding.message
    assert finding.next[0].startswith(f"Already found in {SERVER}, line 1")
    later = only(check(world, {SERVER: said(world, fatal, "rke2 is up and running")})[0], NOT_APPLIED)
    assert "RKE2 shows" not in later.message


def test_old_kubelet_sends_to_the_host() -> None:
    world = at_step("h10", 4)
    put_on(world, "hv02", "v1.30.7+rke2r1", "Harvester v1.4.1")
    file = f"logs/harvester-system/{NAME}-post-drain-hv02-x8k2m/apply.log"
    texts = {file: said(world, "Waiting for RKE2 to be upgraded..."), SERVER: said(world, 'level=fatal msg="x509: a"')}
    finding = only(check(world, texts)[0], "upgrade-not-moving")
    assert "the log of its RKE2: RKE2 does not trust a certificate" in finding.message
    assert "journalctl" in finding.next[0]


def test_error_of_rancher_explains_a_release_that_does_not_come() -> None:
    world = services(hours=5)
    texts = lines_of(world, HELM)
    told = only(check(world, texts | {RANCHER: said(world, CHART.format("fleet"))})[0], WAITING)
    assert "Rancher, which installs it, says" in told.message
    assert any(evidence.path == f"{RANCHER}, line 1" for evidence in told.evidence)
    for line, minutes in ((CHART.format("rancher-webhook"), -2), (CHART.format("fleet"), -900)):
        other = only(check(world, texts | {RANCHER: said(world, line, minutes=minutes)})[0], WAITING)
        assert "Rancher, which installs it" not in other.message


@pytest.mark.parametrize(
    ("line", "text", "step"),
    [
        ("Wait for upgrade repo ready...", f"the upgrade repository upgrade-repo-{NAME}", "kubectl get endpoints"),
        (
            "instance-manager (aio) (image=x) state is not running on node hv02, will retry...",
            "the new instance manager of Longhorn on Node hv02",
            "longhorn.io/node=hv02",
        ),
    ],
)
def test_wait_has_steps_of_its_own(line: str, text: str, step: str) -> None:
    world = services(hours=5)
    finding = only(check(world, lines_of(world, "begin", line))[0], WAITING)
    assert text in finding.message
    assert any(step in advised for advised in finding.next)


def test_instance_manager_that_does_not_run_is_named() -> None:
    world = services(hours=5)
    for name, node, state in (("instance-manager-a", "hv02", "error"), ("instance-manager-b", "hv01", "running")):
        body = {"spec": {"nodeID": node, "image": "x"}, "status": {"currentState": state}}
        world.add(new("longhorn.io/v1beta2", "InstanceManager", name, "longhorn-system", **body))
    line = "instance-manager (aio) (image=x) state is not running on node hv02, will retry..."
    finding = only(check(world, lines_of(world, line))[0], WAITING)
    assert "(instance-manager-a is error)" in finding.message


def test_vm_of_the_only_node_is_named_once_its_job_waits_for_it() -> None:
    world = rollouts.wait(rollouts.at_step(healthy(("hv01",)), "hv01", "started"), hours=5)
    state = {"phase": "Running", "nodeName": "hv01", "conditions": [condition("LiveMigratable")]}
    world.add(new("kubevirt.io/v1", "VirtualMachineInstance", "db-1", "default", spec={}, status=state))
    file = f"logs/harvester-system/{NAME}-single-node-upgrade-hv01-x8k2m/apply.log"
    finding = only(
        check(world, {file: said(world, "Waiting for VM shutdown...(count: 1)")})[0], "upgrade-pre-drain-held"
    )
    assert "VM default/db-1 still runs there" in finding.message
    assert "hook" not in (finding.caution or "")
    findings, _ = check(world, {file: said(world, "Waiting for RKE2 to be upgraded...")})
    assert not findings.of("upgrade-pre-drain-held")


def test_vm_is_not_blamed_while_the_job_waits_for_volumes() -> None:
    world = at_step("h4", 5)
    state = {"phase": "Running", "nodeName": "hv02", "conditions": [condition("LiveMigratable")]}
    world.add(new("kubevirt.io/v1", "VirtualMachineInstance", "db-1", "default", spec={}, status=state))
    file = f"logs/harvester-system/{NAME}-pre-drain-hv02-x8k2m/apply.log"
    held = [
        bool(check(world, {file: said(world, line)})[0].of("upgrade-pre-drain-held"))
        for line in ("Waiting for VM live-migration or shutdown...(count: 1)", "pvc-1 is not healthy. Waiting")
    ]
    assert held == [True, False]


def test_job_that_fails_again_and_again_shows_how() -> None:
    world = services(hours=5)
    job = next(job for job in world.find("Job") if job["metadata"]["name"].endswith("apply-manifests"))
    job["status"]["failed"] = 5
    error = 'Error from server (NotFound): daemonsets.apps "fluentbit" not found'
    finding = only(check(world, lines_of(world, "begin", error))[0], "upgrade-job-not-running")
    assert "has failed 5 times" in finding.message
    assert error in finding.message
    assert finding.evidence[0].path == f"{POD}, line 2"
