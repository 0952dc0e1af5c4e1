"""What is found in a redacted source is what is found in the source, under the mapping of names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.redact import Key, Redactor, redact_snapshot
from harvdiag.reports.json import render
from harvdiag.reports.preflight import render as render_preflight
from harvdiag.snapshot import Snapshot
from harvdiag.training.scenario_files import load_scenario
from tests.port import Port
from tests.world.samples import DATA

BUNDLES = sorted((Path(hd.__file__).parents[1] / "data" / "bundles").glob("*.zip"))
KEY = Key(bytes(range(32)), Path("of-a-test"))
LISTS = ("caution", "message", "next", "why", "value", "evidence")
"""Texts that list names in their order, and lines that are cut where they are too long."""


def told(text: str) -> dict[str, Any]:
    """What a report in JSON says of findings and checks, whatever their order; not how names are listed in it."""
    body = json.loads(text)
    findings = [{key: value for key, value in each.items() if key not in LISTS} for each in body["findings"]]
    for finding in findings:
        finding["caused_by"], finding["targets"] = sorted(finding["caused_by"]), sorted(map(str, finding["targets"]))
    return {
        "findings": sorted(findings, key=lambda each: str(each["fingerprint"])),
        "checks": sorted(map(str, body["checks"])),
        "summary": body["summary"],
    }


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.stem)
def test_findings_are_the_same_under_the_mapping(bundle: Path) -> None:
    """By translating them back; no name of a host is in them before."""
    redactor = Redactor(KEY)
    snapshot = redact_snapshot(hd.open(bundle).snapshot, redactor)
    found = render(Cluster(snapshot).check())
    cluster = hd.open(bundle)
    assert [name for name in cluster.nodes["name"] if name in found] == []
    assert bundle.name not in found
    assert told(redactor.reveal(found)) == told(render(cluster.check()))


def test_a_preflight_is_the_same_under_the_mapping() -> None:
    """Also where namespace and name of an image are in one field, and both are ordinary words."""
    told_of = load_scenario(DATA / "preflight" / "preflight-image-volume-size" / "speaks.yaml")
    redactor = Redactor(KEY)
    snapshot = redact_snapshot(Snapshot(Port(told_of.objects)), redactor)
    found = told(redactor.reveal(render_preflight(Cluster(snapshot).preflight(), "json")))
    true = told(render_preflight(Cluster(Snapshot(Port(told_of.objects))).preflight(), "json"))
    assert found | {"checks": []} == true | {"checks": []}  # they list names in their order
    claims = json.dumps(snapshot.objects("PersistentVolumeClaim"))
    assert "prod" not in claims


def test_graph_is_the_same_under_the_mapping() -> None:
    """Every edge, by its ends and its field."""
    redactor = Redactor(KEY)
    snapshot = redact_snapshot(hd.open(BUNDLES[-1]).snapshot, redactor)

    def edges(cluster: Cluster) -> set[tuple[str, str, str]]:
        return {
            (redactor.reveal(str(a)), redactor.reveal(str(b)), path) for a, b, path in cluster.graph.edges(keys=True)
        }

    assert edges(Cluster(snapshot)) == edges(hd.open(BUNDLES[-1]))
