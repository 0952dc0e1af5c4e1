"""Pseudonyms of what shows by its form: addresses, identifiers, URLs, domains, e-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Callable

from harvdiag.redact.addresses import Addresses, expand, is_private, spell_like
from harvdiag.redact.forms import IN_CLUSTER, SYSTEM_SCHEMES
from harvdiag.redact.names import GIVEN, PART, SHORTEST, Names, Sort
from harvdiag.redact.vocabulary import is_known_domain, is_ordinary, is_system_namespace, looks_like_domain

__all__ = ["Shapes"]

Replace = Callable[[str], str]
_VERSION = re.compile(r"v?\d+[\w.+-]*")
_API = re.compile(r"/(?:api|apis|v1|v2|v3|healthz|readyz|livez|metrics|openapi|version|k8s)(?:[/?]|$)")
_SHARES = ("nfs", "cifs", "smb", "s3")
"""Schemes whose paths are names that someone gave."""


_FRAME = 14
"""Octets of the head of a frame, as firewalls log it."""
_USERS = frozenset({"root", "git", "ubuntu", "opensuse", "sles", "core", "ec2-user", "docker"})


class Shapes:
    """Replaces what `FORM` matches. `known` replaces names in the rest of a word, `plain` both."""

    def __init__(self, names: Names, known: Replace, plain: Replace) -> None:
        self._names = names
        self._known, self._plain = known, plain
        self._addresses = Addresses(names.key)
        self._ways: dict[str, Callable[[re.Match[str]], str]] = {
            "digest": lambda match: match[0],
            "url": self._url,
            "uuid": lambda match: self.uuid(match[0]),
            "machine": lambda match: self._machine(match[0]),
            "launcher": self._launcher,
            "mac": lambda match: self._mac(match[0]),
            "octets": lambda match: self._octets(match[0], match["sep"]),
            "reverse": lambda match: self._reverse(match[0]),
            "login": self._login,
            "bare": lambda match: self._bare(match[0]),
            "ipv4": lambda match: self._ip(match[0]),
            "ipv6": lambda match: self._ip(match[0]),
            "mail": self._mail,
            "iqn": lambda match: self._iqn(match[0]),
            "hash": lambda match: self._hash(match[0]),
            "dotted": lambda match: self._dotted(match[0]),
        }

    def __call__(self, match: re.Match[str]) -> str:
        """Return what stands for a match of `FORM`."""
        entry = self._names.find(match[0])
        if entry and entry.sort in GIVEN:  # a host may have any name
            return entry.pseudonym
        return self._ways[match.lastgroup or "digest"](match)

    def uuid(self, text: str) -> str:
        """Return the pseudonym of a UUID."""
        return self._uuid(Sort.UUID, text)

    # --- numbers ---------------------------------------------------------------------------------------------------

    def _digits(self, sort: str, text: str) -> str:
        """64 hexadecimal digits that stand for a text."""
        return self._names.key.digest(sort, text.casefold()).hex()

    def _machine(self, text: str) -> str:
        return self._names.record(Sort.MACHINE, text, f"custom-{self._digits('machine', text[7:])[:12]}")

    def _launcher(self, match: re.Match[str]) -> str:
        """The Pod of a VM, whose name it has."""
        return f"virt-launcher-{self._names.take(match['vm'], Sort.VM)}{match[0][-6:]}"

    def _uuid(self, sort: Sort, text: str) -> str:
        """The pseudonym of a UUID in the same form, a valid one of version 4."""
        made = self._digits("uuid", text.replace("-", "").replace("_", ""))
        variant = "89ab"[int(made[16], 16) % 4]
        return self._names.record(sort, text, spell_like(text, f"{made[:12]}4{made[13:16]}{variant}{made[17:32]}"))

    def _hash(self, text: str) -> str:
        """The pseudonym of a digest. The first 12 digits of that of a cattle-id are those of the Machine's name."""
        plain = text.casefold()
        if plain.startswith("0x"):
            return f"{text[:2]}{self._hash(text[2:])}"
        if plain.isdigit():
            return text
        if len(plain) == 32:
            return self._uuid(Sort.HASH, text)
        made = f"{self._digits('machine', plain[:12])[:12]}{self._digits('hash', plain)}{self._digits('more', plain)}"
        return self._names.record(Sort.HASH, text, spell_like(text, made[: len(plain)]))

    def _mac(self, text: str) -> str:
        plain = _spell_mac(text)  # known in any other spelling, too
        self._names.record(Sort.MAC, plain, self._addresses.mac(plain))
        return self._names.record(Sort.MAC, text, self._addresses.mac(text))

    def _bare(self, text: str) -> str:
        """Twelve digits: a MAC address where one is known that has them."""
        entry = self._names.find(_spell_mac(text))
        return self._mac(text) if entry and entry.sort is Sort.MAC else self._known(text)

    def _octets(self, text: str, between: str) -> str:
        """More octets than a MAC address has: the head of a frame, with two of them, or a fingerprint."""
        parts = text.split(between)
        if len(parts) != _FRAME:
            return self._names.record(Sort.HASH, text, spell_like(text, self._digits("hash", text) * 2))
        pairs = (self._mac(between.join(parts[at : at + 6])) for at in (0, 6))
        return between.join((*pairs, *parts[12:]))

    def spelled_ip(self, match: re.Match[str]) -> str:
        """An IPv4 address within a name, if it is known or private: others may be versions or dates."""
        plain = ".".join(str(int(match[at])) for at in (1, 3, 4, 5))
        made = self._addresses.ip(plain) if self._names.find(plain) or is_private(plain) else None
        if made is None:
            return match[0]
        self._names.record(Sort.ADDRESS, plain, made)
        return self._names.record(Sort.ADDRESS, match[0], made.replace(".", match[2]))

    def _reverse(self, text: str) -> str:
        """The name of an address in the reverse tree of the DNS."""
        *labels, tree, arpa = text.split(".")
        digits = "".join(reversed(labels))
        plain = ".".join(reversed(labels)) if len(labels) == 4 else ":".join(re.findall("....", digits))
        made = self._addresses.ip(plain)
        if made is None:
            return text
        self._names.record(Sort.ADDRESS, plain, made)
        back = made.split(".") if len(labels) == 4 else list(expand(made).replace(":", ""))
        return self._names.record(Sort.ADDRESS, text, ".".join((*reversed(back), tree, arpa)))

    def _ip(self, text: str) -> str:
        made = self._addresses.ip(text)
        return self._known(text) if made is None else self._names.record(Sort.ADDRESS, text, made)

    def _iqn(self, text: str) -> str:
        if ".longhorn:" in text:  # of a volume, by its name
            head, _, rest = text.partition(":")
            return f"{head}:{self._plain(rest)}"
        kind, made = text.partition(".")[0], self._digits("hash", text)
        named = kind.casefold() in ("iqn", "nqn")
        made = f"{kind}.2000-01.example:{made[:12]}" if named else f"{kind}.{made[: len(text) - 4]}"
        return self._names.record(Sort.HASH, text, made)

    # --- domains ---------------------------------------------------------------------------------------------------

    def user(self, name: str) -> str:
        """Return the pseudonym of a user, unless every system has that one."""
        if name in _USERS or is_ordinary(name):
            return name
        return self._names.take(name, Sort.USER)

    def _login(self, match: re.Match[str]) -> str:
        """A user on a host of one word."""
        name, host = match[0].rpartition("@")[0], match["on"]
        known = self._known(host)
        if known == host and not is_ordinary(host) and not _VERSION.fullmatch(host):
            known = self._names.take(host, Sort.HOST)
        return f"{self.user(name)}@{known}"

    def _mail(self, match: re.Match[str]) -> str:
        if not (looks_like_domain(match["at"]) or is_known_domain(match["at"]) or self._below(match["at"])):
            return self._known(match[0])  # such as the unit of a service: getty@tty1.service
        user = match[0].rpartition("@")[0]
        made = self._names.take(user, Sort.USER)
        return f"{made}@{self._domain(match['at'])}"

    def _dotted(self, text: str) -> str:
        entry = self._names.find(text)
        if entry:
            return entry.pseudonym
        return self._domain(text) if self._below(text) or looks_like_domain(text) else self._known(text)

    def _below(self, text: str) -> str:
        """The longest known domain in which a name is; empty where it is in none."""
        labels = text.casefold().split(".")
        ends = (".".join(labels[at:]) for at in range(len(labels)))
        return next((end for end in ends if end in self._names.domains), "")

    def _domain(self, text: str) -> str:
        if is_known_domain(text):
            return self._known(text)
        end = self._below(text)
        if not end:
            return self._names.record(Sort.DOMAIN, text, self._names.domain(text))
        above = [self._label(each) for each in text[: max(len(text) - len(end) - 1, 0)].split(".") if each]
        return self._names.record(Sort.DOMAIN, text, ".".join((*above, self._names.domain(end))))

    def _label(self, text: str) -> str:
        """One label of a name below a domain."""
        entry = self._names.find(text)
        return entry.pseudonym if entry else f"sub-{self._names.code(text.casefold(), SHORTEST)}"

    # --- URLs ------------------------------------------------------------------------------------------------------

    def _url(self, match: re.Match[str]) -> str:
        """A URL: the host as what it is, and of one outside of the cluster the path, too."""
        scheme, path = match["scheme"], match["path"] or ""
        if scheme.casefold() in SYSTEM_SCHEMES:
            return f"{scheme}://{self._plain(match[0][len(scheme) + 3 :])}"
        user = f"{self.user(match['user'][:-1])}@" if match["user"] else ""
        made, outside = self._host(match["host"])
        port, slash, rest = path.partition("/")
        if scheme.casefold() in _SHARES or (outside and not _API.match(slash + rest)):
            rest = "/".join(map(self._segment, rest.split("/")))
        else:
            rest = self._plain(rest)
        return f"{scheme}://{user}{made}{port}{slash}{rest}"

    def _host(self, host: str) -> tuple[str, bool]:
        """The host of a URL, and whether it is outside of the cluster and of what is known."""
        entry = self._names.find(host) or self._names.placed(Sort.HOST, host)
        if entry:
            return entry.pseudonym, entry.sort is Sort.DOMAIN
        if made := self._addresses.ip(host):
            return self._names.record(Sort.ADDRESS, host, made), False
        if self._names.is_issued(host) or _is_inside(host):  # issued: a user, before a password that is masked
            return self._known(host), False
        if "." in host:
            return self._domain(host), True
        known = self._plain(host)
        if known != host or all(is_ordinary(part) for part in PART.findall(host)):
            return known, False
        return self._names.take(host, Sort.HOST), True

    def _segment(self, text: str) -> str:
        """One step of the path of a URL: readable if it only consists of ordinary words and versions."""
        known = self._plain(text)
        if known != text or all(_VERSION.fullmatch(part) or is_ordinary(part) for part in PART.findall(text)):
            return known
        stem, dot, ending = text.rpartition(".")
        named = dot and ending.isalnum()
        return f"{self._names.take(stem if named else text, Sort.PATH)}{f'.{ending}' if named else ''}"


def _spell_mac(text: str) -> str:
    """A MAC address with colons, in small letters."""
    return ":".join(re.findall("[0-9a-f]{2}", re.sub("[^0-9a-f]", "", text.casefold())))


def _is_inside(host: str) -> bool:
    """Whether the host of a URL is a service of the cluster, or no one's; an image has a version there."""
    service = IN_CLUSTER.fullmatch(host)
    known = is_known_domain(host) or (service is not None and is_system_namespace(service["namespace"]))
    return not host or known or _VERSION.fullmatch(host) is not None
