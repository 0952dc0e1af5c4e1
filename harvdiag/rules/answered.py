"""Steps that the cluster's own state has answered: they are told as seen, with the value.

Rules word their steps as if nothing were known. What is answered here is replaced after a rule has found something,
so that a healthy cluster pays nothing. Nothing is concluded from a list that was not seen: then the step stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import field_path, get_labels, get_text, name_of
from harvdiag.core.model import Finding, Severity
from harvdiag.core.release import read_release
from harvdiag.core.suggest import join_names
from harvdiag.rules import actions, advice
from harvdiag.rules.facts import Facts
from harvdiag.rules.volumes import TROUBLE, VOLUME

__all__ = ["answer"]

FEW = 6
"""The most objects that are named one by one."""
ASIDE = re.compile(r"\([^()]*\)")
CAPI_MOVED = (1, 8)
"""The release with which the controller of Cluster API moved to another namespace."""
ETCD = "node-role.kubernetes.io/etcd"


def answer(facts: Facts, finding: Finding) -> Finding:
    """Return a finding with those of its steps and cautions told as seen that are, and with what support needs."""
    steps = tuple(_place_capi(facts, _answer_text(facts, step)) for step in finding.next)
    if _ends_in_support(finding):
        steps = (*steps, _support_step(facts))
    return replace(finding, next=steps, caution=_answer_text(facts, finding.caution))


def _place_capi(facts: Facts, text: str) -> str:
    """Put the namespace of Cluster API's controller into a command, where the release of the cluster is known."""
    release = read_release(facts.harvester_version)
    if release is None or actions.CAPI_SPACES[0] not in text:
        return text
    own = actions.CAPI_SPACES[(release.major, release.minor) >= CAPI_MOVED]
    return text.replace(actions.CAPI_ASIDE, "").replace(actions.CAPI_SPACES[0], own)


def _answer_text(facts: Facts, text: str) -> str:
    for question, ask in ANSWERS.items():
        if question not in text:
            continue
        if question not in facts.answers:  # of hundreds of findings each may have the same question
            facts.answers[question] = ask(facts)
        text = text.replace(question, facts.answers[question] or question)
    return text


def _count_voters(facts: Facts) -> str:
    """Answer how many etcd members are left; docs/objects.md#failure-first-node."""
    if not facts.snapshot.seen("Node"):
        return ""
    members = [obj for obj in facts.snapshot.objects("Node") if get_labels(obj).get(ETCD) == "true"]
    told = [(name_of(obj), find_condition(obj, "EtcdIsVoter").status) for obj in members]
    if not told or not all(status for _, status in told):
        return ""
    voters = [name for name, status in told if status == "True"]
    count = f"{len(voters)} etcd voter{'' if len(voters) == 1 else 's'}"
    return f"{advice.TWO_MEMBERS} {advice.SEEN}{count} ({join_names(voters)})." if voters else ""


def _judge_volumes(facts: Facts) -> str:
    """Answer which Longhorn volumes are degraded or faulted; of one that is detached Longhorn knows nothing."""
    found = facts.snapshot.find(VOLUME, TROUBLE)
    if found.gap is not None:
        return ""
    if not found.objects:
        return f"{advice.SEEN}no volume is degraded"
    names = [name_of(obj) for obj in found.objects]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{advice.SEEN}volume {names[0]}{more} {'are' if more else 'is'} not healthy, and must be first"


def _judge_volumes_before(facts: Facts) -> str:
    told = _judge_volumes(facts)
    return f"{told}. Check that no last healthy replica is on the node." if told else ""


def _list_machines(facts: Facts) -> str:
    """Answer which Node has no Machine."""
    if not (facts.snapshot.seen("Machine") and facts.snapshot.seen("Node")):
        return ""
    pairing = facts.pairing
    alone = [node.name for node in pairing.nodes if pairing.is_orphan(node)]
    rest = f"{_name_some(alone)} without a Machine" if alone else "none without a Machine"
    return f"{advice.SEEN}{_count(len(pairing.machines), 'Machine')} and {_count(len(pairing.nodes), 'Node')}, {rest}."


def _find_init_node(facts: Facts) -> str:
    """Answer which plan Secret is that of the init node, and to which Nodes it leads."""
    if not all(map(facts.snapshot.seen, ("Secret", "Machine", "Node"))):
        return ""
    pairing = facts.pairing
    marked = [p for p in pairing.plans if get_labels(pairing.obj(p)).get("rke.cattle.io/init-node") == "true"]
    if len(marked) != 1:
        return ""
    nodes = [
        n.name for n in pairing.nodes if any(marked[0] in pairing.plans_of(m) for m in pairing.claiming_machines(n))
    ]
    where = join_names(nodes) or "no Node"
    return f"{advice.SEEN}the init node is that of plan Secret {marked[0].name}, which leads to {where}."


def _list_nodes(facts: Facts) -> str:
    if not facts.snapshot.seen("Node"):
        return ""
    nodes = facts.snapshot.objects("Node")
    bad = [name_of(obj) for obj in nodes if find_condition(obj, "Ready").status != "True"]
    state = f"not Ready: {_name_some(bad)}" if bad else "all Ready"
    return f"{advice.SEEN}{_count(len(nodes), 'Node')} ({_name_some([name_of(obj) for obj in nodes])}), {state}."


def _list_paused(facts: Facts) -> str:
    """Answer which charts are paused: only if none is, there is nothing left to do."""
    if not facts.snapshot.seen("ManagedChart"):
        return ""
    charts = facts.snapshot.objects("ManagedChart")
    paused = [name_of(obj) for obj in charts if field_path("spec.paused").get(obj) is True]
    return "" if paused or not charts else f"{advice.SEEN}no chart is left paused."


def _list_versions(facts: Facts) -> str:
    """Answer which nodes are cordoned, and what each runs."""
    if not facts.snapshot.seen("Node"):
        return ""
    nodes = facts.snapshot.objects("Node")
    closed = [name_of(obj) for obj in nodes if field_path("spec.unschedulable").get(obj) is True]
    runs: dict[str, list[str]] = {}
    for obj in nodes:
        info = (get_text(obj, f"status.nodeInfo.{key}") for key in ("kubeletVersion", "osImage"))
        runs.setdefault(" on ".join(filter(None, info)) or "unknown versions", []).append(name_of(obj))
    versions = "; ".join(f"{_name_some(names)} with {what}" for what, names in runs.items())
    return f"{advice.SEEN}{f'{_name_some(closed)} cordoned' if closed else 'no node cordoned'}; {versions}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _name_some(names: list[str]) -> str:
    return join_names(names) if len(names) <= FEW else f"{', '.join(names[:FEW])} and {len(names) - FEW} more"


ANSWERS: dict[str, Callable[[Facts], str]] = {
    advice.TWO_MEMBERS: _count_voters,
    advice.VOLUMES_FIRST: _judge_volumes_before,
    advice.NONE_DEGRADED: _judge_volumes,
    advice.FIND_INIT_NODE: _find_init_node,
    advice.LIST_MACHINES: _list_machines,
    advice.LIST_NODES: _list_nodes,
    advice.NONE_PAUSED: _list_paused,
    advice.LIST_VERSIONS: _list_versions,
}
"""What each step asks, and the function that answers it; an empty answer means that it was not seen."""


def _ends_in_support(finding: Finding) -> bool:
    """Whether the last word of a finding is that support must help, or there is no remedy at all."""
    if not finding.next:
        return finding.severity is not Severity.INFO
    return "vendor support" in ASIDE.sub("", finding.next[-1]).lower()


def _support_step(facts: Facts) -> str:
    """Return what to attach for vendor support, the same in every finding of a report."""
    current = facts.rollout.upgrade.ref.name if facts.rollout else ""
    logs = [obj for obj in facts.snapshot.objects("UpgradeLog") if current in {"", get_text(obj, "spec.upgradeName")}]
    archive = f"the log archive of UpgradeLog {name_of(logs[-1])}, " if logs else ""
    return f"{advice.ATTACH}{archive}and harvdiag's report (`harvdiag report SOURCE`)."
