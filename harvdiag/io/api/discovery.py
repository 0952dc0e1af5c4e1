"""API discovery: which kinds a server serves, in which versions; requested once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harvdiag.io.api.errors import FailureReason, RequestError
from harvdiag.io.api.transport import JSON

__all__ = [
    "AGGREGATED",
    "ROOTS",
    "Served",
    "ServedKind",
    "api_path",
    "list_paths",
    "parse_discovery",
    "parse_resources",
]

_LIST = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
AGGREGATED = f"{_LIST.format('v2')},{_LIST.format('v2beta1')},{JSON}"
"""All kinds in one answer (Kubernetes 1.26 and newer); older servers give the bare list of groups."""
ROOTS = ("/api", "/apis")


@dataclass(frozen=True, kw_only=True)
class ServedKind:
    """One kind in one version, as the server serves it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    lists: bool
    """Whether it has the verb ``list``."""

    @property
    def path(self) -> str:
        """The path of its list over all namespaces."""
        return f"{api_path(self.group, self.version)}/{self.plural}"


class Served:
    """What a server serves. `groups` or `kinds` is None if the server did not say, which differs from none."""

    def __init__(self, groups: Mapping[str, Sequence[str]] | None, kinds: Sequence[ServedKind] | None) -> None:
        self.groups = groups
        self.kinds = kinds

    def has_group(self, name: str) -> bool | None:
        """Whether an API group is served; None if that is not known."""
        return None if self.groups is None else name in self.groups

    def versions_to_try(self, group: str, plural: str, known: Sequence[str]) -> list[str]:
        """Return the versions of a kind to try, best first: `known` in its order, then others in the server's.

        A version whose kinds the server did not list (stale, or its group was down) is tried, too.
        """
        if self.groups is None:
            return list(known)
        of_group = [kind for kind in self.kinds or () if kind.group == group]
        listed = {kind.version for kind in of_group}
        has = {kind.version for kind in of_group if kind.plural == plural and kind.lists}
        available = [version for version in self.groups.get(group, ()) if version in has or version not in listed]
        return [v for v in known if v in available] + [v for v in available if v not in known]

    def is_namespaced(self, group: str, plural: str) -> bool | None:
        """Whether the objects of a kind live in namespaces; None if that is not known."""
        fits = (kind.namespaced for kind in self.kinds or () if (kind.group, kind.plural) == (group, plural))
        return next(fits, None)


def api_path(group: str, version: str) -> str:
    """Return the path at which a version of an API group is served."""
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def parse_discovery(answers: Mapping[str, Any]) -> Served:
    """Parse the answers of `ROOTS`; those that are missing were refused."""
    if set(answers) != set(ROOTS):
        return Served(None, None)
    if all(_is_aggregated(answer) for answer in answers.values()):
        rows = [row for answer in answers.values() for row in _aggregated_versions(answer)]
        groups: dict[str, list[str]] = {}
        for group, version, _ in rows:
            groups.setdefault(group, []).append(str(version.get("version")))
        return Served(groups, [kind for row in rows for kind in _aggregated_kinds(*row)])
    return Served({"": ["v1"], **dict(_group_versions(answers["/apis"]))}, None)


def list_paths(served: Served) -> list[tuple[str, str, str]]:
    """Return group, version and path of every APIResourceList of a server without aggregated discovery."""
    pairs = [(group, version) for group, versions in (served.groups or {}).items() for version in versions]
    return [(group, version, api_path(group, version)) for group, version in pairs]


def parse_resources(group: str, version: str, answer: Any) -> Iterator[ServedKind]:
    """Parse the kinds of one APIResourceList."""
    for row in _get_rows(answer, "resources"):
        name = row.get("name")
        if isinstance(name, str) and "/" not in name:
            verbs = row.get("verbs") or ()
            kind = str(row.get("kind", ""))
            yield ServedKind(
                group=group,
                version=version,
                plural=name,
                kind=kind,
                namespaced=bool(row.get("namespaced")),
                lists="list" in verbs,
            )


def _is_aggregated(answer: Any) -> bool:
    return isinstance(answer, dict) and answer.get("kind") == "APIGroupDiscoveryList"


def _aggregated_versions(answer: Any) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Group, version and its resources; none for a version whose own server was down (`freshness: Stale`)."""
    for item in _get_rows(answer, "items"):
        group = str((item.get("metadata") or {}).get("name") or "")
        for version in _get_rows(item, "versions"):
            stale = version.get("freshness") == "Stale"
            yield group, version, [] if stale else list(_get_rows(version, "resources"))


def _aggregated_kinds(group: str, version: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[ServedKind]:
    for row in rows:
        kind = str((row.get("responseKind") or {}).get("kind", ""))
        namespaced, lists = row.get("scope") == "Namespaced", "list" in (row.get("verbs") or ())
        yield ServedKind(
            group=group,
            version=str(version.get("version")),
            plural=str(row.get("resource")),
            kind=kind,
            namespaced=namespaced,
            lists=lists,
        )


def _group_versions(answer: Any) -> Iterator[tuple[str, list[str]]]:
    if not isinstance(answer, dict) or answer.get("kind") != "APIGroupList":
        raise RequestError(FailureReason.INVALID_RESPONSE, "did not answer with its API groups")
    for group in _get_rows(answer, "groups"):
        best = (group.get("preferredVersion") or {}).get("version")
        versions = [str(row.get("version")) for row in _get_rows(group, "versions")]
        yield str(group.get("name")), sorted(versions, key=lambda v: v != best)


def _get_rows(answer: Any, name: str) -> Iterator[dict[str, Any]]:
    rows = answer.get(name) if isinstance(answer, dict) else None
    yield from (row for row in rows or () if isinstance(row, dict)) if isinstance(rows, list | None) else ()
