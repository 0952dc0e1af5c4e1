"""Unseen is never passed, and never a fault: what a rule may read, and what it makes of lists that are not whole."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import harvdiag.rules
from harvdiag.cluster import Cluster
from harvdiag.core.fields import Obj
from harvdiag.core.findings import Findings
from harvdiag.core.model import ObjectRef, Outcome, Severity, State
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.kind import Kind
from harvdiag.rules import engine, registry, run_rules, select_rules
from harvdiag.rules.engine import Check, Hit, Rule
from harvdiag.rules.facts import Facts
from harvdiag.snapshot import Listing, Manifest, Reader, Resource, Snapshot
from tests import port
from tests.routes import PATHS, SCENARIOS, checked, is_first, name, of_each_rule, opened, sampled, scenario
from tests.sample import some

UNSEEN = (State.FAILED, State.FORBIDDEN, State.NOT_LOOKED_AT)
ROOM = Path(harvdiag.rules.__file__).parent


# --- what a rule may read ------------------------------------------------------------------------------------------


def test_kind_that_came_late_counts_where_it_is_read() -> None:
    """A release without UpgradePlans has no list of them; one that cannot be read may hide what ended an Upgrade."""
    path = SCENARIOS / "upgrade-failed-in-phase/speaks.yaml"
    outcomes = {state: outcome_of("upgrade-failed-in-phase", path, UpgradePlan=state) for state in UNSEEN}
    assert outcomes[State.NOT_LOOKED_AT].outcome == "failed"
    for state in (State.FORBIDDEN, State.FAILED):
        assert outcomes[state].reason == f"UpgradePlan {state}: for a reason"
        assert [entry.kind for entry in outcomes[state].gaps] == ["UpgradePlan"]
    running = SCENARIOS / "bundle-not-ready/speaks.yaml"
    assert outcome_of("bundle-not-ready", running, UpgradePlan=State.FORBIDDEN).outcome == "failed"


def outcome_of(rule: str, path: Path, **states: State) -> Outcome:
    source = port.Port(scenario(path).objects, states, captured_at=scenario(path).captured_at or "")
    (outcome,) = run_rules(Facts(Snapshot(source)), select_rules([rule]))
    return outcome


def declare(check: Check, **declared: Any) -> Rule:
    """A rule that nothing lists."""
    known = dict(engine._RULES)
    engine.rule("made-up", **declared)(check)
    found = engine._RULES["made-up"]
    engine._RULES.clear()
    engine._RULES.update(known)
    return found


def fleet(facts: Facts) -> tuple[ObjectRef, ...]:
    """Something that several rules ask for."""
    return tuple(facts.pairing.machines)


def never(_facts: Facts) -> Iterator[Hit]:
    return iter(())


def test_rule_that_reads_what_it_does_not_declare_is_skipped_where_that_was_not_seen() -> None:
    """It cannot pass on it, whichever way it reads."""
    reads: dict[str, Callable[[Facts], object]] = {
        "objects": lambda facts: facts.snapshot.objects("Job"),
        "get": lambda facts: facts.snapshot.get(ObjectRef("Job", "harvester-system", "x")),
        "seen": lambda facts: facts.snapshot.seen("Job"),
        "links": lambda facts: facts.links.objects.get(ObjectRef("Machine", "fleet-local", "x")),
        "refs": lambda facts: facts.links.refs("Machine"),
        "iteration": lambda facts: list(facts.links.objects),
        "edges": lambda facts: facts.links.edges_to(ObjectRef("Node", "", "hv01")),
        "machines": lambda facts: facts.pairing.machines,
        "claims": lambda facts: facts.pairing.claiming_machines(ObjectRef("Node", "", "hv01")),
        "plans": lambda facts: facts.pairing.plans_of(ObjectRef("Machine", "fleet-local", "x")),
        "upgrades": lambda facts: facts.upgrades.all,
        "run": lambda facts: facts.upgrade_run,
        "toolkit": lambda facts: facts.upgrades.plan,
        "made once": lambda facts: facts.once(fleet),
    }
    states = dict.fromkeys(("Job", "Machine", "Secret", "Upgrade", "UpgradePlan"), State.FORBIDDEN)
    facts = Facts(Snapshot(port.Port([], states)))
    _ = facts.links.edges, facts.pairing.machines, facts.upgrades.all, facts.upgrade_run  # kept from before
    _ = facts.once(fleet)
    for how, read in reads.items():

        def check(facts: Facts, read: Callable[[Facts], object] = read) -> Iterator[Hit]:
            read(facts)
            return iter(())

        (outcome,) = run_rules(facts, [declare(check, needs=set())])
        assert (how, outcome.outcome) == (how, "skipped")
        (outcome,) = run_rules(facts, [declare(check, needs=set(), optional=set(CATALOGUE))])
        assert (how, outcome.outcome) == (how, "passed")


def test_rule_may_require_what_it_reads_as_evidence() -> None:
    """Where what it saw settles nothing, it ends as if it needed the kind."""

    def check(facts: Facts) -> Iterator[Hit]:
        facts.snapshot.require("Job")
        return iter(())

    for state, outcome in {State.FORBIDDEN: "skipped", State.COLLECTED: "passed"}.items():
        facts = Facts(Snapshot(port.Port([], {"Job": state})))
        assert run_rules(facts, [declare(check, needs=set(), optional={"Job"})])[0].outcome == outcome


def test_time_is_known_by_what_was_seen() -> None:
    """Without a time of collection and without Nodes nothing is old or young: a rule that asks for it is skipped."""

    def check(facts: Facts) -> Iterator[Hit]:
        _ = facts.now
        return iter(())

    for captured_at, outcome in {"": "skipped", "2025-05-08T10:00:00Z": "passed"}.items():
        facts = Facts(Snapshot(port.Port([], {"Node": State.FORBIDDEN}, captured_at=captured_at)))
        assert run_rules(facts, [declare(check, needs=set(), optional={"Node"})])[0].outcome == outcome


# --- what every rule reads -----------------------------------------------------------------------------------------


@of_each_rule(PATHS)
def test_each_rule_declares_every_kind_that_it_reads(path: Path) -> None:
    """As needed, for it concludes from its absence, or as optional; facts kept from the rules before it count too."""
    facts, about = opened(path).facts, {path.parent.name, *scenario(path).expect}
    for rule in select_rules():
        if rule.name not in about and not sampled(path, 4, "what rules read", each_rule=False):
            continue
        reads: set[str] = set()
        with facts.snapshot.watched(lambda kind, _place, reads=reads: reads.add(kind)):
            list(rule.check(facts))
        assert reads - rule.needs - rule.optional - engine.ALWAYS == set(), rule.name


def test_no_kind_is_needed_and_optional() -> None:
    assert not [rule.name for rule in registry().values() if rule.needs & rule.optional]


def test_rules_read_through_facts_alone() -> None:
    """What reads past them is not noticed: sources, another Snapshot, and the ways that derived facts use."""
    for path in sorted(ROOM.rglob("*.py")):
        if path.name in {"engine.py", "facts.py", "run.py"}:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not [m for m in modules if m.startswith(("harvdiag.snapshot", "harvdiag.sources", "harvdiag.io"))], path
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not {a for a in used if a.startswith("_") and not a.startswith("__") and a != "_replace"}, path
        assert not used & {"watched", "load", "coverage"}, path


# --- what every rule makes of a list that is not whole --------------------------------------------------------------


class Damage(NamedTuple):
    """What became of the lists of a kind, in one namespace or (None) in all: ``forbidden``, or only ``half`` came."""

    kind: str
    namespace: str | None
    way: str


class Damaged:
    """A source of which one list is not whole."""

    def __init__(self, reader: Reader, damage: Damage) -> None:
        self.manifest: Manifest = reader.manifest
        self._reader, self._damage = reader, damage

    def resources(self) -> Sequence[Resource]:
        return self._reader.resources()

    def host(self, node: str) -> Obj | None:
        return self._reader.host(node)

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        return [self._hurt(listing) for listing in self._reader.read(kinds)]

    def _hurt(self, whole: Listing) -> Listing:
        kind, namespace, way = self._damage
        if whole.kind.name != kind or namespace not in (None, whole.namespace):
            return whole
        items, state = ((), State.FORBIDDEN) if way == "forbidden" else (half(whole.items), State.FAILED)
        return Listing(
            kind=whole.kind,
            version=whole.version,
            namespace=whole.namespace,
            items=items,
            state=state,
            reason="for a reason",
        )


def half(items: Sequence[Any]) -> Sequence[Any]:
    return items[: len(items) // 2]


def damages(path: Path) -> list[Damage]:
    """The damages to each list that the check of a scenario reads; half of nothing is nothing."""
    checked(path)
    lists: dict[str, dict[str, int]] = {}
    for entry in opened(path).snapshot.coverage.entries:
        lists.setdefault(entry.kind, {})[entry.namespace] = entry.count
    places = [(kind, where) for kind, found in lists.items() for where in ((None, *found) if len(found) > 1 else found)]
    some_in = {kind: {None: sum(found.values()), **found} for kind, found in lists.items()}
    found = [Damage(kind, where, way) for kind, where in places for way in ("forbidden", "half")]
    return [damage for damage in found if some_in[damage.kind][damage.namespace] or damage.way == "forbidden"]


def damaged(path: Path, damage: Damage) -> Findings:
    reader = opened(path).snapshot._reader
    return Cluster(Snapshot(Damaged(reader, damage))).check()


@of_each_rule(path for path in PATHS if sampled(path, 2, "unseen"))
def test_list_that_is_not_whole_adds_no_fault_and_hides_none(path: Path) -> None:
    """Nothing new of severity error or warning, but a fallback; a rule whose finding is gone is skipped, not passed.

    A fallback speaks where the rule that would tell the reason could not be run.
    """
    fallbacks = {rule.name for rule in registry().values() if rule.fallback}
    whole = {finding.fingerprint: finding.rule for finding in checked(path)}
    for damage in some(damages(path), 2 if is_first(path) else 1, name(path)):
        found = damaged(path, damage)
        new = [
            f
            for f in found
            if f.severity is not Severity.INFO and f.fingerprint not in whole and f.rule not in fallbacks
        ]
        assert not new, (damage, [f.message for f in new])
        gone = {rule for fingerprint, rule in whole.items() if fingerprint not in {f.fingerprint for f in found}}
        outcomes = {outcome.rule: outcome.outcome for outcome in found.outcomes}
        speaking = {f.rule for f in found}  # one that still tells of others is not passed either
        assert {rule: outcomes[rule] for rule in gone - speaking} == dict.fromkeys(gone - speaking, "skipped"), damage
