"""Quotes: short, with the line's own time, and without anything that is secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvdiag.upgrade.logs.quote import LONGEST, build_quote, find_timestamp


def test_long_line_is_cut_around_what_it_tells() -> None:
    line = "a" * 1000 + " here it is " + "b" * 1000
    found = build_quote("f", line, "here it is").line
    assert len(found) <= LONGEST
    assert "here it is" in found
    assert found.startswith("…")
    assert found.endswith("…")
    assert len(build_quote("f", line).line) == LONGEST
    assert build_quote("f", line[:LONGEST]).line == line[:LONGEST]


def test_mask_comes_before_the_cut() -> None:
    line = "token: " + "s" * 1000 + " here it is"
    assert build_quote("f", line, "here it is").line == "token: *** here it is"


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("2025-05-08T09:00:00.123456789Z text", "2025-05-08T09:00:00.123456789Z"),
        ('May 06 10:00:00.1 hv01 x[1]: time="2025-05-06T10:00:00Z" level=info', "2025-05-06T10:00:00Z"),
        ("May  6 10:00:00 hv01 systemd[1]: Started", "May  6 10:00:00"),
        ("no time at all", ""),
    ],
)
def test_time_is_that_of_the_line(line: str, time: str) -> None:
    assert find_timestamp(line) == time
    assert bool(build_quote("f", line).at) == time.startswith("2025")


@given(st.text(max_size=900), st.text(max_size=20))
def test_any_line_can_be_quoted(line: str, told: str) -> None:
    assert len(build_quote("f", line, told).line) <= LONGEST
