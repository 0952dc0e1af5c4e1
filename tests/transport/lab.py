"""A connection to the server of a test, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import AccessError
from harvdiag.core.model import Coverage, State
from harvdiag.io.api.connect import Connection, open_connection
from harvdiag.io.api.login import log_in
from harvdiag.io.api.transport import Transport
from harvdiag.rules import registry
from tests.api import Api

TIMEOUT = 10.0


def connection(api: Api, place: Path, timeout: float = TIMEOUT, **how: Any) -> Connection:
    """A connection, logged in as `how` says."""
    return open_connection(None, api.kubeconfig(place / "config", **how), timeout)


def transport(api: Api, place: Path, timeout: float = TIMEOUT, **how: Any) -> Transport:
    """One that has not asked anything yet."""
    return Transport(log_in(None, api.kubeconfig(place / "config", **how)), timeout)


def cluster(api: Api, place: Path, timeout: float = TIMEOUT, **how: Any) -> Cluster:
    """The cluster, with nothing read yet."""
    return hd.connect(kubeconfig=api.kubeconfig(place / "config", **how), request_timeout=timeout)


def refusal(context: str | None = None, kubeconfig: Path | None = None, timeout: float = TIMEOUT) -> str:
    """The one line with which a login is refused."""
    with pytest.raises(AccessError) as caught:
        open_connection(context, kubeconfig, timeout)
    text = str(caught.value)
    assert "\n" not in text
    return text


def states(coverage: Coverage) -> dict[tuple[str, str], State]:
    """What became of each list, by kind and namespace."""
    return {(entry.kind, entry.namespace): entry.state for entry in coverage}


def assert_skipped(of: Cluster, *kinds: str, why: str = "") -> None:
    """The rules that need one of the kinds are skipped, for this reason; all others are judged."""
    for outcome in of.check().outcomes:
        needs = set(kinds) & set(registry()[outcome.rule].needs)
        assert (outcome.outcome == "skipped") == bool(needs), (outcome.rule, outcome.reason)
        assert not needs or why in outcome.reason, outcome.reason
