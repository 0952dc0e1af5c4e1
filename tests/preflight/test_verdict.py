"""The verdict before an upgrade: yes or no, why, and what is left to run by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harvdiag.core.ignore import Ignore, Ignored
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.core.policy import Policy
from harvdiag.reports.preflight.terminal import render
from harvdiag.reports.terminal import View
from harvdiag.status.preflight.rows import ROWS, answer_rows
from tests.preflight.verdicts import found, preflight

UNTOLD = {
    "preflight-disk-space": "no object tells how full a disk is",
    "preflight-vm-not-migratable": "none of user namespaces",
    "preflight-vm-backup-running": "none of user namespaces",
}
DEGRADED = found("volume-degraded", Severity.WARNING)
REFUSED = found("preflight-volume-degraded", Severity.ERROR, DEGRADED)


def test_yes_says_what_is_left_and_a_live_cluster_leaves_nothing() -> None:
    """A bundle tells less, and the verdict says so."""
    told = preflight(skipped=UNTOLD)
    assert told.ready
    assert told.verdict == (
        "Yes, as far as this support bundle tells: nothing refuses an upgrade to v1.9.0; "
        "3 checks are left to run by hand."
    )
    assert preflight(kind="live").verdict == "Yes: nothing refuses an upgrade to v1.9.0."
    warned = preflight(found("preflight-backing-image-copies", Severity.WARNING), kind="live")
    assert warned.ready
    assert "; 1 warning to fix first." in warned.verdict


def test_no_counts_root_causes_and_says_who_refuses() -> None:
    """What Harvester refuses is the consequence of a cause, which is the one reason."""
    told = preflight(DEGRADED, REFUSED, skipped=UNTOLD)
    assert not told.ready
    assert told.verdict == "No: Harvester refuses an upgrade to v1.9.0: 1 reason."
    assert [row.rule for row in told.refusals] == ["volume-degraded"]
    assert told.warnings == ()
    assert [check.row.id for check in told.checks_of(told.refusals[0])] == [
        "V6",
        "Longhorn-Volume-Health-Status",
        "volumes",
    ]


def test_what_harvester_does_not_see_is_not_said_to_be_refused() -> None:
    """A faulted volume passes Harvester's own check; here it is a reason all the same."""
    told = preflight(found("volume-faulted"))
    assert told.verdict == "No: an upgrade to v1.9.0 would be refused or not finish: 1 reason."
    text = render(told)
    assert "Harvester's webhook does not see it (V6)" in text
    assert "refuses (V6)" not in text


def test_what_harvester_refuses_comes_first() -> None:
    """Then what its script fails, then what neither sees; the others of its kind are counted."""
    volume, pod = found("volume-faulted"), found("preflight-pod-not-ready")
    others = tuple(ObjectRef("Volume.longhorn.io", "longhorn-system", f"pvc-{n}") for n in range(2, 9))
    single = replace(found("preflight-single-replica-volume"), targets=others, message="It is bad; 7 others are alike")
    told = preflight(volume, pod, single)
    assert [row.rule for row in told.refusals] == [
        "preflight-single-replica-volume",
        "preflight-pod-not-ready",
        "volume-faulted",
    ]
    assert told.refusals[0].what == "It is bad; likewise 7 others"


def test_an_ignored_refusal_has_not_passed() -> None:
    """The verdict says so, and the row; what is not about it is as before."""
    refused = found("preflight-path-unsupported")
    told = preflight()
    policy = Policy(file="harvdiag.toml", ignore=(Ignore(reason="known", place="ignore[1]"),))
    findings = told.findings.under(policy, (Ignored(refused, policy.ignore[0]),))
    told = replace(told, findings=findings, rows=answer_rows(findings.outcomes, "v1.8.2", ignored={refused.rule}))
    assert told.ready
    assert "nothing refuses an upgrade to v1.9.0 but what is ignored (1 finding)" in told.verdict
    assert [(row.row.key, row.outcome) for row in told.rows if row.ignored] == [
        ("webhook V1", "failed"),
        ("UpgradePlan version", "failed"),
    ]
    assert "· Ignored         webhook V1; UpgradePlan version" in render(told)


@pytest.mark.parametrize("made", [{"V3", "V4"}, {row.id for row in ROWS if not row.by_hand} - {"V3"}])
def test_where_most_could_not_be_made_it_is_not_a_yes(made: set[str]) -> None:
    """Nothing found in a few checks says little, also where commands are known for most of the others."""
    some = {rule: "no list" for row in ROWS for rule in row.rules if row.id not in made}
    told = preflight(skipped=some)
    assert not told.ready
    assert told.verdict.startswith("Undetermined: only ")
    assert told.answer.command == ""
    refused = preflight(skipped=dict.fromkeys(some, "Setting forbidden: settings is forbidden"), kind="live")
    assert refused.answer.command == "harvdiag whoami lab.zip"
    assert "; `harvdiag whoami lab.zip` shows what may be listed)" in " ".join(render(refused).split())


def test_while_an_upgrade_runs_nothing_else_is_asked() -> None:
    """The next command is the one that tells why it is stuck; what else is found is named after it."""
    told = preflight(found("preflight-other-upgrade"), found("a-fault"), running="Upgrade hvst-upgrade-x")
    assert told.verdict.startswith("No: Upgrade hvst-upgrade-x is under way, ")
    assert told.answer.command == "harvdiag upgrade lab.zip"
    assert [row.rule for row in told.refusals] == ["preflight-other-upgrade", "a-fault"]
    assert told.untold == ()
    text = render(told, view=View.FOLDED)
    assert "Evidence and steps of the other root causes: `harvdiag check lab.zip`" in text
    assert text.count("a-fault") == 2  # its rule and what is wrong, without the rest


def test_commands_are_merged_and_name_the_nodes() -> None:
    """One entry for the checks of all tools, the servers for certificates; of many nodes the cluster is asked."""
    few = {check.keys: check for check in preflight(skipped=UNTOLD | {"preflight-certificate-expiring": "x"}).by_hand}
    disks = few["webhook V13", "check.sh Node-Free-Space", "UpgradePlan disk"]
    assert disks.live
    assert disks.commands[0].text.startswith("for NODE in hv01 hv02 hv03; do ")
    assert "/nodes/${NODE}/proxy" in disks.commands[0].text
    assert few["webhook V8", "UpgradePlan vm-backups"].commands[0].text.startswith("kubectl get ")
    seals = few["webhook V19", "check.sh Certificates", "UpgradePlan certificates"]
    assert [command.where for command in seals.commands] == ["", "each control-plane host, as root"]
    many = preflight(skipped=UNTOLD, nodes=[f"hv{number:02}" for number in range(20)])
    assert "$(kubectl get nodes -o name | cut -d/ -f2)" in many.by_hand[1].commands[0].text
    one = preflight(skipped=UNTOLD, nodes=["hv 01"])
    assert "/nodes/'hv 01'/proxy" in one.by_hand[1].commands[0].text


@pytest.mark.parametrize("width", [80, 100])
def test_the_text_leads_with_the_verdict_and_folds_the_rest(width: int) -> None:
    """Why not, with who refuses; what passed is counted. All of it names every check."""
    told = preflight(DEGRADED, REFUSED, skipped=UNTOLD)
    text = render(told, width, view=View.FOLDED)
    assert text.splitlines()[2] == told.verdict
    assert "Harvester's webhook refuses (V6)" in text
    assert "check.sh fails" in text
    assert "Failed          webhook V6; check.sh Longhorn-Volume-Health-Status;" in text
    assert "✓ Passed          webhook 14 of 19; check.sh 14 of 22" in text
    assert "tells, or by hand (--full)" in " ".join(text.split())
    whole = render(told, width)
    assert all(row.id in whole for row in ROWS if row.tool != "UpgradePlan")
    assert all(len(line) <= width for line in whole.splitlines() if "`" not in line)
    brief = render(told, width, view=View.BRIEF)
    assert len(brief.splitlines()) < len(text.splitlines())
    assert "Do not delete pvc-1." in brief


def test_repr_is_the_verdict_with_the_reasons() -> None:
    """As text, for a console."""
    lines = repr(preflight(DEGRADED, REFUSED)).splitlines()
    assert lines[0].startswith("No: ")
    assert lines[1].startswith("  warning volume-degraded")
    assert lines[-1].startswith("57 checks of Harvester's own: 3 failed")
