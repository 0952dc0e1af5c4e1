"""The host leaves the cluster and joins it again, in the order that Harvester documents: harvester/docs#1108.

Second-hand reports say that the user of harvester/harvester#8236 did so. See docs/objects.md#preconditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harvdiag.core.fields import field_path, get_labels, name_of, namespace_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.release import read_release
from harvdiag.core.suggest import join_names
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.preconditions.maintenance import why_no_maintenance
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.cure.preconditions.words import list_some
from harvdiag.cure.ways.hosts import (
    LIST_PAIRS,
    Load,
    back_up_steps,
    cite,
    commands_in,
    issue,
    list_vms,
    migrations,
    node_of,
    read_load,
    see_pair,
    seen_by,
    stop_steps,
    voters_but,
)
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.rules import actions, advice
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import has_role
from harvdiag.rules.removal import nodes_deleted_with
from harvdiag.rules.upgrade_evidence import rollout_at_nodes
from harvdiag.rules.volumes import LONGHORN, WITNESS
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.run import UpgradeRun

__all__ = ["ask_of_upgrade", "empty_steps", "judge_joining", "rebuild", "rebuild_steps", "uninstall_step"]

LONGHORN_NODES = "nodes.longhorn.io"
ALLOW = 'metadata.annotations["harvesterhci.io/allow-node-join"]'
CHART, CHARTS = "ManagedChart", "managedcharts.management.cattle.io"
LIST_CHARTS = f"kubectl get {CHARTS} -n fleet-local -o yaml"
MACHINES = "machines.cluster.x-k8s.io"


@way(
    "rebuild",
    title="Rebuild the host",
    fits="For a host that can be emptied and installed again: it is the documented way, and it wipes the host's disks.",
)
def rebuild(case: Case) -> Plan:
    """Empty the host, take it out of the cluster, and install it again."""
    facts, node = case.facts, node_of(case)
    if len(facts.pairing.nodes) == 1:
        raise Unfit(f"{node.name} is the only Node: there is nothing left to join")
    if has_role(facts, node, "etcd") and not voters_but(facts, node):
        raise Unfit(f"{node.name} is the only member of etcd: the state of the cluster would be lost with it")
    return Plan(
        steps=cite(facts, rebuild_steps(facts, node)),
        removes=node,
        preconditions=judge_joining(facts, node),
        support=tuple(ask_of_upgrade(facts, node)),
    )


def rebuild_steps(
    facts: Facts, node: ObjectRef, first: Iterable[PlanStep] = (), after: Iterable[PlanStep] = ()
) -> Iterator[PlanStep]:
    """Yield the steps, with others before the host is stopped, and after it is deleted."""
    yield from _upgrade_steps(facts, node)
    yield from back_up_steps(facts, node)
    yield from empty_steps(facts, node)
    yield from first
    yield uninstall_step(facts, node)
    yield _delete(facts, node)
    yield from after
    for machine in _leftovers(facts, node):
        yield _delete_machine(machine, node)
    yield _install(facts, node)


def empty_steps(facts: Facts, node: ObjectRef) -> Iterator[PlanStep]:
    """Yield the steps by which replicas and VMs leave a host; a witness has none."""
    if get_labels(facts.pairing.obj(node)).get(WITNESS) == "true":
        return
    load = read_load(facts, node)
    yield _evict(node, load)
    yield from stop_steps(load.bound)
    yield _empty(facts, node, load)


def _upgrade_steps(facts: Facts, node: ObjectRef) -> Iterator[PlanStep]:
    """What an upgrade asks first: one that has not reached the nodes is stopped, else the other nodes finish."""
    run, at_nodes = facts.rollout, rollout_at_nodes(facts)
    if run is None:
        return
    if at_nodes is None and not run.upgrade.v2:
        yield from _stop_upgrade(facts, run)
        return
    others = [other for other in run.nodes if other.name != node.name]
    done = [other.name for other in others if other.place == DONE]
    where = f" -n {run.upgrade.ref.namespace}" if run.upgrade.ref.namespace else ""
    kind = "upgradeplans.management.harvesterhci.io" if run.upgrade.v2 else "upgrades.harvesterhci.io"
    yield PlanStep(
        what=f"Let {run.title} finish every other node",
        place=Place.KUBECTL,
        commands=(f"kubectl get {kind}{where} {actions.quote_argument(run.upgrade.ref.name)} -o yaml",),
        sees=(f"`{run.upgrade.statuses_path}` has each node but {node.name} as done.",),
        done=f"{join_names(done)} are done" if others and len(done) == len(others) else "",
    )


def _stop_upgrade(facts: Facts, run: UpgradeRun) -> Iterator[PlanStep]:
    """Delete the Upgrade, and let the charts go on that it leaves paused."""
    yield PlanStep(
        what=f"Stop {run.title}, which has not reached the nodes",
        place=Place.KUBECTL,
        commands=commands_in(actions.stop_upgrade(run.upgrade.ref.name)),
        sees=("It says: deleted. If Harvester refuses it as Cluster local is Provisioning, wait and try again.",),
        caution=f"Keep a support bundle of it first: {actions.SUPPORT_BUNDLE}.",
        back="Start it again once the host is back.",
        action=Action(verb=Verb.DELETE, ref=run.upgrade.ref),
    )
    for obj in facts.snapshot.objects(CHART):
        if field_path("spec.paused").get(obj) is True:
            change = {"spec": {"paused": False}}
            yield PlanStep(
                what=f"Let ManagedChart {name_of(obj)} go on, which it leaves paused",
                place=Place.KUBECTL,
                commands=(actions.merge_patch(CHARTS, name_of(obj), change, namespace_of(obj)),),
                sees=(seen_by(f"{LIST_CHARTS} | grep -c 'paused: true'", "counts one less"),),
                action=Action(
                    verb=Verb.PATCH,
                    ref=ObjectRef(CHART, namespace_of(obj), name_of(obj)),
                    changes=(("spec.paused", False),),
                ),
            )


def _evict(node: ObjectRef, load: Load) -> PlanStep:
    back = {"spec": {"allowScheduling": True, "evictionRequested": False}}
    caution = f"Replicas of {list_some(load.held)} are on it." if load.held else ""
    if load.last:
        caution = f"The last healthy replica of {list_some(load.last)} is on it: wait until each has another."
    return PlanStep(
        what=f"Let Longhorn move the replicas of {node.name} away",
        place=Place.KUBECTL,
        commands=commands_in(actions.evict_replicas(node.name)),
        sees=(seen_by(commands_in(actions.leave_vms(node.name))[0], "shows none"),),
        caution=caution,
        back=f"`{actions.merge_patch(LONGHORN_NODES, node.name, back, LONGHORN)}`",
        done=f"no replica is on {node.name}" if load.volumes.met and not load.held else "",
    )


def _empty(facts: Facts, node: ObjectRef, load: Load) -> PlanStep:
    refused = why_no_maintenance({ref: facts.pairing.obj(ref) for ref in facts.pairing.nodes}, node)
    path = actions.maintenance(node.name)
    said = [load.vms.told] if load.running or load.vms.untold else []
    said += [f"Stop a VM that cannot be moved: {actions.stop_vm('NAME')}"] if load.vms.untold else []
    return PlanStep(
        what=f"Empty {node.name} of VMs, and keep new ones off it"
        + (": cordon it, and migrate each VM, as Harvester refuses maintenance mode" if refused else ""),
        place=Place.UI,
        commands=(f"Hosts → {node.name} → ⋮ → Cordon", *migrations(load)) if refused else (path,),
        sees=(seen_by(list_vms(node), "shows none"),),
        caution=". ".join((*([f"No maintenance mode: {refused}"] if refused else []), *said)),
        back=f"Hosts → {node.name} → ⋮ → Uncordon" if refused else path.replace("Enable", "Disable"),
        action=Action(verb=Verb.DRAIN, ref=node),
    )


def uninstall_step(facts: Facts, node: ObjectRef) -> PlanStep:
    """Return the step after which the host cannot come back."""
    return PlanStep(
        what=f"Uninstall RKE2 on {node.name}, and switch the host off, so that it cannot register again",
        place=Place.HOST,
        commands=(*commands_in(actions.remove_host(node.name)), "poweroff"),
        sees=(seen_by(commands_in(advice.LIST_NODES)[0], f"shows {node.name} as NotReady"),),
        caution=f"{read_load(facts, node).etcd.told}." if has_role(facts, node, "etcd") else "",
        final=True,
        action=Action(verb=Verb.UNINSTALL, ref=node),
    )


def _delete(facts: Facts, node: ObjectRef) -> PlanStep:
    voters = voters_but(facts, node) if has_role(facts, node, "etcd") else ()
    left, *members = commands_in(actions.verify_removed(node.name, voters))
    return PlanStep(
        what=f"Delete host {node.name}",
        place=Place.UI,
        commands=(f"Hosts → {node.name} → ⋮ → Delete",),
        sees=(seen_by(left, "shows nothing"), *(seen_by(each, f"lists no member of {node.name}") for each in members)),
        links=(issue("harvester/harvester", 10534),) if members else (),
        caution=f"A member of {node.name} that stays in etcd keeps the new host from joining." if members else "",
        action=Action(verb=Verb.DELETE_HOST, ref=node),
    )


def _leftovers(facts: Facts, node: ObjectRef) -> list[ObjectRef]:
    """The Machines made for the host that its Node does not name: nothing deletes them with it."""
    named = facts.pairing.machine_ref(node)
    made = [*facts.pairing.claiming_machines(node), *facts.pairing.weak_matches(node)]
    own = [machine for machine in dict.fromkeys(made) if named is None or machine != named.target]
    return [machine for machine in own if not set(nodes_deleted_with(facts, machine)) - {node}]


def _delete_machine(machine: ObjectRef, node: ObjectRef) -> PlanStep:
    return PlanStep(
        what=f"Delete {machine.name}, the Machine that was made for {node.name}",
        place=Place.KUBECTL,
        commands=commands_in(actions.delete_object(MACHINES, machine.name, machine.namespace)),
        sees=(seen_by(LIST_PAIRS, f"no longer shows {machine.name}"),),
        action=Action(verb=Verb.DELETE, ref=machine),
    )


def _install(facts: Facts, node: ObjectRef) -> PlanStep:
    version = facts.harvester_version or "that of the other nodes"
    at_nodes = rollout_at_nodes(facts)
    open_version = at_nodes is not None or _unseen_upgrade(facts)
    return PlanStep(
        what=f"Install {node.name} again on a wiped disk"
        + (", in the version that vendor support names" if open_version else f" from the ISO of {version}"),
        place=Place.INSTALLER,
        commands=("Join an existing Harvester cluster",),
        sees=(
            see_pair(node),
            seen_by("kubectl get nodes -L harvesterhci.io/managed", f"shows {node.name} as Ready, with true"),
        ),
        links=(issue("harvester/harvester", 8236),),
        caution="A disk that keeps the old installation keeps the old identity: wipe all of them.",
        action=Action(verb=Verb.JOIN, ref=node),
    )


def _unseen_upgrade(facts: Facts) -> bool:
    return facts.rollout is None and not all(map(facts.snapshot.seen, ("Upgrade", "UpgradePlan")))


def judge_joining(facts: Facts, node: ObjectRef) -> tuple[Precondition, ...]:
    """R6, only in an upgrade of nodes: from Harvester 1.9 on a webhook refuses a Node that is new."""
    run, release = rollout_at_nodes(facts), read_release(facts.harvester_version)
    if run is None or run.upgrade.v2:
        return ()
    allowed = field_path(ALLOW).get(run.upgrade.obj) == "true"
    old = release is not None and release[:2] < (1, 9)
    met = True if old or allowed else None if release is None else False
    told = f"Harvester {facts.harvester_version or 'of an unknown release'}"
    told += " takes it" if met else " refuses it until the upgrade ends" if met is False else " may refuse it"
    return (
        Precondition(
            id="R6",
            asks=f"May {node.name} join while {run.title} runs?",
            met=met,
            values=(
                Value(name="release", value=facts.harvester_version or None),
                Value(name="annotation allow-node-join", value=allowed, refs=(run.upgrade.ref,)),
            ),
            told=told,
            untold=("the release of Harvester was not seen",) if met is None else (),
        ),
    )


def ask_of_upgrade(facts: Facts, node: ObjectRef) -> Iterator[str]:
    """Yield what only support can say while an upgrade is at the nodes."""
    run = rollout_at_nodes(facts)
    if run is None:
        return
    upgrade = run.upgrade
    told = " or ".join(filter(None, (upgrade.previous_version, upgrade.version)))
    choice = f" ({told})" if told else ""
    yield f"Which version to install on {node.name} while {run.title} is unfinished{choice}: that is not documented."
    status = upgrade.statuses.get(node.name)
    if status is not None:
        yield (
            f"How {run.title} comes to its end: its list of nodes keeps {node.name} as {status.state!r} when the Node "
            "is deleted (harvester/harvester#7874)."
        )
