"""A scenario: a cluster to learn on, made of a healthy one by named changes; and its solution, kept apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.training.library.build import open_stage, write_stage
from harvdiag.training.library.stage import Made, Stage
from harvdiag.training.world.cluster import healthy
from harvdiag.training.world.versions import RELEASES, release

__all__ = ["Fits", "Lesson", "Scenario", "Solution", "build_stage"]

_MOST = 50


@dataclass(frozen=True, kw_only=True)
class Solution:
    """What is behind a scenario or an exam.

    `finds` are the findings at which the search ends, ``RULE Kind/name`` each: every other finding follows from one of
    them. None in a cluster in which nothing is wrong. `target` is the version of the preflight that finds them; else
    `Cluster.check` does. `beyond` is what no check can tell, `story` what happened, `next` the next safe step, `made`
    the changes that were laid over the healthy cluster, in order.
    """

    finds: tuple[str, ...]
    target: str = ""
    beyond: str = ""
    story: str = ""
    next: str = ""
    made: tuple[Made, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What is told only after the search: see `Solution`. `signs` are words in which the symptom shows."""

    story: str
    next: str
    beyond: str = ""
    signs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fits:
    """For which numbers of nodes, and for which minor versions of Harvester 1 or which releases, a scenario is made."""

    least: int = 3
    most: int = _MOST
    since: int = 3
    until: int = 9
    releases: tuple[str, ...] = ()

    def refuse(self, version: str) -> str:
        """What a scenario is made for, where that is another release than this; else empty."""
        if self.releases:
            return "" if version in self.releases else " and ".join(self.releases)
        minor = int(version.split(".")[1])
        span = f"1.{self.since}" if self.since == self.until else f"1.{self.since} to 1.{self.until}"
        return "" if self.since <= minor <= self.until else span


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A cluster to learn on: `open` it and find out what is wrong, or `write` it as a support bundle.

    `difficulty` is 1 to 3, `symptom` what a user would report, `goal` what one learns, `follows` the public issue after
    which it is made (its data is invented), `target` the version to which an upgrade is asked for, if none runs.
    `solution` tells what is behind it.
    """

    name: str
    difficulty: int
    symptom: str
    goal: str
    follows: str
    release: str
    nodes: int
    target: str = ""
    fits: Fits = field(default=Fits(), repr=False)
    play: Callable[[Stage], None] = field(repr=False)
    lesson: Lesson = field(repr=False)

    def open(self, *, nodes: int | None = None, release: str | None = None) -> Cluster:
        """Open its cluster, like any other source; with another number of nodes, or another release (``"1.6.1"``).

        Raises UsageError, in one line, for a size or a release that the scenario is not made for.
        """
        return open_stage(self.name, self.stage(nodes, release))

    def write(self, path: str | Path, *, nodes: int | None = None, release: str | None = None) -> Path:
        """Write it as a support bundle with logs, and return its path; arguments and errors as of `open`."""
        return write_stage(Path(path), self.stage(nodes, release))

    @property
    def solution(self) -> Solution:
        """What is behind it, at its own size and release."""
        return self.solve()

    def resize(self, *, nodes: int | None = None, release: str | None = None) -> Scenario:
        """The same scenario with another size or release as its own; arguments and errors as of `open`."""
        return replace(self, nodes=self._size(nodes), release=self._release(release))

    def solve(self, *, nodes: int | None = None, release: str | None = None) -> Solution:
        """What is behind it at another size or release; arguments and errors as of `open`."""
        stage, lesson = self.stage(nodes, release), self.lesson
        return Solution(
            finds=stage.finds,
            target=self.target,
            beyond=lesson.beyond,
            story=lesson.story,
            next=lesson.next,
            made=tuple(stage.made),
        )

    def stage(self, nodes: int | None = None, release: str | None = None) -> Stage:
        """The cluster with all changes made. Raises as `open` does."""
        size, version = self._size(nodes), self._release(release)
        stage = build_stage(size, version)
        self.play(stage)
        return stage

    def _size(self, nodes: int | None) -> int:
        size, fits = self.nodes if nodes is None else nodes, self.fits
        if fits.least <= size <= fits.most:
            return size
        if fits.least == fits.most:
            raise UsageError(f"scenario {self.name} is one of {fits.least} node{'s' * (fits.least > 1)}, not of {size}")
        raise UsageError(f"scenario {self.name} takes {fits.least} to {fits.most} nodes, not {size}")

    def _release(self, wanted: str | None) -> str:
        if wanted is None:
            return self.release
        version = f"v{str(wanted).removeprefix('v')}"
        if not re.fullmatch(r"v1\.\d+\.\d+", version):
            raise UsageError(f"{wanted!r} is not a release: give one such as {self.release.removeprefix('v')}")
        if span := self.fits.refuse(version):
            raise UsageError(f"scenario {self.name} is made for Harvester {span}, not for {version}")
        _check_known(version)
        return version


def build_stage(size: int, version: str, hosts: str = "hv") -> Stage:
    """A healthy cluster of so many nodes, hv01 and on. Raises UsageError for a release that is not known."""
    _check_known(version)
    return Stage(healthy([f"{hosts}{number:02}" for number in range(1, size + 1)], version=version))


def _check_known(version: str) -> None:
    try:
        release(version)
    except KeyError:
        known = ", ".join(name.removeprefix("v") for name in RELEASES)
        raise UsageError(f"no release {version} is known here; known are {known}") from None
