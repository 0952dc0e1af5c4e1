"""The proxy of the environment, by the rule of Go's HTTP client and so of kubectl: `HTTPS_PROXY`, `NO_PROXY`.

`ALL_PROXY` does not count, and the machine itself (localhost, 127.0.0.0/8, ::1) is never reached through a proxy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

__all__ = ["environment_proxy"]

PORTS = {"http": "80", "https": "443"}
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://.")
WITH_PORT = re.compile(r"\[?(?P<host>[^\[\]]*?)\]?:(?P<port>[^:\]]*)")
IP = IPv4Address | IPv6Address


def environment_proxy(url: str, environment: Mapping[str, str]) -> str:
    """Return the URL of the proxy for a server's URL; empty if it is reached directly."""
    parts = urlsplit(url)
    proxy = _read_variable(environment, f"{parts.scheme}_proxy")
    try:
        host, port = (parts.hostname or "").lower(), str(parts.port or PORTS.get(parts.scheme, ""))
    except ValueError:  # a port that is not a number
        return ""
    if not proxy or _is_direct(host, port, _read_variable(environment, "no_proxy")):
        return ""
    return proxy if SCHEME.match(proxy) else f"http://{proxy}"


def _read_variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name.upper()) or environment.get(name) or ""


def _is_direct(host: str, port: str, no_proxy: str) -> bool:
    address = _parse_address(host)
    if host == "localhost" or (address and address.is_loopback):
        return True
    rules = [rule.strip().lower() for rule in no_proxy.split(",")]
    return "*" in rules or any(_matches(rule, host, port, address) for rule in rules if rule)


def _matches(rule: str, host: str, port: str, address: IP | None) -> bool:
    """Whether one entry of NO_PROXY is about a host: a network, an address, or a domain with all below it."""
    if "/" in rule:
        return address is not None and _is_within(address, rule)
    name, wanted = rule, ""
    if not _parse_address(rule) and (found := WITH_PORT.fullmatch(rule)):
        name, wanted = found["host"], found["port"]
    name = name.removeprefix("[").removesuffix("]")
    if not name or wanted not in ("", port):
        return False
    if other := _parse_address(name):
        return address == other
    name = name.removeprefix("*") if name.startswith("*.") else name
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _is_within(address: IP, rule: str) -> bool:
    try:
        return address in ip_network(rule, strict=False)
    except ValueError:
        return False


def _parse_address(text: str) -> IP | None:
    """The address; one of IPv4 that is written as IPv6 is the former, as in Go."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
