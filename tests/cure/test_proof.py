"""No simulation calls an action harmless that destroys something, by a second opinion on raw objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harvdiag.core.model import ObjectRef
from harvdiag.cure.model import Action, Hazard, Verb
from harvdiag.cure.simulate import simulate
from tests.cure.invented import Invented, invent, kind_of
from tests.cure.oracle import Oracle
from tests.sample import is_full
from tests.together import together

TRIED = frozenset(
    {
        *("Node", "Machine", "CustomMachine", "RKEBootstrap", "Secret", "Replica", "Volume", "VirtualMachineInstance"),
        *("Cluster", "Cluster.provisioning.cattle.io", "Cluster.management.cattle.io", "RKEControlPlane", "Upgrade"),
    }
)
"""The kinds of which each object is deleted once."""
HARMLESS = frozenset({Hazard.SAFE, Hazard.CARE})


def group(seed: int) -> str:
    """Of seeds that are tried in one test."""
    return f"seeds {seed // 20 * 20}"


def single_actions(made: Invented) -> Iterator[Action]:
    """Every object deleted; every host deleted as the UI does, and registered again."""
    for obj in made.objects:
        ref = ObjectRef(kind_of(obj), obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        if ref.kind in TRIED - made.unseen:
            yield Action(verb=Verb.DELETE, ref=ref)
            if ref.kind == "Node":
                yield from (Action(verb=verb, ref=ref) for verb in (Verb.DELETE_HOST, Verb.REGISTER))
    yield Action(verb=Verb.WAIT)


@together(range(100) if is_full() else (4, 18, 30, 50), group, str)
def test_no_action_is_harmless_that_destroys(seed: int) -> None:
    """Neither safe nor with care: what takes quorum, data, VMs or the Node of another, or may, as it was not seen."""
    made = invent(seed)
    cluster = made.open()
    known = cluster._all_outcomes
    for action in single_actions(made):
        oracle = Oracle(made.objects, made.unseen)
        doubts = [f"{kind} not seen" for kind in oracle.blind(action)] + oracle.harms(action)
        told = simulate(cluster.facts, action, cluster.policy, known)
        assert not (doubts and told.hazard in HARMLESS), explain(
            made, action, [str(told.hazard), *told.reasons, *doubts]
        )


def explain(made: Invented, action: object, lines: Iterable[str]) -> str:
    """What a person needs to see a failure again."""
    return "\n".join((f"seed {made.seed}, {action}", *made.story, *lines))
