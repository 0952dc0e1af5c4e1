"""Which logs of a bundle belong to a node, a pod or a workload, as a user names it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harvdiag.core.errors import UsageError
from harvdiag.core.fields import name_of
from harvdiag.core.suggest import did_you_mean, join_names, suggest_names
from harvdiag.snapshot import Snapshot

__all__ = ["NODE", "LogFile", "LogOwner", "find_files", "list_files", "list_owners"]

NODE, POD = "node", "pod"
WORKLOADS = (
    *("deployment", "deployments", "deploy", "daemonset", "daemonsets", "ds", "job", "jobs"),
    *("statefulset", "statefulsets", "sts", "replicaset", "replicasets", "rs"),
)
_WORDS = {
    **dict.fromkeys(("node", "nodes", "no"), NODE),
    **dict.fromkeys(("pod", "pods", "po"), POD),
    **dict.fromkeys(WORKLOADS, "workload"),
}
"""The kinds whose logs may be asked for, in every form that kubectl takes."""
_MADE = r"(?:-[a-z0-9]{5,10}){1,2}|-\d+"
"""What Kubernetes adds to the name of a workload for the name of a pod."""
_PART = re.compile(r"(?P<part>.+?)\.log(?:\.(?P<old>\d+))?")


@dataclass(frozen=True, kw_only=True)
class LogFile:
    """One log: where it is in the bundle, whose it is, and of which container or unit."""

    file: str
    kind: str
    """``node`` or ``pod``."""
    namespace: str
    """Empty for a node."""
    name: str
    part: str
    """The container of a pod, the unit of a node."""
    old: int
    """0 for the current log; 1 and more for that of the previous container, or for older parts of a node's log."""

    @property
    def label(self) -> str:
        """Where its lines come from, if lines of several logs are shown: ``rancher-7f8d/rancher``."""
        return f"{self.name}/{self.part}{f' (previous {self.old})' if self.old else ''}"


class LogOwner(NamedTuple):
    """A node or a pod that has logs, with its containers or units."""

    kind: str
    namespace: str
    name: str
    parts: tuple[str, ...]


def find_files(snapshot: Snapshot, of: str, namespace: str = "") -> list[LogFile]:
    """Find the logs of ``srv09``, ``node/srv09``, ``pod/NAME``, ``NAMESPACE/NAME`` or ``deploy/NAME``, oldest first.

    Raises UsageError where there is none.
    """
    word, slash, rest = of.partition("/")
    kind = _WORDS.get(word.lower(), "") if slash else ""
    space, name = ("", rest) if kind else (word, rest) if slash else ("", of)
    found: list[LogFile] = []
    if kind != NODE:
        shape = re.compile(re.escape(name) + (f"(?:{_MADE})" if kind == "workload" else ""))
        pods = [log for file in snapshot.logs("logs/") if (log := _parse_pod(file))]
        found += [log for log in pods if shape.fullmatch(log.name) and _fits(log.namespace, space, namespace)]
    if kind in {NODE, ""} and not space and not namespace and name and "/" not in name:
        found += [log for file in snapshot.logs(f"nodes/{name}.zip/logs/") if (log := _parse_node(file, name))]
    if not found:
        raise _no_log_error(snapshot, of, name, namespace)
    return sorted(found, key=lambda log: (log.kind, log.namespace, log.name, log.part, -log.old))


def _fits(found: str, *wanted: str) -> bool:
    return all(space in {"", found} for space in wanted)


def _parse_pod(file: str) -> LogFile | None:
    """``logs/cattle-system/rancher-…/rancher.log.1``"""
    parts = file.split("/")
    match = _PART.fullmatch(parts[-1])
    if match is None or len(parts) != 4:
        return None
    return LogFile(
        file=file, kind=POD, namespace=parts[1], name=parts[2], part=match["part"], old=int(match["old"] or 0)
    )


def _parse_node(file: str, node: str) -> LogFile | None:
    """``nodes/hv01.zip/logs/rke2-server.log``"""
    match = _PART.fullmatch(file.partition(".zip/logs/")[2])
    if match is None:
        return None
    return LogFile(file=file, kind=NODE, namespace="", name=node, part=match["part"], old=int(match["old"] or 0))


def list_files(snapshot: Snapshot) -> list[LogFile]:
    """List every log of a node or a pod, by owner and part, oldest first."""
    found = (_parse_node(file, _node_of(file)) if _node_of(file) else _parse_pod(file) for file in snapshot.logs())
    logs = [log for log in found if log]
    return sorted(logs, key=lambda log: (log.kind, log.namespace, log.name, log.part, -log.old))


def _node_of(file: str) -> str:
    """The node in whose archive a log is; empty for the log of a pod."""
    place, mark, _ = file.partition(".zip/logs/")
    return place.removeprefix("nodes/") if mark and place.startswith("nodes/") else ""


def list_owners(snapshot: Snapshot) -> list[LogOwner]:
    """List every node and pod that has logs, nodes first."""
    logs = [log for node in _node_names(snapshot) for log in _node_logs(snapshot, node)]
    logs += [log for file in snapshot.logs("logs/") if (log := _parse_pod(file))]
    owners: dict[tuple[str, str, str], dict[str, None]] = {}
    for log in logs:
        owners.setdefault((log.kind, log.namespace, log.name), {})[log.part] = None
    return [LogOwner(*key, tuple(sorted(parts))) for key, parts in sorted(owners.items())]


def _node_logs(snapshot: Snapshot, node: str) -> Iterable[LogFile]:
    return [log for file in snapshot.logs(f"nodes/{node}.zip/logs/") if (log := _parse_node(file, node))]


def _node_names(snapshot: Snapshot) -> list[str]:
    return [name_of(obj) for obj in snapshot.objects("Node")]


def _no_log_error(snapshot: Snapshot, of: str, name: str, namespace: str) -> UsageError:
    """Say which logs there are, or that the source has none at all."""
    owners = list_owners(snapshot)
    source = snapshot.manifest.name
    if not owners:
        if snapshot.manifest.kind == "bundle":
            return UsageError(f"the bundle {source} holds no logs")
        return UsageError(f"{source} has no logs: only a support bundle has")
    nodes = [owner.name for owner in owners if owner.kind == NODE]
    known = {owner.name for owner in owners} | set(_node_names(snapshot))
    where = f" in namespace {namespace}" if namespace else ""
    if same := [owner for owner in owners if owner.name == name]:
        return UsageError(f"no log of a node or pod {of!r}{where} in {source}; {_describe_same(same, namespace)}")
    alike: Sequence[str] = sorted(each for each in known - {name} if name and each.startswith(name))[:3]
    there = f"; logs are there of {f'node {join_names(nodes)} and of ' if nodes else ''}{len(owners) - len(nodes)} pods"
    hint = did_you_mean(alike or suggest_names(name, known - {name}))
    return UsageError(f"no log of a node or pod {of!r}{where} in {source}{hint}{'' if hint else there}")


def _describe_same(same: Sequence[LogOwner], namespace: str) -> str:
    """Where the logs of this name are, if not where they were looked for."""
    if same[0].kind == NODE:
        return f"there is one of node/{same[0].name}{', and a node has no namespace' if namespace else ''}"
    return f"there is one of {join_names([f'{each.kind}/{each.name} in namespace {each.namespace}' for each in same])}"
