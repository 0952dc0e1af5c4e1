"""Write objects as a support bundle or as a folder of `kubectl get` output.

The bundle has the layout, the text and the damage of rancher/support-bundle-kit: `tests.tools.gen_bundle` holds the
encoder. The same arguments write the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import marshal
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from tests.tools import gen_bundle
from tests.world.clusters import NAMESPACES
from tests.world.objects import FLEET

Object = dict[str, Any]
Lists = dict[str, list[Object]]
Contents = str | bytes | Mapping[str, str]

PLAN_KEYS = (  # what a bundle keeps of a plan Secret
    "applied-checksum",
    "applied-output",
    "applied-periodic-output",
    "failed-checksum",
    "failed-output",
    "failure-count",
    "failure-threshold",
    "last-apply-time",
    "max-failures",
    "probe-statuses",
    "success-count",
)
_LEFT_OUT_SETTINGS = ("additional-ca", "cluster-registration-url", "containerd-registry", "ssl-certificates")
_LEFT_OUT_RANCHER = ("AuthConfig", "AuthToken", "SamlToken", "Token", "User")
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
_OLD_DIRS = {"": "kubernetes", "harvesterhci.io": "harvester", "kubevirt.io": "kubevirt", "cdi.kubevirt.io": "cdi"}
_OLD_NAMESPACES = ("default", "kube-system", "cattle-system", "harvester-system")


def write_bundle(
    path: Path | str,
    objects: Iterable[Object],
    *,
    captured_at: str,
    root: str | None = None,
    log_lines: Sequence[str] = (),
    logs: Mapping[str, str] | None = None,
    node_zips: Mapping[str, Mapping[str, str]] | None = None,
    collected_namespaces: Sequence[str] = NAMESPACES,
    as_folder: bool = False,
    layout: Literal["current", "2021"] = "current",
    secrets: bool = True,
) -> Path:
    """Write a support bundle and give back what a user would open: the zip, or its extracted root directory.

    `root` is the directory inside; None names it as the kit does, "" leaves it out. `log_lines` go to
    bundleGenerationError.log, `logs` maps `<namespace>/<pod>/<container>.log` and `node_zips` a node's name and a path
    below its root directory to text. `secrets=False` is a kit before November 2022, which collected none.
    """
    found = list(objects)
    if root is None:
        root = root_name(found, captured_at)
    lists = _old_lists(found) if layout == "2021" else _lists(found, collected_namespaces, secrets)
    members: dict[str, str | bytes] = {"metadata.yaml": _metadata(found, captured_at)}
    members["bundleGenerationError.log"] = "".join(f"{line}\n" for line in log_lines)
    members |= {f"yamls/{name}.yaml": _list_text(name, items, layout) for name, items in lists.items()}
    members |= {f"logs/{name}": text for name, text in (logs or {}).items()}
    members |= {f"nodes/{node}.zip": _node_zip(node, files, captured_at) for node, files in (node_zips or {}).items()}
    named = {f"{root}/{name}" if root else name: data for name, data in members.items()}
    return _write_tree(Path(path), named, root) if as_folder else _write_zip(Path(path), named, captured_at)


def write_folder(path: Path | str, objects: Iterable[Object]) -> Path:
    """Write one file for each kind, as `kubectl get <plural>.<group> -A -o yaml` does; some kinds even if empty."""
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    lists: Lists = {name: [] for name in _LISTED}
    for obj in map(_with_uid, objects):
        group = _group(obj)
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


def root_name(objects: Iterable[Object], captured_at: str) -> str:
    """Name of the directory in a bundle: the uid of namespace harvester-system and the time with `-` for `:`."""
    return f"supportbundle_{_project_uid(objects)}_{captured_at.replace(':', '-')}"


def plural(kind: str) -> str:
    """The plural by which the API lists a kind."""
    lower = "node" if kind == "NodeMetrics" else kind.lower()
    if lower.endswith("y"):
        return lower[:-1] + "ies"
    return lower + ("es" if lower.endswith(("s", "x", "ch")) else "s")


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def dump(value: object) -> str:
    """YAML as kubectl prints it: block style, no anchors."""
    return yaml.dump(value, Dumper=_Dumper, default_flow_style=False, allow_unicode=True, width=4096)


# Most objects of a test are those of many others, too, so the text of each is kept. The key tells equal values of
# different types apart, as a dictionary would not.
_NO_SHARING = 0  # a version of marshal in which equal objects give equal bytes


def _listed(items: Sequence[Object]) -> str:
    """What `dump` gives for a List of these objects."""
    rows = "".join(_kept(_row, item) for item in items)
    return f"apiVersion: v1\nitems:\n{rows}kind: List\nmetadata:\n  resourceVersion: ''\n"


def _kept(encode: Callable[[bytes], str], value: Object) -> str:
    """The text of an object, by an encoder of its bytes that keeps what it has made."""
    return encode(marshal.dumps(value, _NO_SHARING))


@lru_cache(maxsize=20_000)
def _row(value: bytes) -> str:
    return dump([marshal.loads(value)])  # noqa: S302


@lru_cache(maxsize=20_000)
def _collected_row(value: bytes) -> str:
    """As the bundle collector writes an object: with its damage."""
    _, row, _ = gen_bundle.encode_list([marshal.loads(value)], {})  # noqa: S302
    return row


def _group(obj: Object) -> str:
    return str(obj["apiVersion"]).rpartition("/")[0]


def _rank(api: str) -> tuple[bool, str, str]:
    """Order of a group's versions as the API server prefers them: v1, then v1beta2, v1beta1, v1alpha4."""
    version = api.rpartition("/")[2]
    stage = version.lstrip("v0123456789")
    return not stage, stage, version


def _project_uid(objects: Iterable[Object]) -> str:
    for obj in objects:
        if obj["kind"] == "Namespace" and obj["metadata"]["name"] == "harvester-system":
            return str(obj["metadata"]["uid"])
    return "00000000-0000-4000-8000-000000000000"


def _lists(objects: Sequence[Object], namespaces: Sequence[str], secrets: bool) -> Lists:
    preferred: dict[tuple[str, str], str] = {}
    for obj in objects:
        key = _group(obj), obj["kind"]
        preferred[key] = max(obj["apiVersion"], preferred.get(key, obj["apiVersion"]), key=_rank)
    lists: Lists = {f"namespaced/{FLEET}/v1/secrets": []} if secrets and FLEET in namespaces else {}
    for obj in objects:
        if preferred[_group(obj), obj["kind"]] == obj["apiVersion"] and _collected(obj, namespaces, secrets):
            lists.setdefault(f"{_scope(obj)}/{obj['apiVersion']}/{plural(obj['kind'])}", []).append(_cut(obj))
    return lists


def _scope(obj: Object) -> str:
    namespace = obj["metadata"].get("namespace")
    return f"namespaced/{namespace}" if namespace else "cluster"


def _collected(obj: Object, namespaces: Sequence[str], secrets: bool) -> bool:
    namespace, name = obj["metadata"].get("namespace"), obj["metadata"]["name"]
    if namespace is not None and namespace not in namespaces:
        return False
    if obj["apiVersion"] == "v1" and obj["kind"] == "Secret":
        return secrets and namespace == FLEET and obj.get("type") == "rke.cattle.io/machine-plan"
    if _group(obj) == "management.cattle.io" and obj["kind"] in _LEFT_OUT_RANCHER:
        return False
    return not (_group(obj) == "harvesterhci.io" and obj["kind"] == "Setting" and name in _LEFT_OUT_SETTINGS)


def _cut(obj: Object) -> Object:
    if obj["kind"] != "Secret" or "data" not in obj:
        return obj
    return obj | {"data": {key: value for key, value in obj["data"].items() if key in PLAN_KEYS}}


def _old_lists(objects: Sequence[Object]) -> Lists:
    lists: Lists = {}
    for obj in objects:
        directory, namespace = _OLD_DIRS.get(_group(obj)), obj["metadata"].get("namespace")
        if directory is None or obj["kind"] == "Secret" or namespace not in (None, *_OLD_NAMESPACES):
            continue
        bare = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind")}
        lists.setdefault(f"{_scope(obj)}/{directory}/{plural(obj['kind'])}", []).append({"": obj, **bare})
    return lists


def _list_text(name: str, items: Sequence[Object], layout: str) -> str:
    meta = {"resourceVersion": str(50_000_000 + len(name) * 1_013)}
    if not items:
        return gen_bundle.encode({"apiVersion": "v1", "items": [], "kind": "List", "metadata": meta})
    if layout == "current":
        head, tail = gen_bundle.encode_list([], meta)
        return "".join([head, *(_kept(_collected_row, item) for item in items), tail])
    head = items[0][""]
    bare = [gen_bundle.kit_quirks({key: value for key, value in item.items() if key}) for item in items]
    typed = {"apiVersion": head["apiVersion"], "items": bare, "kind": f"{head['kind']}List", "metadata": meta}
    return gen_bundle.encode(typed)


def _metadata(objects: Sequence[Object], captured_at: str) -> str:
    uid = _project_uid(objects)
    values = {
        "bundlename": f"bundle-{uid[:5]}",
        "bundleversion": "0.1.0",
        "kubernetesversion": next(_kubernetes(objects), "v1.31.4+rke2r1"),
        "projectnamespaceuuid": uid,
        "bundlecreatedat": captured_at,
        "issueurl": "",
        "issuedescription": "upgrade",
    }
    return "".join(f"{key}: {gen_bundle._scalar(value, len(key) + 2, 2)}\n" for key, value in values.items())


def _kubernetes(objects: Iterable[Object]) -> Iterator[str]:
    for obj in objects:
        if obj["kind"] == "Node" and obj["apiVersion"] == "v1" and "nodeInfo" in obj.get("status", {}):
            yield obj["status"]["nodeInfo"]["kubeletVersion"]


def _node_zip(node: str, files: Mapping[str, str], captured_at: str) -> bytes:
    buffer = io.BytesIO()
    _fill(buffer, {f"{node}/{name}": text for name, text in files.items()}, captured_at)
    return buffer.getvalue()


def _write_zip(path: Path, members: Mapping[str, str | bytes], captured_at: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        _fill(file, members, captured_at)
    return path


def _fill(file: Any, members: Mapping[str, str | bytes], captured_at: str) -> None:
    date = dt.datetime.fromisoformat(captured_at).timetuple()[:6]
    folders = {f"{parent}/" for name in members for parent in map(str, Path(name).parents) if parent != "."}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted([*folders, *members]):
            info = zipfile.ZipInfo(name, date)
            info.create_system = 3
            info.external_attr = (0o40755 << 16 | 0x10) if name.endswith("/") else 0o100644 << 16
            info.compress_type = zipfile.ZIP_STORED if name.endswith("/") else zipfile.ZIP_DEFLATED
            archive.writestr(info, members.get(name, b""))


def _write_tree(path: Path, members: Mapping[str, str | bytes], root: str) -> Path:
    for name, data in members.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)
    return path / root if root else path
