"""A live cluster: the API server of a kubeconfig context, asked by GET alone."""

from __future__ import annotations

from harvdiag.core.target import RIGHTS, context_of
from harvdiag.snapshot import Reader
from harvdiag.sources import OpenOptions, SourceType

__all__ = ["SOURCE"]


def _open(target: str, options: OpenOptions) -> Reader:
    from harvdiag.sources.live.reader import connect

    return connect(context_of(target) or None, options.kubeconfig, options.timeout, options.progress)


SOURCE = SourceType(
    name="live",
    title="live cluster",
    order=10,
    matches_name=lambda name: context_of(name) is not None,
    open=_open,
    own_kinds=frozenset({"KubeconfigSecret", "KubeletConfig", "KubeletStats", "ServingCertificate"}),
    hint=RIGHTS,
)
