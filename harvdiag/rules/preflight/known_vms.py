"""Known issues of an upgrade path that VMs show before it: those whose live migration would fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field_path, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.quantity import read_quantity
from harvdiag.core.suggest import join_names
from harvdiag.rules import actions
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.facts import Facts
from harvdiag.rules.known_paths import concerned, off_path, path_evidence
from harvdiag.rules.namespaces import require_everywhere

VM, VMI = "VirtualMachine", "VirtualMachineInstance"
RESTART = "RestartRequired"
TO_1_6 = ("1.5.x -> 1.6.x",)
TO_1_9 = ("1.8.x -> 1.9.x",)
OFF_PATH = "the upgrade is not on the path of this issue"
CORES, THREADS = "spec.domain.cpu.cores", "spec.domain.cpu.threads"
CREATOR, NODE_DRIVER = "harvesterhci.io/creator", "docker-machine-driver-harvester"
FEW = 5
"""So many VMs have a finding each; more are named in one."""


@rule(
    "preflight-vm-restart-required",
    severity=Severity.WARNING,
    needs={"Setting", "Upgrade", "UpgradePlan"},
    optional={VM},
    links=["harvester/harvester#9739", "harvester/harvester#8950"],
    paths=TO_1_6,
)
def preflight_vm_restart_required(facts: Facts) -> Iterator[Hit]:
    """A VM waits for a restart, and may not migrate in the upgrade.

    What was changed in a VM while it ran takes effect when it is restarted. Until then KubeVirt of Harvester 1.6 may
    refuse to migrate it, and the drain of its node waits for it.
    """
    _require_path(facts, TO_1_6)
    found = [obj for obj in facts.snapshot.objects(VM) if _waits_for_restart(obj)]
    if not found:
        require_everywhere(facts, VM)
    for group in _grouped(found):
        names, refs = _named(group), _refs(VM, group)
        many = len(group) > 1
        yield Hit(
            subject=refs[0],
            message=f"{'VMs' if many else 'VM'} {names} {'are' if many else 'is'} to be restarted: "
            "until then a live migration in the upgrade to 1.6 may be refused",
            evidence=(*_restart_evidence(group), *path_evidence(facts)),
            next=(
                *_guest_steps(group),
                f"Restart before the upgrade: Virtual Machines → {names} → ⋮ → Restart.",
                "Or shut them down for the time of the upgrade." if many else "Or shut it down for the upgrade's time.",
            ),
            caution="A restart interrupts what runs in the VM: agree on a time with those who use it.",
            targets=refs[1:],
        )


def _guest_steps(group: list[Obj]) -> tuple[str, ...]:
    """What to do first of VMs that Rancher made as nodes of a guest cluster (harvester/harvester#8950)."""
    guests = [obj for obj in group if get_labels(obj).get(CREATOR) == NODE_DRIVER]
    told = f"{_named(guests)}: a node of a guest cluster; drain it there before its VM is restarted or shut down."
    return (told,) if guests else ()


def _waits_for_restart(vm: Obj) -> bool:
    runs = field_path("status.created").get(vm) is True
    return runs and find_condition(vm, RESTART).status == "True"


def _restart_evidence(group: Iterable[Obj]) -> Iterator[Evidence]:
    for obj in list(group)[:FEW]:
        condition = find_condition(obj, RESTART)
        yield Evidence(_ref(VM, obj), condition.path, condition.message or condition.status)


@rule(
    "preflight-vm-cpu-topology",
    severity=Severity.WARNING,
    needs={"Setting", "Upgrade", "UpgradePlan"},
    optional={VMI},
    links=["harvester/harvester#11615"],
    paths=TO_1_9,
)
def preflight_vm_cpu_topology(facts: Facts) -> Iterator[Hit]:
    """A running VM has several threads in a processor, and cannot migrate to a node with the new release.

    The QEMU of Harvester 1.9 counts the feature ht in another way. A VM that was started on 1.8 with more than one core
    or thread in a socket is refused there: "guest CPU doesn't match specification: extra features: ht". The drain of
    its node then waits until it is shut down.
    """
    _require_path(facts, TO_1_9)
    found = [obj for obj in facts.snapshot.objects(VMI) if _has_threads(obj)]
    if not found:
        require_everywhere(facts, VMI)
    for group in _grouped(found):
        names, refs = _named(group), _refs(VMI, group)
        yield Hit(
            subject=refs[0],
            message=f"{'VMs' if len(group) > 1 else 'VM'} {names} cannot migrate in the upgrade to 1.9: more than one "
            "core or thread in a socket",
            evidence=(*_topology_evidence(group), *path_evidence(facts)),
            next=(
                f"Shut down before the upgrade: {actions.stop_vm(names)}; start again when the upgrade is over.",
                "A VM that was started on 1.9 migrates again.",
            ),
            caution="Shutting down interrupts what runs in the VM: agree on a time with those who use it.",
            targets=refs[1:],
        )


def _has_threads(vmi: Obj) -> bool:
    """Whether its processor has several threads; ht is a feature of x86 alone."""
    runs = get_text(vmi, "status.phase") == "Running" and get_text(vmi, "spec.architecture") in {"", "amd64"}
    return runs and _count(vmi, CORES) * _count(vmi, THREADS) > 1


def _count(vmi: Obj, path: str) -> int:
    """A number of the topology; KubeVirt takes one where none is given."""
    number = read_quantity(field_path(path).get(vmi))
    return int(number) if number is not None and number > 0 else 1


def _topology_evidence(group: Iterable[Obj]) -> Iterator[Evidence]:
    for obj in list(group)[:FEW]:
        for path in (CORES, THREADS):
            if (value := field_path(path).get(obj)) is not None:
                yield Evidence(_ref(VMI, obj), path, value)


def _require_path(facts: Facts, paths: tuple[str, ...]) -> None:
    if not concerned(facts, paths):
        raise off_path(facts, OFF_PATH)


def _grouped(found: list[Obj]) -> list[list[Obj]]:
    return [[obj] for obj in found] if len(found) <= FEW else [found]


def _named(group: list[Obj]) -> str:
    return join_names([f"{namespace_of(obj)}/{name_of(obj)}" for obj in group])


def _ref(kind: str, obj: Obj) -> ObjectRef:
    return ObjectRef(kind, namespace_of(obj), name_of(obj))


def _refs(kind: str, group: list[Obj]) -> tuple[ObjectRef, ...]:
    return tuple(_ref(kind, obj) for obj in group)
