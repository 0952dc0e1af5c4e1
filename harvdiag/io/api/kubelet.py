"""What the kubelet of each node tells through the API server: its disks, and when it removes images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from harvdiag.core.fields import Obj, field_path
from harvdiag.io.api.connect import Connection
from harvdiag.io.api.errors import FailureReason, RequestError
from harvdiag.io.api.pool import run_concurrently
from harvdiag.io.api.transport import quote_segment

__all__ = ["NodeAnswers", "fetch_node_configs", "fetch_node_stats", "summary_path"]

STATS, CONFIG = "stats/summary", "configz"


class NodeAnswers(NamedTuple):
    """What the kubelets answered, one object per node, and the error of each node that failed."""

    items: list[Obj]
    errors: dict[str, RequestError]

    @property
    def refused(self) -> bool:
        """Whether nodes/proxy is not allowed."""
        return any(error.reason is FailureReason.FORBIDDEN for error in self.errors.values())


def summary_path(node: str) -> str:
    """Return the path of a kubelet's statistics (permission: get on nodes/proxy)."""
    return _proxy_path(node, STATS)


def fetch_node_stats(connection: Connection, nodes: Sequence[str]) -> NodeAnswers:
    """Fetch the statistics of the disks of these nodes, as objects KubeletStats."""
    return _ask_kubelets(connection, nodes, STATS, _build_stats)


def fetch_node_configs(connection: Connection, nodes: Sequence[str]) -> NodeAnswers:
    """Fetch the thresholds of the kubelets of these nodes, as objects KubeletConfig."""
    return _ask_kubelets(connection, nodes, CONFIG, _build_config)


def _ask_kubelets(
    connection: Connection, nodes: Sequence[str], question: str, build: Callable[[str, Any], Obj]
) -> NodeAnswers:
    """Ask the kubelets of these nodes. The first is asked alone: if that is forbidden, no other is asked."""
    found = NodeAnswers([], {})
    connection.transport.reset()
    for some in (nodes[:1], nodes[1:]):
        if not found.refused:
            jobs = [partial(_get_answer, connection, _proxy_path(node, question)) for node in some]
            answers = dict(run_concurrently(jobs, connection.transport.reset()))
            _add_answers(found, some, [answers[number] for number in range(len(some))], build)
    return found


def _proxy_path(node: str, question: str) -> str:
    return f"/api/v1/nodes/{quote_segment(node)}/proxy/{question}"


def _get_answer(connection: Connection, path: str) -> Any:
    try:
        return connection.get(path, tries=2)
    except RequestError as error:
        return error


def _add_answers(
    found: NodeAnswers, nodes: Sequence[str], answers: Sequence[Any], build: Callable[[str, Any], Obj]
) -> None:
    for node, answer in zip(nodes, answers, strict=True):
        if isinstance(answer, RequestError):
            found.errors[node] = answer
        else:
            found.items.append(build(node, answer))


def _build_stats(node: str, answer: Any) -> Obj:
    parts = {"fs": _volume_bytes(answer, "node.fs"), "imageFs": _volume_bytes(answer, "node.runtime.imageFs")}
    return {"apiVersion": "v1", "kind": "KubeletStats", "metadata": {"name": node}, **parts}


def _build_config(node: str, answer: Any) -> Obj:
    """The thresholds as configz has them; without `kubeletconfig` where that answered with something else."""
    names = ("imageGCHighThresholdPercent", "imageGCLowThresholdPercent")
    config = field_path("kubeletconfig").get(answer)
    parts = {"kubeletconfig": _whole_numbers(config, names)} if isinstance(config, dict) else {}
    return {"apiVersion": "v1", "kind": "KubeletConfig", "metadata": {"name": node}, **parts}


def _volume_bytes(answer: Any, path: str) -> dict[str, int]:
    """Capacity, used and available bytes of one volume."""
    return _whole_numbers(field_path(path).get(answer), ("capacityBytes", "usedBytes", "availableBytes"))


def _whole_numbers(fields: Any, names: Sequence[str]) -> dict[str, int]:
    """Those of the fields that are whole numbers."""
    there = fields if isinstance(fields, dict) else {}
    return {name: there[name] for name in names if type(there.get(name)) is int}
