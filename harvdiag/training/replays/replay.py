"""Replay: what one holds in a notebook, a sequence of frames with a table, a contact sheet and a slider."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, ClassVar, overload

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.core.tabular import Record, Tabular
from harvdiag.figures.figure import Figure
from harvdiag.training.library.build import open_stage
from harvdiag.training.library.stage import Stage
from harvdiag.training.replays import courses, sheet
from harvdiag.training.replays.card import fold_frames
from harvdiag.training.replays.frame import Frame
from harvdiag.training.replays.moments import Moment
from harvdiag.training.replays.slider import Slider
from harvdiag.training.world.cluster import healthy
from harvdiag.training.world.objects import moment
from harvdiag.training.world.versions import RELEASES

__all__ = ["Replay", "replay"]

BEGAN = "2025-05-08T06:00:00Z"
"""When the upgrade of every replay was created."""
LEAST, MOST = 3, 9
KEPT = 6
"""The clusters of how many frames are kept open."""


class _Film:
    """The moments of one course, and the clusters of those that were asked for last."""

    def __init__(self, course: courses.Course, nodes: Sequence[str], version: str) -> None:
        self.course, self.nodes, self.version = course, nodes, version
        self.moments: list[Moment] = course.moments(nodes, nodes[1])
        keys = [each.key for each in self.moments]
        key = course.diverges(nodes)
        self.leaves = keys.index(key) if key in keys else None
        stopped = len(keys) if self.leaves is None else self.leaves
        self.frames = tuple(Frame(at, each, self.open, at >= stopped) for at, each in enumerate(self.moments))
        self._open: OrderedDict[int, Cluster] = OrderedDict()

    def open(self, number: int) -> Cluster:
        if number not in self._open:
            at = self.moments[number]
            since = moment(BEGAN, minutes=at.minutes)
            stage = self._start(since, at)
            at.play(stage)
            self._open[number] = open_stage(f"{self.course.name} {number} {at.key}", stage)
            while len(self._open) > KEPT:
                self._open.popitem(last=False)
        self._open.move_to_end(number)
        return self._open[number]

    def _start(self, since: str, at: Moment) -> Stage:
        """A healthy cluster from which the moment is played; what waits begins earlier."""
        start = moment(since, hours=-at.waited) if at.waited else since
        return Stage(healthy(self.nodes, version=self.version, captured_at=start))


class Replay(Tabular):
    """An upgrade as a sequence of frames: ``replay[7]``, ``replay["hv02 h5"]``, ``for frame in replay``.

    A slice is a replay of these frames. ``.show()`` is a slider, ``.play()`` shows frame by frame, ``.sheet()`` is one
    picture of all, ``.frame`` the table with a row for each: `frame` (Int64), `key`, `title`, `node` (str), `minutes`
    (Int64, since the upgrade was created), `phase` (the state of the upgrade), `state` (of the node), `turn` (str),
    `findings` (Int64, those that no other explains).
    """

    noun: ClassVar[str] = "frames"
    dtypes: ClassVar[dict[str, str]] = {
        "frame": "Int64",
        **dict.fromkeys(("key", "title", "node"), "str"),
        "minutes": "Int64",
        **dict.fromkeys(("phase", "state", "turn"), "str"),
        "findings": "Int64",
    }

    def __init__(self, film: _Film, chosen: Sequence[Frame]) -> None:
        self._film = film
        self._frames = tuple(chosen)

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[Frame]:
        return iter(self._frames)

    @overload
    def __getitem__(self, key: int | str) -> Frame: ...
    @overload
    def __getitem__(self, key: slice) -> Replay: ...
    def __getitem__(self, key: int | str | slice) -> Frame | Replay:
        """Return a frame by its place or its key, several as a replay. Raises UsageError for an unknown key."""
        if isinstance(key, slice):
            return Replay(self._film, self._frames[key])
        if isinstance(key, str):
            found = next((each for each in self._frames if each.key == key), None)
            if found is None:
                names = [each.key for each in self._frames]
                raise UsageError(f"no frame {key!r}{did_you_mean(suggest_names(key, names) or names[:3])}")
            return found
        return self._frames[key]

    def __repr__(self) -> str:
        rows = (f"{each.number:>4} {each.clock:>8}  {each.key:<26} {each.title}" for each in self._frames)
        return "\n".join([f"{self.title}: {len(self)} frames", *rows])

    @property
    def name(self) -> str:
        """Its name: ``orphan``."""
        return self._film.course.name

    @property
    def title(self) -> str:
        """What happens, in a few words."""
        return self._film.course.title

    @property
    def follows(self) -> str:
        """The public issue after which it is made; empty for a healthy upgrade."""
        return self._film.course.follows

    @property
    def leaves(self) -> int | None:
        """The number of the frame at which it leaves the course of a healthy upgrade; None where it does not."""
        return self._film.leaves

    @cached_property
    def records(self) -> list[Record]:
        """One row a frame."""
        return [_row(each) for each in self._frames]

    def sheet(self) -> Figure:
        """Return the contact sheet: every frame in words, with the state of each node, as one picture."""
        under = f"{len(self)} frames, {len(self._film.nodes)} nodes, to Harvester {self._film.version}"
        course = sheet.Course(self.title, f"{under}, after {self.follows}" if self.follows else under, self.leaves)
        return sheet.draw_sheet(self._frames, course, self.dtypes, self.records)

    def show(self, frame: int | str = 0) -> Slider:
        """Return a slider through the frames, which begins at one of them; without ipywidgets the folded frames."""
        return Slider(self._frames, self.html, repr(self), self[frame].number)

    def play(self, delay: float = 0.0) -> None:
        """Show each frame as an output of its own, one every `delay` seconds: ``replay[10:16].play()``."""
        from IPython.display import display

        for at, each in enumerate(self._frames):
            time.sleep(delay if at else 0)
            display(each)

    @cached_property
    def html(self) -> str:
        """The contact sheet, and below it each frame, which unfolds to its words and its picture."""
        return self.sheet().html + fold_frames(self._frames)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": repr(self)}


def _row(frame: Frame) -> Record:
    states = {node.name: node.state for node in frame.nodes}
    return {
        "frame": frame.number,
        "key": frame.key,
        "title": frame.title,
        "node": frame.node or None,
        "minutes": frame.minutes,
        "phase": frame.phase or None,
        "state": states.get(frame.node),
        "turn": frame.turn,
        "findings": len(frame.found),
    }


def replay(name: str = "healthy", nodes: int = 4, release: str = "") -> Replay:
    """Return an upgrade as a sequence of frames to step through: ``hd.training.replay("orphan").show()``.

    Names: ``healthy``, ``orphan``, ``lost-answer``, ``held-volume``, ``no-return``, ``healthy-v2`` (an UpgradePlan).
    `nodes` is 3 to 9, `release` that to which is upgraded (``"1.6.1"``). Each has one node, the second, at every step.
    Raises UsageError, in one line, for anything else.
    """
    if name not in courses.COURSES:
        raise UsageError(
            f"no replay {str(name)!r}{did_you_mean(suggest_names(str(name), courses.COURSES) or courses.COURSES)}"
        )
    course = courses.COURSES[name]
    if type(nodes) is not int or not LEAST <= nodes <= MOST:
        raise UsageError(f"a replay has {LEAST} to {MOST} nodes, not {nodes}")
    film = _film(name, nodes, _version(course, release))
    return Replay(film, film.frames)


@lru_cache(8)
def _film(name: str, nodes: int, version: str) -> _Film:
    return _Film(courses.COURSES[name], [f"hv{number:02}" for number in range(1, nodes + 1)], version)


def _version(course: courses.Course, release: str) -> str:
    version = f"v{str(release).removeprefix('v')}" if release else course.release
    known = [name for name in RELEASES if int(name.split(".")[1]) >= course.since]
    if version not in known:
        raise UsageError(f"replay {course.name} is made for {', '.join(known)}, not for {version}")
    return version
