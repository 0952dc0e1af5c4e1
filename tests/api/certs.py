"""Throw-away certificates, made by the `openssl` command once a test process: nothing is fetched, nothing is kept."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.api.login import USER

_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_CA = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
_LEAF = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage={use}
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Certificates:
    """The CA that a client should trust, and what is signed by it, or not."""

    ca: Pair
    server: Pair
    """Good for 127.0.0.1 and localhost."""
    elsewhere: Pair
    """Of the same CA, but for another host."""
    other_ca: Pair
    stranger: Pair
    """Good for 127.0.0.1, but of the other CA."""
    expired: Pair
    """Good for 127.0.0.1, until yesterday."""
    client: Pair
    """Of the reader."""

    def of_server(self, which: str) -> Pair:
        """``good``, ``wrong host``, ``other ca`` or ``expired``."""
        made = {"good": self.server, "wrong host": self.elsewhere, "other ca": self.stranger, "expired": self.expired}
        return made[which]


def available() -> bool:
    """Whether certificates can be made here."""
    return shutil.which("openssl") is not None


@cache
def certificates() -> Certificates:
    """The certificates of this process; their folder is removed as it ends."""
    folder = Path(tempfile.mkdtemp(prefix="harvdiag-certs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    ca, other = _authority(folder, "ca"), _authority(folder, "other-ca")
    here = "DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1"
    return Certificates(
        ca,
        _leaf(folder, "server", ca, "/CN=kube-apiserver", "serverAuth", names=here),
        _leaf(folder, "elsewhere", ca, "/CN=elsewhere", "serverAuth", names="DNS:elsewhere.invalid"),
        other,
        _leaf(folder, "stranger", other, "/CN=kube-apiserver", "serverAuth", names=here),
        _leaf(folder, "expired", ca, "/CN=kube-apiserver", "serverAuth", names=here, days=-1),
        _leaf(folder, "client", ca, f"/O=readers/CN={USER}", "clientAuth"),
    )


def _authority(folder: Path, name: str) -> Pair:
    pair = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    extensions = [word for text in _CA for word in ("-addext", text)]
    files = ("-keyout", pair.key, "-out", pair.certificate)
    _openssl("req", "-x509", *_CURVE, *files, "-days", "2", "-subj", f"/CN=invented {name}", *extensions)
    return pair


def _leaf(folder: Path, name: str, ca: Pair, subject: str, use: str, *, names: str = "", days: int = 2) -> Pair:
    pair = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    extensions.write_text(_LEAF.format(use=use) + (f"subjectAltName={names}\n" if names else ""))
    _openssl("req", *_CURVE, "-keyout", pair.key, "-out", request, "-subj", subject)
    signer = ("-CA", ca.certificate, "-CAkey", ca.key, "-CAcreateserial")
    _openssl(
        "x509", "-req", "-in", request, *signer, "-days", str(days), "-extfile", extensions, "-out", pair.certificate
    )
    return pair


def _openssl(*words: str | Path) -> None:
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise RuntimeError(f"openssl {words[0]} failed: {done.stderr}")
