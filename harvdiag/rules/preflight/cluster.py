"""Cluster `local`: provisioned for Cluster API, ready for Rancher."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.escape import format_value
from harvdiag.core.fields import field_path, get_text
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.kinds.local import CONTROL_PLANE, FLEET, LOCAL, MANAGEMENT, PROVISIONING
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.gates import refusal, require_release
from harvdiag.rules.seen import read_oldest_condition

PHASE, READY = "status.phase", "status.ready"
CAPI, RANCHER = "clusters.cluster.x-k8s.io", "clusters.provisioning.cattle.io"
READ_CONDITIONS = "Read its conditions, the oldest that is not True first; they say what it waits for."
EXPLAINED_BY = ("capi-cluster-not-provisioned", "capi-cluster-still-provisioning", "cluster-paused")
"""Findings about the Cluster of Cluster API that say more."""
OF_RANCHER = (Cause("planner-standing-still", CONTROL_PLANE), Cause("cluster-not-administrated", MANAGEMENT))
"""The same about what Rancher makes of it."""


@rule(
    "preflight-cluster-not-provisioned",
    short="cluster not provisioned",
    needs={"Cluster"},
    links=["harvester/harvester#3863"],
)
def preflight_cluster_not_provisioned(facts: Facts) -> Iterator[Hit]:
    """The Cluster local of Cluster API is not in the phase Provisioned.

    Harvester refuses an upgrade in any other phase, and while that Cluster does not exist: its Machines are then not
    yet, or no longer, what the upgrade goes by.
    """
    obj = facts.snapshot.get(LOCAL)
    phase = get_text(obj, PHASE)
    if phase == "Provisioned":
        return
    if obj is None:
        yield _missing_hit(LOCAL, CAPI, 'an upgrade is refused ("can\'t find fleet-local/local cluster")')
        return
    shown = format_value(phase)
    yield Hit(
        subject=LOCAL,
        message=f"Cluster {LOCAL.name} is {f'in phase {shown}' if phase else 'without a phase'}, not Provisioned: "
        + refusal(facts, f"cluster {FLEET}/local status is {phase and shown}, please wait for it to be provisioned"),
        evidence=field_evidence(facts, LOCAL, PHASE),
        next=(advice.inspect_object(CAPI, LOCAL.name), read_oldest_condition(obj, READ_CONDITIONS)),
        causes=tuple(Cause(name, LOCAL) for name in EXPLAINED_BY),
    )


def _missing_hit(ref: ObjectRef, resource: str, text: str) -> Hit:
    return Hit(
        subject=ref,
        severity=Severity.ERROR,
        message=f"{resource} {ref.name} is missing in {ref.namespace}: {text}",
        evidence=(missing_evidence(*ref),),
        next=(
            f"List what there is: `kubectl get {resource} -n {ref.namespace}`.",
            "If it is gone, change nothing: ask vendor support how to restore it from a backup.",
        ),
    )


@rule(
    "preflight-provisioning-cluster-not-ready",
    short="provisioning cluster not ready",
    severity=Severity.WARNING,
    needs={PROVISIONING.kind},
    optional={"Cluster", "UpgradePlan"},
)
def preflight_provisioning_cluster_not_ready(facts: Facts) -> Iterator[Hit]:
    """The Cluster local of provisioning is not ready.

    Upgrade V2 refuses an UpgradePlan by its field status.ready; an Upgrade looks at the phase of Cluster API's Cluster
    instead. Rancher's planner, which upgrades the nodes in both, is not content with the cluster. It is an error where
    there are UpgradePlans, as those are then the way in which the cluster is upgraded.
    """
    require_release(facts, since="v1.7.1")
    obj = facts.snapshot.get(PROVISIONING)
    if obj is None:
        text = 'an UpgradePlan is refused ("cluster not found"), and an Upgrade has nothing by which to upgrade RKE2'
        yield _missing_hit(PROVISIONING, RANCHER, text)
    elif field_path(READY).get(obj) is not True:
        yield Hit(
            subject=PROVISIONING,
            severity=Severity.ERROR if facts.upgrades.plans else None,
            message=f'Cluster {PROVISIONING.name} of provisioning is not ready: an UpgradePlan is refused ("cluster is '
            'not ready"), an Upgrade not',
            evidence=field_evidence(facts, PROVISIONING, READY),
            next=(advice.inspect_object(RANCHER, PROVISIONING.name), read_oldest_condition(obj, READ_CONDITIONS)),
            causes=(
                *OF_RANCHER,
                *(Cause(name, LOCAL) for name in EXPLAINED_BY),
            ),
        )
