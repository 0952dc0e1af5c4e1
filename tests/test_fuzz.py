"""Objects of any shape: a field of a wrong type, far from what is judged or near, is data and never a crash."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from functools import cache
from typing import Any

import pandas as pd
import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.errors import HarvdiagError
from harvdiag.kinds import CATALOGUE
from harvdiag.reports import render
from harvdiag.reports.notebook import cards
from harvdiag.snapshot import Snapshot
from harvdiag.training.scenario_files import load_scenario
from tests.port import Port
from tests.routes import SCENARIOS, Object
from tests.sample import is_full
from tests.world import healthy

ROUNDS = 120
STRANGE: tuple[Any, ...] = (
    None, True, 5, -1, 2.5, 10**30, "", "x", "²", "--5", "9" * 30, "null", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+05:00", "\x1b[31m\n", [], [5], [None], ["x"], [[]], [{}],
    [{"type": 5, "status": []}], [{"type": "InternalIP", "address": {}}], [{"kind": 5, "name": []}], {}, {"x": 5},
    [{"type": [], "status": {}}], {"name": 5}, {"name": "x", "kind": [], "apiVersion": {}}, {"state": 5},
)  # fmt: skip
Place = tuple[Any, str | int]


@cache
def worlds() -> tuple[tuple[Object, ...], ...]:
    """A healthy cluster, and one in the middle of an upgrade that an orphan holds up."""
    upgrading = load_scenario(SCENARIOS / "upgrade-blocked-by-orphan-node" / "speaks.yaml")
    return tuple(healthy().objects), upgrading.objects


def places(value: Any) -> Iterator[Place]:
    """Every place in an object that can be given another value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in pairs:
        yield value, key
        yield from places(member)


def strange(seed: int) -> tuple[Cluster, list[str]]:
    """A cluster in which a third of the objects have one field of another type, and what was changed."""
    dice = random.Random(seed)  # noqa: S311
    objects = deepcopy(list(dice.choice(worlds())))
    port = Port(objects)
    changed: list[str] = []
    for obj in dice.sample(objects, len(objects) // 3):
        holder, key = dice.choice(list(places(obj)))
        value = deepcopy(dice.choice(STRANGE))
        changed.append(f"{key}: {holder[key]!r} -> {value!r}"[:200])
        holder[key] = value
    return Cluster(Snapshot(port)), changed


def use_all(cluster: Cluster) -> None:
    """Everything that harvdiag tells of a cluster."""
    with suppress(HarvdiagError):
        findings = cluster.check()
        for form in ("table", "json", "markdown"):
            assert render(findings, form)
        assert cards.findings_card(findings)
        assert len(findings.frame) == len(findings)
    for told in (cluster.pairs, cluster.clusters, *(cluster.table(kind) for kind in CATALOGUE)):
        assert isinstance(told, pd.DataFrame)
        assert told.to_csv() is not None
    assert cluster.graph.number_of_nodes() >= 0
    assert cards.coverage_card(cluster.coverage)
    assert repr(cluster)


@pytest.mark.parametrize("seed", range(0, ROUNDS, 1 if is_full() else 9))
def test_fields_of_any_type_are_no_crash(seed: int) -> None:
    """Check, pairs, graph, coverage, tables and reports raise nothing but HarvdiagError."""
    cluster, changed = strange(seed)
    try:
        use_all(cluster)
    except Exception as error:
        error.add_note("\n".join(changed))
        raise


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("Node", {"metadata": {"ownerReferences": 5}}),
        ("Node", {"metadata": {"labels": ["x"]}}),
        ("Node", {"metadata": {"creationTimestamp": "0001-01-01T00:00:00Z"}}),
        ("Machine", {"metadata": {"deletionTimestamp": "0001-01-01T00:00:00+05:00"}}),
        ("Machine", {"metadata": {"deletionTimestamp": "9999-12-31T23:59:59-05:00"}}),
        ("Node", {"status": {"addresses": 5}}),
        ("Node", {"status": {"conditions": 5}}),
        ("Machine", {"status": {"conditions": 5, "v1beta2": {"conditions": "x"}}}),
    ],
)
def test_known_crashes(kind: str, patch: Object) -> None:
    """What once ended in a traceback."""
    world = healthy()
    world.change(kind, next(world.find(kind))["metadata"]["name"], patch)
    use_all(Cluster(Snapshot(Port(world.objects))))
