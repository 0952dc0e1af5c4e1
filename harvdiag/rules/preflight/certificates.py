"""Certificates: those that the API servers of the control-plane nodes show, and when they expire."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from harvdiag.core.fields import Obj, get_labels, get_text, name_of
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.core.release import Release, read_release
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules.by_node import describe_untold, look_at_rest, read_by_node, settle
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts, UnjudgedError

SHOWN = "ServingCertificate"
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
REFUSED, WARNED = timedelta(days=7), timedelta(days=10)
"""Below the first the webhook refuses an Upgrade (unless it is told otherwise), below the second the script warns."""
ROTATE = (
    "Have all certificates renewed: raise spec.rkeConfig.rotateCertificates.generation by 1 (without one, set it to "
    "1): `kubectl edit clusters.provisioning.cattle.io -n fleet-local local`."
)
RESTART = "Or on one node after the other, as root: `systemctl restart rke2-server`, which renews what expires soon."
READ_END = "openssl x509 -noout -enddate -in /var/lib/rancher/rke2/server/tls/serving-kube-apiserver.crt"
ASKED_SINCE = Release(1, 5)
"""The first release whose webhook looks at certificates."""


@rule(
    "preflight-certificate-expiring",
    short="certificate expires",
    alike="have a certificate that expires",
    needs={"Node"},
    optional={SHOWN},
    links=["harvester/harvester#3863"],
)
def preflight_certificate_expiring(facts: Facts) -> Iterator[Hit]:
    """The certificate of an API server expires before an upgrade can be relied on to end.

    With an expired certificate the nodes cannot reach the API. RKE2 renews its certificates when it starts, which an
    upgrade comes to only late. Harvester's webhook passes a node that does not answer, and asks no address of IPv6.
    """
    shown = read_by_node(facts, SHOWN)
    nodes = {name_of(node) for node in facts.snapshot.objects("Node") if _is_server(node) or name_of(node) in shown}
    if not nodes:
        raise UnjudgedError("no Node says that it is of the control plane, and no certificate is known")
    ends = {name: Timestamp(get_text(shown.get(name), "notAfter")) for name in sorted(nodes)}
    unseen = {name for name, end in ends.items() if not end}
    hits = [
        _build_hit(facts, name, end, left, unseen)
        for name, end in ends.items()
        if (left := end.since(facts.now)) is not None and left < WARNED
    ]
    yield from settle(hits, [describe_untold(facts, SHOWN, unseen, "the certificate")])


def _is_server(node: Obj) -> bool:
    return get_labels(node).get(CONTROL_PLANE) == "true"


def _build_hit(facts: Facts, name: str, end: Timestamp, left: timedelta, unseen: Collection[str]) -> Hit:
    verify = f"Verify it on {name} as root: `{READ_END}`."
    return Hit(
        subject=ObjectRef("Node", "", name),
        severity=_judge(facts, left),
        message=_describe(facts, end, left),
        evidence=field_evidence(facts, ObjectRef(SHOWN, "", name), "notAfter", "address"),
        next=(verify, ROTATE, RESTART, *look_at_rest(unseen, READ_END)),
        caution="RKE2 restarts on each node: wait until one is Ready before the next.",
    )


def _judge(facts: Facts, left: timedelta) -> Severity:
    refused = left < timedelta() or (left < REFUSED and _is_asked(facts))
    return Severity.ERROR if refused else Severity.WARNING


def _is_asked(facts: Facts) -> bool:
    """Whether the webhook of the release installed looks at certificates; of an unknown release it may."""
    release = read_release(facts.harvester_version)
    return release is None or release >= ASKED_SINCE


def _describe(facts: Facts, end: Timestamp, left: timedelta) -> str:
    if left < timedelta():
        return f"has shown a certificate that expired at {end}"
    days = left // timedelta(days=1)
    when = "less than a day" if not days else f"{days} day{'' if days == 1 else 's'}"
    told = f"has shown a certificate that expires at {end}, in {when}"
    if left < REFUSED and _is_asked(facts):
        return f'{told}: "it will expire in {REFUSED.days} days. Please rotate RKE2 certificates."'
    if left < REFUSED:
        return f"{told}; from v1.5.0 on the webhook refuses an upgrade for it"
    return f"{told}; with less than {REFUSED.days} days the webhook refuses an upgrade"
