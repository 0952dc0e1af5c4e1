"""Where the kit puts its lists: the path of a file tells group, version, namespace and plural."""

from __future__ import annotations

import pytest

from harvdiag.core.errors import SourceError
from harvdiag.snapshot import Resource
from harvdiag.sources.bundle.layout import read_layout

ROOT = "supportbundle_x_2025-05-08T10-00-00Z/"


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("yamls/cluster/v1/nodes.yaml", Resource("", "v1", "nodes")),
        ("yamls/cluster/metrics.k8s.io/v1beta1/nodes.yaml", Resource("metrics.k8s.io", "v1beta1", "nodes")),
        (
            "yamls/namespaced/fleet-local/cluster.x-k8s.io/v1beta2/machines.yaml",
            Resource("cluster.x-k8s.io", "v1beta2", "machines", "fleet-local"),
        ),
        ("yamls/namespaced/fleet-local/v1/secrets.yaml", Resource("", "v1", "secrets", "fleet-local")),
        ("yamls/namespaced/v1/v1/pods.yaml", Resource("", "v1", "pods", "v1")),
        ("yamls/cluster/kubernetes/nodes.yaml", Resource("", "", "nodes")),
        ("yamls/cluster/harvester/settings.yaml", Resource("harvesterhci.io", "", "settings")),
        (
            "yamls/namespaced/default/kubevirt/virtualmachines.yaml",
            Resource("kubevirt.io", "", "virtualmachines", "default"),
        ),
        ("yamls/namespaced/default/cdi/datavolumes.yaml", Resource("cdi.kubevirt.io", "", "datavolumes", "default")),
        ("yamls/namespaced/kube-system/kubernetes/jobs.yaml", Resource("batch", "", "jobs", "kube-system")),
        ("yamls/cluster/kubernetes/nodemetrics.yaml", Resource("metrics.k8s.io", "", "nodes")),
        ("yamls/cluster/kubernetes/volumeattachments.yaml", Resource("storage.k8s.io", "", "volumeattachments")),
    ],
)
@pytest.mark.parametrize("root", ["", ROOT, "deep/er/", "my yamls/"])
def test_path_tells_the_resource(path: str, resource: Resource, root: str) -> None:
    """Both layouts, below any root or none."""
    layout = read_layout([root + path], "b.zip")
    assert layout.files == {resource: root + path}
    assert layout.root == root
    assert layout.old == (resource.version == "")


@pytest.mark.parametrize(
    "path",
    [
        "yamls/cluster/v1/nodes.yml",
        "yamls/cluster/nodes.yaml",
        "yamls/cluster/a/b/v1/nodes.yaml",
        "yamls/namespaced/v1/nodes.yaml/x",
        "yamls/nodes.yaml",
        "logs/default/yamls.log",
    ],
)
def test_other_paths_are_no_lists(path: str) -> None:
    """What does not have the kit's shape is left out; alone it makes no bundle."""
    with pytest.raises(SourceError, match=r"not a support bundle: it contains no yamls/cluster"):
        read_layout([path], "b.zip")
    assert list(read_layout([path, "yamls/cluster/v1/nodes.yaml"], "b.zip").files) == [Resource("", "v1", "nodes")]


def test_several_bundles_are_refused_by_name() -> None:
    """Two roots cannot be one cluster; the message names them."""
    names = [f"{root}/yamls/cluster/v1/nodes.yaml" for root in ("one", "two")]
    with pytest.raises(SourceError, match=r"both.zip: several bundles in one: one/, two/; extract one"):
        read_layout(names, "both.zip")
    with pytest.raises(SourceError, match=r"\(top\), one/"):
        read_layout(["yamls/cluster/v1/nodes.yaml", names[0]], "both.zip")


def test_namespaces_and_scope() -> None:
    """The listing tells where the collector was."""
    layout = read_layout(["yamls/namespaced/default/v1/pods.yaml", "yamls/namespaced/local/v1/pods.yaml"], "b.zip")
    assert layout.namespaces == {"default", "local"}
    assert not layout.has_cluster_scope
    assert read_layout(["yamls/cluster/v1/nodes.yaml"], "b.zip").has_cluster_scope
