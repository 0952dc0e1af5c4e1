"""The cascade against what is known of the controllers, row by row: each on a small cluster."""

from __future__ import annotations

from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.cure.model import Effect, Hazard, Simulation
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
    off,
    release,
    removed,
    rules,
    told,
    worker,
)

WORKER = worker("hv03", HV03)
GONE: Object = {**node("hv03"), "$patch": "delete"}
ANNOTATION = "cluster.x-k8s.io/machine"
STALE = "custom-0ld0ld0ld0ld"


def steps(simulation: Simulation, actor: str) -> list[str]:
    """What one of them does, why and on what."""
    return [f"{s.effect} {s.ref.name}: {s.what} ({s.why})" for s in simulation.steps if s.actor == actor]


def secret(name: str, **metadata: Any) -> Object:
    """A change to the plan Secret of a Machine."""
    place = {"name": f"{name}-machine-plan", "namespace": FLEET}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": place | metadata}


def part(kind: str, name: str, **body: Any) -> Object:
    """A change to an RKEBootstrap or a CustomMachine."""
    return {"apiVersion": "rke.cattle.io/v1", "kind": kind, "metadata": {"name": name, "namespace": FLEET}} | body


def stale(**body: Any) -> Object:
    """A Machine of an earlier life of hv03."""
    spec = {"clusterName": "local", "providerID": body.pop("provider", "rke2://hv03")}
    metadata = {"finalizers": ["machine.cluster.x-k8s.io"], "uid": "0001", "labels": {}}
    return machine(STALE, metadata=metadata, spec=spec, **body)


# --- delete a Machine -----------------------------------------------------------------------------------------------


def test_machine_of_a_worker_goes_with_its_node_in_order() -> None:
    found = cluster("three-nodes", *WORKER, off("hv03")).simulate(f"delete Machine {HV03}")
    order = [f"{s.ref.kind}" for s in found.steps if s.effect is Effect.REMOVED]
    assert order == ["CustomMachine", "RKEBootstrap", "Node", "Machine", "Secret", "Node"]
    assert found.hazard is Hazard.CARE
    assert names(found, "Node") == {"hv01", "hv02"}
    assert names(found, "Machine") == {HV01, HV02}
    assert f"{HV03}-machine-plan" not in names(found, "Secret")
    assert not found.new
    assert rules(found.gone) == {"node-unready"}


def test_machine_whose_host_runs_leaves_an_orphan() -> None:
    found = cluster("three-nodes", *WORKER).simulate(f"delete Machine {HV03}")
    assert found.hazard is Hazard.DANGEROUS
    assert "node-without-machine" in rules(found.new)
    assert "kubelet: created Node hv03" in told(found)


def test_etcd_member_leaves_before_the_node() -> None:
    found = cluster().simulate(f"delete Machine {HV01}")
    acts = [s.what for s in found.steps if s.actor == "Rancher"]
    assert "to another server" in acts[0]
    assert acts[1] == "takes its member out of etcd: 2 of 3 remain"
    assert found.steps.index(next(s for s in found.steps if s.ref.name == "hv01" and s.effect is Effect.REMOVED)) > 4
    assert "makes custom-86d1b0faf2f1 the init node" in [s.what for s in found.steps]


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        ({"metadata": {"annotations": {"rke.cattle.io/etcd-force-remove": "true"}}}, "etcd-force-remove"),
        (None, "nodeRef.name is empty"),
    ],
)
def test_hook_ends_at_once(layer: Object | None, why: str) -> None:
    change = (
        part("RKEBootstrap", HV03) | {"metadata": {"name": HV03, "namespace": FLEET} | layer["metadata"]}
        if layer
        else None
    )
    made = cluster("three-nodes", change) if change else cluster("three-nodes", machine(HV03, status={"nodeRef": None}))
    assert any(why in step for step in steps(made.simulate(f"delete Machine {HV03}"), "Rancher"))


def test_two_members_pause_and_lose_their_tolerance() -> None:
    found = cluster("three-nodes", *WORKER).simulate(f"delete Machine {HV02}")
    assert any("after a pause of 20 s: 1 of 2 remain" in step for step in steps(found, "Rancher"))
    assert found.hazard is Hazard.DANGEROUS


def test_etcd_without_quorum_lets_nobody_go() -> None:
    found = cluster("three-nodes", off("hv01"), off("hv02")).simulate(f"delete Machine {HV03}")
    assert any("has lost its quorum" in step for step in steps(found, "Rancher"))
    assert HV03 in names(found, "Machine")
    assert found.hazard is Hazard.DANGEROUS


def test_empty_join_url_waits_without_end() -> None:
    empty = {"annotations": {"rke.cattle.io/join-url": None}}
    other = {"annotations": {"rke.cattle.io/joined-to": None}}
    found = cluster("three-nodes", secret(HV03, **empty), secret(HV02, **other)).simulate(f"delete Machine {HV03}")
    assert any("which does not end" in step for step in steps(found, "Rancher"))
    assert HV03 in names(found, "Machine")
    assert "machine-stuck-deleting" in rules(found.new)


def test_last_control_plane_keeps_its_node() -> None:
    found = cluster("one-node").simulate("delete Machine custom-afc6cf724de7")
    assert found.hazard is Hazard.DANGEROUS
    assert names(found, "Node") == {"hv01"}
    assert any("left without a Machine" in step for step in steps(found, "Cluster API"))


@pytest.mark.parametrize("field", ["Machine", "CustomMachine"])
def test_node_is_found_by_the_provider_id_of_either(field: str) -> None:
    layers = [
        machine(
            HV03, status={"nodeRef": None}, spec={"providerID": None if field == "CustomMachine" else "rke2://hv03"}
        )
    ]
    if field == "Machine":
        layers.append(part("CustomMachine", HV03, spec={"providerID": None}))
    found = cluster("three-nodes", *WORKER, *layers).simulate(f"delete Machine {HV03}")
    assert "Cluster API: removed Node hv03" in told(found)
    assert any(f"{field} spec.providerID = rke2://hv03" in step for step in steps(found, "Cluster API"))


def test_drain_is_left_out_where_an_annotation_says_so() -> None:
    mark = {"annotations": {"machine.cluster.x-k8s.io/exclude-node-draining": "true"}}
    found = cluster("three-nodes", *WORKER, machine(HV03, metadata=mark)).simulate(f"delete Machine {HV03}")
    assert "Cluster API: nothing Node hv03" in told(found)


def test_paused_cluster_holds_the_machine() -> None:
    paused = {"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Cluster", "spec": {"paused": True}}
    paused["metadata"] = {"name": "local", "namespace": FLEET}
    found = cluster("three-nodes", *WORKER, paused).simulate(f"delete Machine {HV03}")
    assert found.hazard is Hazard.SILENT
    assert HV03 in names(found, "Machine")
    assert "hv03" in names(found, "Node")


def test_hook_of_a_stranger_holds_the_machine() -> None:
    mark = {"annotations": {"pre-drain.delete.hook.machine.cluster.x-k8s.io/mine": "me"}}
    found = cluster("three-nodes", *WORKER, machine(HV03, metadata=mark)).simulate(f"delete Machine {HV03}")
    assert HV03 in names(found, "Machine")
    assert any("/mine" in reason for reason in found.reasons)


@pytest.mark.parametrize("by", ["nodeRef", "providerID"])
def test_stale_machine_takes_the_live_node_and_its_machine(by: str) -> None:
    body = {"status": {"nodeRef": {"name": "hv03"}}} if by == "nodeRef" else {}
    provider = "rke2://gone" if by == "nodeRef" else "rke2://hv03"
    found = cluster("three-nodes", *WORKER, stale(provider=provider, **body)).simulate(f"delete Machine {STALE}")
    assert found.hazard is Hazard.DANGEROUS
    assert {"Node hv03", f"Machine {HV03}", f"Machine {STALE}"} <= removed(found)
    assert f"Harvester: changed Machine {HV03}" in told(found)


def test_ghost_of_a_worker_is_safe() -> None:
    found = cluster("three-nodes", *WORKER, GONE).simulate(f"delete Machine {HV03}")
    assert found.hazard is Hazard.SAFE
    assert HV03 not in names(found, "Machine")
    assert rules(found.gone) == {"machine-dangling-node"}
    assert not found.new


def test_machine_that_joins_is_not_a_leftover() -> None:
    bare = node("hv03", metadata={"annotations": {ANNOTATION: None}})
    empty = machine(HV03, status={"nodeRef": None}, spec={"providerID": None})
    made = cluster("three-nodes", *WORKER, bare, empty, part("CustomMachine", HV03, spec={"providerID": None}))
    found = made.simulate(f"delete Machine {HV03}")
    assert found.hazard is Hazard.SILENT
    assert any("hv03 looks like its host" in reason for reason in found.reasons)


def test_machine_without_finalizer_is_not_spared() -> None:
    found = cluster("three-nodes", machine(HV03, metadata={"finalizers": None})).simulate(f"delete Machine {HV03}")
    assert found.hazard is Hazard.DANGEROUS
    assert "Cluster API: removed Node hv03" in told(found)


def test_ghost_of_etcd_may_leave_a_member() -> None:
    found = cluster("three-nodes", GONE).simulate(f"delete Machine {HV03}")
    assert any("a dead one may remain" in step for step in steps(found, "Rancher"))
    assert found.hazard is not Hazard.SAFE


def test_machine_in_deletion_changes_nothing() -> None:
    mark = {"deletionTimestamp": "2025-05-08T09:00:00Z"}
    found = cluster("three-nodes", machine(HV03, metadata=mark)).simulate(f"delete Machine {HV03}")
    assert found.hazard is Hazard.USELESS
    assert not found.gone
    assert not found.new


# --- delete a Node, or a host -----------------------------------------------------------------------------------------


def test_node_takes_its_machine_with_it() -> None:
    found = cluster("three-nodes", *WORKER, off("hv03")).simulate("delete Node hv03")
    assert {"Node hv03", f"Machine {HV03}", f"CustomMachine {HV03}", f"Secret {HV03}-machine-plan"} <= removed(found)
    assert found.hazard is Hazard.CARE


def test_before_release_1_3_a_node_leaves_its_machine() -> None:
    found = cluster("three-nodes", *WORKER, off("hv03"), release("v1.2.2")).simulate("delete Node hv03")
    assert HV03 in names(found, "Machine")
    assert "machine-dangling-node" in rules(found.new)


def test_annotation_of_another_takes_a_healthy_machine() -> None:
    mark = {"annotations": {ANNOTATION: HV01}}
    found = cluster("three-nodes", *WORKER, node("hv03", metadata=mark)).simulate("delete Node hv03")
    assert found.hazard is Hazard.DANGEROUS
    assert HV01 not in names(found, "Machine")
    assert any("is that of Node hv01" in reason for reason in found.reasons)


def test_host_in_the_ui_switches_to_the_node_for_an_orphan() -> None:
    orphan = node("hv03", metadata={"annotations": {ANNOTATION: None}})
    parts = [machine(HV03) | {"$patch": "delete"}]
    found = cluster("three-nodes", *WORKER, orphan, *parts).simulate("delete host hv03")
    assert told(found)[0] == "Harvester's UI: changed Node hv03"
    assert found.hazard is Hazard.USELESS
    assert "hv03" in names(found, "Node")
    paired = cluster().simulate("delete host hv03")
    assert told(paired)[0] == f"Harvester's UI: changed Machine {HV03}"


def test_host_in_the_ui_with_the_annotation_of_another() -> None:
    mark = {"annotations": {ANNOTATION: HV01}}
    found = cluster("three-nodes", *WORKER, node("hv03", metadata=mark)).simulate("delete host hv03")
    assert found.hazard is Hazard.DANGEROUS
    assert "Node hv01" in removed(found)


def _orphan(*layers: Object, base: str = "three-nodes") -> Cluster:
    bare = node("hv03", metadata={"annotations": {ANNOTATION: None}, "labels": {"rke.cattle.io/machine": None}})
    parts = [part(kind, HV03) | {"$patch": "delete"} for kind in ("CustomMachine", "RKEBootstrap")]
    gone = [machine(HV03) | {"$patch": "delete"}, secret(HV03) | {"$patch": "delete"}]
    return cluster(base, *WORKER, bare, *parts, *gone, *layers)


def test_orphan_comes_back_and_stays_an_orphan() -> None:
    found = _orphan().simulate("delete Node hv03")
    assert found.hazard is Hazard.USELESS
    assert "node-without-machine" not in rules((*found.gone, *found.new))
    assert found.after.get(next(iter(found.steps)).ref) is not None


def test_orphan_of_etcd_loses_its_member() -> None:
    bare = node("hv03", metadata={"annotations": {ANNOTATION: None}})
    parts = [machine(HV03) | {"$patch": "delete"}, part("CustomMachine", HV03) | {"$patch": "delete"}]
    found = cluster("three-nodes", bare, *parts).simulate("delete Node hv03")
    assert found.hazard is Hazard.DANGEROUS
    assert any("takes its member out of etcd" in step for step in steps(found, "RKE2"))


def test_etcd_node_without_its_annotations_stays_in_deletion() -> None:
    mark = {"annotations": {"etcd.rke2.cattle.io/node-name": None}}
    found = cluster("three-nodes", node("hv03", metadata=mark)).simulate("delete Node hv03")
    assert any("keeps the finalizer" in step for step in steps(found, "RKE2"))
    assert "hv03" in names(found, "Node")


def test_webhook_of_1_9_keeps_a_node_out_while_an_upgrade_runs() -> None:
    upgrade = {
        "apiVersion": "harvesterhci.io/v1beta1",
        "kind": "Upgrade",
        "metadata": {"name": "hvst-upgrade-abcde", "namespace": "harvester-system"},
    }
    upgrade["metadata"]["labels"] = {"harvesterhci.io/latestUpgrade": "true"}
    orphan = node("hv04", metadata={"annotations": {ANNOTATION: None}})
    layers = [orphan, release("v1.9.0"), upgrade]
    found = cluster("four-nodes-upgrading", *layers).simulate("delete Node hv04")
    assert found.hazard is Hazard.DANGEROUS
    assert "hv04" not in names(found, "Node")
    assert any(step.effect is Effect.REFUSED for step in found.steps)
    allowed = {
        **upgrade,
        "metadata": upgrade["metadata"] | {"annotations": {"harvesterhci.io/allow-node-join": "true"}},
    }
    assert "hv04" in names(
        cluster("four-nodes-upgrading", orphan, release("v1.9.0"), allowed).simulate("delete Node hv04"), "Node"
    )


def test_oldest_worker_is_promoted() -> None:
    found = cluster("six-nodes", off("hv03")).simulate("delete Node hv03")
    assert any("promotes it to a management node" in step for step in steps(found, "Harvester"))
    roles = next(o for o in found.after.objects("Node") if o["metadata"]["name"] == "hv04")["metadata"]["labels"]
    assert roles["node-role.kubernetes.io/etcd"] == "true"


def test_promotion_of_an_orphan_never_ends() -> None:
    orphan = node("hv04", metadata={"annotations": {ANNOTATION: None}})
    found = cluster("six-nodes", off("hv03"), orphan).simulate("delete Node hv03")
    assert "Harvester: waits Node hv04" in told(found)


def _longhorn(name: str, **spec: Any) -> Object:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    place = {"name": name, "namespace": "longhorn-system"}
    return {"apiVersion": "longhorn.io/v1beta2", "kind": "Node", "metadata": place, "spec": spec, "status": ready}


def test_longhorn_node_is_left_while_it_takes_replicas() -> None:
    made = [off("hv03"), _longhorn("hv03", allowScheduling=True)]
    found = cluster("three-nodes", *WORKER, *made).simulate("delete Node hv03")
    assert any(step.actor == "Longhorn's webhook" and step.effect is Effect.REFUSED for step in found.steps)
    assert "leftover-longhorn-node" in rules(found.new)


def test_longhorn_node_goes_once_it_is_empty() -> None:
    made = [off("hv03"), _longhorn("hv03", allowScheduling=False)]
    found = cluster("three-nodes", *WORKER, *made).simulate("delete Node hv03")
    assert "Node.longhorn.io hv03" in removed(found)


def test_longhorn_node_of_a_live_host_is_refused() -> None:
    found = cluster("three-nodes", _longhorn("hv03", allowScheduling=False)).simulate("delete nodes.longhorn.io hv03")
    assert found.hazard is Hazard.USELESS


# --- delete a part alone ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "phase"), [("v1.7.1", "Failed"), ("v1.8.0", "Running")])
def test_custom_machine_alone_by_release(version: str, phase: str) -> None:
    found = cluster("three-nodes", release(version)).simulate(f"delete CustomMachine {HV03}")
    obj = next(o for o in found.after.objects("Machine") if o["metadata"]["name"] == HV03)
    assert found.hazard is Hazard.SILENT
    assert obj["status"]["phase"] == phase
    assert ("machine-not-running" in rules(found.new)) == (phase == "Failed")
    assert obj["status"]["failureReason"] == "InvalidConfiguration"


def test_bootstrap_alone_takes_plan_and_account() -> None:
    owner = {"apiVersion": "rke.cattle.io/v1", "kind": "RKEBootstrap", "name": HV03}
    uid = next(o for o in cluster().snapshot.objects("RKEBootstrap") if o["metadata"]["name"] == HV03)["metadata"][
        "uid"
    ]
    place = {"name": f"{HV03}-machine-plan", "namespace": FLEET, "ownerReferences": [owner | {"uid": uid}]}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": place}
    found = cluster("three-nodes", account).simulate(f"delete RKEBootstrap {HV03}")
    assert found.hazard is Hazard.SILENT
    assert {f"Secret {HV03}-machine-plan", f"serviceaccounts {HV03}-machine-plan"} <= removed(found)
    assert "Rancher: nothing RKEBootstrap custom-957869c2ad0d" in told(found)
    again = cluster("three-nodes", account).simulate(f"delete sa {HV03}-machine-plan -n {FLEET}")
    assert again.hazard is Hazard.SILENT
    assert "Rancher: created serviceaccounts custom-957869c2ad0d-machine-plan" in told(again)


def test_plan_secret_is_made_again_empty() -> None:
    found = cluster().simulate(f"delete secret {HV03}-machine-plan")
    obj = next(o for o in found.after.objects("Secret") if o["metadata"]["name"] == f"{HV03}-machine-plan")
    assert found.hazard is Hazard.SILENT
    assert "annotations" not in obj["metadata"]
    init = cluster().simulate(f"delete secret {HV01}-machine-plan")
    assert init.hazard is Hazard.DANGEROUS
    assert "init-node-missing" in rules(init.new)


@pytest.mark.parametrize("kind", ["CustomMachine", "RKEBootstrap", "Secret"])
def test_leftover_parts_are_safe(kind: str) -> None:
    parts = [machine(HV03) | {"$patch": "delete"}]
    if kind == "Secret":
        parts.append(part("RKEBootstrap", HV03) | {"$patch": "delete"})
    name = f"{HV03}-machine-plan" if kind == "Secret" else HV03
    found = cluster("three-nodes", *WORKER, GONE, *parts).simulate(f"delete {kind} {name}")
    assert found.hazard is Hazard.SAFE
    assert name not in names(found, kind)
    assert not found.new


@pytest.mark.parametrize("kind", ["clusters.cluster.x-k8s.io", "clusters.provisioning.cattle.io"])
def test_cluster_is_never_deleted(kind: str) -> None:
    found = cluster().simulate(f"delete {kind} local")
    assert found.hazard is Hazard.DANGEROUS
    assert not names(found, "Machine")


def test_upgrade_at_its_nodes_is_refused() -> None:
    found = cluster("four-nodes-upgrading").simulate("delete upgrade hvst-upgrade-abcde")
    assert found.hazard is Hazard.USELESS
    assert names(found, "Upgrade") == {"hvst-upgrade-abcde"}
    skip = {"harvesterhci.io/skipWebhook": "true"}
    place = {"name": "hvst-upgrade-abcde", "namespace": "harvester-system", "annotations": skip}
    layer = {"apiVersion": "harvesterhci.io/v1beta1", "kind": "Upgrade", "metadata": place}
    forced = cluster("four-nodes-upgrading", layer).simulate("delete upgrade hvst-upgrade-abcde")
    assert forced.hazard is Hazard.DANGEROUS
    assert not names(forced, "Upgrade")
