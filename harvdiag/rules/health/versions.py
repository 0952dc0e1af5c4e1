"""Nodes that are not alike: in their versions, or as witness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harvdiag.core.fields import get_items, get_text
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.kinds.local import PROVISIONING
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import is_witness, just_ended, lasts, node_causes, under_way
from harvdiag.upgrade.phases import FAILED
from harvdiag.upgrade.phases_v2 import place_of

KUBELET, SYSTEM = "status.nodeInfo.kubeletVersion", "status.nodeInfo.osImage"
WITNESS_TAINT = "node-role.kubernetes.io/etcd"


@rule(
    "node-version-differs",
    short="version differs",
    alike="run other versions than the rest",
    severity=Severity.WARNING,
    needs={"Node", "Setting", "Upgrade", "UpgradePlan"},
    optional={"Machine"},
    links=["harvester/harvester#10048", "harvester/harvester#8236"],
)
def node_version_differs(facts: Facts) -> Iterator[Hit]:
    """A Node runs another version of Kubernetes or of the operating system than the others, and no upgrade runs.

    An upgrade has left it behind, or the host was installed from another release. The next upgrade takes the release of
    the cluster for that of every node, and checks its path by that.
    """
    if under_way(facts) or just_ended(facts) or _ended_just_now(facts):
        return
    settled = [node for node in facts.pairing.nodes if not facts.recently_created(node)]
    wanted = _wanted_versions(facts, settled)
    for node in settled:
        other = {path: told for path in wanted if (told := _differs(facts, node, path, wanted[path]))}
        if other:
            yield Hit(
                subject=node,
                message=f"Node {node.name} runs {' and '.join(other.values())}, and no upgrade runs",
                evidence=field_evidence(facts, node, *other),
                next=_version_steps(node.name),
                caution=advice.REJOIN,
                causes=_version_causes(facts, node),
            )


def _wanted_versions(facts: Facts, nodes: list[ObjectRef]) -> dict[str, str]:
    """Return what the nodes should run: the release of the cluster, where a node runs it, else what most of them do."""
    release = f"Harvester {facts.harvester_version}"
    current = [node for node in nodes if get_text(facts.pairing.obj(node), SYSTEM) == release]
    return {
        KUBELET: _most_common(facts, current or nodes, KUBELET),
        SYSTEM: release if current else _most_common(facts, nodes, SYSTEM),
    }


def _most_common(facts: Facts, nodes: list[ObjectRef], path: str) -> str:
    """Return the version that most of the nodes run; of equally many the later word."""
    found = Counter(version for node in nodes if (version := get_text(facts.pairing.obj(node), path)))
    return max(found, key=lambda version: (found[version], version), default="")


def _differs(facts: Facts, node: ObjectRef, path: str, wanted: str) -> str:
    version = get_text(facts.pairing.obj(node), path)
    what = "Kubernetes " if path == KUBELET else ""
    return f"{what}{version} (not {wanted})" if version and wanted and version != wanted else ""


def _ended_just_now(facts: Facts) -> bool:
    last = next(iter(facts.upgrades.all), None)
    completed = last.conditions.get("Completed") if last else None
    return completed is not None and not lasts(facts, completed.since)


def _version_steps(name: str) -> tuple[str, ...]:
    return (
        "Compare all of them: `kubectl get nodes -o wide`.",
        f"If an upgrade left {name} behind: ask vendor support how to bring it up.",
        f"If the host was installed from another release: {actions.rejoin(name)}, from the release of the cluster.",
    )


def _version_causes(facts: Facts, node: ObjectRef) -> tuple[Cause, ...]:
    last = next(iter(facts.upgrades.all), None)
    of_node = (
        "upgrade-left-node-behind",
        "upgrade-node-failed",
        "node-without-machine",
        "node-unready",
        "node-cordoned",
    )
    return (
        *(Cause(name, node) for name in of_node),
        *node_causes(facts, node),
        Cause("upgrade-deleted-midway", PROVISIONING),
        *([Cause("upgrade-left-node-behind", last.ref)] if last else ()),
        *_failure_causes(facts),
    )


def _failure_causes(facts: Facts) -> Iterator[Cause]:
    """Yield what tells that the latest upgrade has failed, of either kind: it ended before the other nodes."""
    failed = facts.upgrades.failed_plan or facts.upgrades.failed
    if failed is None:
        return
    ends = [node for node, status in failed.statuses.items() if place_of(status.state) == FAILED]
    subjects = [failed.ref, *(ObjectRef("Node", "", name) for name in ends)]
    names = ("upgrade-failed-in-phase", "upgradeplan-failed", "upgrade-node-failed", "upgrade-job-failed")
    yield from (Cause(name, subject) for subject in subjects for name in names)


@rule(
    "witness-unfit",
    severity=Severity.WARNING,
    needs={"Node"},
    links=["harvester/harvester#3266"],
)
def witness_unfit(facts: Facts) -> Iterator[Hit]:
    """A witness takes pods, or is one of several.

    Harvester knows one witness at most, which takes part in etcd and holds a taint against all pods. Without the taint
    it gets pods for which it has neither disk nor network; of two witnesses, one is a management node that is missing.
    """
    witnesses = [node for node in facts.pairing.nodes if is_witness(facts, node) and not facts.recently_created(node)]
    for node in witnesses:
        bare = not any(_is_witness_taint(taint) for taint in get_items(facts.pairing.obj(node), "spec.taints"))
        several = len(witnesses) > 1
        if bare or several:
            others = ", ".join(other.name for other in witnesses if other != node)
            faults = [f"it is one of {len(witnesses)} (also {others})"] * several
            faults += [f"it lacks the taint {WITNESS_TAINT}=true:NoExecute"] * bare
            yield Hit(
                subject=node,
                message=f"Node {node.name} is unfit as a witness: {' and '.join(faults)}",
                evidence=field_evidence(
                    facts, node, 'metadata.labels["node-role.harvesterhci.io/witness"]', "spec.taints"
                ),
                next=_witness_steps(node.name, bare, several),
                caution=advice.REJOIN if several else "",
            )


def _is_witness_taint(taint: object) -> bool:
    return get_text(taint, "key") == WITNESS_TAINT and get_text(taint, "effect") == "NoExecute"


def _witness_steps(name: str, bare: bool, several: bool) -> tuple[str, ...]:
    taint = (
        f"Taint it again: `kubectl taint node {actions.quote_argument(name)} {WITNESS_TAINT}=true:NoExecute`; pods "
        "that it should not have leave at once."
    )
    role = f"Keep one witness. If {name} is not to be it, join it again as a management node: {actions.rejoin(name)}."
    return tuple(step for step, shown in ((taint, bare), (role, several)) if shown)
