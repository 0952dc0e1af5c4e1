"""``bundleGenerationError.log``: what the collector could not take, by its own words.

The shapes are those of rancher/support-bundle-kit, pkg/manager/client/discovery.go, collectors/*.go and cluster.go.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Complaint", "Complaints", "parse"]

_LIST = re.compile(
    r"Failed to (?:get|parse objects received from) "
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)/(?:namespaces/(?P<namespace>[^/]+)/)?"
    r"(?P<plural>[^/:]+): (?P<why>.*)"
)
_SCOPE = re.compile(r"Unable to fetch (?P<scope>cluster|namespaced) resources: (?P<why>.*)")
_WRITE = re.compile(r"Support Bundle: failed to generate (?P<path>\S*/(?P<member>yamls/\S+\.yaml)): (?P<why>.*)")
_LOGS = re.compile(r"cannot get log for pod|Cannot get pod|cannot get pod list")


def __dir__() -> list[str]:
    return __all__


class Complaint(NamedTuple):
    """One failed list: `namespace` is empty for cluster scope."""

    group: str
    plural: str
    namespace: str
    why: str


class Complaints(NamedTuple):
    """The log, sorted: failed lists, failed scopes (``cluster``, ``namespaced``), files not written, the rest."""

    lists: tuple[Complaint, ...] = ()
    scopes: dict[str, str] = {}
    members: dict[str, str] = {}
    others: tuple[str, ...] = ()

    def about(self, group: str, plural: str, namespace: str) -> str:
        """Why this list is missing or partial; empty where the log does not speak of it."""
        key = (group, plural, namespace)
        return next((c.why for c in self.lists if c[:3] == key), "")


def parse(log: str) -> Complaints:
    """Sort the lines of the log. Lines about pod logs are left out: no list is missing because of them."""
    lists: list[Complaint] = []
    scopes: dict[str, str] = {}
    members: dict[str, str] = {}
    others: list[str] = []
    for line in filter(None, (line.strip() for line in log.splitlines())):
        if match := _LIST.match(line):
            lists.append(Complaint(match["group"] or "", match["plural"], match["namespace"] or "", match["why"]))
        elif match := _SCOPE.match(line):
            scopes.setdefault(match["scope"], match["why"])
        elif match := _WRITE.match(line):
            members[match["member"]] = match["why"]
        elif not _LOGS.search(line):
            others.append(line)
    return Complaints(tuple(lists), scopes, members, tuple(others))
