"""Discovery: which kinds a server serves, in which versions; asked once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harvdiag.io.api.transport import JSON
from harvdiag.io.api.trouble import RequestError, Trouble

__all__ = ["AGGREGATED", "ROOTS", "Served", "ServedKind", "kinds_of", "paths", "prefix", "served"]

_LIST = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
AGGREGATED = f"{_LIST.format('v2')},{_LIST.format('v2beta1')},{JSON}"
"""All kinds in one answer (Kubernetes 1.26 and newer); older servers give the bare list of groups."""
ROOTS = ("/api", "/apis")


@dataclass(frozen=True, kw_only=True)
class ServedKind:
    """One kind in one version, as the server offers it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    lists: bool
    """Whether it has the verb ``list``."""

    @property
    def path(self) -> str:
        """Where its lists are, over all namespaces."""
        return f"{prefix(self.group, self.version)}/{self.plural}"


class Served:
    """What a server serves. Where it does not tell, nothing is known, which is not the same as nothing."""

    def __init__(self, groups: Mapping[str, Sequence[str]] | None, kinds: Sequence[ServedKind] | None) -> None:
        self.groups = groups
        self.kinds = kinds

    def group(self, name: str) -> bool | None:
        """Whether an API group is there; None if that is not known."""
        return None if self.groups is None else name in self.groups

    def versions(self, group: str, plural: str, known: Sequence[str]) -> list[str]:
        """The versions of a kind to try, best first: `known` in its order, then others in the server's.

        A version of which the server does not tell its kinds (a stale one, a group that was down) may have it.
        """
        if self.groups is None:
            return list(known)
        of_group = [kind for kind in self.kinds or () if kind.group == group]
        told = {kind.version for kind in of_group}
        has = {kind.version for kind in of_group if kind.plural == plural and kind.lists}
        there = [version for version in self.groups.get(group, ()) if version in has or version not in told]
        return [v for v in known if v in there] + [v for v in there if v not in known]

    def namespaced(self, group: str, plural: str) -> bool | None:
        """Whether the objects of a kind live in namespaces; None if that is not known."""
        fits = (kind.namespaced for kind in self.kinds or () if (kind.group, kind.plural) == (group, plural))
        return next(fits, None)


def prefix(group: str, version: str) -> str:
    """Where a version of an API group is served."""
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def served(answers: Mapping[str, Any]) -> Served:
    """What the answers at `ROOTS` tell; those that are missing were refused."""
    if set(answers) != set(ROOTS):
        return Served(None, None)
    if all(_is_aggregated(answer) for answer in answers.values()):
        rows = [row for answer in answers.values() for row in _versions(answer)]
        groups: dict[str, list[str]] = {}
        for group, version, _ in rows:
            groups.setdefault(group, []).append(str(version.get("version")))
        return Served(groups, [kind for row in rows for kind in _kinds(*row)])
    return Served({"": ["v1"], **dict(_groups(answers["/apis"]))}, None)


def paths(of: Served) -> list[tuple[str, str, str]]:
    """Group, version and address of every list of kinds that a server without aggregated discovery has."""
    pairs = [(group, version) for group, versions in (of.groups or {}).items() for version in versions]
    return [(group, version, prefix(group, version)) for group, version in pairs]


def kinds_of(group: str, version: str, answer: Any) -> Iterator[ServedKind]:
    """The kinds of one APIResourceList."""
    for row in _rows(answer, "resources"):
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


def _versions(answer: Any) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Group, version and the version's resources; none of a version whose own server was down (`freshness: Stale`)."""
    for item in _rows(answer, "items"):
        group = str((item.get("metadata") or {}).get("name") or "")
        for version in _rows(item, "versions"):
            stale = version.get("freshness") == "Stale"
            yield group, version, [] if stale else list(_rows(version, "resources"))


def _kinds(group: str, version: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[ServedKind]:
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


def _groups(answer: Any) -> Iterator[tuple[str, list[str]]]:
    if not isinstance(answer, dict) or answer.get("kind") != "APIGroupList":
        raise RequestError(Trouble.FOREIGN, "answered with something else than its API groups")
    for group in _rows(answer, "groups"):
        best = (group.get("preferredVersion") or {}).get("version")
        versions = [str(row.get("version")) for row in _rows(group, "versions")]
        yield str(group.get("name")), sorted(versions, key=lambda v: v != best)


def _rows(answer: Any, name: str) -> Iterator[dict[str, Any]]:
    rows = answer.get(name) if isinstance(answer, dict) else None
    yield from (row for row in rows or () if isinstance(row, dict)) if isinstance(rows, list | None) else ()
