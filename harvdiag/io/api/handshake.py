"""The certificate that a server shows in a TLS handshake: nothing else is sent, and nothing is verified."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from threading import Event
from typing import NamedTuple

from harvdiag.core.fields import Obj
from harvdiag.core.timestamps import format_time
from harvdiag.io.api.certificates import Validity, read_dns_names, read_validity
from harvdiag.io.api.pool import run_concurrently

__all__ = ["API_PORT", "Handshakes", "fetch_certificates"]

API_PORT = 6443
"""Where the API server of a control-plane node listens."""
OF_API = "kubernetes.default.svc"
"""A name for which the certificate of each API server is good, as Pods call it so. The same address may be that of
another host in the network from which harvdiag asks, and a proxy may answer in its place.
"""
PATIENCE = 5.0
"""Seconds for one address at most: a laptop often does not reach the nodes at all."""


class Handshakes(NamedTuple):
    """The certificate of each node, as an object ServingCertificate, and why there is none of the others."""

    items: list[Obj]
    errors: dict[str, str]


def fetch_certificates(
    nodes: Mapping[str, Sequence[str]], timeout: float, stop: Event, port: int = API_PORT
) -> Handshakes:
    """Ask the API server of each node for its certificate; `nodes` maps a name to its addresses, IPv4 or IPv6.

    Of several addresses of a node, the first that answers counts. `timeout` is in seconds, for each address. It reads
    the certificate of the server itself, not those that signed it.
    """
    found = Handshakes([], {})
    jobs = [partial(_ask_node, addresses, min(timeout, PATIENCE), port) for addresses in nodes.values()]
    answers = dict(run_concurrently(jobs, stop))
    for number, node in enumerate(nodes):
        address, answer = answers[number]
        if isinstance(answer, str):
            found.errors[node] = answer
        else:
            found.items.append(_build_certificate(node, address, answer))
    return found


def _ask_node(addresses: Sequence[str], timeout: float, port: int) -> tuple[str, Validity | str]:
    """The first address that answers, with the times of its certificate; else the reason of the last."""
    answer: tuple[str, Validity | str] = ("", "its Node has no InternalIP")
    for address in addresses:
        answer = (address, _read_certificate(address, timeout, port))
        if isinstance(answer[1], Validity):
            return answer
    return answer


def _read_certificate(address: str, timeout: float, port: int) -> Validity | str:
    if not _is_address(address):
        return "the InternalIP of its Node is not an IP address"
    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((address, port), timeout) as plain,
            context.wrap_socket(plain) as secure,
        ):
            content = secure.getpeercert(binary_form=True)
    except TimeoutError:
        return f"{place} does not answer within {timeout:g} s"
    except ssl.SSLError:
        return f"{place} does not complete a TLS handshake"
    except OSError as error:
        return f"{place} cannot be reached: {error.strerror or 'no connection'}"
    if OF_API not in read_dns_names(content or b""):
        return f"{place} shows a certificate that is not one of an API server: another host answers, or one in between"
    return read_validity(content or b"") or f"{place} shows no certificate that can be read"


def _is_address(text: str) -> bool:
    """Whether it is an IP address: no other name of a host that an object has is ever looked up."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _build_certificate(node: str, address: str, times: Validity) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "ServingCertificate",
        "metadata": {"name": node},
        "address": address,
        "notBefore": format_time(times.begins),
        "notAfter": format_time(times.ends),
    }
