"""Pseudonyms of addresses: they keep their form, their class, and which of them are in one network.

IPv4: private networks stay private ones, the last octet stays; all before it is replaced bit by bit, so that two
addresses that share a prefix share one afterwards. IPv6: the same for the upper half; the lower half may hold a MAC and
is replaced as a whole, unless it is a small number that someone gave.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from harvdiag.redact.key import Key

__all__ = ["Addresses", "expand", "is_private", "spell_like"]

_V4_KEPT = [ipaddress.IPv4Network(net) for net in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4")]
"""Unspecified and masks, loopback, multicast, broadcast and reserved: they name no host."""
_V4_CLASSES = [
    ipaddress.IPv4Network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
]
"""Private, shared and link-local addresses: what they have in common stays."""
_V6_CLASSES = [
    (ipaddress.IPv6Network(net), bits) for net, bits in (("fe80::/10", 64), ("fc00::/7", 8), ("2000::/3", 3))
]
"""Link-local, unique local and global addresses, and how many of their leading bits stay."""
_SMALL = 1 << 16
"""Lower halves below it are numbers that people give, such as ::1 for a gateway."""
_HEX = re.compile(r"[0-9A-Fa-f]")


class Addresses:
    """The pseudonyms of IP addresses, networks and MAC addresses under one key."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._prefix = lru_cache(maxsize=65536)(self._make_prefix)

    def ip(self, text: str) -> str | None:
        """Return the pseudonym of an address or a network; the text itself where it names none, None for no address.

        ``10.1.2.3`` and ``10.1.2.3/24`` are addresses; ``10.1.2.0/24``, whose host bits are zero, is a network.
        """
        address, slash, length = text.partition("/")
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return None
        if slash and (not length.isdigit() or int(length) > found.max_prefixlen):
            return None
        bits = int(length) if slash else found.max_prefixlen
        made = self._v4(found) if isinstance(found, ipaddress.IPv4Address) else self._v6(found)
        hosts = (1 << (found.max_prefixlen - bits)) - 1
        value = int(made) & ~hosts if int(found) & hosts == 0 else int(made)
        shown = found if int(found) == value else type(found)(value)
        if shown == found:
            return text
        written = str(shown.exploded if len(address) == 39 else shown)
        return f"{written.upper() if address.isupper() else written}{slash}{length}"

    def mac(self, text: str) -> str:
        """Return the pseudonym of a MAC address in the same spelling: locally administered, of a single host."""
        digits = "".join(_HEX.findall(text)).lower()
        made = self._key.digest("mac", digits)
        new = f"{made[0] & 0xFC | 0x02:02x}{made[1:6].hex()}"
        return spell_like(text, new)

    def _v4(self, found: ipaddress.IPv4Address) -> ipaddress.IPv4Address:
        if any(found in net for net in _V4_KEPT):
            return found
        fixed = next((net.prefixlen for net in _V4_CLASSES if found in net), 8)
        upper = self._prefix("ipv4", int(found) >> 8, 24, fixed)
        while fixed == 8 and not (upper >> 16 == 10 or _is_public(upper)):  # never into a private class from outside
            upper = self._prefix("ipv4", upper, 24, fixed)
        return ipaddress.IPv4Address(upper << 8 | int(found) & 0xFF)

    def _v6(self, found: ipaddress.IPv6Address) -> ipaddress.IPv6Address:
        if found.ipv4_mapped:
            return ipaddress.IPv6Address((int(found) >> 32 << 32) | int(self._v4(found.ipv4_mapped)))
        if int(found) < _SMALL or found.is_multicast:
            return found
        fixed = next((bits for net, bits in _V6_CLASSES if found in net), 0)
        upper, lower = int(found) >> 64, int(found) & ((1 << 64) - 1)
        if lower >= _SMALL:
            lower = int.from_bytes(self._key.digest("ipv6", f"{lower:x}")[:8], "big") | _SMALL
        return ipaddress.IPv6Address(self._prefix("ipv6", upper, 64, fixed) << 64 | lower)

    def _make_prefix(self, sort: str, value: int, width: int, fixed: int) -> int:
        """Replace the bits of a prefix, but the first `fixed`, each by the key and the bits before it.

        The first that may be replaced always is, so that no network becomes itself.
        """
        if fixed >= width:
            return value
        made = value ^ 1 << (width - fixed - 1)
        for place in range(width - fixed - 2, -1, -1):
            above = f"{width - place}:{value >> (place + 1):x}"
            made ^= (self._key.digest(sort, above)[0] & 1) << place
        return made


def _is_public(upper: int) -> bool:
    found = ipaddress.IPv4Address(upper << 8)
    return not any(found in net for net in (*_V4_KEPT, *_V4_CLASSES))


def is_private(text: str) -> bool:
    """Whether a text is an IPv4 address of a private, shared or link-local network."""
    try:
        return any(ipaddress.IPv4Address(text) in net for net in _V4_CLASSES)
    except ValueError:
        return False


def expand(text: str) -> str:
    """Write an address with all of its digits."""
    return ipaddress.ip_address(text).exploded


def spell_like(text: str, digits: str) -> str:
    """Write hexadecimal digits with the separators and in the case of a text that has as many."""
    new = iter(digits.upper() if text.isupper() else digits)
    return _HEX.sub(lambda _: next(new), text)
