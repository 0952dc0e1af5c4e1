"""How long each picture takes, beside reading and judging the same bundle, in one run.

usage: python -m tests.benchmarks.bench_draw [--nodes 4 50 200] [--rounds 5]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import harvdiag as hd
from harvdiag import figures
from harvdiag.training.world.faults import orphan
from tests.world import healthy, rollouts, write_bundle

PICTURES = [name for name, picture in figures.PICTURES.items() if not picture.against]


def bundle(folder: Path, nodes: int) -> Path:
    """An upgrade half-way over so many nodes, one of ten without a Machine."""
    world = healthy([f"hv{at:03}" for at in range(1, nodes + 1)], version="v1.8.2", lean=False)
    rollouts.at_step(world, f"hv{nodes // 2:03}", "h4")
    for at in range(10, nodes + 1, 10):
        orphan(world, f"hv{at:03}", managed=True)
    return write_bundle(folder / f"{nodes}.zip", world.objects, captured_at=world.captured_at)


def spent(work: Callable[[], object], rounds: int) -> float:
    """The median of the seconds that it takes."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    """Print a table: seconds, and each picture as a part of reading and judging."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[4, 50, 200])
    parser.add_argument("--rounds", type=int, default=5)
    wish = parser.parse_args()
    print(f"{'nodes':>5}  {'read, check':>11}  " + "  ".join(f"{name:>16}" for name in (*PICTURES, "explore")))
    with tempfile.TemporaryDirectory() as folder:
        for nodes in wish.nodes:
            path = bundle(Path(folder), nodes)
            read = spent(lambda path=path: hd.open(path).check(), wish.rounds)
            cluster = hd.open(path)
            cluster.check()
            works: list[Callable[[], object]] = [
                *(lambda name=name, of=cluster: hd.draw(of, name).svg for name in PICTURES),
                lambda of=cluster: hd.explore(of).html,
            ]
            told = [spent(work, wish.rounds) for work in works]
            cells = "  ".join(f"{seconds:8.3f} ({seconds / read:4.2f})" for seconds in told)
            print(f"{nodes:>5}  {read:>11.3f}  {cells}")


if __name__ == "__main__":
    main()
