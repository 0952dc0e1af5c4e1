"""How long `harvdiag redact` takes, the last look included, beside `harvdiag snapshot` of the same bundle, in one run.

usage: python -m tests.benchmarks.bench_redact [--nodes 200] [--rounds 5] [--bundle FILE]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).parents[2]
MOST = 3
"""Times as long as a snapshot: more is too slow."""


def spent(command: str, bundle: Path, folder: Path) -> float:
    """The seconds of processor time that a command takes; what else runs counts less in them than by the clock."""
    out = folder / f"{command}.harvdiag.zip"
    out.unlink(missing_ok=True)
    env = {**os.environ, "PYTHONPATH": str(TOP), "XDG_CONFIG_HOME": str(folder / command)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [sys.executable, "-m", "harvdiag", command, str(bundle), "-o", str(out)]
    subprocess.run(words, check=True, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the seconds of both, interleaved, and the ratio of their medians; exit 1 where it is too high."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bundle", type=Path)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = wish.bundle or folder / "bundle.zip"
        if wish.bundle is None:
            made = [sys.executable, "-m", "tests.tools.gen_bundle", "--nodes", str(wish.nodes), "--out", str(bundle)]
            subprocess.run(made, cwd=TOP, check=True, stdout=subprocess.DEVNULL)
        told: dict[str, list[float]] = {"snapshot": [], "redact": []}
        for _ in range(wish.rounds):
            for command, seconds in told.items():
                seconds.append(spent(command, bundle, folder))
    plain, redacted = (statistics.median(seconds) for seconds in told.values())
    print(f"snapshot {plain:.2f} s, redact {redacted:.2f} s: {redacted / plain:.2f} times as long (at most {MOST})")
    sys.exit(redacted / plain > MOST)


if __name__ == "__main__":
    main()
