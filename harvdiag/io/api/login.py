"""Login: the cluster that a kubeconfig or a pod's service account names, and how to authenticate to it.

The only module that uses the `kubernetes` client: its settings, TLS and proxies. The client never gets credentials of
a kubeconfig, as it prints them in its errors, and sends more than GET to renew them.
"""

from __future__ import annotations

import os
import re
import warnings
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any, NamedTuple

from harvdiag.core.errors import AccessError
from harvdiag.io.api.certificates import pair_problem
from harvdiag.io.api.certpair import ClientPair, Pem, encode_pair, read_authority, read_client_pair
from harvdiag.io.api.configfiles import searched_paths
from harvdiag.io.api.credential import Credential, Headers, basic_auth, impersonation_headers
from harvdiag.io.api.kubeconfig import Entry, ResolvedContext, list_contexts, resolve_context
from harvdiag.io.api.proxies import environment_proxy
from harvdiag.io.api.users import build_credential, plain_credential

if TYPE_CHECKING:
    from collections.abc import Callable

    from urllib3 import PoolManager

__all__ = ["Login", "list_contexts", "log_in"]

POD = "in-cluster"
_SETUP = Lock()
"""Held while the client sets up connections, of which it keeps files for the whole process: clusters may be several."""
ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
URL = re.compile(r"(?i:(https?)://)([^/?#\s]+(?:/[^?#\s]*)?)")
HOST = re.compile(r"[\w.-]+:\d+(?:/[^?#\s]*)?")
"""A server without a scheme; anything else may be a token in the wrong field."""
PORT = re.compile(r"(?:[A-Za-z]{1,8}://)?(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):0*([0-9]+)(?![^/?#])")
LAST_PORT = 65535
SHORT = 6
"""Digits of a port that are told; a longer number may be something else."""
SECURE = "https://"
PLAIN_NOTE = "the credentials of user {} are not sent: the server's URL is plain http://"


class Names(NamedTuple):
    """What a kubeconfig calls the context, its user and its namespace; empty for what it does not name."""

    context: str
    user: str = ""
    namespace: str = ""


class Login:
    """A login to one cluster: the context's name, the server's URL, the kubeconfig's user, and how to authenticate.

    `namespace` is the context's own, empty if it has none. `generation` counts how often the login was renewed.
    `unread` says what was not read of the kubeconfig, `remarks` what is not sent or will fail; `compressed` whether
    answers may be compressed, `proxied` whether the kubeconfig names a proxy to the cluster.
    """

    def __init__(
        self,
        names: Names,
        credential: Credential,
        impersonation: Headers,
        settings: Callable[[Credential], Any],
    ) -> None:
        self.context, self.user, self.namespace = names
        self.auth_method = credential.auth_method
        self.impersonation = impersonation
        self.generation = 0
        self.unread: tuple[str, ...] = ()
        self.remarks: tuple[str, ...] = ()
        self.compressed = True
        self.proxied = False
        self._credential = credential
        self._settings = settings
        self._lock = RLock()
        self._headers = credential.headers(), credential.certificate
        self._open_connections()

    def __repr__(self) -> str:
        return f"Login({self.context}: {self.auth_method})"

    def headers(self) -> Headers:
        """Return the headers to authenticate with, renewed if they have expired. Raises AccessError if that fails.

        This may replace `pool`, so read that afterwards.
        """
        with self._lock:
            shown, _ = self._refresh()
        if any(not (value.isascii() and value.isprintable()) for _, value in shown):
            raise AccessError(
                f"the {self.auth_method} of {self.context} has characters that are not allowed in a credential"
            )
        return [*self.impersonation, *shown]

    def renew(self, generation: int | None = None) -> bool:
        """Renew the login after the server refused the one of that `generation`; say whether there is a new one.

        Raises AccessError if the renewal fails. Threads that were refused the same login renew it once.
        """
        with self._lock:
            if generation is not None and generation != self.generation:
                return True
            before = self.generation
            self._credential.renew()
            self._refresh()
            return self.generation != before

    @property
    def login_hint(self) -> str:
        """How to log in again."""
        if self._credential.login_hint:
            return self._credential.login_hint
        if "/k8s/clusters/" in self.server:
            return "log in again: download a new kubeconfig from Rancher (Cluster Management, the cluster's menu)"
        return "log in again: download a new kubeconfig (Harvester: Support page, Download KubeConfig)"

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on this login for the coverage of a report."""
        unchecked = ("the server's certificate is not checked (insecure-skip-tls-verify)",) if self.insecure else ()
        return (*unchecked, *self.unread, *self.remarks)

    def _refresh(self) -> tuple[Headers, tuple[bytes, bytes] | None]:
        """The current credential; a new certificate also renews the connections."""
        shown = self._credential.headers(), self._credential.certificate
        if shown != self._headers:
            before, self._headers = self._headers, shown
            self.generation += 1
            if shown[1] != before[1]:
                self.pool.clear()
                self._open_connections()
        return shown

    def _open_connections(self) -> None:
        with _SETUP:
            settings = self._settings(self._credential)
            self.server = str(settings.host)
            self.insecure = not settings.verify_ssl
            if self.insecure:
                _silence_urllib3()
            self.pool = _connection_pool(settings, self.context, self.impersonation)


def log_in(context: str | None = None, kubeconfig: str | os.PathLike[str] | None = None, connections: int = 8) -> Login:
    """Return the login of a context (default: the current one), as kubectl would choose it.

    `kubeconfig` names the file; else ``KUBECONFIG`` (several files are merged), else ``~/.kube/config``, else the
    service account of the pod that this runs in. Raises AccessError, in one line, if there is none.
    """
    try:
        from kubernetes.client import Configuration
    except ImportError:
        raise AccessError("to read a live cluster, install the client first: pip install 'harvdiag[live]'") from None

    def blank() -> Any:
        settings = Configuration()
        settings.retries = False  # harvdiag has its own, which handle 410 and 429 as Kubernetes means them
        settings.connection_pool_maxsize = connections
        settings.proxy, settings.no_proxy = None, ""  # the client's rule for the environment is not kubectl's
        return settings

    chosen = resolve_context(kubeconfig, context)
    if chosen:
        return _from_kubeconfig(chosen, blank)
    if context is None and os.environ.get("KUBERNETES_SERVICE_HOST"):
        return _from_pod(blank())
    raise AccessError(
        f"no kubeconfig: {searched_paths()}; name one with --kubeconfig, or read a file: `harvdiag check bundle.zip`"
    )


def _from_kubeconfig(chosen: ResolvedContext, blank: Callable[[], Any]) -> Login:
    ca, pair = read_authority(chosen.cluster), read_client_pair(chosen.user)
    server = _server_url(chosen, bool(ca or pair.certificate or chosen.cluster.get_flag("insecure-skip-tls-verify")))
    asked = impersonation_headers(chosen.user)
    secure = server.startswith(SECURE)
    credential = build_credential(chosen, pair) if secure else plain_credential(chosen.user)

    def settings(now: Credential) -> Any:
        entry, way = _tls_entry(chosen.cluster, server, ca), now.auth_method if now.certificate else None
        return _client_settings(chosen, blank(), entry, _own_pair(pair, now), None if pair.complete else way)

    login = Login(Names(chosen.name, chosen.user_name, chosen.namespace), credential, asked, settings)
    login.compressed = not chosen.cluster.get_flag("disable-compression")
    login.proxied = bool(chosen.cluster.get_text("proxy-url"))
    unsent = (PLAIN_NOTE.format(chosen.user_name),) if credential.login_hint and not secure else ()
    login.unread, login.remarks = chosen.notes, (*unsent, *_expiry_remarks(pair, secure))
    return login


def _expiry_remarks(pair: ClientPair, secure: bool) -> tuple[str, ...]:
    """A remark on a certificate that is not valid now, where another credential is sent as well."""
    problem = pair.expiry_problem() if secure else ""
    return (f"{pair.user.what}: {problem}",) if problem else ()


def _own_pair(pair: ClientPair, now: Credential) -> dict[str, str]:
    """The client certificate of the kubeconfig, else that of a plugin."""
    return pair.settings or encode_pair(now.certificate, pair.user, now.auth_method)


def _tls_entry(cluster: Entry, server: str, ca: Pem | None) -> dict[str, Any]:
    """The entry of the cluster as the client gets it; without what is not about TLS."""
    entry: dict[str, Any] = {"server": server, **(ca.settings if ca else {})}
    entry |= {"insecure-skip-tls-verify": True} if cluster.get_flag("insecure-skip-tls-verify") else {}
    return entry | ({"tls-server-name": name} if (name := cluster.get_text("tls-server-name")) else {})


def _client_settings(
    chosen: ResolvedContext, settings: Any, cluster: dict[str, Any], own: dict[str, str], way: str | None
) -> Any:
    """The client's settings: server, TLS, proxy; nothing else of the kubeconfig.

    `way` is the plugin that returned the client certificate in `own`; None where the kubeconfig has it.
    """
    from kubernetes.config import ConfigException
    from kubernetes.config.kube_config import KubeConfigLoader

    document = {
        "clusters": [{"name": "cluster", "cluster": cluster}],
        "users": [{"name": "user", "user": own}],
        "contexts": [{"name": "context", "context": {"cluster": "cluster", "user": "user"}}],
    }
    try:
        KubeConfigLoader(document, active_context="context").load_and_set(settings)
    except (ConfigException, OSError, ValueError):
        why = "its certificates cannot be used: are their files still there?"
        raise AccessError(f"context {chosen.name}: {why}") from None
    if own and settings.cert_file and (wrong := pair_problem(settings.cert_file, settings.key_file)):
        raise chosen.user.error(wrong if way is None else f"{wrong} (both are of its {way})")
    settings.proxy = chosen.cluster.get_text("proxy-url") or environment_proxy(settings.host, os.environ) or None
    return settings


def _server_url(chosen: ResolvedContext, tls: bool) -> str:
    """The URL of the server, its scheme in small letters; without a scheme, TLS depends on the other fields."""
    server = chosen.cluster.get_text("server")
    if "@" in server:
        raise chosen.cluster.error("its server contains a name or a password; these belong to the user")
    if (port := PORT.match(server)) and not 0 < int(port[1][:SHORT]) <= LAST_PORT:
        told = f"port {port[1]}" if len(port[1]) <= SHORT else "a port of many digits"
        raise chosen.cluster.error(f"its server has {told}, but ports are 1 to {LAST_PORT}")
    if found := URL.fullmatch(server):
        return f"{found[1].lower()}://{found[2]}"
    if HOST.fullmatch(server):
        return f"{SECURE if tls else 'http://'}{server}"
    wrong = "its server is not a URL such as https://host:6443" if server else "it has no server"
    raise chosen.cluster.error(wrong)


class _PodCredential(Credential):
    """The service account's token, which the client re-reads every minute."""

    def __init__(self, settings: Any) -> None:
        again = "the token of this pod's service account has expired: restart the pod"
        super().__init__("service account of this pod", [], again)
        self._settings = settings

    def headers(self) -> Headers:
        """Return the current token of the pod."""
        from kubernetes.config import ConfigException

        try:
            values = self._settings.auth_settings().values()
        except (ConfigException, OSError, ValueError) as error:
            raise AccessError(f"the {self.auth_method} cannot be renewed: {error}") from None
        return [(setting["key"], setting["value"].strip()) for setting in values]


def _from_pod(settings: Any) -> Login:
    from kubernetes.config import ConfigException, load_incluster_config

    try:
        load_incluster_config(client_configuration=settings)
    except (ConfigException, OSError, ValueError) as error:
        raise AccessError(f"this pod's service account cannot be used: {error}") from None
    settings.proxy = environment_proxy(settings.host, os.environ) or None
    return Login(Names(POD), _PodCredential(settings), [], lambda _: settings)


def _connection_pool(settings: Any, name: str, sent: Headers) -> PoolManager:
    """The client's connection pool: certificates, proxies, server name, keep-alive."""
    from kubernetes.client import ApiClient
    from urllib3 import ProxyManager
    from urllib3.exceptions import HTTPError

    try:
        _split_proxy(settings)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of urllib3, about what is raised below
            pool: PoolManager = ApiClient(settings).rest_client.pool_manager
    except ImportError:
        raise AccessError(
            f"context {name}: to go through a SOCKS proxy, install PySocks first: pip install pysocks"
        ) from None
    except (OSError, ValueError, HTTPError):  # their messages contain the URL, which may contain a password
        raise AccessError(
            f"context {name}: the certificates or the proxy of the kubeconfig cannot be used: "
            "its proxy-url, or HTTPS_PROXY, is not a URL such as http://proxy:3128"
        ) from None
    if isinstance(pool, ProxyManager) and str(settings.host).startswith("http://"):
        _check_groups(name, sent)
    return pool


def _check_groups(name: str, sent: Headers) -> None:
    """Raise AccessError for a header that is sent more than once: a plain http:// proxy would get its values as one."""
    if len({key for key, _ in sent}) < len(sent):
        raise AccessError(
            f"context {name}: its as-groups would arrive as one group through the proxy to an http:// server; "
            "use https://, or a single group"
        )


def _split_proxy(settings: Any) -> None:
    """Move the user name and password of a proxy into a header; urllib3 reads them from the URL only for SOCKS."""
    from urllib3.util import parse_url

    url = parse_url(settings.proxy) if settings.proxy else None
    if url and url.auth is not None and url.scheme in {"http", "https"}:
        name, _, word = url.auth.partition(":")
        settings.proxy_headers = {"proxy-authorization": basic_auth(_percent_decode(name), _percent_decode(word))}
        settings.proxy = url._replace(auth=None).url


def _percent_decode(text: str) -> str:
    return ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()), text.encode()).decode("utf-8", "replace")


def _silence_urllib3() -> None:
    """Silence the warning about unverified certificates: the kubeconfig asks for it, and coverage notes it once."""
    import urllib3

    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
