"""What the server tells of itself: its version, its groups and their resources, as one document or as many."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from tests.api.answers import JSON, Answer, no_such_page, said
from tests.api.requests import Request, Target, form
from tests.api.served import Served, built_in, rank

KUBERNETES = "v1.31.4+rke2r1"
_LIST = "APIGroupDiscoveryList"
_GROUP = "apidiscovery.k8s.io"
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_CUSTOM_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
_CIDRS = [{"clientCIDR": "0.0.0.0/0", "serverAddress": "10.0.0.11:6443"}]


class Discovery:
    """`aggregated` names the versions of the one document that the server knows; none for servers before 1.26."""

    def __init__(self, kinds: Iterable[Served], aggregated: tuple[str, ...], kubernetes: str) -> None:
        self.kinds = sorted(kinds)
        self.aggregated = aggregated
        self.kubernetes = kubernetes

    def version(self) -> Answer:
        """/version, as a server of RKE2 gives it."""
        major, minor = self.kubernetes.removeprefix("v").split(".")[:2]
        more = {"gitCommit": "0" * 40, "gitTreeState": "clean", "buildDate": "2024-12-12T20:06:13Z"}
        more |= {"goVersion": "go1.22.8 X:boringcrypto", "compiler": "gc", "platform": "linux/amd64"}
        return said({"major": major, "minor": minor, "gitVersion": self.kubernetes} | more)

    def answer(self, request: Request, target: Target) -> Answer:
        """Everything below /api and /apis that names no resource."""
        core = request.path.split("/")[1] == "api"
        if target.version:
            form(request)
            return self._resources(target.group, target.version)
        if target.group:
            form(request)
            return said({"kind": "APIGroup", "apiVersion": "v1"} | self._group(target.group))
        for version in self.aggregated:
            if any(how.get("as") == _LIST and how.get("v") == version for _, how in request.accepts):
                return _unless_known(request, self._aggregated(version, core))
        form(request)
        if core:
            return said({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": _CIDRS})
        groups = [self._group(group) for group in self._groups()]
        return said({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})

    def _groups(self) -> list[str]:
        """The built-in ones first."""
        return sorted({kind.group for kind in self.kinds} - {""}, key=lambda group: (not built_in(group), group))

    def _versions(self, group: str) -> list[str]:
        return sorted({version for kind in self.kinds if kind.group == group for version in kind.versions}, key=rank)

    def _group(self, group: str) -> dict[str, Any]:
        versions = [{"groupVersion": f"{group}/{name}", "version": name} for name in self._versions(group)]
        if not versions:
            raise no_such_page()
        return {"name": group, "versions": versions, "preferredVersion": versions[0]}

    def _resources(self, group: str, version: str) -> Answer:
        kinds = [kind for kind in self.kinds if kind.group == group and version in kind.versions]
        if not kinds:
            raise no_such_page()
        rows = [row for kind in kinds for row in _rows(kind)]
        head = {"kind": "APIResourceList"} | ({"apiVersion": "v1"} if group else {})
        return said(head | {"groupVersion": f"{group}/{version}".lstrip("/"), "resources": rows})

    def _aggregated(self, known: str, core: bool) -> Answer:
        items = [self._discovered(group) for group in ([""] if core else self._groups())]
        body = {"kind": _LIST, "apiVersion": f"{_GROUP}/{known}", "metadata": {}, "items": items}
        return said(body, content_type=f"{JSON};g={_GROUP};v={known};as={_LIST}", Vary="Accept")

    def _discovered(self, group: str) -> dict[str, Any]:
        versions = []
        for version in self._versions(group):
            kinds = [kind for kind in self.kinds if kind.group == group and version in kind.versions]
            found = [_discovered(kind, version) for kind in kinds]
            versions.append({"version": version, "resources": found, "freshness": "Current"})
        return {"metadata": {"name": group} if group else {}, "versions": versions}


def _unless_known(request: Request, answer: Answer) -> Answer:
    """The one document may be kept by a client, which then asks whether it still holds."""
    tag = f'"{hashlib.sha256(answer.body).hexdigest()[:32].upper()}"'
    answer.headers |= {"Cache-Control": "public", "ETag": tag}
    if request.headers.get("if-none-match") != tag:
        return answer
    return Answer(304, b"", answer.content_type, answer.headers)


def _verbs(kind: Served) -> list[str]:
    return _VERBS if kind.built_in else _CUSTOM_VERBS


def _rows(kind: Served) -> list[dict[str, Any]]:
    """A row of the plain list; a Node's have its proxy too."""
    singular = kind.kind.lower()
    row = {"name": kind.plural, "singularName": singular, "namespaced": kind.namespaced, "kind": kind.kind}
    row |= {"verbs": _verbs(kind)} | ({"shortNames": kind.short} if kind.short else {})
    if kind.resource != "nodes":
        return [row]
    proxy = {"name": "nodes/proxy", "singularName": "", "namespaced": False, "kind": "NodeProxyOptions"}
    return [row, proxy | {"verbs": ["create", "delete", "get", "patch", "update"]}]


def _discovered(kind: Served, version: str) -> dict[str, Any]:
    what = {"group": kind.group, "version": "" if not kind.group else version, "kind": kind.kind}
    row = {"resource": kind.plural, "responseKind": what, "scope": "Namespaced" if kind.namespaced else "Cluster"}
    row |= {"singularResource": kind.kind.lower(), "verbs": _verbs(kind)}
    return row | ({"shortNames": kind.short} if kind.short else {})
