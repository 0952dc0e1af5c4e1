"""How to remove and rejoin a host that has no Machine of its own, in steps that fit the upgrade in progress."""

from __future__ import annotations

from harvdiag.core.fields import get_labels
from harvdiag.core.model import ObjectRef
from harvdiag.rules import actions, advice
from harvdiag.rules.facts import Facts
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.run import UpgradeRun

__all__ = ["rejoin_steps", "version_to_install"]

ETCD = "node-role.kubernetes.io/etcd"


def rejoin_steps(facts: Facts, node: ObjectRef, shared: ObjectRef | None = None) -> tuple[str, ...]:
    """Return the steps that remove and rejoin the node; `shared` is another node's Machine that it references.

    Follows harvester/docs#1108, docs/objects.md#failure-orphan-node and docs/objects.md#failure-shared-machine.
    """
    name = node.name
    return (
        *_upgrade_steps(facts, name),
        actions.evict_replicas(name),
        actions.leave_vms(name),
        *((_release_machine(name, shared),) if shared else ()),
        actions.remove_host(name),
        actions.verify_removed(name, _voters(facts, node)),
        actions.reinstall_host(name, version_to_install(facts)),
    )


def _voters(facts: Facts, node: ObjectRef) -> tuple[str, ...]:
    """Return the other etcd nodes, through which the member of a node that has the etcd role is looked up."""
    members = [ref.name for ref in facts.pairing.nodes if get_labels(facts.pairing.obj(ref)).get(ETCD) == "true"]
    return tuple(name for name in members if name != node.name) if node.name in members else ()


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
    return (actions.stop_upgrade(upgrade.ref.name),)


def _no_upgrade_runs(facts: Facts) -> bool:
    """Whether it is known that no upgrade is in progress, rather than that none was looked for."""
    return all(map(facts.snapshot.seen, ("Upgrade", "UpgradePlan"))) and facts.upgrades.plan is None


def version_to_install(facts: Facts) -> str:
    """Return which version to install; it is undocumented during an upgrade (docs/objects.md#webhook-node-join)."""
    if _no_upgrade_runs(facts) and facts.rollout is None:
        return ", with the version that the other nodes run"
    return (
        " (which version, while the upgrade is unfinished, is not documented: ask vendor support; Harvester 1.9 "
        "refuses a new Node until it ends)"
    )


def _release_machine(name: str, shared: ObjectRef) -> str:
    """Return the step that removes the Node's reference to another node's Machine.

    Otherwise Harvester deletes that Machine together with the Node; docs/objects.md#removal-node.
    """
    quoted = actions.quote_argument(name)
    return (
        f"Detach it from Machine {shared.name}, which Harvester would delete together with Node {name}: `kubectl get "
        f"node {quoted} -o yaml > node-before.yaml`, then `kubectl annotate node {quoted} cluster.x-k8s.io/machine-`. "
        "If the annotation comes back, stop and ask vendor support: there is no report of this step yet."
    )
