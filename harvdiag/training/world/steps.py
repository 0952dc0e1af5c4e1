"""Steps: one node of a world at any moment of its upgrade, with its plan Secret, its Jobs and the planner's words.

The moments are a table, `STEPS`; those of an only node are `SINGLE`. See docs/objects.md#drain-steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harvdiag.training.world import upgrades as parts
from harvdiag.training.world.machines import encoded
from harvdiag.training.world.objects import compact, moment, uid
from harvdiag.training.world.versions import earlier, release
from harvdiag.training.world.world import World

__all__ = [
    "KEYS",
    "OPTIONS",
    "PRELOADED",
    "READY",
    "SINGLE",
    "SPEAKERS",
    "STEPS",
    "Step",
    "before",
    "between",
    "done",
    "order",
    "run",
    "say",
    "show",
    "tier",
]

READY, PRELOADED = "Succeeded", "Images preloaded"


@dataclass(frozen=True)
class Step:
    """A moment of one node's drain. `keys` counts the annotations of KEYS that are there.

    `jobs` are the states of its pre-drain and post-drain Job; `new` is what of it is new: the kubelet, the OS.
    """

    minutes: int
    state: str = PRELOADED
    keys: int = 0
    jobs: tuple[str, ...] = ()
    new: str = ""
    says: str = ""
    up: bool = True


KEYS = tuple(
    f"{owner}/{key}"
    for owner, key in (
        ("rke.cattle.io", "drain-options"),
        ("rke.cattle.io", "pre-drain"),
        ("harvesterhci.io", "pre-hook"),
        ("rke.cattle.io", "drain-done"),
        ("rke.cattle.io", "uncordon"),
        ("rke.cattle.io", "post-drain"),
        ("harvesterhci.io", "post-hook"),
    )
)
"""The annotations of the handshake, in the order in which they are written."""
OPTIONS = compact(
    {"deleteEmptyDirData": True, "enabled": True, "force": True, "ignoreDaemonSets": True, "ignoreErrors": False}
    | {"timeout": 0}
    | {f"{when}DrainHooks": [{"annotation": f"harvesterhci.io/{when}-hook"}] for when in ("pre", "post")}
)
"""What Rancher asks with, and Harvester gives back byte for byte."""

SPEAKERS = ("RKEControlPlane", "Cluster.provisioning.cattle.io")
_DRAIN, _APPLY = "draining {tier} {m}: draining node", "configuring {tier} {m}: waiting for plan to be applied"
_UNCORDON = "uncordoning {tier} {m}: waiting for uncordon to finish"
_NEXT = "configuring {tier} {m}"
_RUNS, _DONE = ("active",), ("complete",)
STEPS = {
    "h0": Step(0),
    "h1": Step(1, keys=1, says=_DRAIN),
    "h2": Step(2, keys=2, says=_DRAIN),
    "h3": Step(3, "Pre-draining", 2, _RUNS, says=_DRAIN),
    "h4": Step(8, "Pre-draining", 2, _RUNS, says=_DRAIN),
    "h5": Step(12, "Pre-drained", 3, _DONE, says=_DRAIN),
    "h6": Step(16, "Pre-drained", 4, _DONE, says=_DRAIN),
    "h7": Step(20, "Pre-drained", 4, _DONE, says=_APPLY),
    "restarting": Step(21, "Pre-drained", 4, _DONE, says=_APPLY, up=False),
    "probes": Step(23, "Pre-drained", 4, _DONE, "kubelet", "configuring {tier} {m}: waiting for probes: kubelet"),
    "uncordon": Step(25, "Pre-drained", 5, _DONE, "kubelet", _UNCORDON),
    "h8": Step(26, "Pre-drained", 6, _DONE, "kubelet", _UNCORDON),
    "h9": Step(27, "Post-draining", 6, _DONE + _RUNS, "kubelet", _UNCORDON),
    "h10": Step(32, "Post-draining", 6, _DONE + _RUNS, "kubelet", _UNCORDON),
    "waiting": Step(40, "Waiting Reboot", 6, _DONE + _DONE, "kubelet", _UNCORDON),
    "rebooting": Step(44, "Waiting Reboot", 6, _DONE + _DONE, "kubelet", _UNCORDON, up=False),
    "h11": Step(48, READY, 7, _DONE + _DONE, "kubelet os", _UNCORDON),
    "h12": Step(50, READY, 0, _DONE + _DONE, "kubelet os"),
}
"""The steps of docs/objects.md#drain-steps by their id, and what is seen between them."""
_JOBS = (("pre-drain", 3, 9), ("post-drain", 27, 13))  # type, minute of its start, minutes it takes
SINGLE = {
    "started": Step(5, jobs=_RUNS),
    "kubelet": Step(20, jobs=_RUNS, new="kubelet"),
    "waiting": Step(40, "Waiting Reboot", jobs=_DONE, new="kubelet"),
    "done": Step(48, READY, jobs=_DONE, new="kubelet os"),
}
"""The upgrade of the only node: one Job does all, there is no drain (docs/objects.md#phase-single-node)."""
_SINGLE_JOBS = (("single-node-upgrade", 1, 38),)


def order(world: World) -> list[str]:
    """The nodes in the order in which Rancher takes them: the init node, etcd, the workers."""
    return sorted(world.hosts, key=lambda name: (not world.hosts[name].etcd, world.hosts[name].index))


def before(version: str) -> str:
    """The release before another: where its upgrade comes from."""
    return earlier(version)


def show(world: World, node: str, row: Step, minutes: int) -> None:
    """Lay a step over a node, its plan Secret and its Jobs, `minutes` after its turn began."""
    run(world, node, row.new)
    _node_jobs(world, node, row.jobs, minutes)
    if row.new:
        _plan(world, node, moment(world.captured_at, minutes=18 - minutes), applied=True)
    elif row.says == _APPLY:
        _plan(world, node, moment(world.captured_at, minutes=-1), applied=False)
    if row.keys:
        _hand_shake(world, node, row, minutes)
    if row.state == "Waiting Reboot":
        pending = {"harvesterhci.io/pendingOSImage": world.release.os}
        world.change("Node", node, {"metadata": {"annotations": pending}})
    if not row.up:
        _go_down(world, node)
    if "os" in row.new:
        _rebooted(world, node, moment(world.captured_at, minutes=46 - minutes))
    if row.says:
        _say(world, [node], row.says, moment(world.captured_at, minutes=1 - minutes))


def _rebooted(world: World, node: str, at: str) -> None:
    """The host has restarted: its Node is Ready since then."""
    obj = world.get("Node", node)
    obj["status"]["nodeInfo"]["bootID"] = uid("boot", node, world.version)
    next(row for row in obj["status"]["conditions"] if row["type"] == "Ready")["lastTransitionTime"] = at


def _hand_shake(world: World, node: str, row: Step, minutes: int) -> None:
    asked = dict.fromkeys(KEYS[: row.keys], OPTIONS)
    world.change("Secret", f"{world.machine_of(node)}-machine-plan", {"metadata": {"annotations": asked}})
    if row.keys < 2:
        return
    at = moment(world.captured_at, minutes=2 - minutes)
    taints = [{"effect": "NoSchedule", "key": "node.kubernetes.io/unschedulable", "timeAdded": at}]
    if row.jobs and row.minutes < STEPS["h10"].minutes:
        taints.append({"effect": "NoSchedule", "key": "kubevirt.io/drain", "value": "draining"})
    spec = world.get("Node", node)["spec"]
    spec |= {"taints": [*spec.get("taints", ()), *taints], "unschedulable": True}


def run(world: World, node: str, new_parts: str) -> None:
    """What of a node is new: its kubelet, its OS."""
    old, now = release(before(world.version)), world.release
    kubelet, image = (now if "kubelet" in new_parts else old), (now if "os" in new_parts else old)
    parts.put_on(world, node, kubelet.kubernetes, image.os)


def _node_jobs(world: World, node: str, states: tuple[str, ...], minutes: int) -> None:
    for (kind, start, takes), state in zip(_SINGLE_JOBS if len(world.hosts) == 1 else _JOBS, states, strict=False):
        job = parts.add_node_job(world, node, kind, moment(world.captured_at, minutes=start - minutes))
        parts.set_job(parts.lasting(job, takes), state)


def _plan(world: World, node: str, at: str, *, applied: bool) -> None:
    """A new plan was written at a time; the agent has applied it, or is about to."""
    marks = {"rke.cattle.io/plan-last-updated": at, "rke.cattle.io/plan-probes-passed": at if applied else ""}
    body = encoded(compact({"files": [], "generation": 4}))
    data = {"plan": body} | ({"appliedPlan": body, "last-apply-time": encoded(parts.unix_date(at))} if applied else {})
    name = f"{world.machine_of(node)}-machine-plan"
    world.change("Secret", name, {"metadata": {"annotations": marks}, "data": data})


def _go_down(world: World, node: str) -> None:
    """The host restarts: its kubelet is silent for some minutes."""
    silent = {"status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
    silent["lastTransitionTime"] = moment(world.captured_at, minutes=-1)
    ready = (row for row in world.get("Node", node)["status"]["conditions"] if row["type"] == "Ready")
    next(ready).update(silent)
    for row in parts.conditions(world.get("Machine", world.machine_of(node))):
        if row["type"] in {"NodeHealthy", "NodeReady"}:
            row.update(silent | {"reason": "NodeConditionsFailed"})


def between(world: World, waiting: list[str], at: str) -> None:
    """No node has its turn: Rancher has yet to see the new version, or names those of the next tier."""
    if len(waiting) == len(world.hosts):
        for kind in SPEAKERS:
            world.get(kind, "local")["metadata"]["generation"] += 1
        return
    first = tier(world, waiting[0])
    _say(world, [node for node in waiting if tier(world, node) == first], _NEXT, at)


def _say(world: World, nodes: list[str], text: str, at: str) -> None:
    """Let the planner speak of nodes."""
    machines = [world.machine_of(node) for node in nodes]
    say(world, text.format(tier=f"{tier(world, nodes[0])} node(s)", m=",".join(machines)), at, machines)


def say(world: World, message: str, at: str, machines: Iterable[str] = ()) -> None:
    """Put the planner's words on the objects on which it speaks; a Machine has what stands behind the colon."""
    told = {"status": "Unknown", "reason": "Waiting", "lastTransitionTime": at}
    where = [(kind, "local", message) for kind in SPEAKERS]
    where += [("Machine", machine, message.partition(": ")[2]) for machine in machines if ": " in message]
    for kind, name, text in where:
        for row in parts.conditions(world.get(kind, name)):
            if row["type"] in {"Reconciled", "Updated"}:
                row.update(told | {"message": text})


def tier(world: World, node: str) -> str:
    """What Rancher's planner calls the group of Machines that a node is in."""
    host = world.hosts[node]
    return "bootstrap" if host.index == 0 else "etcd" if host.etcd else "worker"


def done(world: World) -> Step:
    """The last step of every node."""
    return SINGLE["done"] if len(world.hosts) == 1 else STEPS["h12"]
