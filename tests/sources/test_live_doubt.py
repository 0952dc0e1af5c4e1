"""What a server tells by halves, or tells wrongly, must never become "there is none"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.core.errors import AccessError, SourceError
from harvdiag.core.model import State
from harvdiag.kinds import CATALOGUE
from harvdiag.training.world.faults import orphan
from harvdiag.training.world.objects import moment, new
from tests.api import Rights, status
from tests.api.fixture import OF_HARVESTER, Serve
from tests.routes import subjects
from tests.transport.lab import cluster, states
from tests.world import healthy

WORLD = healthy()
MACHINES = "/apis/cluster.x-k8s.io/v1beta1/machines"
SOON = {"Retry-After": "0"}
BOTH = {"cluster.x-k8s.io": ("v1beta1", "v1beta2")}


def broken() -> Any:
    """A cluster with one orphan."""
    world = healthy()
    orphan(world, "hv03")
    return world.objects


@pytest.mark.parametrize("path", ["/api", "/apis"])
def test_asking_for_the_kinds_spoils_nothing_where_discovery_fails(serve: Serve, tmp_path: Path, path: str) -> None:
    """Nothing is known of what is served, which is not the same as nothing; the lists are asked for all the same."""
    api = serve(broken())
    api.fail(path, status(503, SOON))
    of = cluster(api, tmp_path)
    assert of.kinds == []
    assert "node-without-machine" in subjects(of.check())


def test_another_version_is_tried_where_the_first_cannot_be_converted(serve: Serve, tmp_path: Path) -> None:
    """A conversion webhook that is down answers 500 for every version but the stored one."""
    api = serve(broken(), versions=BOTH)
    api.fail(MACHINES, status(500, SOON))
    of = cluster(api, tmp_path)
    assert "node-without-machine" in subjects(of.check())
    assert [entry.version for entry in of.coverage.of("Machine")] == ["v1beta2"]


def test_the_first_trouble_is_told_where_no_version_works(serve: Serve, tmp_path: Path) -> None:
    """Not that the server has no such kind."""
    api = serve(broken(), versions=BOTH)
    api.fail("/apis/cluster.x-k8s.io/*/machines", status(500, SOON))
    (entry,) = cluster(api, tmp_path).coverage.of("Machine")
    assert (entry.state, "(500)" in entry.reason) == (State.FAILED, True)


def test_a_list_of_something_else_is_no_empty_list(serve: Serve, tmp_path: Path) -> None:
    """Neither another kind, nor another version, nor a list without items."""
    for body in (
        {"kind": "ConfigMapList", "apiVersion": "v1", "items": []},
        {"kind": "MachineList", "apiVersion": "cluster.x-k8s.io/v1alpha3", "items": []},
        {"kind": "MachineList", "apiVersion": "cluster.x-k8s.io/v1beta1", "metadata": {}},
    ):
        api = serve(WORLD.objects)
        api.fail(MACHINES, status(200, body=body))
        (entry,) = cluster(api, tmp_path).coverage.of("Machine")
        assert (entry.state, entry.reason.startswith("answered with")) == (State.FAILED, True), body


def test_now_is_when_the_lists_were_read(serve: Serve, tmp_path: Path) -> None:
    """Hours may lie between login and question: what was made in between is judged by its age then."""
    api = serve(broken())
    of = cluster(api, tmp_path)
    at_login = of.snapshot.manifest.captured_at
    late = moment(at_login, hours=-2)
    api.replace([obj | {"metadata": obj["metadata"] | {"creationTimestamp": late}} for obj in broken()])
    assert of.check().source.captured_at >= at_login
    assert "node-without-machine" in subjects(of.check())


def test_a_stale_group_is_not_told_as_absent(serve: Serve, tmp_path: Path) -> None:
    """Aggregated discovery names a group whose own server is down, without its kinds."""
    api = serve(broken())
    stale = {"resources": [], "freshness": "Stale"}
    groups = {kind.group: kind.versions for kind in CATALOGUE.values() if kind.group and kind.served}
    items = [
        {"metadata": {"name": group}, "versions": [{**stale, "version": version} for version in versions]}
        for group, versions in groups.items()
    ]
    body = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}
    api.fail("/apis", status(200, body=body))
    of = cluster(api, tmp_path)
    assert "node-without-machine" in subjects(of.check())
    assert all(entry.state.seen for entry in of.coverage)


def test_a_group_that_is_down_on_an_old_server_is_noted(serve: Serve, tmp_path: Path) -> None:
    """Its kinds are not among those that one may ask for, and coverage says so."""
    api = serve([*WORLD.objects, new("longhorn.io/v1beta2", "Volume", "pvc-1", "longhorn-system")], aggregated=False)
    api.fail("/apis/longhorn.io/v1beta2", status(403))
    of = cluster(api, tmp_path)
    assert "volumes.longhorn.io" not in of.kinds
    assert any("longhorn.io/v1beta2" in note for note in of.coverage.notes)


def test_a_kind_beyond_the_catalogue_comes_as_the_server_prefers(serve: Serve, tmp_path: Path) -> None:
    """Not in the version that harvdiag would have guessed."""
    volume = new("longhorn.io/v1", "Volume", "pvc-1", "longhorn-system")
    api = serve([*WORLD.objects, volume], versions={"longhorn.io": ("v1", "v2")})
    of = cluster(api, tmp_path)
    assert len(of.table("volumes.longhorn.io")) == 1
    assert "/apis/longhorn.io/v2/volumes" in api.paths


def test_what_answers_404_to_everything_is_no_cluster(serve: Serve, tmp_path: Path) -> None:
    """One line, before anything is asked of it."""
    api = serve(WORLD.objects)
    api.fail("*", status(404))
    with pytest.raises(AccessError, match=r"is not a Kubernetes API: it serves neither /version nor /api"):
        cluster(api, tmp_path)


def test_many_namespaces_do_not_become_many_hundred_requests(serve: Serve, tmp_path: Path) -> None:
    """A kind that may not be listed at home is not looked for in two hundred other places."""
    spaces = [new("v1", "Namespace", f"team-{number:03}") for number in range(200)]
    allowed = Rights({"nodes", "namespaces"}, {"fleet-local": ["machines.cluster.x-k8s.io"]})
    api = serve([*WORLD.objects, *spaces], rights=allowed)
    found = states(cluster(api, tmp_path).coverage)
    assert found["Machine", "fleet-local"] is State.COLLECTED
    assert found["Machine", "*"] is found["CustomMachine", "fleet-local"] is State.FORBIDDEN
    assert len(api.paths) < 300


def test_refused_namespaces_are_told_in_order_each_time(serve: Serve, tmp_path: Path) -> None:
    """The same rights give the same words, whichever answer came first."""
    allowed = Rights({"nodes", "namespaces"}, {"fleet-local": ["*"], "harvester-system": ["*"]})
    api = serve(healthy(lean=False).objects, rights=allowed)
    told = [repr(cluster(api, tmp_path).coverage) for _ in range(3)]
    assert told[0] == told[1] == told[2]
    assert "other namespaces may not be listed: cattle-" in told[0]


def test_words_of_the_server_cannot_drive_a_terminal(serve: Serve, tmp_path: Path) -> None:
    """Nor in the repr of the coverage."""
    api = serve(WORLD.objects)
    body = {"kind": "Status", "status": "Failure", "code": 403, "message": "no \x1b[2J\x07 entry"}
    api.fail(MACHINES, status(403, body=body))
    assert "\x1b" not in repr(cluster(api, tmp_path).coverage)


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("Thu, 08 May 2025 12:00:00 +0200", "2025-05-08T10:00:00Z"),
        ("Thu, 08 May 2025 10:00:00 GMT", "2025-05-08T10:00:00Z"),
        ("Thu, 08 May 99999999999 10:00:00 GMT", ""),
        ("yesterday", ""),
    ],
)
def test_the_servers_clock_as_it_tells_it(serve: Serve, tmp_path: Path, date: str, told: str) -> None:
    """In UTC; a date that is none is none."""
    transport = cluster(serve(WORLD.objects), tmp_path).snapshot._reader.connection.transport  # type: ignore[attr-defined]
    transport.date = date
    assert transport.now == told


def test_a_cluster_that_is_no_harvester_is_named(serve: Serve, tmp_path: Path) -> None:
    """The commonest mistake at night is the wrong context."""
    api = serve([new("v1", "Node", "hv01")], missing=OF_HARVESTER)
    with pytest.raises(SourceError, match="is not a Harvester cluster"):
        hd.connect(kubeconfig=api.kubeconfig(tmp_path / "config"))
