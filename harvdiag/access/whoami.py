"""Check the identity at a cluster and which kinds it may list, without reading any object."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path

from harvdiag.access.rights import UNSERVED, Access, Permission, only_in
from harvdiag.core.escape import escape_text
from harvdiag.core.target import TIMEOUT, context_of
from harvdiag.io.api.connect import Connection, open_connection
from harvdiag.io.api.errors import FailureReason, RequestError
from harvdiag.io.api.kubelet import summary_path
from harvdiag.io.api.lists import Answer, list_objects
from harvdiag.io.api.login import Login, list_contexts
from harvdiag.io.api.pool import run_concurrently
from harvdiag.io.progress import Progress
from harvdiag.kinds import CATALOGUE, KUBELET, NAMESPACES
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Manifest
from harvdiag.sources import open_source

__all__ = ["check_access", "file_access", "whoami"]

PROBE = "harvdiag-asks-nothing"
"""No object has this name: a list of it is authorized like any other and returns nothing."""
QUERY = {"limit": "1", "fieldSelector": f"metadata.name={PROBE}"}
WHO = re.compile(r'User "([^"]+)" cannot')


def whoami(
    target: str | os.PathLike[str],
    kubeconfig: str | os.PathLike[str] | None = None,
    timeout: float = TIMEOUT,
    progress: Progress | None = None,
) -> Access:
    """Return the access to `target`: ``context:lab``, or ``lab`` if no file has that name; a file is not queried.

    Raises AccessError for a name that is neither, and SourceError for a path that does not exist.
    """
    context = context_of(target)
    if context is None:
        context = os.fspath(target)
        if Path(context).exists() or not _names_context(context, kubeconfig):
            return file_access(open_source(target).manifest)
    return check_access(open_connection(context or None, kubeconfig, timeout), progress)


def _names_context(word: str, kubeconfig: str | os.PathLike[str] | None) -> bool:
    """Whether a word that is not a file is meant as a context: one that exists, or that cannot be a file's name."""
    return word in list_contexts(kubeconfig) or (Path(word).name == word and not Path(word).suffix)


def check_access(connection: Connection, progress: Progress | None = None) -> Access:
    """Check for each kind of the catalogue whether it may be listed, by GET requests that return no object."""
    login, progress = connection.login, progress or Progress()
    kinds = [kind for kind in (*CATALOGUE.values(), NAMESPACES) if kind.served]
    jobs = [*(partial(_check_kind, connection, kind) for kind in kinds), partial(_check_kubelet, connection)]
    results: dict[int, Permission] = {}
    progress.begin(escape_text(login.context), len(jobs))
    try:
        for number, right in run_concurrently(jobs, connection.transport.stop):
            results[number] = right
            progress.finish_list()
    finally:
        progress.end()
    # The answers come in any order; the report is in that of the catalogue.
    rights = tuple(results[number] for number in range(len(results)))
    names = {name for right in rights for name in WHO.findall(right.reason)}
    return Access(
        context=login.context,
        server=login.server,
        user=login.user,
        way=login.auth_method,
        known_as=", ".join(sorted(names)),
        kubernetes_version=connection.version,
        rights=rights,
        notes=login.notes,
        acting_as=_impersonated_user(login),
    )


def file_access(manifest: Manifest) -> Access:
    """Return the access to a source that is not a cluster."""
    note = "this is a file: no cluster is queried, so no permissions are needed; coverage shows what it contains"
    return Access(context=manifest.name, kubernetes_version=manifest.kubernetes_version, notes=(note,))


def _impersonated_user(login: Login) -> str:
    """Whom the kubeconfig impersonates, with the groups."""
    groups = ", ".join(value for key, value in login.impersonation if key == "Impersonate-Group")
    who = dict(login.impersonation).get("Impersonate-User", "")
    return f"{who} of {groups}" if who and groups else who


def _check_kind(connection: Connection, kind: Kind) -> Permission:
    name = f"{kind.name} (machine plans)" if kind.only else kind.name
    whole = list_objects(connection, kind, query=QUERY)
    if whole.refused and kind.home and not kind.only:
        part = list_objects(connection, kind, kind.home, query=QUERY)
        if part.error is None:
            return Permission(
                kind=name,
                resource=kind.resource,
                version=part.version,
                listed=True,
                where=only_in(kind.home),
                reason=_error_text(whole.error),
            )
    where = kind.home if kind.only else "all namespaces" if kind.home else "the cluster"
    return _build_permission(name, kind.resource, whole, where)


def _build_permission(name: str, resource: str, answer: Answer, where: str) -> Permission:
    if answer.error is None and not answer.version:
        return Permission(kind=name, resource=resource, version="", listed=None, where="", reason=UNSERVED)
    if answer.error is None:
        return Permission(kind=name, resource=resource, version=answer.version, listed=True, where=where)
    return Permission(
        kind=name,
        resource=resource,
        version=answer.version,
        listed=False if answer.refused else None,
        where="",
        reason=_error_text(answer.error),
    )


def _check_kubelet(connection: Connection) -> Permission:
    """Whether nodes/proxy is allowed: the request is authorized before the Node is looked up.

    So a 404 that names this Node was allowed; any other comes from a component in between, such as a proxy.
    """
    name, resource = f"{KUBELET.name} (disks)", "nodes/proxy"
    try:
        connection.get(summary_path(PROBE), tries=1)
    except RequestError as error:
        if error.reason is FailureReason.FORBIDDEN:
            return Permission(
                kind=name, resource=resource, version="v1", listed=False, where="", reason=_error_text(error)
            )
        if error.reason is not FailureReason.NOT_FOUND or PROBE not in str(error):
            return Permission(
                kind=name, resource=resource, version="v1", listed=None, where="", reason=_error_text(error)
            )
    return Permission(kind=name, resource=resource, version="v1", listed=True, where="the cluster")


def _error_text(error: RequestError | None) -> str:
    """The server's message without the name of the probe, which means nothing to a user."""
    return re.sub(rf' ?"?{PROBE}"?', "", str(error))
