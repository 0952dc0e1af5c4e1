"""RKE2's own Helm Jobs, which install what an upgraded node needs: network and name service."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field_path, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.columns import condition_column
from harvdiag.rules import actions
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.thresholds import HELM_JOB
from harvdiag.rules.upgrade_evidence import condition_evidence, has_settled

SYSTEM, PREFIX = "kube-system", "helm-install-rke2-"
FAILED = condition_column("failed", "Failed")


@rule(
    "helm-job-failing",
    severity=Severity.WARNING,
    needs={"Upgrade", "Job", "UpgradePlan"},
    links=["https://github.com/harvester/docs/issues/1120"],
    everywhere=True,
)
def helm_job_failing(facts: Facts) -> Iterator[Hit]:
    """A Helm Job of RKE2 fails while an upgrade runs.

    RKE2 installs its own components, such as rke2-canal and rke2-coredns, by Jobs in kube-system. When one of them
    runs before the nodes have the Kubernetes version that its chart requires, it fails (known from 1.8.2 to 1.9.0), and
    the nodes behind it are not upgraded.
    """
    if facts.rollout is None:
        return
    for obj in facts.snapshot.objects("Job"):
        ref = ObjectRef("Job", namespace_of(obj), name_of(obj))
        if ref.namespace != SYSTEM or not ref.name.startswith(PREFIX):
            continue
        if why := _describe_failure(facts, obj):
            yield Hit(
                subject=ref,
                message=f"Job {ref.name} of RKE2 {why}, while {facts.rollout.title} runs",
                evidence=(
                    *condition_evidence(facts, ref, "Failed", "reason", "message"),
                    *field_evidence(facts, ref, "status.failed", "status.active", "status.startTime"),
                ),
                next=_log_steps(ref.name),
                caution=(
                    f"Do not uninstall the Helm release of {ref.name.removeprefix('helm-install-')}: that removes the "
                    "cluster's network or name service."
                ),
            )


def _log_steps(job: str) -> tuple[str, ...]:
    return (
        (
            f"Read its log: `kubectl logs -n {SYSTEM} {actions.quote_argument(f'job/{job}')} "
            '--tail=50`; "kubeVersion" means that its chart requires a newer Kubernetes than it found.'
        ),
        "Then follow the known issue of your release: https://github.com/harvester/docs/issues/1120.",
    )


def _describe_failure(facts: Facts, obj: Obj) -> str:
    """Return what shows that the Job makes no progress; empty if it still may."""
    since, failed = Timestamp(get_text(obj, "status.startTime")), field_path("status.failed").get(obj)
    if FAILED.value(obj) == "True":
        ended = find_condition(obj, "Failed").changed
        return f"failed at {Timestamp(ended)}" if Timestamp(ended) and has_settled(facts, ended) else ""
    age = facts.now.since(since)
    tries = isinstance(failed, int | float) and failed > 0 and not field_path("status.succeeded").get(obj)
    return (
        f"has tried since {since} and failed {int(failed)} times"
        if tries and age is not None and age >= facts.span(HELM_JOB)
        else ""
    )
