"""The courses that an upgrade can take: one that goes well, and those that leave it at one named moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from harvdiag.training.library.changes import drains, pairs, storage
from harvdiag.training.library.stage import Stage
from harvdiag.training.replays.moments import Moment, Play, list_moments, list_plan_moments

__all__ = ["COURSES", "Course"]

HOUR = 60
Alter = Callable[[Stage, str], None]


@dataclass(frozen=True, kw_only=True)
class Course:
    """One course. `moments` lists them for nodes of which one is shown at every step.

    `leaves` is the key of the moment at which it leaves that of a healthy upgrade (empty: never), ``{}`` standing for
    the node `at` that index; `follows` the public issue after which it is made.
    """

    name: str
    title: str
    moments: Callable[[Sequence[str], str], list[Moment]]
    release: str = "v1.4.2"
    since: int = 3
    """The first minor version that it is made for."""
    at: int = 1
    leaves: str = ""
    follows: str = ""

    def diverges(self, nodes: Sequence[str]) -> str:
        """The key of the moment at which it leaves the healthy course."""
        return self.leaves.format(nodes[self.at])


def _orphaned(nodes: Sequence[str], detail: str) -> list[Moment]:
    """The last host has no Machine from the beginning; what that means shows when the one before it is done."""
    last, healthy = nodes[-1], list_moments(nodes, detail)
    at = _with(_find(healthy, f"{nodes[-2]} h12"), last, _forget)
    done = replace(_with(at, last, _rest), words="Rancher clears the drain (h12), and names no next node")
    waits = ((1, "an hour later, its state is still Images preloaded"), (20, "the next day, nothing has moved"))
    before = (_with(moment, last, _forget) for moment in _until(healthy, at.key))
    return [*before, done, *_later(replace(done, node=last), waits)]


def _unanswered(nodes: Sequence[str], detail: str) -> list[Moment]:
    """Harvester notes the node as done, and its answer to the last question of Rancher is lost."""
    healthy = list_moments(nodes, detail)
    at = _with(_find(healthy, f"{detail} h11"), detail, drains.lose_post_drain_answer)
    told = "the new system runs, Harvester notes it as done, and its answer (h11) is lost"
    waits = ((1, "an hour later it is Succeeded, and still cordoned"), (3, "three hours later, nothing has moved"))
    return _left(healthy, replace(at, words=told), waits)


def _held(nodes: Sequence[str], detail: str) -> list[Moment]:
    """A volume lost a replica while the node was emptied, and the Job waits for it."""
    healthy = list_moments(nodes, detail)
    at = _with(_find(healthy, f"{detail} emptying"), detail, storage.hold_drain_by_volume)
    told = "a volume loses a replica, and the Job does not go on"
    waits = ((1, "an hour later, the Job still waits for the volume"), (4, "four hours later, nothing has moved"))
    return _left(healthy, replace(at, words=told), waits)


def _away(nodes: Sequence[str], detail: str) -> list[Moment]:
    """The host does not come back from its restart."""
    healthy = list_moments(nodes, detail)
    at = _with(_find(healthy, f"{detail} rebooting"), detail, drains.stay_away)
    waits = ((0.5, "half an hour later, it is not back"), (2, "two hours later, it cannot be reached"))
    return _left(healthy, at, waits)


def _left(healthy: Sequence[Moment], altered: Moment, waits: Sequence[tuple[float, str]]) -> list[Moment]:
    """A healthy course until a moment, which is altered; then the same for hours."""
    return [*_until(healthy, altered.key), altered, *_later(altered, waits)]


def _until(moments: Sequence[Moment], key: str) -> Iterator[Moment]:
    return takewhile(lambda moment: moment.key != key, moments)


def _find(moments: Sequence[Moment], key: str) -> Moment:
    return next(moment for moment in moments if moment.key == key)


def _with(moment: Moment, node: str, alter: Alter) -> Moment:
    """The moment with a change made to its cluster."""

    def play(stage: Stage) -> None:
        moment.play(stage)
        alter(stage, node)

    return replace(moment, play=play)


def _later(moment: Moment, waits: Sequence[tuple[float, str]]) -> Iterator[Moment]:
    """The same hours later."""
    for hours, words in waits:
        minutes = moment.minutes + hours * HOUR
        yield replace(
            moment,
            key=f"{moment.node} +{hours:g}h",
            words=words,
            minutes=minutes,
            play=_waited(moment, hours),
            waited=hours,
        )


def _waited(moment: Moment, hours: float) -> Play:
    def play(stage: Stage) -> None:
        moment.play(stage)
        stage.wait(hours=hours)

    return play


def _forget(stage: Stage, node: str) -> None:
    pairs.forget_host(stage, node)
    pairs.set_managed_by_hand(stage, node)


def _rest(stage: Stage, _: str) -> None:
    drains.let_planner_rest(stage)


_ALL = (
    Course(name="healthy", title="An upgrade that goes well", moments=list_moments),
    Course(
        name="orphan",
        title="The last node has no Machine",
        moments=_orphaned,
        at=-2,
        leaves="{} h12",
        follows="harvester/harvester#8236",
    ),
    Course(
        name="lost-answer",
        title="The answer to the post-drain hook is lost",
        moments=_unanswered,
        leaves="{} h11",
        follows="harvester/harvester#11543",
    ),
    Course(
        name="held-volume",
        title="A degraded volume keeps a node from being emptied",
        moments=_held,
        leaves="{} emptying",
        follows="harvester/harvester#7067",
    ),
    Course(
        name="no-return",
        title="A host does not come back from its restart",
        moments=_away,
        leaves="{} +0.5h",
        follows="harvester/harvester#11359",
    ),
    Course(
        name="healthy-v2",
        title="An UpgradePlan (V2) that goes well",
        moments=list_plan_moments,
        release="v1.9.0",
        since=8,
    ),
)
COURSES = {course.name: course for course in _ALL}
"""The courses by name, the healthy one first."""
