"""Access: who one is to a cluster, and which kinds one may list there, before anything of it is read."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from harvdiag.api.connect import Connection, open_connection
from harvdiag.api.kubelet import summary_path
from harvdiag.api.lists import Answer, list_of
from harvdiag.api.login import Login, contexts
from harvdiag.api.pool import side_by_side
from harvdiag.api.trouble import RequestError, Trouble
from harvdiag.escape import plain
from harvdiag.kind import Kind
from harvdiag.kinds import CATALOGUE, DIAGNOSIS, KUBELET, known
from harvdiag.plansecret import PLAN_TYPE
from harvdiag.progress import Progress, Silent
from harvdiag.snapshot import Manifest
from harvdiag.sources import TIMEOUT, context_of, open_source

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Access", "Right", "access", "of_file", "whoami"]

ONLY = "only in"
NOBODY = "harvdiag-asks-nothing"
"""No object has this name: a list of it is judged like any other and gives nothing."""
QUERY = {"limit": "1", "fieldSelector": f"metadata.name={NOBODY}"}
PLANS = {"limit": "1", "fieldSelector": f"metadata.name={NOBODY},type={PLAN_TYPE}"}
WHO = re.compile(r'User "([^"]+)" cannot')
ACCOUNT = re.compile(r"system:serviceaccount:([^:/]+):([^:/]+)")
ANONYMOUS = "system:anonymous"
UNSERVED = "the server has no such kind"
RISKS = {
    "--plans": ("secrets", "lets its holder read every Secret of fleet-local"),
    "--kubelet": ("nodes/proxy", "lets its holder run commands in every Pod"),
}
"""What an option of `harvdiag rbac` is for, and what more than that it gives away."""


def __dir__() -> list[str]:
    return __all__


class Right(NamedTuple):
    """Whether a kind may be listed (`listed`: None where that is not known), where, and the reason where not."""

    kind: str
    resource: str
    version: str
    listed: bool | None
    where: str
    reason: str = ""

    @property
    def partly(self) -> bool:
        """Whether it may be listed in some namespaces, but not in all."""
        return self.where.startswith(ONLY)

    @property
    def mark(self) -> str:
        """A sign: ✓ may be listed, ◐ in some namespaces only, ✗ may not, ? nobody knows."""
        return "◐" if self.partly else {True: "✓", False: "✗", None: "?"}[self.listed]

    @property
    def verdict(self) -> str:
        """Where it may be listed, or in a few words why not; the server's own words are in `reason`."""
        told = {True: self.where, False: "not allowed", None: self.reason if self.reason == UNSERVED else "not known"}
        return told[self.listed] + ("" if self.needed else "; no check needs it")

    @property
    def needed(self) -> bool:
        """Whether checks stand on it; namespaces are needed where a kind may not be listed in all of them."""
        return self.kind.partition(" (")[0] in {*DIAGNOSIS, "Namespace"}


class Access(NamedTuple):
    """One identity at one cluster. `known_as` is the name that the server uses; it tells it only where it refuses.

    `acting_as` is whom the kubeconfig says to impersonate. For a file, `server` is empty and there are no rights:
    nobody is asked.
    """

    context: str
    server: str = ""
    user: str = ""
    way: str = ""
    known_as: str = ""
    kubernetes_version: str = ""
    rights: tuple[Right, ...] = ()
    notes: tuple[str, ...] = ()
    acting_as: str = ""

    def __repr__(self) -> str:
        if not self.rights:
            return plain(f"<Access to {self.context}: {self.who}>")
        partly = sum(right.partly for right in self.rights)
        unknown = sum(right.listed is None for right in self.rights)
        full = sum(right.listed is True for right in self.rights) - partly
        more = f", {partly} only in some namespaces" if partly else ""
        more += f", {unknown} not known" if unknown else ""
        return plain(f"<Access to {self.context}: {self.who}, {full} of {len(self.rights)} kinds may be listed{more}>")

    @property
    def who(self) -> str:
        """The identity in a few words."""
        if not self.server:
            return self.notes[0]
        acting = f", acting as {self.acting_as}" if self.acting_as else ""
        return (f"{self.user} ({self.way})" if self.user else self.way) + acting

    @property
    def refused(self) -> tuple[Right, ...]:
        """The kinds that may not be listed, or not everywhere."""
        return tuple(right for right in self.rights if right.listed is False or right.partly)

    @property
    def unknown(self) -> tuple[Right, ...]:
        """The kinds of which the server did not say whether they may be listed."""
        return tuple(right for right in self.rights if right.listed is None)

    @property
    def summary(self) -> str:
        """What the rights come to, in a sentence or two."""
        of = len(self.rights)
        if all(right.listed is True and not right.partly for right in self.rights):
            return "All of them may be listed: harvdiag check can judge everything."
        never = [right for right in self.refused if not right.partly]
        counts = [
            (len(never), "may not be listed"),
            (len(self.refused) - len(never), "may be listed only in some namespaces (◐)"),
            (len(self.unknown), "could not be told (?)"),
        ]
        text = "; ".join(f"{number} of {of} {what}" for number, what in counts if number)
        if any(right.needed for right in (*self.refused, *self.unknown)):
            return f"{text}. Checks that need them are skipped."
        return f"{text}. No check needs them."

    @property
    def words(self) -> tuple[str, ...]:
        """What the server said where it refused, and where it gave no answer that tells; each only once."""
        refused = [f"The server's words: {right.reason}" for right in self.refused[:1]]
        found: dict[str, list[str]] = {}
        for right in self.unknown:
            if right.reason != UNSERVED:
                found.setdefault(right.reason, []).append(right.kind)
        return (*refused, *(f"Not known of {', '.join(kinds)}: {why}" for why, kinds in found.items()))

    @property
    def advice(self) -> tuple[str, str, str]:
        """How to get what is refused: a lead, the command that an admin gives, a caution; empty without need."""
        if not self.refused:
            return "", "", ""
        if self.known_as == ANONYMOUS:
            return "The server knows nobody by this login: log in first.", "", ""
        shut = {right.resource for right in self.rights if right.listed is False}
        options = [option for option, (resource, _) in RISKS.items() if resource in shut]
        risks = "; ".join(f"{option} {RISKS[option][1]}" for option in options)
        caution = f"{risks}: leave out what is too much (docs/access.md)." if options else ""
        lead = "To give these rights, somebody who may (an admin of the cluster) runs:"
        if not (subject := _subject(self.known_as)):
            lead = "To give these rights, an admin of the cluster runs, with the NAME that `kubectl auth whoami` shows:"
        words = ["harvdiag rbac --subject", quote(subject or "user:NAME"), *options, "| kubectl apply -f -"]
        return lead, " ".join(words), caution

    @property
    def frame(self) -> pd.DataFrame:
        """The rights: `kind`, `resource`, `version` (str), `listed` (boolean), `where`, `reason` (str)."""
        import pandas as pd

        types = dict.fromkeys(Right._fields, "str") | {"listed": "boolean"}
        return pd.DataFrame(self.rights, columns=list(Right._fields)).astype(types)


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
    login, progress = connection.login, progress or Silent()
    kinds = [kind for kind in (*CATALOGUE.values(), known("", "namespaces")) if kind.served]
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
    notes = ("the server's certificate is not checked (insecure-skip-tls-verify)",) if login.insecure else ()
    return Access(
        login.context,
        login.server,
        login.user,
        login.way,
        ", ".join(sorted(names)),
        connection.version,
        rights,
        notes,
        _acting(login),
    )


def of_file(manifest: Manifest) -> Access:
    """What there is to say of a source that is no cluster."""
    note = "this is a file: no cluster is asked, so no rights are needed; coverage tells what it holds"
    return Access(manifest.name, kubernetes_version=manifest.kubernetes_version, notes=(note,))


def _acting(login: Login) -> str:
    """Whom the kubeconfig says to impersonate, with the groups."""
    groups = ", ".join(value for key, value in login.impersonation if key == "Impersonate-Group")
    who = dict(login.impersonation).get("Impersonate-User", "")
    return f"{who} of {groups}" if who and groups else who


def _subject(name: str) -> str:
    """The name that the server uses as `harvdiag rbac --subject` takes it; empty where it would not."""
    if not name.strip() or name != name.strip() or not name.isprintable() or ", " in name:
        return ""
    if account := ACCOUNT.fullmatch(name):
        return f"serviceaccount:{account[1]}/{account[2]}"
    return f"user:{name}"


def _right(connection: Connection, kind: Kind) -> Right:
    secret = kind.resource == "secrets"
    query = PLANS if secret else QUERY
    name = f"{kind.name} (machine plans)" if secret else kind.name
    name = "Namespace" if kind.resource == "namespaces" else name
    whole = list_of(connection, kind, kind.home if secret else "", query=query)
    if whole.refused and kind.home and not secret:
        part = list_of(connection, kind, kind.home, query=query)
        if part.error is None:
            return Right(name, kind.resource, part.version, True, f"{ONLY} {kind.home}", _told(whole.error))
    where = kind.home if secret else "all namespaces" if kind.home else "the cluster"
    return _judged(name, kind.resource, whole, where)


def _judged(name: str, resource: str, answer: Answer, where: str) -> Right:
    if answer.error is None and not answer.version:
        return Right(name, resource, "", None, "", UNSERVED)
    if answer.error is None:
        return Right(name, resource, answer.version, True, where)
    return Right(name, resource, answer.version, False if answer.refused else None, "", _told(answer.error))


def _kubelet(connection: Connection) -> Right:
    """Whether nodes/proxy is allowed: it is judged before anybody looks whether the Node is there.

    So a 404 that names this Node was allowed; any other comes from something in between, such as a proxy.
    """
    name, resource = f"{KUBELET.name} (disks)", "nodes/proxy"
    try:
        connection.get(summary_path(NOBODY), tries=1)
    except RequestError as error:
        if error.trouble is Trouble.FORBIDDEN:
            return Right(name, resource, "v1", False, "", _told(error))
        if error.trouble is not Trouble.MISSING or NOBODY not in str(error):
            return Right(name, resource, "v1", None, "", _told(error))
    return Right(name, resource, "v1", True, "the cluster")


def _told(error: RequestError | None) -> str:
    """The server's words without the name that was asked for: nobody knows it."""
    return re.sub(rf' ?"?{NOBODY}"?', "", str(error))
