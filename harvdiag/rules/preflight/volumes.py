"""Longhorn volumes before an upgrade: degraded, with a single replica, unhealthy by the script, or attached idly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from harvdiag.core.fields import Obj, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.core.release import Release, read_release
from harvdiag.core.suggest import join_names
from harvdiag.kinds.volumestate import IDLE, SINGLE, UNSETTLED, workloads_of
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.facts import Facts, NotApplicable
from harvdiag.rules.many import tell_few
from harvdiag.rules.vm_backups import BACKUP, running_backups
from harvdiag.rules.volume_faults import FEW, name_volume
from harvdiag.rules.volume_users import describe_users, running_vms, short_name
from harvdiag.rules.volumes import (
    LONGHORN,
    LONGHORN_NODE,
    TOO_MANY_REPLICAS,
    VOLUME,
    is_witness,
    read_wanted_replicas,
    volume_evidence,
    volume_ref,
    volumes_in_trouble,
)

ACTIVE = frozenset({"creating", "attached", "attaching"})
"""The states of a volume in use, for which the webhook knows no exception."""
REFUSES = 3
"""From how many Nodes on the webhook asks for degraded volumes; it counts the witness."""
COPIES = 3
"""How many replicas Harvester's StorageClass gives a volume."""
ASKS, ASKS_DETACHED, DRAINS_DETACHED, PLANS = (Release(1, *rest, 0) for rest in ((3, 0), (5, 0), (4, 0), (7, 1)))
"""The first releases that ask for single replicas, for detached ones too, whose drains pass these, and that can go by
an UpgradePlan."""
SKIP_DETACHED = "harvesterhci.io/skipSingleReplicaDetachedVol"
PLAN_SKIPS = "management.harvesterhci.io/skip-single-replica-detached-vol"
WORKLOADS = "status.kubernetesStatus.workloadsStatus"
IN_USE = "please consider shutdown the corresponding workload before upgrade"
DETACHED = "even the volume is detached, upgrade may have potential data integrity concerns"
MANY = 100
"""Of how many detached volumes the replicas are looked for by name; of more all are read, which then is quicker."""


def count_nodes(facts: Facts) -> int:
    """Return how many Nodes there are, as the webhook counts: all of them, the witness too."""
    return len(facts.snapshot.objects("Node"))


def tell(volumes: Sequence[Obj], one: Callable[[Obj], Hit]) -> Iterator[Hit]:
    """Yield one hit a volume; of more than a few the first, which names the others."""
    yield from tell_few(list(map(one, volumes)), list(map(short_name, volumes)))


@rule(
    "preflight-volume-degraded",
    needs={"Node"},
    optional={VOLUME, LONGHORN_NODE},
    links=["harvester/harvester#4773", "harvester/harvester#6425"],
)
def preflight_volume_degraded(facts: Facts) -> Iterator[Hit]:
    """A volume is degraded, and Harvester refuses an upgrade for it.

    The webhook asks with three Nodes or more, the witness counted, and for a volume of any age, also one that is being
    rebuilt. It names no volume, and lets a faulted one pass, which is worse (volume-faulted).
    """
    if (count := count_nodes(facts)) < REFUSES:
        raise NotApplicable(f"asked from {REFUSES} Nodes on; there are {count}")
    bad = [obj for obj in volumes_in_trouble(facts) if get_text(obj, "status.robustness") == "degraded"]
    nodes = [ObjectRef(LONGHORN_NODE, LONGHORN, name_of(obj)) for obj in facts.snapshot.objects(LONGHORN_NODE)]
    own = [Cause(name, volume_ref(obj)) for obj in bad for name in ("volume-degraded", TOO_MANY_REPLICAS)]
    causes = (*own, *(Cause("longhorn-node-degrades-volumes", node) for node in nodes))

    def one(obj: Obj) -> Hit:
        mine = causes if len(bad) > FEW else [each for each in causes if each.subject in {volume_ref(obj), *nodes}]
        return Hit(
            subject=volume_ref(obj),
            message=f"{name_volume(obj)} is degraded: an upgrade is refused "
            '("there are degraded volumes, please check all volumes are healthy")',
            evidence=volume_evidence(obj, "status.robustness", "status.state", "spec.numberOfReplicas"),
            next=(
                f"Find why: {look_at_replicas(obj)}",
                "Try again when it is healthy: a rebuild that runs is enough to be refused.",
            ),
            causes=tuple(mine),
        )

    yield from tell(bad, one)


def look_at_replicas(obj: Obj) -> str:
    """Return the command that shows the replicas and the engine of a volume."""
    label = actions.quote_argument(f"longhornvolume={name_of(obj)}")
    return f"`kubectl get replicas.longhorn.io,engines.longhorn.io -n {LONGHORN} -l {label} -o wide`."


@rule(
    "preflight-single-replica-volume",
    needs={"Node"},
    optional={VOLUME},
    links=["harvester/harvester#4467", "harvester/harvester#7323"],
)
def preflight_single_replica_volume(facts: Facts) -> Iterator[Hit]:
    """A volume has a single replica, and Harvester refuses an upgrade for it.

    While the host of that replica is upgraded, the volume cannot be reached. Releases from 1.3 on refuse for a volume
    in use, those from 1.5 on for a detached one too, unless an annotation of the Upgrade lets it pass. Before 1.4 a
    detached one keeps its host from being drained.
    """
    if count_nodes(facts) == 1:
        raise NotApplicable("asked with several Nodes only: with one, every volume has a single replica")
    single = facts.find(VOLUME, Wanted(volume=SINGLE), required=True)
    for active in (True, False):
        volumes = [obj for obj in single if (get_text(obj, "status.state") in ACTIVE) is active]
        yield from tell(volumes, lambda obj: _single_hit(facts, obj))


def _single_hit(facts: Facts, obj: Obj) -> Hit:
    active = get_text(obj, "status.state") in ACTIVE
    release = read_release(facts.harvester_version)
    asked = active or release is None or release >= ASKS_DETACHED or release < DRAINS_DETACHED
    return Hit(
        subject=volume_ref(obj),
        message=f"{name_volume(obj)} has a single replica{_used_by(obj)}: {_single_effect(active, release)}",
        evidence=volume_evidence(obj, "spec.numberOfReplicas", "status.state", "status.robustness"),
        next=tuple(_single_steps(facts, obj, active, release)),
        severity=None if asked else Severity.WARNING,
    )


def _used_by(obj: Obj) -> str:
    users = describe_users(obj)
    return f", used by {users}" if users else ""


def _single_effect(active: bool, release: Release | None) -> str:
    if active and release is not None and release < ASKS:
        return "it is in use, and keeps the host of its replica from being drained"
    if active and release is not None and release < ASKS_DETACHED:
        return f'it is in use, and an upgrade is refused ("have single replica configured, {IN_USE}")'
    if active:
        with_skip = f'with annotation {SKIP_DETACHED} "Following PVCs with active single-replica volume, {IN_USE}"'
        return f'it is in use, and an upgrade is refused ("Following PVCs with single-replica volume"; {with_skip})'
    if release is not None and release < DRAINS_DETACHED:
        return "it is detached, and keeps the host of its replica from being drained"
    if release is not None and release < ASKS_DETACHED:
        return "it is detached, so no upgrade is refused; while that host is upgraded it cannot be attached"
    return f'it is detached, and an upgrade is refused ("{DETACHED}")'


def _single_steps(facts: Facts, obj: Obj, active: bool, release: Release | None) -> Iterator[str]:
    stores = sum(not is_witness(node) for node in facts.snapshot.objects("Node"))
    if get_text(obj, "spec.dataLocality") == "strict-local":
        yield f"Its data locality strict-local allows one replica only: Longhorn UI → Volume → {name_of(obj)}."
    if (copies := min(COPIES, stores)) > 1:
        yield (
            f"Give it more replicas: {actions.set_replicas(name_of(obj), copies)}, and wait until it is healthy; of a "
            "detached volume they are made when it is attached."
        )
    for vm in running_vms(obj):
        yield f"Or shut down its VM for the time of the upgrade: {actions.stop_vm(vm)}."
    if release is None or release >= ASKS_DETACHED:
        when = "Once it is detached" if active else "Else, as it is detached"
        passes = f"annotation {SKIP_DETACHED} of the Upgrade lets it pass, with any value, also false"
        yield f"{when}, {passes}. Back it up before."


@rule(
    "preflight-plan-single-replica-volume",
    severity=Severity.WARNING,
    needs={"Node", "UpgradePlan"},
    optional={VOLUME},
)
def preflight_plan_single_replica_volume(facts: Facts) -> Iterator[Hit]:
    """Upgrade V2 refuses to upgrade a cluster of one node whose volumes have a single replica.

    An Upgrade does not ask that of one node, where no volume can have more. It is an error where the cluster has
    UpgradePlans, as those are then the way in which it is upgraded.
    """
    release = read_release(facts.harvester_version)
    if (count := count_nodes(facts)) != 1:
        raise NotApplicable(f"with {count} Nodes preflight-single-replica-volume asks it")
    if release is not None and release < PLANS:
        raise NotApplicable(f"asked by UpgradePlans, from v1.7.1 on; this is {facts.harvester_version}")
    single = facts.find(VOLUME, Wanted(volume=SINGLE), required=True)
    if not single:
        return
    used = bool(facts.upgrades.plans)
    yield Hit(
        subject=volume_ref(single[0]),
        message=f"{len(single)} {'volume has' if len(single) == 1 else 'volumes have'} a single replica, as on one "
        f"node {'it must' if len(single) == 1 else 'they must'}: an UpgradePlan is refused, an Upgrade is not "
        f"({join_names(list(map(short_name, single)))})",
        evidence=volume_evidence(single[0], "spec.numberOfReplicas", "status.state"),
        next=(
            "Upgrade by an Upgrade (Dashboard → Upgrade), which does not ask.",
            f"Or shut all VMs down, so that each volume is detached, and give the UpgradePlan annotation {PLAN_SKIPS}.",
        ),
        targets=tuple(map(volume_ref, single[1:])),
        severity=Severity.ERROR if used else None,
    )


@rule(
    "preflight-volume-unhealthy",
    needs={"Node"},
    optional={VOLUME, "Replica"},
)
def preflight_volume_unhealthy(facts: Facts) -> Iterator[Hit]:
    """A volume is not healthy in a way for which the script fails and the webhook does not.

    With two Nodes it is degraded; it is attached and faulted, or its state is not known yet; or it is detached and has
    fewer replicas than it wants. The script goes through engines, so it never sees a volume that has none.
    """
    if (count := count_nodes(facts)) == 1:
        raise NotApplicable("asked with several Nodes only; there is 1")
    unsettled = facts.find(VOLUME, Wanted(volume=UNSETTLED), required=True)
    several = [obj for obj in unsettled if read_wanted_replicas(obj) != 1]
    detached = [obj for obj in several if get_text(obj, "status.state") == "detached"]
    other = [obj for obj in several if obj not in detached and not (_is_degraded(obj) and count >= REFUSES)]
    why = unsettled if len(other) > FEW else ()  # of many faulted volumes one is told, whichever comes first
    yield from tell(other, lambda obj: _unhealthy_hit(obj, why or [obj]))
    held = _count_replicas(facts, detached, required=not other)
    short = [obj for obj in detached if held and held[name_of(obj)] < read_wanted_replicas(obj)]
    yield from tell(short, lambda obj: _short_hit(obj, held[name_of(obj)]))


def _is_degraded(obj: Obj) -> bool:
    return get_text(obj, "status.robustness") == "degraded"


def _count_replicas(facts: Facts, volumes: Sequence[Obj], *, required: bool) -> dict[str, int]:
    """Return how many Replica objects each volume has, failed ones too; empty where their list was not seen.

    Where it is `required`, the rule is skipped then.
    """
    held = dict.fromkeys(map(name_of, volumes), 0)
    wanted = Wanted(labels=tuple(f"longhornvolume={name}" for name in held) if len(held) <= MANY else ())
    if not held or not (required or facts.snapshot.find("Replica", wanted).gap is None):
        return {}
    for replica in facts.find("Replica", wanted, required=True):
        if (volume := get_text(replica, "spec.volumeName")) in held:
            held[volume] += 1
    return held


def _unhealthy_hit(obj: Obj, why: Sequence[Obj]) -> Hit:
    robustness, state = (get_text(obj, f"status.{key}") or "not known" for key in ("robustness", "state"))
    known = robustness in {"degraded", "faulted"}
    told = robustness if known else f"{state}, and its health is not known yet"
    return Hit(
        subject=volume_ref(obj),
        message=f"{name_volume(obj)} is {told}: check.sh fails for it",
        evidence=volume_evidence(obj, "status.robustness", "status.state", "spec.numberOfReplicas"),
        next=(
            f"Look at its replicas and engine: {look_at_replicas(obj)}",
            *(() if known else ("A volume that is just being attached is healthy within minutes: collect again.",)),
        ),
        severity=None if known else Severity.WARNING,
        causes=tuple(Cause("volume-faulted", volume_ref(each)) for each in why),
    )


def _short_hit(obj: Obj, held: int) -> Hit:
    wanted = read_wanted_replicas(obj)
    return Hit(
        subject=volume_ref(obj),
        message=f"{name_volume(obj)} is detached and has {held} of the {wanted} replicas that it wants: check.sh fails "
        "for it",
        evidence=volume_evidence(obj, "status.state", "spec.numberOfReplicas"),
        next=(
            "Start what uses it, so that the volume is attached: Longhorn then builds the replicas that it lacks.",
            f"Verify: {look_at_replicas(obj)}",
        ),
    )


@rule(
    "preflight-stale-volume",
    needs={"Node"},
    optional={VOLUME, BACKUP},
    links=["harvester/harvester#3648"],
)
def preflight_stale_volume(facts: Facts) -> Iterator[Hit]:
    """A volume is attached, and none of the Pods that use it runs.

    Its host cannot be drained while it is attached. Longhorn notes the Pods on the volume itself, so a bundle tells it
    also of namespaces that it does not hold.
    """
    idle = facts.find(VOLUME, Wanted(volume=IDLE), required=True)
    backups = running_backups(facts) if idle else []
    yield from tell(idle, lambda obj: _stale_hit(obj, backups))


def _stale_hit(obj: Obj, backups: Sequence[Obj]) -> Hit:
    users = describe_users(obj)
    starting = any(row.get("podStatus") == "Pending" for row in workloads_of(obj))
    name = actions.quote_argument(name_of(obj))
    return Hit(
        subject=volume_ref(obj),
        message=f"{name_volume(obj)} is attached, and "
        + (f"none of its workloads runs: {users}" if users else "has no workload"),
        evidence=volume_evidence(obj, "status.state", "status.currentNodeID", WORKLOADS),
        next=(
            *(("One that is Pending may just be starting: collect again.",) if starting else ()),
            (
                "See who asked for it: "
                f"`kubectl get volumeattachments.longhorn.io -n {LONGHORN} {name} -o yaml` (spec.attachmentTickets); a "
                "backup or a snapshot that runs holds one, too."
            ),
            f"If nothing needs it: Longhorn UI → Volume → {name_of(obj)} → Detach.",
        ),
        causes=tuple(
            Cause("preflight-vm-backup-running", ObjectRef(BACKUP, namespace_of(backup), name_of(backup)))
            for backup in backups
            if namespace_of(backup) == get_text(obj, "status.kubernetesStatus.namespace")
        ),
        caution="Detach no volume that a VM is just starting on, or of which a backup runs.",
        severity=Severity.WARNING if starting else None,
    )
