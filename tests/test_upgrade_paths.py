"""From which version one may upgrade to which: Harvester's table, and what its own check says of each step."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvdiag.core.errors import UsageError
from harvdiag.upgrade.paths import MINIMUM, RELEASES, find_path, judge_step
from harvdiag.upgrade.target import parse_target
from harvdiag.upgrade.versions import Version, read_version

NUMBERS = st.integers(0, 12)
CANDIDATES = st.sampled_from(["", "", "", "rc1", "rc2", "rc10", "dev-20260510", "rc.3"])
VERSIONS = st.builds(Version, st.integers(0, 2), NUMBERS, st.integers(0, 4), CANDIDATES).map(str)
BUILDS = st.sampled_from(["master-1a2b3c-head", "v1.6-head", "1a2b3c4d", "", "v1.5", "1.x", "\u21741.5.0"])


def read(text: str) -> Version:
    """A version that has numbers."""
    version = read_version(text.replace(".x", ".0"))
    assert version is not None
    return version


@pytest.mark.parametrize(
    ("start", "target", "steps"),
    [
        ("v1.4.2", "v1.5.0", "v1.4.2 v1.5.0"),
        ("v1.4.1", "v1.5.2", "v1.4.1 v1.4.3 v1.5.2"),
        ("v1.3.1", "v1.4.2", "v1.3.1 v1.3.2 v1.4.0 v1.4.1 v1.4.2"),
        ("v1.6.0", "v1.8.0", "v1.6.0 v1.7.3 v1.8.0"),
        ("v1.8.2", "v1.9.0-rc7", "v1.8.2 v1.9.0-rc7"),
        ("v1.5.0-rc3", "v1.5.0", "v1.5.0-rc3 v1.5.0"),
        ("v1.5.0-rc3", "v1.6.0", "v1.5.0-rc3 v1.5.0 v1.6.0"),
        ("v1.4.2-rc3", "v1.5.0", "v1.4.2-rc3 v1.4.2 v1.5.0"),
        ("v1.8.0", "v1.11.1", "v1.8.0 v1.9.0 v1.10.x v1.11.1"),
        ("v1.10.0-rc1", "v1.11.0", "v1.10.0-rc1 v1.10.0 v1.11.0"),
        ("v1.4.2", "v1.4.2", "v1.4.2"),
        ("v1.4.2", "v1.5.0-local", "v1.4.2 v1.5.0-local"),
        ("v1.4.1", "v1.5.0-local", "v1.4.1 v1.4.3 v1.5.0-local"),
        ("v1.5.0", "v1.4.3", ""),
        ("v1.9.0", "v2.0.0", ""),
        ("v1.5.0-rc2", "v1.5.0-rc10", ""),
        ("master-1a2b3c-head", "v1.5.0", ""),
        ("v1.5.0", "v1.6-head", ""),
        ("", "v1.5.0", ""),
    ],
)
def test_steps(start: str, target: str, steps: str) -> None:
    """The fewest, each as new as it can be; none back, none for a build, none that Harvester's check refuses."""
    path = find_path(start, target)
    assert " ".join(path.steps) == steps
    assert path.reason


def test_what_is_assumed_is_told() -> None:
    """A release that is not known here: one minor release further, or as the others of its series."""
    for start, target, direct in (
        ("v1.9.0", "v1.10.0", True),
        ("v1.8.2", "v1.8.9", True),
        ("v1.8.2", "v1.10.0", False),
    ):
        path = find_path(start, target)
        assert (path.known, path.direct) == (False, direct)
        assert "assumed" in path.reason
    assert not find_path("master-1a2b3c-head", "v1.5.0").known
    assert find_path("v1.4.2", "v1.5.0").known


def test_the_lowest_start_that_a_version_tells_is_taken() -> None:
    """That of the table is not, whichever of them is lower."""
    assert not find_path("v1.4.2", "v1.5.0", "v1.4.3").direct
    assert find_path("v1.4.2", "v1.6.0", "v1.4.2").direct
    assert find_path("v1.9.0", "v2.0.0", "v1.9.0").known
    assert find_path("v1.4.2", "v1.5.0", "nonsense") == find_path("v1.4.2", "v1.5.0")


@pytest.mark.parametrize(
    ("start", "target", "refusal"),
    [
        ("v1.5.0", "v1.4.2", "downgrading"),
        ("v1.4.1", "v1.5.0", "minimum upgrade requirement"),
        ("v1.4.2-rc3", "v1.5.0", "minimum upgrade requirement"),
        ("v1.5.0-rc3", "v1.5.1", "cross-version"),
        ("v1.6-head", "v1.6.0", "from dev versions"),
        ("v1.6", "v1.6.0", ""),
        ("v1.5.0-rc2", "v1.5.0-rc10", "downgrading"),
        ("v1.5.0-rc10", "v1.5.0-rc11", ""),
        ("v1.5.0", "v1.6-head", ""),
    ],
)
def test_refusal_is_what_harvester_says(start: str, target: str, refusal: str) -> None:
    """Also where it errs: candidates are compared as text."""
    found = find_path(start, target).refusal
    assert refusal in found
    assert bool(found) is bool(refusal)


@given(VERSIONS | BUILDS, VERSIONS | BUILDS)
def test_every_path_is_sound(start: str, target: str) -> None:
    """Each step goes forward and is one that Harvester allows; what has no numbers is placed nowhere."""
    path = find_path(start, target)
    one, other = read_version(start), read_version(target)
    assert path.reason
    if one is None or other is None:
        assert (path.steps, path.known, path.direct) == ((), False, False)
        return
    assert not path.steps or (path.steps[0], path.steps[-1]) == (start, target)
    for step, following in pairwise(path.steps):
        here, there = read(step), read(following)
        least = MINIMUM.get(str(there.stable))
        assert here < there
        assert judge_step(here, there, read(least) if least else here) == ""
    assert path.direct is (len(path.steps) in {1, 2})
    assert not (path.direct and path.refusal)


@given(VERSIONS | BUILDS | st.text(max_size=12), VERSIONS | st.text(max_size=12), st.text(max_size=12))
def test_nothing_crashes(start: str, target: str, minimum: str) -> None:
    """Whatever a cluster or a person writes."""
    assert find_path(start, target, minimum).reason
    with suppress(UsageError):
        parsed = parse_target(target)
        assert parse_target(parsed) == parsed


@given(VERSIONS, VERSIONS)
def test_candidates_come_before_their_release(one: str, other: str) -> None:
    """And `rc2` before `rc10`; the order is total."""
    first, second = read(one), read(other)
    assert (first < second) + (first == second) + (first > second) == 1
    assert not first.pre or first < first.stable


def test_the_table_is_in_order() -> None:
    """Each release is later than the lowest from which it can be reached, which is in the table, too."""
    known = [read(name) for name in RELEASES]
    assert known == sorted(known)
    assert all(read(least) < read(name) for name, least in MINIMUM.items())
    assert {least for least in MINIMUM.values() if least not in MINIMUM} == {"v1.0.0"}


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.5.0", "v1.5.0"), (" V1.5.0-rc3", "v1.5.0-rc3"), ("v1.6-head", "v1.6-head"), ("1a2b3c4", "1a2b3c4")],
)
def test_a_target_is_written_as_harvester_does(text: str, version: str) -> None:
    """With or without v."""
    assert parse_target(text) == version


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("v1.5", "v1.5.2"),
        ("1.5.x", "v1.5.2"),
        ("v1.10", "v1.10.0"),
        ("latest", "not a version"),
        ("", "v1."),
        ("v1,5,0", "v1.5.0?"),
    ],
)
def test_what_cannot_be_a_version(text: str, word: str) -> None:
    """One line that says what to name."""
    with pytest.raises(UsageError, match=word.replace("?", r"\?")) as error:
        parse_target(text)
    assert "\n" not in str(error.value)
