"""The Cluster API cluster, which an upgrade needs to be Provisioned."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import ALL_LISTS, conditions_of
from harvdiag.core.fields import Obj, get_text
from harvdiag.core.model import Severity
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.kinds.local import CONTROL_PLANE, LOCAL
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.seen import GOOD_IF_FALSE, read_oldest_condition
from harvdiag.rules.thresholds import PROVISIONING
from harvdiag.upgrade.phases import AT_SERVICES

PHASE = "status.phase"
READ_CONDITIONS = (
    "Read its conditions, the oldest that is not True first, and those of `kubectl get rkecontrolplanes.rke.cattle.io "
    "-n fleet-local local -o yaml`."
)


@rule(
    "capi-cluster-not-provisioned",
    short="CAPI cluster not provisioned",
    needs={"Cluster", "Upgrade", "UpgradePlan"},
    links=["harvester/harvester#3863", "harvester/harvester#10719", "harvester/harvester#11366"],
    optional={"Node"},
)
def capi_cluster_not_provisioned(facts: Facts) -> Iterator[Hit]:
    """The Cluster API cluster is not in phase Provisioned.

    Harvester refuses to start an upgrade while it is not. During an upgrade the cluster leaves that phase for a while
    and returns to it, so that only a phase from which it does not recover is a finding then.
    """
    phase = get_text(facts.links.objects.get(LOCAL), PHASE)
    if phase in {"", "Provisioned"} or facts.recently_created(LOCAL):
        return
    if phase not in {"Failed", "Deleting"} and facts.rollout:
        return
    yield Hit(
        subject=LOCAL,
        message=f"Cluster {LOCAL.name} is {phase}, not Provisioned: "
        + ("the upgrade waits for it" if facts.rollout else "Harvester refuses an upgrade"),
        evidence=field_evidence(facts, LOCAL, PHASE, "metadata.generation", "status.observedGeneration", "spec.paused"),
        next=_next_steps(facts),
        causes=_cluster_causes(facts),
    )


def _next_steps(facts: Facts) -> tuple[str, ...]:
    return (
        advice.inspect_object("clusters.cluster.x-k8s.io", LOCAL.name),
        read_oldest_condition(facts.pairing.links.objects.get(LOCAL) or {}, READ_CONDITIONS),
        (
            "Expired certificates are a known cause: on each management node, `openssl x509 -noout -enddate -in "
            "/var/lib/rancher/rke2/server/tls/serving-kube-apiserver.crt` (harvester/harvester#3863). RKE2 renews them "
            "when it starts: `systemctl restart rke2-server`, one node at a time."
        ),
        advice.IF_UNCLEAR,
    )


def _cluster_causes(facts: Facts) -> tuple[Cause, ...]:
    """Return what keeps the cluster from its phase: a promotion and the planner, too (harvester/harvester#2191)."""
    of_cluster = (Cause(name, LOCAL) for name in ("cluster-paused", "init-node-missing", "no-machine-listed"))
    of_nodes = (
        Cause(name, node) for node in facts.links.refs("Node") for name in ("promotion-hangs", "promotion-failed")
    )
    return (*of_cluster, *of_nodes, Cause("planner-standing-still", CONTROL_PLANE))


@rule(
    "capi-cluster-still-provisioning",
    short="CAPI cluster still provisioning",
    holds=True,
    severity=Severity.WARNING,
    needs={"Cluster", "Upgrade", "UpgradePlan"},
    links=["harvester/harvester#3863", "harvester/harvester#10719", "harvester/harvester#11366"],
    optional={"Node"},
)
def capi_cluster_still_provisioning(facts: Facts) -> Iterator[Hit]:
    """The Cluster API cluster has been provisioning for hours.

    The Job that upgrades the services waits until it is Provisioned again ("Waiting for CAPI cluster … to be
    provisioned"). That takes minutes; expired certificates are a known reason why it does not end.
    """
    obj = facts.links.objects.get(LOCAL)
    if (
        facts.rollout is None
        or facts.rollout.upgrade.state not in {AT_SERVICES, "ClusterUpgrading"}
        or get_text(obj, PHASE) not in {"Pending", "Provisioning"}
    ):
        return
    since = Timestamp(_unchanged_since(obj))
    age = facts.now.since(since)
    if age is None or age <= facts.span(PROVISIONING):
        return
    yield Hit(
        subject=LOCAL,
        message=(
            f"Cluster {LOCAL.name} is {get_text(obj, PHASE)}, and none of its conditions that are not True has changed "
            f"since {since}: the upgrade of the services waits until Cluster {LOCAL.name} is Provisioned"
        ),
        evidence=field_evidence(facts, LOCAL, PHASE, "metadata.generation", "status.observedGeneration", "spec.paused"),
        next=_next_steps(facts),
        causes=_cluster_causes(facts),
    )


def _unchanged_since(obj: Obj | None) -> str:
    """Return when a condition that should be True and is not last changed; empty if none has a time."""
    open_rows = (row for row in conditions_of(obj, ALL_LISTS) if row.status != "True" and row.type not in GOOD_IF_FALSE)
    return latest_time(*(row.changed for row in open_rows))
