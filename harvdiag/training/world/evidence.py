"""What a support bundle holds beside objects: the zip of each host's files and journals, and logs of pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from harvdiag.training.world.hosts import Host
from harvdiag.training.world.joblogs import job_lines
from harvdiag.training.world.objects import digest, moment
from harvdiag.training.world.versions import Release
from harvdiag.training.world.workloads import stamped
from harvdiag.training.world.world import World

__all__ = ["node_zips", "pod_logs"]

_AGENT = "v0.3.11"
_VIP = "10.0.0.10"
_CREDENTIALS = "the server has asked for the client to provide credentials"
_DISTRUST = "tls: failed to verify certificate: x509: certificate is valid for 10.0.0.10, not 10.53.0.1"
_OLD_VIP = "10.0.9.10"
_RANCHERD = ("generating plan", "[_1:stdout]: Generating Cattle ID", "applying plan: succeeded", "stamp written")


def node_zips(world: World, orphans: Iterable[str] = (), distrusting: Iterable[str] = ()) -> dict[str, dict[str, str]]:
    """Files of each node that gets a zip, one that is Ready and managed; `orphans` re-used an old install, the agents
    of `distrusting` do not trust Rancher any more.
    """
    lost, doubting = set(orphans), set(distrusting)
    zips = {}
    for name, host in world.hosts.items():
        node = world.get("Node", name)
        ready = any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"]["conditions"])
        if ready and node["metadata"]["labels"].get("harvesterhci.io/managed") == "true":
            on = node["status"]["nodeInfo"]
            release = Release(on["osImage"].split()[1], world.release.rancher, on["kubeletVersion"], "", "")
            zips[name] = _files(host, release, world.captured_at, name in lost)
            if name in doubting:
                lines = (*_agent_lines(host, lost=False), *_starts(_DISTRUST))
                text = _journal(host, "rancher-system-agent", iter(lines), world.captured_at)
                zips[name]["logs/rancher-system-agent.log"] = text
    return zips


def pod_logs(world: World, said: Mapping[str, Iterable[tuple[str, str]]] | None = None) -> dict[str, str]:
    """Logs of the harvester and rancher pods and of the upgrade's job pods: `<namespace>/<pod>/<container>.log`.

    `said` adds lines, each with its RFC 3339 time, to the log of the first pod with a container of that name.
    """
    logs, more = {}, dict(said or {})
    jobs = {job["metadata"]["name"]: job for job in world.find("Job")}
    for pod in (pod for pod in world.find("Pod") if {"startTime", "containerStatuses"} <= pod["status"].keys()):
        meta, began = pod["metadata"], pod["status"]["startTime"]
        container = pod["status"]["containerStatuses"][0]["name"]
        job = jobs.get(meta.get("labels", {}).get("job-name", ""))
        lines = job_lines(world, job) if job else _pod_lines(world, container)
        if lines:
            text = stamped(began, iter(lines))
            text += "".join(stamped(at, iter((line,))) for at, line in more.pop(container, ()))
            logs[f"{meta['namespace']}/{meta['name']}/{container}.log"] = text
    return logs


def _files(host: Host, release: Release, captured_at: str, lost: bool) -> dict[str, str]:
    config = "configs/etc/rancher"
    rke2 = f"{config}/rke2/config.yaml.d/50-rancher.yaml"
    unit = "rke2-server" if host.etcd else "rke2-agent"
    return {
        "configs/etc/harvester-release.yaml": _release_yaml(release),
        "configs/etc/hostname": f"{host.name}\n",
        "configs/etc/os-release": f'NAME="SLE Micro"\nPRETTY_NAME="{release.os}"\n',
        "configs/oem/90_custom.yaml": f"name: Harvester Configuration\nhostname: {host.name}\n",
        f"{config}/agent/cattle-id": host.cattle_id,
        f"{config}/agent/config.yaml": "workDirectory: /var/lib/rancher/agent/work\nremoteEnabled: true\n",
        f"{config}/rancherd/config.yaml": _rancherd_config(host, lost),
        rke2: _rke2_config(host, lost),
        "logs/rancher-system-agent.log": _journal(host, "rancher-system-agent", _agent_lines(host, lost), captured_at),
        "logs/rancherd.log": _journal(host, "rancherd", _rancherd_lines(lost), captured_at),
        f"logs/{unit}.log": _journal(host, "rke2", _rke2_lines(host, release), captured_at),
        "logs/console.log": "",
    }


def _release_yaml(release: Release) -> str:
    names = {"harvester": release.harvester, "os": release.os, "kubernetes": release.kubernetes}
    return "".join(f"{key}: {value}\n" for key, value in names.items())


def _rancherd_config(host: Host, lost: bool) -> str:
    """What the installer wrote; a lost host still names the cluster that it was in before."""
    role = "cluster-init" if host.index == 0 else "server" if host.etcd else "agent"
    server = "" if host.index == 0 else f"server: https://{_OLD_VIP if lost else _VIP}:443\n"
    return f"role: {role}\n{server}token: '***'\nnodeName: {host.name}\nlabels:\n- harvesterhci.io/managed=true\n"


def _rke2_config(host: Host, lost: bool) -> str:
    """The file that Rancher's plan writes; on a lost host it was written by hand, which left the labels out."""
    server = '"server": "https://' + _VIP + ':9345", "token": "***"'
    if lost:
        return "{" + server + "}\n"
    labels = f'"node-label": ["harvesterhci.io/managed=true", "rke.cattle.io/machine={host.machine_uid}"]'
    return "{" + labels + ("" if host.index == 0 else f", {server}") + "}\n"


def _rancherd_lines(lost: bool) -> Iterator[str]:
    if lost:
        again = "To force the system to be bootstrapped again run with the --force flag"
        yield f'level=info msg="System is already bootstrapped. {again}"'
        return
    yield from (f'level=info msg="{text}"' for text in _RANCHERD)


def _agent_lines(host: Host, lost: bool) -> Iterator[str]:
    yield from _starts(_CREDENTIALS) if lost else _starts()
    if not lost:
        secret = f"fleet-local/{host.machine}-machine-plan"
        plan = digest(64, "plan", host.name)
        yield f'level=info msg="[Applyinator] Applying one-time instructions for plan with checksum {plan}"'
        yield f'level=info msg="[K8s] updated plan secret {secret} with feedback"'


def _starts(error: str = "") -> Iterator[str]:
    """One start of the agent; with an error a dozen, each of which ends in it."""
    for _ in range(12 if error else 1):
        yield f'level=info msg="Rancher System Agent version {_AGENT} ({digest(7, "agent")}) is starting"'
        yield 'level=info msg="Using directory /var/lib/rancher/agent/work for work"'
        yield 'level=info msg="Starting remote watch of plans"'
        if error:
            yield f'level=fatal msg="error while connecting to Kubernetes cluster: {error}"'


def _rke2_lines(host: Host, release: Release) -> Iterator[str]:
    yield f'level=info msg="Starting rke2 {release.kubernetes}"'
    yield f'level=info msg="Running kubelet --node-ip={host.ip} --hostname-override={host.name}"'
    yield f'level=info msg="{"rke2 is up and running" if host.etcd else "rke2 agent is up and running"}"'


def _journal(host: Host, unit: str, lines: Iterator[str], captured_at: str) -> str:
    """Lines of `journalctl -o short-precise`, half a minute apart, from two days before the capture on."""
    text = []
    for i, line in enumerate(lines):
        at = moment(captured_at, days=-2, seconds=30 * i)
        month, day = {"04": "Apr", "05": "May"}.get(at[5:7], "Jan"), at[8:10]
        head = f"{month} {day} {at[11:19]}.{100_000 + 7_919 * i % 900_000} {host.name} {unit}[{1_800 + host.index}]"
        text.append(f'{head}: time="{at}" {line}\n')
    return "".join(text)


def _pod_lines(world: World, container: str) -> list[str]:
    if container == "rancher":
        return [
            f"[INFO] Rancher version {world.release.rancher} is starting",
            "[INFO] [planner] rkecluster fleet-local/local: reconciled",
        ]
    if container == "harvester":
        return [f'level=info msg="Starting Harvester {world.version}"', 'level=info msg="Upgrade controllers started"']
    return []
