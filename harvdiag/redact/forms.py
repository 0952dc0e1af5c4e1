"""What shows by its form in a word: addresses, identifiers, URLs, domains, and names that were cut."""

from __future__ import annotations

import re

__all__ = [
    "CUT",
    "ESCAPE",
    "FORM",
    "FORMED",
    "IN_CLUSTER",
    "OPAQUE",
    "RANCHER_TOKEN",
    "SPELLED_IP",
    "SYSTEM_SCHEMES",
    "TOKEN_LENGTH",
    "UUID",
]

_HEX = r"[0-9A-Fa-f]"
FORM = re.compile(
    rf"""
    (?P<digest>@sha256:{_HEX}{{64}})
    |(?P<url>(?P<scheme>(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^/@:]+(?::[^/@]*)?@)?(?P<host>[\w.-]*)(?P<path>(?=[/:])(?::\d+)?(?:/[\w.:@/%+~-]*)?)?)
    |(?P<iqn>(?i:iqn|nqn)\.\d{{4}}-\d\d\.[\w.:-]+|(?i:naa|eui)\.{_HEX}{{16,32}})
    |(?P<uuid>(?<!{_HEX}){_HEX}{{8}}(?P<dash>[-_]){_HEX}{{4}}(?P=dash){_HEX}{{4}}(?P=dash){_HEX}{{4}}(?P=dash){_HEX}{{12}}(?!{_HEX}))
    |(?P<machine>(?<![A-Za-z0-9])custom-[0-9a-f]{{12}}(?!{_HEX}))
    |(?P<launcher>(?<![A-Za-z0-9])virt-launcher-(?P<vm>[a-z0-9.-]+)-[a-z0-9]{{5}}(?![a-z0-9-]))
    |(?P<mac>(?<![0-9A-Za-z:.-])(?:{_HEX}{{2}}(?P<colon>[:-])(?:{_HEX}{{2}}(?P=colon)){{4}}{_HEX}{{2}}|(?:{_HEX}{{4}}\.){{2}}{_HEX}{{4}})(?![0-9A-Za-z]|[:-]{_HEX}{{2}}(?:[:-]|\b)))
    |(?P<octets>(?<![0-9A-Za-z:.-]){_HEX}{{2}}(?P<sep>[:-])(?:{_HEX}{{2}}(?P=sep)){{5,}}{_HEX}{{2}}(?![0-9A-Za-z]))
    |(?P<reverse>(?<![\w.-])(?:[0-9a-fA-F]\.){{32}}(?i:ip6\.arpa)|(?<![\w.-])(?:\d{{1,3}}\.){{4}}(?i:in-addr\.arpa))
    |(?P<ipv6>(?<![\w:.])(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]*[0-9A-Fa-f:](?:(?<=:)\d+(?:\.\d+){{3}}|(?:\.\d+){{3}})?(?:/\d{{1,3}})?(?![\w:]))
    |(?P<ipv4>(?<![A-Za-z0-9.])(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?:/\d{{1,2}}(?![\w.]))?(?![0-9A-Za-z]|\.\d))
    |(?P<mail>(?<![\w.+%-])[\w.+%-]+@(?P<at>(?:[A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]*))
    |(?P<login>(?<![\w.+%-])[A-Za-z][\w.+-]*@(?P<on>[A-Za-z][\w-]*)(?![\w.@:-]))
    |(?P<bare>(?<![0-9A-Za-z]){_HEX}{{12}}(?![0-9A-Za-z]))
    |(?P<hash>(?<![0-9A-Za-z])(?:0x)?(?:[0-9a-f]{{16,128}}|[0-9A-F]{{16,128}})(?![0-9A-Za-z]))
    |(?P<dotted>(?<![\w-])\w(?:[\w-]*\w)?(?:\.\w(?:[\w-]*\w)?)+)
    """,
    re.VERBOSE,
)
"""One of these at a time; what is between them are names."""
FORMED = re.compile(rf"[.:/@]|virt-launcher-|{_HEX}{{8}}[_-]|{_HEX}{{12}}|(?:{_HEX}{{2}}-){{5}}")
"""What every word has in which `FORM` matches: quicker to tell."""
SPELLED_IP = re.compile(
    r"(?<![0-9A-Za-z])(?<!\d[._-])(\d{1,3})([._-])(\d{1,3})\2(\d{1,3})\2(\d{1,3})(?![0-9A-Za-z])(?![._-]\d)"
)
"""An IPv4 address within a name: ``ip-10-0-0-1``, ``etcd-10.0.0.1-x``."""
UUID = re.compile(r"(?<![0-9A-Fa-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Fa-f])")
ESCAPE = (
    r"(?:\x1b|\\+(?i:u001b|x1b|033|e))\[[0-9;]*[A-Za-z]"
    r"|\\+(?:[uU][0-9a-fA-F]{4}|[xX][0-9a-fA-F]{2}|[abefnrtv0\"/])|%[0-9A-Fa-f]{2}"
)
"""What stands for a character in an escaped text or a URL, or for a colour: it belongs to no word beside it."""
TOKEN_LENGTH = 54
RANCHER_TOKEN = re.compile(r"(?<![A-Za-z0-9])[bcdfghjklmnpqrstvwxz2456789]{54}(?![A-Za-z0-9])")
"""A token of Rancher, which has letters and digits of random names alone."""
OPAQUE = re.compile(
    r"\bMI[IG][A-Za-z0-9+/]{30,}={0,2}"
    r"|(?m:^[ \t]*(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9+/]{60,76}={0,2}[ \t\r]*$)"
)
"""A key or certificate without its first line: its encoding, or lines of base64."""
CUT = re.compile(r"(?<![\w.-])(?P<name>[a-z0-9][a-z0-9.-]{56,61}[a-z0-9])(?P<event>\.[0-9a-f]{13,16})?(?![\w-]|\.\w)")
"""A name of as many characters as that of an object has that was cut, as those of Jobs and Pods; of an Event, with its
suffix."""
SYSTEM_SCHEMES = frozenset(
    {"containerd", "docker", "docker-pullable", "cri-o", "unix", "file", "registry", "oci", "docker-image"}
)
"""What follows such a scheme is not a host, but an image, a version or a path."""
IN_CLUSTER = re.compile(r"[\w-]+\.(?P<namespace>[\w-]+)(?:\.svc(?:\.cluster\.local)?)?")
"""The name of a service, and its namespace."""
