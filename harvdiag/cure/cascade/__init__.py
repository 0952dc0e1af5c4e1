"""The cascade: what controllers do after an action, one function for each, in the order in which they act.

A controller is declared with `on` (a kind and a change) and told of every event in turn; those declared with `settles`
act once nothing else happens. The facts are those of docs/objects.md, section *What happens when one is deleted*.
"""

from __future__ import annotations

from collections.abc import Callable

from harvdiag.core.model import ObjectRef
from harvdiag.cure.cascade import (
    arrivals,
    creations,
    deletions,
    garbage,
    hosts,
    joins,
    linking,
    longhorn,
    machines,
    marks,
    nodes,
    patches,
    rancher,
)
from harvdiag.cure.cascade.joins import register
from harvdiag.cure.cascade.stage import CONTROLLERS, SETTLERS, Deed, Stage
from harvdiag.cure.cascade.words import unread_object
from harvdiag.cure.model import Action, Effect, Hazard, Verb

__all__ = ["Stage", "play"]

ACTORS = (machines, rancher, nodes, garbage, longhorn, joins, linking)
"""The modules whose controllers act: each declares its own when it is imported."""
MOST = 5000
"""The most events of one play: a cascade over every object of a large cluster ends long before."""


def play(stage: Stage, action: Action) -> None:
    """Carry out an action on a stage, and let everyone act until nothing more happens."""
    begin(stage, action)
    for _ in range(MOST):
        if stage.queue:
            event = stage.queue.popleft()
            for kind, change, controller in CONTROLLERS:
                if change is event.change and kind in ("", event.ref.kind):
                    controller(stage, event)
            continue
        for settler in SETTLERS:
            settler(stage)
        if not stage.queue:
            return
    stage.open("the simulation did not come to an end")


def begin(stage: Stage, action: Action) -> None:
    """Do what the person does."""
    ref = action.ref
    if action.verb is Verb.WAIT or ref is None:
        deletions.wait(stage)
    elif action.verb is Verb.DELETE:
        deletions.delete(stage, ref)
    elif action.verb is Verb.DELETE_HOST:
        deletions.delete_host(stage, ref)
    elif action.verb is Verb.JOIN:
        arrivals.join(stage, ref)
    elif action.verb is Verb.CREATE:
        creations.create(stage, action)
    elif stage.world.get(ref) is None:
        stage.open(stage.gap(ref.kind, ref.namespace) or unread_object(ref))
    else:
        ON_OBJECTS.get(action.verb, marks.mark)(stage, action)


def _register(stage: Stage, action: Action) -> None:
    ref = action.ref
    if ref is None:
        return
    if stage.deleting(ref):
        stage.tell(ref, Effect.NOTHING, Deed("you", "wait until the Node is gone", "it has a deletionTimestamp"))
        stage.note(Hazard.USELESS, f"Node {ref.name} goes already")
        return
    register(stage, ref, [role for role, _ in action.changes])


def _of_node(do: Callable[[Stage, ObjectRef], None]) -> Callable[[Stage, Action], None]:
    return lambda stage, action: do(stage, action.ref) if action.ref is not None else None


ON_OBJECTS: dict[Verb, Callable[[Stage, Action], None]] = {
    Verb.REGISTER: _register,
    Verb.DRAIN: _of_node(hosts.drain),
    Verb.UNINSTALL: _of_node(hosts.uninstall),
    Verb.PATCH: patches.patch,
}
"""What is done to an object that is there; labels and annotations by default."""
