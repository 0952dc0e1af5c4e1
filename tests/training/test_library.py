"""The library of scenarios: each shows its symptom, its faults are found and nothing else speaks, at each size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding
from harvdiag.rules import registry
from harvdiag.training.library.catalogue import scenarios
from harvdiag.training.library.model import Scenario, Solution
from tests.sample import every_value, is_full

ALL = list(scenarios())
ISSUE = re.compile(r"[a-z-]+/[a-z-]+#\d+|harvester-develop-summary, [\w-]+\.md")
RELEASES = ("v1.3.2", "v1.4.2", "v1.5.1", "v1.6.1", "v1.7.1", "v1.8.2", "v1.9.0")


def named(finding: Finding) -> str:
    """As a solution names it."""
    return f"{finding.rule} {finding.subject.kind}/{finding.subject.name}"


def findings_of(cluster: Cluster, solution: Solution) -> Findings:
    """What the checks say that the solution rests on."""
    return cluster.preflight(solution.target).findings if solution.target else cluster.check()


def errors(findings: Findings, solution: Solution) -> list[str]:
    """What of the solution is not found, and what is found that does not follow from it."""
    told = {named(finding) for finding in findings}
    wanted = [finding for finding in findings if named(finding) in solution.finds]
    explained = {other.fingerprint for finding in wanted for other in (finding, *findings.story(finding))}
    strange = [f"unexpected: {named(finding)}" for finding in findings if finding.fingerprint not in explained]
    return [f"missing: {find}" for find in solution.finds if find not in told] + strange


def shown(cluster: Cluster, scenario: Scenario) -> str:
    """What one sees of a cluster before any finding is read."""
    verdict = str(cluster.preflight(scenario.target).verdict) if scenario.target else ""
    return f"{cluster!r}\n{cluster.upgrade}\n{verdict}"


@pytest.mark.parametrize("difficulty", [1, 2, 3])
def test_each_shows_its_symptom_and_its_faults_and_nothing_else(difficulty: int) -> None:
    """At its own size and release."""
    for scenario in (item for item in ALL if item.difficulty == difficulty):
        cluster, solution = scenario.open(), scenario.solution
        assert errors(findings_of(cluster, solution), solution) == [], scenario.name
        assert [sign for sign in scenario.lesson.signs if sign not in shown(cluster, scenario)] == [], scenario.name


def sizes() -> Iterator[tuple[str, int, str]]:
    """Each scenario at the smallest size and at seven nodes, and on each release that it is made for."""
    for item in ALL:
        for size in {item.fits.least, 7} - {item.nodes}:
            if item.fits.least <= size <= item.fits.most:
                yield item.name, size, item.release
        for release in item.fits.releases or RELEASES:
            if not item.fits.refuse(release) and release != item.release:
                yield item.name, item.nodes, release


def test_size_and_release_may_vary() -> None:
    """The same faults are found, under the names that they have then."""
    for name, size, release in every_value(sizes()) if is_full() else every_value(sizes())[::3]:
        scenario = scenarios()[name]
        cluster, solution = scenario.open(nodes=size, release=release), scenario.solve(nodes=size, release=release)
        assert errors(findings_of(cluster, solution), solution) == [], (name, size, release)


BUNDLES = ALL if is_full() else [*ALL[::6], scenarios()["no-logs"]]  # whose rule needs a namespace to be seen


@pytest.mark.parametrize("scenario", BUNDLES, ids=lambda item: item.name)
def test_a_written_bundle_says_the_same(tmp_path: Path, scenario: Scenario) -> None:
    """Opened from a support bundle, with the logs that are in it."""
    cluster, solution = hd.open(scenario.write(tmp_path / "bundle.zip")), scenario.solution
    assert errors(findings_of(cluster, solution), solution) == []


def test_there_is_enough_to_learn_on() -> None:
    assert len(ALL) >= 24
    assert len({item.name for item in ALL}) == len(ALL)
    assert {item.difficulty for item in ALL} == {1, 2, 3}
    assert [item.name for item in ALL if not item.solution.finds] == ["is-it-stuck", "says-not-ready", "much-is-red"]
    assert any(item.solution.beyond for item in ALL)
    assert all(ISSUE.fullmatch(item.follows) for item in ALL)
    assert all(find.partition(" ")[0] in registry() for item in ALL for find in item.solution.finds)


def test_nothing_gives_a_solution_away() -> None:
    """Neither the object, nor the table."""
    told = f"{scenarios().document}{scenarios()!r}{''.join(map(repr, ALL))}"
    for scenario in ALL:
        solution = scenario.solution
        rules = {find.partition(" ")[0] for find in solution.finds}
        hidden = [solution.story, solution.next, *rules, *(made.summary for made in solution.made)]
        assert [text for text in hidden if text in told] == [], scenario.name


def test_the_table_and_its_names() -> None:
    table = scenarios()
    assert list(table.frame["scenario"]) == table.names
    assert table["no-answer"] is table[table.names.index("no-answer")]
    with pytest.raises(UsageError, match="did you mean no-answer"):
        table["no-anser"]


@pytest.mark.parametrize(
    ("name", "how", "says"),
    [
        ("no-answer", {"nodes": 2}, "scenario no-answer takes 3 to 50 nodes, not 2"),
        ("only-one", {"nodes": 3}, "scenario only-one is one of 1 node, not of 3"),
        ("second-kind", {"release": "1.4.2"}, "is made for Harvester 1.8 to 1.9, not for v1.4.2"),
        ("single-copy", {"release": "1.4.1"}, "is made for Harvester v1.4.2 and v1.4.3, not for v1.4.1"),
        ("no-answer", {"release": "new"}, "'new' is not a release: give one such as 1.4.2"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(name: str, how: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        scenarios()[name].open(**how)  # type: ignore[arg-type]
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
