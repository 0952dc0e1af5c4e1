"""What stays readable: names of Kubernetes, Rancher and Harvester, their namespaces and domains, and ordinary words."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from pathlib import Path

from harvdiag.core.fields import field_path
from harvdiag.kinds import CATALOGUE
from harvdiag.redact.words import ORDINARY, TOP_DOMAINS

__all__ = [
    "is_known_domain",
    "is_ordinary",
    "is_system_name",
    "is_system_namespace",
    "looks_like_domain",
    "package_words",
]

_NAMESPACES = re.compile(
    r"(?:kube|cattle|fleet|longhorn|harvester|rancher|calico|tigera|cluster-fleet|cdi|kubevirt|forklift|suse|capi|capr)"
    r"(?:-[a-z0-9-]+)?|local|cert-manager|snapshot-controller|descheduler|p-[a-z0-9]{5}|user-[a-z0-9]{5}"
)
_SHARED = frozenset({"default", "harvester-public", "cattle-global-data"})
"""Namespaces whose name is not the user's, but what is in them is."""
_SYSTEM_NAMES = re.compile(
    r"(?:kube-root-ca\.crt|default|kubernetes|local|mgmt|builder|image-[a-z0-9]{5}|vmi?-[a-z0-9]{5}|"
    r"hvst-upgrade-[a-z0-9]{5}(?:-.*)?|pvc-[0-9a-f-]{36}|custom-[0-9a-f]{12}(?:-.*)?)"
)
"""Names that no one gave."""
_DOMAINS = re.compile(
    r"(?:.*\.)?(?:(?:[a-z0-9-]+\.)*(?:k8s|cattle|kubevirt|longhorn|harvesterhci|rancher|kubernetes|cni|istio|helm|coreos|"
    r"fluentd|banzaicloud|cncf|quay|docker|ghcr|gcr|rke|rke2|k3s|containerd|kubernetes-csi|openebs|cilium|etcd|"
    r"projectcalico|tigera|grafana|prometheus|jetstack|cert-manager|opencontainers|kubeovn|multus-cni|storage|"
    r"nvidia|amd|intel|suse|opensuse|github|githubusercontent|googleapis|golang|google|microsoft|ubuntu|"
    r"argoproj|velero|traefik|keda|crossplane|metallb|kyverno|gatekeeper|fluxcd|tekton|hashicorp|elastic|openshift|operatorframework|"
    r"alpinelinux|debian|fedoraproject|rancherlabs|k8s-app|harvester|snapshot|authorization|networking)"
    r"\.(?:io|com|org|sh|net|dev|x-k8s\.io|k8s\.io|cattle\.io)|x-k8s\.io|svc|cluster\.local|in-addr\.arpa|ip6\.arpa|"
    r"localhost|localdomain|"
    r"(?:[a-z]+-[bcdfghjklmnpqrstvwxz2456789]{6,40}\.)*dom-[bcdfghjklmnpqrstvwxz2456789]{6,40}\.example)"
)
"""Also pseudonyms, in their exact form: any other name below ``.example`` is someone's."""
_TOP = frozenset(TOP_DOMAINS.split())
_SINGLE = re.compile(r"[a-z0-9_-]+\.(?:in|md|py|is|no|at|id|my|it|me|be|co|prod|site|int|info|mil|cloud)")
"""One word before one of these is a file, or the end of a sentence."""
_LETTERS = re.compile(r"[a-z]+")
_SPLIT = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"[a-z]+|[A-Z][a-z]*|[A-Z]+")

_PHRASES = frozenset({"control-plane", "pre-drain", "post-drain", "machine-plan", "cluster-local", "harvester-system"})


def is_system_namespace(name: str) -> bool:
    """Whether the objects of a namespace are those of the system; their names are kept."""
    return name not in _SHARED and (name == "" or _NAMESPACES.fullmatch(name) is not None)


def is_system_name(name: str) -> bool:
    """Whether no one gave this name: that of what a controller makes, or of a namespace that any cluster has."""
    return name in _SHARED or _SYSTEM_NAMES.fullmatch(name) is not None


def is_ordinary(name: str, taken: str = "") -> bool:
    """Whether a name stands in any text about a cluster, so that only its place shows that it is one.

    That is a word of the API, or several of them that occur in `taken`: the names of the system's own objects.
    """
    folded = name.casefold()
    parts = [part for part in _SPLIT.split(folded) if part]
    if len(folded) < 2 or folded.isdigit() or (len(folded) == 2 and folded.isalpha()):
        return True
    if not all(part in _words() for part in parts):
        return False
    return (
        len(parts) < 2
        or folded in _PHRASES
        or re.search(rf"(?<![a-z0-9]){re.escape(folded)}(?![a-z0-9])", taken) is not None
    )


@cache
def _words() -> frozenset[str]:
    """Ordinary words, and what the catalogue of kinds says in names of kinds and fields."""
    found = set(ORDINARY.split())
    for kind in CATALOGUE.values():
        paths = [*kind.keep, *(path for column in kind.columns for path in column.paths), *(k.path for k in kind.links)]
        steps = [str(step) for path in paths for step in field_path(path).steps if "." not in str(step)]
        for text in (kind.bare, kind.plural, *_SPLIT.split(kind.group), *steps):
            found |= {text.casefold(), *(word.casefold() for word in _CAMEL.findall(text))}
    return frozenset(found - {""})


@cache
def package_words() -> frozenset[str]:
    """Every word that harvdiag itself may say: where one is a name, a report has it all the same."""
    found: set[str] = set()
    for path in Path(__file__).parents[1].rglob("*.py"):
        with suppress(OSError):
            found |= {*_LETTERS.findall(path.read_text(encoding="utf-8", errors="replace").casefold())}
    return frozenset(found)


def is_known_domain(name: str) -> bool:
    """Whether a domain is one of Kubernetes and what runs on it, or public and no one's in particular."""
    return _DOMAINS.fullmatch(name.casefold()) is not None


def looks_like_domain(name: str) -> bool:
    """Whether a name with dots ends like a domain, in text where it may also be a file or the path of a field."""
    folded = name.casefold()
    plain = name in (folded, name.upper())  # not the path of a field, such as spec.domain.ioThreads.at
    return plain and folded.rpartition(".")[2] in _TOP and _SINGLE.fullmatch(folded) is None
