"""Pairs: which Node belongs to which Machine, link by link, and the verdict on each pair."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from harvdiag.core.model import ObjectRef, State
from harvdiag.graph.pairing import Pair
from harvdiag.training import open_scenario
from harvdiag.training.world.objects import FLEET
from tests import port
from tests.routes import SCENARIOS
from tests.world import healthy

HEALTHY = {"v1.4.2": {"name_label"}, "v1.8.2": {"name_label", "node_ref_uid"}, "v1.9.0": {"node_ref_uid"}}
# What a scenario makes of its pairs: the verdicts of the rows that are not simply paired, by Node and Machine.
HV = {"hv01": "custom-afc6cf724de7", "hv02": "custom-86d1b0faf2f1", "hv03": "custom-957869c2ad0d"}
OTHER = "custom-5e1f0c9b7a42"
VERDICTS: dict[str, dict[tuple[str, str], str]] = {
    "node-without-machine/speaks": {("hv04", ""): "orphan node"},
    "node-without-machine/speaks-counts-equal": {("hv04", ""): "orphan node", ("", HV["hv03"]): "ghost machine"},
    "node-dangling-machine/speaks": {("hv03", ""): "references a Machine that does not exist"},
    "node-dangling-machine/speaks-while-claimed": {("hv03", HV["hv03"]): "disagree"},
    "node-half-joined/speaks-by-claim": {("hv03", HV["hv03"]): "half-joined"},
    "node-half-joined/speaks-by-address": {("hv04", OTHER): "half-joined"},
    "machine-without-node-ref/speaks": {("", OTHER): "no node yet"},
    "machine-stuck-deleting/speaks": {("hv03", HV["hv03"]): "paired, deleting"},
    "node-with-several-machines/speaks": {
        ("hv02", HV["hv02"]): "two machines, one node",
        ("hv02", OTHER): "two machines, one node, deleting",
    },
    "nodes-share-machine/speaks": {
        ("hv02", HV["hv02"]): "two nodes, one machine",
        ("hv03", HV["hv02"]): "two nodes, one machine",
        ("hv03", HV["hv03"]): "disagree",
    },
    "node-machine-disagree/speaks": {
        (node, HV[machine]): "disagree" for node in ("hv02", "hv03") for machine in ("hv02", "hv03")
    },
    "node-without-machine/silent": {},
    "node-not-managed/speaks": {},
}


def rows(story: str) -> list[Pair]:
    """The pairs of a scenario."""
    return open_scenario(SCENARIOS / f"{story}.yaml").facts.pairing.rows()


@pytest.mark.parametrize("version", HEALTHY)
@pytest.mark.parametrize("shape", [{}, {"witness": "hv03"}, {"workers": ("hv04", "hv05")}])
def test_healthy_hosts_are_pairs_by_every_link(version: str, shape: dict[str, Any]) -> None:
    """One row a host: every link joins, but those that this version does not have."""
    world = healthy(version=version, **shape)
    found = port.cluster(world.objects).facts.pairing.rows()
    assert [(row.node, row.machine) for row in found] == [(name, world.machine_of(name)) for name in world.hosts]
    for row in found:
        cells = asdict(row)
        assert cells.pop("verdict") == "paired"
        assert {key for key, cell in cells.items() if cell == "absent"} == HEALTHY[version]
        assert {cell for key, cell in cells.items() if key not in {"node", "machine"}} == {"joins", "absent"}


@pytest.mark.parametrize("story", VERDICTS)
def test_verdicts(story: str) -> None:
    """Each fault is told in the rows that it touches, and in no other."""
    odd = {(row.node, row.machine): row.verdict for row in rows(story) if row.verdict != "paired"}
    assert odd == VERDICTS[story]


def test_cells_name_what_a_link_leads_to_instead() -> None:
    """A cell is not just wrong: it says to whom the field leads."""
    ends = ("hv03", HV["hv02"])
    shared = next(row for row in rows("nodes-share-machine/speaks") if (row.node, row.machine) == ends)
    assert (shared.annotation, shared.node_ref, shared.uid_label) == ("joins", "hv02", HV["hv03"])
    ghost = next(row for row in rows("node-without-machine/speaks-counts-equal") if not row.node)
    assert (ghost.node_ref, ghost.provider_id) == ("hv03", "provider_id rke2://hv03")


def test_parts_that_are_gone_are_told() -> None:
    """A pair may hold and its parts be missing."""
    row = next(row for row in rows("machine-without-bootstrap/speaks") if row.node == "hv03")
    assert (row.verdict, row.infrastructure, row.bootstrap, row.plan) == ("paired", "joins", "gone", "gone")


def test_parts_that_nobody_looked_for_are_unseen() -> None:
    """Without Secrets and CustomMachines the pair is still judged; the parts are neither there nor gone."""
    cluster = port.cluster(healthy().objects, Secret=State.NOT_LOOKED_AT, CustomMachine=State.FAILED)
    row = cluster.facts.pairing.rows()[0]
    assert (row.verdict, row.infrastructure, row.plan, row.bootstrap) == ("paired", "unseen", "unseen", "joins")


@pytest.mark.parametrize("kind", ["Node", "Machine"])
def test_no_verdict_where_a_side_was_not_seen(kind: str) -> None:
    """One half of the evidence is no evidence."""
    verdicts = {row.verdict for row in port.cluster(healthy().objects, **{kind: State.FAILED}).facts.pairing.rows()}
    assert verdicts == {f"not judged: {kind} not seen"}


def test_rows_in_trouble_stand_first() -> None:
    """Of two hundred rows a notebook shows ten: what is not paired stands on top, then by Node and Machine."""
    each = [[(r.verdict == "paired", not r.node, r.node, r.machine) for r in rows(story)] for story in VERDICTS]
    assert any(found[0][0] is False and found[-1][0] is True for found in each)
    assert all(found == sorted(found) for found in each)


def test_equal_counts_prove_nothing() -> None:
    """Three Nodes and three Machines, and still one orphan and one ghost: pairs go by reference."""
    found = rows("node-without-machine/speaks-counts-equal")
    assert len({row.node for row in found if row.node}) == len({row.machine for row in found if row.machine}) == 3
    assert sum(row.verdict == "paired" for row in found) == 2


def test_machines_of_other_namespaces_are_strangers() -> None:
    """Harvester and Rancher look into fleet-local only; a Machine elsewhere pairs with nobody."""
    world = healthy()
    name = world.machine_of("hv03")
    world.get("Machine", name)["metadata"]["namespace"] = "default"
    pairing = port.cluster(world.objects).facts.pairing
    assert pairing.machines_elsewhere == [ObjectRef("Machine", "default", name)]
    assert ObjectRef("Machine", FLEET, name) not in pairing.machines
    assert pairing.claiming_machines(ObjectRef("Node", "", "hv03")) == []


def test_weak_signs_count_only_where_the_machine_is_free() -> None:
    """A label or an address ties a Machine to a Node only if its nodeRef does not lead elsewhere."""
    world = healthy()
    machine = world.machine_of("hv02")
    world.change("Machine", machine, {"metadata": {"labels": {"rke.cattle.io/node-name": "hv01"}}})
    pairing = port.cluster(world.objects).facts.pairing
    assert ObjectRef("Machine", FLEET, machine) not in pairing.weak_matches(ObjectRef("Node", "", "hv01"))
    world.change("Machine", machine, {"status": {"nodeRef": None}, "spec": {"providerID": None}})
    pairing = port.cluster(world.objects).facts.pairing
    assert ObjectRef("Machine", FLEET, machine) in pairing.weak_matches(ObjectRef("Node", "", "hv01"))


def test_plan_is_found_by_its_label_before_its_name() -> None:
    """The label rke.cattle.io/machine-name decides; the name counts only for a Secret without it."""
    world = healthy()
    machine = ObjectRef("Machine", FLEET, world.machine_of("hv01"))
    secret = world.get("Secret", f"{machine.name}-machine-plan")
    del secret["metadata"]["labels"]["rke.cattle.io/machine-name"]
    assert [p.name for p in port.cluster(world.objects).facts.pairing.plans_of(machine)] == [secret["metadata"]["name"]]
    secret["metadata"]["labels"]["rke.cattle.io/machine-name"] = world.machine_of("hv02")
    assert port.cluster(world.objects).facts.pairing.plans_of(machine) == []
