"""Rights: what may be listed everywhere, somewhere, nowhere, and what coverage and checks say of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvdiag.core.errors import SourceError
from harvdiag.core.model import State
from harvdiag.kinds import CATALOGUE, DIAGNOSIS
from harvdiag.rules import registry
from harvdiag.training.world.clusters import NAMESPACES
from harvdiag.training.world.objects import new
from tests.api import Api, Rights
from tests.api.fixture import Serve
from tests.transport.lab import assert_skipped, cluster, states
from tests.world import healthy

WORLD = healthy()
FLEET, SYSTEM = "fleet-local", "harvester-system"
ALL = {CATALOGUE[name].resource for name in DIAGNOSIS}
RKE = {"custommachines.rke.cattle.io", "rkebootstraps.rke.cattle.io"}
RKE |= {"rkeclusters.rke.cattle.io", "rkecontrolplanes.rke.cattle.io"}
OF_CLUSTER = {
    "nodes",
    "settings.harvesterhci.io",
    "clusters.management.cattle.io",
    "upgradeplans.management.harvesterhci.io",
}


def test_all_is_allowed(serve: Serve, tmp_path: Path) -> None:
    """What the minimal role gives is enough for every check."""
    of = cluster(serve(WORLD.objects, rights=ALL), tmp_path)
    assert {outcome.outcome for outcome in of.check().outcomes} == {"passed"}


def test_an_identity_without_an_api_group(serve: Serve, tmp_path: Path) -> None:
    """Without rke.cattle.io the rules that need it are skipped, and say who may not do what."""
    api = serve(WORLD.objects, rights=(ALL - RKE) | {"namespaces"})
    of = cluster(api, tmp_path)
    kinds = [kind.name for kind in CATALOGUE.values() if kind.group == "rke.cattle.io"]
    assert {entry.state for kind in kinds for entry in of.coverage.of(kind)} == {State.FORBIDDEN}
    assert_skipped(of, *kinds, why='is forbidden: User "reader" cannot list resource')
    assert {entry.namespace for kind in kinds for entry in of.coverage.of(kind)} == {FLEET}
    api.assert_only_read()


def test_nothing_is_allowed(serve: Serve, tmp_path: Path) -> None:
    """No check can be made: an error, in one line, after one request a list and a few for namespaces."""
    api = serve(WORLD.objects, rights=())
    of = cluster(api, tmp_path)
    with pytest.raises(SourceError, match=r"lab: no check could be run \(of \d+\); not seen: Node, .*: not allowed"):
        of.check()
    assert {entry.state for entry in of.coverage} == {State.FORBIDDEN}
    asked = len(api.requests)
    assert of.coverage
    assert len(api.requests) == asked < 150
    api.assert_only_read()


def some(api: Api, place: Path) -> dict[tuple[str, str], State]:
    """Coverage of the kinds that live in namespaces."""
    return states(cluster(api, place).coverage)


def test_only_some_namespaces(serve: Serve, tmp_path: Path) -> None:
    """Those that may be listed are, and the others are told in one row."""
    stray = new("cluster.x-k8s.io/v1beta1", "Machine", "stray", "default", spec={"clusterName": "other"})
    rights = Rights(OF_CLUSTER | {"namespaces"}, {FLEET: {"*"}, "default": {"*"}})
    api = serve([*WORLD.objects, stray], rights=rights)
    of = cluster(api, tmp_path)
    rows = {entry.namespace: entry for entry in of.coverage.of("Machine")}
    assert {name: (row.state, row.count) for name, row in rows.items()} == {
        FLEET: (State.COLLECTED, 3),
        "default": (State.COLLECTED, 1),
        "*": (State.FORBIDDEN, 0),
    }
    others = len(NAMESPACES) - 2
    assert rows["*"].reason.startswith(f"{others} other namespaces may not be listed: ")
    assert rows["*"].reason.endswith("kube-system, local, longhorn-system")
    assert rows["*"].reason.count(",") == 11
    api.assert_only_read()


def test_rules_that_look_everywhere_are_skipped(serve: Serve, tmp_path: Path) -> None:
    """What is not in the home namespace may be in another: absence is not told of what was not seen."""
    homes = {kind.home for kind in CATALOGUE.values() if kind.home}
    rights = Rights(OF_CLUSTER | {"namespaces"}, {home: {"*"} for home in homes})
    of = cluster(serve(WORLD.objects, rights=rights), tmp_path)
    findings = of.check()
    skipped = {outcome.rule for outcome in findings.skipped}
    assert not findings
    assert of.snapshot.gap("Machine") is None
    assert "other namespaces may not be listed" in (of.snapshot.gap("Machine", everywhere=True) or "")
    several = {"deployment-not-whole", "deployment-without-room"}  # they look into the namespaces of the system
    assert skipped == {name for name, rule in registry().items() if rule.everywhere} | several
    assert {"passed"} == {outcome.outcome for outcome in findings.outcomes if outcome.rule not in skipped}


def test_the_home_is_refused(serve: Serve, tmp_path: Path) -> None:
    """It has a row of its own: the checks look there."""
    rights = Rights(OF_CLUSTER | {"namespaces"}, {"default": {"*"}, SYSTEM: {"*"}})
    found = some(serve(WORLD.objects, rights=rights), tmp_path)
    machine = {namespace: state for (kind, namespace), state in found.items() if kind == "Machine"}
    assert machine == {FLEET: State.FORBIDDEN, "default": State.EMPTY, SYSTEM: State.EMPTY, "*": State.FORBIDDEN}


def test_namespaces_cannot_be_listed(serve: Serve, tmp_path: Path) -> None:
    """Then the homes of the kinds are tried, and the namespace of the context."""
    rights = Rights(OF_CLUSTER, {FLEET: {"*"}, SYSTEM: {"*"}, "mine": {"*"}})
    pod = new("v1", "Pod", "p", "mine")
    api = serve([*WORLD.objects, pod], rights=rights)
    of = cluster(api, tmp_path, namespace="mine")
    assert {entry.namespace: entry.state for entry in of.coverage.of("Machine")} == {
        FLEET: State.COLLECTED,
        SYSTEM: State.EMPTY,
        "mine": State.EMPTY,
        "*": State.FORBIDDEN,
    }
    assert "other namespaces are unknown" in (of.snapshot.gap("Machine", everywhere=True) or "")
    assert list(of.table("pods")["name"]) == ["p"]


def test_kinds_of_the_cluster_are_not_looked_for_in_namespaces(serve: Serve, tmp_path: Path) -> None:
    """Nor are Secrets: of them there is one place."""
    api = serve(WORLD.objects, rights=Rights({"namespaces"}))
    states(cluster(api, tmp_path).coverage)
    for group, plural in (("/api/v1", "nodes"), ("/apis/harvesterhci.io/v1beta1", "settings")):
        asked = [path for path in api.paths if path.startswith(f"{group}/") and path.endswith(f"/{plural}")]
        assert asked == [f"{group}/{plural}"]
    assert [path for path in api.paths if "secrets" in path] == ["/api/v1/namespaces/fleet-local/secrets"]


def test_namespaces_are_asked_for_once(serve: Serve, tmp_path: Path) -> None:
    """However many kinds are refused, and whenever they are asked for."""
    api = serve(WORLD.objects, rights=Rights(OF_CLUSTER | {"namespaces"}, {FLEET: {"*"}}))
    of = cluster(api, tmp_path)
    of.check()
    of.table("pods")
    assert api.paths.count("/api/v1/namespaces") == 1
    assert len(set(api.paths)) == len(api.paths)
    assert api.server.busiest <= 8
