"""What every picture owes, by the rows of PICTURES: a new one is tested here without being named."""

from __future__ import annotations

import pkgutil
from functools import cache
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag import figures
from harvdiag.core.errors import UsageError
from harvdiag.figures import PICTURES, default_picture, draw
from harvdiag.figures.figure import ENDINGS, Figure
from harvdiag.training.world.faults import lose_answer
from harvdiag.training.world.rollouts import at_step, wait
from tests.figures.sound import check
from tests.routes import from_folder
from tests.world import healthy
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


@pytest.mark.parametrize("sample", SAMPLES)
@EVERY
def test_picture_fits_a_narrow_column(name: str, sample: str) -> None:
    """Never wider than it, with texts that are as large as ever and not one over the other."""
    figure = drawn(name, sample)
    for width in (320, 400, 640, 860):
        scene = figure.sized(width)._scene
        check(scene)
        assert scene.width <= width
        assert min(text.size for text in scene.texts) >= 11
        assert (scene.title, scene.alt) == (figure.title, figure.alt)


@pytest.mark.parametrize("name", [name for name, picture in PICTURES.items() if not picture.against])
def test_names_of_nodes_are_whole_where_there_is_room(tmp_path: Path, name: str) -> None:
    """Up to 30 letters, in the picture and in a terminal, in a wide and in a narrow column."""
    names = ["srv09", "harvester-rack-07-node-0000199", "harvester-rack-07-node-0000200"]
    world = at_step(healthy(names, version="v1.4.2"), names[1], "h4")
    lose_answer(world, names[1])
    wait(world, hours=3)
    figure = draw(from_folder(tmp_path, world.objects), name)
    for told in (figure, figure.sized(640)):
        words = " ".join(text.text for text in told._scene.texts)
        assert [each for each in (names if name != "handshake" else names[1:2]) if each not in words] == []
    assert names[1] in figure.lines(100)


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
