"""The file of settings: which one it is, what it may say, and every mistake with its place."""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.config import load_policy
from harvdiag.config.build import build_policy
from harvdiag.config.find import find_config
from harvdiag.config.regex import find_fault
from harvdiag.core.errors import ConfigError, UsageError
from harvdiag.core.ignore import SubjectPattern
from harvdiag.core.policy import Policy
from harvdiag.reports import render
from harvdiag.reports.json import build_document
from harvdiag.rules import known_names
from harvdiag.training import open_scenario
from tests.command import run

ROOT = Path(__file__).parents[1]
BUNDLE = ROOT / "data" / "bundles" / "issue-8236.zip"
(EXAMPLE,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "configuration.md").read_text("utf-8"), re.DOTALL)
IGNORE = '[[ignore]]\nrule = "pairing"\nreason = "a lab"\n'


def read(place: Path, text: str | bytes) -> Policy:
    """The policy of a file with this text."""
    file = place / "harvdiag.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_policy(file, known_names)


def mistakes(place: Path, text: str | bytes) -> list[str]:
    """What is wrong with it, without the folder."""
    with pytest.raises(ConfigError) as caught:
        read(place, text)
    assert "\n" not in str(caught.value)
    return [line.removeprefix(f"{place}{os.sep}") for line in caught.value.lines]


def test_the_example_of_the_document_works(tmp_path: Path) -> None:
    """On the sample: one finding is ignored, each check of one's own is run, and the exit code follows what is left."""
    read(tmp_path, EXAMPLE)
    done = run("check", BUNDLE, "--full", cwd=tmp_path)
    assert "1 finding ignored" in done.stdout
    assert "Ignored: node-without-machine, Node srv09: joined by hand in March" in done.stdout
    assert "Follows from what is ignored: node-without-machine Node srv09" in done.stdout
    assert done.stdout.count("  Node srv09 is in no zone") == 1
    assert "`kubectl label node srv09 topology.kubernetes.io/zone=ZONE`" in done.stdout
    outcomes = {o.rule: o.outcome for o in hd.open(BUNDLE, config=tmp_path / "harvdiag.toml").check().outcomes}
    assert (outcomes["node-without-zone"], outcomes["certificate-refused"]) == ("failed", "passed")
    listed = run("rules", "local", cwd=tmp_path).stdout
    assert listed.startswith("local (your own)\n")
    assert "2 checks" in listed
    only = run("check", BUNDLE, "--select", "local", "--fail-on", "warning", cwd=tmp_path)
    assert (only.returncode, "upgrade-" in only.stdout) == (1, False)
    assert "ignored" not in run("check", BUNDLE, "--no-config", cwd=tmp_path).stdout
    assert "missing" in run("rules", "node-without-zone", cwd=tmp_path).stdout


def test_an_ignored_finding_alone_is_no_reason_to_fail(tmp_path: Path) -> None:
    """The exit code is 0 where all that was found is ignored; the verdict says so."""
    read(tmp_path, '[[ignore]]\nrule = "*"\nreason = "a lab"\n')
    done = run("check", BUNDLE, "--brief", cwd=tmp_path)
    assert done.returncode == 0
    assert "Nothing found; 2 findings ignored." in done.stdout
    assert "Settings of harvdiag.toml: 2 findings ignored" in done.stdout


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """In the order of the file, each with line and field; and the command ends with 2, a line each."""
    text = """
[[ignore]]
rule = "node-without-machin"
reason = ""

[[ignore]]
subject = ["Nod/srv09", "a/b/c/d"]
expires = "2026-13-40"
resaon = "x"

[[check]]
name = "Pairing it"
kind = "Node"
path = "a..b"
message = "{nam}"
[check.where]
namespce = "x"

[[check]]
name = "pairing"
kind = "Secret"
path = "data.password"
severity = "fatal"
matches = "(a+)+"
message = "x"
links = "javascript:alert(1)"

[thresholds]
no-such-time = 3
"""
    told = mistakes(tmp_path, text)
    assert [line.partition(" ")[0] + " " + line.split(": ")[1] for line in told] == [
        "harvdiag.toml:3: ignore[1].rule",
        "harvdiag.toml:4: ignore[1].reason",
        "harvdiag.toml:6: ignore[2].reason",
        "harvdiag.toml:7: ignore[2].subject",
        "harvdiag.toml:7: ignore[2].subject",
        "harvdiag.toml:8: ignore[2].expires",
        "harvdiag.toml:9: ignore[2].resaon",
        "harvdiag.toml:11: check[1]",
        "harvdiag.toml:12: check[1].name",
        "harvdiag.toml:14: check[1].path",
        "harvdiag.toml:15: check[1].message",
        "harvdiag.toml:17: check[1].where.namespce",
        "harvdiag.toml:20: check[2].name",
        "harvdiag.toml:22: check[2].path",
        "harvdiag.toml:23: check[2].severity",
        "harvdiag.toml:24: check[2].matches",
        "harvdiag.toml:26: check[2].links",
        "harvdiag.toml:29: thresholds.no-such-time",
    ]
    assert told[0].endswith('is called "node-without-machin"; did you mean node-without-machine?')
    assert '"2026-13-40" is not a date' in told[5]
    assert told[6].endswith("unknown key; did you mean reason?")
    done = run("check", BUNDLE, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.removeprefix("harvdiag: ") for line in done.stderr.splitlines()] == [line.rstrip(".") for line in told]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[ignore]\n", "harvdiag.toml:1:"),
        ("a = [", "harvdiag.toml:1"),
        (b"\xff\xfe[\x00", "not UTF-8"),
        ("a = " + "[" * 5000, "it nests too deep"),
        ("a = " + "9" * 5000, "not valid TOML"),
        ("ignore = 3", "ignore: 3 is not a list of tables, each under [[ignore]]"),
        ("checks = []", "checks: unknown key; did you mean check?"),
        ('[[log]]\nname = "x"\npattern = "(["\nmeaning = "y"', "it is not a regular expression"),
        ('[[check]]\nname = "local"\n', '"local" is the name of the family of your own checks'),
        ('[[log]]\nname = "a"\n\n[[check]]\nname = "a"\n', "is the name of check[1]"),
        (IGNORE + "expires = true", "ignore[1].expires: true is not a date"),
        ('[[check]]\npath = "x"\nless-than = nan', "less-than: NaN is not a number"),
        ('[[check]]\nkind = "Pod"\npath = "spec.containers[*].env"', "is never kept by harvdiag"),
        ('[[check]]\nkind = "Node"\nwhere = { namespace = "x" }', "where.namespace: Node objects have no namespace"),
        ('[[check]]\nalso = [{ path = "a" }, { path = "..", missing = true }]', "check[1].also[1]: has no condition"),
        ('[[check]]\nalso = [{ path = "a" }, { path = "..", missing = true }]', 'check[1].also[2].path: ".." is not'),
        ('[[check]]\nwhere = { labels = "a in (" }', "where.labels: invalid label selector"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str | bytes, said: str) -> None:
    """Whatever is in the file."""
    assert any(said in line for line in mistakes(tmp_path, text))


def test_what_an_entry_may_say(tmp_path: Path) -> None:
    """Lists or single words, dates of TOML or as text, a mark of byte order; kinds as kubectl takes them."""
    text = "\ufeff" + IGNORE + 'subject = ["nodes/srv0*", "Machine/fleet-local/a", "srv1"]\nexpires = "2027-01-31"\n'
    (entry,) = read(tmp_path, text).ignore
    assert entry.subjects == (
        SubjectPattern("Node", "*", "srv0*"),
        SubjectPattern("Machine", "fleet-local", "a"),
        SubjectPattern(name="srv1"),
    )
    assert (entry.rules, entry.expires, entry.place) == (("pairing",), date(2027, 1, 31), "ignore[1]")
    (check,) = read(
        tmp_path, '[[check]]\nname="a"\nkind="po"\npath="metadata.uid"\nolder-than="1d12h"\nmessage="m"'
    ).checks
    assert (check.kind, check.test.conditions[0].operand) == ("Pod", timedelta(hours=36))


def test_a_threshold_decides_and_is_told(tmp_path: Path) -> None:
    """From which time on a rule speaks; reports tell each that is not the default."""
    scenario = ROOT / "data" / "scenarios" / "machine-stuck-deleting" / "speaks.yaml"
    base = open_scenario(scenario)
    for value, speaks in (("59m", True), ("7d", False)):
        policy = read(tmp_path, f'[thresholds]\nremoval-time = "{value}"\njob-failures = 3\n')
        findings = Cluster(base.snapshot, policy=policy).check()
        assert bool(findings.of("machine-stuck-deleting")) is speaks
        assert f"Threshold: removal-time is {value}, not 1h" in render(findings, "table")
        assert "job-failures is" not in render(findings, "table")
        shown = build_document(findings)["config"]["thresholds"]["removal-time"]
        assert shown == {"value": value, "default": "1h"}
    assert "removal-time = 7d (default 1h)" in run("rules", "--thresholds", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('plan-time = "10"', 'thresholds.plan-time: "10" is not a time, such as "2h"'),
        ('plan-time = "31d"', 'thresholds.plan-time: "31d" is out of bounds: 1m to 30d'),
        ("job-failures = 0", "thresholds.job-failures: 0 is out of bounds: 1 to 1000"),
        ("job-failures = true", "thresholds.job-failures: true is not a whole number (of pods), such as 3"),
        ("plan-tim = 1", "thresholds.plan-tim: unknown key; did you mean plan-time?"),
    ],
)
def test_a_threshold_has_a_unit_and_bounds(tmp_path: Path, line: str, said: str) -> None:
    """Another value is refused."""
    assert mistakes(tmp_path, f"[thresholds]\n{line}\n") == [f"harvdiag.toml:2: {said}"]


# --- which file -----------------------------------------------------------------------------------------------------


def test_the_nearest_file_of_the_project_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own file before that of the project, up to the root of the repository; the name without folders."""
    inner = tmp_path / "repo" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "harvdiag.toml").write_text(IGNORE)
    (tmp_path / "repo" / "pyproject.toml").write_text(
        f"[tool.harvdiag]\n{IGNORE.replace('ignore', 'tool.harvdiag.ignore')}"
    )
    monkeypatch.chdir(inner)
    assert find_config(inner) is None, "neither a repository nor the home folder lies above"
    (tmp_path / "repo" / ".git").write_text("gitdir: elsewhere\n")
    assert load_policy(None, known_names).file == "../../pyproject.toml"
    (tmp_path / "repo" / "pyproject.toml").write_text("# not tool.harvdiag\n[project]\nname = 'x'\n")
    assert load_policy(None, known_names) == Policy(), "not past the root of the repository"
    assert find_config(tmp_path / "other", home=tmp_path) == tmp_path / "harvdiag.toml"
    monkeypatch.setenv("HARVDIAG_CONFIG", str(tmp_path / "harvdiag.toml"))
    assert load_policy(None, known_names).file == "../../../harvdiag.toml"
    assert load_policy(False, known_names) == Policy()
    monkeypatch.setenv("HARVDIAG_CONFIG", "nowhere.toml")
    with pytest.raises(UsageError, match=r"the settings nowhere\.toml cannot be read: No such file"):
        load_policy(None, known_names)


def test_a_project_that_is_named_needs_the_table(tmp_path: Path) -> None:
    """One that is found without it is just none."""
    file = tmp_path / "pyproject.toml"
    file.write_text("[project]\nname = 'x'\n")
    with pytest.raises(ConfigError, match=r"it has no table \[tool\.harvdiag\]"):
        load_policy(file, known_names)


def test_mistakes_in_the_file_of_a_project_have_their_line(tmp_path: Path) -> None:
    """The sections have a longer name there."""
    file = tmp_path / "pyproject.toml"
    file.write_text("[project]\nname = 'x'\n\n[[tool.harvdiag.ignore]]\nrule = 'pairing'\n")
    with pytest.raises(ConfigError, match=r"pyproject.toml:4: ignore\[1\].reason: is missing"):
        load_policy(file, known_names)


# --- anything -------------------------------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), st.times(), st.datetimes()
)
KEYS = st.sampled_from(
    ["ignore", "check", "log", "thresholds", "rule", "subject", "reason", "expires", "name", "kind", "path", "equals",
     "in", "matches", "less-than", "older-than", "missing", "message", "where", "labels", "pattern", "meaning", "links"]
)  # fmt: skip
TABLES = st.recursive(
    SCALARS, lambda part: st.one_of(st.lists(part, max_size=3), st.dictionaries(KEYS, part, max_size=6)), max_leaves=20
)


@given(st.dictionaries(KEYS, TABLES, max_size=5))
def test_any_table_is_a_policy_or_has_mistakes(table: dict[str, Any]) -> None:
    """Whatever stands where: a policy, or what is wrong with it in lines of text."""
    policy, wrong = build_policy(table, known_names(), date(2026, 12, 1))
    assert isinstance(policy, Policy)
    assert all(str(mistake) and "\n" not in str(mistake.place) for mistake in wrong)


@pytest.mark.parametrize(
    "pattern",
    [
        *("(a+)+$", "(a|a)*b", "(?:a|ab)*c", "(.*a){20}", "(x?){50}", "a*a*a*a*a*a*a*b", "(\\w+\\s?)*$"),
        *(".*.*.*x", "\\w+\\d*\\w+x", ".*\\d.*\\d.*x", "a+A*a*b", "(?:x?.*|y).*.*z", "(.*)(?:.*.*)?x"),
        *("a?" * 20, "(a|a){8}(a|a){8}", "((a{1,8}){8}){8}"),
    ],
)
def test_an_expression_that_may_take_for_ever_is_refused(pattern: str) -> None:
    """Repetitions within repetitions or after each other, choices that begin alike, and many that are limited."""
    assert "for ever" in find_fault(pattern)


WORDS = st.sampled_from([*"[]={}.,\n\"'#", "[[ignore]]", "reason", "= ", "check", '"x"', "2027-01-31", "\ud800", "1e9"])


@given(st.lists(WORDS, max_size=12).map("".join))
def test_any_text_is_a_policy_or_has_mistakes(text: str) -> None:
    """Also what is no TOML at all: one error, each line with the file."""
    with TemporaryDirectory() as place:
        file = Path(place) / "harvdiag.toml"
        file.write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            lines: tuple[str, ...] = () if load_policy(file, known_names).file else ("nothing was read",)
        except ConfigError as error:
            lines = error.lines or ("nothing is said",)
        assert all(line.startswith(str(file)) for line in lines)


@pytest.mark.parametrize(
    "pattern",
    [
        *("x509|tls: .* refused", "(foo|bar)+", "[a-z]+-\\d{1,3}", "(?:ab)*c", "(a+b?){1,3}", "error.*disk.*sd[a-z]"),
        *("\\s+\\S+\\s+\\S+\\s+error", "error.*code.*timeout.*node", "\\[\\s*\\S+\\s*\\]"),
        *('msg="[^"]*timeout[^"]*".*', "(err|error|fail|failed|panic)", "(?:\\d{1,3}\\.){3}\\d{1,3}m?s"),
    ],
)
def test_other_expressions_are_taken(pattern: str) -> None:
    """What people write."""
    assert not find_fault(pattern)
