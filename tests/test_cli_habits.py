"""What the commands of the terminal tool have in common: options, examples, suggestions, completion of names."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.cli import cli
from harvdiag.cli.command import COMMON, CONNECTION, Command
from harvdiag.core.errors import UsageError
from harvdiag.core.timestamps import normalise_time
from harvdiag.notebook.display import HTML
from harvdiag.redact import load_key
from harvdiag.reports import FORMATS
from harvdiag.rules import registry
from harvdiag.status.glossary import list_groups, list_names
from tests.api import Api
from tests.command import run
from tests.routes import BROKEN, HEALTHY
from tests.test_cli import complaint, complete, harvdiag
from tests.test_cli_live import ALONE
from tests.test_objects_doc import unknown
from tests.world import healthy
from tests.world.kit import dump

COMMANDS = {name: command for name, command in cli.commands.items() if isinstance(command, Command)}
SERVING = "lab"
"""It goes on until Ctrl-C; tests/notebooks/test_lab.py and tests/browser run it."""
EXAMPLES = [
    example.line
    for command in (cli, *(command for name, command in COMMANDS.items() if name != SERVING))
    for example in command.examples
]


# --- help ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_and_its_own_options_first(name: str) -> None:
    """Those of the connection and those of every command come last."""
    text = harvdiag(name, "--help").stdout
    titles = re.findall(r"^([A-Z][a-z ]+):$", text, re.MULTILINE)
    assert titles[0] == "Examples"
    assert titles[-1] == COMMON
    assert CONNECTION not in titles[:-2]
    assert ("--context" in text.partition(f"{CONNECTION}:")[2]) == ("--context" in text)
    assert f"\n  harvdiag {name}" in text


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with the files that the examples name, and a cluster of the contexts `lab` and `prod`."""
    place = tmp_path_factory.mktemp("desk")
    for name in ("bundle.zip", "supportbundle.zip"):
        (place / name).write_bytes(BROKEN.read_bytes())
    run("snapshot", HEALTHY, "-o", place / "before.harvdiag.zip")
    load_key()
    (place / "answer.txt").write_text("It is Ready.", encoding="utf-8")
    run("note", HEALTHY, "--notes", place / "theirs.notes.yaml", "--cluster", "what a colleague wrote")
    with Api(healthy().objects) as server:
        config = server.kubeconfig(place / "lab.yaml")
        document = json.loads(config.read_text())
        document["contexts"].append(document["contexts"][0] | {"name": "prod"})
        config.write_text(json.dumps(document))
        yield place, ALONE | {"KUBECONFIG": str(config), "HOME": str(place)}


REMINDER = "harvdiag: notes and reasons have pseudonyms"
"""What is said with --redact where there are notes, as here; no error."""


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_works(line: str, desk: tuple[Path, dict[str, str]]) -> None:
    """As it stands: what stands before or after it in a pipe is left out, or given as kubectl would write it."""
    place, env = desk
    (own,) = (part for part in line.split("|") if "harvdiag" in part)
    words = shlex.split(own[own.index("harvdiag") :])[1:]
    items = [*healthy().find("Node"), *healthy().find("Machine")]
    result = run(*words, cwd=place, given=dump({"apiVersion": "v1", "kind": "List", "items": items}), **env)
    assert result.returncode in {0, 1}, result.stderr
    assert "harvdiag:" not in result.stderr.replace(REMINDER, "")


# --- the options of every command ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [("--debug", "check", "{0}"), ("check", "{0}", "--debug"), ("check", "--debug", "{0}")]
)
def test_debug_tells_times_and_where_an_error_comes_from(words: tuple[str, ...], tmp_path: Path) -> None:
    """Before or after the command's name, and by the environment."""
    result = harvdiag(*(word.format(HEALTHY) for word in words))
    assert re.search(r"^harvdiag: +\d+\.\d{3} s  to open the source$", result.stderr, re.MULTILINE)
    assert result.stdout == harvdiag("check", HEALTHY).stdout
    failed = run(*(word.format(tmp_path / "no.zip") for word in words))
    assert "Traceback" in failed.stderr
    assert re.search(r"^harvdiag: .*no such file", failed.stderr, re.MULTILINE)
    assert harvdiag("check", HEALTHY, HARVDIAG_DEBUG="1").stderr.startswith("harvdiag: ")
    assert harvdiag("check", HEALTHY, HARVDIAG_DEBUG="0").stderr == ""


@pytest.mark.parametrize("words", [("-q", "snapshot"), ("snapshot", "--quiet")])
def test_quiet_leaves_out_notes(words: tuple[str, ...], tmp_path: Path) -> None:
    """Not the report, and not errors."""
    told = harvdiag(*words, HEALTHY, "--kind", "secrets", "-o", tmp_path / "s.zip")
    assert (told.returncode, told.stderr) == (0, "")
    assert "Written:" in told.stdout
    assert harvdiag(*words, tmp_path / "no.zip").stderr.startswith("harvdiag: ")


# --- suggestions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("chek",), "no such command 'chek'; did you mean check? See `"),
        (("check", BROKEN, "--format", "md"), "did you mean markdown? See `"),
        (("rbac", "--kind", "volumez"), "did you mean volumes.longhorn.io?"),
        (("help",), "`harvdiag --help` lists all, `harvdiag COMMAND --help` explains one"),
        (("x" * 5000,), "no such command 'xxx"),
        (("check", BROKEN, "-o", f"{'x' * 300}.md"), "cannot be written: file name too long"),
        (("check", BROKEN, "--format", "jsn"), f"'jsn' is not one of {', '.join(FORMATS)}; did you mean json? See `"),
        (("draw", BROKEN, "--picture", "lnks"), "did you mean links? See `"),
        (("check", BROKEN, "--selct", "x"), "--select? See `"),
        ((BROKEN,), f"no command is given before {BROKEN}: put one there, such as `harvdiag check {BROKEN}`"),
    ],
)
def test_a_misspelt_word_is_answered_with_what_was_meant(words: tuple[str | Path, ...], says: str) -> None:
    """One sentence after the other."""
    assert says in complaint(*words)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("issue8236.zip", "did you mean issue-8236.zip?"),
        ("Issue_8236.ZIP", "did you mean issue-8236.zip?"),
        ("isue-8236.zip", "did you mean issue-8236.zip?"),
        ("issue-8236", "did you mean issue-8236.zip?"),
        ("./bundels/x.zip", "no such file or folder: there is no folder bundels; did you mean bundles/x.zip?"),
        ("issue-8236.zip/yamls", "no such file or folder: issue-8236.zip is a file"),
        ("https://host.example/b.zip", "harvdiag reads files, not addresses: download it first, then give the file"),
        ("file:///tmp/b.zip", "give the path of the file, without file://"),
        ("lab", "a context of your kubeconfig is given as context:lab"),
        ("lba", "did you mean context:lab?"),
        ("else", "a context of your kubeconfig is given as context:NAME"),
    ],
)
def test_a_source_that_is_not_there_is_answered_with_what_was_meant(tmp_path: Path, source: str, says: str) -> None:
    """A file or folder beside it, a context, or what to do with an address; in Python the same."""
    (tmp_path / "bundles").mkdir()
    for name in ("issue-8236.zip", "bundles/x.zip"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "config").write_text("contexts: [{name: lab, context: {}}]")
    result = harvdiag("check", source, cwd=tmp_path, KUBECONFIG=str(tmp_path / "config"))
    assert result.returncode == 2
    assert says in result.stderr


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda c: c.links("Node", "hv9"), "did you mean hv0"),
        (lambda c: c.links("Ndoe", "hv01"), "did you mean nodes"),
        (lambda c: c.table("machnes"), "did you mean machines"),
        (lambda c: c.yaml("Machine", "custom"), "did you mean custom-"),
        (lambda c: c.logs("hv9"), "did you mean hv0"),
        (lambda c: c.upgrade.explain("hv9"), "did you mean hv0"),
        (lambda c: c.upgrade.drain("hv9"), "did you mean hv0"),
        (lambda c: c.check("node-without-machin"), "did you mean node-without-machine?"),
        (lambda c: c.check(ignore="pairng"), "did you mean pairing?"),
        (lambda c: hd.draw(c, "lnks"), "did you mean links?"),
        (lambda c: hd.draw(c, focus="hv9"), "did you mean hv0"),
        (lambda c: hd.draw(c).save("links.svgg"), "did you mean .svg?"),
        (lambda c: c.table("foo"), "no kind 'foo' in lost-acknowledgement.zip; it has "),
        (lambda _: hd.rulebook("upgrad"), "did you mean upgrade"),
        (lambda c: hd.report(c.check(), "r.jsn"), "did you mean .json?"),
    ],
)
def test_python_suggests_what_the_command_line_suggests(ask: Callable[[hd.Cluster], object], says: str) -> None:
    """For every name that may be misspelt."""
    with pytest.raises(UsageError, match=re.escape(says)):
        ask(hd.open(BROKEN.with_name("lost-acknowledgement.zip")))


# --- completion ----------------------------------------------------------------------------------------------------


def test_names_are_completed_from_the_source_on_the_line(tmp_path: Path) -> None:
    """Also where the source comes last; what cannot be read offers nothing, without a word."""
    assert complete(f"harvdiag upgrade {BROKEN} --node ") == ["srv06", "srv07", "srv08", "srv09"]
    assert complete(f"harvdiag draw {BROKEN} --focus srv09") == ["srv09"]
    assert complete(f"harvdiag draw {BROKEN} --focus custom-2") == ["custom-2a4a16d05048"]
    assert complete(f"harvdiag draw {BROKEN} --focus machine/custom-2") == ["machine/custom-2a4a16d05048"]
    assert complete(f"harvdiag draw {BROKEN} --focus nonsense/x") == []
    (tmp_path / "b.zip").write_bytes(b"PK no zip")
    assert complete(f"harvdiag upgrade {tmp_path / 'b.zip'} --node ") == []
    assert complete("harvdiag upgrade context:lab --node ") == []
    assert complete("harvdiag upgrade --node ") == []


def test_a_kubeconfig_that_cannot_be_read_completes_to_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tab never prints an error."""
    (tmp_path / "config").write_text("contexts: [{")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    assert complete("harvdiag check --context ") == []


# --- colours -------------------------------------------------------------------------------------------------------

ANSI = re.compile(r"\x1b\[[\d;]*m")
COLOURED = [
    ("check", BROKEN),
    ("upgrade", BROKEN),
    ("upgrade", BROKEN, "--timeline"),
    ("draw", BROKEN),
    ("draw", BROKEN, "--picture", "upgrade"),
    ("rules",),
    ("rules", "node-without-machine"),
    ("whoami",),
]


@pytest.mark.parametrize("words", COLOURED, ids=lambda words: " ".join(map(str, words[:1] + words[2:])))
def test_colour_adds_codes_and_nothing_else(words: tuple[str | Path, ...], desk: tuple[Path, dict[str, str]]) -> None:
    """Every command by the same rule; without the codes it is the text that a pipe gets."""
    env = desk[1]
    plain, coloured = run(*words, **env).stdout, run(*words, "--color", **env).stdout
    assert "\x1b" not in plain
    assert coloured != plain
    assert ANSI.sub("", coloured) == plain


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({}, False),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"CLICOLOR_FORCE": "0"}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": ""}, False),
    ],
)
def test_the_environment_decides_on_colours(env: dict[str, str], coloured: bool) -> None:
    """In a pipe; --no-color has the last word."""
    assert ("\x1b[" in harvdiag("rules", "health", **env).stdout) == coloured
    assert "\x1b[" not in harvdiag("--no-color", "rules", "health", **env).stdout


def test_rules_are_ordered_by_family_severity_and_name() -> None:
    """With the number of them at the end."""
    lines = harvdiag("rules", COLUMNS="100").stdout.splitlines()
    listed = [line.split()[:2] for line in lines if re.match(r"  [a-z][\w-]+ +(error|warning|info) ", line)]
    rules = registry().values()
    expected = sorted(rules, key=lambda rule: (rule.family, rule.severity.rank, rule.name))
    assert listed == [[rule.name, str(rule.severity)] for rule in expected]
    assert lines[-2].startswith(f"{len(rules)} checks (error ")


# --- glossary ------------------------------------------------------------------------------------------------------


def test_the_glossary_is_one_page_of_terms_with_a_source() -> None:
    """Every name leads to one term, and every place in docs/objects.md exists."""
    terms = [term for group in list_groups().values() for term in group]
    page = harvdiag("explain").stdout
    assert [term.name for term in terms if f"  {term.name}" not in page] == []
    assert [term.source for term in terms if unknown(term.source)] == []
    names = [name.lower() for name in list_names()]
    assert sorted(set(names)) == sorted(names)
    codes = [*(f"h{n}" for n in range(1, 13)), *(f"j{n}" for n in range(1, 17)), *(f"p{n}" for n in range(1, 7))]
    assert {*codes, "rancherd", "finalizer", "cascade", "consequence", "half-joined", "owner reference"} <= set(names)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("plan Secret", "plan Secret  (also: machine plan"),
        ("plansecret", "plan Secret  (also"),
        ("cattle-id", "cattle ID  (also"),
        ("providerID", "provider ID  (also"),
        ("H5", "pre-drain acknowledged  (also: h5)\nStep 5 of 12 of a drain: Harvester"),
        ("J16", "promotion  (also: J16)"),
        ("p1", "etcd quorum  (also: P1)\nPrecondition 1 of 6"),
        ("PDB", "PodDisruptionBudget  (also: PDB"),
        ("Bundle", "Bundle  (also: fleet"),
        ("instance manager", "instance manager"),
        ("taint", "taint"),
        ("replica", "replica"),
        ("engine", "engine"),
        ("ManagedChart", "ManagedChart"),
        ("node-without-machine", "node-without-machine  (pairing, error)"),
        ("plan Secrets", "plan Secret"),
        ("NODE-WITHOUT-MACHINE", "node-without-machine"),
    ],
)
def test_a_term_is_explained(word: str, says: str) -> None:
    """With blanks, hyphens or none, in any case; a check as `harvdiag rules` explains it."""
    assert harvdiag("explain", *word.split()).stdout.startswith(says)


def test_an_unknown_term_is_answered_with_what_was_meant() -> None:
    """Or where to look."""
    assert "no term 'finaliser' in the glossary; did you mean finalizer" in complaint("explain", "finaliser")
    assert "`harvdiag explain` lists them" in complaint("explain", "xx")


def test_a_term_in_python() -> None:
    """The same term, as a card in notebooks; all as a table; a check as in `hd.rulebook`."""
    term = hd.explain("plan secret")
    assert repr(term).startswith("plan Secret (also: machine plan, machine-plan): The Secret MACHINE-machine-plan")
    assert "<b>plan Secret</b>" in HTML[("harvdiag.status.glossary.terms", "Term")](term)
    assert list(hd.explain()["term"]) == [term.name for group in list_groups().values() for term in group]
    assert list(hd.explain("node-without-machine")["family"]) == ["pairing"]
    with pytest.raises(hd.UsageError, match="did you mean finalizer"):
        hd.explain("finaliser")


def test_version_tells_what_is_installed() -> None:
    """For a person and for a program; `--version` has the first line alone."""
    document = json.loads(harvdiag("version", "--format", "json").stdout)
    text = harvdiag("version").stdout
    assert document["harvdiag"] == hd.__version__
    assert document["libraries"]["click"]
    assert all(f"{name:12} {found or 'not installed'}" in text for name, found in document["libraries"].items())
    assert document["python"] in text
    assert f"\naccelerator  {document['accelerator'] or 'not installed'}\n" in text


# --- times ---------------------------------------------------------------------------------------------------------

SPELLED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
TIMES = {"since", "time", "began", "ended", "stopped", "captured_at", "created", "deleting"}


def times_of(document: object, key: str = "") -> Iterator[tuple[str, str]]:
    """The times of a JSON document, by the keys that hold one."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from times_of(value, name)
    elif isinstance(document, list):
        for value in document:
            yield from times_of(value, key)
    elif key in TIMES and document:
        yield key, str(document)


@pytest.mark.parametrize("bundle", ["issue-8236", "upgrade-half-way", "lost-acknowledgement"])
def test_times_in_json_have_one_spelling(bundle: str) -> None:
    """RFC 3339, in UTC, with Z: of the commands, and of the documents in Python."""
    path = BROKEN.with_name(f"{bundle}.zip")
    cluster = hd.open(path)
    upgrade = cluster.upgrade
    documents = [json.loads(harvdiag(command, path, "--format", "json").stdout) for command in ("check", "upgrade")]
    documents += [upgrade.history.document, upgrade.progress.document, cluster.compare(hd.open(HEALTHY)).document]
    documents += [upgrade.drain(cluster.nodes["name"][0]).document]
    found = [pair for document in documents for pair in times_of(document)]
    assert {"since", "captured_at", "began", "time"} <= {key for key, _ in found}
    assert [pair for pair in found if not SPELLED.fullmatch(pair[1])] == []


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("2025-05-08T10:00:00Z", "2025-05-08T10:00:00Z"),
        ("2025-05-08T12:00:00+02:00", "2025-05-08T10:00:00Z"),
        ("2025-05-08 10:00:00", "2025-05-08T10:00:00Z"),
        ("2025-05-08T10:00:00.123456789Z", "2025-05-08T10:00:00.123456Z"),
        ("", ""),
        ("soon", "soon"),
    ],
)
def test_a_time_is_normalised(text: str, spelled: str) -> None:
    """Whatever its offset; what is not a time stays as it is."""
    assert normalise_time(text) == spelled


# --- several sources -----------------------------------------------------------------------------------------------


def test_several_sources_give_their_reports_where_asked_for(tmp_path: Path) -> None:
    """Below the lines, in a file, or as a list."""
    (tmp_path / "a.zip").write_bytes(HEALTHY.read_bytes())
    full = harvdiag("check", "a.zip", BROKEN, "--full", cwd=tmp_path).stdout
    assert "=== Source a.zip (1 of 2) ===" in full
    assert harvdiag("check", BROKEN, "--full").stdout in full
    documents = json.loads(harvdiag("check", "a.zip", BROKEN, "--format", "json", cwd=tmp_path).stdout)
    assert [document["source"]["name"] for document in documents] == ["a.zip", "issue-8236.zip"]
    assert "not both" in complaint("check", "a.zip", BROKEN, "--context", "lab", cwd=tmp_path)
