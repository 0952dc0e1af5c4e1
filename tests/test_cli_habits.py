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
from harvdiag.rules import registry
from tests.api import Api
from tests.command import run
from tests.routes import BROKEN, HEALTHY
from tests.test_cli import complaint, complete, harvdiag
from tests.test_cli_live import ALONE
from tests.world import healthy
from tests.world.kit import dump

COMMANDS = {name: command for name, command in cli.commands.items() if isinstance(command, Command)}
EXAMPLES = [example.line for command in (cli, *COMMANDS.values()) for example in command.examples]


# --- help ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_and_its_own_options_first(name: str) -> None:
    """Those of the connection and those of every command come last."""
    text = harvdiag(name, "--help").stdout
    titles = re.findall(r"^([A-Z][a-z ]+):$", text, re.MULTILINE)
    assert titles[0] == "Examples"
    assert titles[-1] == COMMON
    assert CONNECTION not in titles[:-2]
    assert f"\n  harvdiag {name}" in text


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with the files that the examples name, and a cluster of the contexts `lab` and `prod`."""
    place = tmp_path_factory.mktemp("desk")
    (place / "bundle.zip").write_bytes(BROKEN.read_bytes())
    run("snapshot", HEALTHY, "-o", place / "before.harvdiag.zip")
    with Api(healthy().objects) as server:
        config = server.kubeconfig(place / "lab.yaml")
        document = json.loads(config.read_text())
        document["contexts"].append(document["contexts"][0] | {"name": "prod"})
        config.write_text(json.dumps(document))
        yield place, ALONE | {"KUBECONFIG": str(config), "HOME": str(place)}


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_works(line: str, desk: tuple[Path, dict[str, str]]) -> None:
    """As it stands: what stands before or after it in a pipe is left out, or given as kubectl would write it."""
    place, env = desk
    (own,) = (part for part in line.split("|") if "harvdiag" in part)
    words = shlex.split(own[own.index("harvdiag") :])[1:]
    items = [*healthy().find("Node"), *healthy().find("Machine")]
    result = run(*words, cwd=place, given=dump({"apiVersion": "v1", "kind": "List", "items": items}), **env)
    assert result.returncode in {0, 1}, result.stderr
    assert "harvdiag:" not in result.stderr


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
        (("check", BROKEN, "--format", "jsn"), "'jsn' is not one of table, json, markdown; did you mean json? See `"),
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
