"""What the Job apply-manifests waits for, where its log tells and no single object is the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from harvdiag.core.escape import format_value
from harvdiag.core.fields import get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import found_step, quote_evidence, read_chart_error, show_line
from harvdiag.upgrade.jobs import Job

if TYPE_CHECKING:
    from harvdiag.upgrade.logs.services import ServicesWait

__all__ = ["Reason", "helm_reason", "managers_reason", "repository_reason"]

MANAGER = "InstanceManager"
RUNNING = "running"


class Reason(NamedTuple):
    """What the Job waits for: a clause, the object if there is one, the evidence and the steps."""

    text: str
    target: ObjectRef | None
    evidence: tuple[Evidence, ...]
    steps: tuple[str, ...]


def helm_reason(facts: Facts, job: Job, wait: ServicesWait) -> Reason:
    """Return which Helm release it waits for, and what Rancher, which installs it, reports of it."""
    release, space = actions.quote_argument(wait.name), actions.quote_argument(wait.namespace)
    aim = f", which is to become {wait.version}" if wait.version else ""
    state = f"; its last revision has been {wait.state} for {wait.minutes} minutes" if wait.state else ""
    error = None if wait.state else read_chart_error(facts, wait.name, job.began)
    says = f'; Rancher, which installs it, says "{format_value(show_line(error))}"' if error else ""
    return Reason(
        f"the Helm release {wait.name} of namespace {wait.namespace}{aim}{state}{says}",
        None,
        quote_evidence(job.ref, [error]) if error else (),
        (
            *((found_step(error, "Rancher cannot install the release; that error has to go first"),) if error else ()),
            (
                f"Look at the release, which no support bundle has: `helm history {release} -n {space}`. A last "
                "revision that is pending-upgrade, pending-install or pending-rollback was interrupted, and nothing "
                "ends it."
            ),
            (
                f"If it is pending, roll it back to the last revision that is deployed: `helm rollback {release} "
                f"REVISION -n {space}`; it is then upgraded again, and the Job goes on (harvester/harvester#9738)."
            ),
            f"If it is failed, read why: `kubectl get pods -n {space}` and `kubectl get events -n {space}`.",
        ),
    )


def repository_reason(upgrade: ObjectRef) -> Reason:
    """Return that the repository does not answer though no object shows a fault of it, and where to look."""
    name = actions.quote_argument(f"upgrade-repo-{upgrade.name}")
    return Reason(
        f"the upgrade repository upgrade-repo-{upgrade.name}, which does not answer it",
        None,
        (),
        (
            (
                f"See whether the Service has an endpoint: `kubectl get endpoints -n harvester-system {name}`; without "
                "one its VM or pod is not ready."
            ),
            (
                "Ask it from a node: `kubectl get service -n harvester-system "
                f"{name}` shows its address, and `curl -sI http://ADDRESS/harvester-iso/harvester-release.yaml` must "
                "be answered on each node. Where it is not, the network between pods is at fault; if no node gets an "
                "answer, restart the repository's VM or Deployment."
            ),
        ),
    )


def managers_reason(facts: Facts, wait: ServicesWait) -> Reason | None:
    """Return on which node the new instance manager does not run; None where the line names none."""
    if not wait.name:
        return None
    node = wait.name
    found = [obj for obj in facts.find(MANAGER, Wanted()) if get_text(obj, "spec.nodeID") == node]
    down = [obj for obj in found if get_text(obj, "status.currentState") not in {"", RUNNING}]
    refs = [ObjectRef(MANAGER, namespace_of(obj), name_of(obj)) for obj in down]
    which = f" ({refs[0].name} is {get_text(down[0], 'status.currentState')})" if refs else ""
    space, where = "longhorn-system", actions.quote_argument(node)
    return Reason(
        f"the new instance manager of Longhorn on Node {node}, which does not run{which}",
        refs[0] if refs else ObjectRef("Node", "", node),
        field_evidence(facts, refs[0], "spec.image", "status.currentState") if refs else (),
        (
            (
                f"See it and its pod: `kubectl get instancemanagers.longhorn.io,pods -n {space} -o wide "
                f"-l longhorn.io/node={where}`."
            ),
            (
                f"If {node} is not a host of the cluster any more, its Node of Longhorn is a leftover: `kubectl get "
                f"nodes.longhorn.io -n {space} {where}`."
            ),
        ),
    )
