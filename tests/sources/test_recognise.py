"""What a file is that holds no objects, what a folder holds besides, and dumps by object: each kind of cause once."""

from __future__ import annotations

import copy
import gzip
import io
import json
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import SourceError
from harvdiag.core.findings import UncheckedError
from harvdiag.core.model import FileState, State
from harvdiag.io.archive import Limits
from harvdiag.io.archive.files import list_files
from harvdiag.io.archive.member import MemberError
from harvdiag.kinds.plural import guess_plural
from harvdiag.reports import json as json_report
from harvdiag.reports import render
from harvdiag.snapshot import Snapshot
from harvdiag.sources.files.names import describe_upgrade_log
from harvdiag.sources.files.reader import FilesReader
from harvdiag.training.world.objects import new
from tests.routes import BROKEN, HEALTHY
from tests.world import healthy
from tests.world.kit import dump

Object = dict[str, Any]
WORLD = healthy()
NODES, MACHINES = list(WORLD.find("Node")), list(WORLD.find("Machine"))
Files = dict[str, str | bytes]


def listed(items: list[Any], kind: str = "List", api: str = "v1") -> Object:
    """A list as kubectl writes it."""
    return {"apiVersion": api, "kind": kind, "items": items, "metadata": {"resourceVersion": ""}}


NODE_LIST, MACHINE_LIST = dump(listed(NODES)), dump(listed(MACHINES))


def write(place: Path, files: Files) -> Path:
    """Write a folder of files."""
    for name, content in files.items():
        path = place / "case" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return place / "case"


def refusal(path: Path) -> str:
    """The one line with which a source is refused, and nothing of its text with it."""
    with pytest.raises(SourceError) as caught:
        hd.open(path)
    assert caught.value.__cause__ is None
    assert str(caught.value).isprintable()
    return str(caught.value)


def states(cluster: Cluster) -> dict[str, tuple[str, ...]]:
    """The files of each state."""
    files = cluster.source.files
    return {str(state): tuple(note.name for note in files if note.state is state) for state in FileState}


def state(cluster: Cluster, kind: str) -> State:
    """The state of the one list of a kind."""
    (entry,) = cluster.coverage.of(kind)
    return entry.state


# --- files that are something else -----------------------------------------------------------------------------------

KUBECONFIG = "apiVersion: v1\nclusters: [{name: a, cluster: {server: 'https://h'}}]\ncontexts: []\nusers: []\n"
PYTHON = {"api_version": "v1", "kind": "NodeList", "items": [{"metadata": {"creation_timestamp": None, "name": "a"}}]}
SECRET = dump(new("v1", "Secret", "p", "default", type="Opaque", data={"password": "aHVudGVyMg=="}))
STATUS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
FOREIGN: dict[str, tuple[str | bytes, str]] = {
    "kubeconfig": (f"{KUBECONFIG}kind: Config\n", "is a kubeconfig: give it with --kubeconfig"),
    "kubeconfig without kind": (KUBECONFIG, "is a kubeconfig: give it with --kubeconfig"),
    "Secret": (SECRET, "is a Secret, whose content is neither read nor kept"),
    "Status": (
        json.dumps(STATUS | {"message": "machines is forbidden", "code": 403}),
        "is an error answer of the server: machines is forbidden (403): repeat the command as a user who may list",
    ),
    "Table": ('{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[]}', "is a table of the server: give -o yaml"),
    "metadata": ('{"kind":"PartialObjectMetadataList","items":[]}', "is metadata alone, without spec and status"),
    "API list": ('{"kind":"APIResourceList","resources":[]}', "is the server's list of its kinds"),
    "Python form": (
        dump(PYTHON),
        "is the Python client's own form (api_version for apiVersion, and the like): give what its",
    ),
    "Python form of one": (
        '{"kind":"Node","metadata":{"name":"a","resource_version":"1"}}',
        "is the Python client's own",
    ),
    "Python form as it is printed": (
        "{'api_version': 'v1',\n 'items': [{'a': datetime.datetime(2025, 1), 'b': '{\"kind\": 1}'}], 'kind': 'List'}",
        "is the Python client's own form",
    ),
    "Python form of printed items": (
        "[{'kind': None, 'metadata': {'resource_version': '1'}}]",
        "is the Python client's",
    ),
    "Python dict": (
        "{'apiVersion': 'v1', 'items': [None], 'kind': 'List'}",
        "is a Python dict: write it with json.dumps",
    ),
    "Go form": ('{"kind":"","TypeMeta":{},"ObjectMeta":{"Name":"a"}}', "is another client's own form"),
    "Rancher's API": ('{"type":"collection","kind":"","data":[]}', "is an answer of Rancher's own API"),
    "report": ('{"schema":1,"tool":{"name":"harvdiag"},"findings":[{"kind":"x"}]}', "is a report of harvdiag"),
    "report as text": ("# b.zip\n\nsupport bundle, Harvester v1\n\n**1 error**\n", "is a report of harvdiag"),
    "describe": (f"Name:         a\nLabels:       x=y\n{' ' * 14}b=c\nKind: z\n", "is what `kubectl describe` writes"),
    "table": (
        "NAME   STATUS   ROLES\na      Ready    x\n",
        "is a table as `kubectl get` prints it: run the same command",
    ),
    "table with its command": ("\nann@h:~$ kubectl get nodes\nNAME   STATUS\na      Ready\n", "is a table as `kubectl"),
    "names": ("node/a\nnode/b\n", "is a list of names alone: run the same command with -o yaml"),
    "none found": ("No resources found\n", "is kubectl's message that there are none"),
    "kubectl's error": ("error: You must be logged in to the server\n", "is an error message of kubectl"),
    "page": ("<!DOCTYPE html><html>", "is a saved HTML page"),
    "key": ("-----BEGIN EC PRIVATE KEY-----\nabc\n", "is a certificate or key"),
    "empty list": (dump(listed([])), "is an empty `kind: List`, which does not tell of which kind there is none"),
    "empty": ("", "is empty: the command that should write it failed"),
    "chart": ("apiVersion: v2\nname: a\nversion: 1.0.0\n", "is the Chart.yaml of a Helm chart"),
    "template": ("apiVersion: v1\nkind: {{ .Values.x }}\n", "is a template"),
    "values": ("replicas: 2\n", "is a document without `kind`: give what `kubectl get … -o yaml` writes"),
    "health": ('[{"endpoint":"https://h","health":true}]', "is a list without `kind`"),
    "truncated list": (NODE_LIST.partition("kind: List")[0], "is a truncated list: no `kind: List` follows its items"),
    "audit log": ('{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"x"}\n' * 2, "is an audit log"),
    "configuration": (
        "apiVersion: kubelet.config.k8s.io/v1\nkind: KubeletConfiguration\n",
        "is a KubeletConfiguration",
    ),
    "page of ours": ('<!doctype html>\n<script>{"kind": "Node"}</script>', "is a saved HTML page"),
    "image": (b"\x89PNG\r\n\x1a\n\0\0", "is an image"),
    "PDF": (b"%PDF-1.4\n\xe2\xe3\0", "is a PDF"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_is_something_else_is_named_with_what_to_do(tmp_path: Path, what: str) -> None:
    """Alone it is refused; in a folder it is accounted for, and the rest is used."""
    content, says = FOREIGN[what]
    name = {"values": "values.yaml", "health": "health.json"}.get(what, "thing")
    line = refusal(write(tmp_path, {name: content}) / name)
    assert line.startswith(f"{name}: {says}")
    assert "aHVudGVyMg" not in line
    cluster = hd.open(write(tmp_path, {"nodes": NODE_LIST}))
    assert state(cluster, "Node") is State.COLLECTED
    assert states(cluster)["read"] == ("nodes",)
    (note,) = (note for note in cluster.source.files if note.name == name)
    assert str(note).startswith(f"{name}: {says}")
    assert any(f"{name}: " in told for told in cluster.coverage.notes)


def test_reports_tell_of_every_file(tmp_path: Path) -> None:
    """Briefly at the top of a report, all of it in JSON, in a saved snapshot the notes."""
    files: Files = {"n.txt": NODE_LIST, "m": MACHINE_LIST, "cut.yaml": NODE_LIST[:-400] + "x: [\n", "README": "hello"}
    cluster = hd.open(write(tmp_path, files))
    findings = cluster.check()
    for form in ("table", "markdown"):
        text = " ".join(render(findings, form).split())
        assert "2 of 4 files read; not used: cut.yaml: is not valid YAML" in text
        assert "; passed over: README" in text
    told = json_report.build_document(findings)["source"]["files"]
    assert [note["state"] for note in told] == ["passed over", "not used", "read", "read"]
    saved = hd.open(cluster.save(tmp_path / "s.zip").path)
    assert set(cluster.coverage.notes) <= set(saved.coverage.notes)


def test_list_that_was_not_seen_names_the_file_that_may_have_been_it(tmp_path: Path) -> None:
    """A file that should hold objects and does not is nearest to what is missing."""
    cluster = hd.open(write(tmp_path, {"nodes.yaml": NODE_LIST, "machines.yaml": dump(listed([])), "README": "x"}))
    (entry,) = cluster.coverage.of("Machine")
    assert entry.reason.startswith("no file holds any Machine of namespace fleet-local; not used: machines.yaml (is an")
    assert "README" not in entry.reason


def test_prose_may_quote_an_object(tmp_path: Path) -> None:
    """A README with an example is not a damaged list."""
    readme = "# How\n```yaml\napiVersion: v1\nkind: Node\n```\n"
    cluster = hd.open(write(tmp_path, {"n": NODE_LIST, "README.md": readme}))
    assert states(cluster)["passed over"] == ("README.md",)


def test_what_systems_leave_in_folders_is_passed_over(tmp_path: Path) -> None:
    """Also hidden folders, which are named but not entered."""
    files: Files = {"n.yaml": NODE_LIST, "__MACOSX/._n.yaml": b"\0\5", "._n.yaml": b"\0\5", ".DS_Store": b"\0"}
    cluster = hd.open(write(tmp_path, files | {".git/n.yaml": MACHINE_LIST}))
    assert set(states(cluster)["passed over"]) == {".git/", "__MACOSX/", "._n.yaml", ".DS_Store"}
    assert state(cluster, "Machine") is State.NOT_LOOKED_AT


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_part_of_a_folder_that_is_not_entered_does_not_refuse_the_rest(tmp_path: Path) -> None:
    """A link that leaves the folder, and one to nowhere."""
    folder = write(tmp_path, {"n.yaml": NODE_LIST})
    (tmp_path / "out").mkdir()
    (folder / "link").symlink_to(tmp_path / "out")
    (folder / "broken").symlink_to("nowhere")
    assert set(states(hd.open(folder))["not used"]) == {"link/", "broken"}


# --- sources inside, several clusters --------------------------------------------------------------------------------


def test_folder_of_a_case_names_the_source_in_it(tmp_path: Path) -> None:
    """One bundle beside files of the case; an extracted one; several; none of them hides objects."""
    folder = write(
        tmp_path, {"values.yaml": "a: 1\n", "b.zip": HEALTHY.read_bytes(), "x-upgradelog-archive.zip": b"PK"}
    )
    assert refusal(folder) == "case: holds the support bundle b.zip: give that"
    (folder / "b.zip").rename(folder / "of-upgradelog-archive.zip")
    assert refusal(folder) == "case: holds the support bundle of-upgradelog-archive.zip: give that", "by its content"
    (folder / "of-upgradelog-archive.zip").rename(folder / "b.zip")
    write(tmp_path, {"x/y/yamls/cluster/v1/nodes.yaml": NODE_LIST, "x/y/nodes/hv01.zip": b"PK\3\4"})
    assert refusal(folder) == "case: holds several support bundles; give one of: b.zip, x/y"
    write(tmp_path, {"n.yaml": NODE_LIST})
    assert state(hd.open(folder), "Node") is State.COLLECTED


def test_saved_snapshot_in_a_folder_is_named(tmp_path: Path) -> None:
    """Our own file is known by its content."""
    hd.open(BROKEN).save(tmp_path / "s.zip")
    (tmp_path / "notes.txt").write_text("of Monday")
    assert refusal(tmp_path) == f"{tmp_path.name}: holds the snapshot s.zip: give that"


def test_archives_that_are_not_to_be_read_themselves(tmp_path: Path) -> None:
    """A bundle in a tar has to be extracted; the logs of an upgrade hold no objects."""
    with tarfile.open(tmp_path / "case.tgz", "w:gz") as tar:
        tar.add(HEALTHY, "case/b.zip")
    assert refusal(tmp_path / "case.tgz") == "case.tgz: holds the archive case/b.zip: extract that"
    with zipfile.ZipFile(tmp_path / "hvst-upgrade-x-upgradelog-archive-2025.zip", "w") as archive:
        archive.writestr("x/pod.log", "line\n")
    assert "is an upgradelog archive" in refusal(tmp_path / "hvst-upgrade-x-upgradelog-archive-2025.zip")


@pytest.mark.parametrize("form", ["logs.zip", "logs.tgz"])
@pytest.mark.parametrize("member", ["logs/hvst-upgrade-ab12c-apply-manifests-x/c.log", "hv01/apply.log"])
def test_archive_of_an_upgrades_logs_is_known_by_its_members(tmp_path: Path, form: str, member: str) -> None:
    """Whatever it is called now; a support bundle, which has such names below logs/, is none."""
    folder = write(tmp_path, {member: "line\n", "x/other.log": "line\n"})
    if form == "logs.zip":
        with zipfile.ZipFile(tmp_path / form, "w") as archive:
            archive.write(folder / member, member)
    else:
        with tarfile.open(tmp_path / form, "w:gz") as tar:
            tar.add(folder, "case")
    assert "is an upgradelog archive, which holds logs" in refusal(tmp_path / form)
    assert not describe_upgrade_log([f"bundle/logs/harvester-system/{member}"])


def test_several_clusters_in_a_folder_are_told_apart(tmp_path: Path) -> None:
    """By the uid of what has the same name; the parts to choose from are named."""
    other = copy.deepcopy(NODES)
    for node in other:
        node["metadata"]["uid"] = f"other-{node['metadata']['name']}"
    folder = write(tmp_path, {"monday/n.yaml": NODE_LIST, "prod/n.yaml": dump(listed(other)), "readme": "x"})
    assert refusal(folder) == (
        "case: holds several clusters: Node hv01 has another uid in monday/n.yaml than in prod/n.yaml; "
        "give one of: monday, prod"
    )


def page(items: list[Object], more: str = "") -> str:
    """A page of a list as `kubectl get --raw` writes it."""
    return json.dumps(listed(items, "NodeList") | {"metadata": {"continue": more}})


def pods(*namespaces: str) -> Files:
    """A list of one Pod in each of these namespaces, beside the Nodes."""
    found = enumerate(new("v1", "Pod", f"p{n}", where, uid=f"u{n}") for n, where in enumerate(namespaces))
    return {"n": NODE_LIST} | {f"pods{n}": dump(listed([pod])) for n, pod in found}


EAST, WEST = dump(listed(NODES[:2])), dump(listed(NODES[2:]))
LISTS: dict[str, tuple[Files, str]] = {
    "of two clusters": (
        {"east/n": EAST, "west/n": WEST, "east/m": MACHINE_LIST},
        "case: holds several clusters: two whole lists of Node share no object, east/n and west/n; give one of: e",
    ),
    "of two clusters in a file": (
        {"n": EAST + WEST},
        "n: holds several clusters: two whole lists of Node that differ: write one file a cluster",
    ),
    "of two moments": ({"n": EAST + dump(listed(NODES[1:]))}, "n: two whole lists of Node that differ; keep one"),
    "the same twice": ({"a": NODE_LIST, "b": json.dumps(listed(NODES))}, ""),
    "one within the other": ({"a": EAST + WEST + NODE_LIST}, ""),
    "pages": ({"a": page(NODES[:2], "x"), "b": page(NODES[2:])}, ""),
    "one a namespace": (pods("a", "b"), ""),
    "of a kind that is listed in parts": (pods("a", "a"), ""),
}


@pytest.mark.parametrize("case", LISTS)
def test_lists_that_contradict_each_other_are_not_merged(tmp_path: Path, case: str) -> None:
    """Each says that there are no others. One that is held by another, or is no whole list, does not contradict it."""
    files, says = LISTS[case]
    folder = write(tmp_path, files)
    if says:
        assert refusal(folder).startswith(says)
        return
    snapshot = Snapshot(FilesReader.from_path(folder))
    assert len(snapshot.objects("Node")) == 3
    parts = any(entry.reason.startswith("only a part") for entry in snapshot.lists("Pod"))
    assert parts == (case == "of a kind that is listed in parts")


def test_list_of_a_kind_that_breaks_off_is_not_whole(tmp_path: Path) -> None:
    """The other values of the file are used, and it is told."""
    cut = json.dumps(listed(NODES))[:-40]
    cluster = hd.open(write(tmp_path, {"all.json": f"{json.dumps(listed(NODES))}\n{MACHINE_LIST}{cut}\n"}))
    assert (state(cluster, "Node"), state(cluster, "Machine")) == (State.FAILED, State.COLLECTED)
    assert "all.json: breaks off at its end: write or copy it again" in cluster.coverage.notes


def test_list_without_items_does_not_refuse_the_rest(tmp_path: Path) -> None:
    """It is told; of its kind there may be more than what is in the file."""
    cut = "apiVersion: v1\nkind: NodeList\nmetadata: {}\n"
    cluster = hd.open(write(tmp_path, {"all.yaml": f"{NODE_LIST}---\n{cut}---\n{MACHINE_LIST}"}))
    assert (state(cluster, "Node"), state(cluster, "Machine")) == (State.FAILED, State.COLLECTED)
    assert cluster.coverage.notes == (
        "all.yaml: one document in it is a NodeList without `items`: write or copy it again",
    )


# --- objects that no server made, dumps by object, watches -----------------------------------------------------------


def bare(obj: Object) -> Object:
    """An object as `kubectl neat` leaves it, or as a manifest has it."""
    meta = {key: value for key, value in obj["metadata"].items() if key not in {"uid", "resourceVersion"}}
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": meta, "spec": obj.get("spec", {})}


def test_objects_without_uid_and_status_are_not_judged(tmp_path: Path) -> None:
    """They would look like Machines without Nodes; beside the list of a server they do not count either."""
    folder = write(tmp_path, {"all.yaml": dump(listed([bare(obj) | {"status": {}} for obj in [*NODES, *MACHINES]]))})
    with pytest.raises(UncheckedError, match="some objects have neither uid nor status") as caught:
        hd.open(folder).check()
    assert not caught.value.findings
    write(tmp_path, {"all.yaml": NODE_LIST, "m.yaml": MACHINE_LIST, "extra.yaml": dump(bare(MACHINES[0]))})
    assert state(hd.open(folder), "Machine") is State.FAILED
    setting = bare(new("harvesterhci.io/v1beta1", "Setting", "server-version")) | {"value": "v1.5.0"}
    write(tmp_path, {"extra.yaml": dump(listed([setting]))})
    assert state(hd.open(folder), "Setting") is State.FAILED
    write(tmp_path, {"extra.yaml": dump(listed([setting, MACHINES[0]]))})
    assert state(hd.open(folder), "Setting") is State.COLLECTED, (
        "its kind has no status, and the others are of a server"
    )


def test_foreign_kinds_have_the_plural_of_kubernetes(tmp_path: Path) -> None:
    """They can be asked for by it, whatever their spelling."""
    kinds = {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies", "StorageClass": "storageclasses"}
    kinds |= {"Endpoints": "endpoints", "Gateway": "gateways", "Prefix": "prefixes", "Job": "jobs"}
    assert {kind: guess_plural(kind) for kind in kinds} == kinds
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "x", "namespace": "y"}}
    cluster = hd.open(write(tmp_path, {"a.json": json.dumps(listed([ingress]))}))
    assert "ingresses.networking.k8s.io" in cluster.kinds
    assert len(cluster.table("ingresses")) == 1


def names(objects: list[Object], before: str, after: str) -> Files:
    """One file an object."""
    return {f"{before}{obj['metadata']['name']}{after}": "---\n" + dump(obj) for obj in objects}


DUMPS: dict[str, tuple[Files, State, State]] = {
    "cluster-info dump": (
        {
            "nodes.json": json.dumps(listed(NODES, "NodeList")),
            "default/pods.json": json.dumps(listed([], "PodList")),
            "default/a/logs.txt": '{"kind": "x"\n' * 3,
        },
        State.COLLECTED,
        State.NOT_LOOKED_AT,
    ),
    "must-gather": (
        names(NODES, "q/cluster-scoped-resources/core/nodes/", ".yaml")
        | names(MACHINES[:1], "q/namespaces/fleet-local/cluster.x-k8s.io/machines/", ".yaml")
        | {"q/namespaces/fleet-local/cluster.x-k8s.io/machines.yaml": dump(listed(MACHINES, "MachineList"))},
        State.FAILED,
        State.COLLECTED,
    ),
    "backup of Velero": (
        names(NODES, "resources/nodes/cluster/", ".json") | names(NODES, "resources/nodes/v1-preferred/cluster/", ".x"),
        State.FAILED,
        State.NOT_LOOKED_AT,
    ),
}


@pytest.mark.parametrize("form", DUMPS)
def test_dump_by_object_is_complete_as_far_as_it_says(tmp_path: Path, form: str) -> None:
    """Single objects do not tell that there are no others; a list does, of its namespace."""
    files, of_nodes, of_machines = DUMPS[form]
    cluster = hd.open(write(tmp_path, files))
    assert (state(cluster, "Node"), state(cluster, "Machine")) == (of_nodes, of_machines)
    assert len(cluster.nodes) == 3


def test_dump_may_have_an_object_of_two_moments(tmp_path: Path) -> None:
    """The list and the file of one object are written one after the other: the later state counts."""
    later = copy.deepcopy(MACHINES[0])
    later["metadata"] |= {"resourceVersion": "999999999", "labels": {"later": "yes"}}
    place = "q/namespaces/fleet-local/cluster.x-k8s.io/machines"
    for first, second in ((MACHINES[0], later), (later, MACHINES[0])):
        cluster = hd.open(write(tmp_path, {f"{place}.yaml": dump(listed([first])), f"{place}/m.yaml": dump(second)}))
        assert cluster.raw("Machine", MACHINES[0]["metadata"]["name"])["metadata"]["labels"] == {"later": "yes"}


def test_empty_lists_of_one_namespace_do_not_speak_for_another(tmp_path: Path) -> None:
    """Of several in one file it is not known of which each is; in a dump the folder tells."""
    empty = json.dumps(listed([], "MachineList", "cluster.x-k8s.io/v1beta1"))
    cluster = hd.open(write(tmp_path, {"all.json": f"{json.dumps(listed(NODES, 'NodeList'))}{empty}{empty}"}))
    assert state(cluster, "Machine") is State.NOT_LOOKED_AT
    namesake = json.dumps(listed([], "MachineList", "machine.example.org/v1"))
    cluster = hd.open(write(tmp_path / "1", {"all.json": f"{json.dumps(listed(NODES, 'NodeList'))}{empty}{namesake}"}))
    assert state(cluster, "Machine") is State.EMPTY
    place = "q/namespaces/fleet-local/cluster.x-k8s.io/machines.yaml"
    assert state(hd.open(write(tmp_path / "2", {"n.yaml": NODE_LIST, place: empty})), "Machine") is State.EMPTY


@pytest.mark.parametrize("events", [True, False])
def test_saved_watch_gives_the_last_state_of_each_object(tmp_path: Path, events: bool) -> None:
    """Its Status is told; that it is a whole list is not known."""
    later = copy.deepcopy(NODES[0])
    later["metadata"] |= {"resourceVersion": "2", "labels": {"later": "yes"}}
    expired = STATUS | {"reason": "Expired", "message": "too old resource version: 1 (2)", "code": 410}
    mark = {"apiVersion": "v1", "kind": "Node", "metadata": {"resourceVersion": "3"}}
    changes: list[tuple[str, Object]] = [("ADDED", NODES[0]), ("MODIFIED", later), ("ERROR", expired)]
    if events:
        changes[2:2] = [("ADDED", NODES[1]), ("DELETED", NODES[1]), ("BOOKMARK", mark)]
    lines = [json.dumps({"type": change, "object": obj} if events else obj) for change, obj in changes]
    cluster = hd.open(write(tmp_path, {"watch.json": "\n".join(lines)}))
    assert [*cluster.nodes["name"]] == ["hv01"]
    assert cluster.raw("Node", "hv01")["metadata"]["labels"] == {"later": "yes"}
    assert state(cluster, "Node") is State.FAILED
    assert "one document in it is an error answer of the server: too old resource version" in cluster.coverage.notes[0]


def test_a_type_that_is_no_word_tells_of_no_watch(tmp_path: Path) -> None:
    """An object may have a field of that name, too, and it may hold anything."""
    cluster = hd.open(write(tmp_path, {"nodes.json": json.dumps({**NODES[0], "type": []})}))
    assert [*cluster.nodes["name"]] == ["hv01"]


# --- limits ----------------------------------------------------------------------------------------------------------


def bomb(carrier: str) -> bytes:
    """A few bytes that unpack to 8 MiB."""
    data = b"kind: x\n" * (1 << 20)
    if carrier == "gzip":
        return gzip.compress(data)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        info = tarfile.TarInfo("a.yaml")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@pytest.mark.parametrize("carrier", ["gzip", "tar"])
@pytest.mark.parametrize("limits", [Limits(member=1 << 20), Limits(stream=1 << 20), Limits(total=1 << 20)])
def test_what_unpacks_to_more_than_the_limits_is_not_read(tmp_path: Path, carrier: str, limits: Limits) -> None:
    """Neither as one file, nor in sum."""
    if carrier == "gzip" and limits.total < Limits().total:
        return
    (tmp_path / "x").write_bytes(bomb(carrier))
    with pytest.raises((MemberError, SourceError), match=r"more than|damaged"):
        [file.read() for file in list_files(tmp_path / "x", limits)]


@pytest.mark.parametrize("cut", [10, 200, -20])
def test_archive_that_is_truncated_is_refused(tmp_path: Path, cut: int) -> None:
    """What was in it before is not taken for all."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, text in (("a", NODE_LIST), ("b", MACHINE_LIST)):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    (tmp_path / "x.tgz").write_bytes(stream.getvalue()[:cut])
    assert "damaged or truncated" in refusal(tmp_path / "x.tgz")
