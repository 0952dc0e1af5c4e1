"""What an upgrade changed for its time and never changed back: marks of Nodes, settings of Longhorn and KubeVirt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harvdiag.core.fields import field_path, get_text
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.kinds.local import FLEET
from harvdiag.rules import actions
from harvdiag.rules.ended_upgrades import ended_upgrades, recently_ended, upgrade_running
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.upgrade import Upgrade

MARKS = ("harvesterhci.io/pendingOSImage", "management.harvesterhci.io/pendingOSImage")
"""The annotation of a Node that waits for its new system, of an Upgrade and of an UpgradePlan."""
SETTINGS = "settings.longhorn.io"
RUNS = "status.nodeInfo.osImage"
RESTORED = 'metadata.annotations["harvesterhci.io/longhorn-settings-restored"]'
CHANGED = {"replica-replenishment-wait-interval": "1800", "auto-cleanup-system-generated-snapshot": "false"}
"""Settings of Longhorn, and the value that an upgrade gives them for its time; the first of them in all releases."""
METHODS = 'metadata.annotations["harvesterhci.io/kubevirt-workload-update-methods"]'
UPDATES = "spec.workloadUpdateStrategy.workloadUpdateMethods"
KUBEVIRT = ObjectRef("KubeVirt", "harvester-system", "kubevirt")


@rule(
    "leftover-pending-os-image",
    short="pending OS image left over",
    severity=Severity.WARNING,
    needs={"Upgrade", "Node", "UpgradePlan"},
    links=["harvester/harvester#11543"],
)
def leftover_pending_os_image(facts: Facts) -> Iterator[Hit]:
    """A Node is still marked as waiting for the operating system of an upgrade, and no upgrade runs.

    Harvester writes harvesterhci.io/pendingOSImage before the host restarts and removes it when the new system runs; an
    UpgradePlan (Upgrade V2) has an annotation of its own for it. A Node that runs another one never came up with it; on
    one that runs it, only the last writes of its upgrade are missing.
    """
    if upgrade_running(facts) or recently_ended(facts):
        return
    last = [Cause("upgrade-failed-in-phase", upgrade.ref) for upgrade in facts.upgrades.all[:1]]
    last += [Cause("upgradeplan-failed", failed.ref)] if (failed := facts.upgrades.failed_plan) else []
    for node in facts.pairing.nodes:
        obj = facts.pairing.obj(node)
        runs = get_text(obj, RUNS)
        mark = next((mark for mark in MARKS if get_text(obj, f'metadata.annotations["{mark}"]')), "")
        if mark and runs:
            yield _pending_hit(facts, node, mark, runs, last)


def _pending_hit(facts: Facts, node: ObjectRef, mark: str, runs: str, last: list[Cause]) -> Hit:
    path = f'metadata.annotations["{mark}"]'
    wanted = get_text(facts.pairing.obj(node), path)
    name = actions.quote_argument(node.name)
    clear = f"`kubectl annotate nodes {name} {mark}-`"
    verify = f"Verify what it boots: on {node.name}, `cat /etc/os-release` and the entries of GRUB."
    return Hit(
        subject=node,
        message=f"Node {node.name} is marked as waiting for {wanted}, though no upgrade runs; it "
        + ("runs that already" if wanted == runs else f"runs {runs}"),
        evidence=field_evidence(facts, node, path, RUNS),
        next=(f"Remove the mark: {clear}.",)
        if wanted == runs
        else (verify, f"When the node is as it should be, remove the mark: {clear}."),
        caution="While an upgrade runs, the mark is Harvester's own: leave it to it.",
        causes=(
            Cause("upgrade-post-drain-unanswered", node),
            Cause("upgrade-left-node-behind", node),
            *last,
        ),
        severity=Severity.INFO if wanted == runs else None,
    )


@rule(
    "longhorn-setting-left-changed",
    severity=Severity.WARNING,
    needs={"Upgrade", "Setting.longhorn.io", "UpgradePlan"},
)
def longhorn_setting_left_changed(facts: Facts) -> Iterator[Hit]:
    """A setting of Longhorn still has the value that an upgrade gave it.

    An upgrade makes Longhorn wait half an hour before it replaces a replica whose node is away, notes the former value
    on the Upgrade and restores it when it ends. If the Upgrade was deleted or ended early, a volume stays degraded for
    longer than it need whenever a node fails.
    """
    if upgrade_running(facts) or recently_ended(facts):
        return
    for name, raised in CHANGED.items():
        ref = ObjectRef("Setting.longhorn.io", "longhorn-system", name)
        value = get_text(facts.snapshot.get(ref), "value")
        upgrade, before = _noted(facts, f'metadata.annotations["harvesterhci.io/{name}"]')
        if value == raised and before and before != value:
            yield _setting_hit(facts, ref, upgrade, before)
        elif value == raised == "1800" and not facts.upgrades.all:
            yield _setting_hit(facts, ref, None, "600")


def _noted(facts: Facts, path: str) -> tuple[Upgrade | None, str]:
    """Return the latest Upgrade that noted a value and did not restore it, with the value."""
    for upgrade in ended_upgrades(facts):
        if (value := get_text(upgrade.obj, path)) and not get_text(upgrade.obj, RESTORED):
            return upgrade, value
    return None, ""


def _setting_hit(facts: Facts, ref: ObjectRef, upgrade: Upgrade | None, before: str) -> Hit:
    value = get_text(facts.snapshot.get(ref), "value")
    noted = f'metadata.annotations["harvesterhci.io/{ref.name}"]'
    was = f"Upgrade {upgrade.ref.name} noted {before} before" if upgrade else f"Longhorn's default is {before}"
    return Hit(
        subject=ref,
        message=f"Longhorn's setting {ref.name} is {value}, as an upgrade sets it, though none runs; {was}",
        evidence=(
            *field_evidence(facts, ref, "value"),
            *(field_evidence(facts, upgrade.ref, noted, RESTORED) if upgrade else ()),
        ),
        next=(
            "Verify that no one set it on purpose.",
            f"Otherwise set it back: `{actions.merge_patch(SETTINGS, ref.name, {'value': before}, ref.namespace)}`.",
        ),
        caution="With a shorter time Longhorn copies whole replicas when a node is away for a restart only.",
        causes=tuple(Cause("upgrade-failed-in-phase", u.ref) for u in facts.upgrades.all[:1]),
        severity=None if upgrade else Severity.INFO,
    )


@rule(
    "kubevirt-update-methods-left-empty",
    severity=Severity.WARNING,
    needs={"Upgrade", "KubeVirt", "UpgradePlan"},
    links=["harvester/harvester#10349"],
)
def kubevirt_update_methods_left_empty(facts: Facts) -> Iterator[Hit]:
    """KubeVirt's update methods are still empty, as an upgrade sets them.

    From 1.8 on an upgrade empties workloadUpdateMethods, so that not all VMs migrate at once, and restores them through
    the ManagedChart harvester when it ends. While they are empty, adding CPU or memory to a running VM does not work.
    """
    if upgrade_running(facts) or recently_ended(facts):
        return
    methods = field_path(UPDATES).get(facts.snapshot.get(KUBEVIRT))
    upgrade, before = next(((u, _parse_list(get_text(u.obj, METHODS))) for u in ended_upgrades(facts)), (None, None))
    if upgrade is None or not before or methods != []:
        return
    yield Hit(
        subject=KUBEVIRT,
        message=f"The workloadUpdateMethods of KubeVirt {KUBEVIRT.name} are empty, though no upgrade runs; Upgrade "
        f"{upgrade.ref.name} noted {', '.join(before)} before",
        evidence=(*field_evidence(facts, KUBEVIRT, UPDATES), *field_evidence(facts, upgrade.ref, METHODS)),
        next=(
            (
                "Look at the values of the chart: `kubectl get managedcharts.management.cattle.io -n fleet-local "
                "harvester -o yaml`, spec.values.kubevirt.spec.workloadUpdateStrategy."
            ),
            (
                f"If they are empty there, too, set workloadUpdateMethods to {json.dumps(before)}: `kubectl edit "
                "managedcharts.management.cattle.io -n fleet-local harvester`."
            ),
        ),
        caution="Change nothing else in that chart.",
        causes=(Cause("chart-left-paused", ObjectRef("ManagedChart", FLEET, "harvester")),),
    )


def _parse_list(text: str) -> list[str]:
    """The methods that were noted; an Upgrade without a note, or with one of another form, noted none."""
    try:
        found: Any = json.loads(text or "null")
    except (ValueError, RecursionError):
        return []
    return [str(item) for item in found] if isinstance(found, list) else []
