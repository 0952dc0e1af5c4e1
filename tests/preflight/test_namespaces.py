"""Absence in every namespace: which sources prove it, and why the others do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvdiag.cluster import Cluster
from harvdiag.rules.facts import Facts, UnjudgedError, Unseen
from harvdiag.rules.namespaces import require_everywhere
from harvdiag.snapshot import Snapshot
from harvdiag.sources import open_source
from harvdiag.sources.files.reader import FilesReader
from harvdiag.sources.live.reader import connect
from harvdiag.sources.saved.reader import SavedReader
from harvdiag.training.world.cluster import CAPTURED_AT
from harvdiag.training.world.objects import new
from tests.api import Api, Rights
from tests.world.kit import write_bundle

VMI, POD = "VirtualMachineInstance", "Pod"
KUBEVIRT = "kubevirt.io/v1"
SYSTEM = ("default", "harvester-system")
SETTING = new("harvesterhci.io/v1beta1", "Setting", "server-version", value="v1.4.2")


def vmi(namespace: str, name: str = "vm1") -> dict[str, object]:
    """A running VM."""
    return new(KUBEVIRT, VMI, name, namespace, status={"phase": "Running"})


def pod(namespace: str) -> dict[str, object]:
    """A Pod that runs."""
    return new("v1", POD, "pod1", namespace, status={"phase": "Running"})


def space(name: str) -> dict[str, object]:
    """A namespace."""
    return new("v1", "Namespace", name)


def listed(*items: object, kind: str = "List", api: str = "v1") -> dict[str, object]:
    """A list as kubectl writes it, whichever namespaces were asked for."""
    return {"apiVersion": api, "kind": kind, "items": list(items)}


def gap(snapshot: Snapshot, kind: str = VMI) -> str:
    """Why a rule over all namespaces cannot judge; empty if it can."""
    try:
        require_everywhere(Facts(snapshot), kind)
    except UnjudgedError as error:
        return str(error)
    except Unseen as unseen:
        return unseen.gap
    return ""


def of_files(*documents: object, whole: bool = False) -> Snapshot:
    """What files with these documents give."""
    return Snapshot(FilesReader("lab", [(f"{n}.yaml", each) for n, each in enumerate(documents)], whole=whole))


def of_bundle(place: Path, *objects: dict[str, object], held: tuple[str, ...] = SYSTEM) -> Snapshot:
    """What a bundle with these objects gives."""
    path = place / "bundle.zip"
    return open_source(write_bundle(path, objects, captured_at=CAPTURED_AT, collected_namespaces=held))


def saved(snapshot: Snapshot, place: Path) -> Snapshot:
    """The same, saved and read again."""
    file = Cluster(snapshot).save(place / "saved.harvdiag.zip").path
    return Snapshot(SavedReader(file))


def test_a_bundle_has_no_namespaces_of_users(tmp_path: Path) -> None:
    """It names those that are missing; and so does a snapshot that was saved of it."""
    spaces = [space(name) for name in (*SYSTEM, "shop", "kube-public", "cattle-impersonation-system")]
    snapshot = of_bundle(tmp_path, SETTING, *map(pod, SYSTEM), vmi("default"), vmi("shop"), *spaces)
    why = gap(snapshot)
    assert why.startswith("VirtualMachineInstance: none of the 1 seen, but a support bundle has no namespaces of users")
    assert why.endswith("not in it: shop")
    assert "not in it: cattle-impersonation-system and shop" in gap(snapshot, POD)
    assert gap(saved(snapshot, tmp_path)) == why


def test_a_bundle_that_does_not_tell_of_namespaces_proves_nothing(tmp_path: Path) -> None:
    """Without the list of namespaces no others are known, nor whether any VM is there."""
    assert "none seen, but a support bundle" in gap(of_bundle(tmp_path, SETTING, pod("default")))


def test_a_bundle_with_every_namespace_proves_absence(tmp_path: Path) -> None:
    """Where the setting names all of them, what is not there does not exist."""
    held = (*SYSTEM, "shop")
    objects = [SETTING, *map(pod, SYSTEM), vmi("shop"), *map(space, held)]
    snapshot = of_bundle(tmp_path, *objects, held=held)
    assert (gap(snapshot), gap(saved(snapshot, tmp_path))) == ("", "")


@pytest.mark.parametrize(
    ("documents", "why"),
    [
        ([listed(vmi("shop"), vmi("default"))], ""),
        ([listed(pod("shop"), vmi("shop"), pod("default"))], ""),
        ([listed(kind=f"{VMI}List", api=KUBEVIRT)], ""),
        ([listed(vmi("shop"))], "of namespace shop, as with `-n`; give `kubectl get pods,virtualmachineinstances"),
        ([listed(pod("shop"), pod("default")), listed(vmi("shop"))], "of namespace shop"),
        ([listed(vmi("shop")), listed(vmi("default", "vm2"))], "of namespace default and shop"),
        ([vmi("shop"), vmi("default")], "only single objects"),
        ([listed(pod("shop"), pod("default"))], "no file holds any VirtualMachineInstance"),
    ],
)
def test_files_prove_absence_where_a_list_was_made_with_every_namespace(documents: list[object], why: str) -> None:
    """A list of two namespaces was; one of a single namespace may be all there is, and may not."""
    told = gap(of_files(*documents))
    assert (why in told) if why else not told


def test_documents_that_are_declared_whole_prove_absence() -> None:
    """As those of a scenario."""
    assert not gap(of_files(listed(vmi("shop")), whole=True))


@pytest.mark.parametrize(
    ("rights", "why"),
    [
        ({"*"}, ""),
        (Rights({"namespaces"}, {"shop": {"*"}, "harvester-system": {"*"}}), "1 other namespace may not be listed"),
        (Rights({"namespaces"}, {"shop": {"*"}}), "forbidden"),
        (Rights(set(), {"shop": {"*"}, "harvester-system": {"*"}}), "namespaces may not be listed"),
    ],
)
def test_a_login_that_may_list_some_namespaces_proves_nothing(rights: object, why: str, tmp_path: Path) -> None:
    """Nor does a snapshot that was saved with it."""
    objects = [SETTING, vmi("shop"), *map(space, ("shop", "default", "harvester-system"))]
    with Api(objects, rights=rights) as api:
        snapshot = Snapshot(connect(kubeconfig=api.kubeconfig(tmp_path / "config")))
        told = gap(snapshot)
        assert (why in told) if why else not told
        assert gap(saved(snapshot, tmp_path)) == told


def test_of_vms_names_and_marks_are_kept_and_no_user_data(tmp_path: Path) -> None:
    """What binds a VM to its host is kept, through a file as well."""
    volumes = [
        {"name": "seed", "cloudInitNoCloud": {"userData": "hunter2", "secretRef": {"name": "hunter2"}}},
        {"name": "extra", "persistentVolumeClaim": {"claimName": "extra", "hotpluggable": True}},
        {"name": "tools", "containerDisk": {"image": "tools:1", "imagePullSecret": "hunter2"}},
    ]
    devices = {"disks": [{"name": "cd", "cdrom": {"bus": "sata"}}], "hostDevices": [{"name": "a", "tag": "hunter2"}]}
    spec = {"volumes": volumes, "domain": {"devices": devices, "firmware": {"serial": "hunter2"}}}
    found = new(KUBEVIRT, VMI, "vm1", "shop", spec=spec, status={"phase": "Running"})
    snapshot = of_files(
        listed(found, new(KUBEVIRT, "VirtualMachine", "vm1", "shop", spec={"template": {"spec": spec}}))
    )
    snapshot.load([VMI, "VirtualMachine"])
    for each in (snapshot, saved(snapshot, tmp_path)):
        text = str([*each.objects(VMI), *each.objects("VirtualMachine")])
        assert "hunter2" not in text
        assert text.count("'cdrom': {'bus': 'sata'}") == text.count("'image': 'tools:1'") == 2
        assert text.count("'hotpluggable': True") == 1
