"""The three objects of a host as Rancher makes them: RKEBootstrap, CustomMachine and Machine, by the facts of one
cluster (docs/objects.md#join-by-hand).

Owners, plan Secret and status are left out: Cluster API and Rancher write them, and take none that a person made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harvdiag.core.fields import Obj, field_path, get_labels, get_text, name_of
from harvdiag.core.release import read_release
from harvdiag.core.suggest import join_names
from harvdiag.cure.drafts.host import OPEN_ID, Host, has_pseudonyms, partners
from harvdiag.cure.drafts.model import Draft
from harvdiag.cure.drafts.text import file_name
from harvdiag.kinds.local import FLEET
from harvdiag.rules.facts import Facts

__all__ = ["draft_manifest", "pair_version"]

RKE, CAPI = "rke.cattle.io/v1", "cluster.x-k8s.io"
KINDS = ("RKEBootstrap", "CustomMachine", "Machine")
CLUSTER = {"cluster.x-k8s.io/cluster-name": "local", "rke.cattle.io/cluster-name": "local"}
CONTROL_PLANE = "cluster.x-k8s.io/control-plane"
OF_ONE = frozenset({"rke.cattle.io/machine-id", "rke.cattle.io/node-name", CONTROL_PLANE})
"""Labels whose value is that of one host."""
WRITTEN = {"Machine": {"bootstrap", "clusterName", "infrastructureRef", "providerID", "version"}}
"""Fields of `spec` that are drafted, or that controllers write."""
ENOUGH = 2
"""From so many objects on a value that all of them have is that of the cluster."""


def draft_manifest(facts: Facts, host: Host) -> Draft:
    """Return the draft of the three objects; raises LookupError where neither a Machine nor the release was seen."""
    version = pair_version(facts)
    siblings = {kind: _siblings(facts, kind) for kind in KINDS}
    parts = [_draft(kind, host, version, siblings[kind]) for kind in KINDS]
    return Draft(
        name=file_name(f"{host.node.name}-machine.yaml"),
        title=f"RKEBootstrap, CustomMachine and Machine of {host.node.name}",
        objects=tuple(parts),
        dangers=_dangers(facts, host),
        sources=tuple(_sources(facts, host, version, siblings)),
        untold=(*host.untold, *_forgotten(parts, siblings)),
    )


def pair_version(facts: Facts) -> str:
    """Return the version of Cluster API's Machines: that of those that are there, else that of the release.

    Raises LookupError where neither was seen.
    """
    seen = [get_text(facts.pairing.obj(machine), "apiVersion") for machine in facts.pairing.machines]
    known = next((version for version in seen if version.startswith(f"{CAPI}/")), "")
    release = read_release(facts.harvester_version)
    if not known and release is None:
        raise LookupError("neither a Machine nor the release of Harvester was seen, so the version of its API is open")
    return known or f"{CAPI}/{'v1beta2' if release and release[:2] >= (1, 8) else 'v1beta1'}"


def _siblings(facts: Facts, kind: str) -> list[Obj]:
    """The objects of a kind in the clean pairs of the cluster."""
    found = (facts.links.objects.get(machine._replace(kind=kind)) for machine, _ in partners(facts))
    return [obj for obj in found if obj is not None]


def _draft(kind: str, host: Host, version: str, siblings: Sequence[Obj]) -> Obj:
    metadata: dict[str, Any] = {"name": host.name, "namespace": FLEET, "labels": _labels(kind, host, siblings)}
    if marks := _annotations(kind, host):
        metadata["annotations"] = marks
    draft: Obj = {"apiVersion": version if kind == "Machine" else RKE, "kind": kind, "metadata": metadata}
    spec = _spec(kind, host, version)
    return {**draft, "spec": {**_common(siblings, "spec", WRITTEN.get(kind)), **spec}} if spec else draft


def _labels(kind: str, host: Host, siblings: Sequence[Obj]) -> dict[str, str]:
    roles = {f"rke.cattle.io/{role}-role": "true" for role in host.roles}
    own = {"rke.cattle.io/machine-id": host.cattle_id or OPEN_ID, "rke.cattle.io/node-name": host.node.name}
    if kind == "Machine" and "control-plane" in host.roles:
        own[CONTROL_PLANE] = "true"
    return {**_common(siblings, "metadata.labels", OF_ONE), **CLUSTER, **own, **roles}


def _common(siblings: Sequence[Obj], path: str, but: frozenset[str] | set[str] | None) -> dict[str, Any]:
    """What all siblings have alike below a path, if there are enough of them to tell; roles are never taken over."""
    if but is None or len(siblings) < ENOUGH:
        return {}
    rows = [field_path(path).get(obj) for obj in siblings]
    first = rows[0] if isinstance(rows[0], dict) else {}
    return {
        key: value
        for key, value in first.items()
        if key not in but and not _is_role(key) and all(isinstance(row, dict) and row.get(key) == value for row in rows)
    }


def _is_role(key: str) -> bool:
    return key.startswith("rke.cattle.io/") and key.endswith("-role")


def _annotations(kind: str, host: Host) -> dict[str, str]:
    taints = _compact(list(host.taints))
    if kind == "CustomMachine":
        return {"rke.cattle.io/taints": taints}
    if kind == "Machine":
        return {}
    found = {"rke.cattle.io/address": host.address, "rke.cattle.io/internal-address": host.internal_address}
    return {
        **{key: value for key, value in found.items() if value},
        "rke.cattle.io/labels": _compact(dict(host.labels)),
        "rke.cattle.io/taints": taints,
    }


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _spec(kind: str, host: Host, version: str) -> dict[str, Any]:
    if kind == "CustomMachine":
        return {}
    if kind == "RKEBootstrap":
        return {"clusterName": "local"}
    typed = {"apiGroup": "rke.cattle.io"} if version.endswith("v1beta2") else {"apiVersion": RKE, "namespace": FLEET}
    return {
        "clusterName": "local",
        "bootstrap": {"configRef": {**typed, "kind": "RKEBootstrap", "name": host.name}},
        "infrastructureRef": {**typed, "kind": "CustomMachine", "name": host.name},
    }


def _dangers(facts: Facts, host: Host) -> tuple[str, ...]:
    name = host.node.name
    pseudonyms = ("Names and addresses in it are pseudonyms: on the cluster it fits nothing.",)
    return (
        *(pseudonyms if has_pseudonyms(facts) else ()),
        (
            f"A pair without a registered agent is worse than the orphan: Rancher then waits for the agent of {name} "
            "before it goes on with any other node."
        ),
        "There is no report of anyone who did this on Harvester: it follows from the code of Rancher and Cluster API.",
        f"Wrong role labels turn {name} into what they say: with etcd-role a worker would try to join etcd.",
        f"With another name or machine-id {name} registers as a second Machine, and two Machines have one Node.",
        "Create all three together, and nothing else: Cluster API writes the owners, Rancher the plan Secret.",
        "Never write status.nodeRef or spec.providerID by hand: Cluster API does not change a nodeRef that is set.",
    )


def _sources(facts: Facts, host: Host, version: str, siblings: Mapping[str, Sequence[Obj]]) -> list[tuple[str, str]]:
    seen = f"the Machines in {FLEET}" if facts.pairing.machines else f"Harvester {facts.harvester_version}"
    told = dict(host.sources)
    found = [("apiVersion of Machine, form of its references", f"{seen}: {version}")]
    found += [("metadata.name, label machine-id", told["name"])] if "name" in told else []
    found += [
        ("labels etcd-role, control-plane-role, worker-role", told["roles"]),
        ("label node-name", f"metadata.name of Node {host.node.name}"),
        ("labels cluster-name, spec.clusterName", "the cluster is always named local"),
        ("annotations address, internal-address", told["addresses"]),
        ("annotation labels", told["labels"]),
        ("annotation taints", told["taints"]),
    ]
    for kind, others in siblings.items():
        keys = {*_common(others, "metadata.labels", OF_ONE), *_common(others, "spec", WRITTEN.get(kind))} - {*CLUSTER}
        found += [(f"{join_names(sorted(keys))} of {kind}", f"each of the {len(others)} others has it")] if keys else []
    return found


def _forgotten(parts: Sequence[Obj], siblings: Mapping[str, Sequence[Obj]]) -> list[str]:
    """The labels that some siblings have and the draft lacks, so that a person decides."""
    found = []
    for part in parts:
        others = siblings[part["kind"]]
        extra = {key for obj in others for key in get_labels(obj) if key not in OF_ONE and not _is_role(key)}
        if missing := sorted(extra - get_labels(part).keys()):
            who = next(name_of(obj) for obj in others if missing[0] in get_labels(obj))
            found.append(f"whether {part['kind']} is to have {join_names(missing)} too, as {who} has")
    return found
