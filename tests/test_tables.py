"""Tables: documented columns and dtypes that hold for a table without rows as for a full one."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.model import State
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import Pair
from harvdiag.kinds import CATALOGUE, LINKED
from harvdiag.kinds.columns import COMMON, int_column
from harvdiag.training import open_scenario
from harvdiag.training.world.objects import new
from tests import port
from tests.routes import BROKEN, SCENARIOS, from_folder
from tests.world import healthy

PROPERTIES = {
    "nodes": "Node",
    "machines": "Machine",
    "custommachines": "CustomMachine",
    "bootstraps": "RKEBootstrap",
    "plans": "Secret",
    "upgrades": "Upgrade",
}


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    """Column to the name of its dtype."""
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


@pytest.fixture(scope="module")
def full() -> Cluster:
    """The broken sample: it has an object of every kind that Nodes and Machines are linked by."""
    return hd.open(BROKEN)


def filled(kind: str, full: Cluster) -> pd.DataFrame:
    """A table with a row: of the sample, or, of a kind that it has not, of an object that says nothing but its name."""
    if len(frame := full.table(kind)):
        return frame
    of = CATALOGUE[kind]
    version = f"{of.group}/{of.versions[0]}".lstrip("/") if of.versions else ""
    bare = {"apiVersion": version, "kind": of.bare, "metadata": {"name": "bare", "namespace": of.home}}
    return port.cluster([bare]).table(kind)


def test_the_sample_has_what_links_are_made_of(full: Cluster) -> None:
    """So that the dtypes of these are tried on real values."""
    assert [kind for kind in LINKED if not len(full.table(kind))] == []


@pytest.mark.parametrize("kind", CATALOGUE)
def test_columns_and_dtypes_hold_with_and_without_rows(kind: str, full: Cluster) -> None:
    """Names and dtypes are those that the catalogue declares, whether objects are there, absent or unseen."""
    declared = {column.name: column.dtype for column in CATALOGUE[kind].columns}
    assert len(filled(kind, full)) > 0
    assert dtypes(filled(kind, full)) == declared
    assert dtypes(port.cluster().table(kind)) == declared
    assert dtypes(port.cluster(**{kind: State.FAILED}).table(kind)) == declared


@pytest.mark.parametrize("kind", CATALOGUE)
def test_columns_are_declared_with_their_source(kind: str) -> None:
    """Each says by which field it is filled; names are in the field's terms and stand once."""
    columns = CATALOGUE[kind].columns
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", column.name) for column in columns)
    assert all(column.source for column in columns)
    assert len({column.name for column in columns}) == len(columns)
    assert {column.dtype for column in columns} <= {"str", "boolean", "Int64", "datetime64[ns, UTC]"}


@pytest.mark.parametrize("name", PROPERTIES)
def test_properties_are_tables_of_their_kind(name: str, full: Cluster) -> None:
    """`cluster.nodes` is the table of Nodes, and its docstring names columns that it has."""
    frame = getattr(full, name)
    pd.testing.assert_frame_equal(frame, full.table(PROPERTIES[name]))
    promised = set(re.findall(r"`(\w+)`", getattr(Cluster, name).__doc__ or ""))
    assert promised
    assert promised <= set(frame.columns)


def test_pairs_hold_when_empty(full: Cluster) -> None:
    """All str, one column a field of `Pair`."""
    declared = {field.name: "str" for field in fields(Pair)}
    assert dtypes(full.pairs) == dtypes(port.cluster().pairs) == declared
    assert len(port.cluster().pairs) == 0


def test_clusters_hold_when_empty(full: Cluster) -> None:
    """The three forms of the cluster `local` with a column that tells which."""
    declared = {"kind": "str"} | {column.name: column.dtype for column in CATALOGUE["Cluster"].columns}
    assert dtypes(full.clusters) == dtypes(port.cluster().clusters) == declared
    assert list(full.clusters["kind"]) == ["Cluster", "Cluster.provisioning.cattle.io", "Cluster.management.cattle.io"]
    assert len(port.cluster().clusters) == 0


def test_links_hold_when_empty() -> None:
    """The links of an object that nobody names and that names nobody."""
    setting = new("harvesterhci.io/v1beta1", "Setting", "server-version")
    frame = port.cluster([setting]).links("Setting", "server-version")
    assert dtypes(frame) == dict.fromkeys(["direction", "field", "other", "state"], "str")
    assert len(frame) == 0


def test_findings_and_rulebook_are_frames_of_text(full: Cluster) -> None:
    """Also where there is no finding."""
    none = port.cluster(healthy().objects).check()
    assert len(none.frame) == 0
    assert dtypes(none.frame) == dtypes(full.check().frame)
    assert set(dtypes(none.frame).values()) == {"str"}
    assert dtypes(hd.rulebook()) == dict.fromkeys(["rule", "family", "severity", "summary", "why", "needs"], "str")


def test_coverage_frame(full: Cluster) -> None:
    """The coverage as a table: counts are whole numbers, the rest is text."""
    from harvdiag.reports import tables

    expected = {"kind": "str", "namespace": "str", "state": "str", "count": "Int64", "reason": "str"}
    assert dtypes(tables.coverage_table(full.coverage)) == expected
    assert dtypes(tables.coverage_table(port.cluster().snapshot.coverage)) == expected


def test_values_of_a_node(full: Cluster) -> None:
    """The facts of one host, each in its type; what the Node does not have is missing, never an empty text."""
    rows = full.nodes.set_index("name")
    assert list(rows.index) == ["srv06", "srv07", "srv08", "srv09"]
    healthy_one, orphan = rows.loc["srv06"], rows.loc["srv09"]
    assert (healthy_one["ready"], healthy_one["schedulable"], healthy_one["roles"]) == (
        "True",
        True,
        "control-plane etcd",
    )
    assert healthy_one["created"] == pd.Timestamp("2025-01-31T10:12:22Z")
    assert pd.isna(healthy_one["deleting"])
    assert pd.isna(orphan["machine"])
    assert pd.isna(orphan["machine_uid"])
    assert orphan["os"] == "Harvester v1.4.1"
    assert "" not in set(full.nodes.select_dtypes("str").stack())


def test_facts_of_both_cluster_api_versions_stand_in_one_column() -> None:
    """v1beta1 and v1beta2 keep the same facts in other fields; a table does not show the difference."""
    columns = [
        "phase",
        "bootstrap_ready",
        "infrastructure_ready",
        "node_healthy",
        "infrastructure",
        "bootstrap",
        "roles",
    ]
    tables = [port.cluster(healthy(version=version).objects).machines for version in ("v1.7.1", "v1.8.2")]
    pd.testing.assert_frame_equal(tables[0][columns], tables[1][columns])
    assert list(tables[0]["bootstrap_ready"]) == [True] * 3
    assert tables[0]["node_uid"].notna().all()
    assert tables[1]["node_uid"].isna().all()


def test_values_that_do_not_fit_are_missing() -> None:
    """A time that is none, a flag that is none and a number that is none are missing, not guessed."""
    world = healthy()
    machine = world.machine_of("hv01")
    world.change(
        "Machine", machine, {"metadata": {"creationTimestamp": "yesterday"}, "status": {"bootstrapReady": "?"}}
    )
    row = port.cluster(world.objects).machines.set_index("name").loc[machine]
    assert pd.isna(row["created"])
    assert pd.isna(row["bootstrap_ready"])


@pytest.mark.parametrize(
    "value", ["²", "--5", "-", "9" * 30, 10**30, "9" * 5000, 2**63, [5], {"a": 5}, True, 2.5, "5x", "٣"]
)
def test_numbers_that_are_none_are_missing(value: Any) -> None:
    """Also those of which `isdigit` says otherwise, and those that no 64 bits hold."""
    column = int_column("n", "spec.n")
    assert column.value({"spec": {"n": value}}) is None


@pytest.mark.parametrize("value", [0, 5, "5", "-5", 2**63 - 1, str(-(2**63)), 5.0])
def test_numbers_are_read(value: Any) -> None:
    """As numbers or as text."""
    found = int_column("n", "spec.n").value({"spec": {"n": value}})
    assert found == (int(value) if not isinstance(value, float) else None)
    assert pd.Series([found], dtype="Int64").dtype == "Int64"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+05:00"])
def test_times_beyond_nanoseconds_are_missing(moment: str) -> None:
    """Go's zero time is no time; the other rows keep theirs."""
    world = healthy()
    world.change("Node", "hv02", {"metadata": {"creationTimestamp": moment}})
    nodes = port.cluster(world.objects).nodes.set_index("name")
    assert str(nodes["created"].dtype) == "datetime64[ns, UTC]"
    assert list(nodes["created"].isna()) == [False, True, False]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "yesterday", ""])
def test_moments_that_are_none_are_false(text: str) -> None:
    """Beyond the calendar in UTC, or no time at all."""
    assert not Timestamp(text)
    assert Timestamp("2025-05-08T10:00:00Z").since(Timestamp(text)) is None
    assert str(Timestamp(text)) == "unknown time"


@pytest.mark.parametrize("value", [5, "text", True, {"a": 5}, [5], [None]])
def test_lists_of_another_type_hold_nothing(value: Any) -> None:
    """Conditions and owners that are no list, or a list of something else."""
    world = healthy()
    world.get("Node", "hv01")["status"]["conditions"] = value
    machine = world.machine_of("hv01")
    world.get("CustomMachine", machine)["metadata"]["ownerReferences"] = value
    cluster = port.cluster(world.objects)
    assert pd.isna(cluster.nodes.set_index("name").loc["hv01", "ready"])
    assert pd.isna(cluster.custommachines.set_index("name").loc[machine, "owner"])


def test_rows_are_sorted_whatever_the_source() -> None:
    """By namespace and name, so that two captures compare line by line."""
    objects = healthy().objects
    pd.testing.assert_frame_equal(port.cluster(objects).machines, port.cluster(objects[::-1]).machines)


def test_unknown_kind_has_the_common_columns(tmp_path: Path) -> None:
    """Any collected kind is tabled: namespace, name, owner, times and uid."""
    roots = [new("v1", "ConfigMap", "kube-root-ca.crt", space) for space in ("b", "a", "c")]
    found = from_folder(tmp_path, [*healthy().objects, *roots]).table("ConfigMap")
    assert dtypes(found) == {column.name: column.dtype for column in COMMON}
    assert list(found["namespace"]) == ["a", "b", "c"]


def test_links_of_the_orphan_show_the_empty_fields() -> None:
    """What should name a Machine and does not is a row of its own: the picture of an orphan."""
    frame = open_scenario(SCENARIOS / "node-without-machine/speaks.yaml").links("Node", "hv04")
    assert set(frame["state"]) == {"empty"}
    assert 'metadata.annotations["cluster.x-k8s.io/machine"]' in set(frame["field"])
    paired = open_scenario(SCENARIOS / "node-without-machine/speaks.yaml").links("Node", "hv01")
    assert set(paired["direction"]) == {"names", "named by"}
    assert "present" in set(paired["state"])


def test_raw_object_is_as_the_api_gave_it(full: Cluster) -> None:
    """One object whole, or None."""
    node = full.raw("Node", "srv09")
    assert node is not None
    assert node["spec"]["providerID"] == "rke2://srv09"
    assert full.raw("node", "nobody") is None
    machine = full.machines["name"].iloc[0]
    assert full.raw("machines", machine) == full.raw("Machine", machine, "fleet-local")
    assert full.raw("Machine", machine, "default") is None
