"""Disk statistics of each node, from its kubelet through the API server."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from harvdiag.core.fields import Obj, field_path
from harvdiag.io.api.connect import Connection
from harvdiag.io.api.errors import FailureReason, RequestError
from harvdiag.io.api.pool import run_concurrently
from harvdiag.io.api.transport import quote_segment

__all__ = ["NodeStats", "fetch_node_stats", "summary_path"]


class NodeStats(NamedTuple):
    """The statistics of the kubelets, one object per node, and the error of each node that failed."""

    items: list[Obj]
    errors: dict[str, RequestError]

    @property
    def refused(self) -> bool:
        """Whether nodes/proxy is not allowed."""
        return any(error.reason is FailureReason.FORBIDDEN for error in self.errors.values())


def summary_path(node: str) -> str:
    """Return the path of a kubelet's statistics (permission: get on nodes/proxy)."""
    return f"/api/v1/nodes/{quote_segment(node)}/proxy/stats/summary"


def fetch_node_stats(connection: Connection, nodes: Sequence[str]) -> NodeStats:
    """Fetch the statistics of these nodes. The first is asked alone: if that is forbidden, no other is asked."""
    stats = NodeStats([], {})
    connection.transport.reset()
    _add_answers(stats, nodes[:1], [_get_summary(connection, node) for node in nodes[:1]])
    if not stats.refused:
        rest = nodes[1:]
        answers = dict(
            run_concurrently([partial(_get_summary, connection, node) for node in rest], connection.transport.reset())
        )
        _add_answers(stats, rest, [answers[number] for number in range(len(rest))])
    return stats


def _get_summary(connection: Connection, node: str) -> Any:
    try:
        return connection.get(summary_path(node), tries=2)
    except RequestError as error:
        return error


def _add_answers(stats: NodeStats, nodes: Sequence[str], answers: Sequence[Any]) -> None:
    for node, answer in zip(nodes, answers, strict=True):
        if isinstance(answer, RequestError):
            stats.errors[node] = answer
            continue
        parts = {"fs": _volume_bytes(answer, "node.fs"), "imageFs": _volume_bytes(answer, "node.runtime.imageFs")}
        metadata = {"name": node}
        stats.items.append({"apiVersion": "v1", "kind": "KubeletStats", "metadata": metadata, **parts})


def _volume_bytes(answer: Any, path: str) -> dict[str, int]:
    """Capacity, used and available bytes of one volume."""
    volume = field_path(path).get(answer)
    names = ("capacityBytes", "usedBytes", "availableBytes")
    there = volume if isinstance(volume, dict) else {}
    return {name: there[name] for name in names if isinstance(there.get(name), int)}
