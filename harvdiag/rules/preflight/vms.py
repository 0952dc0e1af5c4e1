"""VMs before an upgrade that cannot leave their host: those that Harvester refuses, and those that it does not see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harvdiag.core.fields import Obj
from harvdiag.core.model import Severity
from harvdiag.core.release import ANY, Release, read_release
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.facts import Facts, NotApplicable
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
PLANS = Release(1, 7, 1, 0)
"""The first release that can be upgraded by an UpgradePlan."""
OF_PLANS = "an UpgradePlan is refused for it, also with restoreVM, which counts for an Upgrade alone"
HELD = "the webhook does not see it, and the drain of its node waits until the VM is gone"
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
    short="VM cannot migrate for a plan",
    severity=Severity.WARNING,
    needs={"Node"},
    optional={VMI, "UpgradePlan"},
)
def preflight_plan_vm_not_migratable(facts: Facts) -> Iterator[Hit]:
    """Upgrade V2 refuses a VM that cannot be moved, although an Upgrade would shut it down and start it again.

    The setting upgrade-config, with which an Upgrade passes such a VM, is not read for an UpgradePlan. It is an error
    where the cluster has UpgradePlans, as those are then the way in which it is upgraded.
    """
    _require_several(worker_nodes(facts))
    release = read_release(facts.harvester_version)
    if release is not None and release < PLANS:
        raise NotApplicable(f"UpgradePlans come with v1.7.1; this is {facts.harvester_version}")
    if not is_restored(facts):
        raise NotApplicable("without restoreVM preflight-vm-not-migratable asks the same")
    severity = Severity.ERROR if facts.upgrades.plans else Severity.WARNING
    for hit in _tell(facts, refused=True, then=OF_PLANS):
        yield replace(hit, severity=severity)


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


def _tell(facts: Facts, *, refused: bool, then: str = "") -> Iterator[Hit]:
    """Yield one hit a VM, or one for all of them where they are many; `then` is what follows, if not the webhook."""
    found = [bound for obj in facts.snapshot.objects(VMI) if (bound := find_bound(facts, obj, plan=bool(then)))]
    rows = [bound for bound in found if bound.refused is refused]
    if not rows:
        require_everywhere(facts, VMI)
    for group in [[row] for row in rows] if len(rows) <= FEW else [rows]:
        yield _bound_hit(facts, group, then)


def _bound_hit(facts: Facts, rows: Sequence[Bound], then: str) -> Hit:
    """One finding, of one VM or of all that have the same consequence."""
    first, *more = rows
    release = read_release(facts.harvester_version)
    asked = not first.refused or release is None or release >= ASKED
    others = f"; nor can {len(more)} others" if more else ""
    if first.refused and not then:
        told = webhook_answer(REFUSAL + list_more([row.name for row in rows]))
    else:
        told = then or HELD
        others += f" ({list_more([row.name for row in more])})" if more else ""
    return Hit(
        subject=first.ref,
        severity=None if asked else Severity.WARNING,
        message=f"VM {first.name} cannot be moved to another node: {first.why}{others}; {told}",
        evidence=tuple(evidence for row in rows[:FEW] for evidence in row.evidence),
        next=(
            *stop_steps([row.ref for row in rows]),
            *(f"Or free it: {row.step}." for row in rows[:1] if row.step),
            *(allow_restore(facts) if first.refused and not then else ()),
        ),
        causes=tuple(cause for row in rows for cause in row.causes),
        targets=tuple(row.ref for row in more),
    )
