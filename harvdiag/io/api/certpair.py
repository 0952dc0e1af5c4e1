"""Certificates of kubeconfig entries: the CA of a cluster, and the certificate and key of a user.

They are read and checked before anything is sent; errors name the entry and the field, never the content.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import NamedTuple

from harvdiag.io.api.certificates import certificate_problem, key_problem, read_validity
from harvdiag.io.api.credential import utc_now
from harvdiag.io.api.kubeconfig import Entry

__all__ = ["ClientPair", "Pem", "encode_base64", "encode_pair", "read_authority", "read_client_pair", "read_pem"]

AUTHORITY, CERTIFICATE, KEY = "certificate-authority", "client-certificate", "client-key"
HALF = "it has a {} but no {}: a client certificate needs both"


class Pem(NamedTuple):
    """One certificate or key: what an error calls it, its content, and it as the client takes it (a path or data)."""

    what: str
    content: bytes
    settings: dict[str, str]


class ClientPair(NamedTuple):
    """The client certificate of a user and its key, as far as the kubeconfig has them."""

    user: Entry
    certificate: Pem | None
    key: Pem | None

    @property
    def complete(self) -> bool:
        """Whether both are there."""
        return self.certificate is not None and self.key is not None

    @property
    def settings(self) -> dict[str, str]:
        """Both as the client takes them; empty unless both are there."""
        return self.certificate.settings | self.key.settings if self.certificate and self.key else {}

    def refuse_half(self) -> None:
        """Raise AccessError for a key without its certificate, which kubectl would not use."""
        if self.key and not self.certificate:
            raise self.user.error(HALF.format(KEY, CERTIFICATE))

    def refuse_expired(self, now: datetime | None = None) -> None:
        """Raise AccessError for a certificate that is not valid now, by the local clock."""
        if wrong := self.expiry_problem(now):
            raise self.user.error(wrong)

    def expiry_problem(self, now: datetime | None = None) -> str:
        """Return why the certificate is not valid now; empty if it is, or if that cannot be told."""
        validity = read_validity(self.certificate.content) if self.certificate else None
        if validity is None or self.certificate is None:
            return ""
        now = now or utc_now()
        if now > validity.ends:
            return f"{self.certificate.what} expired at {_format_time(validity.ends)}: download a new kubeconfig"
        if now < validity.begins:
            begins = _format_time(validity.begins)
            return f"{self.certificate.what} is not valid before {begins}: check the clock of this machine"
        return ""


def read_authority(cluster: Entry) -> Pem | None:
    """Read the CA of a cluster. Raises AccessError if it is not a certificate, or if it contradicts another field."""
    found = read_pem(cluster, AUTHORITY)
    if found and cluster.get_flag("insecure-skip-tls-verify"):
        raise cluster.error(
            f"it has {AUTHORITY} and insecure-skip-tls-verify, of which kubectl takes only one: remove the other"
        )
    if found and (wrong := certificate_problem(found.content)):
        raise cluster.error(f"{found.what} {wrong}")
    return found


def read_client_pair(user: Entry) -> ClientPair:
    """Read the client certificate of a user and its key.

    Raises AccessError for one that is not what it should be, and for a certificate without a key.
    """
    certificate, key = read_pem(user, CERTIFICATE), read_pem(user, KEY)
    if certificate and not key:
        raise user.error(HALF.format(CERTIFICATE, KEY))
    if certificate and (wrong := certificate_problem(certificate.content)):
        raise user.error(f"{certificate.what} {wrong}")
    if certificate and key and (wrong := key_problem(key.content)):
        raise user.error(f"{key.what} {wrong}")
    return ClientPair(user, certificate, key)


def read_pem(entry: Entry, field: str) -> Pem | None:
    """Read a certificate or key from its data or its file; None without either. Empty data does not count."""
    data = "".join(entry.get_text(f"{field}-data").split())
    if data and entry.get_text(field):
        raise entry.error(f"it has {field} and {field}-data, of which kubectl takes only one: remove the other")
    if not data:
        return _read_pem_file(entry, field)
    if data.startswith("-----BEGIN"):
        raise entry.error(f"its {field}-data is PEM, which has to be base64 there (`base64 -w0`)")
    try:
        content = base64.b64decode(data, validate=True)
    except ValueError:
        raise entry.error(f"its {field}-data is not base64") from None
    return Pem(f"its {field}-data", content, {f"{field}-data": data})


def _read_pem_file(entry: Entry, field: str) -> Pem | None:
    path, content = entry.get_path(field), entry.read_file(field)
    if not path:
        return None
    if not content:
        raise entry.error(f"the file in its {field} is empty")
    if path.is_file():  # which the client re-reads with each connection, so that a new one is used
        return Pem(f"the file in its {field}", content, {field: str(path)})
    return Pem(f"the file in its {field}", content, {f"{field}-data": encode_base64(content)})


def encode_pair(pair: tuple[bytes, bytes] | None, user: Entry, way: str) -> dict[str, str]:
    """Return a plugin's certificate and key in the form of a kubeconfig.

    Raises AccessError, with the user and the plugin (`way`), for what is neither.
    """
    if pair is None:
        return {}
    wrong = {"certificate": certificate_problem(pair[0]), "key": key_problem(pair[1])}
    for what, problem in wrong.items():
        if problem:
            raise user.error(f"the {what} that its {way} returned {problem}")
    return {f"{CERTIFICATE}-data": encode_base64(pair[0]), f"{KEY}-data": encode_base64(pair[1])}


def encode_base64(data: bytes) -> str:
    """Return data as a kubeconfig holds it."""
    return base64.b64encode(data).decode()


def _format_time(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
