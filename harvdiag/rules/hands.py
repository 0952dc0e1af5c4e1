"""The commands that answer a check by hand, where neither a bundle nor the API tells.

Each is followed by a comment of the shell: where it is run, for what, and what must come of it. ``NODE`` stands for the
name or the address of a node. The questions are those of check.sh (harvester/upgrade-helpers, pre-check/v1.x).
"""

from __future__ import annotations

__all__ = ["CERTIFICATES", "DISKS", "HOST_CERTIFICATES", "KUBECONFIG", "NETWORK", "STATE_PARTITION", "VMS"]

DISKS = (
    (
        "kubectl get --raw /api/v1/nodes/NODE/proxy/stats/summary | "
        "jq '.node.fs | (.usedBytes + 13958643712) / .capacityBytes * 100'  # each node: at most what the next shows"
    ),
    (
        "kubectl get --raw /api/v1/nodes/NODE/proxy/configz | "
        "jq .kubeletconfig.imageGCHighThresholdPercent  # each node; the webhook judges by 85 all the same"
    ),
)
CERTIFICATES = (
    (
        "openssl s_client -connect NODE:6443 </dev/null 2>/dev/null | "
        "openssl x509 -noout -checkend 604800  # each control-plane node: will not expire"
    ),
)
HOST_CERTIFICATES = (
    (
        "find /var/lib/rancher/rke2/server/tls -name '*.crt' "
        '-exec sh -c \'openssl x509 -noout -checkend 864000 -in "$1" >/dev/null || echo "$1"\' _ {} \\;'
        "  # on each control-plane node as root: names none"
    ),
)
NETWORK = (
    "ls /oem/90_custom.yaml  # on each node as root: it is there; a file 99_custom.yaml of v1.0 is renamed to it",
    "yq '.install.networks // \"\"' /oem/harvester.config  # on each node as root: nothing, as the key is of v1.0",
    (
        "yq '.install.managementinterface // .install.management_interface // \"\"' /oem/harvester.config  "
        "# on each node as root: not empty"
    ),
)
STATE_PARTITION = (
    "df /run/initramfs/cos-state | awk 'NR == 2 { print int($2 / 1000000) }'  # on each node: 15 or more",
)
"""The size of the file system in units of 1,000,000 KiB, of which the script takes the whole number."""
KUBECONFIG = (
    "kubectl get secrets -n fleet-local -l cluster.x-k8s.io/cluster-name=local  # local-kubeconfig is among them",
)
VMS = ("kubectl get vmi -A -o wide",)
