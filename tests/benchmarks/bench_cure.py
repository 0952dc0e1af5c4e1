"""How long `harvdiag what-if` and `harvdiag cure` take beside one `harvdiag check` of the same bundle, in one run.

usage: python -m tests.benchmarks.bench_cure [--nodes 1000] [--rounds 3] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harvdiag.training.world.longhorn import longhorn
from tests.world import faults, healthy, write_bundle

TOP = Path(__file__).parents[2]
MOST = {"what-if": 2, "cure": 5}
"""Times as long as a check: one reads the cluster once, and checks it before the action and after it; the other checks
it at the end of each way out, too."""


def build(folder: Path, nodes: int) -> tuple[Path, dict[str, tuple[str, ...]]]:
    """A cluster with an orphan and a Machine without Node, as a bundle, and the commands that are measured on it."""
    names = [f"hv{number:04}" for number in range(1, nodes + 1)]
    orphan, worker, lost = names[-1], names[nodes // 2], names[-2]
    world = healthy(names, version="v1.5.2")
    ghost, machine = world.machine_of(lost), world.machine_of(worker)
    faults.orphan(world, orphan, managed=True)
    faults.ghost(world, lost)
    world.objects += longhorn(world, volumes=nodes)
    bundle = write_bundle(folder / f"b{nodes}.zip", world.objects, captured_at=world.captured_at)
    actions = (
        *(f"delete Node {orphan}", f"delete Machine {machine}", f"delete Machine {ghost}", f"register {orphan}"),
        *(f"delete host {worker}", f"drain {worker}", f"label Node {orphan} a=b", "delete Cluster local"),
    )
    told = {f"what-if {action}": ("what-if", str(bundle), action) for action in actions}
    cures = {"cure": ("cure", str(bundle)), f"cure {orphan}": ("cure", str(bundle), orphan)}
    return bundle, {"check": ("check", str(bundle)), **told, **cures}


def spent(words: Sequence[str]) -> float:
    """The seconds of processor time that a command takes; what else runs counts less in them than by the clock."""
    env = {**os.environ, "PYTHONPATH": str(TOP)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "harvdiag", *words], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the seconds of each, interleaved, and the ratio to a check; exit 1 where one of them is too high."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the bundle here")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        _, commands = build(wish.folder or Path(name), wish.nodes)
        told: dict[str, list[float]] = {title: [] for title in commands}
        for _ in range(wish.rounds):
            for title, words in commands.items():
                told[title].append(spent(words))
    check = statistics.median(told["check"])
    slow = 0
    print(f"{wish.nodes} nodes".ljust(44), "seconds".rjust(8), "x check".rjust(8))
    for title, seconds in told.items():
        ratio = statistics.median(seconds) / check
        slow += ratio > MOST.get(title.split()[0], 1)
        print(title[:43].ljust(44), f"{statistics.median(seconds):8.2f} {ratio:8.2f}")
    sys.exit(slow > 0)


if __name__ == "__main__":
    main()
