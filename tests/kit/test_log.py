"""bundleGenerationError.log: each line becomes what it says of a list, a scope or a file."""

from __future__ import annotations

import pytest

from harvdiag.sources.bundle.errorlog import LONGEST, Complaint, Complaints, parse_error_log

MACHINES = "Failed to get /apis/cluster.x-k8s.io/v1beta1/namespaces/fleet-local/machines: "


def test_empty_log_complains_of_nothing() -> None:
    """A bundle without errors has an empty log."""
    assert parse_error_log("") == parse_error_log("\n\n") == Complaints((), {}, {}, ())


def test_failed_list_of_a_namespace() -> None:
    """Group, plural, namespace and the reason, word for word."""
    log = parse_error_log(MACHINES + "the server could not find the requested resource: x: y")
    why = "the server could not find the requested resource: x: y"
    assert log.lists == (Complaint("cluster.x-k8s.io", "machines", "fleet-local", why),)
    assert log.find_reason("cluster.x-k8s.io", "machines", "fleet-local") == why
    assert log.find_reason("cluster.x-k8s.io", "machines", "default") == ""
    assert log.find_reason("", "machines", "fleet-local") == ""


def test_failed_list_of_the_core_group_and_of_cluster_scope() -> None:
    """`/api/v1/…` is the core group; without `namespaces/` it is cluster scope."""
    log = parse_error_log(
        "Failed to get /api/v1/nodes: timeout\n"
        "Failed to parse objects received from /api/v1/namespaces/fleet-local/secrets: unexpected end\n"
    )
    assert log.find_reason("", "nodes", "") == "timeout"
    assert log.find_reason("", "secrets", "fleet-local") == "unexpected end"


def test_failed_scope() -> None:
    """harvester/harvester#8224: a broken APIService keeps a whole scope out; the first reason counts."""
    log = parse_error_log(
        "Unable to fetch cluster resources: unable to retrieve the complete list of server APIs\n"
        "Unable to fetch namespaced resources: the same\n"
        "Unable to fetch cluster resources: later\n"
    )
    assert log.scopes == {
        "cluster": "unable to retrieve the complete list of server APIs",
        "namespaced": "the same",
    }


def test_file_that_was_not_written() -> None:
    """A list that could not be written to the collector's disk is known by its path in the bundle."""
    log = parse_error_log(
        "Support Bundle: failed to generate /bundle/x/yamls/cluster/v1/nodes.yaml: no space left on device"
    )
    assert log.members == {"yamls/cluster/v1/nodes.yaml": "no space left on device"}


def test_complaints_about_pod_logs_are_no_gap() -> None:
    """A log that is missing makes no list incomplete."""
    assert parse_error_log("cannot get log for pod x: gone\nCannot get pod x\ncannot get pod list\n") == Complaints(
        (), {}, {}, ()
    )


def test_every_other_line_is_kept() -> None:
    """What harvdiag does not understand is shown to the user, in order, without blanks around."""
    assert parse_error_log("  something new \r\n\nUnable to find x\n").others == ("something new", "Unable to find x")


def test_a_complaint_about_all_namespaces_speaks_of_each() -> None:
    """The collector may ask for a kind without a namespace; what failed for all failed for fleet-local."""
    log = parse_error_log("Failed to get /apis/cluster.x-k8s.io/v1beta1/machines: timed out")
    assert log.find_reason("cluster.x-k8s.io", "machines", "fleet-local") == "timed out"
    assert log.find_reason("cluster.x-k8s.io", "clusters", "fleet-local") == ""


@pytest.mark.parametrize("front", ["", 'time="2025-05-08T10:00:00Z" level=error msg="'])
def test_a_line_may_have_a_logger_in_front(front: str) -> None:
    """What counts is what the line says."""
    log = parse_error_log(f"{front}Failed to get /apis/cluster.x-k8s.io/v1beta1/namespaces/fleet-local/machines: gone")
    assert log.find_reason("cluster.x-k8s.io", "machines", "fleet-local") == "gone"


def test_a_file_that_was_not_written_is_a_failed_list() -> None:
    """Also where no file of it is left that could tell its version."""
    line = (
        "Support Bundle: failed to generate "
        "/b/yamls/namespaced/fleet-local/cluster.x-k8s.io/v1beta1/machines.yaml: no space left on device"
    )
    assert parse_error_log(line).find_reason("cluster.x-k8s.io", "machines", "fleet-local") == "no space left on device"
    assert parse_error_log(line).find_reason("cluster.x-k8s.io", "machines", "default") == ""


def test_an_endless_line_is_cut_before_it_is_read() -> None:
    """Half a megabyte that almost fits a shape ends in no search without end."""
    line = "Support Bundle: failed to generate " + "/yamls/x" * 60_000
    assert len(parse_error_log(line).others[0]) == LONGEST


def test_credentials_in_it_are_masked() -> None:
    """They would be in every report, as a reason or as a note."""
    url = "Get https://u:pw123456@h/x: password=pw123456"
    log = parse_error_log(f"Failed to get /api/v1/nodes: {url}\nUnable to fetch cluster resources: {url}\nodd {url}\n")
    assert log.lists[0].why == log.scopes["cluster"] == "Get https://u:***@h/x: password=***"
    assert "pw123456" not in repr(log)
