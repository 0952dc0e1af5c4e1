"""Who is who in a source: the names in its objects, each with its sort, found before anything is handed out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache

from harvdiag.core.fields import Obj, field_path, get_items, get_labels, get_text, name_of, namespace_of
from harvdiag.kinds.kind import Kind
from harvdiag.redact.names import Names, Sort
from harvdiag.redact.vms import VMS, is_common, names_within, node_labels
from harvdiag.redact.vocabulary import is_known_domain, is_ordinary, is_system_namespace

__all__ = ["IDENTITY", "NAMED", "collect_names", "collect_taken", "is_foreign_key", "sort_of"]

NAMED = {
    "nodes": Sort.HOST,
    "nodes.longhorn.io": Sort.HOST,
    "hosts": Sort.HOST,
    "kubeletstats": Sort.HOST,
    "kubeletconfigs": Sort.HOST,
    "servingcertificates": Sort.HOST,
    "clusters.cluster.x-k8s.io": Sort.CLUSTER,
    "clusters.provisioning.cattle.io": Sort.CLUSTER,
    "clusters.management.cattle.io": Sort.CLUSTER,
    "clusters.fleet.cattle.io": Sort.CLUSTER,
    "rkeclusters.rke.cattle.io": Sort.CLUSTER,
    "rkecontrolplanes.rke.cattle.io": Sort.CLUSTER,
    "namespaces": Sort.NAMESPACE,
    "upgrades.harvesterhci.io": Sort.UPGRADE,
    "upgradeplans.management.harvesterhci.io": Sort.UPGRADE,
    "virtualmachines.kubevirt.io": Sort.VM,
    "virtualmachineinstances.kubevirt.io": Sort.VM,
    "persistentvolumeclaims": Sort.VOLUME,
    "persistentvolumes": Sort.VOLUME,
    "volumes.longhorn.io": Sort.VOLUME,
    "keypairs.harvesterhci.io": Sort.KEY,
    "virtualmachineimages.harvesterhci.io": Sort.IMAGE,
    "storageclasses.storage.k8s.io": Sort.OBJECT,
    "clusternetworks.network.harvesterhci.io": Sort.NETWORK,
    "vlanconfigs.network.harvesterhci.io": Sort.NETWORK,
    "hostnetworkconfigs.network.harvesterhci.io": Sort.NETWORK,
    "linkmonitors.network.harvesterhci.io": Sort.NETWORK,
    "ippools.loadbalancer.harvesterhci.io": Sort.NETWORK,
    "network-attachment-definitions.k8s.cni.cncf.io": Sort.NETWORK,
    "users.management.cattle.io": Sort.USER,
    "projects.management.cattle.io": Sort.NAMESPACE,
}
"""The kinds whose objects have names of the user's, wherever they are; of others those in namespaces of the user."""
IDENTITY = tuple(NAMED)
_ANYWHERE = frozenset({Sort.HOST, Sort.CLUSTER, Sort.UPGRADE})
"""What has a name of the user's in namespaces of the system, too."""
_HOST_LABELS = (
    "kubernetes.io/hostname",
    "rke.cattle.io/node-name",
    "harvesterhci.io/node",
    "upgrade.cattle.io/node",
    "management.harvesterhci.io/node",
)
_HOSTS = (
    'metadata.annotations["rke2.io/hostname"]',
    "status.nodeRef.name",
    "status.nodeName",
    "status.currentNodeID",
    "spec.nodeID",
)
"""Fields with the name of a host, of whatever kind the object is: a host that is gone is named there only."""
_HOST_ADDRESSES = frozenset({"Hostname", "InternalDNS", "ExternalDNS"})
_TEXTS = (
    ("spec.displayName", Sort.IMAGE),
    ("status.kubernetesStatus.namespace", Sort.NAMESPACE),
    ('metadata.annotations["field.cattle.io/creatorId"]', Sort.USER),
    ("spec.source.name", Sort.VM),
    ("spec.vmbackup.source.name", Sort.VM),
)
_IMAGE_ID = 'metadata.annotations["harvesterhci.io/imageId"]'
"""Of what image of Harvester a claim was made, or a backing image is: ``NAMESPACE/NAME``."""
_LAUNCHER = "virt-launcher-"
_DISK = re.compile(r"(?P<vm>.+)-disk-\d+-[a-z0-9]{5}")
_REFERENCES = ("spec.claimRef", "involvedObject", "regarding")
_VM_LABELS = ("vm.kubevirt.io/name", "harvesterhci.io/vmName", "kubevirt.io/vm")
_BY_KIND = {
    "Node": Sort.HOST,
    "PersistentVolumeClaim": Sort.VOLUME,
    "VirtualMachine": Sort.VM,
    "VirtualMachineInstance": Sort.VM,
}
_SYSTEM_IMAGE = ("harvester-", "hvst-upgrade-")
SHORT = 3
"""So short a text is replaced nowhere: it may be a part of any other."""
_PLAIN_KEYS = frozenset(
    {
        "app",
        "app.kubernetes.io",
        "apps.kubernetes.io/pod-index",
        "chart",
        "component",
        "control-plane",
        "controller-revision-hash",
        "controller-uid",
        "cpumanager",
        "created-by-controller",
        "heritage",
        "job-name",
        "k8s-app",
        "longhornnode",
        "longhornvolume",
        "managed-by",
        "name",
        "objectset",
        "operator",
        "owner",
        "pod-template-generation",
        "pod-template-hash",
        "provider",
        "recurring-job-group",
        "release",
        "role",
        "statefulset.kubernetes.io",
        "status",
        "system-upgrade-controller",
        "tier",
        "type",
        "version",
        "vm.kubevirt.io",
    }
)
"""Keys of labels without a domain that controllers use."""


_LASTING = frozenset({"addons", "bundles", "daemonsets", "deployments", "managedcharts", "services", "settings"})
"""Kinds whose objects have the same name in each cluster."""


def sort_of(kind: Kind, namespace: str) -> Sort | None:
    """Return what the name of an object is; None where it is one of the system's."""
    known = NAMED.get(kind.resource)
    if namespace and is_system_namespace(namespace):
        return known if known in _ANYWHERE or kind.resource == "volumes.longhorn.io" else None
    foreign = "." in kind.group and not is_known_domain(kind.group)
    return known or (Sort.OBJECT if namespace or foreign else None)


def collect_taken(objects: Iterable[tuple[Kind, Obj]]) -> str:
    """Return the names of the system's own objects, which are never taken for another's."""
    names = {
        name_of(obj) for kind, obj in objects if kind.plural in _LASTING and is_system_namespace(namespace_of(obj))
    }
    return "\n".join(sorted(names))


def collect_names(names: Names, kind: Kind, obj: Obj) -> None:
    """Take in every name that an object tells: its own, its host's, those of what it belongs to."""
    space = namespace_of(obj)
    names.add(space, Sort.NAMESPACE)
    if sort := sort_of(kind, space):
        _collect_own(names, sort, name_of(obj))
    _collect_hosts(names, obj)
    for path, sort in _TEXTS:
        text = get_text(obj, path)
        if not (sort is Sort.IMAGE and (is_system_namespace(space) or text.startswith(_SYSTEM_IMAGE))):
            names.add(text, sort)
    _collect_workload(names, obj)
    _collect_references(names, obj)
    _collect_image(names, get_text(obj, _IMAGE_ID))
    if kind.resource in VMS:
        _collect_within(names, obj)
    if kind.resource == "settings.harvesterhci.io" and name_of(obj) == "upgrade-config":
        for host in _paused_hosts(obj):
            names.add(host, Sort.HOST)
    for key, value in _foreign_labels(obj):
        names.add(key.rpartition("/")[2], Sort.LABEL)
        _add_value(names, value)


def _paused_hosts(setting: Obj) -> Iterator[str]:
    """The hosts before which an upgrade is to pause; one that is gone is named nowhere else."""
    for key in ("value", "default"):
        with suppress(ValueError, RecursionError):
            names = get_items(json.loads(get_text(setting, key)), "nodeUpgradeOption.strategy.pauseNodes")
            yield from (name for name in names if isinstance(name, str))


def _collect_within(names: Names, obj: Obj) -> None:
    """What someone named within a VM, and the labels of nodes that it asks for."""
    for name in names_within(obj):
        if len(name) > SHORT and not is_common(name):
            names.add(name, Sort.VOLUME)
    for key, value in node_labels(obj):
        if is_foreign_key(key):
            names.add(key.rpartition("/")[2], Sort.LABEL)
            _add_value(names, value)


def _collect_hosts(names: Names, obj: Obj) -> None:
    """The hosts that an object names, in fields, labels, addresses and maps."""
    marks = get_labels(obj)
    for label in _HOST_LABELS:
        if isinstance(host := marks.get(label), str):
            names.add(host, Sort.HOST)
    for path in _HOSTS:
        names.add(get_text(obj, path), Sort.HOST)
    for address in get_items(obj, "status.addresses"):
        if isinstance(address, dict) and str(address.get("type")) in _HOST_ADDRESSES:
            _add_host(names, address.get("address"))
    statuses = field_path("status.nodeStatuses").get(obj)
    for host in statuses if isinstance(statuses, dict) else ():
        names.add(str(host), Sort.HOST)


def _collect_own(names: Names, sort: Sort, name: str) -> None:
    """The name of an object; those of the Pod and the disks of a VM are made of the VM's."""
    if name.startswith(_LAUNCHER):
        names.add(name.removeprefix(_LAUNCHER).rpartition("-")[0], Sort.VM)
        return
    names.add(name, sort)
    if sort is Sort.VOLUME and (of := _DISK.fullmatch(name)):
        names.add(of["vm"], Sort.VM)


def _collect_references(names: Names, obj: Obj) -> None:
    """What an object is about: the claim of a volume, the object of an Event, the VM in a label."""
    for path in _REFERENCES:
        ref = field_path(path).get(obj)
        space = str(ref.get("namespace") or "") if isinstance(ref, dict) else ""
        if isinstance(ref, dict) and not is_system_namespace(space):
            names.add(space, Sort.NAMESPACE)
            _collect_own(names, _BY_KIND.get(str(ref.get("kind")), Sort.OBJECT), str(ref.get("name") or ""))
    marks = get_labels(obj)
    for label in _VM_LABELS:
        names.add(str(marks.get(label) or ""), Sort.VM)


def _collect_image(names: Names, text: str) -> None:
    space, mark, name = text.partition("/")
    if mark and not is_system_namespace(space):
        names.add(space, Sort.NAMESPACE)
        names.add(name, Sort.IMAGE)


def _add_host(names: Names, text: object) -> None:
    if isinstance(text, str) and not text.replace(".", "").isdigit() and ":" not in text:
        names.add(text, Sort.HOST)


def _add_value(names: Names, value: str) -> None:
    if len(value) > SHORT and not is_ordinary(value):
        names.add(value, Sort.LABEL)


def _collect_workload(names: Names, obj: Obj) -> None:
    """Whose volume it is, as Longhorn tells: the claim, and the VM."""
    status = field_path("status.kubernetesStatus").get(obj)
    if not isinstance(status, dict) or is_system_namespace(str(status.get("namespace") or "")):
        return
    names.add(str(status.get("pvcName") or ""), Sort.VOLUME)
    for load in get_items(status, "workloadsStatus"):
        if isinstance(load, dict):
            is_vm = load.get("workloadType") == "VirtualMachineInstance"
            names.add(str(load.get("workloadName") or ""), Sort.VM if is_vm else Sort.OBJECT)
            _collect_own(names, Sort.OBJECT, str(load.get("podName") or ""))


@lru_cache(maxsize=4096)
def is_foreign_key(key: str) -> bool:
    """Whether the key of a label, an annotation or a taint is one of the user's own."""
    domain, slash, name = key.rpartition("/")
    if slash:
        return not is_known_domain(domain) and not is_known_domain(domain.rpartition(".")[0] or "-")
    return name.partition(".")[0] not in _PLAIN_KEYS and name not in _PLAIN_KEYS and not is_known_domain(name)


_PLACES = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone")
"""Keys of the system whose values are the user's."""


def _foreign_labels(obj: Obj) -> Iterator[tuple[str, str]]:
    for key, value in get_labels(obj).items():
        if isinstance(value, str) and is_foreign_key(key):
            yield key, value
        elif isinstance(value, str) and key in _PLACES:
            yield "", value
    for taint in get_items(obj, "spec.taints"):
        if isinstance(taint, dict) and is_foreign_key(str(taint.get("key"))):
            yield str(taint.get("key")), str(taint.get("value") or "")
