"""Longhorn's instance managers that may not be evicted: for an engine that is dead, or a volume that they serve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harvdiag.core.fields import Obj, field_path, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import read_budget_line
from harvdiag.rules.thresholds import REBUILD
from harvdiag.rules.upgrade_evidence import cordoned_at, has_settled, state_evidence, upgrade_at_nodes
from harvdiag.rules.volumes import LONGHORN, TROUBLE, VOLUME, read_wanted_replicas, volume_evidence
from harvdiag.upgrade.phases import PRE_DRAINED
from harvdiag.upgrade.run import NodeUpgrade

INSTANCE_MANAGER, ENGINE, BUDGET = "InstanceManager", "Engine", "PodDisruptionBudget"
LISTS = ("instanceEngines", "instances")
"""Where releases of Longhorn list the engines of an instance manager; the second may have replicas too."""
DEAD = frozenset({"stopped", "error", "unknown"})
MAINTENANCE = 'metadata.annotations["harvesterhci.io/maintain-status"]'
POLICY = ObjectRef("Setting.longhorn.io", LONGHORN, "node-drain-policy")


@dataclass(frozen=True, kw_only=True)
class _Instance:
    """An engine as an instance manager has it: where it is listed, its state there, and why it is dead."""

    engine: ObjectRef
    path: str
    state: str
    why: str = ""


@rule(
    "instance-manager-keeps-budget",
    short="instance manager keeps its PodDisruptionBudget",
    holds=True,
    needs={"Node", "Upgrade", "Job"},
    optional={INSTANCE_MANAGER, ENGINE, BUDGET, VOLUME, "Setting.longhorn.io"},
    links=["harvester/harvester#8977", "harvester/harvester#7366", "longhorn/longhorn#11605"],
)
def instance_manager_keeps_budget(facts: Facts) -> Iterator[Hit]:
    """An instance manager on a cordoned node keeps its PodDisruptionBudget for an engine that is dead.

    Longhorn removes the budget of a cordoned node's instance manager when no engine is left in it. One that has failed
    to clean up an engine keeps the budget, the pod cannot be evicted, and the drain of the node never ends.
    """
    nodes = list(_drained_nodes(facts))
    managers = _running_managers(facts, [name for name, _ in nodes]) if nodes else []
    for name, node in nodes:
        for manager in (obj for obj in managers if get_text(obj, "spec.nodeID") == name):
            dead = _dead_instances(facts, manager, drained=node is not None)
            if dead and _budget_blocks(facts, manager):
                yield _budget_hit(facts, manager, dead, node)


def _drained_nodes(facts: Facts) -> Iterator[tuple[str, NodeUpgrade | None]]:
    """Yield the nodes whose pods should have left: pre-drained by the upgrade under way; without one, cordoned.

    Both for ten minutes at least: an engine is removed within seconds of the VM that used it.
    """
    run = upgrade_at_nodes(facts)
    if run:
        for node in run.nodes:
            job = node.job("pre-drain") if node.exists and node.state == PRE_DRAINED and node.cordoned else None
            if job and has_settled(facts, job.ended, cordoned_at(facts, node.ref)):
                yield node.name, node
    elif facts.upgrade_run is None:
        for obj in facts.snapshot.objects("Node"):
            ref = ObjectRef("Node", "", name_of(obj))
            cordoned = field_path("spec.unschedulable").get(obj) is True
            # In maintenance that is being entered, VMs are on their way.
            if cordoned and get_text(obj, MAINTENANCE) != "running" and has_settled(facts, cordoned_at(facts, ref)):
                yield ref.name, None


def _running_managers(facts: Facts, nodes: list[str]) -> list[Obj]:
    found = facts.find(INSTANCE_MANAGER, Wanted(), required=True)
    mine = (obj for obj in found if get_text(obj, "spec.nodeID") in nodes)
    return [obj for obj in mine if get_text(obj, "status.currentState") == "running"]


def _dead_instances(facts: Facts, manager: Obj, *, drained: bool) -> list[_Instance]:
    """Return the dead engines of an instance manager; none if another one is alive, which keeps the budget rightly."""
    listed = list(_list_engines(manager))
    names = tuple(instance.engine.name for instance in listed)
    engines = {name_of(obj): obj for obj in facts.find(ENGINE, Wanted(names=names), required=True)} if names else {}
    judged = [(i, _why_dead(i, engines.get(i.engine.name), manager, drained=drained)) for i in listed]
    if not all(why for _, why in judged):
        return []
    return [_Instance(engine=i.engine, path=i.path, state=i.state, why=why) for i, why in judged]


def _list_engines(manager: Obj) -> Iterator[_Instance]:
    for kind in LISTS:
        found = field_path(f"status.{kind}").get(manager)
        for name, instance in sorted(found.items()) if isinstance(found, dict) else ():
            if kind == "instances" and get_text(instance, "status.type") == "replica":
                continue
            path = f'status.{kind}["{name}"].status.state'
            yield _Instance(
                engine=ObjectRef(ENGINE, LONGHORN, name), path=path, state=get_text(instance, "status.state")
            )


def _why_dead(instance: _Instance, engine: Obj | None, manager: Obj, *, drained: bool) -> str:
    """Return why an engine does not run here; empty if it does. In a migration it runs in two places for a while."""
    name = instance.engine.name
    if engine is None:
        return f"there is no Engine {name}"
    at, home = (get_text(engine, path) for path in ("spec.nodeID", "status.instanceManagerName"))
    state = get_text(engine, "status.currentState")
    if state in DEAD and at != get_text(manager, "spec.nodeID"):
        return f"Engine {name} is {state}"
    elsewhere = (home and home != name_of(manager)) or (at and at != get_text(manager, "spec.nodeID"))
    if elsewhere and (drained or instance.state in DEAD):
        return f"Engine {name} runs on {at or 'another node'}"
    return ""


def _budget_blocks(facts: Facts, manager: Obj) -> bool:
    """Whether its PodDisruptionBudget forbids the eviction, as far as it was seen."""
    found = facts.find(BUDGET, Wanted(names=(name_of(manager),)), required=True)
    return any(not field_path("status.disruptionsAllowed").get(obj) for obj in found)


def _budget_hit(facts: Facts, manager: Obj, dead: list[_Instance], node: NodeUpgrade | None) -> Hit:
    ref = ObjectRef(INSTANCE_MANAGER, LONGHORN, name_of(manager))
    at, run = get_text(manager, "spec.nodeID"), facts.upgrade_run
    held = f"Rancher's drain of {at} never ends" if node else f"a drain of {at} would not end"
    what = f"{len(dead)} dead engines" if len(dead) > 1 else f"the dead engine {dead[0].engine.name}"
    them = "them" if len(dead) > 1 else "it"
    line = read_budget_line(facts, ref.name)
    return Hit(
        subject=ref,
        message=(
            f"Instance manager {ref.name} on {at} keeps its PodDisruptionBudget for {what}: "
            f"{join_names([instance.why for instance in dead])}, yet it still lists {them}; {held}"
        ),
        evidence=(
            *(e for instance in dead[:5] for e in _instance_evidence(facts, ref, instance)),
            Evidence(ObjectRef(BUDGET, LONGHORN, ref.name), "status.disruptionsAllowed", 0),
            *((Evidence(ref, line.file, line.line),) if line else ()),
            *((state_evidence(run, node),) if run and node else ()),
            *(e for e in field_evidence(facts, POLICY, "value") if e.value is not None),
        ),
        next=tuple(_budget_steps(facts, ref.name, at, node)),
        caution=(
            "Delete nothing else of Longhorn, and not the budget of an instance manager whose engine runs: a VM would "
            "lose its disk."
        ),
        severity=Severity.ERROR if node else Severity.WARNING,
        targets=(ObjectRef("Node", "", at), *(instance.engine for instance in dead[:5])),
    )


def _instance_evidence(facts: Facts, manager: ObjectRef, instance: _Instance) -> tuple[Evidence, ...]:
    """Return what the instance manager says of an engine, and what its Engine says."""
    engine = next(iter(facts.find(ENGINE, Wanted(names=(instance.engine.name,)))), None)
    listed = Evidence(manager, instance.path, instance.state or None)
    if engine is None:
        return listed, missing_evidence(*instance.engine)
    paths = ("status.currentState", "spec.nodeID", "status.instanceManagerName")
    return listed, *(Evidence(instance.engine, path, get_text(engine, path) or None) for path in paths)


def _budget_steps(facts: Facts, manager: str, at: str, node: NodeUpgrade | None) -> Iterator[str]:
    """Return the documented remedy with what it requires; what the objects show already is said, not asked."""
    found = facts.snapshot.find(VOLUME, TROUBLE)
    unseen, bad = found.gap, [name_of(obj) for obj in found.objects]
    first = f"Not yet: {join_names(bad)} must be healthy first. Then check" if bad else "Check"
    yield (
        f"{first} that each volume with a replica on {at} has a healthy one on another node, and delete the budget, as "
        "Harvester's manual has it for this issue: `kubectl delete poddisruptionbudget "
        f"-n {LONGHORN} {actions.quote_argument(manager)}`."
    )
    if unseen:
        yield f"Before that, verify that all volumes are healthy: `kubectl get volumes.longhorn.io -n {LONGHORN}`."
    elif not bad:
        yield "Already verified: no volume is degraded or faulted, and no engine runs in this instance manager."
    if node:
        yield f"Rancher retries the drain of {at} by itself; touch neither its hooks nor its Job."


@rule(
    "instance-manager-serves-volume",
    short="instance manager serves a volume",
    holds=True,
    severity=Severity.WARNING,
    needs={"Node", "Upgrade", "Job"},
    optional={INSTANCE_MANAGER, ENGINE, BUDGET, VOLUME, "Replica", "Setting.longhorn.io"},
    links=["harvester/harvester#2053", "harvester/harvester#7323", "harvester/harvester#3228"],
)
def instance_manager_serves_volume(facts: Facts) -> Iterator[Hit]:
    """A pre-drained node cannot be drained, because its instance manager serves a volume for more than two hours.

    The volume is still attached there, or has its only replica there. Longhorn then keeps the PodDisruptionBudget, and
    rightly so; the setting node-drain-policy decides which replicas count.
    """
    nodes = [(name, node) for name, node in _drained_nodes(facts) if node and _ended_long_ago(facts, node)]
    managers = _running_managers(facts, [name for name, _ in nodes]) if nodes else []
    for name, node in nodes:
        for manager in (obj for obj in managers if get_text(obj, "spec.nodeID") == name):
            attached = _attached_volumes(facts, manager)
            lonely = [] if attached else _lonely_volumes(facts, manager)
            if (attached or lonely) and _budget_blocks(facts, manager):
                yield _serving_hit(facts, manager, attached or lonely, attached=bool(attached), node=node)


def _ended_long_ago(facts: Facts, node: NodeUpgrade) -> bool:
    job = node.job("pre-drain")
    age = facts.now.since(Timestamp(job.ended)) if job else None
    return age is not None and age >= facts.span(REBUILD)


def _attached_volumes(facts: Facts, manager: Obj) -> list[str]:
    """Return the volumes whose engines run in an instance manager."""
    names = tuple(instance.engine.name for instance in _list_engines(manager))
    found = facts.find(ENGINE, Wanted(names=names), required=True) if names else ()
    here = (obj for obj in found if get_text(obj, "spec.nodeID") == get_text(manager, "spec.nodeID"))
    return sorted({get_text(obj, "spec.volumeName") for obj in here} - {""})


def _lonely_volumes(facts: Facts, manager: Obj) -> list[str]:
    """Return the volumes that want one replica and have it in an instance manager."""
    names = tuple(_list_replicas(manager))
    replicas = facts.find("Replica", Wanted(names=names), required=True) if names else ()
    mine = {get_text(obj, "spec.volumeName") for obj in replicas}
    volumes = facts.find(VOLUME, Wanted(names=tuple(sorted(mine))), required=True) if mine else ()
    return [name_of(obj) for obj in volumes if read_wanted_replicas(obj) == 1]


def _list_replicas(manager: Obj) -> Iterator[str]:
    for kind in ("instanceReplicas", "instances"):
        found = field_path(f"status.{kind}").get(manager)
        for name, instance in sorted(found.items()) if isinstance(found, dict) else ():
            if kind != "instances" or get_text(instance, "status.type") == "replica":
                yield name


def _serving_hit(facts: Facts, manager: Obj, volumes: list[str], *, attached: bool, node: NodeUpgrade | None) -> Hit:
    ref = ObjectRef(INSTANCE_MANAGER, LONGHORN, name_of(manager))
    at, run = get_text(manager, "spec.nodeID"), facts.upgrade_run
    held = "are" if len(volumes) > 1 else "is"
    what = f"{held} still attached there" if attached else f"{'have' if len(volumes) > 1 else 'has'} no other replica"
    paths = ("status.state", "status.currentNodeID", "spec.numberOfReplicas")
    refs = [ObjectRef(VOLUME, LONGHORN, name) for name in volumes[:5]]
    shown = facts.find(VOLUME, Wanted(names=tuple(volumes[:5])))
    return Hit(
        subject=ref,
        message=f"Rancher cannot drain {at}: {join_names(volumes)} {what}, so instance manager {ref.name} stays",
        evidence=(
            *(e for volume in shown for e in volume_evidence(volume, *paths)),
            Evidence(ObjectRef(BUDGET, LONGHORN, ref.name), "status.disruptionsAllowed", 0),
            *((state_evidence(run, node),) if run and node else ()),
            *(e for e in field_evidence(facts, POLICY, "value") if e.value is not None),
        ),
        next=tuple(_serving_steps(volumes[0], attached=attached)),
        caution=f"Do not delete the budget of {ref.name}: the volume would lose its data or its VM the disk.",
        targets=(ObjectRef("Node", "", at), *refs),
    )


def _serving_steps(volume: str, *, attached: bool) -> Iterator[str]:
    quoted = actions.quote_argument(volume)
    if attached:
        yield f"See who holds it: `kubectl get volumeattachments.longhorn.io -n {LONGHORN} {quoted} -o yaml` (tickets)."
        yield (
            f"Stop the VM that uses it ({actions.stop_vm('NAME')}); if none does: Longhorn UI → Volume → {volume} → "
            "Detach."
        )
    else:
        yield (
            f"Stop what uses {volume}, or give it a second replica: {actions.set_replicas(volume, 2)}, and wait until "
            "it is healthy."
        )
    yield "Rancher then drains the node at its next try."
