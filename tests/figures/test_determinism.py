"""The same cluster gives the same pictures, in whatever order a set of this run has its texts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from harvdiag.figures import PICTURES
from tests.world.samples import DATA, SAMPLES

PROGRAM = """
import sys, hashlib
import harvdiag as hd
cluster = hd.open(sys.argv[1])
before = hd.open(sys.argv[2])
from harvdiag.figures import PICTURES
figures = [hd.draw(cluster, name, against=before if picture.against else None) for name, picture in PICTURES.items()]
figures += [hd.draw(cluster, labels=True)]
for figure in figures:
    print(figure.name, hashlib.sha256((figure.svg + figure.text + figure.alt).encode()).hexdigest())
print(hashlib.sha256((figures[0].mermaid + figures[0].dot + hd.explore(cluster).html).encode()).hexdigest())
"""


@pytest.mark.parametrize("name", SAMPLES)
def test_no_picture_hangs_on_the_order_of_a_set(name: str) -> None:
    """Python gives texts another hash in each run; two runs with two seeds draw the same."""
    paths = [str(DATA / "bundles" / f"{bundle}.zip") for bundle in (name, "healthy")]
    drawn = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM, *paths],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert drawn[0] == drawn[1]
    assert len(drawn[0].splitlines()) == len(PICTURES) + 2
