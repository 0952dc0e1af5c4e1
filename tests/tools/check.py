"""`make check`: the tests of what changed, of one rule, of one family of rules, or of one folder.

What changed is told by git: against the commit at which this branch left main, with what is not committed yet.

- A changed test file is run.
- A changed module is tested by the test files that import it; where none does, by those that import a module which
  imports it, and so on; what nothing imports (a source, a module of rules) is loaded by the package above. The closest
  come first: those that import the fewest modules of harvdiag.
- A changed scenario is tested by every scenario of its rule, through every source; a changed module below rules/ by
  those of its rules, and of the rules that import it. Where these are more than `FEW`, in memory only.
- Layers, words, and what documents and pictures quote are tested whatever changed (`ALWAYS`).

Of the test files at most `MOST` are run, the closest of each changed file first; the others are named. `make test` runs
everything.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from harvdiag.rules import registry
from tests.parsed import outline

__all__ = ["changed_files", "closest", "expression", "find_tests", "main", "rules_of"]

ROOT = Path(__file__).parents[2]
MOST, FEW = 10, 4
LONG = {"benchmarks", "browser", "contract", "live", "notebooks"}
"""Folders of tests that take long, or need something: of these only what is named itself is run."""
ALWAYS = {
    "tests/figures/test_readme.py",
    "tests/test_docs.py",
    "tests/test_layers.py",
    "tests/test_sentences.py",
    "tests/test_vocabulary.py",
}
"""Tests of what no import shows: layers, words, and what the documents and pictures quote. They are always run."""
PRODUCT = {"tests/rules/test_engine.py", "tests/training/test_scenarios.py", "tests/test_fuzz.py"}
"""Tests that go through every scenario: they are run by the names of rules."""
BY_RULE = ("tests/rules", "tests/training", "tests/contract/test_routes.py")
IN_MEMORY = ("tests/rules", "tests/training")


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else []


def changed_files() -> list[str]:
    """The files that differ from where this branch left main, and those that git does not know yet."""
    bases = (_git("merge-base", "HEAD", branch) for branch in ("origin/main", "main"))
    base = next((found[0] for found in bases if found), "HEAD")
    return sorted({*_git("diff", "--name-only", base), *_git("ls-files", "--others", "--exclude-standard")})


@cache
def _imports(path: Path) -> frozenset[str]:
    """The modules that a file imports, also as names of a package."""
    found = outline(path)
    parts = (f"{module}.{name}" for module, names in found.taken if module for name in names)
    return frozenset({*found.imports, *parts} - {""})


@cache
def _test_files() -> tuple[Path, ...]:
    """The test files that a changed module may choose, the closest first: those that import little of harvdiag."""
    found = [path for path in (ROOT / "tests").rglob("test_*.py") if not LONG & set(path.relative_to(ROOT).parts)]
    found = [path for path in found if str(path.relative_to(ROOT)) not in PRODUCT]
    return tuple(sorted(found, key=lambda path: (sum(name.startswith("harvdiag") for name in _imports(path)), path)))


@cache
def _modules() -> dict[str, Path]:
    """Every module of the package and of the tests' own tools by its name."""
    found = [path for place in ("harvdiag", "tests") for path in (ROOT / place).rglob("*.py")]
    return {_name(path.relative_to(ROOT)): path for path in found if not path.name.startswith("test_")}


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def find_tests(file: str) -> list[str]:
    """The test files of one changed file, the closest first; none for a file that is no module."""
    path = Path(file)
    if path.suffix == ".md":
        return ["tests/test_docs.py"]
    if path.suffix != ".py" or path.parts[0] not in {"harvdiag", "tests"} or not (ROOT / path).exists():
        return []
    if path.name.startswith("test_"):
        return [file]
    level, seen = {_name(path)}, {_name(path)}
    while level:
        if found := [test for test in _test_files() if level & _imports(test)]:
            return [str(test.relative_to(ROOT)) for test in found]
        above = {name: _importers({name}) or {name.rpartition(".")[0]} for name in level}
        level = {name for names in above.values() for name in names} - seen - {""}
        seen |= level
    return []


def _importers(names: set[str]) -> set[str]:
    """The modules that import one of these; what only measures speed tests nothing."""
    return {name for name, place in _modules().items() if names & _imports(place) and "benchmarks" not in name}


def closest(candidates: Iterable[list[str]]) -> list[str]:
    """The test files of several changed files: the first of each, then the second of each, and so on."""
    ranked = sorted((rank, test) for tests in candidates for rank, test in enumerate(tests))
    return list(dict.fromkeys(test for _, test in ranked))


def rules_of(file: str) -> list[str]:
    """The rules of a changed scenario, or of a changed module below rules/."""
    path = Path(file)
    if path.parts[:2] == ("data", "scenarios"):
        return [path.parts[2]] if path.parts[2] in registry() else []
    if path.parts[:2] != ("harvdiag", "rules"):
        return []
    modules = {_name(path), *_importers({_name(path)})}
    return [rule.name for rule in registry().values() if rule.check.__module__ in modules]


def expression(rules: Iterable[str]) -> str:
    """What pytest's -k takes for the tests of these rules: their scenarios, and what is asked of each rule."""
    return " or ".join(f"{rule}/ or {rule}]" for rule in rules)


def _run(title: str, *words: str) -> int:
    print(f"\n{title}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--no-header", *words]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    return 0 if code == 5 else code  # 5: no test was chosen


def _run_rules(rules: list[str]) -> int:
    """The scenarios of a few rules through every source, of many in memory only."""
    places = BY_RULE if len(rules) <= FEW else IN_MEMORY
    return _run(f"Scenarios of {', '.join(rules)}", *places, "-k", expression(rules))


def _run_changed() -> int:
    files = changed_files()
    rules = sorted({rule for file in files for rule in rules_of(file)})
    tests = closest(find_tests(file) for file in files if not rules_of(file))
    chosen = sorted({*ALWAYS, *tests[:MOST]})
    code = _run(f"Tests of {len(files)} changed files: {', '.join(chosen)}", *chosen, "-m", "not notebook")
    if left := sorted({*tests} - {*chosen}):
        print(f"Not run, though they import what changed: {', '.join(left)}")
    return code or (_run_rules(rules) if rules else 0)


def main(arguments: list[str] | None = None) -> int:
    """Run them; the exit code is pytest's."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.check")
    parser.add_argument("--rule", choices=list(registry()), metavar="RULE")
    parser.add_argument("--family", choices=sorted({rule.family for rule in registry().values()}))
    parser.add_argument("--tests", nargs="+", metavar="PATH")
    chosen = parser.parse_args(arguments)
    if chosen.rule:
        return _run_rules([chosen.rule])
    if chosen.family:
        rules = [rule.name for rule in registry().values() if rule.family == chosen.family]
        return _run(f"Scenarios of the family {chosen.family}", *IN_MEMORY, "-k", expression(rules))
    if chosen.tests:
        return _run(f"Tests of {', '.join(chosen.tests)}", *chosen.tests)
    return _run_changed()


if __name__ == "__main__":
    sys.exit(main())
