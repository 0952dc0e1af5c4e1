"""Steps that the cluster's own state has answered are told as seen; what was not seen stays a step."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvdiag.core.model import Finding, State
from harvdiag.reports import markdown, terminal
from harvdiag.rules import advice
from harvdiag.status.summary import first_step
from tests import port
from tests.routes import PATHS, finds, opened
from tests.world import World, faults, healthy, rollouts
from tests.world.extras import enrich


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


@pytest.mark.parametrize("path", [*filter(finds, PATHS)], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_report_that_ends_in_support_says_what_to_attach_once(path: Path) -> None:
    findings = opened(path).check()
    for found in findings:
        ends = bool(found.next) and found.next[-1].startswith(advice.ATTACH)
        assert ends or not found.next or "ask vendor support" not in found.next[-1].partition(" (")[0].lower()
        assert sum(step.startswith(advice.ATTACH) for step in found.next) == ends
    told = any(found.next and found.next[-1].startswith(advice.ATTACH) for found in findings)
    for text in (terminal.render(findings, 120), markdown.render(findings)):
        assert " ".join(text.split()).count("Open a support case, and attach") == told


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
