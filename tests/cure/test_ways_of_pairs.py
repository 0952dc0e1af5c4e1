"""The ways out of each finding about pairs: offered, closed or refused, each with its reason, on every scenario."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.model import Severity
from harvdiag.core.policy import Policy
from harvdiag.cure.plan import Refused, Runbook, Standing
from harvdiag.cure.runbook import build_runbook
from harvdiag.cure.ways import all_ways
from harvdiag.cure.ways.model import Case, Unfit
from harvdiag.cure.ways.steps import RESTART_CAPI, reach_capi
from harvdiag.cure.weigh import weigh
from harvdiag.rules import registry, run_rules, select_rules
from harvdiag.rules.facts import Facts
from harvdiag.training import open_objects
from harvdiag.training.scenario_files import load_scenario
from tests.cure.clusters import AT, FLEET, HV01, HV02, HV03, Object, cluster, machine, node, off, release

CAPI = "cattle-capi-system"
SCENARIOS = Path(__file__).parents[2] / "data" / "scenarios"
RULES = {name: rule for name, rule in registry().items() if rule.family == "pairing"}
ELSEWHERE = {"register", "rebuild", "by-hand", "label-managed"}
"""Ways that tests beside this one look at."""
BEST = {
    "cluster-paused": "unpause",
    "init-node-missing": "mark-init-node",
    "several-init-nodes": "unmark-init-node",
    "node-machine-disagree": "renew-annotation",
    "node-follows-other-machine": "reinstall",
    "machine-provider-id-differs": "reinstall",
    "custommachine-without-machine": "remove-leftover",
    "rkebootstrap-without-machine": "remove-leftover",
    "plan-without-machine": "remove-leftover",
    "machine-dangling-node": "remove-ghost",
    "machine-stuck-deleting": "end-deletion",
    "machine-without-infrastructure": "reinstall",
    "machine-without-bootstrap": "reinstall",
    "node-replaced": "reinstall",
    "nodes-share-machine/speaks": "renew-annotation",
    "nodes-share-machine/speaks-six-nodes": "detach-false-node",
    "nodes-share-machine/speaks-by-label": "detach-false-node",
    "machine-without-node-ref/speaks": "remove-ghost",
    "machine-without-node-ref/speaks-paused": "unpause",
    "machine-not-running/speaks": "reinstall",
    "machine-not-running/speaks-no-phase": "remove-ghost",
    "node-stuck-deleting/speaks-machine": "end-deletion",
    "init-node-dead/speaks-ghost": "remove-ghost",
}
"""The way that can be followed, by the rule or by one of its scenarios."""
UNTOLD = {
    "node-with-several-machines": ("set-aside", "no report of this way"),
    "machine-without-plan": ("renew-plan", "was not made before"),
    "machine-with-several-plans": ("remove-plan", "only the log of the agent|R1: Does the agent"),
    "machine-without-node-ref/speaks-v1beta2": ("link-again", "was not linked"),
    "init-node-dead/speaks-no-ref": ("link-again", "was not linked"),
}
"""Where the first way is one that cannot be told: it and its reason."""
NONE = {"machine-in-other-namespace", "no-machine-listed", "node-recreated", "node-stuck-deleting", "init-node-dead"}
"""Where none is safe, unless the root cause has one."""


def book_of(of: Cluster, rule: str) -> Runbook:
    """The runbook of the first finding of a rule."""
    facts = Facts(of.snapshot)
    known = run_rules(facts, select_rules())
    return build_runbook(facts, next(f for each in known if each.rule == rule for f in each.findings), known)


def told_of(of: Cluster, rule: str, name: str) -> str:
    """Why a way cannot be followed, whatever the root cause of the finding is; empty where it can."""
    facts, out = Facts(of.snapshot), all_ways()[name]
    known = run_rules(facts, select_rules())
    for finding in (each for found in known if found.rule == rule for each in found.findings):
        case = Case(facts=facts, finding=finding)
        try:
            found = weigh(case, out, out.make(case), known, Policy())
        except Unfit as reason:
            return str(reason)
        if isinstance(found, Refused):
            return found.reason
        return "" if found.standing is Standing.OPEN else " ".join(found.reasons)
    return f"{rule} does not speak"


def opened(path: Path) -> Cluster:
    """A scenario."""
    told = load_scenario(path)
    return open_objects(told.title, list(told.objects), told.captured_at or AT)


def spoken(name: str) -> list[Path]:
    """The scenarios in which a rule speaks."""
    return sorted((SCENARIOS / name).glob("speaks*.yaml"))


def expected(table: dict[str, Any] | set[str], path: Path) -> Any:
    """What a table has for a scenario, or else for its rule."""
    for key in (f"{path.parent.name}/{path.stem}", path.parent.name):
        if key in table:
            return table[key] if isinstance(table, dict) else True
    return None


GHOST: Object = {**node("hv03"), "$patch": "delete"}
STALE = "custom-0ld0ld0ld0ld"
PAUSED: Object = {
    "apiVersion": "cluster.x-k8s.io/v1beta1",
    "kind": "Cluster",
    "metadata": {"name": "local", "namespace": FLEET},
    "spec": {"paused": True},
}


def plane(**status: str) -> Object:
    """What Rancher is at, by its RKEControlPlane."""
    place = {"name": "local", "namespace": FLEET}
    return {"apiVersion": "rke.cattle.io/v1", "kind": "RKEControlPlane", "metadata": place, "status": status}


def plan(of: str, **metadata: Any) -> Object:
    """A change to the plan Secret of a Machine."""
    place = {"name": f"{of}-machine-plan", "namespace": FLEET}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": place | metadata}


def part(kind: str, name: str, **body: Any) -> Object:
    """A change to an RKEBootstrap or a CustomMachine."""
    return {"apiVersion": "rke.cattle.io/v1", "kind": kind, "metadata": {"name": name, "namespace": FLEET}} | body


def gone(obj: Object) -> Object:
    """The same object, deleted."""
    return obj | {"$patch": "delete"}


def stale(**metadata: Any) -> Object:
    """An older Machine of hv03."""
    status = {"phase": "Running", "nodeRef": {"name": "hv03"}}
    spec = {"clusterName": "local", "providerID": "rke2://hv03"}
    return machine(STALE, metadata={"uid": "0001", "labels": {}} | metadata, spec=spec, status=status)


OF_HV03 = {"providerID": "rke2://hv03"}
LONG_AGO = {"deletionTimestamp": "2025-05-02T09:30:00Z"}
JOINED, INIT = "rke.cattle.io/joined-to", "rke.cattle.io/init-node"
NO_INIT = plan(HV01, labels={INIT: None})
SECOND = plan(HV02, labels={INIT: "true"})
NEAR = (
    # a ghost: with a Node that has its providerID, and with etcd that would lose its quorum
    (
        "machine-dangling-node",
        "remove-ghost",
        "hv02 may be its host",
        [GHOST, machine(HV03, spec={"providerID": "rke2://hv02"})],
    ),
    ("machine-dangling-node", "remove-ghost", "P1: ", [GHOST, off("hv02")]),
    # a stale Machine: the links of the Node do not say which is its own
    (
        "node-with-several-machines",
        "set-aside",
        "runs the plan of another",
        [stale(), node("hv03", metadata={"labels": {"rke.cattle.io/machine": "0001"}})],
    ),
    (
        "node-with-several-machines",
        "set-aside",
        "names none of its Machines",
        [stale(), node("hv03", metadata={"annotations": {"cluster.x-k8s.io/machine": HV02}})],
    ),
    ("node-with-several-machines", "set-aside", f"Node hv02 names {HV02}", [machine(HV02, spec=OF_HV03)]),
    # another's providerID: only support can agree, and only where all other links say whose it is
    ("node-with-several-machines", "correct-id", "R1: Has vendor support agreed", [machine(HV02, spec=OF_HV03)]),
    ("node-with-several-machines", "correct-id", "is made for it", [stale()]),
    # an annotation: the Node is claimed by two
    (
        "node-machine-disagree",
        "renew-annotation",
        "no Node with a Machine of its own",
        [stale(), node("hv03", metadata={"annotations": {"cluster.x-k8s.io/machine": HV02}})],
    ),
    # a paused Cluster: a restore is under way, or a deletion that takes a Node waits
    (
        "cluster-paused",
        "unpause",
        "R1: a restore of etcd is under way",
        [PAUSED, plane(etcdSnapshotRestorePhase="Shutdown")],
    ),
    (
        "cluster-paused",
        "unpause",
        "step 2 (Let the Cluster go on) is dangerous: ",
        [PAUSED, machine(HV03, metadata=LONG_AGO)],
    ),
    # the init node: its server does not answer, or the others joined another
    ("init-node-missing", "mark-init-node", "R1: hv01", [NO_INIT, off("hv01")]),
    (
        "init-node-missing",
        "mark-init-node",
        "joined another server",
        [NO_INIT, plan(HV03, annotations={JOINED: "https://10.0.0.12:9345"})],
    ),
    (
        "several-init-nodes",
        "unmark-init-node",
        "2 servers have joined no other",
        [SECOND, plan(HV02, annotations={JOINED: ""})],
    ),
    # a deletion: the Node is claimed by two, nothing ends the hook, and etcd would lose its quorum
    ("machine-stuck-deleting", "end-deletion", f"Node hv03 belongs to {HV03} as well", [stale(**LONG_AGO)]),
    (
        "machine-stuck-deleting",
        "end-deletion",
        "its RKEBootstrap is gone",
        [machine(HV03, metadata=LONG_AGO), gone(part("RKEBootstrap", HV03))],
    ),
    ("machine-stuck-deleting", "end-deletion", "P1: ", [machine(HV03, metadata=LONG_AGO), off("hv02")]),
    # leftovers: a Node has the providerID, or the Secret is that of the init node
    (
        "custommachine-without-machine",
        "remove-leftover",
        "R1: hv02 would lose",
        [part("CustomMachine", STALE, spec={"providerID": "rke2://hv02"})],
    ),
    # a host to rebuild: one member of etcd is off already
    ("machine-not-running", "reinstall", "P1: ", [machine(HV03, status={"phase": "Failed"}), off("hv02")]),
    (
        "machine-not-running",
        "reinstall",
        f"belongs to Machine {STALE}, too",
        [machine(HV03, status={"phase": "Failed"}), stale()],
    ),
    # a plan Secret: without the usual one, and without that from which it is made
    (
        "machine-with-several-plans",
        "remove-plan",
        "none of them is called",
        [
            gone(plan(HV03)),
            *(
                plan(HV03, name=f"{HV03}-{n}", labels={"rke.cattle.io/machine-name": HV03})
                | {"type": "rke.cattle.io/machine-plan"}
                for n in "ab"
            ),
        ],
    ),
    (
        "machine-without-plan",
        "renew-plan",
        "its RKEBootstrap is missing",
        [gone(plan(HV03)), gone(part("RKEBootstrap", HV03))],
    ),
)
"""Near misses: a rule, its way, why that cannot be followed, and what lies over three nodes."""


def faults(path: Path) -> Iterator[str]:
    """What is wrong with the runbook of a scenario."""
    book = book_of(opened(path), path.parent.name)
    first = book.ways[0] if book.ways else None
    if best := expected(BEST, path):
        if first is None or first.name != best or first.standing is not Standing.OPEN:
            yield f"{best} cannot be followed: {book!r} {book.refused}"
    elif told := expected(UNTOLD, path):
        if first is None or first.name != told[0] or first.standing is not Standing.UNTOLD or not first.reasons:
            yield f"{told} is not what comes first: {book!r} {book.refused}"
    elif expected(NONE, path):
        if book.ways or len(book.none) < 60:
            yield f"a way is offered, or no reason given: {book!r}"
    else:
        yield "nothing is expected of it"
    for way in book.ways:
        yield from (f"{way.name}: {step.what}: no way to see it" for step in way.steps if step.action and not step.sees)
        if any(finding.severity is Severity.ERROR for finding in way.new):
            yield f"{way.name} leaves an error"


def test_every_rule_of_pairs_names_ways_or_says_why_none_is_safe() -> None:
    silent = {name for name, rule in RULES.items() if bool(rule.cures) == bool(rule.no_cure)}
    assert not silent
    assert {way for rule in RULES.values() for way in rule.cures} <= set(all_ways())


def test_each_scenario_has_the_way_that_is_right_for_it() -> None:
    mine = [name for name, rule in RULES.items() if not ELSEWHERE & set(rule.cures)]
    found = {f"{path.parent.name}/{path.stem}": [*faults(path)] for name in mine for path in spoken(name)}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_a_near_miss_is_refused_or_closed_with_its_reason() -> None:
    found = [(rule, way, reason, told_of(cluster("three-nodes", *over), rule, way)) for rule, way, reason, over in NEAR]
    assert [row for row in found if row[2] not in row[3]] == []


def test_an_empty_node_ref_leaves_a_member_to_look_for() -> None:
    """Rancher ends the hook at once then, and takes no member out of etcd: the person looks for it."""
    blank = [machine(HV03, spec={"providerID": None}, status={"nodeRef": None, "phase": "Provisioned"}), GHOST]
    book = book_of(cluster("three-nodes", *blank, part("CustomMachine", HV03, spec=None)), "machine-without-node-ref")
    assert book.best is not None
    assert book.best.name == "remove-ghost"
    assert any("member remove ID" in command for step in book.best.steps for command in step.commands)
    assert [step.what for step in book.best.steps if step.final] == [f"Delete Machine {HV03}"]


@pytest.mark.parametrize(("version", "space"), [("v1.7.1", "cattle-provisioning-capi-system"), ("v1.8.0", CAPI)])
def test_cluster_api_is_restarted_where_it_runs(version: str, space: str) -> None:
    facts = Facts(cluster("three-nodes", release(version)).snapshot)
    assert f" -n {space} capi-controller-manager" in reach_capi(facts, RESTART_CAPI)
