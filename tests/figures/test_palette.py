"""Colours: the same names for both papers, and every text readable on what lies behind it."""

from __future__ import annotations

import re
from itertools import product

import pytest

from harvdiag.core.marks import SIGNS
from harvdiag.figures.palette import DARK, LIGHT, contrast_ratio

SURFACES = [key for key in LIGHT if key in {"paper", "lane", "box"} or key.endswith("_box")]
STRONG = ["error", "warning", "info", "good", "unseen"]


def test_both_themes_have_the_same_colours() -> None:
    """A shape that names a colour finds it in either."""
    assert list(LIGHT) == list(DARK)
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in (*LIGHT.values(), *DARK.values()))


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_is_readable(colours: dict[str, str]) -> None:
    """4.5 : 1 at least, for both inks on every surface, and for the signs on the strong colours."""
    pairs = [*product(("ink", "quiet"), SURFACES), *(("sign", strong) for strong in STRONG), ("paper", "now")]
    poor = {pair: contrast_ratio(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_strong_colours_are_seen_on_the_paper(colours: dict[str, str]) -> None:
    """3 : 1 for what breaks; each differs from the others, and each has a sign and a surface of its own."""
    assert contrast_ratio(colours["error"], colours["paper"]) >= 3
    assert contrast_ratio(colours["now"], colours["paper"]) >= 3
    assert len({colours[key] for key in SIGNS}) == len(SIGNS)
    assert {f"{key}_box" for key in SIGNS} <= set(colours)


def test_contrast_is_that_of_wcag() -> None:
    """Its two ends, and a value from the standard's own examples."""
    assert contrast_ratio("#000000", "#ffffff") == pytest.approx(21)
    assert contrast_ratio("#ffffff", "#ffffff") == pytest.approx(1)
    assert contrast_ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast_ratio("#ffffff", "#777777") == contrast_ratio("#777777", "#ffffff")
