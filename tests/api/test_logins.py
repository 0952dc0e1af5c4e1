"""Certificates and kubeconfigs, tried with clients that are not ours: Python's own TLS, and kubectl."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.api import Api
from tests.api.certs import available, certificates
from tests.api.fixture import Serve
from tests.sample import every_value
from tests.world import healthy

KUBECTL = shutil.which("kubectl")
WORLD = healthy(lean=False)
kubectl_only = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on the PATH")
tls_only = pytest.mark.skipif(not available(), reason="openssl is not on the PATH")


def kubectl(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run kubectl with this kubeconfig and a home of its own."""
    assert KUBECTL
    env = {**os.environ, "KUBECONFIG": str(config), "HOME": str(config.parent), "NO_PROXY": "127.0.0.1"}
    return subprocess.run([KUBECTL, *words], env=env, capture_output=True, text=True, check=False, timeout=60)


def trusting() -> ssl.SSLContext:
    """What trusts the throw-away CA."""
    return ssl.create_default_context(cafile=str(certificates().ca.certificate))


def version(api: Api, context: ssl.SSLContext) -> Any:
    """Of the server, by Python's own client."""
    with urllib.request.urlopen(f"{api.url}/version", context=context, timeout=10) as answer:  # noqa: S310
        return json.load(answer)["gitVersion"]


@tls_only
def test_a_good_certificate_is_trusted(serve: Serve) -> None:
    assert version(serve(tls="good"), trusting()) == "v1.31.4+rke2r1"


@tls_only
@pytest.mark.parametrize(("which", "why"), [("wrong host", "mismatch"), ("other ca", "unable to get local issuer")])
def test_a_bad_one_is_not(serve: Serve, which: str, why: str) -> None:
    api = serve(tls=which)
    with pytest.raises(urllib.error.URLError, match=why):
        version(api, trusting())
    assert api.requests == []


@tls_only
def test_a_client_certificate_is_a_login(serve: Serve) -> None:
    api = serve(tls="good", login_required=True)
    context = trusting()
    with pytest.raises(urllib.error.HTTPError, match="Unauthorized"):
        version(api, context)
    client = certificates().client
    context.load_cert_chain(client.certificate, client.key)
    version(api, context)
    assert [(request.status, request.user) for request in api.requests] == [(401, ""), (200, "reader")]


@kubectl_only
@pytest.mark.parametrize("aggregated", [True, "v2beta1", False])
def test_kubectl_reads_several_kinds(serve: Serve, tmp_path: Path, aggregated: bool | str) -> None:
    api = serve(WORLD.objects, aggregated=aggregated)
    done = kubectl(
        api.kubeconfig(tmp_path / "config"),
        *("get", "nodes,machines.cluster.x-k8s.io,pods", "-A", "-o", "json", "--chunk-size=5", "--show-managed-fields"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)["items"]
    nodes = [obj for obj in WORLD.find("Node") if obj["apiVersion"] == "v1"]
    assert found[:3] == nodes
    assert {(item["kind"], item["apiVersion"]) for item in found} == {
        ("Node", "v1"),
        ("Machine", "cluster.x-k8s.io/v1beta1"),
        ("Pod", "v1"),
    }
    assert len(found) == len([*nodes, *WORLD.find("Machine"), *WORLD.find("Pod")])
    api.assert_only_read()


@kubectl_only
def test_kubectl_names_what_is_forbidden_and_what_is_not_there(serve: Serve, tmp_path: Path) -> None:
    api = serve(WORLD.objects, rights={"nodes"}, missing={"custommachines.rke.cattle.io"})
    config = api.kubeconfig(tmp_path / "config")
    done = kubectl(config, "get", "machines.cluster.x-k8s.io", "-A")
    assert 'machines.cluster.x-k8s.io is forbidden: User "reader" cannot list resource "machines"' in done.stderr
    assert "doesn't have a resource type" in kubectl(config, "get", "custommachines.rke.cattle.io").stderr


@pytest.mark.parametrize(
    ("login", "ca"),
    every_value(product(["token", "token file", "certificate", "exec", "password"], ["data", "file", "insecure"])),
)
@kubectl_only
@tls_only
def test_kubectl_logs_in(serve: Serve, tmp_path: Path, login: str, ca: str) -> None:
    api = serve(WORLD.objects, tls="good", login_required=True, prefix="/k8s/clusters/c-abc12")
    config = api.kubeconfig(tmp_path / "config", login=login, ca=ca, others=["away"])
    done = kubectl(config, "get", "nodes", "-o", "name")
    assert (done.returncode, done.stdout.split()) == (0, ["node/hv01", "node/hv02", "node/hv03"]), done.stderr
    assert kubectl(config, "config", "get-contexts", "-o", "name").stdout.split() == ["away", "lab"]
    assert {request.user for request in api.requests} == {"reader"}


@pytest.mark.parametrize(
    ("login", "ca", "why"),
    [
        ("bad token", "data", "You must be logged in"),
        ("failing exec", "data", "your session has ended"),
        ("token", "other", "certificate signed by unknown authority"),
        ("token", "none", "certificate signed by unknown authority"),
    ],
)
@kubectl_only
@tls_only
def test_kubectl_cannot_log_in(serve: Serve, tmp_path: Path, login: str, ca: str, why: str) -> None:
    api = serve(WORLD.objects, tls="good", login_required=True)
    done = kubectl(api.kubeconfig(tmp_path / "config", login=login, ca=ca), "get", "nodes")
    assert done.returncode == 1
    assert why in done.stderr


def test_a_kubeconfig_says_what_it_is_told_to(serve: Serve, tmp_path: Path) -> None:
    api = serve()
    path = api.kubeconfig(
        tmp_path / "config",
        login="none",
        context="prod",
        current="",
        namespace="team",
        cluster={"proxy-url": "http://127.0.0.1:9"},
    )
    told = json.loads(path.read_text())
    assert (told["current-context"], told["contexts"][0]["name"]) == ("", "prod")
    assert told["contexts"][0]["context"]["namespace"] == "team"
    assert told["clusters"][0]["cluster"] == {"server": api.url, "proxy-url": "http://127.0.0.1:9"}
