"""Data beside sentences: rule ids are known to the rules alone, and each sentence is worded in one module."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import harvdiag
from harvdiag.cluster import Cluster
from harvdiag.core.findings import Findings
from harvdiag.rules import registry
from harvdiag.status.links.view import select_rows
from harvdiag.status.nodes.board import Board
from harvdiag.status.nodes.titles import build_title
from harvdiag.status.upgrade import UpgradeStatus
from harvdiag.status.upgrade.drain.drain import build_drain
from harvdiag.status.upgrade.folding import fold_nodes
from harvdiag.status.upgrade.headline import build_headline
from harvdiag.status.upgrade.progress import UpgradeProgress
from tests.parsed import FILES, PACKAGE, Strings, strings, strings_of


def known_rules(of: Strings) -> set[str]:
    """The rule ids that a module has among its strings."""
    return registry().keys() & of.told


def test_rule_ids_are_known_inside_the_rules_only() -> None:
    """What others need of a rule is declared at it: `holds`, `missing`, `short`, `reason`."""
    outside = [path for path in FILES if PACKAGE / "rules" not in path.parents]
    found = {str(path.relative_to(PACKAGE)): ids for path in outside if (ids := known_rules(strings(path)))}
    assert not found


def test_a_rule_id_in_code_is_seen() -> None:
    """The test above can fail: a comparison shows, a docstring does not."""
    assert known_rules(strings_of('"""Of node-not-managed."""\nif finding.rule == "node-not-managed":\n    pass\n'))
    assert not known_rules(strings_of('"""node-not-managed"""\n'))


# --- sentences -----------------------------------------------------------------------------------------------------

WORDS = 3
"""From so many words on a literal is taken for a piece of a sentence."""
SMALL = re.compile("[a-z]")
API = frozenset(
    {
        "error draining machine",
        "failure while applying plan",
        "join url to be available",
        "marking control plane as initialized",
        "no etcd machines exist that have plans",
        "non-ready bootstrap machine",
        "status.conditions, type Failed",
        "status.conditions, type Ready",
        "system-upgrade-controller helm chart",
        "waiting for agent to check in",
        "waiting for at least one bootstrap node",
        "waiting for cluster agent to connect",
        "waiting for kubelet to update",
        "waiting for plan to be applied",
        "waiting for probes",
    }
)
"""What the cluster itself says: words of Rancher's planner, and places in an object."""
PHRASES = frozenset(
    {
        "Do not uninstall",
        "Find out why",
        "Rancher's planner says",
        "a Machine that is gone",
        "an image of its own",
        "an unknown format",
        "is not Ready",
        "is not an object",
        "is not valid YAML",
        "the file in its",
        "at an unknown time",
        "at its last try",
        "before the collection",
        "cannot be opened",
        "cannot be read",
        "cannot be written",
        "collections nest deeper than",
        "could not be made",
        "could not be run",
        "does not exist",
        "every link holds",
        "files of kubectl",
        "has been terminating since",
        "has no Node",
        "has not begun",
        "in this cluster",
        "is at work",
        "is in phase",
        "is no object",
        "is under way",
        "it gives no reason",
        "it waits for",
        "its state is",
        "its turn comes in phase",
        "may not be listed",
        "more like this",
        "names what does not exist",
        "references what does not exist",
        "no reason given",
        "no such file or folder",
        "nodes are done",
        "not in the list",
        "not in the Upgrade's list",
        "not in its list",
        "not looked at",
        "nothing is at work",
        "the file that its",
        "there is no Machine",
        "which does not exist",
    }
)
"""Turns of plain English that more than one sentence needs. None of them is compared with: see below."""


def pieces(told: Iterable[str]) -> set[str]:
    """Those that are pieces of sentences, without what separates them from the next."""
    bare = (" ".join(words).strip(" .,:;()\"'") for string in told if len(words := string.split()) >= WORDS)
    return {piece for piece in bare if sum(map(bool, map(SMALL.search, piece.split()))) >= WORDS}


PLAYED = ("training/world/", "training/library/changes/")
"""Modules that play the cluster: what they hold is what it says, which others read."""


def shared(modules: Mapping[str, Strings]) -> dict[str, set[str]]:
    """The pieces that more than one module holds, with the modules."""
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for name, of in modules.items():
        for piece in pieces(of.told):
            homes[piece].add(name)
    return {piece: names for piece, names in homes.items() if len(names) > 1 and piece not in API | PHRASES}


def test_each_sentence_is_worded_in_one_module() -> None:
    """What one module words, no other compares with, cuts or words again."""
    files = {str(path.relative_to(PACKAGE)): path for path in FILES}
    assert not shared({name: strings(path) for name, path in files.items() if not name.startswith(PLAYED)})


def test_a_sentence_in_two_modules_is_seen() -> None:
    """The test above can fail: for whole strings and for the fixed parts of f-strings, not for docstrings."""
    words = 'def told(x: str) -> str:\n    """It says so itself."""\n    return f"{x} was never begun; "\n'
    compares = 'if "was never begun" in message:\n    pass\n'
    assert shared({"a": strings_of(words), "b": strings_of(compares)}) == {"was never begun": {"a", "b"}}
    others = words.replace("was never begun", "has begun")
    assert not shared({"a": strings_of(words), "b": strings_of(others)})


# --- reading -------------------------------------------------------------------------------------------------------

FOREIGN = (
    "io/",
    "sources/",
    "access/",
    "redact/forms.py",
    "redact/lines.py",
    "upgrade/answers.py",
    "upgrade/logs/",
    "upgrade/planner.py",
    "upgrade/timeline/note.py",
    "rules/chart_status.py",
    "rules/upgrade/planner.py",
)
"""Modules that read what others wrote: bytes, answers of a server, lines of logs, Events, Rancher's planner, fleet."""
READ = {"at the cluster scope"}
"""What an API server says of a list that one may not see."""


def read(source: str) -> set[str]:
    """The pieces of sentences that a module compares with, looks for, or cuts at."""
    return pieces(strings_of(source).read)


def test_no_module_takes_a_sentence_apart() -> None:
    """What a sentence says is data beside it: nobody looks it up in the words."""
    files = {str(path.relative_to(PACKAGE)): path for path in FILES}
    ours = {name: path for name, path in files.items() if not name.startswith(FOREIGN)}
    found = {name: told for name, path in ours.items() if (told := pieces(strings(path).read) - READ)}
    assert not found


def test_a_sentence_that_is_read_is_seen() -> None:
    """The test above can fail."""
    assert read('if "was never begun" in held:\n    pass\n') == {"was never begun"}
    assert read('held.partition("so Rancher never asks")') == {"so Rancher never asks"}
    assert read('match told:\n    case "the Machine was deleted":\n        pass\n') == {"the Machine was deleted"}
    assert not read('held = "the Machine was deleted"')


# --- other words ---------------------------------------------------------------------------------------------------

BUNDLES = Path(__file__).parents[1] / "data" / "bundles"


def reworded(cluster: Cluster) -> UpgradeStatus:
    """The cluster with the same findings, each in words that say nothing."""
    findings = cluster.check()
    outcomes = [
        outcome._replace(findings=tuple(replace(finding, message="Lorem ipsum") for finding in outcome.findings))
        for outcome in findings.outcomes
    ]
    return UpgradeStatus(cluster.facts, Findings(findings.source, findings.coverage, outcomes))


def structure(cluster: Cluster, standing: UpgradeStatus) -> dict[str, Any]:
    """What the pictures show, without what is only quoted."""
    course, board = UpgradeProgress(standing), Board(standing)
    web = select_rows(standing, cluster.graph).model
    return {
        "phases": [(cell.number, cell.mark) for cell in course.cells],
        "nodes": [(way.name, way.at, way.mark, way.rule, way.wait) for way in course.nodes],
        "lanes": [[way.name for way in lane.nodes] for lane in fold_nodes(course.nodes)],
        "drain": [move[:2] for move in build_drain(course).moves],
        "never": "will never be upgraded" in build_headline(course),
        "board": build_title(board),
        "rows": [(row.state, row.is_held_up, [tie[2:] for tie in row.links]) for row in web.rows],
        "parts": [part.key for part in standing.parts()],
        "moving": (standing.is_stuck, standing.is_stalled, standing.moving_node),
    }


@pytest.mark.parametrize("path", sorted(BUNDLES.glob("*.zip")), ids=lambda path: path.stem)
def test_pictures_do_not_go_by_the_words_of_a_message(path: Path) -> None:
    """Other words for a fault change what is quoted, and nothing else."""
    cluster = harvdiag.open(path)
    assert structure(cluster, reworded(cluster)) == structure(cluster, cluster.upgrade)
