"""Write objects as a support bundle, in the words of tests, or as a folder of `kubectl get` output."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from harvdiag.training.kit import bundle
from harvdiag.training.kit.bundle import PLAN_KEYS, Lists, Manner, Object, group_of, plural, root_name

__all__ = ["PLAN_KEYS", "dump", "plural", "root_name", "write_bundle", "write_folder"]

_LISTED = {  # plural and group of kinds that a folder shows even when there are none
    "nodes": ("v1", "Node"),
    "secrets": ("v1", "Secret"),
    "machines.cluster.x-k8s.io": ("cluster.x-k8s.io/v1beta1", "Machine"),
    "custommachines.rke.cattle.io": ("rke.cattle.io/v1", "CustomMachine"),
    "rkebootstraps.rke.cattle.io": ("rke.cattle.io/v1", "RKEBootstrap"),
    "upgrades.harvesterhci.io": ("harvesterhci.io/v1beta1", "Upgrade"),
    "jobs.batch": ("batch/v1", "Job"),
    "plans.upgrade.cattle.io": ("upgrade.cattle.io/v1", "Plan"),
    "upgradelogs.harvesterhci.io": ("harvesterhci.io/v1beta1", "UpgradeLog"),
    "upgradeplans.management.harvesterhci.io": ("management.harvesterhci.io/v1beta1", "UpgradePlan"),
    "managedcharts.management.cattle.io": ("management.cattle.io/v3", "ManagedChart"),
    "bundles.fleet.cattle.io": ("fleet.cattle.io/v1alpha1", "Bundle"),
    "nodes.longhorn.io": ("longhorn.io/v1beta2", "Node"),
    "addons.harvesterhci.io": ("harvesterhci.io/v1beta1", "Addon"),
    "deployments.apps": ("apps/v1", "Deployment"),
    "daemonsets.apps": ("apps/v1", "DaemonSet"),
    "kubevirts.kubevirt.io": ("kubevirt.io/v1", "KubeVirt"),
    "virtualmachineimages.harvesterhci.io": ("harvesterhci.io/v1beta1", "VirtualMachineImage"),
    "virtualmachineinstances.kubevirt.io": ("kubevirt.io/v1", "VirtualMachineInstance"),
    "volumes.longhorn.io": ("longhorn.io/v1beta2", "Volume"),
    "engines.longhorn.io": ("longhorn.io/v1beta2", "Engine"),
    "instancemanagers.longhorn.io": ("longhorn.io/v1beta2", "InstanceManager"),
    "poddisruptionbudgets.policy": ("policy/v1", "PodDisruptionBudget"),
    "settings.longhorn.io": ("longhorn.io/v1beta2", "Setting"),
}
_HOMES = {  # asked for apart, since other namespaces have such objects as well
    "addons.harvesterhci.io": "harvester-system",
    "daemonsets.apps": "harvester-system",
    "deployments.apps": "cattle-system",
    "jobs.batch": "harvester-system",
    "poddisruptionbudgets.policy": "longhorn-system",
    "virtualmachineimages.harvesterhci.io": "harvester-system",
    "virtualmachineinstances.kubevirt.io": "harvester-system",
}


def write_bundle(path: Path | str, objects: Iterable[Object], *, captured_at: str, **manner: Any) -> Path:
    """Write a support bundle; `manner` are the fields of `Manner`. Give back what a user would open."""
    return bundle.write_bundle(path, objects, captured_at, Manner(**manner))


def write_folder(path: Path | str, objects: Iterable[Object]) -> Path:
    """Write one file for each kind, as `kubectl get <plural>.<group> -A -o yaml` does; some kinds even if empty."""
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    lists: Lists = {name: [] for name in _LISTED}
    for obj in map(_with_uid, objects):
        group = group_of(obj)
        lists.setdefault(f"{plural(obj['kind'])}.{group}" if group else plural(obj["kind"]), []).append(obj)
    for name, items in lists.items():
        documents = [_listed(items)] if items else []
        home = _HOMES.get(name)
        if not items or (home and home not in {obj["metadata"]["namespace"] for obj in items}):
            api, kind = _LISTED[name]
            empty = {"apiVersion": api, "kind": f"{kind}List", "items": [], "metadata": {"resourceVersion": ""}}
            documents.append(dump(empty))
        (folder / f"{name}.yaml").write_text("---\n".join(documents), encoding="utf-8")
    return folder


def _with_uid(obj: Object) -> Object:
    """An object as a server has it: one with neither uid nor status would not have come from there."""
    if obj["metadata"].get("uid") or obj.get("status"):
        return obj
    return {**obj, "metadata": {**obj["metadata"], "uid": f"uid-{obj['kind']}-{obj['metadata']['name']}".lower()}}


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def dump(value: object) -> str:
    """YAML as kubectl prints it: block style, no anchors."""
    return yaml.dump(value, Dumper=_Dumper, default_flow_style=False, allow_unicode=True, width=4096)


def _listed(items: Sequence[Object]) -> str:
    """What `dump` gives for a List of these objects."""
    rows = "".join(_row(marshal.dumps(item, _NO_SHARING)) for item in items)
    return f"apiVersion: v1\nitems:\n{rows}kind: List\nmetadata:\n  resourceVersion: ''\n"


# Most objects of a test are those of many others, too, so the text of each is kept. The key tells equal values of
# different types apart, as a dictionary would not.
_NO_SHARING = 0  # a version of marshal in which equal objects give equal bytes


@lru_cache(maxsize=20_000)
def _row(value: bytes) -> str:
    return dump([marshal.loads(value)])  # noqa: S302
