"""Known issues of an upgrade's own parts: its download, logging and status, and of the backup target."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from harvdiag.core.fields import Obj, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.kinds.podstate import container_states, reason, restarts
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions, advice
from harvdiag.rules.ended_upgrades import ended_upgrades, upgrade_running
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts, UnjudgedError
from harvdiag.rules.known_paths import concerned, lasts, path_evidence
from harvdiag.upgrade import Upgrade

SYSTEM = "harvester-system"
IMPORT = ("1.7.x -> 1.7.y", "1.7.x -> 1.8.x", "1.8.x -> 1.8.y", "1.8.x -> 1.9.x")
LOGGING = ("1.4.x -> 1.4.3, 1.5.0",)
EMPTIED = ("1.4.1 -> 1.4.2", "1.4.2 -> any")
REFRESH = EMPTIED
LONG = timedelta(minutes=30)
PULLS = frozenset({"ImagePullBackOff", "ErrImagePull"})
OUT_OF_MEMORY = "OOMKilled"
TOO_SMALL = "larger than the reported available storage"


@rule(
    "iso-import-out-of-memory",
    holds=True,
    needs={"Upgrade", "Setting"},
    optional={"Pod"},
    links=["harvester/harvester#11143", "harvester/harvester#10056"],
    paths=IMPORT,
)
def iso_import_out_of_memory(facts: Facts) -> Iterator[Hit]:
    """The Pod that imports the ISO ran out of memory, and each retry fails.

    CDI's importer converts the ISO within a memory limit of 600M on 1.7.0, 1.7.1 and 1.8.0, and 2G on later releases.
    After it was killed its volume holds half an image, so each later attempt fails for want of space and the image
    never becomes ready.
    """
    upgrade = facts.upgrades.running
    if upgrade is None or not _hangs(facts, upgrade, "ImageReady") or not concerned(facts, IMPORT):
        return
    for pod in facts.find("Pod", Wanted(namespace=SYSTEM, prefixes=("importer-prime-",), faulty=True), required=True):
        if why := _import_failure(pod):
            yield _import_hit(facts, ObjectRef("Pod", SYSTEM, name_of(pod)), pod, why)


def _hangs(facts: Facts, upgrade: Upgrade, step: str) -> bool:
    """Whether an upgrade has not got past a step for longer than a healthy one takes: then its Pods are looked at."""
    condition = upgrade.conditions.get(step)
    since = condition.since if condition else ""
    return upgrade.status(step) not in {"True", "False"} and lasts(facts, since or upgrade.obj, LONG)


def _import_failure(pod: Obj) -> str:
    """Return why the importer cannot succeed; empty where it may."""
    for state in container_states(pod):
        for end in ("lastState.terminated", "state.terminated"):
            if get_text(state, f"{end}.reason") == OUT_OF_MEMORY:
                return "was killed for want of memory"
            if TOO_SMALL in get_text(state, f"{end}.message"):
                return "finds half an image on its volume and no space for another"
    return ""


def _stop_step(facts: Facts) -> str:
    upgrade = facts.upgrades.running
    if upgrade is not None:
        return actions.stop_upgrade(upgrade.ref.name, ", which deletes the half image")
    name = facts.upgrades.plan.ref.name if facts.upgrades.plan else "NAME"
    return f"Stop the upgrade, which deletes the half image: {actions.delete_object(actions.UPGRADE_PLANS, name)}."


def _import_hit(facts: Facts, ref: ObjectRef, pod: Obj, why: str) -> Hit:
    count = restarts(pod)
    return Hit(
        subject=ref,
        message=f"Pod {ref.name}, which imports the ISO, {why}; it was restarted {count or 0} times, and no retry "
        "can succeed",
        evidence=(Evidence(ref, "status.phase", get_text(pod, "status.phase") or None), *path_evidence(facts)),
        next=(
            _stop_step(facts),
            (
                "Give the importer more memory: `kubectl edit managedcharts.management.cattle.io -n "
                "fleet-local harvester`, spec.values.cdi.spec.config.podResourceRequirements.limits.memory: 4G; "
                "change nothing else."
            ),
            f"Verify: `kubectl get cdis.cdi.kubevirt.io cdi -o yaml` shows it, then {actions.START_UPGRADE}.",
            "When the upgrade is over, take that value out in the same way.",
        ),
        caution=advice.UNTOUCHED_NODES,
    )


@rule(
    "upgrade-log-image-missing",
    holds=True,
    needs={"Upgrade", "UpgradeLog", "Setting"},
    optional={"Pod"},
    links=["harvester/harvester#7955"],
    paths=LOGGING,
)
def upgrade_log_image_missing(facts: Facts) -> Iterator[Hit]:
    """An image of the upgrade's logging cannot be pulled.

    The release does not bring the images of fluentd and fluent-bit that its logging asks for, so in an air gap the
    upgrade stops before it begins.
    """
    upgrade = facts.upgrades.running
    if upgrade is None or not _hangs(facts, upgrade, "LogReady") or not concerned(facts, LOGGING):
        return
    for log in facts.snapshot.objects("UpgradeLog"):
        if get_text(log, "spec.upgradeName") == upgrade.ref.name:
            for pod in facts.find(
                "Pod", Wanted(namespace=SYSTEM, prefixes=(name_of(log),), faulty=True), required=True
            ):
                if reason(pod) in PULLS:
                    yield _pull_hit(facts, upgrade, ObjectRef("Pod", SYSTEM, name_of(pod)), pod)


def _pull_hit(facts: Facts, upgrade: Upgrade, ref: ObjectRef, pod: Obj) -> Hit:
    images = [get_text(s, "image") for s in container_states(pod) if get_text(s, "state.waiting.reason") in PULLS]
    return Hit(
        subject=ref,
        message=f"Pod {ref.name} of the logging of Upgrade {upgrade.ref.name} cannot pull "
        f"{' and '.join(filter(None, images)) or 'an image'}",
        evidence=(Evidence(ref, "status.phase", get_text(pod, "status.phase") or None), *path_evidence(facts)),
        next=(
            "Look which images the nodes have: `crictl images` on one of them, fluentd and fluent-bit.",
            (
                f"Set those in the logging: {actions.edit_logging(upgrade.ref.name)}, "
                "spec.fluentd.image, spec.fluentd.configReloaderImage and spec.fluentbit.image "
                "(harvester/harvester#7955)."
            ),
        ),
        caution="Change the logging of the upgrade alone, not that of the cluster (rancher-logging).",
        severity=None if lasts(facts, pod) else Severity.INFO,
    )


@rule(
    "upgrade-status-emptied",
    severity=Severity.WARNING,
    needs={"Upgrade", "Setting", "UpgradePlan"},
    links=["harvester/harvester#7791"],
    paths=EMPTIED,
)
def upgrade_status_emptied(facts: Facts) -> Iterator[Hit]:
    """An Upgrade that had ended lost its status, so Harvester begins it again.

    In Rancher 2.10 with the UI extension 1.0.2 to 1.0.4, "Dismiss it" writes the Upgrade without its status.
    """
    if not concerned(facts, EMPTIED):
        return
    for upgrade in facts.upgrades.all:
        again = upgrade.running and upgrade.previous_version and upgrade.previous_version == upgrade.version
        emptied = not upgrade.obj.get("status") and bool(upgrade.state) and lasts(facts, upgrade.obj)
        if again or emptied:
            yield Hit(
                subject=upgrade.ref,
                message=f"Upgrade {upgrade.ref.name} "
                + (
                    f"begins again: it goes from {upgrade.version} to the same release"
                    if again
                    else "has lost its status"
                ),
                evidence=(
                    *field_evidence(facts, upgrade.ref, "status.previousVersion", "spec.version"),
                    *field_evidence(facts, upgrade.ref, 'metadata.labels["harvesterhci.io/upgradeState"]'),
                ),
                next=(
                    advice.inspect_object("upgrades.harvesterhci.io", upgrade.ref.name, SYSTEM),
                    (
                        "Before a node is drained, delete it: "
                        f"{actions.delete_object('upgrades.harvesterhci.io', upgrade.ref.name, SYSTEM)}."
                    ),
                    (
                        "Next time set the label by hand in place of the button: `kubectl label "
                        "upgrades.harvesterhci.io -n "
                        "harvester-system NAME harvesterhci.io/read-message=true`."
                    ),
                ),
                caution=f"Do not delete Upgrade {upgrade.ref.name} once a node is being drained.",
            )


@rule(
    "backup-target-refresh-interval",
    severity=Severity.WARNING,
    needs={"Setting", "Upgrade", "UpgradePlan"},
    links=["harvester/harvester#7885"],
    paths=REFRESH,
)
def backup_target_refresh_interval(facts: Facts) -> Iterator[Hit]:
    """The backup target is refreshed without a pause.

    Releases 1.4.1 and 1.4.2 take an interval of 0, or none, for "at once": the controllers of backups keep the
    processors busy. A target is one with a type: that of a store at Amazon needs no endpoint.
    """
    ref = ObjectRef("Setting", "", "backup-target")
    if not concerned(facts, REFRESH):
        return
    target = _parse_target(get_text(facts.snapshot.get(ref), "value"))
    is_set = target.get("type") or target.get("endpoint")
    if is_set and target.get("refreshIntervalInSeconds") in {None, 0, "", "0"}:
        yield Hit(
            subject=ref,
            message="Setting backup-target has a target and no refreshIntervalInSeconds",
            evidence=path_evidence(facts) or field_evidence(facts, ref, "metadata.name"),
            next=(
                (
                    "Set its refresh interval to 60 seconds or more: Advanced → Settings → backup-target → ⋮ → Edit "
                    "Setting, or refreshIntervalInSeconds with `kubectl edit settings.harvesterhci.io backup-target`."
                ),
            ),
            caution="Leave the other fields of the value as they are.",
        )


def _parse_target(text: str) -> dict[str, Any]:
    try:
        found: Any = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise UnjudgedError("the value of Setting backup-target is not JSON") from None
    return found if isinstance(found, dict) else {}


@rule(
    "upgrade-log-keeps-volume",
    severity=Severity.INFO,
    needs={"Upgrade", "UpgradeLog", "UpgradePlan"},
    optional={"Volume.longhorn.io"},
    links=["harvester/harvester#9599"],
    paths=("any",),
)
def upgrade_log_keeps_volume(facts: Facts) -> Iterator[Hit]:
    """The log of an upgrade that is over keeps its volume attached.

    Its downloader runs until the upgrade's message is dismissed. Meanwhile Harvester refuses to change the storage
    network.
    """
    over = {upgrade.ref.name for upgrade in ended_upgrades(facts)}
    logs = [log for log in facts.snapshot.objects("UpgradeLog") if get_text(log, "spec.upgradeName") in over]
    for log in logs if not upgrade_running(facts) else ():
        ref = ObjectRef("UpgradeLog", SYSTEM, name_of(log))
        for volume in facts.find("Volume.longhorn.io", Wanted(), required=True):
            claim = get_text(volume, "status.kubernetesStatus.pvcName")
            if get_text(volume, "status.state") == "attached" and claim.startswith(ref.name):
                place = ObjectRef("Volume.longhorn.io", "longhorn-system", name_of(volume))
                yield Hit(
                    subject=ref,
                    message=f"UpgradeLog {ref.name} keeps Volume {place.name} attached, though its upgrade is over",
                    evidence=field_evidence(facts, place, "status.state", "status.kubernetesStatus.pvcName"),
                    next=(
                        (
                            "When you no longer need the log, dismiss the upgrade's message (Dismiss it), or delete "
                            f"its UpgradeLog: {actions.delete_object('upgradelogs.harvesterhci.io', ref.name, SYSTEM)}."
                        ),
                    ),
                    caution=advice.lose_log(ref.name),
                    causes=(Cause("leftover-upgrade-log", ref),),
                )
