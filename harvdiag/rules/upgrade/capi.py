"""The Cluster API cluster, which an upgrade needs to be Provisioned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.conditions import ALL_LISTS, conditions_of
from harvdiag.core.fields import Obj, text
from harvdiag.core.model import Severity
from harvdiag.core.timestamps import Timestamp, latest
from harvdiag.kinds.local import LOCAL
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import show
from harvdiag.rules.facts import Facts
from harvdiag.upgrade.phases import AT_SERVICES
from harvdiag.upgrade.v2 import toolkit_unseen

PHASE = "status.phase"
LASTING = timedelta(hours=2)
"""How long the cluster may be on its way back to Provisioned before that is told; it takes minutes."""


@rule(
    "capi-cluster-not-provisioned",
    short="CAPI cluster not provisioned",
    needs={"Cluster", "Upgrade"},
    links=["harvester/harvester#3863", "harvester/harvester#10719", "harvester/harvester#11366"],
)
def capi_cluster_not_provisioned(facts: Facts) -> Iterator[Hit]:
    """The Cluster API cluster is not in phase Provisioned.

    Harvester refuses to begin an upgrade while it is not. During an upgrade it leaves that phase for a while and comes
    back, so that then only a phase from which it does not come back is a finding.
    """
    if toolkit_unseen(facts.snapshot):
        return
    phase = text(facts.links.objects.get(LOCAL), PHASE)
    last = {"Failed", "Deleting"}
    toolkit = facts.upgrades.plan is not None
    if phase in {"", "Provisioned"} or facts.fresh(LOCAL) or ((facts.upgrade_run or toolkit) and phase not in last):
        return
    yield Hit(
        subject=LOCAL,
        message=f"Cluster {LOCAL.name} is {phase}, not Provisioned: "
        + ("the upgrade waits for it" if facts.upgrade_run else "Harvester refuses an upgrade"),
        evidence=show(facts, LOCAL, PHASE, "metadata.generation", "status.observedGeneration", "spec.paused"),
        next=_see_cluster(),
        causes=_cluster_causes(),
    )


def _see_cluster() -> tuple[str, ...]:
    return (
        advice.describe("clusters.cluster.x-k8s.io", LOCAL.name),
        (
            "Read its conditions, the oldest that is not True first, and those of `kubectl get "
            "rkecontrolplanes.rke.cattle.io -n fleet-local local -o yaml`."
        ),
        (
            "Expired certificates are a known cause: on each management node, `openssl x509 -noout -enddate -in "
            "/var/lib/rancher/rke2/server/tls/serving-kube-apiserver.crt` (harvester/harvester#3863)."
        ),
    )


def _cluster_causes() -> tuple[Cause, ...]:
    return tuple(Cause(name, LOCAL) for name in ("cluster-paused", "init-node-missing", "no-machine-listed"))


@rule(
    "capi-cluster-still-provisioning",
    short="CAPI cluster still provisioning",
    holds=True,
    severity=Severity.WARNING,
    needs={"Cluster", "Upgrade"},
    links=["harvester/harvester#3863", "harvester/harvester#10719", "harvester/harvester#11366"],
)
def capi_cluster_still_provisioning(facts: Facts) -> Iterator[Hit]:
    """The Cluster API cluster has been provisioning for hours.

    The Job that upgrades the services waits until it is Provisioned again ("Waiting for CAPI cluster … to be
    provisioned"). That takes minutes; expired certificates are known to keep it so.
    """
    obj = facts.links.objects.get(LOCAL)
    if (
        facts.upgrade_run is None
        or facts.upgrade_run.upgrade.state != AT_SERVICES
        or text(obj, PHASE) not in {"Pending", "Provisioning"}
    ):
        return
    since = Timestamp(_unchanged_since(obj))
    age = facts.now.since(since)
    if age is None or age <= LASTING:
        return
    yield Hit(
        subject=LOCAL,
        message=(
            f"Cluster {LOCAL.name} is {text(obj, PHASE)}, and no condition that is not True has changed since {since}: "
            f"the upgrade of the services waits until Cluster {LOCAL.name} is Provisioned"
        ),
        evidence=show(facts, LOCAL, PHASE, "metadata.generation", "status.observedGeneration", "spec.paused"),
        next=_see_cluster(),
        causes=_cluster_causes(),
    )


def _unchanged_since(obj: Obj | None) -> str:
    """When a condition that is not True last changed; empty where none tells."""
    return latest(*(found.changed for found in conditions_of(obj, ALL_LISTS) if found.status != "True"))
