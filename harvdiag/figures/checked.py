"""What a picture is drawn of."""

from __future__ import annotations

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError

__all__ = ["require_clusters"]


def require_clusters(*given: object) -> None:
    """UsageError where something else than a cluster is given: a path, or its findings."""
    for one in given:
        if not isinstance(one, Cluster):
            raise UsageError(f"a picture is drawn of a cluster, as hd.open(…) gives it, not of {type(one).__name__}")
