"""What can hold credentials: which kinds are never kept, and of which objects only a part is."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harvdiag as hd
from harvdiag.core.model import State
from harvdiag.kinds import CATALOGUE, kind_for_resource
from harvdiag.kinds.sensitive import WITHHELD_SETTINGS, is_sensitive, redact_objects
from harvdiag.snapshot import Listing
from harvdiag.snapshot.reader import vet_listing
from tests.sample import examples

HIDDEN = "hunter2"
SETTINGS = "settings.harvesterhci.io"
MANAGEMENT = "clusters.management.cattle.io"


def setting(name: str, **fields: Any) -> dict[str, Any]:
    """A Setting with something in it that nobody should see."""
    copy = {"kubectl.kubernetes.io/last-applied-configuration": f'{{"value": "{HIDDEN}"}}'}
    return {
        "apiVersion": "harvesterhci.io/v1beta1",
        "kind": "Setting",
        "metadata": {"name": name, "uid": "u-1", "creationTimestamp": "2025-05-08T10:00:00Z", "annotations": copy},
        "value": HIDDEN,
        "default": HIDDEN,
        "status": {"conditions": [{"type": "configured", "message": f"cannot use {HIDDEN}"}]},
        **fields,
    }


# --- Settings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(WITHHELD_SETTINGS))
def test_setting_that_a_bundle_leaves_out_is_kept_without_what_it_says(name: str) -> None:
    """That it exists, and since when; the object that came in stays as it was."""
    obj = setting(name)
    before = deepcopy(obj)
    (kept,) = redact_objects(SETTINGS, [obj])
    assert kept == {
        "apiVersion": "harvesterhci.io/v1beta1",
        "kind": "Setting",
        "metadata": {"name": name, "uid": "u-1", "creationTimestamp": "2025-05-08T10:00:00Z"},
    }
    assert obj == before


def test_the_settings_are_those_of_the_collector() -> None:
    """As listed in pkg/manager/collectors/harvester.go of rancher/support-bundle-kit."""
    assert sorted(WITHHELD_SETTINGS) == [
        "additional-ca",
        "cluster-registration-url",
        "containerd-registry",
        "ssl-certificates",
    ]


def test_the_page_names_them() -> None:
    """docs/access.md tells operators which."""
    page = (Path(hd.__file__).parents[1] / "docs" / "access.md").read_text(encoding="utf-8")
    assert [name for name in WITHHELD_SETTINGS if f"`{name}`" not in page] == []


def test_of_other_settings_only_those_keep_a_value_that_are_used() -> None:
    """The version, and of the target of backups what a check asks for; never the copy in an annotation."""
    version, proxy = (setting(name, value="v1.4.2") for name in ("server-version", "http-proxy"))
    keys = {"endpoint": f"https://me:{HIDDEN}@s3.example", "accessKeyId": HIDDEN, "secretAccessKey": HIDDEN}
    target = setting("backup-target", value=json.dumps({"type": "s3", **keys, "refreshIntervalInSeconds": 60}))
    kept = {obj["metadata"]["name"]: obj for obj in redact_objects(SETTINGS, [version, proxy, target])}
    assert kept["server-version"]["value"] == "v1.4.2"
    assert kept["server-version"]["metadata"]["annotations"] == {}
    assert {*kept["http-proxy"]} == {"apiVersion", "kind", "metadata"}
    assert json.loads(kept["backup-target"]["value"]) == {
        "type": "s3",
        "endpoint": "https://me:***@s3.example",
        "refreshIntervalInSeconds": 60,
    }
    assert HIDDEN not in json.dumps([kept["http-proxy"], kept["backup-target"]])


def test_of_networks_only_their_addresses_are_kept() -> None:
    """Written as JSON: what is not JSON is told as such, and nothing of it is kept; nor of the default."""
    share = {"share-storage-network": False, "network": {"range": "10.0.0.0/24", "vlan": 7, "x": HIDDEN}}
    objects = [
        setting("storage-network", value=f'{{"range": "10.0.0.0/24", {HIDDEN}'),
        setting("rwx-network", value="", default=json.dumps(share | {"y": HIDDEN})),
    ]
    storage, rwx = redact_objects(SETTINGS, objects)
    assert storage["value"] == "not JSON"
    assert json.loads(rwx["default"]) == {"share-storage-network": False, "network": {"range": "10.0.0.0/24"}}
    assert rwx["value"] == ""
    assert HIDDEN not in json.dumps([storage, rwx])


def test_a_namesake_of_another_group_stays_whole() -> None:
    obj = {"kind": "Setting", "metadata": {"name": "containerd-registry"}, "value": "a long value"}
    for resource in ("settings.longhorn.io", "nodes", "settings"):
        assert redact_objects(resource, [obj])[0] is obj


FIELDS = ["value", "default", "spec", "status", "customized", "source", "data", "x", "metadata"]
METADATA = ["annotations", "labels", "managedFields", "ownerReferences", "finalizers", "generateName", "x", "selfLink"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text().map(lambda text: f"{text}{HIDDEN}{text}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(FIELDS), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(100), deadline=None)
@given(
    st.sampled_from(sorted(WITHHELD_SETTINGS)),
    st.dictionaries(st.sampled_from(FIELDS[:-1]) | st.text(), VALUES),
    st.dictionaries(st.sampled_from(METADATA), VALUES),
)
def test_whatever_such_a_setting_looks_like_nothing_of_it_survives(
    name: str, fields: dict[str, Any], metadata: dict[str, Any]
) -> None:
    """In no field, wherever a next version may put it; only what the server itself sets is kept."""
    obj = {**fields, **setting(name), "metadata": {**metadata, "name": name, "uid": "u-1"}}
    obj |= {key: value for key, value in fields.items() if key not in {"apiVersion", "kind", "metadata"}}
    kept, entry = vet_listing(Listing(kind=CATALOGUE["Setting"], version="v1beta1", items=(obj,)))
    assert (len(kept), entry.state) == (1, State.COLLECTED)
    assert HIDDEN not in json.dumps(kept)
    assert kept[0]["metadata"] == {"name": name, "uid": "u-1"}


def test_files_give_no_more_than_any_other_source(tmp_path: Path) -> None:
    """`kubectl get settings.harvesterhci.io -o json`, through the objects and the table."""
    items = [setting(name) for name in sorted(WITHHELD_SETTINGS)]
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
    table = hd.open(str(path)).table("Setting")
    assert list(table["name"]) == sorted(WITHHELD_SETTINGS)
    assert HIDDEN not in table.to_csv()


# --- Rancher's Cluster ---------------------------------------------------------------------------------------------


def test_token_of_the_management_cluster_is_dropped() -> None:
    """Rancher before 2.6.7 held it in the status; the rest stays, and so does the object that came in."""
    status = {"version": {"gitVersion": "v1.24.7+rke2r1"}, "serviceAccountToken": HIDDEN}
    obj = {"kind": "Cluster", "metadata": {"name": "local"}, "status": status}
    (kept,) = redact_objects(MANAGEMENT, [obj])
    assert kept == {**obj, "status": {"version": {"gitVersion": "v1.24.7+rke2r1"}}}
    assert obj["status"] == status
    assert "serviceAccountToken" in status


@pytest.mark.parametrize(
    "status", [None, [], "x", {}, {"serviceAccountToken": None}, {"serviceAccountTokenSecret": "x"}]
)
def test_management_cluster_without_token_stays_whole(status: Any) -> None:
    """Whatever its status is."""
    obj = {"kind": "Cluster", "metadata": {"name": "local"}, "status": status}
    assert redact_objects(MANAGEMENT, [obj])[0] is obj


# --- Secrets -------------------------------------------------------------------------------------------------------


def test_secrets_are_plans_without_their_plan() -> None:
    """The rules of plan Secrets hold for every list of Secrets."""
    plan = {"type": "rke.cattle.io/machine-plan", "metadata": {"name": "a"}, "data": {"plan": HIDDEN}}
    other = {"type": "Opaque", "metadata": {"name": "b"}, "data": {"x": HIDDEN}}
    assert [(obj["metadata"]["name"], obj["data"]) for obj in redact_objects("secrets", [plan, other])] == [("a", {})]


# --- kinds that are there for credentials --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "plural"),
    [
        ("management.cattle.io", "tokens"),
        ("management.cattle.io", "authtokens"),
        ("management.cattle.io", "samltokens"),
        ("management.cattle.io", "clusterregistrationtokens"),
        ("management.cattle.io", "cloudcredentials"),
        ("management.cattle.io", "authconfigs"),
        ("management.cattle.io", "users"),
        ("ext.cattle.io", "tokens"),
        ("ext.cattle.io", "kubeconfigs"),
        ("ext.cattle.io", "passwordchangerequests"),
        ("fleet.cattle.io", "clusterregistrationtokens"),
        ("authentication.k8s.io", "tokenreviews"),
        ("bitnami.com", "sealedsecrets"),
    ],
)
def test_kinds_for_credentials_are_withheld(group: str, plural: str) -> None:
    """Whatever a source gave of them, nothing is kept, and the coverage says that it was not looked at."""
    assert is_sensitive(group, plural)
    obj = {"apiVersion": f"{group}/v1", "kind": "X", "metadata": {"name": "a"}, "token": HIDDEN}
    kept, entry = vet_listing(Listing(kind=kind_for_resource(group, plural), version="v1", items=(obj,)))
    assert (kept, entry.count, entry.state) == ([], 0, State.NOT_LOOKED_AT)
    assert entry.reason == "holds credentials: harvdiag never reads it"


@pytest.mark.parametrize(
    ("group", "plural"),
    [(kind.group, kind.plural) for kind in CATALOGUE.values()]
    + [("", "pods"), ("", "configmaps"), ("", "serviceaccounts"), ("management.cattle.io", "nodes"), ("x.io", "users")],
)
def test_all_other_kinds_are_not(group: str, plural: str) -> None:
    """None of the catalogue; Secrets neither, for the plans among them are kept."""
    assert not is_sensitive(group, plural)


# --- VMs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", ["virtualmachineinstances.kubevirt.io", "virtualmachines.kubevirt.io"])
def test_the_user_data_of_a_vm_is_not_kept(resource: str) -> None:
    """Cloud-init data stands in plain text in its volumes, and in what copies them; where it runs is kept."""
    volumes = [{"name": "cloud", "cloudInitNoCloud": {"userData": f"#cloud-config\npassword: {HIDDEN}"}}]
    vm = {
        "kind": "VirtualMachineInstance",
        "metadata": {
            "name": "web",
            "labels": {"kubevirt.io/nodeName": "hv01"},
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps(volumes),
                "harvesterhci.io/volumeClaimTemplates": json.dumps(volumes),
                "harvesterhci.io/vmRunStrategy": "RerunOnFailure",
            },
        },
        "spec": {"volumes": volumes, "template": {"spec": {"volumes": volumes}}, "evictionStrategy": "LiveMigrate"},
        "status": {"nodeName": "hv01", "phase": "Running"},
    }
    before = deepcopy(vm)
    (kept,) = redact_objects(resource, [vm])
    assert HIDDEN not in json.dumps(kept)
    assert kept["spec"]["evictionStrategy"] == "LiveMigrate"
    assert kept["status"] == vm["status"]
    assert kept["metadata"]["annotations"] == {"harvesterhci.io/vmRunStrategy": "RerunOnFailure"}
    assert vm == before


@pytest.mark.parametrize("vm", [{"metadata": None}, {"spec": None, "metadata": {}}, {"metadata": {"annotations": "x"}}])
def test_a_vm_that_is_none_does_no_harm(vm: dict[str, Any]) -> None:
    assert redact_objects("virtualmachines.kubevirt.io", [vm]) != []
