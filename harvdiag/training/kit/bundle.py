"""Write objects as a support bundle with the layout, the text and the damage of rancher/support-bundle-kit.

The same arguments write the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from harvdiag.training.kit.encode import encode, encode_list, kit_quirks
from harvdiag.training.kit.scalars import scalar
from harvdiag.training.world.clusters import NAMESPACES
from harvdiag.training.world.objects import FLEET

__all__ = ["PLAN_KEYS", "Lists", "Manner", "Object", "group_of", "plural", "root_name", "write_bundle"]

Object = dict[str, Any]
Lists = dict[str, list[Object]]

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
_OLD_DIRS = {"": "kubernetes", "harvesterhci.io": "harvester", "kubevirt.io": "kubevirt", "cdi.kubevirt.io": "cdi"}
_OLD_NAMESPACES = ("default", "kube-system", "cattle-system", "harvester-system")


@dataclass(frozen=True, kw_only=True)
class Manner:
    """What stands in a bundle beside the objects, and how it is written.

    `root` is the directory inside; None names it as the kit does, "" leaves it out. `log_lines` go to
    bundleGenerationError.log, `logs` maps `<namespace>/<pod>/<container>.log` and `node_zips` a node's name and a path
    below its root directory to text. `secrets=False` is a kit before November 2022, which collected none.
    """

    root: str | None = None
    log_lines: Sequence[str] = ()
    logs: Mapping[str, str] = field(default_factory=dict)
    node_zips: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    collected_namespaces: Sequence[str] = NAMESPACES
    as_folder: bool = False
    layout: Literal["current", "2021"] = "current"
    secrets: bool = True


def write_bundle(path: Path | str, objects: Iterable[Object], captured_at: str, manner: Manner | None = None) -> Path:
    """Write a support bundle and give back what a user would open: the zip, or its extracted root directory."""
    found, how = list(objects), manner or Manner()
    root = root_name(found, captured_at) if how.root is None else how.root
    lists = _old_lists(found) if how.layout == "2021" else _lists(found, how.collected_namespaces, how.secrets)
    members: dict[str, str | bytes] = {"metadata.yaml": _metadata(found, captured_at)}
    members["bundleGenerationError.log"] = "".join(f"{line}\n" for line in how.log_lines)
    members |= {f"yamls/{name}.yaml": _list_text(name, items, how.layout) for name, items in lists.items()}
    members |= {f"logs/{name}": text for name, text in how.logs.items()}
    members |= {f"nodes/{node}.zip": _node_zip(node, files, captured_at) for node, files in how.node_zips.items()}
    named = {f"{root}/{name}" if root else name: data for name, data in members.items()}
    return _write_tree(Path(path), named, root) if how.as_folder else _write_zip(Path(path), named, captured_at)


def root_name(objects: Iterable[Object], captured_at: str) -> str:
    """Name of the directory in a bundle: the uid of namespace harvester-system and the time with `-` for `:`."""
    return f"supportbundle_{_project_uid(objects)}_{captured_at.replace(':', '-')}"


def plural(kind: str) -> str:
    """The plural by which the API lists a kind."""
    lower = "node" if kind == "NodeMetrics" else kind.lower()
    if lower.endswith("y"):
        return lower[:-1] + "ies"
    return lower + ("es" if lower.endswith(("s", "x", "ch")) else "s")


@lru_cache(maxsize=20_000)
def _collected_row(text: str) -> str:
    """As the bundle collector writes an object, given as JSON: with its damage. Most are in many bundles."""
    _, row, _ = encode_list([json.loads(text)], {})
    return row


def group_of(obj: Object) -> str:
    """The group of an object's API; empty for the core group."""
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
        key = group_of(obj), obj["kind"]
        preferred[key] = max(obj["apiVersion"], preferred.get(key, obj["apiVersion"]), key=_rank)
    lists: Lists = {f"namespaced/{FLEET}/v1/secrets": []} if secrets and FLEET in namespaces else {}
    for obj in objects:
        if preferred[group_of(obj), obj["kind"]] == obj["apiVersion"] and _collected(obj, namespaces, secrets):
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
    if group_of(obj) == "management.cattle.io" and obj["kind"] in _LEFT_OUT_RANCHER:
        return False
    return not (group_of(obj) == "harvesterhci.io" and obj["kind"] == "Setting" and name in _LEFT_OUT_SETTINGS)


def _cut(obj: Object) -> Object:
    if obj["kind"] != "Secret" or "data" not in obj:
        return obj
    return obj | {"data": {key: value for key, value in obj["data"].items() if key in PLAN_KEYS}}


def _old_lists(objects: Sequence[Object]) -> Lists:
    lists: Lists = {}
    for obj in objects:
        directory, namespace = _OLD_DIRS.get(group_of(obj)), obj["metadata"].get("namespace")
        if directory is None or obj["kind"] == "Secret" or namespace not in (None, *_OLD_NAMESPACES):
            continue
        bare = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind")}
        lists.setdefault(f"{_scope(obj)}/{directory}/{plural(obj['kind'])}", []).append({"": obj, **bare})
    return lists


def _list_text(name: str, items: Sequence[Object], layout: str) -> str:
    meta = {"resourceVersion": str(50_000_000 + len(name) * 1_013)}
    if not items:
        return encode({"apiVersion": "v1", "items": [], "kind": "List", "metadata": meta})
    if layout == "current":
        head, tail = encode_list([], meta)
        return "".join([head, *(_collected_row(json.dumps(item)) for item in items), tail])
    head = items[0][""]
    bare = [kit_quirks({key: value for key, value in item.items() if key}) for item in items]
    typed = {"apiVersion": head["apiVersion"], "items": bare, "kind": f"{head['kind']}List", "metadata": meta}
    return encode(typed)


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
    return "".join(f"{key}: {scalar(value, len(key) + 2, 2)}\n" for key, value in values.items())


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
