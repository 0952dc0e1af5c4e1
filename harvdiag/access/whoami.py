"""Access: who one is to a cluster, and which kinds one may list there, before anything of it is read."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path

from harvdiag.access.rights import UNSERVED, Access, Right, only_in
from harvdiag.core.escape import plain
from harvdiag.core.target import TIMEOUT, context_of
from harvdiag.io.api.connect import Connection, open_connection
from harvdiag.io.api.kubelet import summary_path
from harvdiag.io.api.lists import Answer, list_of
from harvdiag.io.api.login import Login, contexts
from harvdiag.io.api.pool import side_by_side
from harvdiag.io.api.trouble import RequestError, Trouble
from harvdiag.io.progress import Progress
from harvdiag.kinds import CATALOGUE, KUBELET, NAMESPACES
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Manifest
from harvdiag.sources import open_source

__all__ = ["access", "of_file", "whoami"]

NOBODY = "harvdiag-asks-nothing"
"""No object has this name: a list of it is judged like any other and gives nothing."""
QUERY = {"limit": "1", "fieldSelector": f"metadata.name={NOBODY}"}
WHO = re.compile(r'User "([^"]+)" cannot')


def whoami(
    target: str | os.PathLike[str],
    kubeconfig: str | os.PathLike[str] | None = None,
    timeout: float = TIMEOUT,
    progress: Progress | None = None,
) -> Access:
    """Who one is to what `target` names: ``context:lab``, or ``lab`` where no file is called so; a file asks nobody."""
    context = context_of(target)
    if context is None:
        word = os.fspath(target)
        if Path(word).exists() or word not in contexts(kubeconfig):
            return of_file(open_source(target).manifest)
        context = word
    return access(open_connection(context or None, kubeconfig, timeout), progress)


def access(connection: Connection, progress: Progress | None = None) -> Access:
    """Ask for each kind of the catalogue whether it may be listed. Sends GET requests that can give no object."""
    login, progress = connection.login, progress or Progress()
    kinds = [kind for kind in (*CATALOGUE.values(), NAMESPACES) if kind.served]
    jobs = [*(partial(_right, connection, kind) for kind in kinds), partial(_kubelet, connection)]
    found: dict[int, Right] = {}
    progress.begin(plain(login.context), len(jobs))
    try:
        for number, right in side_by_side(jobs, connection.transport.stop):
            found[number] = right
            progress.done()
    finally:
        progress.end()
    rights = tuple(found[number] for number in range(len(found)))
    names = {name for right in rights for name in WHO.findall(right.reason)}
    return Access(
        context=login.context,
        server=login.server,
        user=login.user,
        way=login.way,
        known_as=", ".join(sorted(names)),
        kubernetes_version=connection.version,
        rights=rights,
        notes=login.notes,
        acting_as=_acting(login),
    )


def of_file(manifest: Manifest) -> Access:
    """What there is to say of a source that is no cluster."""
    note = "this is a file: no cluster is asked, so no rights are needed; coverage tells what it holds"
    return Access(context=manifest.name, kubernetes_version=manifest.kubernetes_version, notes=(note,))


def _acting(login: Login) -> str:
    """Whom the kubeconfig says to impersonate, with the groups."""
    groups = ", ".join(value for key, value in login.impersonation if key == "Impersonate-Group")
    who = dict(login.impersonation).get("Impersonate-User", "")
    return f"{who} of {groups}" if who and groups else who


def _right(connection: Connection, kind: Kind) -> Right:
    name = f"{kind.name} (machine plans)" if kind.only else kind.name
    whole = list_of(connection, kind, query=QUERY)
    if whole.refused and kind.home and not kind.only:
        part = list_of(connection, kind, kind.home, query=QUERY)
        if part.error is None:
            return Right(
                kind=name,
                resource=kind.resource,
                version=part.version,
                listed=True,
                where=only_in(kind.home),
                reason=_told(whole.error),
            )
    where = kind.home if kind.only else "all namespaces" if kind.home else "the cluster"
    return _judged(name, kind.resource, whole, where)


def _judged(name: str, resource: str, answer: Answer, where: str) -> Right:
    if answer.error is None and not answer.version:
        return Right(kind=name, resource=resource, version="", listed=None, where="", reason=UNSERVED)
    if answer.error is None:
        return Right(kind=name, resource=resource, version=answer.version, listed=True, where=where)
    return Right(
        kind=name,
        resource=resource,
        version=answer.version,
        listed=False if answer.refused else None,
        where="",
        reason=_told(answer.error),
    )


def _kubelet(connection: Connection) -> Right:
    """Whether nodes/proxy is allowed: it is judged before anybody looks whether the Node is there.

    So a 404 that names this Node was allowed; any other comes from something in between, such as a proxy.
    """
    name, resource = f"{KUBELET.name} (disks)", "nodes/proxy"
    try:
        connection.get(summary_path(NOBODY), tries=1)
    except RequestError as error:
        if error.trouble is Trouble.FORBIDDEN:
            return Right(kind=name, resource=resource, version="v1", listed=False, where="", reason=_told(error))
        if error.trouble is not Trouble.MISSING or NOBODY not in str(error):
            return Right(kind=name, resource=resource, version="v1", listed=None, where="", reason=_told(error))
    return Right(kind=name, resource=resource, version="v1", listed=True, where="the cluster")


def _told(error: RequestError | None) -> str:
    """The server's words without the name that was asked for: nobody knows it."""
    return re.sub(rf' ?"?{NOBODY}"?', "", str(error))
