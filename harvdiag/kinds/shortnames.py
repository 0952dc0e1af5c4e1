"""The short names that kubectl takes for kinds, and the forms in which a kind may be given with its group."""

from __future__ import annotations

import re

__all__ = ["SHORT_NAMES", "full_name", "known_resource"]

SHORT_NAMES = {
    "cm": "configmaps",
    "cj": "cronjobs.batch",
    "crd": "customresourcedefinitions.apiextensions.k8s.io",
    "crds": "customresourcedefinitions.apiextensions.k8s.io",
    "csr": "certificatesigningrequests.certificates.k8s.io",
    "deploy": "deployments.apps",
    "ds": "daemonsets.apps",
    "ep": "endpoints",
    "ev": "events",
    "hpa": "horizontalpodautoscalers.autoscaling",
    "ing": "ingresses.networking.k8s.io",
    "kv": "kubevirts.kubevirt.io",
    "kvs": "kubevirts.kubevirt.io",
    "lhe": "engines.longhorn.io",
    "lhei": "engineimages.longhorn.io",
    "lhim": "instancemanagers.longhorn.io",
    "lhn": "nodes.longhorn.io",
    "lhr": "replicas.longhorn.io",
    "lhs": "settings.longhorn.io",
    "lhv": "volumes.longhorn.io",
    "lhva": "volumeattachments.longhorn.io",
    "limits": "limitranges",
    "ma": "machines.cluster.x-k8s.io",
    "md": "machinedeployments.cluster.x-k8s.io",
    "net-attach-def": "network-attachment-definitions.k8s.cni.cncf.io",
    "netpol": "networkpolicies.networking.k8s.io",
    "no": "nodes",
    "ns": "namespaces",
    "pc": "priorityclasses.scheduling.k8s.io",
    "pdb": "poddisruptionbudgets.policy",
    "po": "pods",
    "pv": "persistentvolumes",
    "pvc": "persistentvolumeclaims",
    "quota": "resourcequotas",
    "rs": "replicasets.apps",
    "sa": "serviceaccounts",
    "sc": "storageclasses.storage.k8s.io",
    "sts": "statefulsets.apps",
    "svc": "services",
    "vm": "virtualmachines.kubevirt.io",
    "vmbackup": "virtualmachinebackups.harvesterhci.io",
    "vmi": "virtualmachineinstances.kubevirt.io",
    "vmim": "virtualmachineinstancemigrations.kubevirt.io",
    "vmimage": "virtualmachineimages.harvesterhci.io",
    "vmis": "virtualmachineinstances.kubevirt.io",
    "vms": "virtualmachines.kubevirt.io",
}
"""Those of Kubernetes, Cluster API, KubeVirt, Longhorn and Harvester; a cluster defines them, and a bundle has not its
definitions."""
_VERSIONED = r"([^.]+)\.v\d+(?:(?:alpha|beta)\d+)?\.(.+)"


def full_name(word: str) -> str:
    """Return a kind in lower case: a short name as its resource, and ``machines.v1beta1.cluster.x-k8s.io`` without its
    version, as a source holds one version alone."""
    spelled = word.lower()
    versioned = re.fullmatch(_VERSIONED, spelled)
    return f"{versioned[1]}.{versioned[2]}" if versioned else SHORT_NAMES.get(spelled, spelled)


def known_resource(word: str) -> str | None:
    """Return the resource that a word means in any cluster, although a source may not have it; None for others."""
    spelled = full_name(word)
    return next((r for r in SHORT_NAMES.values() if spelled in {r, r.partition(".")[0]}), None)
