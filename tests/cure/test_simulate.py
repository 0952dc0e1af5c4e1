"""Simulations of whole clusters: the case of the project, what was not seen, and damaged objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.cure.model import Effect, Hazard, Simulation
from harvdiag.cure.simulate import simulate
from harvdiag.rules.facts import Facts
from harvdiag.training import open_objects
from tests.cure.clusters import FLEET, HV01, HV03, cluster, names, objects, rules, told, without

BUNDLES = Path(__file__).parents[2] / "data" / "bundles"


@pytest.fixture(scope="module")
def case() -> Cluster:
    return hd.open(BUNDLES / "issue-8236.zip")


def test_deleting_the_orphan_of_the_case_is_useless(case: Cluster) -> None:
    found = case.simulate("delete Node srv09")
    assert found.hazard is Hazard.USELESS
    assert "srv09" in names(found, "Node")
    assert "kubelet: created Node srv09" in told(found)
    assert not found.gone


def test_deleting_a_healthy_machine_of_the_case_is_dangerous(case: Cluster) -> None:
    found = case.simulate("delete Machine custom-9f6ca6994d70")
    assert found.hazard is Hazard.DANGEROUS
    assert any(reason.startswith("P5") for reason in found.reasons)
    assert "Harvester: waits Node srv09" in told(found)


def test_registering_the_orphan_of_the_case_resolves_it(case: Cluster) -> None:
    found = case.simulate("register srv09")
    assert found.hazard is Hazard.CARE
    assert not found.new
    assert {"node-without-machine", "upgrade-blocked-by-orphan-node"} <= rules(found.gone)
    assert "custom-551c3acbbeb6" in names(found, "Machine")


def test_a_snapshot_file_gives_the_same_answer(case: Cluster, tmp_path: Path) -> None:
    saved = hd.open(case.save(tmp_path / "case.snapshot").path)
    for action in ("delete Machine custom-9f6ca6994d70", "register srv09", "delete Node srv07"):
        live, kept = case.simulate(action), saved.simulate(action)
        assert told(kept) == told(live)
        assert kept.hazard in {live.hazard, Hazard.UNTOLD}


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("Machine", "delete Node hv01"),
        ("Machine", f"delete Machine {HV01}"),
        ("Machine", "delete host hv01"),
        ("Node", "delete Node hv01"),
        ("Node", f"delete Machine {HV03}"),
        ("Secret", f"delete Machine {HV03}"),
        ("CustomMachine", f"delete CustomMachine {HV03}"),
        ("Node", "register hv03"),
        ("Machine", f"label machine {HV01} a=b"),
    ],
)
def test_what_was_not_seen_cannot_be_told(kind: str, action: str) -> None:
    found = without(kind).simulate(action)
    assert found.hazard in {Hazard.UNTOLD, Hazard.DANGEROUS}
    assert any(kind in reason for reason in found.untold)


def test_other_kinds_cannot_be_told() -> None:
    thing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}}
    found = cluster("three-nodes", thing).simulate("delete configmap a -n shop")
    assert found.hazard is Hazard.UNTOLD
    assert "is not simulated" in found.reasons[0]


def test_facts_and_outcomes_at_hand_are_used() -> None:
    made = cluster()
    found = simulate(Facts(made.snapshot), "delete Node hv03")
    assert isinstance(found, Simulation)
    assert found.outcomes
    assert found.before is made.snapshot


def test_every_step_says_who_and_why() -> None:
    for action in (
        f"delete Machine {HV01}",
        "delete Node hv02",
        f"delete RKEBootstrap {HV03}",
        f"delete CustomMachine {HV03}",
    ):
        for step in cluster().simulate(action).steps:
            assert step.actor
            assert step.what
            assert step.why or step.actor == "you"
            assert step.effect in set(Effect)
            assert "None" not in step.what + step.why


BROKEN: tuple[Any, ...] = (None, [], "x", 7, {}, {"a": []}, [None, 3], {"conditions": {"Ready": 1}}, {"nodeRef": "x"})
FIELDS = (
    "metadata.labels",
    "metadata.annotations",
    "metadata.finalizers",
    "metadata.ownerReferences",
    "metadata.uid",
    "spec",
    "status",
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Node", "Machine", "CustomMachine", "RKEBootstrap", "Secret", "Cluster"]),
            st.sampled_from(FIELDS),
            st.sampled_from(BROKEN),
        ),
        max_size=6,
    ),
    st.sampled_from(
        [
            f"delete Machine {HV01}",
            "delete Node hv01",
            f"delete RKEBootstrap {HV03}",
            "register hv03",
            "wait",
            f"delete CustomMachine {HV03}",
            "delete host hv03",
            f"delete secret {HV01}-machine-plan",
            "annotate node hv03 cluster.x-k8s.io/machine-",
        ]
    ),
)
@settings(max_examples=30, deadline=None)
def test_damaged_objects_end_no_simulation(damage: list[tuple[str, str, Any]], action: str) -> None:
    made = objects()
    for kind, field, value in damage:
        for obj in made:
            if obj["kind"] == kind:
                *way, last = field.split(".")
                (obj["metadata"] if way else obj)[last] = value
    found = open_objects("test", made, "2025-05-08T10:00:00Z").simulate(action)
    assert found.hazard in set(Hazard)
    assert found.reasons


def test_sources_of_steps_are_public() -> None:
    found = cluster().simulate(f"delete Machine {HV01}")
    known = ("harvester/", "rancher ", "cluster-api ", "kubernetes", "k3s ", "longhorn", "harvester ")
    assert all(step.source.startswith(known) for step in found.steps if step.source)
    assert FLEET in {step.ref.namespace for step in found.steps}
