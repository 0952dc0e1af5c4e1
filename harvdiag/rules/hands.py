"""The commands that answer a check by hand, where neither a bundle nor the API tells.

``NODE`` stands for the name or the address of a node; a command without it, and without kubectl, is run on the hosts.
What must come of them is in `harvdiag.status.preflight.hand`. The questions are those of check.sh
(harvester/upgrade-helpers, pre-check/v1.x).
"""

from __future__ import annotations

from harvdiag.core.conditions import STATUS_LIST

__all__ = ["CERTIFICATES", "DISKS", "HOTPLUG", "KUBECONFIG", "NETWORK", "PODS", "STATE_PARTITION", "VMS"]

DISKS = (
    (
        "kubectl get --raw /api/v1/nodes/NODE/proxy/stats/summary | jq '.node.fs | "
        "(.usedBytes + 13958643712) / .capacityBytes * 100'"
    ),
    "kubectl get --raw /api/v1/nodes/NODE/proxy/configz | jq .kubeletconfig.imageGCHighThresholdPercent",
)
"""For each NODE: the first must not be above the second."""
CERTIFICATES = (
    "openssl s_client -connect NODE:6443 </dev/null 2>/dev/null | openssl x509 -noout -enddate",
    (
        "find /var/lib/rancher/rke2/server/tls -name '*.crt' -exec sh -c "
        '\'openssl x509 -noout -checkend 864000 -in "$1" >/dev/null || echo "$1"\' _ {} \\;'
    ),
)
"""For each control-plane NODE; the second on its host names the files of certificates that expire within 10 days."""
NETWORK = (
    "ls /oem/90_custom.yaml /oem/harvester.config",
    "yq '.install.networks // \"\"' /oem/harvester.config",
    "yq '.install.managementinterface // .install.management_interface // \"\"' /oem/harvester.config",
)
"""On each host: both files, nothing, and the management interface."""
STATE_PARTITION = ("df /run/initramfs/cos-state | awk 'NR == 2 { print int($2 / 1000000) }'",)
"""On each host: the size of the file system in units of 1,000,000 KiB, of which the script takes the whole number."""
KUBECONFIG = ("kubectl get secrets -n fleet-local -l cluster.x-k8s.io/cluster-name=local",)
VMS = (
    (
        "kubectl get vmi -A -o custom-columns='NAMESPACE:.metadata.namespace,NAME:.metadata.name,"
        "SELECTOR:.spec.nodeSelector,DEVICES:.spec.domain.devices.hostDevices[*].name,"
        "CDROM:.spec.domain.devices.disks[*].cdrom.bus,"
        f'MIGRATABLE:.{STATUS_LIST[0]}[?(@.type=="LiveMigratable")].status\''
    ),
)
"""For each VM that runs: the first three must be empty, the last must be True."""
HOTPLUG = (
    (
        "kubectl get vm -A -o custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,"
        "REQUESTS:.status.volumeRequests,VOLUMES:.spec.template.spec.volumes[*].name"
    ),
    (
        "kubectl get vmi -A -o custom-columns='NAMESPACE:.metadata.namespace,NAME:.metadata.name,"
        "PLUGGED:.spec.volumes[?(@.persistentVolumeClaim.hotpluggable)].name'"
    ),
)
"""No VM may have a request, and each volume that is plugged in must be among those of its VM."""
PODS = ('kubectl get pods -A --no-headers | awk \'{split($3, ready, "/")} ready[1] != ready[2] && $4 != "Completed"\'',)
"""It must print nothing: a Pod that ends again and again is in the phase Running, so the phase does not tell."""
