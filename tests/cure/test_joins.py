"""A host that registers, and the labels and annotations that a person sets."""

from __future__ import annotations

from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.model import ObjectRef
from harvdiag.cure.model import Effect, Hazard
from harvdiag.snapshot import Snapshot
from harvdiag.sources.files.reader import FilesReader
from tests.cure.clusters import (
    FLEET,
    HV01,
    HV02,
    HV03,
    Object,
    cluster,
    machine,
    names,
    node,
    release,
    rules,
    told,
    worker,
)
from tests.cure.test_cascade import ANNOTATION, part, secret

MINE = "custom-0123456789ab"


def _orphan_layers(roles: bool = False) -> list[Object]:
    bare = node("hv03", metadata={"annotations": {ANNOTATION: None}, "labels": {"rke.cattle.io/machine": None}})
    parts = [part(kind, HV03) for kind in ("CustomMachine", "RKEBootstrap")]
    gone = [each | {"$patch": "delete"} for each in (machine(HV03), secret(HV03), *parts)]
    return [*([] if roles else worker("hv03", HV03)), bare, *gone]


def _hosted(monkeypatch: pytest.MonkeyPatch, name: str, *layers: Object, base: str = "three-nodes") -> Cluster:
    """A cluster whose hosts have a cattle-id that stands for a Machine of this name."""
    files = {"etc/rancher/agent/cattle-id": {"id": "f" * 63, "machine": name}}
    host = {"kind": "Host", "metadata": {"name": "hv03"}, "files": files}
    monkeypatch.setattr(FilesReader, "host", lambda _, wanted: host if wanted == "hv03" else None)
    return cluster(base, *layers)


def test_worker_orphan_gets_all_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _hosted(monkeypatch, MINE, *_orphan_layers()).simulate("register hv03")
    assert found.hazard is Hazard.CARE
    assert "node-without-machine" in rules(found.gone)
    assert not found.new
    made = found.after.get(ObjectRef("Machine", FLEET, MINE)) or {}
    assert made["status"]["nodeRef"]["name"] == "hv03"
    assert made["spec"]["providerID"] == "rke2://hv03"
    assert (found.after.get(ObjectRef("Node", "", "hv03")) or {})["metadata"]["annotations"][ANNOTATION] == MINE
    assert f"{MINE}-machine-plan" in names(found, "Secret")
    assert [step.derived for step in found.steps if step.actor == "system-upgrade-controller"] == [True]


def test_without_the_hosts_files_the_name_is_open() -> None:
    found = cluster("three-nodes", *_orphan_layers()).simulate("register hv03")
    assert found.hazard is Hazard.UNTOLD
    assert any("cattle-id" in reason for reason in found.untold)


def test_management_orphan_would_register_as_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _hosted(monkeypatch, MINE, *_orphan_layers(roles=True)).simulate("register hv03")
    assert found.hazard is Hazard.DANGEROUS
    assert any("rebuilt" in reason for reason in found.reasons)


def test_copied_identity_takes_the_machine_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _hosted(monkeypatch, HV01, *_orphan_layers()).simulate("register hv03")
    assert found.hazard is Hazard.DANGEROUS
    assert any("Node hv01" in reason for reason in found.reasons)


def test_paired_host_keeps_its_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _hosted(monkeypatch, HV03).simulate("register hv03")
    assert found.hazard is Hazard.USELESS
    assert names(found, "Machine") == {HV01, HV02, HV03}


def test_other_identity_makes_a_second_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _hosted(monkeypatch, MINE, *worker("hv03", HV03)).simulate("register hv03")
    assert found.hazard is Hazard.DANGEROUS
    assert any("second Machine" in reason for reason in found.reasons)


def _management(**body: Any) -> Object:
    return {"apiVersion": "management.cattle.io/v3", "kind": "Cluster", "metadata": {"name": "local"}} | body


@pytest.mark.parametrize(
    ("layers", "why"),
    [
        ([release("v1.9.0")], "administrated"),
        ([_management(status={"conditions": [{"type": "Connected", "status": "False"}]})], "Connected"),
        ([_management() | {"$patch": "delete"}], "does not exist"),
    ],
)
def test_rancher_makes_no_machine(monkeypatch: pytest.MonkeyPatch, layers: list[Object], why: str) -> None:
    found = _hosted(monkeypatch, MINE, *_orphan_layers(), *layers).simulate("register hv03")
    assert found.hazard is Hazard.USELESS
    assert why in found.reasons[0]
    assert MINE not in names(found, "Machine")


def test_paused_cluster_makes_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    paused = {"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Cluster", "spec": {"paused": True}}
    paused["metadata"] = {"name": "local", "namespace": FLEET}
    found = _hosted(monkeypatch, MINE, *_orphan_layers(), paused).simulate("register hv03")
    assert found.hazard is Hazard.SILENT
    assert f"{MINE}-machine-plan" not in names(found, "Secret")


def test_label_of_the_upgrader_is_the_lever(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "plan.upgrade.cattle.io/system-agent-upgrader"
    labelled = node("hv03", metadata={"labels": {key: "abc"}})
    found = _hosted(monkeypatch, MINE, *_orphan_layers(), labelled).simulate(f"label node hv03 {key}-")
    assert "node-without-machine" in rules(found.gone)


@pytest.mark.parametrize(
    ("text", "layers", "hazard"),
    [
        (f"annotate node hv03 {ANNOTATION}={HV01}", _orphan_layers(), Hazard.DANGEROUS),
        (f"annotate node hv03 {ANNOTATION}={MINE}", _orphan_layers(), Hazard.SILENT),
        (f"annotate node hv03 {ANNOTATION}-", [], Hazard.USELESS),
        (f"annotate node hv03 {ANNOTATION}={HV03}", [], Hazard.USELESS),
        ("label node hv03 harvesterhci.io/managed-", [], Hazard.SILENT),
        (
            "label node hv03 harvesterhci.io/managed=true",
            [*_orphan_layers(), node("hv03", metadata={"labels": {"harvesterhci.io/managed": None}})],
            Hazard.SILENT,
        ),
        ("label node hv03 rke.cattle.io/machine=0000", [], Hazard.SILENT),
        ("label node hv03 mine=1", [], Hazard.USELESS),
        ("annotate rkebootstrap custom-957869c2ad0d rke.cattle.io/etcd-force-remove=true", [], Hazard.SILENT),
    ],
)
def test_marks(text: str, layers: list[Object], hazard: Hazard) -> None:
    assert cluster("three-nodes", *layers).simulate(text).hazard is hazard


def test_false_node_keeps_its_annotation_off() -> None:
    false = node("hv03", metadata={"annotations": {ANNOTATION: HV01}})
    gone = [
        each | {"$patch": "delete"} for each in (machine(HV03), part("CustomMachine", HV03), part("RKEBootstrap", HV03))
    ]
    made = cluster("three-nodes", *worker("hv03", HV03), false, *gone)
    found = made.simulate(f"annotate node hv03 {ANNOTATION}-")
    assert found.hazard is Hazard.CARE
    assert "nodes-share-machine" in rules(found.gone)


def test_hand_made_label_links_a_machine_without_agent() -> None:
    bare = node(
        "hv03",
        metadata={
            "annotations": {ANNOTATION: None, "rke2.io/node-args": None},
            "labels": {"rke.cattle.io/machine": None},
        },
    )
    empty = [
        machine(HV03, status={"nodeRef": None}, spec={"providerID": None}),
        part("CustomMachine", HV03, spec={"providerID": None}),
    ]
    made = cluster("three-nodes", *worker("hv03", HV03), bare, *empty)
    uid = next(o for o in made.snapshot.objects("Machine") if o["metadata"]["name"] == HV03)["metadata"]["uid"]
    found = made.simulate(f"label node hv03 rke.cattle.io/machine={uid}")
    assert (found.after.get(ObjectRef("Machine", FLEET, HV03)) or {})["status"]["nodeRef"]["name"] == "hv03"
    assert found.hazard is Hazard.SILENT
    assert any("blocks every other node" in reason for reason in found.reasons)


def test_waiting_lets_a_young_deletion_go_on() -> None:
    young = machine(HV03, metadata={"deletionTimestamp": "2025-05-08T09:50:00Z"})
    found = cluster("three-nodes", *worker("hv03", HV03), young).simulate("wait")
    assert HV03 not in names(found, "Machine")
    old = machine(HV03, metadata={"deletionTimestamp": "2025-05-02T09:50:00Z"})
    stuck = cluster("three-nodes", old).simulate("wait")
    assert stuck.hazard is Hazard.USELESS
    assert HV03 in names(stuck, "Machine")
    assert [step.effect for step in stuck.steps] == [Effect.WAITS]


def test_before_and_after_are_snapshots() -> None:
    found = cluster().simulate("wait")
    assert isinstance(found.before, Snapshot)
    assert found.before is found.after
    assert not told(found)
