"""A snapshot: kinds by any name that kubectl takes, read when first asked for and once, and vetted item by item."""

from __future__ import annotations

from typing import Any

import pytest

import harvdiag as hd
from harvdiag.core.errors import UsageError
from harvdiag.core.model import ObjectRef, State
from harvdiag.kinds import DIAGNOSIS
from harvdiag.snapshot import Listing, Resource, Snapshot, vet_listing
from harvdiag.training.world.objects import new
from tests import port
from tests.routes import BROKEN
from tests.world import healthy

RESOURCES = (
    Resource("", "v1", "nodes"),
    Resource("longhorn.io", "v1beta2", "nodes", "longhorn-system"),
    Resource("", "v1", "pods", "default"),
    Resource("", "v1", "pods", "kube-system"),
    Resource("longhorn.io", "v1beta2", "backups", "longhorn-system"),
    Resource("velero.io", "v1", "backups", "default"),
    Resource("networking.k8s.io", "v1", "ingresses", "default"),
    Resource("networking.k8s.io", "v1", "networkpolicies", "default"),
    Resource("x.io", "v1", "geese", "default", "Goose"),
)


@pytest.fixture
def snapshot() -> Snapshot:
    """One with namesakes and odd plurals."""
    return Snapshot(port.Port(resources=RESOURCES))


# --- which kind is meant -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Node", "Node"),
        ("node", "Node"),
        ("nodes", "Node"),
        ("NODES", "Node"),
        ("nodes.longhorn.io", "Node.longhorn.io"),
        ("Node.longhorn.io", "Node.longhorn.io"),
        ("Pod", "Pod"),
        ("pods", "Pod"),
        ("backup.velero.io", "backups.velero.io"),
        ("Ingress", "ingresses.networking.k8s.io"),
        ("NetworkPolicy", "networkpolicies.networking.k8s.io"),
        ("Goose", "geese.x.io"),
        ("geese", "geese.x.io"),
        ("machines.cluster.x-k8s.io", "Machine"),
        ("machine", "Machine"),
        ("Cluster", "Cluster"),
        ("clusters.provisioning.cattle.io", "Cluster.provisioning.cattle.io"),
        ("Cluster.management.cattle.io", "Cluster.management.cattle.io"),
        ("rkecontrolplane", "RKEControlPlane"),
    ],
)
def test_kind_goes_by_every_name_that_kubectl_takes(snapshot: Snapshot, word: str, name: str) -> None:
    """Singular, plural, with the group or without, in any case; a bare name of the catalogue is Kubernetes' own."""
    assert snapshot.resolve_kind(word).name == name


def test_ambiguous_kind_is_refused_with_the_choices(snapshot: Snapshot) -> None:
    """Two groups have backups: none is preferred."""
    with pytest.raises(UsageError, match=r"'Backup' may be backups.longhorn.io, backups.velero.io: name one of them"):
        snapshot.resolve_kind("Backup")


@pytest.mark.parametrize("word", ["podz", "Podd", "pods.longhorn.io", "nodes.x.io", "", ".", "po.ds"])
def test_unknown_kind_is_refused_in_one_line(snapshot: Snapshot, word: str) -> None:
    """A slip of the hand is no empty table."""
    with pytest.raises(UsageError) as caught:
        snapshot.resolve_kind(word)
    assert "\n" not in str(caught.value)
    assert repr(word) in str(caught.value)


def test_unknown_kind_comes_with_a_suggestion(snapshot: Snapshot) -> None:
    """The nearest that the source holds, and the source's name."""
    with pytest.raises(UsageError, match=r"no kind 'podz' in port; did you mean pods\?"):
        snapshot.resolve_kind("podz")
    with pytest.raises(UsageError, match=r"no kind 'xyzzy' in port; it has backups, geese, ingresses, "):
        snapshot.resolve_kind("xyzzy")


# --- lazy, once ----------------------------------------------------------------------------------------------------


def test_nothing_is_read_before_it_is_asked_for() -> None:
    """Opening reads nothing; each kind is read once."""
    reader = port.Port(healthy().objects)
    snapshot = Snapshot(reader)
    assert (reader.read_kinds, len(snapshot.coverage)) == ([], 0)
    for _ in range(2):
        assert len(snapshot.objects("Node")) == 3
        snapshot.load(["Node", "Machine"])
    assert reader.read_kinds == ["Node", "Machine"]
    assert [entry.kind for entry in snapshot.coverage] == ["Node", "Machine"]


def test_a_kind_that_is_named_twice_is_read_once() -> None:
    """Its objects would stand there twice, and each would be a fault."""
    reader = port.Port(healthy().objects)
    snapshot = Snapshot(reader)
    snapshot.load(["Node", "Machine", "Node"])
    assert reader.read_kinds == ["Node", "Machine"]
    assert len(snapshot.objects("Node")) == 3


def test_check_reads_only_what_its_rules_need() -> None:
    """One rule's kinds and what every report tells of; no Host, nothing unknown."""
    reader = port.Port(healthy().objects)
    hd.Cluster(Snapshot(reader)).check()
    assert len(reader.read_kinds) == len(set(reader.read_kinds))
    assert "Host" not in reader.read_kinds


def test_coverage_of_a_cluster_has_every_kind_of_the_diagnosis() -> None:
    """Asking for the coverage reads what the checks stand on, in a fixed order: Node and Machine first."""
    kinds = list(dict.fromkeys(entry.kind for entry in hd.open(BROKEN).coverage))
    assert kinds == list(DIAGNOSIS)


def test_cluster_lists_the_kinds_it_can_show() -> None:
    """As kubectl names them, each once."""
    kinds = hd.open(BROKEN).kinds
    assert kinds == sorted(set(kinds))
    assert {"nodes", "pods", "machines.cluster.x-k8s.io", "nodes.longhorn.io"} <= set(kinds)


# --- absent or unseen ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(State), ids=str)
def test_only_collected_and_empty_are_seen(state: State) -> None:
    """Every other state is a gap with its reason."""
    snapshot = Snapshot(port.Port(healthy().objects, {"Machine": state}))
    seen = state in {State.COLLECTED, State.EMPTY}
    assert snapshot.seen("Machine") == seen
    assert snapshot.gap("Machine") == (None if seen else f"{state}: for a reason")


def test_kind_that_the_source_does_not_tell_of_is_a_gap() -> None:
    """No listing at all is no proof of absence."""

    class Silent(port.Port):
        """A source that answers nothing."""

        def read(self, kinds: Any) -> list[Listing]:  # noqa: ARG002
            return []

    assert Snapshot(Silent()).gap("Node") == "not in the source"


def test_get_finds_one_object_by_namespace_and_name() -> None:
    """An object of another namespace is another object."""
    world = healthy()
    snapshot = Snapshot(port.Port(world.objects))
    ref = ObjectRef("Machine", "fleet-local", world.machine_of("hv02"))
    assert snapshot.get(ref) is world.get("Machine", ref.name)
    assert snapshot.get(ref._replace(namespace="default")) is None


# --- what is kept of a list ----------------------------------------------------------------------------------------

GOOD = new("v1", "Node", "hv01")


def vetted(*items: Any, state: State = State.COLLECTED, reason: str = "") -> tuple[list[Any], State, str]:
    """What is left of a list of Nodes, its state and its reason."""
    node = Snapshot(port.Port()).resolve_kind("Node")
    kept, entry = vet_listing(Listing(kind=node, version="v1", items=items, state=state, reason=reason))
    assert entry.count == len(kept)
    return kept, entry.state, entry.reason


def test_good_list_is_collected_and_one_without_items_empty() -> None:
    """The two states in which absence means something."""
    assert vetted(GOOD) == ([GOOD], State.COLLECTED, "")
    snapshot = Snapshot(port.Port())
    nothing = [
        vet_listing(Listing(kind=snapshot.resolve_kind(kind), version="v1", namespace="fleet-local"))
        for kind in ("Machine", "Secret")
    ]
    assert [(kept, entry.state, entry.reason) for kept, entry in nothing] == [([], State.EMPTY, "")] * 2


@pytest.mark.parametrize("state", [State.COLLECTED, State.EMPTY])
def test_a_list_without_any_node_was_not_taken(state: State) -> None:
    """What collects runs on a Node: a cluster without one cannot tell anything, so the list is a gap."""
    assert vetted(state=state) == (
        [],
        State.FAILED,
        "no Node is listed, which is impossible: the list is incomplete, or this cluster is not in use",
    )


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        (None, "item 2 is not an object"),
        (["x"], "item 2 is not an object"),
        ({}, "item 2 has no name"),
        ({"kind": "Node", "metadata": {"name": ""}}, "item 2 has no name"),
        ({"kind": "Node", "metadata": {"name": 7}}, "item 2 has no name"),
        ({"kind": "Node", "metadata": None}, "item 2 has no name"),
        (GOOD, "item 2 (hv01) is a duplicate"),
        ({"apiVersion": "v1", "metadata": {"name": "a"}}, "item 2 (a) has no kind"),
        ({"apiVersion": "v1", "kind": "", "metadata": {"name": "a"}}, "item 2 (a) has no kind"),
        (new("v1", "Pod", "a"), "item 2 (a) is a Pod of v1, not a Node"),
        (new("longhorn.io/v1beta2", "Node", "a"), "item 2 (a) is a Node of longhorn.io/v1beta2, not a Node"),
    ],
)
def test_one_bad_item_makes_a_list_that_was_not_seen_whole(item: Any, fault: str) -> None:
    """The good items stay to look at, but no rule may stand on them."""
    kept, state, reason = vetted(GOOD, item)
    assert (kept, state) == ([GOOD], State.FAILED)
    assert reason == fault


def test_list_without_any_kind_is_that_of_2021() -> None:
    """Typed lists of that time leave kind and apiVersion out of every item."""
    bare = [{"metadata": {"name": name}} for name in ("a", "b")]
    assert vetted(*bare) == (bare, State.COLLECTED, "")


def test_many_faults_are_counted_not_listed() -> None:
    """Three are shown, the others counted; a reason that the list already had comes first."""
    _, state, reason = vetted(*[None] * 5, state=State.FAILED, reason="cut")
    assert state is State.FAILED
    assert reason == "cut; item 1 is not an object; item 2 is not an object; item 3 is not an object (and 2 more)"


def test_state_of_a_failed_list_stays() -> None:
    """A list that was not read whole stays so, though its items are good."""
    assert vetted(GOOD, state=State.FAILED, reason="cut") == ([GOOD], State.FAILED, "cut")
    assert vetted(state=State.FORBIDDEN, reason="no right") == ([], State.FORBIDDEN, "no right")
