"""The Secret by which Cluster API reaches the cluster: its label alone, as its data is never read."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import get_labels, name_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.kinds.local import FLEET
from harvdiag.rules.actions import quote_argument
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts

KIND, NAME = "KubeconfigSecret", "local-kubeconfig"
LABEL, VALUE = "cluster.x-k8s.io/cluster-name", "local"
LABEL_COMMAND = f"kubectl label secrets -n {FLEET} {NAME} --overwrite {LABEL}={VALUE}"


@rule(
    "preflight-kubeconfig-unlabelled",
    short="lacks the label of its cluster",
    needs={KIND},
    links=["harvester/harvester#6041"],
)
def preflight_kubeconfig_unlabelled(facts: Facts) -> Iterator[Hit]:
    """The Secret local-kubeconfig lacks the label with its cluster's name.

    Cluster API watches Secrets with that label alone. Without it, it goes on with credentials that have expired, sees
    an old state of the Nodes, and the upgrade waits for it without end.
    """
    ref = ObjectRef("Secret", FLEET, NAME)
    secret = next((obj for obj in facts.snapshot.objects(KIND) if name_of(obj) == NAME), None)
    if secret is None:
        yield Hit(
            subject=ref,
            message="does not exist, so that Cluster API cannot reach the cluster",
            evidence=(missing_evidence(KIND, FLEET, NAME),),
            next=(f"Look for it under another name: `kubectl get secrets -n {FLEET} -l {LABEL}={VALUE}`.",),
        )
    elif (label := get_labels(secret).get(LABEL)) != VALUE:
        told = f"has the label {LABEL}={quote_argument(str(label))}, not {VALUE}" if label else f"has no label {LABEL}"
        yield Hit(
            subject=ref,
            message=f"{told}, by which Cluster API finds it",
            evidence=_label_evidence(facts),
            next=(f"Set it: `{LABEL_COMMAND}`.",),
        )


def _label_evidence(facts: Facts) -> tuple[Evidence, ...]:
    return field_evidence(facts, ObjectRef(KIND, FLEET, NAME), f'metadata.labels["{LABEL}"]')
