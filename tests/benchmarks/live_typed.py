"""The usual way in Python: the typed client, with CustomObjectsApi for what it has no types for.

usage: python live_typed.py KUBECONFIG
"""

from __future__ import annotations

import sys

from kubernetes import client, config

CUSTOM = (
    ("cluster.x-k8s.io", "v1beta1", "machines"),
    ("rke.cattle.io", "v1", "custommachines"),
    ("rke.cattle.io", "v1", "rkebootstraps"),
    ("cluster.x-k8s.io", "v1beta1", "clusters"),
    ("provisioning.cattle.io", "v1", "clusters"),
    ("management.cattle.io", "v3", "clusters"),
    ("rke.cattle.io", "v1", "rkeclusters"),
    ("rke.cattle.io", "v1", "rkecontrolplanes"),
    ("harvesterhci.io", "v1beta1", "settings"),
    ("harvesterhci.io", "v1beta1", "upgrades"),
)


def main() -> None:
    config.load_kube_config(sys.argv[1])
    core, custom = client.CoreV1Api(), client.CustomObjectsApi()
    plans = core.list_namespaced_secret("fleet-local", field_selector="type=rke.cattle.io/machine-plan")
    found = len(core.list_node().items) + len(core.list_pod_for_all_namespaces().items) + len(plans.items)
    found += sum(len(custom.list_cluster_custom_object(*kind)["items"]) for kind in CUSTOM)
    print(found)


if __name__ == "__main__":
    main()
