"""A Machine that has not found its Node, though the Node is there: Cluster API is made to look again."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.model import ObjectRef
from harvdiag.core.release import read_release
from harvdiag.core.suggest import join_names
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.ways.hosts import cite, seen_by
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.cure.ways.steps import RESTART_CAPI, reach_capi, refuse_if_paused, runs_with, title
from harvdiag.kinds.local import FLEET
from harvdiag.rules import actions
from harvdiag.rules.facts import Facts

__all__ = ["link_again"]

KUBECONFIG = f"kubectl get secret -n {FLEET} local-kubeconfig --show-labels"
LABEL = f"kubectl label secret -n {FLEET} local-kubeconfig cluster.x-k8s.io/cluster-name=local"
REPORT = "https://github.com/harvester/harvester/issues/6041"


@way(
    "link-again",
    title="Let Cluster API look for the Node again",
    fits="For a Machine whose host is up and known by label or providerID: mostly the credentials have expired with "
    "which Cluster API reads the Nodes. Nothing on the host changes.",
)
def link_again(case: Case) -> Plan:
    """Give Cluster API its credentials again, and restart it."""
    facts, machine = case.facts, _machine_of(case)
    refuse_if_paused(facts)
    if facts.pairing.deletion_time(machine):
        raise Unfit(f"{title(machine)} goes already")
    hosts = facts.pairing.candidate_nodes(machine)
    if len(hosts) != 1:
        names = join_names([node.name for node in hosts])
        raise Unfit(f"{names} may all be its host" if hosts else "no Node looks like its host")
    others = [each for each in facts.pairing.claiming_machines(hosts[0]) if each != machine]
    if others:
        raise Unfit(f"Node {hosts[0].name} has a Machine: {others[0].name}")
    return Plan(
        steps=cite(facts, _steps(facts, machine, hosts[0])),
        support=(f"Why Cluster API does not find {hosts[0].name}, if its log shows no reason.",),
    )


def _machine_of(case: Case) -> ObjectRef:
    """The Machine of a finding; of one about a Node the only one that was made for it."""
    subject, pairing = case.finding.subject, case.facts.pairing
    if subject.kind != "Node":
        return subject
    made = pairing.claiming_machines(subject) or pairing.weak_matches(subject)
    if len(made) != 1:
        raise Unfit(f"{len(made)} Machines were made for {subject.name}")
    return made[0]


def _steps(facts: Facts, machine: ObjectRef, node: ObjectRef) -> Iterator[PlanStep]:
    log = reach_capi(facts, actions.search_log(actions.OF_CAPI, "Unauthorized", machine.name))
    yield PlanStep(
        what="Read the log of Cluster API: a line with Unauthorized means that its credentials have expired",
        place=Place.KUBECTL,
        commands=(log,),
        links=(REPORT,),
    )
    yield PlanStep(
        what="Give the Secret with its credentials the label by which Rancher renews it, if it lacks that",
        place=Place.KUBECTL,
        commands=(KUBECONFIG, LABEL),
        sees=(seen_by(KUBECONFIG, "has cluster.x-k8s.io/cluster-name=local"),),
        links=(REPORT,),
    )
    yield PlanStep(
        what=f"Restart Cluster API{'' if read_release(facts.harvester_version) else actions.CAPI_ASIDE}",
        place=Place.KUBECTL,
        commands=(reach_capi(facts, RESTART_CAPI),),
        sees=(runs_with(machine, node),),
        action=Action(verb=Verb.WAIT),
    )
