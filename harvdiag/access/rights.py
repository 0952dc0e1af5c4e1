"""Rights: who one is to a cluster, what one may list there, and how to get what is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from shlex import quote
from typing import TYPE_CHECKING

from harvdiag.core.escape import plain
from harvdiag.core.frames import build_frame
from harvdiag.core.marks import ERROR, GOOD, PARTLY, SIGNS, UNSEEN
from harvdiag.kinds import DIAGNOSIS, NAMESPACES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UNSERVED", "Access", "Right", "only_in"]

ONLY = "only in"
ACCOUNT = re.compile(r"system:serviceaccount:([^:/]+):([^:/]+)")
ANONYMOUS = "system:anonymous"
UNSERVED = "the server has no such kind"
RISKS = {
    "--plans": ("secrets", "lets its holder read every Secret of fleet-local"),
    "--kubelet": ("nodes/proxy", "lets its holder run commands in every Pod"),
}
"""What an option of `harvdiag rbac` is for, and what more than that it gives away."""


def only_in(namespace: str) -> str:
    """Where a kind may be listed that may not be listed in every namespace."""
    return f"{ONLY} {namespace}"


@dataclass(frozen=True, kw_only=True)
class Right:
    """Whether a kind may be listed, where, and the reason where not."""

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
    def partly(self) -> bool:
        """Whether it may be listed in some namespaces, but not in all."""
        return self.where.startswith(ONLY)

    @property
    def mark(self) -> str:
        """A sign: ✓ may be listed, ◐ in some namespaces only, ✗ may not, ? nobody knows."""
        return PARTLY if self.partly else SIGNS[{True: GOOD, False: ERROR, None: UNSEEN}[self.listed]]

    @property
    def verdict(self) -> str:
        """Where it may be listed, or in a few words why not; the server's own words are in `reason`."""
        told = {True: self.where, False: "not allowed", None: self.reason if self.reason == UNSERVED else "not known"}
        return told[self.listed] + ("" if self.needed else "; no check needs it")

    @property
    def needed(self) -> bool:
        """Whether checks stand on it; namespaces are needed where a kind may not be listed in all of them."""
        return self.kind.partition(" (")[0] in {*DIAGNOSIS, NAMESPACES.name}


@dataclass(frozen=True, kw_only=True)
class Access:
    """One identity at one cluster. For a file, `server` is empty and there are no rights: no server is asked."""

    context: str
    """The kubeconfig context, or the file."""
    server: str = ""
    user: str = ""
    way: str = ""
    """How one logs in, in a few words."""
    known_as: str = ""
    """The name that the server uses; it tells it only where it refuses."""
    kubernetes_version: str = ""
    rights: tuple[Right, ...] = ()
    notes: tuple[str, ...] = ()
    acting_as: str = ""
    """Whom the kubeconfig says to impersonate."""

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
        types = {field.name: "str" for field in fields(Right)} | {"listed": "boolean"}
        rows = [tuple(getattr(right, name) for name in types) for right in self.rights]
        return build_frame(rows, types)


def _subject(name: str) -> str:
    """The name that the server uses as `harvdiag rbac --subject` takes it; empty where it would not."""
    if not name.strip() or name != name.strip() or not name.isprintable() or ", " in name:
        return ""
    if account := ACCOUNT.fullmatch(name):
        return f"serviceaccount:{account[1]}/{account[2]}"
    return f"user:{name}"
