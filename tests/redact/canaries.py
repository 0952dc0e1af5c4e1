"""A small cluster in which something of each sort that must not be handed on stands in many places."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

PASSWORD = "Tr0ub4dor-and-3"  # noqa: S105 - a canary
TOKEN = "K10" + "c0ffee" * 10 + "0000::server:" + "deadbeefcafe0123"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06bWFzdGVycyJ9.c2lnbmF0dXJlLW9mLWEtdG9rZW4"
RANCHER = "token-x7k2p:" + "bcdfghjklmnpqrstvwxz2456789bcdfghjklmnpqrstvwxz2456789"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n-----END PRIVATE KEY-----"
SSH = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMv4QHmyvz7sEXsmDFkzB3pDEmWvRJhZzzz"
IMPORT = "xk7mz9q2w4r8t6y5v3b1n0c2d4f6g8h0j2k4l6m8"
SECRETS = (
    PASSWORD,
    TOKEN,
    JWT,
    RANCHER.partition(":")[2],
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw",
    SSH.split()[1],
    IMPORT,
)

HOST, OTHER, LONG = "kraken-07", "kraken-08", "hypervisor-in-rack-seventeen-of-datacentre-north-02"
GONE = "kraken-10"
"""A host that only the setting upgrade-config names."""
DOMAIN, MAIL = "quux-industries.de", "maria.gonzalez@quux-industries.de"
VM, SPACE, CLUSTER, CLAIM = "payroll-db", "hr-department", "quux-guest", "payroll-db-disk-0-xk2mz"
ADDRESS, PUBLIC, V6, MAC = "10.77.31.14", "203.0.114.77", "2001:db8:77:31:5054:ff:fe12:3456", "52:54:00:ab:cd:77"
UID = "7d1c9a54-3b2e-4f60-8a77-0123456789ab"
CATTLE = "a77e" * 16
SERIAL_IQN = "iqn.2019-03.de.quux-industries:storage.rack17"
NAMES = (
    HOST,
    OTHER,
    GONE,
    LONG,
    DOMAIN,
    MAIL,
    VM,
    SPACE,
    CLUSTER,
    CLAIM,
    ADDRESS,
    PUBLIC,
    V6,
    MAC,
    UID,
    CATTLE,
    SERIAL_IQN,
)

SENTENCE = (
    f"node {HOST} ({ADDRESS}, {PUBLIC}, {V6}, {MAC}) of {CLUSTER}.{DOMAIN}: VM {SPACE}/{VM} uid {UID}, claim {CLAIM}; "
    f"ask {MAIL}; see https://vault.{DOMAIN}:8200/v1/x and {SERIAL_IQN}; cattle-id {CATTLE}"
)
CREDENTIALS = (
    f"--token {TOKEN} password={PASSWORD} Authorization: Bearer {JWT} {RANCHER} "
    f"https://u:{PASSWORD}@proxy.{DOMAIN}:3128 "
    f"curl -fL https://rancher.{DOMAIN}/v3/import/{IMPORT}_c-m-abcd.yaml {SSH} {PEM}"
)
EVERYTHING = f"{SENTENCE} {CREDENTIALS}"


def packed(text: str) -> str:
    """The text as Rancher keeps outputs and applied objects."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def plain64(text: str) -> str:
    """The text in base64."""
    return base64.b64encode(text.encode()).decode()


FORMS = {
    "plain": lambda text: text,
    "json": lambda text: json.dumps({"output": text}),
    "json in json": lambda text: json.dumps({"applied": json.dumps({"output": text})}),
    "yaml": lambda text: f"spec:\n  text: |\n    {text}\n",
    "base64": plain64,
    "gzip": packed,
    "gzip in json in gzip": lambda text: packed(json.dumps({"output": packed(text)})),
    "base64 in base64": lambda text: plain64(plain64(text)),
    "url": lambda _: f"https://{HOST}/?next=%2F{HOST}%2F{VM}",
    "capitals": str.upper,
    "quoted": lambda text: f"Events:\\n{text}\\t{HOST}\\n",
}
"""How a text may be written within another."""


def meta(name: str, namespace: str = "", **more: Any) -> dict[str, Any]:
    return {"name": name, "uid": UID, **({"namespace": namespace} if namespace else {}), **more}


def objects(text: str) -> list[dict[str, Any]]:
    """The objects; `text` stands in an annotation, a label's value, a message, an output and a field of each kind."""
    notes = {"field.cattle.io/x": text, "quux.de/team": text, "kubectl.kubernetes.io/last-applied-configuration": text}
    message = [{"type": "Ready", "status": "False", "reason": "X", "message": text}]
    machine = f"custom-{UID[:8]}77ab"
    job = f"apply-hvst-upgrade-abcde-prepare-on-{LONG}"[:57] + "-1a2b3"
    return [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": meta(
                HOST, annotations=notes, labels={"kubernetes.io/hostname": HOST, "quux.de/rack": "r17-north"}
            ),
            "spec": {
                "providerID": f"rke2://{HOST}",
                "taints": [{"key": "quux.de/only", "value": VM, "effect": "NoSchedule"}],
            },
            "status": {
                "addresses": [{"type": "InternalIP", "address": ADDRESS}, {"type": "Hostname", "address": HOST}],
                "conditions": message,
                "nodeInfo": {"machineID": UID.replace("-", ""), "systemUUID": UID.upper(), "bootID": UID},
            },
        },
        {"apiVersion": "v1", "kind": "Node", "metadata": meta(f"{OTHER}.{DOMAIN}"), "status": {}},
        {"apiVersion": "v1", "kind": "Node", "metadata": meta(LONG), "status": {}},
        {
            "apiVersion": "cluster.x-k8s.io/v1beta1",
            "kind": "Machine",
            "metadata": meta(machine, "fleet-local", annotations=notes),
            "spec": {"clusterName": "local", "providerID": f"rke2://{HOST}"},
            "status": {"nodeRef": {"kind": "Node", "name": HOST}, "conditions": message},
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "rke.cattle.io/machine-plan",
            "metadata": meta(f"{machine}-machine-plan", "fleet-local", annotations={"rke.cattle.io/join-url": text}),
            "data": {"applied-output": packed(text), "failed-output": packed(text), "probe-statuses": plain64(text)},
        },
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": meta(job, "cattle-system", labels={"upgrade.cattle.io/node": LONG}),
            "status": {"conditions": message},
        },
        {
            "apiVersion": "harvesterhci.io/v1beta1",
            "kind": "Upgrade",
            "metadata": meta(
                "hvst-upgrade-abcde", "harvester-system", labels={"harvesterhci.io/latestUpgrade": "true"}
            ),
            "spec": {"version": "v1.4.2"},
            "status": {"nodeStatuses": {HOST: {"state": "Succeeded", "message": text}}, "conditions": message},
        },
        {
            "apiVersion": "harvesterhci.io/v1beta1",
            "kind": "Setting",
            "metadata": meta("upgrade-config"),
            "value": json.dumps({"nodeUpgradeOption": {"strategy": {"mode": "manual", "pauseNodes": [HOST, GONE]}}}),
        },
        {"apiVersion": "v1", "kind": "Namespace", "metadata": meta(SPACE)},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta(CLAIM, SPACE)},
        {"apiVersion": "provisioning.cattle.io/v1", "kind": "Cluster", "metadata": meta(CLUSTER, "fleet-default")},
        {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachine",
            "metadata": meta(VM, SPACE),
            "status": {"conditions": message},
        },
    ]
