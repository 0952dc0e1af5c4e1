"""The Kubernetes API on loopback: who asks, what may be seen, what goes wrong, and the answer."""

from __future__ import annotations

import ssl
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.api.answers import (
    TEXT,
    Answer,
    Refusal,
    bad_request,
    forbidden,
    method_not_allowed,
    no_such_object,
    no_such_page,
    said,
)
from tests.api.certs import certificates
from tests.api.discovery import KUBERNETES, Discovery
from tests.api.faults import Failure, Fault, login_page
from tests.api.kubeconfig import kubeconfig
from tests.api.login import Logins
from tests.api.requests import Request, Target, parse
from tests.api.rights import Predicate, Resources, predicate
from tests.api.served import Object
from tests.api.stats import config, summary
from tests.api.store import Store
from tests.api.wire import Handler, Server

_PLAIN = {"/healthz", "/livez", "/readyz"}
_OF_KUBELET = {"proxy/stats/summary", "proxy/configz"}
_DISCOVERY = {True: ("v2", "v2beta1"), False: (), "v2beta1": ("v2beta1",)}


class Api:
    """A server over `objects`; `with Api(objects) as api` starts and ends it.

    versions: by resource (``machines.cluster.x-k8s.io``) or group, the versions served; else those of the objects
    missing: resources that are not served
    aggregated: whether discovery can be had as one document; "v2beta1" as servers of 1.26 to 1.29 have it
    rights: None for all, a set of resources for the whole cluster, `Rights`, or a predicate
    tokens: token to user; None for the one that `kubeconfig` writes
    login_required: a request without any login is refused with 401, as RKE2's server does
    tls: "" for plain HTTP, or a certificate that is "good", for the "wrong host", or of an "other ca"
    prefix: the path below which a proxy such as Rancher shows the server
    stats, configs: by node, what its kubelet answers instead of invented figures
    faults: what goes wrong from the start, as made by `fail`
    """

    def __init__(
        self,
        objects: Iterable[Object] = (),
        *,
        versions: Mapping[str, Collection[str]] | None = None,
        missing: Collection[str] = (),
        aggregated: bool | str = True,
        rights: Predicate | Resources | None = None,
        tokens: Mapping[str, str] | None = None,
        login_required: bool = False,
        tls: str = "",
        prefix: str = "",
        kubernetes: str = KUBERNETES,
        stats: Mapping[str, Any] | None = None,
        configs: Mapping[str, Any] | None = None,
        faults: Iterable[Failure] = (),
    ) -> None:
        self.store = Store(objects, versions or {}, missing)
        self.logins = Logins(tokens, login_required)
        self.allows = predicate(rights)
        self.requests: list[Request] = []
        self.failures = list(faults)
        self.stats, self.configs = dict(stats or {}), dict(configs or {})
        self._aggregated = _DISCOVERY[aggregated]
        self._tls, self._prefix, self._kubernetes = tls, prefix.rstrip("/"), kubernetes
        self._server: Server | None = None

    def __enter__(self) -> Api:
        """Start to listen."""
        self._server = Server(self._handle, _context(self._tls) if self._tls else None)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Hang up on everyone."""
        self.server.stop()

    @property
    def server(self) -> Server:
        """The server itself: its counts of connections and failed handshakes."""
        assert self._server, "use it as `with Api(...) as api:`"
        return self._server

    @property
    def url(self) -> str:
        """What a kubeconfig calls the server."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.server.port}{self._prefix}"

    def kubeconfig(self, path: Path, **how: Any) -> Path:
        """Write a kubeconfig for this server; see `tests.api.kubeconfig.kubeconfig`."""
        return kubeconfig(path, how.pop("server", self.url), **how)

    def fail(self, pattern: str, fault: Fault, times: int | None = None, after: int = 0) -> Failure:
        """From now on let requests whose path fits `pattern` go wrong; see `Failure`. The newest that fits counts."""
        made = Failure(pattern, fault, times, after)
        self.failures.insert(0, made)
        return made

    def replace(self, objects: Iterable[Object]) -> None:
        """Let the cluster change; lists that were begun go on with what was."""
        self.store.replace(objects)

    def forget(self) -> None:
        """Let the server forget what was: a list that was begun before the last change ends with 410."""
        self.store.forget()

    @property
    def lists(self) -> list[Request]:
        """The requests that were for objects: all but those for the version and the resources."""
        return [request for request in self.requests if (at := parse(request.path)) and at.plural]

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request.path for request in self.requests]

    def assert_only_read(self) -> None:
        """Nothing but GET came, nothing that could have shown Secret data, and no watch."""
        wrote = [str(request) for request in self.requests if request.method != "GET"]
        assert not wrote, f"not only read: {wrote}"
        secrets = [str(request) for request in self.requests if request.shows_secrets]
        assert not secrets, f"Secret data was asked for: {secrets}"
        watches = [str(request) for request in self.requests if request.watches]
        assert not watches, f"a watch was opened: {watches}"

    def _handle(self, wire: Handler) -> Answer | None:
        request = wire.current
        inside = self._unprefixed(request)
        self.requests.append(request)
        if not inside:
            return no_such_page().answer
        for failure in self.failures:
            if failure.takes(request):
                return failure.fault(wire, lambda: self._usual(wire))
        return self._usual(wire)

    def _unprefixed(self, request: Request) -> bool:
        """Whether the request is for what stands below the prefix; takes it away from the path."""
        if not self._prefix or request.path == "/login":
            return True
        inside = request.path == self._prefix or request.path.startswith(self._prefix + "/")
        if inside:
            request.path = request.path.removeprefix(self._prefix) or "/"
        return inside

    def _usual(self, wire: Handler) -> Answer:
        """What is answered when nothing goes wrong on purpose."""
        try:
            return self._answered(wire.current, wire)
        except Refusal as refusal:
            return refusal.answer

    def _answered(self, request: Request, wire: Handler) -> Answer:
        if request.path == "/login":
            return login_page()
        request.user = self.logins.user(request.headers, wire.certificate())
        if request.method != "GET":
            raise method_not_allowed()
        if request.path in _PLAIN:
            return Answer(200, b"ok", TEXT)
        if request.path == "/version":
            return self._discovery.version()
        target = parse(request.path)
        if target is None:
            raise no_such_page()
        return self._resource(request, target) if target.plural else self._discovery.answer(request, target)

    def _resource(self, request: Request, target: Target) -> Answer:
        """A list, an object, or a kubelet's figures. As in the real one, rights come before what there is."""
        verb = "get" if target.name else "watch" if request.watches else "list"
        resource = f"{target.plural}/{target.sub.split('/', 1)[0]}" if target.sub else target.plural
        asked = f"{resource}.{target.group}" if target.group else resource
        if not self.allows(request.user, verb, asked, target.namespace):
            raise forbidden(request.user, verb, target.group, resource, name=target.name, scope=target.scope)
        if request.watches:
            raise bad_request("this server lets nobody watch")
        if target.sub:
            return self._figures(target)
        return self.store.one(request, target) if target.name else self.store.list(request, target)

    def _figures(self, target: Target) -> Answer:
        if target.plural != "nodes" or target.sub not in _OF_KUBELET or target.namespace:
            raise no_such_page()
        if not self.store.has(target):
            raise no_such_object("", "nodes", target.name)
        if target.sub == "proxy/configz":
            return said(self.configs.get(target.name) or config())
        return said(self.stats.get(target.name) or summary(target.name))

    @property
    def _discovery(self) -> Discovery:
        return Discovery(self.store.kinds.values(), self._aggregated, self._kubernetes)


def _context(which: str) -> ssl.SSLContext:
    made = certificates()
    pair = made.of_server(which)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    context.load_verify_locations(made.ca.certificate)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context
