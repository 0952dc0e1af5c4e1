"""Kubelet: how full the disks of each node are, asked of its kubelet through the API server."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from harvdiag.core.fields import Obj, field
from harvdiag.io.api.connect import Connection
from harvdiag.io.api.pool import side_by_side
from harvdiag.io.api.transport import segment
from harvdiag.io.api.trouble import RequestError, Trouble

__all__ = ["Figures", "figures", "summary_path"]


class Figures(NamedTuple):
    """What the kubelets told, one object a node, and what went wrong with any."""

    items: list[Obj]
    errors: dict[str, RequestError]

    @property
    def refused(self) -> bool:
        """Whether nodes/proxy is not allowed."""
        return any(error.trouble is Trouble.FORBIDDEN for error in self.errors.values())


def summary_path(node: str) -> str:
    """Where the API server passes a kubelet's figures through (right: get on nodes/proxy)."""
    return f"/api/v1/nodes/{segment(node)}/proxy/stats/summary"


def figures(of: Connection, nodes: Sequence[str]) -> Figures:
    """The figures of these nodes. The first is asked alone: who may not ask it, asks no other."""
    found = Figures([], {})
    of.transport.anew()
    _take(found, nodes[:1], [_ask(of, node) for node in nodes[:1]])
    if not found.refused:
        rest = nodes[1:]
        answers = dict(side_by_side([partial(_ask, of, node) for node in rest], of.transport.anew()))
        _take(found, rest, [answers[number] for number in range(len(rest))])
    return found


def _ask(of: Connection, node: str) -> Any:
    try:
        return of.get(summary_path(node), tries=2)
    except RequestError as error:
        return error


def _take(found: Figures, nodes: Sequence[str], answers: Sequence[Any]) -> None:
    for node, answer in zip(nodes, answers, strict=True):
        if isinstance(answer, RequestError):
            found.errors[node] = answer
            continue
        parts = {"fs": _volume(answer, "node.fs"), "imageFs": _volume(answer, "node.runtime.imageFs")}
        metadata = {"name": node}
        found.items.append({"apiVersion": "v1", "kind": "KubeletStats", "metadata": metadata, **parts})


def _volume(answer: Any, path: str) -> dict[str, int]:
    """Bytes of one volume: what it holds, what is used, what is free."""
    volume = field(path).get(answer)
    names = ("capacityBytes", "usedBytes", "availableBytes")
    there = volume if isinstance(volume, dict) else {}
    return {name: there[name] for name in names if isinstance(there.get(name), int)}
