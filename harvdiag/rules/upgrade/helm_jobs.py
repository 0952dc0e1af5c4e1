"""RKE2's own Helm Jobs, which install what an upgraded node needs: network and name service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field, name_of, namespace_of, text
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.columns import condition_column
from harvdiag.rules import advice
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import show
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import says, settled

SYSTEM, PREFIX = "kube-system", "helm-install-rke2-"
LONG = timedelta(hours=2)
"""How long such a Job may try: it takes minutes, and starts again while a server is being replaced."""
FAILED = condition_column("failed", "Failed")


@rule(
    "helm-job-failing",
    severity=Severity.WARNING,
    needs={"Upgrade", "Job"},
    links=["harvester/harvester#11543", "https://github.com/harvester/docs/issues/1120"],
    everywhere=True,
)
def helm_job_failing(facts: Facts) -> Iterator[Hit]:
    """A Helm Job of RKE2 fails while an upgrade runs.

    RKE2 installs its own parts, such as rke2-canal and rke2-coredns, by Jobs in kube-system. When one of them runs
    before the nodes have the Kubernetes that its chart asks for, it fails (from 1.8.2 to 1.9.0 that is known), and the
    nodes behind it are not upgraded.
    """
    if facts.upgrade_run is None:
        return
    for obj in facts.snapshot.objects("Job"):
        ref = ObjectRef("Job", namespace_of(obj), name_of(obj))
        if ref.namespace != SYSTEM or not ref.name.startswith(PREFIX):
            continue
        if why := _why(facts, obj):
            yield Hit(
                subject=ref,
                message=f"Job {ref.name} of RKE2 {why}, while Upgrade {facts.upgrade_run.upgrade.ref.name} runs",
                evidence=(
                    *says(facts, ref, "Failed", "reason", "message"),
                    *show(facts, ref, "status.failed", "status.active", "status.startTime"),
                ),
                next=(
                    (
                        f"Read its log: `kubectl logs -n {SYSTEM} {advice.arg(f'job/{ref.name}')} --tail=50`; "
                        '"kubeVersion" means that its chart asks for a newer Kubernetes than it found.'
                    ),
                    "Then follow the known issue of your release: https://github.com/harvester/docs/issues/1120.",
                ),
                caution=(
                    f"Do not uninstall the Helm release of {ref.name.removeprefix('helm-install-')}: the cluster's "
                    "network or name service goes with it."
                ),
            )


def _why(facts: Facts, obj: Obj) -> str:
    """What shows that it does not get on; empty where it may."""
    since, failed = Timestamp(text(obj, "status.startTime")), field("status.failed").get(obj)
    if FAILED.value(obj) == "True":
        ended = find_condition(obj, "Failed").changed
        return f"failed at {Timestamp(ended)}" if Timestamp(ended) and settled(facts, ended) else ""
    age = facts.now.since(since)
    tries = isinstance(failed, int | float) and failed > 0 and not field("status.succeeded").get(obj)
    return (
        f"has tried since {since} and failed {int(failed)} times" if tries and age is not None and age >= LONG else ""
    )
