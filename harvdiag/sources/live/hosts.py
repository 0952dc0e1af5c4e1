"""What a live cluster tells beside its objects: kubelets, certificates of the API servers, the label of one Secret."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from harvdiag.core.fields import Obj, get_items, get_labels, get_text, name_of
from harvdiag.core.model import State
from harvdiag.io.api.connect import Connection
from harvdiag.io.api.errors import FailureReason, RequestError
from harvdiag.io.api.handshake import API_PORT, fetch_certificates
from harvdiag.io.api.kubelet import NodeAnswers, fetch_node_configs, fetch_node_stats
from harvdiag.io.api.labels import fetch_secret_labels
from harvdiag.io.api.proxies import environment_proxy
from harvdiag.kinds import KUBECONFIG, KUBELET, KUBELET_CONFIG, SERVING_CERTIFICATE
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Listing

__all__ = ["HostReader"]

VERSION = "v1"
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
OF_CAPI = "local-kubeconfig"
"""The Secret by which Cluster API reaches the cluster."""
ON_HOSTS = "host files are in support bundles only"
PROXIED = "the kubeconfig names a proxy to the cluster, so the addresses of its nodes are not reached directly"
ASKS = {KUBELET.name: fetch_node_stats, KUBELET_CONFIG.name: fetch_node_configs}


class HostReader:
    """Reads kinds that are no objects of Kubernetes, each as one list; a failure is its state and reason."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._silent: dict[str, RequestError] = {}

    def read(self, kind: Kind, nodes: Callable[[], Sequence[Obj]]) -> Listing:
        """Read the list of a kind without versions; `nodes` gives the Nodes that were seen."""
        if kind.name in ASKS:
            return self._read_kubelets(kind, sorted(map(name_of, nodes())))
        if kind == SERVING_CERTIFICATE:
            return self._read_certificates(kind, nodes())
        if kind == KUBECONFIG:
            return self._read_labels(kind)
        return Listing(kind=kind, state=State.NOT_LOOKED_AT, reason=ON_HOSTS)

    def _read_kubelets(self, kind: Kind, names: Sequence[str]) -> Listing:
        """Ask the kubelets; one that did not answer another question is not asked again, as each waits for it."""
        if not names:
            return Listing(kind=kind, state=State.FAILED, reason="no Node was seen whose kubelet could be queried")
        if any(error.reason is FailureReason.FORBIDDEN for error in self._silent.values()):
            answers = NodeAnswers([], dict(self._silent))
        else:
            answers = ASKS[kind.name](self._connection, [name for name in names if name not in self._silent])
            self._silent |= answers.errors
        errors = {name: self._silent[name] for name in names if name in self._silent}
        if answers.refused and not answers.items:
            reason = f"{next(iter(errors.values()))}; `harvdiag rbac --kubelet` grants it"
            return Listing(kind=kind, version=VERSION, state=State.FORBIDDEN, reason=reason)
        told = {name: str(error) for name, error in errors.items()}
        return _build_listing(kind, answers.items, told, f"{len(told)} of {len(names)} nodes did not answer")

    def _read_certificates(self, kind: Kind, nodes: Sequence[Obj]) -> Listing:
        if self._connection.login.proxied:
            return Listing(kind=kind, state=State.NOT_LOOKED_AT, reason=PROXIED)
        servers = {name_of(node): _addresses(node) for node in nodes if get_labels(node).get(CONTROL_PLANE) == "true"}
        if not servers:
            reason = "no Node was seen that has the role control-plane"
            return Listing(kind=kind, state=State.FAILED, reason=reason)
        direct = {name: addresses for name, addresses in servers.items() if not _is_proxied(addresses)}
        transport = self._connection.transport
        found = fetch_certificates(direct, transport.timeout, transport.reset())
        errors = found.errors | dict.fromkeys(servers.keys() - direct.keys(), "HTTPS_PROXY applies to its address")
        told = {name: errors[name] for name in sorted(errors)}
        lead = f"{len(told)} of {len(servers)} API servers did not show their certificate"
        return _build_listing(kind, found.items, told, lead)

    def _read_labels(self, kind: Kind) -> Listing:
        found = fetch_secret_labels(self._connection, kind.name, kind.home, OF_CAPI)
        if found.error is None:
            return Listing(kind=kind, version=VERSION, namespace=kind.home, items=found.items)
        refused = found.error.reason is FailureReason.FORBIDDEN
        hint = "; `harvdiag rbac --plans` grants it" if refused else ""
        return Listing(
            kind=kind,
            version=VERSION,
            namespace=kind.home,
            state=State.FORBIDDEN if refused else State.FAILED,
            reason=f"{self._connection.explain_failure(found.error)}{hint}",
        )


def _build_listing(kind: Kind, items: Sequence[Obj], errors: Mapping[str, str], lead: str) -> Listing:
    """The list of what was told, with the nodes that told nothing."""
    if not errors:
        return Listing(kind=kind, version=VERSION, items=items)
    reason = f"{lead}: {'; '.join(f'{name}: {error}' for name, error in errors.items())}"
    return Listing(kind=kind, version=VERSION, items=items, state=State.FAILED, reason=reason)


def _addresses(node: Obj) -> list[str]:
    """The addresses of a Node within the cluster."""
    rows = (row for row in get_items(node, "status.addresses") if isinstance(row, dict))
    return [get_text(row, "address") for row in rows if row.get("type") == "InternalIP"]


def _is_proxied(addresses: Sequence[str]) -> bool:
    """Whether the environment names a proxy for one of them, as for the API server itself."""
    urls = (f"https://{f'[{each}]' if ':' in each else each}:{API_PORT}" for each in addresses)
    return any(environment_proxy(url, os.environ) for url in urls)
