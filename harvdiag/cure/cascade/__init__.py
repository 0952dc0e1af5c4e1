"""The cascade: what controllers do after an action, one function for each, in the order in which they act.

A controller is declared with `on` (a kind and a change) and told of every event in turn; those declared with `settles`
act once nothing else happens. The facts are those of docs/objects.md, section *What happens when one is deleted*.
"""

from __future__ import annotations

from collections.abc import Callable

from harvdiag.core.model import ObjectRef
from harvdiag.cure.cascade import (
    arrivals,
    deletions,
    garbage,
    hosts,
    joins,
    linking,
    longhorn,
    machines,
    marks,
    nodes,
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
    elif stage.world.get(ref) is None:
        stage.open(stage.gap(ref.kind, ref.namespace) or unread_object(ref))
    elif act := ON_OBJECTS.get(action.verb):
        act(stage, ref)
    else:
        marks.mark(stage, action)


def _register(stage: Stage, ref: ObjectRef) -> None:
    if stage.deleting(ref):
        stage.tell(ref, Effect.NOTHING, Deed("you", "wait until the Node is gone", "it has a deletionTimestamp"))
        stage.note(Hazard.USELESS, f"Node {ref.name} goes already")
        return
    stage.set(ref, 'metadata.labels["plan.upgrade.cattle.io/system-agent-upgrader"]', None)
    register(stage, ref)


ON_OBJECTS: dict[Verb, Callable[[Stage, ObjectRef], None]] = {
    Verb.REGISTER: _register,
    Verb.DRAIN: hosts.drain,
    Verb.UNINSTALL: hosts.uninstall,
}
"""What is done to an object that is there."""
