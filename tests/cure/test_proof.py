"""No simulation calls harmless what destroys something, and no runbook does: by a second opinion on raw objects."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

import pytest

from harvdiag.core.errors import HarvdiagError, UsageError
from harvdiag.core.model import ObjectRef
from harvdiag.cure.model import Action, Hazard, Verb
from harvdiag.cure.simulate import simulate
from harvdiag.cure.ways import all_ways
from harvdiag.rules import registry
from harvdiag.sources import open_source
from harvdiag.training import open_objects
from harvdiag.training.world.faults import orphan
from tests.cure.invented import Invented, invent, kind_of
from tests.cure.oracle import Oracle
from tests.cure.proof import Cluster, faults_of, runbooks_of
from tests.routes import PATHS, name, opened, scenario
from tests.sample import is_full
from tests.test_fuzz import STRANGE, places
from tests.together import together
from tests.world import healthy
from tests.world.samples import DATA, SAMPLES

MORE = frozenset(
    {
        *("CustomMachine", "RKEBootstrap", "Secret", "Replica", "Volume", "VirtualMachineInstance", "RKEControlPlane"),
        *("Cluster", "Cluster.provisioning.cattle.io", "Cluster.management.cattle.io", "Upgrade"),
    }
)
TRIED = frozenset({"Node", "Machine"}) | (MORE if is_full() else set())
"""The kinds of which each object is deleted once."""
OF_HOSTS = (Verb.DELETE_HOST, Verb.REGISTER, Verb.DRAIN, Verb.UNINSTALL, Verb.JOIN)
HARMLESS = frozenset({Hazard.SAFE, Hazard.CARE})
PAIRING = frozenset(rule.name for rule in registry().values() if rule.family == "pairing")
OF_PAIRS = [path for path in PATHS if path.parent.name in PAIRING and path.stem == "speaks"]
"""Of each rule of the family one scenario: in a full run all scenarios of all rules are taken."""


NAMED = {"apiVersion", "kind", "metadata", "name", "namespace"}
"""The fields by which an object is known: without one there is none."""


def test_rules_and_ways_name_each_other() -> None:
    """Every rule of the family has a cure, or says why none is safe; every way is there, and serves a rule."""
    rules = registry().values()
    assert {way for rule in rules for way in rule.cures} == set(all_ways())
    assert not [rule.name for rule in rules if rule.cures and rule.no_cure]
    assert not [rule.name for rule in rules if rule.family == "pairing" and not (rule.cures or rule.no_cure)]


def group(seed: int) -> str:
    """Of seeds that are tried in one test."""
    return f"seeds {seed // 20 * 20}"


def single_actions(made: Invented) -> Iterator[Action]:
    """Every object deleted, and everything that is done to a host done to each."""
    for obj in made.objects:
        ref = ObjectRef(kind_of(obj), obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        if ref.kind in TRIED - made.unseen:
            yield Action(verb=Verb.DELETE, ref=ref)
            if ref.kind == "Node":
                yield from (Action(verb=verb, ref=ref) for verb in OF_HOSTS)
    yield Action(verb=Verb.WAIT)


@together(range(100) if is_full() else (31, 49, 52), group, str)
def test_no_action_is_harmless_that_destroys(seed: int) -> None:
    """Neither safe nor with care: what takes quorum, data, VMs or the Node of another, or may, as it was not seen."""
    made = invent(seed)
    cluster = made.open()
    known = cluster._all_outcomes
    for action in single_actions(made):
        oracle = Oracle(made.objects, made.unseen)
        doubts = [f"{kind} not seen" for kind in oracle.blind(action)] + oracle.harms(action)
        told = simulate(cluster.facts, action, cluster.policy, known)
        lines = [f"seed {seed}, {action}: {told.hazard}", *told.reasons, *doubts, *made.story]
        assert not (doubts and told.hazard in HARMLESS), "\n".join(lines)


def check_runbooks(cluster: Cluster, objects: Iterable[dict[str, object]], unseen: Iterable[str] = ()) -> None:
    """Every runbook of a cluster keeps what `tests/cure/proof.py` asks of each."""
    for runbook in runbooks_of(cluster):
        assert not faults_of(runbook, cluster, list(objects), unseen), runbook.asked


@together(range(500) if is_full() else (7, 18, 32, 39, 40, 46, 55), group, str)
def test_runbooks_of_random_clusters(seed: int) -> None:
    """None destroys anything, none ends worse than it began, the best has no doubt, and none raises."""
    made = invent(seed)
    try:
        check_runbooks(made.open(), made.objects, made.unseen)
    except Exception as error:
        error.add_note("\n".join(made.story))
        raise


@together(PATHS if is_full() else OF_PAIRS, lambda path: path.parent.name, name)
def test_runbooks_of_scenarios(path: Path) -> None:
    """The same of clusters that were made for a fault."""
    check_runbooks(opened(path), scenario(path).objects)


@pytest.mark.parametrize("sample", SAMPLES if is_full() else ["issue-8236"])
def test_runbooks_of_samples(sample: str) -> None:
    """The same of support bundles, which have no VM of a user."""
    cluster = Cluster(open_source(str(DATA / "bundles" / f"{sample}.zip")))
    check_runbooks(cluster, SAMPLES[sample]()["objects"], {"VirtualMachineInstance"})


def test_a_runbook_is_the_same_each_time() -> None:
    """Of the same objects in another order, too."""
    made = invent(39)
    once = list(runbooks_of(made.open()))
    made.objects.reverse()
    again = list(runbooks_of(made.open()))
    assert [*map(repr, once)] == [*map(repr, again)]
    assert [each.records for each in once] == [each.records for each in again]


@pytest.mark.parametrize("strange", ["x; rm -rf /", "-rf", "a``reboot``b", "\x1b[31mred", "new\nline", "../up"])
def test_a_name_that_no_cluster_has_is_in_no_command(strange: str) -> None:
    """A source may hold anything: no way is offered whose commands would have to be pasted with such a name."""
    world = healthy(("hv01", "hv02", "hv03", "hv04"))
    orphan(world, "hv04")
    objects = json.loads(json.dumps(world.objects).replace("hv04", json.dumps(strange)[1:-1]))
    for runbook in runbooks_of(open_objects("strange", objects, world.captured_at)):
        assert not runbook.ways
        assert {"no API server accepts" in refused.reason for refused in runbook.refused} == {True}


@pytest.mark.parametrize("seed", range(120) if is_full() else (31,))
def test_fields_of_any_type_are_no_crash(seed: int) -> None:
    """What is read of objects that no API server would give raises nothing but HarvdiagError."""
    made, dice = invent(seed), random.Random(seed)  # noqa: S311
    for obj in dice.sample(made.objects, len(made.objects) // 4):
        holder, key = dice.choice([each for each in places(obj) if each[1] not in NAMED])
        holder[key] = deepcopy(dice.choice(STRANGE))
    try_all(made)


@pytest.mark.parametrize("value", [[{"type": {}, "status": []}, 5], {"type": "Ready"}, [[]]])
def test_conditions_of_any_type_are_no_crash(value: object) -> None:
    """What once ended in a traceback."""
    made = invent(28)
    for obj in made.objects:
        if obj["kind"] in {"Node", "Machine"}:
            obj["status"]["conditions"] = value
    try_all(made)


def try_all(made: Invented) -> None:
    """Every runbook, and every action."""
    with suppress(HarvdiagError):
        cluster = made.open()
        for runbook in runbooks_of(cluster):
            assert repr(runbook)
        for action in single_actions(made):
            with suppress(UsageError):
                simulate(cluster.facts, action, cluster.policy, cluster._all_outcomes)
