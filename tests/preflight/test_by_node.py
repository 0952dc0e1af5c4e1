"""What is judged node by node: disks and certificates, on both sides of each threshold, and of nodes not seen."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harvdiag.core.fields import Obj
from harvdiag.core.model import Outcome, Severity, State
from harvdiag.rules import registry, run_rules
from harvdiag.rules.blind import is_blind
from harvdiag.status.preflight.rows import ROWS
from tests import port
from tests.world import healthy

NODES = ("hv01", "hv02", "hv03")
DISKS, CERTIFICATES, LABEL = (
    "preflight-disk-space",
    "preflight-certificate-expiring",
    "preflight-kubeconfig-unlabelled",
)
GIB = 1 << 30
NOW = datetime(2025, 5, 8, 10, tzinfo=UTC)
IMAGES = 13 * GIB


def nodes(version: str) -> list[Obj]:
    """The Nodes of the healthy cluster, on this release of Harvester."""
    found = [deepcopy(obj) for obj in healthy().objects if obj["kind"] in {"Node", "Setting"}]
    for obj in found:
        if obj["metadata"]["name"] == "server-version":
            obj["value"] = version
    return found


def own(kind: str, name: str, **fields: Any) -> Obj:
    """An object that harvdiag puts together itself."""
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **fields}


def disk(node: str, used: int, capacity: int = 100 * GIB) -> Obj:
    """The disk of a node."""
    fs = {"usedBytes": used, "capacityBytes": capacity, "availableBytes": max(capacity - used, 0)}
    return own("KubeletStats", node, fs=fs)


def threshold(node: str, percent: int | None = 85) -> Obj:
    """At which percentage the kubelet of a node removes images; None: it does not say, and has the default."""
    found = {} if percent is None else {"imageGCHighThresholdPercent": percent}
    return own("KubeletConfig", node, kubeletconfig=found)


def judged(rule: str, *objects: Obj, version: str = "v1.5.1", **states: State) -> Outcome:
    """What one rule says of the healthy cluster with these objects."""
    of = port.cluster([*nodes(version), *objects], **states)
    (found,) = run_rules(of.facts, [registry()[rule]])
    return found


def disks(*of_first: Obj, version: str = "v1.5.1", **states: State) -> Outcome:
    """The same of disks, where the other two nodes have room."""
    others = [make(node) for node in NODES[1:] for make in (lambda node: disk(node, GIB), threshold)]
    return judged(DISKS, *of_first, *others, version=version, **states)


@pytest.mark.parametrize(
    ("used", "percent", "says"),
    [
        (72 * GIB, 85, ""),
        (72 * GIB + 1, 85, "has too little room: 85.00% of its disk"),
        (72 * GIB, None, ""),
        (72 * GIB + 1, None, "has too little room: 85.00% of its disk"),
        (77 * GIB + 1, 90, "above 90%"),
        (77 * GIB, 90, "is refused, as the webhook misreads that its kubelet removes images only above 90%"),
        (72 * GIB, 90, ""),
        (67 * GIB, 80, ""),
        (67 * GIB + 1, 80, "removes images above 80%; Harvester's webhook and script pass it, as they judge by 85%"),
        (72 * GIB + 1, 80, 'its kubelet removes images above 80%: "Node "hv01" will reach 85.00% storage space'),
        (90 * GIB, 100, "has too little room: 103.00% of its disk"),
    ],
)
def test_room_for_images(used: int, percent: int | None, says: str) -> None:
    """Exactly the threshold is good, one byte more is not; where both thresholds differ, the message says so."""
    found = disks(disk("hv01", used), threshold("hv01", percent))
    messages = [finding.message for finding in found.findings]
    assert found.outcome == ("failed" if says else "passed")
    assert len(messages) == bool(says)
    assert all(says in message for message in messages), messages
    assert all(finding.severity is Severity.ERROR for finding in found.findings)
    skip = [step for finding in found.findings for step in finding.next if "skipGarbageCollection" in step]
    assert bool(skip) == says.startswith("is refused")


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("v1.2.0", "has 30.0 GiB free, and before 1.5 the webhook asks for 30 GiB"),
        ("v1.4.3", "has 30.0 GiB free, and before 1.5 the webhook asks for 30 GiB"),
        ("v1.5.0-rc1", ""),
        ("master-1a2b-head", ""),
    ],
)
def test_room_that_is_free_now(version: str, says: str) -> None:
    """Before 1.5 exactly 30 GiB are enough, and one byte less is not, however little of the disk is in use."""
    figures = {"usedBytes": GIB, "capacityBytes": 200 * GIB, "availableBytes": 30 * GIB - 1}
    found = disks(own("KubeletStats", "hv01", fs=figures), threshold("hv01"), version=version)
    assert [says in finding.message for finding in found.findings] == [True] * bool(says)
    figures["availableBytes"] += 1
    assert disks(own("KubeletStats", "hv01", fs=figures), threshold("hv01"), version=version).outcome == "passed"


@pytest.mark.parametrize(
    ("used", "percent", "refuse"),
    [
        (72 * GIB + 1, 85, {"webhook V13", "check.sh Node-Free-Space", "UpgradePlan disk"}),
        (72 * GIB + 1, 90, {"webhook V13", "check.sh Node-Free-Space"}),
        (72 * GIB, 80, {"UpgradePlan disk"}),
    ],
)
def test_who_refuses_a_disk(used: int, percent: int, refuse: set[str]) -> None:
    """Harvester's webhook and script judge by 85 %, Upgrade V2 by what the kubelet has."""
    (finding,) = disks(disk("hv01", used), threshold("hv01", percent)).findings
    assert {row.key for row in ROWS if DISKS in row.rules and not is_blind(row, finding)} == refuse


def test_room_as_the_version_says_that_it_must_be_free() -> None:
    """An annotation of the Version has the number of GiB; before 1.2.2 the share in use is asked by check.sh alone."""
    version = own("Version", "v1.4.3") | {"apiVersion": "harvesterhci.io/v1beta1"}
    version["metadata"] |= {"namespace": "harvester-system", "annotations": {"harvesterhci.io/minFreeDiskSpaceGB": "9"}}
    of = port.cluster([*nodes("v1.3.2"), version, *(disk(node, 110 * GIB, 150 * GIB) for node in NODES)])
    (found,) = run_rules(of.facts.towards("v1.4.3"), [registry()[DISKS]])
    assert found.outcome == "skipped"
    (full,) = disks(disk("hv01", 80 * GIB), threshold("hv01"), version="v1.2.1").findings
    assert "check.sh fails, and from v1.2.2 on so does the webhook" in full.message


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ((), "the disk of hv01 is not known"),
        ((threshold("hv01"),), "the disk of hv01 is not known"),
        ((disk("hv01", GIB),), "the threshold of hv01 is not known"),
        ((disk("hv01", GIB), own("KubeletConfig", "hv01")), "the threshold of hv01 is not known"),
        ((disk("hv01", GIB, 0), threshold("hv01")), "the disk of hv01 is not known"),
        ((own("KubeletStats", "hv01", fs={"usedBytes": 1, "capacityBytes": 9}), threshold("hv01")), "the disk of hv01"),
    ],
)
def test_a_node_whose_figures_are_missing_is_not_passed(first: tuple[Obj, ...], why: str) -> None:
    """check.sh passes it with a warning. It is skipped, and failed where another node has too little room."""
    found = disks(*first)
    assert (found.outcome, found.findings) == ("skipped", ())
    assert why in found.reason
    full = judged(DISKS, *first, disk("hv02", 80 * GIB), threshold("hv02"), disk("hv03", GIB), threshold("hv03"))
    (finding,) = full.findings
    assert finding.subject.name == "hv02"
    assert "Of hv01 it is not known: `df -h /usr/local` on each." in finding.next


def test_the_webhook_refuses_whatever_the_threshold_is() -> None:
    """Above 85 % it needs no configz; below, an unknown threshold proves nothing."""
    (finding,) = disks(disk("hv01", 80 * GIB)).findings
    assert "higher than kubelet image garbage collection threshold 85%" in finding.message
    assert [row.path for row in finding.evidence] == ["fs.usedBytes", "fs.capacityBytes", "fs.availableBytes"]


@pytest.mark.parametrize(("version", "outcome"), [("v1.2.0", "failed"), ("v1.1.3", "skipped"), ("master", "failed")])
def test_a_node_without_the_address(version: str, outcome: str) -> None:
    """The webhook asks kubelets from 1.2 on, and refuses where it does not know whom; a bundle shows that, too."""
    objects = nodes(version)
    node = next(obj for obj in objects if obj["kind"] == "Node" and obj["metadata"]["name"] == "hv02")
    del node["metadata"]["annotations"]["rke2.io/internal-ip"]
    of = port.cluster(objects, KubeletStats=State.NOT_LOOKED_AT, KubeletConfig=State.NOT_LOOKED_AT)
    (found,) = run_rules(of.facts, [registry()[DISKS]])
    assert found.outcome == outcome
    assert [
        f'"node {f.subject.name} doesn\'t have rke2.io/internal-ip annotation"' in f.message for f in found.findings
    ] == ([True] if outcome == "failed" else [])


def test_a_node_with_both_faults_has_one_finding() -> None:
    """A finding is known by its rule and its subject, so that there is one of each."""
    objects = nodes("v1.5.1")
    for obj in objects:
        obj["metadata"].get("annotations", {}).pop("rke2.io/internal-ip", None)
    of = port.cluster([*objects, disk("hv01", 80 * GIB)])
    (found,) = run_rules(of.facts, [registry()[DISKS]])
    assert [finding.subject.name for finding in found.findings] == list(NODES)
    assert 'annotation"; and it has too little room' in found.findings[0].message


def expiring(left: timedelta, version: str = "v1.5.1", **states: State) -> Outcome:
    """Of the API server of the first node, which shows a certificate with so much time left."""
    ends = {"hv01": NOW + left, "hv02": NOW + timedelta(days=300), "hv03": NOW + timedelta(days=300)}
    shown = [own("ServingCertificate", node, address="192.0.2.1", notAfter=at.isoformat()) for node, at in ends.items()]
    return judged(CERTIFICATES, *shown, version=version, **states)


SECOND, WEEK, TEN = timedelta(seconds=1), timedelta(days=7), timedelta(days=10)


@pytest.mark.parametrize(
    ("left", "version", "severity"),
    [
        (WEEK - SECOND, "v1.5.1", Severity.ERROR),
        (WEEK, "v1.5.1", Severity.WARNING),
        (WEEK + SECOND, "v1.5.1", Severity.WARNING),
        (TEN - SECOND, "v1.5.1", Severity.WARNING),
        (TEN, "v1.5.1", None),
        (WEEK - SECOND, "v1.4.3", Severity.WARNING),
        (WEEK - SECOND, "master-1a2b3c", Severity.ERROR),
        (-SECOND, "v1.4.3", Severity.ERROR),
    ],
)
def test_a_certificate_that_expires(left: timedelta, version: str, severity: Severity | None) -> None:
    """The webhook refuses below 7 days, from 1.5.0 on; the script warns below 10; an expired one is bad in any case."""
    assert [finding.severity for finding in expiring(left, version).findings] == ([severity] if severity else [])


def test_a_certificate_that_is_not_seen() -> None:
    """The webhook passes a server that does not answer: here it is not judged, unless another one fails."""
    seen = own("ServingCertificate", "hv01", notAfter="2026-01-01T00:00:00Z")
    found = judged(CERTIFICATES, seen, own("ServingCertificate", "hv02", notAfter="soon"))
    assert (found.outcome, found.reason) == ("skipped", "the certificate of hv02 and hv03 is not known")
    failing = judged(CERTIFICATES, seen | {"notAfter": "2025-05-08T10:00:01Z"})
    (finding,) = failing.findings
    assert finding.subject.name == "hv01"
    assert finding.next[-1].startswith("Of hv02 and hv03 it is not known: `openssl x509 ")


def test_a_certificate_of_a_node_without_its_role() -> None:
    """The webhook goes by the addresses of the API server, not by labels: what was shown is judged; none is no pass."""
    bare = nodes("v1.5.1")
    for obj in bare:
        obj["metadata"]["labels"] = {}
    shown = own("ServingCertificate", "hv01", notAfter="2025-05-08T10:00:01Z")
    outcomes = [run_rules(port.cluster(objs).facts, [registry()[CERTIFICATES]])[0] for objs in (bare, [*bare, shown])]
    assert [outcome.outcome for outcome in outcomes] == ["skipped", "failed"]


def test_the_label_of_the_kubeconfig() -> None:
    """Another cluster's is as good as none; a Secret that is not there fails the script, too; one not seen proves
    nothing.
    """

    def labelled(**labels: str) -> Obj:
        made = own("KubeconfigSecret", "local-kubeconfig")
        made["metadata"] |= {
            "namespace": "fleet-local",
            "labels": {f"cluster.x-k8s.io/{k}": v for k, v in labels.items()},
        }
        return made

    key = "cluster-name"
    assert judged(LABEL, labelled(**{key: "local"})).outcome == "passed"
    (other,) = judged(LABEL, labelled(**{key: "x; rm"})).findings
    assert "has the label cluster.x-k8s.io/cluster-name='x; rm', not local" in other.message
    (absent,) = judged(LABEL).findings
    assert absent.message.startswith("does not exist")
    assert judged(LABEL, KubeconfigSecret=State.FORBIDDEN).outcome == "skipped"
