"""Trying one rule in three lines, without a test and without pytest.

For example::

    from harvdiag.testing import check_rule

    outcome = check_rule("node-without-machine", "data/scenarios/node-without-machine/speaks.yaml")
    print(outcome.outcome, [finding.message for finding in outcome.findings])

`check_rule` also takes any other source and YAML text; `compare_scenario` says where a scenario expects something else
than the rules find.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.model import Outcome
from harvdiag.rules import registry, run_rules, select_rules
from harvdiag.sources import open_source
from harvdiag.training import open_objects, open_scenario
from harvdiag.training.scenario_files import build_objects, load_scenario, parse_documents

__all__ = ["check_rule", "compare_scenario"]

BASES = Path("data") / "scenarios" / "base"
CHECKOUT = Path(__file__).parents[1]


def check_rule(
    rule: str,
    source: str | Path | Mapping[str, Any] | Iterable[Mapping[str, Any]],
    *,
    base: str | Path = "three-nodes",
    captured_at: str = "",
) -> Outcome:
    """What becomes of one rule: `outcome` is ``failed`` (it speaks), ``passed`` or ``skipped``, with the findings.

    `source` is a scenario file, anything that `hd.open` takes (a folder, a bundle, a snapshot), or the changes to a
    healthy cluster: YAML text (with a line break in it), or objects as dictionaries. Changes
    are merge patches as in a scenario, and may begin with a scenario's first document. They are laid over `base`: the
    path of a YAML file, the name of one in ``data/scenarios/base``, or empty for none; `captured_at` is the time of
    collection (RFC 3339; else the last heartbeat of a Node). Causes are left out, for only one rule is judged. Raises
    UsageError for an unknown rule and for what cannot be read.
    """
    if rule not in registry():
        select_rules([rule])  # refuses what is not a family either, with what it may mean
        raise UsageError(f"{rule!r} is a family: name one of its rules")
    cluster = _opened(source) if _is_place(source) else _changed(source, base, captured_at)
    (outcome,) = run_rules(cluster.facts, select_rules([rule]))
    return outcome


def compare_scenario(file: str | Path) -> list[str]:
    """Where the findings of a scenario, by every rule, are not those that it expects: one line each, empty if none.

    ``missing: RULE Kind/name`` was expected and not found, ``unexpected: …`` was found and not expected. Raises
    UsageError where the file is not a scenario.
    """
    wanted = [(rule, subject) for rule, subjects in load_scenario(Path(file)).expect.items() for subject in subjects]
    findings = open_scenario(file).check()
    found = [(finding.rule, f"{finding.subject.kind}/{finding.subject.name}") for finding in findings]
    missing = [f"missing: {rule} {subject}" for rule, subject in wanted if (rule, subject) not in found]
    return missing + [f"unexpected: {rule} {subject}" for rule, subject in found if (rule, subject) not in wanted]


def _is_place(source: object) -> bool:
    """A path or a target in one line; text with a line break is YAML."""
    return isinstance(source, Path) or (isinstance(source, str) and "\n" not in source)


def _opened(source: Any) -> Cluster:
    path = Path(source)
    if path.suffix in {".yaml", ".yml"} and path.is_file():
        head, _, _ = path.read_text(encoding="utf-8", errors="replace").partition("\n---")
        if re.search(r"^scenario:", head, re.MULTILINE):
            return open_scenario(path)
    return Cluster(open_source(source))


def _changed(source: Any, base: str | Path, captured_at: str) -> Cluster:
    place = Path("changes")
    layers = _layers(place, source)
    if layers and "kind" not in layers[0]:  # the first document of a scenario
        head = layers.pop(0)
        base, captured_at = head.get("base", base), head.get("captured_at", captured_at)
    return open_objects(place.name, build_objects(place, _base(base), layers), captured_at)


def _layers(place: Path, source: Any) -> list[dict[str, Any]]:
    if isinstance(source, str):
        return parse_documents(place, source)
    found = [source] if isinstance(source, Mapping) else list(source)
    return [deepcopy(dict(layer)) for layer in found]


def _base(base: str | Path) -> Path | None:
    """The file of a base, by its path, or by its name in the current folder or the checkout of harvdiag."""
    if not str(base):
        return None
    places = [Path(base), *(root / BASES / f"{base}.yaml" for root in (Path(), CHECKOUT))]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise UsageError(f"no base {str(base)!r}: give the path of a YAML file, or a name in {BASES}")
    return found
