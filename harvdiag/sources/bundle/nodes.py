"""Node archives (``nodes/<node>.zip``): the identity of a host, from its own files.

Rancher makes the name of a Machine from the host's cattle-id: ``custom-`` and the first twelve digits of its SHA-256
(pkg/capr/configserver/custom.go of rancher/rancher). The label of the plan that RKE2 runs with holds the Machine's uid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from harvdiag.core.fields import Obj

__all__ = ["CATTLE_ID", "RKE2_CONFIG", "describe_host", "write_cattle_id", "write_config"]

CATTLE_ID = "etc/rancher/agent/cattle-id"
RKE2_CONFIG = "etc/rancher/rke2/config.yaml.d/50-rancher.yaml"
_MARK = "# redacted; its Machine: "
_MARKED = re.compile(rf"{_MARK}([a-z0-9.-]+)")
"""The second line of the file, where the cattle-id was replaced."""
_MACHINE_UID = re.compile(rb"rke\.cattle\.io/machine=([0-9A-Fa-f-]{36})")


def describe_host(node: str, names: Sequence[str], read: Callable[[str], bytes]) -> Obj:
    """Return the host as an object of kind Host: ``files["<path>"]`` has the content of that file, if it exists."""
    files: dict[str, dict[str, str]] = {}
    if member := _find_file(names, CATTLE_ID):
        cattle_id, _, rest = read(member).decode(errors="replace").strip().partition("\n")
        marked = _MARKED.fullmatch(rest.strip())
        files[CATTLE_ID] = {"id": cattle_id, "machine": marked[1] if marked else machine_name(cattle_id)}
    if (member := _find_file(names, RKE2_CONFIG)) and (match := _MACHINE_UID.search(read(member))):
        files[RKE2_CONFIG] = {"machine": match[1].decode()}
    return {"kind": "Host", "metadata": {"name": node}, "files": files}


def write_cattle_id(known: Mapping[str, str]) -> bytes:
    """Return the file of a cattle-id that was replaced: its digest no longer gives the name of the Machine, which
    stands beside it.
    """
    cattle_id, machine = known.get("id", ""), known.get("machine", "")
    marked = machine and machine != machine_name(cattle_id)
    return f"{cattle_id}\n{f'{_MARK}{machine}{chr(10)}' if marked else ''}".encode()


def write_config(known: Mapping[str, str]) -> bytes:
    """Return the file with which RKE2 runs, with the label that is read from it."""
    return f"node-label:\n- rke.cattle.io/machine={known.get('machine', '')}\n".encode()


def machine_name(cattle_id: str) -> str:
    """Return the name under which Rancher registers a host of this cattle-id."""
    from hashlib import sha256  # binds OpenSSL, which no other part of a check needs

    return f"custom-{sha256(cattle_id.encode()).hexdigest()[:12]}"


def _find_file(names: Sequence[str], path: str) -> str:
    return next((name for name in names if name.endswith(f"/{path}")), "")
