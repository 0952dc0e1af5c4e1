"""How to remove and rejoin a host that has no Machine of its own, in steps that fit the upgrade in progress."""

from __future__ import annotations

from harvdiag.core.model import ObjectRef
from harvdiag.rules import advice
from harvdiag.rules.facts import Facts
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.run import UpgradeRun

__all__ = ["rejoin_steps"]

CHARTS = "`kubectl get managedcharts.management.cattle.io -n fleet-local`"


def rejoin_steps(facts: Facts, node: ObjectRef, shared: ObjectRef | None = None) -> tuple[str, ...]:
    """Return the steps that remove and rejoin the node; `shared` is another node's Machine that it references.

    Follows harvester/docs#1108, docs/objects.md#failure-orphan-node and docs/objects.md#failure-shared-machine.
    """
    name = node.name
    return (
        *_upgrade_steps(facts, name),
        (
            f"Disable scheduling of {name} in Longhorn and evict its replicas, then put it into maintenance mode, so "
            "that its VMs leave."
        ),
        *((_release_machine(name, shared),) if shared else ()),
        (
            f"Run `rke2-uninstall.sh` on {name} so that it cannot register again, then delete the host {name} in "
            "Harvester."
        ),
        f"Verify that nothing of {name} is left: its Node, its `nodes.longhorn.io` and its etcd member.",
        (
            f"Reinstall {name} on a wiped disk and rejoin it{_version_to_install(facts)}; its Machine, plan Secret and "
            "labels are then created automatically."
        ),
    )


def _wait_for_others(rollout: UpgradeRun, name: str, state: str) -> str:
    """Return the step that waits for the other nodes of an upgrade, or that they are done."""
    others = [node for node in rollout.nodes if node.name != name]
    done = sum(node.place == DONE for node in others)
    what = f"every other node of {rollout.upgrade.ref.kind} {rollout.upgrade.ref.name}"
    if others and done == len(others):
        return f"{advice.SEEN}{what} is {state}."
    return f"Wait until {what} is {state}; so far {done} of {len(others)} are."


def _upgrade_steps(facts: Facts, name: str) -> tuple[str, ...]:
    """Return what an upgrade requires first: in phase 7 the other nodes must be done.

    See docs/objects.md#precondition-upgrade.
    """
    if facts.rollout is None:
        return (
            ()
            if _no_upgrade_runs(facts)
            else ("If an upgrade is in progress, wait until its other nodes are Succeeded.",)
        )
    upgrade = facts.rollout.upgrade
    if upgrade.v2:
        return (_wait_for_others(facts.rollout, name, "done"),)
    if upgrade.status("NodesUpgraded"):
        return (_wait_for_others(facts.rollout, name, "Succeeded"),)
    return (
        (
            f"Upgrade {upgrade.ref.name} has not reached the nodes yet, so Harvester still lets you delete that "
            "Upgrade (no longer once its condition NodesUpgraded is Unknown, nor while Cluster local is in phase "
            f"Provisioning). What the upgrade had paused stays paused: {CHARTS}; un-pause that afterwards."
        ),
    )


def _no_upgrade_runs(facts: Facts) -> bool:
    """Whether it is known that no upgrade is in progress, rather than that none was looked for."""
    return all(map(facts.snapshot.seen, ("Upgrade", "UpgradePlan"))) and facts.upgrades.plan is None


def _version_to_install(facts: Facts) -> str:
    """Return which version to install; it is undocumented during an upgrade (docs/objects.md#webhook-node-join)."""
    if _no_upgrade_runs(facts) and facts.rollout is None:
        return ", with the version that the other nodes run"
    return (
        " (with which version while an upgrade is unfinished is not documented: ask vendor support; Harvester 1.9 "
        "refuses a new Node until it has ended)"
    )


def _release_machine(name: str, shared: ObjectRef) -> str:
    """Return the step that removes the Node's reference to another node's Machine.

    Otherwise Harvester deletes that Machine together with the Node; docs/objects.md#removal-node.
    """
    return (
        f"Before anything of Node {name} is deleted, detach that Node from Machine {shared.name}: Harvester deletes "
        f"the Machine that a deleted Node references. Keep a copy, `kubectl get node {advice.quote_argument(name)} "
        f"-o yaml > node-before.yaml`, then `kubectl annotate node {advice.quote_argument(name)} "
        "cluster.x-k8s.io/machine-`. Verify that the annotation does not come back, and stop if it does; there is no "
        "report of this step yet."
    )
