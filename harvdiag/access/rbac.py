"""The rights that harvdiag needs of a cluster, as manifests for `kubectl apply`; made from the catalogue of kinds."""

from __future__ import annotations

import json
import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from harvdiag.core.errors import UsageError
from harvdiag.kinds import CATALOGUE, NAMESPACES, known, named
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.sensitive import withheld

__all__ = ["CORE", "manifests"]

API = "rbac.authorization.k8s.io"
SECRET = CATALOGUE["Secret"]
CORE = {
    "ConfigMap": "configmaps",
    "Endpoints": "endpoints",
    "Event": "events",
    "LimitRange": "limitranges",
    NAMESPACES.name: NAMESPACES.plural,
    "PersistentVolume": "persistentvolumes",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "Pod": "pods",
    "PodTemplate": "podtemplates",
    "ReplicationController": "replicationcontrollers",
    "ResourceQuota": "resourcequotas",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
}
"""The kinds of Kubernetes' core group that the catalogue does not have: these need no group."""
_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_LABEL_ONLY = re.compile(_LABEL)
_DNS_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_RESOURCE = re.compile(rf"({_LABEL})(?:\.({_LABEL}(?:\.{_LABEL})*))?")


class _Subject(NamedTuple):
    """To whom the rights are given."""

    kind: str
    name: str
    namespace: str = ""

    @property
    def lines(self) -> list[str]:
        place = f"namespace: {_quoted(self.namespace)}" if self.namespace else f"apiGroup: {API}"
        return ["subjects:", f"  - kind: {self.kind}", f"    name: {_quoted(self.name)}", f"    {place}"]

    @property
    def impersonated(self) -> str:
        """How kubectl asks in their name."""
        if self.kind == "ServiceAccount":
            return f"--as=system:serviceaccount:{self.namespace}:{self.name}"
        return f"--as=nobody --as-group={self._word}" if self.kind == "Group" else f"--as={self._word}"

    @property
    def _word(self) -> str:
        return shlex.quote(self.name)


def manifests(
    name: str = "harvdiag-reader",
    *,
    plans: bool = False,
    kubelet: bool = False,
    subject: str = "",
    kinds: Iterable[str] = (),
) -> str:
    """YAML of a ClusterRole called `name` that may read every kind of the catalogue but Secrets.

    `plans` adds a Role that lists the Secrets of fleet-local, `kubelet` the disk figures of the kubelets, `kinds` more
    kinds as kubectl names them (``pods``, ``Pod``, ``volumes.longhorn.io``). `subject` is to whom all that is bound:
    ``user:NAME``, ``group:NAME`` or ``serviceaccount:NAMESPACES/NAME``. Raises UsageError for what is none of these.
    """
    if not _DNS_NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a role: lower-case letters, digits, - and . only")
    whom = _subject(subject) if subject else None
    parts = [[*_head(name, whom, plans), *_cluster_role(name, [_extra(word) for word in kinds], kubelet)]]
    parts += [_plan_role(name)] if plans else []
    parts += _bound(name, whom, plans) if whom else []
    return "---\n".join("".join(f"{line}\n" for line in lines) for lines in parts)


def _head(name: str, whom: _Subject | None, plans: bool) -> list[str]:
    lines = [
        "# What harvdiag may read. Some Settings hold credentials, and before Rancher 2.6.7 so does the Cluster of",
        "# management.cattle.io: RBAC cannot leave these out, but harvdiag drops them as they arrive.",
    ]
    if whom:
        return [
            *lines,
            f"# Try it as {whom.kind} {whom.name}: harvdiag whoami",
            f"# Or with your own login: kubectl auth can-i --list {whom.impersonated}",
        ]
    lines.append(f"# Nobody has it yet: kubectl create clusterrolebinding {name} --clusterrole={name} --user=NAME")
    if plans:
        lines.append(
            f"# And for the plans: kubectl create rolebinding {name} -n {SECRET.home} --role={name} --user=NAME"
        )
    return [*lines, "# Then try it with the login of NAME: harvdiag whoami"]


def _cluster_role(name: str, extra: Iterable[Kind], kubelet: bool) -> list[str]:
    lines = [*_start("ClusterRole", name), "rules:"]
    for group, kinds in sorted(_by_group(extra).items()):
        lines.append(f"  # {', '.join(sorted(kind.name for kind in kinds))}")
        plurals = {kind.plural for kind in kinds}
        if not group:
            lines.append("  # Namespaces: to look into each, where not all may be listed at once.")
            plurals.add(NAMESPACES.plural)
        lines += _rule(group, sorted(plurals), ["get", "list"])
    if kubelet:
        lines += [
            "  # The disk figures of the kubelets. No check needs them.",
            "  # CAUTION: `get` on nodes/proxy reaches all of the kubelets' API, and through it commands can be run in",
            "  # every Pod: close to cluster-admin. Give it only to who has that already.",
            *_rule("", ["nodes/proxy"], ["get"]),
        ]
    return lines


def _by_group(extra: Iterable[Kind]) -> dict[str, set[Kind]]:
    """The kinds to read, by API group: all that a server can have. Secrets never stand in a ClusterRole."""
    groups: dict[str, set[Kind]] = defaultdict(set)
    for kind in (*CATALOGUE.values(), *extra):
        if kind.versions and kind != SECRET:
            groups[kind.group].add(kind)
    return groups


def _plan_role(name: str) -> list[str]:
    return [
        f"# The plan Secrets of the Machines, in {SECRET.home} alone. Without it, checks that need them are skipped.",
        "# CAUTION: Kubernetes knows no right to metadata alone. Who may list the Secrets of this namespace can read",
        "# them all: the tokens by which hosts join, and a kubeconfig of the cluster. harvdiag asks for the metadata",
        "# of machine plans and nothing else, but others with the same login can ask for more. Give it only to whom",
        "# you trust with the whole cluster.",
        *_start("Role", name, SECRET.home),
        "rules:",
        *_rule(SECRET.group, [SECRET.plural], ["list"]),
    ]


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> Iterator[str]:
    yield f"  - apiGroups: {_list([group])}"
    yield f"    resources: {_list(resources)}"
    yield f"    verbs: {_list(verbs)}"


def _bound(name: str, whom: _Subject, plans: bool) -> Iterator[list[str]]:
    """The account itself where it is one of the cluster, and its bindings."""
    if whom.kind == "ServiceAccount":
        yield [
            "# The account; its namespace must be there. A token for it:",
            f"# kubectl create token {whom.name} -n {whom.namespace} --duration=8h",
            *_start("ServiceAccount", whom.name, whom.namespace, "v1"),
        ]
    yield [
        "# One subject a name: to apply this again for another subject takes it from this one; use --name for both.",
        *_binding("ClusterRole", name, whom),
    ]
    if plans:
        yield _binding("Role", name, whom, SECRET.home)


def _binding(role: str, name: str, whom: _Subject, namespace: str = "") -> list[str]:
    refers = ["roleRef:", f"  apiGroup: {API}", f"  kind: {role}", f"  name: {_quoted(name)}"]
    return [*_start(f"{role}Binding", name, namespace), *refers, *whom.lines]


def _start(kind: str, name: str, namespace: str = "", version: str = f"{API}/v1") -> list[str]:
    place = [f"  namespace: {_quoted(namespace)}"] if namespace else []
    return [f"apiVersion: {version}", f"kind: {kind}", "metadata:", f"  name: {_quoted(name)}", *place]


def _subject(word: str) -> _Subject:
    kind, _, name = word.partition(":")
    if not name.isprintable():
        raise UsageError(f"{word!r} has a sign that cannot be printed: no such name stands in a role binding")
    namespace, _, account = name.partition("/")
    if kind in {"user", "group"} and name.strip() == name != "":
        return _Subject(kind.capitalize(), name)
    if kind == "serviceaccount" and _LABEL_ONLY.fullmatch(namespace) and _DNS_NAME.fullmatch(account):
        return _Subject("ServiceAccount", account, namespace)
    raise UsageError(f"{word!r} is no subject: give user:NAME, group:NAME or serviceaccount:NAMESPACES/NAME")


def _extra(word: str) -> Kind:
    """A kind by its name or that of its resource. No server is asked, so only what is known needs no group."""
    kind = named(word) or _beyond(word)
    if kind == SECRET:
        raise UsageError(f"Secrets stand in no ClusterRole; --plans gives those of {SECRET.home}")
    if withheld(kind.group, kind.plural):
        raise UsageError(f"{word} hold credentials: harvdiag never reads them, so it needs no right to")
    if not kind.versions:
        raise UsageError(f"{word} are no objects of Kubernetes: there is no right to give")
    return kind


def _beyond(word: str) -> Kind:
    """A kind that is not in the catalogue: one of the core by its name, any other by plural and group."""
    for name, plural in CORE.items():
        if word.lower() in {name.lower(), plural}:
            return known("", plural)
    match = _RESOURCE.fullmatch(word)
    if not match:
        raise UsageError(f"{word!r} is no resource: name its plural and group, such as pods or volumes.longhorn.io")
    if not match[2]:
        raise UsageError(f"{word!r} is in no API group that harvdiag knows: add it, such as volumes.longhorn.io")
    return known(match[2], match[1])


def _list(words: Sequence[str]) -> str:
    return f"[{', '.join(_quoted(word) for word in words)}]"


def _quoted(text: str) -> str:
    """A YAML string in quotes, so that no name is taken for a number, a mark or another document."""
    return json.dumps(text, ensure_ascii=False)
