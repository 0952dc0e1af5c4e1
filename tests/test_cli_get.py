"""`harvdiag get` and `events`: kubectl's questions in kubectl's form, from every source."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harvdiag.core.ages import format_span
from harvdiag.core.errors import UsageError
from harvdiag.core.selector import parse_selector
from harvdiag.io.yaml import load_documents
from harvdiag.reports.objects import dump_json, dump_yaml
from tests.command import Result, run
from tests.routes import BROKEN, SCENARIOS, from_bundle, scenario
from tests.test_cli import HEAVY, complaint, python
from tests.world import healthy, write_bundle
from tests.world.kit import dump


def get(*words: str | Path, cwd: Path | None = None) -> Result:
    return run("get", *words, cwd=cwd)


def table(*words: str | Path) -> list[list[str]]:
    """The cells of a table that is printed, which are divided by three blanks or more."""
    result = get(*words)
    assert result.returncode == 0, result.stderr
    return [line.split() for line in result.stdout.splitlines()]


# --- tables --------------------------------------------------------------------------------------------------------


def test_nodes_look_as_kubectl_shows_them() -> None:
    """Ages count back from the collection."""
    assert get("nodes", BROKEN).stdout.splitlines()[0::4] == [
        "NAME    STATUS   ROLES                       AGE   VERSION",
        "srv09   Ready    <none>                      50d   v1.30.7+rke2r1",
    ]


@pytest.mark.parametrize(
    ("words", "headers"),
    [
        ("machines", "NAME CLUSTER NODENAME PROVIDERID PHASE AGE VERSION"),
        ("pods -n cattle-system", "NAME READY STATUS RESTARTS AGE"),
        ("po -A", "NAMESPACE NAME READY STATUS RESTARTS AGE"),
        ("jobs", "NAMESPACE NAME STATUS COMPLETIONS DURATION AGE"),
        ("lhv", "NAME STATE ROBUSTNESS SIZE NODE AGE"),
        ("ev -n longhorn-system", "LAST SEEN TYPE REASON OBJECT MESSAGE"),
        (
            "upgrades.harvesterhci.io",
            "NAME LATEST STATE VERSION PREVIOUS-VERSION COMPLETED NODES-UPGRADED SINGLE-NODE AGE",
        ),
        ("configmaps", "NAMESPACE NAME DATA AGE"),
        ("bundles", "NAME DESIRED READY FAILED AGE"),
        ("secrets", "NAME TYPE DATA AGE"),
        ("leases.coordination", "NAMESPACE NAME AGE"),
    ],
)
def test_columns(words: str, headers: str) -> None:
    """Of kubectl, of the definitions, of the catalogue; the namespace where it is not the kind's home, or with -A."""
    assert " ".join(table(*words.split(), BROKEN)[0]) == headers


def test_every_kind_of_a_bundle_has_a_table() -> None:
    """In every form, and each cell is there."""
    from harvdiag import open as open_source

    for kind in open_source(BROKEN).kinds:
        for form in ("wide", "name", "yaml"):
            result = get(kind, BROKEN, "-o", form)
            assert result.returncode == 0, (kind, result.stderr)
            assert result.stdout


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({"phase": "Pending"}, "0/1 Pending 0"),
        ({"phase": "Failed", "reason": "Evicted"}, "0/1 Evicted 0"),
        ({"phase": "Running", "c": [{"ready": True, "restartCount": 3, "state": {"running": {}}}]}, "1/1 Running 3"),
        (
            {"phase": "Running", "c": [{"restartCount": 9, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]},
            "0/1 CrashLoopBackOff 9",
        ),
        (
            {"phase": "Succeeded", "c": [{"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}]},
            "0/1 Completed 0",
        ),
        ({"phase": "Failed", "c": [{"state": {"terminated": {"exitCode": 3}}}]}, "0/1 ExitCode:3 0"),
        (
            {"phase": "Pending", "i": [{"state": {"terminated": {"exitCode": 0}}}, {"state": {"running": {}}}]},
            "0/1 Init:1/2 0",
        ),
        ({"phase": "Pending", "i": [{"state": {"waiting": {"reason": "ErrImagePull"}}}]}, "0/1 Init:ErrImagePull 0"),
        ({"phase": "Running", "deleted": True}, "0/1 Terminating 0"),
        ({}, "0/1 Unknown 0"),
    ],
)
def test_state_of_a_pod(tmp_path: Path, status: dict[str, object], shown: str) -> None:
    """In one word, by kubectl's rules."""
    metadata = {"name": "p", "namespace": "harvester-system", "uid": "1"}
    metadata |= {"deletionTimestamp": "2025-05-08T09:00:00Z"} if status.pop("deleted", None) else {}
    own = {
        {"c": "containerStatuses", "i": "initContainerStatuses"}.get(key, key): value for key, value in status.items()
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [{"name": "c"}]},
        "status": own,
    }
    (tmp_path / "p.yaml").write_text(dump({"apiVersion": "v1", "kind": "List", "items": [pod]}))
    assert " ".join(table("pods", tmp_path / "p.yaml")[1][1:4]) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-60, "<invalid>"),
        (-1, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (10_799, "179m"),
        (3 * 3600 + 60, "3h1m"),
        (8 * 3600 + 60, "8h"),
        (47 * 3600, "47h"),
        (3 * 86400 + 3600, "3d1h"),
        (100 * 86400, "100d"),
        (3 * 365 * 86400 + 86400, "3y1d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_ages_are_those_of_kubectl(seconds: int, shown: str) -> None:
    from datetime import timedelta

    assert format_span(timedelta(seconds=seconds)) == shown


# --- which objects -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["node/srv09", "node srv09", "no/srv09", "nodes srv09", "Node srv09"])
def test_one_object_by_name(words: str) -> None:
    assert get(*words.split(), BROKEN, "-o", "name").stdout == "node/srv09\n"


def test_several_kinds_and_names() -> None:
    """Each kind is a table of its own, with its kind before the name."""
    lines = get("node/srv09", "node/srv06", "upgrade/hvst-upgrade-abcde", BROKEN).stdout.split("\n")
    assert [line.split(" ")[0] for line in lines] == [
        *("NAME", "node/srv06", "node/srv09", ""),
        *("NAME", "upgrade.harvesterhci.io/hvst-upgrade-abcde", ""),
    ]
    names = get("machines,nodes", BROKEN, "-o", "name").stdout.splitlines()
    assert names[0] == "machine.cluster.x-k8s.io/custom-2a4a16d05048"
    assert names[-1] == "node/srv09"


def test_a_pod_is_found_in_any_namespace() -> None:
    row = table("pod", "etcd-srv06", BROKEN)[1]
    assert row[:3] == ["kube-system", "etcd-srv06", "1/1"]


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("harvesterhci.io/managed=true", 4),
        ("harvesterhci.io/managed==true,node-role.kubernetes.io/etcd", 3),
        ("!node-role.kubernetes.io/etcd", 1),
        ("kubernetes.io/hostname in (srv06, srv07)", 2),
        ("kubernetes.io/hostname notin (srv06)", 3),
        ("kubernetes.io/hostname!=srv06", 3),
        ("no=such", 0),
    ],
)
def test_label_selectors(selector: str, found: int) -> None:
    result = get("nodes", BROKEN, "-l", selector, "-o", "name")
    assert (result.returncode, len(result.stdout.splitlines())) == (0, found)
    assert result.stderr == ("" if found else "No resources found.\n")


@pytest.mark.parametrize("selector", ["a in (", "a=b=c", ",", "a,", "a~b", "a b", "in (a)"])
def test_a_selector_that_is_not_valid(selector: str) -> None:
    with pytest.raises(UsageError, match="invalid label selector"):
        parse_selector(selector)


# --- text forms ----------------------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(
        ["405862e486", "1e3", "0x1f", "1:30", "y", "~", "", "null", "2025-05-07", "=", "- a", "a: b", "-1"]
    ),
    st.sampled_from(["a\nb", "a\n\n", "\n", " a\nb", "a \nb", "\x1b[31m", "\u202ea", "a\u2028b\nc", "x\r\ny", "\x85a"]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=3))
def test_text_of_an_object_reads_back_as_the_object(value: dict[str, object]) -> None:
    """By any reader of YAML, and nothing in it drives a terminal."""
    text = dump_yaml(value)
    assert yaml.safe_load(text) == value
    assert load_documents(text.encode())[0] == value
    assert json.loads(dump_json(value)) == value
    assert not {"\x1b", "\u202e", "\x85", "\u2028"} & {*text, *dump_json(value)}


def test_yaml_and_json_of_objects() -> None:
    """One that is named alone, else a List; without managedFields."""
    one = yaml.safe_load(get("node/srv09", BROKEN, "-o", "yaml").stdout)
    assert (one["kind"], one["metadata"]["name"]) == ("Node", "srv09")
    assert one["metadata"]["labels"]["harvesterhci.io/managed"] == "true"
    many = json.loads(get("nodes", BROKEN, "-o", "json").stdout)
    assert (many["kind"], len(many["items"])) == ("List", 4)
    assert one in many["items"]
    nothing = get("deploy", BROKEN, "-o", "yaml")
    assert yaml.safe_load(nothing.stdout)["items"] == []
    assert nothing.stderr == "No resources found.\n"


def test_what_is_never_kept_is_said() -> None:
    """On stderr; a table shows no field that is missing."""
    assert "only those of machine plans" in get("secrets", BROKEN, "-o", "yaml").stderr
    assert "only the fields that harvdiag keeps" in get("pods", BROKEN, "-o", "json").stderr
    assert get("secrets", BROKEN).stderr == ""


# --- every source --------------------------------------------------------------------------------------------------


def test_the_answer_is_the_same_from_every_source(tmp_path: Path) -> None:
    """Also from files of kubectl, whose time of collection is that of the heartbeats."""
    world = healthy()
    bundle = write_bundle(tmp_path / "b.zip", world.objects, captured_at=world.captured_at)
    run("snapshot", bundle, "-o", tmp_path / "s.zip")
    (tmp_path / "files").mkdir()
    for kind in ("Node", "Machine"):
        items = {"apiVersion": "v1", "kind": "List", "items": [*world.find(kind)]}
        (tmp_path / "files" / f"{kind}.yaml").write_text(dump(items))
    for words in (["nodes", "-o", "wide"], ["machines"]):
        first, *others = (get(words[0], tmp_path / source, *words[1:]).stdout for source in ("b.zip", "s.zip", "files"))
        assert first.count("\n") > 3
        assert others == [first, first]


def test_a_snapshot_gives_the_fields_that_it_keeps_and_says_so(tmp_path: Path) -> None:
    """Those of the bundle, but not all of them; the bundle has no such line."""
    world = healthy()
    bundle = write_bundle(tmp_path / "b.zip", world.objects, captured_at=world.captured_at)
    run("snapshot", bundle, "-o", tmp_path / "s.zip")
    whole, stored = (get("node/hv01", tmp_path / source, "-o", "yaml") for source in ("b.zip", "s.zip"))
    assert (whole.stderr, "Node: only the fields that harvdiag keeps" in stored.stderr) == ("", True)
    assert {*stored.stdout.splitlines()} < {*whole.stdout.splitlines()}


def test_a_snapshot_has_what_checks_had_asked_for(tmp_path: Path) -> None:
    """Of kinds that it holds in part; what it does not hold is said, with the command that saves it."""
    half = BROKEN.with_name("upgrade-half-way.zip")
    run("snapshot", half, "-o", tmp_path / "s.zip")
    advice = "`harvdiag snapshot --kind pods` of the same cluster saves it, too"
    assert advice in complaint("get", "pods", tmp_path / "s.zip")
    from_bundle(tmp_path, scenario(SCENARIOS / "daemonset-not-whole" / "speaks.yaml").objects).save(tmp_path / "t.zip")
    some = get("pods", tmp_path / "t.zip", "-o", "name")
    assert some.returncode == 0
    assert "pod/virt-handler-x7k2p\n" in some.stdout
    assert re.search(r"Not seen: Pod.*: not in the snapshot, but for \d+ that checks had asked for", some.stderr)


# --- which word is the source --------------------------------------------------------------------------------------


def test_the_last_word_is_the_source_if_a_file_has_the_name(tmp_path: Path) -> None:
    """Else it is a name; KIND/NAME is never a file."""
    (tmp_path / "srv09").write_bytes(BROKEN.read_bytes())
    assert len(get("nodes", "srv09", cwd=tmp_path).stdout.splitlines()) == 5
    assert get("node/srv09", "srv09", "-o", "name", cwd=tmp_path).stdout == "node/srv09\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "give a KIND before the SOURCE"),
        ((BROKEN,), "give a KIND before the SOURCE"),
        ((BROKEN, "nodes", BROKEN), "give the SOURCE last"),
        (("nodes", "no.zip"), "no.zip: no such file or folder"),
        (("nods", BROKEN), "no kind 'nods' in issue-8236.zip; did you mean nodes?"),
        (("sts", BROKEN), "no kind 'statefulsets.apps' in issue-8236.zip: it has no list of it"),
        (("node", "a/b", BROKEN), "give either KIND NAME or KIND/NAME"),
        (("node/a", "b", BROKEN), "'b' is not KIND/NAME"),
        ((",", BROKEN), "the KIND is empty"),
        (("node", "a,b", BROKEN), "separate names by blanks, not by commas: a b"),
        (("node/a,b", BROKEN), "separate names by blanks, not by commas: node/a node/b"),
        (("node/a,pod/b", BROKEN), "separate names by blanks, not by commas: node/a pod/b"),
        (("nodes", BROKEN, "-A", "-n", "x"), "give either -n or -A"),
        (("node", "a", "-l", "x", BROKEN), "give either a NAME or a label selector"),
        (("upgradeplans", "-n", "x", BROKEN, "-o", "yml"), "'yml' is not one of"),
        (("pods", "-n", "nowhere", BROKEN), "not seen in issue-8236.zip: not looked at: namespace nowhere is not in"),
        (("kubeletstats", BROKEN), "only a live cluster has it"),
    ],
)
def test_what_cannot_be_answered_is_one_line(words: tuple[str | Path, ...], says: str) -> None:
    assert says in complaint("get", *words)


def test_a_name_that_is_not_there() -> None:
    """Is exit 1, with what may have been meant; the others are printed."""
    result = get("node", "srv9", "srv08", BROKEN, "-o", "name")
    assert (result.returncode, result.stdout) == (1, "node/srv08\n")
    assert result.stderr == "harvdiag: no Node 'srv9' in issue-8236.zip; did you mean srv09?\n"


def test_a_kind_that_was_not_seen_is_no_empty_kind(tmp_path: Path) -> None:
    """The others are printed; of what was seen in part, what was not is said."""
    items = [*healthy().find("Node"), *healthy().find("Pod")]
    (tmp_path / "n.yaml").write_text(dump({"apiVersion": "v1", "kind": "List", "items": items}))
    both = get("nodes,machines", tmp_path / "n.yaml")
    assert both.returncode == 2
    assert both.stdout.startswith("NAME")
    assert "machines.cluster.x-k8s.io: not seen in n.yaml: not looked at: no file holds any Machine" in both.stderr


@pytest.mark.parametrize("words", [("nodes,svc",), ("svc,nodes",), ("node/srv08", "svc/a", "node/srv09")])
def test_a_kind_without_a_list_leaves_the_others(words: tuple[str, ...]) -> None:
    """As a kind that was not seen does; a misspelt kind is refused before anything is printed."""
    result = get(*words, BROKEN, "-o", "name")
    assert (result.returncode, "node/srv09\n" in result.stdout) == (2, True)
    assert result.stderr == "harvdiag: no kind 'services' in issue-8236.zip: it has no list of it\n"
    assert get("nodes,nods", BROKEN).stdout == ""


def test_untrusted_text_is_escaped(tmp_path: Path) -> None:
    world = healthy()
    world.get("Node", "hv01")["status"]["nodeInfo"]["osImage"] = "a\x1b[31m\nb\u202e"
    bundle = write_bundle(tmp_path / "b.zip", world.objects, captured_at=world.captured_at)
    for form in ("wide", "yaml", "json"):
        text = get("nodes", bundle, "-o", form).stdout
        assert not {"\x1b", "\u202e"} & {*text}
    assert get("nodes", bundle, "-o", "wide").stdout.count("\n") == 4


def test_nothing_heavy_is_imported() -> None:
    """Each question is answered at once."""
    for words in ("get nodes {0}", "events {0}", "logs {0}", "get node/srv09 {0} -o yaml"):
        argv = ["harvdiag", *words.format(BROKEN).split()]
        begin = f"import sys; sys.argv = {argv!r}; from harvdiag.cli import main\n"
        program = begin + "try: main()\nfinally: print(*sys.modules, file=sys.stderr)"
        result = python("-c", program)
        assert not HEAVY & {*result.stderr.split()}, words


# --- events --------------------------------------------------------------------------------------------------------


def events(*words: str | Path) -> Result:
    return run("events", BROKEN, *words)


def test_events_are_sorted_by_when_they_were_last_seen() -> None:
    lines = events().stdout.splitlines()
    assert lines[0].split() == ["NAMESPACE", "LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    minutes = [int(line.split()[1].removesuffix("m")) for line in lines[1:]]
    assert minutes == sorted(minutes, reverse=True)
    assert "(x" in lines[1]


def test_events_can_be_chosen() -> None:
    assert all("Warning" in line for line in events("--types", "warning").stdout.splitlines()[1:])
    one = events("--for", "pod/virt-handler-0ac9b", "-o", "name").stdout.splitlines()
    assert len(one) == 2
    assert events("--for", "virt-handler-0ac9b", "-o", "name").stdout.splitlines() == one
    assert events("--for", "node/srv09", "--since", "1m").stderr == "No resources found.\n"
    assert events("--since", "1m").stderr == "No resources found.\n"
    assert events("--until", "2025-05-08T09:52Z", "--no-headers", "-n", "longhorn-system").stdout.count("\n") == 4
    assert "'Foo' is not a type of events: give Normal or Warning" in complaint(
        "events", BROKEN, "--types", "Normal,Foo"
    )
    assert "did you mean Warning?" in complaint("events", BROKEN, "--types", "warn")
    unknown = events("--for", "node/srv9")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "harvdiag: no Node 'srv9' in issue-8236.zip; did you mean srv09?\n"
    assert "invalid object 'pod/'" in complaint("events", BROKEN, "--for", "pod/")
    assert "invalid time since='x'" in complaint("events", BROKEN, "--since", "x")
