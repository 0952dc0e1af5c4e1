"""Connection: a login that was tried, and what the server at its other end is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from harvdiag.core.errors import AccessError
from harvdiag.io.api.discovery import AGGREGATED, ROOTS, Served, ServedKind, kinds_of, paths, served
from harvdiag.io.api.login import Login, log_in
from harvdiag.io.api.pool import CONNECTIONS, side_by_side
from harvdiag.io.api.retry import patiently
from harvdiag.io.api.transport import JSON, Transport
from harvdiag.io.api.trouble import RequestError, Trouble

__all__ = ["Connection", "open_connection"]

VERSION = "/version"
KEPT = 8 * CONNECTIONS
"""Connections that have a place: those that hang after Ctrl-C are left alone, and reading may go on beside them."""
TRIES = 2
"""At the first contact a person waits and can mend what is wrong: no long patience."""
TOLD = {
    Trouble.TLS: "shows a certificate that is not accepted: {}; check certificate-authority of the kubeconfig",
    Trouble.LOST: "cannot be reached: {}; check the server of the kubeconfig, and the way there (VPN, proxy)",
    Trouble.STALLED: "cannot be reached: {}; check the way there (VPN, proxy), or give more --request-timeout",
    Trouble.BUSY: "cannot answer now: {}; try again in a while",
    Trouble.OTHER: "cannot be asked: {}",
    Trouble.FOREIGN: "is no Kubernetes API: it {}; check the server of the kubeconfig, and what stands in between",
}

FATAL = {Trouble.LOGIN, Trouble.TLS, Trouble.LOST, Trouble.STALLED, Trouble.FOREIGN}
"""Of one of the first requests alone it says that no other will fare better."""


class Connection:
    """One server that answered: how it was logged in to, its version, its clock, and what it serves."""

    def __init__(self, login: Login, transport: Transport, answers: Mapping[str, Any]) -> None:
        self.login = login
        self.transport = transport
        version = answers.get(VERSION)
        self.version = str(version.get("gitVersion") or "") if isinstance(version, dict) else ""
        self.served = served({path: answers[path] for path in ROOTS if path in answers})
        self.lost = False
        self.untold: list[str] = []
        self.opened_at = transport.now

    def get(
        self, path: str, query: Mapping[str, str] | None = None, accept: str = JSON, tries: int | None = None
    ) -> Any:
        """One answer, tried again where the trouble passes; only once more after the server was lost for good."""
        tries = 1 if self.lost else tries
        try:
            found = patiently(lambda: self.transport.get(path, query, accept), self.transport.stop, tries)
        except RequestError as error:
            self.lost = error.trouble in {Trouble.LOST, Trouble.STALLED}
            raise
        self.lost = False
        return found

    def kinds(self, ask: bool = True) -> list[ServedKind]:
        """Every kind that the server lists, in every version.

        A server before 1.26 has to be asked group by group; without `ask` only what is known already counts.
        """
        if ask and self.served.kinds is None and self.served.groups is not None:
            rows = paths(self.served)
            jobs = [partial(self._kinds_of, *row) for row in rows]
            found = dict(side_by_side(jobs, self.transport.anew()))
            self.served = Served(self.served.groups, [kind for number in range(len(rows)) for kind in found[number]])
        return [kind for kind in self.served.kinds or () if kind.lists]

    def _kinds_of(self, group: str, version: str, path: str) -> list[ServedKind]:
        try:
            return list(kinds_of(group, version, self.get(path)))
        except RequestError as error:
            # One API group that is down hides its own kinds, no others.
            self.untold.append(f"what {group}/{version} serves was not told: {error}")
            return []

    def refusal(self, error: RequestError) -> str:
        """What to tell of a request that failed."""
        if error.trouble is Trouble.LOGIN:
            return f"{error}; {self.login.again}"
        return str(error)


def open_connection(context: str | None, kubeconfig: str | os.PathLike[str] | None, timeout: float) -> Connection:
    """Log in and ask the server what it is. Raises AccessError, in one line, where it does not let one in."""
    login = log_in(context, kubeconfig, KEPT)
    transport = Transport(login, timeout)
    accepts = {VERSION: JSON, **dict.fromkeys(ROOTS, AGGREGATED)}
    jobs = [partial(_ask, transport, path, accept) for path, accept in accepts.items()]
    found = dict(side_by_side(jobs, transport.stop))
    results = {path: found[number] for number, path in enumerate(accepts)}
    answers = {path: result for path, result in results.items() if not isinstance(result, RequestError)}
    for result in results.values():
        if isinstance(result, RequestError) and (result.trouble in FATAL or (not answers and result.trouble in TOLD)):
            raise _closed(login, result)
    if not answers and all(isinstance(r, RequestError) and r.trouble is Trouble.MISSING for r in results.values()):
        raise _closed(login, RequestError(Trouble.FOREIGN, "knows neither /version nor /api (404)"))
    try:
        return Connection(login, transport, answers)
    except RequestError as error:
        raise _closed(login, error) from None


def _ask(transport: Transport, path: str, accept: str) -> Any:
    try:
        return patiently(lambda: transport.get(path, None, accept), transport.stop, TRIES)
    except RequestError as error:
        return error


def _closed(login: Login, error: RequestError) -> AccessError:
    where = f"context {login.context}: {login.server}"
    if error.trouble is Trouble.LOGIN:
        who = f" of {login.user}" if login.user else ""
        return AccessError(f"{where} does not accept the login ({login.way}{who}): {error}; {login.again}")
    return AccessError(f"{where} {TOLD[error.trouble].format(str(error).rstrip('.'))}")
