"""Login: which cluster a kubeconfig or a pod's service account means, and by what means it lets one in.

The one place that knows the `kubernetes` client: its settings, TLS and proxies. What shows who asks never gets there
from a kubeconfig, as the client tells it in its errors, and sends more than GET to renew it.
"""

from __future__ import annotations

import os
import re
import warnings
from threading import RLock
from typing import TYPE_CHECKING, Any

from harvdiag.core.errors import AccessError
from harvdiag.io.api.credential import Credential, Headers, basic, impersonation
from harvdiag.io.api.kubeconfig import Chosen, choose, contexts, looked_at
from harvdiag.io.api.users import certificate, credential_of, encoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from urllib3 import PoolManager

__all__ = ["Login", "contexts", "log_in"]

POD = "in-cluster"
ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
URL = re.compile(r"https?://[^/?#\s]+(/[^?#\s]*)?")
HOST = re.compile(r"[\w.-]+:\d+")
"""What is most often taken for a URL; anything else may be a token that stands in the wrong place."""


class Login:
    """A way into one cluster: the context's name, the server's URL, the kubeconfig's user, and how it is let in.

    `namespace` is the context's own, empty where it names none. `turn` counts how often the login was renewed.
    """

    def __init__(
        self,
        names: tuple[str, str, str],
        credential: Credential,
        impersonation: Headers,
        settings: Callable[[Credential], Any],
    ) -> None:
        self.context, self.user, self.namespace = names
        self.way = credential.way
        self.impersonation = impersonation
        self.turn = 0
        self._credential = credential
        self._settings = settings
        self._lock = RLock()
        self._shown = credential.headers(), credential.certificate
        self._connect()

    def __repr__(self) -> str:
        return f"Login({self.context}: {self.way})"

    def headers(self) -> Headers:
        """What shows who is asking, renewed where it has run out. Raises AccessError where that fails.

        May lead to another `pool`, which is to be looked at afterwards.
        """
        with self._lock:
            shown, _ = self._look()
        if any(not (value.isascii() and value.isprintable()) for _, value in shown):
            raise AccessError(f"the {self.way} of {self.context} holds signs that no login has, such as a line break")
        return [*self.impersonation, *shown]

    def renew(self, turn: int | None = None) -> bool:
        """Whether there is another login to show, now that the server refused the one of that `turn`.

        Raises AccessError where getting another one fails. Threads that were refused the same one get it once.
        """
        with self._lock:
            if turn is not None and turn != self.turn:
                return True
            before = self.turn
            self._credential.renew()
            self._look()
            return self.turn != before

    @property
    def again(self) -> str:
        """How to log in again, in a few words."""
        if self._credential.again:
            return self._credential.again
        if "/k8s/clusters/" in self.server:
            return "log in again: download a new kubeconfig from Rancher (Cluster Management, the cluster's menu)"
        return "log in again: take a new kubeconfig (Harvester: Support page, Download KubeConfig)"

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of this way in."""
        return ("the server's certificate is not checked (insecure-skip-tls-verify)",) if self.insecure else ()

    def _look(self) -> tuple[Headers, tuple[bytes, bytes] | None]:
        """What is shown by now."""
        shown = self._credential.headers(), self._credential.certificate
        if shown != self._shown:
            before, self._shown = self._shown, shown
            self.turn += 1
            if shown[1] != before[1]:
                self.pool.clear()
                self._connect()
        return shown

    def _connect(self) -> None:
        settings = self._settings(self._credential)
        self.server = str(settings.host)
        self.insecure = not settings.verify_ssl
        if self.insecure:
            _silence_urllib3()
        self.pool = _pool(settings, self.context, self.impersonation)


def log_in(context: str | None = None, kubeconfig: str | os.PathLike[str] | None = None, connections: int = 8) -> Login:
    """The login of a context (default: the current one), as kubectl would choose it.

    `kubeconfig` names the file; else ``KUBECONFIG`` (several files are merged), else ``~/.kube/config``, else the
    service account of the pod that this runs in. Raises AccessError, in one line, where that gives no login.
    """
    try:
        from kubernetes.client import Configuration
    except ImportError:
        raise AccessError("to read a live cluster, install its client first: pip install 'harvdiag[live]'") from None

    def blank() -> Any:
        settings = Configuration()
        settings.retries = False  # harvdiag has its own, which know what Kubernetes means by 410 or 429
        settings.connection_pool_maxsize = connections
        return settings

    chosen = choose(kubeconfig, context)
    if chosen:
        return _from_kubeconfig(chosen, blank)
    if context is None and os.environ.get("KUBERNETES_SERVICE_HOST"):
        return _from_pod(blank())
    raise AccessError(
        f"no kubeconfig: {looked_at()}; name one with --kubeconfig, or give a SOURCE such as a support bundle"
    )


def _from_kubeconfig(chosen: Chosen, blank: Callable[[], Any]) -> Login:
    _check_server(chosen)
    ca = certificate(chosen.cluster, "certificate-authority")
    own = certificate(chosen.user, "client-certificate") | certificate(chosen.user, "client-key")
    asked = impersonation(chosen.user)
    credential = credential_of(chosen, bool(own))

    def settings(now: Credential) -> Any:
        return _settings(chosen, blank(), ca, own or encoded(now.certificate))

    return Login((chosen.name, chosen.user_name, chosen.namespace), credential, asked, settings)


def _settings(chosen: Chosen, settings: Any, ca: dict[str, str], own: dict[str, str]) -> Any:
    """The client's settings: server, TLS, proxy. It is given nothing else of the kubeconfig."""
    from kubernetes.config import ConfigException
    from kubernetes.config.kube_config import KubeConfigLoader

    cluster: dict[str, Any] = {"server": chosen.cluster.text("server"), **ca}
    cluster |= {"insecure-skip-tls-verify": True} if chosen.cluster.flag("insecure-skip-tls-verify") else {}
    cluster |= {"tls-server-name": name} if (name := chosen.cluster.text("tls-server-name")) else {}
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
    if proxy := chosen.cluster.text("proxy-url"):
        settings.proxy = proxy
        settings.no_proxy = ""  # as kubectl has it: NO_PROXY is about the proxy of the environment
    elif settings.proxy and "://" not in settings.proxy:
        settings.proxy = f"http://{settings.proxy}"  # HTTPS_PROXY may name a mere host
    return settings


def _check_server(chosen: Chosen) -> None:
    server = chosen.cluster.text("server")
    if "@" in server:
        raise chosen.cluster.error("its server holds a name or a password; these belong to the user")
    if not URL.fullmatch(server):
        shown = f"{server!r} " if HOST.fullmatch(server) else ""
        raise AccessError(f"context {chosen.name}: its server {shown}is no URL such as https://host:6443")


class _Pod(Credential):
    """The service account's token, which the client reads again each minute."""

    def __init__(self, settings: Any) -> None:
        again = "the token of this pod's service account has run out: start the pod again"
        super().__init__("service account of this pod", [], again)
        self._settings = settings

    def headers(self) -> Headers:
        """The token that the pod has now."""
        from kubernetes.config import ConfigException

        try:
            found = self._settings.auth_settings().values()
        except (ConfigException, OSError, ValueError) as error:
            raise AccessError(f"the {self.way} cannot be renewed: {error}") from None
        return [(setting["key"], setting["value"].strip()) for setting in found]


def _from_pod(settings: Any) -> Login:
    from kubernetes.config import ConfigException, load_incluster_config

    try:
        load_incluster_config(client_configuration=settings)
    except (ConfigException, OSError, ValueError) as error:
        raise AccessError(f"this pod's service account cannot be used: {error}") from None
    return Login((POD, "", ""), _Pod(settings), [], lambda _: settings)


def _pool(settings: Any, name: str, sent: Headers) -> PoolManager:
    """Connections as the client makes them: certificates, proxies, server name, keep-alive."""
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
    except (OSError, ValueError, HTTPError):  # their words hold the URL, and that a password
        raise AccessError(
            f"context {name}: the certificates or the proxy of the kubeconfig cannot be used: "
            "its proxy-url, or HTTPS_PROXY, is no URL such as http://proxy:3128"
        ) from None
    several = len({key for key, _ in sent}) < len(sent)
    if several and isinstance(pool, ProxyManager) and str(settings.host).startswith("http://"):
        raise AccessError(
            f"context {name}: its as-groups would come as one group through the proxy to an http:// server; "
            "use https://, or a single group"
        )
    return pool


def _split_proxy(settings: Any) -> None:
    """The name and the password of a proxy go into a header; in the URL urllib3 knows them for SOCKS alone."""
    from urllib3.util import parse_url

    url = parse_url(settings.proxy) if settings.proxy else None
    if url and url.auth is not None and url.scheme in {"http", "https"}:
        name, _, word = url.auth.partition(":")
        settings.proxy_headers = {"proxy-authorization": basic(_unescaped(name), _unescaped(word))}
        settings.proxy = url._replace(auth=None).url


def _unescaped(text: str) -> str:
    return ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode()).decode("utf-8", "replace")


def _silence_urllib3() -> None:
    """Who skips the check of certificates in the kubeconfig has decided so; coverage notes it once."""
    import urllib3

    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
