"""Permissions: the identity at a cluster, what it may list there, and how to get what is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from shlex import quote
from typing import TYPE_CHECKING

from harvdiag.core.escape import escape_text
from harvdiag.core.frames import build_frame
from harvdiag.core.marks import ERROR, GOOD, PARTLY, SIGNS, UNSEEN
from harvdiag.kinds import DIAGNOSIS, KUBELET, NAMESPACES, ON_REQUEST, PREFLIGHT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UNSERVED", "Access", "Permission", "only_in"]

ONLY = "only in"
ACCOUNT = re.compile(r"system:serviceaccount:([^:/]+):([^:/]+)")
ANONYMOUS = "system:anonymous"
UNSERVED = "the server has no such kind"
RISKS = {
    "--plans": ("secrets", "lets its holder read every Secret of fleet-local"),
    "--kubelet": ("nodes/proxy", "lets its holder run commands in every Pod"),
}
"""The resource that an option of `harvdiag rbac` is for, and what else it permits."""
NEEDED = {*DIAGNOSIS, *ON_REQUEST, NAMESPACES.name} - {*PREFLIGHT, KUBELET.name}
"""The kinds that checks need; the others are for what only a preflight asks."""


def only_in(namespace: str) -> str:
    """Return the scope of a kind that may be listed in one namespace, but not in all."""
    return f"{ONLY} {namespace}"


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Whether a kind may be listed (`listed`: None if that is not known), where, and the reason if not."""

    kind: str
    resource: str
    """As RBAC spells it: plural and group."""
    version: str
    listed: bool | None
    """None where that is not known."""
    where: str
    """The namespaces in which it may be listed, in words; empty where it may not."""
    reason: str = ""
    """What the server said where it refused or gave no answer that tells."""

    @property
    def is_partial(self) -> bool:
        """Whether it may be listed in some namespaces, but not in all."""
        return self.where.startswith(ONLY)

    @property
    def mark(self) -> str:
        """A symbol: ✓ may be listed, ◐ in some namespaces only, ✗ may not, ? not known."""
        return PARTLY if self.is_partial else SIGNS[{True: GOOD, False: ERROR, None: UNSEEN}[self.listed]]

    @property
    def verdict(self) -> str:
        """Where it may be listed, or in a few words why not; the server's message is in `reason`."""
        texts = {True: self.where, False: "not allowed", None: self.reason if self.reason == UNSERVED else "not known"}
        return texts[self.listed] + ("" if self.is_needed else "; only a preflight needs it")

    @property
    def is_needed(self) -> bool:
        """Whether checks need it, not only a preflight; namespaces, if a kind may not be listed in all of them."""
        return self.kind.partition(" (")[0] in NEEDED


@dataclass(frozen=True, kw_only=True)
class Access:
    """One identity at one cluster. `known_as` is the name that the server uses; it names it only when it refuses.

    `acting_as` is whom the kubeconfig impersonates. For a file, `server` is empty and there are no permissions, as
    no cluster is queried.
    """

    context: str
    """The kubeconfig context, or the file."""
    server: str = ""
    user: str = ""
    way: str = ""
    """How one logs in, in a few words."""
    known_as: str = ""
    """The name that the server uses; it tells it only where it refuses."""
    kubernetes_version: str = ""
    rights: tuple[Permission, ...] = ()
    notes: tuple[str, ...] = ()
    acting_as: str = ""
    """Whom the kubeconfig says to impersonate."""

    def __repr__(self) -> str:
        if not self.rights:
            return escape_text(f"<Access to {self.context}: {self.who}>")
        partly = sum(right.is_partial for right in self.rights)
        unknown = sum(right.listed is None for right in self.rights)
        full = sum(right.listed is True for right in self.rights) - partly
        more = f", {partly} only in some namespaces" if partly else ""
        more += f", {unknown} not known" if unknown else ""
        return escape_text(
            f"<Access to {self.context}: {self.who}, {full} of {len(self.rights)} kinds may be listed{more}>"
        )

    @property
    def who(self) -> str:
        """The identity in a few words."""
        if not self.server:
            return self.notes[0]
        acting = f", acting as {self.acting_as}" if self.acting_as else ""
        return (f"{self.user} ({self.way})" if self.user else self.way) + acting

    @property
    def refused(self) -> tuple[Permission, ...]:
        """The kinds that may not be listed, or not everywhere."""
        return tuple(right for right in self.rights if right.listed is False or right.is_partial)

    @property
    def unknown(self) -> tuple[Permission, ...]:
        """The kinds for which the server did not say whether they may be listed."""
        return tuple(right for right in self.rights if right.listed is None)

    @property
    def summary(self) -> str:
        """The permissions in a sentence or two."""
        total = len(self.rights)
        if all(right.listed is True and not right.is_partial for right in self.rights):
            return "All of them may be listed: harvdiag check can judge everything."
        never = [right for right in self.refused if not right.is_partial]
        counts = [
            (len(never), "may not be listed"),
            (len(self.refused) - len(never), "may be listed only in some namespaces (◐)"),
            (len(self.unknown), "could not be determined (?)"),
        ]
        text = "; ".join(f"{number} of {total} {what}" for number, what in counts if number)
        if any(right.is_needed for right in (*self.refused, *self.unknown)):
            return f"{text}. Checks that need them are skipped."
        return f"{text}. Only a preflight needs them."

    @property
    def server_messages(self) -> tuple[str, ...]:
        """The server's messages where it refused or gave no clear answer; each only once."""
        refused = [f"Server message: {right.reason}" for right in self.refused[:1]]
        unknown: dict[str, list[str]] = {}
        for right in self.unknown:
            if right.reason != UNSERVED:
                unknown.setdefault(right.reason, []).append(right.kind)
        return (*refused, *(f"Not known for {', '.join(kinds)}: {why}" for why, kinds in unknown.items()))

    @property
    def advice(self) -> tuple[str, str, str]:
        """How to get what is refused: introduction, command for an administrator, caution; empty if nothing is."""
        if not self.refused:
            return "", "", ""
        if self.known_as == ANONYMOUS:
            return "The server treats this login as anonymous: log in first.", "", ""
        refused = {right.resource for right in self.rights if right.listed is False}
        options = [option for option, (resource, _) in RISKS.items() if resource in refused]
        risks = "; ".join(f"{option} {RISKS[option][1]}" for option in options)
        caution = f"{risks}: leave out what you do not want to grant (docs/access.md)." if options else ""
        lead = "To grant these permissions, a cluster administrator runs:"
        if not (subject := _rbac_subject(self.known_as)):
            lead = "To grant these permissions, a cluster administrator runs, with the NAME of `kubectl auth whoami`:"
        words = ["harvdiag rbac --subject", quote(subject or "user:NAME"), *options, "| kubectl apply -f -"]
        return lead, " ".join(words), caution

    @property
    def frame(self) -> pd.DataFrame:
        """The permissions: `kind`, `resource`, `version` (str), `listed` (boolean), `where`, `reason` (str)."""
        types = {field.name: "str" for field in fields(Permission)} | {"listed": "boolean"}
        rows = [tuple(getattr(right, name) for name in types) for right in self.rights]
        return build_frame(rows, types)


def _rbac_subject(name: str) -> str:
    """The server's name of the user as `harvdiag rbac --subject` takes it; empty if it would not."""
    if not name.strip() or name != name.strip() or not name.isprintable() or ", " in name:
        return ""
    if account := ACCOUNT.fullmatch(name):
        return f"serviceaccount:{account[1]}/{account[2]}"
    return f"user:{name}"
