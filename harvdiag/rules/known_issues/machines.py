"""Known issues of VMs and their volumes: what an upgrade restarts, migrates at once, or leaves unable to start."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import Obj, field_path, get_items, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.known_paths import ahead, concerned, lasts, path_evidence
from harvdiag.upgrade.jobs import ACTIVE
from harvdiag.upgrade.phases import POST_DRAINING

VOLUME = "Volume.longhorn.io"
VOLUMES = "longhorn-system"
KUBEVIRT = ObjectRef("KubeVirt", "harvester-system", "kubevirt")
METHODS = "spec.workloadUpdateStrategy.workloadUpdateMethods"
MIGRATIONS = "spec.configuration.migrations"
DELETES = ObjectRef("Setting.longhorn.io", VOLUMES, "auto-delete-pod-when-volume-detached-unexpectedly")
RWX = ("1.4.x -> 1.5.x",)
MASS = ("1.5.x -> 1.6.x", "1.6.x -> 1.6.y", "1.6.x -> 1.7.x", "1.7.x -> 1.7.y")
STARTING = ("1.5.x -> 1.6.x", "1.6.x -> any")
ATTACHING = ("1.7.x -> 1.7.y",)


@rule(
    "shared-volumes-restart-vms",
    severity=Severity.INFO,
    needs={"Setting", "Upgrade", "Setting.longhorn.io", "UpgradePlan"},
    optional={VOLUME},
    links=["harvester/harvester#8534", "longhorn/longhorn#11158"],
    paths=RWX,
)
def shared_volumes_restart_vms(facts: Facts) -> Iterator[Hit]:
    """The upgrade will restart VMs whose volumes can be attached to two nodes.

    Longhorn deletes the Pod of a volume that was detached unexpectedly. While Longhorn itself is upgraded, that also
    concerns the VMs on migratable RWX volumes.
    """
    if get_text(facts.snapshot.get(DELETES), "value") != "true" or not concerned(facts, RWX) or _services_done(facts):
        return
    shared = [obj for obj in facts.find(VOLUME, Wanted(), required=True) if _is_shared(obj)]
    if shared:
        yield Hit(
            subject=DELETES,
            message=f"Longhorn's setting {DELETES.name} is true, and {len(shared)} migratable volumes are attached: "
            "the upgrade to 1.5 may restart their VMs",
            evidence=(*field_evidence(facts, DELETES, "value"), *path_evidence(facts)),
            next=(
                (
                    "Set it to false for the time of the upgrade: "
                    f"`{actions.merge_patch('settings.longhorn.io', DELETES.name, {'value': 'false'}, VOLUMES)}`."
                ),
            ),
            caution="Set it back to true when the upgrade is over.",
            severity=ahead(facts),
        )


def _is_shared(volume: Obj) -> bool:
    return (
        get_text(volume, "status.state") == "attached"
        and get_text(volume, "spec.accessMode") == "rwx"
        and field_path("spec.migratable").get(volume) is True
    )


def _services_done(facts: Facts) -> bool:
    """Whether the running upgrade is past the services: what they change has happened."""
    upgrade = facts.upgrades.running
    return upgrade is not None and upgrade.status("SystemServicesUpgraded") == "True"


@rule(
    "live-migrations-at-once",
    severity=Severity.INFO,
    needs={"KubeVirt", "Setting", "Upgrade", "UpgradePlan"},
    links=["harvester/harvester#10349"],
    paths=MASS,
)
def live_migrations_at_once(facts: Facts) -> Iterator[Hit]:
    """The upgrade will migrate all running VMs at once.

    With the update method LiveMigrate, KubeVirt moves every VM to a new Pod as soon as KubeVirt itself is upgraded, on
    top of the migrations of each drain. An upgrade to 1.8 or newer switches that off by itself.
    """
    methods = field_path(METHODS).get(facts.snapshot.get(KUBEVIRT))
    if "LiveMigrate" not in (methods or ()) or not concerned(facts, MASS) or _services_done(facts):
        return
    yield Hit(
        subject=KUBEVIRT,
        message=f"KubeVirt {KUBEVIRT.name} has the update method LiveMigrate: an upgrade to a release before 1.8 "
        "migrates all running VMs at once",
        evidence=(*field_evidence(facts, KUBEVIRT, METHODS), *path_evidence(facts)),
        next=(
            (
                "Before an upgrade to a release older than 1.8, set workloadUpdateMethods to [] in the chart's values: "
                "`kubectl edit managedcharts.management.cattle.io -n fleet-local harvester`, "
                "spec.values.kubevirt.spec.workloadUpdateStrategy."
            ),
        ),
        caution="Change nothing else in that chart, and set the method again when the upgrade is over.",
        severity=ahead(facts),
    )


@rule(
    "kubevirt-migrations-overwritten",
    severity=Severity.INFO,
    needs={"KubeVirt", "Setting", "Upgrade", "UpgradePlan"},
    links=["harvester/harvester#11517"],
    paths=("1.6.x -> 1.7.x",),
)
def kubevirt_migrations_overwritten(facts: Facts) -> Iterator[Hit]:
    """The upgrade will replace the limits of migrations that were set in KubeVirt itself.

    Release 1.7 has a setting kubevirt-migration, whose values replace those of the KubeVirt object.
    """
    limits = field_path(MIGRATIONS).get(facts.snapshot.get(KUBEVIRT))
    if not isinstance(limits, dict) or not limits or not concerned(facts, ("1.6.x -> 1.7.x",)) or _services_done(facts):
        return
    yield Hit(
        subject=KUBEVIRT,
        message=f"KubeVirt {KUBEVIRT.name} has limits of migrations of its own "
        f"({join_names(sorted(map(str, limits)))}): release 1.7 replaces them by its setting kubevirt-migration",
        evidence=(*field_evidence(facts, KUBEVIRT, MIGRATIONS), *path_evidence(facts)),
        next=(
            (
                "Note them: `kubectl get kubevirts.kubevirt.io -n harvester-system kubevirt -o yaml`, "
                "spec.configuration.migrations."
            ),
            "Enter them after the upgrade: Advanced → Settings → kubevirt-migration → ⋮ → Edit Setting.",
        ),
        severity=ahead(facts),
    )


@rule(
    "volume-migration-never-ended",
    severity=Severity.WARNING,
    needs={"Setting", "Upgrade", "UpgradePlan"},
    optional={VOLUME, "VirtualMachineInstance"},
    links=["harvester/harvester#8949", "longhorn/longhorn#11479"],
    paths=STARTING,
)
def volume_migration_never_ended(facts: Facts) -> Iterator[Hit]:
    """A VM does not start, because its volume still notes the node of a migration that is over.

    Longhorn then attaches and detaches the volume by turns; the VM stays at Starting.
    """
    if not concerned(facts, STARTING):
        return
    for obj in facts.find(VOLUME, Wanted(faulty=True), required=True):
        vm, severity = _starting_vm(facts, obj) if _migration_noted(obj) else ("", None)
        if vm:
            ref = ObjectRef(VOLUME, VOLUMES, name_of(obj))
            yield Hit(
                subject=ref,
                message=f"VM {vm} does not start: its Volume {ref.name} still notes a migration to "
                f"{get_text(obj, NOTED)} that has ended",
                evidence=(*field_evidence(facts, ref, NOTED, "spec.migrationNodeID", "status.state"),),
                next=(
                    (
                        f"Clear the note: `{actions.merge_patch('volumes.longhorn.io', ref.name, CLEARED, VOLUMES)} "
                        "--subresource status`."
                    ),
                ),
                caution="Verify first that no migration of that VM runs: `kubectl get "
                "virtualmachineinstancemigrations.kubevirt.io -A`.",
                severity=severity,
            )


LAUNCHER = "virt-launcher-"
NOTED, CLEARED = "status.currentMigrationNodeID", {"status": {"currentMigrationNodeID": ""}}


def _migration_noted(volume: Obj) -> bool:
    noted, wanted = get_text(volume, NOTED), get_text(volume, "spec.migrationNodeID")
    return bool(noted) and not wanted and get_text(volume, "status.state") in {"detaching", "detached", "attaching"}


def _starting_vm(facts: Facts, volume: Obj) -> tuple[str, Severity | None]:
    """Return the VM that has waited for the volume for more than ten minutes; empty where none does.

    A bundle lacks the VMs of most namespaces: then its Pod is named, and nothing is said of how long it has waited.
    """
    space = get_text(volume, "status.kubernetesStatus.namespace")
    rows = [row for row in get_items(volume, "status.kubernetesStatus.workloadsStatus") if isinstance(row, dict)]
    waiting = [get_text(row, "podName") for row in rows if get_text(row, "podStatus") == "Pending"]
    pods = [pod for pod in waiting if pod.startswith(LAUNCHER)]
    if not space or not pods:
        return "", None
    seen = facts.snapshot.find("VirtualMachineInstance", Wanted(namespace=space))
    if seen.gap is not None:
        return f"{space}/{pods[0].removeprefix(LAUNCHER).rpartition('-')[0]}", Severity.INFO
    for vmi in seen.objects:
        waits = get_text(vmi, "status.phase") not in {"Running", "Succeeded", "Failed"} and lasts(facts, vmi)
        if waits and any(pod.startswith(f"{LAUNCHER}{name_of(vmi)}-") for pod in pods):
            return f"{space}/{name_of(vmi)}", None
    return "", None


@rule(
    "repository-volume-attaching",
    holds=True,
    needs={"Upgrade", "Node", "Job", "Setting", "UpgradePlan"},
    optional={VOLUME, "Replica"},
    links=["harvester/harvester#9597", "longhorn/longhorn#12226"],
    paths=ATTACHING,
)
def repository_volume_attaching(facts: Facts) -> Iterator[Hit]:
    """The repository's volume does not attach, because of its replica on the drained node.

    The post-drain Job waits for the repository. Longhorn waits for a replica that cannot run while its node is drained.
    """
    rollout = facts.upgrade_run if concerned(facts, ATTACHING) else None
    hanging = [node for node in rollout.nodes if node.state == POST_DRAINING] if rollout else []
    for node in hanging:
        job = node.job("post-drain")
        if rollout is None or job is None or job.state != ACTIVE or not lasts(facts, job.began):
            continue
        for volume in _attaching(facts, rollout.upgrade.ref.name):
            replicas = facts.find(
                "Replica", Wanted(namespace=VOLUMES, prefixes=(f"{name_of(volume)}-",)), required=True
            )
            if any(get_text(replica, ON_NODE) == node.name for replica in replicas):
                yield _attaching_hit(facts, ObjectRef(VOLUME, VOLUMES, name_of(volume)), node.name, replicas)


def _attaching(facts: Facts, upgrade: str) -> Iterator[Obj]:
    """The volumes of the upgrade's repository that are to be attached and are not."""
    for obj in facts.find(VOLUME, Wanted(), required=True):
        claim = get_text(obj, "status.kubernetesStatus.pvcName")
        if get_text(obj, "status.state") == "attaching" and claim == upgrade:
            yield obj


def _attaching_hit(facts: Facts, volume: ObjectRef, node: str, replicas: tuple[Obj, ...]) -> Hit:
    there = [name_of(replica) for replica in replicas if get_text(replica, ON_NODE) == node]
    return Hit(
        subject=volume,
        message=f"Volume {volume.name} of the upgrade's repository does not attach: its replica {join_names(there)} "
        f"is on {node}, which is drained",
        evidence=(
            *field_evidence(facts, volume, "status.state", "status.kubernetesStatus.pvcName"),
            *(Evidence(ObjectRef("Replica", VOLUMES, name), ON_NODE, node) for name in there),
            *path_evidence(facts),
        ),
        next=_replica_steps(there, _whole_elsewhere(replicas, node)),
        caution=f"Delete no replica unless another one of Volume {volume.name} is healthy, and none of another volume.",
    )


ON_NODE = "spec.nodeID"


def _whole_elsewhere(replicas: tuple[Obj, ...], node: str) -> list[str]:
    """The replicas on other nodes that hold the data: they were healthy once and have not failed since."""
    others = [replica for replica in replicas if get_text(replica, ON_NODE) != node]
    return [name_of(r) for r in others if get_text(r, "spec.healthyAt") and not get_text(r, "spec.failedAt")]


def _replica_steps(there: list[str], others: list[str]) -> tuple[str, ...]:
    if not others:
        return (
            (
                "No other replica of the volume was found to be healthy, so do not delete this one: see why the others "
                f"failed, `kubectl get replicas.longhorn.io -n {VOLUMES}`."
            ),
        )
    names = " ".join(map(actions.quote_argument, there))
    return (
        f"Already found: {join_names(others)} has not failed.",
        (
            "Delete the replica on the drained node; Longhorn then attaches the volume with the others: `kubectl "
            f"delete replicas.longhorn.io -n {VOLUMES} {names}`."
        ),
        "Each node that is drained may need it again.",
    )
