"""How fast `harvdiag check` reads a bundle, beside the usual way and the bound, all in one run, interleaved.

usage: python -m tests.benchmarks.bench_read [--nodes 4 50 200] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
TOP = HERE.parents[1]
ENGINES = ("yaml-rs", "pyyaml")
STAGES = ("import", "directory", "inflate", "parse", "links, rules, output")
# Runs a program as `python PROGRAM ARGS` does, then tells the process's peak memory. Linux only.
PEAK = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_module("harvdiag", run_name="__main__") if sys.argv[0] == "harvdiag" else (
        runpy.run_path(sys.argv[0], run_name="__main__") if sys.argv[0] else None)
finally:
    with open("/proc/self/status") as status:
        sys.stderr.write([line.split()[1] for line in status if line.startswith("VmHWM")][0])
"""


@dataclass
class Program:
    """One thing to measure: its arguments after `python`, what it reads on stdin, and its environment."""

    title: str
    args: list[str]
    names: str = ""
    engine: str = ""
    seconds: list[float] = field(default_factory=list)
    peak: float = 0.0

    def run(self, args: list[str]) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": str(TOP), **({"HARVDIAG_YAML": self.engine} if self.engine else {})}
        done = subprocess.run(
            [sys.executable, *args], input=self.names, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1) or "Traceback" in done.stderr:
            raise SystemExit(f"{self.title} failed:\n{done.stderr}")
        return done

    def time(self) -> None:
        start = time.perf_counter()
        self.run(self.args)
        self.seconds.append(time.perf_counter() - start)

    def weigh(self) -> None:
        """The peak memory in MB of one more run."""
        args = [arg for arg in self.args if arg != "-m"]
        if sys.platform == "linux" and args[0] != "-c":
            self.peak = int(self.run(["-c", PEAK, *args]).stderr.split()[-1]) * 1024 / 1e6

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        _starts(options.rounds)
        for nodes in options.nodes:
            _bundle(Path(folder), nodes, options.rounds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--nodes", type=int, nargs="+", default=[4, 50, 200], help="sizes of the bundles")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each program; the medians are shown")
    return parser.parse_args()


def _measure(programs: list[Program], rounds: int) -> None:
    """Every program once a round, in random order; one round before is not counted."""
    for program in programs:
        program.run(program.args)
        program.weigh()
    for _ in range(rounds):
        for program in random.sample(programs, len(programs)):
            program.time()


def _starts(rounds: int) -> None:
    bare = Program("bare Python", ["-c", "pass"])
    programs = [
        bare,
        Program("import harvdiag", ["-c", "import harvdiag"]),
        Program("harvdiag --help", ["-m", "harvdiag", "--help"]),
    ]
    _measure(programs, 2 * rounds + 1)
    print("Start (ms)".ljust(34), "median".rjust(8), "over bare".rjust(10))
    for program in programs:
        over = program.median - bare.median
        print(program.title.ljust(34), f"{program.median * 1e3:8.0f}", f"{over * 1e3:10.0f}")


def _bundle(folder: Path, nodes: int, rounds: int) -> None:
    bundle = _generated(folder / f"b{nodes}.zip", nodes)
    members, size = _members(bundle)
    objects = _as_json(bundle, members, folder / f"j{nodes}.zip")
    names = "\n".join(members)
    idle = Program("bare Python", [""])
    idle.weigh()
    programs = [
        *(
            Program(f"harvdiag check, {e}", ["-m", "harvdiag", "check", str(bundle), "--format", "json"], engine=e)
            for e in ENGINES
        ),
        Program("(a) zipfile + CSafeLoader", [str(HERE / "usual.py"), str(bundle)], names),
        Program("(b) bound: inflate + orjson", [str(HERE / "bound.py"), str(bundle), str(objects)], names),
    ]
    stages = {engine: Program("stages", [str(HERE / "stages.py"), str(bundle)], engine=engine) for engine in ENGINES}
    _measure(programs, rounds)
    _print_wholes(nodes, len(members), size, programs, idle.peak)
    _print_stages(stages, rounds)


def _generated(path: Path, nodes: int) -> Path:
    """Made by a process of its own: the generator needs much memory."""
    made = [sys.executable, "-m", "tests.tools.gen_bundle", "--nodes", str(nodes), "--out", str(path)]
    subprocess.run(made, cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    return path


def _members(bundle: Path) -> tuple[list[str], int]:
    """The YAML files that `harvdiag check` reads, and their bytes."""
    told = json.loads(
        Program("stages", [str(HERE / "stages.py"), str(bundle)]).run([str(HERE / "stages.py"), str(bundle)]).stdout
    )
    return [name for name in told["members"] if name.endswith(".yaml")], told["yaml"]


def _as_json(bundle: Path, members: list[str], path: Path) -> Path:
    """The same objects as JSON, stored under the same names."""
    from harvdiag.io.yaml import load_documents

    with zipfile.ZipFile(bundle) as texts, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as objects:
        for name in members:
            objects.writestr(name, json.dumps(load_documents(texts.read(name))[0], separators=(",", ":")))
    return path


def _print_wholes(nodes: int, members: int, size: int, programs: list[Program], idle: float) -> None:
    bound, usual = programs[-1].median, programs[-2].median
    print(f"\n{nodes} nodes: {members} YAML files, {size / 1e6:.2f} MB; bare Python's memory {idle:.0f} MB")
    print(
        "Whole process".ljust(34), *(h.rjust(9) for h in ("ms", "x bound", "x usual", "peak MB", "over idle", "x YAML"))
    )
    for program in programs:
        over = program.peak - idle
        print(
            program.title.ljust(34),
            f"{program.median * 1e3:9.0f} {program.median / bound:9.2f} {program.median / usual:9.2f}",
            f"{program.peak:9.0f} {over:9.0f} {over * 1e6 / size:9.2f}",
        )


def _print_stages(programs: dict[str, Program], rounds: int) -> None:
    print("Stages in the process (ms)".ljust(34), *(stage.rjust(9) for stage in STAGES))
    found: dict[str, list[dict[str, float]]] = {engine: [] for engine in programs}
    for _ in range(rounds):
        for engine, program in programs.items():
            found[engine].append(json.loads(program.run(program.args).stdout)["stages"])
    for engine, runs in found.items():
        medians = [statistics.median(run.get(stage, 0.0) for run in runs) * 1e3 for stage in STAGES]
        print(engine.ljust(34), *(f"{value:9.1f}" for value in medians))


if __name__ == "__main__":
    main()
