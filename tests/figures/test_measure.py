"""Widths without a font: never less than DejaVu's own, so that no text runs out of its box."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags

from harvdiag.figures.measure import distinct_names, fit_end, fit_text, line_height, text_width, wrap_text

ALPHABETS = [
    *map(chr, chain(range(0x20, 0x7F), range(0xA1, 0xAD), range(0xAE, 0x180), range(0x386, 0x3CF))),
    *map(chr, chain(range(0x400, 0x460), range(0x5D0, 0x5EB))),
]
SIGNS = "✓✗→←↑↓▶≥…—·!?i+~\u2212◐○●"
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)


@pytest.mark.parametrize(("bold", "mono"), [(False, False), (True, False), (False, True), (True, True)])
def test_no_sign_is_wider_than_told(bold: bool, mono: bool) -> None:
    """Measured in the font itself, without hinting."""
    family = FontProperties(family=[f"DejaVu Sans{' Mono' if mono else ''}"], weight="bold" if bold else "normal")
    font = get_font(findfont(family))
    font.set_size(100, 72)
    there = font.get_charmap()
    wider = {
        sign: advance
        for sign in [*ALPHABETS, *SIGNS]
        if ord(sign) in there
        and (advance := font.load_char(ord(sign), flags=LoadFlags.NO_HINTING).linearHoriAdvance / 65536)
        > text_width(sign, 100, bold=bold, mono=mono) + 1
    }
    assert wider == {}


def test_what_takes_no_room_and_what_takes_a_whole_cell() -> None:
    """A mark over a letter adds nothing; a sign of Chinese is as wide as it is high."""
    assert text_width("e\u0301") == text_width("e")
    assert text_width("中", 10) == 10
    assert text_width("a", 24) == 2 * text_width("a", 12)
    assert text_width("srv09", bold=True) > text_width("srv09")
    assert text_width("iii", mono=True) == text_width("WWW", mono=True)
    assert line_height(12) > 12


@given(NAMES, st.floats(8, 400), st.booleans(), st.booleans())
def test_what_fits_keeps_both_ends(text: str, room: float, bold: bool, mono: bool) -> None:
    """It stays as it is where it fits, and else has the beginning and the end of the text."""
    shown = fit_text(text, room, 11, bold=bold, mono=mono)
    if text_width(text, 11, bold=bold, mono=mono) <= room:
        assert shown == text
        return
    assert shown == "…" or text_width(shown, 11, bold=bold, mono=mono) <= room
    head, _, tail = shown.partition("…")
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(shown) <= len(text)


def test_names_that_differ_at_the_end_still_differ() -> None:
    """Nodes of one series are told apart."""
    one, other = (fit_text(f"{'rack-' * 9}node-{number}", 120) for number in (1, 2))
    assert one != other
    assert "…" in one


@given(NAMES, st.floats(40, 300))
def test_lines_hold_all_words_in_order(text: str, room: float) -> None:
    """Nothing is lost, and no line is wider than the room unless a single sign is."""
    lines = wrap_text(text, room)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(text_width(told) <= room or len(told) == 1 for told in lines)


@given(NAMES, st.floats(60, 300), st.integers(1, 4))
def test_no_more_lines_than_allowed(text: str, room: float, most: int) -> None:
    """What is left over is told by an ellipsis."""
    lines, whole = wrap_text(text, room, most=most), wrap_text(text, room)
    assert len(lines) <= most
    assert (lines == whole) == (len(whole) <= most)
    if len(whole) > most:
        assert lines[-1].endswith("…")


# --- names that stay apart -----------------------------------------------------------------------------------------

FARM = [f"harvester-production-rack17-node-{i:02d}.dc1.example.com" for i in range(1, 30)]


@pytest.mark.parametrize("room", [60, 90, 130, 200, 300])
def test_names_of_one_farm_stay_apart(room: float) -> None:
    """What is common is left out first; what tells them apart is what one looks for."""
    told = distinct_names(FARM, room)
    assert list(told) == FARM
    assert len(set(told.values())) == len(FARM)
    assert all(text_width(short) <= room for short in told.values())
    assert all(name.partition(".")[0][-2:] in short for name, short in told.items())


def test_names_with_room_stay_whole() -> None:
    assert distinct_names(["hv01", "hv02"], 100) == {"hv01": "hv01", "hv02": "hv02"}
    assert distinct_names([], 100) == {}
    assert distinct_names(["alone.example.com"], 500) == {"alone.example.com": "alone.example.com"}


@given(st.lists(st.text(min_size=1, max_size=40), unique=True, max_size=8), st.integers(20, 200))
def test_any_names_fit(names: list[str], room: int) -> None:
    told = distinct_names(names, room)
    assert list(told) == names
    assert all(text_width(short) <= room or short == "…" for short in told.values())


@pytest.mark.parametrize("text", ["a" * 262_144, "a b " * 65_536, "\u0301" * 10_000, "日本" * 50_000])
def test_the_longest_annotation_is_cut_in_no_time(text: str) -> None:
    """An annotation may hold 256 KiB; each sign is looked at a few times at most."""
    assert text_width(fit_text(text, 300)) <= 300
    assert len(wrap_text(text, 300, most=2)) <= 2
    assert text_width(fit_end(text, 300, 12)) <= 300
    assert all(text_width(line) <= 300 for line in wrap_text(text[:5000], 300))
