"""The commands that answer a check by hand, where neither a bundle nor the API tells."""

from __future__ import annotations

__all__ = ["CERTIFICATES", "DISKS", "HOST", "KUBECONFIG", "NETWORK", "STATE_PARTITION", "VMS"]

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
    "openssl x509 -noout -enddate -in /var/lib/rancher/rke2/server/tls/serving-kube-apiserver.crt",
)
"""For each control-plane NODE; the second on the host, as root."""
HOST = ("ls /etc/rancher/rke2/rke2.yaml",)
NETWORK = ("nmcli connection show",)
STATE_PARTITION = ("lsblk -b -o LABEL,SIZE",)
KUBECONFIG = ("kubectl get secret -n fleet-local local-kubeconfig --show-labels",)
VMS = ("kubectl get vmi -A -o wide",)
