"""Known issues that settings show before an upgrade: of the ISO's importer, and of the network of shared volumes."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import Obj, field_path, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.quantity import read_quantity
from harvdiag.core.suggest import join_names
from harvdiag.kinds.podstate import container_states
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts, UnjudgedError
from harvdiag.rules.known_paths import begins, concerned, lasts, off_path, path_evidence

LONGHORN_SETTING, SPACE = "Setting.longhorn.io", "longhorn-system"
SHARES = ("1.7.x -> 1.8.0",)
ENABLED = ObjectRef(LONGHORN_SETTING, SPACE, "storage-network-for-rwx-volume-enabled")
SYSTEM = "harvester-system"
KUBEVIRT = ObjectRef("KubeVirt", SYSTEM, "kubevirt")
STRATEGY = 'metadata.annotations["kubevirt.io/install-strategy-version"]'
HANDLERS = ("1.7.x -> 1.8.x", "1.8.x -> any")
HOTFIXED = ("1.4.3 -> 1.5.x",)
IMAGE = "status.containerStatuses[0].image"
IMPORTS = ("1.7.x -> any", "1.8.x -> any")
CONFIG = ObjectRef("CDIConfig", "", "config")
RESOURCES = "status.defaultPodResourceRequirements"
LIMIT = f"{RESOURCES}.limits.memory"
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
    if not begins(facts, IMPORTS):
        raise off_path(facts, "asked where 1.7 or 1.8 is installed: each upgrade sets the memory again")
    config = facts.snapshot.get(CONFIG)
    limit, told = field_path(LIMIT).get(config), field_path(RESOURCES).get(config)
    size, enough = read_quantity(limit), read_quantity(ENOUGH)
    if not isinstance(told, dict) or (limit is not None and size is None):
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
        raise off_path(facts, "only an upgrade from 1.7 to 1.8.0 has this issue")
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


@rule(
    "preflight-virt-handler-annotations",
    severity=Severity.WARNING,
    needs={"Setting", "Upgrade", "UpgradePlan"},
    optional={"Pod"},
    links=["harvester/harvester#10447"],
    paths=HANDLERS,
)
def preflight_virt_handler_annotations(facts: Facts) -> Iterator[Hit]:
    """A virt-handler Pod lacks the annotations of its release, which the others have.

    KubeVirt's operator takes it for one of an old release. When the upgrade changes KubeVirt it may wait for the end of
    that Pod, and no VM can migrate meanwhile. No check of Harvester's asks for it.
    """
    if not begins(facts, HANDLERS):
        raise off_path(facts, "asked where 1.7 or 1.8 is installed: each upgrade makes these Pods again")
    pods = facts.find("Pod", Wanted(namespace=SYSTEM, labels=("kubevirt.io=virt-handler",)), required=True)
    bare = [pod for pod in pods if not get_text(pod, STRATEGY) and lasts(facts, pod)]
    for pod in bare if len(bare) < len(pods) else ():
        ref = ObjectRef("Pod", SYSTEM, name_of(pod))
        yield Hit(
            subject=ref,
            message=f"Pod {ref.name} on {get_text(pod, 'spec.nodeName')} lacks the annotations that KubeVirt gives its "
            "virt-handlers: the upgrade of KubeVirt may wait for it",
            evidence=(Evidence(ref, STRATEGY, None), *path_evidence(facts)),
            next=(
                f"Delete it before the upgrade; it is recreated: {actions.delete_object('pods', ref.name, SYSTEM)}.",
                (
                    "Verify that the new one has them: `kubectl get pods -n harvester-system -o yaml -l "
                    "kubevirt.io=virt-handler`."
                ),
            ),
            caution="Until the new one is ready, no VM on that node can start or migrate.",
            causes=(Cause("virt-handler-without-annotations", KUBEVIRT),),
        )


@rule(
    "preflight-share-manager-hotfix",
    severity=Severity.WARNING,
    needs={"Setting", "Upgrade", "UpgradePlan"},
    optional={"Pod"},
    links=["harvester/harvester#8354"],
    paths=HOTFIXED,
)
def preflight_share_manager_hotfix(facts: Facts) -> Iterator[Hit]:
    """Shared volumes run with the hotfix for 1.4.3, which has to be taken back before 1.5.

    It is set in Longhorn's DaemonSet itself, past the chart. Harvester refuses the upgrade while the chart differs;
    with the check skipped, the hotfix of the old Longhorn would stay beside the new one.
    """
    if not concerned(facts, HOTFIXED):
        raise off_path(facts, "only an upgrade from 1.4.3 to 1.5 has this issue")
    wanted = Wanted(namespace=SPACE, labels=("longhorn.io/component=share-manager",))
    pods = facts.find("Pod", wanted, required=True)
    if not pods:
        raise UnjudgedError("no share-manager runs, whose image would show it")
    fixed = {name_of(pod): image for pod in pods if (image := _hotfix_of(pod))}
    if fixed:
        first, *others = (ObjectRef("Pod", SPACE, name) for name in fixed)
        yield Hit(
            subject=first,
            message=f"{'Pods' if others else 'Pod'} {join_names(list(fixed))} {'run' if others else 'runs'} a hotfix: "
            f"{fixed[first.name]}",
            evidence=(
                *(Evidence(ObjectRef("Pod", SPACE, name), IMAGE, image) for name, image in fixed.items()),
                *path_evidence(facts),
            ),
            next=(
                (
                    f"Take it back before the upgrade: `kubectl edit daemonset -n {SPACE} longhorn-manager`, the value "
                    "after --share-manager-image, as the release has it (harvester/harvester#8354)."
                ),
            ),
            caution="Those Pods keep the hotfix until they are restarted, which interrupts the users of their volumes.",
            targets=tuple(others),
        )


def _hotfix_of(pod: Obj) -> str:
    """The image of a hotfix that a Pod runs; empty where it runs that of the release."""
    images = (get_text(state, "image") for state in container_states(pod))
    return next((image for image in images if "hotfix" in image.rpartition(":")[2]), "")
