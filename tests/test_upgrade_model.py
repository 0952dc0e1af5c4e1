"""The model of an upgrade: phases, node states, handshake, Jobs, percentages, the planner's words, and junk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvdiag.graph.pairing import Pairing
from harvdiag.graph.references import Links
from harvdiag.rules.facts import Facts
from harvdiag.snapshot import Snapshot
from harvdiag.sources.files.reader import FilesReader
from harvdiag.training.world.faults import ghost, orphan
from harvdiag.training.world.steps import SINGLE, STEPS, say
from harvdiag.training.world.upgrades import NAME, add_node_job, conditions, set_job
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.dialects import explain_message
from harvdiag.upgrade.handshake import KEYS, WAITS, DrainStep, annotation_path, read_handshake
from harvdiag.upgrade.jobs import jobs_of
from harvdiag.upgrade.percent import Percent, compute_percent
from harvdiag.upgrade.phases import PHASES, STATES
from harvdiag.upgrade.run import UpgradeRun
from harvdiag.upgrade.v2 import UpgradePlan
from tests.sample import examples
from tests.world import World, healthy, rollouts, write_folder


def facts(world: World, place: Path) -> Facts:
    """What is known of a world through a folder of lists."""
    return Facts(Snapshot(FilesReader.from_path(write_folder(place, world.objects))))


def rollout(world: World, place: Path) -> UpgradeRun:
    found = facts(world, place).upgrade_run
    assert found is not None
    return found


def upgrade(label: str = "UpgradingNodes", states: dict[str, str] | None = None, **told: str) -> Upgrade:
    """An Upgrade of label, node states and conditions alone."""
    rows = [{"type": kind, "status": status} for kind, status in told.items()]
    nodes = {name: {"state": state} for name, state in (states or {}).items()}
    meta: dict[str, Any] = {"name": "u", "namespace": "harvester-system"}
    meta["labels"] = {"harvesterhci.io/upgradeState": label}
    return Upgrade({"metadata": meta, "status": {"conditions": rows, "nodeStatuses": nodes}})


# Phases


@pytest.mark.parametrize("phase", [phase for phase in rollouts.PHASES if phase != "Succeeded"])
def test_every_phase_is_known_and_running(phase: str, tmp_path: Path) -> None:
    of = rollout(rollouts.at_phase(healthy(version="v1.8.2"), phase), tmp_path).upgrade
    assert of.running
    assert not of.failed
    assert of.phase is not None
    assert of.phase.label == rollouts.PHASES[phase].label
    assert of.waits_for_gate == (phase == "gate")
    assert of.conditions.keys() <= {"Completed", *rollouts.CONDITIONS}


@pytest.mark.parametrize(("phase", "failed"), [("Succeeded", False), ("Failed", True)])
def test_an_ended_upgrade_does_not_run(phase: str, failed: bool, tmp_path: Path) -> None:
    found = facts(rollouts.at_phase(healthy(version="v1.8.2"), phase), tmp_path)
    (of,) = found.upgrades.all
    assert found.upgrade_run is None
    assert found.upgrades.running is None
    assert (of.running, of.failed, of.cleanup_state) == (False, failed, "Pending")
    assert of.phase is not None
    assert (of.phase.number, of.phase.label) == (8, phase)


def test_phases_are_numbered_in_their_order() -> None:
    assert [phase.number for phase in PHASES] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 8]
    assert all(phase.actor and phase.doing and phase.until for phase in PHASES)


def test_a_label_of_another_release_has_no_phase() -> None:
    of = upgrade("CreatingUpgradeImage")
    assert of.phase is None
    assert of.running


def test_completed_counts_without_its_label() -> None:
    assert upgrade("UpgradingNodes", Completed="False").failed
    assert not upgrade("UpgradingNodes", Completed="True").running
    assert not upgrade("UpgradingNodes", Completed="True").failed


def test_release_is_told_by_the_repository(tmp_path: Path) -> None:
    world = healthy(version="v1.8.2")
    of = rollout(rollouts.at_step(world, "hv02", "h4"), tmp_path).upgrade
    release = world.release
    assert of.release == (release.harvester, release.os, release.kubernetes, release.rancher)
    assert (of.previous_version, of.version, of.single_node) == ("v1.7.1", "v1.8.2", "")


def test_an_upgrade_by_image_tells_its_version_later(tmp_path: Path) -> None:
    world = rollouts.at_step(healthy(version="v1.8.2"), "hv02", "h4")
    spec = world.get("Upgrade", NAME)["spec"]
    spec |= {"image": "default/image-x7k2p"}
    del spec["version"]
    assert rollout(world, tmp_path / "later").upgrade.version == "v1.8.2"
    del world.get("Upgrade", NAME)["status"]["repoInfo"]
    assert rollout(world, tmp_path / "early").upgrade.version == ""


def test_logging_switched_off_is_no_failure(tmp_path: Path) -> None:
    world = rollouts.at_phase(healthy(version="v1.8.2"), "LoggingInfraPrepared")
    of = rollout(rollouts.without_logging(world), tmp_path).upgrade
    assert of.running
    assert of.conditions["LogReady"].reason == "Disabled"


def test_the_latest_of_several_comes_first(tmp_path: Path) -> None:
    world = rollouts.with_old_upgrade(healthy(version="v1.8.2"))
    found = facts(rollouts.at_step(world, "hv02", "h4"), tmp_path).upgrades
    assert [of.ref.name for of in found.all] == [NAME, "hvst-upgrade-older"]
    assert found.running is found.all[0]
    assert [of.latest for of in found.all] == [True, False]


# Nodes and their handshake

SHOWN = {  # step of the world to what the model says
    "h0": DrainStep.IDLE,
    "h1": DrainStep.DRAIN_ANNOUNCED,
    "h2": DrainStep.PRE_DRAIN_REQUESTED,
    "h3": DrainStep.PRE_DRAIN_REQUESTED,
    "h4": DrainStep.PRE_DRAIN_REQUESTED,
    "h5": DrainStep.PRE_DRAIN_ACKNOWLEDGED,
    "h6": DrainStep.DRAINED,
    "h7": DrainStep.DRAINED,
    "restarting": DrainStep.DRAINED,
    "probes": DrainStep.DRAINED,
    "uncordon": DrainStep.UNCORDON_REQUESTED,
    "h8": DrainStep.POST_DRAIN_REQUESTED,
    "h9": DrainStep.POST_DRAIN_REQUESTED,
    "h10": DrainStep.POST_DRAIN_REQUESTED,
    "waiting": DrainStep.POST_DRAIN_REQUESTED,
    "rebooting": DrainStep.POST_DRAIN_REQUESTED,
    "h11": DrainStep.POST_DRAIN_ACKNOWLEDGED,
    "h12": DrainStep.IDLE,
}


def test_every_step_is_asked_for() -> None:
    assert SHOWN.keys() == STEPS.keys()


@pytest.mark.parametrize("step", STEPS)
def test_every_step_shows_on_the_node(step: str, tmp_path: Path) -> None:
    world, row = rollouts.at_step(healthy(version="v1.8.2"), "hv02", step), STEPS[step]
    found = rollout(world, tmp_path)
    node = found.node("hv02")
    assert node is not None
    assert node.handshake is not None
    assert node.secret is not None
    assert node.secret.name == f"{world.machine_of('hv02')}-machine-plan"
    assert node.handshake.step == SHOWN[step]
    assert node.handshake.waits_for == WAITS[SHOWN[step]]
    assert node.state == row.state
    assert node.state in STATES
    assert node.cordoned == (row.keys > 1)
    assert node.kubelet == ("v1.35.1+rke2r1" if row.new else "v1.34.2+rke2r1")
    assert node.os == ("Harvester v1.8.2" if "os" in row.new else "Harvester v1.7.1")
    assert node.pending_os == ("Harvester v1.8.2" if row.state == "Waiting Reboot" else "")
    assert (node.ready == "True") == row.up
    assert [job.state for job in node.jobs] == list(row.jobs)
    assert [job.type for job in node.jobs] == ["pre-drain", "post-drain"][: len(row.jobs)]


@pytest.mark.parametrize("step", STEPS)
def test_only_one_node_is_drained(step: str, tmp_path: Path) -> None:
    found = rollout(rollouts.at_step(healthy(version="v1.8.2"), "hv02", step), tmp_path)
    assert [node.name for node in found.draining] == (["hv02"] if STEPS[step].keys else [])
    last = {"hv02"} if STEPS[step].state == "Succeeded" else set()
    assert {node.name for node in found.done} == {"hv01"} | last
    assert {node.name for node in found.waiting} == {"hv02", "hv03"} - last


@pytest.mark.parametrize("step", [step for step, row in STEPS.items() if row.says])
def test_the_planner_names_the_machine(step: str, tmp_path: Path) -> None:
    world = rollouts.at_step(healthy(version="v1.8.2"), "hv02", step)
    (told,) = rollout(world, tmp_path).planner
    assert told.machines == (world.machine_of("hv02"),)
    assert told.since <= world.captured_at
    assert told.meaning


def secret(**marks: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {KEYS[key.replace("_", "-")]: value for key, value in marks.items()}}}


def test_an_answer_is_a_copy_byte_for_byte() -> None:
    asked = '{"enabled":true,"force":true}'
    found = read_handshake(secret(drain_options=asked, pre_drain=asked, pre_hook='{"force":true,"enabled":true}'))
    assert found.step is DrainStep.PRE_DRAIN_REQUESTED
    assert found.is_unanswered("pre-drain", "pre-hook")
    assert (
        read_handshake(secret(drain_options=asked, pre_drain=asked, pre_hook=asked)).step
        is DrainStep.PRE_DRAIN_ACKNOWLEDGED
    )
    assert not read_handshake(secret(pre_drain=asked, pre_hook=asked)).is_unanswered("pre-drain", "pre-hook")


def test_a_refused_drain_says_why() -> None:
    text = "Cannot evict pod as it would violate the pod's disruption budget."
    found = read_handshake(secret(drain_options="{}", pre_drain="{}", pre_hook="{}", drain_error=text))
    assert (found.step, found.error) == (DrainStep.PRE_DRAIN_ACKNOWLEDGED, text)


def test_no_annotations_are_an_idle_handshake() -> None:
    assert read_handshake({}).idle
    assert read_handshake({"metadata": {"annotations": None}}).idle
    assert annotation_path("pre-hook") == 'metadata.annotations["harvesterhci.io/pre-hook"]'


def test_node_without_machine_has_no_handshake(tmp_path: Path) -> None:
    world = rollouts.at_step(healthy(version="v1.8.2"), "hv02", "h4")
    orphan(world, "hv03", managed=True)
    node = rollout(world, tmp_path).node("hv03")
    assert node is not None
    assert (node.exists, node.managed, node.machines, node.secret, node.handshake) == (True, True, (), None, None)


def test_a_listed_node_that_is_gone_stays_in_the_list(tmp_path: Path) -> None:
    world = rollouts.at_step(healthy(version="v1.8.2"), "hv02", "h4")
    ghost(world, "hv03")
    found = rollout(world, tmp_path)
    node = found.node("hv03")
    assert node is not None
    assert (node.exists, node.ready, node.state) == (False, "", "Images preloaded")
    assert found.percent.of == 3


def test_a_node_that_is_not_listed_has_no_state(tmp_path: Path) -> None:
    world = rollouts.at_step(healthy(version="v1.8.2"), "hv02", "h4")
    del world.get("Upgrade", NAME)["status"]["nodeStatuses"]["hv03"]
    node = rollout(world, tmp_path).node("hv03")
    assert node is not None
    assert (node.status, node.state, node.exists) == (None, "", True)


# Variants


@pytest.mark.parametrize("step", SINGLE)
def test_the_only_node_goes_without_a_drain(step: str, tmp_path: Path) -> None:
    world = rollouts.at_step(healthy(("hv01",), version="v1.8.2"), "hv01", step)
    (of,) = facts(world, tmp_path).upgrades.all
    snapshot = Snapshot(FilesReader.from_path(tmp_path))
    (node,) = UpgradeRun(of, snapshot, Pairing(Links(snapshot))).nodes
    assert of.single_node == "hv01"
    assert of.running == (step != "done")
    assert node.handshake is not None
    assert node.handshake.idle
    assert [(job.type, job.state) for job in node.jobs] == [
        ("single-node-upgrade", state) for state in SINGLE[step].jobs
    ]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_paused_node_says_who_holds_it(count: int, tmp_path: Path) -> None:
    world = healthy([f"hv0{i}" for i in range(1, count + 1)], version="v1.8.2")
    found = rollout(rollouts.at_pause(world, "hv01"), tmp_path)
    assert found.upgrade.paused == ("hv01",)
    assert found.upgrade.statuses["hv01"].reason == "AdministrativelyPaused"
    assert found.upgrade.pauses["hv01"] == "pause"
    assert set(found.upgrade.pauses.values()) <= {"pause", "unpause"}


@pytest.mark.parametrize("text", ["", "{", "[]", '"pause"', "null", "1e999", '{"hv01":'])
def test_a_broken_pause_map_holds_nothing(text: str) -> None:
    obj = {"metadata": {"annotations": {"harvesterhci.io/node-upgrade-pause-map": text}}}
    assert dict(Upgrade(obj).pauses) == {}


def test_vms_are_restored_by_a_job(tmp_path: Path) -> None:
    world = rollouts.at_step(healthy(version="v1.8.2"), "hv02", "h12")
    job = rollout(rollouts.restoring(world, "hv02"), tmp_path).node("hv02")
    assert job is not None
    found = job.job("restore-vm")
    assert found is not None
    assert (found.state, found.pending) == ("active", True)


def test_clean_up_has_an_end(tmp_path: Path) -> None:
    world = rollouts.cleaned_up(rollouts.at_phase(healthy(version="v1.8.2"), "Succeeded"))
    assert facts(world, tmp_path).upgrades.all[0].cleanup_state == "Succeeded"
    old = rollouts.at_phase(healthy(version="v1.4.2"), "Succeeded")
    assert facts(old, tmp_path / "old").upgrades.all[0].cleanup_state == ""


# Jobs


@pytest.mark.parametrize(("state", "pending"), [("active", True), ("complete", False), ("failed", True)])
def test_states_of_a_job(state: str, pending: bool) -> None:
    world = healthy()
    set_job(add_node_job(world, "hv01", "pre-drain", "2025-05-08T09:00:00Z"), state)
    (job,) = jobs_of(tuple(world.find("Job")), NAME)
    assert (job.type, job.node, job.state, job.pending) == ("pre-drain", "hv01", state, pending)
    assert job.began == "2025-05-08T09:00:00Z"
    assert bool(job.ended) == (state != "active")
    assert bool(job.reason) == (state == "failed")


def test_a_job_that_has_not_begun_is_waiting() -> None:
    world = healthy()
    add_node_job(world, "hv01", "pre-drain", "2025-05-08T09:00:00Z")["status"] = {}
    (job,) = jobs_of(tuple(world.find("Job")), NAME)
    assert (job.state, job.began, job.ended) == ("waiting", "2025-05-08T09:00:00Z", "")


def test_jobs_of_another_upgrade_do_not_count(tmp_path: Path) -> None:
    world = rollouts.at_step(healthy(version="v1.8.2"), "hv02", "h4")
    add_node_job(world, "hv02", "post-drain", "2025-02-01T09:00:00Z", "hvst-upgrade-older")
    types = [job.type for job in rollout(world, tmp_path).jobs]
    assert types == ["apply-manifests", "pre-drain", "post-drain", "pre-drain"]


# Percentages (docs/objects.md#percentages)

THREE_OF_FOUR = {"hv01": "Succeeded", "hv02": "Succeeded", "hv03": "Succeeded", "hv04": "Images preloaded"}


def test_three_of_four_are_75_percent_and_80_in_all() -> None:
    of = upgrade(states=THREE_OF_FOUR, SystemServicesUpgraded="True", NodesUpgraded="Unknown")
    assert compute_percent(of, list(THREE_OF_FOUR)) == Percent(75, 100, 80, 3, 4)


def test_all_are_shown_as_99_before_the_condition() -> None:
    states = dict.fromkeys(THREE_OF_FOUR, "Succeeded")
    assert compute_percent(upgrade(states=states, SystemServicesUpgraded="True"), list(states)).nodes == 99
    done = upgrade(states=states, SystemServicesUpgraded="True", NodesUpgraded="True")
    assert compute_percent(done, list(states)) == Percent(100, 100, 100, 4, 4)


def test_a_removed_node_counts_and_an_unlisted_one_too() -> None:
    of = upgrade(states=THREE_OF_FOUR, SystemServicesUpgraded="True", NodesUpgraded="Unknown")
    assert compute_percent(of, ["hv01", "hv02", "hv03"]) == Percent(75, 100, 80, 3, 4)
    assert compute_percent(of, [*THREE_OF_FOUR, "hv05"]) == Percent(60, 100, 66, 3, 5)


@pytest.mark.parametrize(("status", "services"), [("", 0), ("Unknown", 50), ("False", 50), ("True", 100)])
def test_services_are_none_half_or_all(status: str, services: int) -> None:
    of = upgrade(states=THREE_OF_FOUR, **{"SystemServicesUpgraded": status} if status else {})
    assert compute_percent(of, []).services == services


def test_no_nodes_are_no_percent() -> None:
    assert compute_percent(upgrade(), []) == Percent(0, 0, 0, 0, 0)


# The planner (docs/objects.md#planner-messages)

M = "custom-1f2e3d4c5b6a"
MESSAGES = {
    "waiting for at least one bootstrap node": "no init node",
    f"non-ready bootstrap machine(s) {M} and join url to be available on bootstrap node": "init Machine",
    f"configuring bootstrap node(s) {M}": "init node has its turn",
    f"configuring etcd node(s) {M}": "etcd nodes",
    f"configuring control plane node(s) {M}": "control-plane nodes",
    f"configuring worker node(s) {M}": "workers",
    f"provisioning bootstrap node(s) {M}: waiting for probes: kube-controller-manager": "does not become healthy",
    f"configuring etcd node(s) {M}: waiting for agent to check in and apply initial plan": "never applied a plan",
    f"configuring etcd node(s) {M}: waiting for plan to be applied": "has not finished it",
    f"configuring etcd node(s) {M}: failure while applying plan": "failed",
    f"configuring etcd node(s) {M}: waiting for kubelet to update": "kubelet is not yet",
    f"uncordoning etcd node(s) {M}: waiting for uncordon to finish": "not acknowledged",
    f"draining etcd node(s) {M}: draining node": "is being drained",
    f"draining etcd node(s) {M}: error draining machine {M}: cannot evict": "drain was refused",
    "waiting for cluster agent to connect": "cluster agent",
    "rkecontrolplane was already initialized but no etcd machines exist that have plans": "all etcd Machines",
    "CAPI cluster or RKEControlPlane is paused": "paused",
    # Rancher 2.6.4, then 2.7.5, 2.9.3 and 2.15.0 (docs/objects.md#planner-messages).
    f"provisioning etcd node(s) {M}": "etcd nodes",
    "waiting for possible init node": "fit to be the init node",
    "rkecluster fleet-local/local: releaseData nil for version v1.24.7+rke2r1": "knows nothing of this",
    "waiting for system-upgrade-controller helm chart reconciliation: waiting": "chart of the",
    "marking control plane as initialized and ready": "does not stay",
    "waiting for infrastructure ready": "RKECluster is not ready",
    "waiting for all etcd machines to be deleted": "being deleted",
    "waiting for at least one control plane, etcd, and worker node to be registered": "no registered Machine",
    "waiting for join url to be available on bootstrap node": "where others join",
    f"failing etcd machine(s) {M}: NodeHealthy": "reports an error",
    f"non-ready worker machine(s) {M}": "a worker is not ready",
    f"uncordoning etcd node(s) {M}: error undraining machine {M}: timeout": "uncordon failed",
    f"draining etcd node(s) {M},custom-0a1b2c3d4e5f": "a node is being drained",
    f"configuring etcd node(s) {M}: drain completed": "new plan follows",
    "fleet-local/local: KDM release data is empty for v1.34.1+rke2r1": "knows nothing of this",
    f"configuring bootstrap node(s) {M}: waiting for cluster pre-bootstrap to complete": "before the first node",
    f"waiting for [{M}] certificate rotation probes": "certificates",
    "waiting for encryption key rotation stage to be finished": "encrypts Secrets",
    "marking control plane as initialized": "does not stay",
    "unpausing CAPI cluster": "holds or releases",
}


@pytest.mark.parametrize("message", MESSAGES)
def test_each_message_is_decoded(message: str) -> None:
    assert MESSAGES[message] in explain_message(message)
    assert explain_message(message.upper()) == explain_message(message)


def test_an_unknown_message_is_a_wait_as_it_stands(tmp_path: Path) -> None:
    """It is never dropped: a release may have new words."""
    assert explain_message("") == explain_message("all is well") == ""
    world = rollouts.at_step(healthy(version="v1.8.2"), "hv02", "h4")
    say(world, "all is well", world.captured_at)
    (told,) = rollout(world, tmp_path).planner
    assert (told.message, told.part, told.stalls, told.error) == ("all is well", "", True, False)
    assert told.meaning


@pytest.mark.parametrize(("status", "reason", "error"), [("Unknown", "Waiting", False), ("False", "Error", True)])
def test_an_error_of_the_planner_is_no_wait(status: str, reason: str, error: bool, tmp_path: Path) -> None:
    """Rancher writes it with SetError (`planner/controller.go`); an echo of the wait comes after its message."""
    world = rollouts.at_step(healthy(version="v1.8.2"), "hv02", "h4")
    rows = {row["type"]: row for row in conditions(world.get("RKEControlPlane", "local"))}
    rows["Ready"].update(status=status, reason=reason, message="no suitable server found")
    rows["Reconciled"].update(message="RKEControlPlane has not been fully reconciled yet")
    told = rollout(world, tmp_path).planner
    assert (told[0].message, told[0].error) == ("no suitable server found", error)
    assert told[-1].echo


# Junk

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
CONDITION = st.fixed_dictionaries({}, optional=dict.fromkeys(("type", "status", "reason", "lastTransitionTime"), JUNK))
STATUS = st.fixed_dictionaries(
    {},
    optional={
        "conditions": JUNK | st.lists(CONDITION | JUNK, max_size=3),
        "nodeStatuses": JUNK | st.dictionaries(st.sampled_from(["hv01", "x", ""]), JUNK, max_size=3),
        "nodeUpgradeStatuses": JUNK | st.dictionaries(st.sampled_from(["hv01", "x", ""]), JUNK, max_size=3),
        **dict.fromkeys(("repoInfo", "singleNode", "previousVersion", "currentPhase", "version"), JUNK),
    },
)
MARKS = st.dictionaries(
    st.sampled_from(
        ["harvesterhci.io/upgradeState", "harvesterhci.io/latestUpgrade", "harvesterhci.io/node-upgrade-pause-map"]
    ),
    JUNK,
)
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "metadata": JUNK | st.fixed_dictionaries({}, optional={"labels": JUNK | MARKS, "annotations": JUNK | MARKS}),
        "spec": JUNK,
        "status": JUNK | STATUS,
    },
)


def told(of: Upgrade | UpgradePlan) -> list[object]:
    """Everything that it says of itself."""
    kind = type(of)
    names = [name for name in vars(kind) if not name.startswith("_") and name not in {"status", "obj"}]
    return [getattr(of, name) for name in names]


@settings(max_examples=examples(300), deadline=None)
@given(OBJECTS)
def test_a_broken_upgrade_never_raises(obj: dict[str, Any]) -> None:
    assert told(Upgrade(obj))
    assert told(UpgradePlan(obj))
    shown = compute_percent(Upgrade(obj), ["hv01"])
    assert 0 <= shown.total <= 100
    assert isinstance(Upgrade(obj).status("Completed"), str)


@settings(max_examples=examples(200), deadline=None)
@given(st.fixed_dictionaries({}, optional={"metadata": JUNK, "status": JUNK}))
def test_broken_jobs_and_secrets_never_raise(obj: dict[str, Any]) -> None:
    assert read_handshake(obj).step in WAITS
    named = {"metadata": {"labels": {"harvesterhci.io/upgrade": "u"}, "namespace": "harvester-system"}}
    assert len(jobs_of((obj | named,), "u")) == 1


@settings(max_examples=examples(40), deadline=None)
@given(STATUS)
def test_a_broken_upgrade_beside_a_sound_cluster(status: dict[str, Any]) -> None:
    snapshot = _sound()
    meta = {"name": NAME, "namespace": "harvester-system"}
    found = UpgradeRun(Upgrade({"metadata": meta, "status": status}), snapshot, Pairing(Links(snapshot)))
    assert {"hv01", "hv02", "hv03"} <= {node.name for node in found.nodes}
    assert len(found.done) + len(found.waiting) == len(found.nodes)
    assert found.percent.of >= 3


def _sound() -> Snapshot:
    if not _SOUND:
        from tests.world.kit import dump

        items = {"apiVersion": "v1", "kind": "List", "items": rollouts.at_step(healthy(), "hv02", "h4").objects}
        _SOUND.append(Snapshot(FilesReader.from_text("sound", dump(items).encode())))
    return _SOUND[0]


_SOUND: list[Snapshot] = []


def test_a_job_whose_label_is_a_list_belongs_to_no_upgrade() -> None:
    """Damage of one object is no reason to judge nothing."""
    labels = {"harvesterhci.io/upgrade": [NAME]}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "x", "labels": labels}}
    assert jobs_of((job,), NAME) == []
