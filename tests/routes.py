"""The routes by which objects come to harvdiag: kubectl's lists, a bundle, one extracted, a snapshot, the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from harvdiag.cluster import Cluster
from harvdiag.core.errors import SourceError
from harvdiag.core.findings import Findings
from harvdiag.kinds import DIAGNOSIS
from harvdiag.reports import json
from harvdiag.rules import advice
from harvdiag.snapshot import Manifest, Snapshot
from harvdiag.sources import open_source
from harvdiag.sources.files.reader import FilesReader
from harvdiag.sources.live.reader import connect
from harvdiag.sources.saved.reader import SavedReader
from harvdiag.training import open_scenario
from harvdiag.training.scenario_files import Scenario, find_scenarios, load_scenario
from harvdiag.training.world.cluster import CAPTURED_AT
from harvdiag.training.world.clusters import NAMESPACES
from harvdiag.training.world.objects import new
from tests.api import Api
from tests.sample import is_full, some
from tests.together import together
from tests.world.kit import write_bundle, write_folder
from tests.world.samples import DATA

Object = dict[str, Any]
HEALTHY, BROKEN = DATA / "bundles" / "healthy.zip", DATA / "bundles" / "issue-8236.zip"
SCENARIOS = DATA / "scenarios"
PATHS = find_scenarios(SCENARIOS)


def name(path: Path) -> str:
    """What to call a scenario: ``node-without-machine/speaks``."""
    return f"{path.parent.name}/{path.stem}"


def of_each_rule(paths: Iterable[Path]) -> Callable[[Callable[[Path], None]], Callable[[str], None]]:
    """Make one test of each rule, which goes through its scenarios."""
    return together(paths, lambda path: path.parent.name, name)


@cache
def scenario(path: Path) -> Scenario:
    """A scenario of data/scenarios, read once."""
    return load_scenario(path)


@cache
def finds(path: Path) -> bool:
    """Whether a scenario expects findings, by its first document alone: all are asked as tests are collected."""
    head = path.read_text(encoding="utf-8").partition("\n---")[0]
    return bool(yaml.load(head, yaml.CSafeLoader)["expect"])


@cache
def opened(path: Path) -> Cluster:
    """A scenario as the training opens it: one cluster for all tests of a worker, which only read it."""
    return open_scenario(path)


@cache
def checked(path: Path) -> Findings:
    """What is found in a scenario as the training opens it: judged once for all tests of a worker."""
    return opened(path).check()


def from_folder(place: Path, objects: Iterable[Object], captured_at: str | None = CAPTURED_AT) -> Cluster:
    """Through files as kubectl writes them; they do not say when, so that is told beside."""
    folder = write_folder(place / "folder", objects)
    reader = FilesReader.from_path(folder)
    reader.manifest = Manifest(kind="files", name=folder.name, captured_at=captured_at or "")
    return Cluster(Snapshot(reader))


def from_bundle(place: Path, objects: Iterable[Object], captured_at: str | None = CAPTURED_AT, **how: Any) -> Cluster:
    """Through the zip of the support-bundle-kit, with its damage to values."""
    path = write_bundle(place / "bundle.zip", collected(objects), captured_at=captured_at or CAPTURED_AT, **how)
    return Cluster(open_source(path))


def from_extracted(place: Path, objects: Iterable[Object], captured_at: str | None = CAPTURED_AT) -> Cluster:
    """Through the folder to which such a zip was extracted."""
    at = captured_at or CAPTURED_AT
    return Cluster(open_source(write_bundle(place / "out", collected(objects), captured_at=at, as_folder=True)))


def from_snapshot(place: Path, objects: Iterable[Object], captured_at: str | None = CAPTURED_AT) -> Cluster:
    """Through a snapshot file that was saved from a bundle."""
    return again(from_bundle(place, objects, captured_at), place)


def again(cluster: Cluster, place: Path, *, preflight: bool = False) -> Cluster:
    """The same cluster, saved to a file and read from there; with `preflight` the file has what that asks for."""
    return Cluster(Snapshot(SavedReader(cluster.save(place / "saved.harvdiag.zip", preflight=preflight).path)))


def from_api(
    place: Path,
    objects: Iterable[Object],
    captured_at: str | None = CAPTURED_AT,
    ask: Callable[[Cluster], object] = Cluster.check,
) -> Cluster:
    """Through the API of a server on loopback, which ends once every kind of the checks was read.

    Only read was it, and no Secret data was asked for. `ask` is what is asked of it while there is a server.
    """
    place.mkdir(parents=True, exist_ok=True)
    with Api(collected(objects)) as api:
        reader = connect(kubeconfig=api.kubeconfig(place / "config"))
        reader.manifest = Manifest(kind="live", name="lab", captured_at=captured_at or "")
        cluster = Cluster(Snapshot(reader))
        cluster.snapshot.load([*DIAGNOSIS, "Job"])
        with suppress(SourceError):  # what the checks ask for of the largest kinds is read while there is a server
            ask(cluster)
        api.assert_only_read()
        asked = {request.target for request in api.requests}
        assert len(api.requests) == len(asked), "no list was asked for twice"
    return cluster


ROUTES: Mapping[str, Callable[[Path, Iterable[Object], str | None], Cluster]] = {
    "folder": from_folder,
    "bundle": from_bundle,
    "extracted": from_extracted,
    "snapshot": from_snapshot,
    "api": from_api,
}
SOURCE_OF = {"folder": "files", "bundle": "bundle", "extracted": "bundle", "snapshot": "snapshot", "api": "live"}
"""The type of source that each route goes through."""
_LOG = re.compile(r"(nodes/[^/]+\.zip/)?logs/")
"""How the place of a line in a log begins, as evidence tells it; a snapshot, a folder and an API have no logs."""


_SPEAKING = [path for path in PATHS if path.stem.startswith("speaks")]
_FIRST = frozenset({path.parent: path for path in reversed(_SPEAKING)}.values())


def is_first(path: Path) -> bool:
    """Whether it is its rule's first scenario that speaks."""
    return path in _FIRST


def sampled(path: Path, one_in: int, what: str, each_rule: bool = True) -> bool:
    """Whether a scenario is in the sample of a test: each rule's first that speaks, and one in twice so many others.

    Without `each_rule` the first of a rule is no exception.
    """
    one_in *= 2
    return is_full() or (each_rule and is_first(path)) or some(range(one_in), 1, f"{what} {name(path)}") == [0]


def routes_of(path: Path) -> list[str]:
    """The routes that a scenario takes: one of the five, so that over all scenarios each is taken often.

    Each rule's first scenario that speaks takes two, and in a full run every scenario takes all.
    """
    return some(ROUTES, 2 if is_first(path) else 1, name(path))


def collected(objects: Iterable[Object]) -> list[Object]:
    """The objects and what every real namespace holds: a list that shows that the collector was there."""
    roots = [new("v1", "ConfigMap", "kube-root-ca.crt", space, data={"ca.crt": "invented"}) for space in NAMESPACES]
    return [*objects, *roots]


def told(findings: Findings) -> dict[str, Any]:
    """What a check says of the cluster, without what it says of the source."""
    whole = json.build_document(findings)
    return {key: value for key, value in whole.items() if key not in {"source", "coverage"}}


def told_without_logs(findings: Findings) -> dict[str, Any]:
    """What a check says of the cluster where the source has no logs: no line of them, but how to look at the host."""
    whole = told(findings)
    for finding in whole["findings"]:
        look = advice.inspect_host(finding["subject"]["name"])
        finding["evidence"] = [seen for seen in finding["evidence"] if not _LOG.match(seen["path"])]
        finding["next"] = [look if step.startswith("Already found in nodes/") else step for step in finding["next"]]
    return whole


def subjects(findings: Findings) -> dict[str, list[str]]:
    """The findings as scenarios expect them: rule to the sorted `Kind/name` of its subjects."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        found.setdefault(finding.rule, []).append(f"{finding.subject.kind}/{finding.subject.name}")
    return {rule: sorted(names) for rule, names in found.items()}


def expected(of: Scenario) -> dict[str, list[str]]:
    """What a scenario expects, in the same form."""
    return {rule: sorted(names) for rule, names in of.expect.items()}
