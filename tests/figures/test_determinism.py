"""The same cluster gives the same pictures, in whatever order a set of this run has its texts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from harvdiag.figures import PICTURES
from tests.sample import some
from tests.world.samples import DATA, SAMPLES

PROGRAM = """
import sys, hashlib
import harvdiag as hd
from harvdiag.figures import PICTURES
before, *clusters = map(hd.open, sys.argv[1:])
for path, cluster in zip(sys.argv[2:], clusters):
    figures = [hd.draw(cluster, name, against=before if kind.against else None) for name, kind in PICTURES.items()]
    figures += [hd.draw(cluster, labels=True)]
    for figure in figures:
        print(path, figure.name, hashlib.sha256((figure.svg + figure.text + figure.alt).encode()).hexdigest())
    whole = figures[0].mermaid + figures[0].dot + hd.explore(cluster).html
    print(path, hashlib.sha256(whole.encode()).hexdigest())
"""
DRAWN = some(SAMPLES, 2, "order")


@pytest.fixture(scope="module")
def drawn() -> list[list[str]]:
    """The lines of two runs that differ in the hash that Python gives to texts; each run draws the same samples."""
    paths = [str(DATA / "bundles" / f"{bundle}.zip") for bundle in ("healthy", *DRAWN)]
    return [
        subprocess.run(
            [sys.executable, "-c", PROGRAM, *paths],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.splitlines()
        for seed in ("1", "2")
    ]


@pytest.mark.parametrize("name", DRAWN)
def test_no_picture_hangs_on_the_order_of_a_set(name: str, drawn: list[list[str]]) -> None:
    """Python gives texts another hash in each run; two runs with two seeds draw the same."""
    one, other = ([line for line in lines if f"/{name}.zip " in line] for lines in drawn)
    assert one == other
    assert len(one) == len(PICTURES) + 2
