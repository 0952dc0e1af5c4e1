"""Damaged and hostile data before an upgrade: no crash, and what cannot be read never counts as good."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.reports.preflight import render
from harvdiag.rules import registry
from harvdiag.snapshot import Snapshot
from harvdiag.training.world.objects import new
from tests.port import Port
from tests.preflight.test_false_storage import STORAGE, judge, networked, outcome
from tests.preflight.test_scenarios import PATHS
from tests.routes import scenario
from tests.sample import is_full
from tests.test_fuzz import STRANGE, places

DEEP = "[" * 100_000
"""JSON that no parser goes into."""
WRONG: tuple[Any, ...] = (
    *STRANGE,
    float("inf"),
    float("nan"),
    10**400,
    "1e400",
    "NaN",
    "`x`|<script>\x00",
    DEEP,
    "9" * 5000,
)
ROUNDS = 200
NETWORK = {"range": "10.0.0.0/29"}


@pytest.mark.parametrize("seed", range(0, ROUNDS, 1 if is_full() else 8))
def test_fields_of_any_type_are_no_crash(seed: int) -> None:
    """What a rule of the preflight reads, a third of the objects with a field of another type, some of them twice."""
    dice = random.Random(seed)  # noqa: S311
    told = scenario(dice.choice(PATHS))
    objects = deepcopy(list(told.objects))
    port = Port([*objects, *objects[:5]])
    for obj in dice.sample(objects, max(len(objects) // 3, 1)):
        holder, key = dice.choice(list(places(obj)))
        holder[key] = deepcopy(dice.choice(WRONG))
    preflight = Cluster(Snapshot(port)).preflight(told.target)
    assert json.loads(render(preflight, "json"), parse_constant=pytest.fail)
    assert render(preflight, "markdown")
    assert repr(preflight)


@pytest.mark.parametrize(
    "value", [5, {"range": "10.0.0.0/29"}, ["x"], True, DEEP, '{"range": "10.0.0.0/29", "exclude": 5}']
)
def test_a_setting_that_cannot_be_read_is_not_unset(value: Any) -> None:
    """A value that is no text, or that no parser goes into; what is excluded is a list of ranges."""
    world = networked(NETWORK)
    world.get("Setting", "storage-network")["value"] = value
    assert outcome(judge(world), STORAGE).outcome == "skipped"


@pytest.mark.parametrize("spec", [5, {"range": "10.0.0.0/29", "allocations": ["x"]}, {"allocations": None}])
def test_a_pool_that_cannot_be_read_is_not_empty(spec: Any) -> None:
    """Its addresses in use are not known."""
    world = networked(NETWORK)
    world.get("IPPool", "10.0.0.0-29")["spec"] = spec
    assert outcome(judge(world), STORAGE).outcome == "skipped"


def test_without_the_release_installed_no_known_issue_is_ruled_out() -> None:
    """Its path may be that of the issue."""
    world = networked(NETWORK)
    world.get("Setting", "server-version")["value"] = None
    ruled = {o.rule: o for o in judge(world, "v1.9.0").findings.outcomes if registry()[o.rule].family == "preflight"}
    silent = [name for name, o in ruled.items() if registry()[name].paths and o.outcome == "not-applicable"]
    assert silent == []
    assert "release installed is not known" in ruled["preflight-importer-memory"].reason


@pytest.mark.parametrize("status", [None, {}, {"defaultPodResourceRequirements": ["x"]}])
def test_without_a_status_the_importer_may_have_too_little(status: Any) -> None:
    """CDI has not told yet what its Pods get."""
    world = networked(NETWORK)
    world.objects = [obj for obj in world.objects if obj["kind"] != "CDIConfig"]
    world.add(new("cdi.kubevirt.io/v1beta1", "CDIConfig", "config", status=status))
    assert outcome(judge(world, "v1.9.0"), "preflight-importer-memory").outcome == "skipped"


def test_a_number_that_json_does_not_have_is_a_text() -> None:
    """In the evidence of an image with so many copies, as a huge number is one of copies."""
    world = networked(NETWORK)
    for name, copies in (("none", float("-inf")), ("many", 10**400)):
        world.add(
            new("longhorn.io/v1beta2", "BackingImage", name, "longhorn-system", spec={"minNumberOfCopies": copies})
        )
    found = json.loads(render(judge(world), "json"), parse_constant=pytest.fail)["findings"]
    seen = {each["subject"]["name"]: each["evidence"] for each in found}
    assert seen["none"][0]["value"] == "-inf"
    assert "many" not in seen
