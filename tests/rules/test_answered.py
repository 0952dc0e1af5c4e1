"""Steps that the cluster's own state has answered are told as seen; what was not seen stays a step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.core.model import Finding, ObjectRef, State
from harvdiag.reports import markdown, terminal
from harvdiag.rules import advice
from harvdiag.rules.answered import ANSWERS, answer
from harvdiag.rules.planner_advice import RESTART_CAPI
from harvdiag.rules.seen import VMI, find_owner, find_vms, read_condition, read_oldest_condition
from harvdiag.status.summary import first_step
from harvdiag.training.world.extras import enrich
from tests import port
from tests.command import details
from tests.routes import BROKEN, PATHS, checked, finds, of_each_rule, opened
from tests.world import World, faults, healthy, rollouts


def broken() -> World:
    """Three nodes in their turn; the third has no Machine."""
    world = rollouts.at_step(healthy(["hv01", "hv02", "hv03"], version="v1.8.2"), "hv01", "h4")
    enrich(world)
    faults.orphan(world, "hv03")
    return world


def finding(world: World, **states: State) -> Finding:
    (found,) = port.cluster(world.objects, **states).check().of("node-without-machine")
    return found


def test_what_was_seen_is_told_with_its_value() -> None:
    found = finding(broken())
    assert f"{advice.SEEN}3 etcd voters (hv01, hv02 and hv03)." in found.caution
    assert f"{advice.SEEN}no volume is degraded." in found.caution
    assert "Check that no last healthy replica is on the node." in found.caution
    assert found.next[0].startswith(f"{advice.SEEN}2 Machines and 3 Nodes, hv03 without a Machine")
    assert not first_step(found)[1].startswith("Already ")


def test_a_volume_in_trouble_is_named() -> None:
    world = broken()
    volume = next(world.find("Volume.longhorn.io"))
    volume["status"]["robustness"] = "degraded"
    assert f"{advice.SEEN}volume {volume['metadata']['name']} is not healthy" in finding(world).caution


def test_what_was_not_seen_stays_a_step() -> None:
    found = finding(broken(), **{"Volume.longhorn.io": State.FORBIDDEN})
    assert advice.VOLUMES_FIRST in found.caution
    assert "no volume is degraded" not in found.caution.replace(advice.VOLUMES_FIRST, "")


def test_voters_that_nothing_tells_stay_a_rule() -> None:
    world = broken()
    for node in world.find("Node"):
        conditions = node["status"]["conditions"]
        node["status"]["conditions"] = [row for row in conditions if row["type"] != "EtcdIsVoter"]
    found = finding(world)
    assert advice.TWO_MEMBERS in found.caution
    assert "etcd voter" not in found.caution


@of_each_rule(filter(finds, PATHS))
def test_a_report_that_ends_in_support_says_what_to_attach_once(path: Path) -> None:
    findings = opened(path).check()
    for found in findings:
        ends = bool(found.next) and found.next[-1].startswith(advice.ATTACH)
        assert ends or not found.next or "ask vendor support" not in found.next[-1].partition(" (")[0].lower()
        assert sum(step.startswith(advice.ATTACH) for step in found.next) == ends
    told = any(found.next and found.next[-1].startswith(advice.ATTACH) for found in findings)
    for text in (details(terminal.render(findings, 120)), markdown.render(findings)):
        assert " ".join(text.split()).count("Open a support case, and attach") == told


def test_what_to_attach_can_still_be_had_after_the_steps_before() -> None:
    """It is the last step: what only the state before the first change can give must not be all that it asks for."""
    assert "from before the first change, else a new one" in advice.ATTACH


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("machine-provider-id-differs", "that providerID, "),
        ("several-init-nodes", "has joined no other"),
        ("node-dangling-machine", "Machines and "),
    ],
)
def test_a_rule_tells_what_it_has_seen(rule: str, told: str) -> None:
    """In at least one scenario of the rule."""
    steps = [
        step
        for path in PATHS
        if path.parent.name == rule
        for found in opened(path).check().of(rule)
        for step in found.next
    ]
    assert any(step.startswith(advice.SEEN) and told in step for step in steps)


# --- what the objects at hand say ----------------------------------------------------------------------------------

ROWS = [
    {"type": "Ready", "status": "True", "reason": "Fine", "lastTransitionTime": "2025-01-01T00:00:00Z"},
    {"type": "Paused", "status": "False", "reason": "NotPaused", "lastTransitionTime": "2025-01-01T00:00:00Z"},
    {
        "type": "NodeHealthy",
        "status": "False",
        "reason": "WaitingForNodeRef",
        "message": "no `Node` yet.",
        "lastTransitionTime": "2025-05-02T08:00:00Z",
    },
    {
        "type": "BootstrapReady",
        "status": "Unknown",
        "reason": "Busy",
        "lastTransitionTime": "2025-05-03T08:00:00Z",
    },
]


def test_a_condition_is_told_in_place_of_the_step_that_reads_it() -> None:
    """The oldest that is not as it should be, or the one that is asked for; a plain answer has no backticks."""
    machine = {"status": {"conditions": ROWS}}
    told = (
        f"{advice.SEEN}its condition NodeHealthy is False since 2025-05-02 08:00 UTC: WaitingForNodeRef: no 'Node' yet."
    )
    assert read_oldest_condition(machine, "Read it.") == told
    assert read_condition(machine, "Read it.", "Absent", "NodeHealthy") == told
    assert read_condition(machine, "Read it.", "Ready", "Paused") == "Read it."
    assert read_oldest_condition({"status": {"conditions": ROWS[:2]}}, "Read it.") == "Read it."
    assert read_condition({}, "Read it.", "Deleting") == "Read it."


def test_vms_on_a_node_are_named_and_never_denied() -> None:
    """A bundle lacks the namespaces of users: none in it does not mean that none runs."""
    running = [
        {
            "apiVersion": "kubevirt.io/v1",
            "kind": VMI,
            "metadata": {"namespace": "prod", "name": name, "uid": name},
            "status": {"phase": "Running", "nodeName": node},
        }
        for name, node in (("db", "hv01"), ("web", "hv02"))
    ]
    facts = port.cluster(running).facts
    look = "Verify that no VM is left on it: `kubectl get virtualmachineinstances -A -l kubevirt.io/nodeName="
    assert find_vms(facts, "hv01") == f"{look}hv01`. {advice.SEEN}prod/db must leave first."
    assert find_vms(facts, "hv03") == f"{look}hv03`."


def test_the_identity_of_a_host_is_told_where_the_bundle_has_its_files() -> None:
    """Else the step says where it is."""
    node = ObjectRef("Node", "", "srv09")
    told = find_owner(hd.open(BROKEN).facts, node)
    assert told.startswith(f"{advice.SEEN}host srv09 references Machine custom-")
    assert "`cat /etc/rancher/agent/cattle-id` on hv01" in find_owner(
        port.cluster([]).facts, node._replace(name="hv01")
    )


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("v1.7.1", "-n cattle-provisioning-capi-system capi-controller-manager`."),
        ("v1.8.0", "-n cattle-capi-system capi-controller-manager`."),
        ("", "-n cattle-provisioning-capi-system capi-controller-manager` (from 1.8 on in cattle-capi-system)."),
    ],
)
def test_the_namespace_of_cluster_api_is_that_of_the_release(version: str, told: str) -> None:
    """Where the release is known; else both are told."""
    setting = {"apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "metadata": {"name": "server-version"}}
    facts = port.cluster([{**setting, "value": version}]).facts
    found = replace(next(iter(checked(next(filter(finds, PATHS))))), next=(RESTART_CAPI,))
    assert answer(facts, found).next[0].endswith(told)


def test_each_question_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of findings may have the same step, and its answer looks at every Node."""
    asked: list[str] = []
    counting = {key: lambda facts, key=key, ask=ask: asked.append(key) or ask(facts) for key, ask in ANSWERS.items()}
    monkeypatch.setattr("harvdiag.rules.answered.ANSWERS", counting)
    world = broken()
    faults.orphan(world, "hv02")
    assert len(port.cluster(world.objects).check().of("node-without-machine")) > 1
    assert len(asked) == len(set(asked)) > 0
