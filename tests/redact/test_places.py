"""Names that are ordinary words, that are cut, or that are told late; words and patterns of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.kinds import CATALOGUE
from harvdiag.redact import Key, Redactor, redact_snapshot, save_redacted
from harvdiag.redact.names import Sort
from harvdiag.training.world.faults import orphan
from tests.world import healthy, rollouts, write_bundle

KEY = Key(bytes(range(32)), Path("of-a-test"))
NORTH = "hypervisor-in-rack-seventeen-of-datacentre-north"
NODES = {
    "ordinary words": ["node", "default", "web", "longhorn", "a"],
    "longer than a Job's name": [f"{NORTH}-{at:02}" for at in range(1, 5)],
    "with a domain": [f"hv{at:02}.dc1.quux.corp" for at in range(1, 5)],
    "numbers, and an address": ["1", "cafe", "10-0-0-5", "deadbeefdeadbeef01"],
}


def facts(cluster: Cluster, redactor: Redactor | None = None) -> set[tuple[str, ...]]:
    """The findings, with whom they are about, and every field of the evidence, translated back."""
    back = redactor.reveal if redactor else str
    return {
        (back(found.fingerprint), found.severity.value, *sorted(back(f"{e.object} {e.path}") for e in found.evidence))
        for found in cluster.check()
    }


@pytest.mark.parametrize("nodes", NODES.values(), ids=NODES)
def test_findings_stay_the_same_whatever_the_names(nodes: list[str], tmp_path: Path) -> None:
    """In the middle of an upgrade, with a Node without a Machine; by the logs and Pods of Jobs, too."""
    world = healthy(nodes, version="v1.4.2", lean=False)
    rollouts.at_step(world, nodes[1], "h4")
    orphan(world, nodes[-1], managed=True)
    bundle = write_bundle(tmp_path / "b.zip", world.objects, captured_at=world.captured_at)
    redactor = Redactor(Key(KEY.data, tmp_path / "key"))
    cluster = Cluster(redact_snapshot(hd.open(bundle).snapshot, redactor))
    assert facts(cluster, redactor) == facts(hd.open(bundle))
    assert not {*nodes} & {*cluster.nodes["name"]}
    saved, _ = save_redacted(cluster.snapshot, tmp_path / "out.harvdiag.zip")
    assert facts(hd.open(saved.path), redactor) == facts(hd.open(bundle))


def redactor(*names: tuple[str, Sort], **more: Any) -> Redactor:
    made = Redactor(KEY, **more)
    for name, sort in names:
        made.names.add(name, sort)
    return made


def test_cut_names_still_begin_alike() -> None:
    """A Job of 63 characters, and its Pod; nothing of the name is left, nor the digits made of it."""
    of = redactor((f"{NORTH}-01", Sort.HOST))
    job = f"apply-hvst-upgrade-abcde-prepare-on-{NORTH}"[:57] + "-1a2b3"
    pod = job[:58] + "xk2mz"
    made, made_pod = of.text(job), of.text(f"Created pod: {pod}").split()[-1]
    assert (len(made), made[:57], made_pod[:58]) == (63, made_pod[:57], made[:58])
    assert "hypervisor" not in made
    assert not made.endswith("1a2b3")
    assert of.reveal(made) == job


def test_what_backups_and_images_name() -> None:
    """The VM of a backup and of a schedule, and the image of a backing image: their own objects may not be seen."""
    image = {"annotations": {"harvesterhci.io/imageId": "acme-prod/acme-golden"}, "namespace": "longhorn-system"}
    backup, schedule = ({"name": name, "namespace": "acme-prod"} for name in ("acme-a", "acme-b"))
    of = redactor()
    of.learn(
        [
            (CATALOGUE["BackingImage"], {"metadata": image | {"name": "vmi-1"}}),
            (CATALOGUE["VirtualMachineBackup"], {"metadata": backup, "spec": {"source": {"name": "acme-db"}}}),
            (
                CATALOGUE["ScheduleVMBackup"],
                {"metadata": schedule, "spec": {"vmbackup": {"source": {"name": "acme-web"}}}},
            ),
        ]
    )
    told = of.text("Image acme-prod/acme-golden, backup acme-prod/acme-a of VM acme-db, schedule acme-b of VM acme-web")
    assert "acme" not in told


def test_what_is_named_within_a_vm() -> None:
    """Volumes, claims, devices and labels of nodes; names that programs give stay readable."""
    terms = [{"matchExpressions": [{"key": "acme-zone", "operator": "In", "values": ["acme-east"]}]}]
    spec = {
        "nodeSelector": {"acme.example/tier": "acme-gold"},
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}},
        "volumes": [{"name": "acme-hot", "persistentVolumeClaim": {"claimName": "acme-claim"}}, {"name": "disk-0"}],
        "domain": {"devices": {"hostDevices": [{"name": "acme-card"}, {"name": "hv02-000003000"}]}},
    }
    of = redactor(("hv02", Sort.HOST))
    of.learn([(CATALOGUE["VirtualMachineInstance"], {"metadata": {"name": "vm", "namespace": "shop"}, "spec": spec})])
    told = of.text("acme-hot acme-claim acme-card acme-gold acme-zone=acme-east disk-0 hv02-000003000")
    assert "acme" not in told
    assert told.endswith(f"disk-0 {of.text('hv02')}-000003000")


def test_system_names_stay() -> None:
    of = redactor(("node", Sort.HOST), ("web", Sort.VM), ("rancher", Sort.VM))
    text = (
        "Deployment cattle-system/rancher of rancher-webhook on a node: https://rancher.cattle-system.svc v1.4.2 k8s.io"
    )
    assert of.text(text) == text
    assert of.text('node "node" is not Ready') != 'node "node" is not Ready'


def test_words_and_patterns_of_the_user() -> None:
    of = redactor(words=["Müller & Sons"], patterns=[r"CUST-\d+"])
    assert of.text("for MÜLLER & SONS, CUST-4711").split(", ") == [
        f"for {of.text('Müller & Sons')}",
        of.text("CUST-4711"),
    ]
    assert "4711" not in of.text("xCUST-4711x")
    for pattern in ("(", "x*"):
        with pytest.raises(UsageError, match="--pattern"):
            Redactor(KEY, patterns=[pattern])
