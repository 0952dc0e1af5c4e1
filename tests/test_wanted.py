"""Selecting objects of large kinds: the same objects from text as from objects, and from a saved file as before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.model import State
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.keep import keep_fields
from harvdiag.kinds.podstate import not_ready, reason, restarts
from harvdiag.kinds.volumestate import IDLE, SINGLE, UNSETTLED
from harvdiag.kinds.wanted import Wanted
from harvdiag.snapshot import Snapshot
from harvdiag.sources.live.reader import connect
from harvdiag.sources.saved.reader import SavedReader
from harvdiag.sources.saved.writer import save_snapshot
from harvdiag.training.world.objects import new
from tests.api import Api
from tests.routes import ROUTES
from tests.world import healthy

NS = "harvester-system"


def pod(name: str, phase: str = "Running", ready: bool = True, **more: Any) -> dict[str, Any]:
    """A Pod with one container; with environment and arguments, which must not be kept."""
    secret = [{"name": "PASSWORD", "value": "hunter2"}]
    state = {
        "name": "main",
        "ready": ready,
        "restartCount": 3,
        "state": {} if ready else {"waiting": {"reason": "BackOff"}},
    }
    spec = {"nodeName": "hv01", "containers": [{"name": "main", "env": secret, "args": ["hunter2"]}]}
    return new("v1", "Pod", name, NS, spec=spec, status={"phase": phase, "containerStatuses": [state]}, **more)


PODS = [
    pod("fine"),
    pod("broken", ready=False),
    pod("waiting", phase="Pending", ready=False),
    pod("done", phase="Succeeded", ready=False),
    pod("repo-1", labels={"app": "repo"}),
    pod("0815", ownerReferences=[{"kind": "Job", "name": "apply", "uid": "u-1"}]),
]
WARNING = new("v1", "Event", "w", NS, type="Warning", involvedObject={"kind": "Pod", "name": "waiting"})
NORMAL = new("v1", "Event", "n", NS, type="Normal", involvedObject={"kind": "Pod", "name": "waiting"})
CASES = [
    (Wanted(), {"fine", "broken", "waiting", "done", "repo-1", "0815"}),
    (Wanted(names=("fine", "gone")), {"fine"}),
    (Wanted(prefixes=("re", "0")), {"repo-1", "0815"}),
    (Wanted(owners=("u-1",)), {"0815"}),
    (Wanted(labels=("app=repo",)), {"repo-1"}),
    (Wanted(fields=("metadata.name=done", "spec.nodeName=hv02")), {"done"}),
    (Wanted(fields=("spec.nodeName=hv01",), names=("fine", "done")), {"fine", "done"}),
    (Wanted(faulty=True), {"broken", "waiting"}),
    (Wanted(faulty=True, names=("broken", "fine")), {"broken"}),
    (Wanted(namespace="cattle-system"), set()),
]


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "api"])
def test_every_source_finds_the_same(route: str, tmp_path: Path) -> None:
    """Bundles pick in the text before they parse; the others pick from what they read."""
    snapshot = ROUTES[route](tmp_path, [*healthy().objects, *PODS], None).snapshot
    if route == "snapshot":
        assert snapshot.find("Pod", Wanted()).entry.state is State.NOT_LOOKED_AT, "not asked for before the save"
        return
    for wanted, names in CASES:
        found = snapshot.find("Pod", wanted)
        assert {obj["metadata"]["name"] for obj in found.objects} == names, wanted
        assert "hunter2" not in str(found.objects)


def volume(name: str, replicas: float, state: str, robustness: str, *pods: str) -> dict[str, Any]:
    """A Longhorn Volume with the states of the Pods that use it."""
    used = {"workloadsStatus": [{"podName": f"{name}-{i}", "podStatus": phase} for i, phase in enumerate(pods)]}
    status = {"state": state, "robustness": robustness, "kubernetesStatus": used}
    spec = {"numberOfReplicas": replicas, "size": "10"}
    return new("longhorn.io/v1beta2", "Volume", name, "longhorn-system", spec=spec, status=status)


VOLUMES = [
    volume("fine", 3, "attached", "healthy", "Succeeded", "Running"),
    volume("ten", 10, "attached", "healthy", "Running"),
    volume("one", 1, "attached", "healthy", "Running"),
    volume("float", 1.0, "detached", "unknown"),
    volume("million", 1e6, "attached", "degraded", "Running"),
    volume("done", 3, "attached", "healthy", "Succeeded", "Failed"),
    volume("alone", 3, "attached", "healthy"),
]
STATES = {
    SINGLE: {"one", "float"},
    UNSETTLED: {"float", "million"},
    IDLE: {"done", "alone"},
}


@pytest.mark.parametrize("route", ["folder", "bundle", "snapshot"])
def test_volumes_by_their_state(route: str, tmp_path: Path) -> None:
    """Neither ten replicas nor a million is one; what a bundle leaves unparsed is what no other source finds."""
    snapshot = ROUTES["bundle" if route == "snapshot" else route](
        tmp_path, [*healthy().objects, *VOLUMES], None
    ).snapshot
    asked = {state: snapshot.find("Volume.longhorn.io", Wanted(volume=state)) for state in STATES}
    if route == "snapshot":
        saved = Snapshot(SavedReader(save_snapshot(snapshot, tmp_path / "saved.harvdiag.zip").path))
        asked = {state: saved.find("Volume.longhorn.io", Wanted(volume=state)) for state in STATES}
    for state, names in STATES.items():
        assert asked[state].gap is None
        assert {obj["metadata"]["name"] for obj in asked[state].objects} == names, state


def test_a_cluster_is_asked_once(tmp_path: Path) -> None:
    """One request for the whole kind, whatever is asked; what the list of fields leaves out is dropped on arrival."""
    with Api([*healthy().objects, *PODS]) as api:
        snapshot = Snapshot(connect(kubeconfig=api.kubeconfig(tmp_path / "config")))
        for wanted, names in CASES:
            assert {obj["metadata"]["name"] for obj in snapshot.find("Pod", wanted).objects} == names, wanted
        assert api.paths.count("/api/v1/pods") == 1
        assert "hunter2" not in str(snapshot.objects("Pod"))


def test_events_of_an_object(tmp_path: Path) -> None:
    """By the object that they are about, and Warnings alone."""
    snapshot = ROUTES["bundle"](tmp_path, [*healthy().objects, WARNING, NORMAL], None).snapshot
    about = Wanted(about=("waiting",))
    assert [obj["metadata"]["name"] for obj in snapshot.find("Event", about).objects] == ["n", "w"]
    warnings = snapshot.find("Event", Wanted(about=("waiting",), faulty=True))
    assert [obj["metadata"]["name"] for obj in warnings.objects] == ["w"]


def test_what_was_asked_is_saved_and_nothing_else(tmp_path: Path) -> None:
    """A snapshot answers the questions that were asked of its source; another question was not looked at."""
    first = ROUTES["bundle"](tmp_path, [*healthy().objects, *PODS], None).snapshot
    asked = [(wanted, first.find("Pod", wanted)) for wanted, _ in CASES[1:]]
    saved = save_snapshot(first, tmp_path / "saved.harvdiag.zip").path
    second = Snapshot(SavedReader(saved))
    for wanted, found in asked:
        again = second.find("Pod", wanted)
        assert (again.objects, again.entry.state) == (found.objects, found.entry.state), wanted
    assert second.find("Pod", Wanted(names=("other",))).gap
    third = Snapshot(SavedReader(save_snapshot(second, tmp_path / "again.harvdiag.zip").path))
    assert third.find("Pod", asked[0][0]).objects == asked[0][1].objects


def test_a_damaged_selection_is_told(tmp_path: Path) -> None:
    """The list was not read completely; the rest of the file is used."""
    first = ROUTES["bundle"](tmp_path, [*healthy().objects, *PODS], None).snapshot
    first.find("Pod", Wanted(faulty=True))
    path = save_snapshot(first, tmp_path / "saved.harvdiag.zip").path
    path.write_bytes(path.read_bytes().replace(b"selections.jsonl", b"selections.jsonX"))
    second = Snapshot(SavedReader(path))
    assert second.find("Pod", Wanted(faulty=True)).entry.state is State.FAILED
    assert Cluster(second).check() is not None


def test_a_namespace_that_the_bundle_lacks_was_not_looked_at(tmp_path: Path) -> None:
    """Absence is proven only where the list was looked at."""
    snapshot = ROUTES["bundle"](tmp_path, [*healthy().objects, *PODS], None).snapshot
    assert (
        snapshot.find("Pod", Wanted(namespace="nowhere")).gap == "not looked at: namespace nowhere is not in the bundle"
    )
    assert snapshot.find("Pod", Wanted(namespace="cattle-system")).gap is None


def test_fields_outside_the_list_are_dropped() -> None:
    """Lists are transparent, a star stands for every key, identity is always kept."""
    kept = keep_fields(
        {
            "kind": "X",
            "metadata": {"name": "x", "annotations": {"a/b": "1", "c": "2"}},
            "spec": {"list": [{"a": 1, "b": 2}, "text"], "map": {"one": {"a": 1, "b": 2}, "two": {"b": 3}}},
        },
        ('metadata.annotations["a/b"]', "spec.list.a", "spec.map.*.b"),
    )
    assert kept == {
        "kind": "X",
        "metadata": {"name": "x", "annotations": {"a/b": "1"}},
        "spec": {"list": [{"a": 1}], "map": {"one": {"b": 2}, "two": {"b": 3}}},
    }


def test_state_of_a_pod() -> None:
    """For columns and evidence."""
    assert (not_ready(PODS[0]), restarts(PODS[0]), reason(PODS[0])) == (None, 3, None)
    assert (not_ready(PODS[1]), restarts(PODS[1]), reason(PODS[1])) == ("main", 3, "BackOff")


def test_kinds_with_user_data_have_a_list() -> None:
    """What may hold passwords is never kept whole."""
    for name in ("Pod", "VirtualMachine", "VirtualMachineInstance", "Deployment", "DaemonSet", "Addon"):
        assert CATALOGUE[name].keep, name
