"""`make docs`: write the parts of README.md and of docs (commands, access, glossary, …) that follow from the code.

These are the output of every block of a console, and the tables between ``<!-- NAME: written by make docs -->`` and
``<!-- end of NAME -->``. tests/test_docs.py compares, so a rule, a kind or a picture needs no line by hand.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import yaml

from harvdiag.access.rbac import build_manifests
from harvdiag.core.policy import show_threshold
from harvdiag.figures import PICTURES
from harvdiag.reports.glossary import render_markdown
from harvdiag.rules.thresholds import LIMITS
from harvdiag.status.glossary import list_groups
from tests.tools import cure, known, preflight, rooms, writers

__all__ = ["BLOCK", "TABLES", "WRITTEN", "console", "fresh", "main"]

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FILES = (
    *("access.md", "commands.md", "configuration.md", "cure.md", "glossary.md", "known-issues.md"),
    *("preflight.md", "sharing.md"),
)
WRITTEN = (ROOT / "README.md", *(DOCS / name for name in FILES), rooms.DOCUMENT)
BLOCK = re.compile(r"```console\n\$ (?P<command>[^\n]+)\n.*?```", re.DOTALL)
WIDTH = "110"


def console(command: str) -> str:
    """What a command of harvdiag prints to a terminal of the README's width, without colours."""
    words = shlex.split(command)
    assert words[0] == "harvdiag", f"only commands of harvdiag are run, not {words[0]}"
    env = {**os.environ, "COLUMNS": WIDTH, "NO_COLOR": "1"}
    run = [sys.executable, "-m", *words]
    return subprocess.run(run, cwd=ROOT, env=env, capture_output=True, text=True, check=False).stdout


def pictures() -> str:
    """The rows of README's table of pictures."""
    rows = [f"| `{name}` | {picture.shows} |" for name, picture in PICTURES.items()]
    return "\n".join(["| `--picture` | what it shows |", "| --- | --- |", *rows])


def kinds() -> str:
    """What the ClusterRole of `harvdiag rbac` may list, by API group."""
    groups: dict[str, set[str]] = defaultdict(set)
    for document in yaml.safe_load_all(build_manifests()):
        for rule in document.get("rules", ()) if document["kind"] == "ClusterRole" else ():
            for group in rule["apiGroups"]:
                groups[group or "(core)"].update(rule["resources"])
    rows = [f"| {group} | {', '.join(sorted(resources))} |" for group, resources in sorted(groups.items())]
    return "\n".join(["| API group | resources |", "| --- | --- |", *rows])


def glossary() -> str:
    """The terms of docs/glossary.md, by group."""
    return render_markdown(list_groups())


def thresholds() -> str:
    """The names that ``[thresholds]`` of harvdiag.toml may have."""
    rows = [f"| `{limit.name}` | {show_threshold(limit.default)} | {limit.meaning} |" for limit in LIMITS.values()]
    return "\n".join(["| name | default | meaning |", "| --- | --- | --- |", *rows])


TABLES = {
    "pictures": pictures,
    "kinds": kinds,
    "rooms": rooms.table,
    "glossary": glossary,
    "thresholds": thresholds,
    "known issues": known.table,
    "webhook": preflight.webhook,
    "check.sh": preflight.script,
    "UpgradePlan": preflight.plan,
    "checks of its own": preflight.of_our_own,
    "ways out": cure.ways,
    "without a way": cure.none,
}


def fresh(text: str) -> str:
    """A document with its written parts as they should be."""
    text = BLOCK.sub(lambda found: f"```console\n$ {found['command']}\n{console(found['command'])}```", text)
    for name, table in TABLES.items():
        head, end = f"<!-- {name}: written by make docs -->\n", f"<!-- end of {name} -->"
        if head in text:
            before, _, rest = text.partition(head)
            text = f"{before}{head}\n{table()}\n\n{end}{rest.partition(end)[2]}"
    return text


def main() -> None:
    """Write each document and picture, and name those that changed."""
    for path in WRITTEN:
        _write(path, fresh(path.read_text(encoding="utf-8")))
    _write(rooms.PICTURE, rooms.drawn())
    _write(writers.PICTURE, writers.drawn())


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
