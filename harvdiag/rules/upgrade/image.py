"""The ISO image of an upgrade: why it does not come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from harvdiag.core.conditions import condition_path, find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.pod_evidence import PodTrouble, find_trouble
from harvdiag.rules.thresholds import BROKEN, LATE
from harvdiag.rules.upgrade_evidence import age_since, current_rollout
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.owners import V2_LABEL
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.wording import format_duration

RESOURCE = "virtualmachineimages.harvesterhci.io"
FAULTS = (
    ("RetryLimitExceeded", "True"),
    ("Initialized", "False"),
    ("Imported", "False"),
    ("BackingImageMissing", "True"),
    ("RetryLimitExceeded", ""),
    ("Imported", "Unknown"),
)
"""Conditions that say why the image is not there, each with the status in which it does; empty: in any, by its text."""
MEMORY = "OOMKilled"
PLAIN_RELEASE = re.compile(r"v\d+\.\d+\.\d+(-rc\d+)?")
CHECK_IMPORT = (
    "Check the import: `kubectl get backingimages.longhorn.io -n longhorn-system`, and the events of its pods: "
    "`kubectl get events -A --sort-by=.lastTimestamp | grep -e backing-image -e importer-`."
)
CHECKSUM, SPACE = ("checksum", "sha512", "sha256"), "no space left"
DOWNLOADING = "ISODownloading"
"""The phase of an UpgradePlan in which its image comes."""


class _Image(NamedTuple):
    """The image of an upgrade, and what says why it is not there."""

    upgrade: Upgrade
    ref: ObjectRef
    fault: Evidence | None
    pods: list[PodTrouble]


@rule(
    "upgrade-image-not-ready",
    short="image not ready",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "UpgradePlan"},
    optional={"VirtualMachineImage", "Pod", "Event"},
    links=["harvester/harvester#3144", "harvester/harvester#10692", "harvester/harvester#11143"],
)
def upgrade_image_not_ready(facts: Facts) -> Iterator[Hit]:
    """The ISO image that an upgrade installs does not come.

    Harvester, or an UpgradePlan (Upgrade V2), downloads it into a VirtualMachineImage, and tries again for as long as
    its limit of retries allows. An address that does not answer, a proxy, a certificate or too little memory to import
    it keep the upgrade at the download; nothing of the cluster is changed yet.
    """
    rollout = current_rollout(facts)
    upgrade = rollout.upgrade if rollout else None
    since = _download_since(upgrade) if upgrade else None
    if upgrade is None or since is None:
        return
    facts.find("VirtualMachineImage", Wanted(), required=True)
    ref = _image_ref(facts, upgrade)
    age = age_since(facts, since)
    if ref is None or (upgrade.running and age < facts.span(BROKEN)):
        return
    image = facts.snapshot.get(ref)
    fault = _find_fault(image, age, facts.span(LATE)) if image else missing_evidence(*ref)
    speaks = bool(fault) or (upgrade.running and age >= facts.span(LATE))
    pods = [] if image is None or (fault and upgrade.failed) else _importers(facts, ref, required=not speaks)
    if speaks or pods:
        yield _image_hit(facts, _Image(upgrade, ref, fault, pods), age)


def _download_since(upgrade: Upgrade) -> str | None:
    """Return since when an upgrade has waited for its image; None where it does not, or no longer."""
    if isinstance(upgrade, UpgradePlan):
        last = max(upgrade.times.items(), key=lambda row: Timestamp(row[1]), default=("", ""))
        at_it = upgrade.state == DOWNLOADING or (upgrade.failed and last[0] == DOWNLOADING)
        return upgrade.times.get(DOWNLOADING, "") if at_it else None
    waits = upgrade.status("ImageReady") in {"Unknown", "False"}
    return upgrade.conditions["ImageReady"].since if waits else None


def _image_ref(facts: Facts, upgrade: Upgrade) -> ObjectRef | None:
    """Return the image that the upgrade names, else the one with its label; None where there is neither."""
    paths = ("status.isoImageID" if upgrade.v2 else "status.imageID", "spec.image")
    named = next(filter(None, (get_text(upgrade.obj, path) for path in paths)), "")
    if "/" in named:
        return ObjectRef("VirtualMachineImage", *named.split("/", 1))
    marked = (
        obj
        for obj in facts.snapshot.objects("VirtualMachineImage")
        if get_labels(obj).get(V2_LABEL if upgrade.v2 else "harvesterhci.io/upgrade") == upgrade.ref.name
    )
    return next((ObjectRef("VirtualMachineImage", namespace_of(obj), name_of(obj)) for obj in marked), None)


def _find_fault(image: Obj, age: timedelta, late: timedelta) -> Evidence | None:
    """Return the condition that says why the image is not there; an earlier try counts while nothing comes."""
    arrives = field_path("status.progress").get(image) and age < late
    ref = ObjectRef("VirtualMachineImage", namespace_of(image), name_of(image))
    for kind, status in FAULTS:
        row = find_condition(image, kind)
        says = row.status == status if status else not arrives
        if row.message and row.status and says and (status != "Unknown" or age >= late):
            return Evidence(ref, condition_path(kind), row.message)
    return None


def _importers(facts: Facts, image: ObjectRef, *, required: bool) -> list[PodTrouble]:
    """Find the pods that import an image and do not work; those of Longhorn's and of CDI's way."""
    wanted = Wanted(namespace=image.namespace, prefixes=("importer-",), faulty=True)
    return [trouble for trouble in find_trouble(facts, facts.find("Pod", wanted, required=required)) if trouble.word]


def _image_hit(facts: Facts, image: _Image, age: timedelta) -> Hit:
    upgrade, ref, fault, pods = image
    url = get_text(facts.snapshot.get(ref), "spec.url")
    return Hit(
        subject=upgrade.ref,
        message=f"{upgrade.ref.kind} {upgrade.ref.name} does not get its ISO image"
        f"{f' from {format_value(url)}' if url else ''}: {_describe_fault(facts, image)}; "
        f"{_describe_age(upgrade, age)}",
        evidence=(
            *((fault,) if fault else ()),
            *field_evidence(facts, ref, "spec.url", "status.progress", "status.failed"),
            (
                Evidence(upgrade.ref, upgrade.state_path, upgrade.state)
                if upgrade.v2
                else Evidence(upgrade.ref, condition_path("ImageReady"), upgrade.status("ImageReady"))
            ),
            *(line for pod in pods[:2] for line in pod.evidence),
        ),
        next=tuple(_image_steps(image, url)),
        caution=advice.UNTOUCHED_NODES if upgrade.running else "",
        targets=(ref, *(pod.pod for pod in pods[:2])),
    )


def _describe_fault(facts: Facts, image: _Image) -> str:
    ref, fault = image.ref, image.fault
    if fault and not fault.path:
        return f"VirtualMachineImage {ref.name} does not exist"
    if fault:
        failed = field_path("status.failed").get(facts.snapshot.get(ref))
        tries = f" ({failed} tries failed)" if isinstance(failed, int) and failed else ""
        return f"VirtualMachineImage {ref.name} says {format_value(fault.value)}{tries}"
    if image.pods:
        return f"Pod {image.pods[0].pod.name}, which imports it, {image.pods[0].text}"
    progress = field_path("status.progress").get(facts.snapshot.get(ref)) or 0
    return f"VirtualMachineImage {ref.name} is at {progress} %, and gives no reason"


def _describe_age(upgrade: Upgrade, age: timedelta) -> str:
    return (
        f"the download has gone on for {format_duration(age)}" if upgrade.running else "the upgrade has failed by that"
    )


def _stop(upgrade: Upgrade) -> str:
    if not upgrade.v2:
        return actions.stop_upgrade(upgrade.ref.name)
    return f"Nothing of the cluster is changed yet: {actions.delete_object(actions.UPGRADE_PLANS, upgrade.ref.name)}."


def _image_steps(image: _Image, url: str) -> Iterator[str]:
    upgrade, ref, fault, pods = image
    if any(MEMORY in str(line.value) for pod in pods for line in pod.evidence):
        yield (
            "The importer needs more memory: `kubectl edit managedcharts.management.cattle.io -n fleet-local "
            "harvester`, spec.values.cdi.spec.config.podResourceRequirements.limits.memory: 4G, after the upgrade is "
            "stopped (harvester/harvester#11143)."
        )
    elif fault and any(word in str(fault.value) for word in CHECKSUM):
        yield (
            "The file is not the one that the checksum is of: compare isoChecksum and isoURL of the Version with what "
            "the release publishes (`kubectl get versions.harvesterhci.io -n harvester-system -o yaml`); a mirror or "
            "a proxy may hold an older or a truncated file."
        )
    elif fault and SPACE in str(fault.value):
        yield (
            "A disk is full: the image is kept on Longhorn's disks of the nodes. See their room with `kubectl get "
            "nodes.longhorn.io -n longhorn-system -o yaml` (status.diskStatus) and `df -h` on the nodes; remove what "
            "is not needed (Images → ⋮ → Delete, Volumes → ⋮ → Delete)."
        )
    elif url and fault and fault.path:
        yield (
            f"Try the address from a node: `curl -I -L {actions.quote_argument(url)}`. It must answer a HEAD request "
            "too; if it needs a proxy, see Setting http-proxy, if it has a certificate of its own, Setting "
            "additional-ca."
        )
    yield advice.inspect_object(RESOURCE, ref.name, ref.namespace)
    yield CHECK_IMPORT
    if upgrade.running:
        yield _stop(upgrade)
        yield f"Fix the cause, then {actions.START_UPGRADE}."
    if fault and any(word in str(fault.value) for word in (*CHECKSUM, SPACE)):
        return
    yield _use_own_server(upgrade.version)


def _use_own_server(version: str) -> str:
    """Return the step for a cluster without a way to the internet; `version` is the release to upgrade to."""
    release = version if PLAIN_RELEASE.fullmatch(version) else "VERSION"
    return (
        "Without a way to the internet, put the ISO on a web server that every node reaches. Download "
        f"https://releases.rancher.com/harvester/{release}/version.yaml, set isoURL in it to that address and "
        f"metadata.name to a new one ({release}-local), create it (`kubectl create -f version.yaml`), and upgrade to "
        "that."
    )
