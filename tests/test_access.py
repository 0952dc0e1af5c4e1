"""whoami: who one is to a cluster and what one may list there, without reading any object."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.access import whoami as access
from harvdiag.access.rbac import build_manifests
from harvdiag.access.rights import Access
from harvdiag.access.whoami import PROBE
from harvdiag.core.errors import AccessError, UsageError
from harvdiag.core.model import State
from harvdiag.io.progress import Progress
from harvdiag.kinds import CATALOGUE
from harvdiag.reports.access import render
from harvdiag.reports.notebook.cards import access_card
from tests.api import TOKEN, Api, Rights, status
from tests.routes import HEALTHY
from tests.world import healthy

OBJECTS = healthy().objects
FLEET = "fleet-local"
OF_CLUSTER = {"nodes", "settings.harvesterhci.io", "clusters.management.cattle.io"}
SOME = {
    "all": None,
    "nothing": (),
    "no rke.cattle.io": lambda *words: not words[2].endswith("rke.cattle.io"),
    "fleet-local": Rights(OF_CLUSTER, {FLEET: {"*"}}),
    "no plans": lambda *words: words[2] not in ("secrets", "nodes/proxy"),
}


def whoami(api: Api, place: Path, **how: Any) -> Access:
    """What is told of the identity."""
    return hd.whoami(kubeconfig=api.kubeconfig(place / "config", **how), request_timeout=10)


@pytest.fixture(params=SOME)
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    """A cluster in which the identity may see more or less."""
    with Api(OBJECTS, rights=SOME[request.param]) as server:
        yield server


def test_no_object_is_read(api: Api, tmp_path: Path) -> None:
    """Every list is asked for a name that nobody has; nothing is written, no Secret shown."""
    whoami(api, tmp_path)
    lists = [request for request in api.lists if "/proxy/" not in request.path]
    assert lists
    for request in lists:
        assert f"metadata.name={PROBE}" in request.query["fieldSelector"], str(request)
        assert request.query["limit"] == "1"
    others = {path for path in api.paths if path not in {request.path for request in lists}}
    assert others == {"/version", "/api", "/apis", f"/api/v1/nodes/{PROBE}/proxy/stats/summary"}
    assert len(api.requests) <= 3 + 2 * len(CATALOGUE)
    api.assert_only_read()


def test_a_check_meets_what_was_told(api: Api, tmp_path: Path) -> None:
    """Kind by kind: what may be listed is seen, what may not is forbidden."""
    told = {right.resource: right for right in whoami(api, tmp_path).rights}
    cluster = hd.connect(kubeconfig=tmp_path / "config", request_timeout=10)
    for entry in cluster.coverage:
        kind = CATALOGUE[entry.kind]
        if entry.namespace == kind.home:
            assert entry.state.seen == bool(told[kind.resource].listed), entry
            assert (entry.state is State.FORBIDDEN) == (told[kind.resource].listed is False), entry
            assert entry.version == told[kind.resource].version
    cluster.table("kubeletstats")
    (figures,) = cluster.coverage.of("KubeletStats")
    if cluster.snapshot.seen("Node"):
        assert figures.state.seen == told["nodes/proxy"].listed


def test_all_is_allowed(tmp_path: Path) -> None:
    """A server that refuses nothing names nobody."""
    with Api(OBJECTS, tls="good") as api:
        found = whoami(api, tmp_path)
        text = render(found)
        url = api.url
    assert (found.context, found.server, found.user, found.way) == ("lab", url, "lab-user", "token")
    assert (found.known_as, found.refused) == ("", ())
    assert found.kubernetes_version == "v1.31.4+rke2r1"
    assert "All of them may be listed" in text
    assert TOKEN not in text + repr(found)
    assert (
        repr(found)
        == f"<Access to lab: lab-user (token), {len(found.rights)} of {len(found.rights)} kinds may be listed>"
    )
    assert list(found.frame.columns) == ["kind", "resource", "version", "listed", "where", "reason"]
    assert found.frame["listed"].all()


def test_nothing_is_allowed(tmp_path: Path) -> None:
    """The name comes from the server's own words."""
    with Api(OBJECTS, rights=()) as api:
        found = whoami(api, tmp_path)
    assert found.known_as == "reader"
    assert [right.listed for right in found.rights] == [False] * len(found.rights)
    text = render(found)
    assert f"{len(found.rights)} of {len(found.rights)} may not be listed" in text
    assert 'User "reader" cannot' in text
    assert "harvdiag rbac" in text


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("reader", "user:reader"),
        ("system:serviceaccount:default:harvdiag", "serviceaccount:default/harvdiag"),
        ("o'k x", "'user:o'\"'\"'k x'"),
        ("bad\u202ename", "user:NAME"),
        (" x", "user:NAME"),
    ],
)
def test_the_advice_works(tmp_path: Path, name: str, subject: str) -> None:
    """The command names the subject as `harvdiag rbac` takes it, and no more rights than are missing."""
    message = f'machines.cluster.x-k8s.io is forbidden: User "{name}" cannot list resource "machines" (403)'
    with Api(OBJECTS) as api:
        api.fail("*/machines", status(403, body={"kind": "Status", "message": message}))
        found = whoami(api, tmp_path)
    _, command, caution = found.advice
    assert command == f"harvdiag rbac --subject {subject} | kubectl apply -f -"
    assert caution == ""
    words = shlex.split(command)
    assert "kind: ClusterRoleBinding" in build_manifests(subject=words[words.index("--subject") + 1])
    assert f"\n  {command}\n" in render(found)
    assert command in unescape(access_card(found))


def test_the_advice_is_careful(tmp_path: Path) -> None:
    """What gives more than it seems to is only advised where it is missing, and with a word on that."""
    with Api(OBJECTS, rights=SOME["no plans"]) as api:
        found = whoami(api, tmp_path)
    assert "--subject user:reader --plans --kubelet |" in found.advice[1]
    for text in (" ".join(render(found).split()), unescape(access_card(found))):
        assert "--plans lets its holder read every Secret of fleet-local" in text
        assert "--kubelet lets its holder run commands in every Pod" in text
        assert "docs/access.md" in text
    with Api(OBJECTS, rights=lambda *words: words[2] != "nodes/proxy") as api:
        found = whoami(api, tmp_path)
    assert "--plans" not in found.advice[1]
    assert found.summary == f"1 of {len(found.rights)} may not be listed. Only a preflight needs them."
    assert re.search(
        r"✗ KubeletStats \(disks\) +nodes/proxy +not allowed; only a preflight needs it\n", render(found, 140)
    )


def test_nobody_is_given_rights(tmp_path: Path) -> None:
    """Who is anonymous has to log in; a role for all the world is no advice."""
    message = 'nodes is forbidden: User "system:anonymous" cannot list resource "nodes" (403)'
    with Api(OBJECTS) as api:
        api.fail("*/nodes", status(403, body={"kind": "Status", "message": message}))
        text = render(whoami(api, tmp_path))
    assert "harvdiag rbac" not in text
    assert "log in first" in text


def test_every_kind_is_counted_once(tmp_path: Path) -> None:
    """Listed, listed in some namespaces, refused, not known: together they are all."""
    rights = Rights(OF_CLUSTER, {FLEET: {"machines.cluster.x-k8s.io"}})
    with Api(OBJECTS, rights=rights) as api:
        api.fail("*/upgrades", status(400))
        found = whoami(api, tmp_path)
    marks = [right.mark for right in found.rights]
    assert {mark: marks.count(mark) for mark in "✓◐✗?"} == {"✓": 3, "◐": 1, "✗": len(marks) - 5, "?": 1}
    of = len(marks)
    assert f", 3 of {of} kinds may be listed, 1 only in some namespaces, 1 not known>" in repr(found)
    for text in (" ".join(render(found).split()), unescape(access_card(found))):
        assert f"{of - 5} of {of} may not be listed; 1 of {of} may be listed only in some namespaces (◐); " in text
        assert f"1 of {of} could not be determined (?). Checks that need them are skipped." in text
        assert "All of them" not in text
        assert text.count('User "reader" cannot') == 1
        assert PROBE not in text
    assert "✗ no" in access_card(found)
    assert "◐ partly" in access_card(found)


def test_unknown_is_not_allowed(tmp_path: Path) -> None:
    """Nothing is refused, but not all of it may be listed for certain; the same reason is told once."""
    with Api(OBJECTS) as api:
        api.fail("*/machines", status(400))
        api.fail("*/upgrades", status(400))
        found = whoami(api, tmp_path)
        text = " ".join(render(found).split())
    assert "All of them" not in text
    assert f"2 of {len(found.rights)} could not be determined (?)" in text
    assert "Not known for Machine, Upgrade: " in text


def test_the_probe_is_not_in_the_reasons(tmp_path: Path) -> None:
    """A server may repeat the name that was asked for; nobody has heard of it."""
    message = f'nodes "{PROBE}" is forbidden: User "reader" cannot list resource "nodes"'
    with Api(OBJECTS) as api:
        api.fail("*", status(403, body={"kind": "Status", "message": message}))
        found = whoami(api, tmp_path)
    assert found.rights[0].reason.startswith('nodes is forbidden: User "reader" cannot')
    assert not any(PROBE in right.reason for right in found.rights)


@pytest.mark.parametrize(("message", "listed"), [(f'nodes "{PROBE}" not found', True), ("no such page", None)])
def test_a_404_of_the_kubelet(tmp_path: Path, message: str, listed: bool | None) -> None:
    """Only one that names the Node was judged; a proxy in between knows nothing of it."""
    with Api(OBJECTS) as api:
        api.fail("*/proxy/*", status(404, body={"kind": "Status", "message": message}))
        found = whoami(api, tmp_path)
    assert {right.listed for right in found.rights if right.resource == "nodes/proxy"} == {listed}


@pytest.mark.parametrize("width", [40, 60, 80, 93, 100, 120])
def test_it_keeps_to_the_width(tmp_path: Path, width: int) -> None:
    """Only a command and an address are never broken."""
    with Api(OBJECTS, rights=()) as api:
        lines = render(whoami(api, tmp_path), width).splitlines()
    assert max(len(line) for line in lines if "http://" not in line and "| kubectl" not in line) <= width


class Counted(Progress):
    """Remembers what was drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[str] = []

    def _draw_state(self) -> None:
        self.drawn.append(self.text)


def test_it_shows_how_far_it_is(tmp_path: Path) -> None:
    """A server that takes its time leaves nobody before a blank screen."""
    progress = Counted()
    with Api(OBJECTS) as api:
        found = access.whoami("lab", api.kubeconfig(tmp_path / "config"), 10, progress)
    assert len(progress.drawn) > len(found.rights)
    assert f"lab: {len(found.rights)} of {len(found.rights)}" in progress.drawn[-1]
    assert not progress.under_way


@pytest.mark.parametrize("source", ["lab", "context:lab"])
def test_a_context_by_either_name(tmp_path: Path, source: str) -> None:
    """A word that is no file is the context of that name, as for `hd.connect`; a time may be written with its unit."""
    with Api(OBJECTS) as api:
        config = api.kubeconfig(tmp_path / "config", current="dev", others=["dev"])
        assert hd.whoami(source, kubeconfig=config, request_timeout="1h30m").context == "lab"
        assert hd.connect(source, kubeconfig=config, request_timeout="5m").source.name == "lab"


@pytest.mark.parametrize("call", [hd.connect, hd.whoami])
@pytest.mark.parametrize("time", [0, "0", "0s", "soon", "25h", -1, float("inf")])
def test_times_that_are_none(call: Any, time: Any) -> None:
    """Before anything is asked."""
    with pytest.raises(UsageError, match="invalid duration"):
        call(request_timeout=time)


@pytest.mark.parametrize("call", [hd.open, hd.whoami])
def test_an_empty_name_is_no_folder(call: Any) -> None:
    """A variable that was not set must not mean the current folder."""
    with pytest.raises(UsageError, match="the name of the source is empty"):
        call("")


def test_only_in_one_namespace(tmp_path: Path) -> None:
    """It says where."""
    with Api(OBJECTS, rights=SOME["fleet-local"]) as api:
        found = whoami(api, tmp_path)
    where = {right.kind: right.where for right in found.rights}
    assert where["Machine"] == "only in fleet-local"
    assert re.search(r"◐ Machine +machines.cluster.x-k8s.io +only in fleet-local\n", render(found, 140))
    assert where["Node"] == "the cluster"
    assert "Machine" in {right.kind for right in found.refused}


@pytest.mark.parametrize("aggregated", [True, False])
def test_a_kind_that_is_not_served(tmp_path: Path, aggregated: bool) -> None:
    """Nobody is refused what is not there."""
    with Api(OBJECTS, missing={"upgrades.harvesterhci.io"}, aggregated=aggregated) as api:
        found = {right.kind: right for right in whoami(api, tmp_path).rights}
    assert (found["Upgrade"].listed, found["Upgrade"].reason) == (None, "the server has no such kind")


def test_what_was_not_answered_is_not_known(tmp_path: Path) -> None:
    """Neither allowed nor refused; nodes/proxy too."""
    with Api(OBJECTS) as api:
        api.fail("*/machines", status(400))
        api.fail("*/proxy/*", status(503))
        found = {right.kind.split()[0]: right for right in whoami(api, tmp_path).rights}
    assert (found["Machine"].listed, found["KubeletStats"].listed) == (None, None)
    assert "(503)" in found["KubeletStats"].reason


def test_impersonation_and_unchecked_certificates_are_noted(tmp_path: Path) -> None:
    """What makes the answer another one is told."""
    with Api(OBJECTS, tls="other ca") as api:
        found = whoami(api, tmp_path, ca="insecure", user={"as": "someone", "as-groups": ["ops", "dev"]})
    assert found.acting_as == "someone of ops, dev"
    for text in (repr(found), render(found), access_card(found)):
        assert "lab-user (token), acting as someone of ops, dev" in text
    for text in (render(found), access_card(found)):
        assert "! the server's certificate is not checked" in unescape(text)


def test_words_of_the_server_are_escaped(tmp_path: Path) -> None:
    """Also a name."""
    evil = 'x is forbidden: User "\x1b[31mroot\u202e" cannot list'
    with Api(OBJECTS) as api:
        api.fail("*/machines", status(403, body={"kind": "Status", "message": evil}))
        text = render(whoami(api, tmp_path))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31mroot" in text


def test_a_login_that_is_not_accepted(tmp_path: Path) -> None:
    """As for a check."""
    with Api(OBJECTS, tls="good") as api, pytest.raises(AccessError, match="log in again"):
        whoami(api, tmp_path, login="bad token")


def test_a_file_asks_nobody() -> None:
    """The same call takes any source."""
    found = hd.whoami(HEALTHY)
    assert (found.server, found.rights, found.refused) == ("", (), ())
    assert "this is a file" in found.who
    assert "this is a file" in repr(found)
    assert render(found).startswith("healthy.zip\nthis is a file")
    assert len(found.frame) == 0
