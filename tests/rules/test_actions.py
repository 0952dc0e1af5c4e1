"""Steps that act have their command or their path in the UI, and the page of the documentation that describes them."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.model import Severity
from harvdiag.core.release import read_release
from harvdiag.rules import registry
from harvdiag.rules.pages import ACTS, MANUAL, PATH_PAGES, Page, find_pages
from harvdiag.snapshot import Snapshot
from tests import port
from tests.routes import PATHS, checked, finds, name, of_each_rule, scenario

VERBS = (
    "annotate|apply|cancel|clear|cordon|delete|detach|disable|dismiss|drain|enable|evict|fix|install|label|lower|patch|put|"
    "reinstall|release|remove|restart|restore|resume|roll|salvage|set|shut|start|stop|switch|taint|uncordon|uninstall|withdraw"
)
ACT = re.compile(rf"(?:^|[.;:,] )(?:(?:then|and|or|otherwise|there) )*(?:{VERBS})\b", re.IGNORECASE)
HOW = re.compile(r"`[^`]+`|→|Join an existing Harvester cluster|finding|vendor support|same way")
"""A command, a path in the UI, or where it stands."""
ENDS = re.compile("vendor support|own finding|by itself|at its next try|[Cc]ollect again|known issue|see that finding")
"""How the steps may end otherwise."""
CHANGES = re.compile(
    r"`(?:systemctl restart|kubectl (?:annotate|delete|edit|label|patch|rollout restart|taint|uncordon) )"
)
"""A command that changes something, of whatever sentence."""
ADDRESS = re.compile(
    rf"{re.escape(MANUAL)}/v1\.\d+/[a-z0-9/-]+(?:#[a-z-]+)?"
    r"|https://(?:docs\.rke2\.io|cluster-api\.sigs\.k8s\.io|helm\.sh|longhorn\.io|kubernetes\.io)/[\w./-]+"
    r"|https://github\.com/[\w.-]+/[\w.-]+/issues/\d+"
)


def acts(step: str) -> bool:
    """Whether a step tells to change something, rather than to look or to leave it."""
    return bool(ACT.search(re.sub(r"`[^`]*`", "", step)))


def test_a_step_that_acts_is_seen() -> None:
    """The test below can fail."""
    assert acts("Look at it, then restart it.")
    assert acts("Delete it in Harvester.")
    assert not acts("Do not delete it.")
    assert not HOW.search("Delete it in Harvester.")


@of_each_rule(filter(finds, PATHS))
def test_each_finding_says_how_and_where_it_is_described(path: Path) -> None:
    """No act is left to be guessed, each has its page once, and a root cause has more than a look and a backup."""
    findings = checked(path)
    for finding in findings:
        assert not [step for step in finding.next if acts(step) and not HOW.search(step)], finding.rule
        assert len(set(finding.links)) == len(finding.links)
        assert all(ADDRESS.fullmatch(link) for link in finding.links), finding.links
        pages = {page.name for mark, page in ACTS.items() if any(mark in step for step in finding.next)}
        assert all(any(page in link for link in finding.links) for page in pages), (finding.rule, pages)
    for root in findings.roots:
        done = any(acts(step) or CHANGES.search(step) or ENDS.search(step) for step in root.next)
        assert done or root.severity is Severity.INFO, (root.rule, root.next)


def steps_of(path: str) -> tuple[str, ...]:
    """The steps of the finding that a scenario is about; a pod that has no node crashes in its place."""
    (place,) = (each for each in PATHS if name(each) == path)
    told = scenario(place)
    objects = deepcopy(told.objects)
    for pod in (obj for obj in objects if obj["kind"] == "Pod" and "Unschedulable" in str(obj["status"])):
        waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
        pod["status"] = {"containerStatuses": [{"name": "compute", "restartCount": 9, "state": waiting}]}
    (found,) = Cluster(Snapshot(port.Port(objects, captured_at=told.captured_at or ""))).check().of(told.rule)
    return found.next


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("upgrade-repository-not-ready/speaks", r"virtctl start -n \S+ upgrade-repo-\S+$"),
        (
            "upgrade-repository-not-ready/speaks",
            r"kubectl get volumes\.longhorn\.io -n \S+ .*\| grep hvst-upgrade-abcde\b",
        ),
        ("upgrade-image-not-ready/speaks", r"kubectl get events .*\| grep .*backing-image\b"),
    ],
)
def test_a_command_has_its_namespace_and_name_or_what_finds_them(path: str, command: str) -> None:
    assert re.search(command, "\n".join(re.findall(r"`([^`]+)`", "".join(steps_of(path)))), re.MULTILINE)


def test_a_file_to_be_created_is_said_where_to_get_and_what_to_change() -> None:
    (step,) = (step for step in steps_of("upgrade-image-not-ready/speaks") if "-f version.yaml`" in step)
    assert "/harvester/v1.4.2/version.yaml, set isoURL" in step


# --- addresses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "address"),
    [
        ("v1.4.2", f"{MANUAL}/v1.4/upgrade/index"),
        ("v1.0.3", f"{MANUAL}/v1.3/upgrade/index"),
        ("v1.9.0-rc2", f"{MANUAL}/v1.8/upgrade/index"),
        ("master-1a2b3c", f"{MANUAL}/v1.8/upgrade/index"),
        ("", f"{MANUAL}/v1.8/upgrade/index"),
    ],
)
def test_the_manual_is_that_of_the_release(version: str, address: str) -> None:
    """A page that came later has the first release that has it; an unknown release gets the newest."""
    assert Page("upgrade/index", since=(1, 3)).address(read_release(version)) == address


def test_two_headings_of_one_page_are_one_link() -> None:
    """The first of the table is kept; a page elsewhere has no release."""
    steps = ("Hosts → hv09 → ⋮ → Enable Maintenance Mode.", "`rke2-uninstall.sh`.", "`rke2 etcd-snapshot save`.")
    finding = replace(next(iter(checked(next(filter(finds, PATHS))))), family="pairing", next=steps)
    found = find_pages(finding, "v1.5.0")
    assert found == (f"{MANUAL}/v1.5/host#deleting-a-node", "https://docs.rke2.io/datastore/backup_restore")


def test_each_known_path_has_the_notes_of_its_upgrade() -> None:
    """The first path of each known issue has a page, or ends at a release whose notes are not public."""
    paths = {rule.paths[0] for rule in registry().values() if rule.paths}
    assert paths - set(PATH_PAGES) <= {"any", "1.5.x -> any", "1.7.x -> any", "1.8.x -> 1.9.x"}
