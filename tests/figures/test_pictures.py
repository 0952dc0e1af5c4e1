"""What every picture owes, by the rows of PICTURES: a new one is tested here without being named."""

from __future__ import annotations

import pkgutil
from functools import cache

import pytest

import harvdiag as hd
from harvdiag import figures
from harvdiag.core.errors import UsageError
from harvdiag.figures import PICTURES, default_picture, draw
from harvdiag.figures.figure import ENDINGS, Figure
from tests.figures.sound import check
from tests.world.samples import DATA, SAMPLES

EVERY = pytest.mark.parametrize("name", PICTURES)


@cache
def cluster(sample: str) -> hd.Cluster:
    """A sample bundle, opened once."""
    return hd.open(DATA / "bundles" / f"{sample}.zip")


def drawn(name: str, sample: str) -> Figure:
    """The picture of a sample; one that compares, against the healthy cluster."""
    return draw(cluster(sample), name, against=cluster("healthy") if PICTURES[name].against else None)


@pytest.mark.parametrize("sample", SAMPLES)
@EVERY
def test_picture_of_every_sample_has_words_a_table_and_a_sound_scene(name: str, sample: str) -> None:
    """Whoever cannot see it reads the title, the alternative text, the text and the table."""
    figure = drawn(name, sample)
    check(figure._drawing.scene)
    assert figure.name == name
    assert figure.title.strip()
    assert len(figure.alt.split()) >= 5
    assert figure.text.strip()
    assert figure.svg.startswith("<svg")
    assert all(row.keys() <= set(figure.table.columns) for row in figure._drawing.rows)
    assert list(figure.table.columns)


@EVERY
def test_picture_can_be_saved_as_its_row_says(name: str) -> None:
    """Each ending that only some pictures have is either in the row or refused; `.html` is of `explore`."""
    figure = drawn(name, "issue-8236")
    special = {form for picture in PICTURES.values() for form in picture.forms} & set(ENDINGS)
    for ending in special:
        if ending in PICTURES[name].forms:
            assert figure.to(ending)
        else:
            with pytest.raises(UsageError, match=r"has no \w+ format"):
                figure.to(ending)


@EVERY
def test_row_tells_what_one_sees(name: str) -> None:
    """In the words of README's table, which `make docs` writes."""
    shows = PICTURES[name].shows
    assert shows == shows.strip().rstrip(".")
    assert "|" not in shows
    assert len(shows) > 20


def test_every_package_of_a_picture_has_its_row() -> None:
    """A package below figures/ that has a `draw` is a picture, and PICTURES names it."""
    packages = [module.name for module in pkgutil.iter_modules(figures.__path__) if module.ispkg]
    pictures = [name for name in packages if name != "explore"]
    assert sorted(picture.module for picture in PICTURES.values()) == sorted(pictures), "add a row to PICTURES"


def test_default_is_the_first_row_of_its_sort() -> None:
    """Without a name: the links, or what has changed."""
    assert (default_picture(False), default_picture(True)) == ("links", "changes")
