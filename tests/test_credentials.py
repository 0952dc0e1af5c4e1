"""What is kept of any object: no credential, wherever it stands, and what tells about the cluster as it was."""

from __future__ import annotations

import base64
import gzip
import json
import zipfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harvdiag as hd
from harvdiag.kinds import CATALOGUE, kind_for_resource
from harvdiag.kinds.plansecret import PLAN_TYPE, strip_plan
from harvdiag.kinds.sensitive import PLAIN
from harvdiag.snapshot import Listing
from harvdiag.snapshot.reader import vet_listing
from harvdiag.training.world.objects import new
from tests.routes import SCENARIOS, from_bundle, scenario
from tests.sample import examples

HIDDEN = "hunter2"
COPY = json.dumps({"apiVersion": "v1", "kind": "X", "spec": {"password": HIDDEN}})
PACKED = base64.b64encode(gzip.compress(COPY.encode())).decode()
USER_DATA = f"#cloud-config\npassword: {HIDDEN}\nssh_pwauth: true"
CONTAINER = {
    "name": "main",
    "image": "rancher/shell:v0.1",
    "args": ["serve", "--token", HIDDEN, f"--url=https://me:{HIDDEN}@host/x"],
    "env": [
        {"name": "PROXY", "value": HIDDEN},
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    ],
}
SPEC: dict[str, Any] = {
    "agentEnvVars": [{"name": "HTTPS_PROXY", "value": f"http://me:{HIDDEN}@proxy"}],
    "template": {"spec": {"containers": [CONTAINER], "nodeName": "hv01"}},
    "upgrade": {"image": "i", "envs": [{"name": "X", "value": HIDDEN}]},
    "volumes": [{"name": "v", "cloudInitNoCloud": {"userData": USER_DATA, "secretRef": {"name": "s"}}}],
    "values": {"grafana": {"adminPassword": HIDDEN}},
    "valuesContent": f"bootstrap: {HIDDEN}",
    "smtp": {"auth": {"user": HIDDEN}, "clientSecret": HIDDEN, "headers": [{"name": "x-token", "value": HIDDEN}]},
    "url": f"s3://me:{HIDDEN}@host/bucket",
    "secretName": "kept-name",
}
STATUS = {"conditions": [{"type": "Ready", "status": "False", "message": f"login failed: password={HIDDEN} of hv01"}]}
NOTES = {
    "kubectl.kubernetes.io/last-applied-configuration": COPY,
    "objectset.rio.cattle.io/applied": PACKED,
    "example.com/any-copy": COPY,
    "example.com/any-packed": PACKED,
    "example.com/api-key": HIDDEN,
    "rke2.io/node-args": f'["agent","--token","{HIDDEN}"]',
    "example.com/kept": "as it is",
}
OTHERS = {
    "virtualmachinetemplateversions.harvesterhci.io": {"spec": {"vm": {"x": HIDDEN}}},
    "virtualmachinebackups.harvesterhci.io": {"status": {"source": {"x": HIDDEN}}},
    "virtualmachinesnapshotcontents.snapshot.kubevirt.io": {"spec": {"source": {"x": HIDDEN}}},
    "controllerrevisions.apps": {"data": {"spec": {"x": HIDDEN}}},
    "cloudinits.node.harvesterhci.io": {"spec": {"contents": HIDDEN}},
    "keypairs.harvesterhci.io": {"spec": {"publicKey": HIDDEN}},
    "bundledeployments.fleet.cattle.io": {"spec": {"options": {"helm": HIDDEN}}},
    "contents.fleet.cattle.io": {"content": HIDDEN},
    "helmcharts.helm.cattle.io": {"spec": {"set": {"x": HIDDEN}}},
    "configmaps": {"kind": "ConfigMap", "data": {"config.yaml": f"a: 1\npassword: {HIDDEN}"}},
    "widgets.example.com": {"stringData": {"x": HIDDEN}},
    "bundles.fleet.cattle.io": {"spec": {"resources": [{"content": HIDDEN}], "targets": [{"helm": HIDDEN}]}},
    "rkecontrolplanes.rke.cattle.io": {"spec": {"machineGlobalConfig": {"x": HIDDEN}, "etcd": {"s3": {"x": HIDDEN}}}},
}
KINDS = [*(kind.resource for kind in CATALOGUE.values() if kind.served), *OTHERS]


def vetted(resource: str, obj: dict[str, Any]) -> dict[str, Any]:
    """The object as any source gives it on."""
    plural, _, group = resource.partition(".")
    kept, _ = vet_listing(Listing(kind=kind_for_resource(group, plural), version="v1", items=(obj,)))
    return kept[0]


@pytest.mark.parametrize("resource", dict.fromkeys(KINDS))
def test_no_credential_is_kept_of_any_kind(resource: str) -> None:
    """By name, by form, in copies and in what was given to charts, hosts and VMs; the object stays as it was."""
    more = OTHERS.get(resource, {})
    obj: dict[str, Any] = {"type": PLAN_TYPE, "status": STATUS, **more}
    obj["metadata"] = {"name": "a", "uid": "u-1", "annotations": NOTES}
    template = {"template": SPEC["template"]}
    obj["spec"] = {} if resource in PLAIN else template if resource == "jobs.batch" else SPEC | more.get("spec", {})
    obj |= {"message": f"token={HIDDEN}"} if resource == "events" else {}
    before = deepcopy(obj)
    kept = json.dumps(vetted(resource, obj))
    assert HIDDEN not in kept
    assert "H4sI" not in kept
    assert obj == before


def test_what_tells_about_the_cluster_is_kept() -> None:
    """Names, images, where a value comes from, what a message says beside the credential."""
    kept = vetted(
        "statefulsets.apps", {"metadata": {"name": "a", "annotations": NOTES}, "spec": SPEC, "status": STATUS}
    )
    assert kept["metadata"]["annotations"] == {
        "example.com/api-key": "***",
        "rke2.io/node-args": '["agent","--token","***"]',
        "example.com/kept": "as it is",
    }
    (container,) = kept["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["serve", "--token", "***", "--url=https://me:***@host/x"]
    assert container["env"] == [{"name": "PROXY"}, CONTAINER["env"][1]]
    assert container["image"] == CONTAINER["image"]
    assert kept["spec"]["template"]["spec"]["nodeName"] == "hv01"
    assert kept["spec"]["volumes"][0]["cloudInitNoCloud"] == {"userData": "***", "secretRef": {"name": "s"}}
    assert kept["spec"]["secretName"] == "kept-name"
    assert kept["status"]["conditions"][0]["message"] == "login failed: password=*** of hv01"


@settings(max_examples=examples(60), deadline=None)
@given(
    st.recursive(
        st.sampled_from([f"password={HIDDEN}", f"https://a:{HIDDEN}@b", "x" * 40, "", None, True, 7]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*SPEC, "a", "name", "value", "command", "items"]), inner, max_size=4)
        ),
    ),
    st.sampled_from(["data", "spec", "status", "x"]),
)
def test_whatever_an_object_looks_like_nothing_survives(value: Any, field: str) -> None:
    """At any depth, whatever form the fields have that usually hold lists or maps."""
    obj = {"metadata": {"name": "a", "annotations": {"x": value}}, field: value}
    assert HIDDEN not in json.dumps(vetted("widgets.example.com", obj))


def test_no_credential_is_handed_on(tmp_path: Path) -> None:
    """Neither in a snapshot file nor in the page to explore, in whatever field of a kind of the catalogue it stands."""
    objects = [deepcopy(obj) for obj in scenario(SCENARIOS / "upgrade-blocked-by-orphan-node" / "speaks.yaml").objects]
    for obj in objects:
        obj["metadata"].setdefault("annotations", {}).update(NOTES)
        obj["spec"] = {**SPEC, "unheardOf": HIDDEN, **(obj.get("spec") or {})}
        obj["unheardOf"] = HIDDEN
    maps = new("v1", "ConfigMap", "c", "harvester-system", data={"any.ini": HIDDEN})
    cluster = from_bundle(tmp_path, [*objects, maps])
    saved = cluster.save(tmp_path / "s.harvdiag.zip", ["configmaps"])
    with zipfile.ZipFile(saved.path) as box:
        text = b"\n".join(box.read(name) for name in box.namelist()).decode()
    assert "any.ini" in text
    assert HIDDEN not in text
    assert HIDDEN not in hd.explore(cluster).html


@pytest.mark.parametrize("key", ["env", "agentEnvVars", "args", "command", "values"])
def test_lists_in_lists_are_masked_too(key: str) -> None:
    """Where an API has a list of maps or of words, an annotation may have any form."""
    obj = {"metadata": {"name": "a", "annotations": {"x": {key: [[f"password={HIDDEN}"]]}}}}
    assert HIDDEN not in json.dumps(vetted("nodes", obj))


def test_credentials_in_the_status_of_a_plan_are_masked() -> None:
    """Within the encoding in which it is kept; another answer stays as it is."""
    told, plain = ('{"calico":{"healthy":false,"error":"%s"}}' % (text * 4) for text in ("password=pw123456 ", "down "))
    data = {"probe-statuses": base64.b64encode(told.encode()).decode(), "success-count": "MQ=="}
    kept: Any = strip_plan({"type": PLAN_TYPE, "data": data})
    assert b"pw123456" not in base64.b64decode(kept["data"]["probe-statuses"])
    data["probe-statuses"] = base64.b64encode((plain * 3).encode()).decode()
    assert strip_plan({"type": PLAN_TYPE, "data": data}) == {"type": PLAN_TYPE, "data": data}
