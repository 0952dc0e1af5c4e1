"""Known issues that settings show before an upgrade: of the ISO's importer, and of the network of shared volumes."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import field_path, get_text
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.core.quantity import read_quantity
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts, NotApplicable, UnjudgedError
from harvdiag.rules.known_paths import concerned, path_evidence

LONGHORN_SETTING, SPACE = "Setting.longhorn.io", "longhorn-system"
SHARES = ("1.7.x -> 1.8.0",)
ENABLED = ObjectRef(LONGHORN_SETTING, SPACE, "storage-network-for-rwx-volume-enabled")
IMPORTS = ("1.7.x -> any", "1.8.x -> any")
CONFIG = ObjectRef("CDIConfig", "", "config")
LIMIT = "status.defaultPodResourceRequirements.limits.memory"
ENOUGH = "2G"
"""The limit of Harvester 1.7.2, 1.8.1 and later (harvester/harvester, pull request 10694); it was 600M before."""


@rule(
    "preflight-importer-memory",
    severity=Severity.WARNING,
    needs={"Setting", "Upgrade", "UpgradePlan", "CDIConfig"},
    links=["harvester/harvester#11143", "harvester/harvester#10056"],
    paths=IMPORTS,
)
def preflight_importer_memory(facts: Facts) -> Iterator[Hit]:
    """The importer of images has too little memory for the ISO of a release.

    From 1.7 on CDI downloads and converts the ISO. On a slow disk more of it waits in memory than the limit of 600M
    allows that releases up to 1.7.1, and 1.8.0, have. The importer is killed, its volume keeps half an image, and no
    later attempt succeeds.
    """
    if not concerned(facts, IMPORTS):
        raise NotApplicable("CDI downloads no ISO on this path")
    config = facts.snapshot.get(CONFIG)
    limit = field_path(LIMIT).get(config)
    size, enough = read_quantity(limit), read_quantity(ENOUGH)
    if config is None or (limit is not None and size is None):
        raise UnjudgedError(f"the memory of CDI's importer is not known: it is in {CONFIG.kind} {CONFIG.name}")
    if size is None or enough is None or size >= enough:
        return
    yield Hit(
        subject=CONFIG,
        message=f"CDI's importer has {limit} of memory, which may be too little for the ISO of the release: from 1.7.2 "
        f"and 1.8.1 on it has {ENOUGH}",
        evidence=(*field_evidence(facts, CONFIG, LIMIT), *path_evidence(facts)),
        next=(
            (
                "Before the upgrade, raise it in the chart's values: `kubectl edit managedcharts.management.cattle.io "
                "-n fleet-local harvester`, spec.values.cdi.spec.config.podResourceRequirements.limits.memory: 4G."
            ),
            "Verify: `kubectl get cdiconfigs.cdi.kubevirt.io config -o yaml` shows it.",
        ),
        caution="Add that value alone to the chart, and take it out when the upgrade is over.",
    )


@rule(
    "preflight-share-endpoint",
    severity=Severity.WARNING,
    needs={"Setting", "Upgrade", "UpgradePlan", LONGHORN_SETTING},
    links=["harvester/harvester#10532"],
    paths=SHARES,
)
def preflight_share_endpoint(facts: Facts) -> Iterator[Hit]:
    """The upgrade may leave shared volumes without an address, as they use the storage network.

    Release 1.8.0 may clear Longhorn's network for shared volumes before Longhorn has moved it to a setting of its own;
    1.8.1 does not. Then the repository of the upgrade cannot mount its volume, and a node stays Post-draining.
    """
    if not concerned(facts, SHARES):
        raise NotApplicable("only an upgrade from 1.7 to 1.8.0 has this issue")
    if get_text(facts.snapshot.get(ENABLED), "value") == "true":
        yield Hit(
            subject=ENABLED,
            message=f"Longhorn's setting {ENABLED.name} is true: the upgrade to 1.8.0 may leave shared volumes without "
            "a network",
            evidence=(*field_evidence(facts, ENABLED, "value"), *path_evidence(facts)),
            next=(
                "Upgrade to 1.8.1 or later, which does not have this fault.",
                (
                    "Else verify, once the services are upgraded, that Longhorn has a network for shared volumes: "
                    f"`kubectl get settings.longhorn.io -n {SPACE} endpoint-network-for-rwx-volume`."
                ),
            ),
        )
