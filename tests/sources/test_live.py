"""A live cluster as a source: what is asked of it, what is kept, and what a check makes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import AccessError, HarvdiagError, SourceError, UsageError
from harvdiag.core.model import State
from harvdiag.io.api.pool import CONNECTIONS
from harvdiag.io.progress import Progress
from harvdiag.kinds import CATALOGUE, DIAGNOSIS
from harvdiag.snapshot import Snapshot
from harvdiag.sources.live.reader import connect
from harvdiag.training.world.objects import new
from tests.api import Rights, bad_item, close, status, without_group
from tests.api.fixture import Serve
from tests.routes import BROKEN, told, told_without_logs
from tests.transport.lab import assert_skipped, cluster, states
from tests.world import healthy

WORLD = healthy()
RICH = healthy(lean=False).objects
CHECKED = len(DIAGNOSIS)
"""The kinds that the checks stand on, each listed once."""
PLANS = "/api/v1/namespaces/fleet-local/secrets"
BASE = ["/api", "/apis", "/version"]
HARVESTER = "harvesterhci.io"
GROUP = f"/apis/{HARVESTER}"


def test_a_healthy_cluster(serve: Serve, tmp_path: Path) -> None:
    """Every check is made; the source is the context, its time the server's."""
    api = serve(RICH)
    of = cluster(api, tmp_path)
    findings = of.check()
    assert {outcome.outcome for outcome in findings.outcomes} == {"passed"}
    source = of.source
    assert (source.kind, source.name, source.kubernetes_version) == ("live", "lab", "v1.31.4+rke2r1")
    assert (source.nodes, source.machines, source.harvester_version) == (3, 3, "v1.4.2")
    assert source.captured_at.endswith("Z")
    assert all(entry.state.seen for entry in of.coverage)
    api.assert_only_read()


@pytest.mark.parametrize("aggregated", [True, False])
def test_one_request_a_kind(serve: Serve, tmp_path: Path, aggregated: bool) -> None:
    """Whatever is asked of the cluster: discovery once, each list once, over few connections that are kept."""
    api = serve(RICH, aggregated=aggregated)
    of = cluster(api, tmp_path)
    assert sorted(api.paths) == BASE
    for _ in range(2):
        _ = of.coverage, of.check(), of.nodes, of.machines, of.pairs, of.source, of.upgrades
    assert len(api.requests) == len(BASE) + CHECKED
    assert len(set(api.paths)) == len(api.paths)
    assert api.server.connections <= CONNECTIONS
    assert api.server.busiest <= CONNECTIONS
    assert {request.query["limit"] for request in api.lists} == {"500"}
    api.assert_only_read()


def test_secrets_are_asked_for_once_and_without_data(serve: Serve, tmp_path: Path) -> None:
    """The machine plans of fleet-local, as metadata and nothing else."""
    api = serve(RICH)
    of = cluster(api, tmp_path)
    of.check()
    _ = of.plans, of.table("secrets")
    (request,) = [request for request in api.requests if "secret" in request.target]
    assert request.path == PLANS
    assert request.query["fieldSelector"] == "type=rke.cattle.io/machine-plan"
    assert request.headers["accept"] == "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    for plan in of.snapshot.objects("Secret"):
        assert set(plan) - {"data"} == {"apiVersion", "kind", "metadata", "type"}
        assert not plan.get("data")
    api.assert_only_read()


def test_what_only_the_server_needs_goes(serve: Serve, tmp_path: Path) -> None:
    """managedFields are half of an object; items of built-in kinds get their kind back."""
    api = serve(RICH)
    of = cluster(api, tmp_path)
    of.check()
    kept = [obj for kind in ("Node", "Machine", "Secret") for obj in of.snapshot.objects(kind)]
    assert {obj["kind"] for obj in kept} == {"Node", "Machine", "Secret"}
    assert not any("managedFields" in obj["metadata"] for obj in kept)


def test_more_than_a_page(serve: Serve, tmp_path: Path) -> None:
    """1,100 pods in three pages, and a cluster of 510 nodes: at most one request a page and kind."""
    pods = [new("v1", "Pod", f"pod-{number}", f"ns-{number % 3}") for number in range(1100)]
    api = serve([*WORLD.objects, *pods])
    of = cluster(api, tmp_path)
    assert len(of.table("pods")) == 1100
    assert api.paths.count("/api/v1/pods") == 3
    assert {entry.namespace for entry in of.coverage.of("Pod") if entry.count} == {"ns-0", "ns-1", "ns-2"}
    large = serve(healthy(["a", "b", "c"], [f"w{number}" for number in range(507)]).objects)
    findings = cluster(large, tmp_path).check()
    assert (findings.source.nodes, len(findings), findings.skipped) == (510, 0, ())
    paged = [path for path in set(large.paths) if large.paths.count(path) == 2]
    assert len(paged) == 5, "Nodes, Machines, CustomMachines, RKEBootstraps, plans"
    assert len(large.requests) == len(BASE) + CHECKED + len(paged)


# --- kinds ---------------------------------------------------------------------------------------------------------


def test_kinds_that_the_catalogue_does_not_know(serve: Serve, tmp_path: Path) -> None:
    """Any kind that is served can be tabled, by plural, kind or full name."""
    api = serve(RICH)
    of = cluster(api, tmp_path)
    assert {"pods", "nodes", "nodes.longhorn.io", "machines.cluster.x-k8s.io"} <= set(of.kinds)
    assert sorted(api.paths) == BASE, "to name the kinds costs nothing more"
    assert len(of.table("pods")) == len(of.table("Pod")) > 0
    assert set(of.table("nodes.longhorn.io")["name"]) == {"hv01", "hv02", "hv03"}
    with pytest.raises(UsageError, match=r"no kind 'podz' in lab.*pods"):
        of.table("podz")


def test_an_empty_kind(serve: Serve, tmp_path: Path) -> None:
    """Nothing of it is there, and that is known."""
    of = cluster(serve(WORLD.objects), tmp_path)
    assert len(of.table("events")) == 0
    assert [entry.state for entry in of.coverage.of("Event")] == [State.EMPTY]


def test_kinds_that_hold_credentials_are_never_asked_for(serve: Serve, tmp_path: Path) -> None:
    """They are not even named."""
    token = new("management.cattle.io/v3", "Token", "t-1", token="hidden")  # noqa: S106
    api = serve([*WORLD.objects, token])
    of = cluster(api, tmp_path)
    assert not [kind for kind in of.kinds if "token" in kind]
    with pytest.raises(UsageError):
        of.table("tokens")
    assert not [path for path in api.paths if "token" in path]


@pytest.mark.parametrize("aggregated", [True, False])
def test_a_kind_that_is_not_served(serve: Serve, tmp_path: Path, aggregated: bool) -> None:
    """Coverage, not an error: the checks that need it are skipped, all others are made."""
    missing = {"machines.cluster.x-k8s.io"}
    of = cluster(serve(WORLD.objects, missing=missing, aggregated=aggregated), tmp_path)
    (entry,) = of.coverage.of("Machine")
    assert (entry.state, entry.namespace) == (State.NOT_LOOKED_AT, "fleet-local")
    assert entry.reason == "the server has no machines.cluster.x-k8s.io"
    assert_skipped(of, "Machine", why="the server has no machines.cluster.x-k8s.io")


@pytest.mark.parametrize("version", ["v1.4.2", "v1.9.0"])
def test_both_versions_of_cluster_api(serve: Serve, tmp_path: Path, version: str) -> None:
    """A cluster of either gives the same answer."""
    of = cluster(serve(healthy(version=version).objects), tmp_path)
    assert {outcome.outcome for outcome in of.check().outcomes} == {"passed"}


def test_hosts_are_in_bundles_only(serve: Serve, tmp_path: Path) -> None:
    """The API serves objects."""
    of = cluster(serve(WORLD.objects), tmp_path)
    assert len(of.table("Host")) == 0
    (entry,) = of.coverage.of("Host")
    assert (entry.state, entry.reason) == (State.NOT_LOOKED_AT, "host files are in support bundles only")


# --- kubelets ------------------------------------------------------------------------------------------------------


def figures(of: Any) -> tuple[int, State, str]:
    """How many nodes told of their disks, and what became of the list."""
    count = len(of.table("kubeletstats"))
    (entry,) = of.coverage.of("KubeletStats")
    return count, entry.state, entry.reason


def proxied(api: Any) -> int:
    """How many kubelets were asked."""
    return sum("/proxy/" in path for path in api.paths)


def test_the_disks_of_each_node(serve: Serve, tmp_path: Path) -> None:
    """A request a node, only when asked for."""
    api = serve(WORLD.objects)
    of = cluster(api, tmp_path)
    of.check()
    assert proxied(api) == 0
    assert figures(of) == (3, State.COLLECTED, "")
    assert (of.table("KubeletStats")["fs_capacity"] > 0).all()
    assert proxied(api) == 3
    api.assert_only_read()


def test_kubelets_that_may_not_be_asked(serve: Serve, tmp_path: Path) -> None:
    """One refusal is enough to know."""
    api = serve(WORLD.objects, rights=lambda *words: words[2] != "nodes/proxy")
    count, state, reason = figures(cluster(api, tmp_path))
    assert (count, state, proxied(api)) == (0, State.FORBIDDEN, 1)
    assert 'nodes "hv01" is forbidden: User "reader" cannot get resource "nodes/proxy"' in reason


def test_kubelets_that_do_not_answer(serve: Serve, tmp_path: Path) -> None:
    """Those that do are kept; each other is asked twice and told."""
    api = serve(WORLD.objects)
    api.fail("/api/v1/nodes/hv02/proxy/*", status(503, {"Retry-After": "0"}))
    count, state, reason = figures(cluster(api, tmp_path))
    assert (count, state, proxied(api)) == (2, State.FAILED, 4)
    assert reason.startswith("1 of 3 nodes did not answer: hv02: ")


def test_figures_without_nodes(serve: Serve, tmp_path: Path) -> None:
    """Nobody knows whom to ask."""
    of = cluster(serve(WORLD.objects, rights=lambda *words: words[2] != "nodes"), tmp_path)
    assert figures(of) == (0, State.FAILED, "no Node was seen whose kubelet could be queried")


@pytest.mark.parametrize("answer", [[], {"node": 7}, {"node": {"fs": {"usedBytes": "7"}}}, 7])
def test_figures_that_are_odd(serve: Serve, tmp_path: Path, answer: Any) -> None:
    """What is no number is not there."""
    api = serve(WORLD.objects)
    api.fail("*/proxy/*", status(200, body=answer))
    assert cluster(api, tmp_path).table("kubeletstats")["fs_used"].isna().all()


# --- which cluster -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("aggregated", [True, False])
def test_a_cluster_that_is_no_harvester(serve: Serve, tmp_path: Path, aggregated: bool) -> None:
    """Refused before anything is listed: its Nodes have no Machines, and nothing is wrong with that."""
    nodes = [obj for obj in WORLD.objects if "harvesterhci.io" not in obj["apiVersion"]]
    kinds = {kind.resource for kind in CATALOGUE.values() if kind.group == "harvesterhci.io"}
    api = serve(nodes, missing=kinds, aggregated=aggregated)
    with pytest.raises(SourceError, match=r"is not a Harvester cluster.*choose another with --context"):
        cluster(api, tmp_path)
    assert sorted(api.paths) == sorted([*BASE, GROUP])


@pytest.mark.parametrize("aggregated", [True, False])
def test_an_api_server_that_is_starting(serve: Serve, tmp_path: Path, aggregated: bool) -> None:
    """Discovery lacks the groups of CRDs, which answer 503: it is asked again, and read when they are there."""
    api = serve(WORLD.objects, aggregated=aggregated)
    api.fail("/apis", without_group(HARVESTER), times=2)
    api.fail(GROUP, status(503, {"Retry-After": "0"}), times=2)
    waits: list[str] = []

    class Telling(Progress):
        def _draw_state(self) -> None:
            waits.append(self.text)

    progress = Telling()
    of = Cluster(Snapshot(connect(None, api.kubeconfig(tmp_path / "config"), 10, progress)))
    assert [of.source.nodes, of.source.machines] == [3, 3]
    assert api.paths.count(GROUP) == 4  # twice 503, once in spite of a discovery that lacks it, and then both know it
    assert waits[0] == "waiting for the API server of lab, which is starting"
    assert not progress.awaited


def test_an_api_server_that_goes_on_starting(serve: Serve, tmp_path: Path) -> None:
    """One line, once the time of a request is over; and no advice to choose another cluster."""
    api = serve(WORLD.objects)
    api.fail("/apis", without_group(HARVESTER))
    api.fail(GROUP, status(503))
    with pytest.raises(AccessError) as caught:
        cluster(api, tmp_path, timeout=1)
    assert str(caught.value) == (
        f"context lab: {api.url} cannot be read: its API server is starting and does not serve {HARVESTER} yet: the "
        "server is currently unable to handle the request (503); try again in a minute"
    )


@pytest.mark.parametrize("code", [503, 404, 403])
def test_a_group_that_is_not_there_yet(serve: Serve, tmp_path: Path, code: int) -> None:
    """Harvester's own group is there, another is not: 503 below it is no proof that the server lacks it."""
    api = serve(WORLD.objects)
    api.fail("/apis", without_group("cluster.x-k8s.io"))
    api.fail("/apis/cluster.x-k8s.io/*", status(code, {"Retry-After": "0"}))
    (entry,) = cluster(api, tmp_path).coverage.of("Machine")
    known = {503: (State.FAILED, "the server is currently unable to handle the request (503)")}
    assert (entry.state, entry.reason) == known.get(
        code, (State.NOT_LOOKED_AT, "the server has no machines.cluster.x-k8s.io")
    )


def test_an_api_server_that_goes_away_as_it_starts(serve: Serve, tmp_path: Path) -> None:
    """The network is to blame, not the cluster."""
    api = serve(WORLD.objects)
    api.fail("/apis", without_group(HARVESTER))
    api.fail(GROUP, close(None))
    with pytest.raises(AccessError, match="cannot be reached"):
        cluster(api, tmp_path, timeout=1)


def test_a_time_that_lets_nothing_be_read(serve: Serve, tmp_path: Path) -> None:
    """Zero is no time."""
    path = serve(WORLD.objects).kubeconfig(tmp_path / "config")
    for seconds in (0, -1, float("nan")):
        with pytest.raises(HarvdiagError, match=r"invalid duration|give seconds above 0"):
            hd.connect(kubeconfig=path, request_timeout=seconds)


def test_open_takes_a_context(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a SOURCE everywhere; the word alone gets a hint."""
    api = serve(WORLD.objects)
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path / "config", others=["dev"])))
    assert hd.open("context:").source.name == hd.open("context:lab").source.name == "lab"
    assert "Harvester v1.4.2, 3 Nodes, 3 Machines" in repr(hd.connect("lab"))
    with pytest.raises(SourceError, match="given as context:lab"):
        hd.open("lab")


def test_a_note_for_an_unchecked_certificate(serve: Serve, tmp_path: Path) -> None:
    """Who reads the report should know."""
    of = cluster(serve(WORLD.objects, tls="other ca"), tmp_path, ca="insecure")
    assert of.coverage.notes == ("the server's certificate is not checked (insecure-skip-tls-verify)",)


def test_the_story_of_8236(serve: Serve, tmp_path: Path) -> None:
    """The same findings as the bundle, apart from what the hosts' own files and logs say, which no API serves."""
    bundle = hd.open(BROKEN)
    bundle.snapshot.load(["Job"])
    kinds = [entry.kind for entry in bundle.coverage if entry.state.seen]
    objects = [obj for kind in dict.fromkeys(kinds) for obj in bundle.snapshot.objects(kind)]
    reader = connect(kubeconfig=serve(objects).kubeconfig(tmp_path / "config"))
    reader.manifest = replace(reader.manifest, captured_at=bundle.source.captured_at)
    of = Cluster(Snapshot(reader))
    live, file = told(of.check()), told_without_logs(bundle.check())
    for finding in file["findings"]:
        finding["evidence"] = [seen for seen in finding["evidence"] if seen["object"]["kind"] != "Host"]
    assert live["findings"][0]["rule"] == "node-without-machine"
    assert live["findings"] == file["findings"]


# --- items ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("text", "item 1 is not an object"),
        (None, "item 1 is not an object"),
        ({}, "item 1 has no name"),
        ({"metadata": 7}, "item 1 has no name"),
        ({"kind": "Other", "metadata": {"name": "x"}}, "item 1 (x) is a Other"),
    ],
)
def test_an_item_that_is_none(serve: Serve, tmp_path: Path, item: Any, says: str) -> None:
    """The list was not seen whole, and says why; the other items are kept."""
    api = serve(WORLD.objects)
    api.fail("*/machines", bad_item(item))
    of = cluster(api, tmp_path)
    (entry, *_) = [entry for entry in of.coverage.of("Machine") if not entry.state.seen]
    assert (entry.state, says in entry.reason) == (State.FAILED, True), entry.reason
    assert len(of.machines) >= 3


def test_names_are_no_paths(serve: Serve, tmp_path: Path) -> None:
    """A name cannot turn a request into another one."""
    api = serve([*WORLD.objects, new("v1", "Node", "../../../secrets?x=")])
    cluster(api, tmp_path).table("kubeletstats")
    assert not [r.target for r in api.requests if r.target.startswith("/api/v1/secrets") or "?x=" in r.target]
    api.assert_only_read()
    api = serve(WORLD.objects, rights=Rights(namespaces={"a": {"*"}}))
    with pytest.raises(SourceError):
        cluster(api, tmp_path, namespace="fleet-local/secrets?x=").check()
    api.assert_only_read()
    assert states(cluster(api, tmp_path).coverage)
