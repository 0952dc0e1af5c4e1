"""Drafts: what is derived of one cluster, what stays open, and that no name gets out of its place."""

from __future__ import annotations

import shlex
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.fields import Obj
from harvdiag.core.model import ObjectRef
from harvdiag.cure.drafts.files import write_drafts
from harvdiag.cure.drafts.host import OPEN_ID, OPEN_NAME, read_host
from harvdiag.cure.drafts.manifest import draft_manifest
from harvdiag.cure.drafts.model import Draft
from harvdiag.cure.drafts.registration import draft_registration
from harvdiag.cure.drafts.text import render_draft
from harvdiag.cure.plan import Standing, Way
from harvdiag.rules.facts import Facts
from harvdiag.snapshot import Snapshot
from tests.cure.clusters import FLEET, HV01, HV03, Object, cluster, node, objects
from tests.cure.test_joins import MINE, _hosted, _orphan_layers

HV = ObjectRef("Node", "", "hv03")
ID = "f" * 63


def facts_of(made: Cluster) -> Facts:
    """The facts of a cluster."""
    return Facts(made.snapshot)


def manifest(made: Cluster, name: ObjectRef = HV) -> Draft:
    """The draft of the objects of a Node."""
    facts = facts_of(made)
    return draft_manifest(facts, read_host(facts, name))


def parsed(draft: Draft) -> list[Obj]:
    """The objects of a file, as a parser of YAML reads them."""
    return list(yaml.safe_load_all(render_draft(draft)))


@pytest.mark.parametrize(
    ("base", "orphan", "version", "typed"),
    [
        ("three-nodes", _orphan_layers(), "v1beta1", {"apiVersion": "rke.cattle.io/v1", "namespace": FLEET}),
        ("three-nodes-v1beta2", _orphan_layers(), "v1beta2", {"apiGroup": "rke.cattle.io"}),
    ],
)
def test_three_objects_as_rancher_makes_them(
    monkeypatch: pytest.MonkeyPatch, base: str, orphan: list[Object], version: str, typed: Object
) -> None:
    """The same fields as those of the Machine that the host had, but for its roles: the Node is a worker's."""
    layers = [each for each in orphan if each["kind"] != "Machine"]
    layers += [each | {"apiVersion": f"cluster.x-k8s.io/{version}"} for each in orphan if each["kind"] == "Machine"]
    draft = manifest(_hosted(monkeypatch, MINE, *layers, base=base))
    boot, custom, machine = parsed(draft)
    assert [each["metadata"]["name"] for each in (boot, custom, machine)] == [MINE] * 3
    assert [each["metadata"]["namespace"] for each in (boot, custom, machine)] == [FLEET] * 3
    assert machine["apiVersion"] == f"cluster.x-k8s.io/{version}"
    assert machine["spec"]["infrastructureRef"] == typed | {"kind": "CustomMachine", "name": MINE}
    assert machine["spec"]["bootstrap"] == {"configRef": typed | {"kind": "RKEBootstrap", "name": MINE}}
    before = {obj["kind"]: obj for obj in objects(base) if obj["metadata"]["name"] == HV03}
    for made in (boot, custom, machine):
        was, labels = before[made["kind"]]["metadata"], made["metadata"]["labels"]
        own = {"rke.cattle.io/machine-id": ID, "rke.cattle.io/node-name": "hv03", "rke.cattle.io/worker-role": "true"}
        assert own.items() <= labels.items()
        assert not {"rke.cattle.io/etcd-role", "rke.cattle.io/control-plane-role"} & labels.keys()
        assert {key for key in was["labels"] if not key.endswith(("-role", "/control-plane"))} <= labels.keys()
    assert "status" not in machine
    assert "ownerReferences" not in machine["metadata"]
    assert not draft.untold


def test_roles_are_those_of_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _hosted(monkeypatch, MINE, *_orphan_layers(roles=True))
    labels = parsed(manifest(made))[2]["metadata"]["labels"]
    assert {"rke.cattle.io/etcd-role", "rke.cattle.io/control-plane-role", "cluster.x-k8s.io/control-plane"} <= {
        *labels
    }
    script = render_draft(draft_registration(facts_of(made), read_host(facts_of(made), HV)))
    assert "CATTLE_ROLE_ETCD=true" in script
    witness = node("hv03", metadata={"labels": {"node-role.harvesterhci.io/witness": "true", **_roles(None)}})
    etcd = node("hv03", metadata={"labels": {"node-role.kubernetes.io/etcd": "true"}})
    boot = parsed(manifest(_hosted(monkeypatch, MINE, *_orphan_layers(roles=True), witness, etcd)))[0]
    assert "rke.cattle.io/worker-role" not in boot["metadata"]["labels"]
    assert "node-role.harvesterhci.io/witness" in boot["metadata"]["annotations"]["rke.cattle.io/labels"]


def _roles(value: str | None) -> dict[str, str | None]:
    return {f"node-role.kubernetes.io/{role}": value for role in ("control-plane", "master")}


def test_unseen_host_stays_open() -> None:
    """No name and no cattle-id is made up, and the API takes neither of the marks that stand for them."""
    draft = manifest(cluster("three-nodes", *_orphan_layers()))
    assert {each["metadata"]["name"] for each in parsed(draft)} == {OPEN_NAME}
    assert {each["metadata"]["labels"]["rke.cattle.io/machine-id"] for each in parsed(draft)} == {OPEN_ID}
    assert "cattle-id of hv03" in draft.untold[0]
    assert "name" not in dict(read_host(facts_of(cluster("three-nodes", *_orphan_layers())), HV).sources)


def test_labels_of_some_siblings_are_told_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    labelled = {"name": HV01, "namespace": FLEET, "labels": {"site/rack": "7"}}
    rack = {"apiVersion": "rke.cattle.io/v1", "kind": "RKEBootstrap", "metadata": labelled}
    draft = manifest(_hosted(monkeypatch, MINE, *_orphan_layers(), rack))
    assert "site/rack" not in parsed(draft)[0]["metadata"]["labels"]
    assert any("site/rack" in told for told in draft.untold)


def test_without_a_release_and_a_machine_no_version_is_made_up() -> None:
    bare = Cluster(Snapshot(_Only([each for each in objects() if each["kind"] == "Node"])))
    with pytest.raises(LookupError, match="version of its API is open"):
        manifest(bare)


class _Only:
    """Gives these objects, and nothing else was seen."""

    def __new__(cls, made: list[Object]) -> Any:
        from harvdiag.sources.files.reader import FilesReader

        return FilesReader("test", [(obj["kind"], obj) for obj in made], "2025-05-08T10:00:00Z", whole=False)


HOSTILE = "hv\n03: {x: [`$(touch pwned)`]}\n---\nkind: Secret #'\"\u2028\x1b[31m"


def test_hostile_names_stay_values(tmp_path: Path) -> None:
    draft = Draft(
        name=f"../../{HOSTILE}-machine.yaml",
        title=HOSTILE,
        objects=({"kind": "Machine", "metadata": {"name": HOSTILE, "labels": {HOSTILE: HOSTILE, "a": "405862e486"}}},),
        dangers=(HOSTILE,),
        sources=((HOSTILE, HOSTILE),),
        untold=(HOSTILE,),
    )
    (found,) = parsed(draft)
    assert found == draft.objects[0]
    assert render_draft(draft).isascii()
    script = replace(draft, name="x.sh", objects=(), lines=(f"echo {shlex.quote(HOSTILE)} > {tmp_path / 'said'}",))
    (written,) = write_drafts(_way(script), tmp_path)
    subprocess.run(["sh", str(written)], check=True, cwd=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"said", "x.sh"}
    (manifested,) = write_drafts(_way(draft), tmp_path / "new")
    assert manifested.parent == tmp_path / "new"


def _way(*drafts: Draft) -> Way:
    return Way(
        name="by-hand",
        title="",
        fits="",
        steps=(),
        preconditions=(),
        standing=Standing.UNTOLD,
        reasons=(),
        drafts=drafts,
    )


def test_files_are_for_their_owner_and_never_written_over(tmp_path: Path) -> None:
    way = _way(Draft(name="a.sh", title="A", lines=("true",)), Draft(name="b.sh", title="B", lines=("true",)))
    (tmp_path / "b.sh").write_text("mine")
    with pytest.raises(UsageError, match=r"b\.sh is there already"):
        write_drafts(way, tmp_path)
    assert not (tmp_path / "a.sh").exists()
    assert [path.name for path in write_drafts(way, tmp_path, force=True)] == ["a.sh", "b.sh"]
    assert (tmp_path / "b.sh").read_text().startswith("#!/bin/sh")
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "a.sh").stat().st_mode) == 0o600
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write_drafts(way, tmp_path / "file" / "below")


def test_script_refuses_to_run_while_anything_is_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    facts = facts_of(_hosted(monkeypatch, MINE, *_orphan_layers()))
    draft = draft_registration(facts, read_host(facts, HV))
    assert "<TOKEN>" in "".join(draft.lines)
    (path,) = write_drafts(_way(draft), tmp_path)
    done = subprocess.run(["sh", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "filled in first" in done.stderr
