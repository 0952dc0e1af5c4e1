"""From which release one may upgrade to which, and by which steps.

The lowest release from which each may be reached is that of Harvester's own table (harvester/harvester,
package/upgrade-matrix.yaml at its tags), and each step is judged as its own check does (harvester/go-common, version:
the Job that prepares the nodes runs it, so an upgrade that it refuses has begun already).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from harvdiag.upgrade.versions import MOST, Version, compare_text, is_build, read_version

__all__ = ["FROM_BUILD", "MINIMUM", "RELEASES", "SKIP", "Path", "find_path", "judge_step", "minimum_of"]

HEAD = "head"
SKIP = "harvesterhci.io/skip-version-check"
"""The annotation of an Upgrade with which Harvester does not check the path."""
DOWNGRADE = "downgrading is prohibited"
TOO_OLD = "current version does not meet minimum upgrade requirement"
FROM_BUILD = "upgrading from dev versions to non-dev versions is prohibited"
ACROSS = "cross-version upgrades from/to any prerelease version are prohibited"
"""What Harvester's check says of a step that it refuses."""
MINIMUM = {
    "v1.0.1": "v1.0.0",
    "v1.0.2": "v1.0.1",
    "v1.0.3": "v1.0.2",
    "v1.1.0": "v1.0.3",
    "v1.1.1": "v1.0.3",
    "v1.1.2": "v1.1.0",
    "v1.1.3": "v1.1.1",
    "v1.2.0": "v1.1.2",
    "v1.2.1": "v1.1.2",
    "v1.2.2": "v1.2.1",
    "v1.3.0": "v1.2.2",
    "v1.3.1": "v1.2.2",
    "v1.3.2": "v1.3.1",
    "v1.4.0": "v1.3.2",
    "v1.4.1": "v1.4.0",
    "v1.4.2": "v1.4.1",
    "v1.4.3": "v1.4.1",
    "v1.5.0": "v1.4.2",
    "v1.5.1": "v1.4.2",
    "v1.5.2": "v1.4.2",
    "v1.6.0": "v1.5.0",
    "v1.6.1": "v1.5.0",
    "v1.7.0": "v1.6.0",
    "v1.7.1": "v1.6.0",
    "v1.7.2": "v1.6.0",
    "v1.7.3": "v1.6.0",
    "v1.8.0": "v1.7.0",
    "v1.8.1": "v1.7.0",
    "v1.8.2": "v1.7.0",
    "v1.9.0": "v1.8.0",
}
"""Each release, oldest first, with the oldest from which it may be reached in one step."""
RELEASES = tuple(MINIMUM)
"""The releases that are known here, oldest first: for completion, and to suggest."""


@dataclass(frozen=True, kw_only=True)
class Path:
    """The way from one version to another."""

    start: str
    target: str
    steps: tuple[str, ...]
    """All versions on it, with both ends: ``("v1.4.1", "v1.4.3", "v1.5.2")``; empty where there is none, or none is
    known. A release that is not out yet is ``v1.10.x``."""
    known: bool
    """Whether nothing about it is assumed: both versions have numbers, and the lowest start of each step is known."""
    direct: bool
    """Whether one upgrade is enough."""
    reason: str
    """Why it is so, in one clause, with what is assumed."""
    refusal: str = ""
    """What Harvester's own check says of the direct way; empty where it lets it pass, or that cannot be told."""

    @property
    def document(self) -> dict[str, object]:
        """The path as data for JSON."""
        return {
            "start": self.start,
            "target": self.target,
            "steps": list(self.steps),
            "known": self.known,
            "direct": self.direct,
            "reason": self.reason,
            "refusal": self.refusal,
        }

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Each step as two versions. Without steps, both ends; an end that cannot be placed is empty."""
        if len(self.steps) > 1:
            return tuple(zip(self.steps, self.steps[1:], strict=False))
        return ((self.start, self.target if read_version(self.target) else ""),)


@lru_cache(maxsize=256)
def find_path(start: str, target: str, minimum: str = "") -> Path:
    """Return the shortest path of upgrades, of several that with the newest releases in between.

    `minimum` is the lowest start of the target where its Version tells one; it is taken instead of the table's.
    """
    one, other = read_version(start), read_version(target)
    if one is None or other is None:
        return _unplaced(start, target)
    start, target = str(one), str(other)
    other = _judged(other)
    if one == other:
        reason = f"{target} is the release installed"
        return Path(start=start, target=target, steps=(start,), known=True, direct=True, reason=reason)
    least = _least(other, minimum)
    refusal = judge_step(one, other, least.version) if least.version else ""
    if one > other:
        reason = f"{target} is older than {start}"
        return Path(start=start, target=target, steps=(), known=True, direct=False, reason=reason, refusal=DOWNGRADE)
    if least.version is None:
        return Path(start=start, target=target, steps=(), known=False, direct=False, reason=least.reason)
    steps = (start, target) if not refusal else (*_search(one, other, least.version)[:-1], target)
    steps = steps if len(steps) > 1 else ()
    reasons = {
        ACROSS: f"{start} is a candidate, which leads to {one.stable} alone",
        DOWNGRADE: f"Harvester compares the names of candidates as text, and takes {target} for older than {start}",
    }
    return Path(
        start=start,
        target=target,
        steps=steps,
        known=least.known and all(step in MINIMUM for step in steps[1:-1]),
        direct=not refusal,
        reason=reasons.get(refusal, least.reason),
        refusal=refusal,
    )


def judge_step(start: Version, target: Version, minimum: Version) -> str:
    """Return what Harvester's check says of an upgrade between two releases that are not the same; empty if it passes.

    It compares the names of candidates as text, so that ``rc10`` is older than ``rc2`` for it.
    """
    if compare_text(start, target):
        return DOWNGRADE
    if compare_text(minimum, start):
        return TOO_OLD
    return ACROSS if start.pre and start.stable != target.stable else ""


def minimum_of(target: str) -> str:
    """Return the lowest release from which the table lets a target be reached; empty where it does not have it."""
    version = read_version(target)
    return MINIMUM.get(str(version.stable), "") if version else ""


@dataclass(frozen=True, kw_only=True)
class _Least:
    """The lowest start of a version, whether that is known, and the clause that tells it."""

    version: Version | None
    known: bool
    reason: str


def _least(target: Version, given: str = "") -> _Least:
    if told := read_version(given):
        return _Least(version=told, known=True, reason=f"its Version says that {target} can be reached from {told} on")
    if version := read_version(minimum_of(str(target))):
        return _Least(version=version, known=True, reason=f"{target} can be reached from {version} on")
    known = _known()
    same = [release for release in known if release.series == target.series]
    if same and (version := read_version(MINIMUM[str(same[-1])])):
        reason = f"{target} is not known here; assumed as of {same[-1]}: it can be reached from {version} on"
        return _Least(version=version, known=False, reason=reason)
    if target.major == known[-1].major and target > known[-1]:
        version = Version(target.major, target.minor - 1, 0)
        reason = f"{target} is newer than what is known here; assumed: it can be reached from {version} on"
        return _Least(version=version, known=False, reason=reason)
    reason = f"from where {target} can be reached is not known here"
    return _Least(version=None, known=False, reason=reason)


@cache
def _known() -> tuple[Version, ...]:
    return tuple(version for name in RELEASES if (version := read_version(name)))


def _search(start: Version, target: Version, minimum: Version) -> tuple[str, ...]:
    """Return the steps of the shortest way, each as new as it can be; none where no release in between leads on."""
    between = sorted({*_between(start, target), target}, reverse=True)
    far = {target: 0}
    for version in between[1:]:
        ahead = [far[later] + 1 for later in between if later in far and _allowed(version, later, target, minimum)]
        if ahead:
            far[version] = min(ahead)
    steps, here = [str(start)], start
    while here != target:
        onward = [v for v in between if v in far and _allowed(here, v, target, minimum)]
        if not onward:
            return ()
        here = min(onward, key=lambda v: far[v])  # of several the first, which is the newest
        steps.append(str(here) if here in {target, start.stable} else _name(here))
    return tuple(steps)


def _judged(target: Version) -> Version:
    """The release of a Version object: people append words of their own (``v1.5.0-local``), candidates have numbers."""
    own = target.pre and target.pre != HEAD and not any(letter.isdigit() for letter in target.pre)
    return target.stable if own else target


def _between(start: Version, target: Version) -> Iterator[Version]:
    """The releases that may be steps: those that are known, of later series the first, of a candidate its release."""
    newest = _known()[-1]
    later = range(newest.minor + 1, target.minor) if target.major == newest.major else ()
    series = (Version(newest.major, minor, 0) for minor in later)
    yield from (version for version in (*_known(), *series, start.stable) if start < version < target)


def _allowed(start: Version, later: Version, target: Version, minimum: Version) -> bool:
    least = minimum if later == target else _least(later).version
    return least is not None and start < later and not judge_step(start, later, least)


def _name(version: Version) -> str:
    """A step by name; of a series of which no release is known here, ``v1.10.x``."""
    known = any(version.series == release.series for release in _known())
    return str(version) if known or version.patch else f"v{version.major}.{version.minor}.x"


def _unplaced(start: str, target: str) -> Path:
    """The path where a version has no numbers: nothing is concluded of where a development build stands."""
    refusal = FROM_BUILD if is_build(start) and read_version(target) else ""
    if not start or not target:
        reason = "the release installed was not seen" if not start else "no version to upgrade to was told"
    else:
        unplaced = target if read_version(start) else start
        what = "a development build" if is_build(unplaced) else "not the name of a release"
        reason = f"{unplaced[:MOST]} is {what}: where it stands among the releases is not known"
    return Path(start=start, target=target, steps=(), known=False, direct=False, reason=reason, refusal=refusal)
