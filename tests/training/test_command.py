"""`harvdiag scenario`: the list, one of them with and without its solution, and the bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

import harvdiag as hd
from tests.command import run

HAS_FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")


def test_list_and_one_of_them_without_its_solution() -> None:
    listed, told = run("scenario"), run("scenario", "no-answer", "--nodes", "7", "--release", "1.6.1")
    assert "7 nodes, Harvester v1.6.1" in told.stdout
    assert all(f"  {name}\n" in listed.stdout for name in hd.training.scenarios().names)
    assert "harvester/harvester#3021" in told.stdout
    assert "upgrade-pre-drain-unanswered" not in listed.stdout + told.stdout
    assert "upgrade-pre-drain-unanswered Node/hv02" in run("scenario", "no-answer", "--solution").stdout


def test_written_as_a_bundle_of_another_size(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    done = run("scenario", "no-answer", "-o", str(path), "--nodes", "5", "--release", "1.6.1")
    assert (done.returncode, f"Next: `harvdiag upgrade {path}`" in done.stderr) == (0, True)
    cluster = hd.open(path)
    assert (len(cluster.nodes), cluster.facts.harvester_version) == (5, "v1.6.1")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--solution",), "--solution needs the NAME of a scenario"),
        (("--nodes", "0"), "--nodes needs the NAME of a scenario"),
        (("no-anser",), "did you mean no-answer?"),
        (("?",), "no scenario '?'; `harvdiag scenario` lists them"),
        (("no-answer", "--nodes", "0"), "takes 3 to 50 nodes, not 0"),
        pytest.param(("no-answer", "-o", "/dev/full"), "'/dev/full' cannot be written: no space left", marks=HAS_FULL),
        (("no-answer", "-o", "b.yaml"), "a support bundle ends in .zip"),
        (("no-answer", "--nodes", "1", "-o", "b.zip"), "takes 3 to 50 nodes, not 1"),
        (("no-answer", "--release", "1.77.0", "--solution"), "is made for Harvester 1.3 to 1.9, not for v1.77.0"),
    ],
)
def test_refused_in_one_line(words: tuple[str, ...], says: str) -> None:
    done = run("scenario", *words)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert says in done.stderr
