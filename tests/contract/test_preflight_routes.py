"""A preflight has the same rows through every route, as far as what a row asks for is in the source."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.status.preflight.rows import SKIPPED, Answered
from tests.preflight.test_false_results import AT_REST, GHOST, four_and_four
from tests.preflight.test_scenarios import PATHS, judged
from tests.routes import ROUTES, Object, again, from_api, from_bundle, name, scenario
from tests.sample import every_value, some

FIRST = {path.parent: path for path in reversed(PATHS) if path.stem.startswith("speaks")}
"""Of each rule the first scenario in which it speaks."""
HOSTS = ("KubeletStats", "KubeletConfig", "ServingCertificate")
"""What no object of a cluster has: only scenarios give it as such, and only a live cluster has it."""
OF_HOSTS = ("webhook V13", "webhook V19", "check.sh Node-Free-Space", "check.sh Certificates", "UpgradePlan disk")
"""The rows that go by these: a live cluster tells them by its hosts, whatever a scenario says."""
ABSENT = ("not looked at: ", "none seen", "none such was seen", " seen, but ")
"""What the reason of a row says that was skipped, as its source has not what it asks for."""
USERS = "fleet-default"
"""A namespace that is in no bundle."""


def take(route: str, place: Path, objects: Iterable[Object], captured_at: str | None, target: str) -> list[Answered]:
    """The rows of a preflight through a route; a snapshot is one that was taken for a preflight."""
    made = [obj for obj in objects if obj["kind"] not in HOSTS]
    if route == "snapshot":
        cluster = again(from_bundle(place, made, captured_at), place, preflight=True)
    elif route == "api":
        secrets = [obj | {"kind": "Secret"} if obj["kind"] == "KubeconfigSecret" else obj for obj in made]
        cluster = from_api(place, secrets, captured_at, partial(Cluster.preflight, target=target))
    else:
        cluster = ROUTES[route](place, made, captured_at)
    return list(cluster.preflight(target).rows)


def told(row: Answered) -> tuple[Any, ...]:
    """What a row says, without objects of namespaces that a bundle has not."""
    found = [f for f in row.findings if f.subject.namespace != USERS]
    return row.row.key, row.outcome, row.severity, [(f.rule, f.subject, f.message) for f in found]


@pytest.mark.parametrize("path", FIRST.values(), ids=name)
def test_rows_are_those_of_the_scenario(path: Path, tmp_path: Path) -> None:
    """One route for each rule: a row has the findings of the whole, or was skipped, as the source lacks it."""
    of = scenario(path)
    for route in some(ROUTES, 1, f"preflight {name(path)}"):
        rows = take(route, tmp_path / route, of.objects, of.captured_at, of.target)
        for row, whole in zip(rows, judged(path).rows, strict=True):
            if whole.outcome == SKIPPED or whole.row.key in OF_HOSTS:
                continue
            if row.outcome != SKIPPED:
                assert told(row) == told(whole), route
            else:
                assert route != "api", (row.row.key, row.reason)
                assert any(word in row.reason for word in ABSENT), (route, row.row.key, row.reason)


@pytest.mark.parametrize(("route", "upgrade"), every_value((route, rest) for rest in AT_REST for route in ROUTES))
def test_four_and_four_are_refused_through_every_route(route: str, upgrade: str, tmp_path: Path) -> None:
    """harvester/harvester#8236 after its upgrade, with a ghost Machine more: equal counts, and both are named."""
    objects, captured_at = four_and_four(upgrade)
    (row,) = (r for r in take(route, tmp_path, objects, captured_at, "v1.5.0") if r.row.key == ROW)
    assert row.failed
    assert [finding.subject.name for finding in row.findings] == [GHOST, "srv09"]


ROW = "check.sh CAPI-Machine-Count"
