"""The terminal tool as users run it: exit codes, streams, options, help, completion, and what it does not import."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.cli import cli
from harvdiag.cli.command import SECTIONS
from harvdiag.core.errors import UsageError
from harvdiag.reports import ENDINGS
from harvdiag.rules import registry, select_rules
from tests.command import Result, needs_process, run
from tests.routes import BROKEN, HEALTHY
from tests.sample import every_value
from tests.world import healthy, write_bundle
from tests.world.kit import dump

ROOT = Path(hd.__file__).parents[1]
HEAVY = {"pandas", "networkx", "matplotlib", "numpy", "IPython", "jinja2", "markdown_it"}
ENDS = f"{', '.join([*ENDINGS][:-1])} or {[*ENDINGS][-1]}"


def python(*words: str | Path, cwd: Path | None = None, **env: str) -> Result:
    """A Python process with a plain environment: no colours wished for, no width told."""
    kept = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLUMNS", "TERM"}}
    whole = kept | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"} | env
    return subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, encoding="utf-8", env=whole, cwd=cwd, check=False
    )


def harvdiag(*words: str | Path, cwd: Path | None = None, **env: str) -> Result:
    """`harvdiag …`, whose every ending keeps to the rules: no traceback, and an exit code that means something."""
    result = python("-m", "harvdiag", *words, cwd=cwd, **env) if needs_process(env) else run(*words, cwd=cwd, **env)
    assert "Traceback" not in result.stderr + result.stdout
    assert result.returncode in {0, 1, 2}, result.stderr
    return result


def complaint(*words: str | Path, cwd: Path | None = None) -> str:
    """The one line on stderr with which a command is refused: exit 2, nothing on stdout."""
    result = harvdiag(*words, cwd=cwd)
    assert (result.returncode, result.stdout) == (2, "")
    assert re.fullmatch(r"harvdiag: [^\n]+\n", result.stderr)
    return result.stderr


@pytest.fixture
def warned(tmp_path: Path) -> Path:
    """A bundle in which there is a warning and no error."""
    world = healthy()
    world.change("Node", "hv03", {"metadata": {"uid": "made-again"}})
    return write_bundle(tmp_path / "w.zip", world.objects, captured_at=world.captured_at)


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    """Files of Nodes and Machines alone: nothing is wrong with them, and many checks cannot be made."""
    path = tmp_path / "nodes.yaml"
    items = [*healthy().find("Node"), *healthy().find("Machine")]
    path.write_text(dump({"apiVersion": "v1", "kind": "List", "items": items}))
    return path


@pytest.mark.parametrize(
    "words",
    ["check {0}", "check {0} --format json --select x", "draw {0}", "upgrade {0}", "nothing", "", "check --help", "-V"],
)
def test_a_process_gives_what_a_run_within_this_one_gives(words: str) -> None:
    """The other tests need not start a Python for each command."""
    command = words.format(BROKEN).split()
    result, within = python("-m", "harvdiag", *command), run(*command)
    assert (result.returncode, result.stdout, result.stderr) == (within.returncode, within.stdout, within.stderr)


# --- exit codes ----------------------------------------------------------------------------------------------------


def test_findings_exit_with_1() -> None:
    """The report is on stdout, nothing on stderr."""
    result = harvdiag("check", BROKEN)
    assert (result.returncode, result.stderr) == (1, "")
    assert "node-without-machine  Node srv09" in result.stdout


def test_nothing_found_exits_with_0() -> None:
    """A healthy cluster is a success."""
    result = harvdiag("check", HEALTHY)
    assert (result.returncode, result.stderr) == (0, "")
    assert "Nothing found." in result.stdout


@pytest.mark.parametrize(("level", "code"), [("error", 0), ("warning", 1), ("never", 0)])
def test_fail_on_sets_what_counts(warned: Path, level: str, code: int) -> None:
    """A warning counts only where asked for; it is reported always."""
    result = harvdiag("check", warned, "--fail-on", level)
    assert result.returncode == code
    assert "WARNING  node-recreated" in result.stdout


def test_fail_on_never_reports_and_exits_with_0() -> None:
    """For pipelines that read the report themselves."""
    assert harvdiag("check", BROKEN, "--fail-on", "never").returncode == 0


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--strict",), 1), (("--strict", "--fail-on", "never"), 1)])
def test_strict_counts_a_skipped_check(partial: Path, words: tuple[str, ...], code: int) -> None:
    """What could not be judged is a failure only under --strict."""
    result = harvdiag("check", partial, *words)
    assert result.returncode == code
    assert re.search(
        r"Undetermined: \d+ of \d+ checks could not be run; nothing found in the other \d+\.", result.stdout
    )
    assert "Therefore skipped" in result.stdout


def test_no_check_that_could_be_made_exits_with_2(partial: Path) -> None:
    """Nothing was looked at: that is no success."""
    result = harvdiag("check", partial, "--select", "upgrade-blocked-by-orphan-node")
    line = result.stderr
    assert result.returncode == 2
    assert line.count("\n") == 1
    assert "no check could be run (of 1): it holds machines.cluster.x-k8s.io and nodes only; not seen: " in line
    assert "not seen: CustomMachine, RKEBootstrap, Upgrade: " in line
    assert "not looked at: no file holds" in line
    assert len(line) < 300
    assert "whoami" not in line
    assert "Undetermined: 1 of 1 check could not be run." in result.stdout
    assert "Therefore skipped (1 check): all that were asked for" in result.stdout


@pytest.mark.parametrize("command", ["check", "upgrade"])
def test_coverage_is_told_whatever_the_exit_code_is(tmp_path: Path, command: str) -> None:
    """Also where no check could be run: a program needs to know what was not seen."""
    pod = tmp_path / "pod.yaml"
    pod.write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n")
    result = harvdiag(command, pod, "--format", "json")
    assert result.returncode == 2
    assert result.stderr.startswith("harvdiag: pod.yaml: no check could be run")
    document = json.loads(result.stdout)
    assert {entry["state"] for entry in document["coverage"]} == {"not looked at"}
    assert document["findings"] == []
    kept = tmp_path / "report.json"
    refused = harvdiag(command, pod, "-o", kept)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"Written: {kept} (")
    assert json.loads(kept.read_text()) == document
    assert "! Not seen:" in harvdiag(command, pod).stdout


def test_strict_is_content_where_nothing_was_skipped() -> None:
    """A whole bundle passes."""
    assert harvdiag("check", HEALTHY, "--strict").returncode == 0


def test_bug_exits_with_3_and_asks_for_a_report() -> None:
    """An error that nobody foresaw is no finding: one line, code 3; the traceback only where it is asked for."""
    program = (
        "from harvdiag import cli\n"
        "@cli.cli.command()\n"
        "def boom(): {}['deep\\nkey']\n"
        "import sys; sys.argv = ['harvdiag', 'boom']; cli.main()\n"
    )
    result = python("-c", program)
    assert (result.returncode, result.stdout) == (3, "")
    assert re.fullmatch(r"harvdiag: a bug in harvdiag [^\n]*KeyError[^\n]* with --debug\n", result.stderr)
    told = python("-c", program, HARVDIAG_DEBUG="1")
    assert told.returncode == 3
    assert "Traceback" in told.stderr


# --- what is printed where -----------------------------------------------------------------------------------------


def test_json_alone_is_on_stdout() -> None:
    """A program can read stdout without care for anything else."""
    result = harvdiag("check", BROKEN, "--format", "json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["summary"]["findings"] == 2
    assert result.stderr == ""


def test_markdown_is_markdown() -> None:
    """The report for an issue."""
    assert harvdiag("check", BROKEN, "--format", "markdown").stdout.startswith("# issue-8236.zip\n")


def test_brief_is_the_answer_alone() -> None:
    """It names the root cause, the next step and what to run, and is refused where it would mean nothing."""
    result = harvdiag("check", BROKEN, "--brief")
    assert result.returncode == 1
    assert "  Next step" in result.stdout
    assert result.stdout.splitlines()[-1].endswith(f"`harvdiag upgrade {BROKEN}`")
    for rest, word in (
        (["--full"], "contradict"),
        (["--format", "json"], "not for json"),
        (["-o", "x.md"], "not for ma"),
    ):
        refused = harvdiag("check", BROKEN, "--brief", *rest)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert word in refused.stderr


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_output_goes_to_the_file_and_nothing_to_stdout(tmp_path: Path, form: str) -> None:
    """The exit code is the same; the file holds what stdout would have held."""
    file = tmp_path / "report"
    result = harvdiag("check", BROKEN, "--format", form, "-o", file)
    assert (result.returncode, result.stdout) == (1, "")
    written, then = result.stderr.splitlines()
    assert re.fullmatch(rf"Written: {file} \([\d.]+ kB\): 2 errors: 1 root cause and 1 consequence\. .*", written)
    assert then == f"Next: harvdiag upgrade {BROKEN}"
    assert harvdiag("check", BROKEN, "--format", form, "-o", file, "-q").stderr == ""
    assert file.read_text(encoding="utf-8") == harvdiag("check", BROKEN, "--format", form, "--full").stdout


@pytest.mark.parametrize(
    ("file", "words", "begins"),
    [
        ("r.json", (), '{\n  "schema": 1'),
        ("r.MD", (), "# issue-8236.zip\n"),
        ("r.txt", (), "issue-8236.zip\nsupport"),
        ("r.json", ("--format", "markdown"), "# issue-8236.zip\n"),
        ("r.log", ("--format", "table"), "issue-8236.zip\nsupport"),
        ("r.html", (), "<!DOCTYPE html>\n"),
        ("r.htm", ("--format", "html", "--select", "pairing"), "<!DOCTYPE html>\n"),
    ],
)
def test_output_goes_by_its_ending_unless_told(tmp_path: Path, file: str, words: tuple[str, ...], begins: str) -> None:
    """As `hd.report` does; --format has the last word."""
    harvdiag("check", BROKEN, "-o", tmp_path / file, *words)
    assert (tmp_path / file).read_text(encoding="utf-8").startswith(begins)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("r.pdf", f"r.pdf: a report ends in {ENDS}"),
        ("r.jsn", f"r.jsn: a report ends in {ENDS}; did you mean .json?"),
        ("r", f"r: a report ends in {ENDS}"),
        ("json", f"-o names a file, and json is a format: a report ends in {ENDS}"),
        ("-", "a report is not written to a file named -"),
        ("no/r.txt", "no/r.txt cannot be written: the folder no does not exist"),
        ("a.txt/r.txt", "a.txt/r.txt cannot be written: a.txt is a file, not a folder"),
        (".", "is a directory"),
        ("a.txt", "a.txt cannot be written: it is the SOURCE"),
    ],
)
@pytest.mark.parametrize("command", ["check", "upgrade"])
def test_output_that_cannot_be_written_is_refused_before_anything_is_read(
    tmp_path: Path, command: str, file: str, says: str
) -> None:
    """What to do stands in the line; the source, which no one could read, is not touched."""
    (tmp_path / "a.txt").write_text("no source")
    if command == "upgrade":
        says = says.replace("a report", "the state of the upgrade").replace(ENDS, ".txt or .json")
    assert says in complaint(command, "a.txt", "-o", file, cwd=tmp_path)


@pytest.mark.parametrize(
    ("form", "encoding"),
    every_value((form, encoding) for form in ("table", "json", "markdown") for encoding in ("ascii", "latin-1")),
)
def test_a_terminal_of_few_signs_is_no_bug(form: str, encoding: str) -> None:
    """What the locale cannot show is written as a number; JSON is UTF-8 everywhere."""
    words = ("-m", "harvdiag", "check", BROKEN, "--format", form)
    whole = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    result = subprocess.run([sys.executable, *map(str, words)], capture_output=True, env=whole, check=False)
    assert (result.returncode, result.stderr) == (1, b"")
    if form == "json":
        assert result.stdout == harvdiag("check", BROKEN, "--format", "json").stdout.encode()
    elif form == "table":
        # click takes an ASCII stream for one that was not set up, and writes UTF-8
        assert ("✗ ERROR".encode() if encoding == "ascii" else rb"\u2717 ERROR") in result.stdout


@pytest.mark.parametrize(
    ("words", "env", "coloured"),
    [
        ((), {}, False),
        (("--color",), {}, True),
        (("--no-color",), {}, False),
        (("--color",), {"NO_COLOR": "1"}, True),
        ((), {"NO_COLOR": "1"}, False),
    ],
)
def test_colours_in_a_pipe_only_if_asked_for(words: tuple[str, ...], env: dict[str, str], coloured: bool) -> None:
    """A pipe gets plain text; the option has the last word."""
    assert ("\x1b[" in harvdiag("check", BROKEN, *words, **env).stdout) == coloured


@pytest.mark.parametrize(
    ("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)]
)
def test_colours_on_a_terminal_unless_told_otherwise(env: dict[str, str], coloured: bool) -> None:
    """NO_COLOR (when not empty) and a dumb terminal turn them off."""
    assert ("\x1b[1;31m" in on_a_terminal({"TERM": "xterm", "COLUMNS": "100"} | env)) == coloured


def on_a_terminal(env: dict[str, str]) -> str:
    """What `harvdiag check` writes where stdout is a terminal."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    kept = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "TERM"}} | env
    command = [sys.executable, "-m", "harvdiag", "check", str(BROKEN), "--select", "node-without-machine"]
    with subprocess.Popen(command, stdout=theirs, stdin=subprocess.DEVNULL, env=kept, cwd=ROOT) as process:
        os.close(theirs)
        parts = []
        while part := _read(ours):
            parts.append(part)
        process.wait()
    os.close(ours)
    return b"".join(parts).decode()


def _read(file: int) -> bytes:
    try:
        return os.read(file, 65536)
    except OSError:  # how Linux tells that the other side is closed
        return b""


@pytest.mark.parametrize("columns", [40, 72, 120])
def test_report_keeps_to_the_width(columns: int) -> None:
    """COLUMNS sets the width of the report."""
    lines = harvdiag("check", BROKEN, COLUMNS=str(columns)).stdout.split("\n")
    kept = [line for line in lines if "`" not in line and "https://" not in line]
    assert max(map(len, kept)) <= columns
    assert max(map(len, kept)) > columns - 15


def test_a_report_is_not_written_over_an_archive(tmp_path: Path) -> None:
    """A slip of the hand must not cost the bundle; what is no archive is replaced as ever."""
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(HEALTHY.read_bytes())
    for words in (("-o", bundle, "--format", "json"), ("-o", bundle, "--format", "table")):
        assert "bundle.zip cannot be written: it is a zip archive" in complaint("check", HEALTHY, *words)
    assert bundle.read_bytes() == HEALTHY.read_bytes()
    report = tmp_path / "archive.md"
    report.write_bytes(HEALTHY.read_bytes())
    with pytest.raises(UsageError, match="it is a zip archive"):
        hd.report(hd.open(HEALTHY).check(), report)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    ("words", "where", "why"),
    every_value(
        (words, *place)
        for words in ("--help", "check {0}", "check {0} --format json", "snapshot {0} -o s.zip", "rules")
        for place in ((">/dev/full", "No space left on device"), (">&-", "it is closed"))
    ),
)
def test_stdout_that_takes_nothing_is_no_bug(words: str, where: str, why: str, tmp_path: Path) -> None:
    """One line on stderr, and no success: nobody saw the report."""
    if words == "--help" and where == ">&-":
        pytest.skip("click itself says nothing then")
    command = f"{sys.executable} -m harvdiag {words.format(BROKEN)} {where}"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    whole = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, check=False, cwd=tmp_path, env=env
    )
    assert (whole.returncode, whole.stderr) == (2, f"harvdiag: stdout cannot be written: {why}\n")


def test_a_snapshot_says_what_to_do_next(tmp_path: Path) -> None:
    """In words that a shell takes, and only what works."""
    (tmp_path / "my place").mkdir()
    (tmp_path / "my place" / "b.zip").write_bytes(BROKEN.read_bytes())
    result = harvdiag("snapshot", "b.zip", "--kind", "pods,events", cwd=tmp_path / "my place")
    assert (result.returncode, result.stderr) == (0, "")
    (step,) = re.findall(r"^Next: harvdiag (.*)$", result.stdout, re.MULTILINE)
    assert harvdiag(*shlex.split(step), "--fail-on", "never").returncode == 0
    assert {"pods", "events"} <= set(hd.open(shlex.split(step)[1]).kinds)
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x", "namespace": "y", "uid": "u"}}
    (tmp_path / "jobs.yaml").write_text(dump({"apiVersion": "v1", "kind": "List", "items": [job]}))
    result = harvdiag("snapshot", "jobs.yaml", cwd=tmp_path)
    assert "Next" not in result.stdout
    assert result.stdout.endswith("No check can be run on what was seen.\n")
    assert result.stdout.count("no file holds") == 1


def test_secrets_are_no_kind_to_add(tmp_path: Path) -> None:
    """It is said at once that asking for them gives no more than there is anyway."""
    result = harvdiag("snapshot", BROKEN, "-o", "s.zip", "--kind", "secrets", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stderr == "harvdiag: only machine-plan Secrets are kept, without the plan itself\n"


def test_reader_that_goes_away_is_no_error() -> None:
    """`harvdiag check … | head -1` prints a line and is quiet."""
    command = f"{sys.executable} -m harvdiag check '{BROKEN}' --format json; echo code=$? >&2"
    shell = ["/bin/sh", "-c", f"({command}) | true"]
    whole = subprocess.run(shell, capture_output=True, text=True, check=False, cwd=ROOT)
    assert "Traceback" not in whole.stderr
    assert "Exception ignored" not in whole.stderr
    assert "a bug" not in whole.stderr
    assert len(whole.stderr.splitlines()) == 1


# --- which rules run -----------------------------------------------------------------------------------------------


def rules_of(*words: str) -> set[str]:
    """The rules that ran."""
    result = harvdiag("check", BROKEN, "--format", "json", "--fail-on", "never", *words)
    return {check["rule"] for check in json.loads(result.stdout)["checks"]}


def test_select_and_ignore_take_lists_of_rules_and_families() -> None:
    """Comma-separated; blanks do no harm; what is ignored does not run."""
    upgrade = {rule.name for rule in registry().values() if rule.family == "upgrade"}
    assert rules_of("--select", "upgrade") == upgrade
    assert rules_of("--select", "upgrade, node-recreated") == upgrade | {"node-recreated"}
    assert rules_of("--ignore", "pairing") == {rule.name for rule in select_rules()} - rules_of("--select", "pairing")


def test_select_and_ignore_may_be_given_again() -> None:
    """The second adds to the first."""
    assert rules_of("--select", "node-recreated", "--select", "cluster-paused") == {"node-recreated", "cluster-paused"}
    left = rules_of("--select", "pairing", "--ignore", "node-recreated", "--ignore", "cluster-paused")
    assert not left & {"node-recreated", "cluster-paused"}


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("node", f"did you mean {min(n for n in registry() if n.startswith('node-'))}, "),
        ("NODE-Without-Machine", "did you mean node-without-machine?"),
        ("orphan", "did you mean "),
        ("zzzz", "`harvdiag rules` lists them"),
    ],
)
def test_rules_tell_what_was_meant(word: str, near: str) -> None:
    """Another case, a beginning, a part; else where to look."""
    assert near in complaint("rules", word)
    assert near in complaint("check", BROKEN, "--select", word)


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_unknown_rule_is_refused_with_a_suggestion(option: str) -> None:
    """A slip of the hand must not leave a check out in silence."""
    line = complaint("check", BROKEN, option, "node-withuot-machine")
    assert "did you mean node-without-machine?" in line


# --- bad usage and bad input ---------------------------------------------------------------------------------------


def test_no_source_and_no_kubeconfig_is_refused(tmp_path: Path) -> None:
    """Without a SOURCE it is the cluster of the kubeconfig; where there is none, the line says what to give."""
    result = harvdiag("check", KUBECONFIG="", KUBERNETES_SERVICE_HOST="", HOME=str(tmp_path))
    assert (result.returncode, result.stdout) == (2, "")
    assert re.fullmatch(r"harvdiag: no kubeconfig: [^\n]+ or read a file: `harvdiag check b[^\n]+`\n", result.stderr)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("chekc",), "chekc"),
        (("check", str(BROKEN), "--format", "pdf"), "pdf"),
        (("check", str(BROKEN), "--fail-on", "sometimes"), "sometimes"),
        (("check", str(BROKEN), "--nonsense"), "--nonsense"),
        (("upgrade", "a", "b"), "b"),
        (("rules", "node-withuot-machine"), "did you mean node-without-machine?"),
        (("check", "no-such-file.zip"), "no-such-file.zip: no such file or folder"),
        (("check", ""), "the SOURCE is empty"),
        (("snapshot", ""), "the SOURCE is empty"),
        (("whoami", ""), "the SOURCE is empty"),
        (("snapshot", str(BROKEN), "-o", "-"), "a snapshot is not written to stdout"),
        (("snapshot", str(BROKEN), "-o", "s.tar"), "s.tar: a snapshot ends in .zip"),
        (("snapshot", "none.zip", "-o", "s"), "s: a snapshot ends in .zip"),
        (("snapshot", "none.zip", "-o", "no/s.zip"), "'no/s.zip' cannot be written: no such folder"),
        (("check", "none.zip", "--select", "node-withuot-machine"), "did you mean node-without-machine?"),
        (("check", "none.zip", "--ignore", "pairng"), "did you mean pairing?"),
        (("check", "context:lab", "--context", "lab"), "give either the SOURCE context:lab or a cluster"),
        (("check", "two\nlines.zip"), ""),
    ],
)
def test_bad_usage_is_one_line(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    """What was wrong, on stderr, with exit 2; a usage error names the help."""
    assert says in complaint(*words, cwd=tmp_path)


def test_usage_error_names_the_help() -> None:
    """The command's own help, not the tool's."""
    assert re.search(r"; see `[^`]*harvdiag check --help`\n$", complaint("check", "--zzz"))


def climbing(path: Path) -> None:
    """A zip that would write outside of its folder."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("yamls/cluster/harvesterhci.io/v1beta1/settings.yaml", "")
        archive.writestr("../../evil", "x")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("b.zip", b"", "an empty file"),
        ("b.zip", b"<html>", "a web page"),
        ("b.zip", b"\x1f\x8b rest", "a gzip file"),
        ("b.zip", BROKEN.read_bytes()[:50_000], "truncated or damaged"),
        ("b.zip", climbing, "points outside the archive"),
        ("b.zip", lambda path: zipfile.ZipFile(path, "w").close(), "an empty zip archive"),
        ("notes.txt", b"hello", "is text without `kind`"),
        ("a.yaml", b"a: [", "a.yaml"),
        ("a.yaml", b"a: \xff", "UTF-8"),
        ("a.yaml", b"just text", "text without `kind`"),
        ("a.json", b"{", "a.json"),
        ("a.json", b"{}", "a document without `kind`"),
        ("a.yaml", b"", "is empty: the command that should write it failed"),
        ("bad\x1b[31m\nname.yaml", b"a: [", "bad\\x1b[31m"),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, name: str, content: object, says: str) -> None:
    """Whatever the file is: exit 2, one line that says what it is and what to do, nothing on stdout."""
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif callable(content):
        content(path)
    line = complaint("check", path)
    assert says in line
    assert line.rstrip("\n").isprintable()


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_names_that_are_no_utf8_are_shown_and_no_bug(tmp_path: Path, form: str) -> None:
    """A file's name may hold any bytes, and JSON half a surrogate pair: the report is written all the same."""
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n\ud800", "uid": "u", "labels": {}}}
    machines = {"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "MachineList", "items": []}
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "nodes.json").write_text(json.dumps({"apiVersion": "v1", "kind": "NodeList", "items": [node]}))
    (folder / "machines.json").write_text(json.dumps(machines))
    result = harvdiag("check", folder, "--format", form, "--fail-on", "never", "--select", "node-recreated")
    assert (result.returncode, result.stderr) == (0, "")
    assert "caf" in result.stdout


def test_standard_input_is_a_source() -> None:
    """`kubectl get … -o yaml | harvdiag check -`: the report names it."""
    items = [*healthy().find("Node"), *healthy().find("Machine")]
    text = dump({"apiVersion": "v1", "kind": "List", "items": items})
    command = [sys.executable, "-m", "harvdiag", "check", "-", "--format", "json"]
    result = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=False, cwd=ROOT)
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["source"]["name"] == "stdin"


def test_unknown_engine_is_refused() -> None:
    """HARVDIAG_YAML with a slip of the hand."""
    result = harvdiag("check", BROKEN, HARVDIAG_YAML="pyyalm")
    assert result.returncode == 2
    assert "HARVDIAG_YAML=pyyalm" in result.stderr
    assert result.stderr.count("\n") == 1


# --- help, rules, completion ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("check", "--help"), ("check", "-h"), ("rules", "--help")])
def test_help_is_help(words: tuple[str, ...]) -> None:
    """On stdout, with exit 0, within a hundred columns."""
    result = harvdiag(*words)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: ")
    assert max(map(len, result.stdout.split("\n"))) <= 100


def test_help_of_check_tells_options_and_exit_codes() -> None:
    """What a user has to know stands in it."""
    text = " ".join(harvdiag("check", "--help").stdout.split())
    options = ("--format", "--output", "--select", "--ignore", "--fail-on", "--strict", "--color / --no-color")
    assert all(option in text for option in options)
    assert (
        "Exit code 0: nothing at or above --fail-on; 1: findings (with --strict also a skipped check); 2: unusable"
        in text
    )
    assert "access or usage, or no check could be run; 3: a bug in harvdiag; 130: stopped by Ctrl-C." in text
    assert "[default: error]" in text


def test_help_of_the_tool_lists_its_commands() -> None:
    """Every command with its first line."""
    text = harvdiag("--help").stdout
    assert re.search(r"^  check  +What is wrong", text, re.MULTILINE)
    assert re.search(r"^  rules  +List the checks", text, re.MULTILINE)
    assert re.findall(r"^(\w+):$", text, re.MULTILINE)[1:6] == [*SECTIONS]


def test_tool_without_a_command_shows_its_help() -> None:
    """Nothing asked: what could be asked, and no success."""
    result = harvdiag()
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == harvdiag("--help").stdout


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_version(word: str) -> None:
    """Name and version."""
    assert harvdiag(word).stdout == f"harvdiag, version {hd.__version__}\n"


def test_rules_lists_all() -> None:
    """One line a rule, by family."""
    result = harvdiag("rules")
    assert result.returncode == 0
    for rule in registry().values():
        assert f"  {rule.name} " in result.stdout


def test_rules_explains_one() -> None:
    """Why it matters, what it needs, where to read more."""
    text = harvdiag("rules", "node-without-machine").stdout
    rule = registry()["node-without-machine"]
    assert rule.summary in text
    assert " ".join(rule.why.split()) in " ".join(text.split())
    assert "https://github.com/harvester/harvester/issues/8236" in text
    assert "Needs: " in text


def test_rules_of_a_family() -> None:
    """A family is a listing, also where it has one rule."""
    text = harvdiag("rules", "upgrade").stdout
    assert text.startswith("upgrade\n")
    assert "upgrade-blocked-by-orphan-node" in text
    assert "node-without-machine" not in text


def complete(line: str) -> list[str]:
    """What the shell would offer at the end of a line."""
    words = line.split(" ")
    asked = {"_HARVDIAG_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    result = run(**asked)
    assert result.stderr == ""
    return [row.partition(",")[2] for row in result.stdout.splitlines() if row]


def test_completion() -> None:
    """Commands, options, their values, rules and families, also within a list."""
    program = "harvdiag"
    assert complete(f"{program} ch") == ["check"]
    assert "--fail-on" in complete(f"{program} check --f")
    assert complete(f"{program} check --fail-on w") == ["warning"]
    assert complete(f"{program} rules node-without") == ["node-without-machine"]
    assert complete(f"{program} check --select upg")[0] == "upgrade"
    assert complete(f"{program} check --select pairing,node-without") == ["pairing,node-without-machine"]
    assert complete(f"{program} snapshot --kind Pod,rkeb") == ["Pod,RKEBootstrap"]
    assert complete(f"{program} rbac --kind PodT") == ["PodTemplate"]
    assert complete(f"{program} rbac --subject g") == ["group:"]
    assert complete(f"{program} check cont")[0] == "context:"


def test_completion_of_contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a SOURCE begins like one."""
    rows = [{"name": name, "context": {}} for name in ("lab", "dev")]
    (tmp_path / "config").write_text(json.dumps({"contexts": rows}))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    assert complete("harvdiag whoami context:l") == ["context:lab"]
    assert complete("harvdiag check context:") == ["context:lab", "context:dev"]


# --- what is imported ----------------------------------------------------------------------------------------------


def modules(program: str, *words: str | Path) -> set[str]:
    """The top-level modules that are loaded when a program ends."""
    tail = "\nimport sys; print('\\n'.join(sorted({m.partition('.')[0] for m in sys.modules})), file=sys.stderr)"
    result = python("-c", program + tail, *words)
    assert result.returncode == 0, result.stderr
    return set(result.stderr.split())


RUN = "import harvdiag.cli as c\ntry: c.main()\nexcept SystemExit: pass"


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_check_imports_neither_pandas_nor_networkx(form: str) -> None:
    """What only notebooks need is not loaded for a check: it would take most of its time."""
    assert not modules(RUN, "check", BROKEN, "--format", form) & HEAVY


def test_import_of_the_package_is_light() -> None:
    """`import harvdiag` loads nothing of others and none of its own layers."""
    loaded = modules("import harvdiag")
    assert not loaded & (HEAVY | {"click", "yaml", "yaml_rs", "zipfile", "json", "dataclasses"})
    inner = python("-c", "import harvdiag, sys; print(*[m for m in sys.modules if m.startswith('harvdiag')])").stdout
    assert set(inner.split()) == {"harvdiag", "harvdiag.core", "harvdiag.core.target", "harvdiag.version"}


def test_help_reads_no_rule_and_no_yaml() -> None:
    """`--help` answers at once."""
    assert not modules(RUN, "--help") & (HEAVY | {"yaml", "yaml_rs", "zipfile"})


def test_public_names_are_resolved_when_used() -> None:
    """Every public name can be had, `dir` tells them and no others, and an unknown one is told."""
    assert dir(hd) == sorted(hd.__all__)
    assert all(getattr(hd, name) for name in hd.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        hd.nonsense  # noqa: B018


def test_help_cuts_no_description() -> None:
    """Each command is told whole in the list, at the width of a narrow terminal."""
    text = harvdiag("--help", COLUMNS="80").stdout
    assert "..." not in text.partition("Answers:")[2]
    for command in cli.commands.values():
        assert len(command.short_help or "") in range(1, 46)
        assert f" {command.short_help}\n" in text
