"""P1 to P6 on small clusters: met, not met, and where a list that decides it was not seen."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.model import ObjectRef, State
from harvdiag.cure.preconditions import Precondition, describe, judge
from harvdiag.redact import Key, Redactor, redact_snapshot
from tests.cure.hosts import (
    Object,
    judged,
    machine,
    node,
    of_machine,
    of_node,
    replica,
    three,
    upgrade,
    vmi,
    volume,
    witness,
    worker,
)
from tests.routes import BROKEN

HV03 = of_node("hv03")
OFF = {"taints": [{"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}]}


def p1(*nodes: Object, subject: ObjectRef = HV03, **states: State) -> Precondition:
    """What becomes of etcd without hv03."""
    return judged(nodes, subject, **states)["P1"]


def pair(first: str = "True", second: str = "True") -> list[Object]:
    """Two management nodes that stay, ready or not."""
    return [node("hv01", ready=first), node("hv02", ready=second)]


# --- P1 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "met", "told"),
    [
        ([*pair(), node("hv03")], True, "etcd voters that remain: 2 of 3, quorum kept"),
        ([*pair(), node("hv03", ready="Unknown")], True, "etcd voters that remain: 2 of 3, quorum kept"),
        ([*pair(), witness("hv03")], True, "etcd voters that remain: 2 of 3, quorum kept"),
        ([*pair(), node("hv03", vote="False")], True, "etcd voters that remain: 2 of 2, quorum kept; hv03 has no vote"),
        ([*pair(), worker("hv03")], True, "etcd voters that remain: 2 of 2, quorum kept; hv03 has no vote"),
        ([node("hv01"), node("hv03")], False, "etcd voters that remain: 1 of 2, quorum lost"),
        ([node("hv03")], False, "etcd voters that remain: 0 of 1, quorum lost"),
        ([*pair("Unknown"), node("hv03")], False, "etcd voters that remain: 1 of 3, quorum lost"),
        ([*pair("False"), worker("hv03")], False, "etcd voters that remain: 1 of 2, quorum lost; hv03 has no vote"),
        (
            [node("hv01"), node("hv03", vote="False")],
            False,
            "etcd voters that remain: 1 of 1, quorum kept, but only 2 management nodes and no worker to promote",
        ),
    ],
)
def test_quorum(nodes: list[Object], met: bool, told: str) -> None:
    """More than half of the voters must stay and answer; the host that goes counts until its member is removed."""
    found = p1(*nodes)
    assert (found.met, found.told) == (met, told)


def test_worker_takes_the_place_of_a_management_node() -> None:
    """One that is ready, managed, has a Machine, and is not to stay a worker, with three nodes left."""
    base = [
        node("hv01"),
        node("hv03", vote="False"),
        worker("hv05", labels={"node-role.harvesterhci.io/worker": "true"}),
    ]
    found = p1(*base, worker("hv04"), *machine("hv04"))
    assert (found.met, found.refs("worker to promote")) == (True, (of_node("hv04"),))
    for unfit in (
        worker("hv04", spec={"unschedulable": True}),
        worker("hv04", ready="False"),
        worker("hv04", annotations={"cluster.x-k8s.io/machine": "custom-gone"}),
    ):
        assert p1(*base, unfit, *machine("hv04")).met is False
    assert p1(*base[:2], worker("hv04"), *machine("hv04")).met is False, "Harvester promotes none with two nodes"


def test_unknown_votes_leave_it_open_only_where_they_decide() -> None:
    """One of five does not; one of three does. Without the Nodes nothing is told."""
    unknown = node("hv02", vote="")
    found = p1(node("hv01"), unknown, node("hv03"))
    assert (found.met, found.untold) == (None, ("of hv02 it is not known whether it votes in etcd, or answers",))
    assert p1(*(node(f"hv0{n}") for n in range(3, 8)), unknown).met is True
    assert p1(node("hv01", ready=""), *pair()[1:], node("hv03")).met is None
    assert p1(worker("hv03")).met is None, "no Node is known to be in etcd"
    assert p1(*three(), Node=State.FORBIDDEN).met is None


def test_member_of_a_machine_whose_node_is_gone_may_be_left() -> None:
    """It counts, and never answers: with three voters one more makes it open, and its own removal takes nothing."""
    ghost = machine("hv09")
    found = p1(*three(), *ghost)
    assert found.met is None
    assert "custom-hv09" in describe(found)
    assert p1(*three(), *ghost, subject=of_machine("hv09")).met is True


# --- P2 ------------------------------------------------------------------------------------------------------------


def p2(*objects: Object, **states: State) -> Precondition:
    """What becomes of the volumes without hv03."""
    return judged([*three(), *objects], HV03, **states)["P2"]


@pytest.mark.parametrize(
    "other",
    [
        [],
        [replica("pvc-1", "hv01", failedAt="2025-05-01T00:00:00Z")],
        [replica("pvc-1", "hv01", healthyAt="")],
        [replica("pvc-1", "hv01", currentState="error")],
        [replica("pvc-1", "hv09")],
        [replica("pvc-1", "hv01", healthyAt=""), replica("pvc-2", "hv02")],
    ],
    ids=["none", "failed", "never whole", "in error", "on a Node that is gone", "of another volume"],
)
def test_last_healthy_replica(other: list[Object]) -> None:
    """It is the last one where no other is healthy on a Node that stays."""
    found = p2(volume("pvc-1"), replica("pvc-1", "hv03", currentState="stopped"), *other)
    assert (found.met, found.told) == (False, "volumes whose last healthy replica is on hv03: pvc-1")
    assert [ref.name for ref in found.refs("volumes whose last healthy replica is on it")] == ["pvc-1"]
    assert [str(row.object) for row in found.evidence][:1] == ["Replica longhorn-system/pvc-1-r-hv03"]


def test_other_copy_keeps_the_data() -> None:
    """Also of a volume that is detached, whose replicas do not run; on a Node that is down it does not."""
    both = [volume("pvc-1"), *(replica("pvc-1", host, currentState="stopped") for host in ("hv01", "hv03"))]
    found = p2(*both)
    assert (found.met, found.value("volumes with a replica on it")) == (True, 1)
    assert found.told == "volumes whose last healthy replica is on hv03: none of 1; none is degraded or faulted"
    down = [node("hv01", ready="Unknown"), node("hv03"), *both]
    assert judged(down, HV03)["P2"].met is False
    gone = [volume("pvc-1"), replica("pvc-1", "hv03", failedAt="2025-05-01T00:00:00Z"), replica("pvc-1", "hv01")]
    assert p2(*gone).met is True, "the one on hv03 has no data that another lacks"


def test_volumes_in_trouble() -> None:
    """Degraded and faulted ones are named, wherever their replicas are; one that only migrates is not."""
    found = p2(volume("pvc-1", "degraded"), volume("pvc-2", "faulted"), volume("pvc-3", "unknown"))
    assert (found.met, found.told) == (False, "degraded volumes: pvc-1; faulted volumes: pvc-2")
    moving = volume("pvc-1")
    moving["status"]["currentMigrationNodeID"] = "hv02"
    assert p2(moving).met is True


def test_many_volumes() -> None:
    """The line names the first; the values all of them."""
    found = p2(*(replica(f"pvc-{n:03}", "hv03") for n in range(300)))
    assert found.value("volumes whose last healthy replica is on it") == 300
    assert found.told.endswith("pvc-005 and 294 more")


# --- P3 ------------------------------------------------------------------------------------------------------------


def p3(*objects: Object, **states: State) -> Precondition:
    """What becomes of the VMs without hv03."""
    return judged([*three(), *objects], HV03, **states)["P3"]


def test_vms_that_can_and_cannot_leave() -> None:
    """All of them must be able to; those of other Nodes and those that ended do not count."""
    others = [vmi("vm8", "hv01", able="False"), vmi("vm9", "hv03", able="False", phase="Succeeded")]
    assert (p3(*others).met, p3(*others).told) == (True, "VMs on hv03: none")
    able = [vmi("vm1", "hv03"), vmi("vm2", "hv03"), *others]
    assert (p3(*able).met, p3(*able).told) == (True, "VMs on hv03: 2 (shop/vm1, shop/vm2), each can be moved")
    found = p3(*able, vmi("vm3", "hv03", able="False"))
    assert found.met is False
    assert found.told.startswith(
        "VMs on hv03: 3 (shop/vm1, shop/vm2, shop/vm3), one not migratable (shop/vm3: KubeVirt"
    )
    assert [ref.name for ref in found.refs("VMs that cannot be migrated")] == ["vm3"]
    assert p3(vmi("vm1", "hv03", nodeSelector={"zone": "a"})).met is False


def test_vm_of_which_nothing_tells_is_open() -> None:
    """Without the condition of KubeVirt, and without the release or the Nodes."""
    silent = p3(vmi("vm1", "hv03", able=""))
    assert (silent.met, silent.untold) == (None, ("whether shop/vm1 can be moved is not known",))
    disk: Object = {"domain": {"devices": {"disks": [{"name": "cd", "cdrom": {"bus": "sata"}}]}}}
    assert p3(vmi("vm1", "hv03", **disk)).met is False
    assert p3(vmi("vm1", "hv03", **disk), Setting=State.FORBIDDEN).met is None
    assert p3(vmi("vm1", "hv03", able="False"), Setting=State.FORBIDDEN).met is False


def test_bundle_names_the_vms_of_users_by_their_volumes() -> None:
    """It has none of their objects: that none was seen is never met, and those that Longhorn names are told."""
    found = judged_in("issue-8236", of_node("srv09"))
    assert found["P3"].met is None
    assert found["P3"].refs("VMs on it") == (ObjectRef("VirtualMachineInstance", "default", "vm-3"),)
    assert "at least 1 (default/vm-3)" in describe(found["P3"])
    noted = [volume("pvc-1", on="hv03", vm="vm1"), vmi("vm1", "hv01")]
    assert p3(*noted).told == "VMs on hv03: none", "Longhorn may lag behind"


# --- P4 ------------------------------------------------------------------------------------------------------------


def p4(subject: ObjectRef, *objects: Object, **states: State) -> Precondition:
    """Whether the removal takes anything else with it."""
    return judged(objects, subject, **states)["P4"]


@pytest.mark.parametrize("subject", [HV03, of_machine("hv03")], ids=["Node", "Machine"])
def test_clean_pair(subject: ObjectRef) -> None:
    """A Node and a Machine that belong to each other."""
    found = p4(subject, *three())
    assert (found.met, found.told) == (True, "Machine custom-hv03 and Node hv03 belong to each other alone")
    assert (found.refs("Nodes that go"), found.refs("Machines that go")) == ((HV03,), (of_machine("hv03"),))


@pytest.mark.parametrize(
    "fields",
    [("hv03", "", ""), ("", "rke2://hv03", ""), ("", "", "rke2://hv03")],
    ids=["nodeRef", "providerID of Machine", "providerID of CustomMachine"],
)
def test_stale_machine_of_a_live_node(fields: tuple[str, str, str]) -> None:
    """Each of the three leads to the Node, which would go, and its own Machine with it."""
    found = p4(of_machine("old"), *three(), *machine("old", *fields))
    assert (found.met, found.told) == (False, "Node hv03 is also claimed by Machine custom-hv03")
    assert found.refs("Nodes that go") == (HV03,)
    assert set(found.refs("Machines that go")) == {of_machine("old"), of_machine("hv03")}
    for subject in (HV03, of_machine("hv03")):
        assert p4(subject, *three(), *machine("old", *fields)).met is False


def test_node_that_references_the_machine_of_another() -> None:
    """Its deletion takes the healthy host, too; and the deletion of that Machine what both need."""
    false = worker("hv04", annotations={"cluster.x-k8s.io/machine": "custom-hv03"})
    found = p4(of_node("hv04"), *three(), false)
    assert (found.met, found.told) == (False, "Machine custom-hv03 also belongs to Node hv03")
    assert found.refs("Nodes that go") == (of_node("hv04"), HV03)
    assert p4(of_machine("hv03"), *three(), false).refs("other Nodes that share the Machine") == (of_node("hv04"),)
    assert p4(HV03, *three(), false).met is False


def test_ghost_orphan_and_half_joined() -> None:
    """Nothing else goes with a ghost and an orphan; a Machine without a Node may be that of a host that still joins."""
    ghost, orphan = machine("hv09"), worker("hv04", annotations={"cluster.x-k8s.io/machine": ""})
    assert p4(of_machine("hv09"), *three(), *ghost).met is True
    assert p4(of_node("hv04"), *three(), orphan).told == "no Machine goes with it"
    joining = machine("hv04", "", "", "")
    joining[0]["metadata"]["labels"]["rke.cattle.io/node-name"] = "hv04"
    assert p4(of_machine("hv04"), *three(), orphan, *joining).met is False
    assert p4(of_machine("hv04"), *three(), worker("hv04"), *joining).met is False, "the Node references it"
    paired = [worker("hv04", annotations={"cluster.x-k8s.io/machine": "custom-new"}), *machine("new", "hv04", "", "")]
    assert p4(of_machine("hv04"), *three(), *paired, *joining).met is True, "the host has a Machine of its own"


def test_two_nodes_with_one_provider_id() -> None:
    """Which of them Cluster API would delete is open, so that neither may go."""
    twin = node("hv04", spec={"providerID": "rke2://hv03"})
    assert p4(of_machine("hv03"), *three(), twin).refs("other Nodes that share the Machine") == (of_node("hv04"),)


# --- P5 and P6 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objects", "met"),
    [
        ([], True),
        ([upgrade("UpgradingSystemServices")], True),
        ([upgrade("UpgradingNodes", hv01="Succeeded", hv02="Succeeded", hv03="Images preloaded")], True),
        ([upgrade("UpgradingNodes", hv01="Succeeded", hv02="Pre-drained", hv03="Succeeded")], False),
        ([upgrade("UpgradingNodes", hv01="Succeeded")], False),
        ([upgrade("Succeeded", hv01="Pre-drained")], True),
    ],
)
def test_upgrade(objects: list[Object], met: bool) -> None:
    """Only one that has reached the nodes is in the way, until all others are done."""
    found = judged([*three(), *objects], HV03)["P5"]
    assert found.met is met
    assert judged([*three(), *objects], HV03, UpgradePlan=State.FORBIDDEN)["P5"].met is (met and None)


def test_host() -> None:
    """A kubelet that answers shows that it runs; a silent one shows nothing, unless a person marked the host as off."""
    silent = node("hv03", ready="Unknown")
    for ready in ("True", "False"):
        answers = judged([node("hv03", ready=ready)], HV03)["P6"]
        assert (answers.met, answers.untold) == (False, ())
    found = judged([silent], HV03)["P6"]
    assert (found.met, bool(found.by_hand)) == (None, True)
    assert judged([node("hv03", ready="Unknown", spec=OFF)], HV03)["P6"].met is True
    assert judged([node("hv03", spec=OFF)], HV03)["P6"].met is False


def test_host_of_a_machine_without_node() -> None:
    """It is not in the cluster; or it is, without another Machine, or with one whose plan it runs."""
    ghost = judged([*three(), *machine("hv09")], of_machine("hv09"))["P6"]
    assert (ghost.met, ghost.refs("host")) == (True, (of_node("hv09"),))
    old = machine("old", "", "", "")
    old[0]["metadata"]["labels"]["rke.cattle.io/node-name"] = "hv03"
    assert judged([*three(), *old], of_machine("old"))["P6"].met is False
    plan = node("hv03", labels={"rke.cattle.io/machine": machine("hv03")[0]["metadata"]["uid"]})
    found = judged([plan, *machine("hv03"), *old], of_machine("old"))["P6"]
    assert (found.met, found.told) == (True, "host hv03 belongs to another Machine, custom-hv03")


def test_host_of_a_bundle_says_as_what_it_registers() -> None:
    """The file of the orphan of issue 8236 names a Machine that does not exist."""
    found = judged_in("issue-8236", of_node("srv09"))["P6"]
    assert (found.met, found.value("registers as")) == (False, "custom-551c3acbbeb6")


# --- all of them ---------------------------------------------------------------------------------------------------

NEEDS = {
    "P1": {"Node"},
    "P2": {"Node", "Volume.longhorn.io", "Replica"},
    "P3": {"Node", "VirtualMachineInstance", "Setting"},
    "P4": {"Node", "Machine", "CustomMachine"},
    "P5": {"Upgrade", "UpgradePlan"},
    "P6": {"Node"},
}
"""Without which lists none of them is ever met."""
LIVING = [
    *three()[1:],
    node("hv01", ready="Unknown", spec=OFF),
    *(replica("pvc-1", host) for host in ("hv01", "hv02")),
    volume("pvc-1", on="hv01", vm="vm1"),
    vmi("vm1", "hv01"),
]
"""A host that is off, and would leave nothing behind: each of them is met."""


def test_all_are_met_where_all_was_seen() -> None:
    """Of the Node as of its Machine."""
    for subject in (of_node("hv01"), of_machine("hv01")):
        assert {found.id: found.met for found in judged(LIVING, subject).values()} == dict.fromkeys(NEEDS, True)


@pytest.mark.parametrize("state", [State.FAILED, State.FORBIDDEN, State.NOT_LOOKED_AT])
def test_none_is_met_without_a_list_that_it_needs(state: State) -> None:
    """Nor is it said not to be met for what was not seen."""
    kinds = sorted(set().union(*NEEDS.values()))
    for kind, subject in product(kinds, (of_node("hv01"), of_machine("hv01"))):
        late = kind == "UpgradePlan" and state is State.NOT_LOOKED_AT
        for name, found in judged(LIVING, subject, **{kind: state}).items():
            assert not (found.met and kind in NEEDS[name] and not late), (kind, name)
            assert found.met is not False, (kind, name, found.told)


@cache
def judged_in(bundle: str, subject: ObjectRef) -> dict[str, Precondition]:
    """The preconditions in a sample bundle."""
    return {found.id: found for found in judge(hd.open(BROKEN.with_name(f"{bundle}.zip")).facts, subject)}


def test_orphan_of_issue_8236() -> None:
    """The page of a careful operator: what is known of srv09."""
    assert {name: found.met for name, found in judged_in("issue-8236", of_node("srv09")).items()} == {
        "P1": True,
        "P2": True,
        "P3": None,
        "P4": True,
        "P5": True,
        "P6": False,
    }


def test_redacted_source_gives_the_same() -> None:
    """The questions to large kinds are asked with the names of the source."""
    redactor = Redactor(Key(bytes(range(32)), Path("of-a-test")))
    facts = Cluster(redact_snapshot(hd.open(BROKEN).snapshot, redactor)).facts
    subject = next(node for node in facts.pairing.nodes if redactor.reveal(node.name) == "srv09")
    plain = judged_in("issue-8236", of_node("srv09"))
    for found in judge(facts, subject):
        assert [(row.name, len(row.refs)) for row in found.values] == [
            (row.name, len(row.refs)) for row in plain[found.id].values
        ]
        assert "srv09" not in describe(found)
