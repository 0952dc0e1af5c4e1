"""The known issues of upgrade paths, of which docs/known-issues.md is made: from Harvester's manual and reports."""

from __future__ import annotations

from harvdiag.rules.known_row import KnownRow

__all__ = ["KNOWN_ROWS"]

ISSUE, MANUAL = "https://github.com/harvester/harvester/issues/", "https://docs.harvesterhci.io/"
TO_1_6 = ("1.5.x -> 1.6.x",)
WITHIN_1_6 = (*TO_1_6, "1.6.x -> 1.6.y")
TO_1_7 = ("1.6.x -> 1.7.x",)
TO_1_8 = ("1.7.x -> 1.8.x",)
TO_1_9 = ("1.8.x -> 1.9.x",)
ON_HOST = "only a file of the host shows it"
HELM = "Helm keeps its releases in Secrets, which are not read"
FLEET = ("helm history -n cattle-fleet-system fleet    # the last release must not be pending",)
STARTS_LATER = "it shows only once the upgrade runs"
HOST_NETWORK = "only the network of the host shows it"

KNOWN_ROWS = (
    KnownRow(
        paths=("1.4.1 -> 1.4.2",),
        symptom="high load of the backup controllers",
        link=f"{ISSUE}7885",
        before=("backup-target-refresh-interval",),
    ),
    KnownRow(
        paths=("1.4.1 -> 1.4.2",),
        symptom="the upgrade begins again when its message is dismissed",
        link=f"{ISSUE}7791",
        during=("upgrade-status-emptied",),
        why="it shows only after the upgrade, when its message is dismissed in Rancher",
    ),
    KnownRow(
        paths=("1.4.x -> 1.5.x",),
        symptom="VMs on migratable RWX volumes restart",
        link=f"{ISSUE}8534",
        before=("shared-volumes-restart-vms",),
    ),
    KnownRow(
        paths=("1.4.x -> 1.4.3, 1.5.0",),
        symptom="in an air gap the images of the upgrade's logging are missing",
        link=f"{ISSUE}7955",
        during=("upgrade-log-image-missing",),
        why="no object tells whether the nodes reach a registry",
        by_hand=("crictl images | grep fluent    # on a node: what a cluster in an air gap has of them",),
    ),
    KnownRow(
        paths=("1.4.x -> 1.4.3",),
        symptom="a volume that is too large is not ready and cannot be deleted",
        link=f"{ISSUE}8096",
        why="which field of the Volume shows it is not documented",
        by_hand=(
            (
                "kubectl get volumes.longhorn.io -n longhorn-system -o custom-columns=NAME:.metadata.name,"
                "SIZE:.spec.size,STATE:.status.state    # none may be larger than the disks"
            ),
        ),
    ),
    KnownRow(
        paths=("1.4.3 -> 1.5.x", "1.4.x -> 1.4.3"),
        symptom="no permission on RWX volumes on 1.4.3; its hotfix must be taken back before 1.5",
        link=f"{ISSUE}8354",
        before=("preflight-share-manager-hotfix",),
        by_hand=(
            "kubectl get daemonset -n longhorn-system longhorn-manager -o yaml | grep hotfix    # must print nothing",
        ),
    ),
    KnownRow(
        paths=("1.4.2, 1.4.3 -> 1.5.x",),
        symptom="the console says NotReady",
        link=f"{ISSUE}7963",
        why="only the host's console shows it",
    ),
    KnownRow(
        paths=("1.4.x -> 1.5.x",),
        symptom="Bundle mcc-harvester stays Modified, with KubeVirt or CDI",
        link=f"{ISSUE}8163",
        during=("harvester-bundle-crds-outdated",),
        why=STARTS_LATER,
    ),
    KnownRow(
        paths=WITHIN_1_6,
        symptom="a node stays Pre-drained: the PodDisruptionBudget of an instance manager stays",
        link=f"{ISSUE}8977",
        during=("instance-manager-keeps-budget",),
        why="it shows only when a node is drained",
    ),
    KnownRow(
        paths=WITHIN_1_6,
        symptom="a guest cluster stays Updating",
        link=f"{ISSUE}8950",
        why="Rancher's guest clusters are in no source of Harvester",
        by_hand=("kubectl get vm -A -l harvesterhci.io/creator=docker-machine-driver-harvester    # none Paused",),
    ),
    KnownRow(
        paths=WITHIN_1_6,
        symptom="a VM stays Starting",
        link=f"{ISSUE}8949",
        during=("volume-migration-never-ended",),
        why="it shows only when a VM starts after a migration",
    ),
    KnownRow(
        paths=TO_1_6,
        symptom="Bundle local-managed-system-agent stays Modified",
        link=f"{ISSUE}9065",
        during=("system-agent-bundle-modified",),
        why=STARTS_LATER,
    ),
    KnownRow(
        paths=("1.5.1 -> 1.6.1",),
        symptom="the services wait for the Helm release fleet, which is pending",
        link=f"{ISSUE}9374",
        during=("upgrade-services-waiting",),
        why=HELM,
        by_hand=FLEET,
    ),
    KnownRow(
        paths=TO_1_6,
        symptom="a node stays at Waiting Reboot, as a file of its network is broken",
        link=f"{ISSUE}9033",
        why=f"{ON_HOST} (90_custom.yaml), of hosts installed with 1.2.1 or older",
        by_hand=("grep -n -A2 -i vlan_id /oem/harvester.config    # on each host: neither 1 nor empty",),
    ),
    KnownRow(
        paths=TO_1_6,
        symptom="VLANs are gone from mgmt-br",
        link=f"{ISSUE}7650",
        why=HOST_NETWORK,
        by_hand=(
            "grep -l VLAN_ID /oem/*.yaml    # on each host: a file of one's own that puts VLANs on mgmt-br",
            "bridge vlan show    # on each host: note the VLANs of mgmt-br, to compare them afterwards",
        ),
    ),
    KnownRow(
        paths=TO_1_6,
        symptom="a VM that is to be restarted cannot migrate",
        link=f"{ISSUE}9739",
        before=("preflight-vm-restart-required",),
        during=("upgrade-pre-drain-held",),
        by_hand=("kubectl get vm -A -o yaml | grep RestartRequired    # must print nothing",),
    ),
    KnownRow(
        paths=(*WITHIN_1_6, *TO_1_7, "1.7.x -> 1.7.y"),
        symptom="all VMs migrate at once",
        link=f"{ISSUE}10349",
        before=("live-migrations-at-once",),
    ),
    KnownRow(
        paths=("1.5.x -> 1.6.1",),
        symptom="VLAN 1 is treated in another way",
        link=f"{ISSUE}8816",
        why="only the network of the host and its switch show it",
        by_hand=(
            (
                "kubectl get network-attachment-definitions.k8s.cni.cncf.io -A -o yaml | grep -E '\"vlan\": ?1[,}]'    "
                "# those on VLAN 1"
            ),
        ),
    ),
    KnownRow(
        paths=("1.6.x -> 1.6.y",),
        symptom="a node stays Pre-drained, and Harvester's log says that its post-drain Job already exists",
        link=f"{ISSUE}9293",
        during=("upgrade-status-behind-job",),
        why=STARTS_LATER,
    ),
    KnownRow(
        paths=TO_1_7,
        symptom="a network that was configured in 99_custom.yaml is lost",
        link=f"{MANUAL}v1.7/upgrade/v1-6-x-to-v1-7-x",
        why=ON_HOST,
        by_hand=("ls /oem/99_custom.yaml    # on each host: must not exist, or be renamed as the page tells",),
    ),
    KnownRow(
        paths=("1.6.x -> 1.7.0",),
        symptom="a node stays at Waiting Reboot, as it got another address by DHCP",
        link=f"{ISSUE}9260",
        why="only the lease of the host shows it",
        by_hand=("grep -n 'method: dhcp' /oem/harvester.config    # on each host: then make the lease static",),
    ),
    KnownRow(
        paths=TO_1_7,
        symptom="the services wait for the Helm release fleet, which is pending",
        link=f"{ISSUE}9738",
        during=("upgrade-services-waiting",),
        why=HELM,
        by_hand=FLEET,
    ),
    KnownRow(
        paths=TO_1_7,
        symptom="network interfaces get other names",
        link=f"{ISSUE}9815",
        why="only the host's kernel shows it",
        by_hand=("ip -br link    # on each host: note the names, to compare them afterwards (np0)",),
    ),
    KnownRow(
        paths=TO_1_7,
        symptom="running VMs say that a restart is required",
        link=f"{ISSUE}9751",
        why="informational, and true of every VM after the upgrade",
    ),
    KnownRow(
        paths=TO_1_7,
        symptom="limits of migrations in KubeVirt are replaced",
        link=f"{ISSUE}11517",
        before=("kubevirt-migrations-overwritten",),
    ),
    KnownRow(
        paths=("1.7.x -> 1.7.y",),
        symptom="a node stays Post-draining: the repository's volume does not attach",
        link=f"{ISSUE}9597",
        during=("repository-volume-attaching",),
        why="it shows only when a node is drained",
    ),
    KnownRow(
        paths=("1.7.x -> 1.7.y", *TO_1_8, "1.8.x -> 1.8.y"),
        symptom="a plan has a Node in progress and no Job",
        link=f"{ISSUE}9880",
        during=("plan-job-never-retried",),
        why=STARTS_LATER,
    ),
    KnownRow(
        paths=("1.7.0, 1.7.1 -> any", "1.8.x -> 1.8.y", "1.8.x -> 1.9.x"),
        symptom="the importer of the ISO runs out of memory",
        link=f"{ISSUE}11143",
        before=("preflight-importer-memory",),
        during=("iso-import-out-of-memory",),
        by_hand=(
            "kubectl get cdiconfigs.cdi.kubevirt.io config -o yaml | grep memory    # the limit must be 2G or more",
        ),
    ),
    KnownRow(
        paths=TO_1_8,
        symptom="KubeVirt is not ready: a virt-handler lacks its annotations",
        link=f"{ISSUE}10447",
        during=("preflight-virt-handler-annotations", "virt-handler-without-annotations"),
        why="it mostly shows only when KubeVirt is upgraded",
    ),
    KnownRow(
        paths=("1.7.x -> 1.8.0",),
        symptom="a node stays Post-draining: the repository has no share",
        link=f"{ISSUE}10532",
        before=("preflight-share-endpoint",),
        during=("repository-without-share-endpoint",),
    ),
    KnownRow(
        paths=TO_1_8,
        symptom="a panel of Grafana is empty",
        link=f"{ISSUE}11390",
        why="a ConfigMap, which is not read; it stops nothing",
    ),
    KnownRow(
        paths=TO_1_8,
        symptom="hosts with a legacy BIOS are no longer supported",
        link=f"{MANUAL}v1.8/upgrade/v1-7-x-to-v1-8-x",
        why="only the firmware of the host shows it",
        by_hand=("ls -d /sys/firmware/efi    # on each host: must exist, else install it again with UEFI",),
    ),
    KnownRow(
        paths=TO_1_9,
        symptom="one node Succeeded, all others stay at Images preloaded",
        link=f"{ISSUE}11543",
        during=("upgrade-post-drain-unanswered",),
        why=STARTS_LATER,
    ),
    KnownRow(
        paths=TO_1_9,
        symptom="live migration is refused: extra features: ht",
        link=f"{ISSUE}11615",
        before=("preflight-vm-cpu-topology",),
        during=("upgrade-pre-drain-held",),
        by_hand=(
            (
                "kubectl get vmi -A -o custom-columns=NS:.metadata.namespace,VM:.metadata.name,"
                "CORES:.spec.domain.cpu.cores,THREADS:.spec.domain.cpu.threads    # both 1, or shut it down"
            ),
        ),
    ),
    KnownRow(
        paths=TO_1_9,
        symptom="a node stays at Waiting Reboot in development builds",
        link=f"{ISSUE}11096",
        why="fixed before the release",
    ),
    KnownRow(
        paths=TO_1_9,
        symptom="noted in the tests of the release",
        link=f"{ISSUE}11356",
        why="its text is not public in full",
    ),
    KnownRow(
        paths=("1.9.x -> 1.10.x",),
        symptom="a volume is smaller than its image",
        link="https://github.com/harvester/docs/issues/1122",
        before=("preflight-image-volume-size",),
        by_hand=("kubectl get pvc -A    # those made of an image: none smaller than its virtual size",),
    ),
    KnownRow(
        paths=("any",),
        symptom="a VM that KubeVirt cannot move keeps the drain of its node waiting",
        link=f"{ISSUE}7096",
        before=("preflight-vm-holds-drain",),
        during=("upgrade-pre-drain-held",),
    ),
    KnownRow(
        paths=("any",),
        symptom="the log of an upgrade keeps its volume",
        link=f"{ISSUE}9599",
        before=("upgrade-log-keeps-volume",),
    ),
    KnownRow(
        paths=("any",),
        symptom="an upgrade was stopped, and charts stay paused",
        link=f"{MANUAL}v1.8/upgrade/troubleshooting",
        before=("chart-left-paused",),
    ),
)
"""Every known issue, in the order of the releases."""
