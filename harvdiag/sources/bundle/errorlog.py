"""``bundleGenerationError.log``: what the collector could not collect.

The messages are those of rancher/support-bundle-kit, pkg/manager/client/discovery.go, collectors/*.go and cluster.go.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from harvdiag.core.secrets import mask_secrets

__all__ = ["LONGEST", "Complaint", "Complaints", "parse_error_log"]

_LIST = re.compile(
    r"Failed to (?:get|parse objects received from) "
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)/(?:namespaces/(?P<namespace>[^/]+)/)?"
    r"(?P<plural>[^/:]+): (?P<why>.*)"
)
_SCOPE = re.compile(r"Unable to fetch (?P<scope>cluster|namespaced) resources: (?P<why>.*)")
_WRITE = "Support Bundle: failed to generate "
_KEY = "-----BEGIN "
LONGEST = 4096
"""Bytes read of a line: errors are shorter; the rest of longer lines is ignored."""
_LOGS = re.compile(r"cannot get log for pod|Cannot get pod|cannot get pod list")


class Complaint(NamedTuple):
    """One failed list: `namespace` is empty for cluster scope."""

    group: str
    plural: str
    namespace: str
    why: str


class Complaints(NamedTuple):
    """The log by type: failed lists, failed scopes (``cluster``, ``namespaced``), files not written, the rest."""

    lists: tuple[Complaint, ...]
    scopes: dict[str, str]
    members: dict[str, str]
    others: tuple[str, ...]

    def find_reason(self, group: str, plural: str, namespace: str) -> str:
        """Return why this list is missing or partial; empty if the log does not mention it.

        A complaint about all namespaces applies to each.
        """
        matches = (c for c in self.lists if (c.group, c.plural) == (group, plural) and c.namespace in ("", namespace))
        return next((c.why for c in matches), "") or self._unwritten_reason(group, plural, namespace)

    def _unwritten_reason(self, group: str, plural: str, namespace: str) -> str:
        """Why the list's file was not written completely; of any version, as no file may exist to name it."""
        if not self.members:
            return ""
        head = f"yamls/namespaced/{namespace}/" if namespace else "yamls/cluster/"
        parts = re.compile(
            rf"{re.escape(head)}{re.escape(group + '/') if group else ''}v[^/]+/{re.escape(plural)}\.yaml"
        )
        return next((why for member, why in self.members.items() if parts.fullmatch(member)), "")


def parse_error_log(log: str) -> Complaints:
    """Classify the lines of the log, credentials masked; not those about pod logs, for which no list is missing."""
    if _KEY in log:  # one of several lines would show as such only as a whole
        log = mask_secrets(log)
    lists: list[Complaint] = []
    scopes: dict[str, str] = {}
    members: dict[str, str] = {}
    others: list[str] = []
    for line in filter(None, (line.strip()[:LONGEST] for line in log.splitlines())):
        if match := _LIST.search(line):
            why = mask_secrets(match["why"])
            lists.append(Complaint(match["group"] or "", match["plural"], match["namespace"] or "", why))
        elif match := _SCOPE.search(line):
            scopes.setdefault(match["scope"], mask_secrets(match["why"]))
        elif unwritten := _parse_unwritten(line):
            members[unwritten[0]] = mask_secrets(unwritten[1])
        elif not _LOGS.search(line):
            others.append(mask_secrets(line))
    return Complaints(tuple(lists), scopes, members, tuple(others))


def _parse_unwritten(line: str) -> tuple[str, str] | None:
    """The member below ``yamls/`` and the reason, from a line about a file that could not be written."""
    path, mark, why = line.partition(_WRITE)[2].partition(".yaml: ")
    start = path.rfind("yamls/")
    return (f"{path[start:]}.yaml", why) if mark and start >= 0 else None
