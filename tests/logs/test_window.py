"""Windows of time: what may be given, the time of a line in each form, and which lines belong to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.timestamps import Timestamp
from harvdiag.core.window import Moment, parse_window
from harvdiag.upgrade.logs.moment import line_time
from tests.command import run
from tests.routes import BROKEN, from_bundle
from tests.world import healthy, write_bundle

NOW = Timestamp("2025-05-08T10:00:00Z")
WORLD = healthy()
POD = "cattle-system/rancher-7f8d6c5b4-abcde"
LOGS = {
    f"{POD}/rancher.log": "stack\n2025-05-08T09:10:00Z one\n  at line\n"
    "2025-05-08T09:20:00Z two token: abcdefgh\n  more\n",
    f"{POD}/rancher.log.1": "2025-05-08T08:00:00Z before the restart\n",
    f"{POD}/proxy.log": "2025-05-08T09:15:00Z proxied\n",
    "cattle-system/rancher-7f8d6c5b4-fghij/rancher.log": f"2025-05-08T09:11:00Z {'x' * 400} other\x1b[31m\n",
}
ZIPS = {
    "hv02": {
        "logs/kubelet.log": "I0508 09:00:00.123456    1 a.go:1] klog\nno time here\n"
        "E0508 09:30:00.000000    1 b.go:2] late\n",
        "logs/kernel.log.1": "May 08 07:00:00.000001 hv02 kernel: older\n",
        "logs/kernel.log": "May 08 09:05:00.000001 hv02 kernel: newer\n",
        "logs/console.log": "no times at all\n",
    }
}


@pytest.fixture
def bundle(tmp_path: Path) -> Cluster:
    return from_bundle(tmp_path, WORLD.objects, logs=LOGS, node_zips=ZIPS, captured_at=NOW.text)


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ("30m", "2025-05-08T09:30"),
        ("1h30m", "2025-05-08T08:30"),
        ("2d", "2025-05-06T10:00"),
        ("1.5h", "2025-05-08T08:30"),
        ("2025-05-07T10:00Z", "2025-05-07T10:00"),
        ("2025-05-07T12:00+02:00", "2025-05-07T10:00"),
        ("2025-05-07 10:00", "2025-05-07T10:00"),
        ("2025-05-07", "2025-05-07T00:00"),
        ("09:15", "2025-05-08T09:15"),
        ("10:01", "2025-05-07T10:01"),
        (timedelta(hours=1), "2025-05-08T09:00"),
        (datetime(2025, 5, 7, 10, tzinfo=UTC), "2025-05-07T10:00"),
    ],
)
def test_a_time_may_be_given_in_many_forms(given: Moment, at: str) -> None:
    """Relative ones count back from the collection."""
    assert parse_window(given, None, NOW).since == datetime.fromisoformat(f"{at}:00+00:00")


@pytest.mark.parametrize("given", ["x", "30", "-5m", "5 m", "25:00", "2025-13-01", "9" * 400, "999999999w"])
def test_a_time_that_is_not_valid(given: str) -> None:
    with pytest.raises(UsageError, match=r"invalid time until=.*such as 30m"):
        parse_window("", given, NOW)


def test_windows_that_cannot_be() -> None:
    with pytest.raises(UsageError, match=r"nothing lies between since 2025-05-08 09:50:00 UTC until 2025-05-08 09:00"):
        parse_window("10m", "1h", NOW)
    with pytest.raises(UsageError, match="the time of collection is not known; give a time such as"):
        parse_window("10m", "", Timestamp(""))
    assert not parse_window("", None, NOW)


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("2025-05-08T09:00:00.5Z x", "2025-05-08T09:00:00.500000"),
        ('May 08 11:00:00.1 hv01 a[1]: time="2025-05-08T09:00:00Z"', "2025-05-08T09:00:00"),
        ("May 08 09:00:00.1 hv01 a[1]: x", "2025-05-08T09:00:00"),
        ("Dec 31 23:59:59 hv01 a[1]: x", "2024-12-31T23:59:59"),
        ("Feb 29 10:00:00 hv01 a[1]: x", "2024-02-29T10:00:00"),
        ("I0508 09:00:00.123456    1 a.go:1] x", "2025-05-08T09:00:00"),
        ("2025/05/08 09:00:00 [INFO] x", "2025-05-08T09:00:00"),
        ("no time", None),
        ("Xxx 99 99:99:99 x", None),
        ("I9999 09:00:00.1 x", None),
    ],
)
def test_time_of_a_line(line: str, at: str | None) -> None:
    """What has no year is of the last one before the collection."""
    assert line_time(line, NOW) == (datetime.fromisoformat(f"{at}+00:00") if at else None)


def test_a_line_without_a_time_belongs_to_the_one_before_it(bundle: Cluster) -> None:
    """Those at the beginning to the first that has one."""
    pod = f"{POD}".rpartition("/")[2]
    early = bundle.logs(pod, container="rancher", previous=False, until="09:15")
    assert [line.number for line in early] == [1, 2, 3]
    late = bundle.logs(pod, container="rancher", previous=False, since="09:15", grep="more|one")
    assert [line.number for line in late] == [5]
    assert [line.text.split("] ")[-1] for line in bundle.logs("hv02", container="kubelet", until="1h")] == [
        "klog",
        "no time here",
    ]


def test_a_log_without_any_time_is_shown_and_said_to_be(bundle: Cluster) -> None:
    lines = bundle.logs("hv02", since="09:02")
    assert [line.text[-5:] for line in lines] == ["t all", "newer", " late"]
    assert [read.log.part for read in lines.read if not read.timed] == ["console"]


def test_older_parts_come_first(bundle: Cluster) -> None:
    assert [line.text.split(": ")[1] for line in bundle.logs("hv02", container="kernel")] == ["older", "newer"]


def logs(folder: Path, *words: str) -> list[str]:
    """The lines that are printed; stderr has a line for each file."""
    bundle = write_bundle(folder / "b.zip", WORLD.objects, logs=LOGS, node_zips=ZIPS, captured_at=NOW.text)
    result = run("logs", *words, bundle)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.mark.parametrize("name", [POD, "pod/rancher-7f8d6c5b4-abcde", "po/rancher-7f8d6c5b4-abcde"])
def test_a_pod_by_every_name(tmp_path: Path, name: str) -> None:
    """Without that of the previous container, unless it is asked for; passwords are masked."""
    lines = logs(tmp_path, name, "-c", "rancher")
    assert lines == LOGS[f"{POD}/rancher.log"].replace("abcdefgh", "***").splitlines()
    assert logs(tmp_path, name, "--previous") == ["2025-05-08T08:00:00Z before the restart"]


def test_the_pods_of_a_workload_say_where_each_line_is_from(tmp_path: Path) -> None:
    """Lines are whole, and drive no terminal."""
    lines = logs(tmp_path, "deploy/rancher", "--grep", "ONE|other", "-n", "cattle-system")
    assert lines[0] == "[rancher-7f8d6c5b4-abcde/rancher] 2025-05-08T09:10:00Z one"
    assert lines[1].endswith(r"xxx other\x1b[31m")
    assert len(lines) == 2


def test_what_was_read_is_told_on_stderr(tmp_path: Path) -> None:
    zips = {"hv02": ZIPS["hv02"] | {"logs/quiet.log": ""}}
    bundle = write_bundle(tmp_path / "b.zip", WORLD.objects, logs=LOGS, node_zips=zips, captured_at=NOW.text)
    told = run("logs", "node/hv02", bundle, "--since", "09:20").stderr.splitlines()
    assert told == [
        "nodes/hv02.zip/logs/console.log: 1 line; no line has a time, so all are shown",
        "nodes/hv02.zip/logs/kernel.log.1: 0 of 1 line",
        "nodes/hv02.zip/logs/kernel.log: 0 of 1 line",
        "nodes/hv02.zip/logs/kubelet.log: 1 of 3 lines",
        "nodes/hv02.zip/logs/quiet.log: 0 lines",
    ]


def test_without_a_name_it_lists_what_has_logs(tmp_path: Path) -> None:
    assert [" ".join(line.split()) for line in logs(tmp_path)] == [
        "NAMESPACE NAME LOGS",
        "<none> node/hv02 console,kernel,kubelet",
        "cattle-system pod/rancher-7f8d6c5b4-abcde proxy,rancher",
        "cattle-system pod/rancher-7f8d6c5b4-fghij rancher",
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("srv9",), "no log of a node or pod 'srv9' in issue-8236.zip; did you mean srv09?"),
        (("zz",), "logs are there of node srv06, srv07, srv08 and srv09 and of 21 pods"),
        (("pod/srv09",), "no log of a node or pod 'pod/srv09' in issue-8236.zip; there is one of node/srv09\n"),
        (("srv09", "-n", "x"), "; there is one of node/srv09, and a node has no namespace\n"),
        (("rancher-3c47c", "-n", "x"), "; there is one of pod/rancher-3c47c in namespace cattle-system\n"),
        (("srv09", "-c", "rke2"), "no container or unit 'rke2' of srv09; did you mean rke2-agent?"),
        (("rancher-3c47c", "-p"), "no log of a previous container of rancher-3c47c"),
        (("srv09", "--grep", "("), "not a valid regular expression"),
        (("srv09", "--since", "1h", "--until", "2h"), "nothing lies between"),
        (("a", "b"), "give one node or pod, then the SOURCE"),
    ],
)
def test_what_cannot_be_shown_is_one_line(words: tuple[str, ...], says: str) -> None:
    result = run("logs", *words, BROKEN)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert says in result.stderr
