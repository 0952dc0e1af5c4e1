"""Reports: JSON for programs, Markdown for hand-overs, text for terminals; the same findings give the same bytes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.errors import UsageError
from harvdiag.findings import Findings
from harvdiag.model import State
from harvdiag.reports import FORMATS, render, rulebook, terminal, write
from harvdiag.rules import registry, select
from harvdiag.training import open_scenario
from tests import port
from tests.routes import BROKEN, HEALTHY, PATHS, SCENARIOS, name
from tests.world import faults, healthy

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def broken() -> Findings:
    """The check of the broken sample."""
    return hd.open(BROKEN).check()


def story(path: str) -> Findings:
    """The check of a scenario."""
    return open_scenario(SCENARIOS / f"{path}.yaml").check()


def blind() -> Findings:
    """A check that could not see two of the kinds it needs."""
    return port.cluster(healthy().objects, CustomMachine=State.FAILED, Secret=State.NOT_LOOKED_AT).check()


def partly_blind_and_broken() -> Findings:
    """Something found, something skipped."""
    objects = hd.open(BROKEN).snapshot
    whole = [obj for kind in ("Node", "Machine", "CustomMachine", "RKEBootstrap") for obj in objects.objects(kind)]
    return port.cluster(whole, Secret=State.FORBIDDEN).check()


# --- JSON ----------------------------------------------------------------------------------------------------------

KEYS: dict[str, list[str]] = {
    "": ["schema", "tool", "source", "coverage", "findings", "checks", "summary"],
    "tool": ["name", "version"],
    "source": ["kind", "name", "captured_at", "harvester_version", "kubernetes_version"],
    "coverage": ["kind", "group", "version", "namespace", "state", "count", "reason"],
    "findings": [
        "rule", "family", "severity", "subject", "message", "evidence", "why", "next", "caution", "links", "caused_by",
        "fingerprint",
    ],
    "checks": ["rule", "outcome", "reason"],
    "summary": ["findings", "root_causes", "errors", "warnings", "infos", "checks", "nodes", "machines"],
}  # fmt: skip


def test_json_has_exactly_the_keys_of_schema_1(broken: Findings) -> None:
    """Programs stand on these names and this order."""
    document = json.loads(render(broken, "json"))
    assert document["schema"] == 1
    assert list(document) == KEYS[""]
    for part, keys in KEYS.items():
        rows = document[part] if part and isinstance(document[part], list) else [document[part]] if part else []
        assert rows or not part
        for row in rows:
            assert list(row) == keys, part
    for finding in document["findings"]:
        assert list(finding["subject"]) == ["kind", "namespace", "name"]
        assert all(list(row) == ["object", "path", "value"] for row in finding["evidence"])
        assert all(list(row["object"]) == ["kind", "namespace", "name"] for row in finding["evidence"])
    assert list(document["summary"]["checks"]) == ["passed", "failed", "skipped"]


def test_json_of_the_sample(broken: Findings) -> None:
    """The values that a user would look for."""
    document = json.loads(render(broken, "json"))
    assert document["tool"] == {"name": "harvdiag", "version": hd.__version__}
    assert document["source"] == {
        "kind": "bundle",
        "name": "issue-8236.zip",
        "captured_at": "2025-05-08T10:00:00Z",
        "harvester_version": "v1.4.2",
        "kubernetes_version": document["source"]["kubernetes_version"],
    }
    assert [finding["subject"]["name"] for finding in document["findings"]] == ["srv09", "hvst-upgrade-abcde"]
    assert document["findings"][1]["caused_by"] == ["node-without-machine:Node::srv09"]
    assert {check["outcome"] for check in document["checks"]} == {"passed", "failed"}
    assert len(document["checks"]) == len(registry())
    assert document["summary"]["errors"] == document["summary"]["findings"] == 2


def test_json_of_nothing_has_the_same_shape() -> None:
    """A healthy cluster gives empty lists, not missing keys."""
    document = json.loads(render(hd.open(HEALTHY).check(), "json"))
    assert list(document) == KEYS[""]
    assert (document["findings"], document["summary"]["findings"]) == ([], 0)


def test_json_tells_what_was_skipped_and_unseen() -> None:
    """State and reason of every gap; the outcome of every rule."""
    document = json.loads(render(blind(), "json"))
    states = {row["kind"]: (row["state"], row["reason"]) for row in document["coverage"]}
    assert states["CustomMachine"] == ("failed", "for a reason")
    assert states["Secret"] == ("not looked at", "for a reason")
    skipped = [check for check in document["checks"] if check["outcome"] == "skipped"]
    assert len(skipped) == document["summary"]["checks"]["skipped"] > 0
    assert all(check["reason"] for check in skipped)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("path", PATHS[::9], ids=name)
def test_same_input_same_bytes(form: str, path: Path) -> None:
    """Two readings of one source give the same report, byte for byte: no clock, no order of a set."""
    first, second = (render(open_scenario(path).check(), form) for _ in range(2))
    assert first == second
    assert first.endswith("\n")
    assert not first.endswith("\n\n")


# --- Markdown ------------------------------------------------------------------------------------------------------


def bars(row: str) -> int:
    """The bars of a table's row that part cells."""
    return re.sub(r"\\.|`[^`]*`", "", row).count("|")


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_markdown_tables_are_well_formed(path: Path) -> None:
    """Each table has a head, a rule below it and rows of as many cells, and stands between blank lines."""
    lines = render(open_scenario(path).check(), "markdown").split("\n")
    tables = 0
    for number, line in enumerate(lines):
        if line.startswith("|") and not lines[number - 1].startswith("|"):
            tables += 1
            assert lines[number - 1] == ""
            assert re.fullmatch(r"\|( -{3,}:? \|| --: \|)+", lines[number + 1])
            end = next(n for n in range(number, len(lines)) if not lines[n].startswith("|"))
            assert {bars(row) for row in lines[number:end]} == {bars(line)}
            assert lines[end] == ""
            assert end - number > 2, "a table has rows"
    assert tables >= 1
    assert not re.search(r"\n\n\n", "\n".join(lines))


def test_markdown_report_reads_in_order(broken: Findings) -> None:
    """Title, what was looked at, verdict, the root with everything about it, what follows, what was seen."""
    text = render(broken, "markdown")
    marks = [
        "# issue-8236.zip",
        "support bundle, Harvester v1.4.2",
        "**1 root cause and 1 consequence.",
        "## error: Node srv09",
        "| object | field | value |",
        "**Next**",
        "1. ",
        "> **Caution.**",
        "More: <https://github.com/harvester/harvester/issues/8236>",
        "**Leads to** error `upgrade-blocked-by-orphan-node`",
        "## What could be seen",
    ]
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)
    assert "Not judged" not in text


def test_markdown_tells_what_was_not_judged() -> None:
    """Each skipped check with its reason."""
    text = render(blind(), "markdown")
    assert "## Not judged" in text
    assert "| `machine-without-plan` | Secret not looked at: for a reason |" in text


# --- the terminal --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_terminal_report_keeps_to_the_width(path: Path) -> None:
    """No line is wider than the terminal, from 40 to 120 columns; wider lines would be broken anywhere."""
    findings = open_scenario(path).check()
    for width in (40, 60, 80, 100, 120):
        assert max(map(len, terminal.render(findings, width).split("\n"))) <= width


def test_narrower_than_forty_is_forty(broken: Findings) -> None:
    """A terminal that tells no sensible width gets a report that can be read."""
    assert terminal.render(broken, 0) == terminal.render(broken, 40)


@pytest.mark.parametrize("make", [lambda: hd.open(BROKEN).check(), lambda: hd.open(HEALTHY).check(), blind])
def test_colours_only_where_asked_for(make: Any) -> None:
    """Plain text holds no escape sequence; the coloured report is the plain one with colours in it."""
    findings = make()
    text, coloured = terminal.render(findings), terminal.render(findings, colour=True)
    assert "\x1b" not in text
    assert "\x1b[" in coloured
    assert [line.rstrip() for line in ANSI.sub("", coloured).split("\n")] == text.split("\n")
    for line in coloured.split("\n"):
        assert line.count("\x1b[") == 2 * line.count("\x1b[0m"), "a colour ends in the line where it begins"


def test_severity_is_a_word_before_it_is_a_colour(broken: Findings) -> None:
    """Who sees no colours loses nothing."""
    assert "ERROR  node-without-machine" in terminal.render(broken)


def test_second_finding_of_a_rule_is_not_explained_again() -> None:
    """Two ghosts: message and evidence twice, why, steps and caution once."""
    findings = story("machine-dangling-node/speaks-ghosts")
    assert [finding.rule for finding in findings] == ["machine-dangling-node"] * 2
    text = terminal.render(findings)
    assert text.count("ERROR  machine-dangling-node") == 2
    assert text.count("  Why ") == text.count("  Caution ") == 1
    assert text.count("  Seen ") == 2
    assert "as for the first machine-dangling-node above" in text


def test_each_consequence_is_told_once() -> None:
    """What follows from several findings stands below the first."""
    for path in PATHS:
        findings = open_scenario(path).check()
        text = " ".join(terminal.render(findings, 120).split())
        for finding in findings:
            assert text.count(f"{finding.rule} {finding.subject}") == 1


def test_skipped_checks_are_grouped_by_reason() -> None:
    """Twenty checks that miss one kind are one line with a list, not twenty lines."""
    findings = blind()
    text = terminal.render(findings, 120)
    assert f"Not judged: {len(findings.skipped)} checks" in text
    for reason in {outcome.reason for outcome in findings.skipped}:
        assert [line.strip() for line in text.split("\n")].count(reason) == 1
    for outcome in findings.skipped:
        assert outcome.rule in text


def test_a_report_with_gaps_is_not_all_good() -> None:
    """Nothing found, but not everything looked at: the verdict says so, and is not green."""
    text = terminal.render(blind(), colour=True)
    assert re.search(r"Nothing found\..* \d+ checks made, \d+ skipped\.", ANSI.sub("", text))
    assert "\x1b[1;32m" not in text
    assert "\x1b[1;32m" in terminal.render(hd.open(HEALTHY).check(), colour=True)


def test_findings_beside_gaps_are_both_told() -> None:
    """What could be judged is judged."""
    text = terminal.render(partly_blind_and_broken())
    assert "node-without-machine" in text
    assert "Not judged" in text


def test_unknown_time_and_version_are_left_out() -> None:
    """Files do not tell a time; the head says only what is known."""
    cluster = port.cluster([obj for obj in healthy().objects if obj["kind"] in {"Node", "Machine"}])
    assert "files of kubectl, collected 2025-05-08 10:00 UTC" in terminal.render(cluster.check(["machine-not-running"]))
    head = terminal.render(story("node-not-managed/speaks")).split("\n")[1]
    assert head == "files of kubectl, Harvester v1.4.2"


# --- written -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "form"), [("md", "markdown"), ("json", "json"), ("txt", "table"), ("MD", "markdown")]
)
def test_report_is_written_as_the_ending_says(tmp_path: Path, broken: Findings, ending: str, form: str) -> None:
    """`hd.report(findings, "x.md")` gives the path back; the file is UTF-8."""
    path = hd.report(broken, tmp_path / f"report.{ending}")
    assert path == tmp_path / f"report.{ending}"
    assert path.read_text(encoding="utf-8") == render(broken, form)


@pytest.mark.parametrize("file", ["report.pdf", "report", ".md"])
def test_other_endings_are_refused(tmp_path: Path, broken: Findings, file: str) -> None:
    """One line that names the endings; nothing is written."""
    with pytest.raises(UsageError, match=r"a report ends in \.txt, \.json, \.md"):
        write(broken, tmp_path / file)
    assert list(tmp_path.iterdir()) == []


# --- the rules as text ---------------------------------------------------------------------------------------------


def test_listing_has_each_rule_below_its_family() -> None:
    """Name, severity and summary; families apart."""
    text = rulebook.listing(select())
    for rule in registry().values():
        assert re.search(rf"^  {rule.name} +{rule.severity}  ", text, re.MULTILINE)
    assert re.search(r"^pairing$", text, re.MULTILINE)
    assert re.search(r"^upgrade$", text, re.MULTILINE)


@pytest.mark.parametrize("rule", list(registry().values()), ids=lambda rule: rule.name)
def test_explanation_has_all_that_a_rule_declares(rule: Any) -> None:
    """From the rule's own docstring and declaration, wrapped to the width."""
    text = rulebook.explain(rule, 80)
    flat = " ".join(text.split())
    assert text.startswith(f"{rule.name}  ({rule.family}, {rule.severity})\n")
    assert rule.summary in flat
    assert " ".join(rule.why.split()) in flat
    assert all(kind in flat for kind in rule.needs)
    assert all(link in text for link in rule.links)
    assert max(map(len, text.split("\n"))) <= 80


def _orphans(count: int) -> Findings:
    """A cluster with this many Nodes that have no Machine."""
    world = healthy(("hv01", "hv02", "hv03"), [f"hv{number:02}" for number in range(4, 20)])
    for number in range(4, 4 + count):
        faults.orphan(world, f"hv{number:02}")
    return port.cluster(world.objects).check(["node-without-machine"])


def test_many_root_causes_are_told_at_a_glance_first() -> None:
    """One line a rule with the names, before the first is told in full; nine names and more are counted."""
    text = terminal.render(_orphans(10))
    overview = text.split("\n\n")[1]
    assert overview == ("  ✗ node-without-machine: Node hv04, hv05, hv06, hv07, hv08, hv09, hv10, hv11 and 2 more")


def test_few_root_causes_need_no_overview() -> None:
    """Three are read as fast as their list."""
    assert terminal.render(_orphans(3)).split("\n\n")[1].startswith("✗ ERROR")
