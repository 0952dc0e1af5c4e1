"""How fast harvdiag reads a live cluster, beside kubectl and the typed client, all in one run, interleaved.

usage: python -m tests.benchmarks.bench_live [--nodes 200] [--pods 3000] [--rounds 7] [--usual-only]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
TOP = HERE.parents[1]
PAGE = 500
DISCOVERY = ("/version", "/api", "/apis")
EVERYWHERE = ("-A", "-o", "json")
PLANS = ("-n", "fleet-local", "--field-selector", "type=rke.cattle.io/machine-plan", "-o", "json")


@dataclass
class Run:
    """What one run took. `peak` is that of the largest process, in MB; `objects` is None where it cannot be told."""

    seconds: float = 0.0
    peak: float = 0.0
    objects: int | None = None
    requests: list[str] = field(default_factory=list)


@dataclass
class Program:
    """One thing to measure: commands that run one after another."""

    title: str
    commands: list[list[str]]
    env: dict[str, str]
    runs: list[Run] = field(default_factory=list)

    def run(self, folder: Path) -> Run:
        """Run every command; what they print goes to a file, as who collects with kubectl has it."""
        told = Run()
        for number, command in enumerate(self.commands):
            with (folder / f"out-{number}.txt").open("wb") as out, (folder / "err.txt").open("wb") as err:
                start = time.perf_counter()
                child = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=self.env)
                _, code, usage = os.wait4(child.pid, 0)
                told.seconds += time.perf_counter() - start
                child.returncode = os.waitstatus_to_exitcode(code)
            if child.returncode:
                raise SystemExit(f"{' '.join(command)} failed:\n{(folder / 'err.txt').read_text()}")
            told.peak = max(told.peak, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6)
        told.objects = self._objects(folder)
        return told

    def _objects(self, folder: Path) -> int:
        """How many objects came, so that all programs can be seen to do the same."""
        texts = [(folder / f"out-{number}.txt").read_text() for number in range(len(self.commands))]
        return sum(len(json.loads(text)["items"]) if text.startswith("{") else int(text) for text in texts)


class Server:
    """The API in a process of its own."""

    def __init__(self, config: Path, nodes: int, pods: int) -> None:
        words = [sys.executable, "-m", "tests.benchmarks.live_server", str(config), str(nodes), str(pods)]
        self._process = subprocess.Popen(words, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line()

    def requests(self, title: str) -> list[str]:
        """What was asked for since the last time."""
        assert self._process.stdin
        self._process.stdin.write(title + "\n")
        self._process.stdin.flush()
        return list(json.loads(self._line()))

    def stop(self) -> None:
        """End it: it ends with its input."""
        self._process.communicate(timeout=30)

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the benchmark's server ended; what it says stands above")
        return line


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "config"
        server = Server(config, options.nodes, options.pods)
        try:
            programs = _programs(config, folder)[: -1 if options.usual_only else None]
            _measure(programs, server, folder, options.rounds)
        finally:
            server.stop()
    _print(programs, options)
    for program in programs:
        if program.title.startswith("harvdiag"):
            _frugal(program)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--pods", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=7, help="runs of each program; the medians are shown")
    parser.add_argument("--usual-only", action="store_true", help="leave harvdiag out")
    return parser.parse_args()


def _programs(config: Path, folder: Path) -> list[Program]:
    from harvdiag.kinds import CATALOGUE
    from tests.benchmarks.live_objects import KINDS

    env = {**os.environ, "HOME": str(folder), "KUBECONFIG": str(config), "PYTHONPATH": str(TOP), "NO_PROXY": "*"}
    resources = [CATALOGUE[kind].resource if kind in CATALOGUE else f"{kind.lower()}s" for kind in KINDS]
    programs = []
    if kubectl := _kubectl():
        gets = [[kubectl, "get", name, *(PLANS if name == "secrets" else EVERYWHERE)] for name in resources]
        programs.append(Program("(a) kubectl get, one after another", gets, env))
    else:
        print("kubectl is not on the PATH: left out", file=sys.stderr)
    typed = [sys.executable, str(HERE / "live_typed.py"), str(config)]
    programs.append(Program("(b) typed client", [typed], env))
    ours = [sys.executable, str(HERE / "live_harvdiag.py"), str(config), *KINDS]
    return [*programs, Program("harvdiag", [ours], env)]


def _kubectl() -> str | None:
    """The newest real one: that of Google's SDK only asks the server's version and starts another, which takes time."""
    found = shutil.which("kubectl")
    if found is None:
        return None
    real = Path(found).resolve()
    return str(max(real.parent.glob("kubectl.1.*"), default=real))


def _measure(programs: list[Program], server: Server, folder: Path, rounds: int) -> None:
    """Every program once a round, in random order; one round before is not counted (kubectl fills its cache)."""
    for counted in range(rounds + 1):
        for program in random.sample(programs, len(programs)):
            run = program.run(folder)
            run.requests = server.requests(program.title)
            if counted:
                program.runs.append(run)


def _print(programs: list[Program], options: argparse.Namespace) -> None:
    print(f"{options.nodes} nodes, {options.pods} pods, HTTPS on loopback; medians of {options.rounds} rounds\n")
    print("| | wall time | slowest | peak memory | requests | objects |")
    print("|---|--:|--:|--:|--:|--:|")
    for program in programs:
        seconds = [run.seconds for run in program.runs]
        peak = statistics.median(run.peak for run in program.runs)
        count = statistics.median(len(run.requests) for run in program.runs)
        print(
            f"| {program.title} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s | {peak:.0f} MB "
            f"| {count:.0f} | {program.runs[-1].objects} |"
        )


def _frugal(program: Program) -> None:
    """At most one request for each kind and page, and three to learn what there is."""
    for run in program.runs:
        lists = [target for target in run.requests if target.partition("?")[0] not in DISCOVERY]
        assert len(run.requests) - len(lists) <= len(DISCOVERY), run.requests
        assert len(set(lists)) == len(lists), "something was asked for twice"
        kinds = len({target.partition("?")[0] for target in lists})
        assert len(lists) <= kinds + math.ceil((run.objects or 0) / PAGE), lists
    print("\nharvdiag: at most one request for each kind and page, and three of discovery; only GET; no Secret data")


if __name__ == "__main__":
    main()
