"""Files of kubectl as a source: every shape that `-o yaml` and `-o json` write, and files that are no such thing."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import SourceError
from harvdiag.core.model import CoverageEntry, State
from harvdiag.io.yaml import yamltext
from harvdiag.reports import render
from harvdiag.reports.notebook import cards
from harvdiag.rules import registry
from harvdiag.snapshot import Snapshot
from harvdiag.sources.files.reader import FilesReader
from harvdiag.training.world.objects import new
from tests.routes import Object, from_bundle, from_folder
from tests.world import healthy, write_folder
from tests.world.kit import dump

FORBIDDEN = "never-to-be-read"
# Its base64, at each of the three places where a text can begin, as far as that does not depend on what stands around.
ENCODED = [b64encode(b" " * n + FORBIDDEN.encode()).decode()[(n and 4) : -4] for n in range(3)]


def nodes() -> list[Object]:
    """Three Nodes in good order."""
    return list(healthy().find("Node"))


def clusters() -> list[Object]:
    """The Cluster of Cluster API, on which some rules stand alone."""
    return list(healthy().find("Cluster.cluster.x-k8s.io"))


def listed(items: list[Any], kind: str = "List", api: str = "v1") -> Object:
    """A list as kubectl writes it."""
    return {"apiVersion": api, "kind": kind, "items": items, "metadata": {"resourceVersion": ""}}


def opened(place: Path, files: dict[str, str | bytes]) -> Cluster:
    """The cluster of a folder of files."""
    for name, content in files.items():
        path = place / "dump" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return hd.open(place / "dump")


def refusal(place: Path, files: dict[str, str | bytes]) -> str:
    """The one line with which a folder is refused."""
    with pytest.raises(SourceError) as caught:
        opened(place, files).check()
    line = str(caught.value)
    assert "\n" not in line
    assert line.isprintable()
    return line


def entry(cluster: Cluster, kind: str) -> CoverageEntry:
    """The one coverage entry of a kind."""
    (found,) = cluster.coverage.of(kind)
    return found


# --- shapes --------------------------------------------------------------------------------------------------------


def without_kinds(items: list[Object]) -> list[Object]:
    """Items as typed lists of some clients hold them."""
    return [{key: value for key, value in item.items() if key not in {"apiVersion", "kind"}} for item in items]


SINGLE = "only single objects: give the whole list (`kubectl get nodes -A -o yaml`)"
SHAPES: dict[str, dict[str, Any]] = {
    "list": {"nodes.yaml": dump(listed(nodes()))},
    "typed list": {"nodes.yaml": dump(listed(nodes(), "NodeList"))},
    "typed list of bare items": {"nodes.yaml": dump(listed(without_kinds(nodes()), "NodeList"))},
    "one object a file": {f"{node['metadata']['name']}.yaml": dump(node) for node in nodes()},
    "documents": {"nodes.yml": "---\n".join(dump(node) for node in nodes())},
    "documents with empty ones": {"nodes.yaml": "---\n---\n" + "---\n".join(dump(node) for node in nodes()) + "---\n"},
    "JSON list": {"nodes.json": json.dumps(listed(nodes()))},
    "JSON objects": {f"{node['metadata']['name']}.JSON": json.dumps(node) for node in nodes()},
    "both": {"a/nodes.yaml": dump(listed(nodes()[:2])), "b/nodes.json": json.dumps(listed(nodes()))},
    "copies": {"a.yaml": dump(listed(nodes())), "b.json": json.dumps(listed(nodes()[:1]))},
    "other files beside": {"nodes.yaml": dump(listed(nodes())), "notes.txt": "{", "x.zip": b"\xff"},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_nodes(shape: str, tmp_path: Path) -> None:
    """Whatever kubectl was asked for, the Nodes are the same, each once."""
    cluster = opened(tmp_path, SHAPES[shape])
    assert list(cluster.nodes["name"]) == ["hv01", "hv02", "hv03"]
    assert list(cluster.nodes["managed"]) == ["true"] * 3
    single = shape in {"one object a file", "documents", "documents with empty ones", "JSON objects"}
    state, reason = (State.FAILED, SINGLE) if single else (State.COLLECTED, "")
    assert entry(cluster, "Node") == CoverageEntry("Node", "", "v1", "", state, 3, reason)


@pytest.mark.parametrize("name", ["nodes.yaml", "nodes.yml", "nodes.json"])
def test_one_file_is_a_source(tmp_path: Path, name: str) -> None:
    """A single file of everything may be given by itself."""
    whole = listed(healthy().objects)
    (tmp_path / name).write_text(json.dumps(whole) if name.endswith("json") else dump(whole))
    cluster = hd.open(tmp_path / name)
    assert cluster.source.name == name
    assert len(cluster.nodes) == 3
    assert not cluster.check()


def test_empty_typed_list_says_that_there_is_none(tmp_path: Path) -> None:
    """`kubectl get machines.cluster.x-k8s.io -A -o yaml` writes no kind when there is none; a typed list does."""
    machines = listed([], "MachineList", "cluster.x-k8s.io/v1beta1")
    cluster = opened(tmp_path, {"nodes.yaml": dump(listed(nodes())), "machines.yaml": dump(machines)})
    assert entry(cluster, "Machine").state is State.EMPTY
    assert len(cluster.check(["node-dangling-machine"])) == 3


def test_empty_untyped_list_says_nothing(tmp_path: Path) -> None:
    """`kind: List` without items does not tell of which kind there is none: nothing may be concluded."""
    files: dict[str, str | bytes] = {"nodes.yaml": dump(listed(nodes())), "machines.yaml": dump(listed([]))}
    cluster = opened(tmp_path, files | {"clusters.yaml": dump(listed(clusters()))})
    assert entry(cluster, "Machine").state is State.NOT_LOOKED_AT
    assert not cluster.check()


def test_kinds_that_no_file_holds_were_not_looked_at(tmp_path: Path) -> None:
    """A folder of Nodes and Clusters makes no Machine absent: every rule that needs one is skipped with the reason."""
    cluster = opened(tmp_path, {"nodes.yaml": dump(listed(nodes())), "clusters.yaml": dump(listed(clusters()))})
    assert entry(cluster, "Machine").reason == "no file holds any Machine of namespace fleet-local"
    findings = cluster.check()
    assert not findings
    for outcome in findings.outcomes:
        rule, unseen = registry()[outcome.rule], {entry.kind for entry in outcome.gaps}
        assert not unseen & {"Node", "Cluster"}
        assert (outcome.outcome == "skipped") == bool(unseen)
        if rule.name == "volume-faulted":  # needs Nodes alone, and asks for volumes in trouble
            assert unseen == {"Volume.longhorn.io"}
        else:
            assert bool(unseen) == bool(rule.needs - {"Node", "Cluster"})


def test_machines_of_another_namespace_alone_prove_nothing(tmp_path: Path) -> None:
    """Machines of `default` do not say that fleet-local was listed."""
    machine = next(healthy().find("Machine"))
    machine["metadata"]["namespace"] = "default"
    cluster = opened(tmp_path, {"nodes.yaml": dump(listed(nodes())), "m.yaml": dump(listed([machine]))})
    states = {found.namespace: found.state for found in cluster.coverage.of("Machine")}
    assert states == {"default": State.COLLECTED, "fleet-local": State.NOT_LOOKED_AT}
    with pytest.raises(SourceError, match="no file holds any Machine of namespace fleet-local"):
        cluster.check(["node-dangling-machine"])


def test_single_objects_make_no_other_absent(tmp_path: Path) -> None:
    """`kubectl get node hv01 -o yaml` beside all Machines: the other Nodes were not looked at, and are not gone."""
    world = healthy()
    machines, rest = list(world.find("Machine")), [o for o in world.objects if o["kind"] not in {"Node", "Machine"}]
    files: dict[str, str | bytes] = {"m.yaml": dump(listed(machines)), "rest.yaml": dump(listed(rest))}
    cluster = opened(tmp_path, files | {"hv01.yaml": dump(nodes()[0])})
    assert entry(cluster, "Node").state is State.FAILED
    assert entry(cluster, "Node").reason == SINGLE
    findings = cluster.check()
    assert not findings
    assert "machine-dangling-node" in {outcome.rule for outcome in findings.skipped}
    assert list(cluster.nodes["name"]) == ["hv01"], "it can still be looked at"


def test_single_object_beside_its_list_changes_nothing(tmp_path: Path) -> None:
    """Who gives the list, too, has given all."""
    cluster = opened(tmp_path, {"all.yaml": dump(listed(nodes())), "hv01.yaml": dump(nodes()[0])})
    assert entry(cluster, "Node").state is State.COLLECTED


def test_single_objects_of_other_groups_are_named_as_kubectl_takes_them(tmp_path: Path) -> None:
    """The command in the reason can be run as it stands."""
    cluster = opened(tmp_path, {"m.yaml": dump(next(healthy().find("Machine")))})
    assert "`kubectl get machines.cluster.x-k8s.io -A -o yaml`" in entry(cluster, "Machine").reason


@pytest.mark.parametrize("page", [{"continue": "abc"}, {"remainingItemCount": 2}])
@pytest.mark.parametrize("kind", ["List", "NodeList"])
def test_page_of_a_list_is_not_the_list(tmp_path: Path, page: Object, kind: str) -> None:
    """A page that says that more follows makes no Node absent, and the last page beside it does not either."""
    first, last = listed(nodes()[:2], kind) | {"metadata": page}, listed(nodes()[2:], kind)
    cluster = opened(tmp_path, {"1.yaml": dump(first), "2.yaml": dump(last)})
    assert entry(cluster, "Node").state is State.FAILED
    assert entry(cluster, "Node").reason.startswith("only a part of the list")


def test_whole_documents_are_lists() -> None:
    """Who makes the documents may say that there are no others."""
    reader = FilesReader("all", (("a", obj) for obj in nodes()), whole=True)
    assert Snapshot(reader).seen("Node")
    assert not Snapshot(FilesReader("some", (("a", obj) for obj in nodes()))).seen("Node")


def test_foreign_kinds_are_kept_apart(tmp_path: Path) -> None:
    """Longhorn's Nodes and Rancher's Clusters are not those of Kubernetes and Cluster API."""
    cluster = from_folder(tmp_path, healthy(lean=False).objects)
    assert len(cluster.nodes) == 3
    assert len(cluster.table("nodes.longhorn.io")) == 3
    assert list(cluster.clusters["kind"]) == [
        "Cluster",
        "Cluster.provisioning.cattle.io",
        "Cluster.management.cattle.io",
    ]


def test_time_of_collection_is_not_known(tmp_path: Path) -> None:
    """Files do not tell when they were made; the clock is never asked."""
    assert opened(tmp_path, SHAPES["list"]).source.captured_at == ""


# --- what cannot be used -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a: [\n", "line 2"),
        ("apiVersion: v1\nkind: Node\nmetadata: {name: a\n", "line 4"),
        ("a: b: c\n", "line 1"),
        (b"a: \xff\n", "UTF-8"),
        ("a: \x07\n", "control character"),
        ("a: &x [1]\nb: *x\n", "anchors"),
        ("a: 1\na: 2\n", "duplicate key 'a'"),
        ("[" * 500 + "]" * 500 + "\n", "nest deeper"),
        ("just text\n", "text without `kind`"),
        (
            "- kind: Node\n",
            "a Node without metadata.name (document 1, line 1): take it out, or write or copy the file again",
        ),
        ("metadata: {name: x}\n", "a document without `kind`"),
        ("kind: [1]\n", "a document without `kind`"),
        ("{}\n---\napiVersion: v1\nkind: Node\n", "a Node without metadata.name (document 2, line 2): take it out"),
        ("apiVersion: v1\nkind: Node\nmetadata: {name: [1]}\n", "a Node without metadata.name"),
        ("apiVersion: v1\nkind: List\n", "is a List without `items`: write or copy it again"),
        ("apiVersion: v1\nkind: Node\nmetadata: text\n", "a Node without metadata.name"),
        (
            "apiVersion: v1\nkind: List\nitems: [{metadata: {name: a}}]\n",
            "item 1 of the List is an object without kind (document 1, line 1): ",
        ),
        ("apiVersion: v1\nkind: List\nitems: [text]\n", "item 1 of the List is not an object (document 1, line 1): "),
    ],
)
def test_unusable_yaml_is_one_line_with_the_file(tmp_path: Path, content: str | bytes, says: str) -> None:
    """The file's name, the line where it is known, and what is wrong."""
    assert_told(tmp_path, "bad file.yaml", content, says)


def assert_told(place: Path, name: str, content: str | bytes, says: str) -> None:
    """A file alone is refused; the good file beside it is used and does not hide it."""
    line = refusal(place, {name: content})
    assert name in line
    assert says in line
    cluster = opened(place, {"nodes.yaml": dump(listed(nodes()))})
    assert entry(cluster, "Node").state is State.COLLECTED
    (note,) = (note for note in cluster.coverage.notes if name in note)
    assert says in note


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"a": 1,}', "line 1"),
        ('{\n"kind": "Node"\n', "line 3"),
        ("", "is empty: the command that should write it failed"),
        ("[" * 100_000, "bad.json"),
        (b'{"a": "\xff"}', "UTF-8"),
        ("[1]", "a list without `kind`"),
        ('{"kind": "Node", "kind": "Pod"}', "duplicate key 'kind'"),
        ('{"kind": "Node", "a": NaN}', "NaN is not a JSON number"),
        ('{"kind": "Node", "a": -Infinity}', "-Infinity is not a JSON number"),
        ('{"kind": "Node", "a": 1e999}', "1e999 is not a JSON number"),
        ('{"kind": "Node", "a": ' + "[" * 300 + "]" * 300 + "}", "nest deeper than 200"),
    ],
)
def test_unusable_json_is_one_line_with_the_file(tmp_path: Path, content: str | bytes, says: str) -> None:
    """The same for JSON."""
    assert_told(tmp_path, "bad.json", content, says)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty: the command that should write it failed"),
        ("---\n---\n", "is empty"),
        ("# nothing\n", "is empty"),
        ("apiVersion: v1\nkind: List\nitems: []\n", "an empty `kind: List`, which does not tell of which kind"),
    ],
)
def test_files_without_an_object_are_refused(tmp_path: Path, content: str, says: str) -> None:
    """Nothing was asked for, so nothing can be said."""
    assert says in refusal(tmp_path, {"empty.yaml": content})


def test_two_objects_of_one_name_that_differ_are_refused(tmp_path: Path) -> None:
    """Files of two moments or two clusters in one folder: both files are named, none is preferred."""
    other = nodes()[0]
    other["spec"]["unschedulable"] = True
    line = refusal(tmp_path, {"monday.yaml": dump(listed(nodes())), "tuesday.yaml": dump(other)})
    assert line == "two different objects are called Node hv01: in monday.yaml and tuesday.yaml; keep one"


def test_same_name_in_other_namespaces_is_no_conflict(tmp_path: Path) -> None:
    """Objects are one only where kind, namespace and name agree."""
    machine = next(healthy().find("Machine"))
    elsewhere = {**machine, "metadata": {**machine["metadata"], "namespace": "default"}}
    cluster = opened(tmp_path, {"m.yaml": dump(listed([machine, elsewhere]))})
    assert len(cluster.machines) == 2


def test_cut_short_yaml_list_is_refused(tmp_path: Path) -> None:
    """A file whose copy broke off inside a value must not pass for a shorter list."""
    whole = dump(listed(nodes()))
    assert "nodes.yaml" in refusal(tmp_path, {"nodes.yaml": whole[: whole.index("providerID: rke2://hv02") + 5] + "\n"})


# --- Secrets -------------------------------------------------------------------------------------------------------


def everything(value: Any) -> str:
    """All text in an object."""
    return json.dumps(value, default=str)


def secrets_world() -> list[Object]:
    """A cluster with kubeconfigs, tokens and plan bodies, as `kubectl get secrets -A` gives them."""
    world = healthy(lean=False)
    assert any(text in everything(world.objects) for text in ENCODED)
    plan = next(world.find("Secret"))
    plan["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = FORBIDDEN
    plan["metadata"]["annotations"]["objectset.rio.cattle.io/applied"] = FORBIDDEN
    plan["stringData"] = {"plan": FORBIDDEN}
    plan["unheardOf"] = {"plan": FORBIDDEN}
    return world.objects


def test_no_secret_body_is_ever_kept(tmp_path: Path) -> None:
    """Only machine-plan Secrets stay, and of them only what a support bundle keeps; not a byte of a plan or a token."""
    written = "".join(path.read_text() for path in write_folder(tmp_path / "all", secrets_world()).glob("secrets.yaml"))
    assert sum(text in written for text in ENCODED) > 1
    assert FORBIDDEN in written
    cluster = hd.open(tmp_path / "all")
    kept = cluster.snapshot.objects("Secret")
    assert {secret["type"] for secret in kept} == {"rke.cattle.io/machine-plan"}
    assert len(kept) == 3
    assert_clean(everything(kept))
    assert all("plan" not in secret["data"] and "stringData" not in secret for secret in kept)
    assert kept[0]["data"]["success-count"], "the status keys are kept"


def strings(start: Any) -> Iterator[str]:
    """Every string that can be reached from an object, through attributes too."""
    ahead, seen = [start], set[int]()
    while ahead:
        value = ahead.pop()
        if id(value) in seen or isinstance(value, type | ModuleType):
            continue
        seen.add(id(value))
        if isinstance(value, str | bytes):
            yield str(value)
        elif isinstance(value, Mapping):
            ahead += [*value.keys(), *value.values()]
        elif isinstance(value, Iterable) and not isinstance(value, Iterator):
            ahead += list(value)
        ahead += list(getattr(value, "__dict__", {}).values())


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_no_secret_body_is_held_in_memory(tmp_path: Path, form: str) -> None:
    """Neither the reader nor the parser's memory holds one, though nobody has asked for a Secret yet."""
    password = {"metadata": {"name": "p", "namespace": "default"}, "data": {"password": "aHVudGVyMg"}, "stringData": {}}
    password["stringData"] = {"pin": "hunter2", "token": FORBIDDEN}
    secret = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", **password}
    whole = listed([*secrets_world(), secret])
    (tmp_path / f"all.{form}").write_text(json.dumps(whole) if form == "json" else dump(whole))
    cluster = hd.open(tmp_path)
    held = [*strings(cluster.snapshot._reader), *strings(yamltext._memo)]
    assert "hv01" in held
    assert not {"aHVudGVyMg", "hunter2"} & set(held)
    assert_clean("\n".join(held))
    assert yamltext._memo.keys() == yamltext._WORDS.keys()


def test_no_secret_body_stays_with_an_error(tmp_path: Path) -> None:
    """The error of a parser holds the whole text; ours does not hold that error."""
    (tmp_path / "s.json").write_text(json.dumps(listed(secrets_world()))[:-1])
    with pytest.raises(SourceError) as caught:
        hd.open(tmp_path)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_secrets_without_a_plan_were_listed(tmp_path: Path) -> None:
    """That no Secret is kept does not mean that nobody looked."""
    other = new("v1", "Secret", "token", "fleet-local", type="Opaque")
    cluster = opened(tmp_path, {"s.yaml": dump(listed([other])), "n.yaml": dump(listed(nodes()))})
    assert entry(cluster, "Secret").state is State.EMPTY


def test_no_secret_body_in_tables_graph_or_reports(tmp_path: Path) -> None:
    """Nothing that a user sees, prints or saves holds one."""
    objects = secrets_world()
    objects = [obj for obj in objects if obj["kind"] != "Machine"]
    for cluster in (from_folder(tmp_path, objects), from_bundle(tmp_path, objects)):
        findings = cluster.check()
        assert findings
        shown = [render(findings, form) for form in ("table", "json", "markdown")]
        shown += [cards.findings_card(findings), repr(findings), repr(cluster), repr(cluster.coverage)]
        shown += [cluster.plans.to_csv(), cluster.pairs.to_csv(), cluster.table("Secret").to_csv()]
        shown += [everything(list(cluster.graph.nodes(data=True))), everything(list(cluster.graph.edges(data=True)))]
        shown += [everything(cluster.raw("Secret", name)) for name in cluster.plans["name"]]
        for text in shown:
            assert_clean(text)


def assert_clean(text: str) -> None:
    """No body, neither as text nor as base64."""
    assert FORBIDDEN not in text
    assert not [part for part in ENCODED if part in text]
