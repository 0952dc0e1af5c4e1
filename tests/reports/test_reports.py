"""Reports: JSON for programs, Markdown for hand-overs, text for terminals; the same findings give the same bytes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.core.errors import SourceError, UsageError
from harvdiag.core.findings import Findings, Source, UpgradeState
from harvdiag.core.model import Coverage, CoverageEntry, Evidence, Finding, ObjectRef, Outcome, Severity, State
from harvdiag.core.wrap import wrap_commands
from harvdiag.reports import FORMATS, render, rulebook, terminal, write_report
from harvdiag.reports.terminal import View
from harvdiag.rules import all_rules, registry, select_rules
from harvdiag.status import summary as words
from harvdiag.training import open_scenario
from tests import port
from tests.command import details
from tests.routes import BROKEN, HEALTHY, PATHS, SCENARIOS, checked, of_each_rule, sampled
from tests.sample import is_full
from tests.together import together
from tests.world import faults, healthy

# A command, an address or the name of a rule, alone in its line.
WHOLE = re.compile(r" *(\S+ +)?(\d+\. )?\S*(`[^`]+`|https?://)\S*| *[a-z]+(-[a-z]+)+")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def broken() -> Findings:
    """The check of the broken sample."""
    return hd.open(BROKEN).check()


def story(path: str) -> Findings:
    """The check of a scenario."""
    return checked(SCENARIOS / f"{path}.yaml")


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
    "": ["schema", "tool", "source", "coverage", "findings", "checks", "summary", "notes", "ignored"],
    "tool": ["name", "version"],
    "source": ["kind", "name", "captured_at", "harvester_version", "kubernetes_version"],
    "coverage": ["kind", "group", "version", "namespace", "state", "count", "reason"],
    "findings": [
        "rule", "family", "severity", "subject", "message", "evidence", "why", "next", "caution", "links", "caused_by",
        "fingerprint", "short", "reason", "missing", "targets", "holds",
        "status", "ticked", "notes",
    ],
    "checks": ["rule", "outcome", "reason"],
    "summary": ["findings", "root_causes", "errors", "warnings", "infos", "checks", "nodes", "machines"],
    "notes": ["file", "error", "cluster", "stale"],
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
    assert list(document["summary"]["checks"]) == ["passed", "failed", "skipped", "not-applicable"]


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
    assert len(document["checks"]) == len(select_rules())
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


@of_each_rule(PATHS[:: 9 if is_full() else 27])
def test_same_input_same_bytes(path: Path) -> None:
    """Two readings of one source give the same report, byte for byte: no clock, no order of a set."""
    read = [open_scenario(path).check() for _ in range(2)]
    for form in FORMATS:
        first, second = (render(findings, form) for findings in read)
        assert first == second, form
        assert first.endswith("\n"), form
        assert not first.endswith("\n\n"), form


# --- Markdown ------------------------------------------------------------------------------------------------------


def bars(row: str) -> int:
    """The bars of a table's row that part cells."""
    return re.sub(r"\\.|`[^`]*`", "", row).count("|")


@of_each_rule(path for path in PATHS if sampled(path, 2, "tables"))
def test_markdown_tables_are_well_formed(path: Path) -> None:
    """Each table has a head, a rule below it and rows of as many cells, and stands between blank lines."""
    lines = render(checked(path), "markdown").split("\n")
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
        "**2 errors: 1 root cause and 1 consequence.",
        "## error: Node srv09",
        "**Next**",
        "- [x] 1. ",
        "- [ ] 4. ",
        "> **Caution.**",
        "<summary>Evidence: 9 fields</summary>",
        "| object | field | value |",
        "More: <https://docs.harvesterhci.io/v1.4/host#deleting-a-node>, <https://github.com/harvester/harvester/issues/8236>",
        "**Leads to** error `upgrade-blocked-by-orphan-node`",
        "## What could be seen",
    ]
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)
    assert "Not judged" not in text


def test_markdown_tells_what_was_not_judged() -> None:
    """Each skipped check with its reason."""
    text = render(blind(), "markdown")
    assert "## Not seen" in text
    assert "| Secret | not looked at: for a reason |" in text
    assert "Therefore skipped: " in text
    assert "`machine-without-plan`" in text


# --- the terminal --------------------------------------------------------------------------------------------------


@of_each_rule(path for path in PATHS if sampled(path, 2, "width"))
def test_terminal_report_keeps_to_the_width(path: Path) -> None:
    """From 40 to 120 columns, no line is wider but one that holds a single command or address, which stays whole."""
    findings = checked(path)
    for width in (40, 60, 80, 100, 120):
        for line in terminal.render(findings, width).split("\n"):
            assert len(line) <= width or WHOLE.fullmatch(line), line


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


@of_each_rule(path for path in PATHS if sampled(path, 2, "commands"))
def test_commands_and_addresses_are_never_broken(path: Path) -> None:
    """What a person copies from the narrowest report is what the rule gave; each address has its own line."""
    findings = checked(path)
    lines = terminal.render(findings, 40).split("\n")
    told = [step for finding in findings.roots[:1] for step in (*finding.next, finding.caution)]
    for command in (part for step in told for part in re.findall(r"`[^`]+`", step)):
        assert any(command in line for line in lines), command
    for link in (link for finding in findings.roots for link in finding.links):
        assert link in {line.removeprefix("  More").strip() for line in lines}


def test_fill_breaks_long_words_but_no_command() -> None:
    """A name may have 253 signs; a command goes beyond the width by itself, the text around it does not."""
    assert wrap_commands("one two three", 7, hang=2) == ["one two", "  three"]
    assert wrap_commands("x" * 12, 5, hang=1) == ["xxxx", " xxxx", " xxxx"]
    assert wrap_commands("1. Run (`a b c d e`), then wait.", 12, hang=3) == [
        "1. Run",
        "   (`a b c d e`),",
        "   then",
        "   wait.",
    ]
    assert wrap_commands("", 10) == []
    assert wrap_commands("a  b", 10) == ["a  b"]
    assert wrap_commands("an odd ` tick", 8) == ["an odd `", "tick"]


def advised(name: str, *steps: str, caution: str = "", rule: str = "r", causes: tuple[str, ...] = ()) -> Finding:
    """An error about a Node with this advice."""
    node = ObjectRef("Node", "", name)
    return Finding(
        rule=rule,
        family="f",
        severity=Severity.ERROR,
        subject=node,
        message=f"{name} is odd",
        evidence=(),
        why="why",
        next=steps,
        caution=caution,
        links=(),
        caused_by=causes,
    )


def told(*findings: Finding) -> Findings:
    """The findings of a check."""
    outcomes = [Outcome(finding.rule, "failed", "", (finding,)) for finding in findings]
    return Findings(
        Source(
            kind="files",
            name="made up",
            captured_at="",
            harvester_version="",
            kubernetes_version="",
            nodes=4,
            machines=3,
        ),
        Coverage(),
        outcomes,
    )


def test_second_finding_of_a_rule_keeps_what_is_its_own() -> None:
    """Two ghosts: why, links and caution once; message, evidence and commands of each, with its own names."""
    findings = story("machine-dangling-node/speaks-ghosts")
    assert [finding.rule for finding in findings] == ["machine-dangling-node"] * 2
    text = details(terminal.render(findings))
    assert text.count("ERROR  machine-dangling-node") == 2
    assert text.count("  Why ") == text.count("  More ") == 1
    assert text.count("  Seen ") == 2
    second = " ".join(text[text.rindex("✗ ERROR") :].split())
    first, last = (finding.subject.name for finding in findings)
    assert f"as for the first machine-dangling-node above, with {last} for {first}" in second
    assert findings[1].caution == findings[0].caution
    assert text.count("  Caution ") == 1
    commands = re.findall(r"`[^`]+`", " ".join(findings[1].next))
    assert all(command in second for command in commands if last in command)


def test_second_finding_gives_steps_that_differ() -> None:
    """A step is left out only where it is the first's with the other name; a command with a name is given again."""
    first = advised("n1", "Wait for n1.", "Run `stop n1`.", "Look at n10.", caution="Not n1.")
    second = advised("n2", "Wait for n2.", "Run `stop n2`.", "Look at n20.", caution="Not n2.")
    text = details(terminal.render(told(first, second))).split("Node n2")[1]
    assert "Next     1. as for the first r above, with n2 for n1\n" in text
    assert "2. Run `stop n2`." in text
    assert "3. Look at n20." in text
    assert "Caution  Not n2." in text
    third = replace(first, subject=ObjectRef("Zebra", "", "n1"))
    same = details(terminal.render(told(first, third))).split("Zebra n1")[1]
    assert "Next     2. as" not in same
    assert "Next     as for the first r above\n" in same
    assert "Caution" not in same


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_a_consequence_tells_what_it_advises_beyond_its_cause(form: str) -> None:
    """Its caution, and the steps that do not stand above it already."""
    root = advised("n1", "Wait.", "Look.", caution="Not yet.")
    then = advised("n2", "Look.", "Mend n2.", caution="Never by force.", rule="s", causes=(root.fingerprint,))
    last = advised("n3", "Mend n2.", caution="Never by force.", rule="t", causes=(then.fingerprint,))
    text = render(told(root, then, last), form)
    text = details(text) if form == "table" else text
    if not FORMATS[form].programs:  # these show each finding by itself
        assert [text.count(part) for part in ("Look.", "Mend n2.", "Never by force.")] == [1, 1, 1]
        assert text.index("n2 is odd") < text.index("Mend n2.") < text.index("n3 is odd")


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_the_upgrades_caution_is_seen(broken: Findings, form: str) -> None:
    """The most dangerous step is about the Upgrade, which is a consequence."""
    assert "Harvester refuses to delete" in " ".join(render(broken, form).split())


def test_an_object_that_does_not_exist_is_evidence() -> None:
    """No path and no value: the object is missing, not a field of it."""
    gone = ObjectRef("Machine", "fleet-local", "m")
    findings = told(replace(advised("n1"), evidence=(Evidence(gone, "", None), Evidence(gone, "spec.x", None))))
    text = render(findings, "table")
    assert "Seen     Machine fleet-local/m does not exist\n" in text
    assert "Machine fleet-local/m  spec.x is absent\n" in text
    assert "| Machine fleet-local/m |  | does not exist |" in render(findings, "markdown")
    assert json.loads(render(findings, "json"))["findings"][0]["evidence"][0]["value"] is None


@of_each_rule(path for path in PATHS if sampled(path, 2, "consequences"))
def test_each_consequence_is_told_once(path: Path) -> None:
    """What follows from several findings stands below the first."""
    findings = checked(path)
    text = " ".join(details(terminal.render(findings, 120)).split())
    for finding in findings:
        assert len(re.findall(rf"{finding.rule} {re.escape(str(finding.subject))}(?![\w-])", text)) == 1


def test_what_was_not_seen_is_told_once() -> None:
    """A line a kind with its reason, then all checks that were skipped for it, once."""
    findings = blind()
    text = terminal.render(findings, 120)
    unseen = "  CustomMachine: not read completely: for a reason\n  Secret: not looked at: for a reason\n"
    assert f"! Not seen:\n{unseen}" in text
    assert f"  Therefore skipped ({len(findings.skipped)} checks): " in text
    assert text.count("for a reason") == 2
    for outcome in findings.skipped:
        assert text.count(outcome.rule) == 1


@pytest.mark.parametrize(
    ("kind", "state", "given", "shown"),
    [
        ("Machine", State.FAILED, "the collector failed: Forbidden", "the collector failed: Forbidden"),
        ("Machine", State.FAILED, "item 3 has no name", "not read completely: item 3 has no name"),
        ("Machine", State.FORBIDDEN, "", "not allowed"),
        ("RKEBootstrap", State.NOT_LOOKED_AT, "no file holds a RKEBootstrap", "not looked at: no file holds an RKEBoo"),
        ("Upgrade", State.NOT_LOOKED_AT, "no file holds a Upgrade", "not looked at: no file holds an Upgrade"),
        ("Machine", State.EMPTY, "", ""),
    ],
)
def test_reasons_are_words(kind: str, state: State, given: str, shown: str) -> None:
    """ "Machine failed" would be a phase of Harvester's; nobody means that here."""
    entry = CoverageEntry(kind, "", "", "", state, 0, given)
    assert words.describe_gap(entry).startswith(shown)
    assert words.describe_gap(entry).endswith(words.gap_detail(entry))


def test_a_report_with_gaps_is_not_all_good() -> None:
    """Nothing found, but not everything looked at: the verdict says so first, and is not green."""
    findings = blind()
    text = terminal.render(findings, colour=True)
    skipped, all_of_them = len(findings.skipped), len(findings.outcomes)
    assert (
        f"Undetermined: {skipped} of {all_of_them} checks could not be run; nothing found in the other "
        f"{all_of_them - skipped}. No upgrade is under way. 3 Nodes, 3 Machines."
    ) in " ".join(ANSI.sub("", text).split())
    assert "Nothing found" not in text
    assert "\x1b[1;32m" not in text
    assert "\x1b[1;32m" in terminal.render(hd.open(HEALTHY).check(), colour=True)


@pytest.mark.parametrize(
    ("severities", "said"),
    [
        ("w", "1 warning. "),
        ("eew", "2 errors, 1 warning. "),
        ("wi", "1 warning, 1 note. "),
        ("i", "Nothing that needs action; 1 note. No upgrade is under way. "),
        ("ii", "Nothing that needs action; 2 notes. No upgrade is under way. "),
        ("", "Nothing found. No upgrade is under way. "),
    ],
)
def test_the_verdict_counts_by_severity(severities: str, said: str) -> None:
    """It never says that nothing was found where anything was."""
    words_of = {"e": Severity.ERROR, "w": Severity.WARNING, "i": Severity.INFO}
    found = tuple(
        Finding(
            rule=f"r{n}", family="pairing", severity=words_of[s], subject=ObjectRef("Node", "", "hv01"), message="m"
        )
        for n, s in enumerate(severities)
    )
    healthy_one = hd.open(HEALTHY).check()
    outcomes = [Outcome("r", "failed" if found else "passed", findings=found)]
    findings = Findings(healthy_one.source, healthy_one.coverage, outcomes, UpgradeState())
    assert words.build_verdict(findings).startswith(said)
    gap = Findings(
        healthy_one.source, healthy_one.coverage, [*outcomes, Outcome("s", "skipped", "why")], UpgradeState()
    )
    assert words.build_verdict(gap).startswith("Undetermined: 1 of 2" if set(severities) <= {"i"} else said)


def test_the_verdict_says_how_far_an_upgrade_is() -> None:
    """Of one that gets on; where a finding holds it up, that is the answer, and nothing runs."""
    findings = hd.open(HEALTHY.parent / "upgrade-half-way.zip").check()
    assert words.build_verdict(findings).startswith(
        "Nothing found. An upgrade to v1.4.2 runs: phase 7 of 8, 2 of 4 nodes done, last movement "
    )
    assert " It waits for Harvester (Job hvst-upgrade-abcde-pre-drain-hv03 " in words.build_verdict(findings)
    held = words.build_verdict(hd.open(HEALTHY.parent / "lost-acknowledgement.zip").check())
    assert " The upgrade to v1.4.2 is held up: phase 7 of 8, 1 of 3 nodes done. " in held
    idle = words.build_verdict(hd.open(HEALTHY).check())
    assert " No upgrade is under way; the last, to v1.4.2, succeeded. " in idle
    assert findings.upgrade is not None
    assert hd.open(HEALTHY.parent / "upgrade-half-way.zip").check("pairing").upgrade is None
    unknown = port.cluster(healthy().objects, Upgrade=State.FAILED).check()
    assert "No upgrade" not in words.build_verdict(unknown)


def test_the_verdict_does_not_count_what_was_not_seen() -> None:
    """No number where nobody looked."""
    findings = port.cluster(healthy().objects, Machine=State.FAILED).check()
    assert "3 Nodes, Machines not seen" in words.build_verdict(findings)


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_that_could_be_judged_is_an_error(form: str) -> None:
    """All checks skipped: that is no result, and must not look like a good one."""
    blinded = port.cluster(healthy().objects, Machine=State.FAILED)
    with pytest.raises(
        SourceError, match=r"port: no check could be run \(of 2\); not seen: Machine: not read completely: "
    ):
        render(blinded.check(["machine-without-plan", "node-recreated"]), form)


def test_one_word_is_a_selection_and_none_left_is_refused() -> None:
    """A rule's name need not stand in a list."""
    cluster = port.cluster(healthy().objects)
    assert [o.rule for o in cluster.check("node-recreated").outcomes] == ["node-recreated"]
    assert "node-recreated" not in {o.rule for o in cluster.check(ignore="node-recreated").outcomes}
    with pytest.raises(UsageError, match="no check is left"):
        cluster.check("node-recreated", "pairing")


def test_findings_beside_gaps_are_both_told() -> None:
    """What could be judged is judged."""
    text = terminal.render(partly_blind_and_broken())
    assert "node-without-machine" in text
    assert "Therefore skipped" in text


def test_unknown_time_and_version_are_left_out() -> None:
    """Files do not tell a time; the head says only what is known."""
    cluster = port.cluster([obj for obj in healthy().objects if obj["kind"] in {"Node", "Machine"}])
    assert "kubectl output, collected 2025-05-08 10:00 UTC" in terminal.render(cluster.check(["machine-not-running"]))
    head = terminal.render(story("node-not-managed/speaks")).split("\n")[1]
    assert head == "kubectl output, Harvester v1.4.2"


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
        write_report(broken, tmp_path / file)
    assert list(tmp_path.iterdir()) == []


def test_report_that_cannot_be_written_is_a_usage_error(tmp_path: Path, broken: Findings) -> None:
    """In Python as in the terminal: one line, no traceback of the system's."""
    with pytest.raises(UsageError, match=r"report\.md cannot be written: No such file or directory$"):
        hd.report(broken, tmp_path / "no" / "report.md")
    with pytest.raises(UsageError, match=r"cannot be written: embedded null byte$"):
        hd.report(broken, tmp_path / "nul\0.md")


# --- the rules as text ---------------------------------------------------------------------------------------------


def test_rulebook_of_an_unknown_word_tells_what_was_meant() -> None:
    """In a notebook as in the terminal: beginnings, parts and another case are found."""
    with pytest.raises(UsageError, match=r"did you mean node-[\w-]+, .*node-not-managed\b.*\?$"):
        hd.rulebook("node")
    with pytest.raises(UsageError, match=r"did you mean node-without-machine\?$"):
        hd.rulebook("node-without")
    with pytest.raises(UsageError, match=r"did you mean custommachine-without-machine, node-without-machine, .*\?$"):
        hd.rulebook("without-machine")
    with pytest.raises(UsageError, match=r"did you mean pairing\?$"):
        hd.rulebook("PAIRING")


def test_listing_has_each_rule_below_its_family() -> None:
    """Name, severity and summary; families apart."""
    text = rulebook.list_rules(all_rules())
    for rule in registry().values():
        assert re.search(rf"^  {rule.name} +{rule.severity}  ", text, re.MULTILINE)
    assert re.search(r"^pairing$", text, re.MULTILINE)
    assert re.search(r"^upgrade$", text, re.MULTILINE)


@together(registry().values(), by=lambda rule: rule.family, name=lambda rule: rule.name)
def test_explanation_has_all_that_a_rule_declares(rule: Any) -> None:
    """From the rule's own docstring and declaration, wrapped to the width."""
    text = rulebook.explain_rule(rule, 80)
    flat = " ".join(text.split())
    assert text.startswith(f"{rule.name}  ({rule.family}, {rule.severity})\n")
    assert rule.summary in flat
    assert "".join(rule.why.split()) in "".join(text.split())
    assert all(kind in flat for kind in rule.needs)
    assert all(link in text for link in rule.links)
    assert max(map(len, text.split("\n"))) <= 80


def _orphans(count: int) -> Findings:
    """A cluster with this many Nodes that have no Machine."""
    world = healthy(("hv01", "hv02", "hv03"), [f"hv{number:02}" for number in range(4, 20)])
    for number in range(4, 4 + count):
        faults.orphan(world, f"hv{number:02}")
    return port.cluster(world.objects).check(["node-without-machine"])


def test_many_root_causes_of_a_rule_share_a_row() -> None:
    """Of the table that comes first; what they have in common is told once, and the others are counted."""
    findings = _orphans(10)
    text = terminal.render(findings, 120, view=View.FOLDED)
    table = text.split("\n\n")[1].splitlines()
    names = "hv04, hv05, hv06, hv07, hv08, hv09 and 4 more"
    assert table[:2] == ["Root causes", f"  ✗ ERROR  node-without-machine  Nodes {names}  each has no Machine"]
    assert text.count("\n  Why ") == 1
    assert "Likewise 9 others: hv05, " in text
    assert terminal.render(findings, view=View.FULL).count("\n  Seen ") == 10


def test_few_root_causes_have_a_row_each() -> None:
    """Three are read as fast as their names."""
    table = terminal.render(_orphans(3), 120).split("\n\n")[1].splitlines()
    assert [line.split("  ")[3] for line in table[1:4]] == ["Node hv04", "Node hv05", "Node hv06"]


# --- what was not seen ---------------------------------------------------------------------------------------------


def gap(kind: str, reason: str, namespace: str = "fleet-local", state: State = State.FORBIDDEN) -> CoverageEntry:
    """A list that was not seen."""
    return CoverageEntry(kind, "rke.cattle.io", "v1", namespace, state, 0, reason)


def test_the_same_reason_is_told_once() -> None:
    """Also where it differs in nothing but the names of the kinds; another reason or state stands by itself."""
    words_of = 'custommachines.rke.cattle.io is forbidden: User "x" cannot list resource "custommachines"'
    gaps = [
        gap("CustomMachine", words_of),
        gap("RKEBootstrap", words_of.replace("custommachines", "rkebootstraps")),
        gap("Machine", "log in again"),
        gap("Cluster", "log in again"),
        gap("Upgrade", "log in again", "harvester-system", State.FAILED),
        gap("Machine", "60 others", "*"),
    ]
    assert words.group_gaps(gaps) == [
        ("CustomMachine, RKEBootstrap", f"not allowed: {words_of}; likewise the others"),
        ("Machine, Cluster", "not allowed: log in again"),
        ("Upgrade", "not read completely: log in again"),
        ("Machine in other namespaces", "not allowed: 60 others"),
    ]


def test_a_place_fits_its_reason() -> None:
    """Who asked for the whole cluster was not refused one namespace."""
    assert words.describe_place(gap("Machine", "no at the cluster scope")) == "all namespaces"
    assert words.describe_place(gap("Machine", 'no in the namespace "fleet-local"')) == "fleet-local"
    assert words.describe_place(gap("Machine", "", "*")) == "other namespaces"
    assert words.describe_place(gap("Node", "no at the cluster scope", "")) == "(cluster)"
