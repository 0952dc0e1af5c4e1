"""Tables: the objects of a snapshot as pandas DataFrames, with the columns that the catalogue declares.

Every table is a `Table`, which notebooks show in harvdiag's form, and has its columns and dtypes even without rows.
Rows are sorted by namespace and name. A value that the object does not have is missing (``NaN``, ``<NA>`` or ``NaT``),
never an empty string.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import pandas as pd

from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import Coverage, ObjectRef
from harvdiag.core.table import Table
from harvdiag.graph.pairing import Pair, Pairing
from harvdiag.graph.references import PRESENT, Links
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.columns import Column
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Snapshot

__all__ = ["CLUSTER_KINDS", "build_table", "cluster_table", "coverage_table", "link_table", "pair_table"]

CLUSTER_KINDS = ("Cluster", "Cluster.provisioning.cattle.io", "Cluster.management.cattle.io")


def build_table(snapshot: Snapshot, kind: Kind) -> pd.DataFrame:
    """Build a table of a kind, one row per object; `harvdiag.kinds` declares its columns and their fields."""
    return _build_frame(_sort_objects(snapshot.objects(kind.name)), kind.columns)


def cluster_table(snapshot: Snapshot) -> pd.DataFrame:
    """Build a table of cluster `local` in its three kinds, one row each: `kind` (str), then a Cluster's columns."""
    frames = [build_table(snapshot, CATALOGUE[name]).assign(kind=name) for name in CLUSTER_KINDS]
    whole = pd.concat(frames, ignore_index=True)
    columns = ["kind", *(column.name for column in CATALOGUE["Cluster"].columns)]
    return whole[columns].astype({"kind": "str"})


def pair_table(pairing: Pairing) -> pd.DataFrame:
    """Build a table with one row per Node with its Machine, or one alone, faults first; columns as `Pair`, all str.

    If one side does not exist, its columns are missing.
    """
    columns = [field.name for field in fields(Pair)]
    rows = [[getattr(row, name) or None for name in columns] for row in pairing.rows()]
    return Table(pd.DataFrame(rows, columns=columns).astype("str"))


def link_table(all_links: Links, ref: ObjectRef) -> pd.DataFrame:
    """Build a table of an object's links, all str: `direction` (``names``, ``named by``), `field`, `other`, `state`.

    `state` is ``present``, ``absent`` (the other does not exist), ``unseen``, or ``empty``: a field that should
    reference another object is not set; `other` is then the kind that it should reference.
    """
    out, into = all_links.edges_from(ref), all_links.edges_to(ref)
    filled = {edge.path.removesuffix(".name") for edge in out} | {edge.path for edge in out}
    declared = CATALOGUE[ref.kind].links if ref.kind in CATALOGUE else ()
    rows = [("names", edge.path, str(edge.target), edge.state) for edge in out]
    rows += [("names", link.path, link.to, "empty") for link in declared if link.path not in filled]
    rows += [("named by", edge.path, str(edge.source), PRESENT) for edge in into]
    return Table(pd.DataFrame(rows, columns=["direction", "field", "other", "state"]).astype("str"))


def coverage_table(seen: Coverage) -> pd.DataFrame:
    """Build a table of what was seen, one row per kind and namespace.

    Columns: `kind`, `namespace`, `state` (str), `count` (Int64), `reason` (str)."""
    rows = [(e.kind, e.namespace or None, str(e.state), e.count, e.reason or None) for e in seen]
    frame = pd.DataFrame(rows, columns=["kind", "namespace", "state", "count", "reason"])
    return Table(frame.astype({"kind": "str", "namespace": "str", "state": "str", "count": "Int64", "reason": "str"}))


def _build_frame(objects: Sequence[Obj], columns: Iterable[Column]) -> pd.DataFrame:
    return Table({c.name: _build_series([c.value(obj) for obj in objects], c.dtype) for c in columns})


def _build_series(values: list[Any], dtype: str) -> pd.Series[Any]:
    if dtype.startswith("datetime"):
        return _parse_times(values)
    return pd.Series(values, dtype=dtype)


def _parse_times(values: list[Any]) -> pd.Series[Any]:
    """Times in UTC; invalid ones and those outside the range of nanoseconds (Go's zero time, year 1) are missing."""
    times = pd.to_datetime(pd.Series(values, dtype="object"), utc=True, errors="coerce", format="ISO8601")
    first, last = pd.Timestamp.min.tz_localize("UTC"), pd.Timestamp.max.tz_localize("UTC")
    return times.where(times.between(first, last)).astype("datetime64[ns, UTC]")


def _sort_objects(objects: Iterable[Obj]) -> list[Obj]:
    return sorted(objects, key=lambda obj: (namespace_of(obj), name_of(obj)))
