"""VMs before an upgrade that cannot leave their host: those that Harvester refuses, and those that it does not see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.fields import Obj
from harvdiag.core.model import Severity
from harvdiag.core.release import ANY, Release, read_release
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.facts import Facts, NotApplicable
from harvdiag.rules.gates import require_release
from harvdiag.rules.namespaces import require_everywhere
from harvdiag.rules.vm_bounds import Bound, find_bound
from harvdiag.rules.vms import (
    ONLY_NODE,
    RESTORED,
    VMI,
    allow_restore,
    is_restored,
    list_more,
    stop_steps,
    webhook_answer,
    webhook_nodes,
    worker_nodes,
)
from harvdiag.rules.volume_faults import FEW

ASKED = Release(1, 2, 2, 0)
"""The first release whose webhook refuses VMs that cannot migrate."""
REFUSAL = "There are non-live migratable VMs that need to be shut off before initiating the upgrade: "


@rule(
    "preflight-vm-not-migratable",
    short="VM cannot migrate",
    needs={"Node"},
    optional={VMI},
    links=["harvester/harvester#7165"],
)
def preflight_vm_not_migratable(facts: Facts) -> Iterator[Hit]:
    """A VM cannot be moved to another node, and Harvester refuses an upgrade for it.

    It has a node selector, a host device, or an affinity that no other schedulable node fits; from 1.4.1 to 1.7 also a
    CD-ROM or a container disk. Harvester asks that such a VM is shut down before, or from 1.6 on that it may do so.
    """
    _require_several(webhook_nodes(facts))
    if is_restored(facts):
        raise NotApplicable(RESTORED)
    yield from _tell(facts, refused=True)


@rule(
    "preflight-plan-vm-not-migratable",
    short="VM cannot migrate, by Upgrade V2",
    severity=Severity.WARNING,
    needs={"Node"},
    optional={VMI, "UpgradePlan"},
)
def preflight_plan_vm_not_migratable(facts: Facts) -> Iterator[Hit]:
    """A VM cannot be moved to another node, and Upgrade V2 refuses an UpgradePlan for it also with restoreVM.

    With that setting an Upgrade shuts such VMs down and starts them again, and is not refused. It is an error where a
    cluster has UpgradePlans, by which it then is upgraded.
    """
    require_release(facts, since="v1.7.1")
    _require_several(worker_nodes(facts))
    if not is_restored(facts):
        raise NotApplicable("without restoreVM preflight-vm-not-migratable asks it")
    for rows in _gather(facts, refused=True, plan=True):
        yield _plan_hit(facts, rows)


@rule(
    "preflight-vm-holds-drain",
    short="VM will hold a drain up",
    needs={"Node"},
    optional={VMI},
    links=["harvester/harvester#7096", "harvester/harvester#7165"],
    paths=(ANY,),
)
def preflight_vm_holds_drain(facts: Facts) -> Iterator[Hit]:
    """KubeVirt cannot move a VM, and Harvester does not see it.

    Neither the webhook nor the job that shuts down what cannot move reads the condition LiveMigratable. A VM with a
    disk that only one node has, or up to 1.7 with a GPU, passes both; the upgrade begins, and the drain of its node
    waits until someone shuts the VM down.
    """
    _require_several(worker_nodes(facts))
    yield from _tell(facts, refused=False)


def _require_several(nodes: Sequence[Obj]) -> None:
    if len(nodes) == 1:
        raise NotApplicable(ONLY_NODE)


def _tell(facts: Facts, *, refused: bool) -> Iterator[Hit]:
    return (_bound_hit(facts, rows) for rows in _gather(facts, refused=refused))


def _gather(facts: Facts, *, refused: bool, plan: bool = False) -> Iterator[Sequence[Bound]]:
    """Yield the VMs that cannot move, each by itself, or all together where they are many."""
    found = [bound for obj in facts.snapshot.objects(VMI) if (bound := find_bound(facts, obj, plan=plan))]
    rows = [bound for bound in found if bound.refused is refused]
    if not rows:
        require_everywhere(facts, VMI)
    yield from ([[row] for row in rows] if len(rows) <= FEW else [rows])


def _plan_hit(facts: Facts, rows: Sequence[Bound]) -> Hit:
    first, *more = rows
    names = f"; nor can {list_more([row.name for row in more])}" if more else ""
    return Hit(
        subject=first.ref,
        severity=Severity.ERROR if facts.upgrades.plans else None,
        message=f"VM {first.name} cannot be moved to another node: {first.why}{names}; an UpgradePlan is refused for "
        "it, though an Upgrade with restoreVM is not",
        evidence=tuple(evidence for row in rows[:FEW] for evidence in row.evidence),
        next=(
            "Upgrade by an Upgrade (Dashboard → Upgrade), which restarts such VMs.",
            *stop_steps([r.ref for r in rows]),
        ),
        causes=tuple(cause for row in rows for cause in row.causes),
        targets=tuple(row.ref for row in more),
    )


def _bound_hit(facts: Facts, rows: Sequence[Bound]) -> Hit:
    """One finding, of one VM or of all that have the same consequence."""
    first, *more = rows
    release = read_release(facts.harvester_version)
    asked = not first.refused or release is None or release >= ASKED
    if first.refused:
        then = webhook_answer(REFUSAL + list_more([row.name for row in rows]))
    else:
        then = "the webhook does not see it, and the drain of its node waits until the VM is gone"
    others = f"; nor can {len(more)} others" if more else ""
    if more and not first.refused:
        others += f" ({list_more([row.name for row in more])})"
    return Hit(
        subject=first.ref,
        severity=None if asked else Severity.WARNING,
        message=f"VM {first.name} cannot be moved to another node: {first.why}{others}; {then}",
        evidence=tuple(evidence for row in rows[:FEW] for evidence in row.evidence),
        next=(
            *stop_steps([row.ref for row in rows]),
            *(f"Or free it: {row.step}." for row in rows[:1] if row.step),
            *(allow_restore(facts) if first.refused else ()),
        ),
        causes=tuple(cause for row in rows for cause in row.causes),
        targets=tuple(row.ref for row in more),
    )
