"""The check of what a caller wants to have drawn."""

from __future__ import annotations

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError

__all__ = ["require_clusters"]


def require_clusters(*arguments: object) -> None:
    """Raise UsageError where an argument is not a cluster but, say, a path or its findings."""
    for argument in arguments:
        if not isinstance(argument, Cluster):
            raise UsageError(f"a picture needs a cluster, as hd.open(…) returns it, not {type(argument).__name__}")
