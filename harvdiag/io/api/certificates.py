"""Certificates and keys of a kubeconfig, checked before anything is sent: each problem is part of a sentence.

And the times of any certificate. None of them holds anything of a certificate but its times, nor anything of a key.
"""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from typing import NamedTuple

__all__ = ["Validity", "certificate_problem", "key_problem", "pair_problem", "read_dns_names", "read_validity"]

CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----")
KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")
BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
ENCRYPTED = (b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED")
ENCODED_TWICE = b"LS0tLS1"
"""The dashes with which PEM begins, in base64."""
DER = b"\x30\x82"
OPENSSL = re.compile(r"^\[[A-Z0-9: _]+\] | \(_ssl\.c:\d+\)$")
"""What OpenSSL puts around its messages."""
OTHER_KEY = {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"}
"""Reasons of OpenSSL for a key of another certificate; the last two where the keys are of two kinds."""
UTC_TIME, GENERALIZED_TIME, VERSION, EXTENSIONS, DNS_NAME = 0x17, 0x18, 0xA0, 0xA3, 0x82
"""Tags of a certificate in DER (RFC 5280, sections 4.1 and 4.2.1.6)."""
ALTERNATIVE_NAMES = b"\x55\x1d\x11"
"""The extension subjectAltName (2.5.29.17)."""


class Validity(NamedTuple):
    """From when to when a certificate is valid."""

    begins: datetime
    ends: datetime


def certificate_problem(content: bytes) -> str:
    """Return what is wrong with a certificate in PEM; empty if nothing is."""
    if CERTIFICATE.search(content):
        return "" if _is_loadable(content) else "is not a valid certificate: it is damaged or incomplete"
    if KEY.search(content):
        return "is a private key, not a certificate"
    return f"is not a certificate{_form_hint(content)}"


def key_problem(content: bytes) -> str:
    """Return what is wrong with a private key in PEM; empty if nothing shows before it is used."""
    if any(mark in content for mark in ENCRYPTED):
        return "is encrypted with a passphrase, for which kubectl does not ask either: decrypt it (`openssl pkey`)"
    if KEY.search(content):
        return ""
    if CERTIFICATE.search(content):
        return "is a certificate, not a private key"
    if b"PUBLIC KEY-----" in content:
        return "is a public key, not a private key"
    return f"is not a private key{_form_hint(content)}"


def pair_problem(certificate: str, key: str) -> str:
    """Return what is wrong with a certificate and a key, each a file, together; empty if they can be used."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password=_no_passphrase)
    except ssl.SSLError as error:
        if error.reason in OTHER_KEY:
            return "its client-key does not belong to its client-certificate"
        if error.reason in {None, "PEM", "NO_START_LINE", "ASN1_LIB"} or "PEM lib" in str(error):
            return "its client-key is not a valid private key: it is damaged or incomplete"
        return f"its client-certificate and client-key cannot be used: {OPENSSL.sub('', str(error))}"
    except (OSError, ValueError):
        return "its client-certificate and client-key cannot be read"
    return ""


def read_validity(content: bytes) -> Validity | None:
    """Read the times of a certificate in DER, or of the first in PEM; None if they cannot be read."""
    try:
        signed = _signed_part(content)
        fields = signed[1:] if signed[0].tag == VERSION else signed
        begins, ends = (_parse_time(element) for element in _elements(fields[3].content))
    except (ValueError, IndexError):
        return None
    return Validity(begins, ends)


def read_dns_names(content: bytes) -> tuple[str, ...]:
    """Read for which names a certificate in DER, or the first in PEM, is good; none if they cannot be read."""
    try:
        wrapped = next(element for element in _signed_part(content) if element.tag == EXTENSIONS)
        for extension in _elements(_elements(wrapped.content)[0].content):
            kind, *_, value = _elements(extension.content)
            if kind.content == ALTERNATIVE_NAMES:
                names = _elements(_elements(value.content)[0].content)
                return tuple(name.content.decode("ascii") for name in names if name.tag == DNS_NAME)
    except (ValueError, IndexError, StopIteration):
        return ()
    return ()


def _signed_part(content: bytes) -> list[_Element]:
    """The fields of a certificate that its signature is about, in their order."""
    found = BLOCK.search(content.decode("latin-1"))
    der = content if content.startswith(DER) else ssl.PEM_cert_to_DER_cert(found[0]) if found else b""
    return _elements(_elements(_elements(der)[0].content)[0].content)


class _Element(NamedTuple):
    """One element of DER: its tag and its content."""

    tag: int
    content: bytes


def _elements(data: bytes) -> list[_Element]:
    """The elements that follow one another in DER."""
    found, at = [], 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        found.append(_Element(tag, data[at : at + length]))
        at += length
    return found


def _parse_time(element: _Element) -> datetime:
    form = {UTC_TIME: "%y%m%d%H%M%SZ", GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}.get(element.tag, "")
    return datetime.strptime(element.content.decode("ascii"), form).replace(tzinfo=UTC)


def _is_loadable(content: bytes) -> bool:
    """Whether OpenSSL can read every certificate; what stands between them, in any encoding, does not matter."""
    blocks = "\n".join(BLOCK.findall(content.decode("latin-1")))
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=blocks)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _form_hint(content: bytes) -> str:
    """What to do about content that is in another form than PEM."""
    if content.startswith(ENCODED_TWICE):
        return ", but base64 of base64: encode it once"
    if content.startswith(DER):
        return " in PEM: it seems to be DER, which `openssl` converts (-inform der)"
    return ""


def _no_passphrase() -> str:
    """Answer for OpenSSL, which would ask at the terminal."""
    return ""
