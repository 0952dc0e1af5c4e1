"""What a newer Rancher needs, and an upgrade must have set: an annotation of the cluster, labels of plan Secrets."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import get_labels, get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.release import read_release
from harvdiag.graph.pairing import PLAN_MACHINE_LABEL
from harvdiag.kinds.local import LOCAL, MANAGEMENT
from harvdiag.rules import actions
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.upgrade.phases import AT_SERVICES

ADMINISTRATED = 'metadata.annotations["provisioning.cattle.io/administrated"]'
CLUSTER_LABELS = tuple(f"plan.cattle.io/cluster-{part}" for part in ("group", "kind", "name"))
SET_ADMINISTRATED = (
    "Join no host before the annotation is set.",
    (
        "Set the annotation: `kubectl annotate clusters.management.cattle.io local "
        "provisioning.cattle.io/administrated=true`; later releases do it (harvester/harvester#11336)."
    ),
)


@rule(
    "cluster-not-administrated",
    severity=Severity.WARNING,
    needs={"Cluster.management.cattle.io", "Setting", "Upgrade"},
    links=["harvester/harvester#11336", "harvester/harvester#11341"],
)
def cluster_not_administrated(facts: Facts) -> Iterator[Hit]:
    """Rancher does not treat the cluster as one that it provisions itself.

    From Rancher 2.15 (Harvester 1.9) on, an annotation on the management Cluster decides how a joining host is
    treated. Without it the host counts as imported: it becomes a Node, and no Machine is ever created for it.
    """
    ref = MANAGEMENT
    obj = facts.snapshot.get(ref)
    if obj is None or not _since_1_9(facts):
        return
    if get_text(obj, ADMINISTRATED) == "true" or _services_under_way(facts):
        return
    yield Hit(
        subject=ref,
        message=(
            "Management Cluster local lacks the annotation provisioning.cattle.io/administrated: a host that joins "
            "now gets no Machine"
        ),
        evidence=(*field_evidence(facts, ref, ADMINISTRATED), Evidence(_VERSION, "value", facts.harvester_version)),
        next=SET_ADMINISTRATED,
        caution=(
            "A host that has already joined without a Machine gets none through this annotation: see the finding of "
            "its Node."
        ),
    )


_VERSION = ObjectRef("Setting", "", "server-version")


@rule(
    "rancher-plan-without-cluster-labels",
    short="Rancher plan without cluster labels",
    needs={"Secret", "Upgrade", "Setting"},
)
def rancher_plan_without_cluster_labels(facts: Facts) -> Iterator[Hit]:
    """A plan Secret lacks the labels by which Rancher 2.15 finds its cluster.

    From Rancher 2.15 (Harvester 1.9) on, plan Secrets carry plan.cattle.io/cluster-group, -kind and -name. The
    controller that cordons and drains a node ignores a Secret without them: that node stays at "Images preloaded".
    """
    plans = {plan: get_labels(facts.pairing.obj(plan)) for plan in facts.pairing.plans}
    complete = [plan for plan, present in plans.items() if all(present.get(key) for key in CLUSTER_LABELS)]
    if not (complete or _since_1_9(facts)) or _services_under_way(facts):
        return
    for plan, present in plans.items():
        if plan in complete or facts.recently_created(plan) or facts.recently_deleted(plan):
            continue
        missing = [key for key in CLUSTER_LABELS if not present.get(key)]
        others = f"which {len(complete)} others have" if complete else "which Harvester 1.9 and newer write"
        yield Hit(
            subject=plan,
            message=f"Plan Secret {plan.name} lacks {' and '.join(missing)}, {others}: Rancher will not drain its node",
            evidence=field_evidence(facts, plan, *(f'metadata.labels["{key}"]' for key in missing), PLAN_MACHINE_LABEL),
            next=_label_steps(plan.name),
            caution=f"Do not delete Secret {plan.name}: the host's agent loses its account with that Secret.",
            causes=(
                Cause("plan-without-machine", plan),
                Cause("cluster-paused", LOCAL),
            ),
        )


def _label_steps(plan: str) -> tuple[str, ...]:
    """Return how to make Rancher write the labels: it does so when it reconciles the RKEBootstrap."""
    return (
        (
            "Look at the RKEBootstrap of the same name, for Rancher writes the labels when it next reconciles "
            "that: `kubectl get rkebootstraps.rke.cattle.io -n fleet-local "
            f"{actions.quote_argument(plan.removesuffix('-machine-plan'))} -o yaml`."
        ),
        (
            "If the RKEBootstrap is in order, restart Rancher so that it reconciles again: `kubectl rollout "
            "restart deployment -n cattle-system rancher`."
        ),
    )


def _since_1_9(facts: Facts) -> bool:
    """Return whether the cluster's release includes Rancher 2.15 or newer; false if the release is unknown."""
    release = read_release(facts.harvester_version)
    return release is not None and release[:2] >= (1, 9)


def _services_under_way(facts: Facts) -> bool:
    """Return whether the services are being upgraded: Rancher is being replaced and will write what it needs."""
    return facts.upgrade_run is not None and facts.upgrade_run.upgrade.state == AT_SERVICES
