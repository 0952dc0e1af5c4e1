"""The ways out of each finding about pairs: offered, closed or refused, each with its reason, on every scenario."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harvdiag.cluster import Cluster
from harvdiag.core.model import Severity
from harvdiag.cure.plan import Runbook, Standing
from harvdiag.cure.runbook import build_runbook
from harvdiag.cure.ways import all_ways
from harvdiag.rules import registry, run_rules, select_rules
from harvdiag.rules.facts import Facts
from harvdiag.training import open_objects
from harvdiag.training.scenarios import load_scenario
from tests.cure.clusters import AT

SCENARIOS = Path(__file__).parents[2] / "data" / "scenarios"
RULES = {name: rule for name, rule in registry().items() if rule.family == "pairing"}
ELSEWHERE = {"register", "rebuild", "by-hand", "label-managed"}
"""Ways that tests beside this one look at."""
BEST = {
    "cluster-paused": "unpause",
    "init-node-missing": "mark-init-node",
    "several-init-nodes": "unmark-init-node",
    "node-machine-disagree": "renew-annotation",
    "node-follows-other-machine": "reinstall",
    "machine-provider-id-differs": "reinstall",
    "custommachine-without-machine": "remove-leftover",
    "rkebootstrap-without-machine": "remove-leftover",
    "plan-without-machine": "remove-leftover",
    "machine-dangling-node": "remove-ghost",
    "machine-stuck-deleting": "end-deletion",
    "machine-without-infrastructure": "reinstall",
    "machine-without-bootstrap": "reinstall",
    "node-replaced": "reinstall",
    "nodes-share-machine/speaks": "renew-annotation",
    "nodes-share-machine/speaks-six-nodes": "detach-false-node",
    "nodes-share-machine/speaks-by-label": "detach-false-node",
    "machine-without-node-ref/speaks": "remove-ghost",
    "machine-without-node-ref/speaks-paused": "unpause",
    "machine-not-running/speaks": "reinstall",
    "machine-not-running/speaks-no-phase": "remove-ghost",
    "node-stuck-deleting/speaks-machine": "end-deletion",
    "init-node-dead/speaks-ghost": "remove-ghost",
}
"""The way that can be followed, by the rule or by one of its scenarios."""
UNTOLD = {
    "node-with-several-machines": ("set-aside", "no report of this way"),
    "machine-without-plan": ("renew-plan", "was not made before"),
    "machine-with-several-plans": ("remove-plan", "only the log of the agent|R1: Does the agent"),
    "machine-without-node-ref/speaks-v1beta2": ("link-again", "was not linked"),
    "init-node-dead/speaks-no-ref": ("link-again", "was not linked"),
}
"""Where the first way is one that cannot be told: it and its reason."""
NONE = {"machine-in-other-namespace", "no-machine-listed", "node-recreated", "node-stuck-deleting", "init-node-dead"}
"""Where none is safe, unless the root cause has one."""


def book_of(of: Cluster, rule: str) -> Runbook:
    """The runbook of the first finding of a rule."""
    facts = Facts(of.snapshot)
    known = run_rules(facts, select_rules())
    return build_runbook(facts, next(f for each in known if each.rule == rule for f in each.findings), known)


def opened(path: Path) -> Cluster:
    """A scenario."""
    told = load_scenario(path)
    return open_objects(told.title, list(told.objects), told.captured_at or AT)


def spoken(name: str) -> list[Path]:
    """The scenarios in which a rule speaks."""
    return sorted((SCENARIOS / name).glob("speaks*.yaml"))


def expected(table: dict[str, Any] | set[str], path: Path) -> Any:
    """What a table has for a scenario, or else for its rule."""
    for key in (f"{path.parent.name}/{path.stem}", path.parent.name):
        if key in table:
            return table[key] if isinstance(table, dict) else True
    return None


def faults(path: Path) -> Iterator[str]:
    """What is wrong with the runbook of a scenario."""
    book = book_of(opened(path), path.parent.name)
    first = book.ways[0] if book.ways else None
    if best := expected(BEST, path):
        if first is None or first.name != best or first.standing is not Standing.OPEN:
            yield f"{best} cannot be followed: {book!r} {book.refused}"
    elif told := expected(UNTOLD, path):
        if first is None or first.name != told[0] or first.standing is not Standing.UNTOLD or not first.reasons:
            yield f"{told} is not what comes first: {book!r} {book.refused}"
    elif expected(NONE, path):
        if book.ways or len(book.none) < 60:
            yield f"a way is offered, or no reason given: {book!r}"
    else:
        yield "nothing is expected of it"
    for way in book.ways:
        yield from (f"{way.name}: {step.what}: no way to see it" for step in way.steps if step.action and not step.sees)
        if any(finding.severity is Severity.ERROR for finding in way.new):
            yield f"{way.name} leaves an error"


def test_every_rule_of_pairs_names_ways_or_says_why_none_is_safe() -> None:
    silent = {name for name, rule in RULES.items() if bool(rule.cures) == bool(rule.no_cure)}
    assert not silent
    assert {way for rule in RULES.values() for way in rule.cures} <= set(all_ways())


def test_each_scenario_has_the_way_that_is_right_for_it() -> None:
    mine = [name for name, rule in RULES.items() if not ELSEWHERE & set(rule.cures)]
    found = {f"{path.parent.name}/{path.stem}": [*faults(path)] for name in mine for path in spoken(name)}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
