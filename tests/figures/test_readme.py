"""The README shows what the program draws."""

from __future__ import annotations

import pytest

from tests.figures.readme import PICTURES, drawn
from tests.world.samples import DATA


@pytest.mark.parametrize("name", PICTURES)
def test_the_drawings_of_the_readme_are_those_of_today(name: str) -> None:
    """`make pictures` gives these very bytes."""
    assert (DATA / "pictures" / name).read_text(encoding="utf-8") == drawn()[name]
