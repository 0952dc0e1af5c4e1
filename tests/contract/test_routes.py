"""Every scenario tells the same through every route, and the rules and scenarios cover each other."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.rules import select_rules
from tests.routes import (
    PATHS,
    ROUTES,
    SCENARIOS,
    checked,
    expected,
    from_bundle,
    name,
    of_each_rule,
    routes_of,
    sampled,
    scenario,
    subjects,
    told,
)

RULES = sorted(rule.name for rule in select_rules())
# Stories of one fault: the scenario, and the one finding that a reader should begin with.
ROOTS = {
    "node-without-machine/speaks": "node-without-machine",
    "upgrade-blocked-by-orphan-node/speaks": "node-without-machine",
    "upgrade-blocked-by-orphan-node/speaks-early": "node-without-machine",
    "upgrade-blocked-by-orphan-node/speaks-dangling": "node-dangling-machine",
    "upgrade-blocked-by-orphan-node/speaks-half-joined": "node-half-joined",
    "machine-without-node-ref/speaks-paused": "cluster-paused",
    "node-with-several-machines/speaks": "machine-stuck-deleting",
    "nodes-share-machine/speaks-six-nodes": "nodes-share-machine",
    "node-dangling-machine/speaks-leftovers": "node-dangling-machine",
    "rkebootstrap-without-machine/speaks-leftovers": "rkebootstrap-without-machine",
    "init-node-dead/speaks": "init-node-dead",
    "no-machine-listed/speaks": "no-machine-listed",
}


@pytest.mark.parametrize("path", [path for path in PATHS if sampled(path, 4, "routes")], ids=name)
def test_every_route_tells_what_the_scenario_expects(path: Path, tmp_path: Path) -> None:
    """Folder, bundle, extracted, snapshot and API give the expected findings, word for word, and skip nothing."""
    told_by = {}
    for route in routes_of(path):
        of = scenario(path)
        findings = ROUTES[route](tmp_path / route, of.objects, of.captured_at).check()
        assert subjects(findings) == expected(of), route
        assert not findings.skipped, route
        told_by[route] = told(findings)
    first = next(iter(told_by.values()))
    assert {route: each == first for route, each in told_by.items()} == dict.fromkeys(told_by, True)
    assert list(told_by) == routes_of(path)


def test_every_rule_is_tried_by_several_routes_and_each_two_are_compared() -> None:
    """What the sample of routes may not leave out: a fault of one route would show with two fifths of the rules."""
    taken = {path: set(routes_of(path)) for path in PATHS}
    assert {path.parent.name for path, routes in taken.items() if len(routes) >= 2} == set(RULES)
    for two in combinations(ROUTES, 2):
        assert sum(routes >= set(two) for routes in taken.values()) >= len(RULES) / 15, two
    for route in ROUTES:
        assert sum(route in routes for routes in taken.values()) >= len(RULES) * 2 / 5, route


@pytest.mark.parametrize("path", [path for path in PATHS if sampled(path, 3, "training", each_rule=False)], ids=name)
def test_open_and_training_tell_the_same(path: Path, tmp_path: Path) -> None:
    """`hd.open` on the folder and `open_scenario` agree with the reader, where no time of collection matters."""
    of = scenario(path)
    trained = checked(path)
    assert subjects(trained) == expected(of)
    assert not trained.skipped
    if of.captured_at is None and "folder" in routes_of(path):
        ROUTES["folder"](tmp_path, of.objects, None)
        assert told(hd.open(tmp_path / "folder").check()) == told(trained)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_speaks_and_is_silent(rule: str) -> None:
    """Each rule has a directory with a scenario in which it fails and one in which it passes; none is only skipped."""
    outcomes: dict[str, set[str]] = {"speaks": set(), "silent": set()}
    for path in SCENARIOS.glob(f"{rule}/*.yaml"):
        outcomes[path.stem.split("-")[0]] |= {o.outcome for o in checked(path).outcomes if o.rule == rule}
    assert outcomes == {"speaks": {"failed"}, "silent": {"passed"}}


def test_no_scenario_is_about_an_unknown_rule() -> None:
    """A directory of scenarios is a rule's name, and so is every key of `expect`."""
    assert {path.parent.name for path in PATHS} == set(RULES)
    assert {rule for path in PATHS for rule in scenario(path).expect} <= set(RULES)


@of_each_rule(PATHS)
def test_causes_are_findings_and_never_go_round(path: Path) -> None:
    """`caused_by` names findings of the same check; following it always ends, at a root."""
    findings = checked(path)
    causes = {finding.fingerprint: finding.caused_by for finding in findings}
    assert len(causes) == len(findings), "one finding a rule and subject"
    for start, direct in causes.items():
        seen, ahead = {start}, list(direct)
        while ahead:
            cause = ahead.pop()
            assert cause in causes
            assert cause != start, "a finding causes itself"
            ahead += [further for further in causes[cause] if cause not in seen]
            seen.add(cause)
    assert not findings or findings.roots
    reached = {f.fingerprint for root in findings.roots for f in (root, *findings.story(root))}
    assert reached == set(causes), "every finding is told below a root"


@of_each_rule(PATHS)
def test_causes_come_before_consequences(path: Path) -> None:
    """Root causes stand first, so that a reader who stops early has read the right thing."""
    caused = [bool(finding.caused_by) for finding in checked(path)]
    assert caused == sorted(caused)


@pytest.mark.parametrize("story", ROOTS)
def test_one_story_has_one_root(story: str) -> None:
    """One fault with its consequences is one root cause, not as many errors as there are findings."""
    findings = checked(SCENARIOS / f"{story}.yaml")
    assert [root.rule for root in findings.roots] == [ROOTS[story]]
    assert len(findings) > 1
    assert findings.worst() == findings.roots[0]


def test_two_faults_have_two_roots() -> None:
    """An orphan beside a ghost (harvester/harvester#3201) is two faults, though the counts are equal."""
    findings = checked(SCENARIOS / "node-without-machine/speaks-counts-equal.yaml")
    assert {root.rule for root in findings.roots} == {"node-without-machine", "machine-dangling-node"}


def test_order_of_objects_does_not_matter(tmp_path: Path) -> None:
    """The findings depend on the objects, not on the order in which a list holds them."""
    of = scenario(SCENARIOS / "upgrade-blocked-by-orphan-node/speaks-half-joined.yaml")
    there = from_bundle(tmp_path / "there", of.objects).check()
    back = from_bundle(tmp_path / "back", of.objects[::-1]).check()
    assert [f.fingerprint for f in there] == [f.fingerprint for f in back]
    assert [f.caused_by for f in there] == [f.caused_by for f in back]
