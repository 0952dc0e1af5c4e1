"""What a live cluster tells beside its objects: kubelets, certificates that are shown, the label of one Secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.model import Outcome, State
from harvdiag.io.api.handshake import API_PORT, fetch_certificates
from harvdiag.rules import registry, run_rules
from harvdiag.training.world.objects import new
from tests.api import Api, status
from tests.api.certs import available, certificates
from tests.api.fixture import Serve
from tests.api.shown import Shows
from tests.command import run
from tests.routes import HEALTHY
from tests.transport.lab import cluster
from tests.transport.proxy import Proxy
from tests.world import healthy

OBJECTS = healthy().objects
NODES = ("hv01", "hv02", "hv03")
LABELLED = new("v1", "Secret", "local-kubeconfig", "fleet-local", type="Opaque", data={"value": "c2VjcmV0"})
needs_openssl = pytest.mark.skipif(not available(), reason="openssl is not on the PATH")
DAY = 86400


def told(of: Cluster, kind: str) -> tuple[int, State, str]:
    """How many objects of a kind there are, and what became of the list."""
    count = len(of.table(kind))
    (entry,) = of.coverage.of(kind)
    return count, entry.state, entry.reason


def placed(addresses: dict[str, str]) -> list[dict[str, Any]]:
    """The healthy cluster, with other addresses of its Nodes."""
    objects = deepcopy(OBJECTS)
    for obj in objects:
        if obj["kind"] == "Node" and obj["apiVersion"] == "v1":
            obj["status"]["addresses"] = [{"type": "InternalIP", "address": addresses[obj["metadata"]["name"]]}]
    return objects


# --- kubelets ------------------------------------------------------------------------------------------------------


def test_thresholds_of_kubelets(serve: Serve, tmp_path: Path) -> None:
    """What configz says, and of what it says nothing else; an answer of another form has no threshold."""
    odd = {"hv02": {"kubeletconfig": {"imageGCHighThresholdPercent": 92}}, "hv03": {"kubeletconfig": "x"}}
    api = serve(OBJECTS, configs=odd)
    of = cluster(api, tmp_path)
    assert told(of, "KubeletConfig") == (3, State.COLLECTED, "")
    found = of.table("KubeletConfig").set_index("name")["image_gc_high"]
    assert (found["hv01"], found["hv02"], found.isna()["hv03"]) == (85, 92, True)
    assert next(path for path in api.paths if "/proxy/" in path) == "/api/v1/nodes/hv01/proxy/configz"
    assert "maxPods" not in str(of.snapshot.objects("KubeletConfig"))
    api.assert_only_read()


def test_kubelets_that_do_not_answer_are_not_asked_again(serve: Serve, tmp_path: Path) -> None:
    """Each question waits for it: the second one has the answer of the first."""
    api = serve(OBJECTS)
    api.fail("/api/v1/nodes/hv02/proxy/*", status(503, {"Retry-After": "0"}))
    of = cluster(api, tmp_path)
    of.snapshot.load(["KubeletStats", "KubeletConfig"])
    for kind in ("KubeletStats", "KubeletConfig"):
        count, state, reason = told(of, kind)
        assert (count, state) == (2, State.FAILED)
        assert reason.startswith("1 of 3 nodes did not answer: hv02: ")
    assert sum("hv02/proxy" in path for path in api.paths) == 2


def test_kubelets_that_may_not_be_asked(serve: Serve, tmp_path: Path) -> None:
    """One refusal is enough for both questions, and it says what grants it."""
    api = serve(OBJECTS, rights=lambda *words: words[2] != "nodes/proxy")
    of = cluster(api, tmp_path)
    for kind in ("KubeletStats", "KubeletConfig"):
        count, state, reason = told(of, kind)
        assert (count, state) == (0, State.FORBIDDEN)
        assert 'cannot get resource "nodes/proxy"' in reason
        assert reason.endswith("; `harvdiag rbac --kubelet` grants it")
    assert sum("/proxy/" in path for path in api.paths) == 1


# --- certificates --------------------------------------------------------------------------------------------------


def seconds_left(text: str) -> float:
    """How long a time of a certificate is from now."""
    return (datetime.fromisoformat(text) - datetime.now(UTC)).total_seconds()


@needs_openssl
def test_a_handshake_shows_a_certificate() -> None:
    """Also one that expired or is of another CA, over IPv6 too; nothing is sent after it."""
    made = certificates()
    with ExitStack() as ends:
        first = ends.enter_context(Shows(made.expired))
        found = fetch_certificates({"hv01": ["127.0.0.1"]}, 5, Event(), first.port)
        good = ends.enter_context(Shows(made.stranger))
        more = fetch_certificates({"hv02": ["not an address", "127.0.0.1"]}, 5, Event(), good.port)
        assert [server.said.get(timeout=30) for server in (first, good)] == [b"", b""]
    (expired,), (stranger,) = found.items, more.items
    assert (expired["metadata"], expired["address"]) == ({"name": "hv01"}, "127.0.0.1")
    assert -2 * DAY < seconds_left(expired["notAfter"]) < 0 < seconds_left(stranger["notAfter"]) < 2 * DAY
    assert (found.errors, more.errors) == ({}, {})


@needs_openssl
def test_a_handshake_over_ipv6() -> None:
    """An address in brackets where it is told."""
    try:
        server = Shows(certificates().server, "::1")
    except OSError:
        pytest.skip("no IPv6 here")
    with server:
        found = fetch_certificates({"hv01": ["::1"]}, 5, Event(), server.port)
    assert [item["address"] for item in found.items] == ["::1"]
    refused = fetch_certificates({"hv01": ["::1"]}, 5, Event(), server.port)
    assert refused.errors["hv01"].startswith(f"[::1]:{server.port} cannot be reached: ")


def test_servers_that_show_nothing() -> None:
    """Silence, another protocol, an address that is not one, and none at all: each is told, none is an error."""
    with Shows(None) as silent, Api(OBJECTS) as plain:
        nodes = {"hv01": ["127.0.0.1"], "hv02": ["hv02.example"], "hv03": []}
        found = fetch_certificates(nodes, 0.2, Event(), silent.port)
        other = fetch_certificates({"hv01": ["127.0.0.1"]}, 5, Event(), plain.server.port)
    assert found.items == other.items == []
    assert found.errors == {
        "hv01": f"127.0.0.1:{silent.port} does not answer within 0.2 s",
        "hv02": "the InternalIP of its Node is not an IP address",
        "hv03": "its Node has no InternalIP",
    }
    assert other.errors["hv01"] == f"127.0.0.1:{plain.server.port} does not complete a TLS handshake"


@needs_openssl
def test_another_server_than_that_of_the_api() -> None:
    """An address of a private network may be another host's here: its certificate says nothing of the cluster."""
    with Shows(certificates().elsewhere) as server:
        found = fetch_certificates({"hv01": ["127.0.0.1"]}, 5, Event(), server.port)
    assert found.items == []
    assert "shows a certificate that is not one of an API server" in found.errors["hv01"]


@pytest.fixture
def server() -> Iterator[Shows]:
    """One API server on the port of all API servers, at an address of loopback that no other test has."""
    if not available():
        pytest.skip("openssl is not on the PATH")
    number = os.getpid()
    try:
        made = Shows(certificates().server, f"127.99.{number // 250 % 250}.{number % 250 + 1}", API_PORT)
    except OSError:
        pytest.skip("only one address of loopback here")
    with made:
        yield made


def address_of(server: Shows) -> str:
    """Where it listens."""
    return str(server._listens.getsockname()[0])


def outcome(of: Cluster, rule: str) -> Outcome:
    """What a rule of the preflight says."""
    (found,) = run_rules(of.facts, [registry()[rule]])
    return found


RULE = "preflight-certificate-expiring"


def test_certificates_in_a_preflight(server: Shows, serve: Serve, tmp_path: Path) -> None:
    """The one that is seen is judged, the others are told; a saved snapshot gives the same answer."""
    elsewhere = address_of(server).rpartition(".")[0] + ".251"
    api = serve(placed({"hv01": address_of(server), "hv02": elsewhere, "hv03": elsewhere}))
    of = cluster(api, tmp_path)
    found = outcome(of, RULE)
    assert (found.outcome, [finding.subject.name for finding in found.findings]) == ("failed", ["hv01"])
    count, state, reason = told(of, "ServingCertificate")
    assert (count, state) == (1, State.FAILED)
    assert reason.startswith(f"2 of 3 API servers did not show their certificate: hv02: {elsewhere}:6443 cannot be ")
    again = hd.open(of.save(tmp_path / "s.harvdiag.zip", preflight=True).path)
    assert outcome(again, RULE) == found
    assert told(again, "ServingCertificate") == (count, state, reason)


def test_no_certificate_beyond_a_proxy(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kubeconfig with a proxy-url: no node is tried; a proxy of the environment: none to which it applies."""
    api = serve(placed(dict.fromkeys(NODES, "192.0.2.10")))
    with Proxy() as proxy:
        of = cluster(
            api, tmp_path, server="http://api.invalid:" + str(api.server.port), cluster={"proxy-url": proxy.url}
        )
        assert told(of, "ServingCertificate")[1] is State.NOT_LOOKED_AT
        assert "the kubeconfig names a proxy" in outcome(of, RULE).reason
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        count, state, reason = told(cluster(api, tmp_path), "ServingCertificate")
        assert not any("192.0.2.10" in asked for asked in proxy.asked)
    assert (count, state) == (0, State.FAILED)
    assert reason.endswith("hv03: HTTPS_PROXY applies to its address")


# --- the label of one Secret ---------------------------------------------------------------------------------------


def test_the_label_of_a_secret(serve: Serve, tmp_path: Path) -> None:
    """Its metadata is asked for, and its labels are kept; not its data, and not that of any other."""
    api = serve([*(obj for obj in OBJECTS if obj["metadata"]["name"] != "local-kubeconfig"), LABELLED])
    of = cluster(api, tmp_path)
    assert told(of, "KubeconfigSecret") == (1, State.COLLECTED, "")
    (request,) = (each for each in api.lists if each.query.get("fieldSelector") == "metadata.name=local-kubeconfig")
    assert request.path == "/api/v1/namespaces/fleet-local/secrets"
    assert "c2VjcmV0" not in str(of.snapshot.objects("KubeconfigSecret"))
    assert outcome(of, "preflight-kubeconfig-unlabelled").outcome == "failed"
    api.assert_only_read()


def test_a_label_that_may_not_be_read(serve: Serve, tmp_path: Path) -> None:
    """The right is named, and what grants it; an answer that is more than metadata is not taken."""
    api = serve(OBJECTS, rights=lambda *words: words[2] != "secrets")
    found = outcome(cluster(api, tmp_path), "preflight-kubeconfig-unlabelled")
    assert found.outcome == "skipped"
    assert 'cannot list resource "secrets"' in found.reason
    assert found.reason.endswith("`harvdiag rbac --plans` grants it")
    body = {"apiVersion": "v1", "kind": "SecretList", "items": [LABELLED]}
    other = serve(OBJECTS)
    other.fail("*/secrets", status(200, body=body))
    count, state, reason = told(cluster(other, tmp_path), "KubeconfigSecret")
    assert (count, state) == (0, State.FAILED)
    assert "which was not requested" in reason


# --- snapshots -----------------------------------------------------------------------------------------------------


def test_a_snapshot_of_a_preflight(serve: Serve, tmp_path: Path) -> None:
    """The file gives the rows that the cluster gave; one taken without --preflight says how to take it."""
    api = serve(placed(dict.fromkeys(NODES, "127.99.0.251")), stats={"hv02": {"node": {"fs": {"usedBytes": 1}}}})
    config = api.kubeconfig(tmp_path / "config")
    words = ("snapshot", "--kubeconfig", config, "-o")
    assert "Next: harvdiag preflight" in run(*words, tmp_path / "full.zip", "--preflight").stdout
    assert "Next: harvdiag check" in run(*words, tmp_path / "plain.zip").stdout
    live = hd.connect(kubeconfig=config).preflight("v1.5.0")
    full = hd.open(tmp_path / "full.zip").preflight("v1.5.0")
    assert [(row.row.key, row.outcome, row.reason) for row in full.rows] == [
        (row.row.key, row.outcome, row.reason) for row in live.rows
    ]
    plain = hd.open(tmp_path / "plain.zip")
    advice = "not looked at: not in the snapshot; take it with `harvdiag snapshot --preflight`"
    for kind in ("KubeletConfig", "ServingCertificate", "KubeconfigSecret", "PersistentVolumeClaim"):
        assert plain.snapshot.gap(kind) == advice
    assert advice in outcome(plain, RULE).reason
    of_bundle = hd.open(hd.open(HEALTHY).save(tmp_path / "bundle.zip").path)
    assert "not taken of a live cluster" in str(of_bundle.snapshot.gap("ServingCertificate"))
    assert of_bundle.snapshot.gap("PersistentVolumeClaim") == advice
