"""A real API server must tell what a support bundle of the same objects tells."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harvdiag.access.rbac import build_manifests
from harvdiag.access.whoami import check_access
from harvdiag.cluster import Cluster
from harvdiag.core.findings import Findings
from harvdiag.core.model import State
from harvdiag.io.api.connect import open_connection
from harvdiag.io.api.lists import list_objects
from harvdiag.io.api.pages import collect_pages
from harvdiag.io.api.transport import JSON
from harvdiag.kinds import CATALOGUE
from harvdiag.snapshot import Snapshot
from harvdiag.sources import open_source
from harvdiag.sources.live.reader import connect
from harvdiag.training.world.objects import moment
from tests.routes import from_bundle, scenario, subjects, told
from tests.world import healthy
from tests.world.samples import healthy_sample, issue_8236_sample

NAMED = os.environ.get("HARVDIAG_TEST_KUBECONFIG", "")
pytestmark = pytest.mark.skipif(not NAMED, reason="HARVDIAG_TEST_KUBECONFIG is not set: no real API server to test on")
KUBECONFIG = Path(NAMED)
SCENARIOS = Path(__file__).parents[2] / "data" / "scenarios"
Object = dict[str, Any]


@pytest.fixture
def server() -> Iterator[Any]:
    """The server, empty before and after."""
    from tests.live.server import RealServer

    real = RealServer(KUBECONFIG)
    real.refuse_foreign()
    real.empty()
    yield real
    real.empty()


def later(kubeconfig: Path = KUBECONFIG) -> Cluster:
    """The live cluster as if two hours had gone: a server dates what it is given, and what is new may still join."""
    reader = connect(kubeconfig=kubeconfig)
    reader.manifest = replace(reader.manifest, captured_at=moment(reader.manifest.captured_at, hours=2))
    return Cluster(Snapshot(reader))


def bundled(place: Path, server: Any, held: list[Object], captured_at: str) -> Findings:
    """What a support bundle of the server's objects gives."""
    return from_bundle(place, server.lists(held), captured_at).check()


CASES = {
    "issue-8236": lambda: issue_8236_sample()["objects"],
    "healthy": lambda: healthy_sample()["objects"],
    "healthy-v1beta2": lambda: healthy(version="v1.8.2").objects,
    "leftovers": lambda: scenario(SCENARIOS / "node-dangling-machine" / "speaks-leftovers.yaml").objects,
    "stuck": lambda: scenario(SCENARIOS / "machine-stuck-deleting" / "speaks.yaml").objects,
    "agree": lambda: scenario(SCENARIOS / "node-machine-disagree" / "speaks.yaml").objects,
}


@pytest.mark.parametrize("case", CASES)
def test_server_and_bundle_tell_the_same(case: str, server: Any, tmp_path: Path) -> None:
    """Word for word, uid for uid; and so does a snapshot that was saved of the server."""
    held = server.fill(CASES[case]())
    live = later()
    findings = live.check()
    assert told(findings) == told(bundled(tmp_path, server, held, findings.source.captured_at))
    live.save(tmp_path / "s.harvdiag.zip")
    assert told(Cluster(open_source(tmp_path / "s.harvdiag.zip")).check()) == told(findings)


def test_issue_8236_is_found(server: Any) -> None:
    """The case that started the project, on a real server."""
    server.fill(issue_8236_sample()["objects"])
    found = later().check()
    assert subjects(found) == {
        "node-without-machine": ["Node/srv09"],
        "upgrade-blocked-by-orphan-node": ["Upgrade/hvst-upgrade-abcde"],
    }


def test_pages_of_a_real_server_are_the_whole_list(server: Any) -> None:
    """Two by two gives what one request gives."""
    server.fill(issue_8236_sample()["objects"])
    connection = open_connection(None, KUBECONFIG, 10)
    whole = list_objects(connection, CATALOGUE["Setting"])
    paged = collect_pages(lambda query: connection.get("/apis/harvesterhci.io/v1beta1/settings", query, JSON), limit=2)
    assert [o["metadata"]["name"] for o in paged.items] == [o["metadata"]["name"] for o in whole.items]
    assert len(whole.items) > 4


def test_secrets_come_without_their_data(server: Any) -> None:
    """The server cuts them to metadata: nothing else ever travels."""
    objects = issue_8236_sample()["objects"]
    for obj in objects:
        if obj["kind"] == "Secret":
            obj["data"] = {"plan": base64.b64encode(b"never-to-be-seen").decode()}
    server.fill(objects)
    plans = list_objects(open_connection(None, KUBECONFIG, 10), CATALOGUE["Secret"], "fleet-local")
    assert len(plans.items) == 3
    assert "data" not in plans.items[0]
    assert base64.b64encode(b"never-to-be-seen").decode() not in json.dumps(plans.items)


def test_identity_without_rke_cattle_io(server: Any, tmp_path: Path) -> None:
    """The rules that need its kinds say skipped and why; the others judge; whoami says so before."""
    server.fill(issue_8236_sample()["objects"])
    kubeconfig = server.reader(
        tmp_path, [rule for rule in _rules(build_manifests()) if rule["apiGroups"] != ["rke.cattle.io"]]
    )
    rights = {right.kind: right.listed for right in check_access(open_connection(None, kubeconfig, 10)).rights}
    assert (rights["Machine"], rights["CustomMachine"], rights["Secret (machine plans)"]) == (True, False, False)
    cluster = later(kubeconfig)
    findings = cluster.check()
    reasons = {outcome.rule: outcome.reason for outcome in findings.skipped}
    assert "custommachines.rke.cattle.io is forbidden" in reasons["node-without-machine"]
    assert {outcome.rule for outcome in findings.outcomes if outcome.outcome == "passed"} >= {"node-dangling-machine"}
    states = {entry.kind: entry.state for entry in cluster.coverage}
    assert states["CustomMachine"] is states["RKEControlPlane"] is State.FORBIDDEN


def test_minimal_role_suffices(server: Any, tmp_path: Path) -> None:
    """What `harvdiag rbac --plans` grants is all that a check asks for."""
    server.fill(issue_8236_sample()["objects"])
    kubeconfig = server.reader(tmp_path, _rules(build_manifests(plans=True)))
    assert later(kubeconfig).check().skipped == ()


def _rules(text: str) -> list[Object]:
    """The rules of all roles in a YAML stream; the Role of one namespace is granted there alone."""
    import yaml

    documents = [document for document in yaml.safe_load_all(text) if document]
    return [
        {**rule, "namespace": document["metadata"].get("namespace", "")}
        for document in documents
        for rule in document.get("rules") or []
    ]
