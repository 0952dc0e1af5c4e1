"""Pods and events of the namespaces that a bundle collects, and the log text of the pods that matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harvdiag.training.world.objects import digest, moment, new, number
from harvdiag.training.world.world import World

__all__ = ["done", "events", "job_pods", "pods", "stamped"]

_EVERYWHERE = {  # pods that run on each node: namespace, name and image
    "rke2-canal": ("kube-system", "rancher/hardened-calico"),
    "rke2-ingress-nginx-controller": ("kube-system", "rancher/nginx-ingress-controller"),
    "harvester-node-manager": ("harvester-system", "rancher/harvester-node-manager"),
    "virt-handler": ("harvester-system", "registry.suse.com/suse/sles/15.6/virt-handler"),
    "longhorn-manager": ("longhorn-system", "rancher/mirrored-longhornio-longhorn-manager"),
    "instance-manager": ("longhorn-system", "rancher/mirrored-longhornio-longhorn-instance-manager"),
}
_SERVERS = {  # pods that run on each management node
    "etcd": ("kube-system", "rancher/hardened-etcd"),
    "kube-apiserver": ("kube-system", "rancher/hardened-kubernetes"),
    "rancher": ("cattle-system", "rancher/rancher"),
    "harvester": ("harvester-system", "rancher/harvester"),
}
_ONCE = {
    "capi-controller-manager": ("cattle-provisioning-capi-system", "rancher/mirrored-cluster-api-controller"),
    "system-upgrade-controller": ("cattle-system", "rancher/system-upgrade-controller"),
    "fleet-agent": ("cattle-fleet-local-system", "rancher/fleet-agent"),
}
_EVENTS = (  # type, reason, message
    ("Normal", "Pulled", 'Container image "rancher/harvester:{version}" already present on machine'),
    ("Normal", "Created", "Created container manager"),
    ("Warning", "Unhealthy", 'Readiness probe failed: Get "https://{ip}:8443/healthz": context deadline exceeded'),
    ("Warning", "BackOff", "Back-off restarting failed container manager in pod longhorn-manager_longhorn-system"),
)


def pods(world: World) -> list[dict[str, Any]]:
    """A modest set of running pods, in a cluster's usual places."""
    found = [_pod(world, app, host) for host in world.hosts for app in _EVERYWHERE]
    servers = [host.name for host in world.hosts.values() if host.role == "management"]
    found += [_pod(world, app, host) for host in servers for app in _SERVERS]
    return found + [_pod(world, app, servers[i % len(servers)]) for i, app in enumerate(_ONCE)]


def job_pods(world: World) -> list[dict[str, Any]]:
    """The pods of the world's Jobs, one each."""
    return [_job_pod(world, job) for job in world.find("Job")]


def events(world: World, each: int = 4) -> list[dict[str, Any]]:
    """A few events for each node, in namespaces harvester-system and longhorn-system."""
    return [_event(world, host, i) for host in world.hosts for i in range(each)]


def stamped(at: str, lines: Iterator[str]) -> str:
    """Log text as the API gives it: an RFC 3339 stamp with nanoseconds before each line, twenty seconds apart."""
    text = []
    for i, line in enumerate(lines):
        stamp = moment(at, seconds=20 * i).removesuffix("Z")
        text.append(f"{stamp}.{number(10**9, at, i):09d}Z {line}\n")
    return "".join(text)


def _pod(world: World, app: str, node: str) -> dict[str, Any]:
    namespace, image = (_EVERYWHERE | _SERVERS | _ONCE)[app]
    static = app in ("etcd", "kube-apiserver")
    name = f"{app}-{node}" if static else f"{app}-{digest(5, 'pod', app, node)}"
    labels = {"app.kubernetes.io/name": app, "controller-revision-hash": digest(10, "revision", app)}
    container = _container(app, f"{image}:{world.version}")
    spec = {"containers": [container], "nodeName": node, "priority": 2_000_001_000, "serviceAccountName": app}
    status = _pod_status(world, node, app)
    meta = {} if static else {"generateName": f"{app}-"}
    return new("v1", "Pod", name, namespace, labels=labels, metadata=meta, spec=spec, status=status)


def _container(name: str, image: str) -> dict[str, Any]:
    env = [{"name": "HTTP_PROXY", "value": ""}, {"name": "LOG_LEVEL", "value": "2"}]
    port = {"containerPort": 8443, "name": "metrics", "protocol": "TCP"}
    limits = {"cpu": "1", "memory": "512Mi"}
    made = {"args": ["--v=2"], "env": env, "image": image, "imagePullPolicy": "IfNotPresent", "name": name}
    return made | {"ports": [port], "resources": {"limits": limits, "requests": {"cpu": "100m"}}}


def _pod_status(world: World, node: str, app: str) -> dict[str, Any]:
    started = moment(world.captured_at, hours=-20)
    ready = {"lastProbeTime": None, "lastTransitionTime": started, "status": "True"}
    kinds = ("Initialized", "Ready", "ContainersReady", "PodScheduled")
    state = {"name": app, "ready": True, "restartCount": number(3, app, node), "lastState": {}}
    return {
        "conditions": [{"type": kind, **ready} for kind in kinds],
        "containerStatuses": [state | {"started": True, "state": {"running": {"startedAt": started}}}],
        "hostIP": world.hosts[node].ip,
        "phase": "Running",
        "podIP": f"10.52.{world.hosts[node].index}.{4 + number(200, app)}",
        "qosClass": "Burstable",
        "startTime": started,
    }


def _job_pod(world: World, job: dict[str, Any]) -> dict[str, Any]:
    meta, template = job["metadata"], job["spec"]["template"]["spec"]
    name = f"{meta['name'][:57]}-{digest(5, 'pod', meta['name'])}"
    told = job["status"]
    failed = {"exitCode": 1, "reason": "Error", "finishedAt": moment(told["startTime"], minutes=20)}
    end = failed | ({"exitCode": 0, "reason": "Completed", "finishedAt": told["completionTime"]} if done(job) else {})
    is_now = {"running": {"startedAt": told["startTime"]}} if told.get("active") else {"terminated": end}
    state = {"name": "apply", "ready": bool(told.get("active")), "restartCount": 0, "state": is_now}
    spec = {"nodeName": next(iter(world.hosts))} | template
    phase = "Running" if told.get("active") else "Succeeded" if done(job) else "Failed"
    status = {"containerStatuses": [state], "phase": phase, "startTime": told["startTime"]}
    labels = meta["labels"] | {"job-name": meta["name"]}
    return new("v1", "Pod", name, meta["namespace"], labels=labels, spec=spec, status=status)


def done(job: dict[str, Any]) -> bool:
    """Whether a Job is complete."""
    return "completionTime" in job["status"]


def _event(world: World, node: str, index: int) -> dict[str, Any]:
    kind, reason, message = _EVENTS[index % len(_EVENTS)]
    namespace, app = (("harvester-system", "virt-handler"), ("longhorn-system", "longhorn-manager"))[index % 2]
    pod = f"{app}-{digest(5, 'pod', app, node)}"
    about = {"apiVersion": "v1", "fieldPath": f"spec.containers{{{app}}}", "kind": "Pod", "name": pod}
    return new(
        "v1",
        "Event",
        f"{pod}.{digest(16, 'event', node, index)}",
        namespace,
        count=1 + number(40, node, index),
        eventTime=None,
        firstTimestamp=moment(world.captured_at, minutes=-55 + index),
        involvedObject=about | {"namespace": namespace},
        lastTimestamp=moment(world.captured_at, minutes=-9 + index),
        message=message.format(version=world.version, ip=world.hosts[node].ip),
        reason=reason,
        reportingComponent="kubelet",
        reportingInstance=node,
        source={"component": "kubelet", "host": node},
        type=kind,
    )
