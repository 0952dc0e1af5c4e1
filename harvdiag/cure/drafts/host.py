"""As what a host would register: the name of its Machine, its roles, its addresses, each with where that is from.

Rancher names a Machine after the cattle-id of its host, and gives it the roles that the host asks for
(docs/objects.md#join-connection-request).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from harvdiag.core.fields import Obj, field_path, get_items, get_labels, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.kinds.local import FLEET
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import has_role
from harvdiag.rules.machine_pairs import MANAGED
from harvdiag.rules.volumes import WITNESS

__all__ = [
    "CATTLE_ID",
    "OPEN_ID",
    "OPEN_NAME",
    "SHOW_DIGEST",
    "SHOW_ID",
    "Host",
    "has_pseudonyms",
    "partners",
    "read_host",
    "roles_of",
]

CATTLE_ID = "etc/rancher/agent/cattle-id"
SHOW_ID = f"`cat /{CATTLE_ID}`"
SHOW_DIGEST = f"`tr -d '\\n' < /{CATTLE_ID} | sha256sum | cut -c 1-12`"
OPEN_ID = "<CATTLE-ID>"
OPEN_NAME = "custom-<12-HEX-DIGITS>"
"""What stands for the name of a Machine that was not seen: Kubernetes takes none like it, so that nothing is made."""
ROLES = ("control-plane", "etcd", "worker")
"""Rancher's roles, as its labels name them."""
WISHES = "node-role.harvesterhci.io/"
"""The labels with which a host is installed, of the role that it is to have."""
OWN_TAINTS = ("node.kubernetes.io/", "kubevirt.io/", "node.cloudprovider.kubernetes.io/", "node.cluster.x-k8s.io/")
"""Taints that controllers write and remove; none of them is asked for when a host registers."""


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host as it would register."""

    node: ObjectRef
    machine: str
    """The name of its Machine; empty where the host's files were not seen."""
    cattle_id: str
    roles: tuple[str, ...]
    """Rancher's roles: ``control-plane``, ``etcd``, ``worker``."""
    address: str
    internal_address: str
    labels: Mapping[str, str]
    """The labels that its Node is to have, as its installation gives them."""
    taints: tuple[Mapping[str, str], ...]
    sources: tuple[tuple[str, str], ...]
    untold: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of its Machine, or what stands for it."""
        return self.machine or OPEN_NAME

    @property
    def manages(self) -> bool:
        """Whether it is part of the control plane, or of etcd."""
        return bool({"control-plane", "etcd"} & set(self.roles))


def read_host(facts: Facts, node: ObjectRef) -> Host:
    """Read off what was seen as what a host would register; what was not seen stays open."""
    obj = facts.pairing.obj(node)
    files = facts.snapshot.host(node.name)
    cattle_id = get_text(files, f'files["{CATTLE_ID}"].id')
    machine = get_text(files, f'files["{CATTLE_ID}"].machine')
    external, internal = (_address(obj, kind) for kind in ("ExternalIP", "InternalIP"))
    labels, of_labels = _labels(facts, obj)
    return Host(
        node=node,
        machine=machine,
        cattle_id=cattle_id if machine else "",
        roles=roles_of(facts, node),
        address=external or internal,
        internal_address=internal,
        labels=labels,
        taints=_taints(obj),
        sources=(
            *([("name", f"{CATTLE_ID} of {node.name}, by its SHA-256")] if machine else ()),
            ("roles", f"the labels node-role.kubernetes.io of Node {node.name}"),
            ("addresses", f"status.addresses of Node {node.name}"),
            ("labels", of_labels),
            ("taints", f"spec.taints of Node {node.name}, without those of controllers"),
        ),
        untold=tuple(_untold(node, machine, internal)),
    )


def _untold(node: ObjectRef, machine: str, internal: str) -> list[str]:
    open_fields = []
    if not machine:
        open_fields.append(
            f"the cattle-id of {node.name} was not seen, and with it the name of the Machine: on the host {SHOW_ID} "
            f"shows the one, {SHOW_DIGEST} the digits of the other"
        )
    if not internal:
        open_fields.append(f"Node {node.name} has no InternalIP")
    return open_fields


def has_pseudonyms(facts: Facts) -> bool:
    """Whether names and addresses are pseudonyms: of a source that is redacted, or read so."""
    return facts.snapshot.redactor is not None or bool(facts.snapshot.manifest.redacted)


def roles_of(facts: Facts, node: ObjectRef) -> tuple[str, ...]:
    """Return Rancher's roles of a Node, by the roles that it has; a witness runs nothing but etcd."""
    etcd = has_role(facts, node, "etcd")
    control = has_role(facts, node, "control-plane") or has_role(facts, node, "master")
    witness = get_labels(facts.pairing.obj(node)).get(WITNESS) == "true"
    held = {"etcd": etcd, "control-plane": control, "worker": not witness or control}
    return tuple(role for role in ROLES if held[role])


def partners(facts: Facts) -> list[tuple[ObjectRef, ObjectRef]]:
    """Return the clean pairs of the cluster, each Machine with its Node: what a draft is compared with."""
    found = []
    for machine in facts.pairing.machines:
        edge = facts.pairing.node_ref(machine)
        if edge is None or edge.broken or facts.pairing.deletion_time(machine):
            continue
        named = facts.pairing.machine_ref(edge.target)
        if named is not None and named.target == machine:
            found.append((machine, edge.target))
    return found


def _address(obj: Obj, kind: str) -> str:
    rows = (row for row in get_items(obj, "status.addresses") if isinstance(row, dict))
    return next((get_text(row, "address") for row in rows if get_text(row, "type") == kind), "")


def _labels(facts: Facts, obj: Obj) -> tuple[dict[str, str], str]:
    """The labels of the installation: that of Harvester, the wish for a role, and what every other host asked for."""
    own = {key: value for key, value in get_labels(obj).items() if key.startswith(WISHES) and isinstance(value, str)}
    asked = [_asked(facts.links.objects.get(m._replace(kind="RKEBootstrap"))) for m, _ in partners(facts)]
    alike = set.intersection(*(set(each.items()) for each in asked)) if asked else set()
    common = {key: value for key, value in sorted(alike) if not key.startswith(WISHES)}
    siblings = f", and {join_names(sorted(common))} as every other RKEBootstrap in {FLEET}" if common else ""
    return {**common, **own, MANAGED: "true"}, f"Harvester's own label{siblings}"


def _asked(bootstrap: Obj | None) -> dict[str, str]:
    text = get_text(bootstrap, 'metadata.annotations["rke.cattle.io/labels"]')
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def _taints(obj: Obj) -> tuple[dict[str, str], ...]:
    rows = field_path("spec.taints").get(obj)
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return tuple(
        {field: row[field] for field in ("key", "value", "effect") if isinstance(row.get(field), str)}
        for row in found
        if not get_text(row, "key").startswith(OWN_TAINTS)
    )
