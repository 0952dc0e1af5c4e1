"""Tables: the objects of a snapshot as pandas DataFrames, with the columns that the catalogue declares.

Every table has its columns and dtypes also when it has no row. Rows are sorted by namespace and name. A value that the
object does not have is missing (``NaN``, ``<NA>`` or ``NaT``), never an empty string.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import pandas as pd

from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import Coverage, ObjectRef
from harvdiag.graph.pairing import Pair, Pairing
from harvdiag.graph.references import PRESENT, Links
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.columns import Column
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Snapshot

__all__ = ["CLUSTER_KINDS", "clusters", "coverage", "links", "pairs", "table"]

CLUSTER_KINDS = ("Cluster", "Cluster.provisioning.cattle.io", "Cluster.management.cattle.io")


def table(snapshot: Snapshot, kind: Kind) -> pd.DataFrame:
    """One row an object, with the kind's columns; `harvdiag.kinds` declares them with the field each comes from."""
    return _frame(_sorted(snapshot.objects(kind.name)), kind.columns)


def clusters(snapshot: Snapshot) -> pd.DataFrame:
    """The cluster `local` in its three forms, one row each: `kind` (str), then the columns of a Cluster."""
    frames = [table(snapshot, CATALOGUE[name]).assign(kind=name) for name in CLUSTER_KINDS]
    whole = pd.concat(frames, ignore_index=True)
    columns = ["kind", *(column.name for column in CATALOGUE["Cluster"].columns)]
    return whole[columns].astype({"kind": "str"})


def pairs(pairing: Pairing) -> pd.DataFrame:
    """One row a pair of Node and Machine, or one alone, trouble first; columns as `graph.pairing.Pair`, all str.

    Where one side does not exist, its columns are missing.
    """
    columns = [field.name for field in fields(Pair)]
    rows = [[getattr(row, name) or None for name in columns] for row in pairing.rows()]
    return pd.DataFrame(rows, columns=columns).astype("str")


def links(found: Links, ref: ObjectRef) -> pd.DataFrame:
    """Every link of one object, all str: `direction` (``names`` or ``named by``), `field`, `other`, `state`.

    `state` is ``present``, ``absent`` (the other does not exist), ``unseen``, or ``empty``: the field that should name
    another object is not filled; `other` is then the kind that it would name.
    """
    out, into = found.edges_from(ref), found.edges_to(ref)
    filled = {edge.path.removesuffix(".name") for edge in out} | {edge.path for edge in out}
    declared = CATALOGUE[ref.kind].links if ref.kind in CATALOGUE else ()
    rows = [("names", edge.path, str(edge.target), edge.state) for edge in out]
    rows += [("names", link.path, link.to, "empty") for link in declared if link.path not in filled]
    rows += [("named by", edge.path, str(edge.source), PRESENT) for edge in into]
    return pd.DataFrame(rows, columns=["direction", "field", "other", "state"]).astype("str")


def coverage(seen: Coverage) -> pd.DataFrame:
    """What was seen: `kind`, `namespace`, `state`, `reason` (str) and `count` (Int64), one row a kind and namespace."""
    rows = [(e.kind, e.namespace or None, str(e.state), e.count, e.reason or None) for e in seen]
    frame = pd.DataFrame(rows, columns=["kind", "namespace", "state", "count", "reason"])
    return frame.astype({"kind": "str", "namespace": "str", "state": "str", "count": "Int64", "reason": "str"})


def _frame(objects: Sequence[Obj], columns: Iterable[Column]) -> pd.DataFrame:
    return pd.DataFrame({c.name: _series([c.value(obj) for obj in objects], c.dtype) for c in columns})


def _series(values: list[Any], dtype: str) -> pd.Series[Any]:
    if dtype.startswith("datetime"):
        return _times(values)
    return pd.Series(values, dtype=dtype)


def _times(values: list[Any]) -> pd.Series[Any]:
    """Moments in UTC; what is none, or beyond what nanoseconds can tell (Go's zero time, year 1), is missing."""
    found = pd.to_datetime(pd.Series(values, dtype="object"), utc=True, errors="coerce", format="ISO8601")
    first, last = pd.Timestamp.min.tz_localize("UTC"), pd.Timestamp.max.tz_localize("UTC")
    return found.where(found.between(first, last)).astype("datetime64[ns, UTC]")


def _sorted(objects: Iterable[Obj]) -> list[Obj]:
    return sorted(objects, key=lambda obj: (namespace_of(obj), name_of(obj)))
