"""Puts invented objects into a real API server, and takes them away again. Test code: harvdiag itself never writes.

It refuses a server that holds anything it did not make itself: every object it makes carries the label `MARK`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config

from harvdiag.kinds import CATALOGUE, qualified_name

Object = dict[str, Any]
MARK = "harvdiag.test/object"
PATIENCE = 120
"""Seconds to wait for the server at most: a small machine takes half a minute for so many kinds."""
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
NAME = "harvdiag-test-reader"
BUILT_IN = {"", "batch"}
SERVER_SETS = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "deletionTimestamp")
HELD = "harvdiag.test/held"
"""A finalizer for what a scenario shows as being deleted."""


class ForeignServerError(Exception):
    """The server is not one of these tests' own."""


class RealServer:
    """A real API server that may be filled and emptied."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        settings = client.Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=settings, persist_config=False)
        self._client = client.ApiClient(settings)
        self._made: list[str] = []

    def refuse_foreign(self) -> None:
        """Raise ForeignServerError where a Node, a namespace or a kind of a scenario is there that no test made."""
        nodes = self._items("/api/v1/nodes")
        crds = [crd for crd in self._items(CRDS) if crd["spec"]["group"] in _groups()]
        spaces = [space for space in self._items("/api/v1/namespaces") if space["metadata"]["name"] in _homes()]
        for obj in (*nodes, *crds, *spaces):
            if MARK not in obj["metadata"].get("labels", {}):
                raise ForeignServerError(
                    f"{self._client.configuration.host} is in use: {obj['metadata']['name']} is there"
                )

    def fill(self, objects: Iterable[Object]) -> list[Object]:
        """Make the kinds, the namespaces and the objects; what names an object by uid names its new uid."""
        wanted = [obj for obj in objects if _kind(obj) in CATALOGUE and obj["kind"] != "Host"]
        self._make_kinds(wanted)
        for space in sorted(
            {obj["metadata"]["namespace"] for obj in wanted if obj["metadata"].get("namespace")} | _homes()
        ):
            self._make("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
        made = [self._make(_path(obj), _bare(obj)) for obj in wanted]
        uids = {old["metadata"]["uid"]: new["metadata"]["uid"] for old, new in zip(wanted, made, strict=True)}
        return [self._finish(old, new, uids) for old, new in zip(wanted, made, strict=True)]

    def empty(self) -> None:
        """Take away everything that carries the mark, also what a run that was killed left behind."""
        for path in (*self._left(), *reversed(self._made)):
            self._request("PATCH", path, {"metadata": {"finalizers": None}}, missing_ok=True)
            # Of a Job the default leaves the Pods and waits for a garbage collector, which a bare server has not.
            self._request("DELETE", f"{path}?propagationPolicy=Background", missing_ok=True)
            if path.startswith("/api/v1/namespaces/") and path.count("/") == 4:
                self._finalize(path)
        self._wait(lambda: not [c for c in self._items(CRDS) if MARK in c["metadata"].get("labels", {})])
        self._made.clear()

    def lists(self, objects: Iterable[Object]) -> list[Object]:
        """The objects again, read one by one."""
        return [self._request("GET", f"{_path(obj)}/{obj['metadata']['name']}") for obj in objects]

    def reader(self, folder: Path, rules: list[Object]) -> Path:
        """The kubeconfig of a new service account with these rights; a rule may name the namespace it is for."""
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME, "namespace": "default"}}
        self._make("/api/v1/namespaces/default/serviceaccounts", account)
        for space in {rule.get("namespace", "") for rule in rules}:
            self._grant(space, [rule for rule in rules if rule.get("namespace", "") == space])
        path = f"/api/v1/namespaces/default/serviceaccounts/{NAME}/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = self._request("POST", path, body)["status"]["token"]
        document = yaml.safe_load(self.kubeconfig.read_text())
        document["users"] = [{"name": user["name"], "user": {"token": token}} for user in document["users"]]
        written = folder / "reader.kubeconfig"
        written.write_text(yaml.safe_dump(document))
        return written

    def _grant(self, namespace: str, rules: list[Object]) -> None:
        where = f"{RBAC}/namespaces/{namespace}" if namespace else RBAC
        kind, plural = ("Role", "role") if namespace else ("ClusterRole", "clusterrole")
        bare = [{key: rule[key] for key in ("apiGroups", "resources", "verbs")} for rule in rules]
        head: Object = {"apiVersion": "rbac.authorization.k8s.io/v1"}
        role = {**head, "kind": kind, "metadata": {"name": NAME}, "rules": bare}
        self._make(f"{where}/{plural}s", role)
        subject = {"kind": "ServiceAccount", "name": NAME, "namespace": "default"}
        ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": NAME}
        binding = {**head, "kind": f"{kind}Binding", "metadata": {"name": NAME}, "subjects": [subject], "roleRef": ref}
        self._make(f"{where}/{plural}bindings", binding)

    def _make_kinds(self, objects: list[Object]) -> None:
        versions: dict[str, set[str]] = {}
        for obj in objects:
            versions.setdefault(_kind(obj), set()).add(obj["apiVersion"].rpartition("/")[2])
        for name, kind in CATALOGUE.items():
            if kind.group in BUILT_IN:
                continue
            crd = _crd(name, sorted(versions.get(name, {kind.versions[0]})))
            self._make(CRDS, crd)
        waiting = {path for crd in self._items(CRDS) for path in _lists(crd)}
        self._wait(lambda: not self._unserved(waiting))

    def _make(self, path: str, obj: Object) -> Object:
        metadata = obj["metadata"]
        metadata["labels"] = {**(metadata.get("labels") or {}), MARK: "true"}
        made = self._request("POST", path, obj)
        self._made.append(f"{path}/{metadata['name']}")
        return made

    def _finish(self, old: Object, new: Object, uids: Mapping[str, str]) -> Object:
        """The object with every uid replaced, its status, and its deletion where the scenario shows one."""
        text = json.dumps(old)
        for before, after in uids.items():
            text = text.replace(before, after)
        obj = _bare(json.loads(text), owners=True)
        obj["metadata"]["resourceVersion"] = new["metadata"]["resourceVersion"]
        obj["metadata"]["labels"] = {**(obj["metadata"].get("labels") or {}), MARK: "true"}
        path = f"{_path(old)}/{old['metadata']['name']}"
        if old["kind"] == "Job":
            obj["spec"] = new["spec"]
            _explain(obj.get("status", {}))
        done = self._request("PUT", path, obj)
        if _kind(old) in {"Node", "Job"} and "status" in obj:
            obj["metadata"]["resourceVersion"] = done["metadata"]["resourceVersion"]
            done = self._request("PUT", f"{path}/status", obj)
        if old["metadata"].get("deletionTimestamp"):
            self._request("DELETE", path)
        return done

    def _left(self) -> list[str]:
        """The addresses of all marked objects: those of the kinds, the rights, then the kinds and namespaces."""
        found = []
        crds = [crd for crd in self._items(CRDS) if MARK in crd["metadata"].get("labels", {})]
        served = [(c["spec"]["group"], c["spec"]["versions"][-1]["name"], c["spec"]["names"]["plural"]) for c in crds]
        places = [f"/apis/{group}/{version}/{plural}" for group, version, plural in served]
        rights = [f"{RBAC}/{plural}" for plural in ("clusterrolebindings", "clusterroles", "rolebindings", "roles")]
        core = ["/api/v1/nodes", "/api/v1/secrets", "/apis/batch/v1/jobs", "/api/v1/serviceaccounts"]
        for place in (*places, *core, *rights, CRDS, "/api/v1/namespaces"):
            for obj in self._items(f"{place}?labelSelector={MARK}"):
                base, _, plural = place.rpartition("/")
                space = obj["metadata"].get("namespace")
                where = f"{base}/namespaces/{space}/{plural}" if space else place
                found.append(f"{where}/{obj['metadata']['name']}")
        return found

    def _finalize(self, path: str) -> None:
        """What the namespace controller does, which a bare API server has not."""
        space = self._request("GET", path, missing_ok=True)
        if space.get("spec"):
            space["spec"]["finalizers"] = []
            self._request("PUT", f"{path}/finalize", space, missing_ok=True)

    def _items(self, path: str) -> list[Object]:
        found: list[Object] = self._request("GET", path, missing_ok=True).get("items") or []
        return found

    def _unserved(self, paths: set[str]) -> set[str]:
        """Take out of the set what is listed by now; its conditions may say so before the server does, or after."""
        for path in list(paths):
            try:
                if self._request("GET", f"{path}?limit=1").get("kind", "").endswith("List"):
                    paths.discard(path)
            except RuntimeError:  # 404 until it is served, 429 or 503 while its storage begins
                return paths
        return paths

    def _wait(self, done: Any) -> None:
        for _ in range(PATIENCE):
            if done():
                return
            time.sleep(1)
        raise TimeoutError(f"the API server did not get there within {PATIENCE} s")

    def _request(self, method: str, path: str, body: Object | None = None, missing_ok: bool = False) -> Object:
        settings = self._client.configuration
        headers = {"Accept": "application/json"}
        if method != "GET":
            headers["Content-Type"] = "application/merge-patch+json" if method == "PATCH" else "application/json"
        if token := settings.get_api_key_with_prefix("BearerToken"):
            headers["Authorization"] = token
        answer = self._client.rest_client.request(method, settings.host + path, headers=headers, body=body)
        text = answer.read()
        # What is not served, or not any more, is answered in plain text.
        found = json.loads(text) if text.startswith(b"{") else {"message": text.decode(), "items": []}
        if answer.status >= 400 and not (missing_ok and answer.status in (404, 409)):
            raise RuntimeError(f"{method} {path}: {answer.status} {found.get('message')}")
        return found


def _kind(obj: Object) -> str:
    return qualified_name(obj["apiVersion"].rpartition("/")[0], obj["kind"])


def _explain(status: Object) -> None:
    """Since 1.31 the server wants to know why a Job is complete before it says that it is."""
    conditions = status.get("conditions", [])
    reasons = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}
    status["conditions"] = [{**c, "type": reasons[c["type"]]} for c in conditions if c["type"] in reasons] + conditions


def _groups() -> set[str]:
    return {kind.group for kind in CATALOGUE.values()} - BUILT_IN


def _homes() -> set[str]:
    return {kind.home for kind in CATALOGUE.values() if kind.home}


def _path(obj: Object) -> str:
    group, _, version = obj["apiVersion"].rpartition("/")
    namespace = obj["metadata"].get("namespace")
    where = f"/namespaces/{namespace}" if namespace else ""
    return f"{f'/apis/{group}' if group else '/api'}/{version}{where}/{CATALOGUE[_kind(obj)].plural}"


def _bare(obj: Object, owners: bool = False) -> Object:
    """The object without what the server sets; without owners, too, as these do not exist yet."""
    metadata = {key: value for key, value in obj["metadata"].items() if key not in SERVER_SETS}
    if not owners:
        metadata.pop("ownerReferences", None)
    if obj["metadata"].get("deletionTimestamp") and not metadata.get("finalizers"):
        metadata["finalizers"] = [HELD]
    return {**obj, "metadata": metadata}


def _crd(name: str, versions: list[str]) -> Object:
    """A definition that keeps every field; the last version is the one that is stored."""
    kind = CATALOGUE[name]
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{kind.plural}.{kind.group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {
            "group": kind.group,
            "names": {"plural": kind.plural, "kind": kind.bare, "listKind": f"{kind.bare}List"},
            "scope": "Namespaced" if kind.home else "Cluster",
            "versions": [
                {"name": version, "served": True, "storage": version == versions[-1], "schema": schema}
                for version in versions
            ],
        },
    }


def _lists(crd: Object) -> list[str]:
    """The addresses of the lists of a kind, in each of its versions."""
    spec = crd["spec"]
    return [f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}" for version in spec["versions"]]
