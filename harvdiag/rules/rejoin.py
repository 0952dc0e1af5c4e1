"""How a host without a Machine of its own is taken out and joined anew, in steps that fit the upgrade that runs."""

from __future__ import annotations

from harvdiag.core.model import ObjectRef
from harvdiag.rules import advice
from harvdiag.rules.facts import Facts

__all__ = ["rejoin"]

CHARTS = "`kubectl get managedcharts.management.cattle.io -n fleet-local`"


def rejoin(facts: Facts, node: ObjectRef, shared: ObjectRef | None = None) -> tuple[str, ...]:
    """Remove the node and join it again; `shared` is another's Machine that it names.

    Follows harvester/docs#1108, docs/objects.md#failure-orphan-node and docs/objects.md#failure-shared-machine.
    """
    name = node.name
    return (
        *_upgrade_first(facts),
        (
            f"Disable scheduling of {name} in Longhorn and evict its replicas, then put it into maintenance mode, so "
            "that its VMs leave."
        ),
        *((_let_go(name, shared),) if shared else ()),
        (
            f"Run `rke2-uninstall.sh` on {name} so that it cannot register again, then delete the host {name} in "
            "Harvester."
        ),
        f"See that nothing of {name} is left: its Node, its `nodes.longhorn.io` and its etcd member.",
        (
            f"Install {name} anew with a wiped disk and join it{_with_version(facts)}; its Machine, plan Secret and "
            "labels then appear by themselves."
        ),
    )


def _upgrade_first(facts: Facts) -> tuple[str, ...]:
    """What an upgrade requires first: in phase 7 the other nodes must be done; docs/objects.md#precondition-upgrade."""
    if facts.upgrade_run is None:
        return () if _none_runs(facts) else ("If an upgrade is under way, wait until its other nodes are Succeeded.",)
    upgrade = facts.upgrade_run.upgrade
    if upgrade.status("NodesUpgraded"):
        return (f"Wait until every other node of Upgrade {upgrade.ref.name} is Succeeded.",)
    return (
        (
            f"Upgrade {upgrade.ref.name} has not come to the nodes yet, so Harvester still lets you delete that "
            "Upgrade (no longer once its condition NodesUpgraded is Unknown, nor while Cluster local is in phase "
            f"Provisioning). What the upgrade had paused stays paused: {CHARTS}; un-pause that afterwards."
        ),
    )


def _none_runs(facts: Facts) -> bool:
    """Whether it is known that no upgrade runs, rather than that none was looked for."""
    return facts.snapshot.seen("Upgrade") and facts.upgrades.plan is None


def _with_version(facts: Facts) -> str:
    """Which version to install; while an upgrade is unfinished no source says (docs/objects.md#webhook-node-join)."""
    if _none_runs(facts) and facts.upgrade_run is None:
        return ", with the version that the other nodes run"
    return (
        " (with which version while an upgrade is unfinished is not documented: ask vendor support; Harvester 1.9 "
        "refuses a new Node until it has ended)"
    )


def _let_go(name: str, shared: ObjectRef) -> str:
    """Harvester deletes the Machine that a deleted Node names, whosever it is; docs/objects.md#removal-node."""
    return (
        f"Before anything of it is deleted, let Node {name} no longer name Machine {shared.name}, for Harvester "
        f"deletes the Machine that a deleted Node names. Keep a copy, `kubectl get node {advice.arg(name)} -o yaml > "
        f"node-before.yaml`, then `kubectl annotate node {advice.arg(name)} cluster.x-k8s.io/machine-`. See that the "
        "annotation does not come back, and go no further if it does; nobody has reported this step yet."
    )
