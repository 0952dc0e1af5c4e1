"""Pages of documentation: which page describes a step that acts, by the command or the path in the UI that it has.

A step does not carry its page: a finding has each page once, among its links. Of Harvester's manual that of the
cluster's own release is taken, where the page is there. The addresses follow the files of harvester/docs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from harvdiag.core.model import Finding
from harvdiag.core.release import Release, read_release
from harvdiag.rules.facts import Facts

__all__ = ["ACTS", "MANUAL", "PATH_PAGES", "Page", "cite_pages", "find_pages", "pages_of"]

MANUAL = "https://docs.harvesterhci.io"
NEWEST = (1, 8)
"""The newest release whose manual is complete; a later cluster gets its pages."""


class Page(NamedTuple):
    """A page: its path below the release in Harvester's manual, from `since` on; or a whole address elsewhere."""

    path: str
    since: tuple[int, int] = (1, 1)

    @property
    def name(self) -> str:
        """The page without the heading in it: a finding has each page once."""
        return self.path.partition("#")[0]

    def address(self, release: Release | None) -> str:
        """Return the address for a release; for an unknown one, that of the newest manual."""
        if self.path.startswith("https://"):
            return self.path
        major, minor = min(max((release.major, release.minor), self.since), NEWEST) if release else NEWEST
        return f"{MANUAL}/v{major}.{minor}/{self.path}"


DELETE_NODE = Page("host#deleting-a-node")
MAINTENANCE = Page("host#node-maintenance")
CORDON = Page("host#cordoning-a-node")
DISKS = Page("host#multi-disk-management")
KEPT_BUDGET = Page("upgrade/v1-5-x-to-v1-6-x", since=(1, 6))
STUCK_UPGRADE = Page("upgrade/troubleshooting")
STOP_UPGRADE = Page("upgrade/troubleshooting#stop-the-ongoing-upgrade")
UPGRADE_LOGS = Page("upgrade/troubleshooting#download-upgrade-logs")
START_UPGRADE = Page("upgrade/index")
PAUSED_NODE = Page("upgrade/index#resuming-a-paused-node-upgrade", since=(1, 7))
UPGRADE_MANAGER = Page("advanced/addons/upgrade-manager", since=(1, 8))
SUPPORT_BUNDLE = Page("troubleshooting/harvester#generate-a-support-bundle")
LONGHORN_UI = Page("troubleshooting/harvester#access-embedded-rancher-and-longhorn-dashboards")
LIVE_MIGRATION = Page("vm/live-migration")
SETTINGS = Page("advanced/index", since=(1, 4))
WITNESS = Page("advanced/witness", since=(1, 7))
ETCD_SNAPSHOT = Page("https://docs.rke2.io/datastore/backup_restore")
DELETE_MACHINE = Page("https://cluster-api.sigs.k8s.io/tasks/automated-machine-management/machine_deletions")
HELM_ROLLBACK = Page("https://helm.sh/docs/helm/helm_rollback/")
LONGHORN_SETTINGS = Page("https://longhorn.io/docs/1.8.1/references/settings/")
ROLLOUT = Page("https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/")

ACTS = {
    "rke2-uninstall.sh": DELETE_NODE,
    "evictionRequested": DELETE_NODE,
    "⋮ → Delete": DELETE_NODE,
    "Enable Maintenance Mode": MAINTENANCE,
    "kubevirt.io/drain=": MAINTENANCE,
    "kubectl uncordon": CORDON,
    "Edit Config → Storage": DISKS,
    "kubectl delete poddisruptionbudget": KEPT_BUDGET,
    "kubectl delete machines.cluster.x-k8s.io": DELETE_MACHINE,
    "kubectl delete upgrades.harvesterhci.io": STOP_UPGRADE,
    "kubectl patch managedcharts.management.cattle.io": STOP_UPGRADE,
    "upgradelogs.harvesterhci.io": UPGRADE_LOGS,
    "Dismiss it": UPGRADE_LOGS,
    "node-upgrade-pause-map": PAUSED_NODE,
    "upgradeplans.management.harvesterhci.io": UPGRADE_MANAGER,
    "Dashboard → Upgrade": START_UPGRADE,
    "kubectl create -f version.yaml": START_UPGRADE,
    "⋮ → Stop": LIVE_MIGRATION,
    "⋮ → Migrate": LIVE_MIGRATION,
    "Advanced → Settings": SETTINGS,
    "settings.harvesterhci.io": SETTINGS,
    "node-role.kubernetes.io/etcd=true:NoExecute": WITNESS,
    "Longhorn UI →": LONGHORN_UI,
    "etcd-snapshot save": ETCD_SNAPSHOT,
    "helm rollback": HELM_ROLLBACK,
    "settings.longhorn.io": LONGHORN_SETTINGS,
    "kubectl rollout restart": ROLLOUT,
    "Generate Support Bundle": SUPPORT_BUNDLE,
}
"""The command or the path in the UI by which an act is known, and its page; the more special first."""
PATH_PAGES = {
    "1.4.1 -> 1.4.2": Page("upgrade/v1-4-1-to-v1-4-2", since=(1, 4)),
    "1.4.x -> 1.4.3, 1.5.0": Page("upgrade/v1-4-1-to-v1-4-3", since=(1, 4)),
    "1.4.x -> 1.5.x": Page("upgrade/v1-4-2-to-v1-5-2", since=(1, 5)),
    "1.4.3 -> 1.5.x": Page("upgrade/v1-4-2-to-v1-5-2", since=(1, 5)),
    "1.5.x -> 1.6.x": Page("upgrade/v1-5-x-to-v1-6-x", since=(1, 6)),
    "1.6.x -> 1.7.x": Page("upgrade/v1-6-x-to-v1-7-x", since=(1, 7)),
    "1.7.x -> 1.7.y": Page("upgrade/v1-7-x-to-v1-7-y", since=(1, 8)),
    "1.7.x -> 1.8.x": Page("upgrade/v1-7-x-to-v1-8-x", since=(1, 8)),
    "1.7.x -> 1.8.0": Page("upgrade/v1-7-x-to-v1-8-x", since=(1, 8)),
}
"""The notes on an upgrade path, which list its known issues."""
FAMILY_PAGES = {"upgrade": STUCK_UPGRADE}
"""The page of a whole family: it tells the phases of an upgrade, and how to look at each."""


def cite_pages(facts: Facts, finding: Finding, paths: tuple[str, ...] = ()) -> Finding:
    """Return a finding with the pages of its steps before the other links; `paths` are those of its known issue."""
    found = find_pages(finding, facts.harvester_version, paths)
    return replace(finding, links=tuple(dict.fromkeys((*found, *finding.links))))


def find_pages(finding: Finding, version: str, paths: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the addresses of the pages that describe the steps of a finding, each page once."""
    pages = [PATH_PAGES[path] for path in paths[:1] if path in PATH_PAGES]
    pages += _acts_in(finding.next)
    pages += [page for family, page in FAMILY_PAGES.items() if family == finding.family]
    return _addresses(pages, version)


def pages_of(texts: Iterable[str], version: str) -> tuple[str, ...]:
    """Return the addresses of the pages that describe the commands and paths in these texts, each page once."""
    return _addresses(_acts_in(tuple(texts)), version)


def _acts_in(texts: tuple[str, ...]) -> list[Page]:
    return [page for mark, page in ACTS.items() if any(mark in text for text in texts)]


def _addresses(pages: list[Page], version: str) -> tuple[str, ...]:
    once = {page.name: page for page in reversed(pages)}
    release = read_release(version)
    return tuple(page.address(release) for page in reversed(once.values()))
