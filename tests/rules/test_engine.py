"""What runs the rules: choosing them, skipping what nobody could see, and what each rule owes to a reader."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.findings import Findings, UncheckedError
from harvdiag.core.model import Finding, Severity, State
from harvdiag.kinds import CATALOGUE
from harvdiag.rules import registry, select_rules
from harvdiag.training import open_scenario
from tests import port
from tests.routes import PATHS, SCENARIOS, checked, finds, of_each_rule, opened, scenario
from tests.together import together

NEEDED = sorted({kind for rule in registry().values() for kind in rule.needs})
UNSEEN = (State.FAILED, State.FORBIDDEN, State.NOT_LOOKED_AT)
SHARED_MACHINE_ISSUE = "rancher/rancher#45646"
DESIGN = {
    "node-without-machine",
    "node-dangling-machine",
    "node-machine-disagree",
    "nodes-share-machine",
    "node-with-several-machines",
    "node-not-managed",
    "machine-without-node-ref",
    "machine-dangling-node",
    "machine-not-running",
    "machine-stuck-deleting",
    "machine-in-other-namespace",
    "machine-without-infrastructure",
    "machine-without-bootstrap",
    "machine-without-plan",
    "custommachine-without-machine",
    "rkebootstrap-without-machine",
    "plan-without-machine",
    "cluster-paused",
    "init-node-missing",
    "init-node-dead",
}


def judged(states: dict[str, State]) -> Findings:
    """The check of a cluster with a broken upgrade, of which some kinds could not be seen."""
    objects = scenario(SCENARIOS / "upgrade-blocked-by-orphan-node/speaks.yaml").objects
    return port.cluster(objects, **states).check()


def found(path: Path) -> tuple[Cluster, Findings]:
    """A scenario's cluster and its findings; judged once."""
    return opened(path), checked(path)


SPEAKING = [path for path in PATHS if finds(path)]
every_finding = of_each_rule(SPEAKING)


# --- choosing ------------------------------------------------------------------------------------------------------


def test_nothing_chosen_means_every_rule() -> None:
    """Without words, all rules run, each once."""
    assert select_rules() == [rule for rule in registry().values() if rule.family != "preflight"]
    assert len({rule.name for rule in select_rules()}) == len(select_rules())


def test_select_takes_names_and_families() -> None:
    """A family stands for its rules; names and families may be mixed, and the order is the registry's."""
    upgrade = [rule for rule in select_rules() if rule.family == "upgrade"]
    assert select_rules(["upgrade"]) == upgrade
    assert select_rules(["upgrade", "node-recreated"])[0].name == "node-recreated"
    assert [rule.name for rule in select_rules(["node-recreated"])] == ["node-recreated"]


def test_ignore_wins_over_select() -> None:
    """What is ignored does not run, though its family was selected."""
    names = {rule.name for rule in select_rules(["pairing"], ["node-recreated"])}
    assert names == {rule.name for rule in select_rules(["pairing"])} - {"node-recreated"}
    assert select_rules(["pairing"], ["pairing"]) == []


@pytest.mark.parametrize("chosen", [True, False])
def test_unknown_word_is_refused_with_a_suggestion(chosen: bool) -> None:
    """A slip of the hand must not silently leave a check out."""
    words = (["node-without-machin"], []) if chosen else ([], ["node-without-machin"])
    with pytest.raises(UsageError, match=r"'node-without-machin'; did you mean node-without-machine\?"):
        select_rules(*words)


def test_word_like_nothing_points_to_the_list() -> None:
    """Where no name is near, the message says where the names are."""
    with pytest.raises(UsageError, match="harvdiag rules"):
        select_rules(["xyzzy"])


def test_only_the_chosen_rules_have_an_outcome() -> None:
    """The outcomes are those of the rules that ran, in their order."""
    outcomes = open_scenario(PATHS[0]).check(["upgrade"]).outcomes
    assert [outcome.rule for outcome in outcomes] == [rule.name for rule in select_rules(["upgrade"])]


def test_causes_that_were_not_checked_are_left_out() -> None:
    """A finding names only causes that the same check found, so nothing points into the void."""
    path = SCENARIOS / "upgrade-blocked-by-orphan-node/speaks.yaml"
    finding = open_scenario(path).check(["upgrade"])[0]
    assert finding.caused_by == ()
    assert open_scenario(path).check(["upgrade-blocked-by-orphan-node", "node-without-machine"])[1].caused_by


# --- absent is not unseen ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", UNSEEN, ids=str)
@pytest.mark.parametrize("kind", NEEDED)
def test_rule_is_skipped_where_a_kind_it_needs_was_not_seen(kind: str, state: State) -> None:
    """It neither passes nor reports, and says which kind was not seen and why; every other rule is judged as before."""
    whole = {outcome.rule: outcome for outcome in judged({}).outcomes}
    for outcome in judged({kind: state}).outcomes:
        needed = kind in registry()[outcome.rule].needs
        # A kind that came late is needed only where it is read.
        if needed and not (CATALOGUE[kind].late and outcome.outcome == whole[outcome.rule].outcome):
            assert outcome.outcome == "skipped"
            assert outcome.findings == ()
            assert f"{kind} {state}: for a reason" in outcome.reason
        elif not registry()[outcome.rule].fallback:  # which speaks where the others no longer can
            assert outcome.outcome == whole[outcome.rule].outcome
            assert [f.fingerprint for f in outcome.findings] == [f.fingerprint for f in whole[outcome.rule].findings]


def test_every_gap_is_named() -> None:
    """A rule that misses two kinds says so of both."""
    outcomes = {o.rule: o for o in judged({"Node": State.FAILED, "Machine": State.FORBIDDEN}).outcomes}
    assert outcomes["node-dangling-machine"].reason == "Machine forbidden: for a reason; Node failed: for a reason"


def test_empty_is_seen() -> None:
    """A kind of which there is nothing is no gap: rules run on it."""
    findings = judged({"Upgrade": State.EMPTY})
    assert findings.skipped == ()
    assert not findings.of("upgrade-blocked-by-orphan-node")


@pytest.mark.parametrize("state", UNSEEN, ids=str)
def test_nothing_seen_is_an_error_with_the_coverage(state: State) -> None:
    """Where no kind at all could be read, one line says why, and the error has what a program needs to know."""
    with pytest.raises(UncheckedError, match="no check could be run") as caught:
        judged(dict.fromkeys(NEEDED, state))
    assert len(caught.value.findings.skipped) == len(select_rules())
    assert {entry.state for entry in caught.value.findings.coverage if entry.kind in NEEDED} == {state}
    assert re.search(rf"not seen: ({'|'.join(NEEDED)}), .* and \d+ more: [a-z ]+: for a reason", str(caught.value))
    assert "\n" not in str(caught.value)


def test_missing_reference_to_an_unseen_kind_is_no_fault() -> None:
    """Without CustomMachines nobody may say that one is gone."""
    assert not judged({"CustomMachine": State.NOT_LOOKED_AT}).of("machine-without-infrastructure")


# --- what a rule declares ------------------------------------------------------------------------------------------


def test_names_of_the_design_exist() -> None:
    """The names that the design promises are those of the registry."""
    assert {rule for rule in DESIGN if registry()[rule].family == "pairing"} == DESIGN
    assert registry()["upgrade-blocked-by-orphan-node"].family == "upgrade"


@together(registry().values(), by=lambda rule: rule.family, name=lambda rule: rule.name)
def test_rule_documents_itself(rule: Any) -> None:
    """A summary of one sentence, a reason why it matters, kinds of the catalogue, and addresses one can open."""
    assert re.fullmatch(r"[A-Z][^\n]{10,110}\.", rule.summary)
    assert len(rule.why) > 60
    assert rule.why.endswith((".", ").", '".'))
    assert rule.needs
    assert rule.needs <= set(CATALOGUE)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)
    assert rule.check.__name__ == rule.name.replace("-", "_")
    assert all(re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/issues/\d+", link) for link in rule.links)
    assert len(set(rule.links)) == len(rule.links)


def test_registry_is_ordered_by_family() -> None:
    """Families stand together, so that a listing can show them one by one."""
    families = [rule.family for rule in registry().values()]
    assert families == sorted(families)


# --- what a finding owes -------------------------------------------------------------------------------------------


@every_finding
def test_finding_is_complete(path: Path) -> None:
    """Message, evidence, the rule's own why and links, and what to do next, each fit to be printed."""
    for finding in found(path)[1]:
        rule = registry()[finding.rule]
        assert (finding.family, finding.why) == (rule.family, rule.why)
        assert finding.severity.rank >= rule.severity.rank  # one finding may be judged more mildly, never worse
        assert finding.links[len(finding.links) - len(rule.links) :] == rule.links
        assert finding.subject.name in finding.message or finding.subject.name == "local"
        assert not finding.message.endswith(".")
        assert finding.evidence
        assert finding.next
        assert all(step[0].isupper() and step.endswith((".", "?")) for step in finding.next)
        assert all(step.count("`") % 2 == 0 for step in finding.next)
        assert not finding.caution or finding.caution.endswith(".")


@every_finding
def test_evidence_is_what_the_objects_hold(path: Path) -> None:
    """Each value stands in the object at that path, or both are absent: nothing is made up."""
    cluster, findings = found(path)
    for ref, path_, value in (evidence for finding in findings for evidence in finding.evidence):
        obj: Any = cluster.snapshot.get(ref)
        place, _, kind = path_.partition(", type ")
        for quoted, bare in re.findall(r'\["([^"]+)"\]|([^.\[\]]+)', place):
            if isinstance(obj, list):  # one container, taint and the like, by its name
                rows = (row for row in obj if quoted and quoted in {row.get("name"), row.get("key")})
                obj = next(rows, None)
                continue
            obj = obj.get(quoted or bare) if isinstance(obj, dict) else None
        if kind:  # one row of a list of conditions: its status or its words
            told = {text for row in obj or () for text in row.values() if row["type"] == kind}
            assert value in told or (value is None and not told), place
        else:
            assert (None if obj == "" else obj) == value, place


def advises_to_delete_a_machine(finding: Finding) -> bool:
    """Whether a step says to delete or remove a Machine (not its parts, not a whole host)."""
    steps = " ".join(finding.next)
    named = re.search(r"([Dd]elete|[Rr]emove)\b[^.;]*\bMachine\b", steps)
    return bool(named or (finding.subject.kind == "Machine" and re.search(r"may be deleted|remove the node", steps)))


def claimed_twice(cluster: Cluster, finding: Finding) -> bool:
    """Whether the subject is a Node that several Machines claim, or one of those Machines."""
    pairing = cluster.facts.pairing
    shared = {
        node: pairing.claiming_machines(node) for node in pairing.nodes if len(pairing.claiming_machines(node)) > 1
    }
    machines = {machine for claims in shared.values() for machine in claims}
    return finding.subject in machines or (finding.rule == "node-with-several-machines" and finding.subject in shared)


@every_finding
def test_caution_where_a_step_can_take_a_healthy_node_along(path: Path) -> None:
    """Deleting a Machine can delete a Node that another Machine holds: such a finding says so."""
    cluster, findings = found(path)
    for finding in findings:
        if advises_to_delete_a_machine(finding) or claimed_twice(cluster, finding):
            assert SHARED_MACHINE_ISSUE in finding.caution, finding.rule
            assert "CustomMachine's providerID" in finding.caution, finding.rule


@every_finding
def test_caution_where_a_step_changes_the_cluster(path: Path) -> None:
    """No command that writes, and no removal of a host, is advised without a caution."""
    for finding in found(path)[1]:
        steps = " ".join(finding.next)
        if re.search(r"`kubectl (delete|patch|label|annotate|edit|apply)|rke2-uninstall|may be deleted", steps):
            assert finding.caution
        if "rke2-uninstall" in steps:
            assert "etcd members" in finding.caution
            assert "VMs" in finding.caution


@every_finding
def test_commands_name_their_group(path: Path) -> None:
    """`machines` and `clusters` have namesakes: a printed command uses kubectl's full resource name."""
    for finding in found(path)[1]:
        for command in re.findall(r"`(kubectl get [^ ]*)", " ".join(finding.next)):
            assert not re.search(r"\b(machines?|clusters?|custommachines?|rkebootstraps?)(?![\w.-])", command), command


@every_finding
def test_commands_quote_names_for_a_shell(path: Path) -> None:
    """A name from the cluster is one word of a command that a person may paste."""
    for finding in found(path)[1]:
        for command in re.findall(r"`(kubectl [^`]*)`", " ".join(finding.next)):
            shlex.split(command)


def test_every_severity_is_in_use() -> None:
    """It is declared at the rule and nowhere else; `test_finding_is_complete` sees that findings carry it."""
    assert {rule.severity for rule in registry().values()} == set(Severity)


def test_judging_twice_gives_the_same() -> None:
    """A check changes nothing in the cluster that it judges."""
    cluster = open_scenario(SCENARIOS / "machine-stuck-deleting/speaks.yaml")
    first, second = cluster.check(), cluster.check()
    assert list(first) == list(second)
    assert first.outcomes == second.outcomes
