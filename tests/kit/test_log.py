"""bundleGenerationError.log: each line becomes what it says of a list, a scope or a file."""

from __future__ import annotations

from harvdiag.kit.log import Complaint, Complaints, parse

MACHINES = "Failed to get /apis/cluster.x-k8s.io/v1beta1/namespaces/fleet-local/machines: "


def test_empty_log_complains_of_nothing() -> None:
    """A bundle without errors has an empty log."""
    assert parse("") == parse("\n\n") == Complaints()


def test_failed_list_of_a_namespace() -> None:
    """Group, plural, namespace and the reason, word for word."""
    log = parse(MACHINES + "the server could not find the requested resource: x: y")
    why = "the server could not find the requested resource: x: y"
    assert log.lists == (Complaint("cluster.x-k8s.io", "machines", "fleet-local", why),)
    assert log.about("cluster.x-k8s.io", "machines", "fleet-local") == why
    assert log.about("cluster.x-k8s.io", "machines", "default") == ""
    assert log.about("", "machines", "fleet-local") == ""


def test_failed_list_of_the_core_group_and_of_cluster_scope() -> None:
    """`/api/v1/…` is the core group; without `namespaces/` it is cluster scope."""
    log = parse(
        "Failed to get /api/v1/nodes: timeout\n"
        "Failed to parse objects received from /api/v1/namespaces/fleet-local/secrets: unexpected end\n"
    )
    assert log.about("", "nodes", "") == "timeout"
    assert log.about("", "secrets", "fleet-local") == "unexpected end"


def test_failed_scope() -> None:
    """harvester/harvester#8224: a broken APIService keeps a whole scope out; the first reason counts."""
    log = parse(
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
    log = parse("Support Bundle: failed to generate /tmp/b/x/yamls/cluster/v1/nodes.yaml: no space left on device")
    assert log.members == {"yamls/cluster/v1/nodes.yaml": "no space left on device"}


def test_complaints_about_pod_logs_are_no_gap() -> None:
    """A log that is missing makes no list incomplete."""
    assert parse("cannot get log for pod x: gone\nCannot get pod x\ncannot get pod list\n") == Complaints()


def test_every_other_line_is_kept() -> None:
    """What harvdiag does not understand is shown to the user, in order, without blanks around."""
    assert parse("  something new \r\n\nUnable to find x\n").others == ("something new", "Unable to find x")
