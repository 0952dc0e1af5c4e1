"""The known issues of a path: which belong to it, and what is known of each in a cluster."""

from __future__ import annotations

from functools import cache

import pytest

import harvdiag as hd
from harvdiag.core.errors import UsageError
from harvdiag.core.model import Severity
from harvdiag.status.preflight import Preflight
from harvdiag.status.preflight.known import KnownIssue
from tests.routes import HEALTHY, SCENARIOS, opened
from tests.world.samples import DATA

MIGRATING = SCENARIOS / "live-migrations-at-once/speaks.yaml"
RESTARTING = DATA / "preflight/preflight-vm-restart-required/speaks.yaml"


@cache
def of_healthy(target: str) -> Preflight:
    """The sample of a healthy cluster on v1.4.2."""
    return hd.open(HEALTHY).preflight(target)


def issue(preflight: Preflight, number: str) -> KnownIssue:
    """One issue of it by its number."""
    return next(known for known in preflight.known if known.row.link.endswith(number))


def numbers(preflight: Preflight) -> set[str]:
    """The numbers of the issues of a path."""
    return {known.row.link.rpartition("/")[2] for known in preflight.known}


def test_issues_of_every_step_count() -> None:
    """To 1.6 by way of 1.5: those of both steps, and of none that is not on it."""
    near, far = of_healthy("v1.5.0"), of_healthy("v1.6.1")
    assert near.path.steps == ("v1.4.2", "v1.5.0")
    assert {"8534", "7963", "9599"} <= numbers(near)
    assert not {"7885", "9739", "9260"} & numbers(near)
    assert {"8534", "9739", "10349"} <= numbers(far)
    assert issue(far, "9739").step == ("v1.5.2", "v1.6.1")


def test_without_a_target_those_that_begin_here() -> None:
    """And no path."""
    untold = of_healthy("")
    assert {"8534", "8096"} <= numbers(untold)
    assert "9739" not in numbers(untold)
    assert untold.path.steps == ()
    assert issue(untold, "8534").document["step"] == ["v1.4.2"]


def test_a_bundle_cannot_tell_of_vms_of_users() -> None:
    """Neither present nor absent: with the reason and the command."""
    known = issue(of_healthy("v1.6.1"), "9739")
    assert known.state == "untold"
    assert "namespaces" in known.reason
    assert known.by_hand
    assert known.document["by_hand"] == list(known.by_hand)


def test_what_is_there_is_present_with_its_findings() -> None:
    """Worth fixing first, where the path is known; it does not keep the upgrade from beginning."""
    preflight = opened(MIGRATING).preflight("v1.7.1")
    known = preflight.known[0]
    assert (known.state, known.row.link.rpartition("/")[2]) == ("present", "10349")
    assert [finding.severity for finding in known.findings] == [Severity.WARNING]
    assert known.document["findings"] == [finding.fingerprint for finding in known.findings]
    assert preflight.ready
    assert known.by_hand == ()


def test_volumes_that_restart_their_vms_are_told_before_1_5() -> None:
    """harvester/harvester#8534; not on the way to 1.4.3."""
    shared = opened(SCENARIOS / "shared-volumes-restart-vms/speaks.yaml")
    assert issue(shared.preflight("v1.5.0"), "8534").findings[0].severity is Severity.WARNING
    assert "8534" not in numbers(shared.preflight("v1.4.3"))


def test_the_target_decides_whether_an_issue_is_ahead() -> None:
    """No mass migration on the way from 1.4 to 1.5, and one step further there is."""
    base = SCENARIOS / "live-migrations-at-once/silent-1.8.yaml"
    assert "10349" not in numbers(opened(base).preflight("v1.9.0"))
    assert issue(opened(RESTARTING).preflight("v1.6.1"), "9739").state == "present"
    assert "9739" not in numbers(opened(RESTARTING).preflight("v1.5.2"))


def test_a_finding_of_a_state_that_several_issues_have_tells_none_of_them() -> None:
    """A drain that is held may have either cause."""
    from harvdiag.status.preflight.known import KNOWN_ROWS, known_issues

    (row,) = (row for row in KNOWN_ROWS if row.link.endswith("9374"))
    outcome = opened(MIGRATING).check().outcomes[0]._replace(rule=row.during[0], outcome="failed", findings=())
    found = opened(MIGRATING).preflight("v1.7.1").findings
    outcome = outcome._replace(findings=tuple(found)[:1])
    assert {known.state for known in known_issues([("v1.5.1", "v1.6.1")], [outcome])} == {"untold"}


@pytest.mark.parametrize("target", ["latest", "v1.5", "1.5.0.0"])
def test_a_target_that_cannot_be_a_version(target: str) -> None:
    """It is refused before anything is read."""
    with pytest.raises(UsageError):
        hd.open(HEALTHY).preflight(target)


def test_a_target_without_v() -> None:
    """As `parse_target` reads it."""
    assert of_healthy("1.5.0").target == "v1.5.0"
