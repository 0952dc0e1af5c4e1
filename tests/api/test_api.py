"""The server answers as a real one does: what it serves, how it lists, whom it refuses."""

from __future__ import annotations

import gzip
import json
import urllib.error
import urllib.request
from http.client import HTTPConnection
from typing import Any

import pytest

from harvdiag.training.world.objects import FLEET, new
from tests.api import TOKEN, Api, Rights
from tests.api.fixture import OF_HARVESTER, Serve
from tests.world import healthy

PARTIAL = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
ONE_PARTIAL = PARTIAL.replace("List;", ";")
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
BOTH = ",".join([AGGREGATED.format("v2"), AGGREGATED.format("v2beta1"), "application/json"])
MACHINES = "/apis/cluster.x-k8s.io/v1beta1/machines"
PLANS = f"/api/v1/namespaces/{FLEET}/secrets"
WORLD = healthy(lean=False)


def call(api: Api, path: str, method: str = "GET", **headers: str) -> tuple[int, Any, Any]:
    """Status, headers and document (or text) of an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = urllib.request.Request(api.url + path, method=method, headers=named)  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            code, told, body = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            code, told, body = error.code, error.headers, error.read()
    if told.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return code, told, json.loads(body) if body and "json" in told["Content-Type"] else body.decode()


def get(api: Api, path: str, **headers: str) -> Any:
    """The document of an answer that is well."""
    code, _, document = call(api, path, **headers)
    assert code == 200, document
    return document


def names(document: Any) -> list[str]:
    """The names of a list's items."""
    return [item["metadata"]["name"] for item in document["items"]]


def refused(code: int, reason: str, message: str, **details: str) -> tuple[int, dict[str, Any]]:
    """An error as the real server words it."""
    head = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return code, head | {"reason": reason, "details": details, "code": code}


def test_built_in_items_have_no_kind_and_custom_ones_have(serve: Serve) -> None:
    api = serve(WORLD.objects)
    nodes, machines = get(api, "/api/v1/nodes"), get(api, MACHINES)
    assert (nodes["kind"], nodes["apiVersion"]) == ("NodeList", "v1")
    assert all("kind" not in item and "apiVersion" not in item for item in nodes["items"])
    assert (machines["kind"], machines["apiVersion"]) == ("MachineList", "cluster.x-k8s.io/v1beta1")
    assert {(item["kind"], item["apiVersion"]) for item in machines["items"]} == {
        ("Machine", "cluster.x-k8s.io/v1beta1")
    }
    assert machines["metadata"].pop("continue") == ""
    assert machines["metadata"] == nodes["metadata"] == {"resourceVersion": "81000001"}


def test_objects_come_unchanged(serve: Serve) -> None:
    api = serve(WORLD.objects)
    node = WORLD.get("Node", "hv02")
    assert get(api, "/api/v1/nodes/hv02") == node
    assert get(api, "/api/v1/nodes")["items"][1] == {k: v for k, v in node.items() if k not in ("kind", "apiVersion")}


def test_pages_add_up_to_the_list_in_the_order_of_etcd(serve: Serve) -> None:
    api = serve(WORLD.objects)
    whole = get(api, "/api/v1/pods")
    keys = [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in whole["items"]]
    assert keys == sorted(keys)
    found, left, token = [], [], ""
    while True:
        page = get(api, f"/api/v1/pods?limit=7&continue={token}")
        found += page["items"]
        left.append(page["metadata"].get("remainingItemCount", 0))
        token = page["metadata"].get("continue", "")
        if not token:
            break
    assert found == whole["items"]
    assert left == [max(0, len(keys) - seen) for seen in range(7, len(keys) + 7, 7)]


def test_a_list_that_was_begun_goes_on_with_what_was(serve: Serve) -> None:
    api = serve([new("v1", "ConfigMap", name, "default") for name in "abcd"])
    first = get(api, "/api/v1/configmaps?limit=2")
    api.replace([new("v1", "ConfigMap", "z", "default")])
    rest = get(api, f"/api/v1/configmaps?limit=2&continue={first['metadata']['continue']}")
    assert names(first) + names(rest) == list("abcd")
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert names(get(api, "/api/v1/configmaps")) == ["z"]


def test_a_list_whose_moment_is_forgotten_ends_with_410(serve: Serve) -> None:
    api = serve([new("v1", "ConfigMap", name, "default") for name in "abcd"])
    token = get(api, "/api/v1/configmaps?limit=2")["metadata"]["continue"]
    api.replace([new("v1", "ConfigMap", name, "default") for name in "bcde"])
    api.forget()
    code, _, told = call(api, f"/api/v1/configmaps?limit=2&continue={token}")
    assert (code, told["code"], told["reason"], set(told["metadata"])) == (410, 410, "Expired", {"continue"})
    assert "details" not in told
    rest = get(api, f"/api/v1/configmaps?limit=9&continue={told['metadata']['continue']}")
    assert names(rest) == list("cde")


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("metadata.name=b", ["b"]),
        ("metadata.name!=b", ["a", "c"]),
        ("metadata.namespace=one", ["a", "b"]),
        ("metadata.namespace==one,metadata.name=a", ["a"]),
        ("metadata.name=harvdiag-asks-nothing", []),
    ],
)
def test_fields_select(serve: Serve, selector: str, found: list[str]) -> None:
    api = serve([new("v1", "ConfigMap", name, space) for name, space in zip("abc", ("one", "one", "two"), strict=True)])
    assert names(get(api, f"/api/v1/configmaps?fieldSelector={selector}")) == found


def test_secrets_are_selected_by_type_and_shown_as_metadata(serve: Serve) -> None:
    other = new("v1", "Secret", "other", FLEET, type="Opaque", data={"key": "aGlkZGVu"})
    api = serve([*healthy().objects, other])
    plans = get(api, f"{PLANS}?fieldSelector=type=rke.cattle.io/machine-plan", Accept=PARTIAL)
    assert (plans["kind"], plans["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert {tuple(item) for item in plans["items"]} == {("kind", "apiVersion", "metadata")}
    assert {item["kind"] for item in plans["items"]} == {"PartialObjectMetadata"}
    assert len(plans["items"]) == 3
    api.assert_only_read()


@pytest.mark.parametrize("headers", [{}, {"Accept": "application/json"}, {"Accept": f"{PARTIAL},application/json"}])
def test_a_request_that_could_show_a_secret_is_told(serve: Serve, headers: dict[str, str]) -> None:
    api = serve(healthy().objects)
    get(api, PLANS, **headers)
    with pytest.raises(AssertionError, match="Secret data was asked for"):
        api.assert_only_read()


def test_a_single_secret_is_told_even_as_metadata(serve: Serve) -> None:
    api = serve(healthy().objects)
    get(api, f"{PLANS}/{healthy().machine_of('hv01')}-machine-plan", Accept=ONE_PARTIAL)
    with pytest.raises(AssertionError, match="Secret data was asked for"):
        api.assert_only_read()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_nothing_can_be_written_and_trying_is_told(serve: Serve, method: str) -> None:
    api = serve(WORLD.objects)
    connection = HTTPConnection("127.0.0.1", api.server.port, timeout=10)
    connection.request(method, "/api/v1/nodes", body=b"{}")
    assert connection.getresponse().status == 405
    connection.close()
    assert [(request.method, request.status) for request in api.requests] == [(method, 405)]
    with pytest.raises(AssertionError, match="not only read"):
        api.assert_only_read()


@pytest.mark.parametrize("path", ["/api/v1/nodes?watch=true", "/api/v1/watch/nodes"])
def test_a_watch_is_told(serve: Serve, path: str) -> None:
    api = serve(WORLD.objects)
    assert call(api, path)[0] in (400, 404)
    with pytest.raises(AssertionError, match="a watch was opened"):
        api.assert_only_read()


@pytest.mark.parametrize("aggregated", [True, "v2beta1"])
def test_discovery_in_one_document(serve: Serve, aggregated: bool | str) -> None:
    api = serve(WORLD.objects, aggregated=aggregated)
    version = "v2" if aggregated is True else "v2beta1"
    for path in ("/api", "/apis"):
        code, headers, told = call(api, path, Accept=BOTH)
        assert (code, headers["Content-Type"]) == (200, AGGREGATED.format(version))
        assert (told["kind"], told["apiVersion"]) == ("APIGroupDiscoveryList", f"apidiscovery.k8s.io/{version}")
    assert call(api, "/apis", Accept=BOTH, If_None_Match=headers["ETag"])[0] == 304
    groups = {group["metadata"]["name"]: group for group in told["items"]}
    (served,) = groups["cluster.x-k8s.io"]["versions"]
    assert (served["version"], served["freshness"]) == ("v1beta1", "Current")
    machines = next(row for row in served["resources"] if row["resource"] == "machines")
    assert machines["responseKind"] == {"group": "cluster.x-k8s.io", "version": "v1beta1", "kind": "Machine"}
    assert (machines["scope"], machines["singularResource"]) == ("Namespaced", "machine")
    assert {"get", "list", "watch"} <= set(machines["verbs"])


def test_discovery_of_an_old_server(serve: Serve) -> None:
    api = serve(WORLD.objects, aggregated=False)
    assert get(api, "/api", Accept=BOTH)["versions"] == ["v1"]
    groups = get(api, "/apis", Accept=BOTH)
    assert (groups["kind"], groups["apiVersion"]) == ("APIGroupList", "v1")
    batch = next(group for group in groups["groups"] if group["name"] == "batch")
    assert batch["preferredVersion"] == {"groupVersion": "batch/v1", "version": "v1"} == batch["versions"][0]
    rows = {row["name"]: row for row in get(api, "/api/v1")["resources"]}
    assert rows["nodes"] | {"verbs": []} == {
        "name": "nodes",
        "singularName": "node",
        "namespaced": False,
        "kind": "Node",
        "verbs": [],
        "shortNames": ["no"],
    }
    assert get(api, "/apis/rke.cattle.io/v1")["groupVersion"] == "rke.cattle.io/v1"
    assert call(api, "/apis", Accept=AGGREGATED.format("v2"))[0] == 406


def test_both_versions_of_cluster_api_show_the_same_objects(serve: Serve) -> None:
    api = serve(WORLD.objects, versions={"cluster.x-k8s.io": ["v1beta1", "v1beta2"]})
    group = get(api, "/apis/cluster.x-k8s.io")
    assert [row["version"] for row in group["versions"]] == ["v1beta2", "v1beta1"]
    old, new_ones = get(api, MACHINES), get(api, MACHINES.replace("beta1", "beta2"))
    assert {item.pop("apiVersion") for item in old["items"]} == {"cluster.x-k8s.io/v1beta1"}
    assert {item.pop("apiVersion") for item in new_ones["items"]} == {"cluster.x-k8s.io/v1beta2"}
    assert old["items"] == new_ones["items"]


def test_versions_are_those_of_the_objects_else_the_usual_ones(serve: Serve) -> None:
    assert get(serve(), MACHINES)["items"] == []
    newer = serve(healthy(version="v1.8.2").objects)
    assert len(get(newer, MACHINES.replace("beta1", "beta2"))["items"]) == 3
    assert call(newer, MACHINES)[0] == 404


def test_a_kind_can_be_missing(serve: Serve) -> None:
    api = serve(missing={"machines.cluster.x-k8s.io", *OF_HARVESTER})
    assert call(api, MACHINES)[::2] == (404, "404 page not found\n")
    assert get(api, "/apis/cluster.x-k8s.io/v1beta1/clusters")["items"] == []
    assert "harvesterhci.io" not in str(get(api, "/apis", Accept=BOTH))


def test_what_is_not_there_is_refused_as_the_real_server_does(serve: Serve) -> None:
    api = serve(WORLD.objects)
    nothing = refused(404, "NotFound", "the server could not find the requested resource")
    assert call(api, "/api/v1/none")[::2] == nothing
    none = refused(404, "NotFound", 'nodes "none" not found', name="none", kind="nodes")
    assert call(api, "/api/v1/nodes/none")[::2] == none
    assert call(api, "/api/v1/nodes?labelSelector=a=b")[2]["reason"] == "BadRequest"
    assert call(api, "/api/v1/nodes?fieldSelector=spec.x=y")[2]["message"] == "field label not supported: spec.x"
    assert call(api, "/api/v1/nodes?continue=x")[0] == 400


@pytest.mark.parametrize(
    ("path", "accept", "code"),
    [
        ("/api/v1/nodes", "text/html", 406),
        ("/api/v1/nodes", ONE_PARTIAL, 406),
        ("/api/v1/nodes/hv01", PARTIAL, 406),
        ("/api/v1/nodes/hv01", ONE_PARTIAL, 200),
        ("/api/v1/nodes", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json", 200),
        ("/api/v1/nodes", "application/vnd.kubernetes.protobuf,*/*", 200),
    ],
)
def test_an_accept_header_that_cannot_be_served_is_refused(serve: Serve, path: str, accept: str, code: int) -> None:
    found, _, told = call(serve(WORLD.objects), path, Accept=accept)
    assert found == code
    assert told.get("reason") == ("NotAcceptable" if code == 406 else None)


def test_who_may_not_is_told_so(serve: Serve) -> None:
    api = serve(WORLD.objects, rights=Rights({"nodes"}, {"default": {"jobs.batch"}}))
    assert len(get(api, "/api/v1/nodes")["items"]) == 3
    assert get(api, "/apis/batch/v1/namespaces/default/jobs")["items"] == []
    who = 'is forbidden: User "reader" cannot'
    machines = f'machines.cluster.x-k8s.io {who} list resource "machines" in API group "cluster.x-k8s.io"'
    details = {"group": "cluster.x-k8s.io", "kind": "machines"}
    where = f"{machines} at the cluster scope"
    assert call(api, MACHINES)[::2] == refused(403, "Forbidden", where, **details)
    where = f'{machines} in the namespace "x"'
    path = "/apis/cluster.x-k8s.io/v1beta1/namespaces/x/machines"
    assert call(api, path)[::2] == refused(403, "Forbidden", where, **details)
    proxy = f'nodes "hv01" {who} get resource "nodes/proxy" in API group "" at the cluster scope'
    path = "/api/v1/nodes/hv01/proxy/stats/summary"
    assert call(api, path)[::2] == refused(403, "Forbidden", proxy, name="hv01", kind="nodes")


def test_rights_can_be_a_predicate(serve: Serve) -> None:
    api = serve(WORLD.objects, rights=lambda _user, _verb, _resource, namespace: namespace == FLEET)
    assert call(api, MACHINES)[0] == 403
    assert len(get(api, f"/apis/cluster.x-k8s.io/v1beta1/namespaces/{FLEET}/machines")["items"]) == 3


def test_a_wrong_login_is_refused_and_none_where_one_is_required(serve: Serve) -> None:
    api, strict = serve(WORLD.objects), serve(WORLD.objects, login_required=True)
    for server, headers, code in (
        (api, {}, 200),
        (api, {"Authorization": "Bearer x"}, 401),
        (api, {"Authorization": "Basic eDp5"}, 401),
        (api, {"Authorization": "Basic cmVhZGVyOnBhc3N3b3JkLW9mLXRoZS1yZWFkZXI="}, 200),
        (strict, {}, 401),
        (strict, {"Authorization": f"Bearer {TOKEN}"}, 200),
    ):
        found, _, told = call(server, "/version", **headers)
        assert found == code, headers
        assert code == 200 or (told["message"], told["reason"]) == ("Unauthorized", "Unauthorized")
    assert [request.user for request in strict.requests] == ["", "reader"]


def test_a_kubelet_tells_of_its_disks(serve: Serve) -> None:
    api = serve(WORLD.objects)
    node = get(api, "/api/v1/nodes/hv01/proxy/stats/summary")["node"]
    assert node["nodeName"] == "hv01"
    for disk in (node["fs"], node["runtime"]["imageFs"]):
        assert disk["capacityBytes"] == disk["usedBytes"] + disk["availableBytes"]
        assert disk["inodes"] == disk["inodesUsed"] + disk["inodesFree"]
    assert call(api, "/api/v1/nodes/none/proxy/stats/summary")[0] == 404


def test_large_bodies_are_packed_when_asked_for(serve: Serve) -> None:
    api = serve([new("v1", "ConfigMap", f"c{i}", "default", data={"text": "x" * 1000}) for i in range(200)])
    for path, headers, encoding in (
        ("/api/v1/configmaps", {"Accept_Encoding": "gzip"}, "gzip"),
        ("/api/v1/configmaps", {}, None),
        ("/api/v1/configmaps?limit=5", {"Accept_Encoding": "gzip"}, None),
    ):
        code, told, document = call(api, path, **headers)
        assert (code, told["Content-Encoding"], len(document["items"]) > 4) == (200, encoding, True)


def test_a_connection_is_kept(serve: Serve) -> None:
    api = serve(WORLD.objects)
    connection = HTTPConnection("127.0.0.1", api.server.port, timeout=10)
    for path in ("/version", "/api/v1/none", "/api/v1/nodes"):
        connection.request("GET", path)
        connection.getresponse().read()
    connection.close()
    assert [request.status for request in api.requests] == [200, 404, 200]
    assert (api.server.connections, api.server.busiest) == (1, 1)


def test_a_server_behind_a_proxy_has_a_prefix(serve: Serve) -> None:
    api = serve(WORLD.objects, prefix="/k8s/clusters/c-abc12")
    assert api.url.endswith("/k8s/clusters/c-abc12")
    assert len(get(api, "/api/v1/nodes?limit=2")["items"]) == 2
    assert (api.requests[0].path, api.requests[0].query) == ("/api/v1/nodes", {"limit": "2"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"http://127.0.0.1:{api.server.port}/api/v1/nodes", timeout=10)
    caught.value.close()
    assert caught.value.code == 404
