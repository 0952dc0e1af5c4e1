"""Redaction of objects: every text in them, by the field where it stands."""

from __future__ import annotations

from typing import Any, NamedTuple

from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.secrets import MASK, is_secret_key
from harvdiag.kinds.kind import Kind
from harvdiag.redact.identity import is_foreign_key, sort_of
from harvdiag.redact.names import Names, Sort
from harvdiag.redact.text import TextRedactor
from harvdiag.redact.vocabulary import package_words

__all__ = ["ObjectRedactor"]

DROPPED = frozenset(
    {
        "managedFields",
        "kubectl.kubernetes.io/last-applied-configuration",
        "objectset.rio.cattle.io/applied",
        "harvesterhci.io/volumeClaimTemplates",
        "field.cattle.io/description",
        "description",
        "applied-output",
        "applied-periodic-output",
        "userData",
        "userDataBase64",
        "networkData",
        "networkDataBase64",
        "issuedescription",
        "issueurl",
    }
)
"""Copies of whole objects, free text, outputs of commands and cloud-init: nothing that a rule needs."""
HOST_KEYS = frozenset(
    {
        "cdi.kubevirt.io/storage.node",
        "currentMigrationNodeID",
        "currentNodeID",
        "driver.longhorn.io",
        "evacuationNodeName",
        "harvesterhci.io/node",
        "host",
        "hostId",
        "hostName",
        "hostname",
        "kubernetes.io/hostname",
        "kubevirt.io/nodeName",
        "longhornnode",
        "management.harvesterhci.io/node",
        "migrationNodeID",
        "node",
        "nodeID",
        "nodeId",
        "nodeName",
        "nodeid",
        "ownerID",
        "rke.cattle.io/node-name",
        "rke2.io/hostname",
        "singleNode",
        "sourceNode",
        "targetNode",
        "upgrade.cattle.io/node",
    }
)
"""Fields, labels and annotations whose value is the name of a host."""
HOST_MAPS = frozenset({"nodeStatuses", "nodeStatus", "nodes", "replicaScheduled"})
"""Fields that are maps by the name of a host."""
BY_KIND = {
    "Node": Sort.HOST,
    "VirtualMachine": Sort.VM,
    "VirtualMachineInstance": Sort.VM,
    "Namespace": Sort.NAMESPACE,
    "Upgrade": Sort.UPGRADE,
    "UpgradePlan": Sort.UPGRADE,
    "PersistentVolumeClaim": Sort.VOLUME,
    "Cluster": Sort.CLUSTER,
}
"""What the name in a reference is, by the kind beside it."""
KEYS: dict[str, Sort] = {
    **dict.fromkeys(HOST_KEYS, Sort.HOST),
    "namespace": Sort.NAMESPACE,
    "pvcName": Sort.VOLUME,
    "claimName": Sort.VOLUME,
    "workloadName": Sort.VM,
    "upgradeName": Sort.UPGRADE,
    "clusterName": Sort.CLUSTER,
    "harvesterhci.io/upgrade": Sort.UPGRADE,
    "cluster.x-k8s.io/cluster-name": Sort.CLUSTER,
}
PLACED = {"harvesterhci.io/imageId": Sort.IMAGE, "podref": Sort.OBJECT}
"""Fields whose value is a namespace and the name of an object in it, ``NAMESPACE/NAME``."""
KEYS |= PLACED
LABELS = frozenset({"labels", "annotations", "matchLabels", "nodeSelector"})
CLOUD_INIT = "#cloud-config"


class _Field(NamedTuple):
    """What is known of a field by its key: the key in the result, and how its value is treated."""

    key: str
    dropped: bool
    secret: bool
    sort: Sort | None
    """What its value names, if it is a name."""


class ObjectRedactor:
    """Redacts whole objects. `text` does the same for texts; both know the same names."""

    def __init__(self, names: Names, text: TextRedactor) -> None:
        self._names = names
        self._text = text
        self._fields: dict[str, _Field] = {}
        self._labels: dict[str, _Field] = {}
        self._version = -1

    def __call__(self, kind: Kind, obj: Obj) -> Obj:
        """Return a copy of an object without what identifies."""
        self._text.refresh()
        if self._version != self._names.version:
            self._version, self._fields, self._labels = self._names.version, {}, {}
        made = self._map(obj, "")
        sort = sort_of(kind, namespace_of(obj))
        entry = sort and self._names.placed(sort, name_of(obj))
        if entry and isinstance(made.get("metadata"), dict):
            made["metadata"]["name"] = entry.pseudonym
        return made

    def _map(self, obj: Obj, place: str) -> Obj:
        made: Obj = {}
        fields, is_label = (self._labels, True) if place in LABELS else (self._fields, False)
        done, ordinary = self._text.done, self._names.has_ordinary
        for key, value in obj.items():
            if is_label and not isinstance(value, str):
                field = self._fields.get(key) or self._make_field(key, False)
            else:
                field = fields.get(key) or self._make_field(key, is_label)
            if field.dropped:
                self._text.removed[key] += 1
            elif type(value) is str:
                plain = not (field.secret or (ordinary and field.sort))
                made[field.key] = (plain and done.get(value)) or self._string(field, value)
            elif value.__class__ is dict:
                made[field.key] = self._map(value, key)
            elif value.__class__ is list:
                made[field.key] = self._list(value, key, field)
            else:
                made[field.key] = MASK if field.secret and _is_pin(key, value) else value
        return self._place(made, obj, place)

    def _place(self, made: Obj, obj: Obj, place: str) -> Obj:
        """Replace what is a name by where it stands: in a reference, as a key of a map, in a taint."""
        if place == "taints" and "key" in made:
            made["key"] = self._label(str(made["key"]))
        if not self._names.has_ordinary:
            return made
        sort = BY_KIND.get(str(obj["kind"])) if "kind" in obj and "name" in obj else None
        if sort and (entry := self._names.placed(sort, str(obj["name"]))):
            made["name"] = entry.pseudonym
        if place in HOST_MAPS:
            named = {key: self._names.placed(Sort.HOST, key) for key in made}
            return {(entry.pseudonym if (entry := named[key]) else key): value for key, value in made.items()}
        return made

    def _list(self, items: list[Any], key: str, field: _Field) -> list[Any]:
        made: list[Any] = []
        for item in items:
            if isinstance(item, str):
                made.append(self._string(field, item))
            elif isinstance(item, dict):
                made.append(self._map(item, key))
            elif isinstance(item, list):
                made.append(self._list(item, key, field))
            else:
                made.append(item)
        return made

    def _make_field(self, key: str, is_label: bool) -> _Field:
        sort = KEYS.get(key)
        if is_label and is_foreign_key(key):
            field = _Field(self._label(key), key in DROPPED, is_secret_key(key), sort or Sort.LABEL)
        else:
            new = key if key.isalpha() and _is_field(key, self._names) else self._text(key)
            field = _Field(new, key in DROPPED, is_secret_key(key), sort)
        (self._labels if is_label else self._fields)[key] = field
        return field

    def _label(self, key: str) -> str:
        """The key of a label, an annotation or a taint: one of the user's own is replaced."""
        if not is_foreign_key(key):
            return key
        domain, slash, name = key.rpartition("/")
        made = self._text(name)
        if made == name:
            made = self._names.take(name, Sort.LABEL)
        return f"{self._text(domain)}{slash}{made}"

    def _string(self, field: _Field, value: str) -> str:
        if value and (field.secret or value.startswith(CLOUD_INIT)):
            self._text.removed["cloud-init" if value.startswith(CLOUD_INIT) else "credential"] += 1
            return MASK
        if field.key in PLACED and (parts := value.split("/"))[1:]:
            sorts = (Sort.NAMESPACE, *(PLACED[field.key] for _ in parts[1:]))
            return "/".join(map(self._name, sorts, parts))
        return self._name(field.sort, value)

    def _name(self, sort: Sort | None, value: str) -> str:
        """Return the pseudonym of what a value names, if it is a name; else the value as a text."""
        entry = sort and self._names.placed(sort, value)
        return entry.pseudonym if entry else self._text(value)


def _is_field(key: str, names: Names) -> bool:
    """Whether a key is the name of a field, and not a name that someone gave."""
    return not key.islower() or not names.find(key) or key in package_words()


def _is_pin(key: str, value: object) -> bool:
    """Whether a number is a password, and not how many there are of something."""
    return type(value) in (int, float) and "pass" in key.casefold()
