"""What goes wrong while a cluster is read: bounded tries, then coverage that tells it and a snapshot that is usable."""

from __future__ import annotations

import _thread
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.core.errors import SourceError
from harvdiag.core.model import State
from harvdiag.kinds import DIAGNOSIS
from tests.api import (
    Api,
    bad_item,
    close,
    die,
    dribble,
    gone,
    items_null,
    not_json,
    redirect,
    reset,
    stall,
    status,
    truncated,
)
from tests.api.fixture import Serve
from tests.transport.lab import assert_skipped, cluster, states
from tests.world import healthy

WORLD = healthy()
MACHINES = "/apis/cluster.x-k8s.io/v1beta1/machines"
NODES = "/api/v1/nodes"
BASE, CHECKED = 3, len(DIAGNOSIS)
SOON = {"Retry-After": "0"}


def of_machines(api: Api) -> int:
    """How often the Machines were asked for."""
    return api.paths.count(MACHINES)


@pytest.mark.parametrize(
    ("fault", "tries", "why"),
    [
        (status(401), 1, "Unauthorized (401); log in again"),
        (status(404), 1, "the server has no machines.cluster.x-k8s.io"),
        (status(400), 1, "(400)"),
        (status(429, SOON), 5, "Too many requests, please try again later. (429)"),
        (status(429, {"Retry-After": "60"}), 1, "Too many requests, please try again later. (429)"),
        (status(500, SOON), 5, "(500)"),
        (status(503, SOON), 5, "the server is currently unable to handle the request (503)"),
        (not_json(), 1, "text/html; charset=utf-8 that is not JSON"),
        (redirect(), 1, "as a login page does"),
        (truncated(), 1, "application/json that is not JSON"),
        (status(200, body={"kind": "Status", "status": "Success"}), 1, "answered with Status, not a list"),
        (bad_item(), 1, "item 1 is not an object"),
    ],
)
def test_one_list_that_fails(serve: Serve, tmp_path: Path, fault: Any, tries: int, why: str) -> None:
    """The rules that need it are skipped and say why, all others are judged, and the requests are counted."""
    api = serve(WORLD.objects, tls="good" if "401" in why else "")
    of = cluster(api, tmp_path)
    api.fail(MACHINES, fault)
    (entry, *_) = of.coverage.of("Machine")
    assert entry.state is (State.NOT_LOOKED_AT if "has no" in why else State.FAILED)
    assert why in of.coverage.of("Machine")[-1].reason or why in entry.reason
    assert_skipped(of, "Machine", why=why)
    assert of_machines(api) == tries
    assert len(api.requests) == BASE + CHECKED - 1 + tries
    assert all(row.state.seen for row in of.coverage if row.kind != "Machine")
    api.assert_only_read()


@pytest.mark.parametrize("fault", [reset(), reset(0.5), close(0.5), close(None)])
def test_a_connection_that_breaks_once(serve: Serve, tmp_path: Path, fault: Any) -> None:
    """Nobody notices."""
    api = serve(WORLD.objects)
    of = cluster(api, tmp_path)
    api.fail(MACHINES, fault, times=1)
    assert {outcome.outcome for outcome in of.check().outcomes} == {"passed"}
    assert of_machines(api) == 2


def test_a_connection_that_always_breaks(serve: Serve, tmp_path: Path) -> None:
    """A few tries, then the others are judged without it."""
    api = serve(WORLD.objects)
    of = cluster(api, tmp_path)
    api.fail(MACHINES, reset())
    assert_skipped(of, "Machine", why="Connection reset by peer")
    assert 1 <= of_machines(api) <= 4


def test_nothing_is_an_answer_too(serve: Serve, tmp_path: Path) -> None:
    """A list whose items are null is empty: the Nodes have no Machines, and that is what is found."""
    api = serve(WORLD.objects)
    api.fail(MACHINES, items_null())
    of = cluster(api, tmp_path)
    assert [entry.state for entry in of.coverage.of("Machine")] == [State.EMPTY]
    assert "no-machine-listed" in {finding.rule for finding in of.check()}


@pytest.mark.parametrize("fault", [stall(), stall(sent=0.5), dribble(0.02)], ids=["at once", "half-way", "dribble"])
def test_a_list_that_does_not_come(serve: Serve, tmp_path: Path, fault: Any) -> None:
    """Two tries of the time that is given."""
    api = serve(WORLD.objects)
    of = cluster(api, tmp_path, 1)
    api.fail(MACHINES, fault)
    assert_skipped(of, "Machine", why="within 1 s")
    assert of_machines(api) == 2


def test_a_list_that_expires_on_the_way(serve: Serve, tmp_path: Path) -> None:
    """510 Machines, whose second page is gone each time: the third time they come whole, each once."""
    api = serve(healthy(["a", "b", "c"], [f"w{number}" for number in range(507)]).objects)
    of = cluster(api, tmp_path)
    api.fail(MACHINES, gone())
    assert len(of.machines) == 510
    assert not of.check()
    limits = [request.query.get("limit") for request in api.requests if request.path == MACHINES]
    assert limits == ["500", "500", "500", "500", None]


def test_a_refusal_on_the_second_page(serve: Serve, tmp_path: Path) -> None:
    """What came is shown; absence is told of nothing."""
    api = serve(healthy(["a", "b", "c"], [f"w{number}" for number in range(507)]).objects)
    of = cluster(api, tmp_path)
    api.fail(f"{MACHINES}[?]*continue=*", status(403))
    (entry,) = of.coverage.of("Machine")
    assert (entry.state, entry.count) == (State.FAILED, 500)
    assert entry.reason.startswith("after 500 objects: ")
    assert_skipped(of, "Machine", why="after 500 objects: ")


def test_a_server_that_dies_half_way(serve: Serve, tmp_path: Path) -> None:
    """Reading ends soon; what came by then stays, and can be saved."""
    api = serve(WORLD.objects)
    of = cluster(api, tmp_path)
    api.fail("/apis/rke.cattle.io/v1/rkeclusters", die())
    found = states(of.coverage)
    assert found["RKECluster", "fleet-local"] is State.FAILED
    assert State.COLLECTED in found.values()
    assert len(api.requests) <= BASE + CHECKED
    kept = hd.open(of.save(tmp_path / "kept.harvdiag.zip").path)
    kept.snapshot.load(dict.fromkeys(entry.kind for entry in of.coverage))
    assert tuple(kept.coverage) == tuple(of.coverage), "the file tells the same"


def test_a_server_that_is_gone_for_good(serve: Serve, tmp_path: Path) -> None:
    """Nothing came: an error in one line, not a report about nothing."""
    api = serve(WORLD.objects)
    of = cluster(api, tmp_path)
    api.server.stop()
    with pytest.raises(SourceError, match="no check could be run") as caught:
        of.check()
    assert "Connection refused" in str(caught.value)


def test_an_expired_login_on_the_way(serve: Serve, tmp_path: Path) -> None:
    """Each list says how to log in again; no request is repeated."""
    api = serve(WORLD.objects, tls="good")
    of = cluster(api, tmp_path)
    api.logins.tokens.clear()
    with pytest.raises(SourceError, match="log in again: download a new kubeconfig"):
        of.check()
    assert len(api.requests) == BASE + CHECKED


def test_words_of_the_server_are_escaped(serve: Serve, tmp_path: Path) -> None:
    """A message that would drive a terminal, break a table or open a page is only text in every report."""
    from harvdiag.reports import render, terminal
    from harvdiag.reports.notebook.cards import coverage_card, findings_card

    evil = "\x1b[31mred\x1b]0;t\x07\n| a | b |\u202e <script>x</script> http://evil.example"
    api = serve(WORLD.objects)
    of = cluster(api, tmp_path)
    api.fail("*/machines", status(403, body={"kind": "Status", "message": evil}))
    findings = of.check()
    (entry,) = of.coverage.of("Machine")
    assert entry.state is State.FORBIDDEN
    assert "\n" not in entry.reason
    cards = findings_card(findings), coverage_card(findings.coverage)
    for text in (terminal.render(findings, 100, False), render(findings, "markdown"), *cards):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "<script>" not in render(findings, "markdown") + "".join(cards)
    assert "\x1b" not in render(findings, "json")


# --- Ctrl-C --------------------------------------------------------------------------------------------------------


class Interrupting:
    """A fault that presses Ctrl-C, once all other lists have been answered, and lets its own list hang."""

    def __init__(self, api: Api, others: int) -> None:
        self.api, self.others = api, others
        self.release = Event()

    def __call__(self, *_: Any) -> None:
        while sum(request.status == 200 for request in self.api.lists) < self.others:
            self.release.wait(0.02)
        self.release.wait(0.3)  # the client takes in what was answered
        _thread.interrupt_main()
        self.release.wait(10)


def test_ctrl_c_keeps_what_was_read(serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """KeyboardInterrupt at once; asked again, only what is missing is read."""
    api = serve(WORLD.objects)
    of = cluster(api, tmp_path)
    fault = Interrupting(api, CHECKED - 1)
    failure = api.fail(MACHINES, fault)
    with pytest.raises(KeyboardInterrupt):
        _ = of.coverage
    api.failures.remove(failure)
    before = len(api.requests)
    assert all(entry.state.seen for entry in of.coverage)
    assert api.paths[before:] == [MACHINES]
    assert not of.check()
    assert len(of.table("kubeletstats")) == 3, "other requests are not stopped any more"
    fault.release.set()
    assert [record.message for record in caplog.records] == []
    api.assert_only_read()


def test_ctrl_c_while_everything_hangs(serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Eight requests hang on their connections; the next reading has its own, and nothing is logged for it."""
    api = serve(WORLD.objects)
    of = cluster(api, tmp_path)
    reached = Event()

    def fault(wire: Any, made: Any) -> Any:
        if len(api.lists) == 8 and not reached.is_set():
            reached.set()
            _thread.interrupt_main()
        return stall(1)(wire, made)

    failure = api.fail("*", fault, times=8)
    with pytest.raises(KeyboardInterrupt):
        _ = of.coverage
    assert not of.check()
    while any(request.status == 0 for request in api.requests):
        reached.wait(0.02)
    assert failure.hits == 8
    assert [record.message for record in caplog.records] == []


def test_ctrl_c_while_kubelets_are_asked(serve: Serve, tmp_path: Path) -> None:
    """The next question is answered."""
    api = serve(WORLD.objects, aggregated=False)
    of = cluster(api, tmp_path)
    of.check()
    fault = Interrupting(api, 0)
    failure = api.fail("/api/v1/nodes/hv02/proxy/*", fault)
    with pytest.raises(KeyboardInterrupt):
        of.table("kubeletstats")
    api.failures.remove(failure)
    assert "pods" in of.kinds
    assert len(of.table("kubeletstats")) == 3
    fault.release.set()


def test_stopped_for_good(serve: Serve, tmp_path: Path) -> None:
    """What the terminal tool does with it: nothing more is asked, and what was not read says so."""
    api = serve(WORLD.objects)
    of = cluster(api, tmp_path)
    assert of.snapshot.stop("interrupted before it was read")
    entries = list(of.coverage)
    assert {entry.state for entry in entries} == {State.NOT_LOOKED_AT}
    assert {entry.reason for entry in entries} == {"interrupted before it was read"}
    assert len(api.requests) == BASE
