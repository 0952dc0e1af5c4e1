"""Nodes: Ready, schedulable, one witness at most, and on 1.4 none that Longhorn is emptying."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import Condition, condition_path, find_condition
from harvdiag.core.fields import Obj, field_path, get_items, get_labels, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.release import read_release
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.gates import refusal, require_release
from harvdiag.rules.health_evidence import has_role, is_witness, node_causes, quote_words
from harvdiag.rules.node_marks import INSTALL_CORDONED, MAINTENANCE, PROMOTION
from harvdiag.rules.upgrade_evidence import condition_evidence, cordoned_at
from harvdiag.rules.volumes import LONGHORN, LONGHORN_NODE

READY = "Ready"
OF_READY = ("node-unready", "node-outside-etcd", "node-replaced")
OF_CORDON = (
    "node-cordoned",
    "node-cordoned-after-upgrade",
    "upgrade-node-failed",
    "upgrade-left-node-behind",
    "promotion-hangs",
    "promotion-failed",
)
"""Findings about the Node that say why it is so."""
WITNESS = 'metadata.labels["node-role.harvesterhci.io/witness"]'
TAINT = {"key": "node-role.kubernetes.io/etcd", "value": "true", "effect": "NoExecute"}
EVICTED = "spec.evictionRequested"


@rule(
    "preflight-node-not-ready",
    short="not Ready",
    alike="are not Ready now",
    needs={"Node"},
    optional={"Machine"},
    links=["harvester/harvester#4292"],
)
def preflight_node_not_ready(facts: Facts) -> Iterator[Hit]:
    """A Node is not Ready.

    Harvester refuses an upgrade as soon as the condition Ready of a Node is anything but True, however young that is. A
    Node that has no such condition passes its webhook, but neither check.sh nor Upgrade V2: its kubelet has never
    reported, and no Job of an upgrade could run there.
    """
    for node in facts.pairing.nodes:
        ready = find_condition(facts.pairing.obj(node), READY)
        if ready.status != "True":
            yield Hit(
                subject=node,
                message=_describe_not_ready(facts, node.name, ready),
                evidence=condition_evidence(facts, node, READY, "status", "reason", "message", "changed")
                or (Evidence(node, condition_path(READY), None),),
                next=_ready_steps(node),
                caution=advice.QUORUM if has_role(facts, node, "etcd") else "",
                causes=(*(Cause(name, node) for name in OF_READY), *node_causes(facts, node)),
            )


def _describe_not_ready(facts: Facts, name: str, ready: Condition) -> str:
    if not ready:
        return (
            f"Node {name} has no condition Ready, as its kubelet has never reported: check.sh and Upgrade V2 refuse it "
            f'("node "{name}" is not Ready"), though Harvester\'s webhook lets it pass'
        )
    since = f" since {Timestamp(ready.changed)}" if ready.changed else ""
    why = f" ({quote_words(ready.why)})" if ready.why else ""
    refused = refusal(facts, f"node {name} is not ready, please wait for it to be ready")
    return f"Condition Ready of Node {name} is {ready.status or 'empty'}{since}{why}: {refused}"


def _ready_steps(node: ObjectRef) -> tuple[str, ...]:
    quoted = actions.quote_argument(node.name)
    return (
        advice.inspect_object("nodes", node.name, ""),
        f"Wait until its host is back: `kubectl wait --for=condition=Ready --timeout=15m node {quoted}`.",
    )


@rule(
    "preflight-node-unschedulable",
    short="unschedulable",
    alike="are unschedulable",
    needs={"Node"},
    optional={"Machine", "Upgrade", "UpgradePlan"},
    links=["harvester/harvester#4292"],
)
def preflight_node_unschedulable(facts: Facts) -> Iterator[Hit]:
    """A Node is unschedulable.

    Harvester refuses an upgrade while any Node is, whatever the reason: also in maintenance, or while it is promoted.
    """
    last = next(iter(facts.upgrades.all), None)
    ended = [Cause("upgrade-failed-in-phase", last.ref)] if last else []
    for node in facts.pairing.nodes:
        if field_path("spec.unschedulable").get(facts.pairing.obj(node)) is not True:
            continue
        since = cordoned_at(facts, node)
        why, step = _explain_cordon(facts, node)
        yield Hit(
            subject=node,
            message=f"Node {node.name} is unschedulable{f' since {Timestamp(since)}' if since else ''}{why}: "
            + refusal(facts, f"node {node.name} is unschedulable, please wait for it to be schedulable"),
            evidence=(
                *field_evidence(facts, node, "spec.unschedulable"),
                *(e for e in field_evidence(facts, node, MAINTENANCE, PROMOTION, _label(INSTALL_CORDONED)) if e.value),
            ),
            next=(
                step,
                f"Verify: `kubectl get node {actions.quote_argument(node.name)}` no longer shows SchedulingDisabled.",
            ),
            causes=(*(Cause(name, node) for name in OF_CORDON), *ended, *node_causes(facts, node)),
        )


def _explain_cordon(facts: Facts, node: ObjectRef) -> tuple[str, str]:
    """Return by what the Node says that it is cordoned, and the step that ends that."""
    obj, name = facts.pairing.obj(node), node.name
    if state := get_text(obj, MAINTENANCE):
        step = f"End the maintenance when the work is done: Hosts → {name} → ⋮ → Disable Maintenance Mode."
        return f", as it is in maintenance ({quote_words(state)})", step
    if get_text(obj, PROMOTION) == "running":
        follow = actions.quote_argument(f"harvester-promote-{name}")
        step = f"Wait until its promotion ends: `kubectl get jobs -n harvester-system {follow}`."
        return ", as Harvester promotes it to a management node", step
    if get_labels(obj).get(INSTALL_CORDONED) == "true":
        return ", as it was installed so", f"Let it take pods, if it is ready for them: {actions.uncordon(name)}."
    return "", f"If no one works on the host, let it take pods again: {actions.uncordon(name)}."


def _label(key: str) -> str:
    return f'metadata.labels["{key}"]'


@rule("preflight-witness", short="witness", needs={"Node"}, links=["harvester/harvester#3266"])
def preflight_witness(facts: Facts) -> Iterator[Hit]:
    """There are several witnesses, or one lacks its taint.

    check.sh fails then: Harvester knows one witness at most, and it has the taint with exactly this value,
    node-role.kubernetes.io/etcd=true:NoExecute. Without that it gets pods for which it has no disk.
    """
    witnesses = [node for node in facts.pairing.nodes if is_witness(facts, node)]
    for node in witnesses:
        bare = not any(_is_taint(row) for row in get_items(facts.pairing.obj(node), "spec.taints"))
        others = [other.name for other in witnesses if other != node]
        faults = [f"is a witness beside {join_names(others)}, and one is the most there may be"] * bool(others)
        faults += ["is a witness without its taint node-role.kubernetes.io/etcd=true:NoExecute"] * bare
        if faults:
            yield Hit(
                subject=node,
                message=f"Node {node.name} {' and '.join(faults)}: check.sh fails Node-Status",
                evidence=field_evidence(facts, node, WITNESS, "spec.taints"),
                next=_witness_steps(node.name, bare, others),
                caution=advice.REJOIN if others else "",
                causes=(Cause("witness-unfit", node),),
            )


def _is_taint(row: object) -> bool:
    return all(get_text(row, key) == value for key, value in TAINT.items())


def _witness_steps(name: str, bare: bool, others: list[str]) -> tuple[str, ...]:
    quoted = actions.quote_argument(name)
    taint = f"Set the taint: `kubectl taint node {quoted} node-role.kubernetes.io/etcd=true:NoExecute --overwrite`."
    keep = f"Decide which is to stay the witness; each other one joins again with its role: {actions.rejoin(name)}."
    return (*([taint] if bare else []), *([keep] if others else []))


@rule(
    "preflight-longhorn-eviction",
    short="Longhorn eviction",
    alike="are to be emptied by Longhorn",
    needs={LONGHORN_NODE},
    links=["harvester/harvester#7717"],
)
def preflight_longhorn_eviction(facts: Facts) -> Iterator[Hit]:
    """Longhorn is to evict replicas from a node or a disk.

    Harvester 1.4 hangs on that in the pre-drain of an upgrade, so check.sh looks for it on 1.4, and there ends at once,
    without a summary of its other checks.
    """
    require_release(facts, only="1.4.x")
    for obj in facts.snapshot.objects(LONGHORN_NODE):
        paths = list(_eviction_paths(obj))
        if not paths:
            continue
        ref = ObjectRef(LONGHORN_NODE, LONGHORN, name_of(obj))
        disks = len([path for path in paths if path != EVICTED])
        what = "it" if EVICTED in paths else f"{disks} {'disks' if disks > 1 else 'disk'} of it"
        yield Hit(
            subject=ref,
            severity=None if read_release(facts.harvester_version) else Severity.WARNING,
            message=f"Longhorn Node {ref.name} has evictionRequested set for {what}: on 1.4 check.sh fails, "
            "and an upgrade hangs in its pre-drain",
            evidence=tuple(Evidence(ref, path, True) for path in paths),
            next=(
                (
                    "Let the eviction end, or take it back: `kubectl edit nodes.longhorn.io -n "
                    f"{LONGHORN} {actions.quote_argument(ref.name)}`."
                ),
            ),
            caution=f"Do not take it back while {ref.name} is being removed: it may have the last replica of a volume.",
            causes=(Cause("longhorn-node-evicting", ref),),
        )


def _eviction_paths(obj: Obj) -> Iterator[str]:
    """Yield the fields that are set; those of disks by the disks themselves, whose names may be any text."""
    if field_path(EVICTED).get(obj) is True:
        yield EVICTED
    disks = field_path("spec.disks").get(obj)
    for name, disk in sorted(disks.items() if isinstance(disks, dict) else (), key=str):
        if isinstance(disk, dict) and disk.get("evictionRequested") is True:
            yield f'spec.disks["{name}"].evictionRequested'
