"""The permissions that harvdiag needs, as manifests for `kubectl apply`; generated from the catalogue of kinds."""

from __future__ import annotations

import json
import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.kinds import CATALOGUE, NAMESPACES, find_kind, kind_for_resource
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.sensitive import is_sensitive

__all__ = ["CORE", "build_manifests"]

API = "rbac.authorization.k8s.io"
SECRET = CATALOGUE["Secret"]
CORE = {
    "ConfigMap": "configmaps",
    "Endpoints": "endpoints",
    "LimitRange": "limitranges",
    NAMESPACES.name: NAMESPACES.plural,
    "PersistentVolume": "persistentvolumes",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "PodTemplate": "podtemplates",
    "ReplicationController": "replicationcontrollers",
    "ResourceQuota": "resourcequotas",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
}
"""The kinds of Kubernetes' core group that are not in the catalogue: these need no group."""
_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_LABEL_ONLY = re.compile(_LABEL)
_DNS_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_RESOURCE = re.compile(rf"({_LABEL})(?:\.({_LABEL}(?:\.{_LABEL})*))?")


class _Subject(NamedTuple):
    """The subject of the role bindings."""

    kind: str
    name: str
    namespace: str = ""

    @property
    def lines(self) -> list[str]:
        place = f"namespace: {_yaml_string(self.namespace)}" if self.namespace else f"apiGroup: {API}"
        return ["subjects:", f"  - kind: {self.kind}", f"    name: {_yaml_string(self.name)}", f"    {place}"]

    @property
    def kubectl_options(self) -> str:
        """The options with which kubectl impersonates it."""
        if self.kind == "ServiceAccount":
            return f"--as=system:serviceaccount:{self.namespace}:{self.name}"
        return f"--as=nobody --as-group={self._quoted_name}" if self.kind == "Group" else f"--as={self._quoted_name}"

    @property
    def _quoted_name(self) -> str:
        return shlex.quote(self.name)


def build_manifests(
    name: str = "harvdiag-reader",
    *,
    plans: bool = False,
    kubelet: bool = False,
    subject: str = "",
    kinds: Iterable[str] = (),
) -> str:
    """Build the YAML of a ClusterRole `name` that may read every kind of the catalogue except Secrets.

    `plans` adds a Role that lists the Secrets of fleet-local, `kubelet` the disk figures of the kubelets, `kinds` more
    kinds as kubectl names them (``pods``, ``Pod``, ``volumes.longhorn.io``). `subject` is bound to all of them:
    ``user:NAME``, ``group:NAME`` or ``serviceaccount:NAMESPACE/NAME``. Raises UsageError for any other.
    """
    if not _DNS_NAME.fullmatch(name):
        raise UsageError(f"invalid role name {name!r}: lower-case letters, digits, - and . only")
    whom = _parse_subject(subject) if subject else None
    parts = [
        [*_header_comments(name, whom, plans), *_cluster_role(name, [_parse_kind(word) for word in kinds], kubelet)]
    ]
    parts += [_plan_role(name)] if plans else []
    parts += _binding_documents(name, whom, plans) if whom else []
    return "---\n".join("".join(f"{line}\n" for line in lines) for lines in parts)


def _header_comments(name: str, whom: _Subject | None, plans: bool) -> list[str]:
    lines = [
        "# What harvdiag may read. Some Settings hold credentials, and before Rancher 2.6.7 so does the Cluster of",
        "# management.cattle.io: RBAC cannot leave these out, but harvdiag drops them as they arrive.",
    ]
    if whom:
        return [
            *lines,
            f"# Try it as {whom.kind} {whom.name}: harvdiag whoami",
            f"# Or with your own login: kubectl auth can-i --list {whom.kubectl_options}",
        ]
    lines.append(f"# Not bound yet: kubectl create clusterrolebinding {name} --clusterrole={name} --user=NAME")
    if plans:
        lines.append(
            f"# And for the plans: kubectl create rolebinding {name} -n {SECRET.home} --role={name} --user=NAME"
        )
    return [*lines, "# Then try it with the login of NAME: harvdiag whoami"]


def _cluster_role(name: str, extra: Iterable[Kind], kubelet: bool) -> list[str]:
    lines = [*_object_head("ClusterRole", name), "rules:"]
    for group, kinds in sorted(_group_kinds(extra).items()):
        lines.append(f"  # {', '.join(sorted(kind.name for kind in kinds))}")
        plurals = {kind.plural for kind in kinds}
        if not group:
            lines.append("  # Namespaces: to look into each, where not all may be listed at once.")
            plurals.add(NAMESPACES.plural)
        lines += _rule_lines(group, sorted(plurals), ["get", "list"])
    if kubelet:
        lines += [
            "  # The disk figures and thresholds of the kubelets, for the room that a preflight asks for.",
            "  # CAUTION: `get` on nodes/proxy reaches all of the kubelets' API, and through it commands can be run in",
            "  # every Pod: close to cluster-admin. Grant it only to those who have that already.",
            *_rule_lines("", ["nodes/proxy"], ["get"]),
        ]
    return lines


def _group_kinds(extra: Iterable[Kind]) -> dict[str, set[Kind]]:
    """The kinds to read, by API group: all that a server can have. Secrets are never in a ClusterRole."""
    groups: dict[str, set[Kind]] = defaultdict(set)
    for kind in (*CATALOGUE.values(), *extra):
        if kind.versions and kind != SECRET:
            groups[kind.group].add(kind)
    return groups


def _plan_role(name: str) -> list[str]:
    return [
        f"# The plan Secrets of the Machines and the labels of local-kubeconfig, in {SECRET.home} alone. Without it,",
        "# checks that need them are skipped.",
        "# CAUTION: Kubernetes has no right to metadata alone. Who may list the Secrets of this namespace can read",
        "# them all: the tokens by which hosts join, and a kubeconfig of the cluster. harvdiag asks for the metadata",
        "# of these and nothing else, but others with the same login can ask for more. Grant it only to those you",
        "# trust with the whole cluster.",
        *_object_head("Role", name, SECRET.home),
        "rules:",
        *_rule_lines(SECRET.group, [SECRET.plural], ["list"]),
    ]


def _rule_lines(group: str, resources: Sequence[str], verbs: Sequence[str]) -> Iterator[str]:
    yield f"  - apiGroups: {_yaml_list([group])}"
    yield f"    resources: {_yaml_list(resources)}"
    yield f"    verbs: {_yaml_list(verbs)}"


def _binding_documents(name: str, whom: _Subject, plans: bool) -> Iterator[list[str]]:
    """The ServiceAccount if the subject is one, and the bindings."""
    if whom.kind == "ServiceAccount":
        yield [
            "# The account; its namespace must be there. A token for it:",
            f"# kubectl create token {whom.name} -n {whom.namespace} --duration=8h",
            *_object_head("ServiceAccount", whom.name, whom.namespace, "v1"),
        ]
    yield [
        "# One subject a name: to apply this again for another subject takes it from this one; use --name for both.",
        *_binding_lines("ClusterRole", name, whom),
    ]
    if plans:
        yield _binding_lines("Role", name, whom, SECRET.home)


def _binding_lines(role: str, name: str, whom: _Subject, namespace: str = "") -> list[str]:
    refers = ["roleRef:", f"  apiGroup: {API}", f"  kind: {role}", f"  name: {_yaml_string(name)}"]
    return [*_object_head(f"{role}Binding", name, namespace), *refers, *whom.lines]


def _object_head(kind: str, name: str, namespace: str = "", version: str = f"{API}/v1") -> list[str]:
    place = [f"  namespace: {_yaml_string(namespace)}"] if namespace else []
    return [f"apiVersion: {version}", f"kind: {kind}", "metadata:", f"  name: {_yaml_string(name)}", *place]


def _parse_subject(word: str) -> _Subject:
    kind, _, name = word.partition(":")
    if not name.isprintable():
        raise UsageError(f"{word!r} contains a non-printable character, which no name in a role binding has")
    namespace, _, account = name.partition("/")
    if kind in {"user", "group"} and name.strip() == name != "":
        return _Subject(kind.capitalize(), name)
    if kind == "serviceaccount" and _LABEL_ONLY.fullmatch(namespace) and _DNS_NAME.fullmatch(account):
        return _Subject("ServiceAccount", account, namespace)
    raise UsageError(f"invalid subject {word!r}: give user:NAME, group:NAME or serviceaccount:NAMESPACE/NAME")


def _parse_kind(word: str) -> Kind:
    """A kind by its name or that of its resource. No server is asked, so an unknown one needs its group."""
    kind = find_kind(word) or _parse_other_kind(word)
    if kind == SECRET:
        raise UsageError(f"Secrets are in no ClusterRole; --plans grants those of {SECRET.home}")
    if is_sensitive(kind.group, kind.plural):
        raise UsageError(f"{word} hold credentials: harvdiag never reads them, so it needs no permission")
    if not kind.versions:
        raise UsageError(f"{word} are not Kubernetes objects: there is no permission to grant")
    return kind


def _parse_other_kind(word: str) -> Kind:
    """A kind outside the catalogue: one of the core group by its name, any other by plural and group."""
    for name, plural in CORE.items():
        if word.lower() in {name.lower(), plural}:
            return kind_for_resource("", plural)
    match = _RESOURCE.fullmatch(word)
    if not match:
        raise UsageError(f"invalid resource {word!r}: name its plural and group, such as pods or volumes.longhorn.io")
    if not match[2]:
        known = {kind.plural: kind.resource for kind in CATALOGUE.values()} | {name: name for name in CORE.values()}
        near = did_you_mean([known[name] for name in suggest_names(word, known)])
        raise UsageError(
            f"{word!r} is not in an API group that harvdiag knows: add the group, such as volumes.longhorn.io{near}"
        )
    return kind_for_resource(match[2], match[1])


def _yaml_list(words: Sequence[str]) -> str:
    return f"[{', '.join(_yaml_string(word) for word in words)}]"


def _yaml_string(text: str) -> str:
    """A quoted YAML string, so that no name is read as a number, an indicator or another document."""
    return json.dumps(text, ensure_ascii=False)
