"""Connection: a login that the server accepted, its version and what it serves."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import Any

from harvdiag.core.errors import AccessError
from harvdiag.io.api.discovery import (
    AGGREGATED,
    ROOTS,
    Served,
    ServedKind,
    list_paths,
    parse_discovery,
    parse_resources,
)
from harvdiag.io.api.errors import FailureReason, RequestError, StoppedError
from harvdiag.io.api.login import Login, log_in
from harvdiag.io.api.pool import CONNECTIONS, run_concurrently
from harvdiag.io.api.retry import with_retries
from harvdiag.io.api.transport import JSON, Transport, quote_segment

__all__ = ["PASSING", "Connection", "open_connection"]

VERSION = "/version"
POOL_SIZE = 8 * CONNECTIONS
"""Connections in the pool: requests that hang after Ctrl-C keep theirs, and reading can continue with the others."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
"""Seconds between two questions to a server that is starting, doubled each time."""
TRIES = 2
"""At the first contact a person is waiting and can fix what is wrong: few retries."""
PROBLEMS = {
    FailureReason.TLS: "presents a certificate that is not accepted: {}; check certificate-authority of the kubeconfig",
    FailureReason.CONNECTION_FAILED: "cannot be reached: {}; check the server of the kubeconfig, and the network path "
    "(VPN, proxy)",
    FailureReason.TIMEOUT: "cannot be reached: {}; check the network path (VPN, proxy), or raise --request-timeout",
    FailureReason.UNAVAILABLE: "cannot answer now: {}; try again later",
    FailureReason.OTHER: "cannot be queried: {}",
    FailureReason.INVALID_RESPONSE: "is not a Kubernetes API: it {}; check the server of the kubeconfig, and any proxy "
    "in between",
}

FATAL = {
    FailureReason.UNAUTHORIZED,
    FailureReason.TLS,
    FailureReason.CONNECTION_FAILED,
    FailureReason.TIMEOUT,
    FailureReason.INVALID_RESPONSE,
}
"""If one of the first requests fails for such a reason, no other can succeed."""
PASSING = {FailureReason.UNAVAILABLE, FailureReason.CONNECTION_FAILED, FailureReason.TIMEOUT}
"""Reasons that say nothing about what a server has."""
STARTING = "cannot be read: its API server is starting and does not serve {} yet: {}; try again in a minute"


class Connection:
    """One server that answered: the login, its version, its clock, and what it serves."""

    def __init__(self, login: Login, transport: Transport, answers: Mapping[str, Any]) -> None:
        self.login = login
        self.transport = transport
        version = answers.get(VERSION)
        self.version = str(version.get("gitVersion") or "") if isinstance(version, dict) else ""
        self.served = parse_discovery({path: answers[path] for path in ROOTS if path in answers})
        self.lost = False
        self.discovery_errors: list[str] = []
        self.opened_at = transport.now

    def get(
        self, path: str, query: Mapping[str, str] | None = None, accept: str = JSON, tries: int | None = None
    ) -> Any:
        """Send one GET, with retries for passing failures; without any once the server stopped answering."""
        tries = 1 if self.lost else tries
        try:
            answer = with_retries(lambda: self.transport.get(path, query, accept), self.transport.stop, tries)
        except RequestError as error:
            self.lost = error.reason in {FailureReason.CONNECTION_FAILED, FailureReason.TIMEOUT}
            raise
        self.lost = False
        return answer

    def list_kinds(self, ask: bool = True) -> list[ServedKind]:
        """Return every kind that the server lists, in every version.

        A server before 1.26 has to be asked group by group; without `ask` only what is already known is returned.
        """
        if ask and self.served.kinds is None and self.served.groups is not None:
            rows = list_paths(self.served)
            jobs = [partial(self._fetch_kinds, *row) for row in rows]
            results = dict(run_concurrently(jobs, self.transport.reset()))
            self.served = Served(self.served.groups, [kind for number in range(len(rows)) for kind in results[number]])
        return [kind for kind in self.served.kinds or () if kind.lists]

    def _fetch_kinds(self, group: str, version: str, path: str) -> list[ServedKind]:
        try:
            return list(parse_resources(group, version, self.get(path)))
        except RequestError as error:
            # An API group that is down hides only its own kinds.
            self.discovery_errors.append(f"the kinds of {group}/{version} are unknown: {error}")
            return []

    def wait_for_group(self, name: str, on_wait: Callable[[], None]) -> bool:
        """Return whether an API group that discovery lacks is served after all.

        A server that is starting lacks the groups of its CRDs and answers 503 below them: then it is asked again for
        as long as a request may take, with a call of `on_wait` first. Raises AccessError if it lacks the group still.
        """
        deadline = time.monotonic() + self.transport.timeout
        pauses = (min(FIRST_PAUSE * 2**number, LONGEST_PAUSE) for number in count())
        while True:
            error = self._group_failure(name)
            if error is None or error.reason not in PASSING:
                return error is None
            wait = next(pauses) if error.retry_after is None else error.retry_after
            if error.reason is not FailureReason.UNAVAILABLE:
                raise _access_error(self.login, error)
            if time.monotonic() + wait > deadline:
                raise _access_error(self.login, error, STARTING.format(name, str(error).rstrip(".")))
            on_wait()
            if self.transport.stop.wait(wait):
                raise StoppedError

    def _group_failure(self, name: str) -> RequestError | None:
        """Why an API group cannot be used; None if it can, and then discovery knows it."""
        try:
            self.transport.get(f"/apis/{quote_segment(name)}")
            answers = {path: self.transport.get(path, None, AGGREGATED) for path in ROOTS}
            self.served = parse_discovery(answers)
        except RequestError as error:
            return error
        if self.served.has_group(name) is False:
            return RequestError(FailureReason.UNAVAILABLE, "its discovery does not know it yet")
        return None

    def explain_failure(self, error: RequestError) -> str:
        """Return the message for a failed request, with how to log in again if that is what it needs."""
        if error.reason is FailureReason.UNAUTHORIZED:
            return f"{error}; {self.login.login_hint}"
        return str(error)


def open_connection(context: str | None, kubeconfig: str | os.PathLike[str] | None, timeout: float) -> Connection:
    """Log in and ask the server for its version and API. Raises AccessError, in one line, if that fails."""
    login = log_in(context, kubeconfig, POOL_SIZE)
    transport = Transport(login, timeout)
    accepts = {VERSION: JSON, **dict.fromkeys(ROOTS, AGGREGATED)}
    jobs = [partial(_get_answer, transport, path, accept) for path, accept in accepts.items()]
    outcomes = dict(run_concurrently(jobs, transport.stop))
    results = {path: outcomes[number] for number, path in enumerate(accepts)}
    answers = {path: result for path, result in results.items() if not isinstance(result, RequestError)}
    for result in results.values():
        if isinstance(result, RequestError) and (result.reason in FATAL or (not answers and result.reason in PROBLEMS)):
            raise _access_error(login, result)
    if not answers and all(
        isinstance(r, RequestError) and r.reason is FailureReason.NOT_FOUND for r in results.values()
    ):
        raise _access_error(
            login, RequestError(FailureReason.INVALID_RESPONSE, "serves neither /version nor /api (404)")
        )
    try:
        return Connection(login, transport, answers)
    except RequestError as error:
        raise _access_error(login, error) from None


def _get_answer(transport: Transport, path: str, accept: str) -> Any:
    try:
        return with_retries(lambda: transport.get(path, None, accept), transport.stop, TRIES)
    except RequestError as error:
        return error


def _access_error(login: Login, error: RequestError, problem: str = "") -> AccessError:
    where = f"context {login.context}: {login.server}"
    if error.reason is FailureReason.UNAUTHORIZED:
        who = f" of {login.user}" if login.user else ""
        return AccessError(
            f"{where} does not accept the credentials ({login.auth_method}{who}): {error}; {login.login_hint}"
        )
    unread = "".join(f"; {note}" for note in login.unread)
    return AccessError(f"{where} {problem or PROBLEMS[error.reason].format(str(error).rstrip('.'))}{unread}")
