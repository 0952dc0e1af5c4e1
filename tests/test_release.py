"""The order of releases, and which of them are on an upgrade path."""

from __future__ import annotations

import pytest

from harvdiag.core.release import on_path, read_release

ORDER = (
    "v1.4.9",
    "v1.5.0",
    "v1.5.1",
    "v1.6.0-rc2",
    "v1.6.0-rc5",
    "v1.6.0-rc10",
    "v1.6.0",
    "v1.6.1",
    "v1.10.0",
    "v2.0.0",
)


def test_releases_are_ordered_by_number_and_candidates_come_first() -> None:
    """Text would put 1.10 before 1.9, and rc10 before rc2."""
    assert sorted(ORDER, key=lambda text: read_release(text) or ()) == list(ORDER)


@pytest.mark.parametrize("text", ["", "master", "e5a74a5d", "v", "v1", "1.x", "v99999999.1.0"])
def test_what_names_no_release_is_none(text: str) -> None:
    """Development builds name a commit; nothing is concluded from them."""
    assert read_release(text) is None


@pytest.mark.parametrize(
    ("path", "start", "end", "there"),
    [
        ("1.5.x -> 1.6.x", "v1.5.1", "v1.6.0-rc5", True),
        ("1.5.x -> 1.6.x", "v1.5.1", "", True),
        ("1.5.x -> 1.6.x", "v1.6.0", "", False),
        ("1.5.x -> 1.6.x", "v1.5.1", "v1.5.2", False),
        ("1.7.0, 1.7.1 -> any", "v1.7.1", "v1.8.0", True),
        ("1.7.0, 1.7.1 -> any", "v1.7.2", "", False),
        ("any -> 1.4.3, 1.5.0", "v1.4.2", "v1.5.0", True),
        ("any", "master", "", True),
        ("any -> 1.8.x", "master", "", False),
    ],
)
def test_path(path: str, start: str, end: str, there: bool) -> None:
    """Both ends count, where there are two."""
    assert on_path(path, start, end) is there
