"""Which kinds a server serves: from one document, from many, and where it does not tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harvdiag.io.api.discovery import Served, parse_discovery
from harvdiag.io.api.errors import RequestError
from harvdiag.io.api.lists import list_objects
from harvdiag.kinds import CATALOGUE
from tests.api import status
from tests.api.fixture import Serve
from tests.transport.lab import connection
from tests.world import healthy

OBJECTS = healthy(lean=False).objects
MACHINE, JOB = CATALOGUE["Machine"], CATALOGUE["Job"]
BASE = {"/version", "/api", "/apis"}


@pytest.mark.parametrize("aggregated", [True, "v2beta1"])
def test_everything_in_one_answer(serve: Serve, tmp_path: Path, aggregated: bool | str) -> None:
    """Three requests, then none for any kind."""
    api = serve(OBJECTS, aggregated=aggregated)
    of = connection(api, tmp_path)
    assert {"nodes", "pods", "machines", "settings"} <= {kind.plural for kind in of.list_kinds()}
    assert sorted(api.paths) == sorted(BASE)
    assert of.served.is_namespaced("", "pods") is True
    assert of.served.is_namespaced("", "nodes") is False
    assert of.served.is_namespaced("", "no-such") is None


def test_group_by_group(serve: Serve, tmp_path: Path) -> None:
    """A server before 1.26 is asked for its groups, and for their kinds only where these are wanted; once."""
    api = serve(OBJECTS, aggregated=False)
    of = connection(api, tmp_path)
    assert of.served.kinds is None
    assert of.served.has_group("harvesterhci.io") is True
    assert of.served.has_group("example.com") is False
    assert sorted(api.paths) == sorted(BASE)
    assert len(list_objects(of, MACHINE).items) == 3
    whole = {(kind.group, kind.version, kind.plural, kind.namespaced) for kind in of.list_kinds()}
    asked = len(api.requests)
    assert of.list_kinds()
    assert len(api.requests) == asked
    with_one = connection(serve(OBJECTS), tmp_path)
    assert whole == {(kind.group, kind.version, kind.plural, kind.namespaced) for kind in with_one.list_kinds()}


def test_a_group_that_is_down_hides_no_other(serve: Serve, tmp_path: Path) -> None:
    """And its own kinds may still be asked for: not told is not the same as not there."""
    api = serve(OBJECTS, aggregated=False)
    api.fail("/apis/cluster.x-k8s.io/v1beta1", status(404))
    of = connection(api, tmp_path)
    kinds = {kind.plural for kind in of.list_kinds()}
    assert "settings" in kinds
    assert "machines" not in kinds
    found = list_objects(of, MACHINE)
    assert (len(found.items), found.version) == (3, "v1beta1")


@pytest.mark.parametrize("aggregated", [True, False])
@pytest.mark.parametrize(
    ("versions", "best"),
    [({"v1beta1"}, "v1beta1"), ({"v1beta2"}, "v1beta2"), ({"v1beta1", "v1beta2"}, "v1beta1"), ({"v9"}, "v9")],
)
def test_the_version_that_is_there(
    serve: Serve, tmp_path: Path, versions: set[str], best: str, aggregated: bool
) -> None:
    """The catalogue's order decides; one that nobody knows yet is taken where there is no other."""
    api = serve(OBJECTS, versions={"cluster.x-k8s.io": versions}, aggregated=aggregated)
    found = list_objects(connection(api, tmp_path), MACHINE)
    assert (found.version, len(found.items), found.error) == (best, 3, None)
    assert len(api.lists) == 1


@pytest.mark.parametrize("aggregated", [True, False])
def test_a_kind_that_is_not_served(serve: Serve, tmp_path: Path, aggregated: bool) -> None:
    """No version, no error."""
    api = serve(OBJECTS, missing={"machines.cluster.x-k8s.io"}, aggregated=aggregated)
    found = list_objects(connection(api, tmp_path), MACHINE)
    assert (found.version, found.items, found.error, found.refused) == ("", [], None, False)


def test_where_nothing_is_told(serve: Serve, tmp_path: Path) -> None:
    """Without /apis the versions of the catalogue are tried, best first."""
    api = serve(OBJECTS, versions={"cluster.x-k8s.io": {"v1beta2"}})
    api.fail("/apis", status(403))
    found = list_objects(connection(api, tmp_path), MACHINE)
    assert (found.version, len(found.items)) == ("v1beta2", 3)
    assert [request.path.split("/")[3] for request in api.lists] == ["v1beta1", "v1beta2"]


@pytest.mark.parametrize(
    "answer",
    [
        [],
        7,
        {"kind": "APIGroupList", "groups": 7},
        {"kind": "APIGroupList", "groups": [7, {}, {"name": "a", "versions": [7, {}]}]},
        {"kind": "APIGroupDiscoveryList", "items": [7, {}, {"metadata": None, "versions": [{"resources": [{}, 7]}]}]},
    ],
)
def test_answers_that_are_odd(answer: Any) -> None:
    """Nothing breaks: what cannot be read tells nothing, or that it is no Kubernetes."""
    answers = {"/api": answer, "/apis": answer}
    if isinstance(answer, dict):
        assert parse_discovery(answers).versions_to_try("example.com", "things", ["v1"]) == []
    else:
        with pytest.raises(RequestError, match="did not answer with its API groups"):
            parse_discovery(answers)


def test_nothing_known_is_not_nothing() -> None:
    """Versions of the catalogue, and no word on groups and namespaces."""
    of = Served(None, None)
    assert (of.has_group("a"), of.is_namespaced("a", "b"), of.versions_to_try("a", "b", ["v1"])) == (None, None, ["v1"])


def test_a_list_that_is_not_whole_keeps_its_objects(serve: Serve, tmp_path: Path) -> None:
    """Refused is only who got nothing."""
    api = serve(OBJECTS)
    api.fail("/apis/batch/v1/jobs", status(403))
    found = list_objects(connection(api, tmp_path), JOB)
    assert (found.refused, found.items, found.version) == (True, [], "v1")
